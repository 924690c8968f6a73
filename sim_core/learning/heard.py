"""The logs that are learnt from: what was said in each, and in which order.

A log without any time is learnt from, too: its order is enough for all but how long things take.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from sim_core.traces.exchanges import Conversation, Exchange, TraceError, conversation
from sim_core.traces.frames import Side, Trace, TraceFrame
from sim_core.traces.messages import CALL

SOME_DAY = datetime(2000, 1, 1, tzinfo=timezone.utc)
A_MOMENT = timedelta(milliseconds=50)


@dataclass(eq=False)
class Log:
    """What one charge point and its CSMS have said in one file."""

    name: str
    told: Conversation
    frames: tuple[TraceFrame, ...]
    """Of this charge point, in order."""

    @cached_property
    def calls(self) -> tuple[TraceFrame, ...]:
        """The charger's own requests."""
        return tuple(
            one for one in self.frames if one.sent_by is Side.CHARGER and one.message[0] == CALL
        )

    @cached_property
    def keeps_spelling(self) -> bool:
        """Whether the log has frames as they were spelt, and not all in one spelling of its own."""
        return any(frame.text != _compact(frame.message) for frame in self.frames)

    @cached_property
    def places(self) -> dict[int, int]:
        """Where each exchange stands, by its `id`."""
        return {id(one): place for place, one in enumerate(self.told.exchanges)}

    def before(self, exchange: Exchange, count: int = 1) -> list[Exchange]:
        """The exchanges that began before it, the nearest first."""
        place = self.places[id(exchange)]
        return self.told.exchanges[max(0, place - count) : place][::-1]

    def after(self, exchange: Exchange, count: int = 1) -> list[Exchange]:
        """Those that began behind it, in order."""
        place = self.places[id(exchange)]
        return self.told.exchanges[place + 1 : place + 1 + count]


def _compact(message: tuple[Any, ...]) -> str:
    """As a trace writes it that has only the message."""
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False)


def logs_of(name: str, trace: Trace) -> list[Log]:
    """The logs in a file, one for each charge point.

    Raises TraceError where nothing in it can be learnt from.
    """
    if trace.ocpp_version and not trace.ocpp_version.startswith("1.6"):
        raise TraceError(f"{name} is spoken in OCPP {trace.ocpp_version}: 1.6 can be learnt from.")
    several = len(trace.charge_points) > 1
    found: list[Log] = []
    flaws: list[TraceError] = []
    for whose in trace.charge_points:
        own = tuple(frame for frame in trace.frames if frame.charge_point == whose)
        named = f"{name} {whose}" if several else name
        try:
            found.append(Log(named, _told(replace(trace, name=named), own), own))
        except TraceError as error:
            flaws.append(error)
    if not found:
        raise flaws[0] if flaws else TraceError(f"There is no frame in {name}.")
    return found


def _told(trace: Trace, frames: tuple[TraceFrame, ...]) -> Conversation:
    try:
        return conversation(trace, frames)
    except TraceError:
        if any(frame.at for frame in frames):
            raise
    some_time = [
        replace(frame, at=SOME_DAY + place * A_MOMENT) for place, frame in enumerate(frames)
    ]
    return replace(conversation(trace, some_time), timed=False)
