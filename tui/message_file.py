"""Messages as a file: one exchange a line, as JSON, for whoever reads on elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from sim_core.wire.message_log import Exchange
from tui.text import NO_SHIFT


def write_messages(
    exchanges: Sequence[Exchange], folder: Path, ahead: timedelta = NO_SHIFT
) -> Path:
    """Write a new file into the folder and return its path.

    `ahead` is by how much the clock that is shown is ahead of the log's. Raises OSError.
    """
    path = folder / f"chargeforge-messages-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    with path.open("x", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in as_jsonl(exchanges, ahead))
    return path


def as_jsonl(exchanges: Iterable[Exchange], ahead: timedelta = NO_SHIFT) -> Iterable[str]:
    """Exchanges as lines of JSON."""
    for one in exchanges:
        yield json.dumps(
            {
                "at": (one.requested_at + ahead).isoformat(),
                "direction": one.direction.value,
                "action": one.action,
                "connectorId": one.connector_id,
                "transactionId": one.transaction_id,
                "state": one.state.value,
                "trouble": one.trouble,
                **({"injected": one.injected} if one.injected else {}),
                "latency_ms": None if one.latency_s is None else round(one.latency_s * 1000, 1),
                "request": one.request,
                "answer": one.answer,
            }
        )
