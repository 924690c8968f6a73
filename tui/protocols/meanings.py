"""What each message of OCPP is for, in a few words: for lists that somebody chooses from.

By the action alone: where two versions have one of the same name, it means the same.
"""

from __future__ import annotations

MEANINGS: dict[str, str] = {
    # asked by a charge point, those first that people say most
    "Heartbeat": "I am alive; what time is it",
    "BootNotification": "I have started: who I am",
    "StatusNotification": "what a connector is doing",
    "MeterValues": "what the meter reads",
    "DataTransfer": "something of the vendor's own",
    "Authorize": "may this card charge",
    "StartTransaction": "a transaction has begun",
    "StopTransaction": "a transaction has ended",
    "TransactionEvent": "a transaction has begun, goes on or has ended",
    "DiagnosticsStatusNotification": "how far the upload of diagnostics is",
    "FirmwareStatusNotification": "how far the update of the firmware is",
    "LogStatusNotification": "how far the upload of a log is",
    "SecurityEventNotification": "something that matters to security has happened",
    "SignCertificate": "please sign my new certificate",
    "SignedFirmwareStatusNotification": "how far the update of signed firmware is",
    "NotifyReport": "a part of a report about variables",
    "NotifyEvent": "a variable has done what is watched for",
    "NotifyChargingLimit": "somebody else limits the power",
    "ClearedChargingLimit": "that limit is gone",
    "NotifyDisplayMessages": "which messages the display has",
    "NotifyMonitoringReport": "which variables are watched",
    "NotifyCustomerInformation": "what is kept of a customer",
    "NotifyEVChargingNeeds": "how much a vehicle wants, and until when",
    "NotifyEVChargingSchedule": "how a vehicle means to charge",
    "ReportChargingProfiles": "which charging profiles are installed",
    "ReservationStatusUpdate": "a reservation has ended by itself",
    "PublishFirmwareStatusNotification": "how far the publishing of firmware is",
    "Get15118EVCertificate": "a certificate for a vehicle, please",
    "GetCertificateStatus": "is this certificate revoked",
    # asked by a CSMS
    "RemoteStartTransaction": "start charging, from afar",
    "RemoteStopTransaction": "stop charging, from afar",
    "RequestStartTransaction": "start charging, from afar",
    "RequestStopTransaction": "stop charging, from afar",
    "Reset": "reboot",
    "UnlockConnector": "open the lock of a connector",
    "ChangeAvailability": "in or out of service",
    "ChangeConfiguration": "set a configuration key",
    "GetConfiguration": "tell the configuration",
    "SetVariables": "set variables",
    "GetVariables": "tell variables",
    "GetBaseReport": "report all variables",
    "GetReport": "report some variables",
    "ClearCache": "forget the cards that were accepted",
    "SendLocalList": "a list of cards to keep",
    "GetLocalListVersion": "which list of cards is kept",
    "SetChargingProfile": "limit the power over time",
    "ClearChargingProfile": "lift such limits",
    "GetChargingProfiles": "report such limits",
    "GetCompositeSchedule": "what all limits come to",
    "ReserveNow": "keep a connector free for a card",
    "CancelReservation": "keep it free no longer",
    "TriggerMessage": "say a certain message now",
    "ExtendedTriggerMessage": "say a certain message now",
    "UpdateFirmware": "fetch and install firmware",
    "SignedUpdateFirmware": "fetch and install signed firmware",
    "GetDiagnostics": "upload the diagnostics",
    "GetLog": "upload a log",
    "GetTransactionStatus": "is a transaction still going on",
    "SetNetworkProfile": "another way to the CSMS",
    "SetDisplayMessage": "show a message on the display",
    "ClearDisplayMessage": "take it away",
    "GetDisplayMessages": "report what the display shows",
    "CostUpdated": "what it costs so far",
    "CustomerInformation": "tell or forget what is kept of a customer",
    "InstallCertificate": "trust this certificate",
    "DeleteCertificate": "trust it no more",
    "GetInstalledCertificateIds": "which certificates are trusted",
    "CertificateSigned": "your certificate, signed",
    "SetMonitoringBase": "which variables to watch",
    "SetMonitoringLevel": "from which severity on to tell",
    "SetVariableMonitoring": "watch these variables",
    "ClearVariableMonitoring": "watch them no more",
    "GetMonitoringReport": "report what is watched",
    "PublishFirmware": "offer firmware to others near by",
    "UnpublishFirmware": "offer it no more",
}

BOTH_WAYS = frozenset({"DataTransfer"})
"""What a charge point asks a CSMS, and a CSMS a charge point."""


def by_use(actions: frozenset[str]) -> list[str]:
    """These actions, those first that people say most."""
    places = {action: place for place, action in enumerate(MEANINGS)}
    return sorted(actions, key=lambda action: (places.get(action, len(places)), action))
