"""What is known of a CSMS at a moment: all that the invariants are judged by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from sim_core.testbench.sessions import Session
from sim_core.wire.link_ends import LinkEnd
from sim_core.wire.message_log import Direction, Exchange, ExchangeState

ANSWERS_WITHIN_S = 10.0
"""Seconds that a CSMS has for an answer, unless somebody says otherwise."""


@dataclass(frozen=True)
class Said:
    """An exchange, read."""

    charge_point: str
    exchange: Exchange
    asked: Mapping[str, Any]
    """The payload of the request."""
    answered: Mapping[str, Any]
    """The payload of its answer; empty where there is none that can be read."""
    excused: bool = False
    """It was said while the charge point was silent, or is no message: nobody can answer it."""

    @property
    def action(self) -> str:
        """Of the request."""
        return self.exchange.action

    @property
    def by_csms(self) -> bool:
        """Whether the CSMS asks."""
        return self.exchange.direction is Direction.RECEIVED

    @property
    def taken(self) -> bool:
        """Whether the charge point has asked, and was answered as OCPP has it."""
        exchange = self.exchange
        if exchange.state is not ExchangeState.ANSWERED:
            return False
        return exchange.direction is Direction.SENT and not exchange.trouble


@dataclass(frozen=True)
class Heard:
    """All that is known of a CSMS at a moment."""

    said: Sequence[Said]
    """In the order in which each charge point and its CSMS have said it."""
    connectors: Mapping[str, int] = field(default_factory=dict)
    """How many connectors (EVSEs) each charge point has."""
    answers_within_s: float = ANSWERS_WITHIN_S
    late: Set[str] = frozenset()
    """Message ids of requests that were not answered in time, where a clock of the computer was
    looked at."""
    hung_up: Sequence[tuple[str, LinkEnd]] = ()
    """The links that the CSMS has ended, with whose they were."""
    sessions: Sequence[Session] | None = None
    """What the CSMS tells of sessions that have ended; None: nobody has asked it."""

    def taken(self, *actions: str) -> Iterator[Said]:
        """What was asked by the charge points and answered as OCPP has it."""
        return (one for one in self.said if one.action in actions and one.taken)
