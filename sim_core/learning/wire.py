"""How every frame of a charger is written: its message ids, its stamps, its JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from sim_core.hardware.model import WireText
from sim_core.learning.counting import Votes
from sim_core.learning.draft import Draft, Evidence
from sim_core.learning.heard import Log

UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
NUMBER = re.compile(r"(.*?)([0-9]+)")
HEX = re.compile(r"[0-9a-f]+")
STAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-].*)?")
STEP = 500
"""So far a counter goes on at most from one frame to the next of a log with gaps."""
SEVERAL = 4
STRING = re.compile(r'"(?:\\.|[^"\\])*"')


def learn_wire(logs: Sequence[Log], draft: Draft) -> None:
    """The table [wire]."""
    table = draft.table("wire")
    for name, (value, evidence) in _message_ids(logs).items():
        table.learn(WireText, name, value, evidence)
    fractions, zones = _stamps(logs)
    if fractions:
        table.learn(WireText, "timestamps", fractions.most, fractions.evidence())
    if zones:
        if zones.most in ("Z", "+00:00", ""):
            table.learn(WireText, "utc", zones.most, zones.evidence())
        else:
            table.remark(f"utc: {zones.most} was seen ({zones.evidence()}); it is told as Z")
    blanks = _blanks(logs)
    if blanks:
        table.learn(WireText, "blanks", blanks.most, blanks.evidence())
    table.unseen(WireText, ("message_ids", "timestamps", "utc"))


# -- ids -------------------------------------------------------------------------------------------


def _message_ids(logs: Sequence[Log]) -> dict[str, tuple[object, Evidence]]:
    kinds: Votes[tuple[str, str, int]] = Votes()
    firsts: dict[tuple[str, str, int], int] = {}
    for log in logs:
        ids = [str(call.message[1]) for call in log.calls]
        counted = _counts(ids)
        for one in ids:
            looks = _kind(one, counted=counted)
            if looks is None:
                continue
            kinds.add(looks, log.name)
            if looks[0] == "counter" and (number := NUMBER.fullmatch(one)):
                firsts[looks] = min(firsts.get(looks, 2**53), int(number[2]))
    if not kinds:
        return {}
    kind, prefix, digits = kinds.most
    evidence = kinds.evidence()
    found: dict[str, tuple[object, Evidence]] = {"message_ids": (kind, evidence)}
    if prefix:
        found["message_id_prefix"] = prefix, evidence
    if kind == "counter":
        found["first_message_id"] = firsts[kinds.most], evidence
    if digits:
        found["message_id_digits"] = digits, evidence
        if kind == "counter":
            found["padded"] = True, evidence
    return found


def _counts(ids: Sequence[str]) -> bool:
    """Whether the numbers of ids go on from one to the next."""
    numbers = [int(found[2]) for one in ids if (found := NUMBER.fullmatch(one)) and "*" not in one]
    steps = [other - one for one, other in pairwise(numbers)]
    on = sum(0 < step <= STEP for step in steps)
    # Of a log that was joined from several the numbers jump; random ones hardly ever go on.
    goes_on = on * 3 >= len(steps) if len(steps) < SEVERAL else on >= 2 and on * 4 >= len(steps)
    return bool(numbers) and goes_on and max(map(len, ids)) < 19


def _kind(one: str, *, counted: bool) -> tuple[str, str, int] | None:
    """(kind, what stands before it, how many digits where that is fixed)."""
    if "*" in one:
        return None
    if UUID.fullmatch(one):
        return "uuid", "", 0
    number = NUMBER.fullmatch(one)
    if number and (counted or len(number[2]) < 4):
        return "counter", number[1], len(number[2]) if number[2].startswith("0") else 0
    if number:
        return "digits", number[1], len(number[2])
    if HEX.fullmatch(one):
        return "hex", "", len(one)
    return None


# -- stamps and blanks -----------------------------------------------------------------------------


def _stamps(logs: Sequence[Log]) -> tuple[Votes[str], Votes[str]]:
    """Who writes milliseconds anywhere writes them, though many a moment is a whole second."""
    fractions: Votes[str] = Votes()
    zones: Votes[str] = Votes()
    told = [
        (found, log.name)
        for log in logs
        for call in log.calls
        for one in stamps_in(call.message[3])
        if (found := STAMP.fullmatch(one)) is not None
    ]
    fine = any(float(found[1] or 0) for found, _ in told)
    for found, name in told:
        fractions.add("s" if found[1] is None else "ms" if fine else "zeros", name)
        zones.add(found[2] or "", name)
    return fractions, zones


def stamps_in(payload: Any) -> Iterator[str]:
    """All timestamps in a payload."""
    if isinstance(payload, dict):
        for key, value in payload.items():
            if key == "timestamp" and isinstance(value, str):
                yield value
            else:
                yield from stamps_in(value)
    elif isinstance(payload, list):
        for one in payload:
            yield from stamps_in(one)


def _blanks(logs: Sequence[Log]) -> Votes[bool]:
    """A log that writes every frame its own way tells nothing, so both sides must differ."""
    votes: Votes[bool] = Votes()
    for log in logs:
        for frame in log.calls if log.keeps_spelling else ():
            bare = STRING.sub('""', frame.text)
            if "," in bare and _is_json(frame.text):
                votes.add(", " in bare or ": " in bare, log.name)
    return votes


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
