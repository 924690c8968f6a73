"""What the sidecar looks at: a charger, simulated or real.

Commands are another matter: only a simulated one (`sim_core.station`) does what a driver would do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from sim_core.events import Event, Ring
from sim_core.snapshot import StationSnapshot
from sim_core.wire.message_log import MessageLog


class Viewed(Protocol):
    """Seen from the loop on which it lives."""

    @property
    def snapshot(self) -> StationSnapshot:
        """The newest picture."""

    @property
    def messages(self) -> MessageLog: ...

    @property
    def events(self) -> Ring[Event]: ...

    def now(self) -> datetime:
        """The charger's time of day."""

    def watch(self, look: Callable[[StationSnapshot], None]) -> Callable[[], None]:
        """Call `look` with every picture from now on; the result takes it off."""
