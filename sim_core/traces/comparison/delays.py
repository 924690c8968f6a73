"""How long things take: from one frame to another, each kind of it by its name.

A delay has a beginning and an end, and both are frames. Which frames they are is read off the real
conversation once; the twin's delay is that between the frames which answer to them. So a delay has
the same surroundings on both sides, and is measured only where nothing else has come between.

How a vehicle behaves is no chance: one that needs a second try for its handshake is known from its
session, and its delays are a kind of their own.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sim_core.traces.causes.sessions import (
    REPORTED_WITHIN,
    Session,
    heard_at,
    outages,
    reconnects,
    reported,
    sessions,
)
from sim_core.traces.causes.state import sample_interval, usual_interval
from sim_core.traces.causes.vehicles import MAC_S, car_of, mac_of
from sim_core.traces.comparison.orders import is_backlog
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S, moment

CATCHES_UP = 15 * S
"""So long after a boot there is a backlog."""
BUSY_BEFORE, BUSY_FOR = 60 * S, 30 * S
"""So long before and after its transaction another gun makes a firmware slow."""
AT_ONCE = timedelta(milliseconds=20)
LIVE = 10 * S
"""What comes so much later than it is stamped was kept back."""
EARLY_S = 13.0
"""Who is authorised so soon after the plug need not be waited for."""
LONGEST_START = 180 * S
CAUSES_WITHIN = 60 * S
TRIGGERS_WITHIN = 6 * S
RESET_WITHIN = 180 * S


class Ends(Enum):
    """Between which two moments a delay lies."""

    ARRIVALS = "arrivals"
    STAMPS = "stamps"
    STAMP_TO_ARRIVAL = "stamp to arrival"
    ARRIVAL_TO_STAMP = "arrival to stamp"
    ANSWER_TO_ARRIVAL = "answer to arrival"
    ANSWER_TO_STAMP = "answer to stamp"
    TO_ANSWER = "to answer"
    FROM_EXPIRY = "from expiry"
    FROM_MINUTE = "from the full minute"


TO_STAMP = (
    Ends.STAMPS,
    Ends.ARRIVAL_TO_STAMP,
    Ends.ANSWER_TO_STAMP,
    Ends.FROM_EXPIRY,
    Ends.FROM_MINUTE,
)
CLOCKLESS = (Ends.STAMPS, Ends.FROM_MINUTE)
"""What is measured where nobody has seen when a frame passed."""


@dataclass(frozen=True, eq=False)
class Gap:
    """A delay that a conversation shows."""

    what: str
    first: Exchange
    then: Exchange
    ends: Ends = Ends.ARRIVALS


def length_s(ends: Ends, first: Exchange, then: Exchange) -> float | None:
    """How long it was between two frames; None where one of both moments is not known."""
    begin: datetime | None = first.at
    end: datetime | None = then.at
    if ends in (Ends.STAMPS, Ends.STAMP_TO_ARRIVAL):
        begin = first.stamp
    elif ends in (Ends.ANSWER_TO_ARRIVAL, Ends.ANSWER_TO_STAMP):
        begin = first.answered_at
    elif ends is Ends.FROM_MINUTE:
        begin = then.stamp and then.stamp.replace(second=0, microsecond=0)
    elif ends is Ends.FROM_EXPIRY:
        begin = moment(first.payload.get("expiryDate"))
    if ends in TO_STAMP:
        end = then.stamp
    elif ends is Ends.TO_ANSWER:
        end = then.answered_at
    return (end - begin) / S if begin is not None and end is not None else None


FINE = (
    "connector 0 after the others",
    "stamp of connector 0",
    "sample interval",
    "Preparing said again",
)
"""How kinds begin whose length no turn of the firmware's loop is part of."""


BOOT_ACTIONS = ("BootNotification", "Heartbeat")
FREE = ("first sample",)
"""How kinds begin whose length is anything up to some interval: no single one is too long."""


def is_free(what: str) -> bool:
    """Whether a kind of delay can be judged only as a distribution."""
    return what.startswith(FREE)


def is_of_boot(gap: Gap) -> bool:
    """Whether a boot belongs to a delay."""
    return gap.then.action in BOOT_ACTIONS or gap.first.action in BOOT_ACTIONS


def is_fine(what: str) -> bool:
    """Whether a kind of delay is one of those."""
    return what.startswith(FINE)


def gaps(told: Conversation) -> list[Gap]:
    """The delays of a conversation, without those that an outage has stretched."""
    cut = [outage.over for outage in outages(told)]
    found = [*_whole(told)]
    parts = (_answers, _on_their_way, _cars, _runs, _statuses)
    found += [
        gap
        for part in parts
        for gap in part(told)
        if not any(gap.first.at < over <= gap.then.at for over in cut)
    ]
    if told.timed:
        return found
    # The answer to a heartbeat tells the time of both.
    return [gap for gap in found if gap.ends in CLOCKLESS or gap.then.action == "Heartbeat"]


def _whole(told: Conversation) -> Iterator[Gap]:
    """Boots, resets, heartbeats: what an outage does not stretch."""
    for boot in reconnects(told):
        since, until = boot.at, heard_at(boot) + REPORTED_WITHIN
        after = [e for e in told.said if since < e.at < until]
        yield from _after_boot(boot, after)
        asked = [
            a
            for a in told.asked
            if a.action == "Reset" and timedelta(0) < boot.at - a.at < RESET_WITHIN
        ]
        if asked:
            kind = asked[-1].text("type").lower() or "some"
            yield Gap(f"BootNotification after a {kind} reset", asked[-1], boot)
    last: Exchange | None = None
    interval: object = None
    for exchange in told.exchanges:
        if exchange.action == "BootNotification":
            last, interval = exchange, exchange.result.get("interval", interval)
        elif (
            exchange.action == "ChangeConfiguration" and exchange.result.get("status") == "Accepted"
        ):
            if exchange.text("key") == "HeartbeatInterval":
                interval = exchange.payload.get("value")
        elif exchange.action == "Heartbeat":
            if last is not None:
                took = (exchange.at - last.at) / S
                every = str(interval or usual_interval(took)) if took > 0 else "?"
                booted = last.action == "BootNotification"
                if booted and not told.timed:
                    last = exchange
                    continue
                ends = Ends.ANSWER_TO_ARRIVAL if booted else Ends.ARRIVALS
                yield Gap(f"Heartbeat, interval {every}", last, exchange, ends)
            last = exchange


def _after_boot(boot: Exchange, after: list[Exchange]) -> Iterator[Gap]:
    ends = Ends.ANSWER_TO_ARRIVAL
    reports = [e for e in after if e.action == "StatusNotification"]
    backlog = [e for e in after if is_backlog(e, boot)]
    if reports:
        yield Gap("first status after BootNotification.conf", boot, reports[0], ends)
    if backlog:
        yield Gap("backlog after BootNotification.conf", boot, backlog[0], ends)
    zero = next((r for r in reports if r.connector == 0), None)
    one = next((r for r in reports if r.connector == 1), None)
    if zero is None or one is None:
        return
    if reports.index(one) < reports.index(zero):
        yield Gap("connector 0 after the others, at a boot", one, zero)
        yield Gap("stamp of connector 0 after theirs, at a boot", one, zero, Ends.STAMPS)
    else:
        yield Gap("connector 1 after connector 0, at a boot", zero, one)


def _answers(told: Conversation) -> Iterator[Gap]:
    for asked in told.asked:
        if asked.answer is None or asked.action == "Reset":
            continue
        remote = asked.action == "RemoteStartTransaction"
        accepted = asked.result.get("status") == "Accepted"
        what = asked.action if remote and accepted else "any other request"
        yield Gap(f"answer to {what}", asked, asked, Ends.TO_ANSWER)


def _on_their_way(told: Conversation) -> Iterator[Gap]:
    kinds = {
        "Sample.Periodic": "a sample on its way",
        "Sample.Clock": "a sample on its way",
        "Transaction.End": "an end sample on its way",
    }
    busy = [boot.at for boot in reconnects(told)]
    left: dict[str, datetime] = {}
    """When one of a kind has left last: those that leave at once are one delay."""
    for exchange in told.said:
        stamp = exchange.stamp
        if stamp is None or exchange.at - stamp > LIVE:
            continue
        if any(timedelta(0) <= exchange.at - boot < CATCHES_UP for boot in busy):
            continue
        what = ""
        if exchange.action == "StatusNotification":
            what = "" if reported(told, exchange) else "a status on its way"
        elif exchange.action == "MeterValues":
            what = kinds.get(exchange.context, "")
        elif exchange.action == "StartTransaction":
            what = "StartTransaction on its way"
        if exchange.context == "Sample.Clock" and stamp.minute % 5 == 0:
            yield Gap("stamp of a sample by the clock", exchange, exchange, Ends.FROM_MINUTE)
        if not what:
            continue
        before, left[what] = left.get(what), exchange.at
        if before is None or exchange.at - before > AT_ONCE:
            yield Gap(what, exchange, exchange, Ends.STAMP_TO_ARRIVAL)


def _cars(told: Conversation) -> Iterator[Gap]:
    """From the plug on."""
    for plug in told.of("StatusNotification"):
        at = plug.stamp
        if plug.status != "Preparing" or at is None or not plug.connector:
            continue
        if reported(told, plug) is not None:
            continue
        mac = mac_of(told, plug.connector, at)
        kind = "second try" if car_of(told, plug.connector, at).late else "prompt vehicle"
        if mac is not None:
            yield Gap(f"MacID after the plug ({kind})", plug, mac, Ends.STAMP_TO_ARRIVAL)
        run = next((r for r in sessions(told, plug.connector) if r.start.at > plug.at), None)
        if run is None or run.failed or run.began - at > LONGEST_START:
            continue
        between = [
            r
            for r in told.of("StatusNotification", plug.connector)
            if plug.at < r.at < run.start.at
        ]
        if any(r.status not in ("Preparing", "Charging") for r in between):
            continue
        card = _admitted(told, run, at)
        if card is None or card.answered_at is None:
            continue
        if mac is not None and card.at - mac.at > 4 * S:
            yield Gap("StartTransaction after a late card", card, run.start, Ends.ANSWER_TO_STAMP)
        elif (card.at - at) / S <= MAC_S + 2 * EARLY_S:
            yield Gap(f"StartTransaction after the plug ({kind})", plug, run.start, Ends.STAMPS)


def _admitted(told: Conversation, run: Session, plugged: datetime) -> Exchange | None:
    """The Authorize that has let a transaction begin."""
    cards = [
        card
        for card in told.of("Authorize")
        if card.id_tag == run.start.id_tag and plugged - 2 * S <= card.at <= run.start.at
    ]
    return cards[-1] if cards else None


def _runs(told: Conversation) -> Iterator[Gap]:
    """From the start of a transaction to its end."""
    for run in sessions(told):
        if run.start.at - run.began > LIVE:
            continue  # it has begun without a link
        if run.failed:
            if run.stop is not None:
                yield Gap("stop stamp of a start that failed", run.start, run.stop, Ends.STAMPS)
            continue
        after = [
            e for e in told.said if e.at >= run.start.at and told.connector_of(e) == run.connector
        ]
        charging = next((e for e in after if e.status == "Charging"), None)
        if charging is not None and charging.at - run.start.at < LIVE:
            yield Gap("Charging after StartTransaction", run.start, charging, Ends.STAMPS)
        begin = next((s for s in run.samples if s.context == "Transaction.Begin"), None)
        if begin is not None:
            yield Gap("Transaction.Begin after StartTransaction", run.start, begin)
        yield from _rhythm(told, run)
        yield from _end(told, run)
    yield from _remote_stops(told)


def _rhythm(told: Conversation, run: Session) -> Iterator[Gap]:
    samples = [s for s in run.samples if s.context == "Sample.Periodic" and s.stamp is not None]
    lengths = [
        (b.stamp - a.stamp) / S for a, b in itertools.pairwise(samples) if a.stamp and b.stamp
    ]
    if not lengths or min(lengths) < 0.5:
        return
    every = sample_interval(told) or usual_interval(min(lengths))
    if not any(is_backlog(samples[0], boot) for boot in reconnects(told)):
        yield Gap(f"first sample, interval {every}", run.start, samples[0], Ends.STAMPS)
    for (a, b), length in zip(itertools.pairwise(samples), lengths, strict=True):
        if length > 1.5 * every or b.at - (b.stamp or b.at) > LIVE:
            continue
        busy = any(
            other.connector != run.connector
            and other.began - BUSY_BEFORE <= (b.stamp or b.at)
            and (other.ended is None or other.ended + BUSY_FOR >= (a.stamp or a.at))
            for other in sessions(told)
        )
        what = f"sample interval {every}" + " beside another gun" * busy
        yield Gap(what, a, b, Ends.STAMPS)


def _end(told: Conversation, run: Session) -> Iterator[Gap]:
    end = next((s for s in run.samples if s.context == "Transaction.End"), None)
    if end is None or run.stop is None:
        return
    yield Gap("StopTransaction after Transaction.End", end, run.stop)
    finishing = next(
        (
            r
            for r in told.of("StatusNotification", run.connector)
            if r.status == "Finishing" and abs(r.at - end.at) < LIVE
        ),
        None,
    )
    if finishing is not None:
        yield Gap("stamp of Finishing after Transaction.End", end, finishing, Ends.STAMPS)


def _remote_stops(told: Conversation) -> Iterator[Gap]:
    for stop in told.of("StopTransaction"):
        asked = [
            a
            for a in told.asked
            if a.action == "RemoteStopTransaction"
            and a.transaction == stop.transaction
            and timedelta(0) < stop.at - a.at < CAUSES_WITHIN
            and a.result.get("status") == "Accepted"
        ]
        if asked and stop.reason == "Remote":
            yield Gap("StopTransaction after RemoteStopTransaction", asked[0], stop)
            yield Gap(
                "stop stamp after RemoteStopTransaction", asked[0], stop, Ends.ARRIVAL_TO_STAMP
            )


def _statuses(told: Conversation) -> Iterator[Gap]:
    """What a status follows on the heels of."""
    by_connector: dict[int | None, list[Exchange]] = defaultdict(list)
    for report in told.of("StatusNotification"):
        by_connector[report.connector].append(report)
    for reports in by_connector.values():
        for a, b in itertools.pairwise(reports):
            if a.status == b.status == "Preparing" and reported(told, b) is None:
                yield Gap("Preparing said again", a, b, Ends.STAMPS)
    for asked in told.asked:
        accepted = asked.result.get("status") == "Accepted"
        if asked.action == "ReserveNow" and accepted:
            yield from _expiry(told, asked, by_connector.get(asked.connector, []))
        elif asked.action == "TriggerMessage" and accepted:
            first = _triggered(told, asked)
            if first is not None:
                word = asked.text("requestedMessage")
                yield Gap(
                    f"{word} after its trigger is answered", asked, first, Ends.ANSWER_TO_ARRIVAL
                )


def _expiry(told: Conversation, asked: Exchange, reports: Iterable[Exchange]) -> Iterator[Gap]:
    expires = moment(asked.payload.get("expiryDate"))
    if expires is None:
        return
    for report in reports:
        if report.status == "Available" and timedelta(0) <= report.at - expires < LIVE:
            yield Gap("Available after a reservation's expiry", asked, report, Ends.FROM_EXPIRY)
            return


def _triggered(told: Conversation, asked: Exchange) -> Exchange | None:
    wanted = asked.text("requestedMessage")
    since = asked.answered_at or asked.at
    return next(
        (
            e
            for e in told.said
            if e.action == wanted and timedelta(0) <= e.at - since < TRIGGERS_WITHIN
        ),
        None,
    )
