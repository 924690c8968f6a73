"""Lines on stdin and stdout, for a loop that must not wait for either.

Charge points live on that loop, so a client that is slow to read, or slow to speak, has a thread
each to itself. Whatever else in the process writes to stdout ends up on stderr: between two lines
of JSON there is nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Awaitable, Callable

from sim_core.standard_streams import UNREAD

LONGEST = 4 * 1024 * 1024
"""Bytes of a line. A longer one is left out, and said to be (`TOO_LONG`)."""
TOO_LONG = b""
"""In the place of a line that was too long; an empty line is no line."""
CHUNK = 65_536
STDIN, STDOUT, STDERR = 0, 1, 2
SAID_WITHIN_S = 5.0
"""So long what is still to be said may take at the end."""


class LinesIn:
    """What comes on stdin. Read from the descriptor: Python's own buffer would keep a thread that
    waits from being left at the end."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    async def next(self) -> bytes | None:
        """The next line that is not empty; None when there are no more."""
        return await self._lines.get()

    def _read(self) -> None:
        splitter = Splitter()
        try:
            while chunk := os.read(STDIN, CHUNK):
                for line in splitter.feed(chunk):
                    self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
            for line in splitter.feed(b"\n"):
                self._loop.call_soon_threadsafe(self._lines.put_nowait, line)
            self._loop.call_soon_threadsafe(self._lines.put_nowait, None)
        except RuntimeError:  # the loop has closed: nobody listens any more
            return


class Splitter:
    """Makes lines of what comes in pieces."""

    def __init__(self) -> None:
        self._begun = b""
        self._too_long = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that are whole by now."""
        *ends, rest = chunk.split(b"\n")
        lines = []
        for end in ends:
            line = self._begun + end
            if self._too_long or len(line) > LONGEST:
                lines.append(TOO_LONG)
            elif line.strip():
                lines.append(line)
            self._begun, self._too_long = b"", False
        if not self._too_long:
            self._begun += rest
            if len(self._begun) > LONGEST:
                self._begun, self._too_long = b"", True
        return lines


class LinesOut:
    """What goes to stdout, from now until `close`; `unread` is called on the loop where nobody
    reads it any more."""

    def __init__(self, unread: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._unread = unread
        self._lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        sys.stdout.flush()
        self._wire = os.dup(STDOUT)
        os.dup2(STDERR, STDOUT)
        self._thread = threading.Thread(target=self._write, name="stdout", daemon=True)
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Write a line."""
        self._lines.put(line)

    def close(self, within_s: float) -> None:
        """Write what is there, and give stdout back."""
        self._lines.put(None)
        self._thread.join(within_s)
        sys.stdout.flush()
        os.dup2(self._wire, STDOUT)

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            left = memoryview(line + b"\n")
            try:
                while left:
                    left = left[os.write(self._wire, left) :]
            except OSError:
                with contextlib.suppress(RuntimeError):  # the loop has closed meanwhile
                    self._loop.call_soon_threadsafe(self._unread)
                return


Hold = Callable[[LinesIn, LinesOut, asyncio.Event], Awaitable[None]]
"""Goes on until the lines end, or until the event: then it is to end in order, at once."""


def on_the_pipes(hold: Hold) -> int:
    """Hold a conversation on stdin and stdout, which SIGTERM and Ctrl-C end; returns the exit
    code."""

    async def run() -> int:
        ending = asyncio.Event()
        unread = False

        def nobody_reads() -> None:
            nonlocal unread
            unread = True
            ending.set()

        loop = asyncio.get_running_loop()
        for one in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: Ctrl-C is an exception there
                loop.add_signal_handler(one, ending.set)
        out = LinesOut(nobody_reads)
        try:
            await hold(LinesIn(), out, ending)
        finally:
            out.close(SAID_WITHIN_S)
        return UNREAD if unread else 0

    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(run())
    return 0
