"""Which of the known habits a charger has (`[quirks]`), how often each was seen, and where.

A habit is looked for by what it leaves in a log: a row of `SIGNS` gives, for a log, the occasions
at which it could have shown, and whether it did. One that never showed is no habit of this charger
as far as the logs go; one without a sign, or without an occasion, was not looked for, and a comment
says so. What each does stands in the words of a model that has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields

from sim_core.hardware.model import Quirks
from sim_core.learning import frame_signs, sample_signs, session_signs
from sim_core.learning.counting import Votes
from sim_core.learning.draft import Draft
from sim_core.learning.heard import Log
from sim_core.settings.model_file import load_model, shipped

Sign = Callable[[Log], Iterable[bool]]
SIGNS: Mapping[str, Sign] = {**frame_signs.SIGNS, **sample_signs.SIGNS, **session_signs.SIGNS}
LEAST = {"send_tick": 6, "whole_second_clock": 2, "pipelining": 3}
"""Of fewer occasions a habit that others could look like is not told."""
NOW_AND_THEN = frozenset(
    {
        "early_samples",
        "ev_gives_up",
        "erratic_power_offered",
        "forgets_unanswered",
        "frozen_samples",
        "offline_duplicate",
        "pipelining",
        "rated_power_offered",
        "slow_second_gun",
        "stops_unheard",
        "truncated_meter_stop",
        "watts_power_offered",
    }
)
"""Habits that show by chance: once is enough. Any other must show more often than not."""


def learn_habits(logs: Sequence[Log], draft: Draft) -> frozenset[str]:
    """Writes [quirks]; returns the names of the habits that were seen."""
    table = draft.table("quirks")
    says = _says()
    found: set[str] = set()
    unseen: list[str] = []
    for name in (one.name for one in fields(Quirks)):
        votes: Votes[bool] = Votes()
        for log in logs if name in SIGNS else ():
            for shown in SIGNS[name](log):
                votes.add(shown, log.name)
        if votes.total < LEAST.get(name, 1):
            unseen.append(name)
        elif votes.counts[True] and (name in NOW_AND_THEN or votes.counts[True] * 2 > votes.total):
            text, keys = says[name]
            table.add(name, {"says": text, "keys": keys} if keys else text, votes.evidence(True))
            found.add(name)
        else:
            table.remark(f"{name}: {votes.evidence(True)}")
    if unseen:
        table.remark(f"without an occasion: {', '.join(unseen)}")
    return frozenset(found)


def _says() -> dict[str, tuple[str, Mapping[str, str]]]:
    """What the models that come along say of each habit, and the keys that it sets."""
    return {
        name: (text.says, text.keys)
        for model in shipped()
        for name, text in load_model(model).quirks.items()
    }
