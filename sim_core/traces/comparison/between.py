"""Two logs of one charger against each other: before and after a repair, two firmwares.

What is said in the same situations is held side by side: what is new, what has gone, what is said
otherwise; and how long each step takes. A situation that only one log has says nothing of the
charger, and is only named.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from statistics import median
from typing import Any

from sim_core.traces.comparison.delays import gaps, is_fine, is_free, length_s
from sim_core.traces.comparison.distributions import SURE, same_rate, span_of, two_samples
from sim_core.traces.comparison.judged import FEWEST
from sim_core.traces.comparison.situations import Situation, situations
from sim_core.traces.comparison.words import token_of
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.messages import CALLRESULT
from sim_core.traces.stamps import iso

FEW_WORDS = 6
"""A field with more different texts than this says no word, but anything."""
NUMBER = re.compile(r"-?\d+(?:\.(\d*))?(?:[eE][+-]?\d+)?")
ANYWHERE = "whatever happens"
"""In the place of a situation: how a kind of frame is written."""
PART = re.compile(r"\[[^\]]*\]|\.?[^.\[]+|\.")
"""A field, or an entry of a list by its name."""
FEWEST_ORDERS = 3
"""Of fewer situations nobody can say that one frame always comes before another."""
IDENTITY = frozenset(
    {"idTag", "parentIdTag", "transactionId", "reservationId", "data", "listVersion", "connectorId"}
)
"""Whose it is, and not how it is said."""


class Change(Enum):
    """What has become of something."""

    NEW = "new"
    GONE = "gone"
    OFTENER = "oftener"
    RARER = "rarer"
    OTHERWISE = "otherwise"
    SLOWER = "slower"
    FASTER = "faster"


@dataclass(frozen=True)
class Finding:
    """Something that both logs do not have alike."""

    situation: str
    change: Change
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Step:
    """How long something took in both, in s."""

    what: str
    before: tuple[float, ...]
    after: tuple[float, ...]
    change: Change | None = None


@dataclass(frozen=True)
class Between:
    """What came of it."""

    counts: dict[str, tuple[int, int]]
    """How often each situation is in the first log and in the second."""
    findings: tuple[Finding, ...]
    steps: tuple[Step, ...]

    @property
    def common(self) -> int:
        """How many kinds of situations are in both."""
        return sum(bool(before and after) for before, after in self.counts.values())

    @property
    def differs(self) -> bool:
        """Whether anything is otherwise."""
        return bool(self.findings) or any(step.change for step in self.steps)


def between(before: Sequence[Conversation], after: Sequence[Conversation]) -> Between:
    """Hold two logs against each other."""
    sides = [_by_name(side) for side in (before, after)]
    counts: dict[str, tuple[int, int]] = {}
    findings: list[Finding] = []
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        one, other = sides[0].get(name, []), sides[1].get(name, [])
        counts[name] = (len(one), len(other))
        if one and other:
            findings += _said(name, one, other)
            findings += _written(name, "answer", _answers(one), _answers(other))
    here, there = (_frames(side) for side in (before, after))
    for token in [token for token in here if token in there]:
        findings += _written(ANYWHERE, token, here[token], there[token])
    return Between(counts, tuple(dict.fromkeys(findings)), tuple(_steps(before, after)))


def _by_name(told: Sequence[Conversation]) -> dict[str, list[Situation]]:
    found: dict[str, list[Situation]] = defaultdict(list)
    for one in told:
        for situation in situations(one):
            found[situation.name].append(situation)
    return found


# -- what is said ----------------------------------------------------------------------------------


def _said(name: str, one: Sequence[Situation], other: Sequence[Situation]) -> Iterator[Finding]:
    """Kinds of frames that one side says and the other does not, and whose order has changed."""
    here, there = (
        [[token_of(e) for e in situation.said] for situation in side] for side in (one, other)
    )
    for token in dict.fromkeys(token for said in [*here, *there] for token in said):
        hits, other_hits = sum(token in s for s in here), sum(token in s for s in there)
        change = _rate(hits, len(here), other_hits, len(there))
        if change is not None:
            yield Finding(
                name, change, token, f"{hits} of {len(here)}", f"{other_hits} of {len(there)}"
            )
    for first, then in sorted(_always(here) & {(b, a) for a, b in _always(there)}):
        yield Finding(
            name, Change.OTHERWISE, "order", f"{first} before {then}", f"{then} before {first}"
        )


def _rate(hits: int, of: int, other_hits: int, other_of: int) -> Change | None:
    if not hits and other_hits:
        return Change.NEW
    if hits and not other_hits:
        return Change.GONE
    if same_rate(hits, of, other_hits, other_of) < SURE:
        return Change.OFTENER if other_hits * of > hits * other_of else Change.RARER
    return None


def _always(said: Sequence[Sequence[str]]) -> set[tuple[str, str]]:
    """Pairs of words whose first always comes before the other, in each situation with both."""
    orders: dict[tuple[str, str], int] = defaultdict(int)
    for tokens in said:
        first = {token: place for place, token in reversed(list(enumerate(tokens)))}
        for one, at in first.items():
            for other, later in first.items():
                if at < later:
                    orders[one, other] += 1
    return {
        pair
        for pair, count in orders.items()
        if count >= FEWEST_ORDERS and (pair[1], pair[0]) not in orders
    }


# -- how it is said --------------------------------------------------------------------------------


def _written(name: str, token: str, one: Sequence[Any], other: Sequence[Any]) -> Iterator[Finding]:
    """Fields that are new or gone in payloads of a kind, and words that are others."""
    before, after = _fields(one), _fields(other)
    parts, other_parts = _parts(one), _parts(other)
    for path in dict.fromkeys([*before, *after] if one and other else []):
        if path in before and path in after:
            yield from _field(name, f"{token}: {path}", before[path], after[path], path)
            continue
        there = other_parts if path in before else parts
        top = next(part for part in _prefixes(path) if part not in there)
        change = Change.GONE if path in before else Change.NEW
        shown = (f"in {parts[top]} of {len(one)}", f"in {other_parts[top]} of {len(other)}")
        yield Finding(name, change, f"{token}: {top}", *shown)


def _field(
    name: str, what: str, before: list[Any], after: list[Any], path: str
) -> Iterator[Finding]:
    if path.rpartition(".")[2] in IDENTITY:
        return
    kinds, other_kinds = {type(v).__name__ for v in before}, {type(v).__name__ for v in after}
    if not kinds & other_kinds:
        yield Finding(name, Change.OTHERWISE, what, _words(before), _words(after))
        return
    decimals, other_decimals = _decimals(before), _decimals(after)
    if decimals and other_decimals:
        if _more(decimals, other_decimals) or _more(other_decimals, decimals):
            shown = [f"up to {max(side)} decimals" for side in (decimals, other_decimals)]
            yield Finding(name, Change.OTHERWISE, what, *shown)
        return
    words, other_words = set(map(str, before)), set(map(str, after))
    if words & other_words or max(len(words), len(other_words)) > FEW_WORDS:
        return
    if not any(_is_free(value) for value in (*before, *after)):
        yield Finding(name, Change.OTHERWISE, what, _words(before), _words(after))


def _frames(side: Sequence[Conversation]) -> dict[str, list[Any]]:
    """Payloads of the charger by what they are, whatever has happened."""
    found: dict[str, list[Any]] = defaultdict(list)
    for told in side:
        for exchange in told.said:
            found[token_of(exchange)].append(exchange.payload)
    return found


def _answers(side: Sequence[Situation]) -> list[Any]:
    """What the charger has answered there."""
    return [_answer(e) for situation in side for e in situation.said if not e.from_charger]


def _answer(exchange: Exchange) -> Any:
    if exchange.answer is None:
        return {"": "none"}
    if exchange.answer[0] == CALLRESULT:
        return exchange.answer[1]
    return {"error": exchange.answer[1]}


def _fields(payloads: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for payload in payloads:
        for path, value in _flat(payload, ""):
            found[path].append(value)
    return found


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}".lstrip("."))
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner, f"{path}[{_entry(inner)}]" if _entry(inner) else path)
    else:
        yield path, value


def _prefixes(path: str) -> list[str]:
    """A path as far as each of its parts, the shortest first."""
    return [path[: found.end()] for found in PART.finditer(path)]


def _parts(payloads: Sequence[Any]) -> Counter[str]:
    """In how many of them each part is there."""
    found: Counter[str] = Counter()
    for payload in payloads:
        found.update({part for path, _ in _flat(payload, "") for part in _prefixes(path)})
    return found


def _entry(value: Any) -> str:
    """By what an entry of a list is known."""
    if not isinstance(value, dict):
        return ""
    if "key" in value:
        return str(value["key"])
    names = (value.get(name) for name in ("measurand", "phase", "location"))
    return " ".join(str(name) for name in names if isinstance(name, str))


def _decimals(values: Sequence[Any]) -> list[int]:
    """How many decimals each number has that is written as a text; empty where they are none."""
    found = [NUMBER.fullmatch(value) if isinstance(value, str) else None for value in values]
    if not all(found):
        return []
    return [len(one[1] or "") for one in found if one]


def _more(few: Sequence[int], many: Sequence[int]) -> bool:
    """Whether more decimals are written than elsewhere, and not by chance."""
    hits = sum(count > max(few) for count in many)
    return same_rate(0, len(few), hits, len(many)) < SURE


def _is_free(value: Any) -> bool:
    """Whether it is measured, or a time: no word."""
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, (int, float)):
        return True
    return bool(NUMBER.fullmatch(value)) or iso(value) is not None


def _words(values: Sequence[Any]) -> str:
    words = list(dict.fromkeys(str(value) for value in values))
    more = f" and {len(words) - 2} more" if len(words) > 2 else ""
    return (", ".join(repr(word) for word in words[:2]) + more) if words else "-"


# -- how long it takes -----------------------------------------------------------------------------


def _steps(before: Sequence[Conversation], after: Sequence[Conversation]) -> Iterator[Step]:
    here, there = _lengths(before), _lengths(after)
    for what in sorted(here.keys() & there.keys()):
        yield Step(what, here[what], there[what], _pace(what, here[what], there[what]))


def _lengths(told: Sequence[Conversation]) -> dict[str, tuple[float, ...]]:
    found: dict[str, list[float]] = defaultdict(list)
    for one in told:
        for gap in gaps(one):
            took = length_s(gap.ends, gap.first, gap.then)
            if took is not None:
                found[gap.what].append(took)
    return {what: tuple(lengths) for what, lengths in found.items()}


def _pace(what: str, before: Sequence[float], after: Sequence[float]) -> Change | None:
    """Slower, faster, or neither as far as so many can tell."""
    slower = median(after) > median(before)
    if min(len(before), len(after)) >= FEWEST:
        figure = two_samples(before, after)
        apart = figure.differs
    elif is_free(what):
        return None
    else:
        apart = not (_usual(what, before, after) or _usual(what, after, before))
    if not apart:
        return None
    return Change.SLOWER if slower else Change.FASTER


def _usual(what: str, measure: Sequence[float], held: Sequence[float]) -> bool:
    """Whether the middle of some lies where others may."""
    span = span_of(measure, fine=is_fine(what))
    return span is None or span[0] <= median(held) <= span[1]
