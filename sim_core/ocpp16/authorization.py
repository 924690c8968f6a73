"""Authorize, and the idTagInfo that comes back with it and with other answers (OCPP 1.6 §4.1).

Whether anybody is asked, and what follows, is decided in `charging.authorization`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

from ocpp.v16.enums import AuthorizationStatus

from sim_core.charging.csms import Asked
from sim_core.charging.vocabulary import Verdict
from sim_core.wire.answers import Answer, Error, Payload, Result
from sim_core.wire.timestamps import moment

STATUSES = {status.value.casefold(): status.value for status in AuthorizationStatus}
"""Each word as OCPP spells it, by the word in lower case."""

Learn = Callable[[str, Verdict], None]
"""Told of a card what the CSMS has said of it."""


class Caller(Protocol):
    """Sends a plain call."""

    async def __call__(self, action: str, payload: Payload) -> Answer: ...


def id_tag_info(payload: Payload) -> Verdict | None:
    """IdTagInfo of an answer, read leniently: None where it is missing or says no status.

    Words of 1.6 are known in any spelling of theirs. A word that 1.6 does not have (`NoCredit` of
    OCPP 2.0.1) is no Accepted: the card is Invalid.
    """
    info = payload.get("idTagInfo")
    said = info.get("status") if isinstance(info, dict) else None
    if not isinstance(info, dict) or not isinstance(said, str) or not said.strip():
        return None
    status = STATUSES.get(said.strip().casefold(), AuthorizationStatus.invalid.value)
    parent = info.get("parentIdTag")
    usable = isinstance(parent, str) and 0 < len(parent) <= 20 and parent.isprintable()
    return Verdict(status, parent if usable else None, expires_at=moment(info.get("expiryDate")))


async def ask(call: Caller, token: str, learn: Learn) -> Asked:
    """Ask the CSMS about a card; `learn` hears an answer that came too late."""
    answer = await call("Authorize", {"idTag": token})
    if isinstance(answer, Result):
        verdict = id_tag_info(answer.payload)
        if verdict is None:
            return Asked(refusal=f"the CSMS answered for {token} without an idTagInfo")
        return Asked(verdict)
    if isinstance(answer, Error):
        return Asked(refusal=f"the CSMS could not authorise {token} (CALLERROR {answer.code})")
    if answer.late is not None:
        answer.late.add_done_callback(partial(_heard_late, token, learn))
    return Asked()


def _heard_late(token: str, learn: Learn, late: asyncio.Future[Answer]) -> None:
    """Too late for the driver who stood there, and not for the cache."""
    answer = late.result()
    verdict = id_tag_info(answer.payload) if isinstance(answer, Result) else None
    if verdict is not None:
        learn(token, verdict)
