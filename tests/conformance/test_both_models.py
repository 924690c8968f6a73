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
from tests.harness import Harness
from tests.scripted_csms import Hold

pytestmark = pytest.mark.parametrize("model", ["generic", "gresgying-f3-eu180"])
WHILE = 3.0
"""Long enough for a swift start."""


async def charging(harness: Harness) -> None:
    """Plug in and start; the frames stay."""
    await harness.submit(Plug(1))
    await harness.submit(Start(1, "TAG"))
    await harness.advance(WHILE)
    assert harness.status() == "Charging"


def transaction_messages(harness: Harness) -> list[str]:
    """What was said of transactions, in order; samples between start and stop count once."""
    names = [call.action for call in harness.csms.of("StartTransaction", "StopTransaction")]
    ids = {p["transactionId"] for p in payloads(harness, "StopTransaction")}
    for sample in payloads(harness, "MeterValues"):
        assert sample.get("transactionId") in {None, *ids}
    return names


async def test_a_session(model: str) -> None:
    async with Harness(model=model) as harness:
        await charging(harness)
        await harness.advance(60)
        await harness.submit(Swipe(1, "tag"))
        await harness.submit(Unplug(1))
        assert transaction_messages(harness) == ["StartTransaction", "StopTransaction"]
        (start,), (end,) = (
            payloads(harness, "StartTransaction"),
            payloads(harness, "StopTransaction"),
        )
        assert (end["reason"], end["transactionId"]) == ("Local", 1000)
        assert end["meterStop"] > start["meterStart"]
        words = [
            p["status"] for p in payloads(harness, "StatusNotification") if p["connectorId"] == 1
        ]
        assert words == ["Available", "Preparing", "Charging", "Finishing", "Available"]


async def test_one_call_is_open(model: str) -> None:
    """OCPP-J §4.1.1."""
    async with Harness(model=model) as harness:
        hold = Hold(asyncio.Event())
        harness.csms.script["StatusNotification"].append(hold)
        harness.csms.clear()
        await harness.submit(Plug(1))
        await harness.submit(Plug(2))
        await harness.advance(20)
        assert len(harness.csms.calls) == 1
        assert (await harness.ask("GetConfiguration", key=["nope"]))["unknownKey"] == ["nope"]
        hold.release.set()
        await harness.csms.until(lambda: len(harness.csms.calls) == 2)


async def test_an_offline_session_has_the_id_that_comes_later(model: str) -> None:
    keys = {"LocalAuthorizeOffline": "true", "AllowOfflineTxForUnknownId": "true"}
    async with Harness(model=model, keys=keys) as harness:
        await harness.submit(LinkDown())
        await charging(harness)
        await harness.submit(Stop(1))
        assert harness.csms.of("StartTransaction") == []
        await harness.submit(LinkUp())
        await harness.advance(WHILE)
        assert transaction_messages(harness) == ["StartTransaction", "StopTransaction"]
        assert payloads(harness, "StopTransaction")[0]["transactionId"] == 1000


async def test_remote_start_and_stop(model: str) -> None:
    async with Harness(model=model) as harness:
        await harness.submit(Plug(2))
        asked = await harness.ask("RemoteStartTransaction", connectorId=2, idTag="TAG")
        assert asked == {"status": "Accepted"}
        await harness.advance(WHILE)
        again = await harness.ask("RemoteStartTransaction", connectorId=2, idTag="TAG")
        assert again == {"status": "Rejected"}
        other = await harness.ask("RemoteStopTransaction", transactionId=4711)
        assert other == {"status": "Rejected"}
        asked = await harness.ask("RemoteStopTransaction", transactionId=1000)
        assert asked == {"status": "Accepted"}
        assert payloads(harness, "StopTransaction")[0]["reason"] == "Remote"
        assert harness.status(2) == "Finishing"


@pytest.mark.parametrize(("kind", "reason"), [("Soft", "SoftReset"), ("Hard", "HardReset")])
async def test_a_reset_stops_and_boots(model: str, kind: str, reason: str) -> None:
    async with Harness(model=model) as harness:
        await charging(harness)
        assert await harness.ask("Reset", type=kind) == {"status": "Accepted"}
        await harness.advance(10)
        (end,) = payloads(harness, "StopTransaction")
        assert end["reason"] == reason
        assert len(harness.csms.of("BootNotification")) == 2
        assert harness.status() == "Finishing"


async def test_a_power_loss_is_told_afterwards(model: str) -> None:
    async with Harness(model=model) as harness:
        await charging(harness)
        register_wh = harness.connector().register_wh
        await harness.submit(PowerOff())
        await harness.advance(60)
        assert harness.csms.of("StopTransaction") == []
        await harness.submit(PowerOn())
        await harness.advance(WHILE)
        (end,) = payloads(harness, "StopTransaction")
        assert (end["reason"], end["meterStop"]) == ("PowerLoss", int(register_wh))


async def test_while_pending_nothing_is_said(model: str) -> None:
    async with Harness(model=model, connect=False) as harness:
        now = harness.clock.now().isoformat()
        harness.csms.script["BootNotification"].append(
            {"currentTime": now, "interval": 30, "status": "Pending"}
        )
        harness._connect = True
        harness.station.open()
        await harness.settle()
        assert harness.registration is Registration.PENDING
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "TAG")), Refused)
        await harness.advance(20)
        assert harness.csms.actions() == ["BootNotification"]
        await harness.advance(11)
        assert harness.registration is Registration.ACCEPTED


async def test_a_pause_is_seen(model: str) -> None:
    async with Harness(model=model) as harness:
        await charging(harness)
        register_wh = harness.connector().register_wh
        await harness.submit(SuspendEV(1))
        await harness.advance(30)
        assert harness.status() == "SuspendedEV"
        assert harness.connector().register_wh == register_wh


@pytest.mark.parametrize(
    "text", ["", "[]", "{", "[2]", '[2,"x","Nope",{}]', '[3,"x",{}]', "[9,1,2]"]
)
async def test_nonsense_costs_nothing(model: str, text: str) -> None:
    async with Harness(model=model) as harness:
        await harness.csms.send_text(text)
        await harness.settle()
        answer = await harness.csms.ask_raw("ClearCache", {"more": 1})
        assert answer[0] == 4, "a field too many"
        assert harness.csms.connections == 1


async def test_frames_are_plain(model: str) -> None:
    """Compact JSON, ASCII, no escaped slash: what any parser of OCPP-J has seen before."""
    async with Harness(model=model) as harness:
        await charging(harness)
        await harness.ask("GetConfiguration")
        for frame in harness.csms.frames:
            assert frame == json.dumps(json.loads(frame), separators=(",", ":"))
