"""How much is tried of what costs much: a part in the suite, and all of it for `make examples`.

Hypothesis draws few examples there. In CI they are the same for every change: more of them find
nothing that was not found before. What is cheap keeps hypothesis's own number. Of tables whose rows
each run in a process of their own, the suite has every name and every way, but not each with each.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from typing import TypeVar

One = TypeVar("One")
Other = TypeVar("Other")
TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))


def examples(usual: int) -> int:
    """So many, or a multiple for the long run."""
    return usual * TIMES


def every(usual: int) -> int:
    """One of so many; for the long run one of fewer."""
    return max(1, usual // TIMES)


def pairs(ones: Iterable[One], others: Iterable[Other]) -> list[tuple[One, Other]]:
    """Each of either in one pair at least; for the long run each with each."""
    left, right = list(ones), list(others)
    if TIMES > 1:
        return list(itertools.product(left, right))
    many = range(max(len(left), len(right)))
    return [(left[at % len(left)], right[at % len(right)]) for at in many]
