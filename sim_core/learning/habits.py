"""Which of the known habits a charger has (`[quirks]`), and how often each was seen."""

from __future__ import annotations

from collections.abc import Sequence

from sim_core.learning.draft import Draft
from sim_core.learning.heard import Log


def learn_habits(logs: Sequence[Log], draft: Draft) -> frozenset[str]:
    """Returns the names of those that were seen."""
    return frozenset()
