"""The place of a state file: ours alone while we run, and watched.

The lock lies beside the file and not on it, so that a file which is set aside or replaced leaves it
where it is. Somebody may remove both while they are in use, and SQLite says nothing: it goes on
writing into the file that it has open, wherever that is now. So it is remembered which file is
whose, and asked for now and then (`watch`).
"""

from __future__ import annotations

import logging
from pathlib import Path

from filelock import FileLock, Timeout

from sim_core.store.interface import StoreError

LOG = logging.getLogger(__name__)


def which(path: Path) -> tuple[int, int]:
    """Which file it is that has this name just now. Raises OSError."""
    found = path.stat()
    return found.st_dev, found.st_ino


def beside(path: Path, suffix: str) -> Path:
    """A file that belongs to the one at `path`: SQLite's, or our lock."""
    return path.with_name(path.name + suffix)


class Place:
    """One path that nobody else may use."""

    __slots__ = ("_lock", "_lock_seen", "_locks", "_path", "_seen")

    def __init__(self, path: Path) -> None:
        """Raises StoreError when the folder cannot be used or another process has the place."""
        self._path = path
        self._lock = beside(path, ".lock")
        self._locks: list[FileLock] = []
        self._lock_seen: tuple[int, int] | None = None
        """Which file it is that our lock is on."""
        self._seen: tuple[int, int] | None = None
        try:
            self._claim()
        except Timeout:
            raise StoreError(
                f"another ChargeForge is running with the state in {path}: end it, "
                "or choose another CPID or STATE_DIR."
            ) from None
        except OSError as error:
            raise StoreError(f"STATE_DIR: {path.parent} cannot be used: {error}.") from None

    def opened(self) -> None:
        """The file that lies here now is the one that is used."""
        self._seen = which(self._path)

    def misplaced(self) -> str:
        """How the file is no longer the one that was opened, as the end of a sentence."""
        try:
            same = which(self._path) == self._seen
        except FileNotFoundError:
            return "has been removed"
        except OSError as error:
            return f"cannot be looked at ({error.strerror})"
        return "" if same else "has been replaced by another file"

    def claim_again(self) -> bool:
        """Take the lock anew where somebody has removed it; False when another has it already."""
        try:
            if which(self._lock) == self._lock_seen:
                return True
        except OSError:
            pass  # it is gone
        try:
            self._claim()
        except Timeout:
            return False
        except OSError as error:
            LOG.warning("the state's place cannot be locked again: %s", error)
        return True

    def release(self) -> None:
        """Others may have it; harmless when done twice."""
        for lock in self._locks:
            lock.release()

    def _claim(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._lock)
        lock.acquire(timeout=0)
        self._locks.append(lock)
        self._lock_seen = which(self._lock)
