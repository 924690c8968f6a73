"""What is chosen before a command can be handed in: whose card, which fault, which recording.

A question knows how its answer becomes a command (`tui.dialogs.questions`); here it is put.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sim_core.commands import Command, EndPlay, Play, Start, Swipe
from sim_core.snapshot import StationSnapshot
from tui.acts.picking import pick
from tui.acts.stage import STARTING, Stage

if TYPE_CHECKING:
    from tui.dialogs.palette import Chosen
    from tui.dialogs.questions import CommandQuestion


CARDS_KEPT = 20
"""Of the cards that were seen so many, the newest, beside the default one."""


def with_card(cards: list[str], seen: str) -> list[str]:
    """The cards that are known once this one was seen: the default one stays the first."""
    if seen in cards:
        return cards
    default, *others = cards
    return [default, *[*others, seen][-CARDS_KEPT:]]


class Choosing:
    """See the module."""

    def __init__(
        self, stage: Stage, cards: Callable[[], Sequence[str]], ask: Callable[[Command], None]
    ) -> None:
        """`cards` are those that are known: the default one first, the newest last."""
        self._stage = stage
        self._cards = cards
        self._ask = ask

    def ask_first(self, picker: str, station: StationSnapshot, connector_id: int) -> None:
        """Let somebody choose what a row of the key table calls this."""
        from tui.dialogs import questions

        asked = {
            "faults": lambda: questions.which_fault(station, connector_id),
            "cards": lambda: questions.which_card(Start, station, connector_id, self._cards()),
            "swipes": lambda: questions.which_card(Swipe, station, connector_id, self._cards()),
            "codes": lambda: questions.which_code(station, connector_id),
            "vehicles": lambda: questions.which_vehicle(station, connector_id),
        }
        self._put(asked[picker]())

    def play(self) -> str:
        """Let somebody choose a recording; one that is being played ends."""
        station = self._stage.station
        if station is None:
            return STARTING
        if station.playing is not None:
            self._ask(EndPlay())
            return ""
        from tui.dialogs.questions import which_recording
        from tui.recording_file import read_recording, recordings_in

        def picked(chosen: Chosen) -> None:
            try:
                self._ask(Play(read_recording(Path(chosen.choice.value))))
            except OSError as error:
                self._stage.say(f"It cannot be read: {error}")

        question = which_recording([str(path) for path in recordings_in(Path.cwd())])
        pick(self._stage, question, picked)
        return ""

    def external_limit(self) -> str:
        """Let somebody say who limits the power, or lift a limit."""
        station = self._stage.station
        if station is None:
            return STARTING
        if why := station.refusals.get("external_limit"):
            return why
        from tui.dialogs.external_limit import which_limit

        self._put(which_limit(station))
        return ""

    def _put(self, asked: CommandQuestion) -> None:
        pick(self._stage, asked.question, lambda chosen: self._ask(asked.command(chosen)))
