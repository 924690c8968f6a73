"""What a CSMS knows of sessions, over whatever tells of it.

Our own CSMS is asked itself, a foreign one by a small adapter (`--csms-sessions`): a GET that is
answered with the sessions that have ended, as `chargeforge csms` has them at `/api/v1/history`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sim_core.errors import UserError


@dataclass(frozen=True)
class Session:
    """A session that has ended, as the CSMS has it."""

    charge_point: str
    transaction_id: str
    """A number is told as its digits."""
    energy_wh: float | None
    """What was charged in it; None where the CSMS does not say."""


class SessionsError(UserError):
    """What a CSMS tells of sessions cannot be read; the text says why."""


class Sessions(Protocol):
    """Whoever can say which sessions have ended."""

    async def ended(self) -> Sequence[Session]:
        """All that the CSMS still knows, in any order. Raises UserError."""


def sessions_in(told: object) -> list[Session]:
    """The sessions of an adapter's answer: `{"sessions": [{"cpid": …, "transactionId": …,
    "energy": Wh}, …]}`.

    Raises SessionsError.
    """
    rows = told.get("sessions") if isinstance(told, dict) else None
    if not isinstance(rows, list):
        raise SessionsError('the sessions of the CSMS are no {"sessions": […]}')
    return [_session(row, place) for place, row in enumerate(rows, 1)]


def _session(row: object, place: int) -> Session:
    if not isinstance(row, Mapping):
        raise SessionsError(f"session {place} of the CSMS is no JSON object")
    for name in ("cpid", "transactionId"):
        if not isinstance(row.get(name), (str, int)):
            raise SessionsError(f"session {place} of the CSMS has no {name}")
    energy: Any = row.get("energy")
    if energy is not None and (isinstance(energy, bool) or not isinstance(energy, (int, float))):
        raise SessionsError(f"session {place} of the CSMS has an energy that is no number of Wh")
    return Session(str(row["cpid"]), str(row["transactionId"]), energy)
