"""What is true of the charger as a whole, as `connector` holds it of each of its connectors.

Facts only: whoever changes one tells the charger, which looks at the whole again.
"""

from __future__ import annotations

from enum import Enum

from sim_core.hardware.faults import ChargerFault


class Update(Enum):
    """How far a new firmware keeps the charger from its work."""

    NONE = "none"
    WAITING = "waiting"
    """It waits for the last session to end: nobody may begin anew."""
    INSTALLING = "installing"
    """The charger as a whole is out of service."""


class Condition:
    """The charger as a whole (connector 0)."""

    __slots__ = ("fault", "operative", "powered", "rebooting", "update")

    def __init__(self, *, operative: bool) -> None:
        self.operative = operative
        """As the CSMS wants it, lastingly."""
        self.powered = True
        """The mains are there."""
        self.rebooting = False
        self.update = Update.NONE
        self.fault: ChargerFault | None = None
        """What is broken in the charger as a whole."""

    @property
    def updating(self) -> bool:
        """Nobody may begin anything: a new version waits or is being installed."""
        return self.update is not Update.NONE

    @property
    def installing(self) -> bool:
        """A new version is being installed."""
        return self.update is Update.INSTALLING

    @property
    def usable(self) -> bool:
        """In service as a whole, with no new version being installed."""
        return self.operative and not self.installing

    @property
    def open(self) -> bool:
        """Whether connectors may be in service."""
        return self.operative and not self.updating
