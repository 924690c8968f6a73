"""Play every trace of a folder to the twin and print what is the same: `python -m tests.twin`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sim_core.settings.model_file import load_model
from sim_core.traces.exchanges import Conversation, TraceError, conversations
from sim_core.traces.formats.form import CannotRead
from sim_core.traces.reading import read_file
from sim_core.twin import tables
from sim_core.twin.play import Make
from sim_core.twin.trial import trial

MODEL = "gresgying-f3-eu180"


def told_in(folder: Path) -> list[Conversation]:
    """The conversations of a folder's traces; what is none is said, and left out."""
    found: list[Conversation] = []
    for path in sorted(folder.glob("*.jsonl")):
        found += told_by(path)
    return found


def told_by(path: Path) -> list[Conversation]:
    """The conversations of a trace; none, and a sentence, where there is none in it."""
    try:
        return conversations(read_file(path).trace)
    except (TraceError, CannotRead, OSError) as error:
        print(f"{path.name}: {error}", file=sys.stderr)
        return []


def progress(done: int, of: int, what: str) -> None:
    """How far it is, on a line that is written over."""
    if sys.stderr.isatty():
        print(f"\r{done} of {of}: {what[:50]:<50}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Returns the exit code: 0 when everything is the same."""
    parser = argparse.ArgumentParser(prog="python -m tests.twin", description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder with traces, *.jsonl")
    parser.add_argument("--seeds", type=int, default=1, help="how often each is played (1)")
    parser.add_argument("--model", default=MODEL, help=f"a model's name or file ({MODEL})")
    parser.add_argument("--quirks", default="all", help="which of its quirks (all)")
    options = parser.parse_args()
    traces = told_in(options.folder)
    if not traces:
        print(f"There is no trace in {options.folder}.", file=sys.stderr)
        return 2
    make = Make(load_model(options.model), quirks=options.quirks)
    done = trial(traces, make, range(1, options.seeds + 1), progress)
    if sys.stderr.isatty():
        print("\r" + " " * 70, end="\r", file=sys.stderr)
    print(tables.delays(done.delays), tables.chances(done.chances), sep="\n\n", end="\n\n")
    print(f"order between lanes: the traces agree on {len(done.yardstick.orders)} pairs")
    print(tables.spread(done), end="\n\n")
    print(tables.scenes(done))
    return 1 if done.differing else 0


if __name__ == "__main__":
    raise SystemExit(main())
