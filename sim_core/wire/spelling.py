"""How the facts of the journal become messages: what the outbox asks of an adapter.

A row of the journal says what has happened, not how it is told: which protocol is spoken shows
only once a link is up. So a row is spelt each time it is sent.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from sim_core.store.records import JournalRow
from sim_core.wire.answers import Payload


class Call(NamedTuple):
    """A request as it is to be sent."""

    action: str
    payload: Payload
    judged: bool = True
    """False: it leaves as it is, whatever its schema says, and what is answered to it is no news:
    somebody says it on purpose."""


class Spelling(Protocol):
    """What a protocol makes of rows."""

    def calls(self, row: JournalRow) -> tuple[Call, ...] | str:
        """What is sent for a row, in order; the answer to the last one is that to the row.

        A text in place of calls says why it can never be sent: it is given up with that. No calls
        at all: there is nothing to say of it, and it leaves.
        """

    def name(self, kind: str) -> str:
        """What people read for a row of this kind."""

    def doubles(self, row: JournalRow) -> bool:
        """Whether a CSMS may take a second sending for something new.

        Then a late answer to the first one is waited for longer before it is sent again.
        """

    def transaction_id(self, row: JournalRow, answer: Payload) -> int | str | None:
        """The id of the transaction that an answer brings; None where it brings none."""

    def lacks(self, row: JournalRow, answer: Payload) -> str:
        """What keeps an answer from settling the row, as a sentence without full stop; empty:
        nothing does."""


class RowListener(Protocol):
    """Who is told what came of rows."""

    def settled(self, row: JournalRow, answer: Payload) -> None:
        """It was answered and has left the journal; `row` has the transaction's id, if any."""

    def half_settled(self, row: JournalRow, answer: Payload) -> None:
        """It was answered, but the answer lacks something: it is sent again or given up."""

    def settled_twice(self, row: JournalRow, answer: Payload) -> None:
        """One more answer has come to a row that another has settled before."""

    def given_up(self, row: JournalRow, why: str) -> None:
        """It has left the journal unanswered."""
