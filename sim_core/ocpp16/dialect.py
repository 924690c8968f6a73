"""OCPP 1.6 as the wire must know it: its sub-protocol, its schemas, and which message is what."""

from __future__ import annotations

from sim_core.wire.answers import Payload
from sim_core.wire.call_errors import ErrorCode
from sim_core.wire.dialect import Dialect, Subject
from sim_core.wire.schemas import Schemas

CODE_BY_KEYWORD: dict[str, ErrorCode] = {
    "required": "ProtocolError",
    "type": "TypeConstraintViolation",
    "maxLength": "PropertyConstraintViolation",
    "enum": "PropertyConstraintViolation",
    "multipleOf": "PropertyConstraintViolation",
    "maximum": "PropertyConstraintViolation",
    "minimum": "PropertyConstraintViolation",
    "minItems": "OccurenceConstraintViolation",
    "maxItems": "OccurenceConstraintViolation",
    "additionalProperties": "FormationViolation",
}
"""Keyword of JSON Schema -> CALLERROR code, as OCPP-J 1.6 spells it (§4.2.3)."""


def _subject(payload: Payload) -> Subject:
    connector_id, transaction_id = payload.get("connectorId"), payload.get("transactionId")
    return Subject(
        connector_id if isinstance(connector_id, int) else None,
        transaction_id if isinstance(transaction_id, int) else None,
    )


OCPP_16 = Dialect(
    version="OCPP 1.6",
    subprotocol="ocpp1.6",
    schemas=Schemas("ocpp.v16", codes=CODE_BY_KEYWORD, malformed="FormationViolation"),
    asks=frozenset(
        {
            "Authorize",
            "BootNotification",
            "DataTransfer",
            "DiagnosticsStatusNotification",
            "FirmwareStatusNotification",
            "Heartbeat",
            "LogStatusNotification",
            "MeterValues",
            "SecurityEventNotification",
            "SignCertificate",
            "SignedFirmwareStatusNotification",
            "StartTransaction",
            "StatusNotification",
            "StopTransaction",
        }
    ),
    boot="BootNotification",
    proof_of_life="Heartbeat",  # §4.6
    urgent=frozenset({"BootNotification", "Authorize"}),
    each_counts=frozenset({"Authorize", "StartTransaction", "StopTransaction"}),
    follows={
        ("Authorize", "refused"): "the card is not accepted",
        ("Authorize", "unanswered"): "the charge point decides as it does offline",
        ("BootNotification", "refused"): "it is sent again after a pause",
        ("BootNotification", "unanswered"): "it is sent again after a pause",
        ("Heartbeat", "refused"): "the next one comes in its time",
        ("Heartbeat", "unanswered"): "the next one comes in its time",
        ("StatusNotification", "unanswered"): "it is sent again on the next connection",
    },
    subject=_subject,
    time_fields=frozenset({"timestamp"}),
    secret_keys=frozenset({"authorizationkey"}),
)
