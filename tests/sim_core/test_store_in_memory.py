"""State that nobody keeps answers as the database does, whatever is written in whatever order."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.store.interface import MEMORY, Store
from sim_core.store.makers import store_in
from sim_core.store.memory.store import MemoryStore
from sim_core.store.records import (
    BEGAN,
    ENDED,
    SAMPLED,
    SESSIONS_IN_MEMORY,
    SESSIONS_KEPT,
    KnownToken,
    NewTransaction,
    Reservation,
    Session,
    StoredProfile,
)
from sim_core.store.sqlite.store import SqliteStore

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
TAGS = ("TAG", "tag", "Straße", "STRASSE", "ÄRGER", "ärger")
NO_AREA = ("path", "trouble")
SMALL = st.integers(0, 5)
IDS = SMALL | st.sampled_from(("5", "05", "c0ffee", "1e3"))
"""What a CSMS may call a transaction: a number, or a text that looks like one, too."""
TIMES = st.integers(0, 9).map(lambda second: NOW + timedelta(seconds=second))
CONTEXTS = ("Transaction.Begin", "Sample.Periodic", "Sample.Clock")
KNOWN = st.builds(
    KnownToken,
    st.sampled_from(TAGS),
    st.sampled_from(("Accepted", "Blocked")),
    st.none() | st.just("PARENT"),
    st.none() | TIMES,
)

Write = Callable[[Store], Any]


class PowerCutError(Exception):
    """The writes around it never were."""


def _sample(nth: int, context: str) -> dict[str, Any]:
    return {"context": context, "nth": nth}


def _begin(connector_id: int, tag: str) -> Write:
    return lambda store: store.transactions.begin(
        NewTransaction(
            connector_id=connector_id,
            token=tag,
            group=None,
            meter_start_wh=connector_id,
            started_at=NOW,
            reservation_id=None,
            vehicle="car",
            vehicle_wh=1.5,
        )
    )


def _with_transaction(nth: int, write: Callable[[Store, int], Any]) -> Write:
    """A write that names a transaction which is there; none is written where none is."""

    def do(store: Store) -> Any:
        there = [begun.key for begun in store.transactions.open()]
        return write(store, there[nth % len(there)]) if there else None

    return do


def _with_row(write: Callable[[Store, Any], Any]) -> Write:
    return lambda store: [write(store, row) for row in store.journal.first(1)]


def _stop(store: Store, key: int) -> None:
    with store.together():
        store.sessions.add(
            Session(
                key=key,
                connector_id=1,
                token="TAG",
                started_at=NOW,
                ended_at=NOW,
                meter_start_wh=0,
                meter_stop_wh=1,
                reason="Local",
                soc_begin_percent=12.5,
            )
        )
        store.journal.append(ENDED, {"register_wh": 1}, key=key, connector_id=1, at=NOW)
        store.transactions.end(key)


def _profile(key: int | None, profile_id: int, gone: list[int]) -> Write:
    profile = StoredProfile(profile_id, 1, key, {"periods": [{"limit": 1.5}]})
    return lambda store: store.profiles.install(profile, gone)


WRITES: st.SearchStrategy[Write] = st.one_of(
    st.builds(lambda n, wh: lambda s: s.registers.save(n, wh), SMALL, st.floats(0, 99)),
    st.builds(lambda n, is_: lambda s: s.availability.save(n, is_), SMALL, st.booleans()),
    st.builds(lambda key: lambda s: s.configuration.save(key, key * 2), st.sampled_from(TAGS)),
    st.builds(_begin, SMALL, st.sampled_from(TAGS)),
    st.builds(_begin, SMALL, st.sampled_from(TAGS)),
    st.builds(
        lambda nth, context: _with_transaction(
            nth, lambda s, key: s.transactions.add_sample(key, _sample(nth, context))
        ),
        SMALL,
        st.sampled_from(CONTEXTS),
    ),
    st.builds(
        lambda nth: _with_transaction(nth, lambda s, key: s.transactions.thin_samples(key)), SMALL
    ),
    st.builds(
        lambda nth, at: _with_transaction(
            nth,
            lambda s, key: s.journal.append(SAMPLED, {"n": nth}, key=key, connector_id=1, at=at),
        ),
        SMALL,
        TIMES,
    ),
    st.builds(lambda nth: _with_transaction(nth, _stop), SMALL),
    st.builds(
        lambda nth, id_: _with_transaction(nth, lambda s, key: _profile(key, id_, [])(s)),
        SMALL,
        SMALL,
    ),
    st.builds(_profile, st.none(), SMALL, st.lists(SMALL, max_size=2)),
    st.builds(lambda ids: lambda s: s.profiles.remove(ids), st.lists(SMALL, max_size=2)),
    st.just(_with_row(lambda s, row: s.journal.count_attempt(row.number))),
    st.just(_with_row(lambda s, row: s.journal.confirm(row))),
    st.builds(lambda id_: _with_row(lambda s, row: s.journal.confirm(row, id_)), IDS),
    st.builds(lambda at: _with_row(lambda s, row: s.journal.give_up(row, "why", at)), TIMES),
    st.builds(lambda n: lambda s: s.journal.count_attempt(n), SMALL),
    st.just(_with_row(lambda s, row: s.journal.restate({row.number: None}))),
    st.just(
        _with_row(
            lambda s, row: s.journal.restate(
                {row.number: replace(row, kind=BEGAN, content={"again": 1})}
            )
        )
    ),
    st.builds(
        lambda kinds: lambda s: s.journal.set_aside(lambda row: row.kind in kinds),
        st.sampled_from(((), (SAMPLED,), (ENDED,), (SAMPLED, ENDED))),
    ),
    st.builds(lambda tag, at: lambda s: s.tokens.learn(tag, at), KNOWN, TIMES),
    st.just(lambda s: s.tokens.clear()),
    st.builds(
        lambda id_, n, tag: lambda s: s.reservations.save(Reservation(id_, n, tag, None, NOW)),
        SMALL,
        SMALL,
        st.sampled_from(TAGS),
    ),
    st.builds(lambda id_: lambda s: s.reservations.remove(id_), SMALL),
    st.builds(
        lambda at, waits: lambda s: s.security_log.add("kind", at, "", waits=waits),
        TIMES,
        st.booleans(),
    ),
    st.builds(lambda n: lambda s: s.security_log.told(n), SMALL),
    st.builds(
        lambda name, document: lambda s: s.documents.put(name, document),
        st.sampled_from(TAGS),
        st.none() | st.dictionaries(st.text(max_size=3), SMALL),
    ),
)
"""What may be part of something larger."""
ALONE: st.SearchStrategy[Write] = st.one_of(
    st.builds(lambda n, wh: lambda s: s.registers.save_lightly({n: wh}), SMALL, st.floats(0, 99)),
    st.builds(
        lambda n, new, gone, full: lambda s: s.local_list.change(n, new, gone, full=full, most=3),
        SMALL,
        st.lists(KNOWN, max_size=4),
        st.lists(st.sampled_from(TAGS), max_size=2),
        st.booleans(),
    ),
)


def _together(writes: list[Write], cut: bool) -> Write:
    def do(store: Store) -> list[Any]:
        answers: list[Any] = []
        with contextlib.suppress(PowerCutError), store.together():
            answers += [write(store) for write in writes]
            if cut:
                raise PowerCutError
        return answers

    return do


STEPS = WRITES | ALONE | st.builds(_together, st.lists(WRITES, max_size=4), st.booleans())


def _all_that_can_be_read(store: Store) -> dict[str, Any]:
    keys = {begun.key for begun in store.transactions.open()}
    keys |= {row.transaction_key for row in store.journal.first(1000)}
    return {
        "registers": store.registers.all(),
        "inoperative": store.availability.inoperative(),
        "configuration": store.configuration.all(),
        "open": store.transactions.open(),
        "samples": {key: store.transactions.samples(key) for key in keys},
        "depth": (store.journal.depth, store.journal.aside),
        "first": store.journal.first(1),
        "journal": store.journal.first(1000),
        "given up": store.journal.dead_letters(2),
        "tags": [store.tokens.find(tag) for tag in TAGS],
        "listed": [store.local_list.find(tag) for tag in TAGS],
        "list": (store.local_list.length(), store.local_list.version()),
        "cards": (store.local_list.first(2), store.tokens.first(2), store.tokens.length()),
        "reservations": store.reservations.all(),
        "events": (store.security_log.all(), store.security_log.next_waiting()),
        "kept": [store.documents.get(name) for name in TAGS],
        "profiles": store.profiles.all(),
        "revision": (
            store.journal.revision,
            store.sessions.revision,
            store.local_list.revision,
            store.tokens.revision,
        ),
        "sessions": store.sessions.all(),
    }


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, max_size=15))
def test_memory_answers_as_the_database_does(steps: list[Write]) -> None:
    database, memory = SqliteStore(MEMORY, NOW), store_in(MEMORY, "CP", NOW)
    assert isinstance(memory, MemoryStore)
    for step in steps:
        assert step(memory) == step(database)
        assert _all_that_can_be_read(memory) == _all_that_can_be_read(database)
    database.close()


def test_only_the_last_thousand_security_events_stay() -> None:
    store = MemoryStore()
    for nth in range(1005):
        store.security_log.add("kind", NOW, str(nth), waits=True)
    assert [event.info for event in store.security_log.all()] == [str(n) for n in range(5, 1005)]


def test_memory_refuses_nothing_owes_nothing_and_is_where_it_was() -> None:
    """What a disk may come to need is answered as of a disk that is well."""
    stores: tuple[Store, ...] = (MemoryStore(), SqliteStore(MEMORY, NOW))
    for store in stores:
        fault = ZeroDivisionError()
        assert (store.trouble, store.refusal, store.owed, store.misplaced()) == ("", "", 0, "")
        assert store.path == MEMORY
        assert store.retry()
        assert store.retry(patiently=True)
        assert store.explained(fault) is fault
        told: list[str] = []
        store.tell_refusals(lambda told=told: told.append("refused"))  # type: ignore[misc]
        with store.strictly():
            store.registers.save(1, 5.0)
        assert (store.registers.all(), told) == ({1: 5.0}, [])
        store.close()
    assert MemoryStore().claim_again()


def _cut(store: Store, *writes: Write) -> None:
    _together(list(writes), cut=True)(store)


def test_what_chance_seldom_meets_is_the_same_too() -> None:
    for store in (MemoryStore(), SqliteStore(MEMORY, NOW)):
        store.registers.save(1, 5.0)
        store.registers.save(1, 3.0)
        assert store.registers.all() == {1: 5.0}, "it never goes back"
        for number in (3, 1, 2):
            store.reservations.save(Reservation(number, 1, "TAG", None, NOW))
        assert [kept.reservation_id for kept in store.reservations.all()] == [1, 2, 3]
        key = _begin(1, "TAG")(store)
        for _ in range(2):
            store.journal.append(SAMPLED, {}, key=key, connector_id=1, at=NOW)
        store.journal.confirm(store.journal.first(1)[0], 77)
        before = _all_that_can_be_read(store) | {"revision": 0}
        (row,) = store.journal.first(9)
        _cut(store, lambda s: s.reservations.remove(2), lambda s, row=row: s.journal.confirm(row))
        _cut(
            store, lambda s, row=row: s.journal.give_up(row, "why", NOW), lambda s: s.tokens.clear()
        )
        assert _all_that_can_be_read(store) | {"revision": 0} == before, "what left is back"
        store.journal.give_up(row, "why", NOW)
        (gone,) = store.journal.dead_letters(9)
        assert (gone.kind, gone.connector_id, gone.transaction_id) == (SAMPLED, 1, 77)
        assert (gone.given_up_at, gone.why) == (NOW, "why")
        store.close()


def test_what_is_known_of_a_card_comes_back_whole() -> None:
    until = NOW + timedelta(days=1)
    cards = (KnownToken("A", "Blocked", "PARENT", until), KnownToken("B", "Accepted", None, None))
    for store in (MemoryStore(), SqliteStore(MEMORY, NOW)):
        assert store.local_list.change(7, cards, full=True, most=2)
        for card in cards:
            store.tokens.learn(card, NOW)
            assert store.tokens.find(card.token.lower()) == card
            assert store.local_list.find(card.token.lower()) == card
        assert (store.local_list.version(), store.local_list.length()) == (7, 2)
        store.close()


def test_nothing_is_left_of_a_session_that_was_answered() -> None:
    """A fleet lives for days in memory: a row a session would be a leak."""
    store = MemoryStore()
    for _ in range(3):
        key = _begin(1, "TAG")(store)
        store.journal.append(BEGAN, {}, key=key, connector_id=1, at=NOW)
        store.journal.append(SAMPLED, {}, key=key, connector_id=1, at=NOW)
        store.journal.append(ENDED, {}, key=key, connector_id=1, at=NOW)
        for row in store.journal.first(9):
            store.journal.confirm(row, 7 if row.kind == BEGAN else None)
    assert store.journal.depth == 0
    assert not store.transactions.open()
    areas = [getattr(store, name) for name in MemoryStore.__slots__ if name not in NO_AREA]
    kept = [getattr(area, name) for area in areas for name in type(area).__slots__]
    tables = [one for one in kept if isinstance(one, dict)]
    assert len(tables) >= 14
    rows = [row for table in tables for row in table.values()]
    assert [row for row in rows if not isinstance(row, int)] == [], "all but the last numbers"


def test_of_sessions_the_newest_stay() -> None:
    for store, most in (
        (MemoryStore(), SESSIONS_IN_MEMORY),
        (SqliteStore(MEMORY, NOW), SESSIONS_KEPT),
    ):
        for _ in range(most + 5):
            _begin(1, "TAG")(store)
            _stop(store, store.transactions.open()[0].key)
        assert [one.key for one in store.sessions.all()] == list(range(most + 5, 5, -1))
        store.close()
