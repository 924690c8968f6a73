"""The subtitle of the demo: one or two rows above the footer that say what is happening.

It is there only while somebody tells a story, and says each time how to go on. Its height depends
on the width of the screen alone, so that nothing moves from one caption to the next.
"""

from __future__ import annotations

from textwrap import wrap

from sim_core.guide import Caption
from tui import text
from tui.look import Look
from tui.painted import Line, Painted, Span, fitted, justified

ONE_ROW_FROM = 132
ROW_ID = "next_scene"
FREE_PLAY = (
    "Free play: {plug} plugs or unplugs, {start} starts, {stop} stops, {fault} breaks something, "
    "{link} cuts the link."
)
"""What is said while the story stands aside."""


def caption_rows(width: int) -> int:
    """How many rows it takes on a screen of this width."""
    return 1 if width >= ONE_ROW_FROM else 2


def caption_lines(caption: Caption, cells: int, height: int, look: Look) -> list[Line]:
    """The caption in exactly `cells` by `height`."""
    key = look.key(ROW_ID)
    mark = look.symbol("story")
    head = f" {mark} {caption.chapter}/{caption.chapters} "
    tail = f"  {key} goes on with the story " if caption.free else f"  {key} next "
    told = look.with_keys(FREE_PLAY) if caption.free else caption.text
    words = wrap(text.plain(told, look.ascii), max(10, cells - len(head) - len(tail)))
    lines: list[Line] = []
    for place in range(height):
        last = place == height - 1
        said = words[place] if place < len(words) else ""
        if last and len(words) > height:
            said = " ".join(words[place:])
        left = [Span(head if place == 0 else " " * len(head), "caption"), Span(said, "caption")]
        left = list(fitted(left, cells - len(tail), look.symbol("ellipsis"), "caption"))
        right = Span(tail if last else " " * len(tail), "caption-key" if last else "caption")
        lines.append(justified(left, [right], cells))
    return [tuple(span._replace(press=ROW_ID) for span in line) for line in lines]


class CaptionBar(Painted):
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
