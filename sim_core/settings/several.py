"""Several charge points of one program: by their ids, or by a file with a table for each.

What is said for all of them (flags, environment, files) holds for each; a table says what is
otherwise. Each has its own HTTP port: the one that is set, and those that follow it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from sim_core.errors import UserError
from sim_core.settings.loading import load
from sim_core.settings.options import (
    ConfigError,
    Settings,
    flags_of,
    option_names,
    options_of,
)
from sim_core.settings.spelling import in_one_piece, with_switches_on

MOST = 64
"""Each is a thread and a screenful: who wants more runs a fleet."""
TABLE = "charge_point"
NOT_IN_A_TABLE = frozenset(
    {"charge_points", "theme", "ascii", "keys", "fps", "log_file", "log_format", "keep_running"}
)
"""Options of the screen and of the program: they are said once."""


def ids_in(cpid: str) -> list[str]:
    """The ids that the option names."""
    return [part.strip() for part in cpid.split(",")]


def several(settings: Settings, argv: list[str], prog: str) -> list[Settings]:
    """The settings of each charge point. Raises ConfigError with a sentence."""
    if settings.charge_points is not None:
        chosen = _from_file(settings.charge_points, argv, prog)
    else:
        chosen = [replace(settings, cpid=one) for one in ids_in(settings.cpid)]
    _check([one.cpid for one in chosen])
    taken: set[int] = set()
    found: list[Settings] = []
    for place, one in enumerate(chosen):
        port = one.http_port
        while port and port in taken:
            port += 1
        if port > 65_535:
            raise ConfigError(
                f"HTTP_PORT (--http-port) is {settings.http_port}: there is no port for each of "
                f"{len(chosen)} charge points; choose a lower one."
            )
        taken.add(port)
        seed = None if one.seed is None else one.seed + place
        found.append(replace(one, http_port=port, seed=seed))
    return found


def _check(ids: list[str]) -> None:
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice is not None:
        raise ConfigError(f"CPID (--cpid): {twice!r} is named twice: each has an id of its own.")
    if len(ids) > MOST:
        raise ConfigError(
            f"CPID (--cpid) names {len(ids)} charge points, and {MOST} is the most for one screen: "
            "chargeforge fleet runs more."
        )


def _from_file(path: Path, argv: list[str], prog: str) -> list[Settings]:
    found = []
    for number, table in enumerate(_tables(path), 1):
        own = dict(_flag(path, number, name, value) for name, value in table.items())
        words = [*_without(argv, own, prog), *own.values()]
        try:
            found.append(load(words, prog))
        except UserError as error:
            raise ConfigError(f"{path}, charge point {number}: {error}") from None
        if "," in found[-1].cpid:
            raise ConfigError(f"{path}, charge point {number}: say its own cpid, without commas.")
    return found


def _tables(path: Path) -> list[dict[str, Any]]:
    from sim_core.settings.option_files import parsed, text_of

    top = parsed(path, text_of(path))
    tables = top.pop(TABLE, None)
    if top or not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        raise ConfigError(
            f"{path} has a table [[{TABLE}]] for each charge point and nothing else; options for "
            "all of them are said as ever."
        )
    if not tables:
        raise ConfigError(f"{path} names no charge point: begin with [[{TABLE}]].")
    return tables


def _without(argv: list[str], own: Collection[str], prog: str) -> list[str]:
    """The words of the command line but for what a table says otherwise."""
    options, flags = options_of(Settings), flags_of(Settings)
    switches = {flag for flag, name in flags.items() if options[name].kind == "bool"}
    allowed = {flag: options[name].allowed for flag, name in flags.items()}
    pieces = in_one_piece(with_switches_on(argv, switches), allowed, prog)
    return [piece for piece in pieces if flags.get(piece.partition("=")[0]) not in own]


def _flag(path: Path, number: int, name: str, value: object) -> tuple[str, str]:
    """An option of a table with the word of a command line that says the same."""
    option = name.lower().replace("-", "_")
    if option not in options_of(Settings) or option in NOT_IN_A_TABLE:
        raise ConfigError(
            f"{path}, charge point {number}: {name!r} is no option of a single charge point."
        )
    if isinstance(value, dict):
        import json

        value = json.dumps(value)
    elif isinstance(value, bool):
        value = str(value).lower()
    return option, f"{option_names(option)[1]}={value}"
