"""OCPP 2.0.1 as the wire must know it: its sub-protocol, its schemas, and which message is what."""

from __future__ import annotations

from sim_core.wire.answers import Payload
from sim_core.wire.call_errors import ErrorCode
from sim_core.wire.dialect import Dialect, Subject
from sim_core.wire.schemas import Schemas

CODE_BY_KEYWORD: dict[str, ErrorCode] = {
    "required": "OccurrenceConstraintViolation",
    "additionalProperties": "OccurrenceConstraintViolation",
    "minItems": "OccurrenceConstraintViolation",
    "maxItems": "OccurrenceConstraintViolation",
    "enum": "PropertyConstraintViolation",
    "maxLength": "PropertyConstraintViolation",
    "minLength": "PropertyConstraintViolation",
    "maximum": "PropertyConstraintViolation",
    "minimum": "PropertyConstraintViolation",
    "type": "TypeConstraintViolation",
}
"""Keyword of JSON Schema -> CALLERROR code, as OCPP-J 2.0.1 spells it (Part 4, §4.3)."""


def _subject(payload: Payload) -> Subject:
    """An EVSE is named as a number or in an object, a transaction by itself or in its info."""
    evse, info = payload.get("evse"), payload.get("transactionInfo")
    evse_id = payload.get("evseId", evse.get("id") if isinstance(evse, dict) else None)
    told = info.get("transactionId") if isinstance(info, dict) else payload.get("transactionId")
    return Subject(
        evse_id if isinstance(evse_id, int) else None,
        told if isinstance(told, str) else None,
    )


SECRETS = frozenset(
    {"basicauthpassword", "apnpassword"}
    | {f"vpn{first}" for first in ("server", "user", "group", "password", "key", "type")}
)
"""Of SetNetworkProfile, too: the object `vpn`, whichever of its fields comes first, has a password
in it."""

OCPP_201 = Dialect(
    version="OCPP 2.0.1",
    subprotocol="ocpp2.0.1",
    called="EVSE",
    schemas=Schemas(
        "ocpp.v201",
        codes=CODE_BY_KEYWORD,
        malformed="FormatViolation",
        request_suffix="Request",
    ),
    asks=frozenset(
        {
            "Authorize",
            "BootNotification",
            "ClearedChargingLimit",
            "DataTransfer",
            "FirmwareStatusNotification",
            "Get15118EVCertificate",
            "GetCertificateStatus",
            "Heartbeat",
            "LogStatusNotification",
            "MeterValues",
            "NotifyChargingLimit",
            "NotifyCustomerInformation",
            "NotifyDisplayMessages",
            "NotifyEVChargingNeeds",
            "NotifyEVChargingSchedule",
            "NotifyEvent",
            "NotifyMonitoringReport",
            "NotifyReport",
            "PublishFirmwareStatusNotification",
            "ReportChargingProfiles",
            "ReservationStatusUpdate",
            "SecurityEventNotification",
            "SignCertificate",
            "StatusNotification",
            "TransactionEvent",
        }
    ),
    boot="BootNotification",
    proof_of_life="Heartbeat",
    urgent=frozenset({"BootNotification", "Authorize"}),
    each_counts=frozenset({"Authorize", "TransactionEvent"}),
    follows={
        ("Authorize", "refused"): "the card is not accepted",
        ("Authorize", "unanswered"): "the charging station decides as it does offline",
        ("BootNotification", "refused"): "it is sent again after a pause",
        ("BootNotification", "unanswered"): "it is sent again after a pause",
        ("Heartbeat", "refused"): "the next one comes in its time",
        ("Heartbeat", "unanswered"): "the next one comes in its time",
        ("StatusNotification", "unanswered"): "it is sent again on the next connection",
    },
    subject=_subject,
    time_fields=frozenset({"timestamp"}),
    secret_keys=SECRETS,
)
