"""Smart Charging (OCPP 1.6 §3.13): what the CSMS may ask of charging profiles.

What a profile does is the charger's (`limits`); here it is read, put in its place or refused. The
CSMS only hears Rejected: why, is written down for whoever looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ocpp.v16 import call_result
from ocpp.v16.enums import (
    Action,
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
)

from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import ProfileInstalled
from sim_core.charging.environment import Environment
from sim_core.charging.installed_profiles import InstalledProfiles
from sim_core.charging.limits import Limits
from sim_core.charging.policy import Policy
from sim_core.charging.profile import Installed, Period, Profile, Purpose, moment_of
from sim_core.ocpp16.charging_profile import ALLOWED_UNIT, PURPOSES, WORDS, Bounds, bounds_of, read
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Refusal, Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import stamp

PROFILE = "SmartCharging"
LONGEST_NOTE = 200
ABOUT_IDS = "chargingProfileId"


class SmartCharging:
    """Handlers of the Smart Charging profile, and the profile of a RemoteStartTransaction."""

    __slots__ = (
        "_connectors",
        "_environment",
        "_limits",
        "_policy",
        "_powers_changed",
        "_profiles",
        "_relative_maximum",
        "_taken_from",
        "_warn",
    )

    def __init__(
        self,
        limits: Limits,
        profiles: InstalledProfiles,
        connectors: Mapping[int, Connector],
        policy: Policy,
        environment: Environment,
        *,
        relative_maximum: bool,
        powers_changed: Callable[[], None],
        warn: Callable[[str, str], None],
    ) -> None:
        """`powers_changed` tells what flows otherwise: the CSMS has its answer first. `warn` shows
        a standing warning (what it is about, a sentence); an empty sentence ends it."""
        self._limits = limits
        self._profiles = profiles
        self._connectors = connectors
        self._policy = policy
        self._environment = environment
        self._relative_maximum = relative_maximum
        self._powers_changed = powers_changed
        self._warn = warn
        self._taken_from: tuple[int, Purpose] | None = None
        """Whose limit a profile's id has taken away."""

    @on(Action.set_charging_profile)
    def set_charging_profile(self, connector_id: int, cs_charging_profiles: Payload) -> Reply:
        """§5.16: kept before it is Accepted, and laid on the metal at once."""
        profile = self._read(cs_charging_profiles)
        found = profile if isinstance(profile, str) else self._place(connector_id, profile)
        why = found if isinstance(found, str) else self._profiles.why_no_room(found)
        if isinstance(found, str) or why is not None:
            self.note(connector_id, f"the charging profile was refused: {why}")
            rejected = call_result.SetChargingProfile(ChargingProfileStatus.rejected)
            return Reply(rejected, why=str(why))
        self._limits.install(found)
        self.note(connector_id, f"{_words(found.profile)} is installed")
        return Reply(
            call_result.SetChargingProfile(ChargingProfileStatus.accepted),
            then=self._powers_changed,
        )

    @on(Action.clear_charging_profile)
    def clear_charging_profile(
        self,
        id: int | None = None,
        connector_id: int | None = None,
        charging_profile_purpose: str | None = None,
        stack_level: int | None = None,
    ) -> Reply:
        """§5.5: with an id that profile; else whatever fits all that is said."""
        if id is not None:
            cleared = [id] if id in self._profiles else []
        else:
            purpose = PURPOSES[charging_profile_purpose] if charging_profile_purpose else None
            cleared = self._profiles.fitting(connector_id, purpose, stack_level)
        if not cleared:
            unknown = call_result.ClearChargingProfile(ClearChargingProfileStatus.unknown)
            return Reply(unknown, why="no charging profile fits")
        words = ", ".join(_words(self._profiles.profile(profile_id)) for profile_id in cleared)
        self._limits.remove(cleared)
        self._end_of_taken()
        self.note(None, f"cleared: {words}")
        return Reply(
            call_result.ClearChargingProfile(ClearChargingProfileStatus.accepted),
            then=self._powers_changed,
        )

    @on(Action.get_composite_schedule)
    def get_composite_schedule(
        self, connector_id: int, duration: int, charging_rate_unit: str | None = None
    ) -> Reply | Refusal:
        """§5.7: what charging profiles and ratings together allow, from now on. Connector 0 is
        the charge point as a whole."""
        if duration < 0:
            return Refusal("PropertyConstraintViolation", "duration cannot be negative")
        units = self._bounds().units
        unit = charging_rate_unit or self._usual_unit(connector_id, units)
        known = connector_id == 0 or connector_id in self._connectors
        if not known or ALLOWED_UNIT[unit] not in units:
            return Reply(call_result.GetCompositeSchedule(GetCompositeScheduleStatus.rejected))
        now = self._environment.now()
        composite = self._limits.composite(connector_id, moment_of(now), duration, unit)
        return Reply(
            call_result.GetCompositeSchedule(
                GetCompositeScheduleStatus.accepted,
                connector_id=connector_id,
                schedule_start=stamp(now),
                charging_schedule={
                    "duration": composite.reach_s,
                    "chargingRateUnit": unit,
                    "chargingSchedulePeriod": [_on_the_wire(one) for one in composite.periods],
                },
            )
        )

    # -- what comes with a start -------------------------------------

    def offered(self, connector: Connector, wire: Payload) -> Profile | str:
        """The profile of a RemoteStartTransaction, or the sentence that refuses it (§5.11)."""
        profile = self._read(wire)
        if isinstance(profile, str):
            return profile
        if profile.purpose is not Purpose.TRANSACTION:
            return f"a RemoteStartTransaction brings a TxProfile, not a {WORDS[profile.purpose]}"
        if profile.transaction_id is not None:
            return "the profile of a RemoteStartTransaction has no transactionId yet"
        return self._profiles.why_no_room(Installed(connector.number, profile)) or profile

    # -- what people are told ----------------------------------------

    def note(self, connector_id: int | None, sentence: str) -> None:
        """Write down what came of a profile, and why."""
        known = connector_id if connector_id in self._connectors else None
        where = f"connector {known}: " if known else ""
        self._environment.note("profile", f"{where}{sentence}"[:LONGEST_NOTE], known)

    def hear_installed(self, event: ProfileInstalled) -> None:
        """An id that was another profile's takes that one away: it is rarely meant so (§5.16)."""
        new, old = event.new, event.instead_of
        if old is not None and old.owner != new.owner:
            self._taken_from = old.owner
            self._warn(ABOUT_IDS, _taken(old, new))
        elif self._taken_from == new.owner:
            self._end_of_taken()

    def _end_of_taken(self) -> None:
        self._taken_from = None
        self._warn(ABOUT_IDS, "")

    # -- what is allowed ---------------------------------------------

    def _bounds(self) -> Bounds:
        return bounds_of(self._policy, relative_maximum=self._relative_maximum)

    def _read(self, wire: Payload) -> Profile | str:
        return read(wire, moment_of(self._environment.now()), self._bounds())

    def _place(self, connector_id: int, profile: Profile) -> Installed | str:
        """The profile where it is to be installed, or the sentence that says why it cannot be."""
        if connector_id != 0 and connector_id not in self._connectors:
            return f"there is no connector {connector_id}"
        if profile.purpose is Purpose.STATION and connector_id != 0:
            return (
                "a ChargePointMaxProfile concerns the whole charge point: set it on connectorId 0"
            )
        if profile.purpose is not Purpose.TRANSACTION:
            return Installed(connector_id, profile)
        if connector_id == 0:
            return "a TxProfile concerns one transaction: set it on the connector of that"
        transaction = self._connectors[connector_id].transaction
        if transaction is None:
            return f"connector {connector_id} has no transaction: send a TxDefaultProfile"
        if profile.transaction_id not in (None, transaction.transaction_id):
            return f"connector {connector_id} charges in another transaction"
        return Installed(connector_id, profile, transaction.key)

    def _usual_unit(self, connector_id: int, units: tuple[str, ...]) -> str:
        """The unit of what holds now; else W where that is allowed."""
        held = self._limits.snapshots.get(connector_id) or self._limits.snapshots.get(0)
        if held is not None:
            return held.unit
        return "W" if ALLOWED_UNIT["W"] in units else "A"


def _words(profile: Profile) -> str:
    return f"{WORDS[profile.purpose]} {profile.profile_id} at stack level {profile.stack_level}"


def _taken(old: Installed, new: Installed) -> str:
    whose, whom = (
        f"connector {kept.connector_id}" if kept.connector_id else "the whole charge point"
        for kept in (old, new)
    )
    return (
        f"chargingProfileId {new.profile.profile_id} was the {WORDS[old.profile.purpose]} of "
        f"{whose} and is the {WORDS[new.profile.purpose]} of {whom} now: the limit of {whose} is "
        "gone, for an id is one profile's on the whole charge point (SetChargingProfile replaces "
        "it); give each profile an id of its own"
    )


def _on_the_wire(period: Period) -> dict[str, Any]:
    told = {"startPeriod": period.start_s, "limit": period.limit}
    return told if period.phases is None else {**told, "numberPhases": period.phases}
