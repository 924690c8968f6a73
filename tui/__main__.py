"""The `chargeforge` command: picks what to run, guards the terminal, and leaves it as it was.

Order matters: the engine is made first and stopped last, the app comes and goes between. Textual
installs no handlers for SIGTERM and SIGHUP, and its loop cannot run any while a terminal does not
read; so plain handlers ask for the end, and a watchdog that needs no loop gives the terminal back
when the asking is not heard.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim_core.config import Settings
    from sim_core.engine import Engine
    from tui.app import ChargeForgeApp

PATIENCE_S = 5.0
"""How long an orderly end may take after a signal."""

RESTORE = (
    "\x18"  # ends a sequence that was cut off
    "\x1b[<u"  # kitty's keyboard protocol off
    "\x1b[?2026l"  # a frame that was begun is over
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"  # mouse
    "\x1b[?1004l\x1b[?2004l\x1b[?2048l"  # focus reports, bracketed paste, resize reports
    "\x1b[0m\x1b[?1049l\x1b[?25h"  # colours, main screen, cursor
)


@dataclass(frozen=True)
class Verb:
    """One command of the command line."""

    name: str
    help: str
    run: Callable[[list[str]], int]


def _settings(arguments: list[str], name: str) -> Settings | None:
    from sim_core.config import ConfigError, load

    try:
        return load(arguments, prog=f"chargeforge {name}")
    except ConfigError as error:
        print(error, file=sys.stderr)
        return None


def _run(arguments: list[str]) -> int:
    settings = _settings(arguments, "run")
    if settings is None:
        return 2
    from sim_core.engine import Engine

    return show(Engine(settings), settings)


def _demo(arguments: list[str]) -> int:
    settings = _settings(arguments, "demo")
    if settings is None:
        return 2
    from sim_core.demo import engine

    return show(engine(settings), settings, keeps_state=False)


def _headless(arguments: list[str]) -> int:
    from sim_core.__main__ import main as headless

    return headless(arguments) or 0


def _csms(arguments: list[str]) -> int:
    from sim_core.csms.__main__ import main as csms

    return csms(arguments) or 0


VERBS: tuple[Verb, ...] = (
    Verb("run", "the dashboard, connected to the CSMS of --csms-url (the default)", _run),
    Verb("demo", "the dashboard with a CSMS of its own: no network, nothing kept on disk", _demo),
    Verb("headless", "no screen: one plain line per change, stops on Ctrl-C or SIGTERM", _headless),
    Verb("csms", "a small CSMS on its own, for a second terminal", _csms),
)
VERB: dict[str, Verb] = {verb.name: verb for verb in VERBS}


def usage() -> str:
    """What `chargeforge --help` says."""
    lines = [f"  {verb.name:<10}{verb.help}" for verb in VERBS]
    return "\n".join(
        (
            "usage: chargeforge [command] [options]",
            "",
            "A charge point that lives in a terminal: an OCPP 1.6J simulator with a dashboard.",
            "",
            *lines,
            "",
            "Options come after the command; `chargeforge run --help` explains every one. Each is",
            "also an environment variable: --csms-url is CSMS_URL. `chargeforge --version` says",
            "which version this is.",
        )
    )


def main(argv: list[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = arguments[0] if arguments else ""
    if first in ("-h", "--help", "help"):
        print(usage())
        return 0
    if first == "--version":
        from importlib.metadata import version

        print(f"chargeforge {version('chargeforge')}")
        return 0
    if not first or first.startswith("-"):
        return VERB["run"].run(arguments)
    verb = VERB.get(first)
    if verb is None:
        names = ", ".join(VERB)
        print(f"There is no command {first!r}: allowed is {names}.", file=sys.stderr)
        return 2
    return verb.run(arguments[1:])


# -- the dashboard ---------------------------------------------------------------------------------


def on_a_terminal() -> bool:
    """Whether there is a terminal to draw on: Textual reads stdin and draws on stderr."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def show(engine: Engine, settings: Settings, *, keeps_state: bool = True) -> int:
    """Show the dashboard on this engine until it is left; stops the engine."""
    if not on_a_terminal():
        print(
            "No terminal here: going on with plain lines (chargeforge headless does so at once).",
            file=sys.stderr,
        )
        from sim_core.__main__ import run_plain

        return run_plain(engine) or 0
    _log_to(settings)
    from tui.app import ChargeForgeApp

    app = ChargeForgeApp(
        engine,
        fps=settings.fps,
        log_size=settings.message_log_size,
        id_tag=settings.id_tag,
        keeps_state=keeps_state and str(settings.state_dir) != ":memory:",
    )
    end = _End(engine, app)
    try:
        app.run()
    finally:
        engine.stop(PATIENCE_S)
        end.disarm()
    return 0 if end.asked else app.return_code or 0


def _log_to(settings: Settings) -> None:
    """Log to the file if there is one, and never to the screen."""
    import logging

    root = logging.getLogger()
    if settings.log_file is None:
        root.addHandler(logging.NullHandler())
        return
    handler = logging.FileHandler(settings.log_file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.addHandler(handler)
    root.setLevel(logging.INFO)


def _nothing(number: int, frame: FrameType | None) -> None:
    """A handler for a signal that is to interrupt and no more."""


class _End:
    """What SIGTERM and SIGHUP set in motion."""

    def __init__(self, engine: Engine, app: ChargeForgeApp) -> None:
        self.asked = False
        self._engine = engine
        self._app = app
        self._watchdog: threading.Timer | None = None
        self._terminal = _terminal_state()
        if hasattr(signal, "SIGURG"):
            signal.signal(signal.SIGURG, _nothing)  # so that it interrupts a write, see below
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):  # there is no SIGHUP on Windows
                signal.signal(getattr(signal, name), self._on_signal)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            return
        self.asked = True
        self._watchdog = threading.Timer(PATIENCE_S, self._give_back)
        self._watchdog.daemon = True
        self._watchdog.start()
        self._engine.stop(0)
        self._app.leave_soon()

    def _give_back(self) -> None:
        """The orderly way did not come to an end: restore the terminal and go."""
        _restore_terminal(self._terminal)
        os._exit(0)

    def disarm(self) -> None:
        """The end has come in order."""
        if self._watchdog:
            self._watchdog.cancel()


def _terminal_state() -> list[Any] | None:
    try:
        import termios

        return termios.tcgetattr(sys.stdin.fileno())
    except (ImportError, OSError, ValueError):
        return None
    except Exception:  # noqa: BLE001 - termios.error is no OSError and cannot be named without termios
        return None


def _restore_terminal(state: list[Any] | None) -> None:
    """Give the terminal back although it may not be reading and the loop may hang in a write."""
    import contextlib

    with contextlib.suppress(Exception):
        import termios

        terminal = os.dup(sys.stderr.fileno())
        # what the writer thread still has to say goes nowhere, what waits in the line is dropped
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        for thread in threading.enumerate():  # a write that hangs holds the line's lock: cut it off
            if thread.ident and thread is not threading.current_thread():
                signal.pthread_kill(thread.ident, signal.SIGURG)
        os.set_blocking(terminal, False)
        until = time.monotonic() + 1.0
        try:
            while time.monotonic() < until:
                termios.tcflush(terminal, termios.TCOFLUSH)
                with contextlib.suppress(BlockingIOError):
                    os.write(terminal, RESTORE.encode())
                    break
                time.sleep(0.02)
        finally:
            os.set_blocking(terminal, True)  # the shell shares this setting
        if state is not None:
            termios.tcsetattr(terminal, termios.TCSANOW, state)


if __name__ == "__main__":
    raise SystemExit(main())
