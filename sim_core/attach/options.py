"""The options of `chargeforge attach`: where the charge points are, and how the screen looks.

The addresses come as words of their own. What would describe a charge point means nothing here: it
runs elsewhere, and is left as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlsplit

from sim_core.errors import UserError
from sim_core.redaction import public_url
from sim_core.settings.options import Settings, options_of

USED = frozenset(
    {
        "http_api_key",
        "ssl_verify",
        "ca_cert",
        "message_log_size",
        "id_tag",
        "theme",
        "ascii",
        "keys",
        "fps",
    }
)
"""Options of a charge point that count here."""
DEFAULT_PORT = 7071
HERE = f"http://127.0.0.1:{DEFAULT_PORT}"
"""The charge point on this computer."""


@dataclass(frozen=True)
class AttachSettings(Settings):
    """Show the dashboard of charge points that run elsewhere: attach http://HOST:7071 [more].

    Without an address it is the one on this computer. Leaving stops no charge point. Where a key
    is wanted (HTTP_API_KEY), --http-api-key brings it.
    """

    NOT_OFFERED: ClassVar[frozenset[str]] = frozenset(options_of(Settings)) - USED


def addresses_in(words: list[str]) -> tuple[list[str], list[str]]:
    """The addresses among the words of a command line, and the other words: an address stands
    before all options, or begins with http:// or https://.

    Raises UserError with a sentence for one that cannot be.
    """
    found: list[str] = []
    rest: list[str] = []
    for word in words:
        is_url = word.lower().startswith(("http://", "https://"))
        if is_url or (not rest and not word.startswith("-")):
            found.append(address(word))
        else:
            rest.append(word)
    return list(dict.fromkeys(found)) or [HERE], rest


def address(word: str) -> str:
    """`HOST`, `HOST:PORT` or a URL as the URL of a sidecar, without a slash at the end.

    Raises UserError with a sentence.
    """
    text = word if "://" in word else f"http://{word}"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise UserError(_cannot_be(word)) from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or parts.username:
        raise UserError(_cannot_be(word))
    if not text.isascii() or not text.isprintable() or " " in text:
        raise UserError(_cannot_be(word))
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    scheme = parts.scheme.lower()
    place = f":{port or DEFAULT_PORT}" if port or scheme == "http" else ""
    return f"{scheme}://{host}{place}{parts.path.rstrip('/')}"


def _cannot_be(word: str) -> str:
    shown = public_url(word) if "://" in word else word
    return (
        f"{shown[:200]!r} is no address of a charge point: it is http://HOST:{DEFAULT_PORT}, with "
        "host and port of its HTTP sidecar; a key goes into --http-api-key."
    )
