"""What OCPP demands of any charger, of both models: habits that are switched off leave nothing.

The rows of the table are tried with the ideal model, whose frames can be counted one by one. These
are the ones that a make with its own keys, samples and order of reports could have broken.
"""

from __future__ import annotations

import asyncio
import json

import pytest

from sim_core.commands import (
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Refused,
    Start,
    Stop,
    SuspendEV,
    Swipe,
    Unplug,
)
from sim_core.snapshot import Registration
from tests.conformance.acts import payloads
from tests.pair import Pair
from tests.scripted_csms import Hold

pytestmark = pytest.mark.parametrize("model", ["generic", "gresgying-f3-eu180"])
WHILE = 3.0
"""Long enough for a swift start."""


async def charging(pair: Pair) -> None:
    """Plug in and start; the frames stay."""
    await pair.submit(Plug(1))
    await pair.submit(Start(1, "TAG"))
    await pair.advance(WHILE)
    assert pair.status() == "Charging"


def transaction_messages(pair: Pair) -> list[str]:
    """What was said of transactions, in order; samples between start and stop count once."""
    names = [call.action for call in pair.csms.of("StartTransaction", "StopTransaction")]
    ids = {p["transactionId"] for p in payloads(pair, "StopTransaction")}
    for sample in payloads(pair, "MeterValues"):
        assert sample.get("transactionId") in {None, *ids}
    return names


async def test_a_session(model: str) -> None:
    async with Pair(model=model) as pair:
        await charging(pair)
        await pair.advance(60)
        await pair.submit(Swipe(1, "tag"))
        await pair.submit(Unplug(1))
        assert transaction_messages(pair) == ["StartTransaction", "StopTransaction"]
        (start,), (end,) = payloads(pair, "StartTransaction"), payloads(pair, "StopTransaction")
        assert (end["reason"], end["transactionId"]) == ("Local", 1000)
        assert end["meterStop"] > start["meterStart"]
        words = [p["status"] for p in payloads(pair, "StatusNotification") if p["connectorId"] == 1]
        assert words == ["Available", "Preparing", "Charging", "Finishing", "Available"]


async def test_one_call_is_open(model: str) -> None:
    """OCPP-J §4.1.1."""
    async with Pair(model=model) as pair:
        hold = Hold(asyncio.Event())
        pair.csms.script["StatusNotification"].append(hold)
        pair.csms.clear()
        await pair.submit(Plug(1))
        await pair.submit(Plug(2))
        await pair.advance(20)
        assert len(pair.csms.calls) == 1
        assert (await pair.ask("GetConfiguration", key=["nope"]))["unknownKey"] == ["nope"]
        hold.release.set()
        await pair.csms.until(lambda: len(pair.csms.calls) == 2)


async def test_an_offline_session_has_the_id_that_comes_later(model: str) -> None:
    keys = {"LocalAuthorizeOffline": "true", "AllowOfflineTxForUnknownId": "true"}
    async with Pair(model=model, keys=keys) as pair:
        await pair.submit(LinkDown())
        await charging(pair)
        await pair.submit(Stop(1))
        assert pair.csms.of("StartTransaction") == []
        await pair.submit(LinkUp())
        await pair.advance(WHILE)
        assert transaction_messages(pair) == ["StartTransaction", "StopTransaction"]
        assert payloads(pair, "StopTransaction")[0]["transactionId"] == 1000


async def test_remote_start_and_stop(model: str) -> None:
    async with Pair(model=model) as pair:
        await pair.submit(Plug(2))
        asked = await pair.ask("RemoteStartTransaction", connectorId=2, idTag="TAG")
        assert asked == {"status": "Accepted"}
        await pair.advance(WHILE)
        again = await pair.ask("RemoteStartTransaction", connectorId=2, idTag="TAG")
        assert again == {"status": "Rejected"}
        other = await pair.ask("RemoteStopTransaction", transactionId=4711)
        assert other == {"status": "Rejected"}
        asked = await pair.ask("RemoteStopTransaction", transactionId=1000)
        assert asked == {"status": "Accepted"}
        assert payloads(pair, "StopTransaction")[0]["reason"] == "Remote"
        assert pair.status(2) == "Finishing"


@pytest.mark.parametrize(("kind", "reason"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
async def test_a_reset_stops_and_boots(model: str, kind: str, reason: str) -> None:
    async with Pair(model=model) as pair:
        await charging(pair)
        assert await pair.ask("Reset", type=kind) == {"status": "Accepted"}
        await pair.advance(10)
        (end,) = payloads(pair, "StopTransaction")
        assert end["reason"] == reason
        assert len(pair.csms.of("BootNotification")) == 2
        assert pair.status() == "Finishing"


async def test_a_power_loss_is_told_afterwards(model: str) -> None:
    async with Pair(model=model) as pair:
        await charging(pair)
        register_wh = pair.connector().register_wh
        await pair.submit(PowerOff())
        await pair.advance(60)
        assert pair.csms.of("StopTransaction") == []
        await pair.submit(PowerOn())
        await pair.advance(WHILE)
        (end,) = payloads(pair, "StopTransaction")
        assert (end["reason"], end["meterStop"]) == ("PowerLoss", int(register_wh))


async def test_while_pending_nothing_is_said(model: str) -> None:
    async with Pair(model=model, connect=False) as pair:
        now = pair.clock.now().isoformat()
        pair.csms.script["BootNotification"].append(
            {"currentTime": now, "interval": 30, "status": "Pending"}
        )
        pair._connect = True
        pair.station.open()
        await pair.settle()
        assert pair.registration is Registration.PENDING
        await pair.submit(Plug(1))
        assert isinstance(await pair.submit(Start(1, "TAG")), Refused)
        await pair.advance(20)
        assert pair.csms.actions() == ["BootNotification"]
        await pair.advance(11)
        assert pair.registration is Registration.ACCEPTED


async def test_a_pause_is_seen(model: str) -> None:
    async with Pair(model=model) as pair:
        await charging(pair)
        register_wh = pair.connector().register_wh
        await pair.submit(SuspendEV(1))
        await pair.advance(30)
        assert pair.status() == "SuspendedEV"
        assert pair.connector().register_wh == register_wh


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "[2]", '[2,"x","Nope",{}]', '[3,"x",{}]', "[9,1,2]"]
)
async def test_nonsense_costs_nothing(model: str, text: str) -> None:
    async with Pair(model=model) as pair:
        await pair.csms.send_text(text)
        await pair.settle()
        answer = await pair.csms.ask_raw("ClearCache", {"more": 1})
        assert answer[0] == 4, "a field too many"
        assert pair.csms.connections == 1


async def test_frames_are_plain(model: str) -> None:
    """Compact JSON, ASCII, no escaped slash: what any parser of OCPP-J has seen before."""
    async with Pair(model=model) as pair:
        await charging(pair)
        await pair.ask("GetConfiguration")
        for frame in pair.csms.frames:
            assert frame == json.dumps(json.loads(frame), separators=(",", ":"))
