"""The footer: the keys that matter, made from the key table, each a thing to click.

What would be refused now is dim. On a narrow screen the entries of high rank go first.
"""

from __future__ import annotations

from collections.abc import Collection

from tui import text
from tui.keymap import FOOTER, FooterItem
from tui.look import Look
from tui.painted import Line, Painted, Span, fitted, justified, line_width


def _spans(item: FooterItem, dim: Collection[str]) -> list[Span]:
    off = all(row in dim for row in item.rows)
    press = item.rows[0]
    spans: list[Span] = []
    for place, row in enumerate(item.rows):
        if place:
            spans.append(Span("/", "faint"))
        key = FooterItem((row,), "", 0).keys
        spans.append(Span(key, "faint" if row in dim else "accent", row))
    if item.label:
        spans.append(Span(f" {item.label}", "faint" if off else "text", press))
    return spans


def footer_line(cells: int, dim: Collection[str]) -> Line:
    """The footer in exactly `cells` cells; the rows in `dim` would be refused now."""
    chosen = list(FOOTER)

    def assembled() -> tuple[list[Span], list[Span]]:
        left: list[Span] = [Span(" ")]
        right: list[Span] = []
        for item in chosen:
            if item.label:
                left += [*_spans(item, dim), Span("  ")]
            else:
                right += [*_spans(item, dim), Span(" ")]
        return left, right

    left, right = assembled()
    while chosen and line_width(left) + line_width(right) > cells:
        chosen.remove(max(chosen, key=lambda item: item.rank))
        left, right = assembled()
    return justified(left, right, cells) if chosen else fitted([], cells)


class KeyBar(Painted):
    """The footer."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="key-bar")
        self._dim: frozenset[str] = frozenset()

    def show(self, dim: frozenset[str]) -> None:
        """Dim these rows."""
        self._dim = dim
        self.sync()

    def lines_for(self, width: int, height: int) -> list[Line]:
        return [footer_line(width, self._dim)] + [text_free(width)] * (height - 1)


def text_free(cells: int) -> Line:
    """An empty line."""
    return (Span(text.fit("", cells)),)
