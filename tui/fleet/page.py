"""The page of `chargeforge fleet`, line by line: how far it has come, what it does, what is wrong.

A figure that is fine stands still. What may be pressed is one table (`ACTS`): keys, foot of the
page, help and palette are made from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sim_core.fleet.snapshot import FleetSnapshot, Phase
from sim_core.fleet.viewed import FleetHost
from sim_core.redaction import public_url
from tui import text
from tui.dialogs.passages import Entry, Section, key_entry, words_section
from tui.fleet.cells import cell_lines
from tui.glossary import TERMS, terms_in
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified, line_width

REFRESH_S = 1.0
LABEL = 13
FIGURE = 7
LEAST_URL = 20
"""Cells in which a URL still tells something."""
BAR_CELLS = 24
LEAST_CELL_ROWS = 4
"""Rows that the cells have before the page gives up its blank lines for them."""
ERROR_WORDS: dict[str, tuple[str, str]] = {
    "call_unanswered": ("request was not answered in time", "requests were not answered in time"),
    "call_error_received": (
        "request was answered by a CALLERROR",
        "requests were answered by a CALLERROR",
    ),
    "call_error_sent": (
        "request of the CSMS was answered by a CALLERROR",
        "requests of the CSMS were answered by a CALLERROR",
    ),
    "frame_not_understood": (
        "frame of the CSMS was not understood",
        "frames of the CSMS were not understood",
    ),
}
"""What each kind of error means, in everyday words: of one, of many."""


def page(
    seen: FleetSnapshot,
    title: str,
    url: str,
    now: datetime,
    look: Look,
    cells: int,
    *,
    airy: bool = True,
) -> list[Line]:
    """Everything there is to see of all together, each line exactly `cells` cells; `airy` puts a
    blank line between two parts."""
    groups = (
        [_head(seen, title, url, now, look, cells)],
        [*_progress(seen, look)],
        [*_connectors(seen, look)],
        [*_messages(seen, look, cells)],
        [*_troubles(seen, look, cells)],
    )
    lines: list[Line] = []
    for group in groups:
        lines += [fitted(line, cells, look.symbol("ellipsis")) for line in group]
        lines += [fitted([], cells)] * airy
    return lines


def _head(seen: FleetSnapshot, title: str, url: str, now: datetime, look: Look, cells: int) -> Line:
    symbol, role = _state(seen)
    words = [
        Span(f" {look.symbol(symbol)} ", role),
        Span(text.plain(title, look.ascii), "strong"),
        Span(f"  {seen.phase.value}", role),
    ]
    clock = [Span(f"  {text.clock_time(now)} ", "muted")]
    if cells - line_width([*words, *clock]) >= LEAST_URL:
        words.append(Span(f"  {text.plain(url, look.ascii)}", "muted"))
    return justified(words, clock, cells, look.symbol("ellipsis"))


def _state(seen: FleetSnapshot) -> tuple[str, str]:
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


def _progress(seen: FleetSnapshot, look: Look) -> Iterable[Line]:
    yield _title("Charge points", f"{seen.total:,}")
    for label, count in (
        ("switched on", seen.booted),
        ("connected", seen.connected),
        ("registered", seen.registered),
    ):
        yield _row(label, f"{count:,}", _bar(count, seen.total, look))


def _connectors(seen: FleetSnapshot, look: Look) -> Iterable[Line]:
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
        Span(f"begun, {seen.visits_ended:,} ended, {_waiting(seen.queued)}"),
    )


def _waiting(messages: int) -> str:
    if not messages:
        return "nothing waits"
    return "1 message waits" if messages == 1 else f"{messages:,} messages wait"


def _messages(seen: FleetSnapshot, look: Look, cells: int) -> Iterable[Line]:
    yield _title("Messages", f"{seen.messages:,}")
    room = max(0, min(cells - LABEL - FIGURE - 20, 120))
    top = text.scale_above(max(seen.rate_trace, default=0.0))
    yield _row(
        "a second",
        f"{seen.messages_per_s:,.1f}",
        Span(_trace(seen.rate_trace[-room:] if room else (), top, look), "trace"),
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


def _troubles(seen: FleetSnapshot, look: Look, cells: int) -> Iterable[Line]:
    rows = list(_trouble_rows(seen))
    yield _title("Trouble", "" if rows else "none")
    for count, words in rows:
        first, *more = text.wrapped(text.plain(words, look.ascii), max(20, cells - 10))
        yield (Span(f"{count:>7,}  ", "error"), Span(first))
        yield from ((Span(" " * 9), Span(line)) for line in more)
    for warning in (*seen.warnings, *seen.standing):
        yield (Span(f"   {text.plain(warning, look.ascii)}", "warning"),)


def _trouble_rows(seen: FleetSnapshot) -> Iterable[tuple[int, str]]:
    for reason, count in seen.offline_because:
        yield count, f"not connected: {reason}"
    for reason, count in seen.refused:
        yield count, f"{_noun(count, 'visit')} came to nothing: {reason}"
    for kind, count in seen.errors.items():
        yield count, _of(count, *ERROR_WORDS.get(kind, (kind, kind)))
    if seen.faulted:
        yield seen.faulted, _of(seen.faulted, "connector is Faulted", "connectors are Faulted")
    if seen.crashed:
        points = _noun(seen.crashed, "charge point")
        yield seen.crashed, f"{points} ended by a fault of the program: LOG_FILE has why"
    if seen.lag_s > REFRESH_S / 2:
        yield round(seen.lag_s * 1000), "ms late: this computer cannot bear so many, take fewer"


def _of(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _noun(count: int, noun: str) -> str:
    return _of(count, noun, f"{noun}s")


def _title(name: str, figure: str) -> Line:
    return (Span(f" {name} ", "accent"), Span(figure, "strong"))


def _trace(rates: Iterable[float], top: int, look: Look) -> str:
    steps = len(look.bars) - 1
    return "".join(
        look.bars[min(steps, max(int(rate > 0), round(rate / top * steps)))] for rate in rates
    )


class Page(LineWidget):
    """The page, cell by cell."""

    def __init__(self, look: Look, fleet: FleetHost) -> None:
        super().__init__(look, id="page")
        self._fleet = fleet
        settings = fleet.settings
        numbers = settings.shard().numbers(settings.fleet_count)
        ids = [settings.id_of(number) for number in (numbers[0], numbers[-1])] if numbers else []
        self._title = f"Fleet {' to '.join(dict.fromkeys(ids))}"
        self._url = public_url(settings.csms_url)

    def lines_for(self, width: int, height: int) -> list[Line]:
        fleet = self._fleet
        seen, now = fleet.snapshot, fleet.now()
        lines = page(seen, self._title, self._url, now, self.look, width)
        if len(lines) + LEAST_CELL_ROWS >= height:
            lines = page(seen, self._title, self._url, now, self.look, width, airy=False)
        lines += self._each(width, height - 1 - len(lines))
        if fleet.failure:
            why = text.plain(fleet.failure, self.look.ascii)
            lines[1] = fitted([Span(f" {why}", "error")], width)
        blank = fitted([], width)
        return [*(lines + [blank] * height)[: height - 1], fitted(self._keys(), width)]

    def _each(self, width: int, rows: int) -> list[Line]:
        """What is left of the screen: a cell for each charge point."""
        fleet = self._fleet
        return cell_lines(fleet.snapshot.points, fleet.settings.id_of, self.look, width, rows)

    def _keys(self) -> Line:
        if self._fleet.snapshot.phase is Phase.STOPPING:
            return (Span(" sessions end, then the links: a moment, please", "muted"),)
        spans: list[Span] = []
        for act in ACTS:
            spans += [
                Span(f" {act.shown}", "accent", act.id),
                Span(f" {act.label} ", "text", act.id),
            ]
        return tuple(spans)


@dataclass(frozen=True)
class Act:
    """One thing to do here: its keys as Textual names them, and its words."""

    id: str
    keys: str
    shown: str
    label: str
    help: str


ACTS: tuple[Act, ...] = (
    Act("open", "enter", "enter", "opens one", "Look at one of the charge points and act there"),
    Act("end", "q", "q", "ends it", "End the sessions, then the links, and leave; twice: at once"),
    Act("next_theme", "t", "t", "theme", "Change the colours"),
    Act("help", "question_mark", "?", "help", "What the figures mean, and what the keys do"),
    Act("palette", "ctrl+p", "^p", "palette", "Find any action by name"),
)
HELP: tuple[tuple[str, str], ...] = (
    (
        "Charge points",
        "How many are switched on so far, have a connection, and were accepted by the CSMS "
        "(BootNotification).",
    ),
    (
        "Connectors",
        "How many charge now, and with what power altogether. Drivers come and go by themselves: "
        "--session-sec and --pause-sec say how long they stay and stay away.",
    ),
    (
        "Messages",
        "Requests in both directions. Answered in: half of the last answers came within the first "
        "time, 95 and 99 of a hundred within the others.",
    ),
    (
        "Each, worst first",
        "A cell for each, those first that need somebody: ended, offline, Faulted. Where there is "
        "room it tells id and power, else a glyph has to do. A click opens one.",
    ),
    (
        "Trouble",
        "What went wrong, with how often: why charge points are not connected, why visits came "
        "to nothing, requests without an answer, and whether this computer is too slow.",
    ),
)
"""What each part of the page says."""


def fleet_sections(look: Look, seen: str) -> list[Section]:
    """All of the help, the keys first; `seen` is what the page says now."""
    keys = [key_entry(act.shown, act.label, act.help, look) for act in ACTS]
    parts = [
        Entry((Span(f"  {title:<{LABEL + 5}} ", "accent"),), text.plain(words, look.ascii))
        for title, words in HELP
    ]
    sections = [Section("Keys", keys), Section("The page", parts)]
    if known := terms_in(seen):
        sections.append(words_section("Words in sight", known, look))
    alone = Entry((Span("  "),), "One charge point on its own: chargeforge run")
    return [*sections, words_section("All words", TERMS, look), Section("Elsewhere", [alone])]
