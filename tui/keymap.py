"""The one table of what a person can do here.

Bindings, footer, palette, help and the buttons of the cards are all made from `ROWS`, so they
cannot disagree; the keys that a user has put in the place of some are in a `Keymap`. A row that
asks something of the charge point names its command, or two of which the picture of now decides
(plug or unplug, down or up); why it would be refused is looked up under the command's name in the
same picture. Rows without a command act on the screen itself, under their id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields

from sim_core.commands import (
    ACTION_BY_COMMAND,
    ACTIONS,
    AddRule,
    AddWireFault,
    AnswerHeld,
    ClearExternalLimit,
    ClearFault,
    Command,
    Configure,
    Dial,
    DriveIn,
    DriveOff,
    DropFrame,
    EndPlay,
    EndRecording,
    EndRule,
    EndWireFault,
    EVGiveUp,
    EVStop,
    GoOnline,
    GoSilent,
    InjectFault,
    JamLock,
    LinkDown,
    LinkUp,
    Play,
    Plug,
    PowerOff,
    PowerOn,
    Record,
    ReleaseFrame,
    RemoveCable,
    Restart,
    Resume,
    Send,
    SendFrame,
    SetExternalLimit,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    TypeCode,
    Unlock,
    Unplug,
)
from sim_core.snapshot import ConnectorSnapshot, ConnectorState, LinkState, StationSnapshot


@dataclass(frozen=True)
class Instead:
    """The second command of a row: what it undoes with, where the first is done already."""

    command: type[Command]
    when: Callable[[StationSnapshot, ConnectorSnapshot], bool]


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
    command: type[Command] | None = None
    """What it asks of the charge point; None for an act on the screen."""
    instead: Instead | None = None
    picker: str = ""
    """A list to choose from first; `command` is then what the plain form would ask."""
    refusal: str = ""
    """For a row without a command: under which name a picture says why it would be refused."""

    sheet: tuple[type[Command], ...] = ()
    """What the sheet that it opens may ask of the charge point."""

    @property
    def commands(self) -> tuple[type[Command], ...]:
        """Everything that it may ask of the charge point."""
        two = (self.command, self.instead.command if self.instead else None)
        return (*(command for command in two if command is not None), *self.sheet)


CONNECTOR, LINK, MESSAGES, SCREEN = "Connector", "Link", "Messages", "Screen"
CHARGE_POINT = "Charge point"
DIGITS = tuple("123456789")
ANY_CARD = "MY_TAG"
"""In the place of the card that a list is asked for first."""

ROWS: tuple[Row, ...] = (
    Row("select", DIGITS, "1-9", "select", "Select the connector that the keys act on", CONNECTOR),
    Row(
        "plug",
        ("p",),
        "p",
        "plug",
        "Plug a vehicle in; when one is plugged, unplug it",
        CONNECTOR,
        Plug,
        Instead(Unplug, lambda _, connector: bool(connector.plugged)),
    ),
    Row(
        "plug_vehicle",
        ("P", "shift+p"),
        "P",
        "plug with…",
        "Plug in a vehicle of your choice",
        CONNECTOR,
        Plug,
        picker="vehicles",
    ),
    Row(
        "start",
        ("s",),
        "s",
        "start",
        "Show the default card and start charging",
        CONNECTOR,
        Start,
    ),
    Row(
        "start_with",
        ("S", "shift+s"),
        "S",
        "start with…",
        "Start with a card (idTag) of your choice",
        CONNECTOR,
        Start,
        picker="cards",
    ),
    Row(
        "stop",
        ("x",),
        "x",
        "stop by card",
        "The driver ends it at the charger; the CSMS hears reason Local",
        CONNECTOR,
        Stop,
    ),
    Row(
        "ev_stop",
        ("E", "shift+e"),
        "E",
        "stop by the EV",
        "The vehicle ends it, or a Gresgying's screen; the CSMS hears reason Other",
        CONNECTOR,
        EVStop,
    ),
    Row(
        "suspend_ev",
        ("e",),
        "e",
        "suspend EV",
        "The vehicle pauses and takes no energy",
        CONNECTOR,
        SuspendEV,
    ),
    Row(
        "suspend_evse",
        ("v",),
        "v",
        "suspend EVSE",
        "The charge point pauses and offers no energy",
        CONNECTOR,
        SuspendEVSE,
    ),
    Row(
        "resume",
        ("r",),
        "r",
        "resume",
        "End every pause and clear a fault; after a crash, start the engine again",
        CONNECTOR,
        Resume,
    ),
    Row(
        "fault",
        ("f",),
        "f",
        "fault",
        "Something breaks: choose an error code, with vendor code and info if you like",
        CONNECTOR,
        InjectFault,
        picker="faults",
    ),
    Row(
        "clear_fault",
        ("F", "shift+f"),
        "F",
        "clear fault",
        "What broke is mended",
        CONNECTOR,
        ClearFault,
    ),
    Row(
        "unlock",
        ("u",),
        "u",
        "unlock",
        "Open the connector's lock; a running transaction ends",
        CONNECTOR,
        Unlock,
    ),
    Row(
        "swipe",
        (),
        "",
        "swipe card…",
        "A card at the reader: starts, and the same card stops",
        CONNECTOR,
        Swipe,
        picker="swipes",
    ),
    Row(
        "type_code",
        (),
        "",
        "type code…",
        "A code at the keypad: it counts as a card, and shows as dots",
        CONNECTOR,
        TypeCode,
        picker="codes",
    ),
    Row(
        "ev_give_up",
        (),
        "",
        "EV gives up",
        "It sleeps: charging ends, a start fails until it is plugged in anew",
        CONNECTOR,
        EVGiveUp,
    ),
    Row(
        "remove_cable",
        (),
        "",
        "take cable",
        "A detachable cable leaves the socket of the charge point",
        CONNECTOR,
        RemoveCable,
    ),
    Row(
        "bay",
        (),
        "",
        "drive in/off",
        "A car drives into the bay, where a sensor sees it; it leaves the bay",
        CONNECTOR,
        DriveIn,
        Instead(
            DriveOff,
            lambda _, connector: (
                "drive_in" in connector.refusals and "drive_off" not in connector.refusals
            ),
        ),
    ),
    Row(
        "jam_lock",
        (),
        "",
        "jam lock",
        "The lock sticks: it neither closes nor opens",
        CONNECTOR,
        JamLock,
    ),
    Row(
        "power",
        (),
        "",
        "power off/on",
        "The mains fail, or come back and the charge point boots",
        LINK,
        PowerOff,
        Instead(PowerOn, lambda station, _: not station.powered),
    ),
    Row(
        "restart",
        (),
        "",
        "restart",
        "The process restarts by itself: the link drops, charging goes on",
        LINK,
        Restart,
    ),
    Row(
        "link",
        ("o",),
        "o",
        "offline/online",
        "Pull the network cable, or plug it back in",
        LINK,
        LinkDown,
        Instead(LinkUp, lambda station, _: station.link.state is LinkState.DOWN),
    ),
    Row(
        "dial",
        ("d",),
        "d",
        "dial now",
        "Try to reach the CSMS now, without waiting for the next attempt",
        LINK,
        Dial,
    ),
    Row(
        "connection",
        ("D", "shift+d"),
        "D",
        "connection",
        "The CSMS that is dialled: URL, id, password, security profile, to change now; why it is "
        "not reached",
        LINK,
    ),
    Row(
        "silence",
        ("O", "shift+o"),
        "O",
        "silent/speaking",
        "Let no frame pass on the open socket, or let them pass again",
        LINK,
        GoSilent,
        Instead(GoOnline, lambda station, _: not station.link.online),
    ),
    Row(
        "configuration",
        ("C", "shift+c"),
        "C",
        "configuration",
        "The configuration keys: what they mean, who has changed them; set one",
        LINK,
        sheet=(Configure,),
    ),
    Row(
        "say",
        ("m",),
        "m",
        "say…",
        "Say anything to the CSMS: a message from a form, or any text",
        MESSAGES,
        sheet=(Send, SendFrame),
    ),
    Row(
        "say_again",
        ("M", "shift+m"),
        "M",
        "say again…",
        "Change the selected message of the charge point, and send it again",
        MESSAGES,
        sheet=(Send,),
    ),
    Row(
        "answers",
        ("a",),
        "a",
        "answers…",
        "Answer the CSMS otherwise: refuse, delay, ignore, by CALLERROR, by hand",
        MESSAGES,
        sheet=(AddRule, EndRule, AnswerHeld),
    ),
    Row(
        "wire_faults",
        ("A", "shift+a"),
        "A",
        "wire faults…",
        "Do something to frames on the wire: drop, delay, double, hold, edit, cut off, close …",
        MESSAGES,
        sheet=(AddWireFault, EndWireFault, ReleaseFrame, DropFrame),
    ),
    Row(
        "record",
        ("R", "shift+r"),
        "R",
        "record",
        "Record what you do; once more ends it and writes it to a file",
        SCREEN,
        Record,
        Instead(EndRecording, lambda station, _: station.recording is not None),
    ),
    Row(
        "play",
        (),
        "",
        "play recording…",
        "Do what a recording has, by its times; while one is played, end it",
        SCREEN,
        sheet=(Play, EndPlay),
    ),
    Row(
        "journal",
        ("J", "shift+j"),
        "J",
        "journal",
        "The transaction messages that wait for the CSMS, and those given up",
        MESSAGES,
    ),
    Row(
        "sessions",
        ("T", "shift+t"),
        "T",
        "sessions",
        "What has been charged: card, kWh, time, why it ended, what the CSMS knows; as a file too",
        CHARGE_POINT,
    ),
    Row(
        "events",
        ("L", "shift+l"),
        "L",
        "events",
        "What has happened at the charge point in this run",
        CHARGE_POINT,
    ),
    Row(
        "limits",
        ("b",),
        "b",
        "limits & reservations",
        "Charging profiles and what they allow when, reservations, known cards, out of service",
        CHARGE_POINT,
    ),
    Row(
        "external_limit",
        (),
        "",
        "external limit…",
        "An energy manager or the grid operator limits the power, or lifts its limit",
        CHARGE_POINT,
        refusal="external_limit",
        sheet=(SetExternalLimit, ClearExternalLimit),
    ),
    Row("filter", ("slash",), "/", "filter", "Show only the messages you name", MESSAGES),
    Row(
        "only_connector",
        ("i",),
        "i",
        "only this",
        "Show only the messages of the selected connector; again: all of them",
        MESSAGES,
    ),
    Row(
        "compare",
        ("equals_sign",),
        "=",
        "compare",
        "Mark a message; on another one: what differs between the two",
        MESSAGES,
    ),
    Row(
        "load",
        ("l",),
        "l",
        "load log…",
        "Read a saved log, whatever wrote it, and step through its messages",
        MESSAGES,
    ),
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
    Row("copy_both", ("Y", "shift+y"), "Y", "copy both", "Copy request and answer", MESSAGES),
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
        "next_charger",
        ("right_square_bracket",),
        "]",
        "next charger",
        "Show the next of several charge points",
        SCREEN,
    ),
    Row(
        "previous_charger",
        ("left_square_bracket",),
        "[",
        "previous charger",
        "Show the one before of several charge points",
        SCREEN,
    ),
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

    def __init__(
        self,
        rows: Iterable[Row] = ROWS,
        *,
        footer: tuple[FooterItem, ...] | None = None,
        pane_footers: Mapping[str, tuple[FooterItem, ...]] | None = None,
        buttons: Callable[[ConnectorSnapshot], tuple[Button, ...]] | None = None,
        next_steps: Mapping[ConnectorState, str] | None = None,
    ) -> None:
        """The rest is what a charger other than a simulated one has in its place: the footer, here
        and while another pane than the cards has the focus, the buttons of a card, and what to
        press next in each state."""
        self.rows = tuple(rows)
        self.row = {row.id: row for row in self.rows}
        palette = self.row["palette"].shown
        self.names = {row.id: row.shown or f"{palette} {row.label}" for row in self.rows}
        """Row -> its key as it is printed; where it has none, how the palette is asked for it."""
        self.footer = FOOTER if footer is None else footer
        self.pane_footers = PANE_FOOTERS if pane_footers is None else pane_footers
        self.buttons = buttons or buttons_of
        self.next_steps = next_steps

    def having(self, rows: Iterable[Row]) -> Keymap:
        """The same with other keys."""
        return Keymap(
            rows,
            footer=self.footer,
            pane_footers=self.pane_footers,
            buttons=self.buttons,
            next_steps=self.next_steps,
        )

    def footer_of(self, pane: str) -> tuple[FooterItem, ...]:
        """What the footer has while this pane has the focus, without what has no key."""
        items = self.pane_footers.get(pane, self.footer)
        return tuple(item for item in items if any(self.has_key(row) for row in item.rows))

    def has_key(self, row_id: str) -> bool:
        """Whether a row has a key at all."""
        return row_id in self.row and bool(self.row[row_id].keys)


def connector_of(station: StationSnapshot, connector_id: int) -> ConnectorSnapshot | None:
    """The connector with this id."""
    return next((c for c in station.connectors if c.connector_id == connector_id), None)


def command_for(row: Row, station: StationSnapshot, connector_id: int) -> Command | None:
    """What the row would ask now, in its plain form."""
    connector = connector_of(station, connector_id)
    if row.command is None or connector is None:
        return None
    if row.instead is not None and row.instead.when(station, connector):
        return plain_form(row.instead.command, connector_id)
    return plain_form(row.command, connector_id)


def plain_form(kind: type[Command], connector_id: int) -> Command:
    """A command that says no more than it must."""
    make: Callable[..., Command] = kind
    if not ACTION_BY_COMMAND[kind].on_connector:
        return make()
    return make(connector_id, *_REQUIRED[kind])


_REQUIRED: dict[type[Command], tuple[str, ...]] = {
    action.command: tuple(ANY_CARD for one in fields(action.command)[1:] if one.default is MISSING)
    for action in ACTIONS
}
"""What a command cannot be without, beside its connector; asked of every row for each picture."""


def why_not(command: Command, station: StationSnapshot, connector_id: int) -> str:
    """The sentence with which the command would be refused now; empty when it would be done."""
    action = ACTION_BY_COMMAND[type(command)]
    connector = connector_of(station, connector_id)
    where = connector.refusals if action.on_connector and connector else station.refusals
    return where.get(action.name, "")


def why_not_row(row: Row, station: StationSnapshot, connector_id: int) -> str:
    """The same of a row, in its plain form."""
    if row.refusal:
        connector = connector_of(station, connector_id)
        at = connector.refusals if connector else {}
        return at.get(row.refusal) or station.refusals.get(row.refusal, "")
    command = command_for(row, station, connector_id)
    return "" if command is None else why_not(command, station, connector_id)


def label_for(row: Row, station: StationSnapshot | None, connector_id: int) -> str:
    """What the row is called now: a row of two faces says which one is up."""
    command = command_for(row, station, connector_id) if station and not row.picker else None
    if command is None or row.instead is None:
        return row.label
    return ACTION_BY_COMMAND[type(command)].label.lower()


# -- buttons of a card -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Button:
    """One button of a card: its words and the row that it presses."""

    label: str
    row: str
    enabled: bool


def buttons_of(connector: ConnectorSnapshot) -> tuple[Button, ...]:
    """The four acts that make sense on this connector now."""
    refused = connector.refusals
    faulted = connector.fault is not None
    running = connector.transaction is not None
    choices = (
        ("Unplug", "plug", "unplug") if connector.plugged else ("Plug", "plug", "plug"),
        ("Stop", "stop", "local_stop") if running else ("Start", "start", "local_start"),
        ("Resume", "resume", "resume")
        if connector.state.paused
        else ("Suspend", "suspend_ev", "suspend_ev"),
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
    name_rank: int = 0
    """The rank of that name."""


ALWAYS_THERE: tuple[FooterItem, ...] = (
    FooterItem(("filter",), "", 1, "filter", 3),
    FooterItem(("palette",), "", 1, "find", 3),
    FooterItem(("help",), "", 0, "help", 4),
    FooterItem(("quit",), "", 0, "quit", 4),
)
"""What keeps to the right, wherever the focus is."""

FOOTER: tuple[FooterItem, ...] = (
    FooterItem(("select",), "select", 2),
    FooterItem(("plug",), "plug", 0),
    FooterItem(("start",), "start", 0),
    FooterItem(("stop",), "stop", 0),
    FooterItem(("ev_stop",), "EV stop", 5),
    FooterItem(("suspend_ev", "suspend_evse"), "suspend", 4),
    FooterItem(("resume",), "resume", 3),
    FooterItem(("fault",), "fault", 1),
    FooterItem(("clear_fault",), "clear", 5),
    FooterItem(("unlock",), "unlock", 6),
    FooterItem(("link",), "offline", 5),
    FooterItem(("inspect",), "inspect", 6),
    FooterItem(("zoom",), "zoom", 7),
    FooterItem(("theme",), "theme", 7),
    *ALWAYS_THERE,
)
"""While a card has the focus, in the order in which they are shown."""

PANE_FOOTERS: Mapping[str, tuple[FooterItem, ...]] = {
    "messages": (
        FooterItem(("inspect",), "inspect", 0),
        FooterItem(("copy",), "copy", 0),
        FooterItem(("copy_both",), "copy both", 6),
        FooterItem(("copy_http",), "as curl", 7),
        FooterItem(("save",), "save", 1),
        FooterItem(("journal",), "unsent", 2),
        FooterItem(("next_match",), "next", 3),
        FooterItem(("hide",), "hide", 3),
        FooterItem(("follow",), "pause", 4),
        FooterItem(("end",), "newest", 6),
        FooterItem(("only_connector",), "this connector", 6),
        FooterItem(("compare",), "compare", 5),
        FooterItem(("say_again",), "say again", 7),
        FooterItem(("load",), "load", 7),
        FooterItem(("zoom",), "zoom", 7),
        *ALWAYS_THERE,
    ),
    "inspector": (
        FooterItem(("up", "down"), "scroll", 2),
        FooterItem(("copy",), "copy request", 1),
        FooterItem(("copy_both",), "copy both", 3),
        FooterItem(("copy_http",), "copy as curl", 5),
        FooterItem(("compare",), "compare", 6),
        FooterItem(("back",), "close", 0),
        FooterItem(("zoom",), "zoom", 6),
        *ALWAYS_THERE,
    ),
}
"""While another pane has it."""

TABLE_KEYS = Keymap()
"""The keys of the table itself."""
