"""What a run has shown of the CSMS that it loaded: for a file, and for a line in a table of runs.

A CSMS that is being filled answers otherwise than one that is full, so the percentiles are told
twice: of the whole run, and of its steady state, which begins once the charge points are all
there and the rate of messages stays what it is.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from sim_core.errors import UserError
from sim_core.fleet.options import FleetSettings
from sim_core.fleet.snapshot import FleetSnapshot, Phase
from sim_core.log_file import reason_of
from sim_core.sidecar.counters import Latency, WireCounts

WINDOW_S = 15
"""Two spans of so many seconds are compared."""
ALIKE = 0.1
"""The state is steady once the rates of both differ by no more than this share, and chance."""
LEAST_MESSAGES = 50
"""In a span; with fewer nothing can be said."""


@dataclass(frozen=True)
class Answers:
    """How long the CSMS took to answer one kind of message, in seconds."""

    count: int
    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    slowest_s: float


@dataclass(frozen=True)
class ErrorKind:
    """One kind of error."""

    count: int
    first: str
    """The first one, in words."""


@dataclass(frozen=True)
class Span:
    """A part of the run."""

    after_s: float
    """When it began, counted from the start."""
    seconds: float
    messages: int
    messages_per_s: float
    answers: Answers
    """Of all messages together."""
    by_action: Mapping[str, Answers]


@dataclass(frozen=True)
class LoadReport:
    """A run."""

    url: str
    charge_points: int
    workers: int
    sessions_begun: int
    sessions_ended: int
    came_to_nothing: Mapping[str, int]
    """Visits that did not charge: why, and how many."""
    whole: Span
    steady: Span | None
    """None: there was no steady state."""
    errors: Mapping[str, ErrorKind]
    late_p99_s: float
    """How late the fleet's own loop was in 99 of 100 looks at the most, to 5 %."""
    most_late_s: float
    """How late the fleet's own loop was at the most: above 0.1 the figures are partly its own."""

    def as_json(self) -> dict[str, object]:
        """In words that JSON has."""
        return asdict(self)


@dataclass(frozen=True)
class _Mark:
    """What had been counted at a moment of the run."""

    after_s: float = 0.0
    messages: int = 0
    counts: WireCounts = field(default_factory=WireCounts)


class Watcher:
    """Looks at a fleet once a second and remembers what a report needs."""

    def __init__(self) -> None:
        self._totals: deque[int] = deque(maxlen=2 * WINDOW_S + 1)
        self._seen = FleetSnapshot()
        self._late = Latency()
        """Of the fleet's own loop."""
        self._now = self._last_running = _Mark()
        self._steady: _Mark | None = None

    def look(self, seen: FleetSnapshot, counts: WireCounts, seconds: float) -> None:
        """So it stands `seconds` after the start; nothing of `counts` changes any more."""
        self._seen, self._now = seen, _Mark(seconds, seen.messages, counts)
        if seen.phase is not Phase.RUNNING:
            return
        self._last_running = self._now
        self._late.add(seen.lag_s)
        self._totals.append(seen.messages)
        if self._steady is None and self._is_steady():
            self._steady = self._now

    def _is_steady(self) -> bool:
        totals = self._totals
        if len(totals) < 2 * WINDOW_S + 1:
            return False
        earlier, later = totals[WINDOW_S] - totals[0], totals[-1] - totals[WINDOW_S]
        if min(earlier, later) < LEAST_MESSAGES:
            return False
        chance = 2 * math.sqrt(earlier + later)
        return abs(later - earlier) <= ALIKE * (earlier + later) / 2 + chance

    def report(self, url: str, workers: int) -> LoadReport:
        """What there has been so far. The steady state is over when the fleet begins to stop."""
        seen, counts = self._seen, self._now.counts
        return LoadReport(
            url=url,
            charge_points=seen.total,
            workers=workers,
            sessions_begun=seen.visits_begun,
            sessions_ended=seen.visits_ended,
            came_to_nothing=dict(seen.refused),
            whole=_span(_Mark(), self._now),
            steady=_span(self._steady, self._last_running) if self._steady else None,
            errors={
                kind: ErrorKind(count, counts.examples.get(kind, ""))
                for kind, count in sorted(counts.errors.items())
                if count
            },
            late_p99_s=round(self._late.within_s(0.99), 3),
            most_late_s=round(self._late.slowest_s, 3),
        )


def _span(begin: _Mark, end: _Mark) -> Span:
    seconds, messages = end.after_s - begin.after_s, end.messages - begin.messages
    latency = {
        action: one.since(begin.counts.latency.get(action, Latency()))
        for action, one in sorted(end.counts.latency.items())
    }
    return Span(
        after_s=round(begin.after_s, 1),
        seconds=round(seconds, 1),
        messages=messages,
        messages_per_s=round(messages / seconds, 1) if seconds else 0.0,
        answers=_answers(sum(latency.values(), Latency())),
        by_action={action: _answers(one) for action, one in latency.items() if one.count},
    )


def _answers(seen: Latency) -> Answers:
    count = seen.count
    mean_s = seen.sum_s / count if count else 0.0
    parts = (mean_s, *map(seen.within_s, (0.5, 0.95, 0.99)), seen.slowest_s)
    return Answers(count, *(round(part, 5) for part in parts))


# -- Markdown --------------------------------------------------------------------------------------

COLUMNS = (
    "charge points",
    "workers",
    "minutes",
    "sessions",
    "messages/s",
    "p50 ms",
    "p95 ms",
    "p99 ms",
    "slowest ms",
    "errors",
)


def markdown_row(report: LoadReport) -> str:
    """The run as a row of a table whose columns are `COLUMNS`; of the steady state, if there was
    one."""
    span = report.steady or report.whole
    answers = span.answers
    cells = (
        f"{report.charge_points:,}",
        f"{report.workers}",
        f"{span.seconds / 60:.1f}",
        f"{report.sessions_begun:,}",
        f"{span.messages_per_s:,.1f}",
        *(
            f"{seconds * 1000:.1f}"
            for seconds in (answers.p50_s, answers.p95_s, answers.p99_s, answers.slowest_s)
        ),
        f"{sum(one.count for one in report.errors.values()):,}",
    )
    return _row(cells)


# -- files -----------------------------------------------------------------------------------------


def check_files(settings: FleetSettings) -> None:
    """Raises UserError with a sentence where the report could not be written in the end."""
    for path in (settings.fleet_json, settings.fleet_markdown):
        if path is not None and not path.resolve().parent.is_dir():
            raise UserError(
                f"The report of the run cannot be written to {path}: there is no folder "
                f"{path.resolve().parent}."
            )


def keep(report: LoadReport, settings: FleetSettings) -> list[str]:
    """Write the report where the settings say; returns what was written, as sentences. Raises
    UserError with a sentence."""
    said = []
    if settings.fleet_json is not None:
        text = json.dumps(report.as_json(), indent=1) + "\n"
        _written(settings.fleet_json, lambda path: path.write_text(text, "utf-8"))
        said.append(f"The report of the run is in {settings.fleet_json}.")
    if settings.fleet_markdown is not None:
        _written(settings.fleet_markdown, lambda path: _add_row(path, report))
        said.append(f"The run is a row of the table in {settings.fleet_markdown}.")
    return said


def _written(path: Path, write: Callable[[Path], object]) -> None:
    try:
        write(path)
    except OSError as error:
        raise UserError(f"{path} could not be written: {reason_of(error)}.") from None


def _add_row(path: Path, report: LoadReport) -> None:
    """A table begins with the names of its columns."""
    with path.open("a", encoding="utf-8") as file:
        if file.tell() == 0:
            file.write(_row(COLUMNS) + "\n" + _row(("---:",) * len(COLUMNS)) + "\n")
        file.write(markdown_row(report) + "\n")


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"
