"""`chargeforge compare`: traces of a real charger beside a simulated one, frame by frame.

What the charger was given is read off each trace; the model is given the same, with several seeds,
and what both have said is compared. Two logs without a model are held against each other. The table
goes to stdout, how far it is and what was left out to stderr.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim_core.command_line import Parser, live_line
from sim_core.errors import UserError
from sim_core.redaction import one_line
from sim_core.settings.model_file import chosen_quirks, load_model
from sim_core.traces.comparison.between import between
from sim_core.traces.exchanges import Conversation, TraceError, conversations
from sim_core.traces.formats.form import CannotRead
from sim_core.traces.reading import read_file
from sim_core.twin import tables, two_logs
from sim_core.twin.cases import Case
from sim_core.twin.play import Make
from sim_core.twin.trial import Trial, trial

PROG = "chargeforge compare"
MODEL = "gresgying-f3-eu180"
SEEDS, MOST_SEEDS = 3, 1000
WIDTH = 50


def _seeds(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_SEEDS:
        raise argparse.ArgumentTypeError(f"seeds are a whole number from 1 to {MOST_SEEDS}")
    return int(text)


def parser(prog: str = PROG) -> argparse.ArgumentParser:
    """The command line."""
    made = Parser(
        prog=prog,
        allow_abbrev=False,
        description="Play what happened to a real charger to a simulated one, and say where they "
        "differ; or, for two logs without a --model, hold these against each other: what is new in "
        "the second, gone, slower. The exit code is 0 when nothing differs.",
    )
    made.add_argument("traces", nargs="+", metavar="TRACE", help="logs of OCPP-J 1.6, or folders")
    made.add_argument(
        "--model", help=f"the model that plays: name or file (for other than two logs {MODEL})"
    )
    made.add_argument(
        "--seeds", type=_seeds, default=SEEDS, metavar="N", help=f"play each N times ({SEEDS})"
    )
    made.add_argument("--quirks", default="all", help="which habits of the model: all, none, names")
    made.add_argument("--from", dest="form", help="the form of the logs; see chargeforge trace")
    made.add_argument("--json", action="store_true", help="one JSON object in place of the tables")
    made.add_argument(
        "--junit", type=Path, metavar="FILE", help="write the result as JUnit XML, too"
    )
    return made


def main(argv: Sequence[str] | None = None, prog: str = PROG) -> int:
    """Returns the exit code: 0 when nothing differs, 1 when something does, 2 where there is
    nothing to compare."""
    options = parser(prog).parse_args(argv)
    if options.model is None and len(options.traces) == 2:
        return _two_logs(options)
    try:
        make = Make(load_model(options.model or MODEL), quirks=options.quirks)
        chosen_quirks(options.quirks, make.model)
    except UserError as error:
        print(one_line(str(error)), file=sys.stderr)
        return 2
    told = [one for name in options.traces for one in told_in(Path(name), options.form)]
    if not told:
        print("There is no trace to compare with.", file=sys.stderr)
        return 2
    done = trial(told, make, range(1, options.seeds + 1), progress)
    progress(0, 0, "")
    for remark in done.remarks:
        print(one_line(remark), file=sys.stderr)
    print(json.dumps(as_json(done)) if options.json else tables.whole(done))
    if options.junit is not None and not _junit(options.junit, _cases(done)):
        return 2
    if not done.results:
        return 2
    return 1 if done.differing else 0


def _two_logs(options: argparse.Namespace) -> int:
    """Hold two logs, or folders of them, against each other."""
    before, after = (told_in(Path(name), options.form) for name in options.traces)
    if not before or not after:
        print("There is nothing to compare: both logs must be read.", file=sys.stderr)
        return 2
    for told in (*before, *after):
        for remark in told.remarks:
            print(one_line(f"{told.name}: {remark}"), file=sys.stderr)
    found = between(before, after)
    print(json.dumps(two_logs.as_json(found)) if options.json else two_logs.whole(found))
    name = " -> ".join(Path(name).stem for name in options.traces)
    if options.junit is not None and not _junit(options.junit, two_logs.cases(found, name)):
        return 2
    if not found.common:
        return 2
    return 1 if found.differs else 0


def _cases(done: Trial) -> Iterator[Case]:
    """A test case for each scene under each seed."""
    for result in done.results:
        said = f"{result.equal} of {result.frames} frames are equal"
        yield Case(result.name, f"seed {result.seed}", result.whys, said)


def _junit(path: Path, cases: Iterable[Case]) -> bool:
    from sim_core.twin import junit

    try:
        junit.write(path, cases)
    except UserError as error:
        print(one_line(str(error)), file=sys.stderr)
        return False
    return True


def told_in(path: Path, form: str | None = None) -> list[Conversation]:
    """The conversations of a log, or of those in a folder (its .jsonl where it has any, else every
    file); what is none is said, and left out."""
    if not path.is_dir():
        return _told(path, form)
    inside = sorted(path.glob("*.jsonl")) or sorted(p for p in path.iterdir() if p.is_file())
    return [one for file in inside for one in _told(file, form)]


def _told(path: Path, form: str | None) -> list[Conversation]:
    try:
        trace = read_file(path, form=form).trace
        return conversations(replace(trace, name=path.stem.removeprefix("trace-")))
    except OSError as error:
        said = f"{path} cannot be read: {error.strerror or error}."
    except (CannotRead, TraceError) as error:
        said = str(error)
    print(one_line(said), file=sys.stderr)
    return []


def progress(done: int, of: int, what: str) -> None:
    """How far it is, on a line that is written over; nothing where nobody looks."""
    live_line(f"{done} of {of}: {one_line(what)[:WIDTH]}" if of else "", WIDTH + 20)


def as_json(done: Trial) -> dict[str, Any]:
    """The same for a machine."""
    return {
        "frames": done.frames,
        "equal": done.equal,
        "differing": done.differing,
        "seeds": done.seeds,
        "scenes": [
            {
                "trace": result.name,
                "seed": result.seed,
                "frames": result.frames,
                "equal": result.equal,
                "differing": result.differing,
                "why": dict(result.whys),
            }
            for result in done.results
        ],
        "delays": [
            {
                "what": row.what,
                "real": [round(value, 3) for value in row.real],
                "twin": [round(value, 3) for value in row.twin],
                "differs": bool(row.figure and row.figure.differs),
            }
            for row in done.delays
        ],
        "chances": [
            {"what": row.what, "real": row.real, "twin": row.twin, "differs": row.differs}
            for row in done.chances
        ],
        "remarks": done.remarks,
    }


if __name__ == "__main__":
    raise SystemExit(main())
