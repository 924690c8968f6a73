"""Where a CSMS answers otherwise than the one in the log.

What must be another each time is not compared: the time, and which number a transaction gets. All
else is, field by field, and a field has a name by which it can be allowed (`--allow`).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from sim_core.replay.answering import Source
from sim_core.replay.score import Answer, Saying
from sim_core.traces.messages import CALLERROR, CALLRESULT
from sim_core.traces.stamps import iso

ANY_ID = frozenset({"transactionId"})
ABSENT = "(nothing)"
MOST_TEXT = 200


class Verdict(Enum):
    """What became of a request."""

    SAME = "answered as in the log"
    OTHERWISE = "answered otherwise"
    ALLOWED = "answered otherwise, as is allowed"
    UNANSWERED = "not answered"
    NOT_SAID = "not said"
    NOTHING_TO_COMPARE = "answered, and the log has no answer"


BAD = frozenset({Verdict.OTHERWISE, Verdict.UNANSWERED, Verdict.NOT_SAID})


@dataclass(frozen=True)
class Difference:
    """One field of an answer."""

    field: str
    """Like `idTagInfo.status`; empty: the answer as a whole."""
    recorded: str
    now: str


@dataclass(frozen=True)
class Judged:
    """A request of the charger, and how the CSMS took it."""

    saying: Saying
    verdict: Verdict
    differences: tuple[Difference, ...] = ()


@dataclass
class Findings:
    """What a replay has shown so far."""

    judged: list[Judged] = field(default_factory=list)
    asked: Counter[tuple[str, Source]] = field(default_factory=Counter)
    """What the CSMS has asked: action, and where the answer came from."""
    not_asked: Counter[str] = field(default_factory=Counter)
    """Actions that the CSMS in the log has asked, and this one has not."""
    noise: int = 0
    """Messages of the CSMS that are no OCPP-J, or answer nothing."""
    lost_links: int = 0
    """How often the CSMS has refused or closed the connection."""

    def count(self, verdict: Verdict) -> int:
        """How many requests this became of."""
        return sum(one.verdict is verdict for one in self.judged)

    @property
    def differs(self) -> bool:
        """Whether the CSMS has behaved otherwise than the one in the log."""
        return bool(self.noise or self.lost_links or any(j.verdict in BAD for j in self.judged))


def judge(saying: Saying, answer: Answer, allowed: Collection[str] = ()) -> Judged:
    """Hold an answer against that of the log."""
    if saying.answer is None:
        return Judged(saying, Verdict.NOTHING_TO_COMPARE)
    found = tuple(sorted(_differences(saying.answer, answer), key=_weight))
    if not found:
        return Judged(saying, Verdict.SAME)
    left = tuple(one for one in found if not _is_allowed(saying.action, one.field, allowed))
    return Judged(saying, Verdict.OTHERWISE if left else Verdict.ALLOWED, left or found)


def _weight(difference: Difference) -> bool:
    """A status decides what a charger does: it comes first."""
    return not difference.field.lower().endswith("status")


def _is_allowed(action: str, field_name: str, allowed: Collection[str]) -> bool:
    return action in allowed or f"{action}.{field_name}" in allowed


def _differences(recorded: Answer, now: Answer) -> Iterator[Difference]:
    if recorded[0] != now[0]:
        yield Difference("", _said(recorded), _said(now))
    elif recorded[0] == CALLERROR:
        if recorded[1] != now[1]:
            yield Difference("", _said(recorded), _said(now))
    elif recorded[0] == CALLRESULT:
        yield from _fields(recorded[1], now[1], "", ABSENT)


def _fields(recorded: Any, now: Any, path: str, absent: object) -> Iterator[Difference]:
    if isinstance(recorded, dict) and isinstance(now, dict):
        for name in {**recorded, **now}:
            inner = f"{path}.{name}" if path else name
            if name in ANY_ID and name in recorded and _is_id(now.get(name)):
                continue
            yield from _fields(recorded.get(name, absent), now.get(name, absent), inner, absent)
    elif not (_same(recorded, now) or (_is_time(recorded) and _is_time(now))):
        yield Difference(path, _short(recorded), _short(now))


def _same(one: Any, other: Any) -> bool:
    """1 is not True, as JSON has it."""
    return type(one) is type(other) and bool(one == other)


def _is_id(value: Any) -> bool:
    return isinstance(value, (int, str)) and not isinstance(value, bool)


def _is_time(value: Any) -> bool:
    return iso(value) is not None


def _said(answer: Answer) -> str:
    if answer[0] == CALLERROR:
        return f"error {_short(answer[1])}"
    status = answer[1].get("status") if isinstance(answer[1], dict) else None
    return _short(status) if isinstance(status, str) else "a result"


def _short(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value, default=str)
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"
