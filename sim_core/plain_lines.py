"""Running without a screen: plain lines for as long as somebody reads them, until a signal.

A line is never longer than its reader has room for: a pipe that nobody empties, or a terminal that
was stopped, must keep neither a charge point nor its end waiting. One charge point and a fleet run
in the same loop (`until_signal`) and differ in what is said of them (`Report`).
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import Protocol, TextIO

from sim_core.ascii_fallback import ERRORS, ascii_wanted, in_ascii
from sim_core.log_file import reason_of
from sim_core.output_formats import LineFormat
from sim_core.standard_streams import NO_ROOM

LOOK_S = 0.1
LAST_WORDS_S = 0.5
"""How long the last lines may wait for their reader."""
PIECE = 512
"""Bytes that a pipe takes at once if it takes any (PIPE_BUF of POSIX)."""
SIGNALS = tuple(
    number
    for name in ("SIGTERM", "SIGINT", "SIGHUP")
    if (number := getattr(signal, name, None)) is not None  # there is no SIGHUP on Windows
)


# -- the loop --------------------------------------------------------------------------------------


class Running(Protocol):
    """What lives on a thread of its own and is waited for here: an engine, a fleet."""

    @property
    def failure(self) -> str:
        """Why it ended by itself, as a sentence; empty while it runs."""

    @property
    def exit_code(self) -> int:
        """What the process should end with after a failure."""

    def now(self) -> datetime: ...

    def start(self) -> None: ...

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within so long."""

    def stop(self, deadline: float) -> bool:
        """End it; whether that was done within `deadline` seconds."""


class Report(Protocol):
    """What is said of it."""

    @property
    def name(self) -> str:
        """What it is called where it did not stop in time."""

    def begin(self, out: Lines) -> None:
        """It starts."""

    def look(self, out: Lines) -> None:
        """Another `LOOK_S` has passed."""

    def leave(self, out: Lines) -> None:
        """It was asked to end."""

    def catch_up(self, out: Lines) -> None:
        """It runs no more: what has not been said yet."""

    def end(self, out: Lines) -> None:
        """It has ended in good order."""


def until_signal(what: Running, report: Report, form: LineFormat, patience_s: float) -> int:
    """Start it and report on it until a signal or its own end; returns the exit code."""
    stopping = threading.Event()
    with signals_set(stopping):
        what.start()
        out = Lines(
            sys.stdout,
            form,
            gone=stopping.set,
            hurried=lambda: stopping.is_set() or what.wait(0),
        )
        report.begin(out)
        while not stopping.is_set() and not what.wait(LOOK_S):
            report.look(out)
        if not what.failure:
            report.leave(out)
        ended = what.stop(patience_s)
        report.catch_up(out)
        wrong = what.failure or ("" if ended else f"{report.name} did not stop in time")
        if wrong:
            Lines(sys.stderr, form).say(what.now(), "failure", wrong)
            return what.exit_code or 1
        report.end(out)
    return 0


@contextmanager
def signals_set(stopping: threading.Event) -> Iterator[None]:
    """Inside, a signal that asks for the end sets the event."""

    def stop(signum: int, frame: FrameType | None) -> None:
        stopping.set()

    # A SIGHUP that somebody ignores on purpose (nohup) stays ignored.
    taken = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in taken}
    try:
        yield
    finally:
        for number, handler in before.items():
            with contextlib.suppress(TypeError):  # it was not set from Python
                signal.signal(number, handler)


# -- lines -----------------------------------------------------------------------------------------


class Lines:
    """Writes lines as far as somebody reads them, in characters that the stream can show."""

    def __init__(
        self,
        stream: TextIO | None,
        form: LineFormat,
        *,
        gone: Callable[[], None] = lambda: None,
        hurried: Callable[[], bool] = lambda: True,
    ) -> None:
        """`gone` is called when nobody reads any more; `hurried` says not to wait for a reader.
        A stream that was closed before the start (None) was closed by somebody who wants none."""
        self._stream = stream
        self._form = form
        self._gone = gone
        self._hurried = hurried
        self._mute = stream is None
        self._encoder: codecs.IncrementalEncoder | None = None
        """One for all lines: UTF-16 begins with a mark, and only once."""
        self._lost = 0
        """Lines that could not be written, for the disk is full."""

    def say(
        self,
        at: datetime,
        kind: str,
        text: str,
        connector_id: int | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> None:
        """Write one line at once, whatever the stream is."""
        stream = self._stream
        if self._mute or stream is None:
            return
        line = self._form(at, kind, text, connector_id, facts) + "\n"
        try:
            descriptor = stream.fileno()
        except (OSError, ValueError):  # a stream of somebody who runs this inside of something
            stream.write(line)
            return
        if ascii_wanted(stream.encoding, terminal=stream.isatty()):
            line = in_ascii(line)
        if self._encoder is None:
            self._encoder = codecs.getincrementalencoder(stream.encoding or "utf-8")(ERRORS)
        data = self._encoder.encode(line)
        try:
            self._write(descriptor, data)
            self._lost = 0
        except OSError as error:
            if error.errno not in NO_ROOM:  # nobody reads any more
                self._mute = True
                self._gone()
                return
            self._lost += 1
            if self._lost == 1:
                _complain(stream, error)

    def _write(self, descriptor: int, data: bytes) -> None:
        patience_s = LAST_WORDS_S
        while data:
            if not _has_room(descriptor):
                if self._hurried():
                    patience_s -= LOOK_S
                self._mute = patience_s <= 0
                if self._mute:
                    return
                continue
            data = data[os.write(descriptor, data[:PIECE]) :]


def _complain(stream: TextIO, error: OSError) -> None:
    """Say on the other stream that the lines cannot be written."""
    if sys.stderr is None or stream is sys.stderr:
        return
    why = reason_of(error)
    with contextlib.suppress(OSError):
        print(
            f"The lines cannot be written: {why}. What is said is lost; the rest goes on.",
            file=sys.stderr,
        )


def _has_room(descriptor: int) -> bool:
    """Whether a write would not wait; waits a moment for it."""
    if sys.platform == "win32":  # there it can only be asked of sockets
        return True
    return bool(select.select([], [descriptor], [], LOOK_S)[1])
