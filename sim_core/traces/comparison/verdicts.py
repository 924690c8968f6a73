"""A verdict for each frame: as the twin, differs, only on one side, or cannot tell.

Frames are paired within their lanes by what they are; a pair is held against the yardstick. What
can be told only of many frames (`Judged`) is charged to frames afterwards, so that every difference
is one of some frame, and the sum of equal and differing frames means what it says.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sim_core.traces.causes.sessions import Session, sessions
from sim_core.traces.comparison.chances import is_beside, is_early_sample, parted
from sim_core.traces.comparison.delays import Ends, is_of_boot, length_s
from sim_core.traces.comparison.measured import Edge, run_faults
from sim_core.traces.comparison.orders import broken
from sim_core.traces.comparison.payloads import answer_faults, frame_faults
from sim_core.traces.comparison.words import Lane, lanes_of, match_of, place_of, token_of
from sim_core.traces.comparison.yardstick import Yardstick
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S

FREE_SAMPLES = 1
"""The timer of the samples runs freely: a session may have so many more or less."""
BY_THE_CLOCK_WITHIN = 6 * S
"""A session of the twin begins and ends so much earlier or later by the clock."""
MISPLACED_S, MISPLACED = 3.0, 2.5
"""What is so much before its beginning answers to another frame, and so does a sample that comes so
many times later than its interval says."""
TRANSACTIONAL = ("StartTransaction", "MeterValues", "StopTransaction")
UNDECIDED = 12 * S
"""What comes so near to the end of a trace may have come after it."""


class Kind(Enum):
    """What is said of a frame."""

    SAME = "as the twin"
    DIFFERS = "differs"
    ONLY_REAL = "only the metal"
    ONLY_TWIN = "only the twin"
    CANNOT_TELL = "cannot tell"


@dataclass(eq=False)
class Verdict:
    """What is said of a frame of the real charger, and of the twin's that answers to it."""

    real: Exchange | None
    twin: Exchange | None
    whys: list[str] = field(default_factory=list)
    free: bool = False
    """Whether it comes is not the point: nothing can be told of it."""

    @property
    def kind(self) -> Kind:
        """The verdict."""
        if self.free:
            return Kind.CANNOT_TELL
        if self.real is None:
            return Kind.ONLY_TWIN
        if self.twin is None:
            return Kind.ONLY_REAL
        return Kind.DIFFERS if self.whys else Kind.SAME


@dataclass(frozen=True, eq=False)
class Length:
    """How long something took on both sides."""

    what: str
    real_s: float
    twin_s: float
    of: Exchange
    """The twin's frame that has come so early or late."""


@dataclass
class Result:
    """What came of one scene under one seed."""

    name: str
    seed: int = 0
    verdicts: list[Verdict] = field(default_factory=list)
    lengths: list[Length] = field(default_factory=list)
    twin: Conversation | None = None

    @property
    def frames(self) -> int:
        """How many frames the real charger has said: requests, and answers to its CSMS."""
        return sum(verdict.real is not None for verdict in self.verdicts)

    @property
    def equal(self) -> int:
        """How many of them the twin has said as well."""
        return sum(
            v.real is not None and v.kind in (Kind.SAME, Kind.CANNOT_TELL) for v in self.verdicts
        )

    @property
    def differing(self) -> int:
        """How many frames of either side differ or are missing on the other."""
        different = (Kind.DIFFERS, Kind.ONLY_REAL, Kind.ONLY_TWIN)
        return sum(verdict.kind in different for verdict in self.verdicts)

    @property
    def whys(self) -> Counter[str]:
        """The first reason of each frame that differs."""
        return Counter(
            verdict.whys[0] for verdict in self.verdicts if verdict.whys and not verdict.free
        )

    def charge(self, exchange: Exchange, why: str) -> None:
        """A frame of the twin differs for this reason, too."""
        for verdict in self.verdicts:
            if verdict.twin is exchange:
                verdict.whys.append(why)
                return

    def is_charged(self, exchange: Exchange) -> bool:
        """Whether a frame of the twin differs already, or is not judged."""
        return any(v.twin is exchange and (v.whys or v.free) for v in self.verdicts)


def compare(
    real: Conversation,
    twin: Conversation,
    asked: Sequence[tuple[Exchange, Exchange]],
    yardstick: Yardstick,
    seed: int = 0,
) -> Result:
    """Hold one conversation against another. `asked` pairs what both were asked."""
    result = Result(real.name, seed, twin=twin)
    pairs = _paired(real, twin, result)
    answers = [Verdict(one, other, answer_faults(one, other)) for one, other in asked]
    late = _lengths(real, [*pairs, *asked], yardstick, result)
    early = broken(real, pairs, yardstick.orders)
    measured = _measured(real, twin, pairs, yardstick)
    for verdict in result.verdicts:
        one, other = verdict.real, verdict.twin
        if one is None or other is None:
            continue
        verdict.whys += frame_faults(one, other)
        for faults in (late, early, measured):
            verdict.whys += faults.get(id(other), [])
    _excuse(real, twin, asked, result)
    for verdict in answers:
        verdict.whys += late.get(id(verdict.twin), [])
        if verdict.real is not None and verdict.real.answer is None:
            verdict.free = True
    result.verdicts += answers
    return result


def _excuse(
    real: Conversation,
    twin: Conversation,
    asked: Sequence[tuple[Exchange, Exchange]],
    result: Result,
) -> None:
    """Nothing can be told where chance has parted both, nor of what happened by the clock just when
    something else did."""
    at = parted(real, twin, asked)
    edges = [edge for run in sessions(real) for edge in (run.began, run.ended) if edge is not None]
    for verdict in result.verdicts:
        one, other = verdict.real, verdict.twin
        said = one or other
        if at is not None and said is not None and said.at >= (at[0] if one else at[1]):
            verdict.free = verdict.kind is not Kind.SAME
        if one is None or other is None or one.context != "Sample.Clock":
            continue
        if (one.transaction is None) != (other.transaction is None):
            near = [e for e in edges if abs(e - (one.stamp or one.at)) < BY_THE_CLOCK_WITHIN]
            verdict.free = bool(near)


# -- who answers to whom ---------------------------------------------------------------------------


def _paired(
    real: Conversation, twin: Conversation, result: Result
) -> list[tuple[Exchange, Exchange]]:
    ours, theirs = lanes_of(real), lanes_of(twin)
    over = real.exchanges[-1].at if real.exchanges else None
    pairs: list[tuple[Exchange, Exchange]] = []
    for lane in dict.fromkeys([*ours, *theirs]):
        _match(lane, ours.get(lane, []), theirs.get(lane, []), (real, twin), over, result, pairs)
    return pairs


def _match(
    lane: Lane,
    real: Sequence[Exchange],
    twin: Sequence[Exchange],
    told: tuple[Conversation, Conversation],
    over: datetime | None,
    result: Result,
    pairs: list[tuple[Exchange, Exchange]],
) -> None:
    matcher = difflib.SequenceMatcher(
        None, [match_of(e) for e in real], [match_of(e) for e in twin], autojunk=False
    )
    for tag, i0, i1, j0, j1 in matcher.get_opcodes():
        if tag == "equal":
            both = [*zip(real[i0:i1], twin[j0:j1], strict=True)]
            pairs += both
            result.verdicts += [Verdict(one, other) for one, other in both]
            continue
        for exchanges, is_real in ((real[i0:i1], True), (twin[j0:j1], False)):
            free = _free(exchanges, told[0] if is_real else told[1], over)
            for exchange in exchanges:
                word = "missing" if is_real else "too much"
                why = f"{word}: {token_of(exchange)}{place_of(lane)}"
                one, other = (exchange, None) if is_real else (None, exchange)
                result.verdicts.append(Verdict(one, other, [why], free=id(exchange) in free))


def _free(exchanges: Iterable[Exchange], told: Conversation, over: datetime | None) -> set[int]:
    """Frames of one side alone of which nothing can be told: one sample more or less, what chance
    decides, and what the end of the trace may have cut off."""
    periodic = [
        e for e in exchanges if e.context == "Sample.Periodic" and e.transaction is not None
    ]
    free = {id(e) for e in periodic[:FREE_SAMPLES]}
    free |= {id(e) for e in exchanges if is_early_sample(e) or is_beside(told, e)}
    if over is not None:
        cut = [e for e in exchanges if e.at > over - UNDECIDED]
        free |= {id(e) for e in cut if e.action == "Heartbeat" or e.at > over}
    return free


# -- what is out of the ordinary -------------------------------------------------------------------


def _lengths(
    real: Conversation,
    pairs: Iterable[tuple[Exchange, Exchange]],
    yardstick: Yardstick,
    result: Result,
) -> dict[int, list[str]]:
    """Delays of the twin that no real charger has, by the frame that came too early or late."""
    here = {id(one): other for one, other in pairs}
    boots = [boot.at for boot in result.twin.boots] if result.twin else []
    line, theirs = Line(real), Line(result.twin)
    late: dict[int, list[str]] = defaultdict(list)
    for gap in yardstick.gaps_of(real):
        first, then = here.get(id(gap.first)), here.get(id(gap.then))
        real_s = length_s(gap.ends, gap.first, gap.then)
        if first is None or then is None or real_s is None:
            continue
        if not is_of_boot(gap) and any(first.at < boot <= then.at for boot in boots):
            continue  # the twin's sample of the same place was taken before its outage
        twin_s = length_s(gap.ends, first, then)
        if twin_s is not None and is_misplaced(gap.what, real_s, twin_s):
            continue
        if gap.ends is Ends.STAMP_TO_ARRIVAL and line.before(gap.then) != theirs.before(then):
            continue  # one of both has waited for what happened at another connector
        span = yardstick.spans.get(gap.what)
        if twin_s is None or not yardstick.is_usual(gap.what, real_s):
            continue
        result.lengths.append(Length(gap.what, real_s, twin_s, then))
        if span is not None and not span[0] <= twin_s <= span[1]:
            shown = f"{max(span[0], 0) if span[0] > -0.5 else span[0]:.2f} to {span[1]:.2f}"
            late[id(then)].append(
                f"{token_of(gap.then)}: {gap.what} takes {twin_s:.2f} s, not {shown}"
            )
    return late


class Line:
    """What waits for its turn: messages of transactions leave one after the other, whichever
    connector they are of."""

    def __init__(self, told: Conversation | None) -> None:
        self._all = [e for e in told.said if e.action in TRANSACTIONAL] if told else []
        self._ats = [e.at for e in self._all]

    def before(self, one: Exchange) -> int:
        """How many of other transactions have left since it was stamped."""
        if one.stamp is None or one.action not in TRANSACTIONAL:
            return 0
        since, until = bisect_left(self._ats, one.stamp), bisect_left(self._ats, one.at)
        return sum(_run_of(other) != _run_of(one) for other in self._all[since:until])


def _run_of(one: Exchange) -> object:
    return one.transaction if one.transaction is not None else one.given


def is_misplaced(what: str, real_s: float, twin_s: float) -> bool:
    """Whether a delay of the twin lies between frames that do not belong together."""
    late = what.startswith("sample interval") and twin_s > MISPLACED * real_s
    return late or twin_s < -MISPLACED_S <= real_s


def _measured(
    real: Conversation,
    twin: Conversation,
    pairs: Sequence[tuple[Exchange, Exchange]],
    yardstick: Yardstick,
) -> dict[int, list[str]]:
    here = {id(one): other for one, other in pairs}
    back = {id(other): one for one, other in pairs}
    theirs = {id(run.start): run for run in sessions(twin)}
    both = [
        (run, same)
        for run in sessions(real)
        if (answering := here.get(id(run.start))) is not None
        and (same := theirs.get(id(answering))) is not None
    ]
    faults: dict[int, list[str]] = {}
    for run, same in both:
        if not run.failed:
            edges = [edge for pair in both for edge in _edges(run, same, *pair)]
            faults.update(run_faults(real, run, same, back, yardstick.ranges, edges))
    return faults


def _edges(run: Session, same: Session, other: Session, others: Session) -> Iterator[Edge]:
    """When another connector begins and ends to take its share, at the ages that this session has
    then: by the metal, and by the twin."""
    if other.connector != run.connector:
        yield run.age_s(other.began), same.age_s(others.began)
        if other.ended is not None and others.ended is not None:
            yield run.age_s(other.ended), same.age_s(others.ended)
