"""Requests with their answers: what a trace says when it is read as a conversation.

A frame is an array; an exchange knows what it is about. Whatever a real charger puts into a payload
is read without trust: a field that is missing, or of another kind than OCPP 1.6 has in mind, is
empty here, so that nobody who looks at an exchange has to ask twice.

A trace without clock gets one from the stamps that are in it: good enough to play it, not to
measure delays. `Conversation.timed` says which of the two it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from sim_core.errors import UserError
from sim_core.traces.frames import Side, Trace, TraceFrame
from sim_core.traces.messages import CALL, CALLERROR, CALLRESULT
from sim_core.traces.moments import S, moment

ON_ITS_WAY = 1.2 * S
"""From a stamp to the frame that carries it, where nobody has measured."""
CABLE_CHECK = 12 * S
A_MOMENT = timedelta(milliseconds=50)
NO_TIME = datetime.min.replace(tzinfo=timezone.utc)
SILENCE = timedelta(hours=6)
LOOKS_AHEAD = 200
"""So many frames further on something may still tell when one was sent."""
SAYS_WHERE_LIMIT = 3
"""So many unusable frames are named one by one."""

Payload = dict[str, Any]
TransactionId = int | str


def slash_in(text: str) -> str:
    """How a frame writes a slash; empty: it has none."""
    escaped = "\\/"
    return escaped if escaped in text else "/" if "/" in text else ""


class TraceError(UserError):
    """A trace that cannot be looked at, in a sentence."""


@dataclass(eq=False)
class Exchange:
    """One request as one side has sent it, and what the other has answered."""

    at: datetime
    from_charger: bool
    action: str
    payload: Payload
    answer: tuple[Any, ...] | None = None
    """The answer's frame without its message id, its type first; None: there was none."""
    answered_at: datetime | None = None
    message_id: str = ""
    slash: str = ""
    """How the charger's own frame of it writes a slash, `/` or `\\/`; empty: it has none, or nobody
    has seen it as it was written."""

    @property
    def result(self) -> Payload:
        """What was answered; empty where it was a CALLERROR, or nothing."""
        if self.answer is None or self.answer[0] != CALLRESULT or len(self.answer) < 2:
            return {}
        return self.answer[1] if isinstance(self.answer[1], dict) else {}

    @property
    def connector(self) -> int | None:
        """The connector that it is about."""
        number = self.payload.get("connectorId")
        return number if isinstance(number, int) and not isinstance(number, bool) else None

    @cached_property
    def stamp(self) -> datetime | None:
        """The moment that the payload tells of."""
        if self.action == "MeterValues":
            return moment(self.sample.get("timestamp"))
        return moment(self.payload.get("timestamp"))

    @cached_property
    def sample(self) -> Payload:
        """The first meterValue of MeterValues."""
        return _first(self.payload.get("meterValue"))

    @cached_property
    def sampled(self) -> tuple[Payload, ...]:
        """The values of that sample."""
        values = self.sample.get("sampledValue")
        return tuple(v for v in values if isinstance(v, dict)) if isinstance(values, list) else ()

    @cached_property
    def values(self) -> dict[str, str]:
        """Value by measurand; of several phases the first."""
        found: dict[str, str] = {}
        for value in self.sampled:
            measurand = str(value.get("measurand", "Energy.Active.Import.Register"))
            found.setdefault(measurand, str(value.get("value", "")))
        return found

    @property
    def context(self) -> str:
        """The context of a sample (Sample.Periodic where none is said); empty for all else."""
        if self.action != "MeterValues":
            return ""
        return str(self.sampled[0].get("context", "Sample.Periodic")) if self.sampled else ""

    @property
    def transaction(self) -> TransactionId | None:
        """The transactionId that the payload names."""
        named = self.payload.get("transactionId")
        return named if isinstance(named, (int, str)) else None

    @property
    def given(self) -> TransactionId | None:
        """The transactionId that the answer gives."""
        named = self.result.get("transactionId")
        return named if isinstance(named, (int, str)) else None

    def text(self, field_name: str) -> str:
        """A field of the payload that is a text; empty where it is none."""
        said = self.payload.get(field_name)
        return said if isinstance(said, str) else ""

    def number(self, measurand: str) -> float | None:
        """What a sample says of a measurand."""
        return as_number(self.values.get(measurand))

    @property
    def status(self) -> str:
        """The word of a StatusNotification; empty for all else."""
        return self.text("status") if self.action == "StatusNotification" else ""

    @property
    def vendor_code(self) -> str:
        """The vendorErrorCode of a StatusNotification."""
        return self.text("vendorErrorCode")

    @property
    def id_tag(self) -> str:
        """The idTag."""
        return self.text("idTag")

    @property
    def reason(self) -> str:
        """Why a transaction has ended; Local where nothing is said (OCPP 1.6 §6.49)."""
        return self.text("reason") or "Local" if self.action == "StopTransaction" else ""

    @property
    def register_wh(self) -> float | None:
        """The energy register that it tells of, in Wh."""
        if self.action == "MeterValues":
            return register_wh(self.sampled)
        return as_number(self.payload.get("meterStart", self.payload.get("meterStop")))


def as_number(value: object) -> float | None:
    """A number that was written as one or as a text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < 1e15 else None


def register_wh(sampled: Sequence[Payload]) -> float | None:
    """The energy register among sampled values, in Wh (which is what no unit means, §7)."""
    name = "Energy.Active.Import.Register"
    for value in sampled:
        if value.get("measurand", name) == name:
            number = as_number(value.get("value"))
            return number if number is None or value.get("unit") != "kWh" else number * 1000
    return None


def _first(list_: object) -> Payload:
    if isinstance(list_, list) and list_ and isinstance(list_[0], dict):
        return list_[0]
    return {}


@dataclass(eq=False)
class Conversation:
    """What one charge point and its CSMS have said, in order."""

    name: str
    timed: bool
    exchanges: list[Exchange] = field(default_factory=list)
    remarks: tuple[str, ...] = ()
    """What was left out of the trace, as sentences."""

    @cached_property
    def said(self) -> list[Exchange]:
        """What the charge point has asked or told."""
        return [exchange for exchange in self.exchanges if exchange.from_charger]

    @cached_property
    def asked(self) -> list[Exchange]:
        """What the CSMS has asked."""
        return [exchange for exchange in self.exchanges if not exchange.from_charger]

    @cached_property
    def connectors(self) -> dict[int, int | None]:
        """Of which connector each of `said` is, by its `id`; a stop is that of its transaction."""
        started: dict[TransactionId | None, int | None] = {}
        found: dict[int, int | None] = {}
        for exchange in self.said:
            number = exchange.connector
            if exchange.action == "StartTransaction":
                started[exchange.given] = number
            elif exchange.action == "MeterValues":
                started.setdefault(exchange.transaction, number)
            elif exchange.action == "StopTransaction":
                number = started.get(exchange.transaction)
            found[id(exchange)] = number
        return found

    def connector_of(self, exchange: Exchange) -> int | None:
        """Of which connector it is."""
        return self.connectors.get(id(exchange), exchange.connector)

    def of(self, action: str, connector: int | None = None) -> list[Exchange]:
        """Requests of the charge point with this action, of one connector or of all."""
        return [
            exchange
            for exchange in self.said
            if exchange.action == action and connector in (None, exchange.connector)
        ]

    @cached_property
    def boots(self) -> list[Exchange]:
        """Its BootNotifications."""
        return self.of("BootNotification")

    @property
    def numbers(self) -> list[int]:
        """The connectors that it has spoken of, without 0."""
        return sorted({number for number in self.connectors.values() if number and number > 0})


def conversations(trace: Trace) -> list[Conversation]:
    """A conversation for each charge point of a trace, and for each part between long silences.

    Raises TraceError where there is nothing in it that can be read as one.
    """
    if trace.ocpp_version and not trace.ocpp_version.startswith("1.6"):
        raise TraceError(
            f"{trace.name} is spoken in OCPP {trace.ocpp_version}: only 1.6 can be compared."
        )
    by_charge_point: dict[str, list[TraceFrame]] = {}
    for frame in trace.frames:
        by_charge_point.setdefault(frame.charge_point, []).append(frame)
    if not by_charge_point:
        raise TraceError(f"There is no frame in {trace.name}.")
    several = len(by_charge_point) > 1
    found: list[Conversation] = []
    flaws: list[TraceError] = []
    for whose, frames in by_charge_point.items():
        name = f"{trace.name} {whose}" if several else trace.name
        parts = _between_silences(frames)
        for number, part in enumerate(parts, 1):
            named = f"{name} part {number}" if len(parts) > 1 else name
            try:
                found.append(conversation(replace(trace, name=named), part))
            except TraceError as error:
                flaws.append(error)
    if not found:
        raise flaws[0]
    return found


def _between_silences(frames: Sequence[TraceFrame]) -> list[list[TraceFrame]]:
    """The parts of a log between which nobody spoke for hours, or whose times do not follow each
    other: each has a beginning of its own."""
    parts: list[list[TraceFrame]] = [[]]
    last: datetime | None = None
    for frame in frames:
        if last is not None and frame.at is not None and abs(frame.at - last) >= SILENCE:
            parts.append([])
        parts[-1].append(frame)
        last = frame.at or last
    return parts


def conversation(trace: Trace, frames: Sequence[TraceFrame] | None = None) -> Conversation:
    """The frames of one charge point as a conversation.

    Raises TraceError where no frame can be used, or none has a time.
    """
    usable, flaws = [], []
    for frame in trace.frames if frames is None else frames:
        flaw = _flaw(frame)
        if flaw:
            flaws.append(f"line {frame.line}: {flaw}" if frame.line else flaw)
        else:
            usable.append(frame)
    if not usable:
        raise TraceError(f"There is no frame in {trace.name} that can be used{_named(flaws)}.")
    times = times_of(trace.name, usable)
    told = Conversation(
        trace.name,
        all(frame.at for frame in usable),
        remarks=(f"{len(flaws)} frames are left out{_named(flaws)}.",) if flaws else (),
    )
    open_: dict[tuple[Side, str], Exchange] = {}
    for frame, at in zip(usable, times, strict=True):
        kind, named, *rest = frame.message
        message_id = str(named)
        if kind == CALL:
            by_charger = frame.sent_by is Side.CHARGER
            exchange = Exchange(at, by_charger, rest[0], rest[1], message_id=message_id)
            open_[frame.sent_by, message_id] = exchange
            told.exchanges.append(exchange)
            continue
        answered = open_.pop((frame.sent_by.other, message_id), None)
        if answered is not None:
            answered.answer = (kind, *rest)
            answered.answered_at = at
    if not told.exchanges:
        raise TraceError(f"There is no request in {trace.name}.")
    return told


def _flaw(frame: TraceFrame) -> str:
    """What keeps a frame from being looked at; empty when nothing does."""
    message = frame.message
    if len(message) < 3 or message[0] not in (CALL, CALLRESULT, CALLERROR):
        return "it is no CALL, CALLRESULT or CALLERROR"
    if not isinstance(message[1], (str, int)):
        return "its message id is no text"
    if message[0] == CALL and not (
        len(message) >= 4 and isinstance(message[2], str) and isinstance(message[3], dict)
    ):
        return "it is a CALL without action or payload"
    return ""


def _named(flaws: Sequence[str]) -> str:
    if not flaws:
        return ""
    more = f"; and {len(flaws) - SAYS_WHERE_LIMIT} more" if len(flaws) > SAYS_WHERE_LIMIT else ""
    return f" ({'; '.join(flaws[:SAYS_WHERE_LIMIT])}{more})"


# -- time ------------------------------------------------------------------------------------------


def times_of(name: str, frames: Sequence[TraceFrame]) -> list[datetime]:
    """When each frame was seen: as the log says, or as the stamps inside make likely.

    Raises TraceError where neither tells any time.
    """
    known = [frame.at or _likely(frame.message) for frame in frames]
    for i, frame in enumerate(frames):
        if known[i] is None:
            end = i + 1 + LOOKS_AHEAD
            known[i] = _by_what_follows(frame.message, frames[i + 1 : end], known[i + 1 : end])
    if not any(known):
        raise TraceError(f"There is no time in {name}, neither of a frame nor in one.")
    for order in (range(len(known)), range(len(known) - 1, -1, -1)):
        step = A_MOMENT if order.step > 0 else -A_MOMENT
        last: datetime | None = None
        for i in order:
            if known[i] is None and last is not None:
                last = known[i] = last + step
            last = known[i] or last
    times: list[datetime] = []
    for at in known:
        assert at is not None
        times.append(max(at, times[-1]) if times else at)
    return times


def _likely(message: tuple[Any, ...]) -> datetime | None:
    kind, _, *rest = message
    if kind == CALL:
        at = Exchange(NO_TIME, True, rest[0], rest[1]).stamp
        return at + ON_ITS_WAY if at else None
    if kind == CALLRESULT and isinstance(rest[0], dict):
        return moment(rest[0].get("currentTime"))
    return None


def _by_what_follows(
    message: tuple[Any, ...], later: Iterable[TraceFrame], known: Iterable[datetime | None]
) -> datetime | None:
    """A call is a moment before its answer, a vehicle's card a cable check before its start."""
    kind, message_id, *rest = message
    if kind != CALL:
        return None
    tag = rest[1].get("idTag") or rest[1].get("data")
    for frame, at in zip(later, known, strict=True):
        other_kind, other_id, *other = frame.message
        if other_kind != CALL and other_id == message_id and at is not None:
            return at - A_MOMENT
        if other_kind == CALL and other[0] == "StartTransaction" and at is not None:
            return at - CABLE_CHECK if other[1].get("idTag") == tag else None
    return None
