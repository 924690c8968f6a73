"""What to send next, one call at a time (OCPP-J §4.1.1).

Two lanes. *Plain* calls (Authorize, StatusNotification, Heartbeat…) live in memory and end with the
link. *Transaction messages* are rows of the journal: in order, retried, gone only when answered
(OCPP 1.6 §3.7). The older of both goes first, so the program's order is the wire's order; only
after a row the plain lane has its turn, so a backlog of an offline night does not hold back the
status of now, and a card that a driver holds at the reader overtakes everything.

A make's `WireStyle` may let several calls be open (`side_by_side`): then the plain lane overtakes.
It may also have a tick (`pace`): nothing leaves at once.
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

from sim_core.clock import Clock, Timer
from sim_core.draws import Rng
from sim_core.race import Flag
from sim_core.store import JournalRow, Store
from sim_core.wire.endpoint import Answer, Endpoint, Error, NoAnswer, Payload, Result
from sim_core.wire.pace import Pace
from sim_core.wire.refusals import words
from sim_core.wire.side_by_side import SideBySide
from sim_core.wire.style import CLEAN, WireStyle

LOG = logging.getLogger(__name__)

SAMPLE = "MeterValues"
PLACEHOLDER = "transactionId"
"""Written as null into the journal; filled in when the row is sent."""
URGENT = frozenset({"BootNotification", "Authorize"})
PLAIN_LIMIT = 1000
"""How many plain calls may wait; of more the oldest gives way, for it tells least of now."""


Heard = Callable[[str, "int | None", Answer, str, str], None]


def _unheard(action: str, connector: int | None, answer: Answer, then: str, why: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class RetryPolicy:
    """TransactionMessageAttempts and TransactionMessageRetryInterval (OCPP 1.6 §9.1)."""

    attempts: int
    interval_s: float


@dataclass(eq=False)
class _Plain:
    action: str
    payload: Payload
    age: int
    answer: asyncio.Future[Answer]
    while_pending: bool


class Outbox:
    """Sends what the charge point has to say, over whatever connection there is."""

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
        style: WireStyle = CLEAN,
        rng: Rng | None = None,
        instead: Callable[[JournalRow], list[tuple[str, Payload]]] = lambda _: [],
    ) -> None:
        """`instead` gives what a make sends in place of a row; nothing: the row as it is.
        `on_confirmed` reads the transactionId out of an answer before the row leaves;
        `on_settled` is called after it has left."""
        self._store = store
        self._clock = clock
        self._policy = policy
        self._on_confirmed = on_confirmed
        self._on_settled = on_settled
        self._on_given_up = on_given_up
        self._on_change = on_change
        self.heard: Heard = _unheard
        """Called with what came of each call; see `Refusals.heard`."""
        self._drained = Flag()
        # Lists, though they are left at the front: a deque takes 0.7 KiB even while it is empty,
        # and moving a backlog up costs less than the commit that lets its first row go.
        self._plain: list[_Plain] = []
        self._ages = itertools.count()
        self._row_ages = [next(self._ages) for _ in range(store.depth)]
        self._news = Flag()
        self._row_sent_last = False
        self._status_first = False
        self._retry_timer: Timer | None = None
        """Runs while the first row of the journal waits to be sent again."""
        self._silences = 0
        """How often the first row of the journal has met silence."""
        self.registered = False
        """BootNotification was accepted: everything may pass."""
        self.connected = False
        self.busy = False
        """A call is open."""
        self._style = style
        self._instead = instead
        self._held = False
        """Plain calls wait for an answer of ours that is to come after them."""
        self._beside = SideBySide(clock, style, changed=self._calls_changed)
        self._pace = Pace(clock, style, rng or random.Random(), len(self._row_ages))

    @property
    def side_by_side(self) -> bool:
        """Whether more than one call may be open."""
        return self._beside.allowed

    @property
    def idle(self) -> bool:
        """Nothing is on its way, and nothing could go now."""
        if self.side_by_side:
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
        self._drained.clear()
        self._on_change()
        self.wake()

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
        plain = _Plain(action, payload, next(self._ages), answer, while_pending)
        self._pace.plain_added()
        if action in URGENT and not self.side_by_side:
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
        if self._silences:  # a new connection ends a silence, but not the distance to a CALLERROR
            self._end_retry_wait()
        try:
            while not endpoint.closed:
                self._beside.check()
                item = None if self._beside.full else self._next()
                if item is None:
                    self._status_first = False
                    self._drained.set()
                    self._news.clear()
                    self._pace.wake_when_due(self.wake, plain_waits=bool(self._plain))
                    await self._news.wait()
                    continue
                if self.side_by_side:
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
            and not self._beside.row_open
            and self._pace.rows_are_due
        )
        if plain is not None and (
            not row_ready
            or self._row_sent_last
            or self._status_first
            or self.side_by_side
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
            forget = partial(self._drop, row, "there was no answer")
        await self._beside.begin(self._send_row(endpoint, row), is_row=True, on_impatience=forget)

    def _calls_changed(self) -> None:
        self.busy = self._beside.busy
        self._on_change()
        self.wake()

    async def _send_plain(self, endpoint: Endpoint, item: _Plain) -> None:
        answer: Answer = NoAnswer("the link was lost", link_lost=True)
        try:
            answer = await endpoint.call(item.action, item.payload)
            self.heard(item.action, item.payload.get("connectorId"), answer, "", "")
        finally:
            if not item.answer.done():
                item.answer.set_result(answer)

    async def _send_row(self, endpoint: Endpoint, row: JournalRow) -> None:
        payload: dict[str, Any] = dict(row.payload)
        if PLACEHOLDER in payload:
            if row.transaction_id is None:
                # There never was an id, and an invented one would be somebody else's.
                self._drop(row, "its StartTransaction was given up")
                await asyncio.sleep(0)  # many may follow, and each of them is a commit
                return
            payload[PLACEHOLDER] = row.transaction_id
        for action, other in self._instead(row) or [(row.action, payload)]:
            answer = await endpoint.call(action, other)
        if isinstance(answer, Result):
            transaction_id = self._on_confirmed(row, answer.payload)
            if row.action == "StartTransaction" and transaction_id is None:
                why = "StartTransaction was answered without a transactionId"
                self._failed(row, answer, why)
                return
            self.heard(row.action, row.connector_id, answer, "", "")
            self._store.confirm(row, transaction_id)
            self._left(turns=2 if row.action == "StartTransaction" else 1)
            self._on_settled(replace(row, transaction_id=transaction_id), answer.payload)
        elif isinstance(answer, Error):
            self._failed(row, answer, words(answer))
        elif not answer.link_lost:
            self._unanswered(row, answer)

    def _failed(self, row: JournalRow, answer: Answer, why: str) -> None:
        """The CSMS could not process a row (§3.7.1): again later, up to the allowed attempts."""
        policy = self._policy()
        attempts = self._store.count_attempt(row.number)
        last, pause_s = attempts >= policy.attempts, policy.interval_s * attempts
        then = "it is given up" if last else f"it is sent again in {pause_s:g} s"
        then = f"attempt {attempts} of {policy.attempts}, {then}"
        self.heard(row.action, row.connector_id, answer, then, why)
        if last:
            self._drop(row, f"{why}, {attempts} times")
        else:
            self._retry_in(pause_s)

    def _unanswered(self, row: JournalRow, answer: Answer) -> None:
        """Silence is not a failure to process: only samples give way to what waits behind."""
        self._silences += 1
        policy = self._policy()
        last = row.action == SAMPLE and self._silences >= policy.attempts
        pause_s = policy.interval_s * min(self._silences, policy.attempts)
        then = "it is given up" if last else f"it is sent again in {pause_s:g} s"
        self.heard(row.action, row.connector_id, answer, f"attempt {self._silences}, {then}", "")
        if last:
            self._drop(row, f"no answer, {self._silences} times")
        else:
            self._retry_in(pause_s)

    def _retry_in(self, seconds: float) -> None:
        self._end_retry_wait()
        self._retry_timer = self._clock.call_later(seconds, self._end_retry_wait)

    def _end_retry_wait(self) -> None:
        if self._retry_timer is not None:
            self._retry_timer.cancel()
            self._retry_timer = None
        self.wake()

    def _drop(self, row: JournalRow, why: str) -> None:
        self._store.give_up(row, why, self._clock.now())
        self._left()
        self._on_given_up(row, why)

    def _left(self, turns: int = 1) -> None:
        self._row_ages.pop(0)
        self._pace.row_left(turns)
        self._silences = 0
        self._end_retry_wait()
        if not self._row_ages:
            self._drained.set()
        self._on_change()
