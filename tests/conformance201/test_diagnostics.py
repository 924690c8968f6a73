"""Monitoring, logs, what is known of customers (block N), and the station's screen (block O)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import InjectFault, LinkDown, LinkUp, Plug, Stop, Swipe
from tests.conformance201.acts import OWN, begin, charge, set_variables
from tests.harness import Harness
from tests.scripted_csms import Payload

POWER = {"component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"}}
TIMEOUT = {"component": {"name": "TxCtrlr"}, "variable": {"name": "EVConnectionTimeOut"}}
STATE = {
    "component": {"name": "EVSE", "evse": {"id": 1}},
    "variable": {"name": "AvailabilityState"},
}
WIRED = 5
"""Monitors that the station has by itself."""


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


async def watch(h: Harness, *data: Payload) -> list[Payload]:
    answer = await h.ask("SetVariableMonitoring", setMonitoringData=list(data))
    results: list[Payload] = answer["setMonitoringResult"]
    return results


def monitor(kind: str, value: float, of: Payload = POWER, **more: Any) -> Payload:
    return {"value": value, "type": kind, "severity": 5, **of, **more}


def notified(h: Harness, variable: str = "Power") -> list[Payload]:
    """The events of a variable."""
    return [
        event
        for call in h.csms.of("NotifyEvent")
        for event in call.payload["eventData"]
        if event["variable"]["name"] == variable
    ]


async def monitors(h: Harness, **criteria: Any) -> list[Payload]:
    h.csms.clear()
    answer = await h.ask("GetMonitoringReport", requestId=4, **criteria)
    if answer["status"] != "Accepted":
        assert answer["status"] == "EmptyResultSet"
        return []
    await h.advance(0.5)
    parts = [call.payload for call in h.csms.of("NotifyMonitoringReport")]
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
    return [entry for part in parts for entry in part["monitor"]]


# -- setting ---------------------------------------------------------------------------------------


@pytest.mark.row(270, "N02.FR.01")
@pytest.mark.row(271, "N02.FR.02")
async def test_reports_of_monitors() -> None:
    async with harness() as h:
        await watch(
            h, monitor("UpperThreshold", 1000), monitor("Delta", 5), monitor("Periodic", 60)
        )
        entries = await monitors(h)
        assert sum(len(one["variableMonitoring"]) for one in entries) == 3 + WIRED
        (entry,) = await monitors(h, monitoringCriteria=["ThresholdMonitoring"])
        assert [one["type"] for one in entry["variableMonitoring"]] == ["UpperThreshold"]
        (entry,) = await monitors(h, monitoringCriteria=["PeriodicMonitoring"])
        assert [one["type"] for one in entry["variableMonitoring"]] == ["Periodic"]
        (entry,) = await monitors(h, componentVariable=[POWER])
        assert len(entry["variableMonitoring"]) == 3
        assert await monitors(h, componentVariable=[TIMEOUT]) == []
        both = {"componentVariable": [POWER], "monitoringCriteria": ["DeltaMonitoring"]}
        (entry,) = await monitors(h, **both)
        assert len(entry["variableMonitoring"]) == 1


@pytest.mark.row(272, "N03.FR.01")
async def test_the_base_of_monitors() -> None:
    async with harness() as h:
        await watch(h, monitor("UpperThreshold", 1000))
        assert await h.ask("SetMonitoringBase", monitoringBase="All") == {"status": "Accepted"}
        assert len(await monitors(h)) == 1 + WIRED
        for base in ("FactoryDefault", "HardWiredOnly"):
            await watch(h, monitor("UpperThreshold", 1000))
            assert await h.ask("SetMonitoringBase", monitoringBase=base) == {"status": "Accepted"}
            assert len(await monitors(h)) == WIRED


@pytest.mark.row(273, "N04.FR.01")
@pytest.mark.row(274, "N04.FR.03")
@pytest.mark.row(275, "N04.FR.06")
@pytest.mark.row(276, "N04.FR.10")
async def test_each_monitor_is_judged_by_itself() -> None:
    async with harness() as h:
        nowhere = {"component": {"name": "EVSE", "evse": {"id": 99}}, "variable": {"name": "Power"}}
        nothing = {"component": {"name": "TxCtrlr"}, "variable": {"name": "Nonsense"}}
        data = [
            monitor("UpperThreshold", 1000),
            monitor("UpperThreshold", 1000, nowhere),
            monitor("Delta", 1, nothing),
            monitor("UpperThreshold", 1, STATE),
            monitor("LowerThreshold", 10**9),
            monitor("Delta", -1),
            monitor("UpperThreshold", 2000),
            monitor("LowerThreshold", 10, severity=10),
            monitor("UpperThreshold", 2000, severity=4),
        ]
        results = await watch(h, *data)
        assert [result["status"] for result in results] == [
            "Accepted",
            "UnknownComponent",
            "UnknownVariable",
            "UnsupportedMonitorType",
            "Rejected",
            "Rejected",
            "Duplicate",
            "Rejected",
            "Accepted",
        ]
        assert [("id" in result) for result in results] == [True, *[False] * 7, True]
        for asked, result in zip(data, results, strict=True):
            for name in ("type", "severity", "component", "variable"):
                assert result[name] == asked[name]


@pytest.mark.row(277, "N04.FR.12")
async def test_a_monitor_is_replaced_by_its_id() -> None:
    async with harness() as h:
        (first,) = await watch(h, monitor("UpperThreshold", 1000))
        (again,) = await watch(h, monitor("UpperThreshold", 2000, id=first["id"]))
        assert (again["status"], again["id"]) == ("Accepted", first["id"])
        (unknown,) = await watch(h, monitor("UpperThreshold", 2000, id=77))
        (other,) = await watch(h, monitor("Delta", 2, TIMEOUT, id=first["id"]))
        (wired,) = await watch(h, monitor("Delta", 2, id=1))
        assert {one["status"] for one in (unknown, other, wired)} == {"Rejected"}


@pytest.mark.row(278, "N05.FR.01")
async def test_the_level_of_events() -> None:
    async with harness() as h:
        await watch(h, monitor("UpperThreshold", 1000, severity=6))
        for wrong in (-1, 10):
            assert (await h.ask("SetMonitoringLevel", severity=wrong))["status"] == "Rejected"
        assert await h.ask("SetMonitoringLevel", severity=5) == {"status": "Accepted"}
        await charge(h)
        await h.advance(5)
        assert notified(h) == []


@pytest.mark.row(279, "N06.FR.01")
async def test_monitors_are_cleared() -> None:
    async with harness() as h:
        (one,) = await watch(h, monitor("UpperThreshold", 1000))
        answer = await h.ask("ClearVariableMonitoring", id=[one["id"], 99, 1])
        assert [result["status"] for result in answer["clearMonitoringResult"]] == [
            "Accepted",
            "NotFound",
            "Rejected",
        ]


# -- events ----------------------------------------------------------------------------------------


@pytest.mark.row(280, "N07.FR.06")
@pytest.mark.row(281, "N07.FR.02")
async def test_a_threshold_alerts_once_and_clears() -> None:
    async with harness() as h:
        (one,) = await watch(h, monitor("UpperThreshold", 1000))
        await begin(h)
        await h.advance(10)
        (alert,) = notified(h)
        assert alert["trigger"] == "Alerting"
        assert float(alert["actualValue"]) > 1000
        assert alert["variableMonitoringId"] == one["id"]
        assert alert["eventNotificationType"] == "CustomMonitor"
        assert "cleared" not in alert
        await h.submit(Stop(1))
        await h.advance(5)
        alert, cleared = notified(h)
        assert cleared["cleared"] is True
        assert cleared["eventId"] > alert["eventId"]


@pytest.mark.row(282, "N07.FR.18")
async def test_a_delta_tells_changes() -> None:
    async with harness() as h:
        await watch(h, monitor("Delta", 1, STATE), monitor("Delta", 10, TIMEOUT))
        await h.submit(Plug(1))
        assert [event["actualValue"] for event in notified(h, "AvailabilityState")] == ["Occupied"]
        await set_variables(h, TxCtrlr__EVConnectionTimeOut="65")
        await h.advance(2)
        assert notified(h, "EVConnectionTimeOut") == []
        await set_variables(h, TxCtrlr__EVConnectionTimeOut="75")
        await h.advance(2)
        (event,) = notified(h, "EVConnectionTimeOut")
        assert (event["trigger"], event["actualValue"]) == ("Delta", "75")


@pytest.mark.row(283, "N08.FR.05")
async def test_periodic_ones() -> None:
    async with harness() as h:
        await h.advance(7)
        await watch(h, monitor("Periodic", 20), monitor("PeriodicClockAligned", 30, STATE))
        await h.advance(65)
        events = notified(h)
        assert [event["trigger"] for event in events] == ["Periodic"] * 3
        stamps = [event["timestamp"][17:19] for event in notified(h, "AvailabilityState")]
        assert stamps == ["30", "00"]


@pytest.mark.row(284, "N07.FR.10")
async def test_what_can_only_be_written_shows_nothing() -> None:
    async with harness() as h:
        secret = {
            "component": {"name": "SecurityCtrlr"},
            "variable": {"name": "BasicAuthPassword"},
        }
        (one,) = await watch(h, monitor("Periodic", 20, secret))
        assert one["status"] == "Accepted"
        await h.advance(21)
        assert [event["actualValue"] for event in notified(h, "BasicAuthPassword")] == [""]
        await h.submit(InjectFault(1))
        wired = notified(h, "Problem")[0]
        assert wired["eventNotificationType"] == "HardWiredMonitor"


@pytest.mark.row(285, "N07.FR.11")
async def test_a_threshold_that_is_changed_or_removed_meanwhile() -> None:
    async with harness() as h:
        (one,) = await watch(h, monitor("UpperThreshold", 1000))
        await charge(h)
        await h.advance(5)
        h.csms.clear()
        await watch(h, monitor("UpperThreshold", 59_999, id=one["id"]))
        await h.advance(2)
        now = h.connector().power_w
        assert [event.get("cleared") for event in notified(h)] == ([True] if now < 59_999 else [])
        h.csms.clear()
        await h.ask("ClearVariableMonitoring", id=[one["id"]])
        await h.submit(Stop(1))
        await h.advance(3)
        assert notified(h) == []


@pytest.mark.row(286, "N07.FR.13")
async def test_monitors_survive_a_reboot(tmp_path: Path) -> None:
    async with harness(state=tmp_path) as h:
        await watch(h, monitor("UpperThreshold", 1000))
    async with harness(state=tmp_path) as h:
        assert len(await monitors(h, componentVariable=[POWER])) == 1
        await begin(h)
        await h.advance(5)
        assert len(notified(h)) == 1


@pytest.mark.row(287, "N07.FR.04")
async def test_severe_events_wait_for_a_csms_that_is_away() -> None:
    async with harness() as h:
        await set_variables(h, MonitoringCtrlr__OfflineQueuingSeverity="3")
        await watch(h, monitor("UpperThreshold", 1000), monitor("UpperThreshold", 900, severity=2))
        await charge(h)
        await h.submit(Stop(1))
        await h.advance(5)
        await h.submit(LinkDown())
        h.csms.clear()
        await h.submit(Swipe(1, "TAG"))
        await h.advance(10)
        await h.submit(LinkUp())
        await h.advance(40)
        assert [event["trigger"] for event in notified(h)] == ["Alerting"]


# -- customers -------------------------------------------------------------------------------------


async def customer(h: Harness, *, report: bool, clear: bool, **whom: Any) -> tuple[str, str]:
    h.csms.clear()
    answer = await h.ask("CustomerInformation", requestId=6, report=report, clear=clear, **whom)
    await h.advance(0.5)
    parts = [call.payload for call in h.csms.of("NotifyCustomerInformation")]
    assert all(part["requestId"] == 6 for part in parts)
    return answer["status"], "".join(part["data"] for part in parts)


@pytest.mark.row(288, "N09.FR.02")
@pytest.mark.row(289, "N10.FR.01")
async def test_what_is_known_of_a_customer_is_told_and_forgotten() -> None:
    async with harness() as h:
        nobody = {"idToken": {"idToken": "NOBODY", "type": "ISO14443"}}
        assert await customer(h, report=True, clear=False, **nobody) == (
            "Accepted",
            "nothing is known here",
        )
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Swipe(1, "TAG"))
        await h.ask(
            "SendLocalList",
            versionNumber=1,
            updateType="Full",
            localAuthorizationList=[{"idToken": OWN, "idTokenInfo": {"status": "Accepted"}}],
        )
        status, data = await customer(h, report=True, clear=True, idToken=OWN)
        assert status == "Accepted"
        assert "TAG" in data
        assert h.station.charge_point.store.tokens.find("TAG") is None
        assert h.station.charger.token_list.entry("TAG") is not None
        assert (await customer(h, report=False, clear=True, idToken=OWN))[1] == "cleared"


@pytest.mark.row(290, "N09.FR.03")
async def test_questions_about_nobody() -> None:
    async with harness() as h:
        assert (await customer(h, report=True, clear=False))[0] == "Invalid"
        two = {"idToken": OWN, "customerIdentifier": "x"}
        assert (await customer(h, report=True, clear=False, **two))[0] == "Invalid"
        assert (await customer(h, report=False, clear=False, idToken=OWN))[0] == "Rejected"


# -- the screen ------------------------------------------------------------------------------------


def message(number: int = 1, content: str = "Hello", **more: Any) -> Payload:
    return {
        "id": number,
        "priority": "NormalCycle",
        "message": {"format": "UTF8", "content": content},
        **more,
    }


async def show(h: Harness, *args: Any, **more: Any) -> str:
    answer = await h.ask("SetDisplayMessage", message=message(*args, **more))
    return str(answer["status"])


def shown(h: Harness) -> list[str]:
    return list(h.station.snapshot.screen)


async def kept(h: Harness, **criteria: Any) -> list[int]:
    h.csms.clear()
    answer = await h.ask("GetDisplayMessages", requestId=8, **criteria)
    await h.advance(0.5)
    calls = [call.payload for call in h.csms.of("NotifyDisplayMessages")]
    assert (answer["status"] == "Accepted") is bool(calls)
    assert answer["status"] in ("Accepted", "Unknown")
    assert [call["tbc"] for call in calls] == [True] * (len(calls) - 1) + [False] * bool(calls)
    return [one["id"] for call in calls for one in call["messageInfo"]]


@pytest.mark.row(291, "O01.FR.12")
@pytest.mark.row(295, "O01.FR.14")
async def test_what_is_in_front_shows() -> None:
    async with harness() as h:
        assert await show(h, 1, "cycle") == "Accepted"
        assert await show(h, 2, "cycle too") == "Accepted"
        assert shown(h) == ["cycle", "cycle too"]
        await show(h, 3, "front", priority="InFront")
        await show(h, 4, "front too", priority="InFront")
        assert shown(h) == ["front", "front too"]
        await show(h, 5, "always", priority="AlwaysFront")
        assert shown(h) == ["always"]
        await show(h, 6, "always new", priority="AlwaysFront")
        assert shown(h) == ["always new"]
        assert await kept(h, id=[5, 6]) == [6]


@pytest.mark.row(292, "O01.FR.01")
async def test_what_cannot_be_shown() -> None:
    async with harness() as h:
        html = {"format": "HTML", "content": "<b>x</b>"}
        assert await show(h, 1, message=html) == "NotSupportedMessageFormat"
        where = {"display": {"name": "Screen"}}
        assert await show(h, 1, **where) == "Rejected"


@pytest.mark.row(293, "O01.FR.06")
async def test_messages_have_their_time() -> None:
    async with harness() as h:
        now = h.clock.now()
        await show(
            h,
            1,
            "later",
            startDateTime=(now + timedelta(seconds=60)).isoformat(),
            endDateTime=(now + timedelta(seconds=120)).isoformat(),
        )
        assert shown(h) == []
        await h.advance(61)
        assert shown(h) == ["later"]
        await h.advance(60)
        assert shown(h) == []
        assert await kept(h) == []


@pytest.mark.row(294, "TC_O_36")
async def test_messages_for_a_state() -> None:
    async with harness() as h:
        for number, state in enumerate(("Charging", "Idle", "Unavailable", "Faulted"), start=1):
            assert await show(h, number, state, state=state) == "Accepted"
        assert shown(h) == ["Idle"]
        await charge(h)
        assert shown(h) == ["Charging"]
        await h.submit(Stop(1))
        await h.ask("ChangeAvailability", operationalStatus="Inoperative")
        assert shown(h) == ["Unavailable"]
        assert await kept(h) == [1, 2, 3, 4]


@pytest.mark.row(296, "O01.FR.08")
async def test_messages_survive_a_reboot_and_are_bounded(tmp_path: Path) -> None:
    async with harness(state=tmp_path) as h:
        for number in range(1, 21):
            assert await show(h, number) == "Accepted"
        assert await show(h, 21) == "Rejected"
        assert await show(h, 20, "new") == "Accepted"
    async with harness(state=tmp_path) as h:
        assert len(await kept(h)) == 20


@pytest.mark.row(297, "O02.FR.01")
async def test_a_message_of_a_transaction_ends_with_it() -> None:
    async with harness() as h:
        assert await show(h, 1, transactionId="nobody's") == "UnknownTransaction"
        transaction_id = await charge(h)
        assert await show(h, 1, "for you", transactionId=transaction_id) == "Accepted"
        assert shown(h) == ["for you"]
        await h.submit(Stop(1))
        assert shown(h) == []
        assert await kept(h) == []


@pytest.mark.row(298, "O03.FR.01")
@pytest.mark.row(299, "O04.FR.01")
@pytest.mark.row(300, "O05.FR.01")
async def test_messages_are_told_and_cleared() -> None:
    async with harness() as h:
        assert await kept(h) == []
        await show(h, 1)
        await show(h, 2, priority="InFront", state="Idle")
        assert await kept(h) == [1, 2]
        assert await kept(h, id=[2, 9]) == [2]
        assert await kept(h, priority="InFront") == [2]
        assert await kept(h, state="Idle") == [2]
        assert await kept(h, state="Charging") == []
        assert await show(h, 1, "replaced") == "Accepted"
        assert await h.ask("ClearDisplayMessage", id=1) == {"status": "Accepted"}
        assert (await h.ask("ClearDisplayMessage", id=1))["status"] == "Unknown"
        assert await kept(h) == [2]
