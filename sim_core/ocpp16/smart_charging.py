"""Smart Charging (OCPP 1.6 §3.13): the profiles that are installed, and the limits they put.

What counts when is arithmetic (`schedule`) over what is installed; here it meets the transactions,
the clock and the metal. Limits are laid on the metal at the exact moment of an edge, however late
anybody comes round to it: whoever brings the metal up to a moment first lets the edges be crossed
that lie before it, so no sample and no watt-hour follows a limit that is over. One timer waits for
the next edge; nothing is polled.

On connector n a TxProfile overrules the TxDefaultProfiles. A default of connector n stands in for
the one of connector 0 with its stack level, there only (§3.13.2). A ChargePointMaxProfile bounds
the sum over all connectors, which the cabinet shares out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from operator import mul
from typing import TYPE_CHECKING, Any

from ocpp.v16 import call_result
from ocpp.v16.enums import (
    Action,
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    GetCompositeScheduleStatus,
)

from sim_core.charging import schedule
from sim_core.charging.connector import Connector, Transaction
from sim_core.charging.profile import (
    DEFAULT,
    MOST,
    SECOND,
    TX,
    Moment,
    Period,
    Profile,
    date_of,
    moment_of,
)
from sim_core.charging.schedule import Allowed, Limit, Stack, Sweep
from sim_core.ocpp16.charging_profile import ALLOWED_UNIT, Bounds, read
from sim_core.ocpp16.routing import on
from sim_core.ocpp16.timestamps import stamp
from sim_core.runtime.clock import Timer
from sim_core.snapshot import InstalledProfile, ProfileSnapshot
from sim_core.store.records import StoredProfile
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Refusal, Reply

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint

PROFILE = "SmartCharging"
LONGEST_NOTE = 200
ABOUT_IDS = "chargingProfileId"


@dataclass(frozen=True)
class Installed:
    """A profile where it is installed. A TxProfile has our key of its transaction."""

    connector_id: int
    profile: Profile
    transaction_key: int | None = None

    @property
    def place(self) -> tuple[int, str, int]:
        """There is one profile only of a purpose and a stack level on a connector (§5.16)."""
        return self.connector_id, self.profile.purpose, self.profile.stack_level


class SmartCharging:
    """Handlers of the Smart Charging profile, and the limits that hold now."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self._mains_v = max(1.0, charge_point.model.ratings.mains_v)
        self._installed: dict[int, Installed] = {}
        """By chargingProfileId, which is one profile's on the whole charge point (§5.16)."""
        self._began: dict[int, Moment] = {}
        """When the transactions of this life began, by our key, on the clock as it is set now."""
        self._taken_from: tuple[int, str] | None = None
        """Whose limit a profile's id has taken away: a connector and a purpose."""
        self._edge: Moment | None = None
        self._timer: Timer | None = None
        self._cap: Limit | None = None
        self.due_s: float | None = None
        """When, on the clock that never goes back, something else may hold; None: never."""
        self.pictures: dict[int, ProfileSnapshot] = {}
        """What holds for each connector now (0: for their sum), where anything does."""
        self.installed_pictures: tuple[InstalledProfile, ...] = ()
        for kept in charge_point.store.charging_profiles():
            periods = tuple(Period(**period) for period in kept.profile["periods"])
            profile = Profile(**{**kept.profile, "periods": periods})
            self._keep(Installed(kept.connector_id, profile, kept.transaction_key))

    def close(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- what the CSMS asks ------------------------------------------

    @on(Action.set_charging_profile)
    def set_charging_profile(self, connector_id: int, cs_charging_profiles: Payload) -> Reply:
        """§5.16: kept before it is Accepted, and laid on the metal at once."""
        profile = self._read(cs_charging_profiles)
        found = profile if isinstance(profile, str) else self._place(connector_id, profile)
        why = found if isinstance(found, str) else self._why_no_room(found)
        if isinstance(found, str) or why is not None:
            self.note(connector_id, f"the charging profile was refused: {why}")
            return Reply(call_result.SetChargingProfile(ChargingProfileStatus.rejected))
        self._cp.advance_metal()  # until this moment the old limits held
        self._install(found)
        self.note(connector_id, f"{_words(found.profile)} is installed")
        self._changed()
        return Reply(
            call_result.SetChargingProfile(ChargingProfileStatus.accepted), then=self._tell
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
        wanted = (connector_id, charging_profile_purpose, stack_level)
        cleared = [
            profile_id
            for profile_id, kept in self._installed.items()
            if (
                profile_id == id
                if id is not None
                else all(
                    asked in (None, here) for asked, here in zip(wanted, kept.place, strict=True)
                )
            )
        ]
        if not cleared:
            return Reply(call_result.ClearChargingProfile(ClearChargingProfileStatus.unknown))
        words = ", ".join(_words(self._installed[profile_id].profile) for profile_id in cleared)
        self._cp.advance_metal()
        self._cp.store.remove_profiles(cleared)
        self._forget(cleared)
        self._end_of_taken()
        self.note(None, f"cleared: {words}")
        self._changed()
        return Reply(
            call_result.ClearChargingProfile(ClearChargingProfileStatus.accepted), then=self._tell
        )

    @on(Action.get_composite_schedule)
    def get_composite_schedule(
        self, connector_id: int, duration: int, charging_rate_unit: str | None = None
    ) -> Reply | Refusal:
        """§5.7: what charging profiles and ratings together allow, from now on.

        Without a transaction it is what one would get that began now. Connector 0 is the charge
        point: all connectors together, no more than the cabinet and its profiles allow.
        """
        cp = self._cp
        if duration < 0:
            return Refusal("PropertyConstraintViolation", "duration cannot be negative")
        unit = charging_rate_unit or self._usual_unit(connector_id)
        known = connector_id == 0 or connector_id in cp.connectors
        if not known or ALLOWED_UNIT[unit] not in self._bounds().units:
            return Reply(call_result.GetCompositeSchedule(GetCompositeScheduleStatus.rejected))
        at = self._now()
        numbers = [connector_id] if connector_id else list(cp.connectors)
        stacks = [self._stack(cp.connectors[number], at) for number in numbers]
        cap, sweep = Sweep((self._cap_stack(),), at), Sweep(stacks, at)
        ratings = cp.model.ratings
        rated = Allowed(min(ratings.connector_power_w, ratings.cabinet_power_w))
        alike = Counter(sweep.alike)
        often = [alike[place] for place in range(len(alike))]

        def part(limit: Limit | None) -> Allowed:
            return min(self._allowed(limit) or rated, rated, key=_power)

        parts = [part(limit) for limit in sweep.different]
        powers_w = [one.power_w for one in parts]

        def course(moment: Moment) -> Allowed:
            cap.go_to(moment)
            for place in sweep.go_to(moment):
                parts[place] = part(sweep.limit_of(place))
                powers_w[place] = parts[place].power_w
            whole = parts[0]
            if connector_id == 0:
                sum_w = sum(map(mul, powers_w, often))
                whole = Allowed(min(ratings.cabinet_power_w, sum_w))
            return min(self._allowed(cap.limits[0]) or whole, whole, key=_power)

        def edges(_: Moment) -> Moment | None:
            following = (one.next_edge() for one in (cap, sweep))
            return min((edge for edge in following if edge is not None), default=None)

        periods, reach_s = schedule.composite(course, edges, at, duration, unit, self._mains_v)
        return Reply(
            call_result.GetCompositeSchedule(
                GetCompositeScheduleStatus.accepted,
                connector_id=connector_id,
                schedule_start=stamp(cp.now()),
                charging_schedule={
                    "duration": reach_s,
                    "chargingRateUnit": unit,
                    "chargingSchedulePeriod": [_on_the_wire(period) for period in periods],
                },
            )
        )

    # -- what comes with a transaction -------------------------------

    def offered(self, connector: Connector, wire: Payload) -> Profile | str:
        """The profile of a RemoteStartTransaction, or the sentence that refuses it (§5.11)."""
        profile = self._read(wire)
        if isinstance(profile, str):
            return profile
        if profile.purpose != TX:
            return f"a RemoteStartTransaction brings a TxProfile, not a {profile.purpose}"
        if profile.transaction_id is not None:
            return "the profile of a RemoteStartTransaction has no transactionId yet"
        return self._why_no_room(Installed(connector.number, profile)) or profile

    def begin(
        self, connector: Connector, transaction: Transaction, profile: Profile | None
    ) -> None:
        """A transaction begins, maybe with a profile of its own. Part of the caller's commit."""
        self._began[transaction.key] = moment_of(transaction.started_at)
        if profile is not None:
            installed = Installed(connector.number, profile, transaction.key)
            if why := self._why_no_room(installed):
                self.note(connector.number, f"the profile of the start is left out: {why}")
            else:
                self._install(installed)
        self.refresh()

    def end(self, transaction_key: int) -> None:
        """A transaction ends, and its profiles with it; the store has forgotten them already."""
        self._began.pop(transaction_key, None)
        self._forget(
            profile_id
            for profile_id, kept in list(self._installed.items())
            if kept.transaction_key == transaction_key
        )

    def note(self, connector_id: int | None, sentence: str) -> None:
        """Write down what came of a profile, and why: the CSMS only hears Rejected."""
        known = connector_id if connector_id in self._cp.connectors else None
        where = f"connector {known}: " if known else ""
        self._cp.note("profile", f"{where}{sentence}"[:LONGEST_NOTE], known)

    # -- time --------------------------------------------------------

    @property
    def cap_w(self) -> float | None:
        """What a ChargePointMaxProfile allows all connectors together; None: no limit."""
        return schedule.limit_w(self._cap, self._mains_v) if self._cap else None

    @property
    def least_w(self) -> float:
        """With less than that out of `cap_w` a connector cannot charge."""
        wished_w = schedule.least_w(self._cap, self._mains_v) if self._cap else 0.0
        return max(self._cp.model.ratings.minimum_power_w, wished_w)

    def clock_shifted(self, by: timedelta) -> None:
        """The clock was set: what began before, began by so much later on the new one."""
        for key in self._began:
            self._began[key] += by // timedelta(microseconds=1)
        if self._installed:
            self._changed()
            self._tell()

    def refresh(self) -> None:
        """Profiles, transactions or the clock are not what they were: find out what holds now."""
        self._lay(self._now())
        self._look_ahead(self._now(), self._cp.clock.monotonic())
        self._arm()

    def cross(self) -> None:
        """The metal has come to the edge at `due_s`: what holds from there on is laid on it."""
        edge, due_s = self._edge, self.due_s
        if edge is not None and due_s is not None:
            self._lay(edge)
            self._look_ahead(edge, due_s)

    def _look_ahead(self, at: Moment, at_s: float) -> None:
        self._edge = schedule.first_edge(self._stacks_in_force(at), at)
        self.due_s = None if self._edge is None else at_s + (self._edge - at) / SECOND

    def _arm(self) -> None:
        self.close()
        if self.due_s is not None:
            wait_s = max(0.0, self.due_s - self._cp.clock.monotonic())
            self._timer = self._cp.clock.call_later(wait_s, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._cp.advance_metal()  # crosses what is due; a timer may wake a hair early
        self._arm()
        self._tell()

    def _changed(self) -> None:
        """What is installed has changed: the metal obeys at once."""
        self.refresh()
        self._cp.limits_changed()

    def _tell(self) -> None:
        self._cp.powers_changed()

    # -- what holds --------------------------------------------------

    def _lay(self, at: Moment) -> None:
        """Put the limits of a moment on the metal."""
        self.pictures = {}
        charging = {
            connector.number: self._stack(connector, at)
            for connector in self._cp.connectors.values()
            if connector.transaction is not None
        }
        stacks = {0: self._cap_stack(), **charging}
        sweep = Sweep(tuple(stacks.values()), at)
        limits = dict(zip(stacks, sweep.limits, strict=True))
        places = dict(zip(stacks, sweep.alike, strict=True))
        ends: dict[int, Moment | None] = {}
        """When it ends, by the place of the different stacks."""
        self._cap = limits[0]
        for connector in self._cp.connectors.values():
            limit = limits.get(connector.number)
            metal = connector.metal
            metal.profile_w = schedule.limit_w(limit, self._mains_v) if limit else None
            metal.profile_least_w = schedule.least_w(limit, self._mains_v) if limit else 0.0
        for number, limit in limits.items():
            if limit is not None:
                place = places[number]
                if place not in ends:
                    ends[place] = schedule.until(stacks[number], at)
                self.pictures[number] = self._picture(limit, ends[place])

    def _picture(self, limit: Limit, ends: Moment | None) -> ProfileSnapshot:
        return ProfileSnapshot(
            limit_w=schedule.limit_w(limit, self._mains_v),
            purpose=limit.profile.purpose,
            profile_id=limit.profile.profile_id,
            stack_level=limit.profile.stack_level,
            limit=limit.period.limit,
            unit=limit.profile.unit,
            until=date_of(ends),
        )

    def in_force(self, connector: Connector) -> ProfileSnapshot | None:
        """The profile that allows a connector least now; None: none does."""
        own, cap = self.pictures.get(connector.number), self.pictures.get(0)
        if cap is None or connector.transaction is None:
            return own
        bounded = connector.metal.allowed_by == "profile" or connector.metal.starved
        if own is None or (bounded and connector.metal.allowed_w < own.limit_w):
            return cap
        return own

    def _stacks_in_force(self, at: Moment) -> list[Stack]:
        running = (
            connector
            for connector in self._cp.connectors.values()
            if connector.transaction is not None
        )
        return [self._cap_stack(), *(self._stack(connector, at) for connector in running)]

    def _cap_stack(self) -> Stack:
        return Stack((self._profiles(MOST, 0),))

    def _stack(self, connector: Connector, at: Moment) -> Stack:
        """What concerns a connector's transaction, or the one that would begin at `at`."""
        transaction = connector.transaction
        own = self._profiles(DEFAULT, connector.number)
        levels = {profile.stack_level for profile in own}
        common = tuple(
            profile for profile in self._profiles(DEFAULT, 0) if profile.stack_level not in levels
        )
        if transaction is None:
            return Stack(((*own, *common),), at)
        bound = tuple(
            kept.profile
            for kept in self._installed.values()
            if kept.transaction_key == transaction.key
        )
        began = self._began.get(transaction.key, moment_of(transaction.started_at))
        return Stack((bound, (*own, *common)), began)

    def _profiles(self, purpose: str, connector_id: int) -> tuple[Profile, ...]:
        if not self._cp.configuration.supports(PROFILE):
            return ()
        return tuple(
            kept.profile
            for kept in self._installed.values()
            if kept.profile.purpose == purpose and kept.connector_id == connector_id
        )

    def _allowed(self, limit: Limit | None) -> Allowed | None:
        return schedule.allowed(limit, self._mains_v) if limit else None

    def _usual_unit(self, connector_id: int) -> str:
        """The unit of what holds now; else W where that is allowed."""
        held = self.pictures.get(connector_id) or self.pictures.get(0)
        if held is not None:
            return held.unit
        return "W" if ALLOWED_UNIT["W"] in self._bounds().units else "A"

    # -- what is installed -------------------------------------------

    def _bounds(self) -> Bounds:
        keys = self._cp.configuration
        return Bounds(
            most_stack_level=keys.number("ChargeProfileMaxStackLevel"),
            most_periods=keys.number("ChargingScheduleMaxPeriods"),
            units=keys.items("ChargingScheduleAllowedChargingRateUnit"),
            relative_maximum=self._cp.behaviour.relative_maximum,
        )

    def _read(self, wire: Payload) -> Profile | str:
        return read(wire, self._now(), self._bounds())

    def _place(self, connector_id: int, profile: Profile) -> Installed | str:
        """The profile where it is to be installed, or the sentence that says why it cannot be."""
        purpose = profile.purpose
        if connector_id != 0 and connector_id not in self._cp.connectors:
            return f"there is no connector {connector_id}"
        if purpose == MOST and connector_id != 0:
            return f"a {MOST} concerns the whole charge point: set it on connectorId 0"
        if purpose != TX:
            return Installed(connector_id, profile)
        if connector_id == 0:
            return f"a {TX} concerns one transaction: set it on the connector of that"
        transaction = self._cp.connectors[connector_id].transaction
        if transaction is None:
            return f"connector {connector_id} has no transaction: send a TxDefaultProfile"
        if profile.transaction_id not in (None, transaction.transaction_id):
            return f"connector {connector_id} charges in another transaction"
        return Installed(connector_id, profile, transaction.key)

    def _replaced(self, new: Installed) -> list[int]:
        """What gives way to a new profile, beside the one with its id; and what is long over."""
        at = self._now()
        return [
            profile_id
            for profile_id, kept in self._installed.items()
            if profile_id == new.profile.profile_id
            or kept.place == new.place
            or schedule.is_over(kept.profile, at)
        ]

    def _why_no_room(self, new: Installed) -> str | None:
        most = self._cp.configuration.number("MaxChargingProfilesInstalled")
        coming = sum(
            connector.authorization is not None
            and connector.authorization.charging_profile is not None
            for connector in self._cp.connectors.values()
        )
        if len(self._installed) - len(self._replaced(new)) + coming < most:
            return None
        return (
            f"{most} charging profiles are installed already (MaxChargingProfilesInstalled): "
            "clear one first"
        )

    def _install(self, new: Installed) -> None:
        replaced, profile = self._replaced(new), new.profile
        self._tell_of_taken(new)
        self._cp.store.install_profile(
            StoredProfile(
                profile.profile_id, new.connector_id, new.transaction_key, asdict(profile)
            ),
            instead_of=replaced,
        )
        self._forget(replaced)
        self._keep(new)

    def _tell_of_taken(self, new: Installed) -> None:
        """An id that was another profile's takes that one away: it is rarely meant so (§5.16)."""
        old = self._installed.get(new.profile.profile_id)
        if old is not None and old.place[:2] != new.place[:2]:
            self._taken_from = old.place[:2]
            self._cp.warn(ABOUT_IDS, _taken(old, new))
        elif self._taken_from == new.place[:2]:
            self._end_of_taken()

    def _end_of_taken(self) -> None:
        self._taken_from = None
        self._cp.warn(ABOUT_IDS, "")

    def _keep(self, new: Installed) -> None:
        self._installed[new.profile.profile_id] = new
        self._picture_installed()

    def _forget(self, profile_ids: Iterable[int]) -> None:
        for profile_id in profile_ids:
            self._installed.pop(profile_id, None)
        self._picture_installed()

    def _picture_installed(self) -> None:
        self.installed_pictures = tuple(
            _installed_picture(kept) for _, kept in sorted(self._installed.items())
        )

    def _now(self) -> Moment:
        return moment_of(self._cp.now())


def _power(part: Allowed) -> float:
    return part.power_w


def _words(profile: Profile) -> str:
    return f"{profile.purpose} {profile.profile_id} at stack level {profile.stack_level}"


def _taken(old: Installed, new: Installed) -> str:
    whose, whom = (
        f"connector {kept.connector_id}" if kept.connector_id else "the whole charge point"
        for kept in (old, new)
    )
    return (
        f"chargingProfileId {new.profile.profile_id} was the {old.profile.purpose} of {whose} and "
        f"is the {new.profile.purpose} of {whom} now: the limit of {whose} is gone, for an id "
        "is one profile's on the whole charge point (SetChargingProfile replaces it); give each "
        "profile an id of its own"
    )


def _on_the_wire(period: Period) -> dict[str, Any]:
    told = {"startPeriod": period.start_s, "limit": period.limit}
    return told if period.phases is None else {**told, "numberPhases": period.phases}


def _installed_picture(kept: Installed) -> InstalledProfile:
    profile = kept.profile
    return InstalledProfile(
        connector_id=kept.connector_id,
        profile_id=profile.profile_id,
        purpose=profile.purpose,
        kind=profile.kind,
        stack_level=profile.stack_level,
        unit=profile.unit,
        periods=tuple((period.start_s, period.limit) for period in profile.periods),
        transaction_id=profile.transaction_id,
        recurrency=profile.recurrency,
        valid_from=date_of(profile.valid_from),
        valid_to=date_of(profile.valid_to),
        start_schedule=date_of(profile.starts_at),
        duration_s=profile.duration_s,
    )
