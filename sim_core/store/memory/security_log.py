"""The security log: of more than SECURITY_EVENTS_KEPT the oldest go."""

from __future__ import annotations

from datetime import datetime

from sim_core.store.memory.undo import Undo
from sim_core.store.records import SECURITY_EVENTS_KEPT, SecurityEvent


class SecurityLog:
    """See `interface.SecurityLog`."""

    __slots__ = ("_rows", "_undo")

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[int, tuple[SecurityEvent, bool]] = {}
        """With whether the CSMS has still to be told."""

    def add(self, kind: str, at: datetime, info: str, *, waits: bool) -> None:
        number = self._undo.number("security_events")
        with self._undo.together():
            self._undo.put(self._rows, number, (SecurityEvent(number, kind, at, info), waits))
            self._undo.take(self._rows, number - SECURITY_EVENTS_KEPT)

    def all(self) -> list[SecurityEvent]:
        return [event for event, _ in self._rows.values()]

    def next_waiting(self) -> SecurityEvent | None:
        return next((event for event, waits in self._rows.values() if waits), None)

    def told(self, number: int) -> None:
        if number in self._rows:
            self._undo.put(self._rows, number, (self._rows[number][0], False))
