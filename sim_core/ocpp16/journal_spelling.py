"""The rows of the journal as OCPP 1.6 says them: StartTransaction, MeterValues, StopTransaction.

A row's content is the message as it was written, under "spelt"; what the CSMS had not told by then,
the transactionId, is filled in when it is sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim_core.ocpp16.transaction_id import whole_number
from sim_core.store.records import BEGAN, ENDED, SAMPLED, JournalRow
from sim_core.wire.answers import Payload
from sim_core.wire.spelling import Call

NAMES = {BEGAN: "StartTransaction", SAMPLED: "MeterValues", ENDED: "StopTransaction"}
TRANSACTION_ID = "transactionId"
"""Null in a row's content: there are messages of no transaction, which do not have it at all."""


def spelt(kind: str, payload: Payload) -> dict[str, Any]:
    """The content of a row."""
    return {"spelt": {"action": NAMES[kind], "payload": payload}}


def payload_of(row: JournalRow) -> Payload:
    """The message as it was written."""
    payload: Payload = row.content["spelt"]["payload"]
    return payload


class JournalSpelling:
    """Spells rows; see `sim_core.wire.spelling`."""

    __slots__ = ("_instead",)

    def __init__(self, instead: Callable[[JournalRow], tuple[Call, ...]]) -> None:
        """`instead` gives what a make sends in place of a row; nothing: the row as it is."""
        self._instead = instead

    def calls(self, row: JournalRow) -> tuple[Call, ...] | str:
        """The row's message with its transactionId, or what the make sends in its place."""
        payload = payload_of(row)
        if TRANSACTION_ID in payload:
            if row.transaction_id is None:
                # There never was an id, and an invented one would be somebody else's.
                return f"its {NAMES[BEGAN]} was given up"
            payload = {**payload, TRANSACTION_ID: row.transaction_id}
        return self._instead(row) or (Call(self.name(row.kind), payload),)

    def name(self, kind: str) -> str:
        """The action."""
        return NAMES[kind]

    def doubles(self, row: JournalRow) -> bool:
        """A start that is heard twice is two transactions (§4.8)."""
        return row.kind == BEGAN

    def transaction_id(self, row: JournalRow, answer: Payload) -> int | None:
        """In an answer to StartTransaction: any integer of 64 bits (§4.8)."""
        return whole_number(answer.get(TRANSACTION_ID)) if row.kind == BEGAN else None

    def lacks(self, row: JournalRow, answer: Payload) -> str:
        """A start whose answer has no usable transactionId is sent again for it."""
        if row.kind != BEGAN or self.transaction_id(row, answer) is not None:
            return ""
        return f"{NAMES[BEGAN]} was answered without a {TRANSACTION_ID}"
