"""A charging profile as OCPP 1.6 sends it: what is taken, and what the refusal says."""

from __future__ import annotations

from typing import Any

import pytest

from sim_core.charging.profile import SECOND, Profile
from sim_core.ocpp16.charging_profile import Bounds, read

NOW_S = 1_767_268_800


def wire(**changed: Any) -> dict[str, Any]:
    schedule_ = {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 11_000.0}],
    }
    whole = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": schedule_,
    }
    for name, value in changed.items():
        known = name in ("chargingRateUnit", "chargingSchedulePeriod", "duration")
        inside = known or name in ("startSchedule", "minChargingRate")
        (schedule_ if inside else whole)[name] = value
    return whole


BOUNDS = Bounds(most_stack_level=10, most_periods=24, units=("Power",))
PERIOD = {"startPeriod": 0, "limit": 1.0}


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"chargingSchedulePeriod": []}, "the schedule has no chargingSchedulePeriod"),
        (
            {"chargingSchedulePeriod": [{**PERIOD, "startPeriod": i} for i in range(10_000)]},
            "the schedule has 10000 periods: allowed is 24",
        ),
        (
            {"chargingSchedulePeriod": [PERIOD, {**PERIOD, "startPeriod": 9}, PERIOD]},
            "startPeriod does not rise",
        ),
        ({"chargingSchedulePeriod": [PERIOD, PERIOD]}, "startPeriod does not rise"),
        ({"chargingSchedulePeriod": [{**PERIOD, "startPeriod": 5}]}, "first startPeriod is not 0"),
        ({"chargingSchedulePeriod": [{**PERIOD, "startPeriod": -5}]}, "first startPeriod is not 0"),
        (
            {"chargingSchedulePeriod": [PERIOD, {**PERIOD, "startPeriod": 10**30}]},
            "startPeriod is beyond",
        ),
        ({"chargingSchedulePeriod": [{**PERIOD, "limit": -0.1}]}, "a limit is not a number from 0"),
        ({"chargingSchedulePeriod": [{**PERIOD, "limit": 10**400}]}, "a limit is not a number"),
        (
            {"chargingSchedulePeriod": [{**PERIOD, "limit": float("nan")}]},
            "a limit is not a number",
        ),
        ({"chargingSchedulePeriod": [{**PERIOD, "numberPhases": 0}]}, "numberPhases is not 1, 2"),
        ({"chargingSchedulePeriod": [{**PERIOD, "numberPhases": 4}]}, "numberPhases is not 1, 2"),
        ({"minChargingRate": -1.0}, "minChargingRate is not a number"),
        ({"stackLevel": 11}, "stackLevel is 11: allowed is 0 to 10"),
        ({"stackLevel": -1}, "stackLevel is -1"),
        ({"chargingProfileId": 2**80}, "chargingProfileId does not fit"),
        ({"chargingRateUnit": "A"}, "chargingRateUnit is A: allowed is W"),
        ({"duration": 0}, "duration is 0"),
        ({"duration": -1}, "duration is -1"),
        ({"validFrom": "tomorrow"}, "validFrom is no date-time"),
        (
            {"validFrom": "2026-01-02T00:00:00Z", "validTo": "2026-01-01T00:00:00Z"},
            "validTo is not after validFrom",
        ),
        ({"startSchedule": "2026-13-01T00:00:00Z"}, "startSchedule is no date-time"),
        ({"chargingProfileKind": "Recurring"}, "a Recurring profile needs a recurrencyKind"),
        (
            {"chargingProfileKind": "Recurring", "recurrencyKind": "Daily"},
            "a Recurring profile needs a startSchedule",
        ),
        (
            {"chargingProfilePurpose": "ChargePointMaxProfile", "chargingProfileKind": "Relative"},
            "a ChargePointMaxProfile cannot be Relative",
        ),
        ({"transactionId": 7}, "a transactionId belongs to a TxProfile only"),
    ],
)
def test_a_profile_that_makes_no_sense_is_a_sentence(
    changed: dict[str, Any], sentence: str
) -> None:
    refused = read(wire(**changed), NOW_S * SECOND, BOUNDS)
    assert isinstance(refused, str)
    assert sentence in refused


def test_a_schedule_without_beginning() -> None:
    now = NOW_S * SECOND
    of_transaction = read(wire(), now, BOUNDS)
    of_charge_point = read(wire(chargingProfilePurpose="ChargePointMaxProfile"), now, BOUNDS)
    assert isinstance(of_transaction, Profile)
    assert isinstance(of_charge_point, Profile)
    assert of_transaction.starts_at is None
    assert of_charge_point.starts_at == now
