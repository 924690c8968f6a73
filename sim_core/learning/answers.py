"""How a charger answers what its CSMS asks, and how long that takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import timedelta

from sim_core.hardware.model import AnswerText
from sim_core.learning.counting import Votes
from sim_core.learning.draft import Draft
from sim_core.learning.heard import Log
from sim_core.settings.model_file import takes
from sim_core.traces.exchanges import Exchange
from sim_core.traces.messages import CALLERROR

CHANGE = "ChangeConfiguration"
BY_WHAT = {"TriggerMessage": "requestedMessage", CHANGE: "key"}
"""What a request asks for decides its answer."""
BY_STATE = frozenset(
    {
        "RemoteStartTransaction",
        "RemoteStopTransaction",
        "UnlockConnector",
        "ReserveNow",
        "CancelReservation",
        "Reset",
        "ChangeAvailability",
        "SendLocalList",
        "DataTransfer",
    }
)
"""Requests that are refused because of what is going on, not because of who is asked."""
BY_CONTENT = frozenset({"SetChargingProfile", "ClearChargingProfile", "GetCompositeSchedule"})
"""A refusal of these may be of what was asked: only that it is not known here counts."""
NEVER = ("NotSupported", "NotImplemented")
YES = ("Accepted", "RebootRequired", "Scheduled", "Unlocked")
GOES_ON = 3
"""So many exchanges behind a request without answer show that the log has not ended at it."""
LATE = timedelta(seconds=20)

Said = tuple[str, str, str]
"""(status, error code, description); all empty: no answer."""


def learn_answers(
    logs: Sequence[Log], draft: Draft, takes_value: Callable[[str, str], bool]
) -> None:
    """The table [answers]: what is answered in one way, whatever goes on. `takes_value` says
    whether a charge point here can have a key with this value."""
    votes: dict[str, Votes[Said]] = {}
    states: dict[tuple[str, bool], Votes[Said]] = {}
    for log in logs:
        for one in log.told.asked:
            said = _said(log, one)
            if said is None:
                continue
            name = _name(one)
            votes.setdefault(name, Votes()).add(said, log.name)
            states.setdefault((name, charging(log, one)), Votes()).add(said, log.name)
    table = draft.table("answers")
    _accepted_alone(logs, draft, takes_value)
    for name, told in votes.items():
        action = name.partition(" ")[0]
        if len(told.counts) == 1:
            answer = _answer(action, told.most)
            if answer is not None:
                _write(draft, name, answer, str(told.evidence()))
            continue
        for running in (False, True):
            part, other = states.get((name, running)), states.get((name, not running))
            if part and other and len(part.counts) == 1 and part.most not in other.counts:
                answer = _answer(action, part.most)
                if answer is not None:
                    when = "charging" if running else "idle"
                    _write(draft, name, {**answer, "when": when}, str(part.evidence()))
                    break
        else:
            kinds = ", ".join(
                f"{status or code or 'no answer'} {count}"
                for (status, code, _), count in told.counts.most_common(4)
            )
            table.remark(f"{name}: {kinds}")
    if votes:
        table.remark("what is not here was answered as it stood, or was not asked")


def _accepted_alone(
    logs: Sequence[Log], draft: Draft, takes_value: Callable[[str, str], bool]
) -> None:
    """Values of keys that are Accepted there and that no charge point here can have."""
    table = draft.table("answers")
    for log in logs:
        for one in log.told.asked:
            key, value = one.text("key"), one.text("value")
            accepted = one.action == CHANGE and one.result.get("status") == "Accepted"
            known = f"{CHANGE} {key}" in [line.key for line in table.lines]
            if accepted and key and not known and not takes_value(key, value):
                note = f"{log.name}: {value[:40]!r}, which has no effect here"
                table.add(f"{CHANGE} {key}", "Accepted", note)


def _write(draft: Draft, name: str, answer: dict[str, object], note: str) -> None:
    table = draft.table("answers")
    limits = {one.name: one for one in fields(AnswerText)}
    wrong = [key for key, value in answer.items() if not takes(limits[key], value)]
    if wrong:
        table.remark(f"{name}: {wrong[0]} was {str(answer[wrong[0]])[:60]!r} ({note})")
    else:
        plain = set(answer) == {"status"}
        table.add(name, answer["status"] if plain else answer, note)


def _name(one: Exchange) -> str:
    what = one.text(BY_WHAT.get(one.action, ""))
    return f"{one.action} {what}" if what else one.action


def charging(log: Log, one: Exchange) -> bool:
    """Whether a transaction runs as far as the log has said."""
    running = False
    for other in reversed(log.before(one, 10_000)):
        if other.action == "StartTransaction":
            running = True
        elif other.action == "StopTransaction":
            running = False
        elif other.action == "MeterValues" and other.transaction is not None:
            running = True
    return running


def _said(log: Log, one: Exchange) -> Said | None:
    if one.answer is None:
        behind = log.after(one, GOES_ON)
        late = not log.told.timed or (behind and behind[-1].at - one.at >= LATE)
        answered = log.told.timed and any(other.answer for other in behind)
        return ("", "", "") if len(behind) >= GOES_ON and late and answered else None
    if one.answer[0] == CALLERROR:
        code = str(one.answer[1]) if len(one.answer) > 1 else ""
        described = one.answer[2] if len(one.answer) > 2 else ""
        return "", code, described if isinstance(described, str) else ""
    status = one.result.get("status")
    return (status, "", "") if isinstance(status, str) else None


def _answer(action: str, said: Said) -> dict[str, object] | None:
    """What [answers] says of it; None: it is as OCPP has it, or depends on what goes on."""
    status, code, description = said
    if action in BY_STATE or status in YES:
        return None
    if code:
        found: dict[str, object] = {"error": code}
        return {**found, "description": description} if description else found
    if not status:
        return {"silent": True}
    if action in BY_CONTENT and status not in NEVER:
        return None
    return {"status": status}
