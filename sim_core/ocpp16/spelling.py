"""Facts of the journal in OCPP 1.6: StartTransaction, MeterValues, StopTransaction (§4.8).

A row is spelt when it is sent, and carries the transactionId that the CSMS has given by then.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sim_core.charging import journal_facts
from sim_core.charging.vocabulary import StopReason
from sim_core.hardware.model import Metering
from sim_core.ocpp16.metering import sampled_values_of
from sim_core.ocpp16.refused_starts import RefusedStarts
from sim_core.ocpp16.transaction_id import whole_number
from sim_core.ocpp16.words import REASONS
from sim_core.store.records import BEGAN, ENDED, SAMPLED, JournalRow
from sim_core.wire.answers import Payload
from sim_core.wire.spelling import Call
from sim_core.wire.timestamps import stamp

ACTIONS = {BEGAN: "StartTransaction", SAMPLED: "MeterValues", ENDED: "StopTransaction"}
ID = "transactionId"


class Spelling:
    """Spells the rows of one charge point."""

    __slots__ = ("_refused_starts", "_values")

    def __init__(
        self,
        metering: Metering,
        *,
        refused_starts: RefusedStarts | None = None,
    ) -> None:
        """`refused_starts` is there in a make that tells them in its own way."""
        self._values = sampled_values_of(metering)
        self._refused_starts = refused_starts

    # -- what is sent ------------------------------------------------

    def calls(self, row: JournalRow) -> tuple[Call, ...] | str:
        """The calls of a row, in order; a text: why it can never be said."""
        if row.kind != BEGAN and row.transaction_id is None:
            # There never was an id, and an invented one would be somebody else's.
            return "its StartTransaction was given up"
        if isinstance(row.transaction_id, str):
            return "its begin was told in another version of OCPP"
        payload = self.payload(row)
        if self._refused_starts is not None:
            instead = self._refused_starts.calls(row, payload)
            if instead is not None:
                return instead
        return (Call(ACTIONS[row.kind], payload),)

    @staticmethod
    def is_foreign(row: JournalRow) -> bool:
        """Whether another version has written a row: its words are none of this one's."""
        return "event" in row.content

    def payload(self, row: JournalRow) -> Payload:
        """What a row says."""
        content = row.content
        if "spelt" in content:  # kept by a version that wrote its words, not its facts
            payload: Payload = dict(content["spelt"]["payload"])
            return {**payload, ID: row.transaction_id} if ID in payload else payload
        return PAYLOADS[row.kind](self, row)

    def _start(self, row: JournalRow) -> Payload:
        facts = row.content
        payload: Payload = {
            "idTag": facts["token"],
            "connectorId": row.connector_id,
            "meterStart": facts["register_wh"],
        }
        if "reservation_id" in facts:
            payload["reservationId"] = facts["reservation_id"]
        payload["timestamp"] = _stamp(facts["at"])
        return payload

    def _sample(self, row: JournalRow) -> Payload:
        return {
            "connectorId": row.connector_id,
            ID: row.transaction_id,
            "meterValue": [self._meter_value(row.content)],
        }

    def _stop(self, row: JournalRow) -> Payload:
        facts = row.content
        payload: Payload = {
            "idTag": facts["token"],
            "meterStop": facts["register_wh"],
            "timestamp": _stamp(facts["at"]),
            ID: row.transaction_id,
            "reason": REASONS[StopReason(facts["reason"])].value,
        }
        if samples := facts.get("samples"):
            payload["transactionData"] = [self._meter_value(sample) for sample in samples]
        return payload

    def _meter_value(self, facts: dict[str, Any]) -> dict[str, Any]:
        if "spelt" in facts:
            spelt: dict[str, Any] = facts["spelt"]
            return spelt
        return self._values.meter_value(journal_facts.sample_of(facts))

    # -- what is answered --------------------------------------------

    def name(self, kind: str) -> str:
        """What people read for a kind of row."""
        return ACTIONS[kind]

    def transaction_id(self, row: JournalRow, answer: Payload) -> int | None:
        """The id in an answer to StartTransaction: any integer of 64 bits (§4.8)."""
        return whole_number(answer.get(ID)) if row.kind == BEGAN else None

    def lacks(self, row: JournalRow, answer: Payload) -> str:
        """What an answer to StartTransaction lacks; the message is sent again for the id."""
        if row.kind == BEGAN and self.transaction_id(row, answer) is None:
            return "StartTransaction was answered without a transactionId"
        return ""

    def doubles(self, row: JournalRow) -> bool:
        """A CSMS may make a second transaction of a second StartTransaction."""
        return row.kind == BEGAN

    def token(self, row: JournalRow) -> str:
        """The card that a begin or an end is of; empty of a sample."""
        facts = row.content
        if "spelt" in facts:
            return str(facts["spelt"]["payload"].get("idTag", ""))
        return str(facts.get("token", ""))

    def refused(self, row: JournalRow) -> bool:
        """A start that was answered: whether this make goes on without an id for it."""
        known = self._refused_starts
        return known is not None and known.take(row, self.payload(row))

    def forget(self, row: JournalRow) -> None:
        """A row has left: its end means that all is said of a transaction."""
        if self._refused_starts is not None:
            self._refused_starts.forget(row)


PAYLOADS: dict[str, Callable[[Spelling, JournalRow], Payload]] = {
    BEGAN: Spelling._start,
    SAMPLED: Spelling._sample,
    ENDED: Spelling._stop,
}


def _stamp(iso: str) -> str:
    return stamp(datetime.fromisoformat(iso))
