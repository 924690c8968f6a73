"""What may not be promised while the disk refuses, and the word that says so (OCPP 1.6 §5)."""

from __future__ import annotations

from ocpp.v16 import call_result

_WORDS = {
    "CancelReservation": "Rejected",
    "ChangeAvailability": "Rejected",
    "ChangeConfiguration": "Rejected",
    "ClearCache": "Rejected",
    "ReserveNow": "Rejected",
    "SendLocalList": "Failed",
    "SetChargingProfile": "Rejected",
}
REFUSED = {action: getattr(call_result, action)(word) for action, word in _WORDS.items()}
"""By action the answer that says no."""
KEPT_AFTER_THE_ANSWER = frozenset({"ChangeAvailability"})
"""What it changes is written behind the answer, so it is refused before it."""
