"""Transactions, and the samples that are told at their end."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any

from sim_core.store.memory.profiles import Profiles
from sim_core.store.memory.undo import Undo
from sim_core.store.records import NewTransaction, StoredTransaction, TransactionId


class Transactions:
    """See `interface.Transactions`."""

    __slots__ = ("_profiles", "_rows", "_samples", "_undo")

    def __init__(self, undo: Undo, profiles: Profiles) -> None:
        self._undo = undo
        self._profiles = profiles
        self._rows: dict[int, tuple[StoredTransaction, bool]] = {}
        """With whether it has ended."""
        self._samples: dict[int, tuple[int, str]] = {}
        """By number: our key of the transaction, and the sample."""

    def begin(self, new: NewTransaction) -> int:
        key = self._undo.number("transactions")
        begun = StoredTransaction(**asdict(new), key=key, transaction_id=None)
        self._undo.put(self._rows, key, (begun, False))
        return key

    def end(self, key: int) -> None:
        with self._undo.together():
            if key in self._rows:
                self._undo.put(self._rows, key, (self._rows[key][0], True))
            self._profiles.forget_those_of(key)

    def open(self) -> list[StoredTransaction]:
        return [begun for begun, ended in self._rows.values() if not ended]

    def add_sample(self, key: int, sample: dict[str, Any]) -> int:
        number = self._undo.number("samples")
        self._undo.put(self._samples, number, (key, json.dumps(sample)))
        return sum(key == of for of, _ in self._samples.values())

    def thin_samples(self, key: int) -> None:
        met: dict[str, int] = {}
        with self._undo.together():
            for number, (of, text) in list(self._samples.items()):
                if of == key:
                    context = json.loads(text)["context"]
                    nth = met[context] = met.get(context, -1) + 1
                    if nth % 2:
                        self._undo.take(self._samples, number)

    def samples(self, key: int) -> list[dict[str, Any]]:
        return [json.loads(text) for of, text in self._samples.values() if of == key]

    # -- for the journal ---------------------------------------------

    def id_of(self, key: int) -> TransactionId | None:
        """The CSMS's id for a transaction, as far as it is known."""
        row = self._rows.get(key)
        return row[0].transaction_id if row else None

    def set_id(self, key: int, transaction_id: TransactionId) -> None:
        """The CSMS has given a transaction its id."""
        if key in self._rows:
            begun, ended = self._rows[key]
            self._undo.put(self._rows, key, (replace(begun, transaction_id=transaction_id), ended))

    def forget(self, key: int) -> None:
        """The last message of a transaction is answered: all that belongs to it goes."""
        self._undo.take(self._rows, key)
        self._profiles.forget_those_of(key)
        for number in [number for number, (of, _) in self._samples.items() if of == key]:
            self._undo.take(self._samples, number)
