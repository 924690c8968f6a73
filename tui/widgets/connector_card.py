"""A connector as a card.

`card_lines` turns one frozen view into lines of exact width; the widget only compares and paints.
Every line begins at the same edge, and one order holds at every size: who charges or what is wrong,
the figures, what else is true, the keys, and at the bottom the trace, whose axis is the border.
Number columns have fixed decimals and fixed widths, so that nothing jitters. What is tall is told
by `tui.widgets.layout`; `want_of` tells it what there is to see.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from textual import events
from textual.message import Message

from sim_core.snapshot import ConnectorSnapshot, ConnectorState
from tui import text
from tui.look import ASCII_DIGITS, DIGITS, FACES, Look
from tui.protocols.known import wording_of
from tui.widgets.connector_notes import (
    Note,
    last_session_words,
    limit_words,
    more_notes,
    next_step,
    pending_words,
    screen_words,
    status_words,
    who,
)
from tui.widgets.layout import SLIM_ROWS, TALL_ROWS, Want
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

ROOMY_CELLS = 52
"""From so many cells on, numbers have names and the state of charge a gauge."""
GAUGE_CELLS = 10
ID_CELLS = 7
"""Of a transaction's id that is a text, as a UUID is: enough to tell it from any other in sight."""
GAP = 1
"""Cells that part two things in one line at the least."""
LEAST_TRACE = {False: 1, True: 2}
"""Rows that the trace keeps in a compact and in a tall card while power flows."""
AIRY_TRACE = 8
"""A trace of so many rows can spare two for blank lines."""
POWER_CELLS, ENERGY_CELLS = 9, 10
"""Of `359.99 kW` and of `99.999 kWh`: what stands behind them keeps its place."""
BUTTON_CELLS = (9, 8, 10, 8)


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
    subprotocol: str = ""
    """Of the OCPP whose words it has."""

    @property
    def counts(self) -> bool:
        """Whether anything in it counts with the time: how long it charges, how long a card waits
        for its vehicle."""
        return self.connector.transaction is not None or self.connector.plug_by is not None


def elapsed(view: CardView) -> str:
    """How long the transaction has run; empty without one."""
    transaction = view.connector.transaction
    if transaction is None or transaction.started_at is None:
        return ""
    return text.duration(view.now - transaction.started_at)


def transaction_words(connector: ConnectorSnapshot, cells: int) -> str:
    """The transaction as the border names it, in so many cells; empty without one."""
    if connector.transaction is None:
        return ""
    number = connector.transaction.transaction_id
    if isinstance(number, str):
        number = text.plain(number, ascii_only=True)[:ID_CELLS]
    which = "not confirmed" if number is None else str(number)
    long = f"transaction {which}"
    return long if text.width(long) <= cells else f"tx {which}"


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


def _measured(connector: ConnectorSnapshot) -> bool:
    """Whether there is anything to measure: three zeros tell nobody anything."""
    figures = (connector.power_w, connector.voltage_v, connector.current_a)
    return connector.transaction is not None or any(figures)


def _volts_and_amperes(connector: ConnectorSnapshot) -> list[Span]:
    return [
        Span(f"{text.figure(connector.voltage_v, 1):>6}"),
        Span(" V ", "muted"),
        Span(f"{text.figure(connector.current_a, 1):>6}"),
        Span(" A", "muted"),
    ]


def _numbers(connector: ConnectorSnapshot) -> list[Span]:
    power = text.kilo(connector.power_w, 2)
    return [
        Span(f" {power}", "strong" if connector.power_w else "text"),
        Span(f" kW  {' ' * (POWER_CELLS - 3 - len(power))}", "muted"),
        *_volts_and_amperes(connector),
    ]


def _meter(connector: ConnectorSnapshot) -> list[Span]:
    return [Span("meter ", "muted"), Span(text.meter_kwh(connector.register_wh))]


def _energy(view: CardView, cells: int) -> list[Span]:
    """Energy and time of the session and where the meter stands; of the last session where none
    runs, or else the meter alone."""
    connector, roomy = view.connector, cells >= ROOMY_CELLS
    meter = [*_meter(connector), Span(" kWh", "muted")]
    if connector.transaction is None:
        last = last_session_words(connector, cells - 2)
        return [Span(f" {last}", "muted")] if last else [Span(" "), *meter]
    energy = text.kilo(connector.transaction.energy_wh, 3)
    return [
        Span(" session " if roomy else " ", "muted"),
        Span(energy, "strong"),
        Span(f" kWh {' ' * (ENERGY_CELLS - 4 - len(energy))}", "muted"),
        *_duration(view),
        Span("   " if roomy else "  "),
        *(meter if roomy else meter[:-1]),  # the unit stands in the same line already
    ]


def _duration(view: CardView) -> list[Span]:
    took = elapsed(view)
    return [Span("in ", "muted"), Span(took)] if took else []


def _large(connector: ConnectorSnapshot, cells: int, look: Look) -> list[Line] | None:
    """Power, and at the right the session's energy, readable across a room; None where they do not
    fit."""
    if connector.transaction is None:
        return None
    flowing = "success" if connector.power_w else "faint"
    power = _figures(text.kilo(connector.power_w, 2), flowing, "kW", look)
    energy = text.kilo(connector.transaction.energy_wh, 3)
    session = _figures(energy, "strong", "kWh", look, "session")
    if line_width(power[0]) + line_width(session[0]) >= cells:
        return None
    return [justified(power[row], session[row], cells) for row in range(3)]


def _beside_large(view: CardView, cells: int) -> Line:
    """What the large figures do not say: volts and amperes below the power, and the time below the
    session."""
    connector = view.connector
    left = [
        Span(" "),
        *_left_aligned(_volts_and_amperes(connector)),
        Span("   "),
        *_meter(connector),
        Span(" kWh", "muted"),
    ]
    return justified(left, [*_duration(view), Span(" ")], cells)


def _left_aligned(spans: list[Span]) -> list[Span]:
    """The same width with the blanks before the first figure behind its unit."""
    figure, unit, *rest = spans
    bare = figure.text.lstrip()
    blanks = " " * (len(figure.text) - len(bare))
    return [figure._replace(text=bare), unit._replace(text=unit.text + blanks), *rest]


def _button_spans(connector: ConnectorSnapshot, look: Look) -> list[Span]:
    """What can be done here, each with its key; what cannot be done now has none."""
    spans = [Span(" ")]
    for button, slot in zip(look.keys.buttons(connector), BUTTON_CELLS, strict=False):
        key = look.keys.row[button.row].shown
        if not button.enabled:
            made = [Span(f"{look.symbol('dot')} {button.label}", "button-off", button.row)]
        elif key:
            made = [
                Span(key, "button-key", button.row),
                Span(f" {button.label}", "button", button.row),
            ]
        else:
            made = [Span(button.label, "button", button.row)]
        spans += [*made, Span(" " * max(GAP, slot - line_width(made)))]
    return spans


def _figures(value: str, role: str, unit: str, look: Look, name: str = "") -> list[list[Span]]:
    figures = ASCII_DIGITS if look.ascii else DIGITS
    rows = [" ".join(figures.get(char, figures[" "])[row] for char in value) for row in range(3)]
    return [
        [
            Span(f" {name}" if last else " " * (len(name) + 1), "muted"),
            Span(f" {row}" if name else row, role),
            Span(f" {unit} " if last else " " * (len(unit) + 2), "muted"),
        ]
        for row, last in zip(rows, (False, False, True), strict=False)
    ]


def _trace(view: CardView, cells: int, height: int, look: Look) -> list[list[Span]]:
    connector = view.connector
    scale = text.kilowatts(connector.rated_power_w)
    rows = chart_rows(
        connector.trace_w,
        connector.rated_power_w,
        view.trace_total or len(connector.trace_w),
        _trace_cells(connector, cells),
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
            Span(f" {label:>{len(scale)}} ", "muted"),
        ]
        for row, label in zip(rows, labels, strict=True)
    ]


def _trace_cells(connector: ConnectorSnapshot, cells: int) -> int:
    return cells - len(text.kilowatts(connector.rated_power_w)) - 3


def _who_line(view: CardView, cells: int, look: Look) -> tuple[Line, bool]:
    """Who, or what is wrong, with what to press next; and whether that found room.

    The state of charge stands at the right where it leaves room.
    """
    connector = view.connector
    here = who_spans(view, look)
    hint = next_step(connector, look)
    hinted = _with_hint(here, hint, look) if hint else here
    socs = [
        [*soc_spans(connector, look, gauge), Span(" ")]
        for gauge in ((True, False) if cells >= ROOMY_CELLS else (False,))
    ]
    if connector.fault:
        socs = [[Span(" ")]]  # what is wrong and what mends it are worth more

    def fit(who: list[Span], soc: list[Span]) -> bool:
        return 1 + line_width(who) + line_width(soc) + GAP <= cells

    soc = next((soc for soc in socs if fit(hinted, soc)), None)
    said = soc is not None
    if soc is None:
        soc = next((soc for soc in socs if fit(here, soc)), [Span(" ")])
    line = [Span(" "), *(hinted if said else here)]
    return justified(line, soc, cells, look.symbol("ellipsis")), said


def _body(view: CardView, cells: int, height: int, look: Look) -> tuple[list[Line], bool]:
    """What stands within the borders, and whether it ends in the trace."""
    connector = view.connector
    ellipsis = look.symbol("ellipsis")
    tall = height + 2 >= TALL_ROWS
    who_line, hinted = _who_line(view, cells, look)
    if height + 2 <= SLIM_ROWS:
        return [who_line][:height], False
    charges = connector.state is ConnectorState.CHARGING
    large = _large(connector, cells, look) if tall and charges else None
    figures: list[Line]
    if large:
        figures = [*large, _beside_large(view, cells)]
    else:
        numbers = [_numbers(connector)] if _measured(connector) else []
        figures = [fitted(line, cells, ellipsis) for line in (*numbers, _energy(view, cells))]
    notes = more_notes(connector, f" {look.symbol('dot')} ", roomy=tall)
    if not hinted:
        # what stops a session stands among the keys
        notes.insert(
            len(notes) if charges else 0, Note(next_step(connector, look), urgent=not charges)
        )
    if not connector.transaction and last_session_words(connector, cells - 2):
        notes.append(Note(f"meter {text.meter_kwh(connector.register_wh)} kWh"))
    between = height - 2 - len(figures)
    drawn = any(connector.trace_w)
    trace = LEAST_TRACE[tall] if drawn and (tall or not any(n.urgent for n in notes)) else 0
    notes = notes[: max(0, between - trace)]
    trace = between - len(notes)
    said = [
        (
            note.urgent,
            fitted([Span(f" {text.plain(note.words, look.ascii)}", note.role)], cells, ellipsis),
        )
        for note in notes
    ]
    lines = [who_line, *(line for urgent, line in said if urgent), *figures]
    lines += [line for urgent, line in said if not urgent]
    buttons = fitted(_button_spans(connector, look), cells, ellipsis)
    drawn = drawn and trace > 0
    blank = fitted([], cells)
    if drawn:
        if large and trace >= AIRY_TRACE:
            lines.insert(1, blank)
            lines.append(blank)
            trace -= 2
        chart = [fitted(row, cells, ellipsis) for row in _trace(view, cells, trace, look)]
        lines += [buttons, *chart]
    else:
        lines += [*[blank] * min(1, trace), buttons, *[blank] * (trace - 1)]
    return lines[:height], drawn


def _foot(connector: ConnectorSnapshot, cells: int, drawn: bool, taken: int) -> str:
    """How much time the trace covers; `taken` cells of the border are not free."""
    if not drawn:
        return ""
    covered = covered_s(_trace_cells(connector, cells - 2), len(connector.trace_w))
    words = f"last {text.trace_span(covered * connector.trace_step_s)}"
    return words if covered and len(words) + taken + 8 <= cells else ""


def want_of(connector: ConnectorSnapshot) -> Want:
    """How much there is to see of this connector."""
    if connector.transaction is not None or any(connector.trace_w):
        return Want.LIVELY
    idle = (ConnectorState.FREE, ConnectorState.OUT_OF_SERVICE, ConnectorState.UNKNOWN)
    return Want.IDLE if connector.state in idle else Want.STILL


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
    wording = wording_of(view.subprotocol)
    place = f"{wording.place} " if wording.place else ""
    status = text.plain(status_words(connector, wording, roomy=cells >= ROOMY_CELLS), look.ascii)
    title = [
        Span(mark, "accent"),
        Span(f"{place}{connector.connector_id} ", "strong"),
        Span(f"{look.glyph(connector.state)} {status} ", face.role),
    ]
    titled = sum(text.width(span.text) for span in title)
    words = "last known" if view.stale else transaction_words(connector, cells - titled - 7)
    right = [Span(f" {words} ")] if words else []
    if not words and height <= SLIM_ROWS:
        right = [Span(" "), *_meter(connector), Span(" kWh ", "muted")]
    body, drawn = _body(view, cells - 2, height - 2, look)
    limit = text.plain(limit_words(connector), look.ascii)
    foot, foot_role = _foot(connector, cells, drawn, len(limit)), "faint"
    pending = "" if height >= TALL_ROWS else pending_words(connector)
    if connector.screen and height < TALL_ROWS:
        limit = limit.removeprefix("limited ")
        room = cells - text.width(limit) - 8
        read = text.plain(screen_words(connector, f" {look.symbol('dot')} "), look.ascii)
        foot, foot_role = text.cut(read, room, look.symbol("ellipsis")), "secondary"
    if pending:
        foot, foot_role = pending, "warning"
        if len(pending + limit) + 8 > cells:
            limit = limit.removeprefix("limited ")
    lines = [
        framed_edge(
            (top_left, across, top_right), title, right, cells, role, look.symbol("ellipsis")
        )
    ]
    side = Span(down, role)
    for line in body:
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
        """Show this view; where nothing in it counts with the time, another second is no news."""
        if self.view is not None and not view.counts:
            view = replace(view, now=self.view.now)
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
