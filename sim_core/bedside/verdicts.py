"""What the twin has to say of a charger's frames, as viewers read it.

Verdicts come late and may be taken back: each look at the charger knows more of what happened. A
viewer reads one frozen picture of them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any


class Mark(Enum):
    """What is said of a frame; the value is how it is said."""

    SAME = "as the twin"
    DIFFERS = "differs"
    ONLY_METAL = "only the metal"
    ONLY_TWIN = "only the twin"
    CANNOT_TELL = "cannot tell"
    ALLOWED = "differs as allowed"


DIFFERENT = frozenset({Mark.DIFFERS, Mark.ONLY_METAL, Mark.ONLY_TWIN})


@dataclass(frozen=True)
class Verdict:
    """Of one request of the charger, or of an answer of its; or of what it lacks."""

    key: str
    at: datetime
    mark: Mark
    what: str
    """The request."""
    connector_id: int | None = None
    row: int = 0
    """Its number in the message log; 0: the charger has not said it, or how often it says it is
    the point."""
    sentence: str = ""
    """What differs first, without full stop."""
    whys: tuple[str, ...] = ()
    """All that differs."""
    twin: tuple[Any, ...] = ()
    """The twin's frame without its message id; empty: it says nothing."""
    habits: tuple[str, ...] = ()
    """It differs by one of these habits, of a kind that charger and twin do not share."""

    @property
    def facts(self) -> dict[str, object]:
        """The same for whoever reads by program."""
        return {
            "verdict": self.mark.value,
            "action": self.what,
            "message": self.row,
            "differs": self.sentence,
            "reasons": list(self.whys),
            "habits": list(self.habits),
            "twin": list(self.twin),
        }


@dataclass(frozen=True)
class Difference:
    """Something that differs: a frame, or all that follow from one habit."""

    first: Verdict
    frames: int = 1


@dataclass(frozen=True)
class VerdictPicture:
    """All verdicts as they stand."""

    model: str = ""
    """Who plays the twin; empty: nobody."""
    rows: Mapping[int, Verdict] = field(default_factory=lambda: MappingProxyType({}))
    """By the number of the exchange in the message log."""
    differences: tuple[Verdict, ...] = ()
    """In their order in time."""
    counts: Mapping[Mark, int] = field(default_factory=lambda: MappingProxyType({}))
    trouble: str = ""
    """What keeps it from being judged."""

    @property
    def causes(self) -> tuple[Difference, ...]:
        """What differs in its order in time, and what follows from one habit only once."""
        found: dict[str, Difference] = {}
        for verdict in self.differences:
            cause = verdict.sentence if verdict.habits else verdict.key
            known = found.get(cause)
            found[cause] = (
                Difference(known.first, known.frames + 1) if known else Difference(verdict)
            )
        return tuple(found.values())

    @property
    def differing(self) -> int:
        """How many frames differ."""
        return sum(self.counts.get(mark, 0) for mark in DIFFERENT)


class Verdicts:
    """Takes in what the twin's process says, and makes pictures of it."""

    def __init__(self, model: str, allowed: tuple[str, ...], most: int) -> None:
        """`allowed` are differences that are known, as patterns of their sentences; `most` is how
        many verdicts are kept."""
        self._allowed = tuple(pattern.casefold() for pattern in allowed)
        self._most = most
        self._by_key: dict[str, Verdict] = {}
        self._counts: Counter[Mark] = Counter()
        self.picture = VerdictPicture(model)

    def take(self, judged: Mapping[str, Any]) -> tuple[Verdict | None, Verdict | None]:
        """Take in one verdict; returns what was said of that frame before, and what is now."""
        key = str(judged["key"])
        was = self._by_key.pop(key, None)
        if was is not None:
            self._counts[was.mark] -= 1
        if not judged["kind"]:
            return was, None
        verdict = self._verdict(key, judged)
        self._by_key[key] = verdict
        self._counts[verdict.mark] += 1
        if len(self._by_key) > self._most:
            del self._by_key[next(iter(self._by_key))]
        return was, verdict

    def trouble(self, sentence: str) -> None:
        """Something keeps it from being judged; empty: nothing does."""
        self._publish(sentence)

    def publish(self) -> None:
        """Make a new picture."""
        self._publish(self.picture.trouble)

    def _publish(self, trouble: str) -> None:
        all_ = self._by_key.values()
        different = sorted((v for v in all_ if v.mark in DIFFERENT), key=lambda v: v.at)
        self.picture = VerdictPicture(
            self.picture.model,
            MappingProxyType({verdict.row: verdict for verdict in all_ if verdict.row}),
            tuple(different),
            MappingProxyType(dict(self._counts)),
            trouble,
        )

    def _verdict(self, key: str, judged: Mapping[str, Any]) -> Verdict:
        mark, sentence = Mark(judged["kind"]), str(judged["sentence"])
        said = [sentence, *judged["whys"][1:2]] if judged["habits"] else [sentence]
        known = any(fnmatchcase(one.casefold(), each) for one in said for each in self._allowed)
        if mark in DIFFERENT and known:
            mark = Mark.ALLOWED
        return Verdict(
            key,
            datetime.fromisoformat(judged["at"]),
            mark,
            str(judged["what"]),
            judged["connector"],
            int(judged["row"]),
            sentence,
            tuple(judged["whys"]),
            tuple(judged["twin"]),
            tuple(judged["habits"]),
        )
