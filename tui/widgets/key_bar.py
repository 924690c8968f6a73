"""The footer: the keys that matter where the focus is, made from the key table, each to be clicked.

What would be refused now is dim, and a line parts what belongs to different things. On a narrow
screen entries, and the names of those at the right, go in the order of their rank.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tui.keymap import TABLE_KEYS, FooterItem, Keymap
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified, line_width

LINE = Look().border("round")[3]


GAP = 2
"""Cells between the two halves."""


def _spans(item: FooterItem, dim: Collection[str], keys: Keymap) -> list[Span]:
    off = all(row in dim for row in item.rows)
    press = item.rows[0]
    spans: list[Span] = []
    for row in item.rows:
        if not keys.has_key(row):
            continue
        if spans:
            spans.append(Span("/", "faint"))
        spans.append(Span(keys.names[row], "faint" if row in dim else "accent", row))
    if item.label:
        spans.append(Span(f" {item.label}", "faint" if off else "text", press))
    return spans


def footer_line(
    cells: int,
    dim: Collection[str],
    keys: Keymap = TABLE_KEYS,
    pane: str = "connector",
    line: str = LINE,
) -> Line:
    """The footer in exactly `cells` cells while this pane has the focus; the rows in `dim` would be
    refused now, and `line` parts the groups."""
    chosen = list(keys.footer_of(pane))
    named = [item for item in chosen if item.name]
    while chosen:
        left = _groups(chosen, dim, keys, line)
        right = _at_the_right(chosen, named, dim, keys)
        if line_width(left) + GAP + line_width(right) <= cells:
            return justified(left, right, cells)
        last = max(chosen, key=lambda item: item.rank)
        spelt = max(reversed(named), key=lambda item: item.name_rank, default=None)
        if spelt is not None and spelt.name_rank >= last.rank:
            named.remove(spelt)
        else:
            chosen.remove(last)
            named = [item for item in named if item is not last]
    return fitted([], cells)


def _groups(
    chosen: Sequence[FooterItem], dim: Collection[str], keys: Keymap, line: str
) -> list[Span]:
    spans: list[Span] = []
    group = ""
    for item in chosen:
        if not item.label:
            continue
        of = keys.row[next(row for row in item.rows if keys.has_key(row))].group
        if spans:
            spans.append(Span("  "))
        if group not in ("", of):
            spans.append(Span(f"{line} ", "faint"))
        group = of
        spans += _spans(item, dim, keys)
    return [Span(" "), *spans]


def _at_the_right(
    chosen: Sequence[FooterItem],
    named: Collection[FooterItem],
    dim: Collection[str],
    keys: Keymap,
) -> list[Span]:
    spans: list[Span] = []
    gap = ""
    for item in chosen:
        if item.label:
            continue
        if spans:
            spans.append(Span(gap))
        spans += _spans(item, dim, keys)
        if item in named:
            spans.append(Span(f" {item.name}", "text", item.rows[0]))
        gap = " " * (1 + (item in named))
    return spans


class KeyBar(LineWidget):
    """The footer."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="key-bar")
        self._dim: frozenset[str] = frozenset()
        self._pane = ""
        self._made: list[Line] = []
        self._made_of: object = None

    def show(self, dim: frozenset[str], pane: str) -> None:
        """Show the keys of the pane that has the focus, and dim these rows."""
        self._dim, self._pane = dim, pane
        self.sync()

    def lines_for(self, width: int, height: int) -> list[Line]:
        made_of = (width, height, self._dim, self._pane)
        if made_of != self._made_of:  # it is looked at four times a second and hardly ever changes
            line = self.look.border("round")[3]
            footer = footer_line(width, self._dim, self.look.keys, self._pane, line)
            self._made = [footer] + [fitted([], width)] * (height - 1)
            self._made_of = made_of
        return self._made
