"""One call on its way over whatever connection there is, and what is to be known of it elsewhere.

Both lanes of the outbox send here. What is open is kept in mind, for the link may end at it
(`link_ends`); what came of each call is told to one listener, who knows which refusals are news.
"""

from __future__ import annotations

from collections.abc import Callable

from sim_core.runtime.clock import Clock
from sim_core.wire.answers import Answer, NoAnswer
from sim_core.wire.dialect import Dialect
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.link_ends import Blame, LinkEnd, OpenCall
from sim_core.wire.refusals import Heard
from sim_core.wire.spelling import Call


class Sender:
    """See the module."""

    __slots__ = ("_clock", "_endpoint", "_heard", "answered", "blame", "dialect")

    def __init__(self, clock: Clock, dialect: Dialect, heard: Callable[[Heard], None]) -> None:
        """`heard` is called with what came of each call."""
        self._clock = clock
        self._heard = heard
        self._endpoint: Endpoint | None = None
        self.dialect = dialect
        self.blame = Blame(dialect)
        self.answered = True
        """The last call was answered."""

    @property
    def connected(self) -> bool:
        """Whether there is a connection."""
        return self._endpoint is not None

    def connect(self, endpoint: Endpoint) -> None:
        """A new connection is there."""
        self._endpoint = endpoint
        self.blame.new_connection()

    def disconnect(self) -> None:
        """It is gone."""
        self._endpoint = None

    async def send(self, call: Call, connector_id: int | None, row: int | None = None) -> Answer:
        """Send a call and return what came of it; `row` is its number, where it is one."""
        if self._endpoint is None:
            return NoAnswer("the link is down", link_lost=True, sent=False)
        sent = OpenCall(call.action, call.payload, connector_id, self._clock.monotonic(), row)
        self.blame.sent(sent)
        answer = await self._endpoint.call(call.action, call.payload, judged=call.judged)
        if not isinstance(answer, NoAnswer) or not answer.link_lost:
            self.answered = not isinstance(answer, NoAnswer)
            self.blame.over(sent, answered=self.answered)
        return answer

    async def say(self, text: str) -> Answer:
        """Send a frame as it is, at once, and return what came of it."""
        if self._endpoint is None:
            return NoAnswer("the link is down", link_lost=True, sent=False)
        return await self._endpoint.asking.say(text)

    def ended(self, end: LinkEnd) -> tuple[OpenCall | None, int]:
        """The CSMS has ended the link: at which call, and how often at that in a row."""
        return self.blame.ended(end, self._clock.monotonic())

    def tell(
        self,
        call: Call,
        connector_id: int | None,
        answer: Answer,
        then: str = "",
        why: str = "",
    ) -> None:
        """Tell what came of a call. `then`: what the charge point does about it, where that is
        known; `why`: what makes an answer unusable that its schema allows."""
        if not call.judged:
            return
        self._heard(Heard(self.dialect, call.action, connector_id, answer, then, why, call.payload))
