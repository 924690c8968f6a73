"""What a terminal below the smallest size shows in the place of everything else."""

from __future__ import annotations

from tui.widgets.layout import MIN_HEIGHT, MIN_WIDTH
from tui.widgets.line_widget import Line, LineWidget, Span, fitted


class TooSmall(LineWidget):
    """What a screen below the smallest size shows."""

    def lines_for(self, width: int, height: int) -> list[Line]:
        size = self.screen.size
        words = (
            "ChargeForge needs a larger window.",
            f"It needs {MIN_WIDTH}x{MIN_HEIGHT}, this one has {size.width}x{size.height}.",
            "The charge point runs on.",
        )
        above = max(0, (height - len(words)) // 2)
        lines = [fitted([], width)] * above
        lines += [fitted([Span(line.center(width)[:width])], width) for line in words]
        return (lines + [fitted([], width)] * height)[:height]
