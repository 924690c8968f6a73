"""The parts of the README and of `.env.example` that are made from the code.

A table of keys, options or paths that a person wrote by hand is wrong after the next change; these
are written by `python -m tests.pictures` between two markers, and a test compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from pydantic.fields import FieldInfo

from sim_core.commands import ACTIONS
from sim_core.fleet.options import FleetSettings
from sim_core.ocpp16.text_limits import TEXT_LIMITS
from sim_core.settings.options import Settings, option_names
from sim_core.sidecar.command_routes import Query, queries
from sim_core.sidecar.read_routes import READ_ROUTES
from tui.__main__ import VERBS
from tui.keymap import ROWS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
ENV_EXAMPLE = ROOT / ".env.example"


def command(name: str) -> str:
    """The command line that the README prints under the marker `command: NAME`."""
    found = re.search(
        rf"<!-- command: {name} -->\n```sh\n(?P<line>[^\n]+)\n```\n", README.read_text("utf-8")
    )
    assert found, f"README.md has no command line under the marker 'command: {name}'"
    return found["line"]


def with_tables(text: str) -> str:
    """`text` with each part between the markers `table: NAME` and `end` made anew."""
    for name, lines in TABLES.items():
        table = "\n".join(lines())
        text, count = re.subn(
            rf"(<!-- table: {name} -->\n).*?(<!-- end -->)",
            lambda found, table=table: f"{found[1]}{table}\n{found[2]}",  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
        assert count == 1, f"README.md must have the marker 'table: {name}' once"
    return text


def env_example() -> str:
    """Every option with its default, as comments to uncomment."""
    lines = [
        "# Copy this file to .env and take the # away from what you want to change.",
        "# Flags and the environment win over it.",
    ]
    for name, info in Settings.model_fields.items():
        variable, _ = option_names(name)
        lines += ["", f"# {info.description}", f"# ({_allowed(info)})", f"#{variable}={_raw(info)}"]
    return "\n".join(lines) + "\n"


def _commands() -> Iterable[str]:
    yield from _head("Command", "What it does")
    for verb in VERBS:
        yield _row(f"`chargeforge {verb.name}`", verb.help)


def _keys() -> Iterable[str]:
    yield from _head("Key", "Action", "What it does")
    for row in ROWS:
        key = f"`{row.shown}`" if row.shown else f"(palette) {row.label}"
        yield _row(key, f"`{row.id}`", row.help)


def _options() -> Iterable[str]:
    yield from _options_of(Settings.model_fields)


def _fleet_options() -> Iterable[str]:
    fields = FleetSettings.model_fields.items()
    yield from _options_of(
        {name: info for name, info in fields if name not in Settings.model_fields},
        FleetSettings.model_config["cli_shortcuts"] or {},
    )


def _options_of(
    fields: Mapping[str, FieldInfo], shorter: Mapping[str, str | list[str]] = MappingProxyType({})
) -> Iterable[str]:
    yield from _head("Variable", "Flag", "Default", "Meaning", "Allowed")
    for name, info in fields.items():
        variable, flag = option_names(name)
        if flag[2:] in shorter:
            flag = f"--{shorter[flag[2:]]}"
        default = _raw(info)
        yield _row(
            f"`{variable}`",
            f"`{flag}`",
            f"`{default}`" if default else "",
            str(info.description),
            _allowed(info),
        )


def _paths() -> Iterable[str]:
    yield from _head("Request", "Query", "What it does")
    for look in READ_ROUTES:
        yield _row(f"`GET {look.path}`", _query(look.queries), look.help)
    for action in ACTIONS:
        yield _row(f"`POST {action.path}`", _query(queries(action, TEXT_LIMITS)), action.help)


TABLES = {
    "commands": _commands,
    "keys": _keys,
    "options": _options,
    "fleet": _fleet_options,
    "paths": _paths,
}


def _query(known: Iterable[Query]) -> str:
    return " ".join(f"`{one.name}`" for one in known)


def _allowed(info: FieldInfo) -> str:
    return str(cast("dict[str, Any]", info.json_schema_extra)["allowed"])


def _raw(info: FieldInfo) -> str:
    default = info.get_default(call_default_factory=True)
    if default is None or default == {}:
        return ""
    return str(default).lower() if isinstance(default, bool) else f"{default}"


def _head(*words: str) -> Iterable[str]:
    yield _row(*words)
    yield _row(*("---" for _ in words))


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
