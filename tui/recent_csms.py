"""The CSMSs that were dialled last, from one run to the next: URL, id and profile, and no secret.

A file of its own in the state folder, as the saved view is: losing it loses nothing, so whatever is
wrong with it leaves the list empty.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

from sim_core.settings.destination import Destination, trouble_of

FILE_NAME = "recent-csms.json"
LARGEST_BYTES = 20_000
MOST = 8
FIELDS = ("url", "charge_point_id", "security_profile")


class RecentCsms:
    """The last ones, newest first. `folder` None: they are forgotten with the process."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / FILE_NAME if folder else None
        self.all: list[Destination] = self._load()

    def add(self, where: Destination) -> str:
        """Remember one, without its secrets; returns why it is not kept, as a sentence."""
        shown = where.without_secrets
        self.all = [shown, *(one for one in self.all if one != shown)][:MOST]
        return self._save()

    def _load(self) -> list[Destination]:
        if self._path is None:
            return []
        try:
            with self._path.open("rb") as file:
                found = json.loads(file.read(LARGEST_BYTES))
        except (OSError, ValueError, RecursionError):
            return []
        rows = found if isinstance(found, list) else []
        return [one for row in rows[:MOST] if (one := _read(row)) is not None]

    def _save(self) -> str:
        if self._path is None:
            return ""
        rows = [{name: getattr(one, name) for name in FIELDS} for one in self.all]
        spare = self._path.with_name(f"{FILE_NAME}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            spare.touch(mode=0o600)
            spare.write_text(json.dumps(rows), encoding="utf-8")
            spare.replace(self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                spare.unlink()
            return f"The CSMS is not remembered: {self._path} cannot be written ({error.strerror})"
        return ""


def _read(row: object) -> Destination | None:
    if not isinstance(row, dict):
        return None
    url, id_, profile = (row.get(name) for name in FIELDS)
    if not isinstance(url, str) or not isinstance(id_, str) or type(profile) is not int:
        return None
    found = Destination(url, id_, profile)
    return None if any(trouble_of(name, getattr(found, name)) for name in FIELDS) else found
