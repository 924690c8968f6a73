"""Rows in columns: what each is called, how wide it is, and from which width on it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui import text
from tui.widgets.line_widget import Line, Span

LEAST_CELLS = 4
"""Of the column that takes what is left."""


@dataclass(frozen=True)
class Column:
    """One column; of 0 cells it takes what the others leave, or its share of that."""

    title: str
    cells: int
    right: bool = False
    from_cells: int = 0
    """It is left out where the row has fewer cells than that."""


def _widths(columns: Sequence[Column], cells: int) -> list[int]:
    there = [column.cells if cells >= column.from_cells else -1 for column in columns]
    taken = sum(width + 1 for width in there if width > 0)
    sharing = there.count(0)
    left = cells - taken - sharing
    widths = []
    for width in there:
        if width == 0:
            width = max(LEAST_CELLS, left // sharing)
            left, sharing = left - width, sharing - 1
        widths.append(width)
    return widths


def in_columns(
    columns: Sequence[Column], values: Sequence[Span], cells: int, ellipsis: str
) -> Line:
    """One row; a value that is too long for its column is cut."""
    spans: list[Span] = []
    for column, value, width in zip(columns, values, _widths(columns, cells), strict=True):
        if width > 0:
            shown = text.fit(value.text, width, ellipsis)
            if column.right and text.width(value.text) < width:
                shown = " " * (width - text.width(value.text)) + value.text
            spans += [value._replace(text=shown), Span(" ")]
    return tuple(spans)


def head_line(columns: Sequence[Column], cells: int, ellipsis: str) -> Line:
    """The titles, over rows that have a mark before them."""
    titles = [Span(column.title, "muted") for column in columns]
    return (Span(" "), *in_columns(columns, titles, cells - 1, ellipsis))
