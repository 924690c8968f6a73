"""A terminal for a real process: a pty whose screen can be read, typed at, and left unread."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Callable

import pyte

from tests.patience import PATIENCE_S

_PRIVATE = re.compile(
    r"\x1b\[[<>=?][0-9;]*[a-zA-Z$]|\x1b\[[0-9;]*\$[a-z]|\x1bP.*?\x1b\\|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)",
    re.DOTALL,
)


class PtyTerminal:
    """Runs a program, else a command of this Python, in a pty."""

    def __init__(
        self,
        *arguments: str,
        program: str = sys.executable,
        size: tuple[int, int] = (80, 24),
        **environment: str,
    ) -> None:
        self.screen = pyte.Screen(*size)
        self._stream = pyte.Stream(self.screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self.raw = b""
        self.code: int | None = None
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", HTTP_PORT="0", STATE_DIR=":memory:")
            os.environ.update(environment)
            os.environ.pop("NO_COLOR", None)
            os.execv(program, [program, *arguments])
        self._set_size(size)

    def _set_size(self, size: tuple[int, int]) -> None:
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size, as a window does that is dragged."""
        self.screen.resize(rows, columns)
        self._set_size((columns, rows))

    def hang_up(self) -> None:
        """Close the terminal, as a window does that is closed or a connection that is lost."""
        os.close(self._fd)
        self._fd = -1

    def read(self, seconds: float) -> int:
        """Read what comes within `seconds`; returns how many bytes that was."""
        count = 0
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if not select.select([self._fd], [], [], left)[0]:
                break
            try:
                data = os.read(self._fd, 65536)
            except OSError:  # the other side has closed
                break
            if not data:
                break
            count += len(data)
            self.raw += data
            # a sequence that was cut off in a stall is more than pyte can take
            with contextlib.suppress(TypeError):
                self._stream.feed(_PRIVATE.sub("", self._decode.decode(data)))
        return count

    def read_for(self, seconds: float) -> int:
        """Go on reading for all of `seconds`; returns how many bytes came."""
        count = 0
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            count += self.read(min(left, 0.25))
        return count

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(self.screen.display)

    def until(self, condition: Callable[[], bool], patience: float = PATIENCE_S) -> None:
        """Read until the condition holds."""
        deadline = time.monotonic() + patience
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {patience} s in vain:\n{self.text}")
            self.read(0.1)

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._fd, keys.encode())

    def signal(self, number: int) -> None:
        """Send the process a signal."""
        os.kill(self.pid, number)

    def ended(self) -> bool:
        """Whether the process has ended; does not read."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code is not None

    def wait(self, patience: float = PATIENCE_S) -> int:
        """Read until the process has ended; returns its exit code."""
        self.until(self.ended, patience)
        self.read(0.3)
        assert self.code is not None
        return self.code

    @property
    def left_clean(self) -> bool:
        """Whether the cursor is shown again, the mouse off, the main screen back."""
        last = self.raw
        return all(
            last.rfind(off) > last.rfind(on)
            for on, off in (
                (b"\x1b[?1049h", b"\x1b[?1049l"),
                (b"\x1b[?25l", b"\x1b[?25h"),
                (b"\x1b[?1000h", b"\x1b[?1000l"),
            )
        )

    def close(self) -> None:
        """End the process, whatever it does."""
        if not self.ended():
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        if self._fd >= 0:
            os.close(self._fd)
