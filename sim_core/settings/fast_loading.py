"""Options so plain that a look at their text is enough: a dashboard is to be there at once.

To import pydantic and read with it takes more than a third of the time of all else up to the first
frame. So what is given is read here where that is beyond doubt: every text is of the plainest form
that its type has, and no file has a say. All else, and everything wrong, is left to `full_loading`,
which would have read these the same: a test holds them against each other.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar

from sim_core.settings.options import Option, Settings, flags_of, options_of
from sim_core.settings.sources import (
    CONFIG_FILE,
    CONFIG_VARIABLE,
    ENV_FILE,
    OLDER_NAMES,
    Sources,
)
from sim_core.settings.spelling import with_switches_on

S = TypeVar("S", bound=Settings)

WHOLE = re.compile("0|[1-9][0-9]{0,6}")
NUMBER = re.compile(r"(0|[1-9][0-9]{0,6})(\.[0-9]{1,6})?")
WORD = re.compile(r"[A-Za-z0-9/:][A-Za-z0-9_./:-]{0,199}")
NOT_WORDS = ("null", "none")
"""Words that mean nothing at all on a command line."""
YES_NO = {"true": True, "false": False}
HAVE_A_SAY = frozenset({CONFIG_VARIABLE.lower(), *(name.lower() for name in OLDER_NAMES)})
"""Variables that are no options and change some, in lower case."""


def load_fast(kind: type[S], argv: list[str]) -> S | None:
    """The settings, where all that is given is plain and right; else None."""
    options = options_of(kind)
    from_flags = _flags(argv, flags_of(kind), options)
    from_environment = _environment(options)
    if from_flags is None or from_environment is None:
        return None
    if any(Path(name).exists() for name in (ENV_FILE, CONFIG_FILE)):
        return None
    known: dict[str, Any] = {}
    for name, text in (from_environment | from_flags).items():
        value = _value(text, options[name])
        if value is None or options[name].wrong(value) is not None:
            return None
        known[name] = value
    return kind(**known, sources=Sources(frozenset(from_flags)))


def _environment(options: Collection[str]) -> dict[str, str] | None:
    """The text of each option there; None where something else has a say."""
    texts: dict[str, str] = {}
    for variable, text in os.environ.items():
        name = variable.lower()
        if text and name in options and variable == name.upper():
            texts[name] = text
        elif text and (name in options or name in HAVE_A_SAY):
            return None
    return texts


def _flags(
    argv: list[str], flags: Mapping[str, str], options: Mapping[str, Option]
) -> dict[str, str] | None:
    """The text of each option there; None for words that are not one flag each and its value."""
    texts: dict[str, str] = {}
    switches = {flag for flag, name in flags.items() if options[name].kind == "bool"}
    words = iter(with_switches_on(argv, switches))
    for word in words:
        flag, is_one, text = word.partition("=")
        if flag not in flags or flags[flag] in texts:
            return None
        texts[flags[flag]] = text if is_one else next(words, "")
    return texts


# -- what a plain text of each type is -------------------------------------------------------------


def _value(text: str, option: Option) -> Any:
    """The value of a text; None for a text that is not plain."""
    read = READ.get(option.kind)
    return read(text) if read else None


def _whole(text: str) -> int | None:
    return int(text) if WHOLE.fullmatch(text) else None


def _number(text: str) -> float | None:
    return float(text) if NUMBER.fullmatch(text) else None


def _word(text: str) -> str | None:
    return text if WORD.fullmatch(text) and text.lower() not in NOT_WORDS else None


def _path(text: str) -> Path | None:
    return Path(text) if _word(text) else None


READ: dict[str, Callable[[str], Any]] = {
    "int": _whole,
    "float": _number,
    "str": _word,
    "bool": YES_NO.get,
    "Path": _path,
}
"""By the type of an option; secrets and JSON have no plain form."""
