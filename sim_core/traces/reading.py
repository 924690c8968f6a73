"""Reads a log: tells its form, takes its frames, and puts them into one order and one zone.

What a form gives is made into a trace here, the same way for all of them: who has said a frame,
which of them is there twice, whether the file begins with the newest, and what time it was in UTC.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone
from itertools import groupby, pairwise
from pathlib import Path

from sim_core.traces import directions, stamps
from sim_core.traces.carriers import unpacked_lines
from sim_core.traces.entries import Entry, Note, Notes, Source
from sim_core.traces.formats.form import CannotRead, Form
from sim_core.traces.formats.table import FORM, FORMS, UNREAD
from sim_core.traces.frames import Side, Trace, TraceFrame
from sim_core.traces.messages import CALL, CALLRESULT
from sim_core.traces.packed import unpacked

LARGEST = 1024 * 1024 * 1024
TOO_LARGE = "is larger than 1 GiB: cut it into pieces with `split`."
COPY_S = timedelta(seconds=1)
"""A frame that is there again within this time was logged twice; later it was sent again."""
COPY_FRAMES = 8
"""The same where there are no times: within so many frames."""
SURELY = 3
"""Stamps that go so many times as often one way as the other tell the order of a file."""
ENTRIES_TO_TELL = 1000
Progress = Callable[[int, int], None]
FAR = timedelta(days=7)
DUMPED = re.compile(r"_ocpp\d+-(?:in|out)\.txt")
VERSIONS = {"BootNotification": {"chargingStation": "2.0.1", "chargePointVendor": "1.6"}}
OF_16 = frozenset(
    {"StartTransaction", "StopTransaction", "GetConfiguration", "ChangeConfiguration"}
)
OF_201 = frozenset(
    {"TransactionEvent", "NotifyReport", "GetVariables", "SetVariables", "GetBaseReport"}
)


@dataclass(frozen=True)
class Reading:
    """A log that was read: its trace, and what is to be said of it."""

    trace: Trace
    form: Form
    guessed: bool
    """Whether nobody has said which form it is."""
    lines: int
    packets: int
    """Of a capture, which has no lines."""
    duplicates: int
    other_lines: int
    """Lines with something on them that belong to no frame."""
    left_out: dict[str, Note]
    mended: Note
    unsure: int
    """Frames of which it is no more than likely who has said them."""
    reversed: bool
    """The file begins with the newest."""
    zones: tuple[timedelta, ...]
    """By how much its clock is ahead of UTC, as was found out; more than one where it changes."""
    zone_unknown: bool
    """Its times have no zone, and nothing tells it: they are taken as UTC."""


def read_file(
    path: Path,
    *,
    form: str | None = None,
    timezone: tzinfo | None = None,
    charge_point: str | None = None,
    progress: Progress | None = None,
) -> Reading:
    """Read a file; what else is asked for is that of `read`. Raises CannotRead, OSError."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise CannotRead(f"{path.name} {TOO_LARGE}")
    return read(
        data,
        path.name,
        form=form,
        timezone=timezone,
        charge_point=charge_point,
        progress=progress,
    )


def read(
    data: bytes,
    name: str = "",
    *,
    form: str | None = None,
    timezone: tzinfo | None = None,
    charge_point: str | None = None,
    progress: Progress | None = None,
) -> Reading:
    """Read a log.

    `form` is the name of one of `FORMS`, where it is not to be guessed; `timezone` is that of times
    without one; of a log of several `charge_point` names the one that is wanted. `progress` is
    called now and then with the line that has been reached, and how many there are. Raises
    CannotRead with a sentence where there is no frame in it.
    """
    data = unpacked(data, LARGEST, name)
    if len(data) > LARGEST:
        raise CannotRead(f"{name or 'what was read'} {TOO_LARGE}")
    text = unpacked_lines(_decoded(data))
    if DUMPED.search(name) and not DUMPED.search(text[:400]):  # one frame, its head is the name
        text = f"{name}:{text}"
    source = Source(name, data, text)
    chosen = _form(source, form)
    notes = Notes()
    count = source.text.rstrip("\n").count("\n") + 1
    entries: list[Entry] = []
    for entry in chosen.read(source, notes):
        entries.append(entry)
        if progress is not None and len(entries) % ENTRIES_TO_TELL == 0:
            progress(entry.line, count)
    if not entries:
        raise CannotRead(_nothing(source, chosen, notes, told=form is not None))
    entries, upside_down = _in_order(entries, notes)
    sides = directions.guessed(entries)
    entries, sides, duplicates = _without_copies(entries, sides, notes)
    names = {entry.charge_point for entry in entries} - {""}
    only = names.pop() if len(names) == 1 and not notes.keeps_order else ""
    zone = timezone or (stamps.zone_of(notes.timezone) if notes.timezone else None)
    times = stamps.LocalTimes(zone, () if zone else _witnesses(entries, sides))
    frames = [
        TraceFrame(
            side,
            times.utc(entry.at) if entry.at else None,
            entry.message,
            entry.text,
            entry.charge_point or only,
            entry.line,
        )
        for entry, (side, _) in zip(entries, sides, strict=True)
    ]
    if charge_point is not None:
        frames = _of(charge_point, frames)
    naive = any(entry.at is not None and entry.at.tzinfo is None for entry in entries)
    zones = tuple(times.offsets) if naive and not zone else ()
    trace = Trace(name, tuple(frames), notes.ocpp_version or _version(frames))
    named = notes.timezone or stamps.offset_text(timezone)
    if not named and zones:
        named = stamps.offset_text(fixed_zone(zones[0]))
    lines = [number for number, line in source.lines() if line.strip() and not notes.packets]
    return Reading(
        replace(trace, timezone=named),
        _most(chosen, notes),
        form is None,
        count,
        notes.packets,
        duplicates,
        sum(number not in notes.used for number in lines),
        notes.left_out,
        notes.mended,
        sum(likely for _, likely in sides),
        upside_down,
        zones,
        naive and not times.known,
    )


# -- which form ------------------------------------------------------------------------------------


def _decoded(data: bytes) -> str:
    """A file as text: PowerShell writes UTF-16, and a NUL or half a character harms nobody here."""
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if data.startswith(mark):
            return data[2:].decode(encoding, "replace")
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    if text.count("\x00") > len(text) // 3:  # UTF-16 without its mark
        text = data.decode("utf-16-le" if data[1:2] == b"\x00" else "utf-16-be", "replace")
    return text if "\n" in text else text.replace("\r", "\n")


def _form(source: Source, name: str | None) -> Form:
    if not source.data.strip():
        raise CannotRead(f"{_called(source)} is empty.")
    if name is not None:
        return FORM[name]
    for form in FORMS:
        if form.told_by(source):
            return form
    for unread in UNREAD:
        if unread.told_by(source):
            raise CannotRead(f"{_called(source)} is {unread.title}: {unread.why}")
    return FORM["plain"]


def _most(chosen: Form, notes: Notes) -> Form:
    """The form whose words most of the frames have."""
    known = [name for name, _ in notes.heads.most_common() if name in FORM]
    return FORM[known[0]] if known else chosen


def _called(source: Source) -> str:
    return source.name or "what was read"


def _nothing(source: Source, form: Form, notes: Notes, *, told: bool) -> str:
    whys = "; ".join(f"{why} ({note.count})" for why, note in notes.left_out.items())
    what = f", read as {form.title}," if told else ""
    found = f" What there is: {whys}." if whys else ""
    return (
        f"{_called(source)}{what} has no OCPP-J frame that could be read.{found} "
        "A frame begins with [2, [3, or [4, and is whole."
    )


# -- the order -------------------------------------------------------------------------------------


def _in_order(entries: list[Entry], notes: Notes) -> tuple[list[Entry], bool]:
    """The entries from the oldest on, and whether the file begins with the newest."""
    if notes.keeps_order:
        return entries, False
    if notes.sorts and all(entry.at is not None for entry in entries):
        return sorted(entries, key=lambda entry: stamps.without_zone(entry.at)), False
    if _is_reversed(entries):
        lines = [list(line) for _, line in groupby(entries, key=lambda entry: entry.line)]
        return [entry for line in reversed(lines) for entry in line], True
    return entries, False


def _is_reversed(entries: Sequence[Entry]) -> bool:
    """By the times, where they say it; else by answers that stand before their requests."""
    forward = backward = 0
    for one, other in pairwise([entry.at for entry in entries if entry.at is not None]):
        if (one.tzinfo is None) == (other.tzinfo is None):
            forward += one < other
            backward += one > other
    if not forward and not backward:  # what the charger says of the time is better than nothing
        told = [stamps.iso(_stamped(e.message[-1])) for e in entries if e.message[0] == CALL]
        known = [stamps.without_zone(at) for at in told if at is not None]
        forward = sum(one < other for one, other in pairwise(known))
        backward = sum(one > other for one, other in pairwise(known))
        if max(forward, backward) < SURELY * min(forward, backward):
            forward = backward = 0
    if forward != backward:
        return backward > forward
    asked: dict[str, int] = {}
    for place, entry in enumerate(entries):
        if entry.message[0] == CALL:
            asked.setdefault(str(entry.message[1]), place)
    before = after = 0
    for place, entry in enumerate(entries):
        if entry.message[0] != CALL and (request := asked.get(str(entry.message[1]))) is not None:
            before += place < request
            after += place > request
    return before > after


def _without_copies(
    entries: list[Entry], sides: list[tuple[Side, bool]], notes: Notes
) -> tuple[list[Entry], list[tuple[Side, bool]], int]:
    """What was logged twice is there once."""
    if notes.keeps_copies:
        return entries, sides, 0
    seen: dict[tuple[Side, int, str], list[Seen]] = {}
    kept: list[tuple[Entry, tuple[Side, bool]]] = []
    for place, (entry, (side, _)) in enumerate(zip(entries, sides, strict=True)):
        known = seen.setdefault((side, entry.message[0], str(entry.message[1])), [])
        copy = next((one for one in known[-COPY_FRAMES:] if _is_copy(place, entry, one)), None)
        if copy is None:
            known.append(Seen(place, entry, len(kept)))
            kept.append((entry, sides[place]))
        elif entry.charge_point and not copy.entry.charge_point:
            named = replace(copy.entry, charge_point=entry.charge_point)
            kept[copy.kept_at] = named, kept[copy.kept_at][1]
    left = len(entries) - len(kept)
    return [entry for entry, _ in kept], [side for _, side in kept], left


@dataclass(frozen=True)
class Seen:
    """A frame that copies may follow."""

    place: int
    entry: Entry
    kept_at: int


def _is_copy(place: int, entry: Entry, seen: Seen) -> bool:
    other, apart = seen.entry, place - seen.place
    if entry.message != other.message:
        return False
    if entry.charge_point != other.charge_point and entry.charge_point and other.charge_point:
        return False
    if entry.at is None or other.at is None:
        return apart <= COPY_FRAMES
    if (entry.at.tzinfo is None) != (other.at.tzinfo is None):
        return False
    return abs(entry.at - other.at) <= COPY_S


# -- the time --------------------------------------------------------------------------------------


def _witnesses(
    entries: Sequence[Entry], sides: Sequence[tuple[Side, bool]]
) -> list[stamps.Witness]:
    """What tells the zone of the log: the CSMS's clock, or where it is silent the charger's."""
    by_csms: list[stamps.Witness] = []
    by_charger: list[stamps.Witness] = []
    for entry, (side, _) in zip(entries, sides, strict=True):
        if entry.at is None or entry.at.tzinfo is not None:
            continue
        payload = entry.message[-1]
        if entry.message[0] == CALLRESULT and side is Side.CSMS:
            told, witnesses = payload.get("currentTime"), by_csms
        elif entry.message[0] == CALL and side is Side.CHARGER:
            told, witnesses = _stamped(payload), by_charger
        else:
            continue
        utc = stamps.iso(told)
        if utc is not None:  # what a CSMS says without a zone is UTC, as OCPP has it
            witnesses.append(stamps.Witness(entry.at, stamps.without_zone(utc)))
    offsets = Counter(one.offset for one in by_charger if one.offset is not None)
    agreed = {offset for offset, _ in offsets.most_common(1)}
    if not by_csms:
        return [one for one in by_charger if one.offset in agreed]
    told = sorted(one.local for one in by_csms)
    return by_csms + [one for one in by_charger if _is_far(one.local, told)]


def _is_far(local: datetime, told: Sequence[datetime]) -> bool:
    """Whether the CSMS has told its time only long before or after: the summer may lie between."""
    place = bisect_left(told, local)
    return all(abs(local - moment) > FAR for moment in told[max(0, place - 1) : place + 1])


def _stamped(payload: dict[str, object]) -> object:
    samples = payload.get("meterValue")
    if isinstance(samples, list) and samples and isinstance(samples[-1], dict):
        return samples[-1].get("timestamp")
    return payload.get("timestamp")


# -- whose, and which OCPP -------------------------------------------------------------------------


def _of(charge_point: str, frames: list[TraceFrame]) -> list[TraceFrame]:
    wanted = [frame for frame in frames if frame.charge_point == charge_point]
    if wanted:
        return wanted
    known = sorted({frame.charge_point for frame in frames} - {""})
    there = ", ".join(known[:20]) if known else "none that has a name"
    raise CannotRead(f"There are no frames of charge point {charge_point!r}; there are: {there}.")


def _version(frames: Sequence[TraceFrame]) -> str:
    """Which OCPP is spoken, as far as the messages tell."""
    for frame in frames:
        if frame.message[0] != CALL:
            continue
        action, payload = frame.message[2], frame.message[3]
        for field, version in VERSIONS.get(action, {}).items():
            if field in payload:
                return version
        if action in OF_16:
            return "1.6"
        if action in OF_201:
            return "2.0.1"
    return ""
