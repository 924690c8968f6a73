"""`python -m sim_core`, `chargeforge headless`: no screen, one line per change on stdout.

The station lives on the engine's thread as it does under the dashboard; this thread only writes
and waits for a signal.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sim_core.commands import Play, Refused
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

PROG = "chargeforge headless"
STOP_PATIENCE_S = 5.0
FLUSH_PATIENCE_S = 1.5
"""How long the end waits for the CSMS to answer what the journal has."""


def main(argv: list[str] | None = None) -> int:
    """Run without a screen until SIGTERM or Ctrl-C; returns the exit code."""
    from sim_core.settings.loading import load

    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        settings = load(arguments, prog=PROG)
        each = [settings]
        if "," in settings.cpid or settings.charge_points is not None:
            from sim_core.settings.several import several

            each = several(settings, arguments, PROG)
        engines = [hosted(one) for one in each]
        with settings.naming_sources():
            log_to_file(settings, told_to(engines[0]))
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    return run_plain(engines[0]) if len(engines) == 1 else run_several(engines)


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

    if settings.faults is not None:
        from sim_core.scenarios.fault_file import read_faults

        read_faults(settings.faults)  # what is wrong with it is said now, not when it runs
    beside = (companion(settings, lambda: engine),) if settings.http_port else ()
    engine = Engine(settings, beside=(*beside, *playing(settings), farewell(settings)))
    return engine


def playing(settings: Settings) -> tuple[Companion, ...]:
    """What plays the recording of the settings, once the CSMS has accepted the charge point.

    Raises ConfigError where it cannot be played.
    """
    path = settings.play
    if path is None:
        return ()
    from sim_core.scenarios.recording import RecordingError, checked_recording
    from sim_core.settings.options import ConfigError

    try:
        recording = checked_recording(path)
    except (OSError, RecordingError) as error:
        raise ConfigError(f"PLAY (--play): {path} cannot be played: {error}.") from None

    async def begin(station: Station) -> Callable[[], Awaitable[None]]:
        task = asyncio.ensure_future(_play(station, recording))

        async def stop() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        return stop

    return (begin,)


async def _play(station: Station, recording: str) -> None:
    await station.accepted()
    outcome = await station.submit(Play(recording))
    if isinstance(outcome, Refused):
        station.warn(f"the recording is not played: {outcome.reason}")


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

    def __init__(self, engine: Engine, started: str, prefix: str = "") -> None:
        """`prefix` says before each event whose it is, where there are several."""
        self._engine = engine
        self._started = started
        self._prefix = prefix
        self._cursor = 0

    def begin(self, out: Lines) -> None:
        out.say(self._engine.now(), "start", self._started)

    def look(self, out: Lines) -> None:
        self.catch_up(out)

    def catch_up(self, out: Lines) -> None:
        self._cursor = _say_events(self._engine, self._cursor, out, self._prefix)

    def leave(self, out: Lines) -> None:
        """One charge point ends at once."""

    def end(self, out: Lines) -> None:
        out.say(self._engine.now(), "end", f"{self._engine.settings.cpid} has stopped.")


def run_several(engines: Sequence[Engine]) -> int:
    """The same for several charge points: each line says whose it is. One that fails ends alone."""
    from sim_core.from_settings import url_of

    reports = []
    for engine in engines:
        settings = engine.settings
        whom = public_url(url_of(settings))
        http = f", HTTP port {settings.http_port}" if settings.http_port else ""
        started = f"{settings.cpid} starts, CSMS {whom}{http}."
        reports.append(_ChargePointReport(engine, started, f"{settings.cpid}: "))
    form = OUTPUT_FORMATS[engines[0].settings.log_format].line
    together = _Together(engines)
    return until_signal(together, _TogetherReport(together, reports), form, STOP_PATIENCE_S)


class _Together:
    """Several engines as one that runs as long as any of them does."""

    def __init__(self, engines: Sequence[Engine]) -> None:
        self.engines = engines

    @property
    def failures(self) -> list[str]:
        """Who ended by itself, and why."""
        return [f"{one.settings.cpid}: {one.failure}" for one in self.engines if one.failure]

    @property
    def failure(self) -> str:
        failures = self.failures
        return "; ".join(failures) if len(failures) == len(self.engines) else ""

    @property
    def exit_code(self) -> int:
        return max(one.exit_code for one in self.engines)

    def now(self) -> datetime:
        return self.engines[0].now()

    def start(self) -> None:
        for one in self.engines:
            one.start()

    def wait(self, seconds: float) -> bool:
        """Whether all have ended within so long."""
        return all(one.wait(seconds / len(self.engines)) for one in self.engines)

    def stop(self, deadline: float) -> bool:
        for one in self.engines:
            one.stop(0)  # all at once, and then wait
        ended = [one.stop(deadline) for one in self.engines]
        return all(ended)


class _TogetherReport:
    """What is said of several charge points."""

    name = "a charge point"

    def __init__(self, together: _Together, reports: Sequence[_ChargePointReport]) -> None:
        self._together = together
        self._reports = reports
        self._failures = 0

    def begin(self, out: Lines) -> None:
        for report in self._reports:
            report.begin(out)
        out.say(self._together.now(), "start", "Ctrl-C ends them.")

    def look(self, out: Lines) -> None:
        self.catch_up(out)

    def catch_up(self, out: Lines) -> None:
        for report in self._reports:
            report.catch_up(out)
        failures = self._together.failures
        for failure in failures[self._failures :]:
            out.say(self._together.now(), "failure", failure)
        self._failures = len(failures)

    def leave(self, out: Lines) -> None:
        """They end at once."""

    def end(self, out: Lines) -> None:
        for report in self._reports:
            report.end(out)


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


def _say_events(engine: Engine, cursor: int, out: Lines, prefix: str) -> int:
    newest, events = engine.events.since(cursor)
    if lost := newest - cursor - len(events):
        lines = "1 line was" if lost == 1 else f"{lost} lines were"
        out.say(engine.now(), "lost", f"{lines} not read in time and left out")
    for event in events:
        _say_event(event, out, prefix)
    return newest


def _say_event(event: Event, out: Lines, prefix: str) -> None:
    out.say(event.at, event.kind, prefix + event.text, event.connector_id, event.facts)


if __name__ == "__main__":
    raise SystemExit(through_the_door(main))
