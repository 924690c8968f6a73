"""Charging profiles (block K)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import LinkDown, Stop, Unplug
from tests.conformance201.acts import charge, events, set_variables, told
from tests.harness import Harness
from tests.scripted_csms import Payload


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


def profile(number: int = 1, limit: float = 5000.0, **more: Any) -> Payload:
    """A TxDefaultProfile without end; `schedule` and `periods` replace its parts."""
    schedule = {
        "id": number,
        "startSchedule": "2026-01-01T00:00:00Z",
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [
            {"startPeriod": start, "limit": amount}
            for start, amount in more.pop("periods", ((0, limit),))
        ],
        **more.pop("schedule", {}),
    }
    if more.get("chargingProfileKind") == "Relative":
        del schedule["startSchedule"]
    return {
        "id": number,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
        **more,
    }


async def install(h: Harness, evse_id: int = 1, **more: Any) -> Payload:
    answer = await h.ask("SetChargingProfile", evseId=evse_id, chargingProfile=profile(**more))
    await h.advance(0.5)
    return answer


async def status(h: Harness, evse_id: int = 1, **more: Any) -> str:
    return str((await install(h, evse_id, **more))["status"])


async def composite(h: Harness, evse_id: int = 1, duration: int = 600, **more: Any) -> Payload:
    return await h.ask("GetCompositeSchedule", evseId=evse_id, duration=duration, **more)


async def power(h: Harness, evse_id: int = 1) -> float:
    await h.advance(10)
    return round(h.connector(evse_id).power_w, 3)


async def reported(h: Harness, **criteria: Any) -> list[Payload]:
    h.csms.clear()
    evse = {"evseId": criteria.pop("evse_id")} if "evse_id" in criteria else {}
    answer = await h.ask("GetChargingProfiles", requestId=3, chargingProfile=criteria, **evse)
    if answer["status"] == "NoProfiles":
        return []
    await h.advance(0.5)
    return [call.payload for call in h.csms.of("ReportChargingProfiles")]


@pytest.mark.row(212, "K01.FR.07")
async def test_a_default_for_one_evse() -> None:
    async with harness() as h:
        assert await status(h, 1) == "Accepted"
        await charge(h, 1)
        await charge(h, 2)
        assert 0 < await power(h, 1) <= 5000 < await power(h, 2)
        (report,) = await reported(h)
        assert report["evseId"] == 1
        assert report["chargingLimitSource"] == "CSO"
        assert report["chargingProfile"] == [profile()]


@pytest.mark.row(213, "K01.FR.14")
async def test_a_default_for_all() -> None:
    async with harness() as h:
        assert await status(h, 0) == "Accepted"
        await charge(h, 1)
        await charge(h, 2)
        assert 0 < await power(h, 1) <= 5000
        assert 0 < await power(h, 2) <= 5000
        assert [report["evseId"] for report in await reported(h)] == [0]


@pytest.mark.row(214, "K01.FR.52")
async def test_a_default_on_all_and_on_one_of_the_same_level() -> None:
    async with harness() as h:
        await install(h, 1)
        assert await status(h, 0, number=2) == "Rejected"
        assert await status(h, 0, number=2, stackLevel=1) == "Accepted"
        assert await status(h, 2, number=3, stackLevel=1) == "Rejected"


@pytest.mark.row(215, "K01.FR.32")
async def test_a_default_counts_in_mid_transaction() -> None:
    async with harness() as h:
        await charge(h)
        assert await power(h) > 5000
        await install(h)
        assert 0 < await power(h) <= 5000


@pytest.mark.row(216, "K04.FR.03")
async def test_the_most_of_the_station() -> None:
    async with harness() as h:
        whole = {"chargingProfilePurpose": "ChargingStationMaxProfile"}
        assert await status(h, 1, **whole) == "Rejected"
        assert await status(h, 0, **whole, chargingProfileKind="Relative") == "Rejected"
        assert await status(h, 0, **whole) == "Accepted"
        await charge(h, 1)
        await charge(h, 2)
        assert 0 < await power(h, 1) + h.connector(2).power_w <= 5001


@pytest.mark.row(217, "K01.FR.03")
@pytest.mark.row(218, "K01.FR.09")
@pytest.mark.row(219, "K02.FR.05")
async def test_one_for_a_transaction() -> None:
    async with harness() as h:
        await install(h, 1, number=1, limit=4000.0)
        own = {"chargingProfilePurpose": "TxProfile", "number": 2, "limit": 9000.0}
        assert await status(h, 1, **own) == "Rejected"
        transaction_id = await charge(h)
        assert await status(h, 1, **own) == "Rejected"
        assert await status(h, 1, **own, transactionId="nobody's") == "Rejected"
        assert await status(h, 0, **own, transactionId=transaction_id) == "Rejected"
        assert await status(h, 1, **own, transactionId=transaction_id) == "Accepted"
        assert 4000 < await power(h) <= 9000
        await h.submit(Stop(1))
        await h.submit(Unplug(1))
        ids = [one["id"] for report in await reported(h) for one in report["chargingProfile"]]
        assert ids == [1]
        await charge(h)
        assert 0 < await power(h) <= 4000


@pytest.mark.row(220, "K01.FR.05")
async def test_the_same_id_replaces() -> None:
    async with harness() as h:
        await install(h, 1)
        assert await status(h, 2, limit=7000.0) == "Accepted"
        (report,) = await reported(h)
        assert report["evseId"] == 2
        assert report["chargingProfile"][0]["chargingSchedule"][0]["chargingSchedulePeriod"] == [
            {"startPeriod": 0, "limit": 7000.0}
        ]


@pytest.mark.row(221, "K01.FR.06")
async def test_two_of_a_level_cannot_be_valid_at_once() -> None:
    async with harness() as h:
        await install(h, 1, validTo="2026-01-02T00:00:00Z")
        assert await status(h, 1, number=2) == "Rejected"
        later = {"validFrom": "2026-01-02T00:00:00Z"}
        assert await status(h, 1, number=2, **later) == "Accepted"


@pytest.mark.row(222, "K01.FR.26")
@pytest.mark.row(224, "K01.FR.31")
@pytest.mark.parametrize(
    ("evse_id", "more", "code"),
    [
        (9, {}, "UnknownEvse"),
        (1, {"stackLevel": 99}, "InvalidStackLevel"),
        (1, {"chargingProfilePurpose": "ChargingStationExternalConstraints"}, "InvalidProfile"),
        (1, {"periods": ((5, 1000.0),)}, "InvalidSchedule"),
        (1, {"periods": ((0, 1000.0), (20, 2.0), (10, 3.0))}, "InvalidSchedule"),
        (1, {"periods": tuple((n, 1.0) for n in range(200))}, "InvalidSchedule"),
        (1, {"chargingProfileKind": "Recurring"}, "InvalidProfile"),
        (1, {"limit": -1.0}, "InvalidSchedule"),
    ],
)
async def test_what_makes_no_sense(evse_id: int, more: dict[str, Any], code: str) -> None:
    async with harness() as h:
        answer = await install(h, evse_id, **more)
        assert answer["status"] == "Rejected"
        assert answer["statusInfo"]["reasonCode"] == code
        assert await reported(h) == []


@pytest.mark.row(224, "K01.FR.40")
async def test_a_schedule_says_where_it_begins_or_has_no_beginning() -> None:
    async with harness() as h:
        wrong = profile()
        del wrong["chargingSchedule"][0]["startSchedule"]
        answer = await h.ask("SetChargingProfile", evseId=1, chargingProfile=wrong)
        assert answer["status"] == "Rejected"
        wrong = profile(chargingProfileKind="Relative")
        wrong["chargingSchedule"][0]["startSchedule"] = "2026-01-01T00:00:00Z"
        answer = await h.ask("SetChargingProfile", evseId=1, chargingProfile=wrong)
        assert answer["status"] == "Rejected"


@pytest.mark.row(223, "K01.FR.29")
async def test_where_smart_charging_is_off() -> None:
    async with harness() as h:
        await set_variables(h, SmartChargingCtrlr__Enabled="false")
        payload = {"evseId": 1, "chargingProfile": profile()}
        kind, *rest = await h.csms.ask_raw("SetChargingProfile", payload)
        assert (kind, rest[1]) == (4, "NotSupported")


@pytest.mark.row(223, "K01.FR.29")
async def test_what_is_installed_counts_as_long_as_smart_charging_is_on() -> None:
    async with harness() as h:
        transaction_id = await charge(h)
        free_w = await power(h)
        await install(h, limit=7000.0)
        own = {"chargingProfilePurpose": "TxProfile", "number": 2, "limit": 5000.0}
        assert await status(h, 1, **own, transactionId=transaction_id) == "Accepted"
        assert 0 < await power(h) <= 5000
        await set_variables(h, SmartChargingCtrlr__Enabled="false")
        assert await power(h) == pytest.approx(free_w, rel=0.05)
        await set_variables(h, SmartChargingCtrlr__Enabled="true")
        assert 0 < await power(h) <= 5000


@pytest.mark.row(225, "K01.FR.27")
@pytest.mark.row(237, "K06.FR.01")
async def test_it_survives_a_reboot_and_counts_offline(tmp_path: Path) -> None:
    async with harness(state=tmp_path) as h:
        await install(h)
    async with harness(state=tmp_path) as h:
        (report,) = await reported(h)
        assert report["chargingProfile"] == [profile()]
        await charge(h)
        await h.submit(LinkDown())
        assert 0 < await power(h) <= 5000


@pytest.mark.row(226, "K01.FR.10")
async def test_it_counts_while_it_is_valid() -> None:
    async with harness() as h:
        now = h.clock.now()
        await charge(h)
        await install(
            h,
            validFrom=(now + timedelta(seconds=60)).isoformat(),
            validTo=(now + timedelta(seconds=120)).isoformat(),
        )
        assert await power(h) > 5000
        await h.advance(60)
        assert 0 < await power(h) <= 5000
        await h.advance(60)
        assert await power(h) > 5000


@pytest.mark.row(227, "K01.FR.13")
async def test_recurring_and_relative() -> None:
    async with harness() as h:
        daily = {
            "chargingProfileKind": "Recurring",
            "recurrencyKind": "Daily",
            "periods": ((0, 9000.0), (12 * 3600 + 60, 3000.0)),
        }
        await install(h, **daily)
        await charge(h)
        assert 3000 < await power(h) <= 9000
        await h.advance(60)
        assert 0 < await power(h) <= 3000
    async with harness() as h:
        relative = {"chargingProfileKind": "Relative", "periods": ((0, 3000.0), (60, 9000.0))}
        await install(h, **relative)
        await h.advance(100)
        await charge(h)
        assert 0 < await power(h) <= 3000
        await h.advance(60)
        assert 3000 < await power(h) <= 9000


@pytest.mark.row(228, "K01.FR.11")
@pytest.mark.row(232, "K08.FR.04")
async def test_stacks_and_durations() -> None:
    async with harness() as h:
        now = h.clock.now().isoformat()
        await install(h, number=1, limit=4000.0)
        high = {"stackLevel": 2, "limit": 8000.0}
        await install(h, number=2, **high, schedule={"startSchedule": now, "duration": 300})
        answer = await composite(h)
        periods = answer["schedule"]["chargingSchedulePeriod"]
        assert periods[0]["limit"] == 8000
        assert periods[1]["limit"] == 4000
        assert 298 <= periods[1]["startPeriod"] <= 300
        whole = {"chargingProfilePurpose": "ChargingStationMaxProfile", "limit": 6000.0}
        await install(h, 0, number=3, **whole)
        periods = (await composite(h))["schedule"]["chargingSchedulePeriod"]
        assert [one["limit"] for one in periods] == [6000, 4000]


@pytest.mark.row(229, "K01.FR.43")
async def test_phases_are_nothing_to_dc() -> None:
    async with harness() as h:
        wired = profile()
        wired["chargingSchedule"][0]["chargingSchedulePeriod"][0]["numberPhases"] = 1
        answer = await h.ask("SetChargingProfile", evseId=1, chargingProfile=wired)
        assert answer["status"] == "Accepted"


@pytest.mark.row(230, "K01.FR.50")
@pytest.mark.parametrize(
    ("phases", "watts"), [({}, 16 * 230 * 3), ({"numberPhases": 1}, 16 * 230), ({}, 0)]
)
async def test_an_ampere_is_one_of_each_phase(phases: Payload, watts: float) -> None:
    async with harness() as h:
        period = {"startPeriod": 0, "limit": 16 if watts else 0, **phases}
        in_amps = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        assert await status(h, 1, schedule=in_amps) == "Accepted"
        await charge(h)
        assert await power(h) == pytest.approx(watts, abs=1)
        for unit, limit in (("W", watts), ("A", period["limit"])):
            answer = await composite(h, chargingRateUnit=unit)
            first = answer["schedule"]["chargingSchedulePeriod"][0]
            assert first["limit"] == pytest.approx(limit)


@pytest.mark.row(231, "K08.FR.02")
@pytest.mark.row(233, "K08.FR.05")
async def test_the_composite_of_nothing() -> None:
    async with harness() as h:
        for evse_id in (0, 1):
            answer = await composite(h, evse_id)
            assert answer["status"] == "Accepted"
            schedule = answer["schedule"]
            assert (schedule["evseId"], schedule["duration"]) == (evse_id, 600)
            assert schedule["chargingSchedulePeriod"][0]["startPeriod"] == 0
        assert (await composite(h, 9))["status"] == "Rejected"
        assert "schedule" not in await composite(h, 9)


@pytest.mark.row(234, "K09.FR.01")
async def test_reports_by_criteria() -> None:
    async with harness() as h:
        await install(h, 1, number=1)
        await install(h, 2, number=2, stackLevel=1)
        await install(h, 0, number=3, chargingProfilePurpose="ChargingStationMaxProfile")

        def ids(reports: list[Payload]) -> list[int]:
            return sorted(one["id"] for report in reports for one in report["chargingProfile"])

        reports = await reported(h)
        assert ids(reports) == [1, 2, 3]
        assert [report["tbc"] for report in reports] == [True, True, False]
        assert {report["requestId"] for report in reports} == {3}
        assert ids(await reported(h, evse_id=2)) == [2]
        assert ids(await reported(h, stackLevel=0)) == [1, 3]
        assert ids(await reported(h, chargingProfilePurpose="TxDefaultProfile")) == [1, 2]
        assert ids(await reported(h, chargingProfileId=[2, 9])) == [2]
        assert await reported(h, chargingLimitSource=["EMS"]) == []
        assert await reported(h, chargingProfileId=[9]) == []


@pytest.mark.row(235, "K10.FR.01")
@pytest.mark.row(236, "K10.FR.07")
async def test_clear() -> None:
    async with harness() as h:
        clear = "ClearChargingProfile"
        await install(h, 1, number=1)
        await install(h, 2, number=2)
        await install(h, 0, number=3, chargingProfilePurpose="ChargingStationMaxProfile")
        assert (await h.ask(clear, chargingProfileId=9))["status"] == "Unknown"
        external = {"chargingProfilePurpose": "ChargingStationExternalConstraints"}
        assert (await h.ask(clear, chargingProfileCriteria=external))["status"] == "Unknown"
        await charge(h, 1)
        assert 0 < await power(h, 1) <= 5000
        whole = {"chargingProfilePurpose": "ChargingStationMaxProfile"}
        assert (await h.ask(clear, chargingProfileCriteria=whole))["status"] == "Accepted"
        assert (await h.ask(clear, chargingProfileId=1))["status"] == "Accepted"
        assert await power(h, 1) > 5000
        assert (await h.ask(clear, chargingProfileCriteria={"evseId": 2}))["status"] == "Accepted"
        assert await reported(h) == []


@pytest.mark.row(238, "K01.FR.07")
async def test_a_limit_of_0_pauses() -> None:
    async with harness() as h:
        await charge(h)
        await install(h, limit=0.0)
        assert told(events(h)[-1]) == "Updated ChargingStateChanged SuspendedEVSE"
        assert await power(h) == 0
        await install(h, limit=9000.0)
        charging = [told(event) for event in events(h) if "StateChanged" in told(event)]
        assert charging[-1] == "Updated ChargingStateChanged Charging"
