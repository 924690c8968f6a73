"""What happens to one charge point on purpose, put together: rules, a recording, one being played.

The station knows this one object: it hands in the commands that belong here, and each other one on
its way through, so that it can be recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any

from sim_core.commands import (
    AddRule,
    AnswerHeld,
    Command,
    EndPlay,
    EndRecording,
    EndRule,
    Outcome,
    Play,
    Record,
)
from sim_core.runtime.clock import Clock
from sim_core.scenarios.recorder import Player, Recorder
from sim_core.scenarios.rules import Rules
from sim_core.wire.dialect import Dialect

OnPurposeCommand = AddRule | EndRule | AnswerHeld | Record | EndRecording | Play | EndPlay
ON_PURPOSE = (AddRule, EndRule, AnswerHeld, Record, EndRecording, Play, EndPlay)
"""The commands of this room. They concern no hardware: a charge point that is dark takes them."""


class OnPurpose:
    """See the module."""

    __slots__ = ("player", "recorder", "rules")

    def __init__(
        self,
        clock: Clock,
        dialect: Callable[[], Dialect],
        submit: Callable[[Command], Awaitable[Outcome]],
        *,
        now: Callable[[], datetime],
        is_secret: Callable[[str], bool],
        note: Callable[[str, str], None],
        spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]],
        on_change: Callable[[], None],
    ) -> None:
        """`note` is told the kind of an event and its words, `spawn` runs what goes on beside."""
        self.rules = Rules(
            dialect, now=now, note=lambda text: note("rule", text), on_change=on_change
        )
        self.recorder = Recorder(clock, now=now, is_secret=is_secret, on_change=on_change)
        self.player = Player(
            clock,
            submit,
            note=lambda text: note("recording", text),
            spawn=spawn,
            on_change=on_change,
        )

    def carry_out(self, command: OnPurposeCommand) -> Outcome:
        """Do what a command of this room asks."""
        if isinstance(command, AddRule):
            return self.rules.add(command)
        if isinstance(command, EndRule):
            return self.rules.end(command)
        if isinstance(command, AnswerHeld):
            return self.rules.answer(command)
        if isinstance(command, Play):
            return self.player.play(command)
        acts: dict[type[Command], Callable[[], Outcome]] = {
            Record: self.recorder.begin,
            EndRecording: self.recorder.end,
            EndPlay: self.player.end,
        }
        return acts[type(command)]()
