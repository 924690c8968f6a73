"""What chance decides in some habits, read off a charger's frames: one row a habit.

Each time its dice are thrown something shows, and the habit itself tells how likely that was. What
the dice of a make give is asked of the very function that throws them. Only throws are read whose
outcome is beyond doubt, and only once it is: what a session has not told yet counts later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial

from sim_core.charging.habits import points_of
from sim_core.charging.points import OfferedFacts, Points
from sim_core.settings.model_file import chosen_quirks
from sim_core.traces.causes.sessions import Session, reconnects, sessions
from sim_core.traces.causes.vehicles import power_w
from sim_core.traces.comparison.chances import (
    CHARGES_WITHIN,
    FAR_ABOVE,
    SAMPLED_WITHIN,
    WATTS,
    is_early_sample,
)
from sim_core.traces.exchanges import Conversation, Exchange, as_number
from sim_core.traces.moments import S
from sim_core.twin.play import Make

Odds = Mapping[str, float]
"""How likely each outcome is."""

SOONER, NO_SOONER = "sooner", "no sooner"
ELSEWHEN, ON_TIME = "elsewhen", "on time"
RATING, IN_W, AS_IT_IS = "the rating", "in W", "as it is"
CUT, WHOLE = "cut", "whole"
IN_VAIN, STARTS = "in vain", "starts"

OFFERED = "Power.Offered"
EVENLY = 5_000
"""So many throws, spread evenly, give a share to the third decimal."""
USUAL_START_S = 10.0
"""From the authorisation to the begin: a sample before it fits into it."""
TURN_S = 1.1
"""A sample that is a turn of a loop off its time is on time."""
SHORTEST_S = 5.0
"""Of a shorter interval a turn of a loop leaves nothing to tell."""
TRACE_TICKS = 60
"""So long the same power has flowed that no way of saying what is offered still lags."""
SAME_MOMENT = 0.5 * S
MOST_EXACT_WH = 1_000_000
"""Registers in kWh may have six digits and no more."""
FREE = ("Available", "Reserved", "Unavailable")
BEGINS_WITHIN, COMES_LATE = 35 * S, 90 * S
"""A remote start of a plugged vehicle leads to a transaction so soon; of one that takes its time,
before that."""


@dataclass(frozen=True)
class Throw:
    """One time that the dice were thrown."""

    of: Exchange
    """The frame that shows how they fell."""
    shown: str
    odds: Callable[[Make], Odds]
    """How they fall, by make."""


@dataclass(frozen=True)
class Dice:
    """What a habit throws."""

    outcome: str
    """The one that only this habit brings."""
    what: str
    """The same in words, as what happens so and so often."""
    throws: Callable[[Conversation], Iterator[Throw]]
    measurand: str = ""
    """The one that shows it in a sample already, to a twin that never throws it."""


# -- samples ---------------------------------------------------------------------------------------


def _starts(told: Conversation) -> Iterator[Throw]:
    """Whether a sample comes before its transaction begins; of those that are sampled at all."""
    for run in sessions(told):
        if run.start.at - run.began > CHARGES_WITHIN or not _periodic(run):
            continue  # it has begun without a link, or is not sampled
        sooner = any(
            is_early_sample(sample) and timedelta(0) <= run.start.at - sample.at < SAMPLED_WITHIN
            for sample in told.of("MeterValues", run.connector)
        )
        yield Throw(run.start, SOONER if sooner else NO_SOONER, _early)


def _early(make: Make) -> Odds:
    share = _early_share(_points(make))
    return {SOONER: share, NO_SOONER: 1 - share}


@lru_cache(maxsize=16)
def _early_share(points: Points) -> float:
    early = [points.early_sample_s(USUAL_START_S, dice) is not None for dice in _each()]
    return sum(early) / EVENLY


def _first_samples(told: Conversation) -> Iterator[Throw]:
    """Whether the first sample of a transaction comes an interval after its begin; where nobody has
    set another interval and no other connector makes samples late."""
    for run in sessions(told):
        samples = _periodic(run)[:2]
        stamps = [sample.stamp for sample in samples if sample.stamp is not None]
        if len(stamps) < 2 or run.start.at - run.began > CHARGES_WITHIN:
            continue
        interval_s = (stamps[1] - stamps[0]) / S
        quiet = _others_free(told, run, samples[1].at) and not _interfered(told, run, samples[1].at)
        if interval_s < SHORTEST_S or not quiet:
            continue
        late_s = run.age_s(stamps[0]) - interval_s
        if late_s <= TURN_S:  # else the first one is not there: nothing has flowed, or it is lost
            shown = ON_TIME if late_s >= -TURN_S else ELSEWHEN
            yield Throw(samples[0], shown, partial(_first, round(interval_s, 1)))


def _first(interval_s: float, make: Make) -> Odds:
    share = _on_time_share(_points(make), interval_s)
    return {ON_TIME: share, ELSEWHEN: 1 - share}


@lru_cache(maxsize=64)
def _on_time_share(points: Points, interval_s: float) -> float:
    firsts = [points.first_sample_s(interval_s, dice) for dice in _each()]
    on_time = [first is None or abs(first - interval_s) <= TURN_S for first in firsts]
    return sum(on_time) / EVENLY


def _periodic(run: Session) -> list[Exchange]:
    return [
        sample
        for sample in run.samples
        if sample.context == "Sample.Periodic" and sample.transaction is not None
    ]


def _others_free(told: Conversation, run: Session, until: datetime) -> bool:
    """Whether no other connector was in use from a minute before its begin."""
    last: dict[int, str] = {}
    for report in told.of("StatusNotification"):
        if report.at > until:
            break
        number = report.connector
        if number and number != run.connector:
            if report.at > run.began - 60 * S and report.status not in FREE:
                return False
            last[number] = report.status
    return all(status in FREE for status in last.values())


def _interfered(told: Conversation, run: Session, until: datetime) -> bool:
    """Whether something has set the interval, or the process has restarted, since its begin."""
    return any(
        run.began - S < exchange.at <= until
        and (exchange.action in ("ChangeConfiguration", "Reset") or exchange in reconnects(told))
        for exchange in told.exchanges
    )


# -- Power.Offered ---------------------------------------------------------------------------------


def way_of(run: Session) -> Throw | None:
    """How a transaction says what is offered, as far as it has said it; None: it has not."""
    flowing = [s for s in run.samples if s.context == "Sample.Periodic" and power_w(s)]
    said = [as_number(sample.values.get(OFFERED)) for sample in flowing]
    offered_kw = [value for value in said if value is not None]
    if not offered_kw:
        return None
    most_w = max(power_w(sample) or 0.0 for sample in flowing)
    shown = _offered_as(min(offered_kw), max(offered_kw), most_w / 1000)
    return Throw(run.stop or run.start, shown, partial(_offering, most_w))


def _offers(told: Conversation) -> Iterator[Throw]:
    """What a transaction says is offered, from its begin to its end."""
    for run in sessions(told):
        if run.stop is None or run.failed or _interfered(told, run, run.stop.at):
            continue
        if (way := way_of(run)) is not None:
            yield way


def _offered_as(least_kw: float, most_kw: float, flowed_kw: float) -> str:
    if most_kw >= WATTS:
        return IN_W
    return RATING if least_kw > FAR_ABOVE * flowed_kw else AS_IT_IS


def _offering(most_w: float, make: Make) -> Odds:
    """As the ways stand beside each other of which each transaction has one."""
    rated_w = make.model.ratings.connector_power_w
    facts = OfferedFacts(most_w, rated_w, most_w, [most_w] * TRACE_TICKS)
    odds = dict.fromkeys((RATING, IN_W, AS_IT_IS), 0.0)
    offered = _points(make).offered
    often = sum(way.often for way in offered)
    for way in offered:
        kw = way.offered_w(facts) / 1000
        odds[_offered_as(kw, kw, most_w / 1000)] += way.often / often
    return odds if offered else {**odds, AS_IT_IS: 1.0}


# -- registers -------------------------------------------------------------------------------------


def _registers(told: Conversation) -> Iterator[Throw]:
    """Whether meterStart and meterStop are what the sample of the same moment says."""
    for run in sessions(told):
        ends = {"Transaction.Begin": run.start, "Transaction.End": run.stop}
        for sample in run.samples:
            edge, exact_wh = ends.get(sample.context), sample.register_wh
            told_wh = edge.register_wh if edge else None
            if edge is None or exact_wh is None or told_wh is None:
                continue
            if edge.stamp is None or sample.stamp is None or exact_wh >= MOST_EXACT_WH:
                continue
            less_wh = round(exact_wh) - told_wh
            if abs(edge.stamp - sample.stamp) < SAME_MOMENT and less_wh in (0, 1):
                shown = CUT if less_wh else WHOLE
                yield Throw(edge, shown, partial(_cutting, round(exact_wh)))


def _cutting(register_wh: int, make: Make) -> Odds:
    cut = _points(make).whole_wh(register_wh) < register_wh
    return {CUT: float(cut), WHOLE: float(not cut)}


# -- remote starts ---------------------------------------------------------------------------------


def _second_starts(told: Conversation) -> Iterator[Throw]:
    """Whether a remote start of a vehicle that waits leads to a transaction; where another
    connector charges before and after it. Who does not stay so long counts neither way."""
    for asked in told.asked:
        number, by = asked.connector, asked.at + BEGINS_WITHIN
        if asked.action != "RemoteStartTransaction" or asked.result.get("status") != "Accepted":
            continue
        if number is None or _status_at(told, number, asked.at) != "Preparing":
            continue
        if not _charges_beside(told, number, asked.at) or _is_refused(told, asked):
            continue
        run = next((run for run in sessions(told, number) if run.start.at > asked.at), None)
        if run is not None and run.start.at < by:
            if run.ended is None or run.ended > by:
                yield Throw(run.start, STARTS, _vain)
            continue
        late_by = asked.at + COMES_LATE
        takes_its_time = run is not None and run.start.at < late_by
        waits = _status_at(told, number, by) == "Preparing"
        if waits and not takes_its_time and told.exchanges[-1].at > late_by:
            yield Throw(asked, IN_VAIN, _vain)


def _is_refused(told: Conversation, asked: Exchange) -> bool:
    """Whether the card of a remote start is not accepted."""
    for card in told.of("Authorize"):
        if card.id_tag == asked.id_tag and timedelta(0) < card.at - asked.at < BEGINS_WITHIN:
            info = card.result.get("idTagInfo")
            if not isinstance(info, dict) or info.get("status") != "Accepted":
                return True
    return False


def _vain(make: Make) -> Odds:
    has = _points(make).second_start is not None
    share = make.model.timing[make.timing].second_gun_share if has else 0.0
    return {IN_VAIN: share, STARTS: 1 - share}


def _status_at(told: Conversation, connector: int, at: datetime) -> str:
    reports = [r for r in told.of("StatusNotification", connector) if r.at < at]
    return reports[-1].status if reports else ""


def _charges_beside(told: Conversation, connector: int, at: datetime) -> bool:
    """Whether power flows at another connector in its samples before and after a moment."""
    for run in sessions(told):
        if run.connector == connector:
            continue
        samples = [sample for sample in _periodic(run) if sample.stamp is not None]
        before = [s for s in samples if s.stamp and s.stamp <= at]
        after = [s for s in samples if s.stamp and s.stamp > at + BEGINS_WITHIN]
        if before and after and power_w(before[-1]) and power_w(after[0]):
            return True
    return False


# -- how dice fall ---------------------------------------------------------------------------------


@dataclass
class _Even:
    """Dice that fall at one place of many that are spread evenly."""

    place: float

    def random(self) -> float:
        return self.place

    def uniform(self, a: float, b: float, /) -> float:
        return a + (b - a) * self.place


def _each() -> Iterator[_Even]:
    return (_Even((number + 0.5) / EVENLY) for number in range(EVENLY))


def _points(make: Make) -> Points:
    return points_of(chosen_quirks(make.quirks, make.model)[0])


DICE: Mapping[str, Dice] = {
    "early_samples": Dice(SOONER, "a sample before its transaction begins", _starts),
    "free_running_samples": Dice(
        ELSEWHEN, "a first sample that is not an interval after the begin", _first_samples
    ),
    "rated_power_offered": Dice(RATING, f"the rating as {OFFERED}", _offers, OFFERED),
    "watts_power_offered": Dice(IN_W, f"W as {OFFERED}", _offers, OFFERED),
    "truncated_meter_stop": Dice(CUT, "a meterStart or meterStop that is cut off", _registers),
    "slow_second_gun": Dice(IN_VAIN, "a second gun that starts in vain", _second_starts),
}
"""By the habit that throws them."""
