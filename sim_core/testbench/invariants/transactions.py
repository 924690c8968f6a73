"""What may be said against the ids of transactions (OCPP 1.6), and against verdicts about cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sim_core.testbench.invariants.heard import Heard, Said


def status(info: object) -> str:
    """The word of an idTagInfo or idTokenInfo; empty where there is none."""
    status = info.get("status") if isinstance(info, Mapping) else None
    return status if isinstance(status, str) else ""


Facts = tuple[str, object, str, object, object]
"""What a start is known by: charge point, connector, card, register, time."""


def facts_of(one: Said) -> Facts:
    """What a StartTransaction is known by."""
    asked = one.asked
    card = str(asked.get("idTag")).lower()
    return (
        one.charge_point,
        asked.get("connectorId"),
        card,
        asked.get("meterStart"),
        asked.get("timestamp"),
    )


def begun(heard: Heard) -> Iterator[tuple[Said, Facts, int]]:
    """The starts that were accepted, and their ids."""
    for one in heard.taken("StartTransaction"):
        if status(one.answered.get("idTagInfo")) == "Accepted":
            yield one, facts_of(one), one.answered["transactionId"]


def _told(facts: Facts) -> str:
    _, connector, card, register, at = facts
    return f"the start at connector {connector} by {card.upper()} at {at} with {register} Wh"


def id_for_two(heard: Heard) -> str:
    """The first id that two starts were given; empty: there is none."""
    known: dict[tuple[str, int], Facts] = {}
    for one, facts, number in begun(heard):
        first = known.setdefault((one.charge_point, number), facts)
        if first != facts:
            whose = f"{_told(first)} and {_told(facts)}"
            return f"{one.charge_point}: transaction {number} is {whose}"
    return ""


def second_id(heard: Heard) -> str:
    """The first start that was given another id when it came again; empty: there is none."""
    known: dict[Facts, int] = {}
    for one, facts, number in begun(heard):
        first = known.setdefault(facts, number)
        if first != number:
            return (
                f"{one.charge_point}: {_told(facts)} is transaction {first}, and when it is said "
                f"again {number}"
            )
    return ""


def other_verdict(heard: Heard) -> str:
    """The first card that the CSMS has changed its mind about; empty: there is none."""
    known: dict[str, tuple[str, str]] = {}
    for one in heard.said:
        if not one.taken:
            continue
        card, status = _verdict(one)
        if not card or not status or status == "ConcurrentTx":
            continue
        first, action = known.setdefault(card.lower(), (status, one.action))
        if first != status:
            return f"card {card} is {first} in {action} and {status} in {one.action}"
    return ""


def _verdict(one: Said) -> tuple[str, str]:
    """The card that was asked about, and what the CSMS says of it."""
    asked, answered = one.asked, one.answered
    token = asked.get("idToken")
    if isinstance(token, Mapping):
        return str(token.get("idToken", "")), status(answered.get("idTokenInfo"))
    card = asked.get("idTag")
    if one.action in ("Authorize", "StartTransaction") and isinstance(card, str):
        return card, status(answered.get("idTagInfo"))
    return "", ""
