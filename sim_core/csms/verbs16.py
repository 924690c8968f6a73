"""The orders in OCPP 1.6."""

from __future__ import annotations

from sim_core.csms.verbs import Ask, Payload, TransactionId, Verbs


class Verbs16:
    """See `verbs.Verbs`."""

    def remote_start(self, connector_id: int | None, id_tag: str) -> Ask:
        payload: Payload = {"idTag": id_tag}
        if connector_id is not None:
            payload["connectorId"] = connector_id
        return Ask("RemoteStartTransaction", payload)

    def remote_stop(self, transaction_id: TransactionId) -> Ask:
        return Ask("RemoteStopTransaction", {"transactionId": transaction_id})

    def unlock(self, connector_id: int) -> Ask:
        return Ask("UnlockConnector", {"connectorId": connector_id})

    def reset(self, kind: str) -> Ask:
        return Ask("Reset", {"type": kind})

    def change_availability(self, connector_id: int, operative: bool) -> Ask:
        kind = "Operative" if operative else "Inoperative"
        return Ask("ChangeAvailability", {"connectorId": connector_id, "type": kind})

    def change_configuration(self, key: str, value: str) -> Ask:
        return Ask("ChangeConfiguration", {"key": key, "value": value})

    def trigger(self, message: str, connector_id: int | None) -> Ask:
        payload: Payload = {"requestedMessage": message}
        if connector_id is not None:
            payload["connectorId"] = connector_id
        return Ask("TriggerMessage", payload)


VERBS: Verbs = Verbs16()
