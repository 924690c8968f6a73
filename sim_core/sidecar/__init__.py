"""The HTTP sidecar: a second viewer with equal rights.

What it stands on is loaded when the engine starts it, and beside the loop: neither the first frame
of a dashboard nor the first dial waits for it.
"""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sim_core.engine import Companion
    from sim_core.settings.options import Settings
    from sim_core.sidecar.destination_route import WhereTo
    from sim_core.station import Station


def companion(settings: Settings, where: Callable[[], WhereTo] | None = None) -> Companion:
    """What the engine starts beside the station; `where` is who may be told to dial elsewhere."""

    async def start(station: Station) -> Callable[[], Awaitable[None]]:
        await asyncio.to_thread(importlib.import_module, "sim_core.sidecar.server")
        from sim_core.sidecar.server import companion as serve

        return await serve(settings, where=where)(station)

    return start
