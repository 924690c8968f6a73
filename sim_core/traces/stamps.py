"""The times that people's logs have: a dozen spellings, most of them without a zone.

A log without a zone is in that of the machine that wrote it. Where the CSMS answers with
`currentTime`, and else where the charge point stamps what it says, that is the same moment in UTC,
and the difference is the zone: a whole number of quarters of an hour.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo

ISO = re.compile(
    r"(?<!\d)(\d{4})[-/](\d\d)[-/](\d\d)(?:[T _]|,\s|\s+)(\d\d)[:-](\d\d)[:-](\d\d)"
    r"(?:[.,:-](\d{1,9})(?!\d))?(?:\s?(Z\b|UTC\b|[+-]\d\d:?\d\d(?!\d)))?"
)
WITH_SLASHES = re.compile(
    r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d\d),?\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?"
    r"(?:\s?([AaPp])\.?[Mm]\b)?"
)
WITH_DOTS = re.compile(
    r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{4}),?\s+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?"
)
EPOCH = re.compile(r"(?<![\d.])(\d{10})(?:\.(\d{1,9}))(?![\d.])|(?<![\d.])(\d{10})(\d{3})(?![\d.])")
OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d\d?)(?::?(\d\d))?")

EARLIEST = datetime(1, 1, 1)  # noqa: DTZ001 - as a log has it, without a zone
QUARTER = timedelta(minutes=15)
NEAR = timedelta(minutes=2, seconds=30)
"""How far a clock may be off and still tell the zone."""
FARTHEST = timedelta(hours=14)


def find(text: str, *, last: bool = False) -> datetime | None:
    """The first time in a text, or its last; naive where it has no zone, None where none is."""
    known: list[tuple[int, datetime]] = []
    for pattern, made in (
        (ISO, _iso),
        (WITH_SLASHES, _with_slashes),
        (WITH_DOTS, _with_dots),
        (EPOCH, _epoch),
    ):
        for found in pattern.finditer(text):
            moment = made(found)
            if moment is not None:
                known.append((found.start(), moment))
                if not last:
                    break
        if known and pattern is ISO:
            break
    if not known:
        return None
    return (max if last else min)(known, key=lambda one: one[0])[1]


def iso(text: object) -> datetime | None:
    """A time as JSON has it; None where it is none."""
    if not isinstance(text, str):
        return None
    found = ISO.match(text)
    return _iso(found) if found else None


def of_seconds(seconds: float) -> datetime | None:
    """A time in seconds since 1970."""
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None


def as_text(at: datetime) -> str:
    """A time as traces have it: in UTC, with as many digits as it needs."""
    precision = "milliseconds" if at.microsecond % 1000 == 0 else "microseconds"
    moment = at.astimezone(timezone.utc).replace(tzinfo=None)
    return moment.isoformat(timespec=precision) + "Z"


def without_zone(at: datetime | None) -> datetime:
    """A time to compare with others: in UTC, where it has a zone."""
    if at is None:
        return EARLIEST
    try:
        return at.astimezone(timezone.utc).replace(tzinfo=None) if at.tzinfo else at
    except OverflowError:
        return at.replace(tzinfo=None)


def zone_of(text: str) -> tzinfo | None:
    """A zone by its name (`Europe/Berlin`), as an offset (`+02:00`) or `UTC`; None: there is none
    of this name."""
    name = text.strip()
    if name.upper() in ("UTC", "Z", "GMT"):
        return timezone.utc
    if found := OFFSET.fullmatch(name.upper()):
        span = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
        if span > FARTHEST:
            return None
        return timezone(span if found[1] == "+" else -span)
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # also what a file system has against the name
        return None


def offset_text(zone: tzinfo | None) -> str:
    """A zone as a header or a sentence has it."""
    if zone is None:
        return ""
    if isinstance(zone, timezone):
        offset = zone.utcoffset(None)
        minutes = round(offset.total_seconds() / 60)
        sign = "-" if minutes < 0 else "+"
        return f"{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return str(zone)


# -- which zone a log is in ------------------------------------------------------------------------


@dataclass(frozen=True)
class Witness:
    """What the log's clock showed, and what time it was in UTC; both without a zone."""

    local: datetime
    utc: datetime

    @property
    def offset(self) -> timedelta | None:
        """How far the log is ahead of UTC; None where that is no zone."""
        apart = self.local - self.utc
        offset = round(apart / QUARTER) * QUARTER
        return offset if abs(apart - offset) <= NEAR and abs(offset) <= FARTHEST else None


class LocalTimes:
    """Turns times without a zone into UTC, by what is known of the zone at each time."""

    def __init__(self, zone: tzinfo | None = None, witnesses: Iterable[Witness] = ()) -> None:
        self._zone = zone
        known = [(one.local, one.offset) for one in witnesses]
        self._known = sorted((local, offset) for local, offset in known if offset is not None)
        self._moments = [local for local, _ in self._known]

    @property
    def offsets(self) -> Sequence[timedelta]:
        """The zones that were found, the most frequent first."""
        return [offset for offset, _ in Counter(offset for _, offset in self._known).most_common()]

    @property
    def known(self) -> bool:
        return self._zone is not None or bool(self._known)

    def utc(self, local: datetime) -> datetime | None:
        """In UTC; as it is where no zone is known. None where no clock can show that."""
        try:
            if local.tzinfo is not None:
                return local.astimezone(timezone.utc)
            if self._zone is not None:
                return local.replace(tzinfo=self._zone).astimezone(timezone.utc)
            return (local - self._offset(local)).replace(tzinfo=timezone.utc)
        except (OverflowError, ValueError):
            return None

    def _offset(self, local: datetime) -> timedelta:
        if not self._known:
            return timedelta()
        place = bisect_left(self._moments, local)
        beside = self._known[max(0, place - 1) : place + 1]
        return min(beside, key=lambda one: abs(one[0] - local))[1]


# -- the spellings ---------------------------------------------------------------------------------


def _made(
    year: str,
    month: str,
    day: str,
    hour: int,
    minute: str,
    second: str | None,
    fraction: str | None,
    zone: tzinfo | None = None,
) -> datetime | None:
    micros = int((fraction or "0").ljust(6, "0")[:6])
    years = int(year) + (2000 if len(year) == 2 else 0)
    try:
        return datetime(
            years, int(month), int(day), hour, int(minute), int(second or 0), micros, zone
        )
    except ValueError:
        return None


def _iso(found: re.Match[str]) -> datetime | None:
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    return _made(
        year, month, day, int(hour), minute, second, fraction, zone_of(zone) if zone else None
    )


def _with_slashes(found: re.Match[str]) -> datetime | None:
    """Americans put the month first; that can be told where the clock has twelve hours, or where
    the day is no month."""
    first, second, year, hour, minute, seconds, fraction, half = found.groups()
    month, day = first, second
    if int(first) > 12:
        month, day = second, first
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in "pP" else 0)
    return _made(year, month, day, hours, minute, seconds, fraction)


def _with_dots(found: re.Match[str]) -> datetime | None:
    day, month, year, hour, minute, second, fraction = found.groups()
    return _made(year, month, day, int(hour), minute, second, fraction)


def _epoch(found: re.Match[str]) -> datetime | None:
    seconds, fraction, whole, thousandths = found.groups()
    micros = int((fraction or thousandths or "").ljust(6, "0")[:6])
    moment = of_seconds(int(seconds or whole))
    return moment.replace(microsecond=micros) if moment else None
