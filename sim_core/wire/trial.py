"""What becomes of the first row of the journal when it was not answered well (OCPP 1.6 §3.7.1).

Three things may befall it. A *failure* (CALLERROR, an answer without what is needed, a link that
ends at it each time) counts, on disk, up to TransactionMessageAttempts. *Silence* is no failure to
process: a start or stop is sent until it is answered. A *sample* must not hold back for long what
waits behind it: it gets a second chance and no third, and none where the CSMS answers other
messages but no samples, or says that it does not know them. In OCPP 2.0.1 nothing gives way: a
sample is an event with a number as any other, and a CSMS would miss it (E01.FR.07).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sim_core.store.records import SAMPLED, JournalRow
from sim_core.wire.call_errors import HOPELESS
from sim_core.wire.spelling import Spelling

HURRIED_ATTEMPTS = 2
"""How often a sample is sent while something waits behind it."""
HURRIED_WAIT_S = 60.0
"""How long it may wait then to be sent again."""
CHANCE_ENDS = 1
"""How many links may end at a row by chance: it is not given up for them."""
PROVEN_ENDS = 2
"""After how many samples at which links end the next ones do not hold back what waits behind."""
SLOWNESS = 1.5
"""By how much longer than the CSMS's slowest answer a start waits before it is sent again."""
PATIENCE_S, LONGEST_PATIENCE_S = 30.0, 600.0
"""The least that it waits for a late answer, however short CALL_TIMEOUT_SEC is, and the most."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often a row is sent, and how long after each time (TransactionMessageAttempts and
    TransactionMessageRetryInterval of OCPP 1.6 §9.1, MessageAttempts and MessageAttemptInterval of
    OCPP 2.0.1)."""

    attempts: int
    interval_s: float
    counts_silence: bool = False
    """No answer is a failure as any other (OCPP 2.0.1 E13); else a begin or an end is sent until it
    is answered (OCPP 1.6 §3.7.1)."""
    samples_yield: bool = True
    """A sample gives way to what waits behind it."""


@dataclass(frozen=True)
class Again:
    """It is sent again after so many seconds."""

    after_s: float
    attempt: str = field(default="", compare=False)
    """Which attempt has failed, in words."""

    @property
    def then(self) -> str:
        """What follows, for whoever reads that it was not answered well."""
        return _told(self.attempt, f"it is sent again in {self.after_s:g} s")


@dataclass(frozen=True)
class GiveUp:
    """It leaves unanswered."""

    why: str
    attempt: str = field(default="", compare=False)

    @property
    def then(self) -> str:
        """As of `Again`."""
        return _told(self.attempt, "it is given up")


def _told(attempt: str, what: str) -> str:
    return f"{attempt}, {what}" if attempt else what


Verdict = Again | GiveUp


def times(number: int) -> str:
    """How often, in words."""
    return "once" if number == 1 else f"{number} times"


class Trial:
    """What the first row has been through, and what samples have met before it."""

    __slots__ = (
        "_count",
        "_deaf_at",
        "_ends_links",
        "_policy",
        "_refuses_samples",
        "_silent_at",
        "_spelling",
        "ends",
        "silences",
        "slow_s",
    )

    def __init__(
        self, policy: Callable[[], RetryPolicy], count: Callable[[int], int], spelling: Spelling
    ) -> None:
        """`count` keeps one more failure of a row and returns how many there were."""
        self._policy = policy
        self._spelling = spelling
        self._count = count
        self.silences = 0
        """How often it has met silence."""
        self.ends = 0
        """How many links have ended at it."""
        self._deaf_at = 0
        """The row at which the CSMS turned out to answer other messages, but no samples."""
        self._silent_at = 0
        """The last sample that met silence between answers, if none was taken since."""
        self._refuses_samples = False
        """A sample was given up for CALLERRORs, and none was taken since."""
        self._ends_links = 0
        """How many samples in a row were given up for links that ended at them; no new connection
        changes it."""
        self.slow_s = 0.0
        """The longest that the CSMS took for an answer that came too late."""

    def failed(self, row: JournalRow, why: str, code: str = "", *, hurried: bool) -> Verdict:
        """The CSMS could not process it; `hurried`: something waits that is no sample."""
        policy, sample = self._policy(), self._yields(row)
        if sample and code in HOPELESS:
            self._refuses_samples = True
            return GiveUp(why)
        attempts, allowed = self._count(row.number), policy.attempts
        if sample and hurried:
            allowed = min(allowed, 1 if self._refuses_samples else HURRIED_ATTEMPTS)
        which = f"attempt {attempts} of {allowed}"
        if attempts >= allowed:
            self._refuses_samples = self._refuses_samples or sample
            return GiveUp(f"{why}, {times(attempts)}", which)
        wait_s = policy.interval_s * attempts
        return Again(min(wait_s, HURRIED_WAIT_S) if sample and hurried else wait_s, which)

    def silent(
        self, row: JournalRow, took_s: float, *, hurried: bool, heard_before: bool
    ) -> Verdict:
        """There was no answer within `took_s`; `heard_before`: to the call before there was."""
        self.silences += 1
        policy = self._policy()
        if policy.counts_silence and not self._yields(row):
            return self.failed(row, "no answer", hurried=hurried)
        if self._yields(row):
            self._silent_at = row.number if heard_before else 0
        if self._yields(row) and (
            self.silences >= policy.attempts or self._deaf_at not in (0, row.number)
        ):
            return GiveUp(f"no answer, {times(self.silences)}", f"attempt {self.silences}")
        wait_s = policy.interval_s * min(self.silences, policy.attempts)
        if self._spelling.doubles(row):
            # Sent again it may become a second one there: first let a late answer come.
            patience_s = max(PATIENCE_S, took_s * self.silences, self.slow_s * SLOWNESS - took_s)
            wait_s = max(wait_s, min(LONGEST_PATIENCE_S, patience_s))
        if self._yields(row) and hurried:
            wait_s = min(wait_s, HURRIED_WAIT_S)
        return Again(wait_s, f"attempt {self.silences}")

    def link_ended(self, row: JournalRow, does: str, what: str, *, hurried: bool) -> Verdict:
        """The CSMS has ended the link at it; `does` and `what` say how and at which message."""
        policy = self._policy()
        self.ends += 1
        attempts = self._count(row.number)
        allowed, chance = policy.attempts, CHANCE_ENDS
        if self._yields(row) and self._ends_links:
            allowed, chance = 1, 0  # the samples before it have shown that it is no chance
        elif self._yields(row) and hurried:
            allowed = min(allowed, HURRIED_ATTEMPTS)
        if attempts >= allowed and self.ends > chance:
            self._ends_links += self._yields(row)
            return GiveUp(f"the CSMS {does} whenever it hears {what}, {times(attempts)}")
        return Again(policy.interval_s * max(0, self.ends - CHANCE_ENDS))

    def _yields(self, row: JournalRow) -> bool:
        """Whether a row gives way to what waits behind it."""
        return row.kind == SAMPLED and self._policy().samples_yield

    def hears_others(self) -> None:
        """After the silence to a sample something else was answered."""
        self._deaf_at = self._silent_at

    def hears_nothing(self) -> None:
        """Something else was not answered either: it is not the samples."""
        self._silent_at = 0

    def skips(self, row: JournalRow, *, hurried: bool) -> str:
        """Why it leaves without being sent (again); empty when it does not."""
        if not hurried or not self._yields(row):
            return ""
        name = self._spelling.name(row.kind)
        if self._deaf_at:
            return f"the CSMS does not answer {name}, and other messages wait behind"
        if self._ends_links >= PROVEN_ENDS:
            return f"the CSMS ends the link at {name}, and other messages wait behind"
        spent = row.attempts >= (1 if self._refuses_samples else HURRIED_ATTEMPTS)
        return f"it failed {times(row.attempts)}, and other messages wait behind" if spent else ""

    @property
    def deaf(self) -> bool:
        """Whether the CSMS answers other messages, but no samples."""
        return self._deaf_at != 0

    def taken(self, row: JournalRow) -> None:
        """The CSMS has taken a row: what samples have met before is over."""
        met = self._deaf_at or self._silent_at or self._ends_links or self._refuses_samples
        if met and self._yields(row):
            self._deaf_at = self._silent_at = self._ends_links = 0
            self._refuses_samples = False

    def left(self) -> None:
        """The first row is another one."""
        self.silences = self.ends = 0

    def new_connection(self) -> None:
        """Silence was that of a link which is gone."""
        self._deaf_at = self._silent_at = 0
