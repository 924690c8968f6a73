"""SecurityEventNotification in the words of OCPP 2.0.1 (A04).

Critical events wait for a CSMS that is away; the others are in the security log only (Part 2,
appendix 1). OCPP 2.0.1 renames two events of the 1.6 extension.
"""

from __future__ import annotations

from sim_core.store.records import SecurityEvent
from sim_core.wire.answers import Payload
from sim_core.wire.timestamps import stamp

NAMES = {
    "InvalidCentralSystemCertificate": "InvalidCsmsCertificate",
    "InvalidChargePointCertificate": "InvalidChargingStationCertificate",
    "FailedToAuthenticateAtCentralSystem": "FailedToAuthenticateAtCsms",
    "CentralSystemFailedToAuthenticate": "CsmsFailedToAuthenticate",
}
"""Name in the store -> what OCPP 2.0.1 calls it."""


def payload_of(event: SecurityEvent) -> Payload:
    """SecurityEventNotification of an event of the log."""
    info = {"techInfo": event.info[:255]} if event.info else {}
    return {"type": NAMES.get(event.kind, event.kind), "timestamp": stamp(event.at), **info}
