"""A conversation cut into situations, each with a name that another conversation may have as well.

Two logs of one charger hold no frame in common by place or time. What they have in common is what
happened to it: it was started, somebody plugged in and was cut off by the emergency stop, the CSMS
asked for a configuration. So frames are gathered by that, and compared under its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sim_core.traces.causes.sessions import REPORTED_WITHIN, reconnects
from sim_core.traces.comparison.words import BY_THE_CLOCK, token_of
from sim_core.traces.exchanges import Conversation, Exchange

OPENS = ("Preparing", "Charging", "Reserved")
CLOSED = "Available"
DETAILS = ("type", "requestedMessage", "key")
"""Fields of a CSMS's request that make it another one."""


@dataclass(frozen=True, eq=False)
class Situation:
    """Something that happened, and what was said in it."""

    name: str
    said: tuple[Exchange, ...]
    """Of the charger, in order; of what the CSMS has asked, its request."""


def situations(told: Conversation) -> list[Situation]:
    """All of them. Each frame of the charger is in one."""
    left = list(told.said)
    found: list[Situation] = []
    for boot in reconnects(told):
        after = [e for e in left if e.action == "StatusNotification" or e is boot]
        said = [e for e in after if boot.at <= e.at < boot.at + REPORTED_WITHIN]
        found.append(Situation("start of the charger", tuple(said)))
        gone = {id(exchange) for exchange in said}
        left = [exchange for exchange in left if id(exchange) not in gone]
    of_connectors = [e for e in left if (told.connector_of(e) or 0) > 0 and not _by_the_clock(e)]
    for number in told.numbers:
        own = [e for e in of_connectors if told.connector_of(e) == number]
        found += _visits(own)
    gone = {id(exchange) for exchange in of_connectors}
    found += [Situation(_alone(e), (e,)) for e in left if id(e) not in gone]
    found += [Situation(f"asked {_asked(e)}", (e,)) for e in told.asked]
    return found


def _by_the_clock(exchange: Exchange) -> bool:
    return exchange.context in BY_THE_CLOCK


def _alone(exchange: Exchange) -> str:
    if exchange.action == "StatusNotification":
        return f"connector 0 {token_of(exchange)}"
    return token_of(exchange)


def _asked(exchange: Exchange) -> str:
    details = [exchange.payload.get(name) for name in DETAILS]
    return " ".join([exchange.action, *(str(one) for one in details if isinstance(one, str))])


def _visits(said: Sequence[Exchange]) -> Iterator[Situation]:
    """What one connector has said, from vehicle to vehicle.

    Who unplugs ends the visit, but what is to be told of it may come behind: the end of its
    transaction belongs to it.
    """
    visit: list[Exchange] = []
    running: set[object] = set()
    free = True
    for exchange in said:
        begins = exchange.status in OPENS or exchange.action == "StartTransaction"
        if visit and free and exchange.status in OPENS:
            yield Situation(f"{_named(visit)}, not over in the log", tuple(visit))
            visit, running = [], set()
        if not visit and not begins:
            yield Situation(_told(exchange), (exchange,))
            continue
        visit.append(exchange)
        free = exchange.status == CLOSED or (free and not exchange.status and not begins)
        if exchange.action == "StartTransaction":
            running.add(exchange.given)
        elif exchange.action == "StopTransaction":
            running.discard(exchange.transaction)
        if free and not running:
            yield Situation(_named(visit), tuple(visit))
            visit = []
    if visit:
        yield Situation(f"{_named(visit)}, not over in the log", tuple(visit))


def _told(exchange: Exchange) -> str:
    return f"a free connector says {token_of(exchange)}"


def _named(visit: Sequence[Exchange]) -> str:
    """What happened to who came there."""
    starts = [e for e in visit if e.action == "StartTransaction"]
    reasons = dict.fromkeys(e.reason for e in visit if e.action == "StopTransaction")
    faults = dict.fromkeys(e.vendor_code for e in visit if e.status == "Faulted")
    if reasons:
        name = f"a session that ends by {' and '.join(reasons)}"
    elif starts:
        name = "a session without an end"
    elif any(e.status == "Reserved" for e in visit):
        name = "a reservation that nobody uses"
    else:
        name = "a vehicle that does not charge"
    if faults:
        name += f", faulted ({', '.join(filter(None, faults)) or 'no vendor code'})"
    return name
