"""Stretches of a line with as few changes of style as it takes to look the same.

Each change costs some twenty bytes on the way to the terminal, as much as the words between two of
them. What is blank has no colour but that of its ground, so it goes with its neighbour; what a
style carries for the mouse makes no difference to the eye.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from rich.color import Color
from rich.segment import Segment
from rich.style import Style


class _Seen(NamedTuple):
    """What the eye gets of a style."""

    ground: Color | None
    drawn: tuple[bool, ...]
    """What shows on a blank too: reversed, lines under, through and over it, blinking."""
    letters: tuple[object, ...]
    """What shows on letters alone."""


@lru_cache(1024)
def _seen(style: Style | None) -> _Seen:
    style = style or Style.null()
    lines = (style.underline, style.underline2, style.strike, style.overline)
    drawn = tuple(map(bool, (style.reverse, *lines, style.blink, style.blink2)))
    letters = (style.color, style.bold, style.dim, style.italic, style.conceal, style.link)
    return _Seen(style.bgcolor, drawn, letters)


def joined(segments: Iterable[Segment]) -> list[Segment]:
    """The same cells in fewer segments."""
    told: list[Segment] = []
    for segment in segments:
        if segment.control or not told or told[-1].control:
            told.append(segment)
            continue
        last = told[-1]
        before, after = _seen(last.style), _seen(segment.style)
        blank = _is_blank(segment.text) or _is_blank(last.text)
        like = before.ground == after.ground and before.drawn == after.drawn
        if before == after or (like and blank and not any(after.drawn)):
            style = segment.style if _is_blank(last.text) else last.style
            told[-1] = Segment(last.text + segment.text, style)
        else:
            told.append(segment)
    return told


def _is_blank(words: str) -> bool:
    return not words.strip(" ")
