"""A charge point's state that nobody keeps: what `Store` promises, in plain dictionaries.

A fleet kept in memory has a thousand of these on one loop. A database each costs 60 KiB before a
word is written, and a commit for every sample; here nothing survives anyhow, so all that is left
of the promises is their order and that `together` is all or nothing. Each table is a dictionary
by its primary key, in the order of that key, and written by `_put` and `_take` alone, which
remember what was there for as long as it may have to be put back.
"""

from __future__ import annotations

import contextlib
import json
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sim_core.store.records import (
    ENDED,
    SECURITY_EVENTS_KEPT,
    GivenUp,
    JournalRow,
    KnownTag,
    Reservation,
    SecurityEvent,
    StoredProfile,
    StoredTransaction,
)
from sim_core.store.sqlite import MEMORY, Store

K = TypeVar("K")
V = TypeVar("V")
GONE: Any = object()
"""Where nothing was."""
ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class MemoryStore(Store):
    """One charge point's state, gone with the process. Not for two threads at once."""

    def __init__(self) -> None:
        self.path = MEMORY
        self.trouble = ""
        self.journal_revision = 0
        self.on_rollback: Callable[[], None] = lambda: None
        self._undo: list[tuple[MutableMapping[Any, Any], Any, Any]] | None = None
        """What the writes of this `together` have replaced; None outside of one."""
        self._last: dict[str, int] = {}
        """The last number that was given out, by table: none is given twice."""
        self._registers: dict[int, float] = {}
        self._availability: dict[int, bool] = {}
        self._configuration: dict[str, str] = {}
        self._transactions: dict[int, tuple[StoredTransaction, bool]] = {}
        """With whether it has stopped."""
        self._samples: dict[int, tuple[int, str]] = {}
        """By number: our key of the transaction, and the meter value."""
        # The first row of a plain dictionary is slow to find after many that have left.
        self._journal: OrderedDict[int, JournalRow] = OrderedDict()
        self._given_up: dict[int, GivenUp] = {}
        self._known_tags: dict[str, KnownTag] = {}
        self._listed: dict[str, KnownTag] = {}
        self._list_version: dict[int, int] = {}
        self._reservations: dict[int, Reservation] = {}
        self._events: dict[int, tuple[SecurityEvent, bool]] = {}
        """With whether the CSMS has still to be told."""
        self._kept: dict[str, str] = {}
        self._profiles: dict[int, tuple[int, int | None, str]] = {}

    def close(self) -> None:
        """There is nothing to let go of."""

    @property
    def refusal(self) -> str:
        return ""

    @property
    def owed(self) -> int:
        return 0

    def tell_refusals(self, told: Callable[[], None]) -> None:
        """Memory refuses nothing."""

    def retry(self, *, patiently: bool = False) -> bool:
        return True

    def strictly(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def misplaced(self) -> str:
        return ""

    def claim_again(self) -> bool:
        return True

    def explained(self, error: BaseException) -> BaseException:
        return error

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        if self._undo is not None:
            yield
            return
        undo: list[tuple[MutableMapping[Any, Any], Any, Any]] = []
        self._undo = undo
        try:
            yield
        except BaseException:
            self._put_back(undo)
            self.on_rollback()
            raise
        finally:
            self._undo = None

    def _put_back(self, undo: list[tuple[MutableMapping[Any, Any], Any, Any]]) -> None:
        for table, key, before in reversed(undo):
            if before is GONE:
                table.pop(key, None)
            else:
                table[key] = before
        for table, _, _ in undo:
            in_order = sorted(table.items(), key=lambda row: row[0])
            table.clear()
            table.update(in_order)

    def _put(self, table: MutableMapping[K, V], key: K, value: V) -> None:
        if self._undo is not None:
            self._undo.append((table, key, table.get(key, GONE)))
        table[key] = value

    def _take(self, table: MutableMapping[K, V], key: K) -> bool:
        """Whether it was there."""
        before = table.pop(key, GONE)
        if self._undo is not None and before is not GONE:
            self._undo.append((table, key, before))
        return before is not GONE

    def _number(self, table: str) -> int:
        number = self._last.get(table, 0) + 1
        self._put(self._last, table, number)
        return number

    # -- registers, availability, configuration ----------------------

    def registers(self) -> dict[int, float]:
        return dict(self._registers)

    def save_register(self, connector_id: int, register_wh: float) -> None:
        known_wh = self._registers.get(connector_id, register_wh)
        self._put(self._registers, connector_id, max(known_wh, register_wh))

    def save_registers_lightly(self, registers: dict[int, float]) -> None:
        for connector_id, register_wh in registers.items():
            self.save_register(connector_id, register_wh)

    def inoperative(self) -> set[int]:
        return {number for number, operative in self._availability.items() if not operative}

    def save_operative(self, connector_id: int, operative: bool) -> None:
        self._put(self._availability, connector_id, operative)

    def configuration(self) -> dict[str, str]:
        return dict(self._configuration)

    def save_configuration(self, key: str, value: str) -> None:
        self._put(self._configuration, key, value)

    # -- transactions and the journal --------------------------------

    def begin(
        self,
        *,
        connector_id: int,
        id_tag: str,
        parent_id_tag: str | None,
        meter_start_wh: int,
        started_at: datetime,
        reservation_id: int | None,
        vehicle: str | None = None,
        vehicle_wh: float | None = None,
    ) -> int:
        key = self._number("transactions")
        begun = StoredTransaction(
            key=key,
            connector_id=connector_id,
            id_tag=id_tag,
            parent_id_tag=parent_id_tag,
            meter_start_wh=meter_start_wh,
            started_at=started_at,
            reservation_id=reservation_id,
            vehicle=vehicle,
            vehicle_wh=vehicle_wh,
            transaction_id=None,
        )
        self._put(self._transactions, key, (begun, False))
        return key

    def end(self, key: int) -> None:
        with self.together():
            if key in self._transactions:
                self._put(self._transactions, key, (self._transactions[key][0], True))
            self._forget_profiles_of(key)

    def open_transactions(self) -> list[StoredTransaction]:
        return [begun for begun, stopped in self._transactions.values() if not stopped]

    def add_sample(self, key: int, meter_value: dict[str, Any]) -> int:
        self._put(self._samples, self._number("samples"), (key, json.dumps(meter_value)))
        return sum(key == of for of, _ in self._samples.values())

    def thin_samples(self, key: int) -> None:
        met: dict[str, int] = {}
        with self.together():
            for number, (of, text) in list(self._samples.items()):
                if of == key:
                    context = json.loads(text)["sampledValue"][0]["context"]
                    nth = met[context] = met.get(context, -1) + 1
                    if nth % 2:
                        self._take(self._samples, number)

    def samples(self, key: int) -> list[dict[str, Any]]:
        return [json.loads(text) for of, text in self._samples.values() if of == key]

    def append(
        self, kind: str, content: dict[str, Any], *, key: int, connector_id: int, at: datetime
    ) -> None:
        number = self._number("journal")
        row = JournalRow(number, kind, content, key, connector_id, at, 0, None)
        self._put(self._journal, number, row)
        self.journal_revision += 1

    @property
    def depth(self) -> int:
        return len(self._journal)

    def journal(self, limit: int) -> list[JournalRow]:
        return [self._with_id(row) for row in islice(self._journal.values(), limit)]

    def _with_id(self, row: JournalRow) -> JournalRow:
        begun = self._transactions.get(row.transaction_key)
        known = begun[0].transaction_id if begun else None
        return row if known is None else replace(row, transaction_id=known)

    def count_attempt(self, number: int) -> int:
        self.journal_revision += 1
        row = self._journal.get(number)
        if row is None:
            return 0
        self._put(self._journal, number, replace(row, attempts=row.attempts + 1))
        return row.attempts + 1

    def confirm(self, row: JournalRow, transaction_id: int | str | None = None) -> None:
        key = row.transaction_key
        with self.together():
            if transaction_id is not None and key in self._transactions:
                begun, stopped = self._transactions[key]
                begun = replace(begun, transaction_id=transaction_id)
                self._put(self._transactions, key, (begun, stopped))
            self._leave(row)

    def give_up(self, row: JournalRow, why: str, at: datetime) -> None:
        with self.together():
            gone = GivenUp(row.kind, row.connector_id, row.transaction_id, at, why)
            self._put(self._given_up, row.number, gone)
            self._leave(row)

    def given_up(self, limit: int) -> list[GivenUp]:
        newest = sorted(
            self._given_up.items(), key=lambda row: (row[1].given_up_at, row[0]), reverse=True
        )
        return [gone for _, gone in newest[:limit]]

    def _leave(self, row: JournalRow) -> None:
        self._take(self._journal, row.number)
        self.journal_revision += 1
        if row.kind != ENDED:
            return
        key = row.transaction_key
        self._take(self._transactions, key)
        self._forget_profiles_of(key)
        for number in [number for number, (of, _) in self._samples.items() if of == key]:
            self._take(self._samples, number)
        left = [number for number, other in self._journal.items() if other.transaction_key == key]
        for number in left:
            self._take(self._journal, number)

    # -- the authorization cache -------------------------------------

    def learn(self, tag: KnownTag, at: datetime) -> None:
        self._put(self._known_tags, tag.id_tag.translate(ASCII_LOWER), tag)

    def known_tag(self, id_tag: str) -> KnownTag | None:
        return self._known_tags.get(id_tag.translate(ASCII_LOWER))

    def forget_tags(self) -> None:
        for tag in list(self._known_tags):
            self._take(self._known_tags, tag)

    # -- the local authorization list --------------------------------

    def local_list_version(self) -> int:
        return self._list_version.get(1, 0) if self._listed else 0

    def local_list_length(self) -> int:
        return len(self._listed)

    def listed_tag(self, id_tag: str) -> KnownTag | None:
        return self._listed.get(id_tag.casefold())

    def change_local_list(
        self,
        version: int,
        entries: Iterable[KnownTag],
        gone: Iterable[str] = (),
        *,
        full: bool,
        most: int,
    ) -> bool:
        listed = {} if full else dict(self._listed)
        for id_tag in gone:
            listed.pop(id_tag.casefold(), None)
        listed.update({tag.id_tag.casefold(): tag for tag in entries})
        if len(listed) > most:
            return False
        with self.together():
            for name in self._listed.keys() - listed.keys():
                self._take(self._listed, name)
            for name, tag in listed.items():
                self._put(self._listed, name, tag)
            self._put(self._list_version, 1, version)
        return True

    # -- reservations ------------------------------------------------

    def reservations(self) -> list[Reservation]:
        return sorted(self._reservations.values(), key=lambda kept: kept.reservation_id)

    def reserve(self, reservation: Reservation) -> None:
        self._put(self._reservations, reservation.reservation_id, reservation)

    def end_reservation(self, reservation_id: int) -> None:
        self._take(self._reservations, reservation_id)

    # -- the security log --------------------------------------------

    def add_security_event(self, kind: str, at: datetime, info: str, *, waits: bool) -> None:
        number = self._number("security_events")
        with self.together():
            self._put(self._events, number, (SecurityEvent(number, kind, at, info), waits))
            self._take(self._events, number - SECURITY_EVENTS_KEPT)

    def security_events(self) -> list[SecurityEvent]:
        return [event for event, _ in self._events.values()]

    def waiting_security_event(self) -> SecurityEvent | None:
        return next((event for event, waits in self._events.values() if waits), None)

    def told_security_event(self, number: int) -> None:
        if number in self._events:
            self._put(self._events, number, (self._events[number][0], False))

    # -- what is under way -------------------------------------------

    def kept(self, name: str) -> dict[str, Any] | None:
        text = self._kept.get(name)
        return json.loads(text) if text is not None else None

    def keep(self, name: str, document: dict[str, Any] | None) -> None:
        if document is None:
            self._take(self._kept, name)
        else:
            self._put(self._kept, name, json.dumps(document))

    # -- charging profiles -------------------------------------------

    def charging_profiles(self) -> list[StoredProfile]:
        return [
            StoredProfile(profile_id, connector_id, key, json.loads(text))
            for profile_id, (connector_id, key, text) in sorted(self._profiles.items())
        ]

    def install_profile(self, profile: StoredProfile, instead_of: Iterable[int] = ()) -> None:
        with self.together():
            self.remove_profiles(instead_of)
            text = json.dumps(profile.profile)
            row = (profile.connector_id, profile.transaction_key, text)
            self._put(self._profiles, profile.profile_id, row)

    def remove_profiles(self, profile_ids: Iterable[int]) -> None:
        with self.together():
            for profile_id in profile_ids:
                self._take(self._profiles, profile_id)

    def _forget_profiles_of(self, transaction_key: int) -> None:
        self.remove_profiles(
            [number for number, (_, key, _) in self._profiles.items() if key == transaction_key]
        )
