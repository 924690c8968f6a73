"""A shell in the place of the dashboard for a while; the charge point goes on.

The process is not stopped as `^z` does elsewhere: that would freeze the charge point with the
screen. So the shell is a child, and leaving it brings the screen back. While it runs this thread
only waits: a signal that asks for the end must hang it up, and what the child did to the terminal
must not be able to stop the parent.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

STDIN = 0
UNIX = hasattr(os, "tcsetpgrp")


class Shell:
    """At most one shell at a time."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Run the user's shell until it is left. The terminal must be free for it."""
        command = os.environ.get("SHELL") or (
            "/bin/sh" if UNIX else os.environ.get("COMSPEC", "cmd")
        )
        print("The charge point goes on. exit (or ^d) brings its dashboard back.", flush=True)
        with _terminal_kept():
            try:
                self._child = subprocess.Popen([command])
                self._child.wait()
            except OSError as error:
                # raised while the app is suspended it would leave the app without a screen
                print(f"{command}: {error.strerror}", flush=True)
            finally:
                self._child = None

    def hang_up(self) -> None:
        """End a shell that runs, as a terminal does that goes away; safe in a signal handler."""
        child = self._child
        if child is not None:
            with contextlib.suppress(OSError):
                # a shell that reads ignores SIGTERM; its jobs get the same from it
                child.send_signal(getattr(signal, "SIGHUP", signal.SIGTERM))
                if hasattr(signal, "SIGCONT"):
                    child.send_signal(signal.SIGCONT)


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """Outlive a `^c` that is meant for the child, and be in the foreground again afterwards."""
    before = signal.signal(signal.SIGINT, lambda *_: None)  # not ignored: that would be inherited
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        if UNIX:
            # a shell that was killed leaves the terminal to its own group; asking for it back
            # from the background would stop us
            held = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
            with contextlib.suppress(OSError):
                os.tcsetpgrp(STDIN, os.getpgrp())
            signal.signal(signal.SIGTTOU, held)
