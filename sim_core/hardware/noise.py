"""What noise takes from the power: another share every second, and only downwards, so that no limit
is ever exceeded.

The seconds count from where they were begun (a turn of `course`), not from look to look: how often
somebody looks in between makes no difference. Along a course noise is nothing but time that is
lost: of a second it leaves a part, and as much flows in the whole as would in that part without.
"""

from __future__ import annotations

import math
import random


class Noise:
    """The noise at one outlet."""

    __slots__ = ("_before_s", "_most", "_rng", "_seconds", "left")

    def __init__(self, most: float, rng: random.Random) -> None:
        """`most` is the largest share that it takes."""
        self._most = most
        self._rng = rng
        self._seconds = 0
        """How many are over since the begin …"""
        self._before_s = 0.0
        """… and what it has left of them."""
        self.left = 1.0
        """The share that it leaves in this second."""

    def begin(self) -> None:
        """A second begins here."""
        self._seconds, self._before_s = 0, 0.0
        self._draw()

    def left_s(self, passed_s: float) -> float:
        """What it leaves of so much time since the begin; time never goes back."""
        over = math.ceil(passed_s) - 1  # the moment that ends a second is still its own
        while self._seconds < over:
            self._seconds += 1
            self._before_s += self.left
            self._draw()
        return self._before_s + self.left * (passed_s - over)

    def _draw(self) -> None:
        self.left = 1 - self._most * self._rng.random()
