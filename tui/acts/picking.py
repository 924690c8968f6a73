"""A question with choices over the screen: whoever leaves it without an answer changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from tui.acts.stage import Stage

if TYPE_CHECKING:
    from tui.dialogs.palette import Chosen, Question


def pick(stage: Stage, question: Question, picked: Callable[[Chosen], None]) -> None:
    """Put a question; `picked` hears the answer, if there is one."""
    from tui.dialogs.palette import Picker

    def answered(chosen: Chosen | None) -> None:
        if chosen is not None:
            picked(chosen)

    stage.open(Picker(stage.look, question), answered)
