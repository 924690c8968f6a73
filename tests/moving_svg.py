"""Pictures of a terminal, one after the other, as one SVG that moves by itself.

Most of a screen stands still from one picture to the next. So the SVG has each stretch of text
once, at its place, and says when it is seen; stretches that are seen at the same times share one
animation. It needs no script, so that it moves where a document shows it as an image, and where
somebody wants nothing to move, or nothing can, one picture stands still.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

CELL_W, CELL_H, BASELINE = 12.2, 24.4, 18.5
"""Units of a cell, and how far below its top the text stands: those of the pictures beside it."""
MARGIN, TITLE_H = 9.0, 41.0
FONT_SIZE = 20
FRAME, TITLE = "#292929", "#c5c8c6"
BUTTONS = ("#ff5f57", "#febc2e", "#28c840")
GAP = re.compile(r" {2,}")


@dataclass(frozen=True)
class Frame:
    """What the screen showed, row by row, and for how long it is seen."""

    rows: Sequence[Sequence[Segment]]
    seconds: float


@dataclass(frozen=True)
class Look:
    """How a stretch of text is written."""

    colour: str
    bold: bool


@dataclass(frozen=True, order=True)
class Stretch:
    """A part of a row that looks the same throughout: text, or without text its ground."""

    row: int
    column: int
    cells: int
    text: str
    look: str
    """The class of the text, or the colour of the ground."""


def moving_svg(frames: Sequence[Frame], poster: int, title: str) -> str:
    """The frames, over and over; the one with the number `poster` is the one that stands still."""
    looks: dict[Look, str] = {}
    ground = _ground(frames[0])
    seen: dict[Stretch, list[int]] = defaultdict(list)
    for number, frame in enumerate(frames):
        for stretch in _stretches(frame, ground, looks):
            seen[stretch].append(number)
    together: dict[tuple[int, ...], list[Stretch]] = defaultdict(list)
    for stretch, numbers in seen.items():
        together[tuple(numbers)].append(stretch)
    always = tuple(range(len(frames)))
    names = {when: f"a{n}" for n, when in enumerate(sorted(together), 1) if when != always}
    return "\n".join(
        [
            *_head(frames, title, ground),
            "<style>",
            *_style(looks),
            *_times(frames, names),
            "</style>",
            *_chrome(frames, title, ground),
            f'<g transform="translate({MARGIN:g} {TITLE_H:g})">',
            *_layer(together, names, poster, grounds=True),
            *_layer(together, names, poster, grounds=False),
            "</g>",
            "</svg>\n",
        ]
    )


# -- what is seen ----------------------------------------------------------------------------------


def _ground(frame: Frame) -> str:
    """The colour that most cells of a frame have behind them."""
    cells: dict[str, int] = defaultdict(int)
    for row in frame.rows:
        for segment in row:
            cells[_colours(segment.style)[1]] += cell_len(segment.text)
    return max(cells, key=lambda colour: cells[colour])


def _stretches(frame: Frame, ground: str, looks: dict[Look, str]) -> Iterator[Stretch]:
    for number, row in enumerate(frame.rows):
        column = 0
        for segment in Segment.simplify(row):
            cells = cell_len(segment.text)
            colour, behind = _colours(segment.style)
            if behind != ground:
                yield Stretch(number, column, cells, "", behind)
            look = Look(colour, bool(segment.style and segment.style.bold))
            for before, text in _words(segment.text):
                name = looks.setdefault(look, f"c{len(looks) + 1}")
                yield Stretch(number, column + before, cell_len(text), text, name)
            column += cells


def _words(text: str) -> Iterator[tuple[int, str]]:
    """What stands between wide gaps, each with the cells before it."""
    start = 0
    for gap in [*GAP.finditer(text), None]:
        word = text[start : gap.start() if gap else None]
        if stripped := word.strip():
            yield cell_len(text[:start]) + len(word) - len(word.lstrip()), stripped
        start = gap.end() if gap else len(text)


def _colours(style: Style | None) -> tuple[str, str]:
    """The colours of text and ground; a blank may have none for its text."""
    assert style is not None, "a dashboard leaves no cell without its ground"
    assert style.bgcolor is not None, style
    behind = style.bgcolor.get_truecolor().hex
    colour = style.color.get_truecolor().hex if style.color else behind
    return (behind, colour) if style.reverse else (colour, behind)


# -- the drawing -----------------------------------------------------------------------------------


def _size(frames: Sequence[Frame]) -> tuple[float, float]:
    rows = frames[0].rows
    width = sum(cell_len(segment.text) for segment in rows[0]) * CELL_W
    return width + 2 * MARGIN, len(rows) * CELL_H + TITLE_H + MARGIN


def _head(frames: Sequence[Frame], title: str, ground: str) -> Iterator[str]:
    width, height = _size(frames)
    yield f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">'
    yield f"<title>{html.escape(title)}</title>"


def _chrome(frames: Sequence[Frame], title: str, ground: str) -> Iterator[str]:
    width, height = _size(frames)
    yield f'<rect width="{width:g}" height="{height:g}" rx="8" fill="{ground}"/>'
    yield (
        f'<rect x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="8" '
        f'fill="none" stroke="{FRAME}"/>'
    )
    yield f'<text class="title" x="{width / 2:g}" y="27">{html.escape(title)}</text>'
    for number, colour in enumerate(BUTTONS):
        yield f'<circle cx="{26 + 22 * number}" cy="21" r="7" fill="{colour}"/>'


def _style(looks: Mapping[Look, str]) -> Iterator[str]:
    yield f"text {{ font-family: Fira Code, monospace; font-size: {FONT_SIZE}px }}"
    yield (
        f".title {{ font-family: arial; font-size: 18px; font-weight: bold; fill: {TITLE}; "
        "text-anchor: middle }"
    )
    for look, name in looks.items():
        weight = "; font-weight: bold" if look.bold else ""
        yield f".{name} {{ fill: {look.colour}{weight} }}"


def _times(frames: Sequence[Frame], names: Mapping[tuple[int, ...], str]) -> Iterator[str]:
    """When each group is seen. Step by step, because a screen does not fade."""
    begins = [0.0, *accumulate(frame.seconds for frame in frames)]
    length_s = begins[-1]
    yield ".off { visibility: hidden }"
    yield "@media (prefers-reduced-motion: no-preference) {"
    for when, name in names.items():
        steps = [
            f"{100 * begins[number] / length_s:.2f}% {{ visibility: {word} }}"
            for number, word in _turns(when)
        ]
        yield f"@keyframes {name} {{ {' '.join(steps)} }}"
        yield f".{name} {{ animation: {name} {length_s:g}s step-end infinite }}"
    yield "}"


def _turns(when: Sequence[int]) -> Iterator[tuple[int, str]]:
    """The frames at which a group comes and goes."""
    there = set(when)
    if 0 not in there:
        yield 0, "hidden"
    for number in sorted(there):
        if number - 1 not in there:
            yield number, "visible"
        if number + 1 not in there:
            yield number + 1, "hidden"


def _layer(
    together: Mapping[tuple[int, ...], Sequence[Stretch]],
    names: Mapping[tuple[int, ...], str],
    poster: int,
    grounds: bool,
) -> Iterator[str]:
    for when in sorted(together):
        drawn = [
            _ground_of(stretch) if grounds else _text_of(stretch)
            for stretch in sorted(together[when])
            if grounds is not bool(stretch.text)
        ]
        if not drawn:
            continue
        kinds = [names[when]] if when in names else []
        kinds += [] if poster in when else ["off"]
        yield f'<g class="{" ".join(kinds)}">' if kinds else "<g>"
        yield from drawn
        yield "</g>"


def _ground_of(stretch: Stretch) -> str:
    x, y, width = stretch.column * CELL_W, stretch.row * CELL_H, stretch.cells * CELL_W
    return (
        f'<rect x="{x:g}" y="{y + 1.5:g}" width="{width:g}" height="{CELL_H + 0.25:g}" '
        f'fill="{stretch.look}" shape-rendering="crispEdges"/>'
    )


def _text_of(stretch: Stretch) -> str:
    x, y = stretch.column * CELL_W, stretch.row * CELL_H + BASELINE
    return (
        f'<text class="{stretch.look}" x="{x:g}" y="{y:g}" '
        f'textLength="{stretch.cells * CELL_W:g}">{html.escape(stretch.text)}</text>'
    )
