"""The journal as a person reads it: what waits for the CSMS's answer, and what was given up.

A transaction message stays in the journal until the CSMS has answered it, so an empty journal is
good news and says so. As long as a transaction has no id (in OCPP 1.6 the CSMS gives it one when it
answers StartTransaction), our own key stands in for it, written `#7`.
"""

from __future__ import annotations

from datetime import datetime

from sim_core.snapshot import JournalEntry, LostEntry, StationSnapshot
from tui import text
from tui.look import Look
from tui.widgets.line_widget import Line, Span

HEAD: Line = (
    Span("  no.   waits  tries   ", "muted"),
    Span(f"{'message':<18}", "muted"),
    Span("c  ", "muted"),
    Span("transaction", "muted"),
)


def journal_lines(
    station: StationSnapshot | None, now: datetime, look: Look, cells: int
) -> list[Line]:
    """All lines of the dialog; sentences are wrapped to so many cells."""
    if station is None:
        return [(Span(" The charge point is still starting.", "muted"),)]
    journal, queued = station.journal, station.link.queued
    lines: list[Line] = [()]
    if queued is None:
        lines += _said("Only the charger knows what waits in it: it is not ours.", cells)
    elif not journal.waiting:
        lines += _said("Nothing waits: the CSMS has answered every transaction message.", cells)
    else:
        said = f"{text.count(queued, 'message')} not answered yet, the first goes first."
        lines += [*_said(said, cells), (), HEAD]
        lines += [_waiting_line(entry, now) for entry in journal.waiting]
        if queued > len(journal.waiting):
            lines.append((Span(f"  and {queued - len(journal.waiting)} more", "muted"),))
    lines.append(())
    if journal.lost:
        lines += [(Span(" Given up: their attempts were spent", "error"),), ()]
        lines += [_lost_line(entry, look) for entry in journal.lost]
    else:
        lines.append((Span(" Nothing was ever given up.", "muted"),))
    return lines


def _said(sentence: str, cells: int) -> list[Line]:
    return [(Span(f" {line}"),) for line in text.wrapped(sentence, cells - 2)]


def _waiting_line(entry: JournalEntry, now: datetime) -> Line:
    age = text.coarse_span((now - entry.written_at).total_seconds())
    known = entry.transaction_id is not None
    return (
        Span(f"{entry.number:>6}  "),
        Span(f"{age:>5}", "muted"),
        Span(f"  {entry.attempts:>5}   ", "warning" if entry.attempts else "muted"),
        Span(f"{text.plain(entry.action):<18}"),
        Span(f"{entry.connector_id}  ", "muted"),
        Span(
            f"tx {text.plain(str(entry.transaction_id))}"
            if known
            else f"#{entry.transaction_key}, no id yet"
        ),
    )


def _lost_line(entry: LostEntry, look: Look) -> Line:
    known = entry.transaction_id is not None
    transaction = f"tx {text.plain(str(entry.transaction_id))}" if known else "no id"
    return (
        Span(f"  {text.clock_time(entry.given_up_at)}  ", "muted"),
        Span(f"{text.plain(entry.action):<18}"),
        Span(f"{entry.connector_id}  ", "muted"),
        Span(f"{transaction}  "),
        Span(text.plain(entry.why, look.ascii), "warning"),
    )
