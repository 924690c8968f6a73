"""A connector as a card.

`card_lines` turns one frozen view into lines of exact width; the widget only compares and paints.
Number columns have fixed decimals and fixed widths, so that nothing jitters. A card of seven rows
is the compact one; where there is height the figures become large and the trace grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from textual import events
from textual.message import Message

from sim_core.snapshot import ConnectorSnapshot, ConnectorState
from tui import text
from tui.look import ASCII_DIGITS, DIGITS, FACES, Look
from tui.widgets.connector_notes import (
    Note,
    limit_words,
    more_notes,
    next_step,
    pending_words,
    screen_words,
    who,
)
from tui.widgets.line_widget import (
    Line,
    LineWidget,
    Span,
    fitted,
    framed_edge,
    justified,
    line_width,
)
from tui.widgets.power_chart import chart_rows, covered_s

COMPACT_ROWS = 7
TALL_ROWS = 12
ROOMY_CELLS = 52
"""From so many cells on, numbers have names and the state of charge a gauge."""
GAUGE_CELLS = 10
ID_CELLS = 8
"""Of a transaction's id that is a text, as a UUID is: enough to tell it from any other in sight."""
GAP = 1
"""Cells that part two things in one line at the least."""
LEAST_TRACE = {False: 1, True: 2}
"""Rows that the trace keeps in a compact and in a tall card while power flows."""


@dataclass(frozen=True)
class CardView:
    """What a card shows: a connector at a moment, and how it stands among the others."""

    connector: ConnectorSnapshot
    now: datetime
    selected: bool = False
    focused: bool = False
    trace_total: int = 0
    """How many values the trace has ever had."""
    stale: bool = False
    """The engine has stopped: these are the last values it had."""


def elapsed(view: CardView) -> str:
    """How long the transaction has run; empty without one."""
    transaction = view.connector.transaction
    if transaction is None or transaction.started_at is None:
        return ""
    return text.duration(view.now - transaction.started_at)


def transaction_words(connector: ConnectorSnapshot) -> str:
    """The transaction as the border names it."""
    if connector.transaction is None:
        return "no tx"
    number = connector.transaction.transaction_id
    if isinstance(number, str):
        number = text.plain(number, ascii_only=True)[:ID_CELLS]
    return "tx not confirmed" if number is None else f"tx {number}"


def who_spans(view: CardView, look: Look) -> list[Span]:
    """Who charges here, what is wrong, or what is awaited."""
    note = who(view.connector, view.now)
    return [Span(text.plain(note.words, look.ascii), note.role)] if note else []


def _with_hint(spans: list[Span], hint: str, look: Look) -> list[Span]:
    dot = [Span(f" {look.symbol('dot')} ", "faint")] if spans else []
    return [*spans, *dot, Span(hint, "muted")]


def soc_spans(connector: ConnectorSnapshot, look: Look, gauge: bool = False) -> list[Span]:
    """The state of charge, where a vehicle tells it; a `gauge` shows it as a bar too."""
    soc = connector.soc_percent
    if soc is None:
        return []
    bar: list[Span] = []
    if gauge:
        full = max(0, min(GAUGE_CELLS, round(soc / 100 * GAUGE_CELLS)))
        bar = [
            Span(look.symbol("full") * full, "trace" if connector.power_w else "muted"),
            Span(look.symbol("empty") * (GAUGE_CELLS - full) + " ", "faint"),
        ]
    return [Span("SoC ", "muted"), *bar, Span(f"{soc:.0f}"), Span(" %", "muted")]


def _numbers(connector: ConnectorSnapshot, with_power: bool) -> list[Span]:
    lively = "strong" if connector.power_w else "text"
    power = [Span(f" {text.kilo(connector.power_w, 2):>6}", lively), Span(" kW  ", "muted")]
    return [
        *(power if with_power else [Span(" ")]),
        Span(f"{text.figure(connector.voltage_v, 1):>6}"),
        Span(" V  ", "muted"),
        Span(f"{text.figure(connector.current_a, 1):>6}"),
        Span(" A", "muted"),
    ]


def _energy(view: CardView, roomy: bool) -> list[Span]:
    """The meter's register, and the session's share of it; with words where there is room."""
    connector = view.connector
    meter, session = (" meter", "session ") if roomy else ("", "")
    spans = [
        Span(meter, "muted"),
        Span(f" {text.kilo(connector.register_wh, 3):>6}"),
        Span(" kWh", "muted"),
    ]
    if connector.transaction:
        known = connector.transaction.energy_wh
        energy = text.UNKNOWN if known is None else "+" + text.kilo(known, 3)
        spans += [
            Span(f"  {session}", "muted"),
            Span(f"{energy:>7}", "strong"),
            Span(" kWh   ", "muted"),
            Span(elapsed(view)),
        ]
    elif (last := connector.last_session) and last.ended_at and last.started_at:
        took = text.duration(last.ended_at - last.started_at)
        why = f", {text.plain(last.reason, ascii_only=True)}" if roomy else ""
        spans += [
            Span(f"  last {session}", "muted"),
            Span(text.kilo(last.energy_wh, 3)),
            Span(" kWh ", "muted"),
            Span(f"{took}{why}", "muted"),
        ]
    return spans


def _large(connector: ConnectorSnapshot, cells: int, look: Look) -> list[Line]:
    """Power, and beside it the session's energy, readable across a room."""
    flowing = "success" if connector.power_w else "faint"
    power = _figures(f"{text.kilo(connector.power_w, 2):>6}", flowing, "kW", look)
    session: list[list[Span]] = [[], [], []]
    if connector.transaction:
        energy = text.kilo(connector.transaction.energy_wh, 3)
        session = _figures(f"{energy:>7}", "strong", "kWh", look)
    if line_width(power[0]) + line_width(session[0]) >= cells:
        session = [[], [], []]
    return [justified(power[row], session[row], cells) for row in range(3)]


def _button_spans(connector: ConnectorSnapshot, look: Look) -> list[Span]:
    spans = [Span(" ")]
    for button, slot in zip(look.keys.buttons(connector), (9, 8, 10, 8), strict=False):
        if button.enabled:
            shown, role = f" {button.label} ", "button"
        else:
            shown, role = f"({button.label})", "button-off"
        spans.append(Span(shown, role, button.row))
        spans.append(Span(" " * (slot - len(shown))))
    return spans


def _figures(value: str, role: str, unit: str, look: Look) -> list[list[Span]]:
    figures = ASCII_DIGITS if look.ascii else DIGITS
    rows = [" ".join(figures.get(char, figures[" "])[row] for char in value) for row in range(3)]
    return [
        [Span(" " + row, role), Span(f" {unit} " if last else " " * (len(unit) + 2), "muted")]
        for row, last in zip(rows, (False, False, True), strict=False)
    ]


def _trace(view: CardView, cells: int, height: int, look: Look) -> list[list[Span]]:
    connector = view.connector
    scale = text.kilowatts(connector.rated_power_w)
    room = cells - len(scale) - 4
    rows = chart_rows(
        connector.trace_w,
        connector.rated_power_w,
        view.trace_total or len(connector.trace_w),
        room,
        height,
        look.bars,
        look.symbol("zero"),
    )
    foot = "0 kW" if height > 1 else ""
    labels = [scale, *[""] * (height - 2), foot][:height]
    # the newest column is a span of its own: it changes each second, the others every fifth
    return [
        [
            Span(f" {row[:-1]}", "trace"),
            Span(row[-1:], "trace"),
            Span(f"  {label:>{len(scale)}} ", "muted"),
        ]
        for row, label in zip(rows, labels, strict=True)
    ]


def _who_line(view: CardView, cells: int, look: Look) -> tuple[Line, bool]:
    """Who, or what is wrong, with what to press next; and whether that found room.

    The state of charge stands at the right where it leaves room.
    """
    connector = view.connector
    here = who_spans(view, look)
    hint = next_step(connector, look)
    hinted = _with_hint(here, hint, look) if hint else here
    narrow = connector.state is ConnectorState.CHARGING and cells < ROOMY_CELLS
    socs = [
        [*soc_spans(connector, look, gauge), Span("  ")]
        for gauge in ((True, False) if cells >= ROOMY_CELLS else (False,))
    ]
    if connector.fault:
        socs = [[Span(" ")]]  # what is wrong and what mends it are worth more

    def fit(who: list[Span], soc: list[Span]) -> bool:
        return 1 + line_width(who) + line_width(soc) + GAP <= cells

    soc = next((soc for soc in socs if fit(hinted, soc)), None)
    hints = soc is not None and not narrow
    if soc is None or narrow:
        soc = next((soc for soc in socs if fit(here, soc)), [Span(" ")])
    line = [Span(" "), *(hinted if hints else here)]
    return justified(line, soc, cells, look.symbol("ellipsis")), hints or narrow


def _body(view: CardView, cells: int, height: int, look: Look) -> list[Line]:
    connector = view.connector
    ellipsis = look.symbol("ellipsis")
    tall = height + 2 >= TALL_ROWS
    lines: list[Line] = _large(connector, cells, look) if tall else []
    lines.append(fitted(_numbers(connector, not tall), cells, ellipsis))
    lines.append(fitted(_energy(view, cells >= ROOMY_CELLS), cells, ellipsis))
    who_line, hinted = _who_line(view, cells, look)
    notes = more_notes(connector, f" {look.symbol('dot')} ", roomy=tall)
    if not hinted:
        notes.append(
            Note(next_step(connector, look), urgent=connector.state is not ConnectorState.CHARGING)
        )
    between = height - len(lines) - 2
    quiet = not any(connector.trace_w)
    trace = 0 if quiet or (not tall and any(note.urgent for note in notes)) else LEAST_TRACE[tall]
    notes = notes[: max(0, between - trace)]
    trace = between - len(notes)
    if trace > 0 and connector.trace_w:
        lines += [fitted(row, cells, ellipsis) for row in _trace(view, cells, trace, look)]
    else:
        lines += [fitted([], cells)] * trace
    said = [
        fitted([Span(f" {text.plain(note.words, look.ascii)}", note.role)], cells, ellipsis)
        for note in notes
    ]
    lines += [*said, who_line] if trace > 0 and connector.trace_w else [who_line, *said]
    lines.append(fitted(_button_spans(connector, look), cells, ellipsis))
    return lines[:height]


def _foot(connector: ConnectorSnapshot, cells: int, taken: int) -> str:
    """What span of time the trace covers, in words that leave `taken` cells to others."""
    if not any(connector.trace_w):
        return ""
    scale = text.kilowatts(connector.rated_power_w)
    covered = text.trace_span(covered_s(cells - 2 - len(scale) - 4))
    return f"last {covered}" if len(covered) + taken + 14 <= cells else covered


def card_lines(view: CardView, cells: int, height: int, look: Look) -> list[Line]:
    """The card in exactly `cells` by `height`."""
    connector = view.connector
    face = FACES[connector.state]
    kind = "heavy" if view.focused and face.border != "double" else face.border
    top_left, across, top_right, down, bottom_left, bottom_right = tuple(look.border(kind))
    role = "faint" if view.stale else face.role if kind != "round" or view.selected else "faint"
    if kind == "heavy" and face.role == "muted":
        role = "accent"
    mark = look.symbol("selected") if view.selected else " "
    status = text.plain(connector.status, look.ascii)
    title = [
        Span(mark, "accent"),
        Span(f"{connector.connector_id} ", "strong"),
        Span(f"{look.glyph(connector.state)} {status} ", face.role),
    ]
    words = "last known" if view.stale else transaction_words(connector)
    right = [Span(f" {words} ", "muted" if connector.transaction is None else "text")]
    limit = text.plain(limit_words(connector), look.ascii)
    foot, foot_role = _foot(connector, cells, len(limit)), "faint"
    pending = "" if height >= TALL_ROWS else pending_words(connector)
    if connector.screen and height < TALL_ROWS:
        limit = limit.removeprefix("limited by ")
        room = cells - text.width(limit) - 8
        read = text.plain(screen_words(connector, f" {look.symbol('dot')} "), look.ascii)
        foot, foot_role = text.cut(read, room, look.symbol("ellipsis")), "secondary"
    if pending:
        foot, foot_role = pending, "warning"
        if len(pending + limit) + 8 > cells:
            limit = limit.removeprefix("limited by ")
    lines = [
        framed_edge(
            (top_left, across, top_right), title, right, cells, role, look.symbol("ellipsis")
        )
    ]
    side = Span(down, role)
    for line in _body(view, cells - 2, height - 2, look):
        shown = tuple(s._replace(role="faint") for s in line) if view.stale else line
        lines.append((side, *shown, side))
    lines.append(
        framed_edge(
            (bottom_left, across, bottom_right),
            [Span(f" {foot} ", foot_role)] if foot else [],
            [Span(f" {limit} ", "muted")] if limit else [],
            cells,
            role,
        )
    )
    return lines


class ConnectorCard(LineWidget, can_focus=True):
    """One card; clicking it anywhere selects its connector, clicking a button presses it."""

    class Chosen(Message):
        """The card got the focus or a click."""

        def __init__(self, connector_id: int) -> None:
            self.connector_id = connector_id
            super().__init__()

    HELP = "connector"

    def __init__(self, look: Look, place: int) -> None:
        super().__init__(look, id=f"card-{place}")
        self.view: CardView | None = None

    def show(self, view: CardView) -> None:
        """Show this view."""
        if view != self.view:
            self.view = view
            self.sync()

    def lines_for(self, width: int, height: int) -> list[Line]:
        if self.view is None or width < 20 or height < 3:
            return [fitted([], width)] * height
        return card_lines(self.view, width, height, self.look)

    def on_focus(self) -> None:
        if self.view:
            self.post_message(self.Chosen(self.view.connector.connector_id))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if self.view:
            self.post_message(self.Chosen(self.view.connector.connector_id))
