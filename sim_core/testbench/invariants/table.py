"""The invariants, a row each, and which of them is the first that does not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sim_core.testbench.invariants import (
    exchanges,
    greetings,
    requests,
    sessions_kept,
    transactions,
)
from sim_core.testbench.invariants.exchanges import EACH
from sim_core.testbench.invariants.heard import Heard, Said


class Invariant(NamedTuple):
    """A row."""

    name: str
    sentence: str
    """What holds."""
    clause: str
    against: Callable[[Heard], str]
    """What speaks against it first, as a sentence without full stop; empty: nothing."""
    needs_sessions: bool = False
    """It can be seen only where somebody tells of the CSMS's sessions."""


class Breach(NamedTuple):
    """An invariant that does not hold, and why."""

    name: str
    why: str


def against(one: Said) -> Breach | None:
    """What an exchange says against the CSMS in whatever scenario."""
    for name, judge in EACH.items():
        if why := judge(one):
            return Breach(name, f"{one.action} of {one.charge_point}: {why}")
    return None


def first_breach(heard: Heard, names: Iterable[str]) -> Breach | None:
    """The first of these invariants that does not hold."""
    for name in names:
        row = INVARIANT_BY_NAME[name]
        if row.needs_sessions and heard.sessions is None:
            continue
        if why := row.against(heard):
            return Breach(name, why)
    return None


def _each(name: str) -> Callable[[Heard], str]:
    """The row of this name of `EACH`."""
    judge = EACH[name]

    def against(heard: Heard) -> str:
        for one in heard.said:
            if why := judge(one):
                return f"{one.action} of {one.charge_point}: {why}"
        return ""

    return against


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "speaks-ocpp",
        "All that the CSMS sends is a request, or the answer to one that is open",
        "OCPP-J 1.6 §4.1, §4.2; OCPP-J 2.0.1 §4",
        _each("speaks-ocpp"),
    ),
    Invariant(
        "refuses-nothing",
        "Nothing that a charge point tells is answered by a CALLERROR",
        "OCPP-J 1.6 §4.2.3; OCPP 1.6 §4.10",
        _each("refuses-nothing"),
    ),
    Invariant(
        "never-silent",
        "Each request is answered while the link holds",
        "OCPP-J 1.6 §4.1.1",
        _each("never-silent"),
    ),
    Invariant(
        "holds-the-link",
        "The CSMS does not end a link, unless it goes away itself",
        "OCPP-J 1.6 §4.2.3: what it cannot take is answered; RFC 6455 §7.4.1",
        exchanges.hangs_up,
    ),
    Invariant(
        "valid-answers",
        "Each answer is one that its schema allows",
        "OCPP-J 1.6 §4.2.2; the JSON schemas of either version",
        _each("valid-answers"),
    ),
    Invariant(
        "answers-in-time",
        "Each answer comes in time",
        "OCPP-J 1.6 §4.1.1: nothing else is asked meanwhile",
        exchanges.late,
    ),
    Invariant(
        "id-for-one-start",
        "A transactionId is given to one start only",
        "OCPP 1.6 §4.8, StartTransaction.conf transactionId",
        transactions.id_for_two,
    ),
    Invariant(
        "same-start-same-id",
        "A start that is said again has the id that it had",
        "OCPP 1.6 §3.7.1: it is repeated until it is answered",
        transactions.second_id,
    ),
    Invariant(
        "one-verdict-a-card",
        "What the CSMS says of a card it says each time",
        "OCPP 1.6 §4.1, §4.8; OCPP 2.0.1 C01",
        transactions.other_verdict,
    ),
    Invariant(
        "asks-of-what-exists",
        "The CSMS asks of connectors that there are",
        "OCPP 1.6 §3.8; OCPP 2.0.1 part 1, numbering of EVSEs",
        requests.nowhere,
    ),
    Invariant(
        "stops-what-it-began",
        "RemoteStopTransaction names a transaction of that charge point",
        "OCPP 1.6 §5.12",
        requests.foreign_stop,
    ),
    Invariant(
        "lets-in-again",
        "A charge point that was accepted is accepted when it boots again",
        "OCPP 1.6 §4.2; OCPP 2.0.1 B01",
        greetings.shut_out,
    ),
    Invariant(
        "time-goes-on",
        "The time that the CSMS tells does not go back",
        "OCPP 1.6 §4.2, §4.6",
        greetings.time_back,
    ),
    Invariant(
        "keeps-each-session",
        "A session whose end was taken is there, once",
        "OCPP 1.6 §4.10; OCPP 2.0.1 E07",
        sessions_kept.not_kept,
        needs_sessions=True,
    ),
    Invariant(
        "energy-as-charged",
        "A session has the energy that was charged in it",
        "OCPP 1.6 §4.8, §4.10, meterStart and meterStop; OCPP 2.0.1 J02",
        sessions_kept.other_energy,
        needs_sessions=True,
    ),
)
INVARIANT_BY_NAME = {row.name: row for row in INVARIANTS}
