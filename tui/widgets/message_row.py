"""One exchange as a row of the messages: when, who asked, what it says, what was answered.

What is broken or has failed has a mark at the left edge, what comes every few seconds stands back.
A refusal says why beside what was asked, so that the answers keep their column.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sim_core.wire.message_log import ASKED_HERE, Direction, Exchange, ExchangeState
from tui import text
from tui.look import Look
from tui.protocols.frame_summary import (
    answer_summary,
    error_description,
    kind_of,
    refusal_reason,
    request_summary,
)
from tui.protocols.known import wording_of
from tui.protocols.wording import Kind
from tui.text import NO_SHIFT
from tui.widgets.line_widget import Line, Span, fitted

ACTION_CELLS = 22
"""RemoteStartTransaction, the longest name of the Core profile, fits exactly."""

TOOK_CELLS = 7
"""Of `999 ms` with what parts it from the answer."""
LEAST_SUMMARY = 12
"""What is left of a request's text where the reason of its failure is told beside it."""

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
    took_cells = TOOK_CELLS * with_latency
    fixed = (12 if wide else 8) + action_cells + 5 + connector_cells + result_cells + took_cells
    summary_cells = max(0, cells - fixed)
    told = _result(exchange, now - ahead, look, subprotocol)
    noise = exchange.direction is Direction.NOISE
    kind = Kind.PLAIN if noise else kind_of(exchange.action, exchange.request, subprotocol)
    if noise:
        summary = text.plain(exchange.request[:400], look.ascii)
    else:
        on = (exchange.requested_at + ahead).astimezone().date()
        summary = request_summary(exchange.action, exchange.request, subprotocol, on)
    why, result, took = told.why, told.words, told.took
    if exchange.injected:
        done = text.plain(exchange.injected)
        why = f"{done}: {why}" if why and why not in done else done
    if look.ascii:
        told_in_ascii = (text.plain(look.ours(one), True) for one in (summary, result, why))
        summary, result, why = told_in_ascii
    answered = _answered(told.mark + result, took, result_cells, took_cells, ellipsis)
    why_role = "warning" if exchange.injected and told.role == "text" else told.role
    number = "" if exchange.connector_id is None else str(exchange.connector_id)
    connector = text.fit(number, connector_cells - 1, ellipsis) + " "
    action = text.plain(exchange.action, look.ascii)
    arrow_role = "secondary" if exchange.direction is Direction.RECEIVED else "muted"
    routine = kind is Kind.ROUTINE and told.role == "text"
    said = "muted" if routine else "text"
    alarm = kind is Kind.ALARM or told.role == "error"
    spans = [
        Span(look.symbol("trouble") if alarm else " ", "error"),
        Span(f"{text.clock_time(exchange.requested_at + ahead, wide)} ", "muted"),
        Span(look.symbol(arrow_of(exchange)), arrow_role),
        Span(f" {text.fit(action, action_cells, ellipsis)} {connector}", said),
        *_summary(summary, why, max(0, summary_cells - 1), said, why_role, look),
        Span(" "),
        Span(answered[0], said if routine else told.role),
        Span(answered[1], "muted"),
    ]
    if role:
        bad = told.role == "error"
        spans = [
            s._replace(role=f"{role}-error" if bad and role == "cursor" else role) for s in spans
        ]
    return fitted(spans, cells, ellipsis)


def _answered(
    result: str, took: str, result_cells: int, took_cells: int, ellipsis: str
) -> tuple[str, str]:
    """The answer, and how long it took: a long answer begins where all do, and takes the other's
    room."""
    if not took_cells:
        return text.fit(result, result_cells, ellipsis), ""
    if text.width(result) <= result_cells:
        return text.fit(result, result_cells), f"{took:>{took_cells}}"
    both = result_cells + took_cells
    free = both - text.width(result) - 1
    if free >= len(took):
        return result, f"{took:>{both - text.width(result)}}"
    return text.fit(result, both, ellipsis), ""


def _summary(
    summary: str, why: str, cells: int, role: str, why_role: str, look: Look
) -> list[Span]:
    """What the request says, and why it came to nothing, in exactly `cells` cells."""
    ellipsis = look.symbol("ellipsis")
    if not why:
        return [Span(text.fit(summary, cells, ellipsis), role)]
    dot = f" {look.symbol('dot')} " if summary else ""
    room = max(LEAST_SUMMARY, cells - text.width(dot + why))
    summary = text.cut(summary, min(room, cells), ellipsis)
    rest = cells - text.width(summary)
    return [Span(summary, role), Span(text.fit(dot + why, rest, ellipsis), why_role)]


class _Told(NamedTuple):
    """What became of a request."""

    mark: str
    words: str
    role: str
    took: str
    """How long the answer took; for how long it has been awaited."""
    why: str = ""
    """Why it was refused or has failed, where that is known."""


def _result(exchange: Exchange, now: datetime, look: Look, subprotocol: str) -> _Told:
    bad = look.symbol("trouble") + " "
    took = "" if exchange.latency_s is None else text.latency(exchange.latency_s)
    trouble = text.plain(exchange.trouble)
    if exchange.direction is Direction.NOISE:
        return _Told(bad, trouble or "not OCPP", "error", took)
    if exchange.state is ExchangeState.WAITING:
        age = max(0.0, (now - exchange.requested_at).total_seconds())
        coarse = f"{int(age)} s" if age < 100 else text.short_span(age)
        shown = f"{age:.1f} s" if age < 10 else coarse
        return _Told("", "waiting", "warning", shown)
    if exchange.state is ExchangeState.ERROR:
        why = error_description(exchange.answer)
        return _Told(bad, trouble or "error", "error", took, why)
    if exchange.state is ExchangeState.UNANSWERED:
        return _Told(bad, "no answer", "error", took, trouble)
    words = answer_summary(exchange.action, exchange.answer, subprotocol)
    refused = words.startswith(wording_of(subprotocol).refusals)
    why = trouble or refusal_reason(exchange.answer)
    return _Told("", words, "warning" if refused or trouble else "text", took, why)
