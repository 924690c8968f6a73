"""The sheets about the charge point: what has happened, what limits it, how it is set up.

They stay open while it goes on, and look by themselves: each is handed where to look, not what was
seen. What is changed in one is handed in by `ask_for`, for a sheet says a refusal itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from sim_core.commands import Command, Outcome
from sim_core.session_export import sessions_of
from sim_core.snapshot import StationSnapshot
from tui import text
from tui.acts.stage import STARTING, Stage
from tui.acts.writing import write_here
from tui.widgets.line_widget import Line


class Sheets:
    """See the module."""

    def __init__(self, stage: Stage, ask_for: Callable[[Command], Awaitable[Outcome]]) -> None:
        self._stage = stage
        self._ask_for = ask_for

    def _station(self) -> StationSnapshot | None:
        return self._stage.station

    def journal(self) -> str:
        """What the CSMS has not been told yet."""
        from tui.dialogs.journal import journal_lines
        from tui.dialogs.text_dialog import TextDialog

        stage = self._stage

        def lines(cells: int) -> list[Line]:
            return journal_lines(stage.station, stage.host.now(), stage.look, cells)

        stage.open(TextDialog(stage.look, "Journal", lines, live=True))
        return ""

    def what_has_happened(self, tab: int) -> str:
        """The sessions and the events, with this tab in front."""
        from tui.dialogs.sessions import sum_words, what_has_happened
        from tui.dialogs.sheet import Sheet

        stage = self._stage
        tabs = what_has_happened(
            stage.look,
            self._station,
            lambda: stage.host.events.since(0)[1],
            stage.host.now,
            self._export_sessions,
        )
        stage.open(Sheet(stage.look, lambda: sum_words(stage.station), tabs, tab=tab))
        return ""

    def _export_sessions(self, form: str) -> str:
        if self._stage.station is None:
            return STARTING
        sessions, now = sessions_of(self._stage.station), self._stage.host.now()
        if not sessions:
            return "There are no sessions to write yet."
        from tui.session_file import write_sessions

        def write(folder: Path) -> Path:
            return write_sessions(sessions, now, form, folder)

        write_here(self._stage, write, text.count(len(sessions), "session"))
        return ""

    def limits(self) -> str:
        """What limits the power, and what is reserved."""
        from tui.dialogs.limits import limits
        from tui.dialogs.sheet import Sheet

        stage = self._stage
        tabs = limits(stage.look, self._station, stage.host.now)
        stage.open(Sheet(stage.look, lambda: "Limits & reservations", tabs))
        return ""

    def configuration(self) -> str:
        """What a CSMS may set, to be set here."""
        from tui.dialogs.configuration import ConfigurationSheet

        stage = self._stage
        stage.open(ConfigurationSheet(stage.look, self._station, self._ask_for))
        return ""

    def answers(self) -> str:
        """How the CSMS is answered, and what waits for an answer."""
        from tui.dialogs.answers import AnswersSheet

        stage = self._stage
        stage.open(AnswersSheet(stage.look, self._station, stage.host.now, self._ask_for))
        return ""

    def wire_faults(self) -> str:
        """What is done to frames on purpose."""
        from tui.dialogs.wire_faults import WireFaultsSheet

        stage = self._stage
        stage.open(WireFaultsSheet(stage.look, self._station, stage.host.now, self._ask_for))
        return ""
