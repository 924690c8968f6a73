"""Why nobody is asked: in which way the charge point is on its own, and what would end that.

To be without a CSMS is one thing on the wire and several for an operator. A link that is down wants
patience or a cable, a registration that is Pending wants somebody at the CSMS (OCPP 1.6 §4.2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim_core.snapshot import Registration

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint

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


def how_alone(cp: ChargePoint) -> str:
    """In which way the charge point cannot ask the CSMS; it follows "the charge point is"."""
    if not cp.outbox.connected:
        return OFFLINE
    if not cp.link_online():
        return SILENT
    if not cp.outbox.registered:
        return UNREGISTERED.get(cp.registration, NOT_REGISTERED)
    return UNANSWERED
