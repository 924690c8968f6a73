"""What we use of Textual's private parts does what we suppose; see `tui/textual_private.py`.

These fail first when a release of Textual changes such a part.
"""

from __future__ import annotations

import pytest
from rich.console import RenderableType
from textual._compositor import CompositorUpdate
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.events import Key
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from tui.look import Look
from tui.textual_private import draw_changed_cells_only, drawn_rows, key_name
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified


class Bar(LineWidget):
    """Words at the left that stay, a clock at the right that does not."""

    clock = "00:00:00"

    def lines_for(self, width: int, height: int) -> list[Line]:
        line = justified([Span("what stays")], [Span(self.clock)], width)
        return [line] + [fitted([], width)] * (height - 1)


class OneBar(Screen[None]):
    def __init__(self) -> None:
        super().__init__()
        draw_changed_cells_only(self)

    def compose(self) -> ComposeResult:
        yield Bar(Look())


class Small(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def get_default_screen(self) -> Screen[None]:
        return OneBar()

    def _display(self, screen: Screen[None], renderable: RenderableType | None) -> None:
        if isinstance(renderable, CompositorUpdate):
            self.sent.append(renderable.render_segments(self.console))
        super()._display(screen, renderable)


async def test_only_the_cells_that_changed_are_sent() -> None:
    app = Small()
    async with app.run_test(size=(60, 5)) as pilot:
        await pilot.pause()
        assert any("what stays" in sent for sent in app.sent)
        app.sent.clear()
        bar = app.screen.query_one(Bar)
        bar.clock = "00:00:01"
        bar.sync()
        while not any(app.sent):
            await pilot.pause()
        sent = "".join(app.sent)
        assert "\x1b[1;53H" in sent  # where the clock begins
        assert "00:00:01" in sent
        assert "what stays" not in sent


class Two(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("below", markup=False)


class Over(ModalScreen[None]):
    DEFAULT_CSS = "Over { align: left bottom; } Over Static { width: 6; height: 1; }"

    def compose(self) -> ComposeResult:
        yield Static("over", markup=False)


async def test_the_rows_that_are_drawn_are_those_of_the_picture() -> None:
    app = Two()
    async with app.run_test(size=(20, 4)) as pilot:
        assert [row.rstrip() for row in drawn_rows(app)] == ["below", "", "", ""]
        await app.push_screen(Over())
        await pilot.pause()
        assert [row.rstrip() for row in drawn_rows(app)] == ["below", "", "", "over"]


@pytest.mark.parametrize("character", [*"aZ?/+-.,:;!#", "ö", "é"])
def test_a_key_has_the_name_under_which_its_press_arrives(character: str) -> None:
    presses = [event for event in XTermParser().feed(character) if isinstance(event, Key)]
    assert [press.key for press in presses] == [key_name(character)]
