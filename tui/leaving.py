"""What becomes of what charges when the dashboard is left.

Apart from the question that asks about it, which is imported when it is asked.
"""

from __future__ import annotations

from enum import Enum

from sim_core.snapshot import ConnectorSnapshot, StationSnapshot


class AtExit(Enum):
    """What leaving does with an open transaction."""

    KEPT = "left as a power cut leaves it: the next start has it from the disk"
    STOPPED = "stopped on the way out"
    LOST = "gone together with its CSMS"


STOP, LEAVE, CANCEL = "stop", "leave", "cancel"
"""What may be answered to the question."""


def open_transactions(station: StationSnapshot) -> list[ConnectorSnapshot]:
    """The connectors with a transaction."""
    return [connector for connector in station.connectors if connector.transaction]
