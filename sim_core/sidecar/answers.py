"""What goes out: JSON in ASCII, and nothing that is secret.

ASCII, because a text from the wire may hold half a surrogate pair, which UTF-8 cannot write, and
because an escape sequence then reaches no terminal behind a curl.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response

HIDDEN = "(hidden)"


def as_json(content: object) -> str:
    """`content` as compact JSON."""
    return json.dumps(content, separators=(",", ":"))


def answer(
    content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """A JSON answer."""
    return Response(as_json(content), status, headers, media_type="application/json")


def refusal(status: int, sentence: str, headers: dict[str, str] | None = None) -> Response:
    """An answer that says what is wrong with the request."""
    return answer({"detail": sentence}, status, headers)


def public_url(url: str) -> str:
    """`url` without the password and the query that may be in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    user, mark, host = parts.netloc.rpartition("@")
    netloc = f"{HIDDEN}@{host}" if mark and user else parts.netloc
    return parts._replace(netloc=netloc, query=HIDDEN if parts.query else "").geturl()
