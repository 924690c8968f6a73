"""How a charge point looks: its parts as the frozen pictures of `snapshot`.

A picture is made when somebody looks. The parts of it that cost a query are kept as long as nothing
has changed in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol

from sim_core.charging.charger import Charger
from sim_core.charging.connector import Connector
from sim_core.charging.facts import Facts, refusals
from sim_core.charging.limits import Limits
from sim_core.charging.profile import moment_of
from sim_core.hardware.model import Model
from sim_core.hardware.vehicle import Garage, VehicleType
from sim_core.snapshot import (
    JOURNAL_SHOWN,
    TOKENS_SHOWN,
    CompositeSnapshot,
    ConnectorSnapshot,
    ConnectorState,
    FaultSnapshot,
    JournalEntry,
    JournalSnapshot,
    LostEntry,
    ReservationSnapshot,
    SessionSnapshot,
    SettingSnapshot,
    TokenEntry,
    TokensSnapshot,
    TransactionSnapshot,
)
from sim_core.store.interface import Journal, LocalList, Sessions, TokenCache
from sim_core.store.records import KnownToken, Reservation, Session


class Words(Protocol):
    """What the protocol in use calls what a picture shows."""

    def connector_word(self, facts: Facts) -> tuple[ConnectorState, str]:
        """The state of a connector, and the protocol's word for it."""

    def row_name(self, kind: str) -> str:
        """A row of the journal."""

    def screen_at(self, number: int) -> tuple[str, ...]:
        """What the CSMS has the charger show to the driver at a connector."""


def connector_snapshot(
    charger: Charger, connector: Connector, words: Words, last: SessionSnapshot | None
) -> ConnectorSnapshot:
    """One connector; `last` is what was charged there before."""
    metal, transaction = connector.metal, connector.transaction
    facts = connector.facts(charger.condition)
    state, word = words.connector_word(facts)
    reading = connector.reading()
    fault = metal.fault
    return ConnectorSnapshot(
        connector_id=connector.number,
        state=state,
        status=word,
        plugged=metal.plugged,
        vehicle=connector.vehicle_name,
        vid=metal.vehicle.kind.vid if metal.vehicle else None,
        soc_percent=reading.soc_percent,
        power_w=reading.power_w,
        voltage_v=reading.voltage_v,
        current_a=reading.current_a,
        register_wh=reading.register_wh,
        rated_power_w=full_scale_w(charger.config.model),
        limited_by=metal.limited_by,
        limit_w=metal.limit_w,
        profile=charger.limits.in_force(connector),
        external=charger.external.lowest_of(connector.number),
        transaction=TransactionSnapshot(
            transaction.transaction_id,
            transaction.token,
            transaction.started_at,
            transaction.meter_start_wh,
            reading.register_wh - transaction.meter_start_wh,
            transaction.vehicle,
            transaction.soc_begin_percent,
        )
        if transaction
        else None,
        last_session=last,
        token=facts.token or connector.authorizing,
        identifying=charger.vehicles.is_identifying(connector),
        authorizing=facts.authorizing,
        starting=connector.starting,
        plug_by=connector.plug_by,
        reservation=reservation_snapshot(connector.reservation),
        vehicle_asleep=facts.asleep,
        cable_in=metal.cable_in,
        locked=metal.locked,
        lock_jammed=metal.lock_jammed,
        fault=FaultSnapshot(
            fault.error_code, fault.vendor_error_code, fault.info, connector.fault_since
        )
        if fault and connector.fault_since
        else None,
        operative=connector.operative,
        in_service=connector.in_service,
        scheduled_availability="Inoperative" if connector.leaving else None,
        trace_w=tuple(connector.drawn_w),
        trace_step_s=connector.drawn_step_s,
        screen=words.screen_at(connector.number),
        refusals=refusals(facts),
    )


def reservation_snapshot(kept: Reservation | None) -> ReservationSnapshot | None:
    """A reservation, if there is one."""
    if kept is None:
        return None
    return ReservationSnapshot(
        kept.reservation_id, kept.token, kept.group, kept.until, kept.connector_id
    )


@lru_cache(maxsize=64)
def vehicle_words(garage: Garage) -> tuple[str, ...]:
    """What the vehicles of a garage are like, for whoever chooses one."""
    return tuple(_words_of(kind) for kind in garage)


def _words_of(kind: VehicleType) -> str:
    words = [f"{kind.battery_wh / 1000:,.10g} kWh, arrives at {kind.arrives_at_percent:g} %"]
    if kind.handshake_late_s:
        words.append(f"slow: starts {kind.handshake_late_s:g} s later")
    if kind.pauses:
        words.append("pauses by itself")
    if kind.stops_when_full:
        words.append(f"ends the session at {kind.full_at_percent:g} %")
    elif kind.full_at_percent < 100:
        words.append(f"full at {kind.full_at_percent:g} %")
    return "; ".join(words)


def full_scale_w(model: Model) -> float:
    """The most that one connector can show: the smaller of its rating and the cabinet's pool."""
    return min(model.ratings.connector_power_w, model.ratings.cabinet_power_w)


class SettingsView:
    """The settings are read only after one of them has changed."""

    __slots__ = ("_revision", "_rows", "_seen", "_shown")

    def __init__(
        self, rows: Callable[[], tuple[SettingSnapshot, ...]], revision: Callable[[], int]
    ) -> None:
        """`revision` is raised by every change of what `rows` tells."""
        self._rows = rows
        self._revision = revision
        self._seen: int | None = None
        self._shown: tuple[SettingSnapshot, ...] = ()

    def now(self) -> tuple[SettingSnapshot, ...]:
        """The settings as they are."""
        revision = self._revision()
        if self._seen != revision:
            self._seen, self._shown = revision, self._rows()
        return self._shown

    def unseen(self) -> tuple[SettingSnapshot, ...]:
        """None of them, and nothing kept: nobody looks."""
        self._seen, self._shown = None, ()
        return ()


class JournalView:
    """The journal is read only after it has changed: a tick of the meter costs no query."""

    __slots__ = ("_journal", "_row_name", "_seen", "_shown")

    def __init__(self, journal: Journal, row_name: Callable[[str], str]) -> None:
        """`row_name` is what the protocol calls a kind of row."""
        self._journal = journal
        self._row_name = row_name
        self._shown = JournalSnapshot()
        self._seen: tuple[int, timedelta] | None = None

    def of(self, ahead: timedelta) -> JournalSnapshot:
        """The journal as it is. It keeps the computer's time; `ahead` is the charge point's."""
        seen = (self._journal.revision, ahead)
        if self._seen != seen:
            self._seen = seen
            self._shown = JournalSnapshot(
                waiting=tuple(
                    JournalEntry(
                        row.number,
                        self._row_name(row.kind),
                        row.connector_id,
                        row.written_at + ahead,
                        row.attempts,
                        row.transaction_key,
                        row.transaction_id,
                    )
                    for row in self._journal.first(JOURNAL_SHOWN)
                ),
                lost=tuple(
                    LostEntry(
                        self._row_name(gone.kind),
                        gone.connector_id,
                        gone.transaction_id,
                        gone.given_up_at + ahead,
                        gone.why,
                    )
                    for gone in self._journal.dead_letters(JOURNAL_SHOWN)
                ),
            )
        return self._shown


class SessionsView:
    """What has been charged, read only after a session has ended or the CSMS has heard of it."""

    __slots__ = ("_seen", "_sessions", "last", "shown")

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._seen = -1
        self.shown: tuple[SessionSnapshot, ...] = ()
        self.last: dict[int, SessionSnapshot] = {}
        """The newest of each connector."""

    def look(self) -> SessionsView:
        """See what there is now."""
        if self._seen != self._sessions.revision:
            self._seen = self._sessions.revision
            self.shown = tuple(_session(one) for one in self._sessions.all())
            self.last = {one.connector_id: one for one in reversed(self.shown)}
        return self


def _session(one: Session) -> SessionSnapshot:
    return SessionSnapshot(
        connector_id=one.connector_id,
        transaction_id=one.transaction_id,
        token=one.token,
        started_at=one.started_at,
        ended_at=one.ended_at,
        meter_start_wh=one.meter_start_wh,
        energy_wh=one.meter_stop_wh - one.meter_start_wh,
        reason=one.reason,
        vehicle=one.vehicle,
        soc_begin_percent=one.soc_begin_percent,
        soc_end_percent=one.soc_end_percent,
        told=one.told.value,
    )


class TokensView:
    """The cards that are known, read only after one was learnt or the list has changed."""

    __slots__ = ("_cache", "_counts", "_list", "_seen", "_shown")

    def __init__(
        self, cache: TokenCache, listed: LocalList, counts: Callable[[], tuple[bool, bool]]
    ) -> None:
        """`counts`: whether the list does, and whether the cache does."""
        self._cache = cache
        self._list = listed
        self._counts = counts
        self._seen: object = None
        self._shown = TokensSnapshot()

    def look(self) -> TokensSnapshot:
        """See what there is now."""
        counts = self._counts()
        seen = (self._cache.revision, self._list.revision, counts)
        if self._seen != seen:
            self._seen = seen
            self._shown = TokensSnapshot(
                list_version=self._list.version(),
                list_length=self._list.length(),
                listed=_entries(self._list.first(TOKENS_SHOWN)),
                list_counts=counts[0],
                cache_length=self._cache.length(),
                cached=_entries(self._cache.first(TOKENS_SHOWN)),
                cache_counts=counts[1],
            )
        return self._shown


def _entries(known: Iterable[KnownToken]) -> tuple[TokenEntry, ...]:
    return tuple(TokenEntry(one.token, one.status, one.group, one.expires_at) for one in known)


COMPOSITE_S = 24 * 3600
"""How far ahead a composite schedule is worked out for a picture."""
COMPOSITE_FRESH = timedelta(minutes=30)
"""After so long it is worked out anew, for it has so much less before it."""


class CompositesView:
    """What is allowed when, worked out only after something has changed, or for a later day."""

    __slots__ = ("_limits", "_seen", "_shown", "_since")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._seen = -1
        self._since: datetime | None = None
        self._shown: tuple[CompositeSnapshot, ...] = ()

    def look(self, now: datetime, connectors: Iterable[int]) -> tuple[CompositeSnapshot, ...]:
        """See what there is now."""
        since = self._since
        stale = since is None or not timedelta(0) <= now - since < COMPOSITE_FRESH
        if self._seen != self._limits.revision or stale:
            self._seen, self._since = self._limits.revision, now
            numbers = (0, *connectors) if self._limits.any else ()
            self._shown = tuple(self._composite(number, now) for number in numbers)
        return self._shown

    def _composite(self, connector_id: int, now: datetime) -> CompositeSnapshot:
        made = self._limits.composite(connector_id, moment_of(now), COMPOSITE_S, "W")
        return CompositeSnapshot(
            connector_id,
            tuple((now + timedelta(seconds=one.start_s), one.limit) for one in made.periods),
            now + timedelta(seconds=made.reach_s),
        )
