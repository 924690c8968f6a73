"""The screen of `chargeforge fleet`: one page of figures, drawn once a second.

From there a key leads into one of the charge points and back: the dashboard (`tui.fleet.member`)
takes the place of this page, while the fleet goes on.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from sim_core.fleet.snapshot import Phase, PointState
from sim_core.fleet.viewed import FleetHost
from tui.base_app import NOT_AS_ASKED, BaseApp
from tui.fleet.cells import WORDS, worst_first
from tui.fleet.page import ACTS, REFRESH_S, Page, fleet_sections
from tui.look import Look, draws_in_ascii
from tui.widgets.line_widget import LineWidget

if TYPE_CHECKING:
    from tui.dialogs.palette import Choice, Chosen

STOP_PATIENCE_S = 15.0
MOST_LISTED = 2_000
"""So many charge points are in the list; of more, the number is typed."""


class FleetApp(BaseApp):
    """The page on a fleet."""

    TITLE = "ChargeForge fleet"
    CSS = "#page { height: 1fr; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "end", show=False, priority=True),
        *(Binding(act.keys, act.id, show=False) for act in ACTS),
    ]

    def __init__(self, fleet: FleetHost, theme: str = "") -> None:
        """`theme` is the one that was taken meanwhile."""
        chosen = theme or fleet.settings.theme
        super().__init__(Look(draws_in_ascii(fleet.settings.ascii)), chosen)
        self.fleet = fleet
        self.wanted: int | None = None
        """The charge point that somebody wants to look at."""

    def compose(self) -> ComposeResult:
        yield Page(self.look, self.fleet)

    def on_mount(self) -> None:
        self._page = self.query_one(Page)
        self.fleet.tells_each = True
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
        verb, _, number = event.press.partition(" ")
        if number:
            self._look_at(int(number))
        else:
            await self.run_action(verb)

    def action_help(self) -> None:
        """What the page says and what the keys do."""
        from tui.dialogs.help import HelpScreen

        self.push_screen(HelpScreen(self.look, fleet_sections(self.look, self._page.said)))

    def action_palette(self) -> None:
        """Find an action by name."""
        from tui.dialogs.palette import Choice, Picker, Question

        def take(chosen: Chosen | None) -> None:
            if chosen is not None:
                acts[chosen.choice.value]()

        acts: dict[str, Callable[[], None]] = {
            "open": self.action_open,
            "end": self.action_end,
            "next_theme": self.action_next_theme,
            "help": self.action_help,
        }
        choices = [Choice(act.id, act.label, act.help, act.shown) for act in ACTS if act.id in acts]
        question = Question("What to do", "an action by name", choices)
        self.push_screen(Picker(self.look, question), take)

    def action_open(self) -> None:
        """Choose a charge point and look at it."""
        from tui.dialogs.palette import Picker, Question

        numbers = self.fleet.numbers
        question = Question(
            "Which charge point",
            f"an id, or a number from {numbers[0]:,} to {numbers[-1]:,}" if numbers else "",
            _choices(self.fleet, self._listed()),
            free=lambda typed: _typed(self.fleet, typed),
        )

        def take(chosen: Chosen | None) -> None:
            if chosen is not None:
                self._look_at(int(chosen.choice.value))

        self.push_screen(Picker(self.look, question), take)

    def _listed(self) -> Sequence[int]:
        """Those to choose from, the worst first, as the page has them."""
        worst = [point.number for point in worst_first(self.fleet.snapshot.points)]
        return (worst or self.fleet.numbers)[:MOST_LISTED]

    def _look_at(self, number: int) -> None:
        self.wanted = number
        self.exit(0)

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


def _choices(fleet: FleetHost, numbers: Iterable[int]) -> list[Choice]:
    """Charge points by their ids, each with how it stands."""
    from tui.dialogs.palette import Choice

    states = {point.number: point.state for point in fleet.snapshot.points}
    return [
        Choice(
            str(number),
            fleet.settings.id_of(number),
            WORDS[states.get(number, PointState.OFF)],
        )
        for number in numbers
    ]


def _typed(fleet: FleetHost, typed: str) -> Choice | None:
    """The charge point of a number that was typed: the list may not have it."""
    text = typed.strip().replace(",", "")
    known = text.isascii() and text.isdecimal() and len(text) < 9 and int(text) in fleet.numbers
    return _choices(fleet, [int(text)])[0] if known else None


def show(fleet: FleetHost) -> int:
    """Show the page, and the charge points that are looked at, until it is left; ends the fleet."""
    from tui.exit_on_signal import ExitOnSignal
    from tui.fleet.member import look_at_one

    app = FleetApp(fleet)
    leave: list[Callable[[], None]] = [app.leave_soon]
    end = ExitOnSignal(ask=(lambda: fleet.stop(0), lambda: leave[-1]()))
    try:
        while not end.asked:
            app.run()
            if app.wanted is None:
                break
            look_at_one(fleet, app.wanted, app.theme, leave)
            app = FleetApp(fleet, app.theme)
            leave[:] = [app.leave_soon]
    finally:
        fleet.stop(STOP_PATIENCE_S)
        end.disarm()
    if fleet.failure:
        print(fleet.failure, file=sys.stderr)
    return 0 if end.asked else app.return_code or fleet.exit_code
