"""Whether the state of a charge point is somebody else's: asked without opening it.

The store takes the lock and keeps it (`sqlite`). A command with a screen has to know before it
draws anything, and cheaply: the answer costs one look at the lock. A lock of another process is
never in doubt, for the system lets go of it when that process ends, however it ends.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from urllib.parse import quote

LOCKS = Path("/proc/locks")
"""Where Linux tells who holds which lock; elsewhere nobody does."""


def lock_of(folder: Path, charge_point_id: str) -> Path:
    """The file whose lock the store of this charge point takes."""
    return folder / f"{quote(charge_point_id, safe='')}.sqlite3.lock"


def taken(folder: Path, charge_point_id: str) -> str:
    """Why this state cannot be had, as a sentence that says what to do; empty where it is free.

    What else may be wrong with the folder is for the store to say.
    """
    lock = lock_of(folder, charge_point_id)
    if not _is_held(lock):
        return ""
    pid = _holder(lock)
    who = f" (process {pid})" if pid else ""
    return (
        f"another ChargeForge is running with the state in {folder}, as {charge_point_id}{who}: "
        "end it, or choose another CPID (--cpid) or STATE_DIR (--state-dir)."
    )


if sys.platform == "win32":

    def _is_held(lock: Path) -> bool:
        from filelock import FileLock, Timeout

        if not lock.exists():
            return False
        try:
            with FileLock(lock, timeout=0):
                return False
        except Timeout:
            return True
        except OSError:
            return False

else:
    import fcntl

    def _is_held(lock: Path) -> bool:
        try:
            descriptor = os.open(lock, os.O_RDONLY)
        except OSError:
            return False
        try:
            # shared: two that ask at once do not see each other
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            return isinstance(error, BlockingIOError)  # else locks are not to be had here
        finally:
            os.close(descriptor)  # lets go of it too
        return False


def _holder(lock: Path) -> int | None:
    """The process that holds the lock; None where the system does not say."""
    with contextlib.suppress(OSError, ValueError):
        at = lock.stat()
        wanted = f"{os.major(at.st_dev):02x}:{os.minor(at.st_dev):02x}:{at.st_ino}"
        for line in LOCKS.read_text().splitlines():
            words = line.split()
            if "->" not in words and words[1:2] == ["FLOCK"] and words[5] == wanted:
                return int(words[4]) or None  # 0: of another container
    return None
