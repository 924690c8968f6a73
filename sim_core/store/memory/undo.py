"""All or nothing, for tables that are dictionaries.

Each table is a dictionary by its primary key, in the order of that key, and written by `put` and
`take` alone, which remember what was there for as long as it may have to be put back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, MutableMapping
from typing import Any, TypeVar

K = TypeVar("K")
V = TypeVar("V")
GONE: Any = object()
"""Where nothing was."""
Replaced = tuple[MutableMapping[Any, Any], Any, Any]
"""A table, a key of it, and what was there."""


class Undo:
    """Writes the tables of one store, and puts back what a broken-off `together` has written."""

    __slots__ = ("_last", "_replaced", "on_rollback")

    def __init__(self) -> None:
        self.on_rollback: Callable[[], None] = lambda: None
        """Called when something was put back."""
        self._replaced: list[Replaced] | None = None
        """What the writes of this `together` have replaced; None outside of one."""
        self._last: dict[str, int] = {}
        """The last number that was given out, by table: none is given twice."""

    def together(self) -> contextlib.AbstractContextManager[None]:
        """All writes inside, or none."""
        return NESTED if self._replaced is not None else _Together(self)

    def begin(self) -> None:
        """What is written from now on may have to be put back."""
        self._replaced = []

    def end(self, *, well: bool) -> None:
        """It need not; or it is put back."""
        replaced, self._replaced = self._replaced or [], None
        if not well:
            _put_back(replaced)
            self.on_rollback()

    def put(self, table: MutableMapping[K, V], key: K, value: V) -> None:
        """Write a row, in place of the one with its key."""
        if self._replaced is not None:
            self._replaced.append((table, key, table.get(key, GONE)))
        table[key] = value

    def take(self, table: MutableMapping[K, V], key: K) -> None:
        """Let a row go, if it is there."""
        before = table.pop(key, GONE)
        if self._replaced is not None and before is not GONE:
            self._replaced.append((table, key, before))

    def number(self, table: str) -> int:
        """The next number for a row of a table."""
        number = self._last[table] + 1 if table in self._last else 1
        self.put(self._last, table, number)
        return number


NESTED = contextlib.nullcontext()
"""Inside of another `together`: that one decides."""


class _Together:
    """The outermost `together`. Every message passes here: a generator takes thrice as long."""

    __slots__ = ("_undo",)

    def __init__(self, undo: Undo) -> None:
        self._undo = undo

    def __enter__(self) -> None:
        self._undo.begin()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._undo.end(well=kind is None)


def _put_back(replaced: list[Replaced]) -> None:
    for table, key, before in reversed(replaced):
        if before is GONE:
            table.pop(key, None)
        else:
            table[key] = before
    for table, _, _ in replaced:
        in_order = sorted(table.items(), key=lambda row: row[0])
        table.clear()
        table.update(in_order)
