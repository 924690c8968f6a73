"""Messages of a feature profile that is switched off: each says so with the word that it has.

Row 90 leaves CALLERROR NotSupported free as well; it is used where the answer has no word for no.
"""

from __future__ import annotations

from typing import Any

import pytest

from sim_core.wire.timestamps import stamp
from tests.conformance.acts import only_of
from tests.harness import Harness

LATER = "2099-01-01T00:00:00.000Z"
PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6000.0}],
    },
}
RESERVATION = {"connectorId": 1, "expiryDate": LATER, "idTag": "TAG", "reservationId": 7}
COMPOSITE = {"connectorId": 1, "duration": 60}
CERTIFICATE = {"certificateType": "CentralSystemRootCertificate", "certificate": "PEM"}
HASH = {
    "hashAlgorithm": "SHA256",
    "issuerNameHash": "00",
    "issuerKeyHash": "00",
    "serialNumber": "1",
}
FIRMWARE = {
    "location": "http://127.0.0.1:9/f",
    "retrieveDateTime": LATER,
    "signingCertificate": "PEM",
    "signature": "00",
}
Row = tuple[str, dict[str, Any], dict[str, Any]]

SWITCHED_OFF: list[Row] = [
    ("GetLocalListVersion", {}, {"listVersion": -1}),
    ("SendLocalList", {"listVersion": 1, "updateType": "Full"}, {"status": "NotSupported"}),
    ("ReserveNow", RESERVATION, {"status": "Rejected"}),
    ("CancelReservation", {"reservationId": 7}, {"status": "Rejected"}),
    (
        "SetChargingProfile",
        {"connectorId": 0, "csChargingProfiles": PROFILE},
        {"status": "NotSupported"},
    ),
    ("ClearChargingProfile", {}, {"status": "Unknown"}),
    ("GetCompositeSchedule", COMPOSITE, {"status": "Rejected"}),
    ("TriggerMessage", {"requestedMessage": "Heartbeat"}, {"status": "NotImplemented"}),
    ("GetDiagnostics", {"location": "http://127.0.0.1:9/"}, {}),
]
NOT_BUILT: list[Row] = [
    ("InstallCertificate", CERTIFICATE, {"status": "Failed"}),
    ("DeleteCertificate", {"certificateHashData": HASH}, {"status": "NotFound"}),
    (
        "GetInstalledCertificateIds",
        {"certificateType": "CentralSystemRootCertificate"},
        {"status": "NotFound"},
    ),
    ("CertificateSigned", {"certificateChain": "PEM"}, {"status": "Rejected"}),
    ("SignedUpdateFirmware", {"requestId": 1, "firmware": FIRMWARE}, {"status": "Rejected"}),
    (
        "ExtendedTriggerMessage",
        {"requestedMessage": "SignChargePointCertificate"},
        {"status": "NotImplemented"},
    ),
]


@pytest.mark.row(90, "TC_042_1_CS / TC_043_1_CS")
@pytest.mark.row(100, "TC_048_4_CS")
@pytest.mark.row(106, "TC_055_CS")
@pytest.mark.row(120, "TC_045_1_CS")
async def test_what_is_switched_off_says_so_in_the_words_of_its_answer() -> None:
    async with Harness(keys={"SupportedFeatureProfiles": "Core"}) as harness:
        for action, request, answer in SWITCHED_OFF:
            told = await harness.csms.ask_raw(action, request)
            assert (told[0], told[2]) == (3, answer), action
        harness.csms.clear()
        await harness.advance(120)
        assert not harness.csms.of("DiagnosticsStatusNotification", "FirmwareStatusNotification")
        assert harness.status() == "Available"


@pytest.mark.row("W8a", "NotImplemented and NotSupported")
async def test_an_update_that_cannot_be_promised_is_refused() -> None:
    """UpdateFirmware.conf is empty: it could only say yes."""
    order = {"location": "http://127.0.0.1:9/f", "retrieveDate": LATER}
    async with Harness(keys={"SupportedFeatureProfiles": "Core"}) as harness:
        answer = await harness.csms.ask_raw("UpdateFirmware", order)
        assert (answer[0], answer[2]) == (4, "NotSupported")


@pytest.mark.row("W8a", "NotImplemented and NotSupported")
async def test_what_is_not_well_formed_of_it_is_a_callerror() -> None:
    async with Harness(keys={"SupportedFeatureProfiles": "Core"}) as harness:
        for action, request in (("SetChargingProfile", {}), ("ReserveNow", {"connectorId": "x"})):
            answer = await harness.csms.ask_raw(action, request)
            assert (answer[0], answer[2]) == (4, "NotSupported")


async def test_with_the_profiles_the_same_requests_are_carried_out() -> None:
    """The table above is about the switch, and not about the requests."""
    async with Harness() as harness:
        for action, request, off in SWITCHED_OFF[:8]:
            asked = {**request, "expiryDate": stamp(harness.clock.now())[:4] + "-12-31T23:59:59Z"}
            answer = await harness.csms.ask_raw(
                action, asked if action == "ReserveNow" else request
            )
            assert answer[0] == 3
            assert answer[2] != off, action


@only_of("generic", "the Gresgying does not speak the security whitepaper")
async def test_the_part_of_the_security_extension_that_is_not_built() -> None:
    async with Harness() as harness:
        for action, request, answer in NOT_BUILT:
            told = await harness.csms.ask_raw(action, request)
            assert (told[0], told[2]) == (3, answer), action


async def test_a_make_that_does_not_speak_the_extension_knows_none_of_its_messages() -> None:
    log = {"log": {"remoteLocation": "http://127.0.0.1:9/"}, "logType": "SecurityLog"}
    async with Harness(behaviour={"security_extension": False}) as harness:
        for action, request, _ in (*NOT_BUILT, ("GetLog", {**log, "requestId": 1}, {})):
            told = await harness.csms.ask_raw(action, request)
            assert (told[0], told[2]) == (4, "NotSupported"), action
