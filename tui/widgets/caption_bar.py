"""The subtitle of the demo: one or two rows above the footer that say what is happening.

It is there only while somebody tells a story, and says each time how to go on. Its height depends
on the width of the screen alone, so that nothing moves from one caption to the next.
"""

from __future__ import annotations

from textwrap import wrap

from sim_core.story import Caption
from tui import text
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, line_width

ONE_ROW_FROM = 120
ROW_ID = "next_scene"
FREE_PLAY = (
    "Free play: {plug} plugs, {start} starts, {stop} stops, {fault} breaks it, "
    "{link} cuts the link."
)
"""What is said while the story stands aside."""


def caption_rows(width: int) -> int:
    """How many rows it takes on a screen of this width."""
    return 1 if width >= ONE_ROW_FROM else 2


def caption_lines(caption: Caption, cells: int, height: int, look: Look) -> list[Line]:
    """The caption in exactly `cells` by `height`."""
    key = look.key(ROW_ID)
    head = f" {look.symbol('story')} {caption.chapter}/{caption.chapters} "
    tail = f"  {key} back to the story " if caption.free else f"  {key} next "
    told = look.with_keys(FREE_PLAY) if caption.free else caption.text
    left_over = text.plain(told, look.ascii)
    lines: list[Line] = []
    for place in range(height):
        last = place == height - 1
        said = left_over if last else (wrap(left_over, max(10, cells - len(head))) or [""])[0]
        left_over = left_over[len(said) :].strip()
        left = [Span(head if place == 0 else " " * len(head), "caption"), Span(said, "caption")]
        right = [Span(tail, "caption-key")] if last else []
        room = cells - line_width(right)
        line = (*fitted(left, room, look.symbol("ellipsis"), "caption"), *right)
        lines.append(tuple(span._replace(press=ROW_ID) for span in line))
    return lines


class CaptionBar(LineWidget):
    """The subtitle; a click goes on."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="caption")
        self.caption: Caption | None = None

    def show(self, caption: Caption | None) -> None:
        """Say this; None takes the bar away."""
        self.caption = caption
        self.sync()

    def lines_for(self, width: int, height: int) -> list[Line]:
        if self.caption is None:
            return [fitted([], width)] * height
        return caption_lines(self.caption, width, height, self.look)
