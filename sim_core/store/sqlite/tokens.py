"""What the CSMS has said of tokens: when it was asked, and ahead of it.

They are found in any case of their letters: SQLite's NOCASE knows those of ASCII, which is what
OCPP's CiString has. The list keeps a folded text beside each token, for two spellings of one must
not both be on it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sim_core.store.records import KnownToken
from sim_core.store.sqlite.database import Database


class _TooManyError(Exception):
    """The local authorization list would be too long."""


class TokenCache:
    """See `interface.TokenCache`."""

    __slots__ = ("_db", "revision")

    def __init__(self, db: Database) -> None:
        self._db = db
        self.revision = 0

    def length(self) -> int:
        count: int = self._db.execute("SELECT count(*) FROM known_tokens").fetchone()[0]
        return count

    def first(self, limit: int) -> list[KnownToken]:
        return _first(self._db, "known_tokens", limit)

    def learn(self, token: KnownToken, at: datetime) -> None:
        self.revision += 1
        with self._db.together():
            self._db.execute(
                "INSERT OR REPLACE INTO known_tokens VALUES (?, ?, ?, ?, ?)",
                (*_columns(token), at.isoformat()),
            )

    def find(self, token: str) -> KnownToken | None:
        row = self._db.execute(
            "SELECT token, status, group_token, expires_at FROM known_tokens WHERE token = ?",
            (token,),
        ).fetchone()
        return _known(row)

    def clear(self) -> None:
        self.revision += 1
        with self._db.together():
            self._db.execute("DELETE FROM known_tokens")

    def forget(self, token: str) -> None:
        with self._db.together():
            self._db.execute("DELETE FROM known_tokens WHERE token = ?", (token,))


class LocalList:
    """See `interface.LocalList`."""

    __slots__ = ("_db", "revision")

    def __init__(self, db: Database) -> None:
        self._db = db
        self.revision = 0

    def version(self) -> int:
        if not self.length():
            return 0
        row = self._db.execute("SELECT version FROM local_list_version").fetchone()
        return int(row[0]) if row else 0

    def length(self) -> int:
        count: int = self._db.execute("SELECT count(*) FROM local_list").fetchone()[0]
        return count

    def first(self, limit: int) -> list[KnownToken]:
        return _first(self._db, "local_list", limit)

    def find(self, token: str) -> KnownToken | None:
        row = self._db.execute(
            "SELECT token, status, group_token, expires_at FROM local_list WHERE folded = ?",
            (token.casefold(),),
        ).fetchone()
        return _known(row)

    def change(
        self,
        version: int,
        entries: Iterable[KnownToken],
        gone: Iterable[str] = (),
        *,
        full: bool,
        most: int,
    ) -> bool:
        self.revision += 1
        with contextlib.suppress(_TooManyError), self._db.together():
            if full:
                self._db.execute("DELETE FROM local_list")
            self._db.executemany(
                "DELETE FROM local_list WHERE folded = ?", ((token.casefold(),) for token in gone)
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO local_list VALUES (?, ?, ?, ?, ?)",
                ((entry.token.casefold(), *_columns(entry)) for entry in entries),
            )
            if self.length() > most:
                raise _TooManyError
            self._db.execute("INSERT OR REPLACE INTO local_list_version VALUES (1, ?)", (version,))
            return True
        return False


def _first(db: Database, table: str, limit: int) -> list[KnownToken]:
    rows = db.execute(
        f"SELECT token, status, group_token, expires_at FROM {table}"
        " ORDER BY token COLLATE BINARY LIMIT ?",
        (limit,),
    )
    return [known for row in rows if (known := _known(row))]


def _columns(known: KnownToken) -> tuple[str, str, str | None, str | None]:
    expires = known.expires_at.isoformat() if known.expires_at else None
    return known.token, known.status, known.group, expires


def _known(row: Any) -> KnownToken | None:
    if row is None:
        return None
    token, status, group, expires = row
    return KnownToken(token, status, group, datetime.fromisoformat(expires) if expires else None)
