"""What variables of the device model tell of the station as it is now.

Tables for all stations: of one there is only whom its variables ask.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim_core.charging.charger import Charger
from sim_core.charging.connector import Connector
from sim_core.hardware.faults import FAULT_KIND
from sim_core.hardware.model import Identity
from sim_core.ocpp201.standard_variables import BAY_SENSOR, LOCK
from sim_core.ocpp201.status import connector_status, whole_status
from sim_core.ocpp201.variables import Address
from sim_core.store.interface import Store
from sim_core.wire.timestamps import stamp

Where = tuple[str, str]
"""Component and variable, folded."""


class LiveValues:
    """What one station is."""

    __slots__ = ("charger", "identity", "security_profile", "store")

    def __init__(
        self,
        charger: Charger,
        store: Store,
        *,
        identity: Callable[[], Identity],
        security_profile: Callable[[], int],
    ) -> None:
        self.charger = charger
        self.store = store
        self.identity = identity
        self.security_profile = security_profile

    def told(self, address: Address) -> str | None:
        """The value of a variable, by its folded address; None of what is not told here."""
        place = (address.component.name, address.variable.name)
        number = address.component.evse
        if number is None:
            whole = OF_STATION.get(place)
            return None if whole is None else whole(self)
        connector, told = self.charger.connectors.get(number), OF_EVSE.get(place)
        return None if connector is None or told is None else told(self, connector)


def _truth(fact: bool) -> str:
    return "true" if fact else "false"


def _station_status(of: LiveValues) -> str:
    condition = of.charger.condition
    return whole_status(usable=condition.usable, broken=condition.fault is not None).value


def _status(of: LiveValues, connector: Connector) -> str:
    return connector_status(connector.facts(of.charger.condition)).value


def _problem(_: LiveValues, connector: Connector) -> str:
    return _truth(connector.metal.fault is not None)


def _lock_problem(_: LiveValues, connector: Connector) -> str:
    fault = connector.metal.fault
    return _truth(fault is not None and FAULT_KIND[fault.error_code].component == LOCK)


OF_STATION: Mapping[Where, Callable[[LiveValues], str]] = {
    ("chargingstation", "availabilitystate"): _station_status,
    ("chargingstation", "problem"): lambda of: _truth(of.charger.condition.fault is not None),
    ("chargingstation", "model"): lambda of: of.identity().model,
    ("chargingstation", "vendorname"): lambda of: of.identity().vendor,
    ("chargingstation", "serialnumber"): lambda of: of.identity().serial_number or "",
    ("chargingstation", "firmwareversion"): lambda of: of.identity().firmware_version or "",
    ("clockctrlr", "datetime"): lambda of: stamp(of.charger.environment.now()),
    ("securityctrlr", "securityprofile"): lambda of: str(of.security_profile()),
    ("securityctrlr", "identity"): lambda of: of.charger.config.charge_point_id,
    ("localauthlistctrlr", "entries"): lambda of: str(of.store.local_list.length()),
    ("smartchargingctrlr", "entries"): lambda of: str(len(of.charger.profiles.snapshots)),
}
OF_EVSE: Mapping[Where, Callable[[LiveValues, Connector], str]] = {
    **{(part, "availabilitystate"): _status for part in ("evse", "connector")},
    **{(part, "problem"): _problem for part in ("evse", "connector")},
    (LOCK.casefold(), "problem"): _lock_problem,
    (BAY_SENSOR.casefold(), "active"): lambda _, connector: _truth(connector.in_bay),
    ("evse", "power"): lambda _, connector: f"{connector.metal.power_w:.0f}",
    ("fiscalmetering", "energyimportregister"): lambda _, connector: (
        f"{connector.metal.meter.register_wh:.0f}"
    ),
}
