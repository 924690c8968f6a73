"""What a frame says, in one line that is safe to draw."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache

from tui.protocols.known import wording_of
from tui.protocols.payload import (
    CALL_PAYLOAD,
    RESULT_PAYLOAD,
    field,
    frame_payload,
    joined,
    moment,
)
from tui.protocols.wording import Kind
from tui.text import plain

LONGEST_REQUEST, LONGEST_ANSWER = 400, 200
"""Characters; no screen has room for more."""

NOT_AS_EXPECTED = (TypeError, ValueError, KeyError, AttributeError, RecursionError)
"""What reading a payload may raise that its schema does not allow: then it is shown as it came."""


@lru_cache(4096)
def request_summary(action: str, frame: str, subprotocol: str, on: date | None = None) -> str:
    """What a CALL says; moments are told for a reader on that day, without one as they came."""
    payload = frame_payload(frame, CALL_PAYLOAD)
    if payload is None:
        return plain(frame[:LONGEST_REQUEST])
    wording = wording_of(subprotocol)
    summary, until = wording.requests.get(action), wording.until.get(action)
    try:
        text = summary(payload) if summary else json.dumps(payload, ensure_ascii=False)
        if until:
            text = joined(text, moment(payload, until, "until ", on))
    except NOT_AS_EXPECTED:
        text = frame
    return plain(text[:LONGEST_REQUEST])


@lru_cache(4096)
def answer_summary(action: str, frame: str, subprotocol: str) -> str:
    """What a CALLRESULT says: where there is nothing better its status, or ok."""
    payload = frame_payload(frame, RESULT_PAYLOAD)
    if payload is None:
        return plain(frame[:LONGEST_ANSWER]) or "ok"
    summary = wording_of(subprotocol).answers.get(action)
    try:
        text = summary(payload) if summary else field(payload, "status") or "ok"
    except NOT_AS_EXPECTED:
        text = frame
    return plain(text[:LONGEST_ANSWER])


@lru_cache(4096)
def kind_of(action: str, frame: str, subprotocol: str) -> Kind:
    """What a CALL is to somebody who looks over the log."""
    tell = wording_of(subprotocol).kinds.get(action)
    payload = frame_payload(frame, CALL_PAYLOAD) if tell else None
    if tell is None or payload is None:
        return Kind.PLAIN
    try:
        return tell(payload)
    except NOT_AS_EXPECTED:
        return Kind.PLAIN


@lru_cache(4096)
def refusal_reason(frame: str) -> str:
    """What a CALLRESULT says of its status for people: OCPP 2.0.1 has a StatusInfoType for it."""
    payload = frame_payload(frame, RESULT_PAYLOAD) if "statusInfo" in frame else None
    info = payload.get("statusInfo") if payload else None
    if not isinstance(info, dict):
        return ""
    return plain((field(info, "additionalInfo") or field(info, "reasonCode"))[:LONGEST_ANSWER])


@lru_cache(1024)
def error_description(frame: str) -> str:
    """What a CALLERROR, `[4, id, code, description, {…}]`, says beside its code."""
    try:
        parts = json.loads(frame)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(parts, list) or len(parts) < 4 or parts[0] != 4:
        return ""
    return plain(parts[3][:LONGEST_ANSWER]) if isinstance(parts[3], str) else ""
