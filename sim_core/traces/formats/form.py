"""What a form is: its name, how it is told from others, and who reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sim_core.traces.entries import Entry, Notes, Source


@dataclass(frozen=True)
class Form:
    """A form that people's logs come in."""

    name: str
    """As `--from` has it."""
    title: str
    """What writes it, in words."""
    example: str
    """A line of it, for the table in the docs."""
    told_by: Callable[[Source], bool]
    """Whether a file is surely of this form, from its beginning."""
    read: Callable[[Source, Notes], Iterator[Entry]]
    """The frames of a file in the order in which it has them. Raises CannotRead."""
    remarks: str = ""
    """What is special about it, for the table in the docs."""


class CannotRead(ValueError):  # noqa: N818 - it is a sentence for people
    """A file cannot be read as this form; the text is a sentence that says what to do."""


@dataclass(frozen=True)
class UnreadForm:
    """A form that is known, and from which no frames can be had."""

    title: str
    told_by: Callable[[Source], bool]
    why: str
    """A sentence: why, and what to do in its place."""
