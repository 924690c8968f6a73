"""Whether a payload is as a scenario says.

What is written in YAML is text, so a word and the value that JSON has for it are the same: 1 and
"1", true and "true". A mapping wants its fields, and no more than those; a list wants each of its
elements somewhere in the other list. A mapping with words of the table below is a condition. What
does not fit is told with its path.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sim_core.redaction import one_line

ANYTHING = "*"
SHOWN = 80


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _compared(holds: Callable[[float, float], bool]) -> Callable[[Any, Any], bool]:
    def fits(value: Any, bound: Any) -> bool:
        known, wanted = _number(value), _number(bound)
        return known is not None and wanted is not None and holds(known, wanted)

    return fits


CONDITIONS: dict[str, Callable[[Any, Any], bool]] = {
    "at least": _compared(lambda value, bound: value >= bound),
    "at most": _compared(lambda value, bound: value <= bound),
    "one of": lambda value, words: any(same(value, word) for word in _listed(words)),
    "not": lambda value, word: not same(value, word),
    "matches": lambda value, regex: re.search(str(regex), text(value)) is not None,
}
"""What may be said of a value in place of the value itself."""
PRESENT = "present"
"""`present: false`: the field is not there."""


@dataclass(frozen=True)
class Pattern:
    """What a payload is to be like, as it was written."""

    words: Any

    def misfit(self, value: object) -> str:
        """Why the value is not like that, with the path; empty where it is."""
        return _misfit(self.words, value, "")


def flaw_in(words: object) -> str:
    """What no pattern can be like, in words that somebody has written; empty where all is well."""
    if isinstance(words, (list, tuple)):
        return next((why for one in words if (why := flaw_in(one))), "")
    if not isinstance(words, Mapping):
        return ""
    conditions = sorted(words.keys() & (CONDITIONS.keys() | {PRESENT}))
    if conditions and len(conditions) != len(words):
        return f"conditions ({', '.join(conditions)}) stand alone, without fields beside them"
    if "matches" in words:
        try:
            re.compile(str(words["matches"]))
        except re.error as error:
            return f"matches: {told(words['matches'])} is no regular expression: {error}"
    return next((why for one in words.values() if (why := flaw_in(one))), "")


def same(value: object, word: object) -> bool:
    """Whether a JSON value and a word of a scenario say the same."""
    if isinstance(word, (dict, list)):
        return not _misfit(word, value, "")
    if isinstance(value, float) or isinstance(word, float):
        known, wanted = _number(value), _number(word)
        return known is not None and known == wanted
    return word == ANYTHING or text(value) == text(word)


def text(value: object) -> str:
    """A JSON value as it is written, a text without its quotes."""
    return value if isinstance(value, str) else json.dumps(value)


def told(words: object) -> str:
    """Words of a scenario on one line, for people."""
    if isinstance(words, Mapping):
        inside = ", ".join(f"{name} {told(value)}" for name, value in words.items())
        return f"({inside})" if inside else ""
    if isinstance(words, (list, tuple)):
        return " and ".join(told(one) for one in words)
    return one_line(text(words))[:SHOWN]


def _listed(words: object) -> list[Any]:
    return words if isinstance(words, list) else [words]


def _misfit(words: object, value: object, path: str) -> str:
    if isinstance(words, Mapping):
        if words and words.keys() <= CONDITIONS.keys():
            return _condition(words, value, path)
        return _fields(words, value, path)
    if isinstance(words, list):
        return _elements(words, value, path)
    if same(value, words):
        return ""
    return f"{path or 'it'} is {told(value)}, not {told(words)}"


def _condition(words: Mapping[str, Any], value: object, path: str) -> str:
    for name, bound in words.items():
        if not CONDITIONS[name](value, bound):
            return f"{path or 'it'} is {told(value)}, not {name} {told(bound)}"
    return ""


def _fields(words: Mapping[str, Any], value: object, path: str) -> str:
    if not isinstance(value, dict):
        return f"{path or 'it'} is {told(value)}, and no object"
    for name, wanted in words.items():
        inside = f"{path}.{name}" if path else name
        if isinstance(wanted, Mapping) and wanted.keys() == {PRESENT}:
            if (name in value) != (text(wanted[PRESENT]) == "true"):
                return f"{inside} is {'there' if name in value else 'not there'}"
        elif name not in value:
            return f"{inside} is not there"
        elif why := _misfit(wanted, value[name], inside):
            return why
    return ""


def _elements(words: list[Any], value: object, path: str) -> str:
    if not isinstance(value, list):
        return f"{path or 'it'} is {told(value)}, and no list"
    for wanted in words:
        if not any(same(one, wanted) for one in value):
            return f"{path or 'it'} has no {told(wanted)}"
    return ""
