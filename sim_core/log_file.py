"""LOG_FILE: what happens and what goes wrong, a line each, for whoever reads it later.

It is written on a thread of its own, for a disk that hangs or a pipe that nobody empties must not
hold up a charge point; and what cannot be written is said once and lost, not the charge point.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import io
import logging
import logging.handlers
import os
import queue
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from sim_core.errors import UserError
from sim_core.output_formats import OUTPUT_FORMATS

if TYPE_CHECKING:
    from sim_core.settings.options import Settings

WAITING_LIMIT = 10_000
"""Lines that may wait for the disk; of more the newest are lost."""
STATE_FILE = re.compile(r"\.sqlite3(?:-wal|-shm|\.lock)?\Z")
Told = Callable[[str], None]


class LogFileError(UserError):
    """The log file cannot be written to."""


class LogFile(logging.FileHandler):
    """Writes to the file; says once when that fails, and once when it works again."""

    def __init__(self, path: Path, told: Told) -> None:
        """Raises LogFileError with a sentence."""
        try:
            super().__init__(path, encoding="utf-8", errors="backslashreplace")
        except OSError as error:
            raise LogFileError(
                f"LOG_FILE (--log-file) is {str(path)!r}: {reason_of(error)}; {_advice(path)}."
            ) from None
        self._path = path
        self._told = told
        self._lost = 0

    def _open(self) -> io.TextIOWrapper:
        descriptor = _opened(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        raw = io.BufferedWriter(io.FileIO(descriptor, "a"))
        return io.TextIOWrapper(raw, encoding=self.encoding, errors=self.errors)

    def emit(self, record: logging.LogRecord) -> None:
        lost_before = self._lost
        super().emit(record)
        if lost_before and self._lost == lost_before:
            self._lost = 0
            self._told(f"the log goes on: {lost_before} lines were not written to {self._path}")

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        error = sys.exc_info()[1]
        if not isinstance(error, (OSError, ValueError)):
            super().handleError(record)
            return
        self._lost += 1
        if self._lost == 1:
            why = reason_of(error) if isinstance(error, OSError) else str(error)
            self._told(
                f"LOG_FILE: {self._path} cannot be written to any more: {why}; "
                "the charge point goes on without its log"
            )


class _Handing(logging.handlers.QueueHandler):
    """Hands records to the thread that writes; what does not fit is lost."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return record  # it stays in this process: nothing must be made of text before

    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            return


def log_to_file(settings: Settings, told: Told = lambda _: None) -> None:
    """Send the log to LOG_FILE, or nowhere: the terminal belongs to the screen or the sentences.

    `told` hears, on another thread, that the file cannot be written to any more, or can again.
    Raises LogFileError with a sentence when it cannot be written to at all.
    """
    handler: logging.Handler = logging.NullHandler()
    if settings.log_file is not None:
        _not_among_the_state(settings.log_file, settings.state_folder())
        file = LogFile(settings.log_file, told)
        file.setFormatter(OUTPUT_FORMATS[settings.log_format].formatter())
        waiting: queue.Queue[logging.LogRecord] = queue.Queue(WAITING_LIMIT)
        handler = _Handing(waiting)
        writer = logging.handlers.QueueListener(waiting, file)
        writer.start()
        atexit.register(writer.stop)
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)


def _not_among_the_state(path: Path, folder: Path) -> None:
    """Raises LogFileError where the log would be written into the state of a charge point."""
    if STATE_FILE.search(path.name) and os.path.realpath(path.parent) == os.path.realpath(folder):
        raise LogFileError(
            f"LOG_FILE (--log-file) is {str(path)!r}: there a charge point keeps its state; name "
            "another file."
        )


def _opened(path: str, flags: int) -> int:
    """The descriptor of the file. A pipe is opened in a way that waits for no reader, at the start
    and at each line: without one it is an error, and what a slow one has no room for is lost."""
    with contextlib.suppress(OSError):
        if stat.S_ISFIFO(os.stat(path).st_mode):
            flags |= os.O_NONBLOCK
    return os.open(path, flags, 0o666)


def reason_of(error: OSError) -> str:
    """Why something of the file system failed, in a few words that fit into a sentence."""
    reasons: dict[type[OSError], str] = {
        FileNotFoundError: "there is no such folder",
        IsADirectoryError: "that is a folder",
        NotADirectoryError: "a part of that path is a file, not a folder",
        PermissionError: "this user may not write there",
    }
    if error.errno == errno.ENXIO:
        return "nobody reads that pipe"
    strerror = error.strerror or str(error)
    return reasons.get(type(error)) or strerror[:1].lower() + strerror[1:]


def _advice(path: Path) -> str:
    if path.is_fifo():
        return "start its reader first, or name a file"
    if path.is_dir():
        return f"name a file in it, such as {os.path.join(str(path), 'chargeforge.log')}"
    if not path.parent.is_dir():
        return f"make the folder {path.parent} first, or name another file"
    return "name a file that can be written to, or leave it out"
