"""Charging profiles. Those of a transaction end with it: `Transactions.end`."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sim_core.store.memory.undo import Undo
from sim_core.store.records import StoredProfile


class Profiles:
    """See `interface.Profiles`. Kept as text: nobody else can change what is here."""

    __slots__ = ("_rows", "_undo")

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[int, tuple[int, int | None, str]] = {}

    def all(self) -> list[StoredProfile]:
        return [
            StoredProfile(profile_id, connector_id, key, json.loads(text))
            for profile_id, (connector_id, key, text) in sorted(self._rows.items())
        ]

    def install(self, profile: StoredProfile, instead_of: Iterable[int] = ()) -> None:
        with self._undo.together():
            self.remove(instead_of)
            text = json.dumps(profile.profile)
            row = (profile.connector_id, profile.transaction_key, text)
            self._undo.put(self._rows, profile.profile_id, row)

    def remove(self, profile_ids: Iterable[int]) -> None:
        with self._undo.together():
            for profile_id in profile_ids:
                self._undo.take(self._rows, profile_id)

    def forget_those_of(self, transaction_key: int) -> None:
        """A transaction has ended, and they with it."""
        self.remove(
            [number for number, (_, key, _) in self._rows.items() if key == transaction_key]
        )
