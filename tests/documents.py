"""The parts of README, docs and `.env.example` that are made from the code.

A table of keys, options or paths that a person wrote by hand is wrong after the next change; these
are written by `python -m tests.pictures` between two markers, wherever the markers stand in a
document, and a test compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path

from sim_core.bedside.options import BedsideSettings
from sim_core.commands import ACTIONS
from sim_core.fleet.options import FleetSettings
from sim_core.ocpp16.text_limits import TEXT_LIMITS
from sim_core.replay.options import ReplaySettings
from sim_core.settings.options import Option, Settings, option_names, options_of
from sim_core.sidecar.command_routes import Query, queries
from sim_core.sidecar.destination_route import DESTINATION
from sim_core.sidecar.read_routes import READ_ROUTES
from sim_core.testbench.drive.requests import OPS
from sim_core.testbench.invariants.table import INVARIANTS
from sim_core.testbench.schema import schema
from sim_core.testbench.shipped_set import scenarios
from sim_core.wire_faults import KINDS, PARAMETERS
from tui.__main__ import VERBS
from tui.bedside.keys import METAL_ROWS
from tui.glossary import TERMS
from tui.keymap import ROWS, Row
from tui.replay.keys import REPLAY_ROWS

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
SCENARIO_SCHEMA = DOCS / "scenario.schema.json"
ENV_EXAMPLE = ROOT / ".env.example"
FILE = re.compile(
    r"<!-- file: (?P<name>\S+) -->\n```\w+\n(?P<text>.*?)^```\n", re.DOTALL | re.MULTILINE
)
TABLE = re.compile(r"<!-- table: (?P<name>[\w-]+) -->\n.*?<!-- end -->", re.DOTALL)


def command(name: str) -> str:
    """The command line that the README prints under the marker `command: NAME`."""
    found = re.search(
        rf"<!-- command: {name} -->\n```sh\n(?P<line>[^\n]+)\n```\n", README.read_text("utf-8")
    )
    assert found, f"README.md has no command line under the marker 'command: {name}'"
    return found["line"]


def printed_in(page: str) -> dict[str, str]:
    """The files that a page of `docs` prints, by the names that it gives them."""
    return {
        found["name"]: found["text"] for found in FILE.finditer((DOCS / page).read_text("utf-8"))
    }


def documents() -> list[Path]:
    """Every document of Markdown that is for people to read: that of the folder, then `docs`."""
    return sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md")])


def with_tables(text: str) -> str:
    """`text` with each part between the markers `table: NAME` and `end` made anew."""

    def made(found: re.Match[str]) -> str:
        assert found["name"] in TABLES, f"there is no table {found['name']!r}"
        table = "\n".join(TABLES[found["name"]]())
        return f"<!-- table: {found['name']} -->\n{table}\n<!-- end -->"

    return TABLE.sub(made, text)


def tables_in(text: str) -> list[str]:
    """The names of the tables that have their markers in `text`."""
    return [found["name"] for found in TABLE.finditer(text)]


def env_example() -> str:
    """Every option with its default, as comments to uncomment."""
    lines = [
        "# Copy this file to .env and take the # away from what you want to change.",
        "# Flags and the environment win over it.",
    ]
    for name, option in options_of(Settings).items():
        variable, _ = option_names(name)
        lines += ["", f"# {option.meaning}", f"# ({option.allowed})", f"#{variable}={_raw(option)}"]
    return "\n".join(lines) + "\n"


def scenario_schema() -> str:
    """What an editor checks a scenario with."""
    return json.dumps(schema(), indent=1) + "\n"


def _commands() -> Iterable[str]:
    yield from head("Command", "What it does")
    for verb in VERBS:
        yield row(f"`chargeforge {verb.name}`", verb.help)


def _keys() -> Iterable[str]:
    yield from head("Key", "Action", "What it does")
    for one in ROWS:
        key = f"`{one.shown}`" if one.shown else f"(palette) {one.label}"
        yield row(key, f"`{one.id}`", one.help)


def _keys_of(rows: Iterable[Row]) -> Iterable[str]:
    """Keys that are there besides, or act otherwise, where no charge point is simulated."""
    yield from head("Key", "Action", "What it does")
    for one in rows:
        yield row(f"`{one.shown}`", f"`{one.id}`", one.help)


def _options() -> Iterable[str]:
    yield from _options_of(options_of(Settings))


def _fleet_options() -> Iterable[str]:
    common = options_of(Settings)
    yield from _options_of(
        {name: one for name, one in options_of(FleetSettings).items() if name not in common}
    )


def _bedside_options() -> Iterable[str]:
    yield from _own_options(BedsideSettings, "csms_url", "keep_running")


def _replay_options() -> Iterable[str]:
    yield from _own_options(ReplaySettings, "csms_url", "cpid")


def _own_options(kind: type[Settings], *changed: str) -> Iterable[str]:
    """What a command has beside the options of all, and what means something else there."""
    common = {name for name in options_of(Settings) if name not in changed}
    yield from _options_of({n: one for n, one in options_of(kind).items() if n not in common})


def _options_of(options: Mapping[str, Option]) -> Iterable[str]:
    yield from head("Variable", "Flag", "Default", "Meaning", "Allowed")
    for name, option in options.items():
        variable, flag = option_names(name)
        if option.short_flag:
            flag = f"--{option.short_flag}"
        default = _raw(option)
        yield row(
            f"`{variable}`",
            f"`{flag}`",
            f"`{default}`" if default else "",
            option.meaning,
            option.allowed,
        )


def _scenarios() -> Iterable[str]:
    yield from head("Scenario", "OCPP", "What it proves", "A CSMS must not", "It rests on")
    for one in scenarios([]):
        yield row(f"`{one.name}`", one.ocpp, one.proves, one.must_not, one.clause)


def _invariants() -> Iterable[str]:
    yield from head("Invariant", "What holds", "It rests on", "Seen")
    for one in INVARIANTS:
        seen = "with `--csms-sessions`" if one.needs_sessions else "on the wire"
        yield row(f"`{one.name}`", one.sentence, one.clause, seen)


def _paths() -> Iterable[str]:
    yield from head("Request", "Query", "What it does")
    for look in READ_ROUTES:
        yield row(f"`GET {look.path}`", _query(look.queries), look.help)
    for action in ACTIONS:
        yield row(
            f"`{action.method} {action.path}`", _query(queries(action, TEXT_LIMITS)), action.help
        )
    request = f"`{DESTINATION.method} {DESTINATION.path}`"
    yield row(request, _query(DESTINATION.queries), DESTINATION.help)


def _drive() -> Iterable[str]:
    yield from head("`op`", "Beside it", "What it does")
    for name, op in OPS.items():
        own = [one.name for one in fields(op.request) if one.name not in ("id", "op", "beside")]
        does = " ".join((op.request.__doc__ or "").split())
        yield row(f"`{name}`", " ".join(f"`{one}`" for one in own), does)


def _words() -> Iterable[str]:
    yield from head("Word", "What it means", "Also")
    for term in sorted(TERMS, key=lambda term: term.name.casefold()):
        yield row(term.name, term.meaning, ", ".join(term.also))


def _wire_faults() -> Iterable[str]:
    yield from head("Fault", "What becomes of a frame", "It goes by", "Of")
    for kind in KINDS:
        names = " ".join(f"`{name}`" for name in kind.parameters)
        yield row(f"`{kind.name}`", kind.does, names, ", ".join(kind.sorts))


def _wire_fault_fields() -> Iterable[str]:
    yield from head("Field", "What it says")
    for name, parameter in PARAMETERS.items():
        listed = "" if name == "fault" else ", ".join(parameter.schema.get("enum", ()))
        yield row(f"`{name}`", f"{parameter.text} ({listed})" if listed else parameter.text)


TABLES = {
    "commands": _commands,
    "keys": _keys,
    "options": _options,
    "fleet": _fleet_options,
    "bedside": _bedside_options,
    "bedside-keys": lambda: _keys_of(METAL_ROWS),
    "replay": _replay_options,
    "replay-keys": lambda: _keys_of(REPLAY_ROWS),
    "paths": _paths,
    "scenarios": _scenarios,
    "invariants": _invariants,
    "drive": _drive,
    "wire-faults": _wire_faults,
    "wire-fault-fields": _wire_fault_fields,
    "words": _words,
}


def _query(known: Iterable[Query]) -> str:
    return " ".join(f"`{one.name}`" for one in known)


def _raw(option: Option) -> str:
    default = option.default
    if default is None or default == {}:
        return ""
    return str(default).lower() if isinstance(default, bool) else f"{default}"


def head(*words: str) -> Iterable[str]:
    """The first two lines of a table of Markdown."""
    yield row(*words)
    yield row(*("---" for _ in words))


def row(*cells: str) -> str:
    """A line of a table of Markdown."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
