"""Puts right what has been done to a frame on its way into a log.

Who opens a log in a spreadsheet and copies it out again gets tabs where blanks were, and commas
are lost where a cell ended in one: `{"connectorId":<tab>1<tab>"status":…`. Between two values of
JSON there is always a comma, so it can be put back. And who prints an array from Python gets
`[3, 'id', {'status': 'Accepted'}]`, which says the same. Nothing else is touched.
"""

from __future__ import annotations

import ast
import json
import re
import warnings

from sim_core.traces.messages import NotAMessage, read_at

TOKEN = re.compile(r'\s+|"(?:[^"\\]|\\.)*"|[\[\]{}:,]|[^\s"\[\]{}:,]+', re.DOTALL)
OPENS, CLOSES = ("[", "{"), ("]", "}")
QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"'})
OF_PYTHON = re.compile(r"\[\s*[234]\s*,\s*'")
PYTHON_TOKEN = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[\[\]{}]", re.DOTALL)
MOST = 65_536
"""Characters of a frame that are looked at."""


def mended(text: str) -> str | None:
    """A frame with its commas and blanks; None where that does not make it one."""
    parts: list[str] = []
    depth = 0
    value_before = False
    for found in TOKEN.finditer(text[:MOST].translate(QUOTES)):
        token = found[0]
        if token.isspace():
            continue
        begins_value = token in OPENS or token not in (*CLOSES, ":", ",")
        if value_before and begins_value:
            parts.append(",")
        parts.append(token.replace("\t", " "))
        value_before = (begins_value and token not in OPENS) or token in CLOSES
        depth += (token in OPENS) - (token in CLOSES)
        if depth <= 0:
            break
    return _as_message("".join(parts))


def from_python(text: str, at: int = 0) -> str | None:
    """An array as Python prints it, as JSON; None where it is none, or no message."""
    if not OF_PYTHON.match(text, at):
        return None
    depth = 0
    for found in PYTHON_TOKEN.finditer(text, at, at + MOST):
        depth += (found[0] in OPENS) - (found[0] in CLOSES)
        if depth == 0:
            try:
                made = json.dumps(
                    python_value(text[at : found.end()]),
                    separators=(",", ":"),
                    ensure_ascii=False,
                    allow_nan=False,
                )
            except (ValueError, TypeError, RecursionError):
                return None
            return _as_message(made)
    return None


def python_value(literal: str) -> object:
    """What Python has printed. Raises ValueError where it has not printed that."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an escape that Python does not know
        try:
            return ast.literal_eval(literal)
        except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
            raise ValueError(str(error)) from None


def _as_message(made: str) -> str | None:
    try:
        read = read_at(made)
    except NotAMessage:
        return None
    return made if read is not None and read.end == len(made) else None
