"""StatusNotification (OCPP 1.6 §4.9): what is said of every connector, and when."""

from __future__ import annotations

import pytest

from sim_core.commands import (
    Accepted,
    ClearFault,
    InjectFault,
    Plug,
    Refused,
    Resume,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unplug,
)
from sim_core.hardware.faults import ERROR_CODES
from tests.conformance.acts import back_online, calls, charge, checked, energy_wh, payloads, said
from tests.harness import Harness
from tests.scripted_csms import Cut, Drop

FIRST = "StatusNotification 1 "


@pytest.mark.row(11, "S§4.9")
async def test_connector_0_and_error_codes() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.submit(InjectFault(1, "OverCurrentFailure"))
        await harness.submit(ClearFault(1))
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        await harness.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        await harness.ask("ChangeAvailability", connectorId=0, type="Operative")
        said = payloads(harness, "StatusNotification")
        whole = [report["status"] for report in said if report["connectorId"] == 0]
        assert whole == ["Unavailable", "Available"]
        one = {report["status"] for report in said if report["connectorId"] == 1}
        assert one >= {"Charging", "Faulted", "Finishing", "Available", "Unavailable"}
        for report in said:
            assert (report["status"] == "Faulted") == (report["errorCode"] != "NoError")


@pytest.mark.row(12, "S§4.9")
async def test_a_state_that_flips_back_is_never_reported() -> None:
    async with Harness(keys={"MinimumStatusDuration": "10"}) as harness:
        harness.csms.clear()
        await harness.submit(Plug(1))
        await harness.advance(9)
        await harness.submit(Unplug(1))
        await harness.advance(60)
        assert said(harness) == []


@pytest.mark.row(12, "S§4.9")
async def test_a_state_that_lasts_is_reported_once_it_has_lasted() -> None:
    async with Harness(keys={"MinimumStatusDuration": "10"}) as harness:
        harness.csms.clear()
        began = harness.clock.now()
        await harness.submit(Plug(1))
        await harness.advance(9)
        assert said(harness) == []
        await harness.advance(2)
        assert said(harness) == [FIRST + "Preparing"]
        (report,) = payloads(harness, "StatusNotification")
        if not harness.model.behaviour.stamps_reports:  # else it is the moment of the report
            stamped = began.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            assert report["timestamp"] == stamped, "the moment of the change, not of the report"


@pytest.mark.row(12, "S§4.9")
async def test_of_a_run_of_short_states_only_the_last_is_reported() -> None:
    async with Harness(
        keys={"MinimumStatusDuration": "10", "MeterValueSampleInterval": "0"}
    ) as harness:
        harness.csms.clear()
        await harness.submit(Plug(1))
        await harness.advance(3)
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.advance(9)
        assert said(harness) == ["Authorize", "StartTransaction"]
        await harness.advance(1)
        assert said(harness) == ["Authorize", "StartTransaction", FIRST + "Charging"]
        await harness.advance(30)
        assert len(calls(harness)) == 3


@pytest.mark.row(12, "S§4.9")
async def test_a_state_whose_report_was_lost_is_reported_when_it_comes_back() -> None:
    async with Harness(keys={"MinimumStatusDuration": "10"}) as harness:
        harness.csms.script["StatusNotification"].append(Drop())
        harness.csms.clear()
        await harness.submit(Plug(1))
        await harness.advance(50)
        assert said(harness) == [FIRST + "Preparing"], "nobody answered"
        await harness.submit(Unplug(1))
        await harness.advance(5)
        await harness.submit(Plug(1))
        await harness.advance(11)
        assert said(harness) == [FIRST + "Preparing"] * 2, "the CSMS may not know of it"
        await harness.submit(Unplug(1))
        await harness.advance(5)
        await harness.submit(Plug(1))
        await harness.advance(60)
        assert said(harness) == [FIRST + "Preparing"] * 2, "it was answered, and is known"


@pytest.mark.row(13, "TC_041_CS")
@pytest.mark.parametrize("error_code", ERROR_CODES)
async def test_a_fault_while_idle(error_code: str) -> None:
    async with Harness() as harness:
        harness.csms.clear()
        await harness.submit(InjectFault(1, error_code))
        (report,) = payloads(harness, "StatusNotification")
        assert report["connectorId"] == 1
        assert (report["status"], report["errorCode"]) == ("Faulted", error_code)
        asked = await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1)
        assert asked == {"status": "Rejected"}
        assert isinstance(await harness.submit(Swipe(1, "TAG")), Refused)
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "TAG")), Refused)
        await harness.submit(Unplug(1))
        assert said(harness) == [FIRST + "Faulted"]
        await harness.submit(ClearFault(1))
        assert said(harness) == [FIRST + "Faulted", FIRST + "Available"]
        assert payloads(harness, "StatusNotification")[-1]["errorCode"] == "NoError"


@pytest.mark.row(13, "TC_041_CS")
async def test_a_fault_between_card_and_plug_ends_in_no_transaction() -> None:
    async with Harness() as harness:
        await harness.submit(Swipe(1, "TAG"))
        await harness.submit(InjectFault(1, "GroundFailure"))
        await harness.submit(Plug(1))
        await checked(harness)
        await harness.submit(ClearFault(1))
        await harness.advance(120)
        assert harness.status() == "Preparing"
        assert harness.csms.of("StartTransaction") == []


@pytest.mark.row(14, "S§4.9")
@pytest.mark.parametrize(
    ("pause", "status"), [(SuspendEV(1), "SuspendedEV"), (SuspendEVSE(1), "SuspendedEVSE")]
)
async def test_a_pause_and_its_end(pause: SuspendEV | SuspendEVSE, status: str) -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        await charge(harness)
        await harness.advance(20)
        assert await harness.submit(pause) == Accepted()
        await harness.advance(30)
        assert await harness.submit(Resume(1)) == Accepted()
        await harness.advance(10)
        sample = "MeterValues"
        assert said(harness) == [
            *[sample] * 2,
            FIRST + status,
            *[sample] * 3,
            FIRST + "Charging",
            sample,
        ]
        registers = [
            energy_wh(value["sampledValue"][0])
            for payload in payloads(harness, sample)
            for value in payload["meterValue"]
        ]
        assert registers[1] == pytest.approx(registers[2], abs=10), "the pause came just then"
        assert registers[2] == registers[4] < registers[5]


@pytest.mark.row(79, "OCPP-J§5.3")
async def test_a_status_whose_answer_was_lost_is_said_again() -> None:
    """The CSMS may have heard Preparing; that it is Available again is news to it."""
    async with Harness() as harness:
        harness.csms.script["StatusNotification"].append(Cut())
        await harness.submit(Plug(1))
        await harness.submit(Unplug(1))
        harness.csms.clear()
        await harness.advance(5)
        assert said(harness) == back_online(harness, "StatusNotification 1 Available")
