"""What happened, as frozen records with one plain sentence each.

The core appends them to a numbered `Ring` and knows nobody who reads it. A viewer keeps a cursor
and asks for what came after; it may fall behind or stall without anyone noticing.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Event:
    """Something that changed. `text` is a sentence without full stop, safe to print."""

    at: datetime
    kind: str
    text: str
    connector_id: int | None = None
    facts: Mapping[str, object] | None = None
    """The same for whoever reads by program, where there is more than a sentence."""


class Ring(Generic[T]):
    """The last `size` items, numbered from 1 without gaps; safe to read from any thread."""

    def __init__(self, size: int) -> None:
        self._items: deque[T] = deque(maxlen=size)
        self._last = 0
        self._lock = threading.Lock()

    @property
    def last(self) -> int:
        """The number of the newest item; 0 before the first."""
        return self._last

    def append(self, item: T) -> int:
        """Add an item and return its number."""
        with self._lock:
            self._items.append(item)
            self._last += 1
            return self._last

    def since(self, cursor: int) -> tuple[int, list[T]]:
        """Return (new cursor, items after `cursor`), oldest first; lost ones are left out."""
        with self._lock:
            count = min(self._last - cursor, len(self._items))
            if count <= 0:
                return self._last, []
            items = list(self._items)
            return self._last, items[len(items) - count :]
