"""What to send next, one call at a time (OCPP-J §4.1.1).

Two lanes. *Plain* calls (`plain_lane`) live in memory and end with the link. *Rows* of the journal
(`journal_lane`) are in order, retried, gone only when answered (OCPP 1.6 §3.7). The older of both
goes first, so the program's order is the wire's order; only after a row the plain lane has its
turn, so a backlog of an offline night does not hold back the status of now, and a card that a
driver holds at the reader overtakes everything.

A make's `WireFormat` may let several calls be open (`pipelining`): then the plain lane overtakes.
It may also have a tick (`throttle`): nothing leaves at once.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from sim_core.runtime.asyncio_helpers import LightEvent
from sim_core.runtime.clock import Clock
from sim_core.runtime.random_numbers import Rng
from sim_core.store.interface import Store
from sim_core.store.records import BEGAN, SAMPLED, JournalRow
from sim_core.wire.answers import Answer, Error, NoAnswer, Payload, Result
from sim_core.wire.dialect import Dialect
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.journal_lane import JournalLane
from sim_core.wire.link_ends import LinkEnd
from sim_core.wire.pipelining import Pipelining
from sim_core.wire.plain_lane import PlainCall, PlainLane, nothing
from sim_core.wire.proof_of_life import ProofOfLife
from sim_core.wire.refusals import Heard
from sim_core.wire.sender import Sender
from sim_core.wire.spelling import Call, RowListener, Spelling
from sim_core.wire.throttle import Throttle
from sim_core.wire.trial import RetryPolicy
from sim_core.wire.wire_format import CLEAN, CLEAN_OPEN_CALLS, WireFormat

TURNS, LEAST_TURNS = 30, 6
"""How often the loop comes round, at most and at least, before what is said now has left."""
BEHIND_S = 5.0
"""So long a status waits for the message of the begin that it follows: behind a backlog it does
not."""


class Outbox:
    """Sends what the charge point has to say, over whatever connection there is."""

    __slots__ = (
        "_ages",
        "_begun",
        "_beside",
        "_clock",
        "_drained",
        "_held",
        "_news",
        "_on_change",
        "_plain",
        "_proof",
        "_row_sent_last",
        "_rows",
        "_sender",
        "_status_first",
        "_style",
        "_throttle",
        "busy",
        "registered",
    )

    def __init__(
        self,
        store: Store,
        clock: Clock,
        dialect: Dialect,
        spelling: Spelling,
        listener: RowListener,
        *,
        policy: Callable[[], RetryPolicy],
        on_change: Callable[[], None],
        heard: Callable[[Heard], None],
        style: WireFormat = CLEAN,
        rng: Rng | None = None,
    ) -> None:
        """`spelling` makes messages of rows, `listener` is told what came of them; `heard` is
        called with what came of each call, `on_change` when what waits looks different."""
        self._on_change = on_change
        self._clock = clock
        self._style = style
        self._ages = itertools.count()
        self._drained = LightEvent()
        self._news = LightEvent()
        self._sender = Sender(clock, dialect, heard)
        self._proof = ProofOfLife(self._ask_for_proof, self._proof_came)
        self._beside = (
            Pipelining(clock, style, changed=self._calls_changed)
            if style.open_calls > CLEAN_OPEN_CALLS
            else None
        )
        """The calls that are open, where there may be more than one."""
        self._throttle = Throttle(clock, style, rng or random.Random(), store.journal.depth)
        self._plain = PlainLane()
        self._rows = JournalLane(
            store,
            clock,
            spelling,
            listener,
            self._sender,
            self._throttle,
            self._proof,
            policy=policy,
            ages=self._ages,
            drained=self._drained,
            on_change=on_change,
            wake=self._news.set,
        )
        self._begun: dict[int, int] = {}
        """By connector: the age of the row that tells of the newest begin there."""
        self._row_sent_last = False
        self._status_first = False
        self._held = False
        """Plain calls wait for an answer of ours that is to come after them."""
        self.registered = False
        """The CSMS has accepted the charge point: everything may pass."""
        self.busy = False
        """A call is open."""

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._sender.connected

    @property
    def pipelining(self) -> bool:
        """Whether more than one call may be open."""
        return self._beside is not None

    @property
    def idle(self) -> bool:
        """Nothing is on its way, and nothing could go now."""
        if self._beside is not None:
            return not self._beside.starting and (self._beside.full or self._choose() is None)
        return not self.busy and self._choose() is None

    def skip_tick(self) -> None:
        """What is said in this instant leaves in this instant, whatever the tick."""
        self._throttle.skip_tick()
        self.wake()

    def wake(self) -> None:
        """Look again: something that may be sent has changed."""
        self._news.set()

    def booted(self) -> None:
        """The charge point has registered, and begins to speak."""
        self._throttle.booted()

    def hold_rows(self) -> None:
        """The journal waits until `let_rows_go`, or for the next connection."""
        self._throttle.hold_rows()

    def let_rows_go(self, after_s: float = 0.0) -> None:
        """The journal's first row may leave, after so long."""
        self._throttle.let_rows_go(after_s)
        self.wake()

    def status_first(self) -> None:
        """After a boot: what is said of now goes out before the journal's backlog."""
        self._status_first = True

    def hold(self) -> None:
        """Plain calls wait until `let_go`."""
        self._held = True

    async def let_go(self) -> None:
        """Send what is said now, and return when it has been handed to the socket."""
        self._held = False
        self.skip_tick()
        for turn in range(TURNS):
            await asyncio.sleep(0)
            if turn >= LEAST_TURNS and self.idle:
                break

    def append(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        key: int,
        connector_id: int,
        later_s: float = 0.0,
        of_the_end: bool = False,
    ) -> None:
        """Write what has happened in a transaction into the journal: `kind` and `content` are
        those of `JournalRow`. It goes out when its turn comes, and `later_s` after that;
        `of_the_end`: it is the sample of the end, which a make may notice late."""
        age = self._rows.append(
            kind,
            content,
            key=key,
            connector_id=connector_id,
            later_s=later_s,
            of_the_end=of_the_end,
        )
        if kind == BEGAN and self.pipelining:
            self._begun[connector_id] = age

    async def drained(self) -> None:
        """Return once all is said and answered, or the link is lost and it cannot be."""
        while self.registered and (self._rows or self._plain or self.busy):
            self._drained.clear()
            await self._drained.wait()

    async def call(
        self,
        action: str,
        payload: Payload,
        *,
        while_pending: bool = False,
        behind_start_of: int | None = None,
        leaves: Callable[[], None] = nothing,
    ) -> Answer:
        """Send a plain call when its turn comes and return what came of it.

        Without a registered link there is no turn: `NoAnswer` at once. `while_pending` marks what
        the CSMS has asked for while registration is Pending (OCPP 1.6 §4.2). Where it might
        overtake transaction messages, it does not overtake the newest begin at the connector
        `behind_start_of`. `leaves` is called when it leaves, or it is clear that it never will.
        """
        return await self.post(
            action,
            payload,
            while_pending=while_pending,
            behind_start_of=behind_start_of,
            leaves=leaves,
        )

    def post(
        self,
        action: str,
        payload: Payload,
        *,
        while_pending: bool = False,
        behind_start_of: int | None = None,
        leaves: Callable[[], None] = nothing,
        judged: bool = True,
    ) -> asyncio.Future[Answer]:
        """`call`, for whoever must have its place in the queue now: the answer comes later. What is
        not `judged` may be no message of this version at all."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if not self.connected or not (self.registered or while_pending):
            answer.set_result(NoAnswer("the charge point is offline", link_lost=True, sent=False))
            leaves()
            return answer
        if judged and self._sender.blame.withholds(action, payload):
            answer.set_result(
                NoAnswer("the CSMS ends the link whenever it hears it", link_lost=False, sent=False)
            )
            leaves()
            return answer
        plain = PlainCall(
            Call(action, payload, judged),
            next(self._ages),
            answer,
            while_pending,
            behind=self._begun.get(behind_start_of) if behind_start_of is not None else None,
            behind_until_s=self._clock.monotonic() + BEHIND_S,
            leaves=leaves,
        )
        if plain.behind is not None and self._rows.is_unsent(plain.behind):
            self._clock.call_later(BEHIND_S, self.wake)
        self._throttle.plain_added()
        self._plain.add(plain, overtakes=self._is_urgent(plain) and not self.pipelining)
        self.wake()
        return answer

    async def say(self, text: str) -> Answer:
        """Send a frame as it is, whatever it is. It waits for no turn: who says such a thing may
        want to see what a second open call comes to."""
        return await self._sender.say(text)

    async def run(self, endpoint: Endpoint) -> None:
        """Send over `endpoint` until it is closed; ends with every plain call answered."""
        self._sender.connect(endpoint)
        endpoint.answering.caller = self
        self._rows.new_connection()
        self._throttle.let_rows_go()
        try:
            while not endpoint.closed:
                beside = self._beside
                if beside is not None:
                    beside.check()
                item = self._next() if beside is None or not beside.full else None
                if item is None:
                    if self._is_at_rest():
                        await self._news.raised()
                elif beside is not None:
                    await self._begin(item, beside)
                else:  # it is sent, and its answer awaited
                    self.busy = True
                    self._on_change()
                    try:
                        if isinstance(item, PlainCall):
                            await self._send_plain(item)
                        else:
                            await self._rows.send(item)
                    finally:
                        self.busy = False
                        self._on_change()
        finally:
            self._sender.disconnect()
            self.registered = False
            self._held = False
            if self._beside is not None:
                await self._beside.end()
            self._drained.set()
            self._plain.end()

    def link_ended(self, end: LinkEnd) -> str:
        """The CSMS has ended the link. Returns what is to be said when it always does so at the
        same message; empty when it does not."""
        call, often = self._sender.ended(end)
        if call is None:
            return ""
        if call.row is not None:
            self._rows.link_ended(call, end)
        if often < 2:
            return ""
        message = self._sender.dialect.message(call.action, call.connector_id)
        return f"the CSMS {end.words} whenever it hears {message}: look there for the reason"

    # -- whose turn it is ----------------------------------------------

    def _next(self) -> PlainCall | JournalRow | None:
        turn = self._choose()
        if turn is None:
            return None
        self._row_sent_last = turn == "row"
        self._status_first = self._status_first and turn != "row"
        if isinstance(turn, PlainCall):
            self._plain.take(turn)
            return turn
        return self._rows.first()

    def _choose(self) -> PlainCall | Literal["row"] | None:
        """Whose turn it is; the module's docstring has the rule."""
        row_ready = (
            self._rows.may_go
            and self.registered
            and not self._proof.needed
            and not (self._beside is not None and self._beside.row_open)
            and self._throttle.rows_are_due
        )
        if not self._plain:  # as mostly
            return "row" if row_ready else None
        takes_along = row_ready and self.pipelining and self._throttle.plain_is_ripe
        plain = self._plain.first(partial(self._may_go, with_row=takes_along))
        if plain is not None and (
            not row_ready
            or self._row_sent_last
            or self._status_first
            or self.pipelining
            or self._is_urgent(plain)
            or plain.age < self._rows.oldest
        ):
            return plain
        return "row" if row_ready else None

    def _may_go(self, plain: PlainCall, *, with_row: bool) -> bool:
        if not (self.registered or plain.while_pending) or self._held:
            return False
        if (
            plain.behind is not None
            and self._rows.is_unsent(plain.behind)
            and self._clock.monotonic() < plain.behind_until_s
        ):
            return False
        if self._throttle.plain_is_due or with_row:
            return True
        return not self.registered and plain.call.action == self._sender.dialect.boot

    def _is_urgent(self, plain: PlainCall) -> bool:
        return plain.call.action in self._sender.dialect.urgent

    def _is_at_rest(self) -> bool:
        """Nothing may go: whether that stays so until there is news."""
        if self._proof.needed and self.registered and not self._proof.sought:
            self._proof.seek()
            return False
        self._status_first = False
        self._drained.set()
        self._news.clear()
        self._throttle.wake_when_due(self.wake, plain_waits=bool(self._plain))
        return True

    # -- sending -------------------------------------------------------

    async def _begin(self, item: PlainCall | JournalRow, beside: Pipelining) -> None:
        """Send beside what is open already."""
        if isinstance(item, PlainCall):
            await beside.begin(self._send_plain(item))
            return
        forgets = item.kind == SAMPLED and self._style.forgets_samples
        forget = partial(self._rows.forget, item) if forgets else None
        await beside.begin(self._rows.send(item), is_row=True, on_impatience=forget)

    def _calls_changed(self) -> None:
        self.busy = self._beside is not None and self._beside.busy
        self._on_change()
        self.wake()

    async def _send_plain(self, plain: PlainCall) -> None:
        answer: Answer = NoAnswer("the link was lost", link_lost=True)
        plain.left()
        connector_id = self._sender.dialect.subject(plain.call.payload).connector_id
        try:
            answer = await self._sender.send(plain.call, connector_id)
            if isinstance(answer, (Result, Error)):
                self._proof.needed = False
            elif not answer.link_lost:
                self._rows.others_unanswered()
            self._sender.tell(plain.call, connector_id, answer)
        finally:
            plain.answered(answer)

    # -- whether the CSMS lives ----------------------------------------

    def _ask_for_proof(self) -> asyncio.Future[Answer]:
        return self.post(self._sender.dialect.proof_of_life, {})

    def _proof_came(self, answer: Answer) -> None:
        if isinstance(answer, NoAnswer):
            if not answer.sent and self.connected:
                self._proof.needed = False  # it must not be sent: nothing else can tell
        else:
            self._rows.others_answered()
        self.wake()
