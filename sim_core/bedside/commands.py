"""What a person beside a charger may ask of it, in the place of its CSMS: OCPP 1.6, section 5.

Metal moves, so each has a sentence that is asked before. `COMMANDS` is the one table: keys, their
questions and the refusals are made from it. How another version says the same is a table with the
same names (`spoken_commands`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MetalCommand:
    """One thing to ask, with its words filled in."""

    name: str
    """Its row in `COMMANDS`."""
    connector_id: int = 0
    words: tuple[str, ...] = ()
    """What was typed or chosen, in the order of `CommandKind.fields`."""


@dataclass(frozen=True)
class CommandKind:
    """One row."""

    name: str
    action: str
    """The request."""
    label: str
    question: str
    """What is asked before, with {connector}, {transaction} and {0}, {1} for the words."""
    payload: Callable[[int, int | str | None, tuple[str, ...]], dict[str, Any]]
    """Of connector, its transaction, and the words."""
    fields: tuple[str, ...] = ()
    """What must be said, as a person is asked for it."""
    choices: tuple[str, ...] = ()
    """What the last of them may be; empty: any text."""
    on_connector: bool = True
    needs_transaction: bool = False
    wrong: Callable[[tuple[str, ...]], str] = lambda _: ""
    """Why the words cannot be sent, as a sentence without full stop; empty where they can."""
    status: Callable[[dict[str, Any]], object] = lambda answer: answer.get("status")
    """The word of an answer that says yes or no; None where it has none."""
    value: Callable[[dict[str, Any]], str] = lambda _: ""
    """What an answer brings beside that, in a few words."""


def _wrong_tag(words: tuple[str, ...]) -> str:
    return "" if 1 <= len(words[0]) <= 20 else "an idTag has 1 to 20 characters"


def _wrong_setting(words: tuple[str, ...]) -> str:
    key, value = words
    fits = 1 <= len(key) <= 50 and len(value) <= 500
    return "" if fits else "a key has 1 to 50 characters and its value at most 500"


def _keys(answer: dict[str, Any]) -> str:
    keys = answer.get("configurationKey")
    if not isinstance(keys, list):
        return ""
    return f"{len(keys)} key{'' if len(keys) == 1 else 's'}"


TRIGGERS = (
    "BootNotification",
    "DiagnosticsStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
)
"""MessageTrigger (§7.32)."""
ALL_KEYS = ""
"""GetConfiguration without a key asks for all of them (§5.8)."""

Tx = int | str | None

COMMANDS: tuple[CommandKind, ...] = (
    CommandKind(
        "remote_start",
        "RemoteStartTransaction",
        "remote start",
        "Start charging at connector {connector} with card {0}?",
        lambda connector, _, words: {"connectorId": connector, "idTag": words[0]},
        ("card (idTag)",),
        wrong=_wrong_tag,
    ),
    CommandKind(
        "remote_stop",
        "RemoteStopTransaction",
        "remote stop",
        "Stop transaction {transaction} at connector {connector}?",
        lambda _, transaction, __: {"transactionId": transaction},
        needs_transaction=True,
    ),
    CommandKind(
        "unlock_connector",
        "UnlockConnector",
        "unlock",
        "Unlock connector {connector}? What charges there ends.",
        lambda connector, _, __: {"connectorId": connector},
    ),
    CommandKind(
        "reset",
        "Reset",
        "reset",
        "Reset the charger ({0})? What charges ends, and it is away for a while.",
        lambda _, __, words: {"type": words[0]},
        ("kind of reset",),
        ("Soft", "Hard"),
        on_connector=False,
    ),
    CommandKind(
        "trigger",
        "TriggerMessage",
        "trigger a message",
        "Ask the charger for {0} (connector {connector})?",
        lambda connector, _, words: (
            {"requestedMessage": words[0], "connectorId": connector}
            if words[0] in ("MeterValues", "StatusNotification")
            else {"requestedMessage": words[0]}
        ),
        ("message",),
        TRIGGERS,
    ),
    CommandKind(
        "get_configuration",
        "GetConfiguration",
        "get configuration",
        "Ask the charger for its configuration: {0}?",
        lambda _, __, words: {"key": words[0].replace(",", " ").split()} if words[0] else {},
        ("keys (none: all)",),
        on_connector=False,
        value=_keys,
    ),
    CommandKind(
        "change_configuration",
        "ChangeConfiguration",
        "change configuration",
        "Set {0} to {1} in the charger?",
        lambda _, __, words: {"key": words[0], "value": words[1]},
        ("key", "value"),
        on_connector=False,
        wrong=_wrong_setting,
    ),
    CommandKind(
        "availability",
        "ChangeAvailability",
        "availability",
        "Make connector {connector} {0}?",
        lambda connector, _, words: {"connectorId": connector, "type": words[0]},
        ("Operative or Inoperative",),
        ("Operative", "Inoperative"),
    ),
)

COMMAND: dict[str, CommandKind] = {kind.name: kind for kind in COMMANDS}


def question_of(kind: CommandKind, command: MetalCommand, transaction: Tx) -> str:
    """What is asked before it is done."""
    words = [word or "all keys" for word in command.words]
    return kind.question.format(*words, connector=command.connector_id, transaction=transaction)


def wrong_words(kind: CommandKind, words: tuple[str, ...]) -> str:
    """Why what was typed cannot be sent, as a sentence without full stop; empty where it can."""
    if len(words) != len(kind.fields):
        return f"{kind.label} wants {', '.join(kind.fields)}"
    for word, field in zip(words, kind.fields, strict=True):
        if word and not word.isprintable():
            return f"the {field} has characters that do not print"
    if kind.choices and words[-1] not in kind.choices:
        return f"{kind.fields[-1]}: allowed is {', '.join(kind.choices)}"
    return kind.wrong(words)
