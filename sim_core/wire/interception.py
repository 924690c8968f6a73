"""The point between a request of the CSMS and its answer, where somebody may have it answered
otherwise.

Who that is, and by which rules, the wire does not know: it asks about each request, before the
firmware sees it, and does what it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from sim_core.wire.answers import Payload


class Incoming(NamedTuple):
    """A request that has come."""

    action: str
    payload: Payload
    number: int
    """In the message log."""
    connector_id: int | None = None


@dataclass(frozen=True)
class Usual:
    """The firmware answers, `after_s` seconds later: until then it has not seen the request."""

    after_s: float = 0.0


@dataclass(frozen=True)
class Instead:
    """This payload is the answer, and the firmware never sees the request. It may be anything."""

    payload: object


@dataclass(frozen=True)
class InError:
    """A CALLERROR is the answer, with any code."""

    code: str
    description: str = ""


@dataclass(frozen=True)
class Never:
    """There is no answer, and the firmware never sees the request. `why`: for the message log."""

    why: str


Ruling = Usual | Instead | InError | Never
Interceptor = Callable[[Incoming], "Ruling | asyncio.Future[Ruling] | None"]
"""None: as usual and at once. A future: the request waits until somebody has decided; when the link
goes first, the future is cancelled."""


def as_usual(_: Incoming) -> None:
    """Nobody intercepts anything."""
