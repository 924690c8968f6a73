"""What a charge point would say in the fields of a message, by their names in any OCPP.

A form that opens with the facts of now is sent with one key; whoever wants another value has the
right one before their eyes.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sim_core.snapshot import ConnectorSnapshot, StationSnapshot

NO_ERROR = "NoError"


def message_facts(
    station: StationSnapshot, connector: ConnectorSnapshot | None, now: datetime, card: str
) -> dict[str, Any]:
    """Field -> value, as far as they are known. `card` stands in where none charges."""
    facts: dict[str, Any] = {
        "chargePointVendor": station.vendor,
        "chargePointModel": station.model,
        "vendorName": station.vendor,
        "model": station.model,
        "firmwareVersion": station.firmware_version or None,
        "vendorId": station.vendor,
        "reason": "PowerUp",
        "timestamp": _stamp(now),
        "generatedAt": _stamp(now),
        "idTag": card,
        "idToken": card,
        "errorCode": NO_ERROR,
        "seqNo": 0,
    }
    if connector is None:
        return facts
    running = connector.transaction
    register = round(connector.register_wh or 0.0)
    facts |= {
        "connectorId": connector.connector_id,
        "evseId": connector.connector_id,
        "id": connector.connector_id,
        "status": connector.status,
        "connectorStatus": connector.status,
        "errorCode": connector.fault.error_code if connector.fault else NO_ERROR,
        "meterStart": running.meter_start_wh if running else register,
        "meterStop": register,
        "value": str(register),
    }
    if running is not None:
        facts |= {
            "transactionId": running.transaction_id,
            "idTag": running.token,
            "idToken": running.token,
        }
    return facts


def _stamp(now: datetime) -> str:
    return now.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
