"""What may be asked of a charge point, and what it answers.

A command is a frozen dataclass; `ACTIONS` is the one table that names them for people. Keys,
buttons, palette, help, HTTP routes and their description are all made from that table, so they
cannot disagree about what there is or what it is called.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields

from sim_core.snapshot import TextLimits
from sim_core.wire_faults import WireFault


@dataclass(frozen=True)
class Plug:
    """A vehicle arrives and its cable goes in. `vehicle` names one of the garage."""

    connector_id: int
    vehicle: str | None = None


@dataclass(frozen=True)
class Unplug:
    """The cable comes out on the vehicle's side."""

    connector_id: int


@dataclass(frozen=True)
class DriveIn:
    """A car drives into the parking bay, where a sensor sees it; nothing is plugged in yet."""

    connector_id: int


@dataclass(frozen=True)
class DriveOff:
    """The car leaves the parking bay."""

    connector_id: int


@dataclass(frozen=True)
class RemoveCable:
    """A detachable cable comes out of the charge point's socket."""

    connector_id: int


@dataclass(frozen=True)
class Swipe:
    """A card at the reader: authorises, waits for the plug, starts; the same card again stops."""

    connector_id: int
    id_tag: str


@dataclass(frozen=True)
class TypeCode:
    """A code typed at the keypad: it counts as a card at the reader. It is shown nowhere."""

    connector_id: int
    pin: str = field(repr=False)


@dataclass(frozen=True)
class Start:
    """A swipe that demands a plugged vehicle. Without `id_tag` the default card is taken."""

    connector_id: int
    id_tag: str | None = None


@dataclass(frozen=True)
class Stop:
    """The driver ends the transaction at the charge point (reason Local)."""

    connector_id: int


@dataclass(frozen=True)
class EVStop:
    """The vehicle ends the session (reason Other); what is told of a stop on the screen of a
    Gresgying is the same."""

    connector_id: int


@dataclass(frozen=True)
class EVGiveUp:
    """The vehicle gives up and sleeps until it is plugged in anew: what runs ends (reason Other),
    what is about to start, or is started later, fails."""

    connector_id: int


@dataclass(frozen=True)
class SuspendEV:
    """The vehicle pauses: it stays connected and takes no energy."""

    connector_id: int


@dataclass(frozen=True)
class SuspendEVSE:
    """The charge point pauses: it stays connected and offers no energy."""

    connector_id: int


@dataclass(frozen=True)
class Resume:
    """Every pause ends, and a fault is cleared: back to Charging, or to what lies beneath."""

    connector_id: int


@dataclass(frozen=True)
class InjectFault:
    """Something breaks. `error_code` is one of those in `sim_core.hardware.faults`."""

    connector_id: int
    error_code: str = "GroundFailure"
    vendor_error_code: str | None = None
    info: str | None = None


@dataclass(frozen=True)
class ClearFault:
    """What broke is mended."""

    connector_id: int


@dataclass(frozen=True)
class Unlock:
    """The lock of the connector opens; a running transaction ends (reason UnlockCommand)."""

    connector_id: int


@dataclass(frozen=True)
class JamLock:
    """The lock sticks where it is; noticed when it is to close or to open (`ClearFault` mends)."""

    connector_id: int


@dataclass(frozen=True)
class SetExternalLimit:
    """Somebody beside the CSMS limits the power from now on, until `ClearExternalLimit`: an energy
    manager in the building (`source` EMS), the grid operator (SO), another system (Other).

    `limit_w` is for all connectors together, or for one `connector`. A new limit of the same source
    for the same place takes the place of the one before. `grid_critical`: the grid is in danger
    without it.
    """

    limit_w: int
    source: str = "EMS"
    connector: int = 0
    grid_critical: bool = False


@dataclass(frozen=True)
class ClearExternalLimit:
    """What others than the CSMS allow counts no longer: all of it, that of one `source`, or what
    was for one `connector` (0: for all together)."""

    source: str | None = None
    connector: int | None = None


@dataclass(frozen=True)
class PowerOff:
    """The mains fail. What runs is cut off; a model with a backup says so before it goes dark."""


@dataclass(frozen=True)
class PowerOn:
    """The mains are back: the charge point boots."""


@dataclass(frozen=True)
class Restart:
    """The process in the charge point ends and comes back by itself: the link drops, the charge
    point boots, and what charges goes on charging."""


@dataclass(frozen=True)
class LinkDown:
    """The network cable is pulled: the socket closes and stays closed."""


@dataclass(frozen=True)
class LinkUp:
    """The network is back: the charge point dials again."""


@dataclass(frozen=True)
class Dial:
    """The next attempt to reach the CSMS is made now, not when its pause is over."""


@dataclass(frozen=True)
class GoSilent:
    """The socket stays open and no frame passes, in either direction."""


@dataclass(frozen=True)
class GoOnline:
    """Frames pass again."""


@dataclass(frozen=True)
class Configure:
    """Somebody at the charge point sets one of its settings, by the rules that hold for the CSMS.

    `name` is a configuration key, or a variable with its component in front (`Component.Variable`).
    """

    name: str
    value: str


@dataclass(frozen=True)
class Send:
    """A request to the CSMS, said now and beside what the charge point says by itself.

    `payload` is JSON. What came of it changes nothing at the charge point: it is only shown. What
    the protocol does not allow is sent if it is asked for with `anyway`.
    """

    action: str
    payload: str = "{}"
    anyway: bool = False


@dataclass(frozen=True)
class SendFrame:
    """A whole frame, as it is: any text. It waits for no turn."""

    frame: str
    anyway: bool = False


@dataclass(frozen=True)
class AddRule:
    """Answer requests of the CSMS otherwise.

    `action` `*` means every one. `way`: `refuse` (the answer says no), `delay` (the firmware sees
    it `seconds` later), `ignore` (no answer), `callerror` (with `code` and `text`), `hand` (it
    waits for `AnswerHeld`), `answer` (with `payload`, which is JSON). `times`: so many, then the
    rule ends; 0: until it is ended. But for `delay` and `hand` nothing that was asked is done.
    """

    action: str
    way: str
    times: int = 1
    seconds: float = 5.0
    code: str = "InternalError"
    text: str = ""
    payload: str = "{}"
    anyway: bool = False


@dataclass(frozen=True)
class EndRule:
    """A rule counts no longer; 0: none does. What it holds for an answer by hand stays held."""

    rule: int = 0


@dataclass(frozen=True)
class AnswerHeld:
    """Answer a request that waits for it. `way` as in `AddRule`, but `usual` in place of `delay`
    and `hand`: the firmware answers after all. `request`: its number in the log; 0: the oldest."""

    way: str
    request: int = 0
    code: str = "InternalError"
    text: str = ""
    payload: str = "{}"
    anyway: bool = False


@dataclass(frozen=True)
class AddWireFault(WireFault):
    """Do something to frames on the wire; see `sim_core.wire_faults`."""


@dataclass(frozen=True)
class EndWireFault:
    """A rule about frames counts no longer, nor does what it has made of the socket; 0: none does.
    What it holds stays held."""

    number: int = 0


@dataclass(frozen=True)
class ReleaseFrame:
    """A frame that is held goes on; with `frame`, as that text. `held`: its number, or 0: the
    oldest."""

    held: int = 0
    frame: str = ""


@dataclass(frozen=True)
class DropFrame:
    """A frame that is held never arrives. `held`: its number; 0: the oldest."""

    held: int = 0


@dataclass(frozen=True)
class Record:
    """From now on what is done at the charge point is recorded: each command with its time."""


@dataclass(frozen=True)
class EndRecording:
    """The recording ends; what it has is there until the next one begins."""


@dataclass(frozen=True)
class Play:
    """Do what a recording has, by its times. `recording` is the text of its file: YAML or JSON."""

    recording: str
    speed: float = 1.0
    """How many times as fast."""


@dataclass(frozen=True)
class EndPlay:
    """No more of it is done; what it has begun goes on."""


Command = (
    Plug
    | Unplug
    | DriveIn
    | DriveOff
    | RemoveCable
    | Swipe
    | TypeCode
    | Start
    | Stop
    | EVStop
    | EVGiveUp
    | SuspendEV
    | SuspendEVSE
    | Resume
    | InjectFault
    | ClearFault
    | Unlock
    | JamLock
    | SetExternalLimit
    | ClearExternalLimit
    | PowerOff
    | PowerOn
    | Restart
    | LinkDown
    | LinkUp
    | Dial
    | GoSilent
    | GoOnline
    | Configure
    | Send
    | SendFrame
    | AddRule
    | EndRule
    | AnswerHeld
    | AddWireFault
    | EndWireFault
    | ReleaseFrame
    | DropFrame
    | Record
    | EndRecording
    | Play
    | EndPlay
)

ClosesOnItself = (Record, EndRecording, Play, EndPlay)
"""What is never part of a recording: it would record, or play, itself."""


@dataclass(frozen=True)
class Accepted:
    """It was done. `detail` says more where there is more to say, else it is empty."""

    detail: str = ""
    answer: str = ""
    """More of it, as a JSON object: what the CSMS has answered, what was recorded."""

    ok = True


@dataclass(frozen=True)
class Refused:
    """It was not done, and `reason` is the sentence that says why and what to do next."""

    reason: str
    may_insist: bool = False
    """It is done all the same where it is asked for with `anyway`."""

    ok = False


Outcome = Accepted | Refused

PIN = re.compile(r"\d+", re.ASCII)
"""What a keypad has keys for."""


def unsayable(command: Command, limits: TextLimits) -> str:
    """What the protocol in use has no room for in a command, as a sentence; empty where it can be
    told whole.

    Nothing is cut: a text that loses its end would be another text at the CSMS.
    """
    if isinstance(command, (Swipe, Start)) and command.id_tag is not None:
        fits = 1 <= len(command.id_tag) <= limits.token and command.id_tag.isprintable()
        return "" if fits else f"an idTag has 1 to {limits.token} printable characters"
    if isinstance(command, TypeCode):
        usable = PIN.fullmatch(command.pin) and len(command.pin) <= limits.token
        return "" if usable else f"a code has 1 to {limits.token} digits"
    if isinstance(command, InjectFault):
        texts = (("vendor error code", command.vendor_error_code), ("info", command.info))
        for name, given in texts:
            if given and len(given) > limits.fault_text:
                most = f"the {name} has at most {limits.fault_text} characters"
                return f"{most}, not {len(given)}: shorten it"
            if given and not given.isprintable():
                return f"the {name} has no control characters: leave them out"
    return ""


def asleep(place: str) -> str:
    """Why a start has come to nothing whose vehicle has given up, as a sentence; `place` is how
    people call the connector."""
    return f"the vehicle at {place} sleeps: unplug it and plug it in anew"


@dataclass(frozen=True)
class Action:
    """One row of the table: a command under the names that people use for it."""

    name: str
    label: str
    help: str
    command: type[Command]
    at: str = ""
    """Where HTTP has it, if not under its name."""
    method: str = "POST"
    in_body: bool = False
    """What it says may be long: HTTP has it as a JSON object in the body, not in the query."""

    @property
    def on_connector(self) -> bool:
        """Whether the command wants a connector (the others concern the whole charge point)."""
        return any(one.name == "connector_id" for one in fields(self.command))

    @property
    def path(self) -> str:
        """Where the HTTP sidecar has it: `/plug/{cid}`, `/link/down`."""
        if self.at:
            return self.at
        return f"/{self.name}/{{cid}}" if self.on_connector else "/" + self.name.replace("_", "/")


ACTIONS: tuple[Action, ...] = (
    Action("plug", "Plug in", "A vehicle arrives and its cable goes in", Plug),
    Action("unplug", "Unplug", "The cable comes out; a running transaction ends", Unplug),
    Action("drive_in", "Drive in", "A car drives into the bay; a sensor sees it", DriveIn),
    Action("drive_off", "Drive off", "The car leaves the bay", DriveOff),
    Action("remove_cable", "Take cable", "A detachable cable leaves the socket", RemoveCable),
    Action("swipe", "Swipe card", "A card at the reader: starts, and the same card stops", Swipe),
    Action(
        "type_code",
        "Type code",
        "A code at the keypad: it counts as a card",
        TypeCode,
        in_body=True,
    ),
    Action("local_start", "Start", "Authorise a card and start charging", Start),
    Action("local_stop", "Stop", "The driver ends the transaction by card (reason Local)", Stop),
    Action(
        "ev_stop",
        "Stop by the EV",
        "The vehicle, or the stop button on a Gresgying's screen, ends it (reason Other)",
        EVStop,
    ),
    Action(
        "ev_give_up",
        "EV gives up",
        "The vehicle sleeps: charging ends, and a start fails until it is plugged in anew",
        EVGiveUp,
    ),
    Action("suspend_ev", "Suspend EV", "The vehicle pauses and takes no energy", SuspendEV),
    Action("suspend_evse", "Suspend EVSE", "The charge point offers no energy", SuspendEVSE),
    Action("resume", "Resume", "End every pause and clear a fault", Resume),
    Action("fault", "Fault", "Something breaks: choose one of OCPP's error codes", InjectFault),
    Action("clear_fault", "Clear fault", "What broke is mended", ClearFault),
    Action("unlock", "Unlock", "Open the connector's lock; a transaction ends", Unlock),
    Action("jam_lock", "Jam lock", "The lock sticks: it neither closes nor opens", JamLock),
    Action(
        "external_limit",
        "External limit",
        "An energy manager or the grid operator limits the power",
        SetExternalLimit,
        at="/external-limits",
    ),
    Action(
        "clear_external_limit",
        "Lift external limit",
        "What others than the CSMS allow counts no longer",
        ClearExternalLimit,
        at="/external-limits",
        method="DELETE",
    ),
    Action("power_off", "Power off", "The mains fail: the charge point goes dark", PowerOff),
    Action("power_on", "Power on", "The mains are back: the charge point boots", PowerOn),
    Action(
        "restart",
        "Restart",
        "The process restarts by itself: the link drops, charging goes on",
        Restart,
    ),
    Action("link_down", "Link down", "Pull the network cable: the socket closes", LinkDown),
    Action("link_up", "Link up", "The network is back: dial again", LinkUp),
    Action("dial", "Dial now", "Try to reach the CSMS now, without waiting for the pause", Dial),
    Action("silent", "Go silent", "The socket stays open, no frame passes", GoSilent),
    Action("online", "Go online", "Frames pass again", GoOnline),
    Action(
        "configure",
        "Configure",
        "Set a configuration key, by the rules that hold for the CSMS",
        Configure,
        at="/configuration",
        method="PUT",
    ),
    Action(
        "message",
        "Send message",
        "Say anything to the CSMS now: an action with its payload",
        Send,
        in_body=True,
    ),
    Action(
        "frame",
        "Send frame",
        "Send the CSMS a whole frame as it is, whatever it is",
        SendFrame,
        in_body=True,
    ),
    Action(
        "rule",
        "Add rule",
        "Answer the next or every request of an action otherwise",
        AddRule,
        at="/rules",
        in_body=True,
    ),
    Action(
        "end_rule",
        "End rule",
        "A rule counts no longer; without a number none does",
        EndRule,
        at="/rules",
        method="DELETE",
    ),
    Action(
        "answer",
        "Answer by hand",
        "Answer a request that waits for it",
        AnswerHeld,
        at="/held",
        in_body=True,
    ),
    Action(
        "wire_fault",
        "Add wire fault",
        "Drop, delay, double, hold, cut off, change … frames on the wire, by a rule",
        AddWireFault,
        at="/wire-faults",
        in_body=True,
    ),
    Action(
        "end_wire_fault",
        "End wire fault",
        "A rule about frames counts no longer; without a number none does",
        EndWireFault,
        at="/wire-faults",
        method="DELETE",
    ),
    Action(
        "release_frame",
        "Release frame",
        "A frame that is held goes on, as it is or edited",
        ReleaseFrame,
        at="/held-frames",
        in_body=True,
    ),
    Action(
        "drop_frame",
        "Drop frame",
        "A frame that is held never arrives",
        DropFrame,
        at="/held-frames",
        method="DELETE",
    ),
    Action(
        "record",
        "Record",
        "Record what is done: each command with its time",
        Record,
        at="/recording",
    ),
    Action(
        "end_recording",
        "End recording",
        "Record no more; GET /recording has it",
        EndRecording,
        at="/recording",
        method="DELETE",
    ),
    Action("play", "Play", "Do what a recording has, by its times", Play, in_body=True),
    Action(
        "end_play",
        "End playing",
        "Do no more of the recording that is played",
        EndPlay,
        at="/play",
        method="DELETE",
    ),
)

RULE_WAYS = ("refuse", "delay", "ignore", "callerror", "hand", "answer")
"""What may become of a request by a rule."""
HELD_WAYS = ("usual", "refuse", "ignore", "callerror", "answer")
"""What may become of one that waits for an answer by hand."""
LARGEST_LIMIT_W = 1_000_000_000
LONGEST_DELAY_S = 3600.0
MOST_TIMES = 1_000_000

ACTION_BY_NAME: dict[str, Action] = {action.name: action for action in ACTIONS}
ACTION_BY_COMMAND: dict[type[Command], Action] = {action.command: action for action in ACTIONS}
