"""Which SQLite connections are open, so that a test which leaves one open is the test that fails.

A connection that nobody closed is closed by whatever collects it, and Python 3.13 complains of that
in the test that happens to run by then.
"""

from __future__ import annotations

import sqlite3
from typing import Any

_open: dict[int, tuple[sqlite3.Connection, str]] = {}
"""The connections that are not closed, with what each was opened on."""
_connect: Any = sqlite3.connect


class _Watched(sqlite3.Connection):
    def __init__(self, database: Any, *args: Any, **options: Any) -> None:
        super().__init__(database, *args, **options)
        _open[id(self)] = (self, str(database))

    def close(self) -> None:
        super().close()
        _open.pop(id(self), None)


def _watched(database: Any, *args: Any, **options: Any) -> sqlite3.Connection:
    connection: sqlite3.Connection = _connect(database, *args, **{"factory": _Watched, **options})
    return connection


def watch() -> None:
    """From now on whatever this process connects to is known."""
    sqlite3.connect = _watched  # type: ignore[assignment]


def left_open() -> list[str]:
    """What is open still; it is closed by that, and told only once."""
    left = list(_open.values())
    for connection, _ in left:
        connection.close()
    return [database for _, database in left]
