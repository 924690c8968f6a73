"""The fields of a charger's messages: their order, those that it leaves out, texts of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields as fields_of
from typing import Any

from sim_core.hardware.model import Behaviour, FrameText, Identity, VendorFault
from sim_core.learning.counting import Votes, order_of
from sim_core.learning.draft import Draft, Evidence, head_of
from sim_core.learning.heard import Log
from sim_core.learning.texts import template_of
from sim_core.settings.model_file import VENDOR_CODE, takes
from sim_core.traces.exchanges import Exchange

STATUS = "StatusNotification"
NO_ERROR = "NoError"
LISTED, UNKNOWN = "GetConfiguration.conf", "unknownKey"
USUAL = {
    "BootNotification": (
        "chargePointModel",
        "chargePointVendor",
        "chargePointSerialNumber",
        "firmwareVersion",
        "iccid",
        "imsi",
        "chargeBoxSerialNumber",
        "meterType",
        "meterSerialNumber",
    ),
    STATUS: (
        "errorCode",
        "connectorId",
        "status",
        "timestamp",
        "vendorErrorCode",
        "info",
        "vendorId",
    ),
    "StartTransaction": ("idTag", "connectorId", "meterStart", "reservationId", "timestamp"),
    "MeterValues": ("connectorId", "transactionId", "meterValue"),
    "StopTransaction": (
        "idTag",
        "meterStop",
        "timestamp",
        "transactionId",
        "reason",
        "transactionData",
    ),
    "DataTransfer": ("vendorId", "messageId", "data"),
    "meterValue": ("timestamp", "sampledValue"),
    "sampledValue": ("value", "context", "format", "measurand", "phase", "location", "unit"),
    "SecurityEventNotification": ("type", "timestamp", "techInfo"),
}
"""The order in which a charge point says fields whose model does not tell another one."""
VENDOR_FIELDS = ("vendorErrorCode", "info", "vendorId")
SAID = {
    STATUS: ("errorCode", "connectorId", "status", "timestamp"),
    "MeterValues": ("connectorId", "meterValue"),
    "StartTransaction": ("idTag", "connectorId", "meterStart", "timestamp"),
    "StopTransaction": (
        "idTag",
        "meterStop",
        "timestamp",
        "transactionId",
        "reason",
        "transactionData",
    ),
    "Authorize": ("idTag",),
    "SecurityEventNotification": ("type", "timestamp"),
}
"""What a charge point without a model's words says of each of these."""
NEEDED = frozenset(
    {
        "connectorId",
        "errorCode",
        "status",
        "idTag",
        "meterStart",
        "meterStop",
        "transactionId",
        "meterValue",
        "sampledValue",
        "value",
    }
)
"""Fields that a message makes no sense without (OCPP 1.6 §6)."""
CHANGING = frozenset({*NEEDED, "timestamp", "reason", "transactionData", "reservationId"})
CONSTANT_OF = 0.9


def learn_fields(logs: Sequence[Log], draft: Draft, identity: Identity) -> None:
    """The tables [frames.…], and what of a status is a switch of the model's."""
    payloads = _payloads(logs)
    statuses = [(log, one) for log in logs for one in log.told.of(STATUS)]
    plain = _vendor_fields(statuses, draft, identity)
    for name, told in payloads.items():
        table = draft.table(head_of("frames", name))
        order = order_of([list(payload) for _, payload in told])
        fits = sum(list(payload) == [f for f in order if f in payload] for _, payload in told)
        evidence = Evidence(fits, len(told), tuple(log for log, _ in told))
        if order == [field for field in USUAL.get(name, ()) if field in order]:
            table.remark(f"fields: in the usual order, {evidence}")
        elif len(order) > 1:
            table.learn(FrameText, "fields", tuple(order), evidence)
        left = _left_out(name, told)
        if left:
            names = tuple(log for log, _ in told)
            table.learn(FrameText, "without", left, Evidence(len(told), len(told), names))
        if name == STATUS:
            if not plain:
                _status_texts(statuses, draft, identity)
        elif name in SAID:
            _constants(name, told, draft)
        elif name == LISTED:
            empty = [log for log, payload in told if payload.get(UNKNOWN) == []]
            full = [log for log, payload in told if UNKNOWN not in payload]
            if empty and not full:
                evidence = Evidence(len(empty), len(told), tuple(empty))
                table.learn(FrameText, "says", {UNKNOWN: ()}, evidence)
    _faults(statuses, draft)


def _payloads(logs: Sequence[Log]) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """What was said by name: requests by action, tables in them by their field."""
    found: dict[str, list[tuple[str, dict[str, Any]]]] = defaultdict(list)

    def take(name: str, payload: dict[str, Any], log: str) -> None:
        if payload:
            found[name].append((log, payload))
        for key, value in payload.items():
            for inside in value if isinstance(value, list) else [value]:
                if isinstance(inside, dict) and key in ("meterValue", "sampledValue"):
                    take(key, inside, log)

    for log in logs:
        for one in log.told.said:
            take(one.action, one.payload, log.name)
        for one in log.told.asked:
            listed = one.result.get("configurationKey")
            if one.action == "GetConfiguration" and isinstance(listed, list):
                take(f"{one.action}.conf", one.result, log.name)
    return dict(found)


def _left_out(name: str, told: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[str, ...]:
    if name == "StopTransaction":
        told = [one for one in told if one[1].get("reason") or len(told) == 1] or told
    return tuple(
        field
        for field in SAID.get(name, ())
        if not any(field in payload for _, payload in told)
        and (field not in NEEDED or field == "idTag")
    )


def _constants(name: str, told: Sequence[tuple[str, Mapping[str, Any]]], draft: Draft) -> None:
    """Fields that a charge point would not say by itself, or only now and then."""
    says: dict[str, object] = {}
    notes: list[str] = []
    for field in order_of([list(payload) for _, payload in told]):
        if field in SAID[name]:
            continue
        votes: Votes[object] = Votes()
        for log, payload in told:
            value = payload.get(field)
            votes.add(value if isinstance(value, (str, int)) else None, log)
        usual = votes.most
        if field == "transactionId":
            idle = [(count, one) for one, count in votes.counts.items() if _no_transaction(one)]
            usual = max(idle, key=lambda one: one[0])[1] if idle else None
            constant = usual is not None
        else:
            constant = usual is not None and votes.counts[usual] >= CONSTANT_OF * votes.total
        if constant:
            says[field] = usual
            notes.append(str(votes.evidence(usual)))
    if says:
        draft.table(head_of("frames", name)).learn(FrameText, "says", says, "; ".join(notes))


def _no_transaction(value: object) -> bool:
    """Whether an id stands for no transaction: -1, 0, or one that no CSMS gives."""
    return isinstance(value, int) and (value <= 0 or value > 2**53)


# -- status ----------------------------------------------------------------------------------------


def _vendor_fields(
    statuses: Sequence[tuple[Log, Exchange]], draft: Draft, identity: Identity
) -> bool:
    """Whether the vendor's fields are always there, and as a switch of the model has them."""
    healthy = [(log, one) for log, one in statuses if one.text("errorCode") == NO_ERROR]
    fits = [
        log.name
        for log, one in healthy
        if (one.payload.get("vendorErrorCode"), one.payload.get("info")) == (NO_ERROR, "")
        and one.payload.get("vendorId") == identity.vendor
    ]
    if not fits or len(fits) < CONSTANT_OF * len(healthy):
        return False
    evidence = Evidence(len(fits), len(healthy), tuple(fits))
    draft.table("behaviour").learn(Behaviour, "vendor_fields", True, evidence)
    return True


def _status_texts(
    statuses: Sequence[tuple[Log, Exchange]], draft: Draft, identity: Identity
) -> None:
    says: dict[str, object] = {}
    notes: list[str] = []
    for field in order_of([list(one.payload) for _, one in statuses]):
        if field in SAID[STATUS]:
            continue
        by_status: dict[str, Votes[object]] = defaultdict(Votes)
        whole: Votes[object] = Votes()
        for log, one in statuses:
            if one.text("errorCode") not in ("", NO_ERROR):
                continue
            value = one.payload.get(field)
            if isinstance(value, str):
                value = template_of(value, {}, identity)
            elif not isinstance(value, int):
                value = None
            by_status[one.status].add(value, log.name)
            whole.add(value, log.name)
        usual = {status: _there(votes) for status, votes in by_status.items()}
        usual = {status: value for status, value in usual.items() if value is not None}
        if not usual:
            continue
        same = len(set(map(repr, usual.values()))) == 1
        if same and len(usual) == len(by_status):
            says[field] = next(iter(usual.values()))
        else:
            says[field] = {status: str(value) for status, value in usual.items()}
        seen = sum(by_status[status].counts[value] for status, value in usual.items())
        notes.append(f"{field} {seen} of {whole.total}")
    if says:
        names = ", ".join(dict.fromkeys(log.name for log, _ in statuses))
        note = f"{'; '.join(notes)}, {names}"
        draft.table(head_of("frames", STATUS)).learn(FrameText, "says", says, note)


def _there(votes: Votes[object]) -> object:
    """What is said where anything is, unless it is left out more often than not."""
    if votes.counts[None] * 2 > votes.total:
        return None
    told = [(count, value) for value, count in votes.counts.items() if value is not None]
    return max(told, key=lambda one: one[0])[1] if told else None


def _faults(statuses: Sequence[tuple[Log, Exchange]], draft: Draft) -> None:
    """The make's own codes, as they were told."""
    seen: dict[str, Votes[str]] = defaultdict(Votes)
    for log, one in statuses:
        code = one.vendor_code
        if one.text("errorCode") not in ("", NO_ERROR) and VENDOR_CODE.takes(code):
            seen[code].add(one.text("info"), log.name)
    (limit,) = (one for one in fields_of(VendorFault) if one.name == "info")
    for code, votes in seen.items():
        table = draft.table("faults")
        if takes(limit, votes.most):
            table.add(code, _fault(code, votes.most, statuses), votes.evidence())
        else:
            table.remark(f"{code}: {votes.most} was seen ({votes.evidence()}): too long")


def _fault(code: str, info: str, statuses: Sequence[tuple[Log, Exchange]]) -> object:
    """The fault, and where it strikes."""
    struck = [one for _, one in statuses if one.vendor_code == code]
    whole = any(one.connector == 0 for one in struck)
    others = any(one.connector for one in struck)
    found: dict[str, object] = {"info": info}
    if whole and others:
        found["everywhere"] = True
    stops = _stops(code, statuses)
    if stops:
        found["stops"] = stops
    return found if len(found) > 1 else info


def _stops(code: str, statuses: Sequence[tuple[Log, Exchange]]) -> str:
    """The reason of a transaction that ends with it."""
    reasons: Votes[str] = Votes()
    for log, one in statuses:
        if one.vendor_code == code and one.connector:
            for other in log.after(one, 12):
                at = other.stamp
                near = at and one.stamp and abs((at - one.stamp).total_seconds()) < 10
                if other.action == "StopTransaction" and near:
                    reasons.add(other.reason, log.name)
                    break
    return reasons.most if reasons else ""
