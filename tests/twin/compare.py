"""What the twin has said, held against what the real one has.

Order is compared within a lane: one connector's statuses, one connector's transaction messages,
the cards, the boots. Between lanes the real charger's order is not fixed; where all traces agree
on it all the same (`tests.twin.order`), it is compared too. Within a frame everything is compared
that is not a measured value or a moment: fields and their order, words, units, number format.
Delays must lie in the spans that were observed.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.twin.order import NO_ORDERS, Orders, broken, token_of
from tests.twin.scene import S, sessions
from tests.twin.trace import Frame, Trace

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NUMBER = re.compile(r"0|-?(?:[1-9]\d*|0)(?:\.\d*[1-9])?(?:e[+-]\d\d)?")
MEASURED = frozenset({"meterStart", "meterStop"})
FREE_SAMPLES = 1
"""The timer of the samples runs freely: so many more or less are the same."""

FLIGHT = (0.2, 3.3)
"""From the stamp to the frame."""
ANSWER = {"RemoteStartTransaction": (1.0, 2.6)}
ANY_ANSWER = (0.05, 2.5)
BOOT_TO_STATUS = (0.6, 2.0)
MAC = ((15.0, 17.3), (25.0, 28.5))
START = ((26.0, 30.0), (38.0, 41.0))
TO_CHARGING = (1.4, 1.9)
TO_BEGIN = (1.0, 3.2)
REMOTE_STOP = (4.3, 7.6)
SOFT_RESET = (37.0, 47.0)
HARD_RESET = (88.0, 114.0)
BETWEEN_CONNECTORS = (0.0, 0.4)
FILE = re.compile(r"_\d{14}\.zip$")
"""How the name of a file ends that the charger has uploaded."""

Lane = tuple[Any, ...]
Spans = tuple[tuple[float, float], ...]

NOT_BUILT = {
    "ReserveNow": "Reservation",
    "CancelReservation": "Reservation",
    "SendLocalList": "Local Auth List",
    "GetLocalListVersion": "Local Auth List",
    "GetDiagnostics": "Firmware Management",
    "UpdateFirmware": "Firmware Management",
}


@dataclass(frozen=True)
class Delay:
    """How long something took here, and how long it may."""

    what: str
    took_s: float
    spans: Spans


@dataclass
class Result:
    """What came of one scene."""

    name: str
    frames: int = 0
    equal: int = 0
    whys: Counter[str] = field(default_factory=Counter)
    delays: list[Delay] = field(default_factory=list)

    @property
    def differing(self) -> int:
        return sum(self.whys.values())


def lane_of(frame: Frame, connectors: dict[object, int | None]) -> Lane:
    """The lane in which a frame's order counts."""
    action = frame.action
    if action == "StatusNotification":
        return "status", frame.connector
    if action in ("Authorize", "DataTransfer"):
        return "cards", frame.payload.get("idTag") or frame.payload.get("data")
    if action == "StopTransaction":
        return "transaction", connectors.get(frame.payload["transactionId"])
    if action == "MeterValues" and frame.context in ("Sample.Clock", "Trigger"):
        return "samples", frame.context, frame.connector
    if action in ("StartTransaction", "MeterValues"):
        return "transaction", frame.connector
    return (action,)


def compare(
    trace: Trace,
    heard: list[Frame],
    asked: list[tuple[Frame, Frame]],
    orders: Orders = NO_ORDERS,
) -> Result:
    """One scene's verdict; `orders` are what all traces agree on."""
    result = Result(trace.name)
    real, twin = _lanes(trace.said), _lanes(heard)
    pairs: list[tuple[Frame, Frame]] = []
    for lane in dict.fromkeys([*real, *twin]):
        _match(lane, real.get(lane, []), twin.get(lane, []), result, pairs)
    late = _spans(trace, pairs, asked, result.delays)
    early = broken(trace, pairs, orders)
    for one, other in pairs:
        whys = frame_faults(one, other) + late.get(id(other), []) + early.get(id(other), [])
        _count(result, whys)
    result.frames += len(asked)
    for one, other in asked:
        _count(result, answer_faults(one, other))
    return result


def _count(result: Result, whys: list[str]) -> None:
    if whys:
        result.whys[whys[0]] += 1
    else:
        result.equal += 1


def _lanes(frames: list[Frame]) -> dict[Lane, list[Frame]]:
    connectors: dict[object, int | None] = {}
    for frame in frames:
        if frame.action == "StartTransaction" and frame.answer and frame.answer[0] == 3:
            connectors[frame.answer[1].get("transactionId")] = frame.connector
        if frame.action == "MeterValues":
            connectors.setdefault(frame.payload.get("transactionId"), frame.connector)
    lanes: dict[Lane, list[Frame]] = defaultdict(list)
    for frame in frames:
        lanes[lane_of(frame, connectors)].append(frame)
    return lanes


def _match(
    lane: Lane,
    real: list[Frame],
    twin: list[Frame],
    result: Result,
    pairs: list[tuple[Frame, Frame]],
) -> None:
    result.frames += len(real)
    matcher = difflib.SequenceMatcher(
        None, [token_of(f) for f in real], [token_of(f) for f in twin], autojunk=False
    )
    for tag, i0, i1, j0, j1 in matcher.get_opcodes():
        if tag == "equal":
            pairs += zip(real[i0:i1], twin[j0:j1], strict=True)
            continue
        missing, extra = real[i0:i1], twin[j0:j1]
        for frames, word in ((missing, "missing"), (extra, "too much")):
            free = [f for f in frames if f.context == "Sample.Periodic" or f.action == "Heartbeat"]
            for frame in frames:
                if frame in free[:FREE_SAMPLES]:
                    result.equal += word == "missing"
                else:
                    where = f" on {lane[-1]}" if len(lane) > 1 else ""
                    result.whys[f"{word}: {token_of(frame)}{where}"] += 1


def frame_faults(one: Frame, other: Frame) -> list[str]:
    """How two frames of the same kind differ in shape."""
    faults: list[str] = []
    _compare("", one.payload, other.payload, faults)
    return [f"{token_of(one)}: {fault}" for fault in faults]


def answer_faults(one: Frame, other: Frame) -> list[str]:
    """How two answers to the same request differ."""
    if one.answer is None:
        return []
    if other.answer is None:
        return [f"{one.action}: no answer"]
    if one.answer[0] != other.answer[0] and one.action in NOT_BUILT:
        return [f"{NOT_BUILT[one.action]} is not built"]
    faults: list[str] = []
    _compare("", one.answer[1], other.answer[1], faults)
    if not faults and other.answered_at is not None:
        low, high = ANSWER.get(one.action, ANY_ANSWER)
        took = (other.answered_at - other.at) / S
        if not low <= took <= high:
            faults.append(f"answered after {took:.1f} s, not {low:g} to {high:g}")
    return [f"{one.action}.conf: {fault}" for fault in faults]


def _compare(path: str, one: Any, other: Any, faults: list[str]) -> None:
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            missing = [key for key in one if key not in other]
            extra = [key for key in other if key not in one]
            what = f"without {missing}" if missing else f"with {extra}" if extra else "order"
            faults.append(f"{path or 'fields'} {what}")
        for key in one:
            if key in other:
                _compare_field(f"{path}.{key}".strip("."), key, one, other, faults)
    elif isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            faults.append(f"{path} has {len(other)} entries, not {len(one)}")
        for a, b in zip(one, other, strict=False):
            _compare(path, a, b, faults)
    elif one != other:
        faults.append(f"{path} is {other!r}, not {one!r}")


def _compare_field(
    path: str, key: str, one: dict[str, Any], other: dict[str, Any], faults: list[str]
) -> None:
    a, b = one[key], other[key]
    if key == "timestamp" or (isinstance(a, str) and STAMP.fullmatch(a)):
        if not (isinstance(b, str) and STAMP.fullmatch(b)):
            faults.append(f"{path} is written {b!r}")
    elif key == "value" and "measurand" in one:
        if not NUMBER.fullmatch(str(b)):
            faults.append(f"{path} is written {b!r}")
        elif one["measurand"] in ("SoC", "Power.Offered") and not str(b).isdigit():
            faults.append(f"{one['measurand']} is written {b!r}")
        elif (
            one["context"] in ("Transaction.Begin", "Transaction.End")
            and one["measurand"] not in ("SoC", "Power.Offered")
            and a == "0" != b
        ):
            faults.append(f"{one['measurand']} is {b!r}, not '0'")
    elif (
        key in MEASURED
        or key == "chargePointSerialNumber"
        or (key == "value" and one.get("key") == "OcppUrl")
    ):
        if type(a) is not type(b):
            faults.append(f"{path} is {b!r}")
    elif key == "iccid":  # empty once in a while, after a slow hard reset
        if b not in ("", "0"):
            faults.append(f"{path} is {b!r}")
    elif key == "fileName":  # it begins with the charge point's own id
        if not (FILE.search(str(a)) and FILE.search(str(b))):
            faults.append(f"{path} is written {b!r}")
    elif isinstance(a, (dict, list)):
        _compare(path, a, b, faults)
    elif (
        key == "value"
        and one.get("key") == "SupportedFeatureProfiles"
        and set(b.split(",")) < set(a.split(","))
    ):
        faults.append("profiles that are not built")
    elif a != b:
        faults.append(f"{one['key']} is {b!r}, not {a!r}" if "key" in one else f"{path} is {b!r}")


def _spans(
    trace: Trace,
    pairs: list[tuple[Frame, Frame]],
    asked: list[tuple[Frame, Frame]],
    delays: list[Delay],
) -> dict[int, list[str]]:
    """Delays of the twin that were never observed, by the frame that came too early or late.

    A delay is judged only where the trace's own lies in the span: what else has happened between
    the two frames would be judged otherwise.
    """
    late: dict[int, list[str]] = defaultdict(list)
    twin = {id(one): other for one, other in [*pairs, *asked]}

    def judge(
        what: str,
        first: Frame,
        then: Frame,
        spans: Spans,
        *,
        stamps: bool = False,
        from_stamp: bool = False,
    ) -> None:
        if id(first) not in twin or id(then) not in twin or not (trace.timed or stamps):
            return

        def within(one: Frame, other: Frame) -> tuple[bool, float]:
            begin = one.stamp if stamps or from_stamp else one.at
            end = other.stamp if stamps else other.at
            took = (end - begin) / S if begin and end else -1.0
            return any(low <= took <= high for low, high in spans), took

        here, took = within(twin[id(first)], twin[id(then)])
        if not within(first, then)[0]:
            return
        delays.append(Delay(f"{then.action} {what}", took, spans))
        if not here:
            shown = " or ".join(f"{low:g} to {high:g}" for low, high in spans)
            late[id(twin[id(then)])].append(f"{token_of(then)}: {took:.1f} s {what}, not {shown}")

    for one, other in pairs:
        live = one.action == "StatusNotification" or one.context in ("Sample.Periodic", "Trigger")
        if live and one.stamp and other.stamp and trace.timed:
            took = (other.at - other.stamp) / S
            if FLIGHT[0] <= (one.at - one.stamp) / S <= FLIGHT[1] < took:
                late[id(other)].append(f"{token_of(one)}: {took:.1f} s on its way")
    reports = trace.of("StatusNotification")
    plugs = [frame for frame in reports if frame.payload["status"] == "Preparing"]
    for boot in trace.of("BootNotification"):
        for frame in [f for f in reports if f.at > boot.at][:1]:
            judge("after BootNotification", boot, frame, (BOOT_TO_STATUS,))
        later = [f for f in reports if f.at > boot.at]
        for zero in [f for f in later if f.connector == 0][:1]:
            for frame in [f for f in later[:2] if f.connector == 1]:
                judge("of connector 0 after the others", frame, zero, (BETWEEN_CONNECTORS,))
        for ask, _ in asked:
            if ask.action == "Reset":
                hard = ask.payload["type"] == "Hard"
                what = f"after a {ask.payload['type'].lower()} reset"
                judge(what, ask, boot, (HARD_RESET if hard else SOFT_RESET,))
    for mac in trace.of("DataTransfer"):
        for plug in plugs:
            judge("after the plug", plug, mac, MAC, from_stamp=True)
    for stop in trace.of("StopTransaction"):
        for ask, _ in asked:
            if ask.payload.get("transactionId") == stop.payload["transactionId"]:
                judge("after RemoteStopTransaction", ask, stop, (REMOTE_STOP,))
    for connector in sorted({frame.connector for frame in plugs if frame.connector}):
        for run in sessions(trace, connector):
            if run.failed:
                continue
            before = [f for f in plugs if f.connector == connector and f.at < run.start.at]
            after = [f for f in trace.said if f.connector == connector and f.at > run.start.at]
            for plug in before[-1:]:
                judge("after the plug", plug, run.start, START, stamps=True)
            for frame in [f for f in after if f.payload.get("status") == "Charging"][:1]:
                judge("after StartTransaction", run.start, frame, (TO_CHARGING,), stamps=True)
            for frame in [f for f in after if f.context == "Transaction.Begin"][:1]:
                judge("after StartTransaction", run.start, frame, (TO_BEGIN,))
    return late
