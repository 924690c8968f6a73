"""`python -m sim_core`, `chargeforge headless`: no screen, one plain sentence per change on stdout.

The station lives on the engine's thread as it does under the dashboard; this thread only prints
and waits for a signal.
"""

from __future__ import annotations

import logging
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from sim_core.config import ConfigError, Settings, load
from sim_core.engine import Engine

LOOK_S = 0.1
STOP_PATIENCE_S = 5.0


def main(argv: list[str] | None = None) -> int:
    """Run without a screen until SIGTERM or Ctrl-C; returns the exit code."""
    try:
        settings = load(sys.argv[1:] if argv is None else argv, prog="chargeforge headless")
    except ConfigError as error:
        print(error, file=sys.stderr)
        return 2
    log_to_file(settings)
    return run_plain(hosted(settings))


def hosted(settings: Settings) -> Engine:
    """An engine with the HTTP sidecar beside the station, if it is on."""
    from sim_core.sidecar import companion

    beside = (companion(settings),) if settings.http_port else ()
    return Engine(settings, beside=beside)


def log_to_file(settings: Settings) -> None:
    """Send the log to LOG_FILE, or nowhere: the terminal belongs to the screen or the sentences."""
    handler: logging.Handler = logging.NullHandler()
    if settings.log_file is not None:
        handler = logging.FileHandler(settings.log_file, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)r"))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)


def run_plain(engine: Engine) -> int:
    """Print what happens, one sentence a line, until a signal or the end of the engine."""
    settings = engine.settings
    stopping = threading.Event()
    with _signals(stopping):
        say(f"{settings.cpid} starts, CSMS {settings.csms_url}. Ctrl-C ends it.")
        engine.start()
        cursor = 0
        while not stopping.is_set() and not engine.wait(LOOK_S):
            cursor = _print_events(engine, cursor)
        ended = engine.stop(STOP_PATIENCE_S)
        _print_events(engine, cursor)
    if engine.failure:
        print(engine.failure, file=sys.stderr)
        return engine.exit_code
    if not ended:
        print("the charge point did not stop in time", file=sys.stderr)
        return 1
    say(f"{settings.cpid} has stopped.")
    return 0


def say(text: str) -> None:
    """Print a line at once, whatever stdout is. Wire text comes escaped."""
    print(text, flush=True)


def plain(text: str) -> str:
    """`text` without anything that a terminal would obey: such characters show as escapes."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _print_events(engine: Engine, cursor: int) -> int:
    cursor, events = engine.events.since(cursor)
    for event in events:
        say(f"{event.at.astimezone():%H:%M:%S} {plain(event.text)}")
    return cursor


@contextmanager
def _signals(stopping: threading.Event) -> Iterator[None]:
    def stop(signum: int, frame: FrameType | None) -> None:
        stopping.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    raise SystemExit(main())
