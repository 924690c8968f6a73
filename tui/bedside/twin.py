"""What the twin says, on the screen: a mark at each row, a count in the link bar, and what differs.

A verdict is told by its glyph and its words; colour repeats it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from sim_core.bedside.verdicts import Difference, Mark, Verdict, VerdictPicture
from tui import text
from tui.dialogs.columns import Column, head_line, in_columns
from tui.dialogs.sheet_body import Act, Item, Page, Tab
from tui.look import Look
from tui.widgets.line_widget import Line, Span
from tui.widgets.remarks import Remark

NAMES = ("the charger", "its twin")
MARKS: dict[Mark, tuple[str, str]] = {
    Mark.SAME: ("same", "muted"),
    Mark.DIFFERS: ("differs", "error"),
    Mark.ONLY_METAL: ("extra", "error"),
    Mark.ONLY_TWIN: ("empty", "error"),
    Mark.CANNOT_TELL: ("untold", "muted"),
    Mark.ALLOWED: ("allowed", "warning"),
}
"""The name of its glyph, and its role."""
WORDS: dict[Mark, str] = {
    Mark.SAME: "as the twin",
    Mark.DIFFERS: "",
    Mark.ONLY_METAL: "",
    Mark.ONLY_TWIN: "",
    Mark.CANNOT_TELL: "the twin cannot tell: time, chance or free order decide here",
    Mark.ALLOWED: "known (--allow): ",
}
"""What is said before the sentence of a verdict."""
COLUMNS = (
    Column("time", 8),
    Column("", 1),
    Column("conn", 4),
    Column("what differs", 0),
)
DETAIL_ROWS = 5
CALL = 2


class Remarks(Mapping[int, Remark]):
    """The verdicts as remarks on rows; one is made when its row is drawn."""

    def __init__(self, picture: VerdictPicture) -> None:
        self._rows = picture.rows
        self._made: dict[int, Remark] = {}

    def __getitem__(self, number: int) -> Remark:
        made = self._made.get(number)
        if made is None:
            made = self._made[number] = remark_of(self._rows[number])
        return made

    def __iter__(self) -> Iterator[int]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, number: int, default: object = None) -> Remark | None:  # type: ignore[override]
        """The remark on a row; None where there is none."""
        return self[number] if number in self._rows else None


def remark_of(verdict: Verdict) -> Remark:
    """A verdict as a remark on its row."""
    symbol, role = MARKS[verdict.mark]
    shown = verdict.twin if verdict.mark in (Mark.DIFFERS, Mark.ALLOWED) else ()
    return Remark(
        symbol,
        role,
        f"{WORDS[verdict.mark]}{verdict.sentence}",
        verdict.whys[1:] if shown else (),
        json.dumps(list(shown)) if shown else "",
        bool(shown) and shown[0] != CALL,
        NAMES,
    )


def counts(picture: VerdictPicture, look: Look) -> Line:
    """How many frames are as the twin, and how many are not."""
    same = picture.counts.get(Mark.SAME, 0) + picture.counts.get(Mark.CANNOT_TELL, 0)
    if picture.trouble:
        return (Span("twin: not compared", "warning", "differences"),)
    differing = picture.differing
    role = "error" if differing else "muted"
    return (
        Span(f"twin: {look.symbol('same')} {same} alike, ", "muted", "differences"),
        Span(f"{look.symbol('differs')} {differing} not", role, "differences"),
    )


def title(picture: VerdictPicture) -> str:
    """What stands over the list."""
    return f"Not as its twin, {picture.model}"


def differences(
    look: Look, picture: Callable[[], VerdictPicture], look_into: Callable[[int], str]
) -> Tab:
    """What differs, the first on top; `look_into` opens a message by its number."""

    def page() -> Page:
        seen = picture()
        return Page(
            items=[_item(difference, look) for difference in seen.causes],
            head=lambda cells: [
                (Span(f" {_counted(seen)}", "muted"),),
                head_line(COLUMNS, cells, look.symbol("ellipsis")),
            ],
            empty=seen.trouble or "So far the charger says what its twin says.",
            detail=lambda item, cells: _told(item, look, cells),
            detail_rows=DETAIL_ROWS,
        )

    def open_(value: object) -> str:
        if not isinstance(value, Verdict):
            return "There is nothing to look into."
        if not value.row and value.mark is not Mark.ONLY_TWIN:
            return "It shows in how often it happens: there is no one message to look into."
        if not value.row:
            return "Only the twin says it: the charger has no message to look into."
        return look_into(value.row)

    return Tab("Differences", page, (Act(("enter",), "enter", "look into it", open_),))


def _counted(picture: VerdictPicture) -> str:
    parts = [f"{count} {mark.value}" for mark in Mark if (count := picture.counts.get(mark, 0))]
    return ", ".join(parts) or "nothing is compared yet"


def _item(difference: Difference, look: Look) -> Item:
    verdict = difference.first
    symbol, role = MARKS[verdict.mark]
    one_place = verdict.connector_id is not None and not verdict.habits
    number = str(verdict.connector_id) if one_place else ""
    frames = f"{difference.frames} frames: " if difference.frames > 1 else ""
    values = (
        Span(text.clock_time(verdict.at), "muted"),
        Span(look.symbol(symbol), role),
        Span(number),
        Span(text.plain(f"{frames}{verdict.sentence}", look.ascii)),
    )
    return Item(
        draw=lambda cells: in_columns(COLUMNS, values, cells, look.symbol("ellipsis")),
        words=f"{verdict.sentence} {verdict.what}",
        key=verdict.key,
        value=verdict,
    )


def _told(item: Item | None, look: Look, cells: int) -> list[Line]:
    if item is None or not isinstance(item.value, Verdict):
        return []
    verdict = item.value
    symbol, role = MARKS[verdict.mark]
    head = f"{look.symbol(symbol)} {verdict.mark.value}: {verdict.what}"
    lines: list[Line] = [(Span(" "), Span(text.plain(head, look.ascii), role))]
    for words in (verdict.sentence, *verdict.whys[1:]):
        pieces = text.wrapped(text.plain(words, look.ascii), cells - 2)
        lines += [(Span(" "), Span(piece)) for piece in pieces]
    return lines
