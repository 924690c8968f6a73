"""A real charger followed frame by frame, and looked at whenever there is something new to see.

What is looked at reaches back to when the charger was last at rest, so that a look costs what a
session costs, not what a day does. What is older is only remembered (`memory`).

Times are those of the CSMS's clock, by which the charger goes as well: this computer's may be off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sim_core.lockstep.habits import Suspects, searched, tried
from sim_core.lockstep.judging import Case, Finding, differing, kinds
from sim_core.lockstep.memory import Memory, at_rest
from sim_core.lockstep.rates import Rates, rates, together
from sim_core.lockstep.words import in_words, of_habits, of_rate, sentence_of
from sim_core.traces.comparison.verdicts import UNDECIDED, Kind
from sim_core.traces.exchanges import Conversation, Exchange, Payload
from sim_core.traces.messages import CALL
from sim_core.traces.moments import S, moment
from sim_core.twin.play import Make

REST = 60 * S
"""A charger that is at rest for so long begins anew."""
SETTLES = (UNDECIDED + S, 2 * UNDECIDED + 2 * S)
"""So long after the last frame it is judged, and so is what the twin may have said after it."""
LONGEST_REST = 7200 * S
"""Heartbeats that nothing comes between are looked at together for so long."""
STILL_AT_REST = ("Heartbeat", "ChangeConfiguration")
"""What is said while nothing happens: the rhythm of heartbeats counts from what was before."""
LISTENS_AGAIN = 20 * S
"""So often a charger that is busy and silent is looked at."""
MOST_EXCHANGES = 2_000
"""What is longer than that without a rest is cut all the same."""
TRUE_CLOCK = 2 * S
"""By less than that no clock is off: a CSMS says whole seconds."""


@dataclass(frozen=True)
class Judged:
    """The verdict on one frame, as data for whoever shows it."""

    key: str
    """The same for the same frame, as long as it is judged."""
    at: datetime
    kind: str
    """A value of `Kind`; empty: what was said before is taken back."""
    what: str
    """The frame in a word."""
    connector: int | None = None
    row: int = 0
    """Whose verdict it is, as the caller has numbered its requests; 0: the charger lacks it, or
    how often it says it is the point."""
    sentence: str = ""
    """What differs."""
    whys: tuple[str, ...] = ()
    """All that differs."""
    twin: tuple[Any, ...] = ()
    """What the twin says: action, payload, and its answer if it is one; empty: nothing."""
    habits: tuple[str, ...] = ()
    """The habits of which one is otherwise than the twin's, where it follows from that alone."""


@dataclass
class Following:
    """See the module. `name` is the charger's."""

    name: str
    make: Make

    def __post_init__(self) -> None:
        self._memory = Memory()
        self._exchanges: list[Exchange] = []
        self._rows: dict[int, Exchange] = {}
        self._statuses: dict[int, str] = {}
        self._ahead = timedelta()
        self._busy_at: datetime | None = None
        self._until: datetime | None = None
        self._linked = False
        self._unseen = False
        self._looked_until: datetime | None = None
        self._said: dict[str, Judged] = {}
        self._new: list[Judged] = []
        self._window = 0
        self._number_of: dict[int, int] = {}
        self._before: Rates = {}
        """What chance has decided until the charger was last at rest."""
        self._named: dict[str, Judged] = {}
        """The habits that rates tell, by name."""
        self._suspects = Suspects()
        self._in_vain: set[str] = set()
        """Kinds of differences that no habit has explained."""

    # -- what passes -------------------------------------------------------------------------------

    def asked(
        self,
        row: int,
        from_charger: bool,
        at: datetime,
        message: tuple[str, str, Payload],
        slash: str = "",
    ) -> None:
        """A request has passed: its message id, action and payload, and how a slash is written
        where it is the charger's own."""
        message_id, action, payload = message
        self._rest(at, action)  # before it is one of those that are looked at
        exchange = Exchange(at, from_charger, action, payload, message_id=message_id)
        exchange.slash = slash if from_charger else ""
        self._exchanges.append(exchange)
        self._rows[row] = exchange
        self._number_of[id(exchange)] = row
        if action != "Heartbeat":
            self._busy_at = at
        if exchange.status and exchange.connector is not None:
            self._statuses[exchange.connector] = exchange.status
        self._hears(at)

    def answered(self, row: int, at: datetime, answer: tuple[Any, ...], slash: str = "") -> None:
        """The answer to a request has passed: its frame without the message id, and how a slash is
        written in it."""
        exchange = self._rows.pop(row, None)
        if exchange is None:
            return
        exchange.answer, exchange.answered_at = answer, at
        exchange.slash = exchange.slash if exchange.from_charger else slash
        if exchange.from_charger and "currentTime" in exchange.result:
            self._set_clock(moment(exchange.result["currentTime"]), at)
        self._hears(at)

    def listened(self, until: datetime) -> None:
        """Nothing has passed until then."""
        if self._linked and self._until is not None:
            self._until = max(self._until, until)

    def ended(self, at: datetime) -> None:
        """The connection is over: from now on silence says nothing."""
        self.listened(at)
        self._linked = False

    def _hears(self, at: datetime) -> None:
        self._linked, self._unseen = True, True
        self._until = at if self._until is None else max(self._until, at)

    def _set_clock(self, theirs: datetime | None, ours: datetime) -> None:
        if theirs is not None and abs(theirs - ours - self._ahead) > TRUE_CLOCK:
            off = theirs - ours
            self._ahead = off if abs(off) > TRUE_CLOCK else timedelta()

    def _rest(self, at: datetime, action: str) -> None:
        """Begin anew where the charger was at rest until now."""
        if not self._exchanges or self._busy_at is None:
            return
        rested = at - self._busy_at >= REST and at_rest(self._exchanges, self._statuses)
        if action in STILL_AT_REST and at - self._exchanges[0].at < LONGEST_REST:
            rested = False  # it belongs to those before it
        if not rested and len(self._exchanges) < MOST_EXCHANGES:
            return
        if self._unseen:
            self._look()
        told, _ = self._told()
        self._memory.keep(told)
        self._before = together(self._before, rates(told, self.make))
        self._exchanges, self._said = [], {}
        self._rows.clear()
        self._number_of.clear()
        self._window += 1

    # -- looking -----------------------------------------------------------------------------------

    @property
    def due(self) -> bool:
        """Whether a look may find something new."""
        if not self._exchanges or self._until is None:
            return False
        if self._unseen or self._looked_until is None:
            return True
        last = max(self._exchanges[-1].at, self._busy_at or self._exchanges[-1].at)
        if any(self._looked_until < last + after <= self._until for after in SETTLES):
            return True
        rests = at_rest(self._exchanges, self._statuses)
        return not rests and self._until - self._looked_until >= LISTENS_AGAIN

    def look(self) -> list[Judged]:
        """Judge what has passed; returns what is new or has changed since it was called last.

        Raises StuckError where the twin cannot be played.
        """
        self._look()
        new, self._new = self._new, []
        return new

    def _look(self) -> None:
        if not self._exchanges or self._until is None:
            return
        self._unseen, self._looked_until = False, self._until
        told, numbers = self._told()
        scene = self._memory.scene_of(told)
        case = Case(told, scene, self._until + self._ahead)
        findings = self._by_habit(case)
        found = {one.key: one for one in self._judged(findings, numbers)}
        self._new += [
            replace(was, kind="", sentence="", whys=(), twin=())
            for key, was in self._said.items()
            if key not in found
        ]
        self._new += [one for key, one in found.items() if self._said.get(key) != one]
        self._said = found
        self._by_rate(told)

    def _by_rate(self, told: Conversation) -> None:
        """Name what shows only in how often things happen, once that is beyond doubt."""
        for habit, rate in together(self._before, rates(told, self.make)).items():
            known = self._named.get(habit)
            if rate.sure and known is None and rate.last is not None:
                one = _of_rate(habit, of_rate(habit, rate, self.make), rate.last, self._ahead)
                self._named[habit] = one
                self._new.append(one)
            elif known is not None and not rate.sure:
                del self._named[habit]
                self._new.append(replace(known, kind="", sentence="", whys=()))

    def _by_habit(self, case: Case) -> list[Finding]:
        """The findings; of those that follow from a habit they say so. What no habit explained is
        not asked about again until something else differs as well."""
        findings = case.judged(self.make)
        if not differing(findings):
            return findings
        explained = tried(case, self.make, findings, self._suspects)
        if not explained.complete:
            findings = case.judged(self.make, sure=True)
            found = kinds(findings)
            if found <= self._in_vain:
                explained = tried(case, self.make, findings, self._suspects)
            else:
                explained = searched(case, self.make, findings)
                self._in_vain |= set() if explained.complete else found
        self._suspects = explained.suspects or self._suspects
        return explained.findings

    def _told(self) -> tuple[Conversation, dict[int, int]]:
        """What has passed by the clock of the CSMS, and each exchange's row."""
        numbers: dict[int, int] = {}
        exchanges = []
        for exchange in self._exchanges:
            answered_at = exchange.answered_at
            shifted = replace(
                exchange,
                at=exchange.at + self._ahead,
                answered_at=answered_at + self._ahead if answered_at else None,
            )
            numbers[id(shifted)] = self._number_of[id(exchange)]
            exchanges.append(shifted)
        return Conversation(self.name, True, exchanges), numbers

    def _judged(self, findings: list[Finding], numbers: Mapping[int, int]) -> list[Judged]:
        counted: dict[str, int] = {}
        judged = []
        for finding in findings:
            said = finding.metal or finding.twin
            if said is None or (finding.metal is None and finding.kind is not Kind.ONLY_TWIN):
                continue
            row = numbers.get(id(finding.metal), 0) if finding.metal else 0
            sentence, whys = sentence_of(finding), tuple(map(in_words, finding.whys))
            by_habit = of_habits(finding.habits, self.make)
            key = f"row {row}"
            if not row:
                why = finding.whys[0] if finding.whys else said.action
                counted[why] = counted.get(why, 0) + 1
                key = f"{self._window} {why} {counted[why]}"
            judged.append(
                Judged(
                    key,
                    finding.at - self._ahead,
                    finding.kind.value,
                    said.action,
                    said.connector,
                    row,
                    by_habit or sentence,
                    (by_habit, sentence, *whys[1:]) if by_habit else whys,
                    _as_said(finding.twin),
                    finding.habits,
                )
            )
        return judged


def _of_rate(habit: str, sentence: str, last: Exchange, ahead: timedelta) -> Judged:
    """A habit that no single frame tells; `last` is the one that has made it sure."""
    return Judged(
        f"how often {habit}",
        last.at - ahead,
        Kind.DIFFERS.value,
        last.action,
        last.connector,
        sentence=sentence,
        whys=(sentence,),
        habits=(habit,),
    )


def _as_said(twin: Exchange | None) -> tuple[Any, ...]:
    if twin is None:
        return ()
    if twin.from_charger:
        return (CALL, twin.action, twin.payload)
    return tuple(twin.answer or ())
