"""A charging profile in the words of OCPP 1.6 (§7.8), and what may be beside what (§5.16).

What a CSMS sends has passed the schema, which knows neither signs nor order nor sense. Here a
profile either becomes a `Profile` that the arithmetic can take on trust, or a sentence that says
what is wrong with it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sim_core.charging.policy import Policy, Setting
from sim_core.charging.profile import (
    LARGEST_ID,
    LARGEST_LIMIT,
    LONGEST_S,
    RECURRENCIES,
    Installed,
    Kind,
    Moment,
    Period,
    Profile,
    ProfileRules,
    Purpose,
    moment_of,
)
from sim_core.wire.timestamps import moment

WORDS: dict[Purpose, str] = {
    Purpose.STATION: "ChargePointMaxProfile",
    Purpose.DEFAULT: "TxDefaultProfile",
    Purpose.TRANSACTION: "TxProfile",
}
"""ChargingProfilePurposeType (§7.10)."""
PURPOSES = {word: purpose for purpose, word in WORDS.items()}


def gives_way(kept: Installed, new: Installed) -> bool:
    """There is one profile only of a purpose and a stack level on a connector (§5.16)."""
    return kept.owner == new.owner and kept.profile.stack_level == new.profile.stack_level


RULES = ProfileRules(WORDS, gives_way)

ALLOWED_UNIT = {"A": "Current", "W": "Power"}
"""A unit as ChargingScheduleAllowedChargingRateUnit calls it (§9.4.2)."""


@dataclass(frozen=True)
class Bounds:
    """What a charge point takes of a profile: its configuration keys (§9.4)."""

    most_stack_level: int
    most_periods: int
    units: tuple[str, ...]
    """Of `Current` and `Power`."""
    relative_maximum: bool = False
    """A ChargePointMaxProfile may be Relative: it begins when it is set, with no transaction."""


def bounds_of(policy: Policy, *, relative_maximum: bool) -> Bounds:
    """What the keys say just now."""
    return Bounds(
        most_stack_level=policy.number(Setting.HIGHEST_STACK_LEVEL),
        most_periods=policy.number(Setting.MOST_PERIODS),
        units=policy.items(Setting.RATE_UNITS),
        relative_maximum=relative_maximum,
    )


def read(wire: Mapping[str, Any], received_at: Moment, bounds: Bounds) -> Profile | str:
    """The profile that a CSMS sent, or the sentence that refuses it.

    `received_at` is where a schedule of the charge point begins that says no beginning. A schedule
    of a transaction without one begins with the transaction (§7.13, startSchedule).
    """
    schedule: Mapping[str, Any] = wire["chargingSchedule"]
    dates: dict[str, Moment | None] = {}
    for name, text in (
        ("validFrom", wire.get("validFrom")),
        ("validTo", wire.get("validTo")),
        ("startSchedule", schedule.get("startSchedule")),
    ):
        at = moment(text)
        if text is not None and at is None:
            return f"{name} is no date-time: write it as 2026-01-31T12:00:00Z"
        dates[name] = moment_of(at) if at else None
    purpose, kind = PURPOSES[wire["chargingProfilePurpose"]], Kind(wire["chargingProfileKind"])
    starts_at = dates["startSchedule"] if kind is not Kind.RELATIVE else None
    if purpose is Purpose.STATION and starts_at is None:
        starts_at = received_at
    recurs = kind is Kind.RECURRING
    profile = Profile(
        profile_id=wire["chargingProfileId"],
        stack_level=wire["stackLevel"],
        purpose=purpose,
        kind=kind,
        unit=schedule["chargingRateUnit"],
        periods=tuple(
            Period(one["startPeriod"], one["limit"], one.get("numberPhases"))
            for one in schedule["chargingSchedulePeriod"]
        ),
        duration_s=schedule.get("duration"),
        starts_at=starts_at,
        recurrency=RECURRENCIES.get(wire.get("recurrencyKind", "")) if recurs else None,
        valid_from=dates["validFrom"],
        valid_to=dates["validTo"],
        least=schedule.get("minChargingRate"),
        transaction_id=wire.get("transactionId"),
    )
    recurs_nowhere = recurs and dates["startSchedule"] is None
    return _why_not(profile, bounds, recurs_nowhere=recurs_nowhere) or profile


def _why_not(profile: Profile, bounds: Bounds, *, recurs_nowhere: bool) -> str | None:
    """What is wrong with a profile by itself, the most telling first."""
    units = tuple(unit for unit, word in ALLOWED_UNIT.items() if word in bounds.units)
    periods, duration_s = profile.periods, profile.duration_s
    start_wrong = any(
        not before.start_s < after.start_s for before, after in itertools.pairwise(periods)
    )
    wrongs = (
        (
            not 0 <= profile.stack_level <= bounds.most_stack_level,
            f"stackLevel is {profile.stack_level}: allowed is 0 to {bounds.most_stack_level} "
            "(ChargeProfileMaxStackLevel)",
        ),
        (
            abs(profile.profile_id) > LARGEST_ID,
            "chargingProfileId does not fit into 64 bits: choose a smaller one",
        ),
        (
            profile.unit not in units,
            f"chargingRateUnit is {profile.unit}: allowed is {' or '.join(units)} "
            "(ChargingScheduleAllowedChargingRateUnit)",
        ),
        (
            profile.purpose is Purpose.STATION
            and profile.kind is Kind.RELATIVE
            and not bounds.relative_maximum,
            "a ChargePointMaxProfile cannot be Relative: there is no transaction that it begins "
            "with; send it as Absolute or Recurring, or choose a model with relative_maximum",
        ),
        (
            profile.kind is Kind.RECURRING and profile.recurrency is None,
            "a Recurring profile needs a recurrencyKind: Daily or Weekly",
        ),
        (
            recurs_nowhere,
            "a Recurring profile needs a startSchedule: nothing else says when a round begins",
        ),
        (
            profile.transaction_id is not None and profile.purpose is not Purpose.TRANSACTION,
            f"a transactionId belongs to a TxProfile only, not to a {WORDS[profile.purpose]}",
        ),
        (
            profile.valid_from is not None
            and profile.valid_to is not None
            and profile.valid_to <= profile.valid_from,
            "validTo is not after validFrom: the profile would never count",
        ),
        (
            duration_s is not None and not 0 < duration_s <= LONGEST_S,
            f"duration is {duration_s}: allowed is 1 to {LONGEST_S} seconds",
        ),
        (not periods, "the schedule has no chargingSchedulePeriod: send at least one"),
        (
            len(periods) > bounds.most_periods,
            f"the schedule has {len(periods)} periods: allowed is {bounds.most_periods} "
            "(ChargingScheduleMaxPeriods)",
        ),
        (
            bool(periods) and periods[0].start_s != 0,
            "the first startPeriod is not 0: a schedule begins with its first period",
        ),
        (start_wrong, "startPeriod does not rise from period to period: sort them"),
        (
            any(one.start_s > LONGEST_S for one in periods),
            f"startPeriod is beyond {LONGEST_S} seconds",
        ),
        (
            any(not _is_rate(one.limit) for one in periods),
            f"a limit is not a number from 0 to {LARGEST_LIMIT:g}",
        ),
        (
            profile.least is not None and not _is_rate(profile.least),
            f"minChargingRate is not a number from 0 to {LARGEST_LIMIT:g}",
        ),
        (
            any(one.phases is not None and not 1 <= one.phases <= 3 for one in periods),
            "numberPhases is not 1, 2 or 3",
        ),
    )
    return next((sentence for wrong, sentence in wrongs if wrong), None)


def _is_rate(value: float) -> bool:
    return 0 <= value <= LARGEST_LIMIT and math.isfinite(value)
