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
from tests.pair import Pair
from tests.scripted_csms import Cut, Drop

FIRST = "StatusNotification 1 "


@pytest.mark.row(11, "S§4.9")
async def test_connector_0_and_error_codes() -> None:
    async with Pair() as pair:
        await charge(pair)
        await pair.submit(InjectFault(1, "OverCurrentFailure"))
        await pair.submit(ClearFault(1))
        await pair.submit(Stop(1))
        await pair.submit(Unplug(1))
        await pair.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        await pair.ask("ChangeAvailability", connectorId=0, type="Operative")
        said = payloads(pair, "StatusNotification")
        whole = [report["status"] for report in said if report["connectorId"] == 0]
        assert whole == ["Unavailable", "Available"]
        one = {report["status"] for report in said if report["connectorId"] == 1}
        assert one >= {"Charging", "Faulted", "Finishing", "Available", "Unavailable"}
        for report in said:
            assert (report["status"] == "Faulted") == (report["errorCode"] != "NoError")


@pytest.mark.row(12, "S§4.9")
async def test_a_state_that_flips_back_is_never_reported() -> None:
    async with Pair(keys={"MinimumStatusDuration": "10"}) as pair:
        pair.csms.clear()
        await pair.submit(Plug(1))
        await pair.advance(9)
        await pair.submit(Unplug(1))
        await pair.advance(60)
        assert said(pair) == []


@pytest.mark.row(12, "S§4.9")
async def test_a_state_that_lasts_is_reported_once_it_has_lasted() -> None:
    async with Pair(keys={"MinimumStatusDuration": "10"}) as pair:
        pair.csms.clear()
        began = pair.clock.now()
        await pair.submit(Plug(1))
        await pair.advance(9)
        assert said(pair) == []
        await pair.advance(2)
        assert said(pair) == [FIRST + "Preparing"]
        (report,) = payloads(pair, "StatusNotification")
        if not pair.model.behaviour.stamps_reports:  # else it is the moment of the report
            stamped = began.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            assert report["timestamp"] == stamped, "the moment of the change, not of the report"


@pytest.mark.row(12, "S§4.9")
async def test_of_a_run_of_short_states_only_the_last_is_reported() -> None:
    async with Pair(keys={"MinimumStatusDuration": "10", "MeterValueSampleInterval": "0"}) as pair:
        pair.csms.clear()
        await pair.submit(Plug(1))
        await pair.advance(3)
        await pair.submit(Start(1, "TAG"))
        await checked(pair)
        await pair.advance(9)
        assert said(pair) == ["Authorize", "StartTransaction"]
        await pair.advance(1)
        assert said(pair) == ["Authorize", "StartTransaction", FIRST + "Charging"]
        await pair.advance(30)
        assert len(calls(pair)) == 3


@pytest.mark.row(12, "S§4.9")
async def test_a_state_whose_report_was_lost_is_reported_when_it_comes_back() -> None:
    async with Pair(keys={"MinimumStatusDuration": "10"}) as pair:
        pair.csms.script["StatusNotification"].append(Drop())
        pair.csms.clear()
        await pair.submit(Plug(1))
        await pair.advance(50)
        assert said(pair) == [FIRST + "Preparing"], "nobody answered"
        await pair.submit(Unplug(1))
        await pair.advance(5)
        await pair.submit(Plug(1))
        await pair.advance(11)
        assert said(pair) == [FIRST + "Preparing"] * 2, "the CSMS may not know of it"
        await pair.submit(Unplug(1))
        await pair.advance(5)
        await pair.submit(Plug(1))
        await pair.advance(60)
        assert said(pair) == [FIRST + "Preparing"] * 2, "it was answered, and is known"


@pytest.mark.row(13, "TC_041_CS")
@pytest.mark.parametrize("error_code", ERROR_CODES)
async def test_a_fault_while_idle(error_code: str) -> None:
    async with Pair() as pair:
        pair.csms.clear()
        await pair.submit(InjectFault(1, error_code))
        (report,) = payloads(pair, "StatusNotification")
        assert report["connectorId"] == 1
        assert (report["status"], report["errorCode"]) == ("Faulted", error_code)
        asked = await pair.ask("RemoteStartTransaction", idTag="TAG", connectorId=1)
        assert asked == {"status": "Rejected"}
        assert isinstance(await pair.submit(Swipe(1, "TAG")), Refused)
        await pair.submit(Plug(1))
        assert isinstance(await pair.submit(Start(1, "TAG")), Refused)
        await pair.submit(Unplug(1))
        assert said(pair) == [FIRST + "Faulted"]
        await pair.submit(ClearFault(1))
        assert said(pair) == [FIRST + "Faulted", FIRST + "Available"]
        assert payloads(pair, "StatusNotification")[-1]["errorCode"] == "NoError"


@pytest.mark.row(13, "TC_041_CS")
async def test_a_fault_between_card_and_plug_ends_in_no_transaction() -> None:
    async with Pair() as pair:
        await pair.submit(Swipe(1, "TAG"))
        await pair.submit(InjectFault(1, "GroundFailure"))
        await pair.submit(Plug(1))
        await checked(pair)
        await pair.submit(ClearFault(1))
        await pair.advance(120)
        assert pair.status() == "Preparing"
        assert pair.csms.of("StartTransaction") == []


@pytest.mark.row(14, "S§4.9")
@pytest.mark.parametrize(
    ("pause", "status"), [(SuspendEV(1), "SuspendedEV"), (SuspendEVSE(1), "SuspendedEVSE")]
)
async def test_a_pause_and_its_end(pause: SuspendEV | SuspendEVSE, status: str) -> None:
    async with Pair(keys={"MeterValueSampleInterval": "10"}) as pair:
        await charge(pair)
        await pair.advance(20)
        assert await pair.submit(pause) == Accepted()
        await pair.advance(30)
        assert await pair.submit(Resume(1)) == Accepted()
        await pair.advance(10)
        sample = "MeterValues"
        assert said(pair) == [
            *[sample] * 2,
            FIRST + status,
            *[sample] * 3,
            FIRST + "Charging",
            sample,
        ]
        registers = [
            energy_wh(value["sampledValue"][0])
            for payload in payloads(pair, sample)
            for value in payload["meterValue"]
        ]
        assert registers[1] == pytest.approx(registers[2], abs=10), "the pause came just then"
        assert registers[2] == registers[4] < registers[5]


@pytest.mark.row(79, "OCPP-J§5.3")
async def test_a_status_whose_answer_was_lost_is_said_again() -> None:
    """The CSMS may have heard Preparing; that it is Available again is news to it."""
    async with Pair() as pair:
        pair.csms.script["StatusNotification"].append(Cut())
        await pair.submit(Plug(1))
        await pair.submit(Unplug(1))
        pair.csms.clear()
        await pair.advance(5)
        assert said(pair) == back_online(pair, "StatusNotification 1 Available")
