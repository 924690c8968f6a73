"""A story that plays on the charge point, as a viewer sees it: what it says, and how to steer it.

The story acts by commands like anybody else; a viewer only shows its caption and passes on two
wishes. It is pulled like everything that viewers see, so the story waits for nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Caption:
    """What happens now, in a sentence or two."""

    chapter: int
    chapters: int
    text: str
    free: bool = False
    """The story stands aside, because somebody else is at play."""


class Storyteller(Protocol):
    """Whoever tells a story. Every member may be used from any thread and returns at once."""

    @property
    def caption(self) -> Caption | None:
        """What is said now; None while nothing is."""

    def skip(self) -> None:
        """Go on to the next chapter; out of free play too."""

    def stand_aside(self) -> None:
        """Do nothing more until `skip`: somebody wants to play."""
