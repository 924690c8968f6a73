"""`chargeforge bedside` without a screen: one line for each thing that happens, until a signal."""

from __future__ import annotations

import logging
import sys
import threading

from sim_core.bedside.host import Bedside
from sim_core.bedside.options import BedsideSettings
from sim_core.errors import UserError
from sim_core.log_file import log_to_file
from sim_core.output_formats import OUTPUT_FORMATS
from sim_core.plain_lines import LOOK_S, Lines, signals_set, until_signal
from sim_core.redaction import public_url
from sim_core.settings.loading import load_as
from sim_core.standard_streams import through_the_door

LOG = logging.getLogger(__name__)

STOP_PATIENCE_S = 8.0


def bedside_of(arguments: list[str]) -> Bedside | None:
    """What the command line asks for, and its log; None after a sentence about what is wrong."""
    try:
        settings = load_as(BedsideSettings, arguments, "chargeforge bedside")
        bedside = Bedside(settings)
        with settings.naming_sources():
            log_to_file(settings, bedside.tell)
    except UserError as error:
        print(error, file=sys.stderr)
        return None
    return bedside


def main(argv: list[str] | None = None) -> int:
    """Relay without a screen until SIGTERM or Ctrl-C; returns the exit code."""
    bedside = bedside_of(sys.argv[1:] if argv is None else argv)
    if bedside is None:
        return 2
    return run_plain(bedside)


def run_plain(bedside: Bedside) -> int:
    """Print what happens until a signal or its end; the exit code is 1 where a charger is not as
    its twin."""
    form = OUTPUT_FORMATS[bedside.settings.log_format].line
    code = until_signal(bedside, _BedsideReport(bedside), form, STOP_PATIENCE_S)
    comparing = bedside.comparing
    return code or int(comparing is not None and comparing.differing > 0)


def run_on(bedside: Bedside) -> int:
    """Go on with a relay whose screen has gone, until a signal or its end."""
    stopping = threading.Event()
    with signals_set(stopping):
        LOG.info("the terminal has gone, the relay goes on without it")
        while not stopping.is_set() and not bedside.wait(LOOK_S):
            pass
        bedside.stop(STOP_PATIENCE_S)
        LOG.info("%s", bedside.failure or "the relay has stopped")
    return bedside.exit_code if bedside.failure else 0


class _BedsideReport:
    """What is said: each event of each charger."""

    name = "the relay"

    def __init__(self, bedside: Bedside) -> None:
        self._bedside = bedside
        self._cursor = 0
        self._verdicts_cursor = 0

    def begin(self, out: Lines) -> None:
        csms = self._bedside.settings.csms_url
        whom = public_url(csms) if csms else "a CSMS of its own"
        out.say(self._bedside.now(), "start", f"The relay starts, CSMS {whom}. Ctrl-C ends it.")

    def look(self, out: Lines) -> None:
        self.catch_up(out)

    def catch_up(self, out: Lines) -> None:
        newest, events = self._bedside.events.since(self._cursor)
        if lost := newest - self._cursor - len(events):
            out.say(self._bedside.now(), "lost", f"{lost} lines not read in time and left out")
        self._cursor = newest
        for event in events:
            out.say(event.at, event.kind, event.text, event.connector_id, event.facts)
        self._verdicts(out)

    def _verdicts(self, out: Lines) -> None:
        """Each verdict, for whoever reads by program; a person has been told what differs."""
        comparing = self._bedside.comparing
        if comparing is None or self._bedside.settings.log_format != "json":
            return
        self._verdicts_cursor, verdicts = comparing.verdicts.since(self._verdicts_cursor)
        for event in verdicts:
            out.say(event.at, event.kind, event.text, event.connector_id, event.facts)

    def leave(self, out: Lines) -> None:
        """The relay ends at once."""

    def end(self, out: Lines) -> None:
        comparing = self._bedside.comparing
        for summary in comparing.summaries() if comparing is not None else ():
            out.say(self._bedside.now(), "twin", summary)
        out.say(self._bedside.now(), "end", "The relay has stopped.")


if __name__ == "__main__":
    raise SystemExit(through_the_door(main))
