"""What is asked before a real charger is asked: the words that are missing, then whether to do it.

The bar stands on going back: metal moves, and the enter that chose a card must not start it too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim_core.bedside.commands import CommandKind, MetalCommand, question_of, wrong_words
from sim_core.bedside.spoken_commands import kind_of
from sim_core.snapshot import ConnectorSnapshot, TransactionId
from tui.dialogs.palette import Choice, Chosen, Question

YES, NO = "yes", "no"
KNOWN_KEYS = (
    "AuthorizeRemoteTxRequests",
    "ClockAlignedDataInterval",
    "ConnectionTimeOut",
    "HeartbeatInterval",
    "LocalPreAuthorize",
    "MeterValueSampleInterval",
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "NumberOfConnectors",
    "WebSocketPingInterval",
)
"""Keys of OCPP 1.6 (§9) that are asked for most."""
KNOWN_VARIABLES = (
    "AlignedDataCtrlr.Interval",
    "AuthCtrlr.Enabled",
    "ChargingStation.AvailabilityState",
    "OCPPCommCtrlr.HeartbeatInterval",
    "OCPPCommCtrlr.WebSocketPingInterval",
    "SampledDataCtrlr.TxUpdatedInterval",
    "SampledDataCtrlr.TxUpdatedMeasurands",
    "TxCtrlr.EVConnectionTimeOut",
    "TxCtrlr.TxStartPoint",
    "TxCtrlr.TxStopPoint",
)
"""The same of OCPP 2.0.1 (Part 2, referenced components and variables)."""


def whether(command: MetalCommand, transaction: TransactionId | None, subprotocol: str) -> Question:
    """Whether to do it."""
    kind = kind_of(command.name, subprotocol)
    action = kind.action
    return Question(
        question_of(kind, command, transaction),
        "enter goes back; yes sends it to the charger",
        [
            Choice(NO, "no, go back", "nothing is sent"),
            Choice(YES, f"yes, send {action}", "to the charger, in the place of its CSMS"),
        ],
    )


def next_word(command: MetalCommand, cards: Sequence[str], subprotocol: str) -> Question | None:
    """What must be said yet; None where nothing is missing."""
    kind = kind_of(command.name, subprotocol)
    place = len(command.words)
    if place == len(kind.fields):
        return None
    field = kind.fields[place]
    return Question(
        f"{kind.label.capitalize()}: which {field}?",
        _hint(kind, place),
        _choices(kind, place, cards),
        free=None if kind.choices else lambda typed: Choice(typed, typed, "as typed"),
        trouble=_trouble(kind, command) if place + 1 == len(kind.fields) else None,
    )


NEW_HINTS = {
    "GetVariables": ("a variable, several with commas between them",),
    "SetVariables": ("a variable of the charger", "the value that it is to have"),
}
"""Of the commands that ask for variables of OCPP 2.0.1."""


def _hint(kind: CommandKind, place: int) -> str:
    hints = {
        ("get_configuration", 0): "a key, several with blanks between them, or all",
        ("change_configuration", 0): "a key of the charger",
        ("change_configuration", 1): "the value that it is to have",
        ("remote_start", 0): "the idTag that it is to charge for",
    }
    if kind.action in NEW_HINTS:
        return NEW_HINTS[kind.action][place]
    return hints.get((kind.name, place), "choose one")


def _choices(kind: CommandKind, place: int, cards: Sequence[str]) -> list[Choice]:
    if kind.choices:
        return [Choice(one, one) for one in kind.choices]
    if kind.name == "remote_start":
        default, *seen = cards
        return [
            Choice(default, default, "the default card"),
            *(Choice(card, card, "seen here before") for card in reversed(seen)),
        ]
    if kind.action in NEW_HINTS and place == 0:
        return [Choice(name, name) for name in KNOWN_VARIABLES]
    if kind.name == "get_configuration":
        keys = [Choice(key, key) for key in KNOWN_KEYS]
        return [Choice("", "all keys", "as the charger gives them"), *keys]
    if kind.name == "change_configuration" and place == 0:
        return [Choice(key, key) for key in KNOWN_KEYS]
    if kind.name == "change_configuration":
        return [Choice(one, one) for one in ("true", "false")]
    return []


def _trouble(kind: CommandKind, command: MetalCommand) -> Callable[[Chosen], str]:
    return lambda chosen: wrong_words(kind, (*command.words, chosen.choice.value))


def leaving(connected: Sequence[str]) -> Question:
    """Whether to end the relay while chargers are connected through it."""
    who = ", ".join(connected)
    return Question(
        f"Quit? {who} would lose the CSMS",
        "enter goes back",
        [
            Choice(NO, "no, go back", "the relay goes on"),
            Choice(YES, "yes, end the relay", "the charger dials again, and finds nobody here"),
        ],
    )


def transaction_of(connector: ConnectorSnapshot | None) -> TransactionId | None:
    """The transaction that runs there."""
    running = connector.transaction if connector else None
    return running.transaction_id if running else None
