"""Who speaks one version of OCPP on a link: the border between a link and a protocol adapter."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from sim_core.wire.dialect import Dialect
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.routes import Routes
from sim_core.wire.wire_format import CLEAN, WireFormat


def nothing() -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks one version of OCPP on a connection."""

    dialect: Dialect
    routes: Routes
    """Where the requests of the CSMS go."""
    session: Callable[[Endpoint], tuple[Coroutine[Any, Any, None], ...]]
    """What runs beside the read loop for as long as the connection lasts: when one of them ends, so
    does the connection."""
    may_answer: Callable[[], bool]
    """Whether requests are answered at all."""
    style: WireFormat = CLEAN
    """How frames are written."""
    ended: Callable[[], None] = nothing
    """Called when the connection lasts no longer, and none of it runs."""
