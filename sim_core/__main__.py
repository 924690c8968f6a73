"""`python -m sim_core`, `chargeforge headless`: no screen, one line per change on stdout.

The station lives on the engine's thread as it does under the dashboard; this thread only writes
and waits for a signal.
"""

from __future__ import annotations

import importlib
import logging
import sys
import threading
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from sim_core.engine import Companion, Engine
from sim_core.errors import UserError
from sim_core.events import Event
from sim_core.log_file import log_to_file
from sim_core.output_formats import OUTPUT_FORMATS
from sim_core.plain_lines import LOOK_S, Lines, signals_set, until_signal
from sim_core.redaction import public_url
from sim_core.standard_streams import through_the_door

if TYPE_CHECKING:
    from sim_core.settings.options import Settings
    from sim_core.station import Station

LOG = logging.getLogger(__name__)

ONE_ONLY = (
    "CPID (--cpid) and CHARGE_POINTS (--charge-points) name several charge points: chargeforge run "
    "shows them, chargeforge fleet runs many without a screen; headless is one."
)
STOP_PATIENCE_S = 5.0
FLUSH_PATIENCE_S = 1.5
"""How long the end waits for the CSMS to answer what the journal has."""


def main(argv: list[str] | None = None) -> int:
    """Run without a screen until SIGTERM or Ctrl-C; returns the exit code."""
    from sim_core.settings.loading import load
    from sim_core.settings.options import ConfigError

    try:
        settings = load(sys.argv[1:] if argv is None else argv, prog="chargeforge headless")
        if "," in settings.cpid or settings.charge_points is not None:
            raise ConfigError(ONE_ONLY)
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

    beside = (companion(settings, lambda: engine),) if settings.http_port else ()
    engine = Engine(settings, beside=(*beside, farewell(settings)))
    return engine


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
                await station.drain(stop=stops, patience_s=FLUSH_PATIENCE_S)
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
    from sim_core.from_settings import url_of

    settings = engine.settings
    if settings.http_port:  # no frame waits here, but whoever reads that it starts may ask at once
        importlib.import_module("sim_core.sidecar.server")
    whom = csms or public_url(url_of(settings))
    report = _ChargePointReport(engine, f"{settings.cpid} starts, CSMS {whom}. Ctrl-C ends it.")
    return until_signal(engine, report, OUTPUT_FORMATS[settings.log_format].line, STOP_PATIENCE_S)


class _ChargePointReport:
    """What is said of one charge point: each of its events."""

    name = "the charge point"

    def __init__(self, engine: Engine, started: str) -> None:
        self._engine = engine
        self._started = started
        self._cursor = 0

    def begin(self, out: Lines) -> None:
        out.say(self._engine.now(), "start", self._started)

    def look(self, out: Lines) -> None:
        self.catch_up(out)

    def catch_up(self, out: Lines) -> None:
        self._cursor = _say_events(self._engine, self._cursor, out)

    def leave(self, out: Lines) -> None:
        """One charge point ends at once."""

    def end(self, out: Lines) -> None:
        out.say(self._engine.now(), "end", f"{self._engine.settings.cpid} has stopped.")


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


if __name__ == "__main__":
    raise SystemExit(through_the_door(main))
