"""`.env` and the TOML file: read with their encodings and their mistakes, and with line numbers.

A file that cannot be read is an error that names it, never a default that nobody asked for. A key
of the TOML file that is no option is an error too, for that file is ours alone. `.env` often
belongs to others as well: there only a name that is nearly one of ours is worth a remark.
"""

from __future__ import annotations

import codecs
import re
import sys
from collections.abc import Collection, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from sim_core.errors import UserError
from sim_core.settings.sources import CONFIG_VARIABLE, ENV_FILE, OptionFile
from sim_core.settings.spelling import VERY_ALIKE, did_you_mean, guess

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

TABLE = "chargeforge"
"""The options may stand in a table of this name, as they would in a file of several tools."""
OF_A_FLEET = "fleet_"
"""Options of another command: one file may serve both."""
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
ENV_LINE = re.compile(r"\s*(?:export\s+)?[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?\s*=")
TOML_LINE = re.compile(r"\s*[\"']?([A-Za-z_][A-Za-z0-9_-]*)[\"']?\s*=")
TOML_TABLE = re.compile(r"\s*\[\s*[\"']?([A-Za-z0-9_-]+)(?:\.([A-Za-z0-9_-]+))?[\"']?\s*\]")
NOT_IN_FILES = CONFIG_VARIABLE.lower()
"""It counts in the environment only."""


class FileError(UserError):
    """A file with options cannot be used."""


def text_of(path: Path) -> str:
    """The text of a file. Raises FileError with a sentence."""
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        raise FileError(f"{path} is a folder, not a file with options.") from None
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror or error}.") from None
    if data.startswith(UTF_16) or b"\0" in data[:200]:
        raise FileError(f"{path} is UTF-16, not UTF-8: save it again as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FileError(
            f"{path}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8 "
            "(latin-1, perhaps): save the file again as UTF-8."
        ) from None


def env_file(known: Collection[str], path: Path = Path(ENV_FILE)) -> OptionFile:
    """The names in `.env`; pydantic reads the values. Raises FileError."""
    if not path.is_file():
        return OptionFile(str(path))
    lines: dict[str, int] = {}
    remarks: list[str] = []
    text = text_of(path)
    for number, said in _unreadable(text):
        found = ENV_LINE.match(said)
        where = f"{path}, line {number}"
        if found is not None and found[1].lower() in known:
            raise FileError(f"{where}: what {found[1]} is has no end: is a quote missing?")
        remarks.append(f"{where} is left out: it is not NAME=value")
    for number, line in enumerate(text.splitlines(), 1):
        found = ENV_LINE.match(line)
        if found is None:
            continue
        name = found[1].lower()
        lines[name] = number
        where = f"{path}, line {number}: {found[1]}"
        if name == NOT_IN_FILES:
            remarks.append(f"{where} has no effect there: set it in the environment")
        elif name not in known and (near := did_you_mean(name, known, VERY_ALIKE)):
            remarks.append(f"{where} is no option: did you mean {near.upper()}?")
    return OptionFile(str(path), lines=lines, remarks=tuple(remarks))


def _unreadable(text: str) -> Iterator[tuple[int, str]]:
    """The statements of a `.env` that the library leaves out, which it tells without saying in
    which file."""
    from dotenv.parser import parse_stream

    for binding in parse_stream(StringIO(text)):
        if binding.error:
            # Blank lines before a statement count as part of it.
            blank = len(binding.original.string) - len(binding.original.string.lstrip())
            before = binding.original.string[:blank].count("\n")
            yield binding.original.line + before, binding.original.string.lstrip()


def toml_file(path: Path, known: Collection[str]) -> OptionFile:
    """The options of a TOML file, by their names as fields. Raises FileError."""
    text = text_of(path)
    top = parsed(path, text)
    lines = _toml_lines(text)
    table = top.pop(TABLE, {})
    if not isinstance(table, dict):
        raise FileError(f"{path}: {TABLE} is a table of options, [{TABLE}].")
    options: dict[str, Any] = {}
    for name, value in (*top.items(), *table.items()):
        option = name.lower().replace("-", "_")
        where = f"{path}, line {lines[option]}" if option in lines else str(path)
        if option not in known and not option.startswith(OF_A_FLEET):
            raise FileError(f"{where}: there is no option {name!r}{guess(option, known)}")
        if option in options:
            raise FileError(f"{where}: {name!r} is given twice.")
        options[option] = value
    return OptionFile(str(path), options, lines)


def parsed(path: Path, text: str) -> dict[str, Any]:
    """A TOML file as tables. Raises FileError."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileError(f"{path}: {error}") from None
    except RecursionError:
        raise FileError(f"{path}: nested too deep") from None


def _toml_lines(text: str) -> dict[str, int]:
    """The line of each option, as far as a look at the beginning of the lines tells."""
    lines: dict[str, int] = {}
    inside = ""
    for number, line in enumerate(text.splitlines(), 1):
        if table := TOML_TABLE.match(line):
            first, second = table[1].lower().replace("-", "_"), table[2] or ""
            inside = second.lower().replace("-", "_") if first == TABLE else first
            if inside:
                lines.setdefault(inside, number)
        elif (found := TOML_LINE.match(line)) and not inside:
            lines.setdefault(found[1].lower().replace("-", "_"), number)
    return lines
