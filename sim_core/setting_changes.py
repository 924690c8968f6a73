"""Who has changed which setting since the charge point runs, whatever the settings are called.

The adapters of all protocols keep one of these beside their settings: a sheet that shows them, and
whoever asks over HTTP, sees the same of each.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sim_core.snapshot import ChangedBy, SettingChange


class SettingChanges:
    """See the module. Names are those by which a setting is asked for."""

    __slots__ = ("_changes", "_looks_new", "_now", "revision")

    def __init__(
        self,
        now: Callable[[], datetime] | None = None,
        looks_new: Callable[[], None] = lambda: None,
    ) -> None:
        """Without `now` nothing is kept. `looks_new` is called when whoever looks at the settings
        would see another picture."""
        self._now = now
        self._looks_new = looks_new
        self._changes: dict[str, SettingChange] | None = None
        """Most charge points of a fleet have none."""
        self.revision = 0
        """Raised by every change of a value, be it that it waits for a reboot."""

    def raise_revision(self) -> None:
        """The settings look different."""
        self.revision += 1
        self._looks_new()

    def note(self, name: str, before: str, value: str, by: ChangedBy) -> None:
        """A setting that held `before` is set to `value`. Of a secret one both are empty: that it
        was set is kept, and never that it is as it was."""
        known = self._changes.get(name) if self._changes else None
        first = known.before if known else before
        as_it_was = bool(value) and value == first
        if self._now is not None and (known or not as_it_was):
            self._changes = self._changes or {}
            if as_it_was:
                del self._changes[name]
            else:
                self._changes[name] = SettingChange(first, by, self._now())
        self.raise_revision()

    def last(self, name: str) -> SettingChange | None:
        """How a setting came to the value that it has; None: it is as it was at the start."""
        return self._changes.get(name) if self._changes else None
