"""The rows of the journal: sent in order, one at a time, retried, gone only when answered.

What becomes of a row that is not answered well, `trial` decides; here it is carried out. An answer
that comes after its time counts as long as the row is still there; once another has settled it,
whoever listens is told of the second one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from sim_core.runtime.asyncio_helpers import LightEvent
from sim_core.runtime.clock import Clock, Timer
from sim_core.store.interface import Store
from sim_core.store.records import BEGAN, SAMPLED, JournalRow
from sim_core.wire.answers import Answer, Error, NoAnswer, Result
from sim_core.wire.link_ends import LinkEnd, OpenCall
from sim_core.wire.proof_of_life import ProofOfLife
from sim_core.wire.refusals import words
from sim_core.wire.sender import Sender
from sim_core.wire.spelling import Call, RowListener, Spelling
from sim_core.wire.throttle import Throttle
from sim_core.wire.trial import HURRIED_WAIT_S, GiveUp, RetryPolicy, Trial, Verdict


class _Sending(NamedTuple):
    """A row on its way."""

    row: JournalRow
    call: Call
    """The last that it was spelt as."""
    began_s: float
    heard_before: bool
    """The call before it was answered."""


class JournalLane:
    """See the module."""

    __slots__ = (
        "_ages",
        "_clock",
        "_counts",
        "_drained",
        "_listener",
        "_on_change",
        "_others",
        "_proof",
        "_retry_due_s",
        "_retry_timer",
        "_row_open",
        "_sender",
        "_spelling",
        "_store",
        "_throttle",
        "_trial",
        "_wake",
    )

    def __init__(
        self,
        store: Store,
        clock: Clock,
        spelling: Spelling,
        listener: RowListener,
        sender: Sender,
        throttle: Throttle,
        proof: ProofOfLife,
        *,
        policy: Callable[[], RetryPolicy],
        ages: Iterator[int],
        drained: LightEvent,
        on_change: Callable[[], None],
        wake: Callable[[], None],
    ) -> None:
        """`ages` counts what is said in either lane; `drained` is raised when the last row leaves,
        `wake` called when one may be sent (again), `on_change` when the rows look different."""
        self._store = store
        self._clock = clock
        self._spelling = spelling
        self._listener = listener
        self._sender = sender
        self._throttle = throttle
        self._proof = proof
        self._counts = ages
        self._drained = drained
        self._on_change = on_change
        self._wake = wake
        self._trial = Trial(policy, store.journal.count_attempt, spelling)
        # A list, though it is left at the front: moving a backlog up costs less than the commit
        # that lets its first row go.
        self._ages = [next(ages) for _ in range(store.journal.depth)]
        store.journal.on_rollback = self._taken_back
        self._retry_timer: Timer | None = None
        """Runs while the first row waits to be sent again."""
        self._retry_due_s = 0.0
        self._row_open: int | None = None
        """The number of the row that was sent last, until it leaves."""
        self._others = _others_in(store)
        """How many rows are no samples."""

    def __len__(self) -> int:
        return len(self._ages)

    @property
    def oldest(self) -> int:
        """The age of the first row."""
        return self._ages[0]

    @property
    def may_go(self) -> bool:
        """Whether there is a row, and nothing that it has met keeps it back."""
        return (
            bool(self._ages)
            and self._retry_timer is None
            and not self._store.refusal  # what is not on disk is not on the wire either
        )

    def is_unsent(self, age: int) -> bool:
        """Whether the row of this age still waits to be sent for the first time."""
        if not self._ages or age < self._ages[0]:
            return False
        return age > self._ages[0] or self._row_open is None

    def first(self) -> JournalRow:
        """The row whose turn comes next."""
        return self._store.journal.first(1)[0]

    def append(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        key: int,
        connector_id: int,
        later_s: float,
        of_the_end: bool,
    ) -> int:
        """Write a row and return its age; it is sent when its turn comes, and `later_s` later."""
        self._store.journal.append(
            kind, content, key=key, connector_id=connector_id, at=self._clock.now()
        )
        if kind == BEGAN:
            self._throttle.row_added(later_s, lambda loop: loop.starting)
        elif of_the_end:
            self._throttle.row_added(later_s, lambda loop: loop.ending)
        else:
            self._throttle.row_added(later_s)
        self._ages.append(next(self._counts))
        if kind != SAMPLED:
            self._others += 1
            self._hurry_samples()
        self._drained.clear()
        self._on_change()
        self._wake()
        return self._ages[-1]

    def new_connection(self) -> None:
        """There is a connection on which nothing has happened yet."""
        if self._trial.silences:  # it ends silence, but not the distance to a CALLERROR
            self._end_retry_wait()
        self._trial.new_connection()
        self._proof.needed = self._trial.ends > 0
        self._hurry_samples()

    async def send(self, row: JournalRow) -> None:
        """Send the first row, or give it up where it can never be said or holds back others."""
        calls = self._spelling.calls(row)
        if not isinstance(calls, str) and (why := self._trial.skips(row, hurried=self._hurried)):
            calls = why
        if isinstance(calls, str):
            self._drop(row, calls)
            await asyncio.sleep(0)  # many may follow, and each of them is a commit
            return
        if not calls:
            self._store.journal.confirm(row)
            self._left(row)
            await asyncio.sleep(0)
            return
        self._row_open = row.number
        self._throttle.row_goes()
        sending = _Sending(row, calls[-1], self._clock.monotonic(), self._sender.answered)
        for call in calls:
            answer = await self._sender.send(call, row.connector_id, row.number)
        if self._row_open != row.number:  # a late answer to an earlier sending has settled it
            self._answered_twice(row, answer)
        elif isinstance(answer, NoAnswer):
            if not answer.link_lost:
                self._unanswered(sending, answer)
        else:
            self._answered(sending, answer)

    def forget(self, row: JournalRow) -> None:
        """Give up a row that is open, for nobody waits for its answer any more."""
        self._sender.blame.forget(row.number)
        self._drop(row, "there was no answer")

    def link_ended(self, call: OpenCall, end: LinkEnd) -> None:
        """The CSMS has ended the link at the call of a row."""
        first = next(iter(self._store.journal.first(1)), None)
        counts = self._sender.blame.proved or not self._trial.ends
        if counts and first is not None and first.number == call.row:
            hurried = self._hurried
            message = self._sender.dialect.message(call.action, call.connector_id)
            self._judge(first, self._trial.link_ended(first, end.words, message, hurried=hurried))

    def others_answered(self) -> None:
        """After the silence to a sample something else was answered."""
        self._trial.hears_others()
        self._hurry_samples()

    def others_unanswered(self) -> None:
        """Something else met silence, too: it is not the samples."""
        self._trial.hears_nothing()

    @property
    def _hurried(self) -> bool:
        """Whether something waits that is no sample."""
        return self._others > 0

    def _taken_back(self) -> None:
        """A commit did not come about: what it had added to the journal never was there."""
        if len(self._ages) <= self._store.journal.depth:
            return
        while len(self._ages) > self._store.journal.depth:
            self._ages.pop()
            self._throttle.row_taken_back()
        self._others = _others_in(self._store)

    def _answered(self, sending: _Sending, answer: Result | Error) -> None:
        row = sending.row
        if isinstance(answer, Error):
            verdict = self._trial.failed(row, words(answer), answer.code, hurried=self._hurried)
            self._tell(sending, answer, verdict.then)
            self._judge(row, verdict)
            return
        transaction_id = self._spelling.transaction_id(row, answer.payload)
        if lacks := self._spelling.lacks(row, answer.payload):
            self._listener.half_settled(row, answer.payload)
            verdict = self._trial.failed(row, lacks, hurried=self._hurried)
            self._tell(sending, answer, verdict.then, lacks)
            self._judge(row, verdict)
            return
        self._tell(sending, answer)
        self._store.journal.confirm(row, transaction_id)
        self._trial.taken(row)
        self._left(row, began=row.kind == BEGAN)
        if transaction_id is not None:
            row = replace(row, transaction_id=transaction_id)
        self._listener.settled(row, answer.payload)

    def _unanswered(self, sending: _Sending, answer: NoAnswer) -> None:
        row = sending.row
        verdict = self._trial.silent(
            row,
            self._clock.monotonic() - sending.began_s,
            hurried=self._hurried,
            heard_before=sending.heard_before,
        )
        self._tell(sending, answer, verdict.then)
        self._judge(row, verdict)
        if answer.late is not None:
            answer.late.add_done_callback(partial(self._came_late, sending))
        if row.kind == SAMPLED and not self._trial.deaf:
            self._proof.seek()

    def _came_late(self, sending: _Sending, late: asyncio.Future[Answer]) -> None:
        """A row that was taken for unanswered was answered after all: that counts."""
        self._trial.slow_s = max(self._trial.slow_s, self._clock.monotonic() - sending.began_s)
        answer, number = late.result(), sending.row.number
        if self._row_open != number:
            self._answered_twice(sending.row, answer)
            return
        sent_again = self._sender.blame.is_open(number)
        if isinstance(answer, Result) or (isinstance(answer, Error) and not sent_again):
            self._answered(sending, answer)

    def _answered_twice(self, row: JournalRow, answer: Answer) -> None:
        if isinstance(answer, Result):
            self._listener.settled_twice(row, answer.payload)

    def _tell(self, sending: _Sending, answer: Answer, then: str = "", why: str = "") -> None:
        row = sending.row
        named = Call(self._spelling.name(row.kind), sending.call.payload)
        self._sender.tell(named, row.connector_id, answer, then, why)

    def _judge(self, row: JournalRow, verdict: Verdict) -> None:
        """Carry out what was decided of the first row."""
        if isinstance(verdict, GiveUp):
            self._drop(row, verdict.why)
            return
        if verdict.after_s > 0:
            self._retry_in(verdict.after_s)
        self._on_change()  # the attempts are shown

    def _hurry_samples(self) -> None:
        """Something waits behind a sample that is to be sent again: that must not take long."""
        if self._retry_timer is None or not self._hurried or not self._sender.connected:
            return
        row = next(iter(self._store.journal.first(1)), None)
        if row is None or row.kind != SAMPLED:
            return
        if self._trial.skips(row, hurried=True):
            self._end_retry_wait()
            return
        left_s = self._retry_due_s - self._clock.monotonic()
        if left_s > HURRIED_WAIT_S:
            self._retry_in(HURRIED_WAIT_S)

    def _retry_in(self, seconds: float) -> None:
        self._end_retry_wait()
        self._retry_due_s = self._clock.monotonic() + seconds
        self._retry_timer = self._clock.call_later(seconds, self._end_retry_wait)

    def _end_retry_wait(self) -> None:
        if self._retry_timer is not None:
            self._retry_timer.cancel()
            self._retry_timer = None
        self._wake()

    def _drop(self, row: JournalRow, why: str) -> None:
        self._store.journal.give_up(row, why, self._clock.now())
        self._left(row)
        self._listener.given_up(row, why)

    def _left(self, row: JournalRow, *, began: bool = False) -> None:
        self._ages.pop(0)
        if row.kind != SAMPLED:
            self._others -= 1
        self._row_open = None
        self._proof.needed = False
        self._throttle.row_left(began=began)
        self._trial.left()
        self._end_retry_wait()
        if not self._ages:
            self._drained.set()
        self._on_change()


def _others_in(store: Store) -> int:
    """How many rows of the journal are no samples."""
    return sum(row.kind != SAMPLED for row in store.journal.first(store.journal.depth))
