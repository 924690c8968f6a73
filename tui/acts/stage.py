"""What an act needs of the app.

The app is much more than this. An act that knows no more of it can be read by itself, and nobody
has to look into it to know what the app's own state depends on.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from textual.screen import Screen

from sim_core.engine import Host
from sim_core.snapshot import StationSnapshot
from tui.look import Look
from tui.widgets.toasts import Severity

STARTING = "The charge point is still starting."
"""Why an act does nothing that needs a picture, before there is one."""
Answer = TypeVar("Answer")


class Stage(Protocol):
    """The charge point that is on the screen, and how something is done on it or beside it."""

    @property
    def look(self) -> Look:
        """How it is drawn."""

    @property
    def host(self) -> Host:
        """Whoever hosts the charge point."""

    @property
    def station(self) -> StationSnapshot | None:
        """Its newest picture."""

    def sample(self) -> None:
        """Look at it at once."""

    def say(self, sentence: str, severity: Severity = "warning") -> None:
        """Say a sentence for some seconds."""

    def open(
        self, screen: Screen[Answer], answered: Callable[[Answer | None], None] | None = None
    ) -> None:
        """Lay a dialog over the screen; `answered` hears what came of it."""

    def work(self, work: Coroutine[Any, Any, None], group: str) -> None:
        """Do what has to wait, while the screen goes on."""

    def work_beside(self, work: Callable[[], None], group: str) -> None:
        """Do what takes time on a thread of its own."""

    def from_beside(self, done: Callable[[], None]) -> None:
        """From such a thread: do this on the screen's."""
