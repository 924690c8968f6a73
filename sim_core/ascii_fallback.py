"""What is shown where only ASCII can be: a character that looks like it, never an escape.

Some outputs say what they cannot show (a pipe in cp1252, `PYTHONIOENCODING=ascii`), some do not:
Python reads LC_ALL=C as "probably UTF-8" (PEP 540), and the console of Linux takes UTF-8 but has
few glyphs. `ascii_wanted` knows both kinds, `tame` makes a stream keep to it.
"""

from __future__ import annotations

import codecs
import io
import os
import unicodedata
from collections.abc import Mapping
from typing import TextIO

ERRORS = "chargeforge-lookalike"
"""The name of the error handler for `str.encode` and for streams."""
NO_GLYPHS = frozenset({"linux", "dumb", "vt52", "vt100", "vt102", "vt220", "cons25", "ansi"})
"""Terminals (TERM) that show little more than ASCII, whatever the encoding."""
PLAIN_LOCALES = frozenset({"C", "POSIX"})
LOCALE_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")
"""The first of them that is set counts (POSIX)."""
ALIKE = str.maketrans(
    {
        "…": "...",
        "–": "-",
        "—": "-",
        "−": "-",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "·": "-",
        "×": "x",
        "≥": ">=",
        "≤": "<=",
        "°": "deg",
        "\u03a9": "Ohm",
        "\u00b5": "u",
        "\u03bc": "u",
        "€": "EUR",
        "ß": "ss",
        "æ": "ae",
        "Æ": "AE",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
    }
)


BY_NAME: tuple[tuple[str, set[str]], ...] = (
    *(("+", {"BOX", up, side}) for up in ("UP", "DOWN", "VERTICAL") for side in ("LEFT", "RIGHT")),
    *(("+", {"BOX", up, "HORIZONTAL"}) for up in ("UP", "DOWN", "VERTICAL")),
    *(("|", {"BOX", up}) for up in ("UP", "DOWN", "VERTICAL")),
    *(("-", {"BOX", side}) for side in ("LEFT", "RIGHT", "HORIZONTAL")),
    ("#", {"BLOCK"}),
    ("#", {"SHADE"}),
    (" ", {"BRAILLE", "BLANK"}),
    (".", {"BRAILLE"}),
    ("->", {"RIGHTWARDS", "ARROW"}),
    ("<-", {"LEFTWARDS", "ARROW"}),
    ("^", {"UPWARDS", "ARROW"}),
    ("v", {"DOWNWARDS", "ARROW"}),
    ("!", {"WARNING"}),
    (">", {"RIGHT", "POINTING"}),
    ("<", {"LEFT", "POINTING"}),
    ("^", {"UP", "POINTING"}),
    ("v", {"DOWN", "POINTING"}),
    ("o", {"WHITE", "CIRCLE"}),
    ("*", {"CIRCLE"}),
    ("*", {"BULLET"}),
    ("*", {"DIAMOND"}),
    ("*", {"LOZENGE"}),
    ("*", {"STAR"}),
    ("#", {"SQUARE"}),
    ("+", {"CHECK", "MARK"}),
    ("x", {"BALLOT"}),
    ("x", {"MULTIPLICATION"}),
)
"""What is drawn for a character whose name has all of these words; the first that fits counts."""


def in_ascii(text: str) -> str:
    """`text` with nothing outside ASCII: what is like a letter, else a question mark."""
    if text.isascii():
        return text
    folded = unicodedata.normalize("NFKD", text.translate(ALIKE))
    return "".join(c if c.isascii() else _alike(c) for c in folded)


def _alike(character: str) -> str:
    """What one character outside ASCII looks like, by its name in Unicode."""
    if unicodedata.combining(character):
        return ""
    words = set(unicodedata.name(character, "").replace("-", " ").split())
    return next((like for like, named in BY_NAME if named <= words), "?")


def _instead(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return in_ascii(error.object[error.start : error.end]), error.end


codecs.register_error(ERRORS, _instead)


def ascii_wanted(
    encoding: str | None, environment: Mapping[str, str] = os.environ, *, terminal: bool = True
) -> bool:
    """Whether an output of this encoding should be given nothing but ASCII.

    `terminal`: it is one, so TERM has a say.
    """
    if not _is_unicode(encoding):
        return True
    if terminal and environment.get("TERM") in NO_GLYPHS:
        return True
    if environment.get("PYTHONIOENCODING") or environment.get("PYTHONUTF8") == "1":
        return False  # somebody has said outright what it can show
    said = next((environment[name] for name in LOCALE_VARIABLES if environment.get(name)), "")
    return said in PLAIN_LOCALES


def _is_unicode(encoding: str | None) -> bool:
    try:
        return codecs.lookup(encoding or "ascii").name.startswith("utf")
    except LookupError:
        return False


def tame(stream: TextIO | None) -> None:
    """Let a stream show what it can, and what looks like it for what it cannot."""
    if not isinstance(stream, io.TextIOWrapper):
        return  # somebody has put something of their own there
    plain = ascii_wanted(stream.encoding, terminal=stream.isatty())
    if plain and _is_unicode(stream.encoding):
        stream.reconfigure(encoding="ascii", errors=ERRORS)
    else:
        stream.reconfigure(errors=ERRORS)
