"""Back to facts: transactions that OCPP 2.0.1 has written down, and of which nobody has heard.

A TransactionEvent waits as it was written, in words that no other version knows. One of a
transaction that began while nobody could be told keeps the facts beside its words. When another
version is to be spoken those facts take the place of the events, row for row, as if that version
had written them. What cannot be told there whole stays as it is, and waits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sim_core.ocpp201.transactions import NAME, STARTED
from sim_core.store.interface import Store
from sim_core.store.records import BEGAN, ENDED, NO_SESSION, SAMPLED, JournalRow

Facts = dict[str, Any]
FACTS = "facts"


def back_to_facts(store: Store, sayable: Callable[[str], bool]) -> None:
    """Let the journal have facts where it can; `sayable`: whether the version that is spoken next
    has room for a card."""
    journal, documents = store.journal, store.documents
    journal.set_aside(lambda _: False)
    rows = journal.first(journal.depth)
    changes: dict[int, JournalRow | None] = {}
    with store.together():
        for transaction_id, theirs in _transactions(rows).items():
            name = NAME.format(theirs[0].connector_id)
            line = documents.get(name) or {}
            opened = line.get("open") or {}
            if opened.get("id") != transaction_id:
                opened = {}
            restated = _restated(theirs, opened, sayable)
            if restated is not None:
                changes |= restated
                if opened:
                    documents.put(name, {**line, "open": None})
        if changes:
            journal.restate(changes)


def _transactions(rows: list[JournalRow]) -> dict[str, list[JournalRow]]:
    """The rows of each transaction whose first event is still there, by its id."""
    found: dict[str, list[JournalRow]] = {}
    for row in rows:
        event = row.content.get("event")
        if not event:
            continue
        transaction_id = event["transactionInfo"]["transactionId"]
        if event["eventType"] == STARTED:
            found[transaction_id] = []
        if transaction_id in found:
            found[transaction_id].append(row)
    return found


@dataclass
class _Session:
    """A session of the charger within a transaction."""

    key: int
    rows: list[JournalRow] = field(default_factory=list)
    spare: JournalRow | None = None
    """A row before it that tells nothing of it: its begin takes that place."""
    began: Facts = field(default_factory=dict)


def _restated(
    rows: list[JournalRow], opened: Facts, sayable: Callable[[str], bool]
) -> dict[int, JournalRow | None] | None:
    """What becomes of a transaction's rows; None: they stay as they are."""
    sessions = list(_sessions(rows, opened))
    whole = all(one.began and one.spare and sayable(one.began["token"]) for one in sessions)
    if not sessions or not whole:
        return None
    changes: dict[int, JournalRow | None] = dict.fromkeys(row.number for row in rows)
    for session in sessions:
        assert session.spare is not None, "seen just now"
        number = session.spare.number
        changes[number] = replace(
            session.spare, kind=BEGAN, content=session.began, transaction_key=session.key
        )
        for row in session.rows:
            facts = row.content.get(FACTS)
            if row.kind in (SAMPLED, ENDED) and facts is not None and row.number != number:
                changes[row.number] = replace(row, content=facts.get("ended", facts))
    return changes


def _sessions(rows: list[JournalRow], opened: Facts) -> Iterator[_Session]:
    """The sessions of a transaction, in order."""
    session: _Session | None = None
    spare: JournalRow | None = None
    for row in rows:
        if row.transaction_key == NO_SESSION:
            spare = row
            continue
        if session is None or session.key != row.transaction_key:
            if session is not None:
                yield session
            session = _Session(row.transaction_key, spare=spare)
            spare = None
            if opened.get("key") == session.key:
                session.began = opened["began"]
        if session.spare is None and row.kind not in (SAMPLED, ENDED) and not session.rows:
            session.spare = row
        session.rows.append(row)
        session.began = (row.content.get(FACTS) or {}).get("began") or session.began
    if session is not None:
        yield session
