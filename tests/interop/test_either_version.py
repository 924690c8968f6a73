"""OCPP_VERSION=auto: both versions are offered, the CSMS chooses, and what waits is not lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import LinkDown, LinkUp, Plug, Start, Stop, Swipe, TypeCode, Unplug
from tests.harness import Harness
from tests.scripted_csms import Cut

RETOLD = ("StartTransaction", "MeterValues", "StopTransaction")


def either(version: str, **more: Any) -> Harness:
    """Before a CSMS that speaks this version."""
    keys = {"MeterValueSampleInterval": "10", "TxCtrlr.EVConnectionTimeOut": "45"}
    return Harness(version=version, speaks="auto", model="generic", keys=keys, **more)


async def turn(h: Harness, version: str) -> None:
    """The CSMS goes away and comes back with another version."""
    await h.csms.stop()
    await h.settle()
    h.csms.speak(version)
    h.csms.clear()
    await h.csms.start()
    await h.advance(60)
    assert h.csms.connected


def spoken(h: Harness) -> tuple[str, str]:
    seen = h.station.snapshot
    return seen.link.spoken, seen.subprotocol


async def test_the_csms_chooses_and_the_link_line_says_so(tmp_path: Path) -> None:
    async with either("1.6", state=tmp_path) as h:
        failing = asyncio.ensure_future(h.station.failed())
        assert spoken(h) == ("OCPP 1.6", "ocpp1.6")
        assert h.csms.connections == 1, "on the connection on which it was chosen"
        boot = h.csms.of("BootNotification")[0].payload
        assert "chargePointVendor" in boot
        answer = await h.ask("GetConfiguration", key=["MeterValueSampleInterval"])
        assert answer["configurationKey"][0]["value"] == "10"
        await h.submit(Plug(1))
        await turn(h, "2.0.1")
        assert spoken(h) == ("OCPP 2.0.1", "ocpp2.0.1")
        assert "chargingStation" in h.csms.of("BootNotification")[0].payload
        assert "StatusNotification 1 Occupied" in h.csms.actions(), "who was plugged in still is"
        await h.submit(Start(1, "TAG"))
        await h.advance(1)
        assert h.status(1) == "Occupied"
        assert h.csms.of("TransactionEvent")
        assert not failing.done()
        failing.cancel()
        await h.power_cut()
        await h.power_on()
        assert h.station.snapshot.subprotocol == "ocpp2.0.1", "the last one is the first to try"
        await h.settle()
        assert spoken(h)[0] == "OCPP 2.0.1"


async def test_a_transaction_that_nobody_has_heard_of_is_told_in_the_version_that_is_spoken(
    tmp_path: Path,
) -> None:
    """And a power cut on the way makes no second one of it."""
    async with either("1.6", state=tmp_path) as h:
        for _ in range(2):  # it is known from now on
            await h.submit(Swipe(1, "TAG"))
        await h.submit(LinkDown())
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(25)
        await h.submit(Stop(1))
        await h.csms.stop()
        h.csms.speak("2.0.1")
        h.csms.clear()
        await h.csms.start()
        h.csms.script["TransactionEvent"] += [{}, Cut()]
        await h.submit(LinkUp())
        await h.advance(5)
        await h.power_cut()
        await h.power_on()
        await h.advance(60)
        told = [call.payload for call in h.csms.of("TransactionEvent")]
        assert {event["transactionInfo"]["transactionId"] for event in told} == {
            told[0]["transactionInfo"]["transactionId"]
        }
        words = [f"{one['eventType']} {one['triggerReason']} {one['seqNo']}" for one in told]
        assert list(dict.fromkeys(words)) == [
            "Started Authorized 0",
            "Updated MeterValuePeriodic 1",
            "Updated MeterValuePeriodic 2",
            "Ended StopAuthorized 3",
        ]
        assert len(words) == 5, "the one that met the cut was sent again"
        assert all(event["offline"] for event in told)
        assert told[0]["idToken"] == {"idToken": "TAG", "type": "ISO14443"}
        assert told[-1]["transactionInfo"]["stoppedReason"] == "Local"
        assert h.station.snapshot.warnings == ()
        assert h.station.snapshot.link.queued == 0


@pytest.mark.parametrize("heard", [True, False])
async def test_what_a_power_cut_has_ended_is_told_where_its_begin_is(
    tmp_path: Path, heard: bool
) -> None:
    """Told already, or not yet, in 1.6; then the station comes back in 2.0.1."""
    async with either("1.6", state=tmp_path) as h:
        for _ in range(2):
            await h.submit(Swipe(1, "TAG"))
        if not heard:
            await h.submit(LinkDown())
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(2)
        await h.power_cut()
        await h.csms.stop()
        h.csms.speak("2.0.1")
        h.csms.clear()
        await h.csms.start()
        h._speaks = "2.0.1"
        await h.power_on()
        await h.advance(30)
        ends = [call.payload["eventType"] for call in h.csms.of("TransactionEvent")]
        assert ends == ([] if heard else ["Started", "Ended"])
        h._speaks = "auto"
        await h.power_cut()
        await h.power_on()
        await h.settle()
        await turn(h, "1.6")
        stops = [call.payload for call in h.csms.of("StopTransaction")]
        expected = [("PowerLoss", 1000)] if heard else []
        assert [(stop["reason"], stop["transactionId"]) for stop in stops] == expected
        assert h.station.snapshot.link.queued == 0


async def test_what_waits_is_told_in_the_version_in_which_it_began() -> None:
    async with either("1.6") as h:
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(1)
        await h.submit(LinkDown())
        await h.advance(15)
        await h.csms.stop()
        h.csms.speak("2.0.1")
        h.csms.clear()
        await h.csms.start()
        await h.submit(LinkUp())
        await h.advance(30)
        assert h.csms.of("TransactionEvent") == []
        assert h.connector(1).transaction is None, "no CSMS goes on with it in another version"
        (warning,) = h.station.snapshot.warnings
        assert "wait for a CSMS that speaks OCPP 1.6, in which the transaction began" in warning
        assert h.station.snapshot.link.queued == 0
        await h.submit(Unplug(1))
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(1)
        assert h.csms.of("TransactionEvent"), "and nothing waits behind it"
        await h.submit(Stop(1))
        await turn(h, "1.6")
        assert h.station.snapshot.warnings == ()
        assert [one for one in h.csms.actions() if "Transaction" in one] == ["StopTransaction"]
        stop = h.csms.of("StopTransaction")[0].payload
        assert (stop["reason"], stop["transactionId"]) == ("Reboot", 1000)


async def test_a_transaction_of_2_0_1_that_nobody_has_heard_of_is_told_in_1_6(
    tmp_path: Path,
) -> None:
    """With its samples; and a code, for which 1.6 has no word, waits."""
    async with either("2.0.1", state=tmp_path, equipment="keypad") as h:
        for _ in range(2):  # both are known from now on
            await h.submit(Swipe(1, "TAG"))
            await h.submit(TypeCode(2, "1234"))
        await h.submit(LinkDown())
        for command in (Plug(1), Start(1, "TAG"), Plug(2), TypeCode(2, "1234")):
            assert (await h.submit(command)).ok
        await h.advance(25)
        await h.submit(Stop(1))
        await h.submit(Stop(2))
        assert h.station.snapshot.link.queued > 6
        await h.csms.stop()
        h.csms.speak("1.6")
        h.csms.clear()
        await h.csms.start()
        await h.submit(LinkUp())
        await h.advance(30)
        told = [call for call in h.csms.calls if call.action in RETOLD]
        assert [call.action for call in told] == [
            "StartTransaction",
            "MeterValues",
            "MeterValues",
            "StopTransaction",
        ]
        first, *_, last = (call.payload for call in told)
        assert (first["idTag"], first["connectorId"], first["meterStart"]) == ("TAG", 1, 0)
        assert (last["transactionId"], last["reason"]) == (1000, "Local")
        assert last["meterStop"] > 0
        (warning,) = h.station.snapshot.warnings
        assert "wait for a CSMS that speaks OCPP 2.0.1" in warning
        await turn(h, "2.0.1")
        events = [call.payload for call in h.csms.of("TransactionEvent")]
        assert {one["idToken"]["type"] for one in events if "idToken" in one} == {"KeyCode"}
        assert [one["seqNo"] for one in events] == list(range(len(events)))
        assert h.station.snapshot.warnings == ()


async def test_what_a_power_cut_has_ended_in_2_0_1_is_told_in_1_6(tmp_path: Path) -> None:
    async with either("2.0.1", state=tmp_path) as h:
        for _ in range(2):
            await h.submit(Swipe(1, "TAG"))
        await h.submit(LinkDown())
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(15)
        await h.power_cut()
        await h.csms.stop()
        h.csms.speak("1.6")
        h.csms.clear()
        await h.csms.start()
        h._speaks = "1.6"
        await h.power_on()
        await h.advance(30)
        told = [call for call in h.csms.calls if call.action in RETOLD]
        assert [call.action for call in told] == [
            "StartTransaction",
            "MeterValues",
            "StopTransaction",
        ]
        assert told[-1].payload["reason"] == "PowerLoss"
        assert h.station.snapshot.link.queued == 0
