"""What the CSMS has said of tokens: when it was asked, and ahead of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sim_core.store.memory.undo import Undo
from sim_core.store.records import KnownToken

ASCII_LOWER = {ord(letter): letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
"""As SQLite's NOCASE has it."""


def _first(rows: Mapping[str, KnownToken], limit: int) -> list[KnownToken]:
    # as SQLite's BINARY has them: by their bytes
    return sorted(rows.values(), key=lambda one: one.token.encode())[:limit]


class TokenCache:
    """See `interface.TokenCache`."""

    __slots__ = ("_rows", "_undo", "revision")

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[str, KnownToken] = {}
        self.revision = 0

    def length(self) -> int:
        return len(self._rows)

    def first(self, limit: int) -> list[KnownToken]:
        return _first(self._rows, limit)

    def learn(self, token: KnownToken, at: datetime) -> None:
        self.revision += 1
        self._undo.put(self._rows, token.token.translate(ASCII_LOWER), token)

    def find(self, token: str) -> KnownToken | None:
        return self._rows.get(token.translate(ASCII_LOWER))

    def clear(self) -> None:
        self.revision += 1
        for token in list(self._rows):
            self._undo.take(self._rows, token)

    def forget(self, token: str) -> None:
        folded = token.translate(ASCII_LOWER)
        if folded in self._rows:
            self._undo.take(self._rows, folded)


class LocalList:
    """See `interface.LocalList`."""

    __slots__ = ("_rows", "_undo", "_version", "revision")

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[str, KnownToken] = {}
        self.revision = 0
        self._version: dict[int, int] = {}
        """One row: a version belongs to a `together` as the entries do."""

    def version(self) -> int:
        return self._version.get(1, 0) if self._rows else 0

    def length(self) -> int:
        return len(self._rows)

    def first(self, limit: int) -> list[KnownToken]:
        return _first(self._rows, limit)

    def find(self, token: str) -> KnownToken | None:
        return self._rows.get(token.casefold())

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
        listed = {} if full else dict(self._rows)
        for token in gone:
            listed.pop(token.casefold(), None)
        listed.update({entry.token.casefold(): entry for entry in entries})
        if len(listed) > most:
            return False
        with self._undo.together():
            for name in self._rows.keys() - listed.keys():
                self._undo.take(self._rows, name)
            for name, entry in listed.items():
                self._undo.put(self._rows, name, entry)
            self._undo.put(self._version, 1, version)
        return True
