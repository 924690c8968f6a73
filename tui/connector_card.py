"""A connector as a card, and many of them as a table with one row each.

`card_lines` turns one frozen view into lines of exact width; the widget only compares and paints.
Number columns have fixed decimals and fixed widths, so that nothing jitters. A card of seven rows
is the compact one; where there is height the figures become large and the trace grows.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from textual import events
from textual.message import Message

from sim_core.snapshot import ConnectorSnapshot
from tui import text
from tui.keymap import buttons
from tui.look import DIGITS, NEXT_STEP, Look
from tui.painted import Line, Painted, Span, fitted, framed_edge, justified, line_width
from tui.power_trace import covered_s, trace_rows

COMPACT_ROWS = 7
TALL_ROWS = 12


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
    return text.duration(view.now - transaction.started_at) if transaction else ""


def transaction_words(connector: ConnectorSnapshot) -> str:
    """The transaction as the border names it."""
    if connector.transaction is None:
        return "no tx"
    number = connector.transaction.transaction_id
    return "tx not confirmed" if number is None else f"tx {number}"


def limit_words(connector: ConnectorSnapshot) -> str:
    """What holds the power where it is."""
    if not connector.limited_by:
        return ""
    limit = f" {text.kilowatts(connector.limit_w)}" if connector.limit_w is not None else ""
    return f"limited by {connector.limited_by}{limit}"


def who_spans(view: CardView, look: Look) -> list[Span]:
    """Who charges here, or what the connector waits for, or what to press next."""
    connector = view.connector

    def plain(words: str) -> str:
        return text.plain(words, look.ascii)

    if connector.fault:
        since = text.clock_time(connector.fault.since)
        return [Span(f"{plain(connector.fault.error_code)} since {since}", "error")]
    if connector.authorizing:
        return [Span(f"asking about card {plain(connector.id_tag or '')}", "warning")]
    if connector.plug_by:
        left = text.spoken(text.seconds_left(connector.plug_by, view.now))
        return [Span(f"{plain(connector.id_tag or 'card')} waits for plug {left}", "warning")]
    if connector.scheduled_availability:
        return [Span(f"{plain(connector.scheduled_availability)} after this session", "warning")]
    if connector.transaction:
        return [Span(plain(connector.transaction.id_tag))]
    who = plain(connector.id_tag or connector.vehicle or "")
    hint = NEXT_STEP.get(connector.status, "")
    dot = f" {look.symbol('dot')} "
    spans = [Span(who), Span(dot, "faint")] if who and hint else [Span(who)] if who else []
    return [*spans, Span(hint, "muted")] if hint else spans


def soc_spans(connector: ConnectorSnapshot) -> list[Span]:
    """The state of charge, where a vehicle tells it."""
    if connector.soc_percent is None:
        return []
    return [Span("SoC ", "muted"), Span(f"{connector.soc_percent:.0f}"), Span(" %", "muted")]


def _numbers(connector: ConnectorSnapshot, with_power: bool) -> list[Span]:
    lively = "strong" if connector.power_w > 0 else "text"
    power = [Span(f" {text.kilo(connector.power_w, 2):>6}", lively), Span(" kW  ", "muted")]
    return [
        *(power if with_power else [Span(" ")]),
        Span(f"{connector.voltage_v:6.1f}"),
        Span(" V  ", "muted"),
        Span(f"{connector.current_a:6.1f}"),
        Span(" A", "muted"),
    ]


def _energy(view: CardView) -> list[Span]:
    connector = view.connector
    spans = [Span(f" {text.kilo(connector.register_wh, 3):>6}"), Span(" kWh", "muted")]
    if connector.transaction:
        session = "+" + text.kilo(connector.transaction.energy_wh, 3)
        spans += [
            Span(f"  {session:>7}", "strong"),
            Span(" kWh   ", "muted"),
            Span(elapsed(view)),
        ]
    return spans


def _large(connector: ConnectorSnapshot, cells: int) -> list[Line]:
    """Power, and beside it the session's energy, readable across a room."""
    power = _figures(f"{text.kilo(connector.power_w, 2):>6}", "success", "kW")
    session: list[list[Span]] = [[], [], []]
    if connector.transaction:
        energy = text.kilo(connector.transaction.energy_wh, 3)
        session = _figures(f"{energy:>7}", "strong", "kWh")
    if line_width(power[0]) + line_width(session[0]) >= cells:
        session = [[], [], []]
    return [justified(power[row], session[row], cells) for row in range(3)]


def _vendor_words(connector: ConnectorSnapshot, look: Look) -> str:
    fault = connector.fault
    if fault is None:
        return ""
    parts = (fault.vendor_error_code, fault.info)
    return f" {look.symbol('dot')} ".join(text.plain(part, look.ascii) for part in parts if part)


def _button_spans(connector: ConnectorSnapshot) -> list[Span]:
    spans = [Span(" ")]
    for button, slot in zip(buttons(connector), (9, 8, 10, 8), strict=False):
        if button.enabled:
            shown, role = f" {button.label} ", "button"
        else:
            shown, role = f"({button.label})", "button-off"
        spans.append(Span(shown, role, button.row))
        spans.append(Span(" " * (slot - len(shown))))
    return spans


def _figures(value: str, role: str, unit: str) -> list[list[Span]]:
    rows = [" ".join(DIGITS.get(char, DIGITS[" "])[row] for char in value) for row in range(3)]
    return [
        [Span(" " + row, role), Span(f" {unit} " if last else " " * (len(unit) + 2), "muted")]
        for row, last in zip(rows, (False, False, True), strict=False)
    ]


def _trace(view: CardView, cells: int, height: int, look: Look) -> list[list[Span]]:
    connector = view.connector
    scale = text.kilowatts(connector.rated_power_w)
    room = cells - len(scale) - 4
    rows = trace_rows(
        connector.trace_w,
        connector.rated_power_w,
        view.trace_total or len(connector.trace_w),
        room,
        height,
        look.bars,
    )
    labels = [scale] + [" " * len(scale)] * (height - 1)
    # the newest column is a span of its own: it changes each second, the others every fifth
    return [
        [Span(f" {row[:-1]}", "trace"), Span(row[-1:], "trace"), Span(f"  {label} ", "muted")]
        for row, label in zip(rows, labels, strict=True)
    ]


def _who_line(view: CardView, cells: int, look: Look) -> Line:
    """Who, or what next, or what is wrong; the state of charge only where it leaves room."""
    who = [Span(" "), *who_spans(view, look)]
    soc = [*soc_spans(view.connector), Span("  ")]
    if line_width(who) + line_width(soc) > cells:
        soc = [Span(" ")]
    return justified(who, soc, cells, look.symbol("ellipsis"))


def _body(view: CardView, cells: int, height: int, look: Look) -> list[Line]:
    connector = view.connector
    ellipsis = look.symbol("ellipsis")
    tall = height + 2 >= TALL_ROWS
    lines: list[Line] = []
    large = tall and not look.ascii
    if large:
        lines += _large(connector, cells)
    lines.append(fitted(_numbers(connector, not large), cells, ellipsis))
    lines.append(fitted(_energy(view), cells, ellipsis))
    vendor = _vendor_words(connector, look)
    trace_height = height - len(lines) - 2
    if vendor:
        trace_height -= 1
    if trace_height > 0:
        lines += [fitted(row, cells, ellipsis) for row in _trace(view, cells, trace_height, look)]
    if vendor:
        lines.append(fitted([Span(f" {vendor}", "warning")], cells, ellipsis))
    lines.append(_who_line(view, cells, look))
    lines.append(fitted(_button_spans(connector), cells, ellipsis))
    return lines[:height]


def card_lines(view: CardView, cells: int, height: int, look: Look) -> list[Line]:
    """The card in exactly `cells` by `height`."""
    connector = view.connector
    face = look.face(connector.status)
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
        Span(f"{look.glyph(connector.status)} {status} ", face.role),
    ]
    words = "last known" if view.stale else transaction_words(connector)
    right = [Span(f" {words} ", "muted" if connector.transaction is None else "text")]
    covered = text.span_of(covered_s(cells - 2 - len(text.kilowatts(connector.rated_power_w)) - 4))
    limit = text.plain(limit_words(connector), look.ascii)
    last = f" last {covered} "
    if text.width(last + limit) + 7 > cells:
        last = f" {covered} "
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
            [Span(last, "faint")] if connector.trace_w else [],
            [Span(f" {limit} ", "muted")] if limit else [],
            cells,
            role,
        )
    )
    return lines


def table_line(view: CardView, cells: int, look: Look) -> Line:
    """One connector in one row."""
    connector = view.connector
    face = look.face(connector.status)
    mark = look.symbol("selected") if view.selected else " "
    status = text.fit(text.plain(connector.status, look.ascii), 13)
    session = connector.transaction
    spans = [
        Span(f" {mark}", "accent"),
        Span(f"{connector.connector_id:>2} ", "strong" if view.selected else "text"),
        Span(f"{look.glyph(connector.status)} {status} ", face.role),
        Span(f"{text.kilo(connector.power_w, 2):>6}", "strong" if connector.power_w else "faint"),
        Span(" kW ", "muted"),
        Span(f"{'+' + text.kilo(session.energy_wh, 3) if session else '':>8}"),
        Span(" kWh " if session else "     ", "muted"),
    ]
    soc = f"{connector.soc_percent:3.0f} %" if connector.soc_percent is not None else "     "
    spans += [Span(f"{soc} ", "muted"), *who_spans(view, look)]
    tail = [Span(f" {transaction_words(connector)} ", "muted")] if cells >= 76 else []
    line = justified(spans, tail, cells, look.symbol("ellipsis"))
    press = f"select {connector.connector_id}"
    return tuple(span._replace(press=press) for span in line)


class ConnectorCard(Painted, can_focus=True):
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


class ConnectorTable(Painted, can_focus=True):
    """Every connector in a row of its own; scrolls so that the selected one is in sight."""

    HELP = "connector"

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="table")
        self.views: tuple[CardView, ...] = ()
        self._first = 0

    def show(self, views: tuple[CardView, ...]) -> None:
        """Show these views."""
        self.views = views
        self.sync()

    def lines_for(self, width: int, height: int) -> list[Line]:
        chosen = next((i for i, view in enumerate(self.views) if view.selected), 0)
        self._first = max(0, min(self._first, chosen, len(self.views) - height))
        self._first = max(self._first, chosen - height + 1)
        shown = self.views[self._first : self._first + height]
        lines = [table_line(view, width, self.look) for view in shown]
        below = len(self.views) - self._first - height
        if below > 0 and lines and not shown[-1].selected:
            more = f"   {below + 1} more below, {len(self.views)} in all"
            lines[-1] = fitted([Span(more, "muted")], width)
        return lines + [fitted([], width)] * (height - len(lines))
