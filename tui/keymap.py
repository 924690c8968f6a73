"""The one table of what a person can do here.

Bindings, footer, palette, help and the buttons of the cards are all made from `ROWS`, so they
cannot disagree; the keys that a user has put in the place of some are in a `Keymap`. A row that
asks something of the charge point builds its command from the picture of now (plug or unplug, down
or up); why it would be refused is looked up under the command's name in the same picture. Rows
without a command act on the screen itself, under their id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sim_core.commands import (
    ACTION_BY_COMMAND,
    ACTION_BY_NAME,
    ClearFault,
    Command,
    GoOnline,
    GoSilent,
    InjectFault,
    JamLock,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    RemoveCable,
    Resume,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unlock,
    Unplug,
)
from sim_core.hardware.faults import ERROR_CODES
from sim_core.snapshot import ConnectorSnapshot, LinkState, StationSnapshot

Builder = Callable[[StationSnapshot, ConnectorSnapshot], Command]


@dataclass(frozen=True)
class Row:
    """One thing to do: its keys as Textual names them, its words, and what it asks for."""

    id: str
    keys: tuple[str, ...]
    shown: str
    """The key as footer, help and palette print it."""
    label: str
    help: str
    group: str
    command: Builder | None = None
    """What it asks of the charge point now; None for an act on the screen."""
    picker: str = ""
    """A list to choose from first; `command` is then what the plain form would ask."""


def _plug(_: StationSnapshot, connector: ConnectorSnapshot) -> Command:
    if connector.plugged:
        return Unplug(connector.connector_id)
    return Plug(connector.connector_id)


def _link(station: StationSnapshot, _: ConnectorSnapshot) -> Command:
    return LinkUp() if station.link.state is LinkState.DOWN else LinkDown()


def _silence(station: StationSnapshot, _: ConnectorSnapshot) -> Command:
    return GoSilent() if station.link.online else GoOnline()


def _power(station: StationSnapshot, _: ConnectorSnapshot) -> Command:
    return PowerOff() if station.powered else PowerOn()


CONNECTOR, LINK, MESSAGES, SCREEN = "Connector", "Link", "Messages", "Screen"
DIGITS = tuple("123456789")

ROWS: tuple[Row, ...] = (
    Row("select", DIGITS, "1-9", "select", "Select the connector that the keys act on", CONNECTOR),
    Row(
        "plug",
        ("p",),
        "p",
        "plug",
        "Plug a vehicle in; when one is plugged, unplug it",
        CONNECTOR,
        _plug,
    ),
    Row(
        "plug_vehicle",
        ("P", "shift+p"),
        "P",
        "plug with…",
        "Plug in a vehicle of your choice",
        CONNECTOR,
        lambda _, c: Plug(c.connector_id),
        "vehicles",
    ),
    Row(
        "start",
        ("s",),
        "s",
        "start",
        "Show the default card and start charging",
        CONNECTOR,
        lambda _, c: Start(c.connector_id),
    ),
    Row(
        "start_with",
        ("S", "shift+s"),
        "S",
        "start with…",
        "Start with a card (idTag) of your choice",
        CONNECTOR,
        lambda _, c: Start(c.connector_id),
        "cards",
    ),
    Row(
        "stop",
        ("x",),
        "x",
        "stop",
        "End the transaction at the charge point",
        CONNECTOR,
        lambda _, c: Stop(c.connector_id),
    ),
    Row(
        "suspend_ev",
        ("e",),
        "e",
        "suspend EV",
        "The vehicle pauses and takes no energy",
        CONNECTOR,
        lambda _, c: SuspendEV(c.connector_id),
    ),
    Row(
        "suspend_evse",
        ("v",),
        "v",
        "suspend EVSE",
        "The charge point pauses and offers no energy",
        CONNECTOR,
        lambda _, c: SuspendEVSE(c.connector_id),
    ),
    Row(
        "resume",
        ("r",),
        "r",
        "resume",
        "End every pause and clear a fault; after a crash, start the engine again",
        CONNECTOR,
        lambda _, c: Resume(c.connector_id),
    ),
    Row(
        "fault",
        ("f",),
        "f",
        "fault",
        "Something breaks: choose an error code, with vendor code and info if you like",
        CONNECTOR,
        lambda _, c: InjectFault(c.connector_id),
        "faults",
    ),
    Row(
        "clear_fault",
        ("F", "shift+f"),
        "F",
        "clear fault",
        "What broke is mended",
        CONNECTOR,
        lambda _, c: ClearFault(c.connector_id),
    ),
    Row(
        "unlock",
        ("u",),
        "u",
        "unlock",
        "Open the connector's lock; a running transaction ends",
        CONNECTOR,
        lambda _, c: Unlock(c.connector_id),
    ),
    Row(
        "swipe",
        (),
        "",
        "swipe card…",
        "A card at the reader: starts, and the same card stops",
        CONNECTOR,
        lambda _, c: Swipe(c.connector_id, "MY_TAG"),
        "swipes",
    ),
    Row(
        "remove_cable",
        (),
        "",
        "take cable",
        "A detachable cable leaves the socket of the charge point",
        CONNECTOR,
        lambda _, c: RemoveCable(c.connector_id),
    ),
    Row(
        "jam_lock",
        (),
        "",
        "jam lock",
        "The lock sticks: it neither closes nor opens",
        CONNECTOR,
        lambda _, c: JamLock(c.connector_id),
    ),
    Row(
        "power",
        (),
        "",
        "power off/on",
        "The mains fail, or come back and the charge point boots",
        LINK,
        _power,
    ),
    Row(
        "link",
        ("o",),
        "o",
        "offline/online",
        "Pull the network cable, or plug it back in",
        LINK,
        _link,
    ),
    Row(
        "silence",
        ("O", "shift+o"),
        "O",
        "silent/speaking",
        "Let no frame pass on the open socket, or let them pass again",
        LINK,
        _silence,
    ),
    Row(
        "journal",
        ("J", "shift+j"),
        "J",
        "journal",
        "The transaction messages that wait for the CSMS, and those given up",
        MESSAGES,
    ),
    Row("filter", ("slash",), "/", "filter", "Show only the messages you name", MESSAGES),
    Row("next_match", ("n",), "n", "next match", "Go to the next match", MESSAGES),
    Row(
        "previous_match", ("N", "shift+n"), "N", "previous match", "Go to the one before", MESSAGES
    ),
    Row("hide", ("h",), "h", "hide/dim", "Hide what does not match, or only dim it", MESSAGES),
    Row(
        "follow",
        ("space",),
        "space",
        "follow/pause",
        "Follow the newest message, or stay",
        MESSAGES,
    ),
    Row("top", ("g", "home"), "g", "top", "Go to the oldest message", MESSAGES),
    Row("end", ("G", "shift+g", "end"), "G", "end", "Go to the newest message, follow", MESSAGES),
    Row("inspect", ("enter",), "enter", "inspect", "Show both frames of the message", MESSAGES),
    Row("copy", ("y",), "y", "copy frame", "Copy the request's frame", MESSAGES),
    Row("copy_both", ("Y", "shift+y"), "Y", "copy exchange", "Copy request and answer", MESSAGES),
    Row(
        "copy_http",
        ("c",),
        "c",
        "copy as curl",
        "Copy the HTTP call that does the same: for the message, or for what was done last",
        MESSAGES,
    ),
    Row("save", ("w",), "w", "save log", "Write the shown messages to a file (JSONL)", MESSAGES),
    Row("up", ("up", "k"), "up", "up", "Move up", SCREEN),
    Row("down", ("down", "j"), "down", "down", "Move down", SCREEN),
    Row("left", ("left",), "left", "left", "Move left", SCREEN),
    Row("right", ("right",), "right", "right", "Move right", SCREEN),
    Row("page_up", ("pageup",), "pgup", "page up", "Move up a page", SCREEN),
    Row("page_down", ("pagedown",), "pgdn", "page down", "Move down a page", SCREEN),
    Row("next_pane", ("tab",), "tab", "next pane", "Move to the next card or pane", SCREEN),
    Row("back", ("escape",), "esc", "back", "Close what is open: inspector, filter, zoom", SCREEN),
    Row("zoom", ("z",), "z", "zoom", "Give the focused card or pane all the room", SCREEN),
    Row("theme", ("t",), "t", "theme", "Change the colours", SCREEN),
    Row(
        "next_scene",
        ("full_stop",),
        ".",
        "next scene",
        "In the demo: skip to the next scene, or end free play",
        SCREEN,
    ),
    Row("help", ("question_mark",), "?", "help", "What the keys do here", SCREEN),
    Row("palette", ("ctrl+p",), "^p", "palette", "Find any action by name", SCREEN),
    Row("shell", ("ctrl+z",), "^z", "shell", "A shell; the charge point goes on", SCREEN),
    Row("quit", ("q",), "q", "quit", "Leave", SCREEN),
)

ROW: dict[str, Row] = {row.id: row for row in ROWS}


class Keymap:
    """The rows with the keys that they have in this run."""

    def __init__(self, rows: Iterable[Row] = ROWS) -> None:
        self.rows = tuple(rows)
        self._row = {row.id: row for row in self.rows}
        palette = self._row["palette"].shown
        self.names = {row.id: row.shown or f"{palette} {row.label}" for row in self.rows}
        """Row -> its key as it is printed; where it has none, how the palette is asked for it."""

    def has_key(self, row_id: str) -> bool:
        """Whether a row has a key at all."""
        return bool(self._row[row_id].keys)


TABLE_KEYS = Keymap()
"""The keys of the table itself."""


def connector_of(station: StationSnapshot, connector_id: int) -> ConnectorSnapshot | None:
    """The connector with this id."""
    return next((c for c in station.connectors if c.connector_id == connector_id), None)


def command_for(row: Row, station: StationSnapshot, connector_id: int) -> Command | None:
    """What the row would ask now."""
    connector = connector_of(station, connector_id)
    return row.command(station, connector) if row.command and connector else None


def why_not(command: Command, station: StationSnapshot, connector_id: int) -> str:
    """The sentence with which the command would be refused now; empty when it would be done."""
    action = ACTION_BY_COMMAND[type(command)]
    connector = connector_of(station, connector_id)
    where = connector.refusals if action.on_connector and connector else station.refusals
    return where.get(action.name, "")


def label_for(row: Row, station: StationSnapshot | None, connector_id: int) -> str:
    """What the row is called now: a row of two faces says which one is up."""
    command = command_for(row, station, connector_id) if station and not row.picker else None
    if command is None or row.id not in ("plug", "link", "silence", "power"):
        return row.label
    return ACTION_BY_COMMAND[type(command)].label


# -- buttons of a card -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Button:
    """One button of a card: its words and the row that it presses."""

    label: str
    row: str
    enabled: bool


def buttons(connector: ConnectorSnapshot) -> tuple[Button, ...]:
    """The four acts that make sense on this connector now."""
    refused = connector.refusals
    paused = connector.status in ("SuspendedEV", "SuspendedEVSE")
    faulted = connector.fault is not None
    running = connector.transaction is not None
    choices = (
        ("Unplug", "plug", "unplug") if connector.plugged else ("Plug", "plug", "plug"),
        ("Stop", "stop", "local_stop") if running else ("Start", "start", "local_start"),
        ("Resume", "resume", "resume") if paused else ("Suspend", "suspend_ev", "suspend_ev"),
        ("Clear", "clear_fault", "clear_fault") if faulted else ("Fault", "fault", "fault"),
    )
    return tuple(Button(label, row, action not in refused) for label, row, action in choices)


# -- footer ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FooterItem:
    """One entry of the footer; the lower its rank, the narrower the screen it survives on."""

    rows: tuple[str, ...]
    label: str
    rank: int
    name: str = ""
    """What an entry without a label is called where there is room."""


FOOTER: tuple[FooterItem, ...] = (
    FooterItem(("select",), "select", 4),
    FooterItem(("plug",), "plug", 0),
    FooterItem(("start",), "start", 0),
    FooterItem(("stop",), "stop", 0),
    FooterItem(("suspend_ev", "suspend_evse"), "suspend", 3),
    FooterItem(("resume",), "resume", 2),
    FooterItem(("fault",), "fault", 1),
    FooterItem(("clear_fault",), "clear", 5),
    FooterItem(("link",), "offline", 5),
    FooterItem(("unlock",), "unlock", 6),
    FooterItem(("inspect",), "inspect", 6),
    FooterItem(("zoom",), "zoom", 7),
    FooterItem(("theme",), "theme", 7),
    FooterItem(("filter",), "", 1),
    FooterItem(("help",), "", 0, "help"),
    FooterItem(("palette",), "", 1),
    FooterItem(("quit",), "", 0, "quit"),
)
"""In the order in which they are shown; those without a label keep to the right."""


# -- typed commands --------------------------------------------------------------------------------

_VERBS: dict[str, str] = {
    "start": "local_start",
    "stop": "local_stop",
    "offline": "link_down",
    "clear": "clear_fault",
} | {name: name for name in ACTION_BY_NAME}


def typed_command(text: str) -> tuple[Command, str] | None:
    """A command typed in full ("start 2 MY_TAG") with the words that say it, or None."""
    words = text.split()
    action = ACTION_BY_NAME.get(_VERBS.get(words[0].lower(), "")) if words else None
    if action is None:
        return None
    make: Callable[..., Command] = action.command
    if not action.on_connector:
        return (make(), action.label) if len(words) == 1 else None
    if len(words) < 2 or not words[1].isdecimal():
        return None
    connector_id, rest = int(words[1]), words[2:]
    said = f"{action.label}: connector {connector_id}"
    if action.command is Swipe:
        return (Swipe(connector_id, rest[0]), f"{said} with {rest[0]}") if len(rest) == 1 else None
    if not rest:
        return make(connector_id), said
    if action.command is Start and len(rest) == 1:
        return Start(connector_id, rest[0]), f"{said} with {rest[0]}"
    if action.command is Plug and len(rest) == 1:
        return Plug(connector_id, rest[0]), f"{said} with {rest[0]}"
    if action.command is InjectFault:
        code = next((one for one in ERROR_CODES if one.lower() == rest[0].lower()), None)
        if code:
            vendor = rest[1] if len(rest) > 1 else None
            info = " ".join(rest[2:]) or None
            return InjectFault(connector_id, code, vendor, info), f"{said}, {code}"
    return None
