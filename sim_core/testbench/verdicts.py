"""What came of scenarios, as data for whoever tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from sim_core.redaction import public_frame
from sim_core.testbench.scenario import Scenario
from sim_core.wire.message_log import Exchange


class Verdict(Enum):
    """What a scenario has come to."""

    PASSED = "passed"
    FAILED = "failed"
    """The CSMS has not done what was expected of it."""
    SKIPPED = "skipped"
    """It could not be played here."""
    BROKEN = "broken"
    """The scenario could not be played as it is written."""


@dataclass(frozen=True)
class StepResult:
    """What came of a step."""

    line: str
    at_s: float
    """When it began, in seconds of the charge points' time."""
    took_s: float
    passed: bool
    why: str = ""


@dataclass(frozen=True)
class Spoken:
    """An exchange of a charge point."""

    charge_point: str
    exchange: Exchange
    request: str
    """The frame that asked, without secrets."""
    answer: str
    """The frame that answered, without secrets; where there is none, what became of the request."""
    missed: bool = False
    """It is one that speaks against the CSMS."""


def spoken_of(
    charge_point: str, exchange: Exchange, secret_keys: frozenset[str], *, missed: bool
) -> Spoken:
    """The exchange as it may be shown."""
    answer = public_frame(exchange.answer, secret_keys)
    return Spoken(
        charge_point,
        exchange,
        public_frame(exchange.request, secret_keys),
        answer or exchange.trouble or exchange.state.value,
        missed,
    )


@dataclass(frozen=True)
class Reading:
    """What a charge point gave at a moment."""

    at_s: float
    power_w: float


@dataclass(frozen=True)
class Result:
    """What came of a scenario."""

    scenario: Scenario
    verdict: Verdict
    why: str
    """Why it is not passed; empty where it is."""
    steps: tuple[StepResult, ...]
    spoken: tuple[Spoken, ...]
    readings: tuple[Reading, ...]
    seed: int
    began: datetime
    """On the charge points' clock."""
    lasted_s: float
    """In their time."""
    took_s: float
    """In real time."""
    breach: str = ""
    """The name of the invariant that does not hold."""

    @property
    def unreached(self) -> bool:
        """Whether no charge point of it has ever spoken with the CSMS."""
        return self.verdict is Verdict.BROKEN and bool(self.steps) and not self.spoken

    @property
    def around(self) -> tuple[Spoken, ...]:
        """The last frames before it failed, but for samples; none where it has passed."""
        if self.verdict not in (Verdict.FAILED, Verdict.BROKEN):
            return ()
        told = [one for one in self.spoken if one.missed or one.exchange.action not in OFTEN]
        return tuple(told[-AROUND:])


AROUND = 10
"""So many exchanges are shown around a failure."""
OFTEN = frozenset({"MeterValues", "Heartbeat"})
"""What comes so often that it hides the rest: it is shown where it speaks against the CSMS."""
