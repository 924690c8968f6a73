"""Authorize, and the idTokenInfo that comes back with it and with other answers (block C).

Whether anybody is asked, and what follows, is decided in `charging.authorization`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from sim_core.charging.csms import Asked
from sim_core.charging.vocabulary import ACCEPTED, INVALID, Verdict
from sim_core.wire.answers import Answer, Error, Payload, Result
from sim_core.wire.timestamps import moment

STATUSES = (
    ACCEPTED,
    "Blocked",
    "ConcurrentTx",
    "Expired",
    INVALID,
    "NoCredit",
    "NotAllowedTypeEVSE",
    "NotAtThisLocation",
    "NotAtThisTime",
    "Unknown",
)
"""AuthorizationStatusEnumType."""
BY_WORD = {status.casefold(): status for status in STATUSES}

Learn = Callable[[str, Verdict], None]
"""Told of a card what the CSMS has said of it."""


class Caller(Protocol):
    """Sends a plain call."""

    async def __call__(self, action: str, payload: Payload) -> Answer: ...


def id_token_info(payload: Payload) -> Verdict | None:
    """IdTokenInfoType of an answer, read leniently: None where it is missing or says no status."""
    info = payload.get("idTokenInfo")
    said = info.get("status") if isinstance(info, dict) else None
    if not isinstance(info, dict) or not isinstance(said, str) or not said.strip():
        return None
    status = BY_WORD.get(said.strip().casefold(), INVALID)
    places = info.get("evseId")
    only_at = (
        tuple(one for one in places if isinstance(one, int)) if isinstance(places, list) else ()
    )
    return Verdict(
        status,
        group_of(info.get("groupIdToken")),
        expires_at=moment(info.get("cacheExpiryDateTime")),
        only_at=only_at,
    )


def group_of(token: object) -> str | None:
    """The text of a groupIdToken; None where it is none, or empty (C09.FR.11)."""
    text: Any = token.get("idToken") if isinstance(token, dict) else None
    usable = isinstance(text, str) and 0 < len(text) <= 36 and text.isprintable()
    return text if usable else None


async def ask(
    call: Caller,
    token: dict[str, Any],
    text: str,
    learn: Learn,
    show: Callable[[str, Payload], None],
) -> Asked:
    """Ask the CSMS about a card; `learn` hears an answer that came too late, `show` has the words
    of one in time for the driver."""
    answer = await call("Authorize", {"idToken": token})
    if isinstance(answer, Result):
        show(text, answer.payload)
        verdict = id_token_info(answer.payload)
        if verdict is None:
            return Asked(refusal=f"the CSMS answered for {text} without an idTokenInfo")
        return Asked(verdict)
    if isinstance(answer, Error):
        return Asked(refusal=f"the CSMS could not authorise {text} (CALLERROR {answer.code})")
    if answer.late is not None:
        answer.late.add_done_callback(partial(_heard_late, text, learn))
    return Asked()


def _heard_late(text: str, learn: Learn, late: asyncio.Future[Answer]) -> None:
    """Too late for the driver who stood there, and not for the cache."""
    answer = late.result()
    verdict = id_token_info(answer.payload) if isinstance(answer, Result) else None
    if verdict is not None:
        learn(text, verdict)
