"""The way out after SIGTERM and SIGHUP, also when the terminal has stopped reading.

Textual installs no handlers for them, and its loop cannot run any while it hangs in a write. So
plain handlers ask for the end, and a watchdog that needs no loop gives the terminal back when the
asking was not heard: it drops what waits to be written, frees the thread that writes, and sends
what makes a terminal usable again. Where the charge point is to outlive its terminal, a hang-up
asks only the screen to leave.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

PATIENCE_S = 5.0
"""How long an orderly end may take after a signal."""

TERMINAL_LOOK_S = 2.0
"""How often it is looked whether the terminal is still there."""

HUNG_UP: int = getattr(signal, "SIGHUP", 0)  # there is no SIGHUP on Windows
STDIN = 0
STDOUT = 1
STDERR = 2
"""Where Textual draws. `sys.stderr` is its own catcher of prints while the app runs."""

RESTORE = (
    "\x18"  # ends a sequence that was cut off
    "\x1b[<u"  # kitty's keyboard protocol off
    "\x1b[?2026l"  # a frame that was begun is over
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus reports, bracketed paste, resize reports
    "\x1b[0m\x1b[?1049l\x1b[?25h"  # colours, main screen, cursor
)


def _nothing(number: int, frame: FrameType | None) -> None:
    """A handler for a signal that is to interrupt and no more."""


class ExitOnSignal:
    """What SIGTERM and SIGHUP set in motion."""

    def __init__(
        self,
        ask: Sequence[Callable[[], object]],
        on_hang_up: Sequence[Callable[[], object]] = (),
    ) -> None:
        """`ask` is called by a signal, in order, and asks for the end without waiting for it;
        `on_hang_up` takes its place when the terminal goes away, and then only the screen leaves.
        """
        self.asked = False
        """Whether the end was asked for."""
        self.left = False
        """Whether the terminal went away and the charge point is to go on."""
        self._ask = ask
        self._on_hang_up = on_hang_up
        self._watchdog: threading.Timer | None = None
        self._terminal = _terminal_state()
        if hasattr(signal, "SIGURG"):
            signal.signal(signal.SIGURG, _nothing)  # so that it interrupts a write, see below
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):  # there is no SIGHUP on Windows
                signal.signal(getattr(signal, name), self._on_signal)
        threading.Thread(target=self._watch_terminal, name="terminal-watch", daemon=True).start()

    def _watch_terminal(self) -> None:
        """SIGHUP reaches only the session that a terminal controls; who else uses it must look."""
        while not (self.asked or self.left):
            time.sleep(TERMINAL_LOOK_S)
            if not os.isatty(STDIN):
                self._on_signal(HUNG_UP, None)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        goes_on = number == HUNG_UP and bool(self._on_hang_up)
        if self.asked or (goes_on and self.left):
            return
        if goes_on:
            self.left = True
        else:
            self.asked = True
        self._watchdog = threading.Timer(PATIENCE_S, self._give_back)
        self._watchdog.daemon = True
        self._watchdog.start()
        for ask in self._on_hang_up if goes_on else self._ask:
            ask()

    def _give_back(self) -> None:
        """The orderly way did not come to an end: restore the terminal, and go or stay without."""
        _restore_terminal(self._terminal)
        if self.asked:
            os._exit(0)

    def disarm(self) -> None:
        """The end has come in order, or because the watchdog freed it: then that one finishes."""
        if self._watchdog:
            self._watchdog.cancel()
            self._watchdog.join(PATIENCE_S)

    def let_go(self) -> None:
        """Let go of a terminal that has gone, for good: it is neither read nor written any more."""
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (STDIN, STDOUT, STDERR):
            os.dup2(nowhere, stream)
        os.close(nowhere)


def _terminal_state() -> list[Any] | None:
    try:
        import termios

        return termios.tcgetattr(sys.stdin.fileno())
    except (ImportError, OSError, ValueError):
        return None
    except Exception:  # noqa: BLE001 - termios.error is no OSError and cannot be named without termios
        return None


def _interrupt_others() -> None:
    for thread in threading.enumerate():
        if thread.ident and thread is not threading.current_thread():
            with contextlib.suppress(OSError):  # it has ended meanwhile
                signal.pthread_kill(thread.ident, signal.SIGURG)


def _restore_terminal(state: list[Any] | None) -> None:
    """Give the terminal back although it may not be reading and the loop may hang in a write."""
    with contextlib.suppress(Exception):
        import termios

        terminal = os.dup(STDERR)
        # what the writer thread still has to say goes nowhere, what waits in the line is dropped
        os.dup2(os.open(os.devnull, os.O_WRONLY), STDERR)
        os.set_blocking(terminal, False)
        until = time.monotonic() + 1.0
        try:
            while time.monotonic() < until:
                _interrupt_others()  # a write that hangs holds the line's lock
                termios.tcflush(terminal, termios.TCOFLUSH)
                with contextlib.suppress(BlockingIOError):
                    os.write(terminal, RESTORE.encode())
                    break
                time.sleep(0.02)
        finally:
            os.set_blocking(terminal, True)  # the shell shares this setting
        if state is not None:
            termios.tcsetattr(terminal, termios.TCSANOW, state)
