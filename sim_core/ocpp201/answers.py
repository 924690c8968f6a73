"""What handlers have in common: a status with the reason for a no, and which EVSE is meant."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

from sim_core.wire.answers import Payload
from sim_core.wire.routes import Reply

REASON_LIMIT, INFO_LIMIT = 20, 512
"""Characters of StatusInfoType."""


def status_info(code: str, text: str = "") -> Payload:
    """StatusInfoType: a code for programs (appendix 5), a sentence for people."""
    said: Payload = {"reasonCode": code[:REASON_LIMIT]}
    return {**said, "additionalInfo": text[:INFO_LIMIT]} if text else said


def reply(
    status: str,
    *,
    code: str = "",
    why: str = "",
    then: Callable[[], object] | None = None,
    **fields: Any,
) -> Reply:
    """An answer with a status; `code` and `why` say what is behind a no. Empty fields are left out,
    for no list of OCPP 2.0.1 may be empty."""
    payload: Payload = {"status": status}
    if code:
        payload["statusInfo"] = status_info(code, why)
    payload.update({name: value for name, value in fields.items() if value not in (None, [], ())})
    return Reply(payload, then=then)


def evse_of(evse: Payload | None) -> int | None:
    """The number of an EVSEType; None where there is none."""
    return None if evse is None else int(evse["id"])


def is_known(evse: Payload | None, evses: Container[int]) -> bool:
    """Whether an EVSEType is one of this station: each EVSE has one connector."""
    return evse is None or (evse["id"] in evses and evse.get("connectorId") in (None, 1))
