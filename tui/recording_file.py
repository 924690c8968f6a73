"""A recording as a file: YAML for people; and those that lie in a folder, to be played."""

from __future__ import annotations

import json
import time
from pathlib import Path

from sim_core.scenarios.recording import as_yaml
from sim_core.scenarios.recording import read_recording as read_recording

PATTERNS = ("chargeforge-recording-*.yaml", "chargeforge-recording-*.json")
MOST = 50
"""So many are offered, the newest first."""


def write_recording(told: str, about: dict[str, str], folder: Path) -> Path:
    """Write what `EndRecording` has told into a new file, and return its path. Raises OSError."""
    path = folder / f"chargeforge-recording-{time.strftime('%Y%m%d-%H%M%S')}.yaml"
    with path.open("x", encoding="utf-8", newline="") as file:
        file.write(as_yaml(json.loads(told)["steps"], about))
    return path


def recordings_in(folder: Path) -> list[Path]:
    """The recordings of a folder, the newest first."""
    found = {path for pattern in PATTERNS for path in folder.glob(pattern)}
    return sorted(found, key=lambda path: path.name, reverse=True)[:MOST]
