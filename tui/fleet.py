"""The screen of `chargeforge fleet`: one page of figures, drawn once a second.

There is nothing to select and little to press: who wants one charge point in full runs one. The
page says how far the fleet has come, what it does to the CSMS and how that answers, and what is
wrong, in words; a figure that is fine stands still.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from sim_core.fleet.crowd import Crowd
from sim_core.fleet.picture import FleetPicture, Phase
from sim_core.public import public_url
from tui import text
from tui.look import OWN_THEMES, Look, ascii_here, fitting_theme, next_theme
from tui.painted import Line, Painted, Span, fitted, justified

LOOK_S = 1.0
STOP_PATIENCE_S = 15.0
LABEL = 13
FIGURE = 7
BAR_CELLS = 24

ERROR_WORDS: dict[str, str] = {
    "call_unanswered": "requests were not answered in time",
    "call_error_received": "requests were answered by a CALLERROR",
    "call_error_sent": "requests of the CSMS were answered by a CALLERROR",
    "frame_not_understood": "frames of the CSMS were not understood",
}
"""What each kind of error means, in everyday words."""


def page(
    seen: FleetPicture, title: str, url: str, now: datetime, look: Look, cells: int
) -> list[Line]:
    """Everything there is to see, each line exactly `cells` cells."""
    groups = (
        [_head(seen, title, url, now, look, cells)],
        [*_progress(seen, look)],
        [*_connectors(seen, look)],
        [*_messages(seen, look, cells)],
        [*_troubles(seen, look)],
    )
    lines: list[Line] = []
    for group in groups:
        lines += [fitted(line, cells, look.symbol("ellipsis")) for line in group]
        lines.append(fitted([], cells))
    return lines


def _head(seen: FleetPicture, title: str, url: str, now: datetime, look: Look, cells: int) -> Line:
    symbol, role = _state(seen)
    words = [
        Span(f" {look.symbol(symbol)} ", role),
        Span(text.plain(title, look.ascii), "strong"),
        Span(f"  {seen.phase.value}", role),
        Span(f"  {text.plain(url, look.ascii)}", "muted"),
    ]
    return justified(words, [Span(f"  {text.clock_time(now)} ", "muted")], cells)


def _state(seen: FleetPicture) -> tuple[str, str]:
    if seen.phase is Phase.STOPPING:
        return "pending", "warning"
    if seen.offline_because or seen.trouble:
        return "trouble", "warning"
    return ("online", "success") if seen.phase is Phase.RUNNING else ("pending", "secondary")


def _row(label: str, figure: str, *more: Span, role: str = "strong") -> Line:
    return (Span(f"   {label:<{LABEL}}", "muted"), Span(f"{figure:>{FIGURE}}  ", role), *more)


def _bar(part: float, whole: float, look: Look) -> Span:
    """How much of the whole it is; something never looks like nothing, nor nearly like all."""
    share = part / whole if whole else 0.0
    filled = min(BAR_CELLS - (part < whole), max(int(part > 0), round(share * BAR_CELLS)))
    full, empty = look.bars[-1], look.symbol("dot")
    return Span(full * filled + empty * (BAR_CELLS - filled), "trace")


def _progress(seen: FleetPicture, look: Look) -> Iterable[Line]:
    yield _title("Charge points", f"{seen.total:,}")
    for label, count in (
        ("switched on", seen.booted),
        ("connected", seen.connected),
        ("registered", seen.registered),
    ):
        yield _row(label, f"{count:,}", _bar(count, seen.total, look))


def _connectors(seen: FleetPicture, look: Look) -> Iterable[Line]:
    yield _title("Connectors", f"{seen.connectors:,}")
    yield _row(
        "charging",
        f"{seen.charging:,}",
        _bar(seen.charging, seen.connectors, look),
        Span(f"  {seen.power_w / 1000:,.0f} kW"),
    )
    yield _row(
        "sessions",
        f"{seen.visits_begun:,}",
        Span(f"begun, {seen.visits_ended:,} ended, {seen.queued:,} messages wait for an answer"),
    )


def _messages(seen: FleetPicture, look: Look, cells: int) -> Iterable[Line]:
    yield _title("Messages", f"{seen.messages:,}")
    room = max(0, min(cells - LABEL - FIGURE - 20, 120))
    top = _scale(max(seen.rate_trace, default=0.0))
    yield _row(
        "a second",
        f"{seen.messages_per_s:,.1f}",
        Span(_trace(seen.rate_trace[-room:] if room else (), top, look).rjust(room), "trace"),
        Span(f"  0-{top:,}/s", "muted"),
    )
    if seen.latency is None:
        yield _row("answered in", "-", Span("nothing was answered yet", "muted"))
    else:
        slow = seen.latency
        yield _row(
            "answered in",
            text.latency(slow.p50_s),
            Span("(half), "),
            Span(text.latency(slow.p95_s), "strong"),
            Span(" (95 %), "),
            Span(text.latency(slow.p99_s), "strong"),
            Span(" (99 %)"),
        )


def _troubles(seen: FleetPicture, look: Look) -> Iterable[Line]:
    rows = list(_trouble_rows(seen))
    yield _title("Trouble", "" if rows else "none")
    for count, words in rows:
        yield (Span(f"{count:>7,}  ", "error"), Span(text.plain(words, look.ascii)))
    for warning in (*seen.warnings, *seen.standing):
        yield (Span(f"   {text.plain(warning, look.ascii)}", "warning"),)


def _trouble_rows(seen: FleetPicture) -> Iterable[tuple[int, str]]:
    for reason, count in seen.offline_because:
        yield count, f"not connected: {reason}"
    for reason, count in seen.refused:
        yield count, f"visits came to nothing: {reason}"
    for kind, count in seen.errors.items():
        yield count, ERROR_WORDS.get(kind, kind)
    if seen.faulted:
        yield seen.faulted, "connectors are Faulted"
    if seen.crashed:
        yield seen.crashed, "charge points ended by a fault of the program: LOG_FILE has why"
    if seen.lag_s > LOOK_S / 2:
        yield round(seen.lag_s * 1000), "ms late: this computer cannot bear so many, take fewer"


def _title(name: str, figure: str) -> Line:
    return (Span(f" {name} ", "accent"), Span(figure, "strong"))


def _scale(most: float) -> int:
    """The next 1, 2 or 5 with zeros that is not below: a scale that rarely changes."""
    step = 1
    while True:
        for digit in (1, 2, 5):
            if digit * step >= most:
                return digit * step
        step *= 10


def _trace(rates: Iterable[float], top: int, look: Look) -> str:
    steps = len(look.bars) - 1
    return "".join(
        look.bars[min(steps, max(int(rate > 0), round(rate / top * steps)))] for rate in rates
    )


class Page(Painted):
    """The page, cell by cell."""

    def __init__(self, look: Look, crowd: Crowd) -> None:
        super().__init__(look, id="page")
        self._crowd = crowd
        settings = crowd.settings
        numbers = settings.shard().numbers(settings.fleet_count)
        ids = [settings.id_of(number) for number in (numbers[0], numbers[-1])] if numbers else []
        self._title = f"Fleet {' to '.join(dict.fromkeys(ids))}"
        self._url = public_url(settings.csms_url)

    def lines_for(self, width: int, height: int) -> list[Line]:
        crowd = self._crowd
        lines = page(crowd.picture, self._title, self._url, crowd.now(), self.look, width)
        if crowd.failure:
            why = text.plain(crowd.failure, self.look.ascii)
            lines[1] = fitted([Span(f" {why}", "error")], width)
        blank = fitted([], width)
        return [*(lines + [blank] * height)[: height - 1], fitted(self._keys(), width)]

    def _keys(self) -> Line:
        if self._crowd.picture.phase is Phase.STOPPING:
            return (Span(" sessions end, then the links: a moment, please", "muted"),)
        return (Span(" q", "accent"), Span(" ends it  "), Span("t", "accent"), Span(" theme"))


class FleetApp(App[int]):
    """The page on a crowd."""

    TITLE = "ChargeForge fleet"
    CSS = "Screen { background: $background; } #page { height: 1fr; }"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,ctrl+c,ctrl+q", "end", show=False, priority=True),
        Binding("t", "next_theme", show=False),
    ]

    def __init__(self, crowd: Crowd) -> None:
        # Textual chooses here, before any theme is set, whether NO_COLOR means greys or no colour
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.animation_level = "none"
        self.crowd = crowd
        self.look = Look(ascii_here(crowd.settings.ascii))
        self._here: asyncio.AbstractEventLoop | None = None
        for own in OWN_THEMES:
            self.register_theme(own)
        self.theme = fitting_theme(crowd.settings.theme, self.console.color_system, self.no_color)

    def compose(self) -> ComposeResult:
        yield Page(self.look, self.crowd)

    def on_mount(self) -> None:
        self._here = asyncio.get_running_loop()
        self.call_after_refresh(self.crowd.start)
        self.set_interval(LOOK_S, self.query_one(Page).sync)

    def action_next_theme(self) -> None:
        """The next of the themes; under NO_COLOR there are none."""
        if not self.no_color:
            self.theme = next_theme(self.theme, self.console.color_system)

    def action_end(self) -> None:
        """End the sessions and the links, and leave when that is done; a second time: leave now."""
        if self.crowd.picture.phase is Phase.STOPPING or self.crowd.failure:
            self.exit(0)
            return
        self.run_worker(self._end())

    async def _end(self) -> None:
        await asyncio.to_thread(self.crowd.stop, STOP_PATIENCE_S)
        self.exit(0)

    def leave_soon(self) -> None:
        """Leave without waiting; safe to call from a signal handler."""
        loop = self._here
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.exit, 0)


def show(crowd: Crowd) -> int:
    """Show the page until it is left; ends the fleet."""
    from tui.way_out import WayOut

    app = FleetApp(crowd)
    end = WayOut(ask=(lambda: crowd.stop(0), app.leave_soon))
    try:
        app.run()
    finally:
        crowd.stop(STOP_PATIENCE_S)
        end.disarm()
    if crowd.failure:
        print(crowd.failure, file=sys.stderr)
    return 0 if end.asked else app.return_code or crowd.exit_code
