"""When a transaction begins and when it ends: TxStartPoint and TxStopPoint. Pure.

Both are lists of points. A transaction begins as soon as any point of the one becomes true, and
ends as soon as any of the other that was true no longer is (OCPP 2.0.1 Part 2, §2.6.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.variables import Address


@dataclass(frozen=True)
class Truth:
    """What is true of one EVSE, as far as the points ask."""

    connected: bool = False
    """A vehicle is plugged in."""
    authorised: bool = False
    """A card may charge."""
    energised: bool = False
    """Energy flows, or may."""
    signed: bool = False
    """The meter has signed what it showed before the energy (E01.FR.04)."""
    in_bay: bool = False
    """A sensor sees a car in the bay."""


POINTS: dict[str, Callable[[Truth], bool]] = {
    "ParkingBayOccupancy": lambda truth: truth.in_bay,
    "DataSigned": lambda truth: truth.signed,
    "EVConnected": lambda truth: truth.connected,
    "Authorized": lambda truth: truth.authorised,
    "PowerPathClosed": lambda truth: truth.authorised and truth.connected,
    "EnergyTransfer": lambda truth: truth.energised,
}
"""Point -> whether it is true. It is logical: no relay has to have closed (E01.FR.05)."""


def begins(before: Truth, now: Truth, points: Iterable[str]) -> bool:
    """Whether a transaction begins with this change."""
    return any(POINTS[point](now) and not POINTS[point](before) for point in points)


def ends(before: Truth, now: Truth, points: Iterable[str]) -> bool:
    """Whether a transaction ends with this change."""
    return any(POINTS[point](before) and not POINTS[point](now) for point in points)


def why_never_begun(model: DeviceModel, address: Address, value: str) -> tuple[str, str]:
    """What speaks against a value with which no transaction would ever begin: reason code and
    sentence; both are empty where nothing does. Whoever waits for signed readings has to have
    them."""
    name = (address.component.name, address.variable.name)
    waits = "DataSigned" in model.items("TxCtrlr", "TxStartPoint")
    signs = model.flag("SampledDataCtrlr", "SignReadings")
    if name == ("TxCtrlr", "TxStartPoint") and "datasigned" in value.casefold() and not signs:
        return "InvalidValue", "no reading is signed: set SampledDataCtrlr.SignReadings first"
    if name == ("SampledDataCtrlr", "SignReadings") and waits and value.casefold() != "true":
        return (
            "InvalidValue",
            "transactions begin with DataSigned: change TxCtrlr.TxStartPoint first",
        )
    return "", ""
