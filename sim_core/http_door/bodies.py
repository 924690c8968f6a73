"""What comes in: a JSON object, no larger than anybody needs."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import ClientDisconnect, Request

from sim_core.http_door.guard import LARGEST_BODY


class BodyError(Exception):
    """The body cannot be used; the text is the sentence that says why."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def json_object(request: Request, *, needed: bool = True) -> dict[str, Any]:
    """The body of a request as a JSON object; an empty one where there is no body and none is
    `needed`.

    Raises BodyError, also where whoever asks goes away.
    """
    raw = bytearray()
    try:
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > LARGEST_BODY:
                raise BodyError(413, f"the body must not be larger than {LARGEST_BODY} bytes")
    except ClientDisconnect:
        raise BodyError(400, "the request was not sent in full") from None
    if not raw and not needed:
        return {}
    try:
        body = json.loads(bytes(raw))
    except (ValueError, RecursionError):
        raise BodyError(422, "the body is not JSON") from None
    if not isinstance(body, dict):
        raise BodyError(422, "the body must be a JSON object")
    return body
