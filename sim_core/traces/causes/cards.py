"""Cards at the reader, and vehicles and buttons that end a session."""

from __future__ import annotations

from datetime import datetime, timedelta

from sim_core.traces.causes.scene import Act, Scene, Stimulus
from sim_core.traces.causes.sessions import Outage, Session, offline_starts, outages, sessions
from sim_core.traces.causes.vehicles import is_own_id
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S

CARD_SHOWS_WITHIN = 5 * S
STARTS_WITHIN = 60 * S
READ_BEFORE = S
"""So long before it is asked about, a card was held at the reader."""
REMOTE_WITHIN = 4 * S
"""So soon after a RemoteStartTransaction its card is asked about."""
STOPS_WITHIN = 30 * S
"""So soon after a RemoteStopTransaction that nobody has heard of a transaction may end by it."""
SLEEPS_AFTER_S = 30.0
"""A vehicle that waits for so long for its authorisation sleeps by itself."""
LONGEST_WAIT = timedelta(minutes=10)
USUAL_MAC_S = 16.1
"""From the plug to the moment at which a vehicle's own id could be read."""
GIVES_UP_BEFORE = 4 * S
"""So long before a start that fails its vehicle has given up."""


def cards(told: Conversation, scene: Scene) -> None:
    """Add who held a card at the reader, and who ended a session by hand."""
    readers = _readers(told)
    for card in told.of("Authorize"):
        if id(card) in readers:
            at = card.at - READ_BEFORE
            _add(scene, Stimulus(at, Act.SWIPE, readers[id(card)], card.id_tag))
    for run in offline_starts(told):
        if not is_own_id(run.start.id_tag):
            outage = next((o for o in outages(told) if o.has(run.began)), None)
            came = run.began - 28.5 * S
            at = max(came, outage.began + 2 * S) if outage else came
            _add(scene, Stimulus(at, Act.SWIPE, run.connector, run.start.id_tag))
    _ends(told, scene)
    _failures(told, scene)


def is_card(told: Conversation, authorize: Exchange) -> bool:
    """Whether an Authorize is of a card at the reader: neither a vehicle's nor a remote one."""
    tag = authorize.id_tag
    if (
        not tag
        or is_own_id(tag)
        or any(mac.payload.get("data") == tag for mac in told.of("DataTransfer"))
    ):
        return False
    return not any(
        asked.action == "RemoteStartTransaction"
        and asked.id_tag == tag
        and timedelta(0) <= authorize.at - asked.at < REMOTE_WITHIN
        for asked in told.asked
    )


def is_shown_by_card(told: Conversation, connector: int, report: Exchange) -> bool:
    """Whether a Preparing is the effect of a card without a vehicle."""
    at = report.stamp or report.at
    for card in told.of("Authorize"):
        answered = card.answered_at
        # The stamp is of the charger's clock, which is up to a second behind.
        if answered is None or not -1.5 * S <= at - answered < CARD_SHOWS_WITHIN:
            continue
        if is_card(told, card) and _is_accepted(card):
            return True
    return False


def _is_accepted(card: Exchange) -> bool:
    info = card.result.get("idTagInfo")
    return isinstance(info, dict) and info.get("status") == "Accepted"


def _readers(told: Conversation) -> dict[int, int]:
    """The connector that each card was meant for, by the `id` of its Authorize: where its
    transaction starts, or Preparing shows; until either has happened, where a vehicle waits. Of one
    card that is held for several connectors each time is for another one."""
    found: dict[int, int] = {}
    started: set[int] = set()
    before: list[Exchange] = []
    for card in told.of("Authorize"):
        if not is_card(told, card):
            continue
        start = _shows(told, card, started)
        if start is not None:
            started.add(id(start))
            found[id(card)] = start.connector or 1
        else:
            taken = {
                found[id(other)]
                for other in before
                if other.id_tag == card.id_tag and card.at - other.at < STARTS_WITHIN
            }
            found[id(card)] = _waiting(told, card, taken)
        before.append(card)
    return found


def _shows(told: Conversation, card: Exchange, started: set[int]) -> Exchange | None:
    """What shows whom a card was meant for, without starts that are another one's."""
    for exchange in told.said:
        if exchange.at <= card.at:
            continue
        starts = exchange.action == "StartTransaction" and exchange.id_tag == card.id_tag
        if starts and exchange.at - card.at < STARTS_WITHIN and id(exchange) not in started:
            return exchange
        if exchange.status == "Preparing" and exchange.at - card.at < CARD_SHOWS_WITHIN:
            return exchange
    return None


def _waiting(told: Conversation, card: Exchange, taken: set[int]) -> int:
    """Where a vehicle waits: the last that came, unless somebody else is there for it already."""
    waiting: dict[int, str] = {}
    for report in told.of("StatusNotification"):
        if report.at <= card.at and report.connector:
            waiting.pop(report.connector, None)  # who came last stands behind the others
            waiting[report.connector] = report.status
    there = [number for number, status in reversed(waiting.items()) if status == "Preparing"]
    return next((number for number in there if number not in taken), *there[:1] or (1,))


def _ends(told: Conversation, scene: Scene) -> None:
    failed = {id(run.stop) for run in sessions(told) if run.failed}
    told_of: set[int] = set()
    for stop in told.of("StopTransaction"):
        number, ended = told.connector_of(stop), stop.stamp
        if number is None or ended is None or id(stop) in failed:
            continue
        told_of.add(number)
        if stop.reason == "Local":
            _add(scene, Stimulus(ended, Act.SWIPE, number, stop.id_tag))
        elif stop.reason == "Other" and not (
            _was_asked(told, stop, ended) or _has_broken(told, number, ended)
        ):
            _add(scene, Stimulus(ended, Act.EV_STOPS, number))
    for run in offline_starts(told):
        ended = _ended_unsaid(told, run.connector, run.began)
        if run.stop is None and ended is not None:
            _add(scene, Stimulus(ended, Act.EV_STOPS, run.connector))


def _ended_unsaid(told: Conversation, connector: int, began: datetime) -> datetime | None:
    """When a transaction ended of whose end no StopTransaction tells: it has begun offline, and
    its connector is Finishing or free afterwards."""
    reports = [r for r in told.of("StatusNotification", connector) if (r.stamp or r.at) > began]
    for report in reports:
        if report.status not in ("Finishing", "Available"):
            continue
        boot = next((o for o in outages(told) if o.boot.at <= report.at < o.boot.at + 4 * S), None)
        first = told.boots[0] if told.boots else None
        if boot is not None and boot.has(began):
            return max(began + 5 * S, boot.over - 6 * S)
        if boot is None and first is not None and report.at - first.at < 4 * S:
            return max(began + 5 * S, first.at - 6 * S)  # the outage was before the trace
        return report.stamp or report.at
    return None


def _was_asked(told: Conversation, stop: Exchange, ended: datetime) -> bool:
    """Whether a RemoteStopTransaction has ended it whose answer was lost."""
    return any(
        asked.action == "RemoteStopTransaction"
        and asked.transaction == stop.transaction
        and timedelta(0) <= ended - asked.at < STOPS_WITHIN
        for asked in told.asked
    )


def _has_broken(told: Conversation, connector: int, ended: datetime) -> bool:
    """Whether a fault has ended it."""
    return any(
        report.status == "Faulted" and abs((report.stamp or report.at) - ended) < 6 * S
        for report in told.of("StatusNotification", connector)
    )


def _failures(told: Conversation, scene: Scene) -> None:
    """Starts that have failed because the vehicle slept, and not by the charger's own patience."""
    for run in sessions(told):
        if not run.failed or _has_broken(told, run.connector, run.began):
            continue
        if _waited_s(told, run) > SLEEPS_AFTER_S:
            continue  # it has waited too long: the charger knows that by itself
        at = run.began - GIVES_UP_BEFORE
        _add(scene, Stimulus(at, Act.EV_GIVES_UP, run.connector))


def _waited_s(told: Conversation, run: Session) -> float:
    """How long a vehicle had waited for its start since its own id could be read: what tells that
    id, or the plug does."""
    macs = [m.at for m in told.of("DataTransfer") if m.text("messageId") == "MacID"]
    waited = [(run.began - at) / S for at in macs if timedelta(0) < run.began - at < LONGEST_WAIT]
    if waited:
        return min(waited)
    plugged: datetime | None = None
    for report in told.of("StatusNotification", run.connector):
        if report.at >= run.start.at or (report.stamp or report.at) >= run.began:
            break
        if report.status != "Preparing":
            plugged = None
        elif plugged is None:
            plugged = report.stamp or report.at
    return (run.began - plugged) / S - USUAL_MAC_S if plugged is not None else 0.0


def outage_of(told: Conversation, at: datetime) -> Outage | None:
    """The outage in which a moment lies."""
    return next((outage for outage in outages(told) if outage.has(at)), None)


def _add(scene: Scene, stimulus: Stimulus) -> None:
    (scene.before if stimulus.at < scene.begins else scene.stimuli).append(stimulus)
