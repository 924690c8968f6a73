"""How long each step takes that was seen, as the comparison of traces measures it.

A log without clock tells no times. One whose clock has whole seconds tells them as well as it can.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim_core.hardware.distribution import Distribution
from sim_core.hardware.model import Timing
from sim_core.learning.counting import Votes, spread_of
from sim_core.learning.draft import Draft, Evidence
from sim_core.learning.heard import Log
from sim_core.traces.comparison.delays import gaps, length_s
from sim_core.traces.exchanges import Conversation

STEPS: Mapping[str, str] = {
    "MacID after the plug (prompt vehicle)": "mac_s",
    "StartTransaction after a late card": "late_start_s",
    "Charging after StartTransaction": "energize_s",
    "stop stamp after RemoteStopTransaction": "stop_s",
    "Available after a reservation's expiry": "expiry_s",
}
"""By the name of a delay the step of a model that it is."""
ANSWERS = ("answer to any other request", "answer to RemoteStartTransaction")
PLAIN = frozenset({"expiry_s"})
"""Steps that are a number and never vary."""
START_PROMPT = "StartTransaction after the plug (prompt vehicle)"
MAC_PROMPT, MAC_LATE = (
    "MacID after the plug (prompt vehicle)",
    "MacID after the plug (second try)",
)
RESETS = {
    "BootNotification after a soft reset": ("reset_s", "reboot_s"),
    "BootNotification after a hard reset": ("hard_reset_s", "hard_reboot_s"),
}
PIECE = 1000
"""So many exchanges are measured at a time."""
GONE_SHARE = 0.12
"""The part of a reset after which the link goes, where only the whole was seen."""


@dataclass(frozen=True)
class Measured:
    """One kind of delay: its lengths, and where each was seen."""

    seconds: tuple[float, ...]
    logs: tuple[str, ...]

    @property
    def evidence(self) -> Evidence:
        """How often."""
        return Evidence(len(self.seconds), len(self.seconds), self.logs)


def measured(logs: Sequence[Log]) -> dict[str, Measured]:
    """The delays of all logs by their names."""
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for log in logs:
        for gap in (gap for piece in _pieces(log.told) for gap in gaps(piece)):
            seconds = length_s(gap.ends, gap.first, gap.then)
            if seconds is not None and seconds >= 0:
                found[gap.what].append((seconds, log.name))
    return {
        what: Measured(tuple(s for s, _ in told), tuple(name for _, name in told))
        for what, told in found.items()
    }


def _pieces(told: Conversation) -> Iterator[Conversation]:
    """A long log piece by piece: what lies across a seam is not measured, and the time that it
    takes grows with the log, not with its square."""
    for place in range(0, len(told.exchanges), PIECE):
        yield Conversation(told.name, told.timed, told.exchanges[place : place + PIECE])


def learn_times(logs: Sequence[Log], draft: Draft, *, ticks: bool) -> None:
    """The table [timing.real]; `ticks`: answers take their time by a habit."""
    seen = measured(logs)
    table = draft.table("timing.real")
    for what, name in STEPS.items():
        if what in seen:
            table.learn(Timing, name, _time(name, seen[what]), f"{seen[what].evidence}, {what}")
    if MAC_PROMPT in seen and START_PROMPT in seen:
        first, last = seen[MAC_PROMPT], seen[START_PROMPT]
        middle = Votes[float]()
        before = spread_of(first.seconds)
        for seconds, name in zip(last.seconds, last.logs, strict=True):
            middle.add(max(0.0, seconds - float(before)), name)
        table.learn(
            Timing, "cable_check_s", spread_of(middle.counts), f"{last.evidence}, {START_PROMPT}"
        )
    elif START_PROMPT in seen:
        value = spread_of(seen[START_PROMPT].seconds)
        table.learn(
            Timing, "cable_check_s", value, f"{seen[START_PROMPT].evidence}, {START_PROMPT}"
        )
    if MAC_PROMPT in seen and MAC_LATE in seen:
        prompt, late = seen[MAC_PROMPT], seen[MAC_LATE]
        more = float(spread_of(late.seconds)) - float(spread_of(prompt.seconds))
        table.learn(Timing, "mac_retry_s", round(more, 2), f"{late.evidence}, {MAC_LATE}")
        count, whole = len(late.seconds), len(late.seconds) + len(prompt.seconds)
        share = Evidence(count, whole, late.logs, "vehicles")
        table.learn(Timing, "mac_retry_share", round(count / whole, 2), share)
    for what, (gone, back) in RESETS.items():
        if what in seen:
            whole_s = float(spread_of(seen[what].seconds))
            note = f"{seen[what].evidence}, {what}: {whole_s:.1f} s in all"
            table.learn(Timing, gone, round(whole_s * GONE_SHARE, 1), note)
            table.learn(Timing, back, round(whole_s * (1 - GONE_SHARE), 1), "")
    answers = [what for what in ANSWERS if what in seen]
    if answers and not ticks:
        lengths = [s for what in answers for s in seen[what].seconds]
        names = tuple(name for what in answers for name in seen[what].logs)
        evidence = Evidence(len(lengths), len(lengths), names, "answers")
        if max(lengths) >= 0.05:
            table.learn(Timing, "answer_s", spread_of(lengths), evidence)
    table.unseen(Timing)


def _time(name: str, told: Measured) -> float | Distribution:
    value = spread_of(told.seconds)
    return float(value) if name in PLAIN else value
