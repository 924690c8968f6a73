"""Which store a charge point gets: a file of its own, or memory that ends with the process.

Apart from both, so that neither maker of the promise knows the other.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from sim_core.store.interface import MEMORY, Store
from sim_core.store.memory.store import MemoryStore
from sim_core.store.sqlite.store import SqliteStore


def store_in(folder: Path, charge_point_id: str, now: datetime) -> Store:
    """The store of one charge point among others in `folder`; `:memory:` keeps nothing.

    Raises StoreError with a sentence for the user.
    """
    if folder == MEMORY:
        return MemoryStore()
    return SqliteStore(folder / f"{quote(charge_point_id, safe='')}.sqlite3", now)
