"""What the recorded charger answers when the CSMS under test asks something.

It answers as it did in the log: to the same request if it is there, else to the next one with that
action; each answer once, as long as there are others. Nothing is made up: where the log has no
answer, it is said that there is none (NotSupported).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum

from sim_core.replay.score import Asking, Payload
from sim_core.traces.messages import CALLERROR, CALLRESULT

GET_CONFIGURATION = "GetConfiguration"


class Source(Enum):
    """Where an answer comes from."""

    SAME = "answered as in the log"
    SIMILAR = "answered as another such request in the log"
    NONE = "not in the log: answered NotSupported"


@dataclass(frozen=True)
class Reply:
    """What to answer."""

    source: Source
    text: str
    """The frame, under any message id."""
    latency_s: float = 0.0
    of: Asking | None = None


class Answers:
    """The answers of one log. It knows which of them have been given."""

    def __init__(self, askings: tuple[Asking, ...]) -> None:
        self._left = [one for one in askings if one.answer is not None]
        self._given: list[Asking] = []
        self._askings = askings

    @property
    def not_asked(self) -> tuple[Asking, ...]:
        """What the CSMS in the log has asked, and this one has not."""
        return tuple(a for a in self._askings if not any(a is given for given in self._given))

    def reply(self, action: str, payload: Payload) -> Reply:
        """What to answer to this request."""
        like = [one for one in self._left if one.action == action]
        before = [one for one in self._given if one.action == action]
        about = _about(payload)
        found = next((one for one in like if _about(one.payload) == about), None)
        found = found or next((o for o in reversed(before) if _about(o.payload) == about), None)
        if found is not None:
            return self._give(found, Source.SAME)
        if action == GET_CONFIGURATION and (made := self._keys(payload)):
            return made
        found = next(iter(like), None) or next(iter(reversed(before)), None)
        if found is not None:
            return self._give(found, Source.SIMILAR)
        error = [CALLERROR, "", "NotSupported", "the log has no answer to it", {}]
        return Reply(Source.NONE, json.dumps(error))

    def _give(self, asking: Asking, source: Source) -> Reply:
        if asking in self._left:
            self._left.remove(asking)
            self._given.append(asking)
        return Reply(source, asking.text, asking.latency_s, asking)

    def _keys(self, payload: Payload) -> Reply | None:
        """Keys that the log has told in other answers; None where there is none of them."""
        known: dict[str, Payload] = {}
        for one in self._askings:
            result = one.answer[1] if one.answer and one.answer[0] == CALLRESULT else {}
            listed = result.get("configurationKey") if one.action == GET_CONFIGURATION else None
            for key in listed if isinstance(listed, list) else ():
                if isinstance(key, dict) and isinstance(key.get("key"), str):
                    known[key["key"].lower()] = key
        wanted = payload.get("key")
        asked = [key for key in wanted if isinstance(key, str)] if isinstance(wanted, list) else []
        there = [known[key.lower()] for key in asked if key.lower() in known]
        if not there and asked:
            return None
        answer: Payload = {"configurationKey": there if asked else list(known.values())}
        if not answer["configurationKey"]:
            return None
        if unknown := [key for key in asked if key.lower() not in known]:
            answer["unknownKey"] = unknown
        text = json.dumps([CALLRESULT, "", answer], separators=(",", ":"), ensure_ascii=False)
        return Reply(Source.SAME, text)


def _about(payload: Payload) -> str:
    """A request without what differs each time: whose transaction, when, where a file goes."""
    plain = {
        name: value
        for name, value in payload.items()
        if name not in ("transactionId", "location", "requestId")
        and not name.lower().endswith(("date", "time"))
    }
    return json.dumps(plain, sort_keys=True, default=str)
