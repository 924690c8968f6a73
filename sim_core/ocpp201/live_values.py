"""What variables of the device model tell of the station as it is now."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim_core.charging.charger import Charger
from sim_core.charging.connector import Connector
from sim_core.hardware.faults import FAULT_KIND
from sim_core.hardware.model import Identity
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.standard_variables import BAY_SENSOR, LOCK
from sim_core.ocpp201.status import connector_status, whole_status
from sim_core.ocpp201.variables import Component
from sim_core.store.interface import Store
from sim_core.wire.timestamps import stamp


def connect(
    model: DeviceModel,
    charger: Charger,
    store: Store,
    *,
    identity: Callable[[], Identity],
    security_profile: Callable[[], int],
) -> None:
    """Let the model ask the charger for what it tells."""
    condition, environment = charger.condition, charger.environment
    station = Component("ChargingStation")

    def broken(fault: object) -> str:
        return "true" if fault is not None else "false"

    told: Mapping[str, Callable[[], str]] = {
        "AvailabilityState": lambda: (
            whole_status(usable=condition.usable, broken=condition.fault is not None).value
        ),
        "Problem": lambda: broken(condition.fault),
        "Model": lambda: identity().model,
        "VendorName": lambda: identity().vendor,
        "SerialNumber": lambda: identity().serial_number or "",
        "FirmwareVersion": lambda: identity().firmware_version or "",
    }
    for name, value in told.items():
        model.live(station, name, value)
    for connector in charger.connectors.values():
        _connect_evse(model, charger, connector)
    model.live(Component("ClockCtrlr"), "DateTime", lambda: stamp(environment.now()))
    model.live(Component("SecurityCtrlr"), "SecurityProfile", lambda: str(security_profile()))
    model.live(Component("SecurityCtrlr"), "Identity", lambda: charger.config.charge_point_id)
    model.live(Component("LocalAuthListCtrlr"), "Entries", lambda: str(store.local_list.length()))
    model.live(
        Component("SmartChargingCtrlr"),
        "Entries",
        lambda: str(len(charger.profiles.snapshots)),
        "ChargingProfiles",
    )


def _connect_evse(model: DeviceModel, charger: Charger, connector: Connector) -> None:
    number = connector.number
    evse, plug = Component("EVSE", evse=number), Component("Connector", evse=number, connector=1)

    def status() -> str:
        return connector_status(connector.facts(charger.condition)).value

    def problem() -> str:
        return "true" if connector.metal.fault is not None else "false"

    def lock_problem() -> str:
        fault = connector.metal.fault
        broken = fault is not None and FAULT_KIND[fault.error_code].component == LOCK
        return "true" if broken else "false"

    model.live(Component(LOCK, evse=number, connector=1), "Problem", lock_problem)
    for component in (evse, plug):
        model.live(component, "AvailabilityState", status)
        model.live(component, "Problem", problem)
    bay = Component(BAY_SENSOR, evse=number)
    model.live(bay, "Active", lambda: "true" if connector.in_bay else "false")
    model.live(evse, "Power", lambda: f"{connector.metal.power_w:.0f}")
    model.live(
        Component("FiscalMetering", evse=number),
        "EnergyImportRegister",
        lambda: f"{connector.metal.meter.register_wh:.0f}",
    )
