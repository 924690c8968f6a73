"""The connection: the CSMS that is dialled, as whom, and why it is not reached.

Each row is one thing to set; nothing of it counts before it is used all together, so a URL and the
password that belongs to it are never tried apart. What was dialled before stands below, to be used
again. A password that is typed shows as dots, and nowhere afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sim_core.settings.destination import Destination, trouble_of
from sim_core.snapshot import StationSnapshot
from tui import text
from tui.dialogs.palette import Choice, Chosen, Question
from tui.dialogs.sheet_body import Act, Item, Page, Tab
from tui.look import Look
from tui.widgets.line_widget import Line, Span
from tui.widgets.link_bar import state_words

PROFILES: dict[int, str] = {
    0: "none: no password, no TLS needed",
    1: "a password, without TLS",
    2: "TLS and a password",
    3: "TLS and a client certificate",
}
"""The security profiles of OCPP, in words."""
ROWS: tuple[tuple[str, str, str], ...] = (
    ("url", "CSMS URL", "The address of the CSMS; the id is appended as its last segment."),
    ("charge_point_id", "id", "As whom the charge point appears there (CPID, identity)."),
    ("password", "password", "What is shown to get in: 16 to 20 characters, in 2.0.1 to 64."),
    ("security_profile", "security", "The security profile: what protects the connection."),
)
"""Field of a destination, its name, what it means."""
NAME_CELLS = 12


@dataclass(frozen=True)
class Finding:
    """What one step of the examination has found."""

    step: str
    ok: bool
    found: str
    advice: str = ""


@dataclass
class Draft:
    """What is being put together, and what the last examination has found."""

    now: Destination
    """What counts."""
    wanted: Destination
    """What is to count once it is used."""
    keeps_id: str = ""
    """Why the id stays as it is; empty: it may be changed."""
    findings: list[Finding] = field(default_factory=list)
    examining: bool = False
    examined: bool = False

    @property
    def changed(self) -> bool:
        """Whether anything would be otherwise."""
        return self.wanted != self.now

    def change(self, name: str, value: str | int) -> None:
        """Set one field."""
        self.wanted = replace(self.wanted, **{name: value})  # type: ignore[arg-type]


def connection(
    look: Look,
    draft: Draft,
    recent: Sequence[Destination],
    station: Callable[[], StationSnapshot | None],
    now: Callable[[], datetime],
    edit: Callable[[str], str],
    connect: Callable[[], str],
    dial: Callable[[], str],
    examine: Callable[[], str],
) -> tuple[Tab, Tab]:
    """The two tabs: what is dialled, and the examination."""

    def chosen(value: object) -> str:
        if isinstance(value, str):
            return edit(value)
        if isinstance(value, Destination):
            draft.wanted = value
            return look.with_keys("Taken; c connects there.")
        return ""

    def csms() -> Page:
        items = [_row(draft, *row, look) for row in ROWS]
        items += [_recent(one, look) for one in recent if one != draft.now.without_secrets]
        return Page(
            items=items,
            head=lambda cells: [*_link_lines(station(), now(), look, cells), ()],
            detail=lambda item, cells: _meaning(item, draft, cells, look),
            detail_rows=4,
        )

    def doctor() -> Page:
        empty = "Each step of a connection is tried in turn: name, port, TLS, WebSocket. "
        empty += "enter begins; no message is sent."
        return Page(
            items=[_finding(one, n, look) for n, one in enumerate(draft.findings)],
            empty="The examination goes on." if draft.examining else empty,
            detail=lambda item, cells: _advice(item, draft, cells, look),
            detail_rows=4,
        )

    return (
        Tab(
            "CSMS",
            csms,
            (
                Act(("enter",), "enter", "change", chosen),
                Act(("c",), "c", "connect", lambda _: connect()),
                Act(("d",), "d", "dial now", lambda _: dial()),
            ),
        ),
        Tab("Doctor", doctor, (Act(("enter",), "enter", "examine", lambda _: examine()),)),
    )


def _link_lines(
    station: StationSnapshot | None, now: datetime, look: Look, cells: int
) -> list[Line]:
    """How it stands with the CSMS, all of it."""
    if station is None:
        return [(Span(" The charge point is still starting.", "muted"),)]
    link = station.link
    symbol, role, words = state_words(link, now)
    said = text.wrapped(text.plain(words, look.ascii), cells - 4)
    first = (Span(f" {look.symbol(symbol)} ", role), Span(said[0], role))
    lines: list[Line] = [first, *((Span("   "), Span(line, role)) for line in said[1:])]
    url = text.wrapped(text.plain(link.url, look.ascii), cells - 4)
    return [*lines, *((Span("   "), Span(line, "muted")) for line in url)]


def _shown(name: str, where: Destination) -> str:
    if name == "url":
        return where.without_secrets.url
    if name == "charge_point_id":
        return where.charge_point_id
    if name == "security_profile":
        return f"{where.security_profile}  {PROFILES.get(where.security_profile, '')}"
    return "typed, used with the next connection" if where.password else "unchanged"


def _row(draft: Draft, name: str, label: str, meaning: str, look: Look) -> Item:
    differs = getattr(draft.wanted, name) != getattr(draft.now, name)
    shown = text.plain(_shown(name, draft.wanted), look.ascii)
    spans = (
        Span(text.fit(label, NAME_CELLS), "muted"),
        Span(shown, "accent" if differs else "strong"),
        Span("   changed, not used yet" if differs else "", "warning"),
    )
    return Item(lambda _: spans, f"{label} {shown}", name, name)


def _recent(one: Destination, look: Look) -> Item:
    shown = text.plain(f"{one.url}  as {one.charge_point_id}", look.ascii)
    if one.security_profile:
        shown += f", profile {one.security_profile}"
    spans = (Span(text.fit("before", NAME_CELLS), "muted"), Span(shown))
    return Item(lambda _: spans, shown, one, one)


def _meaning(item: Item | None, draft: Draft, cells: int, look: Look) -> list[Line]:
    meaning = next((row[2] for row in ROWS if item is not None and item.value == row[0]), "")
    if not meaning:
        meaning = "Dialled before; enter takes it, with the password that counts now."
    if draft.changed:
        said = "c connects there now. It counts until the program ends; CSMS_URL and the other "
        said += "options count at the next start."
    else:
        said = "A change counts until the program ends; the options count at the next start."
    lines = text.wrapped(meaning, cells - 2)
    told: list[Line] = [(Span(" "), Span(line)) for line in lines]
    role = "warning" if draft.changed else "muted"
    return told + [(Span(" "), Span(line, role)) for line in text.wrapped(said, cells - 2)]


def question_about(name: str, where: Destination) -> Question:
    """What is asked where somebody changes one row."""
    if name == "security_profile":
        return Question(
            "Which security profile?",
            "0, 1, 2 or 3",
            [Choice(str(number), f"{number}  {words}") for number, words in PROFILES.items()],
        )
    called = next(row[1] for row in ROWS if row[0] == name)
    secret = name == "password"
    shown = "" if secret else _shown(name, where)

    def trouble(chosen: Chosen) -> str:
        return trouble_of(name, chosen.choice.value)

    return Question(
        f"Which {called}?",
        f"the {called}, typed in full",
        [],
        free=lambda typed: Choice(typed, "this password" if secret else typed),
        trouble=trouble,
        secret=secret,
        begin=shown,
    )


# -- the examination -------------------------------------------------------------------------------


def _finding(one: Finding, number: int, look: Look) -> Item:
    mark, role = ("ok", "success") if one.ok else ("FAIL", "error")
    spans = (
        Span(f"{mark:<6}", role),
        Span(text.fit(one.step, 18), "strong"),
        Span(text.plain(one.found, look.ascii)),
    )
    return Item(lambda _: spans, f"{one.step} {one.found}", number, one)


def _advice(item: Item | None, draft: Draft, cells: int, look: Look) -> list[Line]:
    if item is None or not isinstance(item.value, Finding):
        return []
    one = item.value
    lines: list[Line] = [
        (Span(" "), Span(line))
        for line in text.wrapped(text.plain(one.found, look.ascii), cells - 2)
    ]
    if one.advice:
        told = text.wrapped(text.plain(one.advice, look.ascii), cells - 2)
        lines += [(Span(" "), Span(line, "warning")) for line in told]
    return lines
