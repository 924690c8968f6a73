"""Plays a log to a CSMS: says what the charger has said, answers as it has answered.

One task says, one reads what the CSMS sends; a link that ends is dialled anew, and what comes next
in the log is said there. Whatever the CSMS does is a finding and never the end of the replay, but
for one: nobody lets us in.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Opcode

from sim_core.bedside.charger import Charger
from sim_core.bedside.frame_reader import Message
from sim_core.bedside.happenings import Ended, Knocked, Opened, Passed
from sim_core.redaction import one_line
from sim_core.replay.answering import Answers, Source
from sim_core.replay.judging import Findings, Judged, Verdict, judge
from sim_core.replay.rewriting import TransactionId, rewritten
from sim_core.replay.score import VERSION_201, Saying, Score
from sim_core.replay.tempo import Tempo
from sim_core.runtime.clock import Clock, Timer
from sim_core.traces.frames import Side
from sim_core.traces.messages import CALL, NotAMessage, read_whole
from sim_core.wire.connecting import explain_close

LOG = logging.getLogger(__name__)

WAITS_S = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Before each attempt to get in; then nobody is tried any more."""
LONGEST_NAME = 100
Connect = Callable[[], Awaitable[ClientConnection]]
"""Opens a link. Raises whatever `explain` explains."""


@dataclass(eq=False)
class _Pending:
    """A request that was said and has no answer yet."""

    saying: Saying
    timer: Timer | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)


class Player:
    """Plays one log once; made and used on the loop that it plays on."""

    def __init__(
        self,
        score: Score,
        charger: Charger,
        connect: Connect,
        explain: Callable[[BaseException], str],
        clock: Clock,
        *,
        speed: float = 1.0,
        patience_s: float = 30.0,
        keeps_times: bool = False,
        allowed: Collection[str] = (),
    ) -> None:
        """`charger` sees every frame; `patience_s` is how long a request waits for its answer."""
        self.score = score
        self.findings = Findings()
        self.tempo = Tempo(clock, speed)
        self.said = 0
        """How many requests have been said."""
        self.ended = False
        self._charger = charger
        self._connect = connect
        self._explain = explain
        self._clock = clock
        self._patience_s = patience_s
        self._allowed = allowed
        self._answers = Answers(score.askings)
        self._pending: dict[str, _Pending] = {}
        self._transactions: dict[TransactionId, TransactionId] = {}
        self._shift: timedelta | None = None
        self._keeps_times = keeps_times
        self._link: ClientConnection | None = None
        self._passage = 0
        self._reading: asyncio.Task[None] | None = None
        self._replies: set[asyncio.Task[None]] = set()

    async def play(self) -> None:
        """Play it to its end, and leave the link."""
        score = self.score
        self.tempo.be_at(score.sayings[0].at_s)
        if score.ends_at is not None and not self._keeps_times:
            left_s = (score.length_s - score.sayings[0].at_s) / self.tempo.speed
            self._shift = self._clock.now() + timedelta(seconds=left_s) - score.ends_at
        try:
            for saying in score.sayings:
                await self.tempo.until(saying.at_s)
                if not await self._say(saying):
                    break
            else:
                await self.tempo.until(score.length_s)
                await self._answered(frozenset())
        finally:
            await self._leave("the log is at its end")
            self._sum_up()

    # -- the charger speaks ------------------------------------------------------------------------

    async def _say(self, saying: Saying) -> bool:
        """Say it when its turn has come; False where nobody lets us in any more."""
        waited = await self._answered(saying.open_with)
        if saying.new_link and self._link is not None:
            await self._leave("the charger starts again")
        for _ in WAITS_S:
            link = self._link
            if link is None:
                waited = True
                link = await self._dial()
                if link is None:
                    return False
            message_id = str(uuid.uuid4())
            text = self._text(saying, message_id)
            pending = self._pending[message_id] = _Pending(saying)
            self._pass(Side.CHARGER, text)
            try:
                await link.send(text)
            except ConnectionClosed:  # it went between two frames, so this one has not been said
                self._pending.pop(message_id, None)
                self._link_lost(link)
                continue
            self.said += 1
            if not pending.settled.is_set():
                pending.timer = self._clock.call_later(
                    self._patience_s, partial(self._gave_up, message_id)
                )
            break
        if waited:
            self.tempo.be_at(saying.at_s)
        return True

    def _text(self, saying: Saying, message_id: str) -> str:
        if self.score.ocpp_version == VERSION_201:
            _rename_own(saying.payload, self._transactions)
        return rewritten(saying.text, message_id, self._transactions, self._shift, saying.at)

    async def _answered(self, besides: frozenset[int]) -> bool:
        """Wait until what was said is answered, or has waited long enough; whether that took time.

        `besides` are sayings that were open in the log as well.
        """
        waited = False
        for pending in list(self._pending.values()):
            if pending.saying.number not in besides and not pending.settled.is_set():
                waited = True
                await pending.settled.wait()
        return waited

    # -- the link ----------------------------------------------------------------------------------

    async def _dial(self) -> ClientConnection | None:
        """A new link; None where the CSMS lets nobody in, however often it is asked."""
        charger = self._charger
        for wait_s in WAITS_S:
            await self._clock.sleep(wait_s)
            self._passage += 1
            charger.knocked(
                Knocked(
                    self._passage,
                    self._clock.now(),
                    charger.charge_point_id,
                    "the log",
                    f"/{charger.charge_point_id}",
                    (f"ocpp{self.score.ocpp_version}",),
                )
            )
            charger.publish()
            try:
                link = await self._connect()
            except Exception as error:  # noqa: BLE001 - `explain` tells what is no fault of ours
                self.findings.lost_links += 1
                self._tell_end(self._explain(error), was_open=False)
                continue
            charger.opened(Opened(self._passage, self._clock.now(), str(link.subprotocol or "")))
            charger.publish()
            self._link = link
            self._reading = asyncio.get_running_loop().create_task(self._read(link))
            return link
        charger.note("warning", "the CSMS does not let the charger in: the replay ends here")
        return None

    async def _leave(self, why: str) -> None:
        link, self._link = self._link, None
        for reply in self._replies:
            reply.cancel()
        if link is not None:
            await link.close()
        if self._reading is not None:
            await self._reading
            self._reading = None
        self._drop_pending(f"{why}, and there was no answer")
        if link is not None:
            self._tell_end(why, was_open=True)

    def _link_lost(self, link: ClientConnection) -> None:
        if self._link is not link:
            return
        self._link = None
        self.findings.lost_links += 1
        why = explain_close(link)
        self._drop_pending(f"{why} before an answer")
        self._tell_end(why, was_open=True)

    def _tell_end(self, why: str, *, was_open: bool) -> None:
        self._charger.ended(Ended(self._passage, self._clock.now(), why, None, was_open))
        self._charger.publish()

    # -- the CSMS speaks ---------------------------------------------------------------------------

    async def _read(self, link: ClientConnection) -> None:
        try:
            while True:
                data = await link.recv()
                text = data if isinstance(data, str) else data.decode("utf-8", "replace")
                self._pass(Side.CSMS, text, Opcode.TEXT if isinstance(data, str) else Opcode.BINARY)
                if isinstance(data, str):
                    self._hear(link, text)
                else:
                    self.findings.noise += 1
        except ConnectionClosed:
            self._link_lost(link)

    def _hear(self, link: ClientConnection, text: str) -> None:
        try:
            message = read_whole(text)
        except NotAMessage:
            self.findings.noise += 1
            return
        kind, message_id, *rest = message
        if kind == CALL:
            self._asked(link, message_id, rest[0], rest[1])
            return
        pending = self._pending.pop(str(message_id), None)
        if pending is None:
            self.findings.noise += 1
            return
        self._rename(pending.saying, rest[0])
        self._settle(pending, judge(pending.saying, (kind, *rest), self._allowed))

    def _asked(
        self, link: ClientConnection, message_id: int | str, action: str, payload: dict[str, Any]
    ) -> None:
        reply = self._answers.reply(action, payload)
        self.findings.asked[action[:LONGEST_NAME], reply.source] += 1
        if reply.source is Source.NONE:
            name = one_line(action[:LONGEST_NAME])
            self._charger.note("replay", f"the log has no answer to {name}: NotSupported")
        at = reply.of.at if reply.of else None
        text = rewritten(reply.text, message_id, self._transactions, self._shift, at)
        task = asyncio.get_running_loop().create_task(self._reply(link, text, reply.latency_s))
        self._replies.add(task)
        task.add_done_callback(self._replied)

    async def _reply(self, link: ClientConnection, text: str, latency_s: float) -> None:
        await self._clock.sleep(latency_s / self.tempo.speed)
        self._pass(Side.CHARGER, text)
        try:
            await link.send(text)
        except ConnectionClosed:
            LOG.debug("the link has gone before the answer to the CSMS")

    def _replied(self, task: asyncio.Task[None]) -> None:
        self._replies.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            LOG.error("an answer could not be given", exc_info=fault)
            self._charger.note("fault", f"a fault of ChargeForge's own: {fault!r}; report it")

    def _rename(self, saying: Saying, result: Any) -> None:
        """From now on a transaction has the name that this CSMS has given it."""
        given = result.get("transactionId") if isinstance(result, dict) else None
        if saying.transaction_id is None or saying.action != "StartTransaction":
            return
        if isinstance(given, (int, str)) and not isinstance(given, bool):
            self._transactions[saying.transaction_id] = given
        else:
            self._transactions.pop(saying.transaction_id, None)
            self._charger.note(
                "replay",
                f"the CSMS gives no transactionId: the charger goes on with that of the log, "
                f"{one_line(str(saying.transaction_id))}",
            )

    # -- what becomes of it ------------------------------------------------------------------------

    def _gave_up(self, message_id: str) -> None:
        pending = self._pending.pop(message_id, None)
        if pending is not None:
            why = f"no answer within {self._patience_s:g} s"
            self._charger.gave_up(message_id, why, Side.CHARGER)
            self._settle(pending, Judged(pending.saying, Verdict.UNANSWERED))

    def _drop_pending(self, why: str) -> None:
        for message_id, pending in list(self._pending.items()):
            self._charger.gave_up(message_id, why, Side.CHARGER)
            # What nobody has answered in the log either is as in the log.
            same = pending.saying.answer is None and pending.saying.number
            verdict = Verdict.SAME if same else Verdict.UNANSWERED
            self._settle(pending, Judged(pending.saying, verdict))
        self._pending.clear()

    def _settle(self, pending: _Pending, judged: Judged) -> None:
        if pending.timer is not None:
            pending.timer.cancel()
        self.findings.judged.append(judged)
        pending.settled.set()
        if judged.verdict is Verdict.OTHERWISE:
            first = judged.differences[0]
            what = f"{first.field} is {first.now}" if first.field else f"it is {first.now}"
            self._charger.note(
                "differs", f"{judged.saying.action}: {what}, in the log {first.recorded}"
            )
        elif judged.verdict is Verdict.UNANSWERED:
            self._charger.note("differs", f"{judged.saying.action} is not answered")
        self._charger.publish()

    def _sum_up(self) -> None:
        judged = {one.saying.number for one in self.findings.judged}
        for saying in self.score.sayings:
            if saying.number not in judged:
                self.findings.judged.append(Judged(saying, Verdict.NOT_SAID))
        for asking in self._answers.not_asked:
            self.findings.not_asked[asking.action] += 1
        self.ended = True

    def _pass(self, side: Side, text: str, opcode: Opcode = Opcode.TEXT) -> None:
        content = text.encode("utf-8", "surrogatepass")
        message = Message(opcode, content, len(content))
        self._charger.passed(Passed(self._passage, self._clock.now(), side, message))
        self._charger.publish()


def _rename_own(payload: dict[str, Any], names: dict[TransactionId, TransactionId]) -> None:
    """In OCPP 2.0.1 the charger names its transactions, and a name may not come twice (E01)."""
    told = payload.get("transactionInfo")
    name = told.get("transactionId") if isinstance(told, dict) else None
    if isinstance(name, str) and name not in names:
        names[name] = str(uuid.uuid4())
