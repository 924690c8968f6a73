"""Whether this CSMS keeps up with what it is asked, for whoever loads it or measures with it.

Whoever is behind answers late, and then answer times are its own and say nothing of the charge
points. It is behind when its loop comes to what is due later than it should, again and again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib.util import find_spec

LOOK_S = 1.0
LATE_S = 0.2
"""Later than this a look is late."""
LOOKS = 5
"""So many looks in a row make it behind, and so many that are not late make it well again."""


class Load:
    """What has been taken, and what is to be said of it. Pure: it is told the time."""

    def __init__(self) -> None:
        self.most_per_s = 0.0
        """The most messages of one second."""
        self._taken = 0
        self._row = 0
        """Late looks in a row; while it is behind, those in a row that are not."""
        self.behind = False

    def look(self, taken: int, seconds: float, late_s: float) -> str:
        """A look, `seconds` after the one before and `late_s` too late, by when so many messages
        have been taken in all. Returns a sentence where something is to be said, else nothing."""
        per_s, self._taken = (taken - self._taken) / seconds, taken
        self.most_per_s = max(self.most_per_s, per_s)
        self._row = self._row + 1 if (late_s >= LATE_S) != self.behind else 0
        if self._row < LOOKS:
            return ""
        self._row, self.behind = 0, not self.behind
        if not self.behind:
            return f"This CSMS keeps up again, at {per_s:,.0f} messages a second."
        faster = "" if find_spec("uvloop") else "install the extra fast (uvloop), "
        return (
            f"This CSMS is the bottleneck: with {per_s:,.0f} messages a second it is "
            f"{late_s * 1000:,.0f} ms behind, and answer times are its own. Send fewer, {faster}"
            "or start another one on a port of its own for a part of the charge points."
        )


async def watch(load: Load, taken: Callable[[], int], say: Callable[[str], None]) -> None:
    """Look every second, for ever."""
    loop = asyncio.get_running_loop()
    before = loop.time()
    while True:
        await asyncio.sleep(LOOK_S)
        now = loop.time()
        if sentence := load.look(taken(), now - before, now - before - LOOK_S):
            say(sentence)
        before = now
