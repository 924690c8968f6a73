"""What has passed so far beside what a twin says to it, under several seeds.

Here the twin is the measure: how long things take is read off its plays, and the real charger is
held against that. What it says is a difference only where no seed says the same, for a twin is free
to throw its dice otherwise.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sim_core.lockstep.manners import Oddity, oddities
from sim_core.traces.causes.derivation import scene_of
from sim_core.traces.causes.scene import Scene
from sim_core.traces.causes.sessions import outages
from sim_core.traces.comparison.delays import is_fine
from sim_core.traces.comparison.orders import Orders, is_backlog
from sim_core.traces.comparison.verdicts import UNDECIDED, Kind, Result, Verdict, compare
from sim_core.traces.comparison.words import token_of
from sim_core.traces.comparison.yardstick import Yardstick
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S
from sim_core.twin.play import Heard, Make, play

SEEDS = range(1, 7)
"""Of fewer plays nobody can say how long a thing may take that happens once in a session."""
MORE_SEEDS = range(7, 19)
"""What differs under the first ones must differ under these too: few throws are soon all alike."""
SHORTER_S, LONGER_S = 0.5, 1.1
"""Beside what a few plays show, a delay that turns of a loop are part of may be so much shorter,
and a whole turn longer: less is worth no alarm."""
OF_STAMPS_S = 0.1
OF_STAMPS = "stamp of "
"""How kinds of delay begin that are measured from stamp to stamp: nothing on the way is in them."""
APART_S, TOGETHER_S = 0.3, 0.05
"""Two stamps that are so far apart in every play are never within so little of each other: few
plays tell little of how far a delay reaches, but one moment and two are not the same thing."""
BEATS = "Heartbeat, interval"
"""However long it is, a clock decides it: a turn of the loop is all that one may be off."""
SWAPPED_WITHIN = 15 * S
"""What one says and the other does not may be so far apart and still be the same, elsewhere."""
CLEAR_ORDER = 0.3 * S
"""What was met nearer to each other has no certain order."""
BEATS_ABOUT = 6 * S
"""A heartbeat that one says so soon after the first frame the other may have said just before."""
CATCHES_UP = 15 * S
"""So long after a connection began, or after the last of its backlog, there may be more of that."""
ORDER = "at another place in the order"
NUMBER = re.compile(r"-?\d[\d.:]*")
DIFFERENT = (Kind.DIFFERS, Kind.ONLY_REAL, Kind.ONLY_TWIN)


@dataclass(frozen=True, eq=False)
class Finding:
    """What is said of a frame of the real charger, or of one that it lacks."""

    kind: Kind
    metal: Exchange | None
    """A request of the charger, or one of its CSMS, whose answer is meant."""
    twin: Exchange | None
    whys: tuple[str, ...] = ()
    habits: tuple[str, ...] = ()
    """What it follows from: a habit that the charger and its twin do not share, or several of which
    each explains it."""

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
    return Case(told, scene or scene_of(told), until).judged(make, sure=True)


@dataclass
class Case:
    """What is judged: what was said, what happened around it, and how long was listened. What was
    once played of it is kept."""

    told: Conversation
    scene: Scene
    until: datetime | None = None
    _plays: dict[tuple[str, int], Heard] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.until = max(self.told.exchanges[-1].at, self.until or self.told.exchanges[-1].at)

    def played(self, make: Make, seed: int) -> Heard:
        """What this make says to it under one seed."""
        key = make.quirks, seed
        if key not in self._plays:
            self._plays[key] = play(self.told, self.scene, make, seed, self.until)
        return self._plays[key]

    def judged(self, make: Make, *, sure: bool = False) -> list[Finding]:
        """See `judge`. Unless it is to be `sure`, fewer seeds than that are asked where something
        differs."""
        findings = self.judged_under(make, SEEDS)
        if sure and differing(findings):
            findings = self.judged_under(make, [*SEEDS, *MORE_SEEDS])
        return findings

    def kinds_between(self, other: Make, make: Make, seed: int) -> set[str]:
        """Which kinds of differences a charger of the `other` make would show, were it here, beside
        a twin of this make; under one seed of its dice."""
        assert self.until is not None
        there = self.played(other, seed)
        asked_there = {id(request): here for request, here in there.asked}
        plays = [
            Heard(
                heard.said,
                tuple(
                    (asked_there[id(request)], here)
                    for request, here in heard.asked
                    if id(request) in asked_there
                ),
            )
            for heard in (self.played(make, one) for one in SEEDS)
        ]
        odd = oddities(there.said, [heard.said for heard in plays], make)
        results = _results(there.said, plays)
        return kinds(agreed(there.said, self.scene, results, self.until - UNDECIDED, odd))

    def unlikeness(self, make: Make) -> float:
        """How much of what was said a play of this make does not say, on the average of the seeds:
        chance makes it some frames, whoever plays."""
        results = _results(self.told, [self.played(make, seed) for seed in SEEDS])
        return sum(result.differing for result in results) / len(results)

    def judged_under(self, make: Make, seeds: Sequence[int]) -> list[Finding]:
        """What these seeds agree on."""
        assert self.until is not None
        plays = [self.played(make, seed) for seed in seeds]
        odd = oddities(self.told, [heard.said for heard in plays], make)
        results = _results(self.told, plays)
        return agreed(self.told, self.scene, results, self.until - UNDECIDED, odd)


def differing(findings: Iterable[Finding]) -> list[Finding]:
    """Those that say of a frame that it differs or is missing on one side."""
    return [finding for finding in findings if finding.kind in DIFFERENT]


def kinds(findings: Iterable[Finding]) -> set[str]:
    """What differs, by what it has in common with the same of other numbers."""
    return {
        f"{finding.kind.value}: {NUMBER.sub('#', finding.whys[0])}"
        for finding in differing(findings)
        if finding.whys
    }


def _results(told: Conversation, plays: Sequence[Heard]) -> list[Result]:
    """The real charger in the place of the twin, and each play in that of the real one."""
    twins = [heard.said for heard in plays]
    yardstick = Yardstick.of(twins)
    yardstick.orders -= _unclear(twins)
    for what, (low, high) in yardstick.spans.items():
        if not is_fine(what):
            stamps = what.startswith(OF_STAMPS)
            below, above = (OF_STAMPS_S, OF_STAMPS_S) if stamps else (SHORTER_S, LONGER_S)
            low, high = low - below, high + above
            lengths = yardstick.lengths[what]
            if stamps and min(lengths) >= APART_S:
                low = max(low, TOGETHER_S)
            elif what.startswith(BEATS):
                low, high = min(lengths) - LONGER_S, max(lengths) + LONGER_S
            yardstick.spans[what] = low, high
    return [
        compare(heard.said, told, [(here, real) for real, here in heard.asked], yardstick, seed)
        for seed, heard in enumerate(plays, SEEDS.start)
    ]


def _unclear(twins: Sequence[Conversation]) -> Orders:
    """Pairs of words that were met so near to each other that next time they may be met the other
    way round."""
    found: set[tuple[str, str]] = set()
    for twin in twins:
        lanes: dict[int | None, list[Exchange]] = {}
        for exchange in twin.said:
            lanes.setdefault(twin.connector_of(exchange), []).append(exchange)
        for exchanges in lanes.values():
            for place, first in enumerate(exchanges):
                for then in itertools.islice(exchanges, place + 1, None):
                    if then.at - first.at >= CLEAR_ORDER:
                        break
                    one, other = token_of(first), token_of(then)
                    found |= {(one, other), (other, one)}
    return frozenset(found)


def agreed(
    told: Conversation,
    scene: Scene,
    results: Sequence[Result],
    certain: datetime,
    odd: Iterable[Oddity] = (),
) -> list[Finding]:
    """What all seeds find, and nothing of what came later than `certain` and is not the same. What
    is `odd` beside all of them together differs as well."""
    best = min(results, key=lambda result: result.differing)
    ordered = [best, *(result for result in results if result is not best)]
    of_metal: dict[int, list[Verdict]] = {}
    for result in ordered:
        for verdict in result.verdicts:
            if verdict.twin is not None:
                of_metal.setdefault(id(verdict.twin), []).append(verdict)
    found = [_finding(verdicts) for verdicts in of_metal.values()]
    found = _swapped([*found, *_missing(ordered)])
    if not _knows_interval(told, scene):
        found = [_without_interval(finding) for finding in found]
    found = [_without_edge(finding, told.exchanges[0].at) for finding in found]
    found = _with_oddities(found, odd)
    parts = _unsettled(told, certain)
    found = [
        f
        for f in found
        if f.kind not in DIFFERENT
        or (_settled_at(f) <= certain and not any(a <= f.at <= b for a, b in parts))
    ]
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


def _swapped(found: list[Finding]) -> list[Finding]:
    """What both say, and only at another place in the order, is one difference and not two."""
    lacks = [finding for finding in found if finding.kind is Kind.ONLY_TWIN]
    merged: list[Finding] = []
    for finding in found:
        if finding.kind is not Kind.ONLY_REAL or finding.metal is None:
            continue
        token, number = token_of(finding.metal), finding.metal.connector
        for lacking in lacks:
            twin = lacking.twin
            if twin is None or (token_of(twin), twin.connector) != (token, number):
                continue
            if abs(twin.at - finding.at) < SWAPPED_WITHIN:
                why = (f"{token}: {ORDER}",)
                merged.append(Finding(Kind.DIFFERS, finding.metal, twin, why))
                lacks.remove(lacking)
                break
    taken = {id(one.metal) for one in merged} | {id(one.twin) for one in merged}
    alone = (Kind.ONLY_REAL, Kind.ONLY_TWIN)
    left = [
        one
        for one in found
        if one.kind not in alone or not {id(one.metal), id(one.twin)} & (taken - {id(None)})
    ]
    return [*left, *merged]


def _with_oddities(found: Sequence[Finding], odd: Iterable[Oddity]) -> list[Finding]:
    whys: dict[int, tuple[str, ...]] = {}
    for exchange, why in odd:
        whys[id(exchange)] = (*whys.get(id(exchange), ()), why)
    return [
        replace(one, kind=Kind.DIFFERS, whys=(*one.whys, *whys[id(one.metal)]))
        if id(one.metal) in whys and one.kind is not Kind.ONLY_REAL
        else one
        for one in found
    ]


def _unsettled(told: Conversation, certain: datetime) -> list[tuple[datetime, datetime]]:
    """The times about an outage whose backlog may not have come yet: what is missing of them may
    still be said."""
    parts = []
    for outage in outages(told):
        late = [e.at for e in told.said if e.at > outage.over and is_backlog(e, outage.boot)]
        if certain < max([outage.over, *late]) + CATCHES_UP:
            parts.append((outage.began - UNDECIDED, outage.over))
    return parts


def _settled_at(finding: Finding) -> datetime:
    answered = finding.metal.answered_at if finding.metal else None
    return max(finding.at, answered or finding.at)


def _knows_interval(told: Conversation, scene: Scene) -> bool:
    """Whether somebody has said how often a session is sampled, or two samples have shown it."""
    return "MeterValueSampleInterval" in scene.keys or any(
        asked.text("key") == "MeterValueSampleInterval" for asked in told.asked
    )


def _without_edge(finding: Finding, begins: datetime) -> Finding:
    """Nothing can be told of a heartbeat of one side alone where the frames begin."""
    said = finding.metal or finding.twin
    alone = finding.kind in (Kind.ONLY_REAL, Kind.ONLY_TWIN)
    if said is not None and said.action == "Heartbeat" and alone and said.at < begins + BEATS_ABOUT:
        return Finding(Kind.CANNOT_TELL, finding.metal, finding.twin)
    return finding


def _without_interval(finding: Finding) -> Finding:
    """Of samples whose rhythm nobody knows, nothing can be told but what is in them."""
    said = finding.metal or finding.twin
    alone = finding.kind in (Kind.ONLY_REAL, Kind.ONLY_TWIN)
    if said is not None and said.context == "Sample.Periodic" and alone:
        return Finding(Kind.CANNOT_TELL, finding.metal, finding.twin)
    return finding
