"""SetChargingProfile, ClearChargingProfile, GetChargingProfiles, GetCompositeSchedule (block K).

Where profiles are kept and what they allow is `charging.installed_profiles` and `charging.limits`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.connector import Connector
from sim_core.charging.environment import Environment
from sim_core.charging.external_limits import ExternalLimits
from sim_core.charging.installed_profiles import InstalledProfiles
from sim_core.charging.limits import Limits
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.profile import Installed, Period, Profile, Purpose, moment_of
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.charging_profiles import ALLOWED_UNIT, PURPOSES, WORDS, Wrong, read
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.external_limits import profile_of
from sim_core.ocpp201.transactions import TransactionEvents
from sim_core.store.interface import Documents
from sim_core.wire.answers import Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.routes import Refusal, Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import stamp

KEPT_AS = "ocpp201 charging profile {}"
"""Under which name a profile is in the store as the CSMS has sent it, to be reported again."""
CSO = "CSO"
"""ChargingLimitSourceEnumType of what a CSMS has set."""
LONGEST_NOTE = 400


class SmartCharging:
    """Handlers of charging profiles."""

    __slots__ = (
        "_connectors",
        "_documents",
        "_environment",
        "_events",
        "_external",
        "_limits",
        "_model",
        "_outbox",
        "_policy",
        "_powers_changed",
        "_profiles",
    )

    def __init__(
        self,
        limits: Limits,
        profiles: InstalledProfiles,
        connectors: Mapping[int, Connector],
        policy: Policy,
        environment: Environment,
        documents: Documents,
        model: DeviceModel,
        events: TransactionEvents,
        outbox: Outbox,
        external: ExternalLimits,
        *,
        powers_changed: Callable[[], None],
    ) -> None:
        """`powers_changed` tells what flows otherwise: the CSMS has its answer first."""
        self._limits = limits
        self._profiles = profiles
        self._connectors = connectors
        self._policy = policy
        self._environment = environment
        self._documents = documents
        self._model = model
        self._events = events
        self._outbox = outbox
        self._external = external
        self._powers_changed = powers_changed

    # -- set and clear -----------------------------------------------

    @on(Action.set_charging_profile)
    def set_charging_profile(
        self, evse_id: int, charging_profile: Payload, **_: Any
    ) -> Reply | Refusal:
        """K01: kept before it is Accepted, and laid on the metal at once."""
        if not self._model.flag("SmartChargingCtrlr", "Enabled"):
            return Refusal("NotSupported", "smart charging is switched off (K01.FR.29)")
        profile = read(charging_profile, moment_of(self._environment.now()), self._policy)
        found = profile if isinstance(profile, Wrong) else self._place(evse_id, profile)
        if isinstance(found, Installed) and self._is_external(found.profile.profile_id):
            found = Wrong("InvalidProfile", "that id is an external limit's (K01.FR.05)")
        if isinstance(found, Installed) and (why := self._profiles.why_no_room(found)):
            found = Wrong("NoProfileRoom", why)
        if isinstance(found, Wrong):
            self._note(evse_id, f"the charging profile was refused: {found.why}")
            return reply("Rejected", code=found.code, why=found.why)
        self._documents.put(KEPT_AS.format(found.profile.profile_id), dict(charging_profile))
        self._limits.install(found)
        self._note(evse_id, f"{_words(found.profile)} is installed")
        return reply("Accepted", then=self._powers_changed)

    def _place(self, evse_id: int, profile: Profile) -> Installed | Wrong:
        """The profile where it is to be installed, or what is wrong with the place."""
        if evse_id != 0 and evse_id not in self._connectors:
            return Wrong("UnknownEvse", f"there is no EVSE {evse_id}")
        if profile.purpose is Purpose.STATION and evse_id != 0:
            return Wrong("InvalidProfile", "a ChargingStationMaxProfile is set on evseId 0")
        if profile.purpose is not Purpose.TRANSACTION:
            return self._beside_others(Installed(evse_id, profile))
        if evse_id == 0:
            return Wrong("InvalidProfile", "a TxProfile is set on the EVSE of its transaction")
        session = self._connectors[evse_id].transaction
        opened = self._events.open_on(evse_id)
        if session is None or opened is None:
            return Wrong("TxNotFound", f"no transaction charges at EVSE {evse_id}")
        if profile.transaction_id is None:
            return Wrong("InvalidProfile", "a TxProfile names its transaction (K01.FR.03)")
        if profile.transaction_id != opened.id:
            return Wrong("TxNotFound", f"another transaction runs at EVSE {evse_id}")
        return self._beside_others(Installed(evse_id, profile, session.key))

    def _beside_others(self, new: Installed) -> Installed | Wrong:
        """K01.FR.06, .39: one profile of a purpose and a stack level at a time."""
        level, purpose = new.profile.stack_level, new.profile.purpose
        # K01.FR.52, .53: one on all EVSEs and one on some of them are in each other's way, too.
        everywhere = purpose is Purpose.DEFAULT and new.connector_id == 0
        places = {None} if everywhere else {new.connector_id, 0}
        if purpose is not Purpose.DEFAULT:
            places = {new.connector_id}
        beside = {one for place in places for one in self._profiles.fitting(place, purpose, level)}
        for other in sorted(beside):
            kept = self._profiles.profile(other)
            if other != new.profile.profile_id and _overlap(kept, new.profile):
                return Wrong(
                    "DuplicateProfile",
                    f"{_words(kept)} is valid in the same time: clear it first, or choose its id",
                )
        return new

    def _is_external(self, profile_id: int) -> bool:
        return any(profile_of(limit)["id"] == profile_id for limit in self._external.all)

    @on(Action.clear_charging_profile)
    def clear_charging_profile(
        self,
        charging_profile_id: int | None = None,
        charging_profile_criteria: Payload | None = None,
        **_: Any,
    ) -> Reply:
        """K10: with an id that profile; else whatever fits all that is said."""
        if charging_profile_id is not None:
            cleared = [charging_profile_id] if charging_profile_id in self._profiles else []
        else:
            wanted = charging_profile_criteria or {}
            cleared = self._fitting(
                wanted.get("evseId"), wanted.get("chargingProfilePurpose"), wanted.get("stackLevel")
            )
        if not cleared:
            return reply("Unknown")
        words = ", ".join(_words(self._profiles.profile(one)) for one in cleared)
        self._limits.remove(cleared)
        for one in cleared:
            self._documents.put(KEPT_AS.format(one), None)
        self._note(None, f"cleared: {words}")
        return reply("Accepted", then=self._powers_changed)

    def _fitting(self, evse_id: int | None, purpose: str | None, level: int | None) -> list[int]:
        if purpose is not None and purpose not in PURPOSES:
            return []
        return self._profiles.fitting(evse_id, PURPOSES[purpose] if purpose else None, level)

    # -- report ------------------------------------------------------

    @on(Action.get_charging_profiles)
    def get_charging_profiles(
        self,
        request_id: int,
        charging_profile: Payload,
        evse_id: int | None = None,
        **_: Any,
    ) -> Reply:
        """K09: all criteria have to fit. Of the CSMS's own what is told is what it has sent; what
        others allow is told as profiles, too (K11.FR.06, K12.FR.05)."""
        parts: dict[tuple[str, int], list[Payload]] = defaultdict(list)
        for source, place, profile in self._reportable():
            if evse_id in (None, place) and _fits(charging_profile, source, profile):
                parts[source, place].append(profile)
        if not parts:
            return reply("NoProfiles")
        return reply(
            "Accepted", then=lambda: self._environment.spawn(self._report(request_id, parts))
        )

    def _reportable(self) -> Iterator[tuple[str, int, Payload]]:
        """Everything that limits the power: whose it is, its EVSE, and the profile."""
        for kept in self._profiles.snapshots:
            document = self._documents.get(KEPT_AS.format(kept.profile_id))
            if document is not None:
                yield CSO, kept.connector_id, document
        for limit in self._external.all:
            yield limit.source, limit.connector_id, profile_of(limit)

    async def _report(
        self, request_id: int, parts: Mapping[tuple[str, int], list[Payload]]
    ) -> None:
        places = list(parts)
        for place in places:
            source, evse_id = place
            payload = {
                "requestId": request_id,
                "chargingLimitSource": source,
                "evseId": evse_id,
                "tbc": place != places[-1],
                "chargingProfile": parts[place],
            }
            await self._outbox.call("ReportChargingProfiles", payload, while_pending=True)

    @on(Action.get_composite_schedule)
    def get_composite_schedule(
        self, duration: int, evse_id: int, charging_rate_unit: str | None = None, **_: Any
    ) -> Reply | Refusal:
        """K08: what charging profiles, others and ratings together allow, from now on."""
        if duration < 0:
            return Refusal("PropertyConstraintViolation", "duration cannot be negative")
        units = self._policy.items(Setting.RATE_UNITS)
        unit = charging_rate_unit or ("W" if ALLOWED_UNIT["W"] in units else "A")
        if evse_id != 0 and evse_id not in self._connectors:
            return reply("Rejected", code="UnknownEvse", why=f"there is no EVSE {evse_id}")
        if ALLOWED_UNIT[unit] not in units:
            return reply("Rejected", code="UnsupportedRateUnit", why=f"{unit} is not supported")
        now = self._environment.now()
        composite = self._limits.composite(evse_id, moment_of(now), duration, unit)
        schedule = {
            "evseId": evse_id,
            "duration": composite.reach_s,
            "scheduleStart": stamp(now),
            "chargingRateUnit": unit,
            "chargingSchedulePeriod": [_on_the_wire(one) for one in composite.periods],
        }
        return reply("Accepted", schedule=schedule)

    # -- what comes with a start -------------------------------------

    def offered(self, connector: Connector, wire: Payload) -> Profile | str:
        """The profile of a RequestStartTransaction, or the sentence that refuses it (F01.FR.09)."""
        profile = read(wire, moment_of(self._environment.now()), self._policy)
        if isinstance(profile, Wrong):
            return profile.why
        if profile.purpose is not Purpose.TRANSACTION:
            return f"a start brings a TxProfile, not a {WORDS[profile.purpose]}"
        if profile.transaction_id is not None:
            return "the profile of a start has no transactionId yet"
        if self._is_external(profile.profile_id):
            return "the id of the profile is an external limit's"
        if why := self._profiles.why_no_room(Installed(connector.number, profile)):
            return why
        self._documents.put(KEPT_AS.format(profile.profile_id), dict(wire))
        return profile

    def _note(self, evse_id: int | None, sentence: str) -> None:
        known = evse_id if evse_id in self._connectors else None
        where = f"EVSE {known}: " if known else ""
        self._environment.note("profile", f"{where}{sentence}"[:LONGEST_NOTE], known)


def _fits(wanted: Payload, source: str, profile: Payload) -> bool:
    """Whether a profile fits all criteria that are there (ChargingProfileCriterionType)."""
    ids, sources = wanted.get("chargingProfileId"), wanted.get("chargingLimitSource")
    purpose, level = wanted.get("chargingProfilePurpose"), wanted.get("stackLevel")
    return (
        (ids is None or profile["id"] in ids)
        and (sources is None or source in sources)
        and purpose in (None, profile["chargingProfilePurpose"])
        and level in (None, profile["stackLevel"])
    )


def _overlap(one: Profile, other: Profile) -> bool:
    """Whether both are valid at some moment."""
    starts = max(one.valid_from or 0, other.valid_from or 0)
    ends = [valid for valid in (one.valid_to, other.valid_to) if valid is not None]
    return not ends or starts < min(ends)


def _words(profile: Profile) -> str:
    return f"{WORDS[profile.purpose]} {profile.profile_id} at stack level {profile.stack_level}"


def _on_the_wire(period: Period) -> Payload:
    told: Payload = {"startPeriod": period.start_s, "limit": period.limit}
    return told if period.phases is None else {**told, "numberPhases": period.phases}
