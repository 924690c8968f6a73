"""What is one value by its key: registers, availability, configuration, documents."""

from __future__ import annotations

import json
from typing import Any

from sim_core.store.memory.undo import Undo


class Registers:
    """See `interface.Registers`."""

    __slots__ = ("_rows", "_undo")

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[int, float] = {}

    def all(self) -> dict[int, float]:
        return dict(self._rows)

    def save(self, connector_id: int, register_wh: float) -> None:
        known_wh = self._rows.get(connector_id)
        if known_wh is None or register_wh > known_wh:
            self._undo.put(self._rows, connector_id, register_wh)

    def save_lightly(self, registers: dict[int, float]) -> None:
        for connector_id, register_wh in registers.items():
            self.save(connector_id, register_wh)


class Availability:
    """See `interface.Availability`."""

    __slots__ = ("_rows", "_undo")

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[int, bool] = {}

    def inoperative(self) -> set[int]:
        return {number for number, operative in self._rows.items() if not operative}

    def save(self, connector_id: int, operative: bool) -> None:
        self._undo.put(self._rows, connector_id, operative)


class Configuration:
    """See `interface.Configuration`."""

    __slots__ = ("_rows", "_undo")

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[str, str] = {}

    def all(self) -> dict[str, str]:
        return dict(self._rows)

    def save(self, key: str, value: str) -> None:
        self._undo.put(self._rows, key, value)


class Documents:
    """See `interface.Documents`. Kept as text: nobody else can change what is here."""

    __slots__ = ("_rows", "_undo")

    def __init__(self, undo: Undo) -> None:
        self._undo = undo
        self._rows: dict[str, str] = {}

    def get(self, name: str) -> dict[str, Any] | None:
        text = self._rows.get(name)
        return json.loads(text) if text is not None else None

    def put(self, name: str, document: dict[str, Any] | None) -> None:
        if document is None:
            self._undo.take(self._rows, name)
        else:
            self._undo.put(self._rows, name, json.dumps(document, separators=(",", ":")))
