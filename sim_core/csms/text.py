"""Text that came over the wire, made fit for a terminal.

Anybody who reaches the port chooses these characters. An escape sequence could move the
cursor, retitle the window or hide a line, and a right-to-left mark could reorder one; so
whatever does not print is shown as its escape.
"""

from __future__ import annotations


def printable(text: str) -> str:
    """Return `text` with every character that does not print replaced by its escape."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )


def shortened(text: str, limit: int = 80) -> str:
    """Return `text` cut to `limit` characters, with an ellipsis where something is missing."""
    return text if len(text) <= limit else text[: limit - 1] + "…"
