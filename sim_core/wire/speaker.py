"""Who speaks one version of OCPP on a link: the border between a link and a protocol adapter."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from sim_core.wire.dialect import Dialect
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.routes import Routes
from sim_core.wire.wire_format import CLEAN, WireFormat


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks one version of OCPP on a connection."""

    dialect: Dialect
    routes: Routes
    """Where the requests of the CSMS go."""
    session: Callable[[Endpoint], Coroutine[Any, Any, None]]
    """Runs beside the read loop for as long as the connection lasts."""
    may_answer: Callable[[], bool]
    """Whether requests are answered at all."""
    style: WireFormat = CLEAN
    """How frames are written."""
