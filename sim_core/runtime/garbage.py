"""When Python looks for objects that are kept by nothing but each other.

What a session leaves behind goes at once, for nothing of it is a circle. Yet the search for circles
looks at all that there is, and the more there is, the longer the loop is held: with thousands of
charge points for a good part of a second. So in a fleet, and in a CSMS that has one to serve, it is
made only when much has been added, and a fleet leaves out of it what has been built.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator

MUCH = 10_000
"""Objects that have been added, and not gone, since the last search: it then takes some ms."""
SEARCHES = 50
"""After so many of them, what they have left is searched once more."""


@contextlib.contextmanager
def searched_seldom() -> Iterator[None]:
    """As long as this lasts, the search waits until much has been added."""
    usual = gc.get_threshold()
    gc.set_threshold(MUCH, SEARCHES, usual[2])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


def leave_to_the_end() -> None:
    """The process ends, and what there is in it: Python need not search it once more."""
    gc.freeze()


def leave_out() -> None:
    """Search once more what has been added since the last time, and then leave it out."""
    gc.collect()
    gc.freeze()
