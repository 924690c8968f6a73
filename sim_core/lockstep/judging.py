"""What has passed so far beside what a twin says to it, under several seeds.

Here the twin is the measure: how long things take is read off its plays, and the real charger is
held against that. What it says is a difference only where no seed says the same, for a twin is free
to throw its dice otherwise; so where something differs, more seeds are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sim_core.traces.causes.derivation import scene_of
from sim_core.traces.causes.scene import Scene
from sim_core.traces.comparison.delays import is_fine
from sim_core.traces.comparison.verdicts import UNDECIDED, Kind, Result, Verdict, compare
from sim_core.traces.comparison.yardstick import Yardstick
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.twin.play import Heard, Make, play

AT_FIRST, AT_MOST = 2, 6
"""How many seeds are played, and how many where something differs."""
LEEWAY_S, LEEWAY_SHARE = 0.5, 0.15
"""Beside what a few plays show, a delay that turns of a loop are part of may be so much longer or
shorter: less is worth no alarm."""
DIFFERENT = (Kind.DIFFERS, Kind.ONLY_REAL, Kind.ONLY_TWIN)


@dataclass(frozen=True, eq=False)
class Finding:
    """What is said of a frame of the real charger, or of one that it lacks."""

    kind: Kind
    metal: Exchange | None
    """A request of the charger, or one of its CSMS, whose answer is meant."""
    twin: Exchange | None
    whys: tuple[str, ...] = ()

    @property
    def at(self) -> datetime:
        """When it was said, or should have been."""
        said = self.metal or self.twin
        assert said is not None
        return said.at


def judge(
    told: Conversation,
    make: Make,
    scene: Scene | None = None,
    until: datetime | None = None,
) -> list[Finding]:
    """Judge what a real charger has said so far, in order; without what is too new to tell.

    `scene` is what happened around it, where more is known than it tells; `until` is how long it
    has been listened to, where it was silent at the end. Raises StuckError where the twin cannot be
    played.
    """
    scene = scene or scene_of(told)
    until = max(told.exchanges[-1].at, until or told.exchanges[-1].at)
    plays: list[Heard] = []
    findings: list[Finding] = []
    for seed in range(1, AT_MOST + 1):
        plays.append(play(told, scene, make, seed, until))
        if seed < AT_FIRST:
            continue
        findings = agreed(told, scene, _results(told, plays), until - UNDECIDED)
        if not any(finding.kind in DIFFERENT for finding in findings):
            break
    return findings


def _results(told: Conversation, plays: Sequence[Heard]) -> list[Result]:
    """The real charger in the place of the twin, and each play in that of the real one."""
    yardstick = Yardstick.of([heard.said for heard in plays])
    for what, (low, high) in yardstick.spans.items():
        if not is_fine(what):
            slack = max(LEEWAY_S, LEEWAY_SHARE * high)
            yardstick.spans[what] = low - slack, high + slack
    return [
        compare(heard.said, told, [(here, real) for real, here in heard.asked], yardstick, seed)
        for seed, heard in enumerate(plays, 1)
    ]


def agreed(
    told: Conversation, scene: Scene, results: Sequence[Result], certain: datetime
) -> list[Finding]:
    """What all seeds find, and nothing of what came later than `certain` and is not the same."""
    best = min(results, key=lambda result: result.differing)
    ordered = [best, *(result for result in results if result is not best)]
    of_metal: dict[int, list[Verdict]] = {}
    for result in ordered:
        for verdict in result.verdicts:
            if verdict.twin is not None:
                of_metal.setdefault(id(verdict.twin), []).append(verdict)
    found = [_finding(verdicts) for verdicts in of_metal.values()]
    found += _missing(ordered)
    if not _knows_interval(told, scene):
        found = [_without_interval(finding) for finding in found]
    found = [f for f in found if f.kind not in DIFFERENT or _settled_at(f) <= certain]
    return sorted(found, key=lambda finding: finding.at)


def _finding(verdicts: Sequence[Verdict]) -> Finding:
    """One frame of the real charger by what each seed says of it."""
    metal = verdicts[0].twin
    assert metal is not None
    for kind in (Kind.SAME, Kind.CANNOT_TELL):
        for verdict in verdicts:
            if verdict.kind is kind:
                return Finding(kind, metal, verdict.real)
    paired = [verdict for verdict in verdicts if verdict.real is not None]
    nearest = min(paired or verdicts, key=lambda verdict: len(verdict.whys))
    kind = Kind.DIFFERS if nearest.real is not None else Kind.ONLY_REAL
    return Finding(kind, metal, nearest.real, tuple(nearest.whys))


def _missing(results: Sequence[Result]) -> list[Finding]:
    """What each seed of the twin says and the real charger does not."""
    lacks = [
        [v for v in result.verdicts if v.twin is None and not v.free and v.real is not None]
        for result in results
    ]
    counts = [Counter(verdict.whys[0] for verdict in lacking) for lacking in lacks]
    left = {why: min(count[why] for count in counts) for why in counts[0]}
    findings = []
    for verdict in lacks[0]:
        why = verdict.whys[0]
        if left[why] > 0:
            left[why] -= 1
            findings.append(Finding(Kind.ONLY_TWIN, None, verdict.real, tuple(verdict.whys)))
    return findings


def _settled_at(finding: Finding) -> datetime:
    answered = finding.metal.answered_at if finding.metal else None
    return max(finding.at, answered or finding.at)


def _knows_interval(told: Conversation, scene: Scene) -> bool:
    """Whether somebody has said how often a session is sampled, or two samples have shown it."""
    return "MeterValueSampleInterval" in scene.keys or any(
        asked.text("key") == "MeterValueSampleInterval" for asked in told.asked
    )


def _without_interval(finding: Finding) -> Finding:
    """Of samples whose rhythm nobody knows, nothing can be told but what is in them."""
    said = finding.metal or finding.twin
    alone = finding.kind in (Kind.ONLY_REAL, Kind.ONLY_TWIN)
    if said is not None and said.context == "Sample.Periodic" and alone:
        return Finding(Kind.CANNOT_TELL, finding.metal, finding.twin)
    return finding
