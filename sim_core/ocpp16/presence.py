"""What stands at the connectors, for the next start: a vehicle does not drive away because the
charge point has no power, and no more because its process was killed.

Kept on disk is what the metal itself keeps through a power cut: vehicle, cable, lock, what is
broken. It is written when it changes, not with every tick: what a battery has got since then is
what the register has counted since then, and the register is kept anyhow.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sim_core.hardware.faults import ChargerFault
from sim_core.hardware.vehicle import Vehicle, named
from sim_core.ocpp16.outlet import Outlet
from sim_core.store.records import StoredTransaction

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint

Document = dict[str, Any]


class Presence:
    """Writes down what stands at each connector, and finds it again."""

    __slots__ = ("_arrived", "_cp", "_known")

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self._known: dict[int, Document] = {}
        """What is on disk, by connector."""
        self._arrived: dict[int, tuple[Vehicle, float, float]] = {}
        """The vehicle that was met at a connector, with its battery and the register then."""

    def keep(self) -> None:
        """Write down what has changed."""
        cp = self._cp
        for outlet in cp.outlets.values():
            document = self._document(outlet)
            if document != self._known.get(outlet.number):
                cp.store.keep(_name(outlet), document)
                self._known[outlet.number] = document

    def find(self) -> None:
        """After a start: what stood here stands here still, as after `lose_power`."""
        cp = self._cp
        registers = cp.store.registers()
        open_on = {left.connector_id: left for left in cp.store.open_transactions()}
        for outlet in cp.outlets.values():
            cut_off = open_on.get(outlet.number)
            document = cp.store.kept(_name(outlet)) or _of_transaction(cut_off)
            if document is not None:
                self._place(outlet, document, outlet.number in registers)
            if cut_off is not None:
                outlet.ended = outlet.metal.occupied
                cp.sessions.release_cable(outlet)

    def _document(self, outlet: Outlet) -> Document:
        metal, fault = outlet.metal, outlet.metal.fault
        document: Document = {
            "cable": metal.cable_in,
            "ended": outlet.ended,
            "charging": outlet.transaction is not None,
            "locked": metal.locked,
            "jammed": metal.lock_jammed,
            "held_for": outlet.held_for,
        }
        if (vehicle := metal.vehicle) is not None:
            met = self._arrived.get(outlet.number)
            if met is None or met[0] is not vehicle:
                met = (vehicle, vehicle.stored_wh, metal.meter.register_wh)
                self._arrived[outlet.number] = met
            document |= {
                "vehicle": vehicle.kind.name,
                "stored_wh": met[1],
                "register_wh": met[2],
                "paused": metal.ev_paused,
            }
        if fault is not None:
            since = outlet.fault_since or self._cp.now()
            words = (fault.error_code, fault.vendor_error_code, fault.info)
            document |= {
                "fault": list(words),
                "fault_since": since.isoformat(),
                "everywhere": fault is self._cp.fault,
            }
        return document

    def _place(self, outlet: Outlet, document: Document, register_known: bool) -> None:
        cp, metal = self._cp, outlet.metal
        name = document.get("vehicle")
        kind = named(cp.build.garage, name) if name else None
        if kind is not None:
            since_wh = metal.meter.register_wh - document["register_wh"] if register_known else 0.0
            metal.vehicle = Vehicle(kind, document["stored_wh"] + max(0.0, since_wh))
            metal.ev_paused = document["paused"]
            outlet.vehicle_name = kind.name
        elif name:
            cp.note(
                "vehicle",
                f"connector {outlet.number}: {name} stood here, and is not in the garage any more",
                outlet.number,
            )
        metal.cable_in = document["cable"] and cp.behaviour.detachable_cable
        metal.locked = document["locked"] and outlet.lockable
        metal.lock_jammed = document["jammed"]
        outlet.held_for = document["held_for"] if metal.locked else None
        outlet.ended = metal.occupied and (document["ended"] or document["charging"])
        if words := document.get("fault"):
            fault = ChargerFault(*words)
            if document["everywhere"]:  # one thing is broken, wherever it shows
                fault = cp.fault = cp.fault or fault
            metal.fault = fault
            outlet.fault_since = datetime.fromisoformat(document["fault_since"])


def _name(outlet: Outlet) -> str:
    """Under which name a connector is in the store."""
    return f"connector {outlet.number}"


def _of_transaction(left: StoredTransaction | None) -> Document | None:
    """What an open transaction tells of its vehicle, where nothing else was written down."""
    if left is None or left.vehicle is None or left.vehicle_wh is None:
        return None
    return {
        "vehicle": left.vehicle,
        "stored_wh": left.vehicle_wh,
        "register_wh": left.meter_start_wh,
        "paused": False,
        "cable": True,
        "ended": False,
        "charging": True,
        "locked": False,
        "jammed": False,
        "held_for": None,
    }
