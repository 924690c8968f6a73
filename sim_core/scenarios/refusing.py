"""How the answer to a request says no, in whichever version.

Made of the schema of the answer: most have a status, and most lists of statuses one that refuses.
An answer that only tells something has no way to say no: there a CALLERROR is the only one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sim_core.wire.answers import Payload
from sim_core.wire.dialect import Dialect

REFUSING = (
    "Rejected",
    "Failed",
    "UnlockFailed",
    "NotSupported",
    "Unknown",
    "NotFound",
    "NotImplemented",
)
"""Statuses that say no, the plainest first."""


@lru_cache(maxsize=256)
def refusal_of(dialect: Dialect, action: str) -> Payload | None:
    """The shortest answer that says no; None where no answer does."""
    if action not in dialect.schemas.actions:
        return None
    schema = dialect.schemas.answer_schema(action)
    allowed = _statuses(schema)
    word = next((word for word in REFUSING if word in allowed), None)
    if word is None:
        return None
    payload = {"status": word}
    return payload if dialect.schemas.answer_fault(action, payload) is None else None


def _statuses(schema: dict[str, Any]) -> tuple[str, ...]:
    status = schema.get("properties", {}).get("status", {})
    name = str(status.get("$ref", "")).rpartition("/")[2]
    named = schema.get("definitions", {}).get(name, {})
    return tuple(status.get("enum", ())) or tuple(named.get("enum", ()))
