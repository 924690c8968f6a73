"""All connectors on the screen: cards in a grid, and a table where not every one can be a card.

The style sheet says how the table stands to the card, beside it or above it; here is who is in
sight, and how much room each has.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from textual.containers import Container
from textual.widget import Widget

from sim_core.snapshot import ConnectorSnapshot
from tui.look import Look
from tui.widgets.connector_card import CardView, ConnectorCard
from tui.widgets.connector_table import ConnectorTable
from tui.widgets.layout import Arrangement
from tui.widgets.power_chart import SampleCount


class ConnectorArea:
    """The cards and the table."""

    def __init__(self, look: Look) -> None:
        self.grid = Container(id="cards")
        self.table = ConnectorTable(look)
        self.box = Container(self.table, self.grid, id="connectors")
        self.cards: list[ConnectorCard] = []
        self._look = look
        self._tabled = self._only_selected = False
        self._sample_counts: defaultdict[int, SampleCount] = defaultdict(SampleCount)

    def arrange(self, arrangement: Arrangement, cards: int, zoomed: bool) -> None:
        """Give so many cards and the table their room; a card that is `zoomed` has all of it."""
        self._tabled = arrangement.table_rows > 0
        self._only_selected = self._tabled or zoomed
        self._place(cards)
        self.table.display = self._tabled and not zoomed
        self.table.styles.height = max(1, arrangement.table_rows)
        self.box.set_class(arrangement.table_cells > 0, "-beside")
        self.table.styles.width = arrangement.table_cells or "1fr"
        self.grid.styles.grid_size_columns = 1 if zoomed else arrangement.columns
        if zoomed:
            self.grid.styles.height = self.box.styles.height = "1fr"
            self.grid.styles.grid_rows = ()
        else:
            self.grid.styles.height = sum(arrangement.card_rows) if cards else 0
            self.box.styles.height = arrangement.height if cards else 0
            self.grid.styles.grid_rows = " ".join(str(rows) for rows in arrangement.card_rows)

    def _place(self, count: int) -> None:
        new = [ConnectorCard(self._look, place) for place in range(len(self.cards), count)]
        for card in self.cards[count:]:
            card.remove()
        self.cards = self.cards[:count] + new
        if new:
            self.grid.mount(*new)
        for card in self.cards:
            card.styles.height = "1fr"

    def show(
        self,
        connectors: Sequence[ConnectorSnapshot],
        now: datetime,
        selected: int,
        focused: Widget | None,
        stale: bool,
        subprotocol: str = "",
    ) -> None:
        """Show these connectors: as many as there are cards, else the selected one, and all of
        them in the table."""
        views = tuple(
            CardView(
                connector,
                now.replace(microsecond=0),
                connector.connector_id == selected,
                trace_total=self._sample_counts[connector.connector_id].see(connector.trace_w),
                stale=stale,
                subprotocol=subprotocol,
            )
            for connector in connectors
        )
        if self._tabled:
            self.table.show(views)
        if self._only_selected:
            views = tuple(view for view in views if view.selected)
        for card, view in zip(self.cards, views, strict=False):
            card.show(replace(view, focused=focused is card))

    def card_of(
        self, connectors: Sequence[ConnectorSnapshot], selected: int
    ) -> ConnectorCard | None:
        """The card that shows the selected connector."""
        if len(self.cards) <= 1:
            return self.cards[0] if self.cards else None
        ids = [connector.connector_id for connector in connectors]
        place = ids.index(selected) if selected in ids else 0
        return self.cards[place] if place < len(self.cards) else self.cards[0]
