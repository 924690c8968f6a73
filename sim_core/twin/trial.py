"""Traces against a twin, under several seeds: plays them all, and holds what comes of it against
the yardstick that the traces give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sim_core.traces.causes.derivation import scene_of
from sim_core.traces.comparison.judged import ChanceRow, DelayRow, judge
from sim_core.traces.comparison.verdicts import Result, compare
from sim_core.traces.comparison.yardstick import Yardstick
from sim_core.traces.exchanges import Conversation
from sim_core.twin.play import Make, play
from sim_core.twin.virtual_time import StuckError

Progress = Callable[[int, int, str], None]
"""Told before each play: how many are done, of how many, and what is played."""


def untold(_done: int, _of: int, _what: str) -> None:
    """Nobody wants to know how far it is."""


@dataclass
class Trial:
    """What came of it."""

    results: list[Result]
    delays: list[DelayRow]
    chances: list[ChanceRow]
    yardstick: Yardstick
    remarks: list[str] = field(default_factory=list)

    @property
    def seeds(self) -> list[int]:
        """The seeds that were played."""
        return sorted({result.seed for result in self.results})

    @property
    def frames(self) -> int:
        """Frames of the real charger, over all seeds."""
        return sum(result.frames for result in self.results)

    @property
    def equal(self) -> int:
        """How many of them the twin has said as well."""
        return sum(result.equal for result in self.results)

    @property
    def differing(self) -> int:
        """How many frames differ, are missing or are too much."""
        return sum(result.differing for result in self.results)


def trial(
    traces: Sequence[Conversation],
    make: Make,
    seeds: Sequence[int],
    progress: Progress = untold,
) -> Trial:
    """Play every trace under every seed, and judge."""
    yardstick = Yardstick.of(traces)
    results: list[Result] = []
    remarks: list[str] = []
    done = 0
    for told in traces:
        remarks += [f"{told.name}: {remark}" for remark in told.remarks]
        remarks += _of_another_make(told, make)
        scene = scene_of(told)
        for seed in seeds:
            progress(done, len(traces) * len(seeds), told.name)
            done += 1
            try:
                heard = play(told, scene, make, seed)
            except StuckError as error:
                remarks.append(f"{told.name}, seed {seed}: {error}")
                continue
            results.append(compare(told, heard.said, heard.asked, yardstick, seed))
    delays, chances = judge(traces, results, yardstick)
    return Trial(results, delays, chances, yardstick, remarks)


def _of_another_make(told: Conversation, make: Make) -> list[str]:
    """A sentence where a trace is not of the make that plays it."""
    own = make.model.identity
    for boot in told.boots:
        vendor, model = boot.text("chargePointVendor"), boot.text("chargePointModel")
        if (vendor or model) and (vendor, model) != (own.vendor, own.model):
            return [
                f"{told.name} is of a {vendor} {model}, and {make.model.name} plays it: "
                "a model file of its own would be nearer (--model)."
            ]
    return []
