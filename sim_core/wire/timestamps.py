"""Timestamps on the wire: RFC 3339 in UTC with milliseconds out, anything sensible in (W12)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?\s*([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)


def stamp(at: datetime) -> str:
    """`at` as it goes on the wire."""
    if at.tzinfo is not timezone.utc:
        at = at.astimezone(timezone.utc)
    return at.isoformat(timespec="milliseconds")[:-6] + "Z"  # in place of +00:00


def moment(text: object) -> datetime | None:
    """The moment that a CSMS wrote, or None when it makes no sense. No zone means UTC."""
    found = _FORM.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    day, time_of_day, fraction, zone = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{time_of_day}")
        at += timedelta(seconds=float(fraction or 0))
        if zone and zone not in "Zz":
            offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
            at -= offset if zone[0] == "+" else -offset
    except (ValueError, OverflowError):
        return None
    return at.replace(tzinfo=timezone.utc)
