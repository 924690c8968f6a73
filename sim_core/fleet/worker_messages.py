"""What a fleet and its workers say to each other over a pipe of their own.

Frozen, and pickled on the way: both ends are of one program and one start of it, and no stranger
reads or writes there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from sim_core.commands import Command, Outcome
from sim_core.events import Event
from sim_core.fleet.stations import Seen

# -- to a worker ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stop:
    """End every session and every charge point, within so many seconds if that can be."""

    deadline_s: float


@dataclass(frozen=True)
class TellEach:
    """Whether somebody looks at each charge point."""

    tells: bool


@dataclass(frozen=True)
class LookAt:
    """Tell of one charge point all that a dashboard shows, from now on."""

    number: int


@dataclass(frozen=True)
class LookAway:
    """Tell of it no more."""

    number: int


@dataclass(frozen=True)
class Ask:
    """Hand in a command; the answer comes with the same ticket."""

    ticket: int
    number: int
    command: Command


ToWorker = Stop | TellEach | LookAt | LookAway | Ask

# -- from a worker -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Figures:
    """How it stands, every second."""

    seen: Seen
    told: tuple[Event, ...]
    """What has been worth a line since the last figures."""
    log: tuple[logging.LogRecord, ...]


@dataclass(frozen=True)
class Looked:
    """What is new of a charge point that is looked at (`sidecar.looks`)."""

    number: int
    look: dict[str, Any]


@dataclass(frozen=True)
class Gone:
    """A charge point that is looked at is not there: why, as a sentence; empty: it is again."""

    number: int
    why: str


@dataclass(frozen=True)
class Answered:
    """What came of a command."""

    ticket: int
    outcome: Outcome


@dataclass(frozen=True)
class Ended:
    """It ends now: in good order, or why not."""

    failure: str
    exit_code: int


FromWorker = Figures | Looked | Gone | Answered | Ended
