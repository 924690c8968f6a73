"""Rows of the journal as OCPP 2.0.1 has them: TransactionEvent, which waits as it was written.

The id of a transaction is the station's own, so nothing has to be filled in, but for one thing:
what was written without the link that it leaves on was offline (E04, E11).
"""

from __future__ import annotations

from collections.abc import Callable

from sim_core.ocpp201.retelling import Retelling
from sim_core.store.records import JournalRow
from sim_core.wire.answers import Payload
from sim_core.wire.spelling import Call

EVENT = "TransactionEvent"


class Spelling:
    """What becomes of rows; `link` names the connection that there is, `retelling` knows what is
    told of rows that OCPP 1.6 has written."""

    __slots__ = ("_link", "_retelling")

    def __init__(self, link: Callable[[], str], retelling: Retelling) -> None:
        self._link = link
        self._retelling = retelling

    def calls(self, row: JournalRow) -> tuple[Call, ...] | str:
        """One call."""
        payload = self.payload(row)
        return () if payload is None else (Call(EVENT, payload),)

    def retells(self, key: int) -> bool:
        """Whether a transaction of OCPP 1.6 is told in this version, by our own key."""
        return self._retelling.knows(key)

    def is_foreign(self, row: JournalRow) -> bool:
        """Whether another version has written a row, and nothing can be told of it in this one."""
        return "event" not in row.content and not self._retelling.tells(row)

    def payload(self, row: JournalRow) -> Payload | None:
        """The event; None of a row that tells nothing."""
        if "event" not in row.content:
            return self._retelling.payload(row)
        event: Payload | None = row.content["event"]
        if event is None or row.content.get("link") == self._link():
            return event
        fields = {name: value for name, value in event.items() if name != "transactionInfo"}
        return {**fields, "offline": True, "transactionInfo": event["transactionInfo"]}

    def name(self, kind: str) -> str:
        return EVENT

    def doubles(self, row: JournalRow) -> bool:
        """An event that comes twice has the same seqNo: a CSMS can tell."""
        return False

    def transaction_id(self, row: JournalRow, answer: Payload) -> str | None:
        """The one that it was told with."""
        event = self.payload(row)
        return str(event["transactionInfo"]["transactionId"]) if event else None

    def lacks(self, row: JournalRow, answer: Payload) -> str:
        return ""

    def id_token(self, row: JournalRow) -> Payload:
        """The IdTokenType that an event has told; empty where it has told none."""
        event = self.payload(row) or {}
        return event.get("idToken") or {}
