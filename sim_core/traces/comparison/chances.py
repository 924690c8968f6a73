"""What chance decides: judged as a rate, never by the single frame.

Each chance is a question with yes or no that a conversation answers now and then. The single answer
is not compared; how often it is yes is, over all that was played.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sim_core.traces.causes.sessions import REPORTED_WITHIN, Session, heard_at, reconnects, sessions
from sim_core.traces.causes.vehicles import MAC_S, SETTLED_S, power_w
from sim_core.traces.comparison.delays import gaps, length_s
from sim_core.traces.exchanges import Conversation, Exchange, as_number
from sim_core.traces.moments import S, moment

CHARGES_WITHIN = 10 * S
SAMPLED_WITHIN = 60 * S
RACE = 4 * S
"""So long before a vehicle's id is told a card may come that makes it needless."""
TRUNCATED_WH = 1
FAR_ABOVE = 1.8
"""Power.Offered that is so many times what flows is the rating."""
EFFECTS = {
    "ChangeAvailability": ("Unavailable", "Available"),
    "ReserveNow": ("Reserved",),
    "CancelReservation": ("Available",),
}
"""The statuses that a request causes."""
STILL = 3
SEVERAL_STEPS, OFF_STEP_S = 4, 0.5
SHOWS_WITHIN, AT_ONCE = 6 * S, timedelta(milliseconds=20)
FIRST_STAMP_S = 0.009, 0.075
"""So far behind a full second is the first stamp of a clock that was set to one."""
EXACT_S = 0.009
LAGS, LEAST_RISING_W = 0.75, 7000.0
WATTS = 1000.0
"""More kW than that are no kW."""

Answers = Iterator[tuple[Exchange, bool]]


@dataclass(frozen=True)
class Chance:
    """See the module."""

    what: str
    answers: Callable[[Conversation], Answers]
    """Each frame that answers the question, and how."""
    needs_clock: bool = False
    certain: bool = False
    """It is no chance at all: a charger does it always or never."""


def _ends_without_offer(told: Conversation) -> Answers:
    for sample in told.of("MeterValues"):
        if sample.context == "Transaction.End":
            yield sample, "Power.Offered" not in sample.values


def _limited_ends_without_offer(told: Conversation) -> Answers:
    for run in sessions(told):
        if run.failed or not any(
            asked.action == "SetChargingProfile"
            and asked.result.get("status") == "Accepted"
            and asked.connector == run.connector
            and run.began < asked.at
            and (run.ended is None or asked.at < run.ended)
            for asked in told.asked
        ):
            continue
        offered = any("Power.Offered" in s.values for s in run.samples if not _is_end(s))
        for sample in run.samples if offered else ():
            if _is_end(sample):
                yield sample, "Power.Offered" not in sample.values


def _is_end(sample: Exchange) -> bool:
    return sample.context == "Transaction.End"


def _sets_whole_seconds(told: Conversation) -> Answers:
    """Whether the first stamp after a boot shows a clock that was set to a full second, and not to
    the fraction of one that its CSMS has said."""
    for boot in reconnects(told):
        theirs = moment(boot.result.get("currentTime"))
        first = next(
            (
                report
                for report in told.of("StatusNotification")
                if boot.at < report.at < heard_at(boot) + REPORTED_WITHIN and report.connector
            ),
            None,
        )
        if theirs is None or first is None or first.stamp is None:
            continue
        past_s = first.stamp.microsecond / 1e6
        whole = FIRST_STAMP_S[0] <= past_s <= FIRST_STAMP_S[1]
        as_told = abs((first.stamp - theirs) / S) < EXACT_S
        if whole != as_told:
            yield first, whole


def _exact_by_the_clock(told: Conversation) -> Answers:
    """Whether a sample by the clock is stamped at its very moment."""
    for sample in told.of("MeterValues"):
        at = sample.stamp
        if sample.context == "Sample.Clock" and at is not None and at.minute % 5 == 0:
            past_s = at.second + at.microsecond / 1e6
            yield sample, min(past_s, 60 - past_s) < AT_ONCE / S


def _late_beside(told: Conversation) -> Answers:
    """Whether a session has samples off its interval while another connector is busy too."""
    found: dict[int, list[float]] = {}
    for gap in gaps(told):
        if gap.what.startswith("sample interval") and gap.what.endswith("beside another gun"):
            every = float(gap.what.split()[2])
            took = length_s(gap.ends, gap.first, gap.then)
            if took is not None and gap.first.connector is not None:
                found.setdefault(gap.first.connector, []).append(abs(took - every))
    for number, off in found.items():
        start = next((run.start for run in sessions(told, number)), None)
        if start is not None and len(off) >= SEVERAL_STEPS:
            yield start, max(off) > OFF_STEP_S


def _begins_with_0(told: Conversation) -> Answers:
    """Whether a new connection begins with connector 0, where something charges."""
    for boot in reconnects(told):
        since, until = boot.at, heard_at(boot) + REPORTED_WITHIN
        reports = [r for r in told.of("StatusNotification") if since < r.at < until]
        if len({r.connector for r in reports}) > 1 and any(r.status == "Charging" for r in reports):
            yield reports[0], reports[0].connector == 0


def _frozen(told: Conversation) -> Answers:
    """Whether V and A stand still in a session over the first samples after a new connection, while
    the register moves."""
    for boot in reconnects(told):
        for run in sessions(told):
            after = [
                s
                for s in run.samples
                if s.stamp is not None and s.stamp > boot.at and s.context == "Sample.Periodic"
            ]
            three = after[:STILL]
            if run.start.at > boot.at or len(three) < STILL or not power_w(three[0]):
                continue
            registers = {s.register_wh for s in three}
            if len(registers) == STILL:
                said = {(s.values.get("Voltage"), s.values.get("Current.Import")) for s in three}
                yield three[-1], len(said) == 1


def _effects_first(told: Conversation) -> Answers:
    """Whether the status that a request causes is there when the request is answered."""
    for asked in told.asked:
        words = EFFECTS.get(asked.action, ())
        if asked.answered_at is None or asked.result.get("status") != "Accepted":
            continue
        for report in told.of("StatusNotification"):
            near = timedelta(0) < report.at - asked.at < SHOWS_WITHIN
            if near and report.status in words and asked.connector in (None, report.connector):
                yield report, report.at <= asked.answered_at + AT_ONCE
                break


def _charges_unanswered(told: Conversation) -> Answers:
    for run in sessions(told):
        if run.failed or run.start.answered_at is None:
            continue
        for report in told.of("StatusNotification", run.connector):
            near = timedelta(0) <= report.at - run.start.at < CHARGES_WITHIN
            if report.status == "Charging" and near:
                yield report, report.at < run.start.answered_at
                break


def is_early_sample(sample: Exchange) -> bool:
    """Whether it is a sample of no transaction."""
    return sample.context == "Sample.Periodic" and sample.transaction is None


def _sampled_early(told: Conversation) -> Answers:
    for run in sessions(told):
        if run.start.at - run.began > CHARGES_WITHIN:
            continue  # it has begun without a link
        yield (
            run.start,
            any(
                is_early_sample(sample)
                and timedelta(0) <= run.start.at - sample.at < SAMPLED_WITHIN
                for sample in told.of("MeterValues", run.connector)
            ),
        )


def _truncated(told: Conversation) -> Answers:
    for run in sessions(told):
        end = next((s for s in run.samples if s.context == "Transaction.End"), None)
        if end is None or run.stop is None or end.register_wh is None:
            continue
        stop_wh = run.stop.register_wh
        if stop_wh is not None:
            yield run.stop, 0.5 < end.register_wh - stop_wh < TRUNCATED_WH + 0.5


def _offers(told: Conversation) -> Iterator[tuple[Session, list[float], float]]:
    """Sessions with what they say is offered, and the most that flows, both in kW as printed."""
    for run in sessions(told):
        flowing = [s for s in run.samples if s.context == "Sample.Periodic" and power_w(s)]
        offered = [as_number(s.values.get("Power.Offered")) for s in flowing]
        said = [value for value in offered if value is not None]
        if said:
            yield run, said, max((power_w(s) or 0.0) / 1000 for s in flowing)


def _offers_rating(told: Conversation) -> Answers:
    for run, offered, most_kw in _offers(told):
        yield run.start, min(offered) > FAR_ABOVE * most_kw and max(offered) < WATTS


def _offers_watts(told: Conversation) -> Answers:
    for run, offered, _ in _offers(told):
        yield run.start, max(offered) >= WATTS


def _lags(told: Conversation) -> Answers:
    for run, offered, most_kw in _offers(told):
        if max(offered) > FAR_ABOVE * most_kw:
            continue
        for sample in run.samples:
            power, offer = power_w(sample), as_number(sample.values.get("Power.Offered"))
            rising = sample.stamp is not None and run.age_s(sample.stamp) < SETTLED_S
            if rising and power and power > LEAST_RISING_W and offer is not None:
                yield sample, offer * 1000 < LAGS * power


def _without_iccid(told: Conversation) -> Answers:
    for boot in reconnects(told):
        if "iccid" in boot.payload:
            yield boot, boot.payload["iccid"] == ""


def is_beside(told: Conversation, exchange: Exchange) -> bool:
    """Whether it tells a vehicle's own id, though somebody was authorised just before: whether the
    charger still knows what to do with the id is a race."""
    if exchange.action == "Authorize":
        if not any(mac.text("data") == exchange.id_tag for mac in told.of("DataTransfer")):
            return False
    elif exchange.text("messageId") != "MacID":
        return False
    own = exchange.id_tag or exchange.text("data")
    return any(
        timedelta(0) <= exchange.at - card.at < RACE and card.id_tag != own
        for card in told.of("Authorize")
    )


def _told_beside(told: Conversation) -> Answers:
    for plug in told.of("StatusNotification"):
        at = plug.stamp
        if plug.status != "Preparing" or at is None:
            continue
        macs = [m for m in told.of("DataTransfer") if m.text("messageId") == "MacID"]
        for card in told.of("Authorize"):
            early_s = (card.at - at) / S
            of_vehicle = any(mac.text("data") == card.id_tag for mac in macs)
            if of_vehicle or not MAC_S - RACE / S <= early_s <= MAC_S + 1:
                continue
            yield card, any(timedelta(0) <= mac.at - card.at < RACE for mac in macs)


CHANCES = (
    Chance("Power.Offered is missing in Transaction.End", _ends_without_offer),
    Chance("Charging comes before StartTransaction.conf", _charges_unanswered, needs_clock=True),
    Chance("a sample without transactionId comes before its start", _sampled_early),
    Chance("meterStop is 1 Wh below Transaction.End", _truncated),
    Chance("Power.Offered is the rating", _offers_rating),
    Chance("Power.Offered is in W", _offers_watts),
    Chance("Power.Offered lags a rising power", _lags),
    Chance("iccid is empty", _without_iccid),
    Chance("a vehicle's id is told beside a card", _told_beside, needs_clock=True),
    Chance(
        "Power.Offered is missing in a limited session's Transaction.End",
        _limited_ends_without_offer,
        certain=True,
    ),
    Chance("a sample by the clock is stamped at its moment", _exact_by_the_clock, certain=True),
    Chance("samples beside another gun leave their interval", _late_beside, certain=True),
    Chance("beside a session connector 0 is the first at a boot", _begins_with_0, certain=True),
    Chance("V and A stand still after a new connection", _frozen, certain=True),
    Chance(
        "a status comes before the answer to what causes it",
        _effects_first,
        needs_clock=True,
        certain=True,
    ),
    Chance("a boot sets the clock to a full second", _sets_whole_seconds, certain=True),
)
"""What chance decides, as far as it is known. What flows during a ramp is in `measured`."""


# -- where chance parts both -----------------------------------------------------------------------

VAIN_AFTER = 60 * S
"""A remote start that has led to no transaction by then comes to nothing."""
PARTS_AFTER = 20 * S
"""So long after the request both still say the same."""


def _second_starts(told: Conversation) -> Answers:
    """Whether a second gun, asked for while the first one charges, starts slowly and in vain."""
    for asked in told.asked:
        if asked.action != "RemoteStartTransaction" or asked.result.get("status") != "Accepted":
            continue
        busy = any(
            run.connector != asked.connector
            and run.start.at < asked.at
            and (run.stop is None or run.stop.at > asked.at)
            and not run.failed
            for run in sessions(told)
        )
        if busy and told.exchanges[-1].at - asked.at > VAIN_AFTER:
            starts = told.of("StartTransaction", asked.connector)
            yield asked, not any(timedelta(0) < s.at - asked.at < VAIN_AFTER for s in starts)


PARTS = Chance("a second gun starts slowly and in vain", _second_starts, needs_clock=True)


def parted(
    real: Conversation, twin: Conversation, asked: Sequence[tuple[Exchange, Exchange]]
) -> tuple[datetime, datetime] | None:
    """From when on both have gone ways of their own, on each side; None where they have not."""
    theirs = {id(exchange): hit for exchange, hit in PARTS.answers(twin)}
    here = {id(one): other for one, other in asked}
    for exchange, hit in PARTS.answers(real):
        other = here.get(id(exchange))
        if other is not None and theirs.get(id(other), hit) != hit:
            return exchange.at + PARTS_AFTER, other.at + PARTS_AFTER
    return None
