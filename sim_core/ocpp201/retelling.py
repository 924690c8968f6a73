"""What happened while OCPP 1.6 was spoken, told in 2.0.1: transactions of which nobody has heard.

With `OCPP_VERSION=auto` a CSMS may come back with the other version while the journal still has a
whole transaction in it. The facts of its rows are of no protocol, so it is told as one that was
offline from its begin to its end, under an id of its own. One whose begin was answered in 1.6 has
an id there that no CSMS knows in 2.0.1: its rows are nobody's here, and wait.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sim_core.charging import journal_facts
from sim_core.charging.domain_events import Sample
from sim_core.charging.vocabulary import Cause, Context, StopReason
from sim_core.hardware.measurands import REGISTER
from sim_core.hardware.meter import Reading
from sim_core.hardware.model import Metering
from sim_core.ocpp201.metering import meter_value
from sim_core.ocpp201.tokens import TokenTypes
from sim_core.ocpp201.trigger_reasons import SAMPLE_TRIGGERS, ending_of
from sim_core.store.interface import Documents
from sim_core.store.records import BEGAN, ENDED, SAMPLED, JournalRow
from sim_core.wire.answers import Payload
from sim_core.wire.timestamps import stamp

NAME = "ocpp201 retold transactions"
CONNECTED = "EVConnected"


class Retelling:
    """Which transactions of the journal are told again, and how."""

    __slots__ = ("_documents", "_known", "_metering", "_tokens")

    def __init__(
        self,
        rows: Iterable[JournalRow],
        documents: Documents,
        metering: Metering,
        tokens: TokenTypes,
    ) -> None:
        """`rows` are those of the journal at the start."""
        self._documents = documents
        self._metering = metering
        self._tokens = tokens
        kept: dict[str, Any] = documents.get(NAME) or {}
        waiting = {row.transaction_key for row in rows if "event" not in row.content}
        self._known = {key: one for key, one in kept.items() if int(key) in waiting}
        for row in rows:
            if row.kind == BEGAN and row.transaction_id is None and "token" in row.content:
                new = {"id": str(uuid.uuid4()), "numbers": {}}
                self._known.setdefault(str(row.transaction_key), new)
        if self._known != kept:
            documents.put(NAME, self._known or None)

    def tells(self, row: JournalRow) -> bool:
        """Whether a row is one of those."""
        return "event" not in row.content and self.knows(row.transaction_key)

    def knows(self, key: int) -> bool:
        """Whether a transaction is one of those, by our own key."""
        return str(key) in self._known

    def payload(self, row: JournalRow) -> Payload | None:
        """The event that a row is told as; None where it tells nothing."""
        event = EVENTS[row.kind](self, row)
        if event is None:
            return None
        known = self._known[str(row.transaction_key)]
        numbers: dict[str, int] = known["numbers"]
        if str(row.number) not in numbers:  # sent again it has the same (E13)
            numbers[str(row.number)] = len(numbers)
            self._documents.put(NAME, self._known)
        info = {"transactionId": known["id"], **event.pop("transactionInfo", {})}
        return {
            **event,
            "seqNo": numbers[str(row.number)],
            "offline": True,
            "transactionInfo": info,
        }

    def _started(self, row: JournalRow) -> Payload | None:
        facts = row.content
        at = datetime.fromisoformat(facts["at"])
        remote = facts.get("cause") == Cause.REMOTE.value
        event: Payload = {
            "eventType": "Started",
            "timestamp": stamp(at),
            "triggerReason": "RemoteStart" if remote else "Authorized",
            "transactionInfo": {"chargingState": CONNECTED},
            "idToken": self._tokens.wire(facts["token"]),
            "evse": {"id": row.connector_id, "connectorId": 1},
            "meterValue": [self._register(at, Context.BEGIN, facts["register_wh"])],
        }
        if "reservation_id" in facts:
            event["reservationId"] = facts["reservation_id"]
        return event

    def _updated(self, row: JournalRow) -> Payload | None:
        sample = journal_facts.sample_of(row.content)
        trigger = SAMPLE_TRIGGERS.get(sample.context)
        if trigger is None:
            return None  # those of begin and end are told with these
        return {
            "eventType": "Updated",
            "timestamp": stamp(sample.at),
            "triggerReason": trigger,
            "meterValue": [meter_value(sample, self._metering)],
        }

    def _ended(self, row: JournalRow) -> Payload | None:
        facts = row.content
        at = datetime.fromisoformat(facts["at"])
        ending = ending_of(StopReason(facts["reason"]), Cause(facts["cause"]), None)
        samples = [
            meter_value(journal_facts.sample_of(one), self._metering)
            for one in facts.get("samples", ())
            if "spelt" not in one
        ]
        event: Payload = {
            "eventType": "Ended",
            "timestamp": stamp(at),
            "triggerReason": ending.trigger,
            "transactionInfo": {"chargingState": CONNECTED, "stoppedReason": ending.stopped},
            "meterValue": [*samples, self._register(at, Context.END, facts["register_wh"])],
        }
        if facts["cause"] == Cause.CARD.value:
            event["idToken"] = self._tokens.wire(facts["token"])
        return event

    def _register(self, at: datetime, context: Context, register_wh: float) -> dict[str, Any]:
        reading = Reading(register_wh=register_wh)
        return meter_value(Sample(at, context, reading, (REGISTER,)), self._metering)


EVENTS: dict[str, Callable[[Retelling, JournalRow], Payload | None]] = {
    BEGAN: Retelling._started,
    SAMPLED: Retelling._updated,
    ENDED: Retelling._ended,
}
"""What a row of the journal becomes."""
