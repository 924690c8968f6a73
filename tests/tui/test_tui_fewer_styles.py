"""Fewer changes of style, and the same picture."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.fewer_styles import joined

STYLES = [
    Style.parse(words)
    for words in (
        "#c0c0c0 on #101010",
        "bold #ff5f5f on #101010",
        "#c0c0c0 on #303030",
        "underline #c0c0c0 on #101010",
        "reverse #c0c0c0 on #101010",
        "strike #8a8a8a on #101010",
    )
]
CONSOLE = Console(color_system="256", force_terminal=True)
PIECES = st.lists(
    st.tuples(st.sampled_from(["ab", " ", "   ", "x ", " y"]), st.sampled_from(STYLES)), max_size=8
)


def looks(segments: list[Segment]) -> list[object]:
    """What a terminal shows: of a blank its ground and its lines, of a letter everything."""
    screen = pyte.Screen(40, 1)
    pyte.Stream(screen).feed(Strip(segments).render(CONSOLE))
    cells: list[object] = []
    for x in range(sum(len(one.text) for one in segments)):
        cell = screen.buffer[0][x]
        ground = (cell.data, cell.bg, cell.reverse, cell.underscore, cell.strikethrough)
        blank = cell.data == " " and not (cell.reverse or cell.underscore or cell.strikethrough)
        cells.append(ground if blank else (*ground, cell.fg, cell.bold))
    return cells


@given(PIECES)
def test_it_looks_the_same(pieces: list[tuple[str, Style]]) -> None:
    segments = [Segment(words, style) for words, style in pieces]
    assert looks(joined(segments)) == looks(segments)


def test_blanks_go_with_their_neighbours_and_the_mouse_makes_no_difference() -> None:
    plain, loud = STYLES[:2]
    clicked = plain + Style.from_meta({"press": "row 1"})
    row = [Segment(" ", loud), Segment("12:00", plain), Segment(" ", loud), Segment("ok", clicked)]
    assert [one.text for one in joined(row)] == [" 12:00 ok"]
    assert len(joined([Segment("a", plain), Segment("b", loud)])) == 2
