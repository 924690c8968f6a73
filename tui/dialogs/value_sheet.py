"""A sheet over the dashboard: rows to search, to look into, and to change where they stand.

Every row is a name with a value; below the rows stands what there is to know of the one under the
bar. What is typed searches, or, once a row is taken, changes its value in its place. Whoever
decides about a change answers with a sentence, and as long as it stands nothing that was typed is
lost. Rows are asked for again every second; only the cells that differ are drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input

from tui import text
from tui.dialogs.room import make_fit
from tui.look import Look
from tui.widgets.line_widget import Line, LineWidget, Span, fitted, justified, line_width

Lines = list[Line]

REFRESH_S = 1.0
WHEEL_ROWS = 3
INDENT = 2
"""Cells by which a row stands below the one that it belongs to."""
UNSHOWN = "it has characters that cannot be shown, so it cannot be changed here"
AROUND_WORDS = 4
"""Cells that the border needs beside the words in it."""
LEAST_VALUE = 8
"""Cells of a value without which the note beside it is left out."""


@dataclass(frozen=True)
class ValueRow:
    """One row."""

    id: str
    label: str
    value: str = ""
    note: str = ""
    """At the right edge, where there is room."""
    depth: int = 0
    typed: str | None = None
    """What changing it begins with; None: nothing can be typed here."""
    label_role: str = "text"
    value_role: str = "text"
    note_role: str = "muted"
    marked: bool = False
    """Something about it is not as usual."""
    secret: bool = False
    """What is typed is not shown."""
    words: str = ""
    """What it is found by, beside its label and its value."""

    def answers(self, query: str) -> bool:
        """Whether every word of a search is somewhere in it."""
        said = f"{self.label} {self.value} {self.note} {self.words}".casefold()
        return all(word in said for word in query.casefold().split())


class ValueList(LineWidget, can_focus=True):
    """The rows."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="rows")
        self.rows: Sequence[ValueRow] = ()
        self.place = 0
        self.empty = "Nothing by that name."
        self._top = 0

    def show(self, rows: Sequence[ValueRow]) -> None:
        """Show these; the bar stays on the row that it was on."""
        known = self.chosen.id if self.chosen else ""
        self.rows = rows
        place = next((n for n, row in enumerate(rows) if row.id == known), self.place)
        self.place = max(0, min(place, len(rows) - 1))
        self.sync()

    def move(self, rows: int) -> None:
        """Move the bar."""
        self.place = max(0, min(self.place + rows, len(self.rows) - 1))
        self.sync()

    def go_to(self, row_id: str) -> None:
        """Move the bar to a row."""
        self.place = next((n for n, row in enumerate(self.rows) if row.id == row_id), self.place)
        self.sync()

    @property
    def chosen(self) -> ValueRow | None:
        """The row under the bar."""
        return self.rows[self.place] if self.place < len(self.rows) else None

    @property
    def label_cells(self) -> int:
        """How wide the names are."""
        longest = max((text.width(self._label(row)) for row in self.rows), default=0)
        return max(1, min(longest, self.size.width // 2))

    @property
    def value_at(self) -> tuple[int, int]:
        """Where the value of the chosen row begins: column and row of this widget."""
        return 3 + self.label_cells + 1, self.place - self._top

    def lines_for(self, width: int, height: int) -> list[Line]:
        self._top = max(self.place - height + 1, min(self._top, self.place), 0)
        self._top = max(0, min(self._top, len(self.rows) - height))
        cells = self.label_cells
        lines = [
            self._line(row, place, width, cells)
            for place, row in enumerate(self.rows)
            if self._top <= place < self._top + height
        ]
        if not self.rows and height:
            lines.append(fitted([Span(f"  {self.empty}", "muted")], width))
        return lines + [fitted([], width)] * (height - len(lines))

    def _label(self, row: ValueRow) -> str:
        return " " * (INDENT * row.depth) + text.plain(row.label, self.look.ascii)

    def _line(self, row: ValueRow, place: int, width: int, label_cells: int) -> Line:
        look = self.look
        here = place == self.place
        ellipsis = look.symbol("ellipsis")
        label = self._label(row)
        left = [
            Span(look.symbol("selected") if here else " "),
            Span(look.symbol("changed") if row.marked else " ", "accent"),
            Span(" "),
            Span(text.fit(label, label_cells, ellipsis), row.label_role),
            Span(" "),
        ]
        right = [Span(f" {text.plain(row.note, look.ascii)} ", row.note_role)] if row.note else []
        room = width - line_width(left) - line_width(right)
        if room < LEAST_VALUE:
            right = []
        value = Span(text.plain(row.value, look.ascii), row.value_role)
        line = justified([*left, value], right, width, ellipsis)
        return tuple(
            span._replace(role="cursor" if here else span.role, press=f"row {place}")
            for span in line
        )

    def on_mouse_scroll_down(self) -> None:
        self.move(WHEEL_ROWS)

    def on_mouse_scroll_up(self) -> None:
        self.move(-WHEEL_ROWS)


class Detail(LineWidget):
    """What there is to know of the row under the bar."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, id="detail")
        self._content: Sequence[Line] = ()

    def show(self, lines: Sequence[Line]) -> None:
        """Show these."""
        self._content = lines
        self.sync()

    def lines_for(self, width: int, height: int) -> list[Line]:
        if height < 1:
            return []
        rule = self.look.symbol("empty")
        lines: list[Line] = [(Span(rule * width, "faint"),)]
        ellipsis = self.look.symbol("ellipsis")
        ascii_only = self.look.ascii
        for line in self._content[: height - 1]:
            drawn = [span._replace(text=text.plain(span.text, ascii_only)) for span in line]
            lines.append(fitted(drawn, width, ellipsis))
        return lines + [fitted([], width)] * (height - len(lines))


class SearchLine(Input):
    """What is typed is searched for; up and down go to the rows."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "question_mark" and not self.value:  # nothing is found by it
            event.stop()
            event.prevent_default()
            await self.screen.run_action("help")


class EditLine(Input):
    """The value that is being changed, in its place."""


class ValueSheet(ModalScreen[None]):
    """See the module. Subclasses say what the rows are, and what becomes of what is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("pageup", "move(-8)", show=False, priority=True),
        Binding("pagedown", "move(8)", show=False, priority=True),
        Binding("tab,shift+tab", "nothing", show=False, priority=True),
        Binding("question_mark,f1", "help", show=False),
    ]
    TITLE_WORDS: ClassVar[str] = ""
    SEARCH_HINT: ClassVar[str] = ""
    """What the line to search in says while it is empty; without it there is none."""
    HOW: ClassVar[str] = ""
    """What the keys do here."""
    DETAIL_ROWS: ClassVar[int] = 6

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        self._editing: ValueRow | None = None
        self._trouble = ""
        self._rows_wanted = 0

    # -- what a subclass says ----------------------------------------------------------------------

    def rows(self) -> Sequence[ValueRow]:
        """All rows as they are now."""
        raise NotImplementedError

    def detail(self, row: ValueRow, cells: int) -> Sequence[Line]:
        """What there is to know of a row, in lines of at most `cells` cells."""
        raise NotImplementedError

    async def typed(self, row: ValueRow, value: str) -> str:
        """Something was typed as the value of a row. Returns what speaks against it; empty where it
        was done."""
        raise NotImplementedError

    async def taken(self, row: ValueRow) -> None:
        """A row was chosen: begin to change it, where it can be."""
        if row.typed is None:
            self.refuse(self.why_not_typed(row))
        else:
            self.edit(row)

    def why_not_typed(self, row: ValueRow) -> str:
        """Why nothing can be typed at a row."""
        return "this cannot be changed"

    def heading(self, rows: Sequence[ValueRow]) -> str:
        """What stands in the upper border."""
        return self.TITLE_WORDS

    # -- the frame ---------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        box = Vertical(id="value-sheet", classes="-ascii" if self.look.ascii else "")
        self._make_room(box, len(self.rows()))
        with box:
            if self.SEARCH_HINT:
                yield _line(SearchLine(placeholder=self.SEARCH_HINT, id="search", compact=True))
            yield ValueList(self.look)
            yield Detail(self.look)
            yield _line(EditLine(id="edit", compact=True, select_on_focus=False))

    def on_mount(self) -> None:
        self.say("")
        self._focus_usual()
        self.call_after_refresh(self.refresh_rows)
        self.set_interval(REFRESH_S, self.refresh_rows)

    def on_resize(self) -> None:
        self._rows_wanted = 0
        self.query_one(Detail).styles.height = self._told_rows
        self.call_after_refresh(self._resized)

    def _resized(self) -> None:
        self.say("")
        self.refresh_rows()
        self._place_editor()

    @property
    def row_list(self) -> ValueList:
        """The rows as they are shown."""
        return self.query_one(ValueList)

    @property
    def searched(self) -> str:
        """What is searched for."""
        return self.query_one(SearchLine).value if self.SEARCH_HINT else ""

    def refresh_rows(self) -> None:
        """Show the rows as they are now."""
        rows = self.rows()
        sheet = self.query_one("#value-sheet")
        sheet.border_title = Content(text.plain(self.heading(rows), self.look.ascii))
        self._make_room(self.query_one("#value-sheet", Vertical), len(rows))
        if self._editing is None:
            self.row_list.show([row for row in rows if row.answers(self.searched)])
        self._show_detail()

    @property
    def _told_rows(self) -> int:
        """Rows for what there is to know of one, and the rule above."""
        return min(self.DETAIL_ROWS, max(3, self.app.size.height // 4)) + 1

    def _make_room(self, box: Vertical, rows: int) -> None:
        """Be as high as the rows need; it never shrinks while it is open, so that nothing jumps."""
        around = bool(self.SEARCH_HINT) + self._told_rows
        self._rows_wanted = max(self._rows_wanted, rows + around)
        make_fit(box, self.app.size, self._rows_wanted)

    def _show_detail(self) -> None:
        row = self.row_list.chosen
        cells = max(1, self.row_list.size.width - 4)
        trouble = [f"{self.look.symbol('trouble')} {self._trouble}"] if self._trouble else []
        lines: Lines = [(Span(piece, "warning"),) for it in trouble for piece in wrap(it, cells)]
        lines += self.detail(row, cells) if row else ()
        self.query_one(Detail).show([(Span("  "), *line) for line in lines])

    def say(self, sentence: str) -> None:
        """Say in the lower border what was done; with nothing to say it tells what the keys do."""
        box = self.query_one("#value-sheet")
        room = max(1, (box.size.width or self.size.width) - AROUND_WORDS)
        ellipsis = self.look.symbol("ellipsis")
        words = text.phrases(self.how, room, ellipsis)
        if sentence:
            said = text.plain(sentence[:1].upper() + sentence[1:], self.look.ascii)
            words = text.cut(said, room, ellipsis)
        box.border_subtitle = Content(words)

    def refuse(self, sentence: str) -> None:
        """Say above what is known of the row why something was not done; with "" no more."""
        sentence = sentence[:1].upper() + sentence[1:]
        self._trouble = text.plain(sentence, self.look.ascii)
        self._show_detail()

    @property
    def how(self) -> str:
        """What the keys do now."""
        return "enter takes it, esc leaves it as it was" if self._editing else self.HOW

    def _focus_usual(self) -> None:
        self.set_focus(self.query_one(SearchLine) if self.SEARCH_HINT else self.row_list)

    # -- searching and moving ----------------------------------------------------------------------

    @on(Input.Changed, "#search")
    def _search_typed(self) -> None:
        self.row_list.place = 0
        self._at_rest()
        self.refresh_rows()

    @on(Input.Submitted, "#search")
    async def _search_taken(self) -> None:
        await self._take()

    def action_move(self, rows: int) -> None:
        if self._editing is None:
            self.row_list.move(rows)
            self._at_rest()

    def action_nothing(self) -> None:
        """The focus goes with what is done here."""

    async def on_key(self, event: events.Key) -> None:
        if event.key == "enter" and self.focused is self.row_list:
            event.stop()
            await self._take()

    @on(LineWidget.Pressed)
    async def _pressed(self, event: LineWidget.Pressed) -> None:
        event.stop()
        verb, _, place = event.press.partition(" ")
        if verb != "row" or self._editing is not None:
            return
        again = int(place) == self.row_list.place
        self.action_move(int(place) - self.row_list.place)
        if again:
            await self._take()

    async def _take(self) -> None:
        row = self.row_list.chosen
        if row is not None:
            await self.taken(row)

    def action_help(self) -> None:
        """What the keys do here, and what the words in sight mean."""
        from tui.dialogs.help import HelpScreen, sheet_sections

        keys = [
            (key, words) for key, _, words in (how.partition(" ") for how in self.HOW.split(", "))
        ]
        title = text.plain(self.heading(self.rows()), self.look.ascii)
        seen = f"{self.row_list.said}\n{self.query_one(Detail).said}"
        self.app.push_screen(HelpScreen(self.look, sheet_sections(self.look, title, keys, seen)))

    def action_back(self) -> None:
        if self._editing is not None:
            self._end_editing()
        elif self.searched:
            self.query_one(SearchLine).value = ""
        else:
            self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        if event.widget is self:
            self.dismiss(None)

    # -- changing a value --------------------------------------------------------------------------

    def edit(self, row: ValueRow) -> None:
        """Let the value of a row be changed."""
        if text.plain(row.typed or "") != (row.typed or ""):  # an editor would draw it as it is
            self.refuse(UNSHOWN)
            return
        self._editing = row
        editor = self.query_one(EditLine)
        editor.password = row.secret
        editor.value = row.typed or ""
        editor.cursor_position = len(editor.value)
        self.add_class("-editing")
        self._place_editor()
        self.set_focus(editor)
        self._at_rest()

    def _place_editor(self) -> None:
        if self._editing is None:
            return
        column, line = self.row_list.value_at
        above = 1 if self.SEARCH_HINT else 0
        editor = self.query_one(EditLine)
        editor.styles.offset = (column, above + line)
        editor.styles.width = max(1, self.row_list.size.width - column - 1)

    def _end_editing(self) -> None:
        self._editing = None
        self.remove_class("-editing")
        self._focus_usual()
        self._at_rest()
        self.refresh_rows()

    @on(Input.Changed, "#edit")
    def _edit_typed(self) -> None:
        if self._editing is not None:
            self._at_rest()

    def _at_rest(self) -> None:
        """What was said of the last act is read."""
        self.say("")
        self.refuse("")

    @on(Input.Submitted, "#edit")
    async def _edit_taken(self, event: Input.Submitted) -> None:
        row = self._editing
        if row is None:
            return
        why = await self.typed(row, event.value)
        if self._editing is not row:  # somebody has gone back meanwhile
            return
        if why:
            self.refuse(why)
            return
        self._end_editing()


def _line(field: Input) -> Input:
    field.cursor_blink = False
    return field
