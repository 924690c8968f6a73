"""A firmware update or a file on its way to the CSMS, as a row under the link bar.

Both concern the whole charge point, so no card has them. A row is there while something is under
way, and for a moment after its end, because the end is what somebody waited for.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sim_core.snapshot import FirmwareSnapshot, StationSnapshot, UploadSnapshot
from tui import text
from tui.look import Look
from tui.widgets.line_widget import Line, Span, fitted

BAR_CELLS = 20
LINGERS = timedelta(seconds=60)
"""How long the end of it stays on the screen."""


def _shows(work: FirmwareSnapshot | UploadSnapshot, now: datetime) -> bool:
    if work.active:
        return True
    return work.since is not None and now - work.since < LINGERS


def _row(
    title: str, work: FirmwareSnapshot | UploadSnapshot, now: datetime, cells: int, look: Look
) -> Line:
    mark = look.symbol("trouble" if work.failed else "pending" if work.active else "tick")
    role = "error" if work.failed else "secondary"
    spans = [
        Span(f" {mark} ", role),
        Span(f"{text.plain(title, look.ascii)} ", "muted"),
        Span(f"{text.plain(work.status, look.ascii)} ", role),
    ]
    if work.active and work.percent is not None:
        bar = BAR_CELLS if cells >= 80 else BAR_CELLS // 2
        full = max(0, min(bar, round(work.percent / 100 * bar)))
        spans += [
            Span(look.symbol("full") * full, role),
            Span(look.symbol("empty") * (bar - full), "faint"),
            Span(f" {work.percent:>3} %  "),
        ]
    if work.active and work.due_at and work.due_at > now:
        left = text.span_in_words(text.seconds_left(work.due_at, now))
        spans.append(Span(f" goes on in {left} ", "muted"))
    if work.trouble:
        spans.append(Span(f" {text.plain(work.trouble, look.ascii)}", "warning"))
    return fitted(spans, cells, look.symbol("ellipsis"))


def progress_lines(station: StationSnapshot, now: datetime, cells: int, look: Look) -> list[Line]:
    """The rows that are due now, each exactly `cells` wide; usually none."""
    firmware, upload = station.firmware, station.upload
    lines: list[Line] = []
    if _shows(firmware, now):
        title = f"firmware {firmware.version}" if firmware.version else "firmware"
        lines.append(_row(title, firmware, now, cells, look))
    if _shows(upload, now):
        title = f"diagnostics {upload.file_name}" if upload.file_name else "diagnostics"
        lines.append(_row(title, upload, now, cells, look))
    return lines
