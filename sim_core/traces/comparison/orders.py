"""In which order things are said on different lanes, where the real charger always keeps to it.

Statuses, cards and transaction messages go side by side, and mostly anything may overtake anything.
Some things never do. They are not written down here: they are read off the real conversations, as
pairs of words that were met in one order several times, and never in the other.

After a boot the backlog of an outage has its place among the statuses, whosever connector they are
of: there, what was said of any connector counts as one lane.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import combinations

from sim_core.traces.causes.sessions import REPORTED_WITHIN, heard_at, reconnects
from sim_core.traces.comparison.words import token_of
from sim_core.traces.exchanges import Conversation, Exchange
from sim_core.traces.moments import S

NEAR = 6 * S
"""What is further apart has another cause."""
SEVERAL = 3
"""How often an order must have been met to be one."""
ONE_INSTANT = timedelta(milliseconds=3)
"""What is said at once has no order."""
TOGETHER = timedelta(milliseconds=200)
"""After a boot: what is so near to each other goes together."""

Orders = frozenset[tuple[str, str]]
Pairs = Sequence[tuple[Exchange, Exchange]]


def agreed(all_told: Iterable[Conversation]) -> Orders:
    """Pairs of words on one connector that all conversations have in this order."""
    met: Counter[tuple[str, str]] = Counter()
    for told in all_told:
        for first, then in _near(told, told.said):
            met[token_of(first), token_of(then)] += 1
    return frozenset(
        (first, then)
        for (first, then), often in met.items()
        if first != then and often >= SEVERAL and not met[then, first]
    )


def broken(told: Conversation, pairs: Pairs, orders: Orders) -> dict[int, list[str]]:
    """Where the twin has said it the other way round, by the `id` of the frame that came too
    early."""
    here = {id(real): twin for real, twin in pairs}
    faults: dict[int, list[str]] = defaultdict(list)
    said = [exchange for exchange in told.said if id(exchange) in here]
    for first, then in _near(told, said):
        if (token_of(first), token_of(then)) not in orders:
            continue
        if here[id(then)].at < here[id(first)].at:
            faults[id(here[id(then)])].append(f"{token_of(then)}: before {token_of(first)}")
    for boot in reconnects(told):
        for first, then in _around(told, boot, said):
            if here[id(then)].at < here[id(first)].at - ONE_INSTANT:
                what = f"{token_of(then)}: after a boot before {token_of(first)}"
                faults[id(here[id(then)])].append(what)
    return faults


def _near(told: Conversation, said: Iterable[Exchange]) -> list[tuple[Exchange, Exchange]]:
    """What was said of one connector within a short time, each with what came after it."""
    lanes: dict[int | None, list[Exchange]] = defaultdict(list)
    for exchange in said:
        lanes[told.connector_of(exchange)].append(exchange)
    found: list[tuple[Exchange, Exchange]] = []
    for number, exchanges in lanes.items():
        if number is None:
            continue
        for i, first in enumerate(exchanges):
            for then in exchanges[i + 1 :]:
                if then.at - first.at >= NEAR:
                    break
                if then.at - first.at > ONE_INSTANT:
                    found.append((first, then))
    return found


def _around(
    told: Conversation, boot: Exchange, said: Iterable[Exchange]
) -> list[tuple[Exchange, Exchange]]:
    """Of what was said right after a boot, the pairs of a status and a message of the backlog that
    did not go together, in their order."""
    near = [e for e in said if boot.at < e.at < heard_at(boot) + REPORTED_WITHIN]
    return [
        (first, then)
        for first, then in combinations(near, 2)
        if then.at - first.at > TOGETHER
        and {is_backlog(first, boot), is_backlog(then, boot)} == {True, False}
        and "StatusNotification" in (first.action, then.action)
    ]


def is_backlog(exchange: Exchange, boot: Exchange) -> bool:
    """Whether it was kept from before a boot."""
    kept = exchange.action in ("MeterValues", "StartTransaction", "StopTransaction")
    return kept and exchange.stamp is not None and exchange.stamp < boot.at
