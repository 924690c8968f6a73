"""Smart Charging (OCPP 1.6 §3.13, §5.5, §5.7, §5.16): profiles, and a metal that obeys them.

One make takes a single profile only; where a row needs several, the station is built with room for
more, which is what its configuration key says. All limits are far below what the vehicle takes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import tests.harness
from sim_core.charging import composite_schedule, schedule
from sim_core.commands import Plug, PowerOff, PowerOn, Refused, Resume, Stop
from sim_core.settings.model_file import load_model
from tests.conformance.acts import charge, checked, payloads, rebooted, said, unplug_network
from tests.harness import Harness

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
UNKNOWN = {"status": "Unknown"}
ROOM = {
    "ChargeProfileMaxStackLevel": "8",
    "ChargingScheduleMaxPeriods": "12",
    "MaxChargingProfilesInstalled": "4",
}
RAMPED_S = 40
"""Long enough for any ramp."""


def at(harness: Harness, seconds: float) -> str:
    """So much later than now, as it is written."""
    later: datetime = harness.clock.now() + timedelta(seconds=seconds)
    return later.isoformat().replace("+00:00", "Z")


def profile(*periods: tuple[int, float], **changed: Any) -> dict[str, Any]:
    """A TxDefaultProfile of (start in s, limit in W), or whatever `changed` makes of it."""
    schedule: dict[str, Any] = {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [
            {"startPeriod": start_s, "limit": limit} for start_s, limit in periods
        ],
    }
    for name in ("chargingRateUnit", "duration", "startSchedule", "minChargingRate", "phases"):
        if name in changed:
            schedule[name] = changed.pop(name)
    if phases := schedule.pop("phases", None):
        for period in schedule["chargingSchedulePeriod"]:
            period["numberPhases"] = phases
    return {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
        **changed,
    }


def _absolute(harness: Harness) -> dict[str, Any]:
    return {"chargingProfileKind": "Absolute", "startSchedule": at(harness, 0)}


async def install(harness: Harness, connector_id: int, one: dict[str, Any]) -> dict[str, Any]:
    return await harness.ask("SetChargingProfile", connectorId=connector_id, csChargingProfiles=one)


async def accepted(harness: Harness, connector_id: int, one: dict[str, Any]) -> None:
    assert await install(harness, connector_id, one) == ACCEPTED


def why(harness: Harness) -> str:
    """The last sentence about profiles."""
    texts = [event.text for event in harness.events.since(0)[1] if event.kind == "profile"]
    return texts[-1]


def transaction_id(harness: Harness, connector_id: int = 1) -> int:
    transaction = harness.connector(connector_id).transaction
    assert transaction is not None
    assert transaction.transaction_id is not None
    return transaction.transaction_id


async def composite(
    harness: Harness, duration: int, connector_id: int = 1, **more: Any
) -> list[tuple[int, float]]:
    """(start in s, limit) of what GetCompositeSchedule answers."""
    answer = await harness.ask(
        "GetCompositeSchedule", connectorId=connector_id, duration=duration, **more
    )
    assert answer["status"] == "Accepted"
    assert answer["connectorId"] == connector_id
    begins = datetime.fromisoformat(answer["scheduleStart"].replace("Z", "+00:00"))
    assert abs((begins - harness.clock.now()).total_seconds()) < 1
    schedule = answer["chargingSchedule"]
    assert schedule["duration"] == duration
    assert schedule["chargingRateUnit"] == more.get("chargingRateUnit", "W")
    return [(one["startPeriod"], one["limit"]) for one in schedule["chargingSchedulePeriod"]]


def rated_w(harness: Harness) -> float:
    ratings = harness.model.ratings
    return min(ratings.connector_power_w, ratings.cabinet_power_w)


def power_w(harness: Harness, connector_id: int = 1) -> float:
    return harness.connector(connector_id).power_w


# -- row 107 ---------------------------------------------------------


@pytest.mark.row(107, "TC_056_CS / TC_082_CS")
@pytest.mark.parametrize("connector_id", [0, 1])
async def test_a_default_profile_before_a_transaction(connector_id: int) -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, connector_id, profile((0, 11_000.0), (300, 8_000.0)))
        assert await composite(harness, 400) == [(0, 11_000), (300, 8_000)]
        await charge(harness)
        await harness.advance(RAMPED_S)
        assert power_w(harness) == pytest.approx(11_000)
        assert await composite(harness, 400) == [(0, 11_000), (260, 8_000)]
        await harness.advance(300)
        assert power_w(harness) == pytest.approx(8_000)


@pytest.mark.row(107, "TC_056_CS / TC_082_CS")
@pytest.mark.parametrize("connector_id", [0, 1])
async def test_a_default_profile_during_a_transaction_counts_at_once(connector_id: int) -> None:
    async with Harness(keys=ROOM) as harness:
        await charge(harness)
        await harness.advance(RAMPED_S)
        assert power_w(harness) > 30_000
        await accepted(harness, connector_id, profile((0, 11_000.0)))
        assert power_w(harness) == pytest.approx(11_000)
        connector = harness.connector()
        assert (connector.limited_by, connector.limit_w) == ("profile", 11_000)
        assert connector.profile is not None
        assert connector.profile.purpose == "TxDefaultProfile"
        assert (connector.profile.limit_w, connector.profile.until) == (11_000, None)
        assert await composite(harness, 100) == [(0, 11_000)]


@pytest.mark.row(107, "TC_056_CS / TC_082_CS")
async def test_the_default_of_a_connector_stands_in_for_the_one_of_all() -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 0, profile((0, 11_000.0)))
        own = profile((0, 20_000.0), chargingProfileId=2, validTo=at(harness, 200))
        await accepted(harness, 2, own)
        assert await composite(harness, 300, 1) == [(0, 11_000)]
        replaced = [(0, 20_000), (200, rated_w(harness))]
        assert await composite(harness, 300, 2) == replaced, "it is replaced there, for good"
        await charge(harness, 2)
        await harness.advance(RAMPED_S)
        assert power_w(harness, 2) == pytest.approx(20_000)


# -- rows 108 to 110 -------------------------------------------------


@pytest.mark.row(108, "TC_057_CS")
async def test_the_profile_of_a_transaction_lasts_as_long_as_that() -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 0, profile((0, 20_000.0)))
        await charge(harness)
        of_this = {"chargingProfilePurpose": "TxProfile", "transactionId": transaction_id(harness)}
        await accepted(harness, 1, profile((0, 9_000.0), chargingProfileId=2, **of_this))
        await charge(harness, 2)
        await harness.advance(RAMPED_S)
        assert power_w(harness, 1) == pytest.approx(9_000)
        assert power_w(harness, 2) == pytest.approx(20_000)
        await harness.submit(Stop(1))
        assert [one.profile_id for one in harness.station.snapshot.profiles] == [1]
        assert await composite(harness, 60, 1) == [(0, 20_000)]


@pytest.mark.row(108, "TC_057_CS")
@pytest.mark.parametrize("level", [0, 5])
async def test_the_profile_of_a_transaction_overrules_a_higher_default(level: int) -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 1, profile((0, 20_000.0), stackLevel=level))
        await charge(harness)
        await accepted(
            harness,
            1,
            profile((0, 30_000.0), chargingProfileId=2, chargingProfilePurpose="TxProfile"),
        )
        assert await composite(harness, 60) == [(0, 30_000)]


@pytest.mark.row(109, "TC_058_1_CS / _2")
async def test_a_transactions_profile_without_that_transaction() -> None:
    async with Harness(keys=ROOM) as harness:
        one = profile((0, 9_000.0), chargingProfilePurpose="TxProfile")
        assert await install(harness, 1, one) == REJECTED
        assert "connector 1 has no transaction" in why(harness)
        await charge(harness)
        assert await install(harness, 1, {**one, "transactionId": 4711}) == REJECTED
        assert "another transaction" in why(harness)
        assert await install(harness, 0, one) == REJECTED
        await charge(harness, 2)
        of_other = {**one, "transactionId": transaction_id(harness, 2)}
        assert await install(harness, 1, of_other) == REJECTED
        assert not harness.station.snapshot.profiles
        assert await composite(harness, 60) == [(0, rated_w(harness))]


@pytest.mark.row(110, "TC_059_CS / TC_060_CS")
@pytest.mark.parametrize("authorize", ["true", "false"])
async def test_a_remote_start_brings_the_profile_of_its_transaction(authorize: str) -> None:
    keys = {**ROOM, "AuthorizeRemoteTxRequests": authorize}
    async with Harness(keys=keys) as harness:
        await harness.submit(Plug(1))
        own = profile((0, 9_000.0), (600, 5_000.0), chargingProfilePurpose="TxProfile")
        start = {"connectorId": 1, "idTag": "TAG", "chargingProfile": own}
        assert await harness.ask("RemoteStartTransaction", **start) == ACCEPTED
        await checked(harness)
        assert harness.status() == "Charging"
        began = harness.connector().transaction
        assert began is not None
        passed_s = (harness.clock.now() - began.started_at).total_seconds()
        (_, second) = await composite(harness, 700)
        assert second == (pytest.approx(600 - passed_s, abs=0.5), 5_000)
        await harness.advance(RAMPED_S)
        assert power_w(harness) == pytest.approx(9_000)
        await harness.submit(Stop(1))
        assert not harness.station.snapshot.profiles


@pytest.mark.row(110, "TC_059_CS / TC_060_CS")
@pytest.mark.parametrize(
    "wrong",
    [
        {"chargingProfilePurpose": "TxDefaultProfile"},
        {"chargingProfilePurpose": "ChargePointMaxProfile"},
        {"transactionId": 5},
        {"stackLevel": 99},
    ],
)
async def test_a_remote_start_with_a_profile_that_cannot_be_its_own(wrong: dict[str, Any]) -> None:
    async with Harness(keys=ROOM) as harness:
        await harness.submit(Plug(1))
        harness.csms.clear()
        own = profile((0, 9_000.0), **{"chargingProfilePurpose": "TxProfile", **wrong})
        answer = await harness.ask(
            "RemoteStartTransaction", connectorId=1, idTag="TAG", chargingProfile=own
        )
        assert answer == REJECTED
        assert "remote start refused" in why(harness)
        await checked(harness)
        assert said(harness) == []
        assert harness.status() == "Preparing"


# -- rows 111 and 112 ------------------------------------------------


@pytest.mark.row(111, "TC_066_CS")
async def test_a_composite_schedule_of_all_three_purposes() -> None:
    async with Harness(keys=ROOM) as harness:
        installed = harness.clock.now()
        most = profile(
            (0, 10_000.0),
            (100, 7_000.0),
            chargingProfileId=1,
            chargingProfilePurpose="ChargePointMaxProfile",
            chargingProfileKind="Absolute",
            startSchedule=at(harness, 0),
            duration=400,
        )
        await accepted(harness, 0, most)
        default = profile((0, 6_000.0), chargingProfileId=2, duration=300)
        await accepted(harness, 1, default)
        began = await charge(harness)
        own = profile(
            (0, 8_000.0),
            (50, 11_000.0),
            (200, 5_000.0),
            chargingProfileId=3,
            chargingProfilePurpose="TxProfile",
            transactionId=transaction_id(harness),
            duration=250,
        )
        await accepted(harness, 1, own)
        await harness.advance(10)
        into_s = (harness.clock.now() - began).total_seconds()
        since_max_s = (harness.clock.now() - installed).total_seconds()
        expected = {
            0: 8_000,
            50 - into_s: 10_000,
            100 - since_max_s: 7_000,
            200 - into_s: 5_000,
            250 - into_s: 6_000,
            300 - into_s: 7_000,
            400 - since_max_s: rated_w(harness),
        }
        found = await composite(harness, 500)
        assert [limit for _, limit in found] == list(expected.values())
        for (start_s, _), due_s in zip(found, expected, strict=True):
            assert start_s == pytest.approx(due_s, abs=0.5)


@pytest.mark.row(112, "TC_072_CS")
async def test_the_highest_stack_level_counts_as_long_as_it_says_anything() -> None:
    async with Harness(keys=ROOM) as harness:
        began, common = harness.clock.now(), _absolute(harness)
        await accepted(harness, 1, profile((0, 6_000.0), duration=400, **common))
        higher = {"chargingProfileId": 2, "stackLevel": 1, "duration": 150, **common}
        await accepted(harness, 1, profile((0, 10_000.0), (100, 8_000.0), **higher))
        expected = [(0, 10_000), (100, 8_000), (150, 6_000), (400, rated_w(harness))]
        assert await composite(harness, 500) == expected
        await charge(harness)
        for after_s, limit_w in ((90, 10_000), (140, 8_000), (160, 6_000)):
            await harness.advance(after_s - (harness.clock.now() - began).total_seconds())
            assert power_w(harness) == pytest.approx(limit_w), after_s
        await harness.advance(250)
        assert power_w(harness) > 10_000


# -- row 113 ---------------------------------------------------------


@pytest.mark.row(113, "S§3.13 / §5.16")
async def test_what_replaces_what() -> None:
    async with Harness(keys=ROOM) as harness:

        def kept() -> list[tuple[int, int, int, float]]:
            return [
                (one.profile_id, one.connector_id, one.stack_level, one.periods[0][1])
                for one in harness.station.snapshot.profiles
            ]

        await accepted(harness, 0, profile((0, 5_000.0)))
        await accepted(harness, 0, profile((0, 6_000.0)))
        assert kept() == [(1, 0, 0, 6_000)]
        await accepted(harness, 0, profile((0, 7_000.0), chargingProfileId=2))
        assert kept() == [(2, 0, 0, 7_000)], "the same stack level, purpose and connector"
        await accepted(harness, 1, profile((0, 8_000.0), chargingProfileId=3))
        await accepted(harness, 0, profile((0, 9_000.0), chargingProfileId=4, stackLevel=1))
        assert kept() == [(2, 0, 0, 7_000), (3, 1, 0, 8_000), (4, 0, 1, 9_000)]
        most = {"chargingProfilePurpose": "ChargePointMaxProfile"}
        absolute = {**most, "chargingProfileKind": "Absolute"}
        await accepted(harness, 0, profile((0, 50_000.0), chargingProfileId=2, **absolute))
        assert kept() == [(2, 0, 0, 50_000), (3, 1, 0, 8_000), (4, 0, 1, 9_000)]


@pytest.mark.row(113, "S§3.13 / §5.16")
@pytest.mark.parametrize(
    ("connector_id", "changed", "sentence"),
    [
        (0, {"stackLevel": 9}, "ChargeProfileMaxStackLevel"),
        (0, {"periods": 13}, "ChargingScheduleMaxPeriods"),
        (0, {"periods": 10_000}, "ChargingScheduleMaxPeriods"),
        (0, {"periods": 0}, "no chargingSchedulePeriod"),
        (0, {"chargingRateUnit": "A"}, "ChargingScheduleAllowedChargingRateUnit"),
        (0, {"phases": 4}, "numberPhases"),
        (9, {}, "there is no connector 9"),
        (-1, {}, "there is no connector -1"),
        (
            1,
            {
                "chargingProfilePurpose": "ChargePointMaxProfile",
                "chargingProfileKind": "Absolute",
            },
            "set it on connectorId 0",
        ),
    ],
)
async def test_what_the_configuration_does_not_allow(
    connector_id: int, changed: dict[str, Any], sentence: str
) -> None:
    keys = {**ROOM, "ChargingScheduleAllowedChargingRateUnit": "Power"}
    async with Harness(keys=keys) as harness:
        changed = dict(changed)
        periods = [(10 * i, 6_000.0) for i in range(changed.pop("periods", 1))]
        assert await install(harness, connector_id, profile(*periods, **changed)) == REJECTED
        assert sentence in why(harness)
        assert not harness.station.snapshot.profiles


@pytest.mark.row(113, "S§3.13 / §5.16")
async def test_a_limit_that_is_no_number_is_refused_on_the_wire() -> None:
    async with Harness(keys=ROOM) as harness:
        for limit, code in (
            (float("nan"), "TypeConstraintViolation"),
            (float("inf"), "TypeConstraintViolation"),
            ("11000", "TypeConstraintViolation"),
            (11_000.05, "PropertyConstraintViolation"),
        ):
            one = profile((0, limit))  # type: ignore[arg-type]
            request = {"connectorId": 0, "csChargingProfiles": one}
            answer = await harness.csms.ask_raw("SetChargingProfile", request)
            assert (answer[0], answer[2]) == (4, code), limit
        await accepted(harness, 0, profile((0, 11_000.1)))


@pytest.mark.row(113, "S§3.13 / §5.16")
async def test_no_more_profiles_than_there_is_room_for() -> None:
    async with Harness(keys={**ROOM, "MaxChargingProfilesInstalled": "2"}) as harness:
        await accepted(harness, 0, profile((0, 5_000.0)))
        await accepted(harness, 1, profile((0, 5_000.0), chargingProfileId=2))
        assert await install(harness, 2, profile((0, 5_000.0), chargingProfileId=3)) == REJECTED
        assert "MaxChargingProfilesInstalled" in why(harness)
        await accepted(harness, 1, profile((0, 6_000.0), chargingProfileId=3))
        await harness.submit(Plug(1))
        own = profile((0, 9_000.0), chargingProfileId=9, chargingProfilePurpose="TxProfile")
        start = {"connectorId": 1, "idTag": "TAG", "chargingProfile": own}
        assert await harness.ask("RemoteStartTransaction", **start) == REJECTED
        assert await harness.ask("ClearChargingProfile", id=3) == ACCEPTED
        assert await harness.ask("RemoteStartTransaction", **start) == ACCEPTED


@pytest.mark.row(113, "S§3.13 / §5.16")
async def test_the_profile_of_a_session_that_is_to_come_has_its_room() -> None:
    keys = {**ROOM, "MaxChargingProfilesInstalled": "1"}
    async with Harness(keys=keys, behaviour={"remote_start_needs_vehicle": False}) as harness:
        own = profile((0, 9_000.0), chargingProfilePurpose="TxProfile")
        start = {"connectorId": 1, "idTag": "TAG", "chargingProfile": own}
        assert await harness.ask("RemoteStartTransaction", **start) == ACCEPTED
        other = profile((0, 5_000.0), chargingProfileId=2)
        assert await install(harness, 0, other) == REJECTED
        await harness.submit(Plug(1))
        await checked(harness)
        await harness.advance(RAMPED_S)
        assert power_w(harness) == pytest.approx(9_000)


@pytest.mark.row(113, "S§3.13 / §5.16")
async def test_what_is_long_over_takes_no_room() -> None:
    async with Harness(keys={**ROOM, "MaxChargingProfilesInstalled": "1"}) as harness:
        await accepted(harness, 0, profile((0, 5_000.0), validTo=at(harness, 60)))
        other = profile((0, 6_000.0), chargingProfileId=2, stackLevel=1)
        assert await install(harness, 0, other) == REJECTED
        await harness.advance(61)
        await accepted(harness, 0, other)


# -- row 114 ---------------------------------------------------------


def slider(limit_a: float, **more: Any) -> dict[str, Any]:
    """What the slider of Home Assistant's OCPP integration sends, to connector 0."""
    return {
        "chargingProfileId": 8,
        "stackLevel": 1,
        "chargingProfilePurpose": "ChargePointMaxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": {
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit_a}],
            **more,
        },
    }


@pytest.mark.row(114, "S§3.13")
async def test_a_relative_limit_of_the_charge_point_counts_from_when_it_was_set(
    tmp_path: Path,
) -> None:
    async with Harness(state=tmp_path, keys=ROOM) as harness:
        await charge(harness)
        await accepted(harness, 0, slider(20.0))
        await harness.advance(RAMPED_S)
        assert power_w(harness) == pytest.approx(20 * 230 * 3)
        steps = [{"startPeriod": 0, "limit": 30.0}, {"startPeriod": 100, "limit": 10.0}]
        await accepted(harness, 0, slider(0.0, chargingSchedulePeriod=steps))
        assert await composite(harness, 200, chargingRateUnit="A") == [(0, 30.0), (100, 10.0)], (
            "not from the plug"
        )
        await harness.power_cut()
        await harness.advance(60)
        await harness.power_on()
        await harness.settle()
        assert await composite(harness, 200, chargingRateUnit="A") == [(0, 30.0), (40, 10.0)], (
            "nor from the boot"
        )


@pytest.mark.row(113, "S§3.13 / §5.16")
async def test_a_make_may_refuse_a_relative_limit_of_the_charge_point() -> None:
    async with Harness(keys=ROOM, behaviour={"relative_maximum": False}) as harness:
        assert await install(harness, 0, slider(10.0)) == REJECTED
        (note,) = [e.text for e in harness.events.since(0)[1] if e.kind == "profile"]
        assert "a ChargePointMaxProfile cannot be Relative" in note
        await accepted(harness, 0, {**slider(10.0), "chargingProfileKind": "Absolute"})


@pytest.mark.row(114, "S§3.13")
async def test_a_relative_schedule_counts_from_the_start_of_the_transaction() -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 0, profile((0, 6_000.0), (120, 12_000.0), duration=300))
        await harness.advance(1000)
        began = await charge(harness)
        for after_s, limit_w in ((100, 6_000), (119, 6_000), (150, 12_000)):
            await harness.advance(after_s - (harness.clock.now() - began).total_seconds())
            assert power_w(harness) == pytest.approx(limit_w)
        await harness.advance(200)
        assert power_w(harness) > 12_000


@pytest.mark.row(114, "S§3.13")
@pytest.mark.parametrize(("recurrency", "round_s"), [("Daily", 86_400), ("Weekly", 604_800)])
async def test_a_recurring_schedule_comes_round(recurrency: str, round_s: int) -> None:
    async with Harness(keys=ROOM) as harness:
        recurring = {
            "chargingProfileKind": "Recurring",
            "recurrencyKind": recurrency,
            "startSchedule": at(harness, 100 - 3 * round_s),
            "duration": 400,
        }
        await accepted(harness, 0, profile((0, 6_000.0), (100, 12_000.0), **recurring))
        rated = rated_w(harness)
        expected = [(0, rated), (100, 6_000), (200, 12_000), (500, rated)]
        again = [(start + round_s, limit) for start, limit in expected[1:3]]
        assert await composite(harness, round_s + 400) == [*expected, *again]


@pytest.mark.row(114, "S§3.13")
async def test_validity_and_gaps_fall_back_to_the_next_stack_level() -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 0, profile((0, 20_000.0), validFrom=at(harness, 50)))
        top = {
            "chargingProfileId": 2,
            "stackLevel": 3,
            "chargingProfileKind": "Absolute",
            "startSchedule": at(harness, 100),
            "duration": 300,
            "validTo": at(harness, 200),
        }
        await accepted(harness, 1, profile((0, 6_000.0), **top))
        expected = [(0, rated_w(harness)), (50, 20_000), (100, 6_000), (200, 20_000)]
        assert await composite(harness, 400) == expected


@pytest.mark.row(114, "S§3.13")
async def test_an_edge_between_two_samples_parts_the_energy_there() -> None:
    keys = {**ROOM, "MeterValueSampleInterval": "10"}
    async with Harness(keys=keys) as harness:
        await charge(harness)
        await harness.advance(RAMPED_S)
        steps = profile((0, 9_000.0), (7, 18_000.0), (13, 3_600.0), **_absolute(harness))
        await accepted(harness, 1, steps)
        before_wh = harness.connector().register_wh
        await harness.advance(20)
        ramp_w_per_s = harness.timing.ramp_w_per_s
        ramp_wh = 9_000**2 / ramp_w_per_s / 2 / 3600  # what the rise to 18 kW costs, at most
        whole_wh = (7 * 9_000 + 6 * 18_000 + 7 * 3_600) / 3600
        gained_wh = harness.connector().register_wh - before_wh
        assert whole_wh - 2 * ramp_wh - 5 <= gained_wh <= whole_wh + 1e-6


@pytest.mark.row(114, "S§3.13")
async def test_a_clock_that_is_set_moves_absolute_schedules_only() -> None:
    async with Harness(keys=ROOM) as harness:
        began = await charge(harness)
        await accepted(harness, 1, profile((0, 6_000.0), (300, 9_000.0)))
        most = {"chargingProfileId": 2, "chargingProfilePurpose": "ChargePointMaxProfile"}
        await accepted(
            harness, 0, profile((0, 8_000.0), **most, **_absolute(harness), duration=600)
        )
        set_s = 100.0
        harness.csms.script["Heartbeat"].append({"currentTime": at(harness, set_s)})
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        assert (harness.station.now() - harness.clock.now()).total_seconds() == set_s
        passed_s = (harness.clock.now() - began).total_seconds()
        answer = await harness.ask("GetCompositeSchedule", connectorId=1, duration=700)
        periods = answer["chargingSchedule"]["chargingSchedulePeriod"]
        starts = [(one["startPeriod"], one["limit"]) for one in periods]
        assert starts[1][0] == pytest.approx(300 - passed_s, abs=0.5), "with the transaction"
        assert starts[1][1] == 8_000
        assert starts[2] == (pytest.approx(600 - set_s, abs=3), 9_000), "by the calendar"


# -- row 115 ---------------------------------------------------------


@pytest.mark.row(115, "TC_067_CS")
async def test_clearing() -> None:
    async with Harness(keys=ROOM) as harness:

        async def fill() -> None:
            await accepted(harness, 0, profile((0, 20_000.0)))
            await accepted(harness, 1, profile((0, 10_000.0), chargingProfileId=2, stackLevel=1))
            most = {"chargingProfileId": 3, "chargingProfilePurpose": "ChargePointMaxProfile"}
            await accepted(
                harness, 0, profile((0, 30_000.0), **most, chargingProfileKind="Absolute")
            )

        def kept() -> list[int]:
            return [one.profile_id for one in harness.station.snapshot.profiles]

        async def clear(**which: Any) -> dict[str, Any]:
            return await harness.ask("ClearChargingProfile", **which)

        assert await clear() == UNKNOWN
        await fill()
        assert await clear(id=2, connectorId=2, stackLevel=7) == ACCEPTED, "the id alone counts"
        assert kept() == [1, 3]
        assert await composite(harness, 60) == [(0, 20_000)]
        assert await clear(id=2) == UNKNOWN
        await fill()
        default = "TxDefaultProfile"
        assert await clear(chargingProfilePurpose=default, stackLevel=2) == UNKNOWN
        assert await clear(chargingProfilePurpose=default, stackLevel=1, connectorId=2) == UNKNOWN
        assert kept() == [1, 2, 3]
        assert await clear(chargingProfilePurpose=default, stackLevel=1, connectorId=1) == ACCEPTED
        assert kept() == [1, 3]
        assert await clear(connectorId=0) == ACCEPTED
        assert kept() == []
        assert await composite(harness, 60) == [(0, rated_w(harness))]
        await fill()
        assert await clear() == ACCEPTED
        assert kept() == []


@pytest.mark.row(115, "TC_067_CS")
async def test_clearing_gives_the_power_back() -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 0, profile((0, 6_000.0)))
        await charge(harness)
        await harness.advance(RAMPED_S)
        assert power_w(harness) == pytest.approx(6_000)
        assert await harness.ask("ClearChargingProfile", id=1) == ACCEPTED
        await harness.advance(RAMPED_S)
        assert power_w(harness) > 30_000
        assert harness.connector().profile is None


# -- row 116 ---------------------------------------------------------


@pytest.mark.row(116, "S§5.7")
async def test_composite_schedules_that_there_are_not() -> None:
    keys = {**ROOM, "ChargingScheduleAllowedChargingRateUnit": "Power"}
    async with Harness(keys=keys) as harness:
        ask = {"connectorId": 3, "duration": 60}
        assert await harness.ask("GetCompositeSchedule", **ask) == REJECTED
        ask = {"connectorId": 1, "duration": 60, "chargingRateUnit": "A"}
        assert await harness.ask("GetCompositeSchedule", **ask) == REJECTED
        answer = await harness.csms.ask_raw(
            "GetCompositeSchedule", {"connectorId": 1, "duration": -1}
        )
        assert (answer[0], answer[2]) == (4, "PropertyConstraintViolation")


@pytest.mark.row(116, "S§5.7")
@pytest.mark.parametrize("connector_id", [0, 1])
@pytest.mark.parametrize("duration", [0, 1])
async def test_the_composite_schedule_of_hardly_any_time(connector_id: int, duration: int) -> None:
    """What holds now, whatever comes in the next second."""
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 0, profile((0, 9_000), (60, 5_000)))
        connectors = 1 if connector_id else len(harness.station.snapshot.connectors)
        assert await composite(harness, duration, connector_id) == [(0, 9_000 * connectors)]


@pytest.mark.row(116, "S§5.7")
async def test_amperes_are_per_phase_of_the_mains() -> None:
    async with Harness(keys=ROOM) as harness:
        volts = harness.model.ratings.mains_v
        in_amperes = {"chargingRateUnit": "A", "phases": 1}
        await accepted(harness, 1, profile((0, 32.0), (100, 16.0), **in_amperes))
        watts = [(0, pytest.approx(32 * volts)), (100, pytest.approx(16 * volts))]
        assert await composite(harness, 200, chargingRateUnit="W") == watts
        answer = await harness.ask("GetCompositeSchedule", connectorId=1, duration=200)
        schedule = answer["chargingSchedule"]
        assert schedule["chargingRateUnit"] == "W", "nothing holds yet: there is no transaction"
        answer = await harness.ask(
            "GetCompositeSchedule", connectorId=1, duration=200, chargingRateUnit="A"
        )
        assert answer["chargingSchedule"]["chargingSchedulePeriod"] == [
            {"startPeriod": 0, "limit": 32.0, "numberPhases": 1},
            {"startPeriod": 100, "limit": 16.0, "numberPhases": 1},
        ]
        await charge(harness)
        await harness.advance(RAMPED_S)
        assert power_w(harness) == pytest.approx(32 * volts)
        answer = await harness.ask("GetCompositeSchedule", connectorId=1, duration=20)
        assert answer["chargingSchedule"]["chargingRateUnit"] == "A", "as the profile that holds"


@pytest.mark.row(116, "S§5.7")
async def test_the_whole_charge_point() -> None:
    async with Harness(keys=ROOM) as harness:
        ratings = harness.model.ratings
        whole_w = min(ratings.cabinet_power_w, 2 * rated_w(harness))
        assert await composite(harness, 60, 0) == [(0, whole_w)]
        await accepted(harness, 0, profile((0, 6_000.0)))
        assert await composite(harness, 60, 0) == [(0, 12_000)]
        most = {"chargingProfileId": 3, "chargingProfilePurpose": "ChargePointMaxProfile"}
        await accepted(harness, 0, profile((0, 9_000.0), **most, **_absolute(harness)))
        assert await composite(harness, 60, 0) == [(0, 9_000)]
        assert await composite(harness, 60, 1) == [(0, 6_000)]


# -- row 117 ---------------------------------------------------------


OFFERS = "Power.Active.Import,Power.Offered,Current.Offered"


def sampled(harness: Harness) -> list[dict[str, float]]:
    """Each sample by measurand, in W and A."""
    samples = []
    for payload in payloads(harness, "MeterValues"):
        values = payload["meterValue"][0]["sampledValue"]
        kilo = {"kW": 1000.0}
        samples.append(
            {one["measurand"]: float(one["value"]) * kilo.get(one["unit"], 1) for one in values}
        )
    return samples


@pytest.mark.row(117, "S§3.13")
@pytest.mark.parametrize("purpose", ["TxDefaultProfile", "ChargePointMaxProfile"])
async def test_a_limit_of_nothing_suspends_until_it_rises(purpose: str) -> None:
    keys = {**ROOM, "MeterValuesSampledData": OFFERS, "MeterValueSampleInterval": "10"}
    async with Harness(keys=keys) as harness:
        await charge(harness)
        await harness.advance(RAMPED_S)
        harness.csms.clear()
        changed = {"chargingProfilePurpose": purpose, **_absolute(harness)}
        await accepted(harness, 0, profile((0, 0.0), (60, 7_000.0), **changed))
        assert harness.status() == "SuspendedEVSE"
        assert power_w(harness) == 0
        assert (harness.connector().limited_by, harness.connector().limit_w) == ("profile", 0)
        refused = await harness.submit(Resume(1))
        assert isinstance(refused, Refused)
        assert "a charging profile holds connector 1 at 0 W" in refused.reason
        await harness.advance(50)
        assert "StatusNotification 1 SuspendedEVSE" in said(harness)
        assert all(set(one.values()) == {0.0} for one in sampled(harness))
        assert len(sampled(harness)) == 5
        harness.csms.clear()
        await harness.advance(10 + RAMPED_S)
        statuses = [word for word in said(harness) if word.startswith("StatusNotification")]
        assert statuses == ["StatusNotification 1 Charging"]
        assert harness.status() == "Charging"
        last = sampled(harness)[-1]
        assert 6_950 <= last["Power.Active.Import"] <= 7_000  # one make shows tenths of an ampere
        assert last["Power.Offered"] == 7_000
        assert last["Current.Offered"] == pytest.approx(
            7_000 / harness.connector().voltage_v, abs=0.1
        )


@pytest.mark.row(117, "S§3.13")
async def test_less_than_can_be_given_is_nothing() -> None:
    async with Harness(keys=ROOM, model=_with_minimum(2_000.0)) as harness:
        await charge(harness)
        await harness.advance(RAMPED_S)
        await accepted(harness, 1, profile((0, 1_999.9)))
        assert (harness.status(), power_w(harness)) == ("SuspendedEVSE", 0)
        await accepted(harness, 1, profile((0, 2_000.0)))
        assert harness.status() == "Charging"
        await accepted(harness, 1, profile((0, 5_000.0), minChargingRate=6_000.0))
        assert (harness.status(), power_w(harness)) == ("SuspendedEVSE", 0)


@pytest.mark.row(117, "S§3.13")
async def test_less_for_all_than_a_profile_wants_for_one_is_nothing() -> None:
    most = {"chargingProfilePurpose": "ChargePointMaxProfile"}
    async with Harness(keys=ROOM) as harness:
        await charge(harness)
        await accepted(harness, 0, profile((0, 5_000.0), **most))
        assert harness.status() == "Charging"
        await accepted(harness, 0, profile((0, 5_000.0), minChargingRate=6_000.0, **most))
        assert (harness.status(), power_w(harness)) == ("SuspendedEVSE", 0)


@pytest.mark.row(117, "S§3.13")
async def test_a_connector_has_no_more_than_the_cabinet() -> None:
    model = load_model(tests.harness.MODEL)
    most_w = model.ratings.cabinet_power_w
    strong = replace(model, ratings=replace(model.ratings, connector_power_w=2 * most_w))
    async with Harness(keys=ROOM, model=strong) as harness:
        assert await composite(harness, 60, chargingRateUnit="W") == [(0, most_w)]


def _with_minimum(minimum_w: float) -> Any:
    model = load_model(tests.harness.MODEL)
    return replace(model, ratings=replace(model.ratings, minimum_power_w=minimum_w))


@pytest.mark.row(117, "S§3.13")
async def test_a_session_under_a_limit_of_nothing_begins_suspended() -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 0, profile((0, 0.0), (100, 7_000.0)))
        await harness.submit(Plug(1))
        start = {"connectorId": 1, "idTag": "TAG"}
        harness.csms.clear()
        assert await harness.ask("RemoteStartTransaction", **start) == ACCEPTED
        await checked(harness)
        assert harness.status() == "SuspendedEVSE"
        assert "StatusNotification 1 Charging" not in said(harness)
        await harness.advance(101)
        assert harness.status() == "Charging"


@pytest.mark.row(117, "S§3.13")
async def test_before_anything_could_flow_nothing_is_suspended() -> None:
    timing = replace(load_model(tests.harness.MODEL).timing["swift"], energize_s=5.0)
    async with Harness(keys=ROOM, timing=timing) as harness:
        await accepted(harness, 0, profile((0, 0.0)))
        await harness.submit(Plug(1))
        harness.csms.clear()
        await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        await harness.advance(2)
        assert harness.connector().transaction is not None
        assert harness.status() == "Preparing", "§4.9 knows no way from SuspendedEVSE to it"
        assert await harness.ask("ClearChargingProfile") == ACCEPTED
        await harness.advance(5)
        statuses = [word for word in said(harness) if word.startswith("StatusNotification")]
        assert statuses == ["StatusNotification 1 Charging"]


@pytest.mark.row(117, "S§3.13")
async def test_the_status_is_told_at_the_edge_and_not_at_the_next_look() -> None:
    async with Harness(keys=ROOM) as harness:
        await charge(harness)
        begins = {"chargingProfileKind": "Absolute", "startSchedule": at(harness, 7.45)}
        await accepted(harness, 1, profile((0, 0.0), **begins))
        await harness.advance(7.44)
        assert "StatusNotification 1 SuspendedEVSE" not in said(harness)
        await harness.advance(0.02)
        assert "StatusNotification 1 SuspendedEVSE" in said(harness)


@pytest.mark.row(117, "S§3.13")
@pytest.mark.parametrize("noise", [0.0, 0.2])
async def test_no_sample_is_ever_above_the_limit(noise: float) -> None:
    keys = {
        **ROOM,
        "MeterValuesSampledData": "Power.Active.Import,Current.Import,Voltage",
        "MeterValueSampleInterval": "3",
    }
    async with Harness(keys=keys, noise=noise) as harness:
        await charge(harness, 1)
        await charge(harness, 2, "OTHER")
        await harness.advance(RAMPED_S)
        limits = [(0, 6_000.1), (4, 7_333.7), (9, 9_000.7), (15, 50.5), (21, 30_000.0)]
        harness.csms.clear()
        began = harness.clock.now()
        await accepted(harness, 0, profile(*limits, **_absolute(harness)))
        most = {"chargingProfileId": 2, "chargingProfilePurpose": "ChargePointMaxProfile"}
        cap = [(0, 15_000.3), (12, 16_000.9), (24, 4_000.7)]
        await accepted(harness, 0, profile(*cap, **most, **_absolute(harness)))

        def holds(steps: list[tuple[int, float]], after_s: float) -> float:
            return next(limit for start_s, limit in reversed(steps) if start_s <= after_s)

        for second in range(40):
            for number in (1, 2):
                assert power_w(harness, number) <= holds(limits, second) + 1e-6
            together_w = power_w(harness, 1) + power_w(harness, 2)
            assert together_w <= holds(cap, second) + 1e-6, second
            await harness.advance(1)
        sums: dict[str, float] = {}
        for payload in payloads(harness, "MeterValues"):
            value = payload["meterValue"][0]
            told = {one["measurand"]: one for one in value["sampledValue"]}
            kilo = 1000 if told["Power.Active.Import"]["unit"] == "kW" else 1
            told_w = float(told["Power.Active.Import"]["value"]) * kilo
            stamp = datetime.fromisoformat(value["timestamp"].replace("Z", "+00:00"))
            after_s = (stamp - began).total_seconds()
            assert told_w <= holds(limits, after_s)
            product_w = float(told["Voltage"]["value"]) * float(told["Current.Import"]["value"])
            shown_w = 0.005 * (float(told["Voltage"]["value"]) + 200) * (kilo == 1)
            assert product_w <= holds(limits, after_s) + shown_w, "what two decimals may add"
            sums[value["timestamp"]] = sums.get(value["timestamp"], 0) + told_w
            assert sums[value["timestamp"]] <= holds(cap, after_s)
        assert len(sums) >= 13


@pytest.mark.row(117, "S§3.13")
async def test_the_sum_is_shared_out_in_the_cabinets_way() -> None:
    async with Harness(keys=ROOM) as harness:
        await charge(harness, 1)
        await charge(harness, 2, "OTHER")
        most = {"chargingProfileId": 2, "chargingProfilePurpose": "ChargePointMaxProfile"}
        await accepted(harness, 0, profile((0, 20_000.0), **most, **_absolute(harness)))
        await harness.advance(RAMPED_S)
        assert (power_w(harness, 1), power_w(harness, 2)) == (
            pytest.approx(10_000),
            pytest.approx(10_000),
        )
        assert harness.connector().limited_by == "profile"
        held = harness.connector().profile
        assert held is not None
        assert (held.purpose, held.limit_w) == ("ChargePointMaxProfile", 20_000)
        await accepted(harness, 1, profile((0, 4_000.0)))
        await harness.advance(RAMPED_S)
        assert (power_w(harness, 1), power_w(harness, 2)) == (
            pytest.approx(4_000),
            pytest.approx(16_000),
        )
        held = harness.connector(1).profile
        assert held is not None
        assert held.purpose == "TxDefaultProfile"


@pytest.mark.row(117, "S§3.13")
async def test_too_little_for_two_serves_one() -> None:
    async with Harness(keys=ROOM, model=_with_minimum(3_000.0)) as harness:
        await charge(harness, 1)
        await charge(harness, 2, "OTHER")
        most = {"chargingProfileId": 2, "chargingProfilePurpose": "ChargePointMaxProfile"}
        await accepted(harness, 0, profile((0, 5_000.0), **most, **_absolute(harness)))
        await harness.advance(RAMPED_S)
        assert (harness.status(1), power_w(harness, 1)) == ("Charging", pytest.approx(5_000))
        assert (harness.status(2), power_w(harness, 2)) == ("SuspendedEVSE", 0)
        await harness.submit(Stop(1))
        await harness.advance(RAMPED_S)
        assert (harness.status(2), power_w(harness, 2)) == ("Charging", pytest.approx(5_000))


@pytest.mark.row(117, "S§3.13")
async def test_the_answer_comes_before_the_status() -> None:
    async with Harness(keys=ROOM) as harness:
        await charge(harness)
        await harness.advance(RAMPED_S)
        harness.csms.clear()
        await accepted(harness, 0, profile((0, 0.0)))
        kinds = [frame[1] for frame in harness.csms.frames if "MeterValues" not in frame]
        assert kinds == ["3", "2"]


# -- what survives ---------------------------------------------------


async def test_defaults_survive_a_restart_and_a_transactions_own_do_not(tmp_path: Path) -> None:
    async with Harness(keys=ROOM, state=tmp_path, behaviour={"resume_after_power_loss": False}) as (
        harness
    ):
        await accepted(harness, 0, profile((0, 6_000.0), validTo=at(harness, 10_000)))
        await charge(harness)
        own = {"chargingProfileId": 2, "chargingProfilePurpose": "TxProfile"}
        await accepted(harness, 1, profile((0, 5_000.0), **own))
        before = harness.station.snapshot.profiles
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        assert harness.station.snapshot.profiles == before[:1]
        assert await composite(harness, 60) == [(0, 6_000)]


async def test_a_transactions_own_does_not_outlive_it_where_nobody_has_heard_of_the_end(
    tmp_path: Path,
) -> None:
    async with Harness(keys=ROOM, state=tmp_path) as harness:
        await charge(harness)
        await accepted(harness, 1, profile((0, 5_000.0), chargingProfilePurpose="TxProfile"))
        await unplug_network(harness)
        await harness.submit(Stop(1))
        await harness.power_cut()
        harness._connect = False
        await harness.power_on()
        assert not harness.station.snapshot.profiles


@pytest.mark.parametrize("switch", [True, False])
async def test_a_transaction_that_goes_on_keeps_its_profile(tmp_path: Path, switch: bool) -> None:
    async with Harness(
        keys=ROOM, state=tmp_path, behaviour={"resume_after_power_loss": True}
    ) as harness:
        began = await charge(harness)
        own = {"chargingProfileId": 2, "chargingProfilePurpose": "TxProfile"}
        await accepted(harness, 1, profile((0, 5_000.0), (200, 8_000.0), **own))
        await harness.advance(RAMPED_S)
        if switch:
            await harness.submit(PowerOff())
            await harness.advance(5)
            await harness.submit(PowerOn())
        else:
            await harness.power_cut()
            await harness.advance(5)
            await harness.power_on()
        await harness.advance(RAMPED_S)
        assert power_w(harness) == pytest.approx(5_000)
        passed_s = (harness.clock.now() - began).total_seconds()
        (_, second) = await composite(harness, 300)
        assert second == (pytest.approx(200 - passed_s, abs=0.5), 8_000)
        await harness.submit(Stop(1))
        assert not harness.station.snapshot.profiles


async def test_a_reset_keeps_what_is_installed() -> None:
    async with Harness(keys=ROOM) as harness:
        await accepted(harness, 0, profile((0, 6_000.0)))
        await harness.ask("Reset", type="Soft")
        await rebooted(harness)
        assert await composite(harness, 60) == [(0, 6_000)]


async def test_a_charger_without_smart_charging_says_so() -> None:
    keys = {"SupportedFeatureProfiles": "Core,RemoteTrigger"}
    async with Harness(keys=keys) as harness:
        assert await install(harness, 0, profile((0, 1.0))) == {"status": "NotSupported"}
        assert await harness.ask("ClearChargingProfile") == {"status": "Unknown"}
        answer = await harness.ask("GetCompositeSchedule", connectorId=1, duration=5)
        assert answer == {"status": "Rejected"}
        await harness.submit(Plug(1))
        own = profile((0, 9_000.0))
        start = {"connectorId": 1, "idTag": "TAG", "chargingProfile": own}
        assert await harness.ask("RemoteStartTransaction", **start) == ACCEPTED, "it is ignored"


@pytest.mark.row(116, "S§5.7")
async def test_many_profiles_of_many_connectors_hold_nobody_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twenty profiles of a hundred periods on 64 connectors, for thirty years: each profile is
    looked at where it may change something, and a status is looked at once a change."""
    looked = [0]
    real = schedule.look

    def look(*what: Any) -> Any:
        looked[0] += 1
        return real(*what)

    keys = {
        "ChargeProfileMaxStackLevel": "20",
        "ChargingScheduleMaxPeriods": "100",
        "MaxChargingProfilesInstalled": "20",
        "MeterValueSampleInterval": "0",
    }
    async with Harness(keys=keys, connectors=64) as harness:
        for number in range(1, 65):
            await charge(harness, number)
        shared = [0]
        power = type(harness.station.charge_point.charger.power)
        real_share = power.share

        def share(self: Any) -> None:
            shared[0] += 1
            real_share(self)

        monkeypatch.setattr(power, "share", share)
        for level in range(20):
            periods = [(60 * one + (level if one else 0), 6000.0 + one) for one in range(100)]
            recurring = {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"}
            more = {**recurring, "startSchedule": at(harness, -100)} if level % 2 else {}
            one = profile(*periods, chargingProfileId=level + 1, stackLevel=level, **more)
            shared[0] = 0
            await accepted(harness, 0, one)
            assert shared[0] <= 5, "the cabinet is shared out once a change, not once a connector"
        monkeypatch.setattr(schedule, "look", look)
        for connector_id in (0, 1, 64):
            looked[0] = 0
            answer = await harness.ask(
                "GetCompositeSchedule", connectorId=connector_id, duration=10**9
            )
            assert answer["status"] == "Accepted"
            assert looked[0] <= composite_schedule.LOOKS + 20 * 64 + composite_schedule.MOST_PERIODS


@pytest.mark.row(115, "TC_067_CS")
async def test_a_limit_that_is_cleared_lets_the_session_go_on_in_the_same_moment() -> None:
    async with Harness() as harness:
        await charge(harness)
        await accepted(harness, 1, profile((0, 0.0), chargingProfilePurpose="TxDefaultProfile"))
        await harness.settle()
        assert harness.status(1) == "SuspendedEVSE"
        harness.csms.calls.clear()
        assert await harness.ask("ClearChargingProfile", id=1) == ACCEPTED
        await harness.settle()
        assert said(harness) == ["StatusNotification 1 Charging"]
