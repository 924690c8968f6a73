"""How large a dialog is: as wide as its sentences and as high as its lines, if the screen is.

It is said before the first frame, so that nothing grows under the eyes of who opens it, and a
layout is asked for only where a size differs from what it was.
"""

from __future__ import annotations

from textual.geometry import Size
from textual.widget import Widget

SHARE = 0.96
"""Of the screen, that a dialog takes at most."""
FRAME = 2
"""Cells, and rows, that a border takes."""


def most_within(screen: Size, cells: int) -> int:
    """The most cells inside a dialog that is at most `cells` wide."""
    return max(1, min(cells, int(screen.width * SHARE)) - FRAME)


def make_fit(box: Widget, screen: Size, rows: int, cells: int | None = None) -> None:
    """Give the inside of a box so many rows and cells, as far as the screen has them."""
    height = min(rows + FRAME, max(3, int(screen.height * SHARE)))
    if box.styles.height is None or box.styles.height.value != height:
        box.styles.height = height
    width = None if cells is None else cells + FRAME
    if width is not None and (box.styles.width is None or box.styles.width.value != width):
        box.styles.width = width
