"""The same commands in OCPP 2.0.1: under their names, on their keys, in its words.

A connector here is an EVSE. Its whole configuration is not asked for: a charging station reports
that in requests of its own (NotifyReport), which go to its CSMS, and that has not asked.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

from sim_core.bedside.commands import COMMAND, CommandKind, Tx
from sim_core.ocpp_versions import variable_named

SUBPROTOCOL = "ocpp2.0.1"
TRIGGERS = (
    "BootNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "LogStatusNotification",
    "MeterValues",
    "StatusNotification",
    "TransactionEvent",
)
"""MessageTriggerEnumType, without what needs certificates."""
OF_AN_EVSE = frozenset({"MeterValues", "StatusNotification", "TransactionEvent"})
LONGEST_TOKEN, LONGEST_VALUE = 36, 1000
EXAMPLE = "OCPPCommCtrlr.HeartbeatInterval"

Words = tuple[str, ...]


def _remote_start(evse: int, _: Tx, words: Words) -> dict[str, Any]:
    # A number that no start of the CSMS is likely to have; the type is that of a token from afar.
    number = uuid.uuid4().int % 2**31
    token = {"idToken": words[0], "type": "Central"}
    return {"idToken": token, "remoteStartId": number, "evseId": evse}


def _trigger(evse: int, _: Tx, words: Words) -> dict[str, Any]:
    where: dict[str, Any] = {"evse": {"id": evse}} if words[0] in OF_AN_EVSE else {}
    if words[0] == "StatusNotification":
        where["evse"]["connectorId"] = 1  # F06.FR.12: of a connector, not of an EVSE
    return {"requestedMessage": words[0], **where}


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _get(_: int, __: Tx, words: Words) -> dict[str, Any]:
    return {"getVariableData": [variable_named(name) for name in _names(words[0])]}


def _set(_: int, __: Tx, words: Words) -> dict[str, Any]:
    return {"setVariableData": [{"attributeValue": words[1], **(variable_named(words[0]) or {})}]}


def _wrong_token(words: Words) -> str:
    fits = 1 <= len(words[0]) <= LONGEST_TOKEN
    return "" if fits else f"an idToken has 1 to {LONGEST_TOKEN} characters"


def _wrong_names(words: Words) -> str:
    names = _names(words[0])
    odd = next((name for name in names if variable_named(name) is None), "")
    if odd or not names:
        return f"a variable is written Component.Variable, as in {EXAMPLE}"
    return ""


def _wrong_setting(words: Words) -> str:
    if "," in words[0]:
        return "one variable is set at a time"
    if len(words[1]) > LONGEST_VALUE:
        return f"a value has at most {LONGEST_VALUE} characters"
    return _wrong_names(words[:1])


def _results(name: str) -> Any:
    """What an answer says that has a status for each variable: the worst, and a value."""

    def said(answer: dict[str, Any]) -> object:
        rows = [row for row in answer.get(name) or [] if isinstance(row, dict)]
        statuses = [row.get("attributeStatus") for row in rows]
        bad = next((one for one in statuses if one not in ("Accepted", "RebootRequired")), None)
        return bad or (statuses[0] if statuses else None)

    return said


def _values(answer: dict[str, Any]) -> str:
    rows = [row for row in answer.get("getVariableResult") or [] if isinstance(row, dict)]
    return ", ".join(str(row.get("attributeValue", row.get("attributeStatus"))) for row in rows)


COMMANDS_201: tuple[CommandKind, ...] = (
    replace(
        COMMAND["remote_start"],
        action="RequestStartTransaction",
        payload=_remote_start,
        fields=("card (idToken)",),
        wrong=_wrong_token,
    ),
    replace(COMMAND["remote_stop"], action="RequestStopTransaction"),
    replace(
        COMMAND["unlock_connector"],
        payload=lambda evse, _, __: {"evseId": evse, "connectorId": 1},
    ),
    replace(
        COMMAND["reset"],
        question="Reset the charger ({0})? Immediate ends what charges; it is away for a while.",
        choices=("Immediate", "OnIdle"),
    ),
    replace(COMMAND["trigger"], payload=_trigger, choices=TRIGGERS),
    replace(
        COMMAND["get_configuration"],
        action="GetVariables",
        label="get variables",
        question="Ask the charger for {0}?",
        payload=_get,
        fields=("variables",),
        wrong=_wrong_names,
        status=_results("getVariableResult"),
        value=_values,
    ),
    replace(
        COMMAND["change_configuration"],
        action="SetVariables",
        label="set a variable",
        payload=_set,
        fields=("variable", "value"),
        wrong=_wrong_setting,
        status=_results("setVariableResult"),
    ),
    replace(
        COMMAND["availability"],
        payload=lambda evse, _, words: {"operationalStatus": words[0], "evse": {"id": evse}},
    ),
)
