"""What the dashboard and the fleet's screen begin with: themes, NO_COLOR, leaving at a signal."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import ClassVar

from textual.app import App
from textual.driver import Driver

from tui.look import Look
from tui.themes import OWN_THEMES, fitting_theme, next_theme

NOT_AS_ASKED = 2
"""The exit code of what cannot do what its options ask."""


class BaseApp(App[int]):
    """An app with our themes that a signal handler may end."""

    # Textual looks for a relative path beside the module of the class that runs, not of this one
    CSS_PATH: ClassVar[Path] = Path(__file__).with_name("chargeforge.tcss")
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, look: Look, theme: str, recalled_theme: str = "") -> None:
        """`theme` is what was asked for; it wins over the one of the last run."""
        # Textual chooses here, before any theme is set, whether NO_COLOR means greys or no colour
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.look = look
        self.set_class(look.ascii, "-ascii")
        self.animation_level = "none"  # must follow super().__init__(), which reads the environment
        self._here: asyncio.AbstractEventLoop | None = None
        for own in OWN_THEMES:
            self.register_theme(own)
        self.theme = fitting_theme(theme, self.console.color_system, self.no_color, recalled_theme)

    def get_driver_class(self) -> type[Driver]:
        """On Linux one that sleeps where nobody types; else, and where another is asked for, the
        one that Textual takes."""
        chosen = super().get_driver_class()
        if sys.platform == "linux":
            from textual.drivers.linux_driver import LinuxDriver

            if chosen is LinuxDriver:
                from tui.patient_driver import PatientDriver

                return PatientDriver
        return chosen

    def on_mount(self) -> None:
        # Textual calls this beside the `on_mount` of the class that is derived from this one
        self._here = asyncio.get_running_loop()

    def change_theme(self) -> bool:
        """Take the next of the themes; False under NO_COLOR, where there are none."""
        if self.no_color:
            return False
        self.theme = next_theme(self.theme, self.console.color_system)
        return True

    def leave_soon(self) -> None:
        """Leave without asking or waiting; safe to call from a signal handler."""
        loop = self._here
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.exit, 0)
