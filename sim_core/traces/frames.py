"""A trace: the frames between charge points and their CSMS, with direction and time.

Everything that reads people's logs ends here, and everything that looks at traces begins here.
A frame keeps the text it had on the wire beside what was read from it, because a charger's spelling
(`\\/`, blanks, integers beyond 2^53) is part of what it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any


class Side(Enum):
    """Who has sent a frame. The value is how our own form of a trace spells its direction."""

    CHARGER = "cp->csms"
    CSMS = "csms->cp"

    @property
    def other(self) -> Side:
        """Who has received it."""
        return Side.CSMS if self is Side.CHARGER else Side.CHARGER


@dataclass(frozen=True)
class TraceFrame:
    """One OCPP-J message as it passed."""

    sent_by: Side
    at: datetime | None
    """When it was seen, aware, in UTC; None where the log has no time."""
    message: tuple[Any, ...]
    """The array that was read: message type 2, 3 or 4, message id (a text, or an integer where a
    peer sends one), and the rest. What `trace` readers give has the form that OCPP-J wants: a
    CALL's action is a text, a payload is an object."""
    text: str
    """What was on the wire, as far as the log kept it."""
    charge_point: str = ""
    """Whose it is; empty where the log does not say."""
    line: int = 0
    """Where it begins in the file that it was read from, from 1; 0: it was in none."""


@dataclass(frozen=True)
class Trace:
    """Frames in the order in which they passed."""

    name: str
    frames: tuple[TraceFrame, ...]
    ocpp_version: str = ""
    """`1.6`, `2.0.1`; empty where nobody has said it."""
    timezone: str = ""
    """Where it was written, `+02:00` or `Europe/Berlin`; empty where that is not known."""

    @property
    def charge_points(self) -> tuple[str, ...]:
        """Whose frames these are, in the order in which they come up."""
        return tuple(dict.fromkeys(frame.charge_point for frame in self.frames))
