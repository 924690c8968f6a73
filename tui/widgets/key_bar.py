"""The footer: the keys that matter, made from the key table, each a thing to click.

What would be refused now is dim. On a narrow screen the entries of high rank go first.
"""

from __future__ import annotations

from collections.abc import Collection

from tui.keymap import TABLE_KEYS, FooterItem, Keymap
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified, line_width

NAMES_RANK = 5
"""The names of the keys at the right go before an entry of this rank does."""


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


def footer_line(cells: int, dim: Collection[str], keys: Keymap = TABLE_KEYS) -> Line:
    """The footer in exactly `cells` cells; the rows in `dim` would be refused now."""
    chosen = [item for item in keys.footer if any(keys.has_key(row) for row in item.rows)]
    named = True

    def assembled() -> tuple[list[Span], list[Span]]:
        left: list[Span] = [Span(" ")]
        right: list[Span] = []
        for item in chosen:
            if item.label:
                left += [*_spans(item, dim, keys), Span("  ")]
            else:
                right += _spans(item, dim, keys)
                if named and item.name:
                    right.append(Span(f" {item.name} ", "text", item.rows[0]))
                right.append(Span(" "))
        return left, right

    left, right = assembled()
    while chosen and line_width(left) + line_width(right) > cells:
        last = max(chosen, key=lambda item: item.rank)
        if named and last.rank <= NAMES_RANK:
            named = False
        else:
            chosen.remove(last)
        left, right = assembled()
    return justified(left, right, cells) if chosen else fitted([], cells)


class KeyBar(LineWidget):
    """The footer."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="key-bar")
        self._dim: frozenset[str] = frozenset()
        self._made: list[Line] = []
        self._made_of: object = None

    def show(self, dim: frozenset[str]) -> None:
        """Dim these rows."""
        self._dim = dim
        self.sync()

    def lines_for(self, width: int, height: int) -> list[Line]:
        made_of = (width, height, self._dim)
        if made_of != self._made_of:  # it is looked at four times a second and hardly ever changes
            footer = footer_line(width, self._dim, self.look.keys)
            self._made = [footer] + [fitted([], width)] * (height - 1)
            self._made_of = made_of
        return self._made
