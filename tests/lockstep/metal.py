"""A charger beside which a twin can stand: a simulated one that plays what a tale tells.

Its conversation is what a real one would have said: the twin is given nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache

from sim_core.hardware.model import Model
from sim_core.lockstep.following import Following, Judged
from sim_core.settings.model_file import load_model
from sim_core.traces.causes.derivation import scene_of
from sim_core.traces.comparison.verdicts import Kind
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.twin.play import Make, play
from tests.traces.tales import Tale

DIFFERENT = (Kind.DIFFERS.value, Kind.ONLY_REAL.value, Kind.ONLY_TWIN.value)
Tell = Callable[[Tale], None]


@lru_cache(maxsize=1)
def model() -> Model:
    return load_model("gresgying-f3-eu180")


def all_but(*left_out: str) -> str:
    """All habits of the model but these."""
    return ",".join(name for name in model().quirks if name not in left_out)


def twin() -> Make:
    return Make(model())


@lru_cache(maxsize=1)
def with_few_habits() -> Make:
    """The make with no more than three: what no habit explains is tried on each of them."""
    names = ("send_tick", "slow_minute", "two_entry_stop_data")
    return Make(replace(model(), quirks={name: model().quirks[name] for name in names}))


def a_visit(
    tale: Tale,
    at: float = 20,
    connector: int = 1,
    number: int = 7,
    *,
    every: float = 10,
    long: float = 120,
) -> float:
    """A vehicle comes, charges for so long until the CSMS stops it, and leaves; returns when."""
    began = tale.session(at, connector, number)
    kwh = 1.0
    age = every - 2
    while age < long:
        kw = min(60.0, max(0.0, 2.0 * (age - 6)))
        kwh += kw * every / 3600
        tale.sample(began + age, connector, number, kwh=round(kwh, 3), amperes=round(kw / 0.4, 1))
        age += every
    end = began + long + 3.5
    tale.asks(end - 2.5, "RemoteStopTransaction", {"status": "Accepted"}, transactionId=number)
    tale.sample(end, connector, number, "Transaction.End", kwh=round(kwh + 0.1, 3), told=end + 1.5)
    tale.status(end + 0.5, connector, "Finishing")
    tale.stop(end, "Remote", number, began=began, told=end + 2.7)
    tale.status(end + 20, connector, "Available")
    return end + 20


def visit(tale: Tale) -> None:
    """A boot and a visit."""
    tale.boots(0, "Available", "Available", "Available")
    gone = a_visit(tale)
    tale.says(gone + 60, "Heartbeat", {}, {"currentTime": tale.stamp(gone + 60)}, late_s=0)


def metal(
    seed: int = 101, quirks: str = "all", tell: Tell = visit, make: Make | None = None
) -> Conversation:
    """What a charger says to whom this happens; with these habits, or of this make."""
    tale = Tale()
    tell(tale)
    told = tale.told()
    return play(told, scene_of(told), make or Make(model(), quirks=quirks), seed).said


def passing(said: Conversation) -> Iterator[tuple[timedelta, int, Exchange, bool]]:
    """What passes, in order: when, its row, the exchange, and whether it is the answer."""
    begin = said.exchanges[0].at
    events = []
    for row, exchange in enumerate(said.exchanges, 1):
        events.append((exchange.at - begin, row, exchange, False))
        if exchange.answered_at is not None:
            events.append((exchange.answered_at - begin, row, exchange, True))
    yield from sorted(events, key=lambda event: (event[0], event[3]))


class Beside:
    """A charger that is followed, and all that was said of it on the way."""

    def __init__(self, make: Make | None = None, *, off: timedelta = timedelta()) -> None:
        """`make` plays its twin, else one with all habits; `off` is by how much the computer's
        clock is ahead of the CSMS's."""
        self.following = Following("CP01", make or twin())
        self.off = off
        self.history: list[Judged] = []
        self.now: dict[str, Judged] = {}

    def hears(
        self, said: Conversation, *, looks_every: int = 0, cuts: Iterable[datetime] = ()
    ) -> Beside:
        """Let it all pass, and look at every so many frames (0: at the end). At each of the `cuts`
        the link goes."""
        begin = said.exchanges[0].at + self.off
        left = sorted(cuts)
        for place, (after, row, exchange, is_answer) in enumerate(passing(said), 1):
            at = begin + after
            while left and left[0] + self.off <= at:
                self.following.ended(left.pop(0) + self.off)
            if is_answer:
                assert exchange.answer is not None
                self.following.answered(row, at, exchange.answer, exchange.slash)
            else:
                message = (exchange.message_id, exchange.action, exchange.payload)
                self.following.asked(row, exchange.from_charger, at, message, exchange.slash)
            if looks_every and place % looks_every == 0:
                self.look()
        return self

    def waits(self, said: Conversation, seconds: float) -> Beside:
        """Nothing passes for so long after its last frame."""
        self.following.listened(said.exchanges[-1].at + self.off + timedelta(seconds=seconds))
        return self

    def look(self) -> Beside:
        """Look, and keep what is said."""
        for one in self.following.look():
            self.history.append(one)
            if one.kind:
                self.now[one.key] = one
            else:
                self.now.pop(one.key, None)
        return self

    @property
    def differences(self) -> list[str]:
        """What differs now."""
        return [one.sentence for one in self.now.values() if one.kind in DIFFERENT]

    @property
    def ever(self) -> list[str]:
        """What has ever been said to differ."""
        return [one.sentence for one in self.history if one.kind in DIFFERENT]
