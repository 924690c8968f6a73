"""`chargeforge fleet` without a screen: one line every few seconds, and one at each end."""

from __future__ import annotations

import sys

from sim_core.errors import UserError
from sim_core.fleet.load_report import check_files, keep
from sim_core.fleet.options import FleetSettings
from sim_core.fleet.snapshot import sentence, summary
from sim_core.fleet.stations import FAREWELL_S, Fleet
from sim_core.fleet.viewed import FleetHost
from sim_core.log_file import log_to_file
from sim_core.output_formats import OUTPUT_FORMATS
from sim_core.plain_lines import LOOK_S, Lines, until_signal
from sim_core.settings.loading import load_as
from sim_core.standard_streams import through_the_door

STOP_PATIENCE_S = FAREWELL_S + 10.0


def fleet_of(arguments: list[str]) -> FleetHost | None:
    """The fleet that the command line asks for, and its log; None after a sentence about what is
    wrong."""
    try:
        settings = load_as(FleetSettings, arguments, "chargeforge fleet")
        with settings.naming_sources():
            fleet = hosted(settings)
            log_to_file(settings, fleet.warn)
    except UserError as error:
        print(error, file=sys.stderr)
        return None
    return fleet


def hosted(settings: FleetSettings) -> FleetHost:
    """The fleet, here or in workers. Raises a UserError where the options do not fit together."""
    check_files(settings)
    workers = settings.workers()
    if workers == 1:
        return Fleet(settings)
    from sim_core.fleet.workers import WorkerFleet

    return WorkerFleet(settings, workers)


def main(argv: list[str] | None = None) -> int:
    """Run a fleet without a screen until SIGTERM or Ctrl-C; returns the exit code."""
    fleet = fleet_of(sys.argv[1:] if argv is None else argv)
    if fleet is None:
        return 2
    return run_plain(fleet)


def run_plain(fleet: FleetHost) -> int:
    """Print how the fleet does until a signal or its end."""
    form = OUTPUT_FORMATS[fleet.settings.log_format].line
    code = until_signal(fleet, _FleetReport(fleet), form, STOP_PATIENCE_S)
    return keep_report(fleet) or code


def keep_report(fleet: FleetHost) -> int:
    """Write the report of the run where that is wanted; 1 after a sentence where it cannot be."""
    try:
        for sentence in keep(fleet.load_report(), fleet.settings):
            print(sentence, file=sys.stderr)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


class _FleetReport:
    """What is said of a fleet: how it does, now and then, and at once what is wrong."""

    name = "the fleet"

    def __init__(self, fleet: FleetHost) -> None:
        self._fleet = fleet
        self._report_looks = max(1, round(fleet.settings.fleet_report_sec / LOOK_S))
        self._looks = self._warned = self._told = 0

    def begin(self, out: Lines) -> None:
        settings = self._fleet.settings
        shard = settings.shard()
        part = f" (part {shard.index} of {shard.count})" if shard.count > 1 else ""
        count = len(shard.numbers(settings.fleet_count))
        start = "1 charge point starts" if count == 1 else f"{count} charge points start"
        them = "it" if count == 1 else "them"
        out.say(self._fleet.now(), "start", f"{start}{part}. Ctrl-C ends {them}.")

    def look(self, out: Lines) -> None:
        self._looks += 1
        self.catch_up(out)
        if self._looks % self._report_looks == 0:
            out.say(self._fleet.now(), "fleet", sentence(self._fleet.snapshot))

    def catch_up(self, out: Lines) -> None:
        fleet = self._fleet
        warnings = fleet.snapshot.warnings
        for warning in warnings[self._warned :]:
            out.say(fleet.now(), "warning", warning)
        self._warned = len(warnings)
        self._told, events = fleet.told.since(self._told)
        for event in events:
            out.say(event.at, event.kind, event.text, event.connector_id, event.facts)

    def leave(self, out: Lines) -> None:
        out.say(self._fleet.now(), "fleet", "stopping: sessions end, then the links")

    def end(self, out: Lines) -> None:
        fleet = self._fleet
        out.say(fleet.now(), "end", f"The fleet has stopped: {summary(fleet.snapshot)}.")


if __name__ == "__main__":
    raise SystemExit(through_the_door(main))
