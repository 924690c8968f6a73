"""Charging profiles. Those of a transaction end with it: `Transactions.end`."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sim_core.store.records import StoredProfile
from sim_core.store.sqlite.database import Database


class Profiles:
    """See `interface.Profiles`."""

    __slots__ = ("_db",)

    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> list[StoredProfile]:
        rows = self._db.execute(
            "SELECT profile_id, connector_id, transaction_key, profile FROM charging_profiles"
            " ORDER BY profile_id"
        )
        return [
            StoredProfile(profile_id, connector_id, key, json.loads(text))
            for profile_id, connector_id, key, text in rows
        ]

    def install(self, profile: StoredProfile, instead_of: Iterable[int] = ()) -> None:
        with self._db.together():
            self.remove(instead_of)
            self._db.execute(
                "INSERT OR REPLACE INTO charging_profiles VALUES (?, ?, ?, ?)",
                (
                    profile.profile_id,
                    profile.connector_id,
                    profile.transaction_key,
                    json.dumps(profile.profile),
                ),
            )

    def remove(self, profile_ids: Iterable[int]) -> None:
        with self._db.together():
            self._db.executemany(
                "DELETE FROM charging_profiles WHERE profile_id = ?",
                ((profile_id,) for profile_id in profile_ids),
            )
