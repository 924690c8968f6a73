"""The calls that tell of now, or ask for something: they live in memory and end with the link."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from sim_core.wire.answers import Answer, NoAnswer
from sim_core.wire.spelling import Call

PLAIN_LIMIT = 1000
"""How many plain calls may wait; of more the oldest gives way, for it tells least of now."""


def nothing() -> None:
    """Nobody wants to know."""


@dataclass(eq=False, slots=True)
class PlainCall:
    """A call that waits for its turn."""

    call: Call
    age: int
    """Of all that waits in either lane the least is the oldest."""
    answer: asyncio.Future[Answer]
    while_pending: bool
    """It may go before the charge point is registered."""
    behind: int | None = None
    """The age of a row that it does not overtake, …"""
    behind_until_s: float = 0.0
    """… for so long."""
    leaves: Callable[[], None] = nothing
    """Called when it leaves, or when it is clear that it never will."""

    def left(self) -> None:
        """It leaves, or never will."""
        leaves, self.leaves = self.leaves, nothing
        leaves()

    def answered(self, answer: Answer) -> None:
        """Whoever waits for it, if anybody still does, has the answer."""
        self.left()
        if not self.answer.done():
            self.answer.set_result(answer)


class PlainLane:
    """See the module."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        # A list, though it is left at the front: a deque takes 0.7 KiB even while it is empty.
        self._calls: list[PlainCall] = []

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(self, plain: PlainCall, *, overtakes: bool) -> None:
        """A call waits behind all others, or before them."""
        if overtakes:
            self._calls.insert(0, plain)
        else:
            self._calls.append(plain)
        if len(self._calls) > PLAIN_LIMIT:
            oldest = min(self._calls, key=lambda item: item.age)
            self._calls.remove(oldest)
            oldest.answered(NoAnswer("it gave way to newer ones", link_lost=False, sent=False))

    def first(self, may_go: Callable[[PlainCall], bool]) -> PlainCall | None:
        """The first one that may go; it stays."""
        return next((plain for plain in self._calls if may_go(plain)), None)

    def take(self, plain: PlainCall) -> None:
        """It is its turn."""
        self._calls.remove(plain)

    def end(self) -> None:
        """The link is lost: none of them is sent any more."""
        while self._calls:
            lost = NoAnswer("the link was lost", link_lost=True, sent=False)
            self._calls.pop(0).answered(lost)
