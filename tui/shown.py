"""One of the charge points of a screen, and what can be done with it from here besides commands.

Several may share a screen, and not all of them can be dialled elsewhere or asked by HTTP. So what
belongs to one alone stands beside its host, and changes with it.
"""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sim_core.commands import Outcome, Refused
from sim_core.engine import Host
from sim_core.settings.destination import Destination

if TYPE_CHECKING:
    from tui.dialogs.connection import Finding
    from tui.http_call import SidecarAddress


class WhereTo(Protocol):
    """Who dials, and may be told to dial elsewhere."""

    @property
    def keeps_id(self) -> str:
        """Why the charge point's id cannot be changed here; empty: it can."""

    def look_up(self) -> concurrent.futures.Future[Destination | Refused]:
        """Where it dials now; the future never raises."""

    def connect_to(self, where: Destination) -> concurrent.futures.Future[Outcome]:
        """Dial there from now on; the future never raises."""


Doctor = Callable[[Destination, "Callable[[Finding], None]"], None]
"""Looks for what keeps a CSMS from being reached and tells each step; takes its time."""


@dataclass(frozen=True)
class Shown:
    """See the module."""

    host: Host
    http: SidecarAddress | None = None
    """Where it listens, if it does."""
    where: WhereTo | None = None
    """Who dials another CSMS; without it nothing is dialled from here."""
    doctor: Doctor | None = None
    """Looks for what keeps a CSMS from being reached, where that can be done from here."""
    name: str = ""
    """What it is called before it has told its id."""
