"""One exchange as a row of the messages: when, who asked, what it says, what was answered."""

from __future__ import annotations

from datetime import datetime, timedelta

from sim_core.wire.message_log import ASKED_HERE, Direction, Exchange, ExchangeState
from tui import text
from tui.look import Look
from tui.protocols.frame_summary import answer_summary, request_summary
from tui.protocols.known import wording_of
from tui.text import NO_SHIFT
from tui.widgets.line_widget import Line, Span, fitted

ACTION_CELLS = 22
"""RemoteStartTransaction, the longest name of the Core profile, fits exactly."""

ID_CELLS, MOST_ID_CELLS = 2, 6
"""The column of connectors: a number and what parts it from the text; a CSMS may name any."""


def id_cells(exchange: Exchange) -> int:
    """What this exchange wants of the column of connectors."""
    if exchange.connector_id is None:
        return ID_CELLS
    return max(ID_CELLS, min(MOST_ID_CELLS, len(str(exchange.connector_id)) + 1))


def arrow_of(exchange: Exchange) -> str:
    """The symbol of who asked whom."""
    asked_here = exchange.message_id.startswith(ASKED_HERE)
    return "asked" if asked_here else exchange.direction.value


def row_line(
    exchange: Exchange,
    now: datetime,
    cells: int,
    look: Look,
    role: str = "",
    wide: bool = False,
    connector_cells: int = 0,
    ahead: timedelta = NO_SHIFT,
    subprotocol: str = "",
) -> Line:
    """One exchange in exactly `cells` cells; `role` overrides all others (the cursor).

    `connector_cells` is how wide the column of connectors is; 0: as this one wants it. `ahead` is
    by how much the clock that is shown, and that `now` is of, is ahead of the log's; `subprotocol`
    is the OCPP that the frames are in.
    """
    connector_cells = connector_cells or id_cells(exchange)
    ellipsis = look.symbol("ellipsis")
    with_latency = cells >= 70
    result_cells = 10 if cells < 100 else 18 if cells < 150 else 36
    action_cells = ACTION_CELLS if cells < 130 else 30
    fixed = (
        (12 if wide else 8) + action_cells + 5 + connector_cells + result_cells + 6 * with_latency
    )
    summary_cells = max(0, cells - fixed)
    symbol, result, result_role, took = _result(exchange, now - ahead, look, subprotocol)
    if exchange.direction is Direction.NOISE:
        summary = text.plain(exchange.request[:400], look.ascii)
    else:
        summary = request_summary(exchange.action, exchange.request, subprotocol)
    if look.ascii:
        summary, result = text.plain(summary, True), text.plain(result, True)
    # a long answer may take what a short request leaves free
    longer = text.width(symbol + result) - result_cells
    longer = max(0, min(longer, summary_cells - 1 - text.width(summary)))
    summary_cells, result_cells = summary_cells - longer, result_cells + longer
    number = "" if exchange.connector_id is None else str(exchange.connector_id)
    connector = text.fit(number, connector_cells - 1, ellipsis) + " "
    action = text.plain(exchange.action, look.ascii)
    arrow_role = "secondary" if exchange.direction is Direction.RECEIVED else "muted"
    spans = [
        Span(f" {text.clock_time(exchange.requested_at + ahead, wide)} ", "muted"),
        Span(look.symbol(arrow_of(exchange)), arrow_role),
        Span(f" {text.fit(action, action_cells, ellipsis)} {connector}"),
        Span(text.fit(summary, max(0, summary_cells - 1), ellipsis) + " "),
        Span(text.fit(symbol + result, result_cells, ellipsis), result_role),
    ]
    if with_latency:
        spans.append(Span(f"{took:>6}", "muted"))
    if role:
        bad = result_role == "error"
        spans = [
            s._replace(role=f"{role}-error" if bad and role == "cursor" else role) for s in spans
        ]
    return fitted(spans, cells, ellipsis)


def _result(
    exchange: Exchange, now: datetime, look: Look, subprotocol: str
) -> tuple[str, str, str, str]:
    """(mark, words, role, how long it took)."""
    bad = look.symbol("trouble") + " "
    took = "" if exchange.latency_s is None else text.latency(exchange.latency_s)
    if exchange.direction is Direction.NOISE:
        return bad, text.plain(exchange.trouble) or "not OCPP", "error", took
    if exchange.state is ExchangeState.WAITING:
        age = max(0.0, (now - exchange.requested_at).total_seconds())
        shown = f"{age:.1f}s" if age < 10 else text.short_span(age)
        return "", "waiting", "warning", shown
    if exchange.state is ExchangeState.ERROR:
        return bad, text.plain(exchange.trouble) or "error", "error", took
    if exchange.state is ExchangeState.UNANSWERED:
        return bad, text.plain(exchange.trouble) or "no answer", "error", took
    words = answer_summary(exchange.action, exchange.answer, subprotocol)
    refused = words.startswith(wording_of(subprotocol).refusals)
    return "", words, "warning" if refused else "text", took
