"""What came of a trial, as text: scene by scene, delays, chances, and how much the seeds differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from sim_core.traces.comparison.judged import ChanceRow, DelayRow
from sim_core.traces.comparison.verdicts import Result
from sim_core.twin.trial import Trial

NAME_WIDTH = 44
WHYS = 12
"""So many reasons are shown of a scene."""


def whole(trial: Trial) -> str:
    """All of it; the last line is the sum."""
    orders = len(trial.yardstick.orders)
    parts = (
        delays(trial.delays),
        chances(trial.chances),
        f"order between lanes: the traces agree on {orders} pairs\n{spread(trial)}",
        scenes(trial),
    )
    return "\n\n".join(parts)


def scenes(trial: Trial) -> str:
    """All verdicts, a scene a row and its reasons below; the last line is the sum."""
    head = f"{'scene':<{NAME_WIDTH}} frames equal differing  why"
    lines = [head, "-" * len(head)]
    by_name: dict[str, list[Result]] = {}
    for result in trial.results:
        by_name.setdefault(result.name, []).append(result)
    for name, results in by_name.items():
        lines += _scene(name, results)
    lines.append(_row("all", trial.frames, trial.equal, trial.differing))
    return "\n".join(lines)


def _row(name: str, frames: int, equal: int, differing: int) -> str:
    return f"{name[:NAME_WIDTH]:<{NAME_WIDTH}} {frames:>6} {equal:>5} {differing:>9}"


def _scene(name: str, results: Sequence[Result]) -> list[str]:
    whys: Counter[str] = Counter()
    for result in results:
        whys += result.whys
    sums = [sum(getattr(r, what) for r in results) for what in ("frames", "equal", "differing")]
    row = _row(name, *sums) + "  "
    shown = [f"{n}× {why}" for why, n in whys.most_common(WHYS)]
    if len(whys) > WHYS:
        shown.append(f"and {len(whys) - WHYS} other reasons")
    first = (row + (shown[0] if shown else "")).rstrip()
    return [first, *(" " * len(row) + why for why in shown[1:])]


def spread(trial: Trial) -> str:
    """How the result differs from seed to seed."""
    by_seed = {
        seed: sum(result.differing for result in trial.results if result.seed == seed)
        for seed in trial.seeds
    }
    counts = sorted(by_seed.values())
    if not counts:
        return "nothing was played"
    each = ", ".join(f"{seed}: {count}" for seed, count in by_seed.items())
    ends = f"least {counts[0]}, median {median(counts):g}, most {counts[-1]}"
    return f"differing by seed: {ends} ({each})"


def delays(rows: Sequence[DelayRow]) -> str:
    """How long things took on both sides; a row each, with the two-sample figure."""
    width = max([len(row.what) for row in rows] + [len("delay in s")])
    head = (
        f"{'delay in s':<{width}}    n     p10 median    p90  |     n     p10 median    p90  "
        "|    D  limit"
    )
    lines = [head, "-" * len(head)]
    for row in rows:
        sides = "  | ".join(_side(values) for values in (row.real, row.twin))
        lines.append(f"{row.what:<{width}} {sides}  | {_judged(row)}")
    return "\n".join(lines)


def _side(values: Sequence[float]) -> str:
    low, middle, high = (quantile(values, share) for share in (0.1, 0.5, 0.9))
    return f"{len(values):>5} {low:>7.2f} {middle:>6.2f} {high:>6.2f}"


def _judged(row: DelayRow) -> str:
    if row.figure is None:
        return "too few"
    figure = f"{row.figure.size:>4.2f}   {row.figure.limit:.2f}"
    return f"{figure}  differs: {row.charged} frames" if row.figure.differs else figure


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def chances(rows: Sequence[ChanceRow]) -> str:
    """How often what chance decides was so on both sides."""
    width = max([len(row.what) for row in rows] + [len("chance")])
    head = f"{'chance':<{width}}    metal        twin      p"
    lines = [head, "-" * len(head)]
    for row in rows:
        real, twin = (f"{hits} of {of}" for hits, of in (row.real, row.twin))
        verdict = f"  differs: {row.charged} frames" if row.differs else ""
        verdict = verdict or ("" if row.can_tell else "  too few to tell")
        lines.append(f"{row.what:<{width}} {real:>8} {twin:>11}  {row.p:.3f}{verdict}")
    return "\n".join(lines)
