"""A model file as it is written: every line with where it is known from.

What is not seen is a comment, with the default that stands in for it, so that whoever reads the
file knows which of it is this charger and which is not. A value that a model may not have is no
line: a comment says what it was.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

from sim_core.hardware.distribution import Distribution
from sim_core.redaction import one_line
from sim_core.settings.model_file import allowed, takes

NAMES_SHOWN = 2
NAME_WIDE = 24
WIDE = 100
BARE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")


@dataclass(frozen=True)
class Evidence:
    """Where something is known from."""

    seen: int
    of: int
    logs: tuple[str, ...] = ()
    note: str = ""

    def __str__(self) -> str:
        names = list(dict.fromkeys(self.logs))
        shown = ", ".join(
            name if len(name) <= NAME_WIDE else f"{name[: NAME_WIDE - 1]}…"
            for name in names[:NAMES_SHOWN]
        )
        if len(names) > NAMES_SHOWN:
            shown += f" and {len(names) - NAMES_SHOWN} more"
        words = [f"{self.seen} of {self.of}", shown, self.note]
        return one_line(", ".join(word for word in words if word))


@dataclass(frozen=True)
class Line:
    """`key = value  # evidence`; without a key a comment alone."""

    key: str
    value: object
    note: str


@dataclass
class Table:
    """A table of the file; `head` is what stands in its brackets."""

    head: str
    lines: list[Line] = field(default_factory=list)

    def add(self, key: str, value: object, evidence: Evidence | str) -> None:
        """A line."""
        self.lines.append(Line(key, value, comment(str(evidence))))

    def remark(self, text: str) -> None:
        """A comment on a line of its own."""
        self.lines.append(Line("", None, comment(text)))

    def learn(self, kind: type, key: str, value: object, evidence: Evidence | str) -> bool:
        """A line for a field of a model, if the model may have this; else a comment."""
        known: dict[str, Field[Any]] = {one.name: one for one in fields(kind)}
        if takes(known[key], value):
            self.add(key, value, evidence)
            return True
        shown = one_line(json.dumps(value, ensure_ascii=False, default=str))[:60]
        self.remark(f"{key}: {shown} was seen ({evidence}); a model takes {allowed(known[key])}")
        return False

    def unseen(self, kind: type, keys: Iterable[str] | None = None) -> None:
        """Comments for the fields that have no line: they are what they are without a log."""
        here = {line.key for line in self.lines}
        for one in fields(kind):
            wanted = keys is None or one.name in keys
            if not wanted or one.name in here or one.default is MISSING:
                continue
            if isinstance(one.default, (str, bool, int, float)):
                self.remark(f"{one.name} = {toml(one.default)}: not seen, the default")
            elif not any(line.note.startswith(f"{one.name}:") for line in self.lines):
                self.remark(f"{one.name}: not seen")


@dataclass
class Draft:
    """The whole file, in the order in which its tables were begun."""

    title: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def table(self, head: str) -> Table:
        """The table of this name, begun if it is not there yet."""
        for one in self.tables:
            if one.head == head and not head.startswith("["):
                return one
        self.tables.append(Table(head))
        return self.tables[-1]

    def text(self) -> str:
        """The file."""
        parts = ["".join(f"# {comment(line)}\n" for line in self.title)]
        for table in self.tables:
            if table.lines:
                body = "\n".join(map(_line, table.lines))
                parts.append(f"[{table.head}]\n{body}\n")
        return "\n".join(parts)


def comment(text: str) -> str:
    """A text as a comment may have it: on one line, and nothing in it that TOML does not take."""
    sound = one_line(text).encode("utf-8", "replace").decode()
    return "".join(one if one.isprintable() else "?" for one in sound)


def _line(line: Line) -> str:
    if not line.key:
        return f"# {line.note}"
    said = f"{key_text(line.key)} = {toml(line.value)}"
    if not line.note:
        return said
    return f"{said}  # {line.note}" if len(said) < WIDE else f"# {line.note}\n{said}"


def key_text(key: str) -> str:
    """A key of TOML, in quotes where it must be."""
    return key if key and set(key) <= BARE else text_of(key)


def head_of(*names: str) -> str:
    """What stands in the brackets of a table within a table."""
    return ".".join(map(key_text, names))


def text_of(text: str) -> str:
    """A text of TOML: that of JSON, without what no UTF-8 has."""
    sound = text.encode("utf-8", "replace").decode()
    return json.dumps(sound, ensure_ascii=False).replace("\x7f", "\\u007f")


def toml(value: object) -> str:
    """A value as TOML has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Distribution):
        points = (("median", value.median), ("p10", value.p10), ("p90", value.p90))
        bounds = (("least", value.least), ("most", value.most))
        inside = ", ".join(f"{name} = {number(at)}" for name, at in (*points, *bounds))
        return f"{{ {inside} }}"
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key_text(str(key))} = {toml(one)}" for key, one in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, str):
        return text_of(value)
    assert isinstance(value, Sequence)
    return f"[{', '.join(map(toml, value))}]"


def number(value: float) -> str:
    """A number with no more digits than it has."""
    if isinstance(value, int):
        return str(value)
    return f"{value:.6g}" if math.isfinite(value) and abs(value) < 1e6 else repr(value)
