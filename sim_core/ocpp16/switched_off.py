"""What is asked of a feature profile that this charge point does not have (OCPP 1.6 §3.2).

Where an answer has a word for "no", it is said with that word: a CSMS that reads CALLERROR believes
its message broken or lost, and one that reads -1 or NotSupported knows. The answer to
UpdateFirmware is empty and would be a promise, so that one is refused with CALLERROR NotSupported,
as are messages that belong to no profile here. That of GetDiagnostics can say that there is nothing
to hand in: it has no fileName then (§5.9).

The last rows are those messages of "Improved security for OCPP 1.6-J" that nobody has built, in a
make that speaks the rest of it. A make that does not speak it at all does not know their words.
"""

from __future__ import annotations

from functools import lru_cache

from ocpp.v16 import call_result
from ocpp.v16.enums import (
    Action,
    CancelReservationStatus,
    CertificateSignedStatus,
    CertificateStatus,
    ChargingProfileStatus,
    ClearChargingProfileStatus,
    DeleteCertificateStatus,
    GetCompositeScheduleStatus,
    GetInstalledCertificateStatus,
    ReservationStatus,
    TriggerMessageStatus,
    UpdateFirmwareStatus,
    UpdateStatus,
)

from sim_core.ocpp16 import local_list, reservation, smart_charging
from sim_core.wire.routes import Reply, Route

CERTIFICATES = "certificates and signed firmware"
"""The part of the security extension that is not built."""

ANSWERS: dict[str, dict[Action, object]] = {
    "FirmwareManagement": {
        Action.get_diagnostics: call_result.GetDiagnostics(),
    },
    local_list.PROFILE: {
        Action.get_local_list_version: call_result.GetLocalListVersion(local_list.NO_LIST),
        Action.send_local_list: call_result.SendLocalList(UpdateStatus.not_supported),
    },
    reservation.PROFILE: {
        Action.reserve_now: call_result.ReserveNow(ReservationStatus.rejected),
        Action.cancel_reservation: call_result.CancelReservation(CancelReservationStatus.rejected),
    },
    "RemoteTrigger": {
        Action.trigger_message: call_result.TriggerMessage(TriggerMessageStatus.not_implemented),
    },
    smart_charging.PROFILE: {
        Action.set_charging_profile: call_result.SetChargingProfile(
            ChargingProfileStatus.not_supported
        ),
        Action.clear_charging_profile: call_result.ClearChargingProfile(
            ClearChargingProfileStatus.unknown
        ),
        Action.get_composite_schedule: call_result.GetCompositeSchedule(
            GetCompositeScheduleStatus.rejected
        ),
    },
    CERTIFICATES: {
        Action.certificate_signed: call_result.CertificateSigned(CertificateSignedStatus.rejected),
        Action.delete_certificate: call_result.DeleteCertificate(DeleteCertificateStatus.not_found),
        Action.get_installed_certificate_ids: call_result.GetInstalledCertificateIds(
            GetInstalledCertificateStatus.not_found
        ),
        # Rejected would say that something is wrong with the certificate.
        Action.install_certificate: call_result.InstallCertificate(CertificateStatus.failed),
        Action.signed_update_firmware: call_result.SignedUpdateFirmware(
            UpdateFirmwareStatus.rejected
        ),
    },
}
"""What is missing -> its messages and how each of them says so."""


def _route(answer: object) -> Route:
    return Route(lambda **_: Reply(answer), off=True)


ROUTES: dict[str, dict[str, Route]] = {
    missing: {action.value: _route(answer) for action, answer in answers.items()}
    for missing, answers in ANSWERS.items()
}
"""The same as routes."""


@lru_cache(maxsize=16)
def routes_without(missing: frozenset[str]) -> dict[str, Route]:
    """Where the messages go of what a charge point does not have. A fleet of one make shares it:
    do not change."""
    return {action: route for name in missing for action, route in ROUTES.get(name, {}).items()}
