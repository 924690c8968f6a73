"""What may be said against an exchange by itself, and against how a link ends.

The rows of `EACH` hold in every scenario: whatever is played, a CSMS answers as OCPP has it.
"""

from __future__ import annotations

from collections.abc import Callable

from sim_core.testbench.invariants.heard import Heard, Said
from sim_core.wire.asking import AS_TYPED
from sim_core.wire.link_ends import GOES_AWAY
from sim_core.wire.message_log import Direction, ExchangeState

OF_OURS = ("link", "abandoned")
"""In why a request has no answer, where that is no fault of the CSMS."""


def _no_ocpp(one: Said) -> str:
    exchange = one.exchange
    if exchange.direction is not Direction.NOISE:
        return ""
    return f"the CSMS sends a frame that is not OCPP-J: {exchange.action}"


def _refusal(one: Said) -> str:
    exchange = one.exchange
    if exchange.direction is Direction.SENT and exchange.state is ExchangeState.ERROR:
        return f"the CSMS answers with a CALLERROR: {exchange.trouble}"
    return ""


def _silence(one: Said) -> str:
    exchange = one.exchange
    unanswered = exchange.state is ExchangeState.UNANSWERED
    if exchange.direction is not Direction.SENT or not unanswered or one.excused:
        return ""
    trouble = exchange.trouble
    if trouble.startswith(AS_TYPED) or any(word in trouble for word in OF_OURS):
        return ""
    return f"the CSMS does not answer: {exchange.trouble}"


def _flaw(one: Said) -> str:
    exchange = one.exchange
    answered = exchange.state is ExchangeState.ANSWERED
    if exchange.direction is Direction.SENT and answered and exchange.trouble:
        return f"the answer of the CSMS is not as OCPP has it: {exchange.trouble}"
    return ""


EACH: dict[str, Callable[[Said], str]] = {
    "speaks-ocpp": _no_ocpp,
    "refuses-nothing": _refusal,
    "never-silent": _silence,
    "valid-answers": _flaw,
}
"""The invariants that hold in every scenario: they look at an exchange by itself."""


def late(heard: Heard) -> str:
    """The first request that is not answered in time; empty: all are."""
    limit = heard.answers_within_s
    for one in heard.said:
        exchange = one.exchange
        if exchange.direction is not Direction.SENT or one.excused:
            continue
        if exchange.message_id in heard.late or (exchange.latency_s or 0.0) > limit:
            return f"{one.action} of {one.charge_point} is not answered within {limit:g} s"
    return ""


def hangs_up(heard: Heard) -> str:
    """The first link that the CSMS has ended though it stays; empty: it has ended none."""
    for name, end in heard.hung_up:
        if end.code not in GOES_AWAY:
            return f"it {end.words} of {name}"
    return ""
