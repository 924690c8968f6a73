"""What passes, on disk: one line of JSON a message, from the first frame on.

The disk may be slow or full, and a frame waits for neither. So lines go to a thread of their own
through a queue of bounded size; what finds no room in it, or on the disk, is counted and said, and
recording goes on as soon as it can. A line that is written is handed to the system at once: what
passed before a crash of ours is there after it.

Values of secret keys and passwords in URLs are never written (`redaction.public_frame`).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

from sim_core.bedside.exchanges import SECRET_KEYS
from sim_core.redaction import public_frame
from sim_core.runtime.clock import Clock
from sim_core.traces.formats import own
from sim_core.traces.frames import Side, TraceFrame
from sim_core.traces.redaction import Redactor
from sim_core.traces.stamps import as_text

LOG = logging.getLogger(__name__)

FOLDER = "recordings"
"""Under STATE_DIR; in it a folder for each charger."""
LARGEST_FILE = 32 * 1024 * 1024
"""Bytes; then the next file begins."""
FILES_KEPT = 64
"""Of each charger; the oldest make room."""
MOST_QUEUED = 64 * 1024 * 1024
"""Bytes that may wait for the disk."""
TRY_AGAIN_S = 5.0
LONGEST_NAME = 100


@dataclass(frozen=True)
class Line:
    """One message to be recorded."""

    charge_point_id: str
    ocpp_version: str
    at: datetime
    sent_by: Side
    text: str
    ours: bool = False


class Recorder:
    """Writes lines on a thread of its own, from `start` to `stop`."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        say: Callable[[str], None],
        *,
        redacts: bool = False,
        largest_file: int = LARGEST_FILE,
    ) -> None:
        """`say` hears, on that thread, a sentence about what stands in the way; empty: nothing."""
        self.folder = folder
        self._clock = clock
        self._say = say
        self._form = Form(redacts)
        self._largest_file = largest_file
        self._lines: queue.SimpleQueue[Line | Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._queued = 0
        self._lost = 0
        self._files: dict[str, _File] = {}
        self._trouble = ""
        self._blocked_until = float("-inf")
        """Until then the disk is not tried again."""
        self._thread = threading.Thread(target=self._write, name="recorder", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        """Write what waits, for so long at the most."""
        self._lines.put(None)
        self._thread.join(patience_s)

    def record(self, line: Line) -> None:
        """Have a line written; returns at once, from any thread."""
        size = len(line.text)
        with self._lock:
            if self._queued + size > MOST_QUEUED:
                self._lost += 1
                return
            self._queued += size
        self._lines.put(line)

    def barrier(self, reached: Callable[[], None]) -> None:
        """Call `reached`, on the thread that writes, once everything until now is dealt with."""
        self._lines.put(reached)

    @property
    def lost(self) -> int:
        """How many messages have passed without being written."""
        return self._lost

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            if not isinstance(line, Line):
                line()
                continue
            with self._lock:
                self._queued -= len(line.text)
            if self._clock.monotonic() < self._blocked_until:
                self._lost += 1
                continue
            try:
                self._file(line).append(self._form.line(line) + "\n")
            except OSError as error:
                self._failed(error)
            else:
                if self._trouble:
                    self._trouble = ""
                    self._say("")
                    LOG.warning("recording goes on; %s messages are missing", self._lost)
        for file in self._files.values():
            file.close()

    def _failed(self, error: OSError) -> None:
        self._lost += 1
        self._blocked_until = self._clock.monotonic() + TRY_AGAIN_S
        why = error.strerror or str(error)
        trouble = f"nothing is recorded in {self.folder}: {why}; frames pass on"
        if trouble != self._trouble:
            self._trouble = trouble
            self._say(trouble)
            LOG.warning("%s", trouble)

    def _file(self, line: Line) -> _File:
        file = self._files.get(line.charge_point_id)
        if file is not None and file.written < self._largest_file:
            return file
        if file is not None:
            file.close()
        folder = self.folder / folder_name(self._form.name(line.charge_point_id))
        folder.mkdir(parents=True, exist_ok=True)
        made = _File(folder, line.at)
        made.append(self._form.first(line) + "\n")
        self._files[line.charge_point_id] = made
        _make_room(folder)
        return made


class _File:
    """One file, whose every line is in the system's hands when `append` returns."""

    def __init__(self, folder: Path, at: datetime) -> None:
        self.written = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        stamp = at.astimezone(timezone.utc).strftime("%Y-%m-%dT%H%M%S")
        of_this_second = sorted(folder.glob(f"{stamp}-*.jsonl"))
        number = int(of_this_second[-1].stem[-5:]) + 1 if of_this_second else 1
        self._descriptor = os.open(folder / f"{stamp}-{number:05}.jsonl", flags, 0o600)

    def append(self, line: str) -> None:
        """Write a line whole or not at all. Raises OSError."""
        data, done = line.encode("utf-8", "backslashreplace"), 0
        try:
            while done < len(data):
                done += os.write(self._descriptor, data[done:])
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self.written)
            raise
        self.written += done

    def close(self) -> None:
        os.close(self._descriptor)


class Form:
    """Our own form of a trace (`traces.formats.own`), redacted where that is wished.

    Redacted line by line, a secret is known from the line on that shows it to be one. `chargeforge
    trace redact` reads the whole trace first, and finds it in the lines before as well.
    """

    def __init__(self, redacts: bool = False) -> None:
        self._redactor = Redactor() if redacts else None

    def name(self, charge_point_id: str) -> str:
        """The charge point as the file calls it."""
        return self._redactor.name(charge_point_id) if self._redactor else charge_point_id

    def first(self, line: Line) -> str:
        """What a file begins with."""
        return own.header(self.name(line.charge_point_id), line.ocpp_version)

    def line(self, line: Line) -> str:
        """A message."""
        text = public_frame(line.text, SECRET_KEYS, limit=len(line.text))
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        if self._redactor is not None and isinstance(message, list):
            parts = tuple(message)
            frame = TraceFrame(line.sent_by, line.at, parts, text, line.charge_point_id)
            self._redactor.learn([frame])
            frame = self._redactor.frame(frame)
            text, message = frame.text, list(frame.message)
        elif self._redactor is not None:
            text, message = self._redactor.text(text), None
        written = own.line_of(line.sent_by, as_text(line.at), message, text)
        return f'{written[:-1]},"by":"chargeforge"}}' if line.ours else written


def folder_name(charge_point_id: str) -> str:
    """A charge point's id as the name of a folder, whatever characters it has."""
    name = quote(charge_point_id.encode("utf-8", "surrogatepass"), safe=" ")
    return name.replace(".", "%2E").strip()[:LONGEST_NAME] or "unnamed"


def _make_room(folder: Path) -> None:
    files = sorted(folder.glob("*.jsonl"))
    for file in files[: max(0, len(files) - FILES_KEPT)]:
        file.unlink(missing_ok=True)
