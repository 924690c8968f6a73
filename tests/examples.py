"""How many examples hypothesis draws where one costs much: few, and many for `make examples`.

In CI the examples are the same for every change: more of them find nothing that was not found
before. What is cheap keeps hypothesis's own number.
"""

from __future__ import annotations

import os

TIMES = int(os.environ.get("EXAMPLES_TIMES", "1"))


def examples(usual: int) -> int:
    """So many, or a multiple for the long run."""
    return usual * TIMES
