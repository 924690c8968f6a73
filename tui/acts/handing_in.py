"""A command of somebody at the screen: handed in, and what came of it.

Its answer is awaited beside the screen. Only a refusal is said aloud, because the screen shows what
was done by itself; what the protocol does not allow may be insisted on, and a recording that has
ended becomes a file.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from sim_core.commands import (
    Accepted,
    Command,
    Configure,
    EndRecording,
    Outcome,
    Refused,
    Send,
    SendFrame,
    TypeCode,
)
from tui.acts.stage import Stage
from tui.acts.writing import write_here


class HandingIn:
    """See the module."""

    def __init__(self, stage: Stage, stand_aside: Callable[[], None]) -> None:
        """`stand_aside` is called where somebody acts: who else is at play makes room."""
        self._stage = stage
        self._stand_aside = stand_aside
        self.last: Command | None = None
        """What was asked last, unless it sets what must not be seen."""

    def ask(self, command: Command) -> None:
        """Hand in a command; a refusal is said aloud."""
        self._begin(command)
        self._stage.work(self._ask(command), "commands")

    async def ask_for(self, command: Command) -> Outcome:
        """Hand in a command for a sheet, which says a refusal itself."""
        self._begin(command)
        outcome = await asyncio.wrap_future(self._stage.host.submit(command))
        self._stage.sample()
        return outcome

    def _begin(self, command: Command) -> None:
        self.last = None if self._is_secret(command) else command
        self._stand_aside()

    async def _ask(self, command: Command) -> None:
        outcome = await asyncio.wrap_future(self._stage.host.submit(command))
        if isinstance(outcome, Refused) and outcome.may_insist:
            self._ask_twice(command, outcome.reason)
        elif isinstance(outcome, Refused):
            self._stage.say(outcome.reason)
        elif isinstance(command, EndRecording):
            self._write_recording(outcome)
        self._stage.sample()

    def _is_secret(self, command: Command) -> bool:
        """Whether it sets what must not be seen: it is copied nowhere."""
        station = self._stage.station
        if isinstance(command, TypeCode):
            return True
        if not isinstance(command, Configure) or station is None:
            return False
        return any(one.name == command.name and one.value is None for one in station.settings)

    def _ask_twice(self, command: Command, reason: str) -> None:
        """What the protocol does not allow is done once somebody insists."""
        from tui.dialogs.sure import Sure

        def answered(sure: bool | None) -> None:
            if sure and isinstance(command, (Send, SendFrame)):
                self.ask(replace(command, anyway=True))

        look = self._stage.look
        sentence = f"The protocol does not allow it: {reason}."
        self._stage.open(
            Sure(look, "Send it all the same?", sentence, "Send it", "Go back"), answered
        )

    def _write_recording(self, outcome: Accepted) -> None:
        if not outcome.answer or not json.loads(outcome.answer)["steps"]:
            self._stage.say("Nothing was done meanwhile: there is no recording to write.")
            return
        station, now = self._stage.station, self._stage.host.now()
        about = {"charge_point": station.charge_point_id if station else "", "ended": str(now)}

        def write(folder: Path) -> Path:
            from tui.recording_file import write_recording

            return write_recording(outcome.answer, about, folder)

        write_here(self._stage, write, outcome.detail)
