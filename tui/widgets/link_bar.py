"""The one sentence on top that is always true: who this is, and how it stands with the CSMS.

Countdowns are computed from the moments in the picture, never stored, so the bar cannot lag
behind. The first glyph and the words carry the state; colour repeats it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sim_core.snapshot import (
    LinkSnapshot,
    LinkState,
    Registration,
    RuleSnapshot,
    StationSnapshot,
)
from tui import text
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified, line_width
from tui.widgets.progress import progress_lines

SILENCE_S = 20.0
"""How long an open call may wait before the bar says that nobody answers."""


@dataclass(frozen=True)
class Broken:
    """How the bar says that there is a failure, and what the key for it does."""

    words: str
    again: str
    role: str = "error"
    advice: str = ""
    """What else to do about it, in a row of its own; empty: nothing."""


ENGINE_STOPPED = Broken("engine stopped", "restarts")
BOOT_AWAITED = "connected, BootNotification not answered yet"
AROUND_TROUBLE = 60
"""Cells that the bar has beside the trouble: name, countdown, queue, clock."""
ROOMY_CELLS = 100
MOST_NOTICES = 3
"""So many rows of notices stand under the bar."""
SHOWN_RULES = 2
"""So many rules are told in the bar."""
NAME_CELLS = 8
"""What is left of a charge point's id on a narrow screen."""


def state_words(
    link: LinkSnapshot, now: datetime, cells: int = 1000, ellipsis: str = "…"
) -> tuple[str, str, str]:
    """(symbol, role, words) for how it stands with the CSMS.

    In `cells` cells the trouble gives way, and what counts down stays in sight.
    """
    unsent = f", {link.queued} unsent" if link.queued else ""
    if link.state is LinkState.DOWN:
        return "away", "warning", f"offline by you{unsent}"
    if link.state is LinkState.CONNECTING:
        return "away", "warning", f"connecting, attempt {max(1, link.attempt)}{unsent}"
    if link.state is LinkState.WAITING:
        trouble = text.plain(link.trouble) or "no connection"
        ends = unsent
        if link.retry_at:
            left = text.seconds_left(link.retry_at, now)
            ends = f", retry in {text.span_in_words(left)}{unsent}"
        reason, mark, _ = trouble.rpartition(": ")
        if mark and text.width(f"offline: {trouble}{ends}") > cells:
            trouble = reason  # what to do about it has a row of its own then
        said = text.cut(f"offline: {trouble}", cells - text.width(ends), ellipsis)
        return "away", "warning", said + ends
    if not link.online:
        return "trouble", "warning", f"online but silenced by you{unsent}"
    silent = (now - link.waiting_since).total_seconds() if link.waiting_since else 0.0
    if silent >= SILENCE_S:
        return (
            "trouble",
            "error",
            f"online but silent: no answer for {text.span_in_words(silent)}{unsent}",
        )
    return _registration_words(link, now)


def advice_words(link: LinkSnapshot, cells: int) -> str:
    """What to do about a link that does not come up, where the bar has no room to say it all.

    It stands as long as the trouble does, dialling or waiting: rows that come and go are restless.
    """
    away = link.state in (LinkState.WAITING, LinkState.CONNECTING)
    _, mark, advice = link.trouble.rpartition(": ")
    return advice if away and mark and text.width(link.trouble) + AROUND_TROUBLE > cells else ""


def way_out(link: LinkSnapshot, look: Look) -> tuple[str, str]:
    """What to press while nothing passes, and the row that a click on it presses.

    Whom it dials stands there too: that is what is most often wrong.
    """
    keys = look.keys
    if link.state in (LinkState.WAITING, LinkState.CONNECTING) and link.trouble:
        if keys.has_key("connection") and keys.has_key("dial"):
            press = f"{look.key('connection')} another CSMS, {look.key('dial')} dial now"
            return f"{press}: {link.url}", "connection"
    elif link.state is LinkState.DOWN and keys.has_key("link"):
        return f"the network cable is pulled: {look.key('link')} plugs it back in", "link"
    elif not link.online and keys.has_key("silence"):
        return f"no message passes: {look.key('silence')} lets them pass again", "silence"
    return "", ""


def answers_words(station: StationSnapshot, look: Look) -> str:
    """That the CSMS is answered otherwise, for as long as it is so; empty while it is not."""
    told = [rule_words(rule) for rule in station.rules[:SHOWN_RULES]]
    if len(station.rules) > SHOWN_RULES:
        told.append(f"and {len(station.rules) - SHOWN_RULES} more")
    held = len(station.held)
    waits = f"{text.count(held, 'request')} wait{'s' if held == 1 else ''} for your answer"
    words = "; ".join(((waits,) if held else ()) + tuple(told))
    return f"{look.key('answers')}: {words}" if words else ""


def fault_words(station: StationSnapshot, look: Look) -> str:
    """That something is done to frames on the wire, for as long as it is so; empty while it is
    not."""
    told = [one.words for one in station.wire_faults[:SHOWN_RULES]]
    if len(station.wire_faults) > SHOWN_RULES:
        told.append(f"and {len(station.wire_faults) - SHOWN_RULES} more")
    held = len(station.held_frames)
    waits = f"{text.count(held, 'frame')} held" if held else ""
    words = "; ".join(filter(None, (waits, *told)))
    return f"{look.key('wire_faults')}: {words}" if words else ""


def recording_words(station: StationSnapshot, look: Look) -> str:
    """That what is done is recorded, or a recording played; empty where neither is."""
    told = []
    if station.recording is not None:
        steps = text.count(station.recording.steps, "step")
        told.append(f"recording, {steps} so far: {look.key('record')} ends and saves it")
    if station.playing is not None:
        step = f"step {station.playing.done} of {station.playing.steps}"
        key = look.key("play" if look.keys.has_key("play") else "palette")
        told.append(f"playing a recording, {step}: {key} play recording ends it")
    return "; ".join(told)


def rule_words(rule: RuleSnapshot) -> str:
    """A rule in a few words: "the next Reset is refused"."""
    what = {
        "refuse": "refused",
        "delay": f"delayed {rule.seconds:g} s",
        "ignore": "not answered",
        "callerror": f"answered {rule.code}",
        "hand": "left to you",
        "answer": "answered otherwise",
    }.get(rule.way, rule.way)
    action = "request" if rule.action == "*" else rule.action
    if rule.left is None:
        return f"every {action} is {what}"
    if rule.left == 1:
        return f"the next {action} is {what}"
    return f"the next {rule.left} {action} are {what}"


def screen_line(screen: tuple[str, ...], cells: int, look: Look) -> Line:
    """What the charger's own screen shows, in one row."""
    dot = f" {look.symbol('dot')} "
    words = dot.join(text.plain(message, look.ascii) for message in screen)
    spans = [Span(" screen ", "muted"), Span(words, "secondary")]
    return fitted(spans, cells, look.symbol("ellipsis"))


def _registration_words(link: LinkSnapshot, now: datetime) -> tuple[str, str, str]:
    again = ""
    if link.boot_retry_at:
        again = f", asks again in {text.span_in_words(text.seconds_left(link.boot_retry_at, now))}"
    if link.registration is Registration.ACCEPTED:
        return "online", "success", f"online, Accepted{f', {link.spoken}' if link.spoken else ''}"
    if link.registration is Registration.PENDING:
        return "pending", "warning", f"boot Pending{again}"
    if link.registration is Registration.REJECTED:
        return "trouble", "error", f"boot Rejected{again}"
    return "pending", "warning", BOOT_AWAITED


def bar_line(
    station: StationSnapshot | None,
    failure: str,
    now: datetime,
    cells: int,
    look: Look,
    place: str = "",
    aside: Line = (),
    broken: Broken = ENGINE_STOPPED,
) -> Line:
    """The bar in exactly `cells` cells. `place` says which of several this is, like 1/3; `aside` is
    what else is said, before the clock."""
    ellipsis = look.symbol("ellipsis")
    clock = [Span("  "), Span(text.clock_time(now), "muted"), Span("   " if cells >= 80 else " ")]
    if failure:
        words = f" {look.symbol('trouble')} {broken.words}: {text.plain(failure, look.ascii)} "
        again = Span(f"{look.key('resume')} {broken.again}", "accent", "resume")
        room = cells - line_width([again, *clock]) - 1
        head = [Span(f"{text.cut(words, room, ellipsis)} ", broken.role)]
        return justified(head, [again, *clock], cells, ellipsis)
    if station is None:
        return justified(
            [Span(f" {look.symbol('pending')} starting{ellipsis}", "muted")], clock, cells
        )
    link = station.link
    name = " ".join(
        part for part in (text.plain(station.charge_point_id, look.ascii), place) if part
    )
    room = cells - line_width(clock) - 3 - min(NAME_CELLS, text.width(name)) - 1
    symbol, role, words = state_words(link, now, room, ellipsis)
    if not station.powered:
        symbol, role, words = "away", "error", "without power"
    if words == BOOT_AWAITED and link.queued is None:  # a real charger, which boots when it likes
        words = "connected, no answer to BootNotification seen yet"
    healthy = symbol == "online"
    tail: list[Span] = []
    if healthy and link.queued is not None:
        unsent = f"{link.queued} unsent" if link.queued else "all sent"
        tail.append(Span(f"  {unsent}", "warning" if link.queued else "muted"))
    tail += [Span("  "), *aside] if aside else []
    tail += clock
    head = [Span(f" {look.symbol(symbol)} ", role)]
    if healthy and link.heartbeat_at:
        left = text.coarse_span(text.seconds_left(link.heartbeat_at, now))
        beat = [
            Span("  heartbeat in " if cells >= ROOMY_CELLS else "  heartbeat ", "muted"),
            Span(f"{left:>3}", "muted"),
        ]
        if line_width([*head, *beat, *tail]) + text.width(f"{name} {words}") <= cells:
            tail = [*beat, *tail]
    url = text.plain(link.url, look.ascii)
    room = cells - line_width(tail) - line_width(head) - text.width(words) - 1
    name = text.cut(name, max(NAME_CELLS, room), ellipsis)
    url_room = room - text.width(name) - 2
    body = [Span(f"{name} ", "strong"), Span(words, role if not healthy else "text")]
    if url_room >= 12:
        body.append(Span("  " + text.cut(url, url_room, ellipsis), "muted"))
    return justified([*head, *body], tail, cells, ellipsis)


class LinkBar(LineWidget):
    """The bar; under it a row for each standing warning, for what to do about the link, for what is
    under way, and for what the charger's own screen shows."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="link-bar")
        self._shown: tuple[StationSnapshot | None, str, datetime] | None = None
        self._noticed: tuple[StationSnapshot | None, int, list[tuple[str, str]]] = (None, 0, [])
        """What stands under the bar, with the picture and the width that this is true of."""
        self.broken = ENGINE_STOPPED
        """What a failure is called here."""
        self.place = ""
        """Which of several charge points it speaks of, like 1/3."""
        self.aside: Line = ()
        """What else is said, before the clock."""

    def take(self, station: StationSnapshot | None, failure: str, now: datetime) -> None:
        """Take in how it stands now: `rows` goes by it before it is drawn."""
        self._shown = (station, failure, now)

    def show(self, station: StationSnapshot | None, failure: str, now: datetime) -> None:
        """Say how it stands now."""
        self.take(station, failure, now)
        self.sync()

    @property
    def rows(self) -> int:
        """How many rows it wants."""
        station, _, now = self._shown or (None, "", None)
        if station is None or now is None:
            return 1 + bool(self._advised)
        notices = len(self._notices(station, self.size.width))
        under_way = len(progress_lines(station, now, 0, self.look))
        notices += bool(self._advised)
        return 1 + under_way + min(MOST_NOTICES, notices) + bool(station.screen)

    @property
    def _advised(self) -> str:
        """What to do about a failure, while there is one."""
        return self.broken.advice if self._shown and self._shown[1] else ""

    def _notices(self, station: StationSnapshot, width: int) -> list[tuple[str, str]]:
        """What stands under the bar, and what a click on it does: how the CSMS is answered
        otherwise, what is done to frames, what to do about the link, and what should be known."""
        picture, cells, known = self._noticed
        if picture is not station or cells != width:
            known = self._notices_of(station, width)
            self._noticed = station, width, known
        return known

    def _notices_of(self, station: StationSnapshot, width: int) -> list[tuple[str, str]]:
        answers, advice = answers_words(station, self.look), advice_words(station.link, width)
        recording = recording_words(station, self.look)
        faults = fault_words(station, self.look)
        out, press = way_out(station.link, self.look)
        return [
            *([(recording, "record" if station.recording else "play")] if recording else []),
            *([(answers, "answers")] if answers else []),
            *([(faults, "wire_faults")] if faults else []),
            *([(out, press)] if out else []),
            *([(advice, "")] if advice else []),
            *((warning, "") for warning in station.warnings),
        ]

    def lines_for(self, width: int, height: int) -> list[Line]:
        if self._shown is None:
            return [fitted([], width)] * height
        station, failure, now = self._shown
        lines = [
            bar_line(station, failure, now, width, self.look, self.place, self.aside, self.broken)
        ]
        if station:
            lines += progress_lines(station, now, width, self.look)
        notices = self._notices(station, width) if station else []
        if advice := self._advised:
            notices = [(advice, ""), *notices]
        for notice, press in notices[:MOST_NOTICES]:
            words = f" {self.look.symbol('trouble')} {text.plain(notice, self.look.ascii)}"
            spans = [Span(words, "warning", press)]
            lines.append(fitted(spans, width, self.look.symbol("ellipsis")))
        if station and station.screen:
            lines.append(screen_line(station.screen, width, self.look))
        lines += [fitted([], width)] * (height - len(lines))
        return lines[:height]
