"""Tables that must have the same rows, and cannot be one table: each room knows its own words.

What is missing is named with its place. Each check is shown a made-up row as well, so that it is
known to find one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from types import ModuleType
from typing import Any, get_args

import sim_core.charging.acts
import sim_core.charging.facts
import sim_core.commands
import sim_core.output_formats
import sim_core.sidecar.command_routes
import tui.keymap
import tui.typed_commands
from sim_core.commands import ACTIONS, Action
from sim_core.settings.options import Settings, options_of


@dataclass(frozen=True)
class Table:
    """A table that has a row for each of something, and where it is."""

    module: ModuleType
    name: str
    rows: Callable[[Any], Iterable[object]] = iter
    """What the rows of it are about."""

    def __str__(self) -> str:
        return f"{self.module.__name__}.{self.name}"

    def about(self) -> set[object]:
        return set(self.rows(getattr(self.module, self.name)))


RULES = Table(sim_core.charging.facts, "RULES")
ACTS = Table(sim_core.charging.acts, "ACTS")
UNION = Table(sim_core.commands, "Command", get_args)
ROWS = Table(tui.keymap, "ROWS", lambda rows: [kind for row in rows for kind in row.commands])
QUERIES = Table(sim_core.sidecar.command_routes, "QUERIES")
TYPED = Table(tui.typed_commands, "FIELDS")
FORMATS = Table(sim_core.output_formats, "OUTPUT_FORMATS")

ASKED_BY_NOBODY_HERE = {"remote_start"}
"""Rules for what only a CSMS asks."""


def fields_of(action: Action) -> list[str]:
    """What people say with a command, beside the connector."""
    return [one.name for one in fields(action.command) if one.name != "connector_id"]


def gaps_of_commands(actions: Sequence[Action]) -> list[str]:
    """Where a command is not known that `actions` have."""
    found = []
    for action in actions:
        kind = action.command
        wanted: list[tuple[Table, object]] = [(UNION, kind), (ROWS, kind)]
        if action.on_connector:
            wanted += [(RULES, action.name), (ACTS, kind)]
        found += [
            f"command {kind.__name__}: no row in {table}"
            for table, about in wanted
            if about not in table.about()
        ]
        found += [
            f"command {kind.__name__}: its field {name} has no row in {table}"
            for name in fields_of(action)
            for table in (QUERIES, TYPED)
            if name not in table.about()
        ]
    return found


def rows_of_nothing(actions: Sequence[Action]) -> list[str]:
    """Rows about commands that `actions` do not have."""
    kinds: set[object] = {action.command for action in actions}
    names: set[object] = {action.name for action in actions} | ASKED_BY_NOBODY_HERE
    said: set[object] = {name for action in actions for name in fields_of(action)}
    return sorted(
        f"{table}: {about} belongs to no action of sim_core.commands.ACTIONS"
        for tables, known in (((UNION, ACTS, ROWS), kinds), ((RULES,), names), ((TYPED,), said))
        for table in tables
        for about in table.about() - known
    )


@dataclass(frozen=True)
class Wave:
    """Made up: known nowhere."""

    connector_id: int
    with_hand: str | None = None


WAVE = Action("wave", "Wave", "Somebody waves", Wave)  # type: ignore[arg-type]


def test_every_command_is_known_wherever_commands_are() -> None:
    gaps = [*gaps_of_commands(ACTIONS), *rows_of_nothing(ACTIONS)]
    assert not gaps, "\n".join(gaps)


def test_a_command_that_is_known_nowhere_is_named_with_each_place() -> None:
    assert gaps_of_commands([WAVE]) == [
        *(f"command Wave: no row in {table}" for table in (UNION, ROWS, RULES, ACTS)),
        *(f"command Wave: its field with_hand has no row in {table}" for table in (QUERIES, TYPED)),
    ]
    assert str(ROWS) == "tui.keymap.ROWS"


def test_a_row_that_is_left_over_is_named_with_its_place() -> None:
    without = [action for action in ACTIONS if action.name != "swipe"]
    swipe = sim_core.commands.Swipe
    assert rows_of_nothing(without) == sorted(
        f"{table}: {about} belongs to no action of sim_core.commands.ACTIONS"
        for table, about in ((UNION, swipe), (RULES, "swipe"), (ACTS, swipe), (ROWS, swipe))
    )


def test_no_two_actions_share_a_name_a_command_or_a_path() -> None:
    for about in (
        [action.name for action in ACTIONS],
        [action.command for action in ACTIONS],
        [(action.method, action.path) for action in ACTIONS],
    ):
        assert len(about) == len(set(about))


def test_the_connector_is_the_first_field_of_a_command() -> None:
    """Palette and keys say it first."""
    for action in ACTIONS:
        names = [one.name for one in fields(action.command)]
        assert "connector_id" not in names[1:], action.name


# -- output formats --------------------------------------------------------------------------------


def gaps_of_formats(allowed: Iterable[object], written: set[object]) -> list[str]:
    """Formats that the option allows and nobody writes, and the other way round."""
    return [
        *(f"output format {name}: no row in {FORMATS}" for name in allowed if name not in written),
        *(
            f"output format {name}: LOG_FORMAT in sim_core.settings.options does not allow it"
            for name in sorted(written - set(allowed), key=str)
        ),
    ]


def test_every_output_format_can_be_asked_for_and_is_written() -> None:
    allowed = options_of(Settings)["log_format"].words
    gaps = gaps_of_formats(allowed, FORMATS.about())
    assert not gaps, "\n".join(gaps)


def test_an_output_format_that_only_one_place_knows_is_named() -> None:
    assert gaps_of_formats(["plain", "runes"], {"plain", "json"}) == [
        "output format runes: no row in sim_core.output_formats.OUTPUT_FORMATS",
        "output format json: LOG_FORMAT in sim_core.settings.options does not allow it",
    ]
