"""A sheet of what is done on purpose: it hands in commands, and asks short questions for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from sim_core.commands import Command, Outcome, Refused
from sim_core.snapshot import StationSnapshot
from tui.dialogs.palette import Chosen, Picker, Question
from tui.dialogs.value_sheet import ValueRow, ValueSheet
from tui.look import Look


class AskingSheet(ValueSheet):
    """See the module."""

    def __init__(
        self,
        look: Look,
        station: Callable[[], StationSnapshot | None],
        now: Callable[[], datetime],
        ask: Callable[[Command], Awaitable[Outcome]],
    ) -> None:
        """`station` is the newest picture, `now` the charge point's time, `ask` hands in a
        command."""
        super().__init__(look)
        self._station = station
        self._now = now
        self._ask = ask

    async def typed(self, row: ValueRow, value: str) -> str:
        raise NotImplementedError("nothing is typed here")

    def insist(self, command: Command, reason: str) -> None:
        """A command was refused that may be insisted on."""
        self.refuse(reason)

    async def do(self, command: Command) -> None:
        """Hand in a command; what is against it stands below."""
        outcome = await self._ask(command)
        self.refresh_rows()
        if isinstance(outcome, Refused) and outcome.may_insist:
            self.insist(command, outcome.reason)
        else:
            self.refuse(outcome.reason if isinstance(outcome, Refused) else "")

    def do_later(self, command: Command) -> None:
        """The same from where nothing can be awaited."""
        self.run_worker(self.do(command), group="asking")

    def pick(self, question: Question, then: Callable[[str], None]) -> None:
        """Ask a question, and go on with what was chosen."""

        def answered(chosen: Chosen | None) -> None:
            if chosen is not None:
                then(chosen.choice.value)

        self.app.push_screen(Picker(self.look, question), answered)
