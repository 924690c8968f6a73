"""Times of a charger whose firmware speaks in turns: what is seen is the step and the turn.

How long the turns are is the habit's, so the steps are found by trying: the charger is played with
what was measured, and what it is too late is taken off.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sim_core.hardware.distribution import Distribution
from sim_core.learning.draft import Draft, Line
from sim_core.learning.heard import Log
from sim_core.learning.times import RESETS, START_PROMPT, STEPS
from sim_core.settings.model_file import load_model
from sim_core.twin.play import Make
from sim_core.twin.trial import trial

Progress = Callable[[int, int, str], None]
SEEDS = range(1, 3)
TABLE = "timing.real"
NEAR_S = 0.03
"""Closer than that nothing is gained."""
ROUNDS = 2
FITTED: Mapping[str, str] = {
    **STEPS,
    START_PROMPT: "cable_check_s",
    **{what: back for what, (_, back) in RESETS.items()},
}
"""By the name of a delay the step that is moved."""


def fit(draft: Draft, logs: Sequence[Log], progress: Progress) -> None:
    """Move the times of [timing.real] until the charger that is played takes as long as the one
    that was heard."""
    for _ in range(ROUNDS):
        late = _late(draft, logs, progress)
        table = draft.table(TABLE)
        # What moves the handshake moves the start behind it as well.
        if "mac_s" in late and "cable_check_s" in late:
            late["cable_check_s"] -= late["mac_s"]
        table.lines = [_moved(line, late.get(line.key, 0.0)) for line in table.lines]


def _late(draft: Draft, logs: Sequence[Log], progress: Progress) -> dict[str, float]:
    """By how many seconds the charger that is played is late, by step."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "learnt.toml"
        path.write_text(draft.text(), "utf-8")
        make = Make(load_model(str(path)))
    done = trial([log.told for log in logs], make, SEEDS, progress)
    found: dict[str, float] = {}
    for row in done.delays:
        name = FITTED.get(row.what)
        if name is not None and row.real and row.twin:
            late = median(row.twin) - median(row.real)
            if abs(late) >= NEAR_S:
                found[name] = late
    return found


def _moved(line: Line, late: float) -> Line:
    value = line.value
    if not late or isinstance(value, bool):
        return line
    if isinstance(value, Distribution):
        least, p10, middle, p90, most = (max(0.0, round(at - late, 3)) for at in value.points)
        return replace(line, value=Distribution(middle, p10, p90, least, most))
    if isinstance(value, (int, float)):
        return replace(line, value=max(0.0, round(value - late, 3)))
    return line
