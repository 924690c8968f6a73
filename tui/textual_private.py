"""A compositor that sends only the cells which changed.

Textual's own partial update crops a changed stretch on its right side but always sends the row of
the widget from its left edge; a clock at the end of a bar would resend the bar each second. Over
SSH that is most of an idle dashboard's traffic. This touches names that Textual keeps to itself,
so it is one small class, replaceable by nothing: without it the screen is the same, only dearer.
"""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class ChangedCellsUpdate(ChopsUpdate):
    """An update that crops each stretch on both sides."""

    def render_segments(self, console: Console) -> str:
        sequences: list[str] = []
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(x, x1), min(end, x2)
                if strip is None or start >= stop:
                    continue
                sequences.append(Control.move_to(start, y).segment.text)
                sequences.append(strip.crop(start - x, stop - x).render(console))
        return "".join(sequences)


class ChangedCellsCompositor(Compositor):
    """Textual's compositor with partial updates of the changed cells only."""

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        if update is None:
            return None
        return ChangedCellsUpdate(update.chops, update.spans, update.chop_ends)
