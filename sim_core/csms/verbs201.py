"""The orders in OCPP 2.0.1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim_core.csms import variable_names
from sim_core.csms.errors import InvalidCallError
from sim_core.csms.verbs import Ask, Payload, TransactionId

RESETS = {"Soft": "OnIdle", "Hard": "Immediate"}
"""A soft reset lets the vehicles finish, a hard one does not: what is nearest to 1.6's words."""


class Verbs201:
    """See `verbs.Verbs`. `fresh_id` gives the number of a start from afar (remoteStartId)."""

    def __init__(self, fresh_id: Callable[[], int]) -> None:
        self._fresh_id = fresh_id

    def remote_start(self, connector_id: int | None, id_tag: str) -> Ask:
        # What an app brings is a token of the CSMS's own: its type is Central (IdTokenEnumType).
        token = {"idToken": id_tag, "type": "Central"}
        payload: Payload = {"remoteStartId": self._fresh_id(), "idToken": token}
        if connector_id is not None:
            payload["evseId"] = connector_id
        return Ask("RequestStartTransaction", payload)

    def remote_stop(self, transaction_id: TransactionId) -> Ask:
        return Ask("RequestStopTransaction", {"transactionId": str(transaction_id)})

    def unlock(self, connector_id: int) -> Ask:
        return Ask("UnlockConnector", {"evseId": connector_id, "connectorId": 1})

    def reset(self, kind: str) -> Ask:
        return Ask("Reset", {"type": RESETS.get(kind, kind)})

    def change_availability(self, connector_id: int, operative: bool) -> Ask:
        kind = "Operative" if operative else "Inoperative"
        return Ask("ChangeAvailability", {"operationalStatus": kind, **_evse(connector_id)})

    def change_configuration(self, key: str, value: str) -> Ask:
        row = {**_variable(key), "attributeValue": value}
        return Ask("SetVariables", {"setVariableData": [row]}, _first_status)

    def trigger(self, message: str, connector_id: int | None) -> Ask:
        return Ask("TriggerMessage", {"requestedMessage": message, **_evse(connector_id or 0)})

    def get_variables(self, *keys: str) -> Ask:
        """Read variables by their names. Raises InvalidCallError where one names none."""
        return Ask("GetVariables", {"getVariableData": [_variable(key) for key in keys]})


def _evse(connector_id: int) -> Payload:
    return {"evse": {"id": connector_id}} if connector_id else {}


def _variable(key: str) -> Payload:
    found = variable_names.read(key)
    if found is None:
        raise InvalidCallError(
            "SetVariables was not sent: in OCPP 2.0.1 a key is Component.Variable, as in "
            "OCPPCommCtrlr.HeartbeatInterval"
        )
    return found


def _first_status(answer: Payload) -> object:
    rows: Any = answer.get("setVariableResult")
    first = rows[0] if isinstance(rows, list) and rows else None
    return first.get("attributeStatus") if isinstance(first, dict) else None
