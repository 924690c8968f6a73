"""Transactions, and the samples that are told at their end."""

from __future__ import annotations

import marshal
from dataclasses import fields, replace
from typing import Any

from sim_core.store.memory.profiles import Profiles
from sim_core.store.memory.undo import Undo
from sim_core.store.records import NewTransaction, StoredTransaction, TransactionId

FIELDS = tuple(field.name for field in fields(NewTransaction))


class Transactions:
    """See `interface.Transactions`."""

    __slots__ = ("_profiles", "_rows", "_samples", "_undo")

    def __init__(self, undo: Undo, profiles: Profiles) -> None:
        self._undo = undo
        self._profiles = profiles
        self._rows: dict[int, tuple[StoredTransaction, bool]] = {}
        """With whether it has ended."""
        self._samples: dict[int, dict[int, bytes]] = {}
        """By our key of the transaction, and by number. As bytes a sample is small, and nobody else
        can change it."""

    def begin(self, new: NewTransaction) -> int:
        key = self._undo.number("transactions")
        said = {name: getattr(new, name) for name in FIELDS}  # `asdict` copies what is in it, too
        begun = StoredTransaction(**said, key=key, transaction_id=None)
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
        kept = self._samples.get(key)
        if kept is None:
            kept = {}
            self._undo.put(self._samples, key, kept)
        self._undo.put(kept, number, marshal.dumps(dict(sample)))
        return len(kept)

    def thin_samples(self, key: int) -> None:
        met: dict[str, int] = {}
        kept = self._samples.get(key, {})
        with self._undo.together():
            for number, sample in list(kept.items()):
                context = marshal.loads(sample)["context"]
                nth = met[context] = met.get(context, -1) + 1
                if nth % 2:
                    self._undo.take(kept, number)

    def samples(self, key: int) -> list[dict[str, Any]]:
        return [marshal.loads(sample) for sample in self._samples.get(key, {}).values()]

    # -- for the journal ---------------------------------------------

    def id_of(self, key: int) -> TransactionId | None:
        """The CSMS's id for a transaction, as far as it is known."""
        row = self._rows.get(key)
        return row[0].transaction_id if row else None

    def set_id(self, key: int, transaction_id: TransactionId) -> None:
        """The CSMS has given a transaction its id."""
        begun, ended = self._rows.get(key, (None, False))
        if begun is not None and begun.transaction_id != transaction_id:
            self._undo.put(self._rows, key, (replace(begun, transaction_id=transaction_id), ended))

    def forget(self, key: int) -> None:
        """The last message of a transaction is answered: all that belongs to it goes."""
        self._undo.take(self._rows, key)
        self._profiles.forget_those_of(key)
        self._undo.take(self._samples, key)
