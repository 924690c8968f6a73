"""What we use of Textual that it keeps to itself. Nothing else of ours touches such a name.

A release of Textual may change any of it. What then breaks, and which test fails first
(all in `test_tui_textual_private.py`):

- `Compositor`, `ChopsUpdate` and `Screen._compositor`: Textual's own partial update crops a changed
  stretch on its right side but always sends the row of the widget from its left edge; a clock at
  the end of a bar would resend the bar each second. Over SSH that is most of an idle dashboard's
  traffic. Where a screen no longer asks the compositor that it is given, the dashboard looks the
  same and is only dearer; where `ChopsUpdate` is made of something else, nothing that changes is
  drawn; where the names have gone, the dashboard does not start.
- `Compositor.render_update` and `App._background_screens`: `chargeforge screenshot --format text`
  and the pictures that tests compare. The dashboard does not need them.
- `XTermParser`: what `tui/patient_driver.py` makes keys and mouse events of, in the place of
  Textual's own thread for input. Without it no terminal on Linux is heard.
- `_character_to_key`: keys that users have moved. Under another name a moved key does nothing.
"""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from textual._compositor import ChopsUpdate, Compositor
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.keys import _character_to_key
from textual.screen import Screen
from textual.strip import Strip

from tui.fewer_styles import joined


class ChangedCellsUpdate(ChopsUpdate):
    """An update that crops each stretch on both sides, and changes styles no more than it must."""

    def render_segments(self, console: Console) -> str:
        sequences: list[str] = []
        for y, x1, x2 in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                start, stop = max(x, x1), min(end, x2)
                if strip is None or start >= stop:
                    continue
                sequences.append(Control.move_to(start, y).segment.text)
                changed = Strip(joined(strip.crop(start - x, stop - x)), stop - start)
                sequences.append(changed.render(console))
        return "".join(sequences)


class ChangedCellsCompositor(Compositor):
    """Textual's compositor with partial updates of the changed cells only."""

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        if update is None:
            return None
        return ChangedCellsUpdate(update.chops, update.spans, update.chop_ends)


def draw_changed_cells_only(screen: Screen[Any]) -> None:
    """Let a screen that was not drawn yet send no more than what has changed."""
    screen._compositor = ChangedCellsCompositor()


def drawn_rows(app: App[Any]) -> list[str]:
    """What `App.export_screenshot` draws, row by row and without its colours."""
    return ["".join(segment.text for segment in row) for row in drawn_segments(app)]


def drawn_segments(app: App[Any]) -> list[list[Segment]]:
    """The same with its colours: rows of segments."""
    width, height = app.size
    console = Console(width=width, height=height, file=io.StringIO(), color_system="truecolor")
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert update is not None, "all of a screen was asked for"
    rows = Segment.split_lines(one for one in console.render(update) if not one.control)
    return list(rows)[:height]


def key_name(character: str) -> str:
    """Textual's name for the key that writes a character."""
    return _character_to_key(character)


def input_parser() -> XTermParser:
    """What makes messages of the characters that a terminal sends."""
    return XTermParser()
