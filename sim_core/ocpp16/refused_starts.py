"""A start that began offline and was refused with an id that is none, in a make that tells its end
by telling the start again.

Of such a transaction the samples go without an id. In place of the sample of its end comes
StartTransaction once more, and in place of StopTransaction that sample: with the words and the
moment of the begin. What was refused is on disk, for its end may be told in another life.
"""

from __future__ import annotations

from typing import Any

from sim_core.charging import journal_facts
from sim_core.charging.domain_events import Sample
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.vocabulary import Context
from sim_core.hardware.meter import Reading
from sim_core.hardware.model import Metering
from sim_core.ocpp16.metering import sampled_values_of
from sim_core.ocpp16.points import RepeatedStart
from sim_core.store.interface import Documents
from sim_core.store.records import BEGAN, ENDED, SAMPLED, JournalRow
from sim_core.wire.answers import Payload
from sim_core.wire.spelling import Call
from sim_core.wire.timestamps import moment

NO_ID = -1
"""What a CSMS may answer that will not have a transaction."""
START, SAMPLE = "StartTransaction", "MeterValues"
TRANSACTION_ID = "transactionId"


class RefusedStarts:
    """See the module."""

    __slots__ = ("_documents", "_policy", "_repeated", "_values")

    def __init__(
        self, repeated: RepeatedStart, documents: Documents, metering: Metering, policy: Policy
    ) -> None:
        self._repeated = repeated
        self._documents = documents
        self._values = sampled_values_of(metering)
        self._policy = policy

    def take(self, row: JournalRow, start: Payload) -> bool:
        """A start was answered: whether it is one of these. `start` is what it said."""
        if row.kind != BEGAN or row.transaction_id != NO_ID or not row.content.get("offline"):
            return False
        self._documents.put(_name(row), {"start": start})
        return True

    def calls(self, row: JournalRow, payload: Payload) -> tuple[Call, ...] | None:
        """What is said in place of a row that would say this; None where it is none of these."""
        if row.kind == BEGAN or row.transaction_id != NO_ID:
            return None
        known = self._documents.get(_name(row))
        if known is None:
            return None
        start: Payload = known["start"]
        if row.kind == SAMPLED and row.content.get("context") != Context.END.value:
            return (Call(SAMPLE, {k: v for k, v in payload.items() if k != TRANSACTION_ID}),)
        if row.kind == SAMPLED:
            self._documents.put(_name(row), {"start": start, "end": row.content})
            return (Call(START, start),)
        if "end" in known:
            return (self._as_begin(row, start, journal_facts.sample_of(known["end"])),)
        # No sample of the end was wanted: what the stop says is all that there is.
        measurands = self._policy.items(Setting.SAMPLED)
        reading = Reading(float(payload["meterStop"]))
        at = moment(payload["timestamp"])
        assert at is not None, "we have written it ourselves"
        end = Sample(at, Context.END, reading, measurands)
        return (Call(START, start), self._as_begin(row, start, end))

    def forget(self, row: JournalRow) -> None:
        """The last row of a transaction has left."""
        if row.kind == ENDED and self._documents.get(_name(row)) is not None:
            self._documents.put(_name(row), None)

    def _as_begin(self, row: JournalRow, start: Payload, end: Sample) -> Call:
        """The sample of the end, in the words of the begin."""
        told = tuple(name for name in end.measurands if name not in self._repeated.untold)
        sample = Sample(end.at, Context.BEGIN, end.reading, told)
        value: dict[str, Any] = self._values.meter_value(sample)
        value["timestamp"] = start["timestamp"]
        return Call(SAMPLE, {"connectorId": row.connector_id, "meterValue": [value]})


def _name(row: JournalRow) -> str:
    return f"refused_start_{row.transaction_key}"
