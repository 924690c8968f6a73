"""A trace: what passed between a real charge point and its CSMS, in order.

One JSON object a line: `dir` (cp->csms or csms->cp), `t` (when a proxy has seen it, or null) and
`msg` (the OCPP-J message). A trace without clock gets one from the stamps that are in it: good
enough to play it, not to measure delays.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sim_core.wire.timestamps import moment

FROM_CHARGER = "cp->csms"
ON_ITS_WAY = timedelta(seconds=1.2)
"""From a stamp to the frame that carries it, where nobody has measured."""
CABLE_CHECK = timedelta(seconds=12)
A_MOMENT = timedelta(milliseconds=50)

Payload = dict[str, Any]


@dataclass
class Frame:
    """One request with its answer, as one side has sent it and the other has answered."""

    at: datetime
    from_charger: bool
    action: str
    payload: Payload
    answer: list[Any] | None = None
    """The answer's frame from its third element on, with its type first; None: there was none."""
    answered_at: datetime | None = None
    connection: int = 0

    @property
    def connector(self) -> int | None:
        """The connector that it is about."""
        number = self.payload.get("connectorId")
        return number if isinstance(number, int) else None

    @property
    def stamp(self) -> datetime | None:
        """The moment that the payload tells of."""
        if self.action == "MeterValues":
            return moment(self.payload["meterValue"][0]["timestamp"])
        return moment(self.payload.get("timestamp"))

    @property
    def context(self) -> str:
        """The context of a sample; empty for everything else."""
        if self.action != "MeterValues":
            return ""
        values = self.payload["meterValue"][0]["sampledValue"]
        return str(values[0].get("context", ""))


@dataclass
class Trace:
    """See the module."""

    name: str
    timed: bool
    frames: list[Frame] = field(default_factory=list)

    @property
    def said(self) -> list[Frame]:
        """What the charge point has asked or told."""
        return [frame for frame in self.frames if frame.from_charger]

    def connectors(self) -> dict[int, int | None]:
        """Of which connector each frame is, by its `id`; a stop is that of its transaction."""
        started: dict[object, int | None] = {}
        found: dict[int, int | None] = {}
        for frame in self.said:
            number = frame.connector
            if frame.action == "StartTransaction" and frame.answer and frame.answer[0] == 3:
                started[frame.answer[1].get("transactionId")] = number
            elif frame.action == "MeterValues":
                started.setdefault(frame.payload.get("transactionId"), number)
            elif frame.action == "StopTransaction":
                number = started.get(frame.payload["transactionId"])
            found[id(frame)] = number
        return found

    def of(self, action: str, connector: int | None = None) -> list[Frame]:
        """Requests of the charge point with this action, of one connector or of all."""
        return [
            frame
            for frame in self.said
            if frame.action == action and connector in (None, frame.connector)
        ]


def read(path: Path) -> Trace:
    """The trace in a file."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
    lines = [line for line in lines if isinstance(line.get("msg"), list)]
    timed = all(line.get("t") for line in lines)
    trace = Trace(re.sub(r"^trace-", "", path.stem), timed)
    open_: dict[str, Frame] = {}
    for line, at in zip(lines, _times(lines), strict=True):
        kind, message_id, *rest = line["msg"]
        if kind == 2:
            frame = Frame(at, line["dir"] == FROM_CHARGER, rest[0], rest[1])
            open_[message_id] = frame
            trace.frames.append(frame)
        elif message_id in open_:
            open_[message_id].answer = [kind, *rest]
            open_[message_id].answered_at = at
    return trace


def _times(lines: list[dict[str, Any]]) -> list[datetime]:
    """When each line was seen: as the proxy says, or as the stamps inside make likely."""
    known = [moment(line.get("t")) or _likely(line) for line in lines]
    for i, line in enumerate(lines):
        if known[i] is None:
            known[i] = _by_what_follows(line, lines[i + 1 :], known[i + 1 :])
    if not any(known):
        raise ValueError("there is no time in this trace")
    for at in (range(len(known)), range(len(known) - 1, -1, -1)):
        step = A_MOMENT if at.step > 0 else -A_MOMENT
        last: datetime | None = None
        for i in at:
            if known[i] is None and last is not None:
                last = known[i] = last + step
            last = known[i] or last
    times: list[datetime] = []
    for moment_ in known:
        assert moment_ is not None
        times.append(max(moment_, times[-1]) if times else moment_)
    return times


def _by_what_follows(
    line: dict[str, Any], later: list[dict[str, Any]], known: list[datetime | None]
) -> datetime | None:
    """A call is a moment before its answer, a vehicle's card a cable check before its start."""
    kind, message_id, *rest = line["msg"]
    if kind != 2:
        return None
    tag = rest[1].get("idTag") or rest[1].get("data")
    for other, at in zip(later, known, strict=True):
        other_kind, other_id, *other_rest = other["msg"]
        if other_kind != 2 and other_id == message_id and at is not None:
            return at - A_MOMENT
        if other_kind == 2 and other_rest[0] == "StartTransaction" and at is not None:
            return at - CABLE_CHECK if other_rest[1].get("idTag") == tag else None
    return None


def _likely(line: dict[str, Any]) -> datetime | None:
    kind, _, *rest = line["msg"]
    if kind == 2:
        payload = rest[1]
        values = payload.get("meterValue") if rest[0] == "MeterValues" else None
        text = values[0]["timestamp"] if values else payload.get("timestamp")
        at = moment(text)
        return at + ON_ITS_WAY if at else None
    if kind == 3 and isinstance(rest[0], dict):
        return moment(rest[0].get("currentTime"))
    return None
