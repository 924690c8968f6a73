"""What is asked before a real charger is asked: the words that are missing, then whether to do it.

The bar stands on going back: metal moves, and the enter that chose a card must not start it too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim_core.bedside.commands import COMMAND, CommandKind, MetalCommand, question_of, wrong_words
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


def whether(command: MetalCommand, transaction: TransactionId | None) -> Question:
    """Whether to do it."""
    action = COMMAND[command.name].action
    return Question(
        question_of(command, transaction),
        "enter goes back; yes sends it to the charger",
        [
            Choice(NO, "no, go back", "nothing is sent"),
            Choice(YES, f"yes, send {action}", "to the charger, in the place of its CSMS"),
        ],
    )


def next_word(command: MetalCommand, cards: Sequence[str]) -> Question | None:
    """What must be said yet; None where nothing is missing."""
    kind = COMMAND[command.name]
    place = len(command.words)
    if place == len(kind.fields):
        return None
    field = kind.fields[place]
    return Question(
        f"{kind.label.capitalize()}: which {field}?",
        _hint(kind, place),
        _choices(kind, place, cards),
        free=None if kind.choices else lambda typed: Choice(typed, typed, "as typed"),
        trouble=_trouble(command) if place + 1 == len(kind.fields) else None,
    )


def _hint(kind: CommandKind, place: int) -> str:
    hints = {
        ("get_configuration", 0): "a key, several with blanks between them, or all",
        ("change_configuration", 0): "a key of the charger",
        ("change_configuration", 1): "the value that it is to have",
        ("remote_start", 0): "the idTag that it is to charge for",
    }
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
    if kind.name == "get_configuration":
        keys = [Choice(key, key) for key in KNOWN_KEYS]
        return [Choice("", "all keys", "as the charger gives them"), *keys]
    if kind.name == "change_configuration" and place == 0:
        return [Choice(key, key) for key in KNOWN_KEYS]
    if kind.name == "change_configuration":
        return [Choice(one, one) for one in ("true", "false")]
    return []


def _trouble(command: MetalCommand) -> Callable[[Chosen], str]:
    def trouble(chosen: Chosen) -> str:
        words = (*command.words, chosen.choice.value)
        return wrong_words(MetalCommand(command.name, command.connector_id, words))

    return trouble


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
