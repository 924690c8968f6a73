"""Who has said a frame of which the log does not tell it.

Most actions of OCPP are asked by one side only, and an answer is said by who was asked. What is
left is told by the words that a log puts before its frames, once frames that are sure have shown
what those words mean there; by ids that look like those of one side; and by what is answered.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from sim_core.traces.entries import Entry
from sim_core.traces.frames import Side
from sim_core.traces.messages import CALL, CALLRESULT

ASKED_BY_CHARGER = frozenset(
    {
        "Authorize",
        "BootNotification",
        "ClearedChargingLimit",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Get15118EVCertificate",
        "GetCertificateStatus",
        "Heartbeat",
        "LogStatusNotification",
        "MeterValues",
        "NotifyChargingLimit",
        "NotifyCustomerInformation",
        "NotifyDisplayMessages",
        "NotifyDERAlarm",
        "NotifyDERStartStop",
        "NotifyEVChargingNeeds",
        "NotifyEVChargingSchedule",
        "NotifyEvent",
        "NotifyMonitoringReport",
        "NotifyPriorityCharging",
        "NotifyReport",
        "NotifySettlement",
        "PublishFirmwareStatusNotification",
        "ReportChargingProfiles",
        "ReportDERControl",
        "ReservationStatusUpdate",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
        "TransactionEvent",
    }
)
ASKED_BY_CSMS = frozenset(
    {
        "AFRRSignal",
        "AdjustPeriodicEventStream",
        "CancelReservation",
        "CertificateSigned",
        "ChangeAvailability",
        "ChangeConfiguration",
        "ChangeTransactionTariff",
        "ClearCache",
        "ClearChargingProfile",
        "ClearDERControl",
        "ClearDisplayMessage",
        "ClearTariffs",
        "ClearVariableMonitoring",
        "CostUpdated",
        "CustomerInformation",
        "DeleteCertificate",
        "ExtendedTriggerMessage",
        "GetBaseReport",
        "GetChargingProfiles",
        "GetCompositeSchedule",
        "GetConfiguration",
        "GetDERControl",
        "GetDiagnostics",
        "GetDisplayMessages",
        "GetInstalledCertificateIds",
        "GetLocalListVersion",
        "GetLog",
        "GetMonitoringReport",
        "GetReport",
        "GetTariffs",
        "GetTransactionStatus",
        "GetVariables",
        "InstallCertificate",
        "NotifyAllowedEnergyTransfer",
        "PublishFirmware",
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "RequestBatterySwap",
        "RequestStartTransaction",
        "RequestStopTransaction",
        "ReserveNow",
        "Reset",
        "SendLocalList",
        "SetChargingProfile",
        "SetDERControl",
        "SetDefaultTariff",
        "SetDisplayMessage",
        "SetMonitoringBase",
        "SetMonitoringLevel",
        "SetNetworkProfile",
        "SetVariableMonitoring",
        "SetVariables",
        "SignedUpdateFirmware",
        "TriggerMessage",
        "UnlockConnector",
        "UnpublishFirmware",
        "UpdateDynamicSchedule",
        "UpdateFirmware",
        "UsePriorityCharging",
    }
)
ANSWERED_BY_CSMS = frozenset({"currentTime", "idTagInfo", "idTokenInfo", "interval"})
"""Fields that only a CSMS answers with."""
ANSWERED_BY_CHARGER = frozenset(
    {
        "configurationKey",
        "unknownKey",
        "listVersion",
        "fileName",
        "filename",
        "chargingSchedule",
        "scheduleStart",
        "setVariableResult",
        "getVariableResult",
    }
)
RUNS = ((re.compile(r"[0-9]+"), "0"), (re.compile(r"[A-Za-z]+"), "a"))


def of_action(action: object) -> Side | None:
    """Who asks this; None where both do, or nobody that is known."""
    if action in ASKED_BY_CHARGER:
        return Side.CHARGER
    return Side.CSMS if action in ASKED_BY_CSMS else None


def guessed(entries: Sequence[Entry]) -> list[tuple[Side, bool]]:
    """Who has said each, and whether that is no more than likely."""
    sides = [_sure(entry) for entry in entries]
    _by_requests(entries, sides)
    meanings = _meanings(entries, sides)
    for place, entry in enumerate(entries):
        if sides[place] is None and entry.way:
            sides[place] = meanings.get(entry.way)
    _by_requests(entries, sides)
    sure = [side is not None for side in sides]
    styles = _styles(entries, sides)
    found: list[tuple[Side, bool]] = []
    for entry, side, is_sure in zip(entries, sides, sure, strict=True):
        found.append((side or _likely(entry, styles), not is_sure))
    return found


def _sure(entry: Entry) -> Side | None:
    if entry.sent_by is not None:
        return entry.sent_by
    if entry.message[0] == CALL:
        return of_action(entry.message[2])
    if entry.message[0] == CALLRESULT:
        names = entry.message[2].keys()
        if not ANSWERED_BY_CSMS.isdisjoint(names):
            return Side.CSMS
        if not ANSWERED_BY_CHARGER.isdisjoint(names):
            return Side.CHARGER
    return None


def _by_requests(entries: Sequence[Entry], sides: list[Side | None]) -> None:
    """Who was asked has answered; and who did not answer has asked."""
    asked: dict[str, Side | None] = {}
    answered: dict[str, Side | None] = {}
    for entry, side in zip(entries, sides, strict=True):
        known = asked if entry.message[0] == CALL else answered
        if side is not None:
            known[str(entry.message[1])] = side
    for place, entry in enumerate(entries):
        if sides[place] is None:
            there = answered if entry.message[0] == CALL else asked
            side = there.get(str(entry.message[1]))
            sides[place] = side.other if side else None


def _meanings(entries: Sequence[Entry], sides: Sequence[Side | None]) -> dict[str, Side]:
    """What the words before the frames mean in this log."""
    votes: dict[str, Counter[Side]] = defaultdict(Counter)
    for entry, side in zip(entries, sides, strict=True):
        if entry.way and side is not None:
            votes[entry.way][side] += 1
    return {
        way: most[0][0]
        for way, count in votes.items()
        if (most := count.most_common()) and (len(most) == 1 or most[0][1] > 3 * most[1][1])
    }


def _style(entry: Entry) -> str:
    """What an id looks like: UUIDs and counters of one length are alike."""
    text = str(entry.message[1])
    if len(text) == 36 and text.count("-") == 4:
        return "uuid"
    for pattern, sign in RUNS:
        text = pattern.sub(sign, text)
    return f"{text[:40]} {len(str(entry.message[1]))}"


def _styles(entries: Sequence[Entry], sides: Sequence[Side | None]) -> dict[str, Side]:
    """Whose requests have ids that look like this, where only one side's do."""
    askers: dict[str, set[Side]] = defaultdict(set)
    for entry, side in zip(entries, sides, strict=True):
        if side is not None:
            asker = side if entry.message[0] == CALL else side.other
            askers[_style(entry)].add(asker)
    return {style: next(iter(known)) for style, known in askers.items() if len(known) == 1}


def _likely(entry: Entry, styles: dict[str, Side]) -> Side:
    asker = styles.get(_style(entry))
    if entry.message[0] == CALL:  # DataTransfer, and what a make has invented
        return asker or Side.CHARGER
    if asker is not None:
        return asker.other
    if entry.message[0] == CALLRESULT and not entry.message[2]:
        return Side.CSMS  # to a status, a sample, a stop
    return Side.CHARGER
