"""What to send next, one call at a time (OCPP-J §4.1.1).

Two lanes. *Plain* calls (Authorize, StatusNotification, Heartbeat…) live in memory and end with the
link. *Transaction messages* are rows of the journal: in order, retried, gone only when answered
(OCPP 1.6 §3.7). The older of both goes first, so the program's order is the wire's order; only
after a row the plain lane has its turn, so a backlog of an offline night does not hold back the
status of now, and a card that a driver holds at the reader overtakes everything.

A make's `WireFormat` may let several calls be open (`side_by_side`): then the plain lane overtakes.
It may also have a tick (`pace`): nothing leaves at once. What becomes of a row that is not answered
well, `trial` decides; which message a link has ended at, `link_ends`. Both may want to know whether
the CSMS answers anything else: then a Heartbeat is sent for it.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from sim_core.runtime.asyncio_helpers import LightEvent
from sim_core.runtime.clock import Clock, Timer
from sim_core.runtime.random_numbers import Rng
from sim_core.store.records import JournalRow
from sim_core.store.sqlite import Store
from sim_core.wire.endpoint import Answer, Endpoint, Error, NoAnswer, Payload, Result
from sim_core.wire.link_ends import Blame, LinkEnd, OpenCall
from sim_core.wire.pipelining import Pipelining
from sim_core.wire.refusals import words
from sim_core.wire.throttle import Throttle
from sim_core.wire.trial import HURRIED_WAIT_S, SAMPLE, START, GiveUp, RetryPolicy, Trial, Verdict
from sim_core.wire.wire_format import CLEAN, WireFormat

LOG = logging.getLogger(__name__)

PLACEHOLDER = "transactionId"
"""Written as null into the journal; filled in when the row is sent."""
URGENT = frozenset({"BootNotification", "Authorize"})
PLAIN_LIMIT = 1000
"""How many plain calls may wait; of more the oldest gives way, for it tells least of now."""


Heard = Callable[[str, "int | None", Answer, str, str], None]


def _unheard(action: str, connector: int | None, answer: Answer, then: str, why: str) -> None:
    """Nobody wants to know."""


@dataclass(eq=False)
class _Plain:
    action: str
    payload: Payload
    age: int
    answer: asyncio.Future[Answer]
    while_pending: bool


class Outbox:
    """Sends what the charge point has to say, over whatever connection there is."""

    # Python keeps no more than 30 attributes without a dictionary of 2 KiB for each instance.
    __slots__ = (
        "_ages",
        "_beside",
        "_blame",
        "_clock",
        "_drained",
        "_heard",
        "_held",
        "_instead",
        "_needs_proof",
        "_news",
        "_on_change",
        "_on_confirmed",
        "_on_given_up",
        "_on_half",
        "_on_settled",
        "_on_twice",
        "_others",
        "_pace",
        "_plain",
        "_policy",
        "_proving",
        "_retry_due_s",
        "_retry_timer",
        "_row_ages",
        "_row_open",
        "_row_sent_last",
        "_status_first",
        "_store",
        "_style",
        "_trial",
        "busy",
        "connected",
        "heard",
        "refused",
        "registered",
    )

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        policy: Callable[[], RetryPolicy],
        on_confirmed: Callable[[JournalRow, Payload], int | None],
        on_settled: Callable[[JournalRow, Payload], None],
        on_given_up: Callable[[JournalRow, str], None],
        on_change: Callable[[], None],
        style: WireFormat = CLEAN,
        rng: Rng | None = None,
        instead: Callable[[JournalRow], list[tuple[str, Payload]]] = lambda _: [],
        on_half: Callable[[JournalRow, Payload], None] = lambda *_: None,
        on_twice: Callable[[JournalRow, Payload], None] = lambda *_: None,
    ) -> None:
        """`instead` gives what a make sends in place of a row; nothing: the row as it is.
        `on_confirmed` reads the transactionId out of an answer before the row leaves;
        `on_settled` is called after it has left; `on_half` for an answer to StartTransaction
        without a transactionId, `on_twice` for one to a row that another has settled before."""
        self._store = store
        self._clock = clock
        self._policy = policy
        self._on_confirmed = on_confirmed
        self._on_settled = on_settled
        self._on_given_up = on_given_up
        self._on_half = on_half
        self._on_twice = on_twice
        self._on_change = on_change
        self.refused: Callable[[str, Payload, Error], None] = lambda *_: None
        """Called with each call that the CSMS has answered by a CALLERROR."""
        self.heard: Heard = _unheard
        """Called with what came of each call; see `Refusals.heard`."""
        self._drained = LightEvent()
        # Lists, though they are left at the front: a deque takes 0.7 KiB even while it is empty,
        # and moving a backlog up costs less than the commit that lets its first row go.
        self._plain: list[_Plain] = []
        self._ages = itertools.count()
        self._row_ages = [next(self._ages) for _ in range(store.depth)]
        store.on_rollback = self._rows_taken_back
        self._news = LightEvent()
        self._row_sent_last = False
        self._status_first = False
        self._retry_timer: Timer | None = None
        """Runs while the first row of the journal waits to be sent again."""
        self._retry_due_s = 0.0
        self._trial = Trial(policy, store.count_attempt)
        self._blame = Blame()
        self._row_open: int | None = None
        """The number of the row that was sent last, until it leaves."""
        self._heard = True
        """The last call was answered."""
        self._needs_proof = False
        """The first row has gone down with a link: it waits until this one has proved itself."""
        self._proving = False
        """A Heartbeat is to show whether the CSMS answers."""
        self._others = _others_in(store)
        """How many rows of the journal are no samples."""
        self.registered = False
        """BootNotification was accepted: everything may pass."""
        self.connected = False
        self.busy = False
        """A call is open."""
        self._style = style
        self._instead = instead
        self._held = False
        """Plain calls wait for an answer of ours that is to come after them."""
        self._beside = Pipelining(clock, style, changed=self._calls_changed)
        self._pace = Throttle(clock, style, rng or random.Random(), len(self._row_ages))

    @property
    def pipelining(self) -> bool:
        """Whether more than one call may be open."""
        return self._beside.allowed

    @property
    def idle(self) -> bool:
        """Nothing is on its way, and nothing could go now."""
        if self.pipelining:
            return not self._beside.starting and (self._beside.full or self._choose() is None)
        return not self.busy and self._choose() is None

    def hurry(self) -> None:
        """What is said in this instant leaves in this instant, whatever the tick."""
        self._pace.hurry()
        self.wake()

    def wake(self) -> None:
        """Look again: something that may be sent has changed."""
        self._news.set()

    def status_first(self) -> None:
        """After a boot: what is said of now goes out before the journal's backlog."""
        self._status_first = True

    def append(
        self,
        action: str,
        payload: Payload,
        *,
        key: int,
        connector_id: int,
        later_s: float = 0.0,
    ) -> None:
        """Write a transaction message into the journal; it goes out when its turn comes, and
        `later_s` after that."""
        self._store.append(
            action, payload, key=key, connector_id=connector_id, at=self._clock.now()
        )
        self._pace.row_added(later_s)
        self._row_ages.append(next(self._ages))
        if action != SAMPLE:
            self._others += 1
            self._hurry_samples()
        self._drained.clear()
        self._on_change()
        self.wake()

    def _rows_taken_back(self) -> None:
        """A commit did not come about: what it had added to the journal never was there."""
        if len(self._row_ages) <= self._store.depth:
            return
        while len(self._row_ages) > self._store.depth:
            self._row_ages.pop()
            self._pace.row_taken_back()
        self._others = _others_in(self._store)

    async def drained(self) -> None:
        """Return once all is said and answered, or the link is lost and it cannot be."""
        while self.registered and (self._row_ages or self._plain or self.busy):
            self._drained.clear()
            await self._drained.wait()

    async def call(
        self,
        action: str,
        payload: Payload,
        *,
        while_pending: bool = False,
    ) -> Answer:
        """Send a plain call when its turn comes and return what came of it.

        Without a registered link there is no turn: `NoAnswer` at once. `while_pending` marks what
        the CSMS has asked for while registration is Pending (OCPP 1.6 §4.2).
        """
        return await self.post(action, payload, while_pending=while_pending)

    def post(
        self, action: str, payload: Payload, *, while_pending: bool = False
    ) -> asyncio.Future[Answer]:
        """`call`, for whoever must have its place in the queue now: the answer comes later."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if not self.connected or not (self.registered or while_pending):
            answer.set_result(NoAnswer("the charge point is offline", link_lost=True, sent=False))
            return answer
        if self._blame.withholds(action, payload):
            answer.set_result(
                NoAnswer("the CSMS ends the link whenever it hears it", link_lost=False, sent=False)
            )
            return answer
        plain = _Plain(action, payload, next(self._ages), answer, while_pending)
        self._pace.plain_added()
        if action in URGENT and not self.pipelining:
            self._plain.insert(0, plain)
        else:
            self._plain.append(plain)
        if len(self._plain) > PLAIN_LIMIT:
            oldest = min(self._plain, key=lambda item: item.age)
            self._plain.remove(oldest)
            if not oldest.answer.done():
                oldest.answer.set_result(
                    NoAnswer("it gave way to newer ones", link_lost=False, sent=False)
                )
        self.wake()
        return answer

    async def run(self, endpoint: Endpoint) -> None:
        """Send over `endpoint` until it is closed; ends with every plain call answered."""
        self.connected = True
        endpoint.hold_calls = self._hold
        endpoint.let_calls_go = self._let_go
        if self._trial.silences:  # a new connection ends it, but not the distance to a CALLERROR
            self._end_retry_wait()
        self._trial.new_connection()
        self._blame.new_connection()
        self._needs_proof = self._trial.ends > 0
        self._hurry_samples()
        try:
            while not endpoint.closed:
                self._beside.check()
                item = None if self._beside.full else self._next()
                if item is None:
                    if self._needs_proof and self.registered and not self._proving:
                        self._prove()
                        continue
                    self._status_first = False
                    self._drained.set()
                    self._news.clear()
                    self._pace.wake_when_due(self.wake, plain_waits=bool(self._plain))
                    await self._news.wait()
                    continue
                if self.pipelining:
                    await self._begin(endpoint, item)
                    continue
                self.busy = True
                self._on_change()
                try:
                    if isinstance(item, _Plain):
                        await self._send_plain(endpoint, item)
                    else:
                        await self._send_row(endpoint, item)
                finally:
                    self.busy = False
                    self._on_change()
        finally:
            self.connected = False
            self.registered = False
            self._held = False
            await self._beside.end()
            self._drained.set()
            while self._plain:
                waiting = self._plain.pop(0).answer
                if not waiting.done():
                    waiting.set_result(NoAnswer("the link was lost", link_lost=True, sent=False))

    def _next(self) -> _Plain | JournalRow | None:
        turn = self._choose()
        if turn is None:
            return None
        self._row_sent_last = turn == "row"
        self._status_first = self._status_first and turn != "row"
        if isinstance(turn, _Plain):
            self._plain.remove(turn)
            return turn
        return self._store.journal(1)[0]

    def _choose(self) -> _Plain | Literal["row"] | None:
        """Whose turn it is; the module's docstring has the rule."""
        plain = next((item for item in self._plain if self._may_go(item)), None)
        row_ready = (
            self.registered
            and self._row_ages
            and self._retry_timer is None
            and not self._needs_proof
            and not self._beside.row_open
            and self._pace.rows_are_due
            and not self._store.refusal  # what is not on disk is not on the wire either
        )
        if plain is not None and (
            not row_ready
            or self._row_sent_last
            or self._status_first
            or self.pipelining
            or plain.action in URGENT
            or plain.age < self._row_ages[0]
        ):
            return plain
        return "row" if row_ready else None

    def _may_go(self, item: _Plain) -> bool:
        if not (self.registered or item.while_pending) or self._held:
            return False
        return self._pace.plain_is_due or item.action == "BootNotification"

    def _hold(self) -> None:
        self._held = True

    async def _let_go(self) -> None:
        """Send what is said now, and return when it has been handed to the socket."""
        self._held = False
        self.hurry()
        for turn in range(30):
            await asyncio.sleep(0)
            if turn > 5 and self.idle:
                break

    async def _begin(self, endpoint: Endpoint, item: _Plain | JournalRow) -> None:
        """Send beside what is open already."""
        if isinstance(item, _Plain):
            await self._beside.begin(self._send_plain(endpoint, item))
            return
        row, forget = item, None
        if row.action == SAMPLE and self._style.forgets_samples:
            forget = partial(self._forget, row)
        await self._beside.begin(self._send_row(endpoint, row), is_row=True, on_impatience=forget)

    def _forget(self, row: JournalRow) -> None:
        self._blame.forget(row.number)
        self._drop(row, "there was no answer")

    def _calls_changed(self) -> None:
        self.busy = self._beside.busy
        self._on_change()
        self.wake()

    async def _send_plain(self, endpoint: Endpoint, item: _Plain) -> None:
        answer: Answer = NoAnswer("the link was lost", link_lost=True)
        try:
            answer = await self._call(endpoint, item.action, item.payload)
            if isinstance(answer, (Result, Error)):
                self._needs_proof = False
            elif not answer.link_lost:
                self._trial.hears_nothing()
            if isinstance(answer, Error):
                self.refused(item.action, item.payload, answer)
            self.heard(item.action, item.payload.get("connectorId"), answer, "", "")
        finally:
            if not item.answer.done():
                item.answer.set_result(answer)

    async def _call(
        self, endpoint: Endpoint, action: str, payload: Payload, row: JournalRow | None = None
    ) -> Answer:
        """Send, and keep in mind what is open: the link may end at it."""
        number = None if row is None else row.number
        connector_id = payload.get("connectorId") if row is None else row.connector_id
        call = OpenCall(action, payload, connector_id, self._clock.monotonic(), number)
        self._blame.sent(call)
        answer = await endpoint.call(action, payload)
        if not isinstance(answer, NoAnswer) or not answer.link_lost:
            self._heard = not isinstance(answer, NoAnswer)
            self._blame.over(call, answered=self._heard)
        return answer

    async def _send_row(self, endpoint: Endpoint, row: JournalRow) -> None:
        payload: dict[str, Any] = dict(row.payload)
        if why := self._why_not(row):
            self._drop(row, why)
            await asyncio.sleep(0)  # many may follow, and each of them is a commit
            return
        if PLACEHOLDER in payload:
            payload[PLACEHOLDER] = row.transaction_id
        self._row_open = row.number
        began_s, heard_before = self._clock.monotonic(), self._heard
        for action, other in self._instead(row) or [(row.action, payload)]:
            answer = await self._call(endpoint, action, other, row)
        if self._row_open != row.number:  # a late answer to an earlier sending has settled it
            if isinstance(answer, Result):
                self._on_twice(row, answer.payload)
        elif isinstance(answer, NoAnswer):
            if not answer.link_lost:
                took_s = self._clock.monotonic() - began_s
                self._unanswered(row, answer, took_s, heard_before=heard_before)
        else:
            self._answered(row, answer)

    def _why_not(self, row: JournalRow) -> str:
        """Why a row leaves without being sent; empty when it is sent."""
        if PLACEHOLDER in row.payload and row.transaction_id is None:
            # There never was an id, and an invented one would be somebody else's.
            return "its StartTransaction was given up"
        return self._trial.skips(row, hurried=self._others > 0) if row.action == SAMPLE else ""

    def _answered(self, row: JournalRow, answer: Result | Error) -> None:
        if isinstance(answer, Error):
            self.refused(row.action, row.payload, answer)
            why, code = words(answer), answer.code
            self._judge(row, self._trial.failed(row, why, code, hurried=self._others > 0), answer)
            return
        transaction_id = self._on_confirmed(row, answer.payload)
        if row.action == START and transaction_id is None:
            why = "StartTransaction was answered without a transactionId"
            self._on_half(row, answer.payload)
            verdict = self._trial.failed(row, why, hurried=self._others > 0)
            self._judge(row, verdict, answer, why)
            return
        self.heard(row.action, row.connector_id, answer, "", "")
        self._store.confirm(row, transaction_id)
        self._trial.taken(row)
        self._left(row, turns=2 if row.action == START else 1)
        self._on_settled(replace(row, transaction_id=transaction_id), answer.payload)

    def _unanswered(
        self, row: JournalRow, answer: NoAnswer, took_s: float, *, heard_before: bool
    ) -> None:
        hurried = self._others > 0
        silent = self._trial.silent
        verdict = silent(row, took_s, hurried=hurried, heard_before=heard_before)
        self._judge(row, verdict, answer)
        if answer.late is not None:
            sent_s = self._clock.monotonic() - took_s
            answer.late.add_done_callback(partial(self._came_late, row, sent_s))
        if row.action == SAMPLE and not self._trial.deaf:
            self._prove()

    def _came_late(self, row: JournalRow, sent_s: float, late: asyncio.Future[Answer]) -> None:
        """A row that was taken for unanswered was answered after all: that counts."""
        self._trial.slow_s = max(self._trial.slow_s, self._clock.monotonic() - sent_s)
        answer = late.result()
        if self._row_open != row.number:
            if isinstance(answer, Result):
                self._on_twice(row, answer.payload)
            return
        sent_again = self._blame.is_open(row.number)
        if isinstance(answer, Result) or (isinstance(answer, Error) and not sent_again):
            self._answered(row, answer)

    def _prove(self) -> None:
        """See whether the CSMS answers anything: a Heartbeat may always be sent (§4.6)."""
        if self._proving:
            return
        self._proving = True

        def told(heard: asyncio.Future[Answer]) -> None:
            self._proving = False
            answer = heard.result()
            if isinstance(answer, NoAnswer) and not answer.sent and self.connected:
                self._needs_proof = False  # it must not be sent: nothing else can tell
            if isinstance(answer, (Result, Error)):
                self._trial.hears_others()
                self._hurry_samples()
            self.wake()

        self.post("Heartbeat", {}).add_done_callback(told)

    def _hurry_samples(self) -> None:
        """Something waits behind a sample that is to be sent again: that must not take long."""
        if self._retry_timer is None or not self._others or not self.connected:
            return
        row = next(iter(self._store.journal(1)), None)
        if row is None or row.action != SAMPLE:
            return
        if self._trial.skips(row, hurried=True):
            self._end_retry_wait()
            return
        left_s = self._retry_due_s - self._clock.monotonic()
        if left_s > HURRIED_WAIT_S:
            self._retry_in(HURRIED_WAIT_S)

    def link_ended(self, end: LinkEnd) -> str:
        """The CSMS has ended the link. Returns what is to be said when it always does so at the
        same message; empty when it does not."""
        call, often = self._blame.ended(end, self._clock.monotonic())
        if call is None:
            return ""
        first = self._store.journal(1) if call.row is not None else []
        counts = self._blame.proved or not self._trial.ends
        if counts and first and first[0].number == call.row:
            hurried, ended = self._others > 0, self._trial.link_ended
            self._judge(first[0], ended(first[0], end.words, call.words, hurried=hurried))
        if often < 2:
            return ""
        return f"the CSMS {end.words} whenever it hears {call.words}: look there for the reason"

    def _judge(
        self, row: JournalRow, verdict: Verdict, answer: Answer | None = None, why: str = ""
    ) -> None:
        """Carry out what was decided of the first row; it is told as what became of `answer`."""
        if answer is not None:
            self.heard(row.action, row.connector_id, answer, verdict.then, why)
        if isinstance(verdict, GiveUp):
            self._drop(row, verdict.why)
            return
        if verdict.after_s > 0:
            self._retry_in(verdict.after_s)
        self._on_change()  # the attempts are shown

    def _retry_in(self, seconds: float) -> None:
        self._end_retry_wait()
        self._retry_due_s = self._clock.monotonic() + seconds
        self._retry_timer = self._clock.call_later(seconds, self._end_retry_wait)

    def _end_retry_wait(self) -> None:
        if self._retry_timer is not None:
            self._retry_timer.cancel()
            self._retry_timer = None
        self.wake()

    def _drop(self, row: JournalRow, why: str) -> None:
        self._store.give_up(row, why, self._clock.now())
        self._left(row)
        self._on_given_up(row, why)

    def _left(self, row: JournalRow, turns: int = 1) -> None:
        self._row_ages.pop(0)
        if row.action != SAMPLE:
            self._others -= 1
        self._row_open = None
        self._needs_proof = False
        self._pace.row_left(turns)
        self._trial.left()
        self._end_retry_wait()
        if not self._row_ages:
            self._drained.set()
        self._on_change()


def _others_in(store: Store) -> int:
    """How many rows of the journal are no samples."""
    return sum(row.action != SAMPLE for row in store.journal(store.depth))
