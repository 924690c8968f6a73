"""What a frame says, in words: beside its JSON, for whoever does not read OCPP all day.

For some actions the parts that matter are lifted out, by the tables of the OCPP that the frame is
in: sampled values with their units, the periods of a charging profile, configuration keys. And for
every action what does not fit OCPP's own schema.
"""

from __future__ import annotations

from functools import lru_cache

from tui import text
from tui.protocols.frame_summary import answer_summary, request_summary
from tui.protocols.known import NO_WORDING, wording_of
from tui.protocols.payload import CALL_PAYLOAD, RESULT_PAYLOAD, Payload, frame_payload
from tui.protocols.wording import FrameNote, Wording

MOST_NOTES = 40
"""A frame may hold thousands of samples or keys; the JSON below has them all."""


@lru_cache(64)
def request_notes(action: str, frame: str, subprotocol: str) -> tuple[FrameNote, ...]:
    """What a CALL says, and what of it does not fit its schema."""
    wording = wording_of(subprotocol)
    says = request_summary(action, frame, subprotocol) if action in wording.requests else ""
    payload = frame_payload(frame, CALL_PAYLOAD)
    return _notes(wording, action, says, payload, answered=False)


@lru_cache(64)
def answer_notes(action: str, frame: str, subprotocol: str) -> tuple[FrameNote, ...]:
    """What a CALLRESULT says, and what does not fit its schema; nothing of a CALLERROR."""
    if frame.lstrip().startswith("[4"):
        return ()
    says = answer_summary(action, frame, subprotocol)
    payload = frame_payload(frame, RESULT_PAYLOAD)
    return _notes(wording_of(subprotocol), action, says, payload, answered=True)


def _notes(
    wording: Wording, action: str, says: str, payload: Payload | None, *, answered: bool
) -> tuple[FrameNote, ...]:
    if payload is None:
        return (FrameNote("schema", "there is no payload to look at", "warning"),)
    lift = (wording.answer_notes if answered else wording.request_notes).get(action)
    told = list(lift(payload)) if lift else []
    if len(told) > MOST_NOTES:
        more = text.count(len(told) - MOST_NOTES, "more line")
        told = [*told[:MOST_NOTES], FrameNote("", f"({more} in the frame)", "muted")]
    if not told and says:
        told = [FrameNote("says", says)]
    told += _verdict(wording, action, payload, answered)
    return tuple(FrameNote(text.plain(n), text.plain(w), r) for n, w, r in told)


def _verdict(wording: Wording, action: str, payload: Payload, answered: bool) -> list[FrameNote]:
    """What is wrong by the schema; nothing when nothing is, or when there is no schema."""
    if wording is NO_WORDING:
        return []
    from sim_core.ocpp_versions import dialect_of  # not before somebody looks into a message

    schemas = dialect_of(wording.subprotocol).schemas
    if action not in schemas.actions:
        return [FrameNote("schema", f"{wording.name} has no such action", "warning")]
    judge = schemas.answer_fault if answered else schemas.request_fault
    fault = judge(action, payload)
    if fault is None:
        return []
    return [FrameNote("schema", f"{fault.description} ({fault.code})", "error")]
