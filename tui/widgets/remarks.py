"""What somebody else has to say of a message: a mark at its row, and words when it is looked into.

The messages know nothing of who that is. Beside a real charger it is its twin.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sim_core.wire.message_log import Exchange
from tui import text
from tui.look import Look
from tui.protocols.payload import pretty
from tui.widgets.line_widget import Line, Span, fitted

MARK_CELLS = 2
SIDE_BY_SIDE_FROM = 84
"""So many cells hold two frames beside each other."""
MOST_WHYS = 8
"""So many sentences more are shown of what differs in one message."""
AROUND = 2
"""Lines that stand around one that differs."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?")
DIGITS = re.compile(r"\d+")


@dataclass(frozen=True)
class Remark:
    """See the module."""

    symbol: str
    """The name of its glyph."""
    role: str
    words: str
    """What is said, without full stop."""
    whys: tuple[str, ...] = ()
    """What else there is to say of it."""
    frame: str = ""
    """What might have been said in its place, without a message id; empty: nothing."""
    is_answer: bool = False
    """That is an answer, and is laid beside the answer."""
    names: tuple[str, str] = ("", "")
    """Whose frames are laid beside each other."""

    def mark(self, look: Look) -> Span:
        """Its glyph for a row."""
        return Span(f"{look.symbol(self.symbol)} ", self.role)

    def lines(self, exchange: Exchange, cells: int, look: Look) -> list[Line]:
        """All that is said of this exchange, in so many cells."""
        lines = [(), *self._sentence(self.words, look.symbol(self.symbol), cells, look)]
        said = exchange.answer if self.is_answer else exchange.request
        if self.frame and said:
            lines += beside((without_id(said), self.frame), self.names, cells, look)
        if self.whys:
            lines += [(), (Span("also"),)]
        for words in self.whys[:MOST_WHYS]:
            lines += self._sentence(words, " ", cells, look)
        if len(self.whys) > MOST_WHYS:
            lines.append((Span(f"  and {len(self.whys) - MOST_WHYS} more", self.role),))
        return lines

    def _sentence(self, words: str, mark: str, cells: int, look: Look) -> list[Line]:
        """A sentence with a mark before its first line."""
        pieces = text.wrapped(text.plain(words, look.ascii), max(8, cells - 2))
        marks = [mark, *" " * len(pieces)]
        return [
            (Span(f"{one} ", self.role), Span(piece, self.role))
            for one, piece in zip(marks, pieces, strict=False)
        ]


def without_id(frame: str) -> str:
    """A frame without its message id, which is another in every one; as it is where it has none."""
    try:
        parts = json.loads(frame)
    except (ValueError, RecursionError):
        return frame
    return json.dumps([parts[0], *parts[2:]]) if isinstance(parts, list) and parts else frame


def beside(frames: tuple[str, str], names: tuple[str, str], cells: int, look: Look) -> list[Line]:
    """Two frames beside each other where there is room, else below each other, line by line; what
    is the same in both is left out but for what stands around a difference."""
    one, other = pretty(frames[0]), pretty(frames[1])
    wide = cells >= SIDE_BY_SIDE_FROM
    half = (cells - 3) // 2
    ellipsis, differs = look.symbol("ellipsis"), look.symbol("differs")
    lines: list[Line] = [()]
    if wide:
        head = [Span("  "), Span(text.fit(names[0], half, ellipsis), "strong"), Span(" ")]
        lines.append((*head, Span(names[1], "strong")))
    else:
        first, second = (text.plain(name, look.ascii) for name in names)
        lines.append((Span(f"- {first}", "secondary"), Span(f"   + {second}", "warning")))
    matcher = difflib.SequenceMatcher(None, _shapes(one), _shapes(other), autojunk=False)
    groups = list(matcher.get_grouped_opcodes(AROUND))
    if not groups:
        lines.append((Span("  only times and measured values differ", "muted"),))
    for place, group in enumerate(groups):
        if place:
            lines.append((Span(f"  {ellipsis}", "muted"),))
        for tag, i0, i1, j0, j1 in group:
            left, right = one[i0:i1], other[j0:j1]
            role = "text" if tag == "equal" else "error"
            mark = "  " if tag == "equal" else f"{differs} "
            if wide:
                for row in range(max(len(left), len(right))):
                    a = text.plain(left[row], look.ascii) if row < len(left) else ""
                    b = text.plain(right[row], look.ascii) if row < len(right) else ""
                    lines.append(
                        (
                            Span(mark, role),
                            Span(text.fit(a, half, ellipsis), role),
                            Span(" "),
                            *fitted([Span(b, role)], half, ellipsis),
                        )
                    )
            elif tag == "equal":
                lines += [(Span(f"  {text.plain(line, look.ascii)}"),) for line in left]
            else:
                lines += [(Span(f"- {text.plain(x, look.ascii)}", "secondary"),) for x in left]
                lines += [(Span(f"+ {text.plain(x, look.ascii)}", "warning"),) for x in right]
    return lines


def _shapes(lines: Sequence[str]) -> list[str]:
    """The lines without what is another in every frame: moments and measured values."""
    return [DIGITS.sub("0", MOMENT.sub("T", line)) for line in lines]
