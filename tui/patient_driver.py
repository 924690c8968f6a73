"""Textual's driver for a terminal on Linux, with a thread for input that waits for input.

Textual's own wakes ten times a second to see whether it should end: a fifth of what a dashboard
at rest costs. This one sleeps until the terminal says something or the app leaves, and looks at the
clock only where a key may be half said: a lone Escape is one once nothing follows it.
"""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from selectors import EVENT_READ, PollSelector
from threading import Event, RLock
from typing import Any

from textual.app import App
from textual.constants import ESCAPE_DELAY
from textual.drivers.linux_driver import LinuxDriver

from tui.textual_private import input_parser

READ_BYTES = 4096
UNDER_WAY_S = 0.1
"""So long the terminal may still send what it has not yet been told to leave off, the mouse above
all. Who leaves waits for it and drops it: else it would be typed into the shell."""


class Wake(Event):
    """An event that wakes whoever sleeps in a selector."""

    def __init__(self) -> None:
        super().__init__()
        self._bell = -1
        self._guard = RLock()  # a signal handler may set it while it is being set

    def set(self) -> None:
        with self._guard:
            if self._bell >= 0:
                os.write(self._bell, b"\0")
            super().set()

    @contextmanager
    def heard(self) -> Iterator[int]:
        """The file that is readable once it is set."""
        ear, bell = os.pipe()
        with self._guard:
            self._bell = bell
            if self.is_set():
                os.write(bell, b"\0")
        try:
            yield ear
        finally:
            with self._guard:
                self._bell = -1
            os.close(ear)
            os.close(bell)


class PatientDriver(LinuxDriver):
    """See the module."""

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self.exit_event: Wake = Wake()

    def run_input_thread(self) -> None:
        """Hand on what is typed and pointed at, until the app leaves."""
        parser = input_parser()
        decode = getincrementaldecoder("utf-8")("replace").decode
        silences = 2  # an Escape's time is over after one of them, or hardly later
        with self.exit_event.heard() as leaving, PollSelector() as selector:
            selector.register(leaving, EVENT_READ)
            selector.register(self.fileno, EVENT_READ)
            while True:
                ready = selector.select(ESCAPE_DELAY if silences < 2 else None)
                if any(key.fd == leaving for key, _ in ready):
                    break
                silences = 0 if ready else silences + 1
                if ready:
                    said = b""
                    with suppress(OSError):
                        said = os.read(self.fileno, READ_BYTES)
                    if not said:  # the terminal has gone: it is for others to leave
                        return
                    for message in parser.feed(decode(said)):
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
            Event().wait(UNDER_WAY_S)
