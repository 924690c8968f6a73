"""`chargeforge fleet` without a screen: one line every few seconds, and one at each end."""

from __future__ import annotations

import sys
import threading

from sim_core.__main__ import FORMS, LOOK_S, Lines, signals_set
from sim_core.errors import UserError
from sim_core.fleet.options import FleetSettings
from sim_core.fleet.picture import sentence, summary
from sim_core.fleet.stations import FAREWELL_S, Crowd
from sim_core.log_file import log_to_file
from sim_core.settings.options import load_as
from sim_core.standard_streams import through_the_door

STOP_PATIENCE_S = FAREWELL_S + 10.0


def crowd_of(arguments: list[str]) -> Crowd | None:
    """The fleet that the command line asks for, and its log; None after a sentence about what is
    wrong."""
    try:
        settings = load_as(FleetSettings, arguments, "chargeforge fleet")
        with settings.naming_sources():
            crowd = Crowd(settings)
            log_to_file(settings, crowd.warn)
    except UserError as error:
        print(error, file=sys.stderr)
        return None
    return crowd


def main(argv: list[str] | None = None) -> int:
    """Run a fleet without a screen until SIGTERM or Ctrl-C; returns the exit code."""
    crowd = crowd_of(sys.argv[1:] if argv is None else argv)
    if crowd is None:
        return 2
    return run_plain(crowd)


def run_plain(crowd: Crowd) -> int:
    """Print how the fleet does until a signal or its end."""
    settings = crowd.settings
    stopping = threading.Event()
    with signals_set(stopping):
        crowd.start()
        out = Lines(
            sys.stdout,
            FORMS[settings.log_format],
            gone=stopping.set,
            hurried=lambda: stopping.is_set() or crowd.wait(0),
        )
        shard = settings.shard()
        part = f" (part {shard.index} of {shard.count})" if shard.count > 1 else ""
        count = len(shard.numbers(settings.fleet_count))
        start = "1 charge point starts" if count == 1 else f"{count} charge points start"
        them = "it" if count == 1 else "them"
        out.say(crowd.now(), "start", f"{start}{part}. Ctrl-C ends {them}.")
        report_looks = max(1, round(settings.fleet_report_sec / LOOK_S))
        looks = warned = told = 0
        while not stopping.is_set() and not crowd.wait(LOOK_S):
            looks += 1
            warned = _warn(crowd, warned, out)
            told = _tell(crowd, told, out)
            if looks % report_looks == 0:
                out.say(crowd.now(), "fleet", sentence(crowd.picture))
        if not crowd.failure:
            out.say(crowd.now(), "fleet", "stopping: sessions end, then the links")
        ended = crowd.stop(STOP_PATIENCE_S)
        _warn(crowd, warned, out)
        _tell(crowd, told, out)
        wrong = crowd.failure or ("" if ended else "the fleet did not stop in time")
        if wrong:
            Lines(sys.stderr, FORMS[settings.log_format]).say(crowd.now(), "failure", wrong)
            return crowd.exit_code or 1
        out.say(crowd.now(), "end", f"The fleet has stopped: {summary(crowd.picture)}.")
    return 0


def _warn(crowd: Crowd, warned: int, out: Lines) -> int:
    warnings = crowd.picture.warnings
    for warning in warnings[warned:]:
        out.say(crowd.now(), "warning", warning)
    return len(warnings)


def _tell(crowd: Crowd, told: int, out: Lines) -> int:
    newest, events = crowd.told.since(told)
    for event in events:
        out.say(event.at, event.kind, event.text, event.connector_id, event.facts)
    return newest


if __name__ == "__main__":
    raise SystemExit(through_the_door(main))
