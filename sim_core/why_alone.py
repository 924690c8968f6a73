"""Why nobody is asked: in which way the charge point is on its own, and what would end that.

To be without a CSMS is one thing on the wire and several for an operator. A link that is down wants
patience or a cable, a registration that is Pending wants somebody at the CSMS (OCPP 1.6 §4.2).
"""

from __future__ import annotations

from sim_core.snapshot import Registration

OFFLINE = "offline"
SILENT = "silent (no frame passes: go online first)"
UNANSWERED = "without an answer of the CSMS to Authorize"
NOT_REGISTERED = "not registered yet (BootNotification is not answered)"
UNREGISTERED: dict[Registration, str] = {
    Registration.PENDING: "not accepted yet (BootNotification was answered Pending: "
    "accept it in the CSMS)",
    Registration.REJECTED: "not accepted (BootNotification was answered Rejected: "
    "register its id in the CSMS)",
}
"""What follows "the charge point is", on a link that is up."""


def why_alone(
    *, connected: bool, frames_pass: bool, registered: bool, registration: Registration
) -> str:
    """In which way the charge point cannot ask the CSMS; it follows "the charge point is".

    `registered`: messages may go out; `registration` is what the CSMS has said last.
    """
    if not connected:
        return OFFLINE
    if not frames_pass:
        return SILENT
    if not registered:
        return UNREGISTERED.get(registration, NOT_REGISTERED)
    return UNANSWERED
