"""States of a charging station that speaks OCPP 2.0.1: EVSEs, what their transactions are doing,
and variables of components."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sim_core.snapshot import (
    ChangedBy,
    ConnectorSnapshot,
    ConnectorState,
    SettingChange,
    StationSnapshot,
    TransactionSnapshot,
)
from sim_core.wire.message_log import Direction
from tui.pictures.fake_settings import setting
from tui.pictures.fake_station import (
    NOW,
    ScriptedExchange,
    available,
    changed,
    charging,
    faulted,
    station,
)
from tui.pictures.state import State
from tui.protocols.ocpp201 import OCPP_201_WORDING

FIRST = "7a2d9d89-3f0e-4f51-9a55-2c1c8f0e7b11"
SECOND = "c41f07be-91d2-4a3b-8a7e-5d0f6be0a9d2"
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED


def _said(connector: ConnectorSnapshot, **changes: object) -> ConnectorSnapshot:
    """The same with the status that OCPP 2.0.1 has for it."""
    connector = changed(connector, **changes)
    return changed(connector, status=OCPP_201_WORDING.statuses[connector.state])


def _transaction(number: str, token: str) -> TransactionSnapshot:
    return TransactionSnapshot(number, token, NOW - timedelta(seconds=785), 11_190, 1_363.0)


def _of_evses(*connectors: ConnectorSnapshot, **changes: object) -> StationSnapshot:
    made = {"vendor": "ChargeForge", "model": "Generic DC", "subprotocol": "ocpp2.0.1"}
    return station(connectors, **{**made, **changes})  # type: ignore[arg-type]


def _event(kind: str, seq_no: int, trigger: str, state: str, **more: object) -> object:
    return {
        "eventType": kind,
        "timestamp": "2026-01-01T14:33:05Z",
        "triggerReason": trigger,
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": FIRST, "chargingState": state},
        "evse": {"id": 1, "connectorId": 1},
        **more,
    }


CARD = {"idToken": "MY_TAG", "type": "ISO14443"}
ACCEPTED = {"idTokenInfo": {"status": "Accepted"}}
SAMPLES = [
    {"value": 12553, "unitOfMeasure": {"unit": "Wh"}},
    {"value": 59460, "measurand": "Power.Active.Import", "unitOfMeasure": {"unit": "W"}},
]
METERED = {"meterValue": [{"timestamp": "2026-01-01T14:33:05Z", "sampledValue": SAMPLES}]}
INTERVAL = {
    "component": {"name": "SampledDataCtrlr"},
    "variable": {"name": "TxUpdatedInterval"},
}
STATUS = {"timestamp": "2026-01-01T14:31:30Z", "connectorId": 1}

EXCHANGES: tuple[ScriptedExchange, ...] = (
    (
        180,
        SENT,
        "BootNotification",
        {
            "reason": "PowerUp",
            "chargingStation": {"vendorName": "ChargeForge", "model": "Generic DC"},
        },
        {"status": "Accepted", "interval": 300, "currentTime": "2026-01-01T14:30:06Z"},
        0.031,
        None,
    ),
    (
        70,
        SENT,
        "StatusNotification",
        {**STATUS, "evseId": 1, "connectorStatus": "Occupied"},
        {},
        0.009,
        1,
    ),
    (70, SENT, "Authorize", {"idToken": CARD}, ACCEPTED, 0.018, None),
    (
        68,
        SENT,
        "TransactionEvent",
        _event("Started", 0, "Authorized", "EVConnected", idToken=CARD),
        ACCEPTED,
        0.027,
        1,
    ),
    (
        67,
        SENT,
        "TransactionEvent",
        _event("Updated", 1, "ChargingStateChanged", "Charging"),
        {},
        0.011,
        1,
    ),
    (
        42,
        RECEIVED,
        "SetVariables",
        {"setVariableData": [{"attributeValue": "30", **INTERVAL}]},
        {"setVariableResult": [{"attributeStatus": "Accepted", **INTERVAL}]},
        0.001,
        None,
    ),
    (
        20,
        RECEIVED,
        "RequestStartTransaction",
        {"idToken": CARD, "remoteStartId": 7, "evseId": 2},
        {"status": "Rejected", "statusInfo": {"reasonCode": "Faulted"}},
        0.001,
        2,
    ),
    (
        1,
        SENT,
        "TransactionEvent",
        _event("Updated", 2, "MeterValuePeriodic", "Charging", **METERED),
        None,
        0.0,
        1,
    ),
)

VARIABLES = (
    setting("ChargingStation.Available", "true", "The station is there", readonly=True),
    setting("EVSE 1.AllowReset", "true", "It can be reset by itself", readonly=True),
    setting("Connector 1/1.ConnectorType", "cCCS2", "Its plug", readonly=True),
    setting(
        "SampledDataCtrlr.TxUpdatedInterval",
        "30",
        "Seconds between meter values of a transaction; 0: none",
        group="SampledDataCtrlr",
        default="60",
        change=SettingChange("60", ChangedBy.CSMS, NOW - timedelta(seconds=42)),
    ),
    setting("TxCtrlr.TxStartPoint", "PowerPathClosed", "What a transaction begins with"),
)

BUSY = _of_evses(
    _said(charging(transaction=_transaction(FIRST, "MY_TAG"), token="MY_TAG")),
    _said(faulted(2)),
)
PAUSED = (
    _said(
        charging(
            number,
            state=state,
            power_w=0.0,
            current_a=0.0,
            transaction=_transaction(transaction, "MY_TAG"),
        )
    )
    for number, state, transaction in (
        (1, ConnectorState.PAUSED_BY_VEHICLE, FIRST),
        (2, ConnectorState.PAUSED_BY_CHARGER, SECOND),
    )
)

OCPP201_STATES: tuple[State, ...] = (
    State("ocpp201", "OCPP 2.0.1: two EVSEs, one charges", BUSY, exchanges=EXCHANGES),
    State(
        "ocpp201-paused",
        "OCPP 2.0.1: what else transactions are doing",
        _of_evses(*PAUSED, _said(available(3, plugged=True, state=ConnectorState.PREPARING))),
        exchanges=EXCHANGES,
    ),
    State(
        "ocpp201-variables",
        "OCPP 2.0.1: the configuration is variables of components",
        replace(BUSY, settings=VARIABLES),
        press=("C", *"interval", "enter"),
        exchanges=EXCHANGES,
    ),
)
