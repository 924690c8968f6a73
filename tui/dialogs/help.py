"""The help over the dashboard: what concerns the focused pane, then every key, by its row."""

from __future__ import annotations

from textwrap import wrap

from sim_core.snapshot import ConnectorSnapshot
from tui import text
from tui.dialogs.text_dialog import TextDialog
from tui.keymap import CHARGE_POINT, CONNECTOR, LINK, MESSAGES, SCREEN, Row
from tui.look import FACES, Look
from tui.protocols.wording import Wording
from tui.widgets.connector_notes import next_step
from tui.widgets.line_widget import Line, Span
from tui.widgets.log_filter import LANGUAGE

HELP_CELLS = 68
"""The widest line of prose in the help; fits a screen of 80."""


PANES: dict[str, tuple[str, tuple[str, ...]]] = {
    "connector": (
        "A connector",
        (
            "The top border names the connector, its status in OCPP's word, and the transaction. "
            "Below: power, voltage, current; the energy register, this session's energy and time; "
            "the power of the last minutes, from nothing to the rated power; who charges.",
            "Words in brackets cannot be done now; pressing them says why.",
        ),
    ),
    "messages": (
        "Messages",
        (
            "One row per request with its answer: time, who asked (→ charge point, ← CSMS), "
            "action, connector, what it says, what was answered, how long that took.",
            "Moving up pauses; {end} follows the newest again. {inspect} shows both frames.",
        ),
    ),
    "inspector": (
        "A message",
        (
            "Both frames as they were on the wire. {up} and {down} scroll, {back} closes, {copy} "
            "copies.",
        ),
    ),
}


def _row_line(row: Row, reason: str, look: Look) -> Line:
    words = text.plain(row.help, look.ascii)
    line = (Span(f"  {row.shown:>6}  ", "accent"), Span(f"{text.plain(row.label, look.ascii):<17}"))
    if reason:
        return (*line, Span(text.plain(reason, look.ascii), "warning"))
    return (*line, Span(words, "muted"))


def help_lines(
    look: Look,
    pane: str,
    connector: ConnectorSnapshot | None,
    reasons: dict[str, str],
    wording: Wording,
) -> list[Line]:
    """All of the help, what concerns the focused pane first; statuses are named as in `wording`."""
    title, words = PANES.get(pane, PANES["connector"])
    lines: list[Line] = [(Span(f" {title}", "strong"),)]
    for paragraph in words:
        told = text.plain(look.with_keys(paragraph), look.ascii)
        lines += [(Span(f"  {line}"),) for line in wrap(told, HELP_CELLS)]
    if connector is not None:
        lines += [
            (),
            (
                Span(f" Connector {connector.connector_id} is ", "text"),
                Span(f"{look.glyph(connector.state)} {text.plain(connector.status)}", "strong"),
                Span(f": {next_step(connector, look)}", "text"),
            ),
        ]
    first = (CONNECTOR, LINK, CHARGE_POINT) if pane == "connector" else (MESSAGES,)
    every = (MESSAGES, CONNECTOR, LINK, CHARGE_POINT)
    groups = (*first, *(group for group in every if group not in first), SCREEN)
    for group in groups:
        lines += [(), (Span(f" {group}", "strong"),)]
        lines += [
            _row_line(row, reasons.get(row.id, ""), look)
            for row in look.keys.rows
            if row.group == group
        ]
    lines += [(), (Span(" Filter", "strong"),)]
    lines += [
        (Span(f"  {term:<16}", "accent"), Span(meaning, "muted")) for term, meaning in LANGUAGE
    ]
    named = ", ".join(part for part in (wording.name, wording.statuses_in) if part)
    lines += [(), (Span(f" Status ({named})", "strong"),)]
    lines += [
        (
            Span(f"  {look.glyph(state)} {word:<14} ", FACES[state].role),
            Span(look.next_step(state), "muted"),
        )
        for state, word in wording.statuses.items()
    ]
    return lines


class HelpScreen(TextDialog):
    """Help over the dashboard."""

    def __init__(self, look: Look, lines: list[Line]) -> None:
        super().__init__(look, "Help", lambda: lines)
