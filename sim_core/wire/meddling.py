"""Who may do something to a connection's frames on purpose, and how the wire and they speak of it.

The wire asks about each frame (`Meddler.meet`) and does what is wanted (`line`); which rules there
are, and who waits at a breakpoint, is the meddler's own.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sim_core.wire_faults import TO_CSMS, WireFault


@dataclass(frozen=True)
class Passing:
    """A frame on its way."""

    direction: str
    """`to_csms` or `from_csms`."""
    sort: str
    """`request`, `answer`, `error`; empty where it is no message."""
    action: str
    """Of the request that it is or answers; empty where that is not known."""
    message_id: str
    text: str
    number: int = 0
    """Of its exchange in the message log; 0: it is not there (yet)."""
    mark: str = ""
    """What is known of it already."""

    @property
    def is_ours(self) -> bool:
        """Whether it belongs to a call of the charge point, not to one of the CSMS."""
        return (self.direction == TO_CSMS) == (self.sort == "request")


@dataclass(frozen=True, eq=False)
class Hit:
    """A rule that takes a frame."""

    number: int
    """Of the rule."""
    rule: WireFault
    rng: random.Random
    ended: asyncio.Future[None]
    """Done when the rule is ended."""
    over: Callable[[], None]
    """To be called when a dead socket of it lives again, or is no more."""

    def mark(self, what: str) -> str:
        """What the log says of it."""
        return f"fault {self.number}: {what}"


class Shown(NamedTuple):
    """A frame that is held, as it may be seen."""

    text: str
    whole: bool
    """Nothing of it is hidden: it can be edited."""


class Meddler(Protocol):
    """Whoever has the rules."""

    @property
    def on(self) -> bool:
        """Whether a frame could be meant."""

    def meet(self, frame: Passing) -> Hit | None:
        """What a frame meets; None: it passes."""

    def done(self, frame: Passing, hit: Hit, what: str) -> None:
        """Something was done to it."""

    def hold(self, frame: Passing, hit: Hit, shown: Shown) -> asyncio.Future[str | None]:
        """Hold a frame; done with its text when it may go, with None when it is dropped."""


Deliver = Callable[[str, str], Awaitable[None]]
"""Hands a frame to whoever reads: its text, and the mark that the log gives to it."""
