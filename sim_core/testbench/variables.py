"""Names that stand for what is known only later: `$card`, `${start.answer.transactionId}`.

A text that is nothing but one of them becomes the value, with its type; in a longer text it becomes
words. `$$` is a dollar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sim_core.errors import UserError
from sim_core.testbench.patterns import Pattern, text

NAME = re.compile(r"\$(?:\$|\{([\w.-]+)\}|([A-Za-z_]\w*))")


class UnknownError(UserError):
    """A variable has no value; the text is the sentence."""


def names_in(said: Any) -> Iterator[str]:
    """The first part of each variable in it."""
    if isinstance(said, Mapping):
        for value in said.values():
            yield from names_in(value)
    elif isinstance(said, (list, tuple)):
        for value in said:
            yield from names_in(value)
    elif isinstance(said, str):
        for match in NAME.finditer(said):
            if match[0] != "$$":
                yield (match[1] or match[2]).partition(".")[0]


def filled(said: Any, known: Mapping[str, Any]) -> Any:
    """The same with each variable in its place. Raises UnknownError."""
    if isinstance(said, Mapping):
        return {name: filled(value, known) for name, value in said.items()}
    if isinstance(said, (list, tuple)):
        return [filled(value, known) for value in said]
    if not isinstance(said, str):
        return said
    whole = NAME.fullmatch(said)
    if whole and whole[0] != "$$":
        return _value(whole[1] or whole[2], known)
    return NAME.sub(
        lambda found: "$" if found[0] == "$$" else text(_value(found[1] or found[2], known)),
        said,
    )


def misfit_of(pattern: Pattern | None, value: object, known: Mapping[str, Any] | None) -> str:
    """Why a value is not like the pattern, once its variables are filled in; empty where it is,
    or where nothing is wanted. With None there are no variables, and a dollar is one.

    Raises UnknownError.
    """
    if pattern is None:
        return ""
    words = pattern.words if known is None else filled(pattern.words, known)
    return Pattern(words).misfit(value)


def _value(path: str, known: Mapping[str, Any]) -> Any:
    at: Any = known
    for part in path.split("."):
        if isinstance(at, Mapping) and part in at:
            at = at[part]
        elif isinstance(at, list) and part.isdecimal() and int(part) < len(at):
            at = at[int(part)]
        else:
            raise UnknownError(f"${{{path}}} has no value: there is no {part!r} in what came")
    return at
