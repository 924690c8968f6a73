"""The help over what is open: what is in sight and its words first, then every key, by its row.

The words that stand on the thing that has the focus are explained at once; all of them stand below,
and a search finds any key, term or state.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from sim_core.snapshot import ConnectorSnapshot
from tui import text
from tui.dialogs.passages import (
    Entry,
    Section,
    key_entry,
    paragraph,
    passage_lines,
    words_section,
)
from tui.dialogs.text_dialog import DialogText, TextDialog
from tui.glossary import TERMS, terms_in
from tui.keymap import CHARGE_POINT, CONNECTOR, LINK, MESSAGES, SCREEN, Row
from tui.look import FACES, Look
from tui.protocols.meanings import MEANINGS
from tui.protocols.wording import Wording
from tui.widgets.connector_notes import next_step
from tui.widgets.line_widget import Line, Span
from tui.widgets.log_filter import LANGUAGE

PANES: dict[str, tuple[str, tuple[str, ...]]] = {
    "connector": (
        "A connector",
        (
            "In the frame: its number, its state in OCPP's word, the transaction. In it: power, "
            "energy, who charges, and the power of the last minutes.",
            "A button without a key cannot be used now; pressing it says why.",
        ),
    ),
    "messages": (
        "Messages",
        (
            "What charge point and CSMS say to each other, a row per request with its answer: "
            "time, who asked (→ the charge point, ← the CSMS), what, connector, what was answered, "
            "how long that took.",
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
ACTS_HERE = (
    "This is a charger. A vehicle is plugged in ({plug}), a card is shown ({start}), it charges; "
    "each step is told to the operator's server, the CSMS, and stands below."
)
ACTS_ELSEWHERE = (
    "This is a charger that is looked at: vehicles and cards come to it without us. Each step is "
    "told to the operator's server, the CSMS, and stands below."
)
"""What goes on, to somebody who sees it for the first time; there are keys for it, or there are
none."""
IN_SIGHT = "Words in sight"
ALL_WORDS = "All words"


def _row_entry(row: Row, reason: str, look: Look) -> Entry:
    role = "warning" if reason else "muted"
    return key_entry(row.shown, look.ours(row.label), reason or row.help, look, role)


def help_sections(
    look: Look,
    pane: str,
    connector: ConnectorSnapshot | None,
    reasons: dict[str, str],
    wording: Wording,
    seen: str = "",
    action: str = "",
) -> list[Section]:
    """All of the help, what concerns the focused pane first; statuses are named as in `wording`.

    `seen` is what is drawn on the focused pane: its words are explained first. `action` is that of
    the message under the bar, if one is being read.
    """
    title, words = PANES.get(pane, PANES["connector"])
    begin = ACTS_HERE if "plug" in look.keys.row else ACTS_ELSEWHERE
    words = (begin, *words) if title == PANES["connector"][0] else words
    about = [paragraph(one, look) for one in words]
    if meaning := MEANINGS.get(action):
        about.append(Entry((Span(f"  {action}", "strong"),), f': "{meaning}"'))
    if connector is not None:
        state = f"{look.glyph(connector.state)} {text.plain(connector.status)}"
        said = next_step(connector, look)
        place = wording.place_of(connector.connector_id)
        now = (Span(f"  {place[0].upper()}{place[1:]} is "), Span(state, "strong"))
        about.append(Entry(now, f": {said}" if said else ""))
    sections = [Section(title, about)]
    if known := terms_in(seen):
        sections.append(words_section(IN_SIGHT, known, look))
    first = (CONNECTOR, LINK, CHARGE_POINT) if pane == "connector" else (MESSAGES,)
    every = (MESSAGES, CONNECTOR, LINK, CHARGE_POINT)
    groups = (*first, *(group for group in every if group not in first), SCREEN)
    sections += [
        Section(
            group,
            [
                _row_entry(row, reasons.get(row.id, ""), look)
                for row in look.keys.rows
                if row.group == group
            ],
        )
        for group in groups
    ]
    sections.append(
        Section(
            "Filter",
            [
                Entry((Span(f"  {term:<16} ", "accent"),), meaning, "muted")
                for term, meaning in LANGUAGE
            ],
        )
    )
    named = ", ".join(part for part in (wording.name, wording.statuses_in) if part)
    states = [
        Entry(
            (Span(f"  {look.glyph(state)} {word:<14} ", FACES[state].role),),
            look.next_step(state),
            "muted",
        )
        for state, word in wording.statuses.items()
    ]
    return [
        *sections,
        Section(f"Status ({named})", states),
        words_section(ALL_WORDS, TERMS, look),
    ]


def sheet_sections(
    look: Look, title: str, keys: Iterable[tuple[str, str]], seen: str
) -> list[Section]:
    """The help of a sheet: its keys (as printed, with what they do), and the words in sight."""
    known = terms_in(f"{title} {seen}")
    sections = [Section(title, [key_entry(shown, words, "", look) for shown, words in keys])]
    if known:
        sections.append(words_section(IN_SIGHT, known, look))
    rest = [term for term in TERMS if term not in known]
    return [*sections, words_section(ALL_WORDS if not known else "Other words", rest, look)]


class HelpSearch(Input):
    """Where words are typed that an entry must have."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("up", "scroll_text(-1)", show=False, priority=True),
        Binding("down", "scroll_text(1)", show=False, priority=True),
        Binding("pageup", "scroll_text(-10)", show=False, priority=True),
        Binding("pagedown", "scroll_text(10)", show=False, priority=True),
    ]

    def action_leave(self) -> None:
        screen = self.screen
        assert isinstance(screen, HelpScreen)
        screen.end_search()

    def action_scroll_text(self, rows: int) -> None:
        self.screen.query_one(DialogText).move(rows)


class HelpScreen(TextDialog):
    """Help over whatever is open."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [Binding("slash", "search", show=False)]
    HOW: ClassVar[str] = "/ finds a word, esc goes back"

    def __init__(self, look: Look, sections: Sequence[Section]) -> None:
        self._sections = sections
        self._query = ""
        super().__init__(look, "Help", self._all)

    def _all(self, cells: int) -> list[Line]:
        return passage_lines(self._sections, "", cells)

    def compose(self) -> ComposeResult:
        field = HelpSearch(placeholder="a key, a word, a state", id="help-search", compact=True)
        field.cursor_blink = False
        box = Vertical(id="text-dialog", classes="-ascii" if self.look.ascii else "")
        with box:
            yield DialogText(self.look, self._make_room(box))
            yield field

    def _refresh_text(self) -> None:
        super()._refresh_text()  # as large as all of it, whatever is searched for
        self._show_found()

    def _show_found(self) -> None:
        body = self.query_one(DialogText)
        if self._query:
            body.show(passage_lines(self._sections, self._query, max(1, body.size.width)))

    # -- searching ---------------------------------------------------

    def action_search(self) -> None:
        """Let words be typed that an entry must have."""
        self.add_class("-searching")
        self.set_focus(self.query_one(HelpSearch))  # at once: what is typed fast goes there

    def end_search(self) -> None:
        """Show everything again."""
        self.query_one(HelpSearch).value = ""
        self.remove_class("-searching")
        self.set_focus(None)

    @on(Input.Changed, "#help-search")
    def _typed(self, event: Input.Changed) -> None:
        self._query = event.value
        self.query_one(DialogText).show(())
        if self._query:
            self._show_found()
        else:
            self._refresh_text()

    @on(Input.Submitted, "#help-search")
    def _submitted(self) -> None:
        """What was found stays; the letters scroll again."""
        self.set_focus(None)

    def action_close(self) -> None:
        if self._query:
            self.end_search()
        else:
            self.dismiss(None)
