"""From logs to a model file: who looks at what, in the order of the file."""

from __future__ import annotations

from collections.abc import Sequence

from sim_core.hardware.model import KeyText
from sim_core.learning.answers import learn_answers
from sim_core.learning.draft import Draft
from sim_core.learning.fields import learn_fields
from sim_core.learning.fit import Progress, fit
from sim_core.learning.greetings import learn_greetings
from sim_core.learning.habits import learn_habits
from sim_core.learning.heard import Log
from sim_core.learning.identity import learn_identity, learn_ratings
from sim_core.learning.keys import WhyNot, learn_keys
from sim_core.learning.manners import learn_manners
from sim_core.learning.samples import learn_samples
from sim_core.learning.shapes import learn_shapes
from sim_core.learning.times import learn_times
from sim_core.learning.wire import learn_wire

ORDER = (
    "identity",
    "ratings",
    "timing.real",
    "behaviour",
    "metering",
    "[metering.values]",
    "keys",
    "faults",
    "quirks",
    "wire",
    "frames",
    "answers",
    "[transfers]",
)
"""The tables in the order of a file."""


def nobody(done: int, of: int, what: str) -> None:
    """Nobody wants to know how far it is."""


def learn(logs: Sequence[Log], why_not: WhyNot, progress: Progress = nobody) -> Draft:
    """The model file of the charger that is heard in these logs; see `keys` for `why_not`."""
    draft = Draft()
    identity = learn_identity(logs, draft)
    learn_ratings(logs, draft)
    quirks = learn_habits(logs, draft)
    learn_shapes(logs, draft)
    learn_times(logs, draft, ticks="send_tick" in quirks)
    learn_greetings(logs, draft, identity)
    measured = learn_samples(logs, draft)
    whole_list = learn_keys(logs, draft, measured, why_not)
    learn_wire(logs, draft)
    learn_fields(logs, draft, identity)
    learn_manners(logs, draft, whole_list=whole_list)
    names = measured[0] if measured else ""
    learn_answers(logs, draft, lambda key, value: not why_not(key, KeyText(value), names))
    draft.title = _title(logs, identity.vendor, identity.model)
    draft.tables.sort(key=lambda table: _place(table.head))
    if "send_tick" in quirks:
        fit(draft, logs, progress)
    return draft


def _title(logs: Sequence[Log], vendor: str, model: str) -> list[str]:
    exchanges = sum(len(log.told.exchanges) for log in logs)
    numbers = sorted({number for log in logs for number in log.told.numbers})
    count = "one log" if len(logs) == 1 else f"{len(logs)} logs"
    said = f"{vendor} {model}, learnt from {exchanges} exchanges in {count}:"
    names = ", ".join(dict.fromkeys(log.name for log in logs))
    lines = [said, names]
    if numbers:
        lines.append(f"It has spoken of connectors {', '.join(map(str, numbers))}: run it with")
        lines.append(f"--connectors {max(numbers)}.")
    lines.append("Behind each line stands how often it was seen, and where. What was not seen is")
    lines.append("a comment with the default.")
    return lines


def _place(head: str) -> int:
    for place, name in enumerate(ORDER):
        if head == name or (name == "frames" and head.startswith("frames.")):
            return place
    return len(ORDER)
