"""A charging profile in the words of OCPP 2.0.1 (Part 2, block K), read strictly.

What a CSMS sends has passed the schema, which knows neither signs nor order nor sense. Here a
profile either becomes a `Profile` that the arithmetic can take on trust, or a reason that says what
is wrong with it. Several schedules in one profile are for vehicles that choose (ISO 15118); this
station takes one.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from sim_core.charging.policy import Policy, Setting
from sim_core.charging.profile import (
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

WORDS = {
    Purpose.STATION: "ChargingStationMaxProfile",
    Purpose.DEFAULT: "TxDefaultProfile",
    Purpose.TRANSACTION: "TxProfile",
}
"""ChargingProfilePurposeEnumType, but for the one that no CSMS sets (see `external_limits`)."""
PURPOSES = {word: purpose for purpose, word in WORDS.items()}
ALLOWED_UNIT = {"A": "Current", "W": "Power"}


class Wrong(NamedTuple):
    """What is wrong with a profile: a reason code (appendix 5) and a sentence."""

    code: str
    why: str


def _gives_way(kept: Installed, new: Installed) -> bool:
    """Nobody makes room but the one with the same id (K01.FR.05, .06)."""
    return False


RULES = ProfileRules(words=WORDS, gives_way=_gives_way)


def read(wire: Mapping[str, Any], received_at: Moment, policy: Policy) -> Profile | Wrong:
    """The profile that a CSMS sent, or what is wrong with it.

    `received_at` is where a schedule of the station begins that says no beginning.
    """
    word = wire["chargingProfilePurpose"]
    purpose = PURPOSES.get(word)
    if purpose is None:
        return Wrong("InvalidProfile", f"a {word} is not for a CSMS to set")
    if len(wire["chargingSchedule"]) > 1:
        why = "several schedules are for a vehicle that chooses one (ISO 15118): send one"
        return Wrong("InvalidSchedule", why)
    schedule: Mapping[str, Any] = wire["chargingSchedule"][0]
    dates: dict[str, Moment | None] = {}
    for name, text in (
        ("validFrom", wire.get("validFrom")),
        ("validTo", wire.get("validTo")),
        ("startSchedule", schedule.get("startSchedule")),
    ):
        at = moment(text)
        if text is not None and at is None:
            return Wrong(
                "InvalidValue", f"{name} is no date-time: write it as 2026-01-31T12:00:00Z"
            )
        dates[name] = moment_of(at) if at else None
    kind = Kind(wire["chargingProfileKind"])
    starts_at = dates["startSchedule"]
    if kind is Kind.RELATIVE and starts_at is not None:
        return Wrong("InvalidSchedule", "a Relative profile has no startSchedule")
    if kind is not Kind.RELATIVE and starts_at is None:
        return Wrong("InvalidSchedule", f"a profile that is {kind.value} needs a startSchedule")
    recurs = kind is Kind.RECURRING
    profile = Profile(
        profile_id=wire["id"],
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
    return _wrong_with(profile, policy) or profile


def _wrong_with(profile: Profile, policy: Policy) -> Wrong | None:
    """What is wrong with a profile by itself, the most telling first."""
    highest, most = (
        policy.number(Setting.HIGHEST_STACK_LEVEL),
        policy.number(Setting.MOST_PERIODS),
    )
    allowed = policy.items(Setting.RATE_UNITS)
    periods, duration_s = profile.periods, profile.duration_s
    ordered = all(a.start_s < b.start_s for a, b in itertools.pairwise(periods))
    limits = [period.limit for period in periods]
    wrongs = (
        (
            not 0 <= profile.stack_level <= highest,
            "InvalidStackLevel",
            f"stackLevel is {profile.stack_level}: allowed is 0 to {highest} (ProfileStackLevel)",
        ),
        (
            ALLOWED_UNIT[profile.unit] not in allowed,
            "UnsupportedRateUnit",
            f"chargingRateUnit {profile.unit} is not supported (RateUnit)",
        ),
        (
            profile.purpose is Purpose.STATION and profile.kind is Kind.RELATIVE,
            "InvalidProfile",
            "a ChargingStationMaxProfile cannot be Relative: it belongs to no transaction",
        ),
        (
            profile.kind is Kind.RECURRING and profile.recurrency is None,
            "InvalidProfile",
            "a Recurring profile needs a recurrencyKind: Daily or Weekly",
        ),
        (
            profile.transaction_id is not None and profile.purpose is not Purpose.TRANSACTION,
            "InvalidProfile",
            f"a transactionId belongs to a TxProfile, not to a {WORDS[profile.purpose]}",
        ),
        (
            profile.valid_from is not None
            and profile.valid_to is not None
            and profile.valid_to <= profile.valid_from,
            "InvalidProfile",
            "validTo is not after validFrom: the profile would never count",
        ),
        (
            duration_s is not None and not 0 < duration_s <= LONGEST_S,
            "InvalidSchedule",
            f"duration is {duration_s}: allowed is 1 to {LONGEST_S} seconds",
        ),
        (
            len(periods) > most,
            "InvalidSchedule",
            f"the schedule has {len(periods)} periods: allowed is {most} (PeriodsPerSchedule)",
        ),
        (
            periods[0].start_s != 0 or not ordered,
            "InvalidSchedule",
            "the periods of a schedule begin at 0 and rise",
        ),
        (
            any(not math.isfinite(one) or not 0 <= one <= LARGEST_LIMIT for one in limits),
            "InvalidSchedule",
            "a limit is a number from 0 on",
        ),
    )
    return next((Wrong(code, why) for wrong, code, why in wrongs if wrong), None)
