"""How long a link rests between two attempts to connect: longer each time, and not in step.

Many charge points that lose their CSMS at once must not come back at once (OCPP-J §5.3), so each
version of OCPP has chance in it. `Doubling` is for OCPP 1.6, which leaves the figures open; 2.0.1
has variables for them (`ocpp201.back_off`).
"""

from __future__ import annotations

import random
from typing import Protocol

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
SPREAD = (0.1, 1.0)
"""The part of a pause that is kept, drawn at random: wide, for that is what spreads a crowd."""


class Pauses(Protocol):
    """What a link asks."""

    def next_s(self) -> float:
        """The pause that begins now, after an attempt that failed or a link that was lost."""

    def connected(self) -> None:
        """There is a connection."""

    def lived(self, seconds: float) -> None:
        """A connection has ended that was there for so long."""

    def settled(self) -> None:
        """Something new got through, or somebody wants the link at once: begin with a short one."""


class Doubling:
    """Twice as long each time up to a limit, and drawn at random below that.

    It falls back to the shortest only after a link that has lived, or on which something new got
    through: a CSMS that lets everybody in and closes again is not flooded.
    """

    __slots__ = ("_first_s", "_longest_s", "_pause_s", "_rng", "_seed")

    def __init__(
        self,
        first_s: float = FIRST_PAUSE_S,
        longest_s: float = LONGEST_PAUSE_S,
        seed: str | None = None,
    ) -> None:
        """No two charge points may share a `seed`: they would come back in step."""
        self._first_s = self._pause_s = first_s
        self._longest_s = longest_s
        self._seed = seed
        self._rng: random.Random | None = None
        """Made with the first loss of the link: most never have one."""

    def next_s(self) -> float:
        if self._rng is None:
            self._rng = random.Random(self._seed)
        pause_s = self._pause_s * self._rng.uniform(*SPREAD)
        self._pause_s = min(self._longest_s, self._pause_s * 2)
        return pause_s

    def connected(self) -> None:
        pass

    def lived(self, seconds: float) -> None:
        if seconds >= self._longest_s:
            self.settled()

    def settled(self) -> None:
        self._pause_s = self._first_s
