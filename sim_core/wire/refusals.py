"""What the CSMS does not take: said at once, in a sentence that somebody can act on.

A refusal is what a CSMS developer looks for, so the first of a kind is told as soon as it is known,
with everything that the CSMS has said about it and with what the charge point does next. The same
again is no news: it is counted, and told when it has come ten, a hundred, a thousand times. Where
every message counts by itself (somebody's money, somebody at the reader) every one is told. As long
as it lasts it is one of the standing warnings.

A fleet shares one of these: what a thousand charge points meet is one refusal, not a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from sim_core.redaction import one_line, without_users
from sim_core.wire.answers import Answer, Error, MalformedError, Result
from sim_core.wire.dialect import Dialect

QUOTED_LIMIT = 300
"""Characters that are shown of a description, and of details."""
FORGOTTEN_S = 600.0
"""After so long without it the same refusal is news again."""
SHARED_STANDS_S = 60.0
"""In a fleet no single good answer ends a refusal: it stands until nobody has met it for so long"""
NO_MORE = "it is not sent again"
"""What follows where neither the outbox nor the dialect knows anything else."""
AS_FAR = "it is read as far as it goes"
CHANGING = re.compile(r"[0-9a-fA-F-]{8,}|\d+")
"""What makes two descriptions of the same thing differ: ids, numbers, times."""

Facts = Mapping[str, object]
Tell = Callable[[str, "int | None", Facts], None]
"""Called with a sentence, the connector, and the same as facts for whoever reads by program."""


NO_PAYLOAD: Mapping[str, Any] = MappingProxyType({})


class Heard(NamedTuple):
    """What came of a call."""

    dialect: Dialect
    action: str
    """As people read it, where it is a row of the journal."""
    connector_id: int | None
    answer: Answer
    then: str = ""
    """What the charge point does about it; empty: what the dialect says."""
    why: str = ""
    """What makes an answer unusable that its schema allows."""
    payload: Mapping[str, Any] = NO_PAYLOAD
    """As it was sent."""


@dataclass(frozen=True)
class Verdict:
    """What came of a call, as far as it is a trouble."""

    kind: str
    """refused, unanswered, invalid (an answer that breaks its schema) or unsent (our own does)."""
    code: str = ""
    description: str = ""
    details: str = ""

    @property
    def words(self) -> str:
        """What the CSMS has said."""
        said = self.code
        if self.description:
            said += f" '{self.description}'" if said else self.description
        return f"{said}, details {self.details}" if self.details else said

    @property
    def family(self) -> tuple[str, str, str]:
        """Equal for what is the same trouble, whatever ids and times are quoted in it."""
        return self.kind, self.code, CHANGING.sub("#", self.description)

    def of(self, message: str) -> str:
        """The sentence about a message."""
        if self.kind == "refused":
            return f"the CSMS refused {message}: {self.words}"
        if self.kind == "unanswered":
            return f"the CSMS did not answer {message} {self.words.removeprefix('no answer ')}"
        if self.kind == "invalid":
            return f"the CSMS's answer to {message} is not valid: {self.words}"
        return f"our own {message} is not valid and was not sent: {self.words}"


def verdict(answer: Answer, why: str = "") -> Verdict | None:
    """The trouble with an answer; None where there is none, or where the link went first.

    `why` says what makes an answer unusable that its schema allows.
    """
    if isinstance(answer, Result):
        fault = answer.fault or why
        return Verdict("invalid", "", _shown(fault)) if fault else None
    if isinstance(answer, MalformedError):
        return Verdict("invalid", "", _shown(answer.description))
    if isinstance(answer, Error):
        kind = "refused" if answer.sent else "unsent"
        return Verdict(
            kind, _shown(answer.code), _shown(answer.description), _shown(answer.details)
        )
    lost = answer.link_lost or not answer.sent
    return None if lost else Verdict("unanswered", "", _shown(answer.reason))


def words(answer: Error) -> str:
    """A CALLERROR, or an answer that is none, in a few words, for where it is kept."""
    if isinstance(answer, MalformedError):
        return f"an answer that is none: {_shown(answer.description)}"
    said = f"CALLERROR {one_line(answer.code)}"
    return f"{said} '{_shown(answer.description)}'" if answer.description else said


def _shown(text: str) -> str:
    shown = one_line(without_users(text))
    return shown if len(shown) <= QUOTED_LIMIT else f"{shown[: QUOTED_LIMIT - 1]}…"


@dataclass(slots=True)
class _Met:
    """A trouble that a kind of message meets or has met."""

    verdict: Verdict
    connector_id: int | None
    at_s: float
    count: int = 1
    stands: bool = True
    told: bool = True
    """The last that was said of it is that it stands."""


class Refusals:
    """Takes in what came of each call of a charge point, and tells what is worth telling."""

    __slots__ = ("_known", "_now_s", "_shared", "_tell")

    def __init__(self, tell: Tell, now_s: Callable[[], float], *, shared: bool = False) -> None:
        """`now_s` is a clock that never jumps; `shared`: many charge points share this."""
        self._tell = tell
        self._now_s = now_s
        self._shared = shared
        self._known: dict[str, _Met] = {}
        """By action. Without an entry a good answer costs one look."""

    def heard(self, heard: Heard) -> None:
        """A call has its answer, or none."""
        found = verdict(heard.answer, heard.why)
        if found is not None:
            self._met(heard, found)
        elif self._known and isinstance(heard.answer, Result):
            self._well(heard.action, heard.connector_id)

    def standing(self) -> tuple[str, ...]:
        """A sentence for each trouble that lasts."""
        if not self._known:
            return ()
        since_s = self._now_s() - SHARED_STANDS_S if self._shared else float("-inf")
        return tuple(
            met.verdict.of(action)
            for action, met in self._known.items()
            if met.stands and met.at_s >= since_s
        )

    def _met(self, heard: Heard, found: Verdict) -> None:
        action, connector_id, dialect = heard.action, heard.connector_id, heard.dialect
        now_s = self._now_s()
        met = self._known.get(action)
        new = met is None or met.verdict.family != found.family or now_s - met.at_s >= FORGOTTEN_S
        if met is None or new:
            self._known[action] = met = _Met(found, connector_id, now_s)
        else:
            met.verdict, met.connector_id, met.at_s, met.stands = found, connector_id, now_s, True
            met.count += 1
        each = action in dialect.each_counts and not self._shared
        if not (new or each or _is_round(met.count)):
            return
        met.told = True
        message = action if self._shared else dialect.message(action, connector_id)
        often = "" if met.count == 1 or each else f" ({met.count} times by now)"
        then = heard.then
        if not then:
            follows = dialect.follows.get((action, found.kind), NO_MORE)
            then = AS_FAR if found.kind == "invalid" else follows
        text = f"{found.of(message)}{often}; {then}"
        self._tell(text, connector_id, _facts(action, found, met.count, then))

    def _well(self, action: str, connector_id: int | None) -> None:
        met = self._known.get(action)
        if met is None or not met.stands or self._shared:
            return
        if met.connector_id is not None and met.connector_id != connector_id:
            return  # another connector's says nothing about this one's
        met.stands = False
        if met.told:
            met.told = False
            again = "once" if met.count == 1 else f"{met.count} times"
            text = f"the CSMS takes {action} again: it had not {again}"
            self._tell(text, connector_id, {"action": action, "verdict": "taken"})


def _is_round(count: int) -> bool:
    """10, 100, 1000…"""
    return count >= 10 and str(count).strip("0") == "1"


def _facts(action: str, found: Verdict, count: int, then: str) -> Facts:
    facts: dict[str, object] = {
        "action": action,
        "verdict": found.kind,
        "count": count,
        "then": then,
    }
    for name in ("code", "description", "details"):
        if said := getattr(found, name):
            facts[name] = said
    return facts
