"""Several charge points in one screen: which there are, how each is doing, and which one is shown.

On a wide screen it is a column beside the cards, else one row above them. A charge point is told by
the most telling of its connectors: a fault before what charges, and that before what is free.
"""

from __future__ import annotations

from dataclasses import dataclass

from sim_core.snapshot import ConnectorState, LinkState, StationSnapshot
from tui import text
from tui.look import FACES, Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified, line_width

BESIDE_FROM = 110
"""Cells of a screen from which on the list is a column."""
CELLS = 26
"""Width of that column."""
NAME_CELLS = 12
TELLING: dict[ConnectorState, str] = {
    ConnectorState.FAULTED: "fault",
    ConnectorState.CHARGING: "charging",
    ConnectorState.PAUSED_BY_VEHICLE: "paused",
    ConnectorState.PAUSED_BY_CHARGER: "paused",
    ConnectorState.PREPARING: "preparing",
    ConnectorState.ENDED: "ended",
    ConnectorState.RESERVED: "reserved",
    ConnectorState.OUT_OF_SERVICE: "not in service",
    ConnectorState.FREE: "free",
    ConnectorState.UNKNOWN: "not known",
}
"""The states with a word for each, the most telling first."""


@dataclass(frozen=True)
class Entry:
    """One charge point of the list."""

    name: str
    glyph: str
    role: str
    words: str
    shown: bool
    """It is the one on the screen."""


def entry_of(
    station: StationSnapshot | None, failure: str, shown: bool, look: Look, known_as: str = ""
) -> Entry:
    """How a charge point is doing, in a glyph and a word; `known_as` is what it is called as long
    as it has not told its id."""
    name = text.plain(station.charge_point_id, look.ascii) if station else ""
    name = name or text.plain(known_as, look.ascii) or look.symbol("ellipsis")
    if failure:
        return Entry(name, look.symbol("trouble"), "warning", "no contact", shown)
    if station is None:
        return Entry(name, look.symbol("pending"), "muted", "starting", shown)
    if not station.powered:
        return Entry(name, look.symbol("away"), "error", "no power", shown)
    states = {connector.state for connector in station.connectors}
    state = next((one for one in TELLING if one in states), ConnectorState.UNKNOWN)
    offline = station.link.state is not LinkState.CONNECTED
    if offline and state in (ConnectorState.FREE, ConnectorState.UNKNOWN):
        return Entry(name, look.symbol("away"), "warning", "offline", shown)
    words = TELLING[state]
    if state is ConnectorState.CHARGING:
        words = f"{text.kilo(sum(one.power_w or 0.0 for one in station.connectors), 1)} kW"
    if offline:
        words += ", offline"
    return Entry(name, look.glyph(state), FACES[state].role, words, shown)


class ChargePoints(LineWidget):
    """The list."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="charge-points")
        self.entries: tuple[Entry, ...] = ()
        self.beside = False
        """It is a column, not a row."""

    def show(self, entries: tuple[Entry, ...]) -> None:
        """Show these charge points."""
        self.entries = entries
        self.sync()

    def lines_for(self, width: int, height: int) -> list[Line]:
        if not self.beside:
            return [self._row(width)] + [fitted([], width)] * (height - 1)
        head = [Span(" Charge points", "strong")]
        lines = [justified(head, self._keys, width, self.look.symbol("ellipsis"))]
        room = max(1, height - 1)
        first = _window(self._place, room, len(self.entries))
        for place, entry in enumerate(self.entries[first : first + room], first):
            lines.append(self._line(place, entry, width))
        return (lines + [fitted([], width)] * height)[:height]

    @property
    def _keys(self) -> list[Span]:
        """What leads to another one; a click on it does too."""
        rows = ("previous_charger", "next_charger")
        keys = [Span(f"{self.look.key(row)} ", "accent", row) for row in rows]
        return [*keys, Span("switch ", "muted", "next_charger")]

    @property
    def _place(self) -> int:
        return next((n for n, entry in enumerate(self.entries) if entry.shown), 0)

    def _line(self, place: int, entry: Entry, width: int) -> Line:
        line = justified(
            self._spans(place, entry),
            [Span(f"{entry.words} ", entry.role if entry.words != "free" else "muted")],
            width,
            self.look.symbol("ellipsis"),
        )
        return tuple(span._replace(press=f"next_charger #{place}") for span in line)

    def _spans(self, place: int, entry: Entry) -> list[Span]:
        mark = self.look.symbol("selected") if entry.shown else " "
        name = text.cut(entry.name, NAME_CELLS, self.look.symbol("ellipsis"))
        press = f"next_charger #{place}"
        return [
            Span(mark, "accent", press),
            Span(f"{entry.glyph} ", entry.role, press),
            Span(f"{name} ", "strong" if entry.shown else "text", press),
        ]

    def _row(self, width: int) -> Line:
        """As many as there is room for, around the one that is shown."""
        groups = [
            [
                *self._spans(place, entry),
                Span(f"{entry.words}  ", "muted", f"next_charger #{place}"),
            ]
            for place, entry in enumerate(self.entries)
        ]
        keys = [Span(" "), *self._keys]
        room = width - line_width(keys)
        first = last = self._place
        used = line_width(groups[first]) if groups else 0
        while groups:
            wider = False
            for place in (last + 1, first - 1):
                if 0 <= place < len(groups) and used + line_width(groups[place]) <= room:
                    used += line_width(groups[place])
                    first, last, wider = min(first, place), max(last, place), True
            if not wider:
                break
        spans = [span for group in groups[first : last + 1] for span in group]
        return justified(spans, keys, width, self.look.symbol("ellipsis"))


def _window(selected: int, room: int, count: int) -> int:
    """The first row that is shown, so that the selected one is among them."""
    return max(0, min(selected - room // 2, count - room))
