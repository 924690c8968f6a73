"""Texts that may be longer than OCPP allows, because they are for people only.

Chargers in the field send an `info` of 80 characters. A CALLERROR for it would hide the status that
it comes with, and many of them send the same message again for ever. So what is shown and never
compared is taken as it is, with a remark; an idTag is not among it, for who would be let in is not
to be guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LONGEST_TAKEN = 1_000
"""Characters; what is longer is no slip of a charger's any more."""

ALLOWED: dict[str, dict[str, int]] = {
    "BootNotification": {
        "chargeBoxSerialNumber": 25,
        "chargePointModel": 20,
        "chargePointSerialNumber": 25,
        "chargePointVendor": 20,
        "firmwareVersion": 50,
        "iccid": 20,
        "imsi": 20,
        "meterSerialNumber": 25,
        "meterType": 25,
    },
    "DataTransfer": {"messageId": 50, "vendorId": 255},
    "SecurityEventNotification": {"techInfo": 255, "type": 50},
    "StatusNotification": {"info": 50, "vendorErrorCode": 50, "vendorId": 255},
}
"""Action -> field -> the length that OCPP 1.6 allows (§6, and the security whitepaper)."""


@dataclass(frozen=True)
class Excess:
    """A text that is longer than OCPP allows."""

    field: str
    length: int
    allowed: int


def excesses(action: str, payload: dict[str, Any]) -> tuple[Excess, ...]:
    """The texts of a request that are too long and are taken all the same."""
    return tuple(
        Excess(field, len(text), allowed)
        for field, allowed in ALLOWED.get(action, {}).items()
        if isinstance(text := payload.get(field), str) and allowed < len(text) <= LONGEST_TAKEN
    )


def cut(payload: dict[str, Any], found: tuple[Excess, ...]) -> dict[str, Any]:
    """The payload as OCPP allows it: what a schema is to look at."""
    return payload | {one.field: payload[one.field][: one.allowed] for one in found}
