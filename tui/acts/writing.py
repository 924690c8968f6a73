"""A file into the folder that the program was started in, whatever it is.

The disk may be slow, so it is written on a thread of its own; where it lies is said afterwards, or
why it does not.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tui.acts.stage import Stage


def write_here(
    stage: Stage, write: Callable[[Path], Path], what: str, failed: str = "Not written"
) -> None:
    """`write` is told the folder and gives the path of the file, or raises OSError; `what` is the
    name of its content."""

    def work() -> None:
        try:
            path = write(Path.cwd())
        except OSError as error:
            trouble = f"{failed}: {error}"
            stage.from_beside(lambda: stage.say(trouble))
        else:
            # in words that a toast can break
            said = f"{what} written to {path.name}, in {path.parent}"
            stage.from_beside(lambda: stage.say(said, "information"))

    stage.work_beside(work, "save")
