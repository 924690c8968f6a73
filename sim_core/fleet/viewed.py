"""What a viewer needs of a fleet, whether it lives in this process or in several workers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from sim_core.engine import Host
from sim_core.events import Event, Ring
from sim_core.fleet.load_report import LoadReport
from sim_core.fleet.options import FleetSettings
from sim_core.fleet.snapshot import FleetSnapshot
from sim_core.sidecar.counters import WireCounts


class OneOfThem(Host, Protocol):
    """A charge point of a fleet, as a dashboard hosts one; starting and stopping is about the look
    at it, it goes on either way."""

    @property
    def number(self) -> int:
        """Its number in the fleet, from 1."""


class FleetHost(Protocol):
    """Whatever hosts a fleet."""

    @property
    def settings(self) -> FleetSettings: ...

    tells_each: bool
    """Whether somebody looks at each charge point, and not only at the figures of all."""

    @property
    def snapshot(self) -> FleetSnapshot:
        """The newest figures; another one every second."""

    @property
    def counts(self) -> WireCounts:
        """What has gone over the wire of all of them."""

    @property
    def told(self) -> Ring[Event]:
        """What is worth a line about the fleet as a whole."""

    @property
    def numbers(self) -> Sequence[int]:
        """Those of the charge points here."""

    @property
    def failure(self) -> str:
        """Why the fleet is not running, as a sentence; empty while it runs."""

    @property
    def exit_code(self) -> int:
        """What the process should end with after a failure."""

    def now(self) -> datetime:
        """The time of day of the fleet."""

    def start(self) -> None:
        """Begin to switch the charge points on; returns at once."""

    def stop(self, deadline: float) -> bool:
        """End every session and every charge point; False when that took longer."""

    def wait(self, seconds: float) -> bool:
        """Wait for the end; True when it has come."""

    def load_report(self) -> LoadReport:
        """What the run has shown of the CSMS so far."""

    def warn(self, sentence: str) -> None:
        """Show the viewers a standing warning."""

    def member(self, number: int) -> OneOfThem:
        """The charge point of that number, to be looked at and acted on."""
