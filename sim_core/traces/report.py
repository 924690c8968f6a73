"""What is said of a log that was read, in sentences: its form, what is in it, what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta, timezone

from sim_core.traces.entries import Note
from sim_core.traces.reading import Reading
from sim_core.traces.stamps import offset_text

MOST_ZONES = 3


def sentences(reading: Reading) -> Iterator[str]:
    """The summary first, and then a sentence for everything that is not plain."""
    yield summary(reading)
    for why, note in reading.left_out.items():
        yield f"Left out, {_often(note)}: {why}{_where(note)}."
    if reading.mended.count:
        yield (
            f"Put right, {_often(reading.mended)}: a frame that a spreadsheet or Python has spelt "
            f"its own way{_where(reading.mended)}."
        )
    if reading.reversed:
        yield "It begins with the newest; the frames are in the order in which they passed."
    if reading.unsure:
        yield (
            f"Who has said {_count(reading.unsure, 'frame')} is a guess: the log does not tell, "
            "and neither does what is said."
        )
    if reading.zones:
        zones = " and ".join(_zone(zone) for zone in reading.zones[:MOST_ZONES])
        yield f"Its times are local, in {zones}: so say the CSMS and the charger."
    elif reading.zone_unknown:
        yield (
            "Its times have no zone and nothing tells it, so they are taken as UTC: "
            "--timezone Europe/Berlin, or +02:00, says which it is."
        )


def summary(reading: Reading) -> str:
    """One line: the form, and how many lines became how many frames."""
    trace = reading.trace
    named = [name for name in trace.charge_points if name]
    frames = _count(len(trace.frames), "frame")
    of = f" of {_count(len(named), 'charge point')}" if named else ""
    parts = [frames + of]
    if reading.duplicates:
        parts.append(_count(reading.duplicates, "duplicate"))
    if reading.other_lines:
        are = "line that is no frame" if reading.other_lines == 1 else "lines that are no frames"
        parts.append(f"{reading.other_lines} {are}")
    guessed = ", guessed" if reading.guessed else ""
    spoken = f"; OCPP {trace.ocpp_version}" if trace.ocpp_version else ""
    counted = ", ".join(parts)
    packets = reading.packets
    there = _count(packets, "packet") if packets else _count(reading.lines, "line")
    return f"Form: {reading.form.name}{guessed}{spoken}. {there}: {counted}."


def _zone(offset: timedelta) -> str:
    return offset_text(timezone(offset)) if offset else "UTC"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _often(note: Note) -> str:
    return "once" if note.count == 1 else f"{note.count} times"


def _where(note: Note) -> str:
    if not note.lines:
        return ""
    more = ", …" if note.count > len(note.lines) else ""
    word = "line" if len(note.lines) == 1 and not more else "lines"
    return f" ({word} {', '.join(map(str, sorted(note.lines)))}{more})"
