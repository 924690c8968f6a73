"""What may not be promised while the disk refuses, and the word that says so (OCPP 2.0.1 Part 2).

SetVariables and SetVariableMonitoring answer item by item: each of them says `Rejected` itself.
"""

from __future__ import annotations

from sim_core.ocpp201.answers import status_info

_WORDS = {
    "CancelReservation": "Rejected",
    "ChangeAvailability": "Rejected",
    "ClearCache": "Rejected",
    "DeleteCertificate": "Failed",
    "InstallCertificate": "Failed",
    "ReserveNow": "Rejected",
    "SendLocalList": "Failed",
    "SetChargingProfile": "Rejected",
    "SetDisplayMessage": "Rejected",
    "SetMonitoringBase": "Rejected",
    "SetMonitoringLevel": "Rejected",
    "UpdateFirmware": "Rejected",
}
CODE, WHY = "OutOfStorage", "the disk takes nothing just now: ask again later"
_INFO = status_info(CODE, WHY)
REFUSED = {action: {"status": word, "statusInfo": _INFO} for action, word in _WORDS.items()}
"""By action the answer that says no."""
KEPT_AFTER_THE_ANSWER = frozenset({"ChangeAvailability", "UpdateFirmware"})
"""What these change is written behind the answer, so they are refused before it."""
