"""The reader of all logs that have a frame somewhere in a line.

Most programs write a time, a word for the direction and the frame, each in its own way. What such a
form is, is a table of its *heads*: what stands right before the frame. One reader takes them all,
because people paste several logs into one file, and cut the heads off; a frame that no head tells
is still taken, with whatever word or arrow stands before it (`sim_core.traces.directions`).

The wrappers of journald, docker and e-mail stand further in front and need not be known where a
frame begins; where a frame goes on in the next line they are taken off.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sim_core.traces import stamps
from sim_core.traces.entries import Entry, Notes, Source
from sim_core.traces.frames import Side
from sim_core.traces.mending import from_python, mended, python_value
from sim_core.traces.messages import (
    ABRIDGED,
    BEGINS,
    CUT_OFF,
    CUT_SHORT,
    NOT_JSON,
    TOO_LONG,
    Gathering,
    NotAMessage,
    Read,
    read_at,
    read_whole,
)
from sim_core.traces.wrappers import ESCAPES, behind, behind_number


@dataclass(frozen=True)
class Head:
    """What a program writes before a frame. In `pattern` `way` is the word for the direction and
    `cp` the charge point; it ends where the frame begins."""

    form: str
    pattern: re.Pattern[str]
    sides: Mapping[str, Side]
    abridges: bool = False
    """The program cuts long frames, and says how long they were."""
    time_behind: bool = False
    """The time stands behind the frames."""


def head(
    form: str,
    pattern: str,
    sides: Mapping[str, Side],
    *,
    abridges: bool = False,
    time_behind: bool = False,
) -> Head:
    """A head by what stands right before the frame."""
    return Head(form, re.compile(rf"(?:{pattern})\s*\Z"), sides, abridges, time_behind)


FROM_CSMS = {"recv": Side.CHARGER, "send": Side.CSMS, "sent": Side.CSMS}
"""As the words mean where it is the CSMS that writes the log."""

BEFORE = 400
"""How much of a line before a frame is looked at."""
MOST_LINES = 20_000
"""Of one frame."""
LEAST_PATIENCE, TIMES = 1_000_000, 4
"""So many characters, and so many times all of the file, are gathered for frames that come to
nothing; then a frame that is not whole in its line is none."""
MOST_FAILURES = 32
"""How often in one line something may look like a frame and be none."""

ANOTHER_LINE = re.compile(
    r"\s*(?:\[[\w./ -]{1,30}\]\s+(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\b"
    r"|(?:\[?\w+\s?\]?\s+)?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d\S*\s+[\[(A-Z]"
    r"|(?:TRACE|DEBUG|INFO|WARN|WARNING|ERROR)[: ])"
)
"""How a line begins that a frame does not go on in: it is of another part of the program."""
WAY = re.compile(
    r"(?<![A-Za-z])(recv|received?|receiving|rx|incoming|inbound|in|from|sent|send|sending|tx|"
    r"outgoing|outbound|out|to|request|response)(?![A-Za-z])|(<[-=<]+|[-=>]+>|<|>|[→←⇒⇐])",
    re.IGNORECASE,
)
LOOKS_LIKE_ONE = re.compile(r"\[\s*[234]\s*,\s*(?:[\"'\\]|[A-Za-z0-9]+, ?[A-Z\"'{])")
"""An array of two numbers is no frame that went wrong."""
TYPESET = re.compile("[\u201c\u201d\u201e\u201f]")
"""The quotes that a word processor makes of plain ones."""
NO_BREAK = "\u00a0"
TEXT_OR_NO_BREAK = re.compile(rf'"(?:[^"\\]|\\.)*"|{NO_BREAK}')
ESCAPED = re.compile(r'\[\s*\d\s*,\s*\\+"')
PYTHON_TEXT = re.compile(r"b?(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", re.DOTALL)
IN_A_TABLE = re.compile(r'\[\s*\d\s*,\s*""(?=[^,\]\s"])')
"""In a cell of CSV each quote is there twice."""
BYTES_BEHIND = re.compile(r"\s*\[(\d+) bytes")
JSON_TEXT = re.compile(r'(?:[^"\\]|\\.)*"')
DOUBLED = re.compile(r'(?:[^"]|"")*"(?!")')


class LineReader:
    """Reads one file by a set of heads."""

    def __init__(self, source: Source, notes: Notes, heads: Sequence[Head]) -> None:
        self._typeset: set[int] = set()
        self._lines = [self._clean(number, line) for number, line in source.lines()]
        self._notes = notes
        self._heads = list(heads)
        self._patience = LEAST_PATIENCE + TIMES * len(source.text)
        self._with_head: dict[int, bool] = {}

    def _clean(self, number: int, line: str) -> str:
        if "\x1b" in line:
            line = ESCAPES.sub("", line)
        if "&quot;" in line or "&#34;" in line:
            line = html.unescape(line)
        if not line.isascii() and '"' not in line and TYPESET.search(line):
            self._typeset.add(number)
            line = TYPESET.sub('"', line)
        if NO_BREAK in line:  # a page has it in the place of blanks; a text of its own keeps it
            line = TEXT_OR_NO_BREAK.sub(
                lambda found: " " if found[0] == NO_BREAK else found[0], line
            )
        return line.replace("\x00", "") if "\x00" in line else line

    def entries(self) -> Iterator[Entry]:
        """The frames, in the order of the lines."""
        place = 0
        while place < len(self._lines):
            place = yield from self._line(place)

    def _line(self, place: int) -> Generator[Entry, None, int]:
        """The frames that begin in a line; returns the place of the next line to look at."""
        line = self._lines[place]
        number = place + 1
        start = at = failures = 0
        while failures < MOST_FAILURES and (found := BEGINS.search(line, at)) is not None:
            begin = found.start()
            before = line[max(start, begin - BEFORE) : begin]
            known = self._head(before)
            if (
                known is None
                and found.end() == len(line)
                and found[0].strip() == "["
                and (before.strip())
            ):
                break  # a bracket at the end of a line of something else
            try:
                read, text, last, end = self._frame(place, begin, known)
            except NotAMessage as error:
                failures += 1
                if known is not None or LOOKS_LIKE_ONE.match(line, begin):
                    self._notes.leave_out(str(error), number)
                at = found.start() + 1
                continue
            self._notes.use(number, last + 1)
            if number in self._typeset:
                self._notes.mend(number)
            yield self._entry(
                read, text, number, known, before, line[end:] if last == place else ""
            )
            if last > place:
                if BEGINS.search(self._lines[last], end):
                    self._lines[last] = self._lines[last][end:]
                    return last
                return last + 1
            start = at = end
        return place + 1

    def _head(self, before: str) -> tuple[Head, re.Match[str]] | None:
        for place, one in enumerate(self._heads):
            if (found := one.pattern.search(before)) is not None:
                if place:  # the next frame has the same
                    self._heads.insert(0, self._heads.pop(place))
                return one, found
        return None

    def _entry(
        self,
        read: Read,
        text: str,
        number: int,
        known: tuple[Head, re.Match[str]] | None,
        before: str,
        behind: str,
    ) -> Entry:
        at = stamps.find(before, last=True)
        if at is None and (known[0].time_behind if known else not BEGINS.search(behind)):
            at = stamps.find(behind)
        if known is None:
            words = WAY.findall(before[-80:])
            way = "".join(words[-1]).lower() if words else ""
            return Entry(read.message, text, number, at, way=way)
        one, found = known
        self._notes.heads[one.form] += 1
        groups = found.groupdict()
        side = one.sides.get((groups.get("way") or "").strip().lower())
        return Entry(
            read.message,
            text,
            number,
            at,
            side,
            (groups.get("cp") or "").strip(),
        )

    # -- one frame, in whatever way it is written --------------------------------------------------

    def _frame(
        self, place: int, begin: int, known: tuple[Head, re.Match[str]] | None
    ) -> tuple[Read, str, int, int]:
        """(message, its text, the place of its last line, where it ends there)."""
        line = self._lines[place]
        if ESCAPED.match(line, begin):
            return self._escaped(place, begin)
        quote = line[begin - 1] if begin else ""
        if IN_A_TABLE.match(line, begin):
            found = DOUBLED.match(line, begin)
            written_once = (found[0][:-1] if found else line[begin:]).replace('""', '"')
            read = read_at(written_once)
            if read is None:
                raise NotAMessage(CUT_OFF)
            return read, written_once[: read.end], place, found.end() if found else len(line)
        if quote in ("'", '"') and (written := self._in_quotes(line, begin, known)) is not None:
            return Read(read_whole(written[0]), written[1]), written[0].strip(), place, written[1]
        try:
            read = read_at(line, begin)
        except NotAMessage as error:
            put_right = mended(line[begin:]) if "\t" in line else from_python(line, begin)
            if put_right is None:
                raise error
            message = read_whole(put_right)
            self._notes.mend(place + 1)
            return Read(message, len(line)), put_right, place, len(line)
        if read is not None:
            return read, line[begin : read.end], place, read.end
        return self._over_lines(place, begin)

    def _in_quotes(
        self, line: str, begin: int, known: tuple[Head, re.Match[str]] | None
    ) -> tuple[str, int] | None:
        """A frame within a string of Python, or of a table. Returns its text and where
        the string ends; None where it is none of them."""
        quote = line[begin - 1]
        start = begin - 2 if line[begin - 2 : begin - 1] == "b" else begin - 1
        if known is not None and known[0].abridges:
            found = PYTHON_TEXT.match(line, start)
            if found is None:
                raise NotAMessage(CUT_SHORT if ABRIDGED.search(line, begin) else CUT_OFF)
            text = _of_python(found[0])
            size = BYTES_BEHIND.match(line, found.end())
            if size is not None and int(size[1]) != len(text.encode("utf-8", "replace")):
                raise NotAMessage(CUT_SHORT)
            return text, found.end()
        if quote == "'":
            found = PYTHON_TEXT.match(line, start)
            return (_of_python(found[0]), found.end()) if found else None
        return None

    def _escaped(self, place: int, begin: int) -> tuple[Read, str, int, int]:
        """A frame within a string of JSON, as programs write that log in JSON."""
        found = JSON_TEXT.match(self._lines[place], begin)
        if found is None:
            raise NotAMessage(CUT_OFF)
        try:
            text = str(json.loads(f'"{found[0]}'))
        except ValueError:
            raise NotAMessage(NOT_JSON) from None
        read = read_at(text)
        if read is None:
            raise NotAMessage(CUT_OFF)
        return read, text[: read.end], place, found.end()

    def _over_lines(self, place: int, begin: int) -> tuple[Read, str, int, int]:
        """A frame that goes on in the next lines, until its brackets are closed."""
        gathering = Gathering()
        last, at, end = place, begin, None
        while True:
            line = self._lines[last]
            if last > place:
                numbered = behind_number(line, self._lines[place], last - place)
                at = numbered + behind(line[numbered:])
                if self._has_head(last):
                    break
            if last == place or not ANOTHER_LINE.match(line, at):
                ended = gathering.add(line[at:])
                if ended is not None:
                    end = at + ended
                    break
            last += 1
            if (
                gathering.too_long
                or last - place >= MOST_LINES
                or last >= len(self._lines)
                or gathering.length > self._patience
            ):
                break
        if end is None:
            self._patience -= gathering.length
            cut = ABRIDGED.search(self._lines[place], begin)
            raise NotAMessage(TOO_LONG if gathering.too_long else CUT_SHORT if cut else CUT_OFF)
        text = gathering.text
        try:
            return Read(read_whole(text), end), text, last, end
        except NotAMessage:
            self._patience -= gathering.length
            if (put_right := mended(text)) is not None and "\t" in text:
                self._notes.mend(place + 1)
                return Read(read_whole(put_right), end), put_right, last, end
            raise

    def _has_head(self, place: int) -> bool:
        """Whether another frame begins in a line."""
        if (known := self._with_head.get(place)) is None:
            line = self._lines[place]
            found = BEGINS.search(line)
            known = found is not None and (
                self._head(line[max(0, found.start() - BEFORE) : found.start()]) is not None
            )
            self._with_head[place] = known
        return known


def _of_python(literal: str) -> str:
    """The text of a string or of bytes as Python writes them."""
    try:
        value = python_value(literal)
    except ValueError:
        raise NotAMessage(NOT_JSON) from None
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
