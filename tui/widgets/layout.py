"""Which parts of the dashboard a screen of some size has room for. Pure arithmetic.

Cards come first while the messages keep a useful rest; where not all cards fit, or there are more
than eight, the selected one stays a card and a table has a row for each.
"""

from __future__ import annotations

from dataclasses import dataclass

from tui.widgets.connector_card import COMPACT_ROWS, TALL_ROWS

MIN_WIDTH, MIN_HEIGHT = 60, 16
MOST_CARDS = 8
CARD_CELLS = 38
TALL_FROM = 34
INSPECTOR_BESIDE_FROM = 120


@dataclass(frozen=True)
class Arrangement:
    """What goes where."""

    columns: int
    card_rows: int
    table_rows: int = 0
    """0: every connector is a card; else one card on top of so many rows of table."""
    fits: bool = True
    inspector_beside: bool = False


def arrange(width: int, height: int, connectors: int, bars: int = 2) -> Arrangement:
    """Divide a screen; `bars` rows are taken by link bar, warnings and footer."""
    if width < MIN_WIDTH or height < MIN_HEIGHT:
        return Arrangement(1, COMPACT_ROWS, fits=False)
    beside = width >= INSPECTOR_BESIDE_FROM
    count = max(1, connectors)
    columns = min(count, 1 if width < 80 else width // CARD_CELLS)
    rows = -(-count // columns)
    columns = -(-count // rows)
    room = height - bars
    tall = height >= TALL_FROM
    if count <= MOST_CARDS:
        if tall and rows * TALL_ROWS + 10 <= room:
            return Arrangement(columns, TALL_ROWS, inspector_beside=beside)
        if rows * COMPACT_ROWS + 5 <= room:
            return Arrangement(columns, COMPACT_ROWS, inspector_beside=beside)
    card_rows = TALL_ROWS if tall else COMPACT_ROWS
    least_messages = 5 if height < 24 else 8
    table = max(2, min(count, room - card_rows - least_messages))
    return Arrangement(1, card_rows, table, inspector_beside=beside)
