"""The logs that are learnt from: what was said in each, and in which order.

A log without any time is learnt from, too: its order is enough for all but how long things take.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import cached_property

from sim_core.traces.exchanges import Conversation, Exchange, TraceError, conversations
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


def logs_of(name: str, trace: Trace) -> list[Log]:
    """The logs in a file, one for each charge point.

    Raises TraceError where nothing in it can be learnt from.
    """
    trace = replace(trace, name=name)
    try:
        told = conversations(trace)
    except TraceError:
        if any(frame.at for frame in trace.frames) or not trace.frames:
            raise
        frames = tuple(
            replace(frame, at=SOME_DAY + place * A_MOMENT)
            for place, frame in enumerate(trace.frames)
        )
        told = [replace(one, timed=False) for one in conversations(replace(trace, frames=frames))]
    found: list[Log] = []
    for whose, one in zip(trace.charge_points, told, strict=True):
        own = tuple(frame for frame in trace.frames if frame.charge_point == whose)
        found.append(Log(one.name, one, own))
    return found
