"""Chance: a seeded sequence that takes no memory until something is drawn from it.

The state of a `random.Random` is 2.5 KiB, and most charge points of a fleet never draw: what
varies are the habits of a make. The sequence is that of `random.Random` with the same seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Protocol, TypeVar

T = TypeVar("T")


class Rng(Protocol):
    """What the wire draws with."""

    def random(self) -> float: ...

    def uniform(self, a: float, b: float, /) -> float: ...


class RandomNumbers:
    """See the module. Without a seed the sequence is another one each time."""

    __slots__ = ("_rng", "_seed", "_skipped")

    def __init__(self, seed: int | None) -> None:
        self._seed = seed
        self._skipped = 0
        self._rng: Random | None = None

    def skip(self) -> None:
        """Pass over a number that nobody needs: those after it stay what they are."""
        if self._rng is None:
            self._skipped += 1
        else:
            self._rng.random()

    def random(self) -> float:
        """At least 0, less than 1."""
        return self._sequence().random()

    def uniform(self, a: float, b: float, /) -> float:
        """Between both."""
        return self._sequence().uniform(a, b)

    def choices(self, population: Sequence[T], weights: Sequence[float]) -> list[T]:
        """One of them in a list, the heavier the likelier."""
        return self._sequence().choices(population, weights)

    def _sequence(self) -> Random:
        if self._rng is None:
            self._rng = Random(self._seed)
            for _ in range(self._skipped):
                self._rng.random()
        return self._rng
