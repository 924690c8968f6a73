"""What has happened: the sessions that were charged, and the events of the run.

The figures of a session stay here after its vehicle has left. What the CSMS knows of it stands
beside them, because a session that it was never told of is one that nobody bills.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from sim_core.events import Event
from sim_core.session_export import seconds_of, sessions_of
from sim_core.snapshot import SessionSnapshot, StationSnapshot
from tui import text
from tui.dialogs.columns import Column, head_line, in_columns
from tui.dialogs.sheet_body import Act, Item, Page, Tab
from tui.look import Look
from tui.widgets.line_widget import Line, Span

PLACE = re.compile(r"^(connector|EVSE) \d+: ")
"""How an event begins that has happened at one of them."""
SESSIONS, EVENTS = 0, 1
"""The tabs by their place."""
COLUMNS = (
    Column("began", 11),
    Column("conn", 4),
    Column("card", 0),
    Column("kWh", 9, right=True),
    Column("time", 8, right=True),
    Column("ended by", 14, from_cells=66),
    Column("transaction", 11, from_cells=103),
    Column("SoC %", 8, right=True, from_cells=112),
    Column("CSMS", 8),
)
EVENT_COLUMNS = (
    Column("time", 8),
    Column("what", 13, from_cells=60),
    Column("conn", 4),
    Column("", 0),
)
CSMS_WORDS: dict[str, tuple[str, str]] = {
    "": ("", "muted"),
    "told": ("told", "text"),
    "waiting": ("waiting", "warning"),
    "given up": ("given up", "error"),
}
"""What the CSMS knows of a session's end, and in which role that is said."""
REASONS: dict[str, str] = {
    "EmergencyStop": "the emergency stop was pressed",
    "EVDisconnected": "the cable was pulled at the vehicle",
    "HardReset": "the CSMS has reset the charge point at once",
    "SoftReset": "the CSMS has reset the charge point",
    "MasterPass": "a master card stopped it",
    "Local": "the driver stopped it at the charge point",
    "Other": "the vehicle ended it, or the start came to nothing",
    "PowerLoss": "the mains had failed",
    "Reboot": "the charge point was restarted",
    "Remote": "the CSMS stopped it from afar",
    "UnlockCommand": "the connector was unlocked",
    "DeAuthorized": "the CSMS refused the card afterwards",
}
"""Why a session ended, for who does not know OCPP's words."""
LOUD_EVENTS = ("warning", "refusal")


def what_has_happened(
    look: Look,
    station: Callable[[], StationSnapshot | None],
    events: Callable[[], list[Event]],
    now: Callable[[], datetime],
    export: Callable[[str], str],
) -> tuple[Tab, Tab]:
    """The two tabs; `export` writes the sessions as `csv` or `json`."""

    def sessions() -> Page:
        seen, moment = station(), now()
        return Page(
            items=[_session_item(one, moment, look) for one in (sessions_of(seen) if seen else ())],
            head=lambda cells: [head_line(COLUMNS, cells, look.symbol("ellipsis"))],
            empty=_no_session(look),
            detail=lambda item, cells: _told(item, moment, look, cells),
            detail_rows=5,
        )

    def happened() -> Page:
        return Page(
            items=[
                _event_item(event, n, look)
                for n, event in reversed(list(enumerate(events())))
                if event.kind != "story"
            ],
            head=lambda cells: [head_line(EVENT_COLUMNS, cells, look.symbol("ellipsis"))],
            empty="Nothing has happened yet.",
            detail=lambda item, cells: _whole(item, look, cells),
            detail_rows=3,
        )

    acts = (
        Act(("w",), "w", "write CSV", lambda _: export("csv")),
        Act(("W", "shift+w"), "W", "write JSON", lambda _: export("json")),
    )
    return Tab("Sessions", sessions, acts), Tab("Events", happened)


def sum_words(station: StationSnapshot | None) -> str:
    """How many there are and what they took, as a title."""
    sessions = sessions_of(station) if station else ()
    if not sessions:
        return "Sessions"
    energy = text.kilo(sum(one.energy_wh or 0.0 for one in sessions), 3)
    return f"{text.count(len(sessions), 'session')}, {energy} kWh"


def _day_time(at: datetime | None, now: datetime) -> str:
    if at is None:
        return text.UNKNOWN
    local = at.astimezone()
    today = local.date() == now.astimezone().date()
    return local.strftime("%H:%M:%S" if today else "%m-%d %H:%M")


def _session_item(one: SessionSnapshot, now: datetime, look: Look) -> Item:
    words, role = CSMS_WORDS.get(one.told, (one.told, "text"))
    running = one.ended_at is None
    ended = Span("goes on", "success") if running else Span(one.reason)
    socs = [f"{soc:.0f}" for soc in (one.soc_begin_percent, one.soc_end_percent) if soc is not None]
    values = (
        Span(_day_time(one.started_at, now), "muted"),
        Span(str(one.connector_id)),
        Span(text.plain(one.token, look.ascii), "strong"),
        Span(text.kilo(one.energy_wh, 3), "success" if running else "strong"),
        Span(text.duration(timedelta(seconds=seconds_of(one, now)))),
        ended._replace(text=text.plain(ended.text, look.ascii)),
        Span(_id(one.transaction_id), "muted"),
        Span("-".join(socs), "muted"),
        Span(text.plain(words, look.ascii), role),
    )
    return Item(
        draw=lambda cells: in_columns(COLUMNS, values, cells, look.symbol("ellipsis")),
        words=" ".join(
            str(word)
            for word in (one.token, one.transaction_id, ended.text, one.vehicle, words)
            if word
        ),
        key=(one.connector_id, one.started_at),
        value=one,
    )


def _id(transaction_id: int | str | None) -> str:
    return "" if transaction_id is None else text.plain(str(transaction_id), ascii_only=True)


def _told(item: Item | None, now: datetime, look: Look, cells: int) -> list[Line]:
    if item is None or not isinstance(item.value, SessionSnapshot):
        return []
    one = item.value
    dot = f" {look.symbol('dot')} "
    known = one.transaction_id is not None
    number = f"transaction {_id(one.transaction_id)}" if known else "no transaction id"
    who = [f"Connector {one.connector_id}", number, one.token]
    if one.vehicle:
        who.append(one.vehicle)
    began = text.clock_time(one.started_at) if one.started_at else text.UNKNOWN
    until = text.clock_time(one.ended_at) if one.ended_at else "now"
    seconds = seconds_of(one, now)
    took = f"{began} to {until}{dot}{text.kilo(one.energy_wh, 3)} kWh"
    if one.energy_wh is not None and seconds >= 1:
        took += f"{dot}{text.kilowatts(one.energy_wh * 3600 / seconds)} on average"
    begin_wh, energy_wh = one.meter_start_wh, one.energy_wh
    known = begin_wh is not None and energy_wh is not None
    stop_wh = (begin_wh or 0) + (energy_wh or 0.0) if known else None
    meter = f"Meter {text.kilo(begin_wh, 3)} to {text.kilo(stop_wh, 3)} kWh"
    begun, ended = one.soc_begin_percent, one.soc_end_percent
    if begun is not None and ended is not None:
        meter += f"{dot}battery {begun:.0f} to {ended:.0f} %"
    why = REASONS.get(one.reason, "")
    ended_by = f"Ended by {one.reason}: {why}" if why else f"Ended by {one.reason}"
    lines = [dot.join(who), took, meter]
    lines += [ended_by, _csms_sentence(one, look)] if one.ended_at else ["It goes on."]
    role = CSMS_WORDS.get(one.told, ("", "text"))[1]
    roles = ["strong", "text", "muted", "text", "muted" if role == "text" else role]
    return [
        (Span(" "), Span(text.plain(line, look.ascii), line_role))
        for line, line_role in zip(lines, roles, strict=False)
    ]


def _no_session(look: Look) -> str:
    """What stands where there is none; at a charger that is only watched nobody plugs by a key."""
    first = "Nothing has been charged yet."
    if "plug" in look.keys.row:
        first = look.with_keys(f"{first} {{plug}} plugs a vehicle in, {{start}} starts it;")
        return f"{first} what it took stays here when it has left."
    return f"{first} What a vehicle takes stays here when it has left."


def _csms_sentence(one: SessionSnapshot, look: Look) -> str:
    billed = one.csms_energy_wh
    if billed is not None:
        return f"The CSMS knows: it was told {text.kilo(billed, 3)} kWh, and has answered."
    if one.told == "waiting":
        more = "; {journal} shows what waits for it" if "journal" in look.keys.row else ""
        return look.with_keys(f"The CSMS has not answered yet{more}.")
    if one.told == "given up":
        more = "; {journal} says why" if "journal" in look.keys.row else ""
        return look.with_keys(f"The CSMS never took it: nobody bills this{more}.")
    return "The CSMS has heard of the end, and knows of no begin."


def _event_item(event: Event, number: int, look: Look) -> Item:
    role = "warning" if event.kind in LOUD_EVENTS else "text"
    said = PLACE.sub("", event.text)  # the column has it
    values = (
        Span(text.clock_time(event.at), "muted"),
        Span(text.plain(event.kind, look.ascii), "muted"),
        Span("" if event.connector_id is None else str(event.connector_id)),
        Span(text.plain(said, look.ascii), role),
    )
    return Item(
        draw=lambda cells: in_columns(EVENT_COLUMNS, values, cells, look.symbol("ellipsis")),
        words=f"{event.kind} {event.text}",
        key=(number, event.at),
        value=event,
    )


def _whole(item: Item | None, look: Look, cells: int) -> list[Line]:
    if item is None or not isinstance(item.value, Event):
        return []
    words = text.plain(item.value.text, look.ascii)
    return [(Span(" "), Span(line)) for line in text.wrapped(words, cells - 2)]
