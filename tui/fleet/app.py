"""The screen of `chargeforge fleet`: one page of figures, drawn once a second.

There is nothing to select and little to press: who wants one charge point in full runs one.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from sim_core.fleet.snapshot import Phase
from sim_core.fleet.stations import Fleet
from tui.base_app import NOT_AS_ASKED, BaseApp
from tui.fleet.page import ACTS, REFRESH_S, Page, help_lines
from tui.look import Look, draws_in_ascii
from tui.widgets.line_widget import LineWidget

if TYPE_CHECKING:
    from tui.dialogs.palette import Chosen

STOP_PATIENCE_S = 15.0


class FleetApp(BaseApp):
    """The page on a fleet."""

    TITLE = "ChargeForge fleet"
    CSS = "#page { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "end", show=False, priority=True),
        *(Binding(act.keys, act.id, show=False) for act in ACTS),
    ]

    def __init__(self, fleet: Fleet) -> None:
        super().__init__(Look(draws_in_ascii(fleet.settings.ascii)), fleet.settings.theme)
        self.fleet = fleet

    def compose(self) -> ComposeResult:
        yield Page(self.look, self.fleet)

    def on_mount(self) -> None:
        self._page = self.query_one(Page)
        self.call_after_refresh(self.fleet.start)
        self.set_interval(REFRESH_S, self._look)

    def _look(self) -> None:
        if self.fleet.exit_code == NOT_AS_ASKED and self.fleet.snapshot.booted == 0:
            self.exit(
                NOT_AS_ASKED, NOT_AS_ASKED
            )  # it cannot even begin: there is nothing to look at
        else:
            self._page.sync()

    @on(LineWidget.Pressed)
    async def _pressed(self, event: LineWidget.Pressed) -> None:
        await self.run_action(event.press)

    def action_help(self) -> None:
        """What the page says and what the keys do."""
        from tui.dialogs.text_dialog import TextDialog

        self.push_screen(TextDialog(self.look, "Help", lambda: help_lines(self.look)))

    def action_palette(self) -> None:
        """Find an action by name."""
        from tui.dialogs.palette import Choice, Picker, Question

        def take(chosen: Chosen | None) -> None:
            if chosen is not None:
                acts[chosen.choice.value]()

        acts: dict[str, Callable[[], None]] = {
            "end": self.action_end,
            "next_theme": self.action_next_theme,
            "help": self.action_help,
        }
        choices = [Choice(act.id, act.label, act.help, act.shown) for act in ACTS if act.id in acts]
        question = Question("What to do", "an action by name", choices)
        self.push_screen(Picker(self.look, question), take)

    def action_next_theme(self) -> None:
        """The next of the themes; under NO_COLOR there are none."""
        self.change_theme()

    def action_end(self) -> None:
        """End the sessions and the links, and leave when that is done; a second time: leave now."""
        if self.fleet.snapshot.phase is Phase.STOPPING or self.fleet.failure:
            self.exit(0)
            return
        self.run_worker(self._end())

    async def _end(self) -> None:
        await asyncio.to_thread(self.fleet.stop, STOP_PATIENCE_S)
        self.exit(0)


def show(fleet: Fleet) -> int:
    """Show the page until it is left; ends the fleet."""
    from tui.exit_on_signal import ExitOnSignal

    app = FleetApp(fleet)
    end = ExitOnSignal(ask=(lambda: fleet.stop(0), app.leave_soon))
    try:
        app.run()
    finally:
        fleet.stop(STOP_PATIENCE_S)
        end.disarm()
    if fleet.failure:
        print(fleet.failure, file=sys.stderr)
    return 0 if end.asked else app.return_code or fleet.exit_code
