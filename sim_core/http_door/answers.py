"""What goes out: JSON in ASCII.

ASCII, because a text from the wire may hold half a surrogate pair, which UTF-8 cannot write, and
because an escape sequence then reaches no terminal behind a curl.
"""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response


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
