"""What somebody does at a charge point as a list of commands with their times, as a file.

YAML for people, JSON for programs; the words are those of the table of actions, so a recording can
be written by hand and says by itself what it does. Scalars are read as the texts that they are and
turned into what the field of the command wants: a card that looks like a number stays a card.
Nothing in a file is believed: what is wrong with it is said with the number of the step.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import yaml

from sim_core.commands import (
    ACTION_BY_COMMAND,
    ACTION_BY_NAME,
    ACTIONS,
    ClosesOnItself,
    Command,
)
from sim_core.errors import UserError
from sim_core.settings.spelling import guess

LONGEST = 1024 * 1024
"""Characters of a file."""
MOST_STEPS = 10_000
LONGEST_WAIT_S = 7 * 86_400.0
SHOWN = 50
"""Characters of a word that is said again."""
AT, DO, CONNECTOR, REFUSED = "at", "do", "connector", "refused"
TRUE_AND_FALSE = {"true": True, "false": False}


class RecordingError(UserError):
    """A recording cannot be read; the text is the sentence that says why."""


@dataclass(frozen=True)
class Step:
    """One command."""

    at_s: float
    """Seconds of the charge point's time since the beginning."""
    command: Command
    refused: str = ""
    """Why it was refused; empty where it was done."""


def read_recording(path: Path) -> str:
    """The text of a file, as far as a recording may be long. Raises OSError."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return file.read(LONGEST + 1)


def checked_recording(path: Path) -> str:
    """The same where it can be played. Raises OSError, or RecordingError with a sentence."""
    text = read_recording(path)
    read(text)
    return text


# -- writing ---------------------------------------------------------------------------------------


def as_rows(steps: Iterable[Step]) -> list[dict[str, Any]]:
    """The steps as plain data: `at`, `do`, `connector`, and the fields that say something."""
    return [_row(step) for step in steps]


def _row(step: Step) -> dict[str, Any]:
    command = step.command
    row: dict[str, Any] = {AT: round(step.at_s, 1), DO: ACTION_BY_COMMAND[type(command)].name}
    for field in fields(command):
        value = getattr(command, field.name)
        if field.name == "connector_id":
            row[CONNECTOR] = value
        elif value != field.default:
            row[field.name] = value
    if step.refused:
        row[REFUSED] = step.refused
    return row


def as_yaml(rows: Sequence[Mapping[str, Any]], about: Mapping[str, str]) -> str:
    """A file for people. `about` is told at its top and read by nobody."""
    head = {"chargeforge": "recording", **about}
    told = yaml.safe_dump(head, sort_keys=False, allow_unicode=True)
    steps = yaml.safe_dump({"steps": [dict(row) for row in rows]}, sort_keys=False)
    return f"{told}{steps}"


# -- reading ---------------------------------------------------------------------------------------


class _Texts(yaml.BaseLoader):
    """Every scalar a text, and no aliases: a few bytes of them could stand for a billion."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise RecordingError("a recording has no aliases (*name): write it out")
        return super().compose_node(parent, index)


def read(text: str) -> list[Step]:
    """The steps of a file, in the order of their times.

    Raises RecordingError.
    """
    if len(text) > LONGEST:
        raise RecordingError(f"a recording has at most {LONGEST} characters")
    told = _parsed(text)
    rows = told.get("steps") if isinstance(told, dict) else told
    if not isinstance(rows, list):
        raise RecordingError("a recording is a list of steps, or has one under steps:")
    if len(rows) > MOST_STEPS:
        raise RecordingError(f"a recording has at most {MOST_STEPS} steps")
    steps = [_step(row, number) for number, row in enumerate(rows, 1)]
    return sorted(steps, key=lambda step: step.at_s)


def _parsed(text: str) -> Any:
    try:
        if text.lstrip().startswith(("{", "[")):
            with contextlib.suppress(ValueError):  # YAML may begin so as well
                return json.loads(text)
        return yaml.load(text, _Texts)
    except RecursionError:
        raise RecordingError("the recording is nested too deep to be read") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark else ""
        why = getattr(error, "problem", None) or "it cannot be read"
        raise RecordingError(f"the recording is not YAML{where}: {why}") from None
    except ValueError as error:
        raise RecordingError(f"the recording cannot be read: {error}") from None


def _step(row: object, number: int) -> Step:
    if not isinstance(row, dict):
        raise RecordingError(f"step {number} has no do: say what is done")
    said = {str(name): value for name, value in row.items()}
    said.pop(REFUSED, None)
    name = str(said.pop(DO, ""))
    action = ACTION_BY_NAME.get(name)
    if action is None or action.command in ClosesOnItself:
        known = [one.name for one in ACTIONS if one.command not in ClosesOnItself]
        raise RecordingError(f"step {number}: there is no {name[:SHOWN]!r}{guess(name, known)}")
    at_s = _number(said.pop(AT, 0), f"step {number}: {AT}")
    if not 0 <= at_s <= LONGEST_WAIT_S:
        raise RecordingError(f"step {number}: {AT} is from 0 to {LONGEST_WAIT_S:g} seconds")
    return Step(at_s, command_of(action.command, said, f"step {number} ({name})"))


def command_of(kind: type[Command], said: dict[str, Any], where: str) -> Command:
    """The command of this kind with these fields; `connector` is what a file calls `connector_id`.

    Raises RecordingError, whose sentence begins with `where`.
    """
    kinds = _kinds(kind)
    if CONNECTOR in said and "connector_id" in kinds:
        said["connector_id"] = said.pop(CONNECTOR)
    for name in said:
        if name not in kinds:
            known = [CONNECTOR if one == "connector_id" else one for one in kinds]
            raise RecordingError(f"{where}: there is no {name[:SHOWN]!r}{guess(name, known)}")
    for field in fields(kind):
        if field.default is MISSING and field.name not in said:
            name = CONNECTOR if field.name == "connector_id" else field.name
            raise RecordingError(f"{where}: {name} is missing")
    values = {name: _value(value, kinds[name], f"{where}: {name}") for name, value in said.items()}
    make: Any = kind
    command: Command = make(**values)
    return command


def _kinds(kind: type[Command]) -> dict[str, type]:
    """The type of each field; of one that may be None, its other type."""
    hints = get_type_hints(kind)
    return {
        field.name: next(
            (one for one in get_args(hints[field.name]) if one is not type(None)),
            hints[field.name],
        )
        for field in fields(kind)
    }


def _value(value: object, kind: type, where: str) -> object:
    if kind is str:
        return value if isinstance(value, str) else json.dumps(value)
    if kind is bool:
        word = str(value).lower()
        if word not in TRUE_AND_FALSE:
            raise RecordingError(f"{where} is true or false")
        return TRUE_AND_FALSE[word]
    number = _number(value, where)
    if kind is float:
        return number
    if number != int(number):
        raise RecordingError(f"{where} is a whole number")
    return int(number)


def _number(value: object, where: str) -> float:
    plain = isinstance(value, (int, float, str)) and not isinstance(value, bool)
    try:
        number = float(value) if plain else float("nan")  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        number = float("nan")
    if number != number or abs(number) > 1e12:
        raise RecordingError(f"{where} is a number")
    return number
