"""What the relay tells of what it does: frozen records, in the order in which it was so.

The relay tells and goes on. Whoever hears it returns at once, and takes no part in what passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sim_core.bedside.frame_reader import Message
from sim_core.traces.frames import Side


@dataclass(frozen=True)
class Knocked:
    """A charger asks for the way to its CSMS."""

    passage: int
    """Counted from 1: each connection of a charger is one."""
    at: datetime
    charge_point_id: str
    address: str
    """Where it comes from."""
    target: str
    """What it asks for: may carry a secret."""
    offers: tuple[str, ...]
    """Names of the WebSocket sub-protocols that it can speak."""


@dataclass(frozen=True)
class Opened:
    """The CSMS has let it in: frames may pass."""

    passage: int
    at: datetime
    subprotocol: str
    """What the CSMS has chosen; empty where it has said nothing."""


@dataclass(frozen=True)
class Passed:
    """A message has passed."""

    passage: int
    at: datetime
    sent_by: Side
    message: Message
    ours: bool = False
    """It is a command of ours, which the CSMS has not sent, or an answer to one, which it did not
    get."""


@dataclass(frozen=True)
class Unreadable:
    """From here on nothing is read of what one side sends; it passes all the same."""

    passage: int
    at: datetime
    sent_by: Side
    why: str


@dataclass(frozen=True)
class Ended:
    """A passage is over, or came to nothing."""

    passage: int
    at: datetime
    why: str
    """A sentence without full stop."""
    by: Side | None
    """Who went first; None: the relay."""
    was_open: bool


@dataclass(frozen=True)
class TurnedAway:
    """Somebody knocked who is no charger."""

    at: datetime
    address: str
    why: str


Happening = Knocked | Opened | Passed | Unreadable | Ended | TurnedAway
