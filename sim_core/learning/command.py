"""`chargeforge learn`: a model file of a charger that one does not own, out of its logs.

The file goes to `--output` (or to stdout), what was left out and what can be done next to stderr.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sim_core.command_line import Parser
from sim_core.errors import UserError
from sim_core.from_settings import why_no_key
from sim_core.learning.heard import Log, logs_of
from sim_core.learning.learner import learn
from sim_core.redaction import one_line
from sim_core.settings.model_file import load_model
from sim_core.traces.exchanges import TraceError
from sim_core.traces.formats.form import CannotRead
from sim_core.traces.formats.table import FORM
from sim_core.traces.reading import read_file
from sim_core.twin.command import progress

PROG = "chargeforge learn"


def _parser() -> argparse.ArgumentParser:
    made = Parser(
        prog=PROG,
        allow_abbrev=False,
        description="A model file of a charger, out of logs of what it has said. Behind each line "
        "stands how often that was seen, and where; what was not seen stays as it is by default.",
        epilog="Then: chargeforge compare TRACE --model my-charger.toml says how good it is, and "
        "chargeforge --model my-charger.toml runs it.",
    )
    made.add_argument("traces", nargs="+", metavar="TRACE", help="logs of OCPP-J 1.6, or folders")
    made.add_argument("--output", metavar="FILE", default="-", help="the model file to write")
    made.add_argument("--force", action="store_true", help="write over a file that is there")
    made.add_argument(
        "--charge-point", metavar="ID", help="only what this one has said, where there are several"
    )
    made.add_argument(
        "--from", dest="form", choices=FORM, metavar="FORM", help="see chargeforge trace"
    )
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Returns the exit code: 1 where there is nothing to learn from, or no place to write."""
    options = _parser().parse_args(argv)
    try:
        output = _output(options)
        logs = [log for name in options.traces for log in _logs(Path(name), options)]
        if not logs:
            raise UserError("There is nothing to learn from: no log has a frame of a charge point.")
        text = learn(logs, why_no_key, progress).text()
        progress(0, 0, "")
        if output is None:
            sys.stdout.write(text)
            return 0
        output.write_text(text, "utf-8")
        load_model(str(output))
    except OSError as error:
        print(f"{options.output} cannot be written: {error.strerror or error}.", file=sys.stderr)
        return 1
    except UserError as error:
        print(one_line(str(error)), file=sys.stderr)
        return 1
    shown = one_line(options.output)
    told = "one log tells" if len(logs) == 1 else f"{len(logs)} logs tell"
    print(
        f"{shown} is what {told}. `chargeforge compare {one_line(options.traces[0])}"
        f" --model {shown}` says how good it is.",
        file=sys.stderr,
    )
    return 0


def _output(options: argparse.Namespace) -> Path | None:
    if options.output == "-":
        return None
    path = Path(options.output)
    if path.exists() and not options.force:
        raise UserError(f"{options.output} is there already: name another file, or add --force.")
    if not path.parent.is_dir():
        raise UserError(f"{path.parent} is no folder: make it first.")
    return path


def _logs(path: Path, options: argparse.Namespace) -> list[Log]:
    """The logs of a file, or of those in a folder; what is none is said, and left out."""
    if path.is_dir():
        inside = sorted(path.glob("*.jsonl")) or sorted(p for p in path.iterdir() if p.is_file())
        return [log for file in inside for log in _logs(file, options)]
    try:
        trace = read_file(path, form=options.form, charge_point=options.charge_point).trace
        return logs_of(path.stem.removeprefix("trace-"), trace)
    except OSError as error:
        said = f"{path} cannot be read: {error.strerror or error}."
    except (CannotRead, TraceError) as error:
        said = str(error)
    print(one_line(said), file=sys.stderr)
    return []


if __name__ == "__main__":
    raise SystemExit(main())
