"""What is asked before something is done: which fault, which card, which vehicle, what at all.

A question about a command knows how its answer becomes one; the app hands that in.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path, PurePath

from sim_core.commands import (
    Command,
    InjectFault,
    Plug,
    Start,
    Swipe,
    TypeCode,
    unsayable,
)
from sim_core.hardware.faults import FAULT_KINDS
from sim_core.snapshot import StationSnapshot
from tui import text
from tui.dialogs.palette import Choice, Chosen, Question
from tui.keymap import label_for
from tui.look import Look
from tui.protocols.known import wording_of
from tui.typed_commands import typed_command


@dataclass(frozen=True)
class CommandQuestion:
    """A question, and the command that an answer to it asks for."""

    question: Question
    command: Callable[[Chosen], Command]


def which_fault(station: StationSnapshot, connector_id: int) -> CommandQuestion:
    """What breaks: an error code, and behind slashes the vendor's code and an info."""

    def command(chosen: Chosen) -> InjectFault:
        parts = [part.strip() for part in chosen.typed.split("/")[1:]]
        vendor = parts[0] if parts else ""
        info = " / ".join(parts[1:])
        return InjectFault(connector_id, chosen.choice.value, vendor or None, info or None)

    question = Question(
        f"What breaks on {wording_of(station.subprotocol).place_of(connector_id)}?",
        "error code / vendor code / info (as you like)",
        [Choice(kind.error_code, kind.error_code, kind.meaning) for kind in FAULT_KINDS],
        separator="/",
        trouble=lambda chosen: unsayable(command(chosen), station.text_limits),
    )
    return CommandQuestion(question, command)


def which_card(
    kind: type[Start] | type[Swipe],
    station: StationSnapshot,
    connector_id: int,
    cards: Sequence[str],
) -> CommandQuestion:
    """Whose card it is: the default one, which is the first of `cards`, one seen here since, the
    newest last, or any that is typed."""

    def command(chosen: Chosen) -> Command:
        return kind(connector_id, chosen.choice.value)

    default, *seen = cards
    wording = wording_of(station.subprotocol)
    place = wording.place_of(connector_id)
    verb = "Start with" if kind is Start else "Swipe"
    question = Question(
        f"{place[0].upper()}{place[1:]}: {verb} which card?",
        f"an {wording.token}, up to {station.text_limits.token} characters",
        [
            Choice(default, default, "the default card"),
            *(Choice(card, card, "seen here before") for card in reversed(seen)),
        ],
        free=lambda typed: Choice(typed, typed, "this card"),
        trouble=lambda chosen: unsayable(command(chosen), station.text_limits),
    )
    return CommandQuestion(question, command)


def which_code(station: StationSnapshot, connector_id: int) -> CommandQuestion:
    """Which code is typed at the keypad."""

    def command(chosen: Chosen) -> TypeCode:
        return TypeCode(connector_id, chosen.typed.strip())

    place = wording_of(station.subprotocol).place_of(connector_id)
    question = Question(
        f"{place[0].upper()}{place[1:]}: type which code?",
        f"up to {station.text_limits.token} digits",
        [],
        free=lambda typed: Choice("code", "the code that was typed", "it counts as a card"),
        trouble=lambda chosen: unsayable(command(chosen), station.text_limits),
        secret=True,
    )
    return CommandQuestion(question, command)


def which_vehicle(station: StationSnapshot, connector_id: int) -> CommandQuestion:
    """Which vehicle of the garage arrives."""
    question = Question(
        f"Which vehicle arrives at {wording_of(station.subprotocol).place_of(connector_id)}?",
        "a vehicle of the garage, by name",
        [
            Choice("", "any vehicle", "the next one of the garage"),
            *(
                Choice(name, name, words)
                for name, words in zip_longest(
                    station.vehicles, station.vehicle_words, fillvalue="of the garage"
                )
            ),
        ],
    )
    return CommandQuestion(question, lambda chosen: Plug(connector_id, chosen.choice.value or None))


def which_recording(paths: Sequence[str]) -> Question:
    """Which recording is played: one of these files, the newest first, or any that is typed."""
    return Question(
        "Play which recording?",
        "a file of commands with their times: YAML or JSON",
        [
            Choice(path, PurePath(path).name, "the last one" if not n else "")
            for n, path in enumerate(paths)
        ],
        free=lambda typed: Choice(typed, typed, "this file"),
        empty="No recording lies in this folder: type a path.",
        free_last=True,
    )


LOG_ENDINGS = (".jsonl", ".json", ".log", ".txt", ".csv", ".har", ".pcapng", ".pcap")
MOST_LOGS = 100


def which_log(folder: Path) -> Question:
    """Which saved log is to be read: one of this folder, the newest first, or a path."""
    found: list[tuple[float, str]] = []
    with contextlib.suppress(OSError):
        found += [
            (one.stat().st_mtime, one.name)
            for one in folder.iterdir()
            if one.suffix.lower() in LOG_ENDINGS and one.is_file()
        ]
    names = [name for _, name in sorted(found, reverse=True)[:MOST_LOGS]]
    return Question(
        "Which log?",
        "a file that ChargeForge has saved, or any log of OCPP",
        [Choice(name, name, "in this folder") for name in names],
        free=lambda typed: Choice(typed, typed, "this path"),
        empty="No log lies in this folder: type a path.",
    )


TYPED = "typed"
"""The first word of an answer that is a command typed in full."""


def what_to_do(
    look: Look, station: StationSnapshot | None, selected: int, reasons: Mapping[str, str]
) -> Question:
    """The palette: every row of the key table with its reason against it, every connector to
    select, and any command that is typed in full.

    The value of an answer is a row with its argument, or `TYPED` with the command.
    """
    choices = [
        Choice(
            row.id,
            text.plain(look.ours(label_for(row, station, selected)), look.ascii),
            row.help,
            row.shown,
            reasons.get(row.id, ""),
        )
        for row in look.keys.rows
        if row.id not in ("select", "palette")
    ]
    for connector in station.connectors if station else ():
        number = connector.connector_id
        words = f"select {number}"
        choices.append(Choice(words, words, "Let the keys act on it", str(number)))

    wording = wording_of(station.subprotocol if station else "")

    def free(typed: str) -> Choice | None:
        found = typed_command(typed, wording.called)
        return Choice(f"{TYPED} {typed}", found[1], "as typed") if found else None

    where = f" ({wording.place_of(selected)})" if station else ""
    hint = "an action, or in full: start 2 MY_TAG"
    return Question(f"What to do{where}", hint, choices, free=free)
