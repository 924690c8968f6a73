"""`python -m sim_core`, `chargeforge headless`: no screen, one line per change on stdout.

The station lives on the engine's thread as it does under the dashboard; this thread only writes
and waits for a signal. It never writes more than the reader has room for: a pipe that nobody
empties, or a terminal that was stopped, must keep neither the charge point nor its end waiting.
"""

from __future__ import annotations

import codecs
import contextlib
import importlib
import json
import logging
import os
import select
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from types import FrameType
from typing import TYPE_CHECKING, Protocol, TextIO

from sim_core.ascii_fallback import ERRORS, ascii_wanted, in_ascii
from sim_core.engine import Companion, Engine
from sim_core.errors import UserError
from sim_core.events import Event
from sim_core.log_file import log_to_file, reason_of
from sim_core.redaction import plain, public_url, without_users
from sim_core.standard_streams import NO_ROOM, through_the_door

if TYPE_CHECKING:
    from sim_core.settings.options import Settings
    from sim_core.station import Station

LOG = logging.getLogger(__name__)

LOOK_S = 0.1
STOP_PATIENCE_S = 5.0
FLUSH_PATIENCE_S = 1.5
"""How long the end waits for the CSMS to answer what the journal has."""
LAST_WORDS_S = 0.5
"""How long the last lines may wait for their reader."""
PIECE = 512
"""Bytes that a pipe takes at once if it takes any (PIPE_BUF of POSIX)."""
SIGNALS = tuple(
    number
    for name in ("SIGTERM", "SIGINT", "SIGHUP")
    if (number := getattr(signal, name, None)) is not None  # there is no SIGHUP on Windows
)


def main(argv: list[str] | None = None) -> int:
    """Run without a screen until SIGTERM or Ctrl-C; returns the exit code."""
    from sim_core.settings.options import load

    try:
        settings = load(sys.argv[1:] if argv is None else argv, prog="chargeforge headless")
        engine = hosted(settings)
        with settings.naming_sources():
            log_to_file(settings, told_to(engine))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return run_plain(engine)


def told_to(engine: Engine) -> Callable[[str], None]:
    """Tells the viewers of an engine a warning that is not the station's."""
    return lambda text: _tell_of(engine, text)


def _tell_of(engine: Engine, text: str) -> None:
    engine.events.append(Event(engine.now(), "warning", text))


def hosted(settings: Settings) -> Engine:
    """An engine with what belongs beside the station: the HTTP sidecar, if it is on, and its end.

    What comes last is stopped first: HTTP still answers while the journal is emptied.
    """
    from sim_core.sidecar import companion

    beside = (companion(settings),) if settings.http_port else ()
    return Engine(settings, beside=(*beside, farewell(settings)))


def farewell(settings: Settings) -> Companion:
    """What is done while the link is still up, before the station closes.

    By default a transaction is left as a power cut leaves it: the journal has it, and the next
    start goes on with it or ends it. Where nothing is kept there is no next start that knows of
    it, so it is stopped here and not left open at the CSMS for ever.
    """
    stops = stops_at_exit(settings)

    async def stand_by(station: Station) -> Callable[[], Awaitable[None]]:
        async def say_goodbye() -> None:
            try:
                await station.wind_up(stop=stops, patience_s=FLUSH_PATIENCE_S)
            except Exception:
                LOG.exception("the end was not in good order")

        return say_goodbye

    return stand_by


def stops_at_exit(settings: Settings) -> bool:
    """Whether the end in good order stops what charges."""
    return settings.stop_on_exit or str(settings.state_dir) == ":memory:"


def run_plain(engine: Engine, csms: str = "") -> int:
    """Print what happens, one line each, until a signal or the end of the engine.

    `csms` says in words whom it dials where that is not the CSMS of the settings.
    """
    from sim_core.station import url_of

    settings = engine.settings
    if settings.http_port:  # no frame waits here, but whoever reads that it starts may ask at once
        importlib.import_module("sim_core.sidecar.server")
    stopping = threading.Event()
    form = FORMS[settings.log_format]
    with signals_set(stopping):
        engine.start()
        out = Lines(
            sys.stdout,
            form,
            gone=stopping.set,
            hurried=lambda: stopping.is_set() or engine.wait(0),
        )
        whom = csms or public_url(url_of(settings))
        started = f"{settings.cpid} starts, CSMS {whom}. Ctrl-C ends it."
        out.say(engine.now(), "start", started)
        cursor = 0
        while not stopping.is_set() and not engine.wait(LOOK_S):
            cursor = _say_events(engine, cursor, out)
        ended = engine.stop(STOP_PATIENCE_S)
        _say_events(engine, cursor, out)
        wrong = engine.failure or ("" if ended else "the charge point did not stop in time")
        if wrong:
            Lines(sys.stderr, form).say(engine.now(), "failure", wrong)
            return engine.exit_code if engine.failure else 1
        out.say(engine.now(), "end", f"{settings.cpid} has stopped.")
    return 0


def run_on(engine: Engine) -> int:
    """Go on with an engine whose screen has gone, until a signal or its end.

    What happens goes to the log: there is nobody else to tell.
    """
    stopping = threading.Event()
    with signals_set(stopping):
        LOG.info("the terminal has gone, %s goes on without it", engine.settings.cpid)
        while not stopping.is_set() and not engine.wait(LOOK_S):
            pass
        engine.stop(STOP_PATIENCE_S)
        LOG.info("%s", engine.failure or f"{engine.settings.cpid} has stopped.")
    return engine.exit_code if engine.failure else 0


# -- lines -----------------------------------------------------------------------------------------


class Form(Protocol):
    """How a line is written."""

    def __call__(
        self,
        at: datetime,
        kind: str,
        text: str,
        connector_id: int | None,
        facts: Mapping[str, object] | None = None,
    ) -> str: ...


def _as_sentence(
    at: datetime,
    kind: str,
    text: str,
    connector_id: int | None,
    facts: Mapping[str, object] | None = None,
) -> str:
    when = "" if kind in FRAMING else f"{at.astimezone():%H:%M:%S} "
    return when + plain(without_users(text))


def _as_json(
    at: datetime,
    kind: str,
    text: str,
    connector_id: int | None,
    facts: Mapping[str, object] | None = None,
) -> str:
    words: dict[str, object] = {"at": at.isoformat(), "kind": kind, "text": without_users(text)}
    if connector_id is not None:
        words["connector"] = connector_id
    words |= facts or {}
    return json.dumps(words)  # in ASCII: what a terminal would obey shows as escapes


FORMS: dict[str, Form] = {"plain": _as_sentence, "json": _as_json}
FRAMING = ("start", "end", "failure")
"""Kinds of line that are about the program and not about something that happened in it."""


class Lines:
    """Writes lines as far as somebody reads them, in characters that the stream can show."""

    def __init__(
        self,
        stream: TextIO | None,
        form: Form,
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


def _say_events(engine: Engine, cursor: int, out: Lines) -> int:
    newest, events = engine.events.since(cursor)
    if lost := newest - cursor - len(events):
        lines = "1 line was" if lost == 1 else f"{lost} lines were"
        out.say(engine.now(), "lost", f"{lines} not read in time and left out")
    for event in events:
        _say_event(event, out)
    return newest


def _say_event(event: Event, out: Lines) -> None:
    out.say(event.at, event.kind, event.text, event.connector_id, event.facts)


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


if __name__ == "__main__":
    raise SystemExit(through_the_door(main))
