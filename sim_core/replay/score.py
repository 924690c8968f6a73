"""What a recorded charger is to say again, in which order, and what may not overtake what.

A log is read once into plain records; whoever plays them needs no log any more. Order is kept by
cause and not by the clock alone: a request that was sent when others had been answered waits for
those answers of the CSMS under test too, however slow it is. Only what was open together in the log
may be open together again, so that no rule is broken that the charger itself has kept.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sim_core.errors import UserError
from sim_core.traces.exchanges import NO_TIME, TraceError, times_of
from sim_core.traces.frames import Side, Trace, TraceFrame
from sim_core.traces.messages import CALL

if TYPE_CHECKING:
    from typing import TypeGuard

Payload = dict[str, Any]
Answer = tuple[Any, ...]
"""A CALLRESULT or CALLERROR without its message id, its type first."""
APART_WITHOUT_TIMES = timedelta(seconds=1)
BOOT = "BootNotification"
VERSION_16, VERSION_201 = "1.6", "2.0.1"
LONGEST_VENDOR = 20


class ScoreError(UserError):
    """A log that cannot be played, in a sentence."""


@dataclass(frozen=True)
class Saying:
    """A request of the recorded charger."""

    number: int
    """From 1; 0: it is none of the log, but said before it."""
    at_s: float
    """Since the log began."""
    at: datetime | None
    """When it was sent, where the log tells."""
    action: str
    payload: Payload
    text: str
    """As it was spelt on the wire."""
    answer: Answer | None = None
    """What the CSMS in the log has answered; None where nothing is logged."""
    open_with: frozenset[int] = frozenset()
    """Earlier ones that had no answer yet when it was sent, and got one later."""
    new_link: bool = False
    """The charger has started again: it comes on a connection of its own."""
    transaction_id: int | str | None = None
    """What the transaction that it starts is called in the log."""


@dataclass(frozen=True)
class Asking:
    """A request of the CSMS in the log, and what the charger has answered."""

    action: str
    payload: Payload
    answer: Answer | None
    text: str
    """The answer as it was spelt on the wire."""
    latency_s: float
    at: datetime | None


@dataclass(frozen=True)
class Score:
    """A log, to be played."""

    charge_point: str
    """Whose it is; empty where the log does not say."""
    ocpp_version: str
    sayings: tuple[Saying, ...]
    askings: tuple[Asking, ...]
    length_s: float
    """From its first frame to its last."""
    ends_at: datetime | None
    """When its last frame passed; None where the log has no times at all."""
    remarks: tuple[str, ...] = ()
    """What is to be known of it, as sentences."""


@dataclass
class _Open:
    """A request while its answer is looked for."""

    place: int
    at_s: float
    at: datetime
    frame: TraceFrame
    open_places: frozenset[int] = frozenset()
    new_link: bool = False
    answer: TraceFrame | None = None
    answered_at: datetime | None = None
    transaction_id: int | str | None = None


@dataclass
class _Reading:
    said: list[_Open] = field(default_factory=list)
    asked: list[_Open] = field(default_factory=list)
    open_: dict[tuple[Side, str], _Open] = field(default_factory=dict)
    starts: dict[object, _Open] = field(default_factory=dict)
    """Starts without a logged answer, by connector."""
    names: set[int | str] = field(default_factory=set)
    """Transactions that are known by now."""
    spoken: bool = False
    """The charger has asked or told something since it last started."""
    prompted: bool = False
    """The CSMS has asked for a BootNotification that has not come yet."""


def score_of(trace: Trace, *, boots: bool = True, longest_gap_s: float | None = None) -> Score:
    """What there is to play in the trace of one charge point.

    With `boots`, a log that begins in the middle of a charger's life gets a BootNotification in
    front, for a CSMS takes nothing before it (OCPP 1.6 §4.2, 2.0.1 B01). A silence that is longer
    than `longest_gap_s` is made so long. Raises ScoreError.
    """
    version = trace.ocpp_version or VERSION_16
    if not version.startswith((VERSION_16, VERSION_201)):
        raise ScoreError(f"{trace.name} is spoken in OCPP {version}: 1.6 and 2.0.1 can be played.")
    if len(trace.charge_points) > 1:
        there = ", ".join(name or "(without a name)" for name in trace.charge_points[:20])
        raise ScoreError(
            f"{trace.name} has several charge points: {there}. Name one (--charge-point)."
        )
    times, timed = _times(trace)
    since_s = _since(times, longest_gap_s)
    read = _read(trace.frames, since_s, times)
    if not read.said:
        raise ScoreError(
            f"In {trace.name} a charger asks and tells nothing: there is nothing to play."
        )
    sayings = _sayings(read.said, timed)
    remarks = []
    if not timed:
        remarks.append("The log has no times: the charger says something every second.")
    if boots and sayings[0].action != BOOT:
        sayings.insert(0, _boot(sayings, version))
        remarks.append(
            "The log begins after the charger's start: a BootNotification of ours comes first "
            "(--boot=false leaves it out)."
        )
    kept = _began_before(read)
    if kept:
        names = ", ".join(str(name) for name in kept[:5])
        remarks.append(
            f"Of a transaction the log has no begin ({names}): its id stays as it is, and the CSMS "
            "cannot know it."
        )
    return Score(
        next(iter(trace.charge_points), ""),
        VERSION_201 if version.startswith(VERSION_201) else VERSION_16,
        tuple(sayings),
        tuple(_asking(one, timed) for one in read.asked),
        since_s[-1],
        times[-1] if timed else None,
        tuple(remarks),
    )


def _times(trace: Trace) -> tuple[list[datetime], bool]:
    try:
        return times_of(trace.name, trace.frames), True
    except TraceError:
        begin = NO_TIME + timedelta(days=1)
        places: list[datetime] = []
        for frame in trace.frames:
            says = frame.message[0] == CALL and frame.sent_by is Side.CHARGER
            last = places[-1] if places else begin
            places.append(last + APART_WITHOUT_TIMES if says and places else last)
        return places or [begin], False


def _since(times: Sequence[datetime], longest_gap_s: float | None) -> list[float]:
    """Seconds since the first, without what of a silence is too long."""
    since_s = [0.0]
    for one, other in pairwise(times):
        gap_s = (other - one).total_seconds()
        since_s.append(
            since_s[-1] + (gap_s if longest_gap_s is None else min(gap_s, longest_gap_s))
        )
    return since_s


def _read(
    frames: Sequence[TraceFrame], since_s: Sequence[float], times: Sequence[datetime]
) -> _Reading:
    read = _Reading()
    for frame, at_s, at in zip(frames, since_s, times, strict=True):
        if frame.message[0] == CALL and frame.sent_by is Side.CHARGER:
            _say(read, frame, at_s, at)
        elif frame.message[0] == CALL:
            one = _Open(len(read.asked), at_s, at, frame)
            read.asked.append(one)
            read.open_[frame.sent_by, str(frame.message[1])] = one
            read.prompted |= frame.message[3].get("requestedMessage") == BOOT
        else:
            answered = read.open_.pop((frame.sent_by.other, str(frame.message[1])), None)
            if answered is not None:
                answered.answer, answered.answered_at = frame, at
                _named(read, answered, frame)
    return read


def _say(read: _Reading, frame: TraceFrame, at_s: float, at: datetime) -> None:
    action, payload = frame.message[2], frame.message[3]
    boots = action == BOOT and not read.prompted
    if action == BOOT:
        read.prompted = False
    if boots and read.spoken:  # what was open then was never answered
        for key in [key for key in read.open_ if key[0] is Side.CHARGER]:
            del read.open_[key]
    one = _Open(
        len(read.said),
        at_s,
        at,
        frame,
        frozenset(open_.place for key, open_ in read.open_.items() if key[0] is Side.CHARGER),
        boots and read.spoken,
    )
    _guess_start(read, payload)
    if action == "StartTransaction":
        read.starts[payload.get("connectorId")] = one
    read.spoken = True
    read.said.append(one)
    read.open_[frame.sent_by, str(frame.message[1])] = one


def _named(read: _Reading, answered: _Open, answer: TraceFrame) -> None:
    """Note what the CSMS calls a transaction."""
    if answered.frame.sent_by is Side.CSMS or answered.frame.message[2] != "StartTransaction":
        return
    payload = answer.message[2]
    name = payload.get("transactionId") if isinstance(payload, dict) else None
    if _is_name(name):
        answered.transaction_id = name
        read.names.add(name)
    starts = read.starts
    for key in [key for key, one in starts.items() if one is answered]:
        del starts[key]


def _guess_start(read: _Reading, payload: Payload) -> None:
    """Where a start has no answer in the log, what follows at its connector has the name."""
    name = payload.get("transactionId")
    if not _is_name(name) or name in read.names or not read.starts:
        return
    where = payload.get("connectorId")
    if where is None and len(read.starts) == 1:
        where = next(iter(read.starts))
    start = read.starts.pop(where, None)
    if start is not None:
        start.transaction_id = name
        read.names.add(name)


def _began_before(read: _Reading) -> list[int | str]:
    found: dict[int | str, None] = {}
    for one in read.said:
        name = one.frame.message[3].get("transactionId")
        if _is_name(name) and name not in read.names:
            found[name] = None
    return list(found)


def _is_name(name: object) -> TypeGuard[int | str]:
    return isinstance(name, (int, str)) and not isinstance(name, bool)


def _sayings(said: Sequence[_Open], timed: bool) -> list[Saying]:
    answered = {one.place for one in said if one.answer is not None}
    return [
        Saying(
            one.place + 1,
            one.at_s,
            one.at if timed else None,
            one.frame.message[2],
            one.frame.message[3],
            spelling(one.frame),
            _answer(one),
            frozenset(place + 1 for place in one.open_places & answered),
            one.new_link,
            one.transaction_id,
        )
        for one in said
    ]


def _asking(one: _Open, timed: bool) -> Asking:
    answered_at = one.answered_at or one.at
    return Asking(
        one.frame.message[2],
        one.frame.message[3],
        _answer(one),
        spelling(one.answer) if one.answer else "",
        max(0.0, (answered_at - one.at).total_seconds()),
        answered_at if timed else None,
    )


def _answer(one: _Open) -> Answer | None:
    if one.answer is None:
        return None
    return (one.answer.message[0], *one.answer.message[2:])


def spelling(frame: TraceFrame) -> str:
    """A frame as it was on the wire; where the log has it only in part, as JSON has it."""
    try:
        if json.loads(frame.text) == list(frame.message):
            return frame.text
    except (ValueError, RecursionError):
        pass
    return json.dumps(list(frame.message), separators=(",", ":"), ensure_ascii=False)


def _boot(sayings: Sequence[Saying], version: str) -> Saying:
    """A BootNotification for a log that has none in front: one of the log, else what it tells."""
    own = next((one for one in sayings if one.action == BOOT), None)
    if own is not None:
        payload = own.payload
    else:
        names = Counter(
            str(one.payload["vendorId"]) for one in sayings if "vendorId" in one.payload
        )
        vendor = names.most_common(1)[0][0][:LONGEST_VENDOR] if names else "unknown"
        if version.startswith(VERSION_201):
            station = {"vendorName": vendor, "model": "recorded"}
            payload = {"reason": "PowerUp", "chargingStation": station}
        else:
            payload = {"chargePointVendor": vendor, "chargePointModel": "recorded"}
    text = json.dumps([CALL, "", BOOT, payload], separators=(",", ":"), ensure_ascii=False)
    return Saying(0, sayings[0].at_s, sayings[0].at, BOOT, payload, text)
