"""Plays one life after the other, and makes each failure small.

An invariant is found broken once: later lives are watched for the others. A life that ends because
somebody waits for the CSMS for ever, though each invariant holds, is a failure as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from sim_core.runtime.clock import SystemClock
from sim_core.testbench.invariants.table import INVARIANT_BY_NAME
from sim_core.testbench.playing import play
from sim_core.testbench.scenario import Scenario
from sim_core.testbench.stage import Stage
from sim_core.testbench.torture.lives import Plan, life
from sim_core.testbench.torture.shrinking import shrunk
from sim_core.testbench.verdicts import Result, Verdict

GOES_ON = "goes-on"
"""What is broken where a life does not go on and each invariant holds."""
GOES_ON_SENTENCE = "Nobody waits for the CSMS for ever"

MakeStage = Callable[[Scenario], Stage]


@dataclass(frozen=True)
class Finding:
    """An invariant that does not hold."""

    name: str
    life: int
    drawn: Scenario
    """The life in which it was seen."""
    result: Result
    """What came of the smallest scenario that still fails."""
    plays: int
    """How often something was played until it was small."""

    @property
    def sentence(self) -> str:
        """What should hold."""
        row = INVARIANT_BY_NAME.get(self.name)
        return row.sentence if row else GOES_ON_SENTENCE

    @property
    def clause(self) -> str:
        """What it rests on."""
        row = INVARIANT_BY_NAME.get(self.name)
        return row.clause if row else ""


@dataclass
class Trial:
    """What has come of the lives so far."""

    plan: Plan
    lives: int = 0
    """Those that were played to their end or to a failure."""
    messages: int = 0
    """Exchanges in these lives."""
    charging: int = 0
    """Lives in which somebody was seen charging."""
    lasted_s: float = 0.0
    """In the charge points' time."""
    took_s: float = 0.0
    """In real time, with what was played to make failures small."""
    findings: list[Finding] = field(default_factory=list)
    trouble: str = ""
    """Why it could not go on; empty: it could."""

    @property
    def held(self) -> tuple[str, ...]:
        """The invariants that hold as far as anybody has seen."""
        broken = {one.name for one in self.findings}
        return tuple(name for name in self.plan.invariants if name not in broken)


class Teller(Protocol):
    """Who hears how it goes."""

    def life(self, trial: Trial, number: int) -> None:
        """A life begins."""

    def smaller(self, trial: Trial, name: str, steps: int) -> None:
        """A failure is made small; it has so many steps by now."""

    def found(self, trial: Trial, finding: Finding) -> None:
        """One is small."""


async def tried(
    trial: Trial,
    stage_of: MakeStage,
    more: Callable[[Trial], bool],
    teller: Teller,
) -> None:
    """Play lives while there are to be `more`; what comes of them is in the `trial`, also where it
    is interrupted. Raises UserError where one cannot be played."""
    real = SystemClock()
    began = real.monotonic()
    while more(trial):
        number = trial.lives + 1
        teller.life(trial, number)
        broken = tuple(one.name for one in trial.findings)
        drawn = replace(life(trial.plan, number), always=trial.held, tolerates=broken)
        result = await play(drawn, stage_of(drawn), drawn.seed)
        if result.verdict is Verdict.BROKEN:
            trial.trouble = result.why
            return
        trial.messages += len(result.spoken)
        trial.lasted_s += result.lasted_s
        trial.charging += any(reading.power_w > 0 for reading in result.readings)
        name = _name(result)
        if name and name not in broken:
            smaller = _Smaller(trial, number, drawn, result, stage_of, teller)
            try:
                await smaller.search()
            finally:  # whoever interrupts it is told of what there is by then
                trial.findings.append(smaller.finding)
                teller.found(trial, smaller.finding)
        trial.lives = number
        trial.took_s = real.monotonic() - began


def _name(result: Result) -> str:
    """The invariant that is broken; empty where all hold."""
    if result.verdict is not Verdict.FAILED:
        return ""
    return result.breach or GOES_ON


class _Smaller:
    """The smallest scenario so far that fails as a life has failed."""

    def __init__(
        self,
        trial: Trial,
        number: int,
        drawn: Scenario,
        result: Result,
        stage_of: MakeStage,
        teller: Teller,
    ) -> None:
        self._trial = trial
        self._number = number
        self._drawn = drawn
        self._best = result
        self._name = _name(result)
        self._stage_of = stage_of
        self._teller = teller
        self._plays = 0

    @property
    def finding(self) -> Finding:
        """What is found by now."""
        return Finding(self._name, self._number, self._drawn, self._best, self._plays)

    async def search(self) -> None:
        """Make it as small as it goes."""
        drawn = self._drawn
        row = INVARIANT_BY_NAME.get(self._name)
        sentence = row.sentence if row else GOES_ON_SENTENCE
        begun = len(self._best.steps) - len(drawn.charge_points)  # these are let in first
        titled = replace(
            drawn,
            title=sentence,
            name=f"torture-{self._name}",
            proves=sentence,
            clause=row.clause if row else "",
            always=(self._name,) if row else drawn.always,
            steps=drawn.steps[: max(0, begun)],
        )
        # What is broken by the end of a life need not be by what led to it: the whole life is one.
        if not await self._fails(titled):
            titled = replace(titled, steps=drawn.steps)
        await shrunk(titled, self._fails)

    async def _fails(self, candidate: Scenario) -> bool:
        self._plays += 1
        result = await play(candidate, self._stage_of(candidate), candidate.seed)
        if _name(result) != self._name:
            return False
        self._best = result
        self._teller.smaller(self._trial, self._name, len(candidate.steps))
        return True
