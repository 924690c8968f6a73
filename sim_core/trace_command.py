"""`chargeforge trace`: look at a log of OCPP-J, write it in another form, take the secrets out.

The trace goes to stdout (or `--output`), what is said of the log to stderr, so that a pipe gets
nothing but frames. `show` says all of it on stdout.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path

from sim_core.command_line import Parser
from sim_core.errors import UserError
from sim_core.redaction import one_line
from sim_core.settings.spelling import guess
from sim_core.traces.formats.form import CannotRead
from sim_core.traces.formats.table import FORM, FORMS
from sim_core.traces.formats.writers import WRITER, WRITERS, on_one_line
from sim_core.traces.frames import Side, Trace, TraceFrame
from sim_core.traces.messages import CALL, CALLERROR
from sim_core.traces.reading import LARGEST, TOO_LARGE, Reading, read, read_file
from sim_core.traces.redaction import Redactor
from sim_core.traces.report import sentences
from sim_core.traces.stamps import zone_of

PROG = "chargeforge trace"
NARROWEST = 60
WORDS = {Side.CHARGER: "→", Side.CSMS: "←"}


def _form(name: str) -> str:
    if name in FORM:
        return name
    raise argparse.ArgumentTypeError(
        f"there is no form {name!r}{guess(name, FORM)} There are: {', '.join(FORM)}"
    )


def _writer(name: str) -> str:
    if name in WRITER:
        return name
    raise argparse.ArgumentTypeError(
        f"nothing can be written as {name!r}{guess(name, WRITER)} There are: {', '.join(WRITER)}"
    )


def _zone(name: str) -> tzinfo:
    zone = zone_of(name)
    if zone is None:
        raise argparse.ArgumentTypeError(
            f"{name!r} is no time zone: Europe/Berlin is one, and +02:00, and UTC"
        )
    return zone


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=PROG,
        allow_abbrev=False,
        description="Logs of OCPP-J, whoever has written them: look at one, write it in another "
        "form, take the secrets out so that it can be given away.",
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    reads = Parser(add_help=False, allow_abbrev=False)
    reads.add_argument(
        "files", nargs="+", metavar="FILE", help="a log; - is what comes in on stdin"
    )
    reads.add_argument(
        "--from",
        dest="form",
        type=_form,
        metavar="FORM",
        help="the form that it has; without it that is told by what is in it",
    )
    reads.add_argument(
        "--charge-point", metavar="ID", help="only the frames of this one, where it has several"
    )
    reads.add_argument(
        "--timezone",
        type=_zone,
        metavar="ZONE",
        help="of times that have none: Europe/Berlin, +02:00; without it what the CSMS answers as "
        "its currentTime tells it",
    )
    writes = Parser(add_help=False, allow_abbrev=False)
    writes.add_argument(
        "--to",
        type=_writer,
        default="jsonl",
        metavar="FORM",
        help="the form to write, without it jsonl, ChargeForge's own: "
        + "; ".join(f"{writer.name}: {writer.title}" for writer in WRITERS),
    )
    writes.add_argument(
        "--output", metavar="FILE", default="-", help="where to; without it, or with -, to stdout"
    )
    forms = "forms that are read, for --from:\n" + "\n".join(
        f"  {form.name:<16}{form.title}" for form in FORMS
    )
    for name, parents, about in (
        ("show", [reads], "every frame on a line, and what was left out of the log and why"),
        ("convert", [reads, writes], "write the frames in another form"),
        ("redact", [reads, writes], "the same without cards, serials, hosts, keys, places"),
    ):
        commands.add_parser(
            name,
            parents=parents,
            allow_abbrev=False,
            help=about,
            description=f"{about[:1].upper()}{about[1:]}.",
            epilog=forms,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit code: 1 where there is nothing to read, or no place to
    write, 2 for what makes no sense."""
    options = _parser().parse_args(sys.argv[1:] if argv is None else argv)
    try:
        readings = [_read(name, options) for name in options.files]
        if options.command == "show":
            _show(readings)
        else:
            _write(readings, options)
    except (CannotRead, UserError) as error:
        print(one_line(str(error)), file=sys.stderr)
        return 1
    return 0


def _read(name: str, options: argparse.Namespace) -> Reading:
    progress = _Progress(name)
    try:
        if name != "-":
            return read_file(
                Path(name),
                form=options.form,
                timezone=options.timezone,
                charge_point=options.charge_point,
                progress=progress,
            )
        data = sys.stdin.buffer.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise CannotRead(f"What comes in on stdin {TOO_LARGE}")
        return read(
            data,
            "stdin",
            form=options.form,
            timezone=options.timezone,
            charge_point=options.charge_point,
            progress=progress,
        )
    except OSError as error:
        raise CannotRead(f"{name} cannot be read: {error.strerror or error}.") from None
    finally:
        progress.end()


class _Progress:
    """Says on a terminal how far a long log has been read."""

    def __init__(self, name: str) -> None:
        self._name = one_line(name)
        self._shown = ""

    def __call__(self, line: int, lines: int) -> None:
        shown = f"{self._name}: {min(100, 100 * line // max(1, lines))} %"
        if shown != self._shown and sys.stderr.isatty():
            self._shown = shown
            print(f"\r{shown}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line as it was."""
        if self._shown:
            print(f"\r{' ' * len(self._shown)}\r", end="", file=sys.stderr, flush=True)


def _together(readings: list[Reading]) -> Trace:
    """The frames of all files: by their times, where each has one, else one file after another."""
    first = readings[0].trace
    frames = [frame for reading in readings for frame in reading.trace.frames]
    if len(readings) > 1 and all(frame.at for frame in frames):
        frames.sort(key=lambda frame: frame.at.timestamp() if frame.at else 0.0)
    versions = [reading.trace.ocpp_version for reading in readings]
    return replace(
        first, frames=tuple(frames), ocpp_version=next((one for one in versions if one), "")
    )


# -- convert and redact ----------------------------------------------------------------------------


def _write(readings: list[Reading], options: argparse.Namespace) -> None:
    trace = _together(readings)
    if options.command == "redact":
        trace = Redactor().trace(trace)
    lines = WRITER[options.to].lines(trace)
    if options.output == "-":
        for line in lines:
            sys.stdout.write(line + "\n")
    else:
        _to_file(options, lines)
    for name, reading in zip(options.files, readings, strict=True):
        for place, sentence in enumerate(sentences(reading)):
            about = f"{name}: " if place == 0 else "  "
            print(one_line(about + sentence), file=sys.stderr)


def _to_file(options: argparse.Namespace, lines: Iterator[str]) -> None:
    path = Path(options.output)
    try:
        for name in options.files:
            if name != "-" and path.exists() and path.samefile(name):
                raise UserError(f"{options.output} is what is read: name another file to write.")
        with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines(line + "\n" for line in lines)
    except OSError as error:
        raise UserError(f"{options.output} cannot be written: {error.strerror or error}.") from None


# -- show ------------------------------------------------------------------------------------------


def _show(readings: list[Reading]) -> None:
    width = None
    if sys.stdout.isatty():
        width = max(NARROWEST, shutil.get_terminal_size().columns)
    for place, reading in enumerate(readings):
        if place:
            print()
        print(one_line(reading.trace.name))
        for sentence in sentences(reading):
            print(one_line(sentence))
        print()
        for line in _rows(reading.trace, width):
            print(line)


def _rows(trace: Trace, width: int | None) -> Iterator[str]:
    """Every frame on a line, no longer than that."""
    several = len(trace.charge_points) > 1
    whose = max((len(one_line(name)) for name in trace.charge_points), default=0)
    number = len(str(max((frame.line for frame in trace.frames), default=0)))
    asked: dict[tuple[str, str], str] = {}
    for frame in trace.frames:
        parts = [f"{frame.line:>{number}}"]
        parts.append(
            f"{frame.at:%Y-%m-%d %H:%M:%S}.{frame.at.microsecond // 1000:03}Z"
            if frame.at
            else "(no time)               "
        )
        if several:
            parts.append(f"{one_line(frame.charge_point):<{whose}}")
        parts += [WORDS[frame.sent_by], _said(frame, asked)]
        line = one_line("  ".join(parts))
        yield line if width is None or len(line) <= width else f"{line[: width - 1]}…"


def _said(frame: TraceFrame, asked: dict[tuple[str, str], str]) -> str:
    kind, message_id = frame.message[0], str(frame.message[1])
    if kind == CALL:
        action = str(frame.message[2])
        asked[frame.charge_point, message_id] = action
        return f"{action:<24} {_behind(frame, 3)}"
    action = asked.get((frame.charge_point, message_id), "(no request)")
    how = "error" if kind == CALLERROR else "ok"
    return f"  {action:<16} {how:<5} {_behind(frame, 2)}"


def _behind(frame: TraceFrame, parts: int) -> str:
    """What stands in a frame behind its id and its action, as it was spelt."""
    text = on_one_line(frame)
    commas = 0
    depth = in_string = 0
    escaped = False
    for place, one in enumerate(text):
        if in_string:
            if escaped:
                escaped = False
            elif one == "\\":
                escaped = True
            elif one == '"':
                in_string = 0
        elif one == '"':
            in_string = 1
        elif one in "[{":
            depth += 1
        elif one in "]}":
            depth -= 1
        elif one == "," and depth == 1:
            commas += 1
            if commas == parts:
                return text[place + 1 : -1].strip()
    return ""
