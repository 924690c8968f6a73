"""What is said when a link is up, in which order, and what a charger says by DataTransfer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from sim_core.hardware.model import Behaviour, Identity, TransferText
from sim_core.learning.counting import Votes
from sim_core.learning.draft import Draft, Evidence
from sim_core.learning.heard import Log
from sim_core.learning.texts import template_of
from sim_core.traces.exchanges import Exchange

BOOT, STATUS, HEARTBEAT = "BootNotification", "StatusNotification", "Heartbeat"
SECURITY, TRANSFER = "SecurityEventNotification", "DataTransfer"
GREETS = (STATUS, HEARTBEAT, SECURITY, TRANSFER)
USUAL = (BOOT, STATUS)
GREETS_WITHIN = timedelta(seconds=40)
"""So long after the boot what is said belongs to it."""
FOLLOWS_WITHIN = timedelta(seconds=3)
TRIGGERED_WITHIN = 6
RESET_WITHIN = timedelta(seconds=240)
KNOWN = frozenset({"MacID"})
"""DataTransfers that are those of a habit (`autocharge_mac`)."""


def learn_greetings(logs: Sequence[Log], draft: Draft, identity: Identity) -> None:
    """`on_connect`, `status_order`, `boot_on_reconnect`, and the tables [[transfers]]."""
    behaviour = draft.table("behaviour")
    alone = _transfers(logs, draft, identity)
    words: Votes[tuple[str, ...]] = Votes()
    orders: Votes[str] = Votes()
    booted: Votes[bool] = Votes()
    again: list[str] = []
    for log in logs:
        accepted = False
        for boot in log.told.boots:
            triggered = is_triggered(log, boot)
            booted.add(triggered, log.name)
            if not triggered:
                said = _around(log, boot, alone)
                if len(said) > 1:
                    words.add(tuple(said), log.name)
                if accepted and not _was_reset(log, boot):
                    again.append(log.name)
            accepted = accepted or boot.result.get("status") == "Accepted"
            order = _order(log, boot)
            if order:
                orders.add(order, log.name)
    if not booted or booted.counts[True] == booted.total:
        for log in logs:
            order = _order_of(log.told.of(STATUS)[:4])
            if order:
                orders.add(order, log.name)
    if words and words.most != USUAL:
        behaviour.learn(Behaviour, "on_connect", words.most, words.evidence())
    elif words:
        behaviour.remark(f"on_connect: as OCPP has it, {words.evidence()}")
    elif alone and not words:
        greeting = (BOOT, STATUS, *(f"{TRANSFER} {name}" for name in alone))
        behaviour.learn(Behaviour, "on_connect", greeting, "the DataTransfer was seen, not where")
        behaviour.learn(
            Behaviour, "on_reconnect", greeting[1:], "the DataTransfer was seen, not where"
        )
    if booted.counts[True] and booted.counts[True] == booted.total:
        behaviour.remark(
            f"BootNotification was seen only after a trigger, {booted.evidence(True)}; whether it "
            "comes by itself was not seen"
        )
    if orders:
        behaviour.learn(Behaviour, "status_order", orders.most, orders.evidence())
    if again:
        evidence = Evidence(len(again), len(again), tuple(again), "boots without a reset")
        behaviour.learn(Behaviour, "boot_on_reconnect", True, evidence)


def is_triggered(log: Log, one: Exchange) -> bool:
    """Whether the CSMS has asked for this."""
    for other in log.before(one, TRIGGERED_WITHIN):
        if other.from_charger and other.action == one.action:
            return False
        if other.action in ("TriggerMessage", "ExtendedTriggerMessage"):
            return other.text("requestedMessage") == one.action
    return False


def _was_reset(log: Log, boot: Exchange) -> bool:
    return any(
        other.action == "Reset" and boot.at - other.at <= RESET_WITHIN
        for other in log.before(boot, 60)
    )


def word_of(one: Exchange) -> str:
    """How a list of a model names a message."""
    return f"{TRANSFER} {one.text('messageId')}" if one.action == TRANSFER else one.action


def _around(log: Log, boot: Exchange, alone: Sequence[str]) -> list[str]:
    """What is said before and after a boot, each kind once, in order."""
    words: list[str] = []
    for other in log.before(boot, 4):
        greets = other.action == TRANSFER and other.text("messageId") in alone
        if not other.from_charger or not greets or boot.at - other.at > GREETS_WITHIN:
            break
        words.insert(0, word_of(other))
    words.append(BOOT)
    for other in log.after(boot, 40):
        if not other.from_charger:
            continue
        near = not log.told.timed or other.at - boot.at <= GREETS_WITHIN
        wanted = other.action in GREETS and not is_triggered(log, other)
        if other.action == TRANSFER and other.text("messageId") not in alone:
            wanted = False
        if other.action == HEARTBEAT and STATUS in words:
            break  # a heartbeat in its turn
        if not near or other.action == BOOT or not wanted:
            break
        if (word := word_of(other)) not in words:
            words.append(word)
    return words


def _order(log: Log, boot: Exchange) -> str:
    said: list[Exchange] = []
    for other in log.after(boot, 30):
        if other.from_charger and other.action == STATUS and other.at - boot.at <= GREETS_WITHIN:
            if other.connector in [one.connector for one in said]:
                break
            said.append(other)
        elif other.from_charger and other.action == BOOT:
            break
    return _order_of(said)


def _order_of(said: Sequence[Exchange]) -> str:
    numbers = [one.connector for one in said]
    if 0 not in numbers or len(set(numbers)) < 2:
        return ""
    return "charge_point_first" if numbers[0] == 0 else "charge_point_last"


# -- DataTransfer ----------------------------------------------------------------------------------


def _transfers(logs: Sequence[Log], draft: Draft, identity: Identity) -> list[str]:
    """Writes the tables; returns the messageIds of those that follow no message."""
    seen: dict[tuple[str, str], list[tuple[Log, Exchange, Exchange | None]]] = defaultdict(list)
    for log in logs:
        for one in log.told.of(TRANSFER):
            key = one.text("vendorId"), one.text("messageId")
            if key[1] not in KNOWN and key[0]:
                seen[key].append((log, one, _followed(log, one)))
    alone: list[str] = []
    for (vendor, message), told in seen.items():
        after: Votes[str] = Votes()
        for log, _, first in told:
            after.add(first.action if first else "", log.name)
        actions = [action for action in after.counts if action] or [""]
        if after.counts[""] * 2 > after.total and message:
            actions = [""]
        for action in actions:
            examples = [
                (one, first)
                for _, one, first in told
                if not action or (first and first.action == action)
            ]
            one, first = examples[-1]
            table = draft.table("[transfers]")
            table.learn(TransferText, "vendor_id", vendor, after.evidence(action))
            table.learn(TransferText, "message_id", message, "")
            said = first.payload if first and action else {}
            table.learn(TransferText, "data", template_of(one.text("data"), said, identity), "")
            if action:
                table.learn(TransferText, "after", action, after.evidence(action))
            elif message:
                alone.append(message)
    return alone


def _followed(log: Log, one: Exchange) -> Exchange | None:
    """The message of the charger that it follows; None: it stands alone, or behind a boot."""
    for other in log.before(one, 3):
        if other.from_charger:
            near = one.at - other.at <= FOLLOWS_WITHIN or not log.told.timed
            return other if near and other.action not in (BOOT, HEARTBEAT, TRANSFER) else None
    return None
