"""Listens to what a charge point and its CSMS say, and waits for what is expected of it.

Who expects something is a scenario, or a test of somebody's CSMS; how time passes meanwhile is
theirs to say.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from sim_core.snapshot import ConnectorSnapshot
from sim_core.station import Station
from sim_core.testbench.scenario import Message
from sim_core.testbench.variables import misfit_of
from sim_core.wire.message_log import Direction, Exchange, ExchangeState

NO_ANSWER = "no answer came"

Until = Callable[[Callable[[], bool], float], Awaitable[bool]]
"""Lets time pass until something holds, so many seconds at the most; whether it does."""


class FailedError(Exception):
    """The CSMS, or what follows from it, is not as expected; the text says how."""


class BrokenError(Exception):
    """The scenario cannot go on; the text says why."""


@dataclass
class Point:
    """What is known of one charge point's conversation."""

    name: str
    station: Station
    revision: int = 0
    exchanges: dict[int, Exchange] = field(default_factory=dict)
    cursor: int = 0
    """The number of the exchange that was expected last."""
    unheard: set[int] = field(default_factory=set)
    """Requests that were open while the charge point was silent: no CSMS can answer them."""

    def look(self) -> None:
        """Take what is new."""
        self.revision, news = self.station.messages.since(self.revision)
        for exchange in news:
            self.exchanges[exchange.number] = exchange
        if not self.station.snapshot.link.online:
            waiting = ExchangeState.WAITING
            self.unheard |= {n for n, one in self.exchanges.items() if one.state is waiting}

    def connector(self, number: int) -> ConnectorSnapshot:
        """What a connector shows. Raises BrokenError where there is none."""
        for one in self.station.snapshot.connectors:
            if one.connector_id == number:
                return one
        raise BrokenError(f"{self.name} has no connector {number}")


class Listening:
    """Waits for messages. What they are called is put among the variables, where there are any."""

    def __init__(self, until: Until, variables: dict[str, Any] | None) -> None:
        self._until = until
        self._variables = variables

    async def one_of(
        self,
        point: Point,
        messages: tuple[Message, ...],
        within_s: float,
        taken: Collection[int] = (),
    ) -> Exchange:
        """The first exchange behind the cursor that fits one of them."""

        def fitting() -> Exchange | None:
            point.look()
            for number in sorted(point.exchanges):
                if number > point.cursor and number not in taken:
                    exchange = point.exchanges[number]
                    if any(not misfit(one, exchange, self._variables) for one in messages):
                        return exchange
            return None

        await self._until(lambda: fitting() is not None, within_s)
        found = fitting()
        if found is None:
            raise FailedError(
                f"it does not come within {within_s:g} s{self._near(point, messages)}"
            )
        return found

    async def answered(self, point: Point, message: Message, number: int, within_s: float) -> None:
        """Wait for its answer, and see whether that fits."""

        def there() -> bool:
            point.look()
            return point.exchanges[number].state is not ExchangeState.WAITING

        needed = message.answer is not None or message.error or message.name
        if not needed:
            return
        await self._until(there, within_s)
        exchange = point.exchanges[number]
        who = "the charge point" if message.by_csms else "the CSMS"
        payload = payload_of(exchange.answer)
        if message.error:
            code = exchange.trouble if exchange.state is ExchangeState.ERROR else ""
            if not code or (message.error != "*" and message.error not in code):
                told = code or exchange.answer or NO_ANSWER
                raise FailedError(f"{who} does not answer with {message.error}: {told}")
        elif exchange.state is not ExchangeState.ANSWERED:
            raise FailedError(f"{who} does not answer: {exchange.trouble or NO_ANSWER}")
        elif why := misfit_of(message.answer, payload, self._variables):
            raise FailedError(f"the answer of {who} is otherwise: {why}")
        if message.name and self._variables is not None:
            self._variables[message.name] = {
                **payload_of(exchange.request),
                "answer": payload,
            }

    def _near(self, point: Point, messages: tuple[Message, ...]) -> str:
        """What came in its place, for the sentence."""
        for number in sorted(point.exchanges, reverse=True):
            exchange = point.exchanges[number]
            for message in messages:
                if number > point.cursor and exchange.action == message.action:
                    return f"; another one did: {misfit(message, exchange, self._variables)}"
        return ""


def misfit(message: Message, exchange: Exchange, variables: dict[str, Any] | None) -> str:
    """Why an exchange is not this message; empty where it is."""
    wanted = Direction.RECEIVED if message.by_csms else Direction.SENT
    if exchange.direction is not wanted or exchange.action != message.action:
        return "another message"
    return misfit_of(message.where, payload_of(exchange.request), variables)


def payload_of(frame: str) -> dict[str, Any]:
    """The payload of a frame; an empty one where it has none."""
    try:
        message = json.loads(frame)
    except (ValueError, RecursionError):
        return {}
    inside = message[-1] if isinstance(message, list) and message else None
    return inside if isinstance(inside, dict) else {}
