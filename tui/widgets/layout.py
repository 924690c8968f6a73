"""Which parts of the dashboard a screen of some size has room for. Pure arithmetic.

Cards come first while the messages keep a useful rest; where not all cards fit, or there are more
than eight, a table has a row for each connector and the selected one keeps its card: beside the
table, or below it on a narrow screen. What is tall depends on what there is to see: cards in which
power flows share what the messages can spare, and idle ones shrink where there is little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

MIN_WIDTH, MIN_HEIGHT = 60, 16
MOST_CARDS = 8
CARD_CELLS = 38
INSPECTOR_BESIDE_FROM = 120
TABLE_BESIDE_FROM = 80

SLIM_ROWS, COMPACT_ROWS, QUIET_ROWS, TALL_ROWS, MOST_ROWS = 3, 7, 8, 12, 34
"""Rows of a card: one that only says what it is, the usual one, one where nothing flows on a large
screen, and one with large figures, which grows with its trace."""
TALL_FROM = 34
LEAST_MESSAGES, USEFUL_MESSAGES, MANY_MESSAGES = 5, 10, 14
"""Rows of the messages: what they keep in any case, what is worth shrinking idle cards for, and
from where on cards may grow."""


class Want(IntEnum):
    """How much room a connector has use for."""

    IDLE = 0
    """One line says it all."""
    STILL = 1
    LIVELY = 2
    """There is power to draw."""


@dataclass(frozen=True)
class Arrangement:
    """What goes where."""

    columns: int
    card_rows: tuple[int, ...]
    """Height of each row of cards."""
    table_rows: int = 0
    """0: every connector is a card; else one card, and a table of so many rows."""
    table_cells: int = 0
    """How wide the table is, with the card at its right; 0: it stands above the card."""
    fits: bool = True
    inspector_beside: bool = False

    @property
    def height(self) -> int:
        """Rows that cards and table take together."""
        cards = sum(self.card_rows)
        return max(cards, self.table_rows) if self.table_cells else cards + self.table_rows


def arrange(width: int, height: int, wants: Sequence[Want], bars: int = 2) -> Arrangement:
    """Divide a screen among connectors; `bars` rows are taken by link bar, warnings and footer."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return Arrangement(1, (COMPACT_ROWS,), fits=False)
    beside = width >= INSPECTOR_BESIDE_FROM
    count = max(1, len(wants))
    columns = min(count, 1 if width < 80 else width // CARD_CELLS)
    rows = -(-count // columns)
    columns = -(-count // rows)
    room = height - bars
    if count <= MOST_CARDS and rows * COMPACT_ROWS + LEAST_MESSAGES <= room:
        in_rows = [
            max(wants[row * columns : (row + 1) * columns], default=Want.IDLE)
            for row in range(rows)
        ]
        large = height >= TALL_FROM and rows * TALL_ROWS + USEFUL_MESSAGES <= room
        heights = _large(in_rows, room) if large else _compact(in_rows, room)
        return Arrangement(columns, heights, inspector_beside=beside)
    messages = LEAST_MESSAGES if height < 24 else LEAST_MESSAGES + 3
    if width < TABLE_BESIDE_FROM:
        table = max(2, min(count + 1, room - COMPACT_ROWS - messages))
        return Arrangement(1, (COMPACT_ROWS,), table, inspector_beside=beside)
    messages = max(messages, room * 2 // 5)
    least = TALL_ROWS if height >= TALL_FROM else COMPACT_ROWS
    table = min(max(least, count + 1), max(COMPACT_ROWS, room - messages))
    cells = width - max(CARD_CELLS + 2, width * 2 // 5)
    return Arrangement(1, (table,), table, cells, inspector_beside=beside)


def _large(in_rows: Sequence[Want], room: int) -> tuple[int, ...]:
    """Where something flows a row is tall, and takes its share of two thirds of the spare room."""
    base = [TALL_ROWS if want is Want.LIVELY else QUIET_ROWS for want in in_rows]
    lively = sum(want is Want.LIVELY for want in in_rows)
    spare = max(0, room - sum(base) - MANY_MESSAGES)
    more = spare * 2 // 3 // lively if lively else 0
    return tuple(min(MOST_ROWS, rows + more) if rows == TALL_ROWS else rows for rows in base)


def _compact(in_rows: Sequence[Want], room: int) -> tuple[int, ...]:
    scarce = room - len(in_rows) * COMPACT_ROWS < USEFUL_MESSAGES
    return tuple(SLIM_ROWS if scarce and want is Want.IDLE else COMPACT_ROWS for want in in_rows)
