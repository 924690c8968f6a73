"""What a frame is, in a word, and in which lane its order counts.

Order is kept within a lane: one connector's statuses, one connector's transaction messages, one
card, the boots. Between lanes a charger's order is mostly free.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable

from sim_core.traces.exchanges import Conversation, Exchange

Lane = tuple[Hashable, ...]
BY_THE_CLOCK = ("Sample.Clock", "Trigger")


def token_of(exchange: Exchange) -> str:
    """What a frame is, in a word."""
    if exchange.action == "StatusNotification":
        return f"{exchange.status} {exchange.vendor_code}".strip()
    if exchange.action == "MeterValues":
        lost = exchange.transaction is None and exchange.context not in BY_THE_CLOCK
        return f"MeterValues {exchange.context}" + " without transactionId" * lost
    if exchange.action == "StopTransaction":
        return f"StopTransaction {exchange.reason}"
    return exchange.action


def match_of(exchange: Exchange) -> Hashable:
    """What a frame of the other side must have in common with it to answer to it: what it is, and
    whose transaction."""
    if exchange.context in BY_THE_CLOCK:
        return token_of(exchange)
    return token_of(exchange), exchange.transaction


def lanes_of(told: Conversation) -> dict[Lane, list[Exchange]]:
    """What a charge point has said, by lane."""
    lanes: dict[Lane, list[Exchange]] = defaultdict(list)
    for exchange in told.said:
        lanes[_lane(exchange, told.connector_of(exchange))].append(exchange)
    return lanes


def _lane(exchange: Exchange, connector: int | None) -> Lane:
    action = exchange.action
    if action == "StatusNotification":
        return "status", connector
    if action in ("Authorize", "DataTransfer"):
        return "cards", exchange.id_tag or exchange.text("data")
    if action == "MeterValues" and exchange.context in BY_THE_CLOCK:
        return "samples", exchange.context, connector
    if action in ("StartTransaction", "MeterValues", "StopTransaction"):
        return "transaction", connector
    return (action,)


def place_of(lane: Lane) -> str:
    """Where a lane is, for a sentence."""
    return f" on {lane[-1]}" if len(lane) > 1 and isinstance(lane[-1], int) else ""


def in_order(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """By the time at which they passed."""
    return sorted(exchanges, key=lambda exchange: exchange.at)
