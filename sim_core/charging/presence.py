"""What stands at the connectors, for the next start: a vehicle does not drive away because the
charge point has no power, and no more because its process was killed.

Kept on disk is what the metal itself keeps through a power cut: vehicle, cable, lock, what is
broken. It is written when it changes, not with every tick: what a battery has got since then is
what the register has counted since then, and the register is kept anyhow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.environment import Environment
from sim_core.hardware.faults import ChargerFault
from sim_core.hardware.vehicle import Garage, Vehicle, named
from sim_core.store.interface import Store
from sim_core.store.records import StoredTransaction

Document = dict[str, Any]


class Presence:
    """Writes down what stands at each connector, and finds it again."""

    __slots__ = (
        "_arrived",
        "_condition",
        "_connectors",
        "_detachable_cable",
        "_environment",
        "_garage",
        "_known",
        "_store",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        store: Store,
        garage: Garage,
        *,
        detachable_cable: bool,
    ) -> None:
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._store = store
        self._garage = garage
        self._detachable_cable = detachable_cable
        self._known: dict[int, Document] = {}
        """What is on disk, by connector."""
        self._arrived: dict[int, tuple[Vehicle, float, float]] = {}
        """The vehicle that was met at a connector, with its battery and the register then."""

    def keep(self) -> None:
        """Write down what has changed."""
        for connector in self._connectors.values():
            document = self._document(connector)
            if document != self._known.get(connector.number):
                self._store.documents.put(_name(connector), document)
                self._known[connector.number] = document

    def find(self) -> None:
        """After a start: what stood here stands here still, as after `lose_power`."""
        registers = self._store.registers.all()
        open_on = {left.connector_id: left for left in self._store.transactions.open()}
        for connector in self._connectors.values():
            cut_off = open_on.get(connector.number)
            document = self._store.documents.get(_name(connector)) or _of_transaction(cut_off)
            if document is not None:
                self._place(connector, document, connector.number in registers)
            if cut_off is not None:
                connector.ended = connector.metal.occupied
                connector.release_cable(self._environment.now())

    def _document(self, connector: Connector) -> Document:
        metal, fault = connector.metal, connector.metal.fault
        document: Document = {
            "cable": metal.cable_in,
            "ended": connector.ended,
            "charging": connector.transaction is not None,
            "locked": metal.locked,
            "jammed": metal.lock_jammed,
            "held_for": connector.held_for,
            "asleep": connector.asleep_since_s is not None,
        }
        if connector.in_bay:
            document["in_bay"] = True
        if (vehicle := metal.vehicle) is not None:
            met = self._arrived.get(connector.number)
            if met is None or met[0] is not vehicle:
                met = (vehicle, vehicle.stored_wh, metal.meter.register_wh)
                self._arrived[connector.number] = met
            document |= {
                "vehicle": vehicle.kind.name,
                "stored_wh": met[1],
                "register_wh": met[2],
                "paused": metal.ev_paused,
            }
        if fault is not None:
            since = connector.fault_since or self._environment.now()
            words = (fault.error_code, fault.vendor_error_code, fault.info)
            document |= {
                "fault": list(words),
                "fault_since": since.isoformat(),
                "everywhere": fault is self._condition.fault,
            }
        return document

    def _place(self, connector: Connector, document: Document, register_known: bool) -> None:
        metal = connector.metal
        name = document.get("vehicle")
        kind = named(self._garage, name) if name else None
        if kind is not None:
            since_wh = metal.meter.register_wh - document["register_wh"] if register_known else 0.0
            metal.vehicle = Vehicle(kind, document["stored_wh"] + max(0.0, since_wh))
            metal.ev_paused = document["paused"]
            connector.vehicle_name = kind.name
        elif name:
            gone = f"{name} stood here, and is not in the garage any more"
            self._environment.note_at("vehicle", connector.number, gone)
        connector.in_bay = connector.bay_sensor and (kind is not None or "in_bay" in document)
        metal.cable_in = document["cable"] and self._detachable_cable
        metal.locked = document["locked"] and connector.lockable
        metal.lock_jammed = document["jammed"]
        connector.held_for = document["held_for"] if metal.locked else None
        if document.get("asleep") and metal.plugged:
            connector.asleep_since_s = -math.inf  # nobody knows any more
        connector.ended = metal.occupied and (document["ended"] or document["charging"])
        if words := document.get("fault"):
            fault = ChargerFault(*words)
            if document["everywhere"]:  # one thing is broken, wherever it shows
                fault = self._condition.fault = self._condition.fault or fault
            metal.fault = fault
            connector.fault_since = datetime.fromisoformat(document["fault_since"])


def _name(connector: Connector) -> str:
    """Under which name a connector is in the store."""
    return f"connector {connector.number}"


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
