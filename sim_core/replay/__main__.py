"""`chargeforge replay` without a screen: a line for each thing that happens, then the table."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from sim_core.errors import UserError
from sim_core.log_file import log_to_file
from sim_core.output_formats import OUTPUT_FORMATS
from sim_core.plain_lines import Lines, until_signal
from sim_core.redaction import one_line
from sim_core.replay import tables
from sim_core.replay.host import Replay, read_score
from sim_core.replay.options import ReplaySettings, without_traces
from sim_core.settings.loading import load_as
from sim_core.traces.report import sentences

PROG = "chargeforge replay"
STOP_PATIENCE_S = 8.0
MISUSED = 2


def replay_of(arguments: list[str]) -> Replay | int:
    """What the command line asks for; an exit code after a sentence about what is wrong."""
    traces, rest = without_traces(arguments)
    try:
        settings = load_as(ReplaySettings, rest, PROG)
        if len(traces) != 1:
            named = "Name the log to replay" if not traces else "One log at a time is replayed"
            print(f"{named}: {PROG} TRACE. `{PROG} --help` explains it.", file=sys.stderr)
            return MISUSED
        score, reading = read_score(Path(traces[0]), settings)
        for sentence in sentences(reading):
            print(one_line(sentence), file=sys.stderr)
        replay = Replay(settings, score)
        with settings.naming_sources():
            log_to_file(settings, replay.tell)
    except UserError as error:
        print(one_line(str(error)), file=sys.stderr)
        return MISUSED
    return replay


def main(argv: list[str] | None = None) -> int:
    """Replay without a screen; returns the exit code: 0 where the CSMS has answered as the one in
    the log, 1 where it has not, or not all was said, 2 where there is nothing to play."""
    replay = replay_of(sys.argv[1:] if argv is None else argv)
    return replay if isinstance(replay, int) else run_plain(replay)


def run_plain(replay: Replay) -> int:
    """Print what happens until the log is at its end, or a signal."""
    form = OUTPUT_FORMATS[replay.settings.log_format].line
    code = until_signal(replay, _Report(replay), form, STOP_PATIENCE_S)
    return code or told(replay)


def told(replay: Replay) -> int:
    """Say what was found out; returns the exit code."""
    findings = replay.findings
    if replay.settings.replay_json:
        print(json.dumps(tables.as_json(findings)))
    else:
        print(tables.whole(findings))
    return 1 if findings.differs or not findings.judged else 0


class _Report:
    """What is said: each event of the charger."""

    name = "the replay"

    def __init__(self, replay: Replay) -> None:
        self._replay = replay
        self._cursor = 0

    def begin(self, out: Lines) -> None:
        replay = self._replay
        if replay.settings.replay_json:
            return
        speed = replay.settings.replay_speed
        count = len(replay.score.sayings)
        out.say(
            replay.now(),
            "start",
            f"{replay.charge_point_id} says {count} requests again, {replay.score.length_s:.0f} s "
            f"of log at {speed:g} times its speed, CSMS {replay.csms}. Ctrl-C ends it.",
        )

    def look(self, out: Lines) -> None:
        self.catch_up(out)

    def catch_up(self, out: Lines) -> None:
        replay = self._replay
        if replay.settings.replay_json:
            return
        newest, events = replay.events.since(self._cursor)
        if lost := newest - self._cursor - len(events):
            out.say(replay.now(), "lost", f"{lost} lines not read in time and left out")
        self._cursor = newest
        for event in events:
            out.say(event.at, event.kind, event.text, event.connector_id, event.facts)

    def leave(self, out: Lines) -> None:
        """It ends at once."""

    def end(self, out: Lines) -> None:
        """The table says it."""


if __name__ == "__main__":
    from sim_core.standard_streams import through_the_door

    raise SystemExit(through_the_door(main))
