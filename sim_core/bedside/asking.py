"""Commands of ours to a real charger: one at a time, with ids of their own, each with its outcome.

OCPP-J lets a CSMS have one request open at a charger (§4.1.1). So one of ours waits until the CSMS
has its answer; the CSMS never waits for ours. The ids are random, of a form of their own, so that
none can meet one of the CSMS. What the charger answers too late is said when it comes.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sim_core.bedside.charger import Charger
from sim_core.bedside.commands import COMMANDS, CommandKind, MetalCommand, wrong_words
from sim_core.bedside.exchanges import Answered
from sim_core.bedside.passage import CannotInsertError
from sim_core.bedside.spoken_commands import SPOKEN, kind_of
from sim_core.commands import Accepted, Outcome, Refused
from sim_core.redaction import one_line
from sim_core.runtime.clock import Clock
from sim_core.traces.frames import Side
from sim_core.wire.message_log import ASKED_HERE

RANDOM_CHARACTERS = 24
"""Of a message id, which has room for 36 (OCPP-J §4.1.4), behind `ASKED_HERE`."""
TURN_S = 10.0
"""How long a command of ours waits for the CSMS to have its answer."""
LATE_KEPT = 100
LONGEST_WORD = 50
"""Characters of an answer that are told."""
LOOK_ONLY = "--look-only: nothing is asked of the charger; start without it"
GOOD = frozenset({"Accepted", "Scheduled", "Unlocked", "RebootRequired"})
"""Statuses of an answer with which it is done, or will be."""

Put = Callable[[int, str, str], Awaitable[None]]
"""Puts a frame into a passage under a message id. Raises CannotInsertError."""


@dataclass
class _Asked:
    charger: Charger
    action: str
    answer: asyncio.Future[Answered | None]
    """None: the connection has ended."""


class Asking:
    """Asks, and hears the answers. Lives on one loop."""

    def __init__(self, put: Put, clock: Clock, timeout_s: float, look_only: bool) -> None:
        self._put = put
        self._clock = clock
        self._timeout_s = timeout_s
        self._look_only = look_only
        self._asked: dict[str, _Asked] = {}
        self._late: dict[str, str] = {}
        self._news: list[asyncio.Future[None]] = []

    def refusals(self, charger: Charger) -> tuple[dict[str, str], dict[int, dict[str, str]]]:
        """What would be refused now: of the charger, and of each connector."""
        why = self._why_not_at_all(charger)
        whole = {kind.name: why for kind in COMMANDS if why and not kind.on_connector}
        at: dict[int, dict[str, str]] = {}
        for number, connector in charger.seen.connectors.items():
            refused = {kind.name: why for kind in COMMANDS if why}
            session = connector.session
            if session is None:
                refused.setdefault("remote_stop", f"connector {number} has no transaction")
            elif session.transaction_id is None:
                refused.setdefault(
                    "remote_stop", "the CSMS has not said yet which transaction it is"
                )
            at[number] = refused
        return whole, at

    def _why_not_at_all(self, charger: Charger) -> str:
        if self._look_only:
            return LOOK_ONLY
        if not charger.open:
            return "the charger is not connected"
        if charger.unreadable:
            return f"its messages cannot be read on this connection: {charger.unreadable}"
        if charger.subprotocol not in SPOKEN:
            known = " and ".join(word.removeprefix("ocpp") for word in SPOKEN)
            return (
                f"our commands are in OCPP {known}, and this charger speaks {charger.subprotocol}"
            )
        return ""

    async def ask(self, charger: Charger, command: MetalCommand) -> Outcome:
        """Ask the charger; returns once it has answered, or not in time."""
        kind = kind_of(command.name, charger.subprotocol)
        whole, at = self.refusals(charger)
        refused = at.get(command.connector_id, {}) if kind.on_connector else whole
        if why := refused.get(command.name) or wrong_words(kind, command.words):
            return Refused(why)
        connector = charger.seen.connectors.get(command.connector_id)
        if kind.on_connector and connector is None:
            return Refused(f"there is no connector {command.connector_id}")
        session = connector.session if connector else None
        transaction = session.transaction_id if session else None
        payload = kind.payload(command.connector_id, transaction, command.words)
        if (blocking := await self._turn(charger)) is not None:
            return Refused(
                f"the charger has not answered {one_line(blocking)} of its CSMS yet: try again"
            )
        message_id = f"{ASKED_HERE}{uuid.uuid4().hex[:RANDOM_CHARACTERS]}"
        frame = json.dumps([2, message_id, kind.action, payload], separators=(",", ":"))
        answer: asyncio.Future[Answered | None] = asyncio.get_running_loop().create_future()
        self._asked[message_id] = _Asked(charger, kind.action, answer)
        try:
            await self._put(charger.passage, message_id, frame)
            return await self._outcome(charger, message_id, kind, answer)
        except CannotInsertError as error:
            return Refused(str(error))
        finally:
            del self._asked[message_id]

    async def _outcome(
        self,
        charger: Charger,
        message_id: str,
        kind: CommandKind,
        answer: asyncio.Future[Answered | None],
    ) -> Outcome:
        action = kind.action
        try:
            answered = await asyncio.wait_for(answer, self._timeout_s)
        except asyncio.TimeoutError:
            why = f"no answer within {self._timeout_s:g} s"
            charger.gave_up(message_id, why)
            charger.note("asked", f"the charger does not answer our {action}: {why}")
            self._late[message_id] = action
            while len(self._late) > LATE_KEPT:
                del self._late[next(iter(self._late))]
            return Refused(f"the charger gives {why} to {action}; it may still do it")
        if answered is None:
            return Refused(f"the connection ended before the charger had answered {action}")
        words = _words(answered, kind)
        charger.note("asked", f"the charger answers our {action}: {words}")
        if answered.payload is None:
            return Refused(f"the charger refuses {action}: {words}")
        status = kind.status(answered.payload)
        if isinstance(status, str) and status not in GOOD:
            return Refused(f"the charger answers {words} to {action}")
        return Accepted(words)

    async def _turn(self, charger: Charger) -> str | None:
        """Wait until nobody else's request is open at the charger; else which one is."""
        due = self._clock.monotonic() + TURN_S
        while charger.waiting_for(Side.CSMS):
            left = due - self._clock.monotonic()
            if left <= 0:
                return charger.waiting_for(Side.CSMS)
            news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._news.append(news)
            await asyncio.wait({news}, timeout=min(left, 1.0))
        return None

    def answered(self, charger: Charger, answered: Answered) -> None:
        """The charger has answered one of ours."""
        message_id = answered.call.message_id
        asked = self._asked.get(message_id)
        if asked is not None and not asked.answer.done():
            asked.answer.set_result(answered)
        elif (action := self._late.pop(message_id, None)) is not None:
            late_s = (answered.at - answered.call.at).total_seconds()
            charger.note(
                "asked",
                f"the charger answers our {action} late, after {late_s:.0f} s: {_words(answered)}",
            )

    def heard(self) -> None:
        """Something has passed: a turn may have come."""
        news, self._news = self._news, []
        for one in news:
            if not one.done():
                one.set_result(None)

    def link_ended(self, charger: Charger) -> None:
        """Nothing will be answered any more on that connection."""
        for asked in self._asked.values():
            if asked.charger is charger and not asked.answer.done():
                asked.answer.set_result(None)
        self.heard()


def _words(answered: Answered, kind: CommandKind | None = None) -> str:
    """What was answered, in a few words."""
    if answered.payload is None:
        return one_line(answered.error) or "an error without a code"
    status = kind.status(answered.payload) if kind else answered.payload.get("status")
    value = kind.value(answered.payload) if kind else ""
    told = [word for word in (status, value) if isinstance(word, str) and word]
    return one_line(" ".join(word[:LONGEST_WORD] for word in told)) or "it is done"
