"""How this CSMS answers, as data that a test or a demo may change while it runs.

The rules are one mutable object that all connections look at; the policies in it are frozen,
so that an answer is made from one consistent policy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone

CENTRAL_PY_DELAY_S = 10.0
DEFAULT_API_KEY = "changeme-123"


@dataclass(frozen=True)
class Boot:
    """The answer to BootNotification.

    With `deaf` the CSMS first asks what the charge point is set to, then reads nothing from it
    until its late answer is out, and ends with a DataTransfer of a foreign vendor. Widespread
    servers do this when a handler waits for a call of its own.
    """

    status: str = "Accepted"
    interval: int = 300
    delay_s: float = 0.0
    deaf: bool = False


def now() -> datetime:
    """The computer's time."""
    return datetime.now(timezone.utc)


@dataclass
class Rules:
    """What the CSMS answers: to a boot, and to DataTransfer of the vendors it knows; and the time
    that it goes by and tells."""

    boot: Boot = field(default_factory=Boot)
    vendors: set[str] = field(default_factory=set)
    call_timeout_s: float = 30.0
    now: Callable[[], datetime] = now
