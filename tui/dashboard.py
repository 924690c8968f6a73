"""The dashboard: which parts there are, how they share the room, and what moves between them.

`show` takes one look's worth of facts and hands each part its own frozen view; parts that find
theirs unchanged draw nothing. A layout happens only when the size, the number of connectors, an
opened pane or the room that a connector has use for changes. What asks something of the charge
point is not here but in the app.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from sim_core.snapshot import ConnectorSnapshot, LinkState, StationSnapshot
from sim_core.story import Caption
from sim_core.wire.message_log import Exchange
from tui.keymap import connector_of, why_not_row
from tui.look import Look
from tui.protocols.known import wording_of
from tui.saved_view import View
from tui.textual_private import draw_changed_cells_only
from tui.widgets.caption_bar import CaptionBar, caption_rows
from tui.widgets.charge_points import BESIDE_FROM, ChargePoints, Entry
from tui.widgets.charge_points import CELLS as LIST_CELLS
from tui.widgets.connector_area import ConnectorArea
from tui.widgets.connector_card import ConnectorCard, want_of
from tui.widgets.filter_line import FilterLine
from tui.widgets.inspector import Inspector
from tui.widgets.key_bar import KeyBar
from tui.widgets.layout import Arrangement, Want, arrange
from tui.widgets.line_widget import LineWidget
from tui.widgets.link_bar import LinkBar
from tui.widgets.log_filter import FilterError, LogFilter, parse
from tui.widgets.message_pane import MessagePane
from tui.widgets.too_small import TooSmall

NOT_ARRANGED = Arrangement(1, ())


@dataclass(frozen=True)
class Observation:
    """What one look at the charge point found."""

    station: StationSnapshot | None
    failure: str
    now: datetime
    story: Caption | None = None
    """What the story says that plays here, if one does."""


class Dashboard(Screen[None]):
    """Link bar, cards, messages, footer."""

    AUTO_FOCUS = ""

    def __init__(self, look: Look, log_size: int, press: Callable[[str, str], None]) -> None:
        """`press` does what a row of the key table says; it is told the row and its argument."""
        super().__init__()
        self._press = press
        draw_changed_cells_only(self)
        self.look = look
        for row in look.keys.rows:
            for key in row.keys:  # in the place of what Textual would do with it, as with tab
                binding = Binding(key, f"press('{row.id}', '{key}')", row.label, show=False)
                self._bindings.key_to_bindings[key] = [binding]
        self.selected = 1
        self._log_size = log_size
        self._observed: Observation | None = None
        self._dimmed: tuple[StationSnapshot | None, int, frozenset[str]] = (None, 0, frozenset())
        """The rows that are refused, with the picture and the connector that this is true of."""
        self._wants: tuple[StationSnapshot | None, tuple[Want, ...]] = (None, ())
        """How much room each connector has use for, with the picture that this is true of."""
        self._arrangement = NOT_ARRANGED
        self._zoom = ""
        self.acts: dict[str, Callable[[], str]] = {
            "filter": self._open_filter,
            "next_match": lambda: self._seek(1),
            "previous_match": lambda: self._seek(-1),
            "hide": self._toggle_hide,
            "only_connector": self._only_connector,
            "follow": lambda: self._pane_act(self.messages.toggle_follow),
            "top": lambda: self._pane_act(self.messages.to_top),
            "end": lambda: self._pane_act(self.messages.to_end),
            "inspect": self._toggle_inspector,
            "up": lambda: self._move(0, -1),
            "down": lambda: self._move(0, 1),
            "left": lambda: self._move(-1, 0),
            "right": lambda: self._move(1, 0),
            "page_up": lambda: self._page(-1),
            "page_down": lambda: self._page(1),
            "next_pane": self._next_pane,
            "back": self._back,
            "zoom": self._toggle_zoom,
        }
        """Acts on the screen by the id of their row; each returns why it did nothing, or ""."""

    # -- parts -------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        self.link_bar = LinkBar(self.look)
        self.charge_points = ChargePoints(self.look)
        self.connectors = ConnectorArea(self.look)
        self.messages = MessagePane(self.look, self._log_size)
        self.inspector = Inspector(self.look)
        self.filter_line = FilterLine(
            placeholder='filter: word  action:Meter*  c:1  tx:1042  err  slow>500  !Boot  "text"',
            id="filter",
            compact=True,
        )
        self.filter_line.cursor_blink = False
        self.caption_bar = CaptionBar(self.look)
        self.key_bar = KeyBar(self.look)
        yield self.link_bar
        yield self.charge_points
        yield self.connectors.box
        with Container(id="log"):
            yield self.messages
            yield self.inspector
        yield self.filter_line
        yield self.caption_bar
        yield self.key_bar
        yield TooSmall(self.look, id="too-small")

    def on_mount(self) -> None:
        self._lay_out()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    # -- from run to run ---------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """How it is set up now, but for the theme."""
        messages = self.messages
        return View(filter=messages.filter.text, hides=messages.hides, zoom=self._zoom)

    def recall(self, view: View) -> None:
        """Set it up as it was."""
        self.messages.hides = view.hides
        if view.filter:
            self.filter_line.value = view.filter
            self.add_class("-filtering")
        if view.zoom == "log":
            self.messages.focus()
        if view.zoom:
            self._set_zoom(view.zoom)

    # -- showing -----------------------------------------------------------------------------------

    @property
    def station(self) -> StationSnapshot | None:
        """The picture that is shown."""
        return self._observed.station if self._observed else None

    @property
    def connector(self) -> ConnectorSnapshot | None:
        """The selected connector."""
        return connector_of(self.station, self.selected) if self.station else None

    def show(
        self,
        observed: Observation,
        exchanges: Sequence[Exchange],
        last_event: str,
        draw: bool = True,
    ) -> None:
        """Take in what one look found, and draw it."""
        self._observed = observed
        station = observed.station
        if station and self.connector is None and station.connectors:
            self.selected = station.connectors[0].connector_id
        if station:
            self.messages.ahead = timedelta(seconds=station.clock_ahead_s)
        self.messages.extend(exchanges, station.subprotocol if station else "")
        self.messages.last_event = last_event
        unsent = station is not None and not station.link.frames_pass
        link = station.link if station else None
        self.messages.wants_csms = (
            link is not None
            and link.state in (LinkState.WAITING, LinkState.CONNECTING)
            and bool(link.trouble)
            and link.queued is not None  # a real charger, which comes by itself, has no such figure
        )
        self.messages.unsent = station.journal.waiting if station and unsent else ()
        if draw:
            self.link_bar.take(station, observed.failure, observed.now)  # how high it is to be
            self._lay_out()
            self._draw()

    def tick(self, now: datetime) -> None:
        """Draw what counts with the time, where nothing else is new."""
        if self._observed is None:
            return
        self._observed = observed = replace(self._observed, now=now)
        rows = self.link_bar.rows
        self.link_bar.take(observed.station, observed.failure, now)
        if self.link_bar.rows != rows:  # as where what was under way has ended some time ago
            self._lay_out()
        self._draw_what_counts(observed)

    def show_list(self, entries: tuple[Entry, ...]) -> None:
        """Show which charge points there are; nothing where there is one."""
        if entries != self.charge_points.entries:
            self.charge_points.entries = entries
            self._lay_out()
            self.charge_points.show(entries)

    def _draw(self) -> None:
        observed = self._observed
        if observed is None:
            return
        self._draw_what_counts(observed)
        self.messages.show(observed.now)
        if self.has_class("-inspecting"):
            read = self.messages.selected
            subprotocol = self.messages.subprotocol_of(read) if read else ""
            remark = self.messages.remark_of(read) if read else None
            self.inspector.show(read, observed.now, self.messages.ahead, subprotocol, remark)
        self.caption_bar.show(observed.story)
        self.key_bar.show(self._dim(), self.help_topic())

    def _draw_what_counts(self, observed: Observation) -> None:
        self.link_bar.show(observed.station, observed.failure, observed.now)
        if observed.station:
            self.connectors.show(
                observed.station.connectors,
                observed.now,
                self.selected,
                self.focused,
                stale=bool(observed.failure),
                subprotocol=observed.station.subprotocol,
            )

    def _dim(self) -> frozenset[str]:
        station = self.station
        if station is None:
            return frozenset(row.id for row in self.look.keys.rows if row.command or row.refusal)
        picture, selected, known = self._dimmed
        if picture is station and selected == self.selected:
            return known
        dim = set()
        for row in self.look.keys.rows:
            if why_not_row(row, station, self.selected):
                dim.add(row.id)
        self._dimmed = (station, self.selected, frozenset(dim))
        return self._dimmed[2]

    # -- room --------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        station = self.station
        wants = self._wanted(station)
        warnings = self.link_bar.rows
        story = caption_rows(self.size.width) if self._observed and self._observed.story else 0
        self.set_class(story > 0, "-story")
        self.set_class(story > 1, "-two-rows")
        height = self.caption_bar.styles.height
        if story and (height is None or height.value != story):
            self.caption_bar.styles.height = story
        several = len(self.charge_points.entries) > 1
        beside = several and self.size.width >= BESIDE_FROM
        self.set_class(several, "-several")
        self.set_class(beside, "-list-beside")
        self.charge_points.beside = beside
        bars = 1 + warnings + story + (several and not beside)
        width = self.size.width - beside * LIST_CELLS
        arrangement = arrange(width, self.size.height, wants, bars)
        self.set_class(not arrangement.fits, "-tiny")
        self.set_class(not arrangement.inspector_beside, "-over")
        if self.link_bar.styles.height is None or self.link_bar.styles.height.value != warnings:
            self.link_bar.styles.height = warnings
        wanted = 1 if arrangement.table_rows or self._zoom == "card" else len(wants)
        if arrangement == self._arrangement and wanted == len(self.connectors.cards):
            return
        self._arrangement = arrangement
        had_focus = self.focused in self.connectors.cards
        self.connectors.arrange(arrangement, wanted, zoomed=self._zoom == "card")
        if self.connectors.cards and (self.focused is None or had_focus):
            self.call_after_refresh(self._focus_card)

    def _wanted(self, station: StationSnapshot | None) -> tuple[Want, ...]:
        if self._wants[0] is not station:
            connectors = station.connectors if station else ()
            self._wants = (station, tuple(want_of(connector) for connector in connectors))
        return self._wants[1]

    def _focus_card(self) -> None:
        station = self.station
        card = self.connectors.card_of(station.connectors, self.selected) if station else None
        if card is not None and card.is_attached:
            card.focus()

    # -- selecting and moving ----------------------------------------------------------------------

    def select(self, connector_id: int) -> str:
        """Select a connector; returns why not."""
        station = self.station
        if station is None:
            return "The charge point is still starting."
        if connector_of(station, connector_id) is None:
            count = len(station.connectors)
            place = wording_of(station.subprotocol).place_of(connector_id)
            return f"There is no {place}: this charge point has {count}."
        self.selected = connector_id
        if self.focused in self.connectors.cards:
            self._focus_card()
        self._draw()
        return ""

    @on(ConnectorCard.Chosen)
    def _card_chosen(self, event: ConnectorCard.Chosen) -> None:
        if event.connector_id != self.selected and len(self.connectors.cards) > 1:
            self.selected = event.connector_id
        self._draw()

    def on_descendant_blur(self) -> None:
        self._draw()

    def on_descendant_focus(self) -> None:
        self._draw()

    def _move(self, across: int, down: int) -> str:
        focused = self.focused
        if isinstance(focused, (MessagePane, Inspector)):
            if down:
                focused.move(down)
            elif isinstance(focused, Inspector) and across < 0:
                self.messages.focus()
            return ""
        return self._move_among_cards(across, down)

    def _move_among_cards(self, across: int, down: int) -> str:
        station = self.station
        if station is None:
            return ""
        ids = [connector.connector_id for connector in station.connectors]
        place = ids.index(self.selected)
        step = across + down * (1 if self._arrangement.table_rows else self._arrangement.columns)
        if 0 <= place + step < len(ids):
            self.select(ids[place + step])
        elif down > 0 and self._zoom != "card":
            self.messages.focus()
        return ""

    @property
    def read_exchange(self) -> Exchange | None:
        """The exchange that is being read: the selected one, while the messages have the focus."""
        reads = isinstance(self.focused, (MessagePane, Inspector))
        return self.messages.selected if reads else None

    def _page(self, pages: int) -> str:
        if isinstance(self.focused, Inspector):
            self.focused.page(pages)
        else:
            self.messages.page(pages)
        return ""

    def _next_pane(self) -> str:
        self.focus_next()
        return ""

    def help_topic(self) -> str:
        """What the help is to speak of first."""
        topics: dict[type[Widget], str] = {MessagePane: "messages", Inspector: "inspector"}
        return topics.get(type(self.focused), "connector") if self.focused else "connector"

    def in_sight(self) -> str:
        """What the thing that has the focus says, and the link bar, which cannot have it."""
        focused = self.focused if isinstance(self.focused, LineWidget) else self.connectors.table
        return f"{focused.said}\n{self.link_bar.said}"

    # -- messages ----------------------------------------------------------------------------------

    def _pane_act(self, act: Callable[[], None]) -> str:
        act()
        return ""

    def _seek(self, step: int) -> str:
        if not self.messages.seek(step):
            return "No message matches the filter." if self.messages.filter else "No messages yet."
        return ""

    def _toggle_hide(self) -> str:
        if not self.messages.filter:
            return self.look.with_keys("There is no filter: {filter} sets one.")
        self.messages.toggle_hide()
        return ""

    def _only_connector(self) -> str:
        wanted = f"c:{self.selected}"
        if self.messages.filter.text == wanted:
            self._clear_filter()
            return ""
        self.add_class("-filtering")
        self.filter_line.value = wanted
        self.messages.focus()
        return ""

    def _open_filter(self) -> str:
        self.add_class("-filtering")
        self.set_focus(self.filter_line)  # at once, as `focus` would not be
        return ""

    @on(Input.Changed, "#filter")
    def _filter_typed(self, event: Input.Changed) -> None:
        try:
            self.messages.set_filter(parse(event.value))
        except FilterError as error:
            self.messages.set_filter(LogFilter(), str(error))
        self._draw()

    @on(Input.Submitted, "#filter")
    @on(FilterLine.Done)
    def _filter_done(self) -> None:
        self.messages.focus()
        if not self.filter_line.value.strip():
            self.remove_class("-filtering")

    @on(FilterLine.Left)
    def _filter_left(self) -> None:
        self._clear_filter()

    def _clear_filter(self) -> None:
        self.filter_line.value = ""
        self.messages.set_filter(LogFilter())
        self.remove_class("-filtering")
        self.messages.focus()
        self._draw()

    @on(MessagePane.Moved)
    def _row_moved(self) -> None:
        self._draw()

    @on(MessagePane.Opened)
    def _row_opened(self) -> None:
        if not self.has_class("-inspecting"):
            self._toggle_inspector()

    def look_into(self, number: int) -> str:
        """Open the inspector on an exchange of this number; returns why not."""
        if not self.messages.go_to(number):
            return "That message is not in the list: it is filtered out, or too long ago."
        if not self.has_class("-inspecting"):
            self._toggle_inspector()
        self._draw()
        return ""

    def _toggle_inspector(self) -> str:
        if self.has_class("-inspecting"):
            return self._close_inspector()
        if self.messages.selected is None:
            return "There is no message to look into yet."
        if self._zoom == "card":
            self._toggle_zoom()
        self.messages.pause()
        self.add_class("-inspecting")
        self._draw()
        self.call_after_refresh(
            (self.messages if self._arrangement.inspector_beside else self.inspector).focus
        )
        return ""

    def _close_inspector(self) -> str:
        self.remove_class("-inspecting")
        self.messages.focus()
        self._draw()
        return ""

    # -- zoom, back --------------------------------------------------------------------------------

    def _toggle_zoom(self) -> str:
        log = isinstance(self.focused, (MessagePane, Inspector))
        self._set_zoom("" if self._zoom else "log" if log else "card")
        return ""

    def _set_zoom(self, zoom: str) -> None:
        self._zoom = zoom
        self.set_class(self._zoom == "log", "-zoom-log")
        self.set_class(self._zoom == "card", "-zoom-card")
        self._arrangement = NOT_ARRANGED
        self._lay_out()
        self._draw()

    def _back(self) -> str:
        if self.has_class("-inspecting"):
            return self._close_inspector()
        if self._zoom:
            return self._toggle_zoom()
        if self.messages.filter or self.has_class("-filtering"):
            self._clear_filter()
        return ""

    # -- presses -----------------------------------------------------------------------------------

    def action_press(self, row: str, key: str) -> None:
        # at once and by no message: what is typed fast after / must not do what its letters do
        self._press(row, key)

    @on(LineWidget.Pressed)
    def _pressed(self, event: LineWidget.Pressed) -> None:
        event.stop()
        row, _, argument = event.press.partition(" ")
        if isinstance(event.sender, ConnectorCard) and event.sender.view:
            self.selected = event.sender.view.connector.connector_id
        self._press(row, argument)
