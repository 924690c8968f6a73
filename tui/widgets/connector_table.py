"""Many connectors as a table with one row each, where there is no room for as many cards."""

from __future__ import annotations

from tui import text
from tui.look import FACES, Look
from tui.protocols.known import wording_of
from tui.widgets.connector_card import CardView, transaction_words, who_spans
from tui.widgets.connector_notes import limit_words, pending_words, status_words
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified, line_width

ENERGY_FROM, WHO_FROM = 76, 52
"""So many cells have room for the session's energy and transaction, and for who charges."""
HEADED_FROM = 3
"""So many rows have one to spare for the heads of the columns."""


def table_head(cells: int) -> Line:
    """What the columns of `table_line` are."""
    words = f"   # {'  status':<16}{'power':>6}    "
    if cells >= ENERGY_FROM:
        words += f"{'session':>8}     "
    words += f"{'SoC':>4}   "
    tail = "transaction " if cells >= ENERGY_FROM else ""
    if cells >= WHO_FROM:
        words += "who"
    return justified([Span(words, "faint")], [Span(tail, "faint")], cells)


def table_line(view: CardView, cells: int, look: Look) -> Line:
    """One connector in one row; a narrow one leaves out the session's energy, and who charges."""
    connector = view.connector
    face = FACES[connector.state]
    mark = look.symbol("selected") if view.selected else " "
    words = status_words(connector, wording_of(view.subprotocol))
    status = text.fit(text.plain(words, look.ascii), 13, look.symbol("ellipsis"))
    session = connector.transaction
    energy = ""
    if session is not None:
        known = session.energy_wh
        energy = text.UNKNOWN if known is None else text.kilo(known, 3)
    spans = [
        Span(f" {mark}", "accent"),
        Span(f"{connector.connector_id:>2} ", "strong" if view.selected else "text"),
        Span(f"{look.glyph(connector.state)} {status} ", face.role),
        Span(f"{text.kilo(connector.power_w, 2):>6}", "strong" if connector.power_w else "faint"),
        Span(" kW ", "muted" if connector.power_w else "faint"),
    ]
    if cells >= ENERGY_FROM:
        spans += [
            Span(f"{energy:>8}"),
            Span(" kWh " if session else "     ", "muted"),
        ]
    soc = f"{connector.soc_percent:3.0f} %" if connector.soc_percent is not None else "     "
    spans += [Span(f"{soc}  ", "muted"), *(who_spans(view, look) if cells >= WHO_FROM else ())]
    if cells < ENERGY_FROM and connector.fault and line_width(spans) > cells:
        spans[-1] = Span(text.plain(connector.fault.error_code, look.ascii), "error")
    if pending := pending_words(connector):
        spans.append(Span(f"  {pending}", "warning"))
    limit = Span(f"  {text.plain(limit_words(connector), look.ascii)}", "faint")
    room = cells - line_width([*spans, limit]) - 2
    tail = (
        [Span(f" {transaction_words(connector, room)} ", "muted")]
        if session and cells >= ENERGY_FROM
        else []
    )
    if line_width([*spans, limit, *tail]) <= cells:
        spans.append(limit)
    line = justified(spans, tail, cells, look.symbol("ellipsis"))
    press = f"select {connector.connector_id}"
    return tuple(span._replace(press=press) for span in line)


class ConnectorTable(LineWidget, can_focus=True):
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
        head = [table_head(width)] if height >= HEADED_FROM else []
        height -= len(head)
        chosen = next((i for i, view in enumerate(self.views) if view.selected), 0)
        self._first = max(0, min(self._first, chosen, len(self.views) - height))
        self._first = max(self._first, chosen - height + 1)
        shown = self.views[self._first : self._first + height]
        lines = [table_line(view, width, self.look) for view in shown]
        below = len(self.views) - self._first - height
        if below > 0 and lines and not shown[-1].selected:
            more = f"   {below + 1} more below, {len(self.views)} in all"
            lines[-1] = fitted([Span(more, "muted")], width)
        return head + lines + [fitted([], width)] * (height - len(lines))
