"""Moments as payloads have them, in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from sim_core.traces import stamps

S = timedelta(seconds=1)


def moment(text: object) -> datetime | None:
    """The moment that somebody wrote, in UTC; None when it makes no sense. No zone means UTC."""
    at = stamps.iso(text.strip()) if isinstance(text, str) else None
    if at is None:
        return None
    try:
        return at.astimezone(timezone.utc) if at.tzinfo else at.replace(tzinfo=timezone.utc)
    except OverflowError:
        return None
