"""What a form finds in a file, before it is known in which order and in which zone it was written.

A form gives entries: the text of a frame, and what the log says around it. What it leaves out it
notes, with a reason and the line, so that whoever reads a log learns what is not there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sim_core.traces.frames import Side

SHOWN_LINES = 5
"""How many lines a note names."""


@dataclass(frozen=True)
class Entry:
    """A frame as a form has found it."""

    message: tuple[Any, ...]
    text: str
    line: int
    """Where it begins, from 1."""
    at: datetime | None = None
    """As the log has it: naive where it has no zone."""
    sent_by: Side | None = None
    """None where the log does not say it in words that are known."""
    charge_point: str = ""
    way: str = ""
    """What the log says of the direction, where `sent_by` does not: a word or an arrow."""


@dataclass
class Note:
    """Why something was left out, or what was done to it, how often and where."""

    count: int = 0
    lines: list[int] = field(default_factory=list)


class Notes:
    """What is said of a file beside its frames."""

    def __init__(self) -> None:
        self.left_out: dict[str, Note] = {}
        """What is no frame here: a reason in words, and where."""
        self.used: set[int] = set()
        """Lines that belong to a frame, or to something that was left out for a reason."""
        self.heads: Counter[str] = Counter()
        """By form, how many frames it has told by its own words."""
        self.mended = Note()
        """Frames that were read only after something had been put right."""
        self.ocpp_version = ""
        self.timezone = ""
        self.packets = 0
        """How many packets a capture has; 0: it is no capture, it has lines."""
        self.keeps_order = False
        """The file is in order, whatever its times say."""
        self.keeps_copies = False
        """What is there twice was on the wire twice."""
        self.sorts = False
        """The file has the two directions apart: its times say the order."""

    def leave_out(self, why: str, line: int) -> None:
        """Note something that does not become a frame."""
        note = self.left_out.setdefault(why, Note())
        note.count += 1
        if len(note.lines) < SHOWN_LINES and line:
            note.lines.append(line)
        self.used.add(line)

    def use(self, first: int, last: int) -> None:
        """Note lines that belong to a frame."""
        self.used.update(range(first, last + 1))

    def mend(self, line: int) -> None:
        """Note a frame that was put right."""
        self.mended.count += 1
        if len(self.mended.lines) < SHOWN_LINES:
            self.mended.lines.append(line)


@dataclass(frozen=True)
class Source:
    """A file that is read."""

    name: str
    data: bytes
    text: str
    """The same as text; empty where it is none."""

    def lines(self) -> Iterator[tuple[int, str]]:
        """Its lines without their ends, counted from 1."""
        number = 0
        start = 0
        text = self.text
        while start < len(text):
            end = text.find("\n", start)
            if end < 0:
                end = len(text)
            number += 1
            yield number, text[start:end].rstrip("\r")
            start = end + 1
