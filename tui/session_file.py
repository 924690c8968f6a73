"""Sessions as a file: CSV for a spreadsheet, JSON for a program."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sim_core.session_export import as_csv, as_rows
from sim_core.snapshot import SessionSnapshot


def write_sessions(
    sessions: Sequence[SessionSnapshot], now: datetime, form: str, folder: Path
) -> Path:
    """Write a new file into the folder and return its path; `form` is `csv` or `json`.

    Raises OSError.
    """
    path = folder / f"chargeforge-sessions-{time.strftime('%Y%m%d-%H%M%S')}.{form}"
    written = (
        as_csv(sessions, now)
        if form == "csv"
        else json.dumps(as_rows(sessions, now), indent=2) + "\n"
    )
    with path.open("x", encoding="utf-8", newline="") as file:
        file.write(written)
    return path
