"""The HTTP sidecar: a second viewer with equal rights. Imported only when it is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim_core.config import Settings
    from sim_core.engine import Companion


def companion(settings: Settings) -> Companion:
    """What the engine starts beside the station."""
    from sim_core.sidecar.server import companion as serve

    return serve(settings)
