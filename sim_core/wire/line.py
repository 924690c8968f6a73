"""One connection's frames on their way, where somebody may do something to them on purpose.

Who does, and by which rules, the wire does not know: `meet` is asked about each frame, and what it
wants is done here, to the frames and the bytes of the real socket. The message log has what the
charge point has said and heard, and with each exchange a mark of what was on the wire instead.

A connection has a line only once somebody wants something: until then no frame comes here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from sim_core.redaction import names_secret, without_users
from sim_core.runtime.clock import Clock
from sim_core.wire import frames
from sim_core.wire.altered_frames import any_id, changed, message_of
from sim_core.wire.channel import NAME_LIMIT, Channel
from sim_core.wire.frames import CALL, CALLERROR, CALLRESULT
from sim_core.wire.meddling import Deliver, Hit, Meddler, Passing, Shown
from sim_core.wire.message_log import Direction, ExchangeState
from sim_core.wire.slow_transport import SlowTransport
from sim_core.wire_faults import FROM_CSMS, TO_CSMS, TORN, WireFault, told_value

LOG = logging.getLogger(__name__)

SORTS = {CALL: "request", CALLRESULT: "answer", CALLERROR: "error"}
WORDS = {"request": "request", "answer": "answer", "error": "CALLERROR", "": "frame"}
CLOSED = "closed on purpose"


class _Copy(NamedTuple):
    """A request that was sent once more."""

    number: int
    sent_s: float


class Line:
    """See the module."""

    def __init__(
        self,
        channel: Channel,
        connection: Any,
        meddler: Meddler,
        deliver: Deliver,
        *,
        asked: Callable[[str], tuple[int, str]],
        failed: Callable[[BaseException], None],
        call_timeout_s: float,
    ) -> None:
        """`asked` knows number and action of a call of ours by its id, (0, "") where there is none;
        `failed` is told of a fault of ours in what follows from a frame."""
        self._channel = channel
        self._connection = connection
        self._meddler = meddler
        self._deliver = deliver
        self._asked = asked
        self._failed = failed
        self._call_timeout_s = call_timeout_s
        self._tasks: set[asyncio.Task[None]] = set()
        self._kept: dict[Passing, int] = {}
        """Frames that have yet to arrive, each with how often."""
        self._lost: set[str] = set()
        """Ids of calls of ours that nobody can answer any more."""
        self._lost_asked: set[str] = set()
        """The same of the CSMS's."""
        self._copies: dict[str, list[_Copy]] = {}
        """Requests that were sent once more and wait for their answer, by message id."""
        self._marks: dict[str, str] = {}
        """What is said of an answer to an id that is none of ours."""
        self._overtaken: dict[str, list[asyncio.Future[None]]] = {TO_CSMS: [], FROM_CSMS: []}
        self._frozen = 0
        self._writing_held = 0
        self._gate: asyncio.Future[None] | None = None
        """There while nothing is read."""
        self._slow: SlowTransport | None = None
        self.closed_by = ""
        """Why the connection was closed here; empty: it was not."""

    @property
    def _clock(self) -> Clock:
        return self._channel.clock

    # -- what is seen ------------------------------------------------

    @property
    def still(self) -> bool:
        """Whether nothing is read from the socket."""
        return self._frozen > 0

    @property
    def withheld(self) -> frozenset[str]:
        """Ids of our calls of which nothing is on its way: lost, or kept."""
        kept = {one.message_id for one in self._kept if one.is_ours}
        return frozenset(self._lost | kept)

    @property
    def awaited(self) -> frozenset[str]:
        """Ids that are none of our open calls', and that the CSMS has yet to answer."""
        return frozenset(self._copies) | frozenset(self._marks)

    @property
    def asked_kept(self) -> int:
        """Of how many requests of the CSMS nothing is on its way: lost, or kept."""
        kept = {one.message_id for one in self._kept if not one.is_ours}
        return len(self._lost_asked | kept)

    # -- frames come -------------------------------------------------

    async def send(self, text: str, number: int) -> None:
        """A frame of the charge point's."""
        read = frames.read(text)
        exchange = self._channel.log.get(number)
        action = exchange.action if exchange is not None else ""
        sort = SORTS.get(read.kind, "")
        await self._meet(Passing(TO_CSMS, sort, action, read.message_id, text, number))

    async def arrived(self, frame: object) -> None:
        """A frame of the CSMS's."""
        while self._gate is not None:
            await self._gate
        text = frame.decode("utf-8", "replace") if isinstance(frame, bytes) else str(frame)
        read = frames.read(text)
        sort = SORTS.get(read.kind, "")
        number, action, mark = 0, "", ""
        if sort == "request":
            action = read.parts[2] if isinstance(read.parts[2], str) else ""
        elif sort:
            number, action = self._asked(read.message_id)
            if not number and self._answers_copy(read, text):
                return
            mark = self._marks.pop(read.message_id, "")
        await self._meet(Passing(FROM_CSMS, sort, action, read.message_id, text, number, mark))

    def end(self) -> None:
        """The connection has ended: what is kept never arrives."""
        for task in self._tasks:
            task.cancel()
        if self._gate is not None and not self._gate.done():
            self._gate.cancel()
        for copies in self._copies.values():
            for copy in copies:
                self._channel.log.close(
                    copy.number, ExchangeState.UNANSWERED, trouble="the link was lost"
                )
        self._copies.clear()
        self._marks.clear()
        self._kept.clear()
        self._frozen = 0

    async def _meet(self, frame: Passing) -> None:
        hit = self._meddler.meet(frame) if self._meddler.on else None
        if hit is None:
            await self._go(frame, frame.text)
        else:
            await DOES[hit.rule.fault](self, frame, hit)

    async def _go(self, frame: Passing, text: str, mark: str = "") -> None:
        """Let a frame arrive."""
        if frame.direction == TO_CSMS:
            await self._channel.write(text)
        else:
            await self._deliver(text, "; ".join(filter(None, (frame.mark, mark))))
        waiting, self._overtaken[frame.direction] = self._overtaken[frame.direction], []
        for one in waiting:
            if not one.done():
                one.set_result(None)

    def _marked(self, frame: Passing, hit: Hit, what: str) -> str:
        """Say what was done to a frame; returns the mark, for one that the log has yet to get."""
        self._meddler.done(frame, hit, what)
        mark = hit.mark(f"{WORDS[frame.sort]} {what}")
        if frame.number:
            self._channel.log.mark(frame.number, mark)
        return mark

    def _lose(self, frame: Passing) -> None:
        """Nothing comes of it any more."""
        if frame.sort:
            (self._lost if frame.is_ours else self._lost_asked).add(frame.message_id)

    def _never(self, frame: Passing, mark: str, *, answer: str = "", code: str = "") -> None:
        """A request of the CSMS's never arrives: the log is to have it all the same."""
        if frame.direction == TO_CSMS or frame.number:
            return
        channel = self._channel
        request, shown = frame.sort == "request", without_users(frame.action)
        state = ExchangeState.ERROR if answer or not request else ExchangeState.UNANSWERED
        channel.log.open(
            Direction.RECEIVED if request else Direction.NOISE,
            shown[:NAME_LIMIT] if request and shown.isprintable() and shown else "frame on purpose",
            without_users(frame.message_id)[:NAME_LIMIT],
            channel.shown(frame.text),
            channel.clock.now(),
            state=state,
            trouble=code or mark,
            answer=answer,
            injected=mark,
        )

    @contextmanager
    def _keeping(self, frame: Passing) -> Iterator[None]:
        """Around a time in which it has yet to arrive."""
        self._kept[frame] = self._kept.get(frame, 0) + 1
        try:
            yield
        finally:
            left = self._kept.pop(frame, 1) - 1
            if left:
                self._kept[frame] = left

    def _beside(self, frame: Passing, work: Coroutine[Any, Any, None]) -> None:
        """Do this while other frames pass; the frame is kept meanwhile."""
        keeping = self._keeping(frame)
        keeping.__enter__()
        task = asyncio.ensure_future(work)
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            keeping.__exit__(None, None, None)
            if not task.cancelled() and (error := task.exception()):
                LOG.error("a frame could not be let go", exc_info=error)
                self._failed(error)

        task.add_done_callback(ended)

    # -- what can be done to a frame ---------------------------------

    async def _drop(self, frame: Passing, hit: Hit) -> None:
        self._lose(frame)
        self._never(frame, self._marked(frame, hit, "dropped"))

    async def _delay(self, frame: Passing, hit: Hit) -> None:
        mark = self._marked(frame, hit, f"delayed by {hit.rule.seconds:g} s")

        async def later() -> None:
            await self._clock.sleep(hit.rule.seconds)
            await self._go(frame, frame.text, mark)

        self._beside(frame, later())

    async def _reorder(self, frame: Passing, hit: Hit) -> None:
        mark = self._marked(frame, hit, "kept until another has overtaken it")
        overtaken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._overtaken[frame.direction].append(overtaken)

        def out_of_patience() -> None:
            if not overtaken.done():
                overtaken.set_result(None)

        timer = self._clock.call_later(hit.rule.seconds, out_of_patience)

        async def later() -> None:
            try:
                await overtaken
            finally:
                timer.cancel()
            await self._go(frame, frame.text, mark)

        self._beside(frame, later())

    async def _hold(self, frame: Passing, hit: Hit) -> None:
        channel = self._channel
        secret = names_secret(frame.text, channel.dialect.secret_keys)
        shown = channel.shown(frame.text)
        decided = self._meddler.hold(frame, hit, Shown(shown, not secret and shown == frame.text))
        since_s = self._clock.monotonic()
        if frame.number:
            channel.log.mark(frame.number, hit.mark(f"{WORDS[frame.sort]} held"))

        async def later() -> None:
            text = await decided
            held_s = self._clock.monotonic() - since_s
            if text is None:
                self._lose(frame)
                self._never(frame, self._marked(frame, hit, f"dropped after {held_s:.0f} s"))
                return
            edited = " edited" if text != frame.text else ""
            mark = self._marked(frame, hit, f"let go{edited} after {held_s:.0f} s")
            if edited and frames.read(text).message_id != frame.message_id:
                self._lose(frame)
            await self._go(frame, text, mark)

        self._beside(frame, later())

    async def _duplicate(self, frame: Passing, hit: Hit) -> None:
        rule = hit.rule
        how = " with a new id" if rule.new_id else ""
        often = "once more" if rule.copies == 1 else f"{rule.copies} times more"
        mark = self._marked(frame, hit, f"sent {often}{how}")
        await self._go(frame, frame.text, mark)
        for _ in range(rule.copies):
            text = frame.text
            if frame.direction == TO_CSMS and frame.sort == "request":
                message_id = any_id(hit.rng) if rule.new_id else frame.message_id
                text = self._with_id(text, message_id)
                self._note_copy(frame, hit, message_id, text)
            await self._go(frame, text, mark)

    def _note_copy(self, frame: Passing, hit: Hit, message_id: str, text: str) -> None:
        """A copy is a request of its own: its answer, too, is to be seen."""
        channel = self._channel
        known = channel.log.get(frame.number)
        number = channel.log.open(
            Direction.SENT,
            frame.action,
            message_id,
            channel.own_shown(text),
            channel.clock.now(),
            connector_id=known.connector_id if known else None,
            transaction_id=known.transaction_id if known else None,
            injected=hit.mark("a copy, which the charge point knows nothing of"),
        )
        copy = _Copy(number, self._clock.monotonic())
        self._copies.setdefault(message_id, []).append(copy)
        self._clock.call_later(self._call_timeout_s, partial(self._give_up, message_id, copy))

    def _give_up(self, message_id: str, copy: _Copy) -> None:
        copies = self._copies.get(message_id, [])
        if copy in copies:
            self._settle_copy(message_id, copy)
            why = f"no answer within {self._call_timeout_s:g} s"
            self._channel.log.close(copy.number, ExchangeState.UNANSWERED, trouble=why)

    def _settle_copy(self, message_id: str, copy: _Copy) -> None:
        self._copies[message_id].remove(copy)
        if not self._copies[message_id]:
            del self._copies[message_id]

    def _answers_copy(self, read: frames.Frame, text: str) -> bool:
        """Whether a frame answers a request that was sent once more; the log then has it."""
        copies = self._copies.get(read.message_id)
        if not copies:
            return False
        copy = copies[0]
        self._settle_copy(read.message_id, copy)
        error = read.kind == CALLERROR
        code = str(read.parts[2])[:NAME_LIMIT] if error and len(read.parts) > 2 else ""
        self._channel.log.close(
            copy.number,
            ExchangeState.ERROR if error else ExchangeState.ANSWERED,
            answer=self._channel.shown(text),
            latency_s=self._clock.monotonic() - copy.sent_s,
            trouble=code or read.flaw,
        )
        return True

    async def _callerror(self, frame: Passing, hit: Hit) -> None:
        rule = hit.rule
        error = self._encoded([CALLERROR, frame.message_id, rule.code, rule.text, {}])
        if frame.sort != "request":
            mark = self._marked(frame, hit, f"made a CALLERROR {rule.code}")
            await self._go(frame, error, mark)
            return
        mark = self._marked(frame, hit, f"answered by {rule.code}, and never arrived")
        if frame.direction == TO_CSMS:
            await self._deliver(error, mark)
        else:
            self._never(frame, mark, answer=error, code=rule.code)
            await self._channel.write(error)

    async def _foreign_id(self, frame: Passing, hit: Hit) -> None:
        message_id = hit.rule.id or any_id(hit.rng)
        mark = self._marked(frame, hit, f"given the id {message_id}")
        self._lose(frame)
        if frame.direction == TO_CSMS and frame.sort == "request":
            self._marks[message_id] = mark
        await self._go(frame, self._with_id(frame.text, message_id), mark)

    async def _truncate(self, frame: Passing, hit: Hit) -> None:
        left = hit.rule.characters or len(frame.text) // 2
        what = f"cut off after {min(left, len(frame.text))} of {len(frame.text)} characters"
        await self._spoilt(frame, hit, frame.text[:left], what)

    async def _bad_json(self, frame: Passing, hit: Hit) -> None:
        text = frame.text.rstrip()
        await self._spoilt(frame, hit, f"{text[:-1]},{text[-1:]}", "made invalid JSON")

    async def _spoilt(self, frame: Passing, hit: Hit, text: str, what: str) -> None:
        mark = self._marked(frame, hit, what)
        self._lose(frame)
        await self._go(frame, text, mark)

    async def _change(self, frame: Passing, hit: Hit) -> None:
        rule = hit.rule
        text = changed(frame.text, rule)
        if text is None:
            await self._go(frame, frame.text, self._marked(frame, hit, f"has no {rule.path}"))
            return
        told = f"= {told_value(rule, 'becomes')}" if rule.becomes else "taken out"
        await self._go(
            frame, self._encoded(text), self._marked(frame, hit, f"changed: {rule.path} {told}")
        )

    async def _close(self, frame: Passing, hit: Hit) -> None:
        code = hit.rule.close_code
        mark = self._marked(frame, hit, f"lost: the link was closed with {code}")
        self._lose(frame)
        self._never(frame, mark)
        self.closed_by = f"{CLOSED} with {code} by fault {hit.number}"
        if code == TORN:
            self._connection.transport.abort()
            return

        async def close() -> None:
            await self._connection.close(code, CLOSED)

        self._beside(frame, close())

    async def _half_open(self, frame: Passing, hit: Hit) -> None:
        mark = self._marked(frame, hit, f"stuck: the socket is dead{_span(hit.rule)}")
        self._freeze(hit, writing=True)
        if frame.direction == TO_CSMS:
            await self._go(frame, frame.text)
            return
        while self._gate is not None:
            await self._gate
        await self._go(frame, frame.text, mark)

    async def _stall(self, frame: Passing, hit: Hit) -> None:
        mark = self._marked(frame, hit, f"the last: nothing is read behind it{_span(hit.rule)}")
        await self._go(frame, frame.text, mark)
        self._freeze(hit, writing=False)

    def _freeze(self, hit: Hit, *, writing: bool) -> None:
        """Let nothing come, or go either, for as long as the rule says."""
        self._frozen += 1
        self._connection.transport.pause_reading()
        if self._gate is None:
            self._gate = asyncio.get_running_loop().create_future()
        if writing:
            self._writing_held += 1
            self._slowed().hold()

        async def last() -> None:
            over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            timer = None
            if hit.rule.seconds:
                timer = self._clock.call_later(
                    hit.rule.seconds, lambda: None if over.done() else over.set_result(None)
                )
            try:
                await asyncio.wait((over, hit.ended), return_when=asyncio.FIRST_COMPLETED)
                self._thaw(writing=writing)
            finally:
                if timer is not None:
                    timer.cancel()
                hit.over()

        task = asyncio.ensure_future(last())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _thaw(self, *, writing: bool) -> None:
        self._frozen -= 1
        if writing:
            self._writing_held -= 1
            if not self._writing_held:
                self._slowed().let_go()
        if not self._frozen and self._gate is not None:
            gate, self._gate = self._gate, None
            if not gate.done():
                gate.set_result(None)
            if not self._connection.transport.is_closing():
                self._connection.transport.resume_reading()

    async def _slow_down(self, frame: Passing, hit: Hit) -> None:
        rate = hit.rule.bytes_per_s
        took_s = len(frame.text.encode("utf-8", "replace")) / rate
        mark = self._marked(frame, hit, f"slowed down to {rate} bytes a second")
        if frame.direction == TO_CSMS:
            gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._slowed().slow_down(took_s, lambda: None if gone.done() else gone.set_result(None))

            async def trickle() -> None:
                await gone

            self._beside(frame, trickle())
            await self._go(frame, frame.text)
            return
        with self._keeping(frame):
            await self._clock.sleep(took_s)
        await self._go(frame, frame.text, mark)

    def _slowed(self) -> SlowTransport:
        """The transport that can hold what is written."""
        if self._slow is None:
            self._slow = SlowTransport(self._connection.transport, self._clock)
            self._connection.transport = self._slow
        return self._slow

    # -- frames as text ----------------------------------------------

    def _encoded(self, message: list[Any]) -> str:
        return self._channel.style.encode(message)

    def _with_id(self, text: str, message_id: str) -> str:
        """The frame under another message id."""
        message = message_of(text)
        if message is None or len(message) < 2:
            return text
        return self._encoded([message[0], message_id, *message[2:]])


def _span(rule: WireFault) -> str:
    return f" for {rule.seconds:g} s" if rule.seconds else ""


DOES: dict[str, Callable[[Line, Passing, Hit], Awaitable[None]]] = {
    "drop": Line._drop,
    "delay": Line._delay,
    "duplicate": Line._duplicate,
    "reorder": Line._reorder,
    "hold": Line._hold,
    "callerror": Line._callerror,
    "foreign_id": Line._foreign_id,
    "truncate": Line._truncate,
    "bad_json": Line._bad_json,
    "change": Line._change,
    "close": Line._close,
    "half_open": Line._half_open,
    "stall": Line._stall,
    "slow": Line._slow_down,
}
"""What does each kind of `wire_faults.KINDS`."""
