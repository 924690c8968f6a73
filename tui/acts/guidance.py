"""What there is to do, and what it all means: the palette, and help.

Both name every row of the key table, with what speaks against it now.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sim_core.commands import Command
from tui.acts.picking import pick
from tui.acts.stage import Stage
from tui.dashboard import Dashboard
from tui.keymap import why_not_row
from tui.typed_commands import typed_command

if TYPE_CHECKING:
    from tui.dialogs.palette import Chosen


class Guidance:
    """See the module."""

    def __init__(
        self,
        stage: Stage,
        dashboard: Dashboard,
        press: Callable[[str, str], None],
        ask: Callable[[Command], None],
    ) -> None:
        """`press` does what a row says, and is told its argument; `ask` hands in a command."""
        self._stage = stage
        self._dashboard = dashboard
        self._press = press
        self._ask = ask

    def palette(self) -> str:
        """Find an action by name, or type a command in full."""
        from tui.dialogs.questions import TYPED, what_to_do

        look, station, selected = self._stage.look, self._stage.station, self._dashboard.selected

        def picked(chosen: Chosen) -> None:
            verb, _, rest = chosen.choice.value.partition(" ")
            if verb != TYPED:
                self._press(verb, rest)
            elif found := typed_command(rest):
                self._ask(found[0])

        question = what_to_do(look, station, selected, self._reasons())
        pick(self._stage, question, picked)
        return ""

    def help(self) -> str:
        """Explain what has the focus, what is in sight, and the keys."""
        from tui.dialogs.help import HelpScreen, help_sections
        from tui.protocols.known import wording_of

        look, station, board = self._stage.look, self._stage.station, self._dashboard
        read = board.read_exchange
        sections = help_sections(
            look,
            board.help_topic(),
            board.connector,
            self._reasons(),
            wording_of(station.subprotocol if station else ""),
            board.in_sight(),
            read.action if read else "",
        )
        self._stage.open(HelpScreen(look, sections))
        return ""

    def _reasons(self) -> dict[str, str]:
        """Why each row would be refused now."""
        station, selected = self._stage.station, self._dashboard.selected
        if station is None:
            return {}
        return {
            row.id: why_not_row(row, station, selected)
            for row in self._stage.look.keys.rows
            if row.command is not None or row.refusal
        }
