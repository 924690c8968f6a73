"""What happens to one charge point on purpose, put together: rules by which its CSMS is answered
otherwise, faults on the wire, a recording, one being played.

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
    AddWireFault,
    AnswerHeld,
    Command,
    DropFrame,
    EndPlay,
    EndRecording,
    EndRule,
    EndWireFault,
    Outcome,
    Play,
    Record,
    ReleaseFrame,
)
from sim_core.runtime.clock import Clock
from sim_core.scenarios.recorder import Player, Recorder
from sim_core.scenarios.rules import Rules
from sim_core.scenarios.wire_fault_rules import WireFaultRules
from sim_core.wire.dialect import Dialect

OnRules = AddRule | EndRule | AnswerHeld
OnFrames = AddWireFault | EndWireFault | ReleaseFrame | DropFrame
OnPurposeCommand = OnRules | OnFrames | Record | EndRecording | Play | EndPlay
ON_PURPOSE = (
    AddRule,
    EndRule,
    AnswerHeld,
    AddWireFault,
    EndWireFault,
    ReleaseFrame,
    DropFrame,
    Record,
    EndRecording,
    Play,
    EndPlay,
)
"""The commands of this room. They concern no hardware: a charge point that is dark takes them."""


class OnPurpose:
    """See the module."""

    __slots__ = ("player", "recorder", "rules", "wire_faults")

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
        meddle: Callable[[], None],
        seed: int | None,
        identity: str,
    ) -> None:
        """`meddle` is called when there are faults for the wire to do; their chance draws from
        `seed` (None: from anything) and `identity`. `note` is told the kind of an event and its
        words, `spawn` runs what goes on beside."""
        self.rules = Rules(
            dialect, now=now, note=lambda text: note("rule", text), on_change=on_change
        )
        self.wire_faults = WireFaultRules(
            seed,
            identity,
            now=now,
            note=lambda text: note("wire fault", text),
            on_change=on_change,
            meddle=meddle,
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
        acts: dict[type[Command], Callable[[Any], Outcome]] = {
            AddRule: self.rules.add,
            EndRule: self.rules.end,
            AnswerHeld: self.rules.answer,
            AddWireFault: self.wire_faults.add,
            EndWireFault: self.wire_faults.end,
            ReleaseFrame: self.wire_faults.release,
            DropFrame: self.wire_faults.drop,
            Record: lambda _: self.recorder.begin(),
            EndRecording: lambda _: self.recorder.end(),
            Play: self.player.play,
            EndPlay: lambda _: self.player.end(),
        }
        return acts[type(command)](command)
