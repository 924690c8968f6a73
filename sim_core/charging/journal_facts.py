"""What the journal keeps of a transaction: facts as JSON, and no word of a protocol.

A protocol spells them when they are sent, so what waits through an offline night can go out in
whatever the next connection speaks.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sim_core.charging.domain_events import Sample, TransactionBegan, TransactionEnded
from sim_core.charging.vocabulary import Context
from sim_core.hardware.meter import Reading

Facts = dict[str, Any]


class SampleFacts(dict[str, Any]):
    """The facts of a sample, and beside them the sample: a journal in memory hands them back as
    they were, and it need not be read out of them."""

    __slots__ = ("sample",)

    sample: Sample


CONTEXTS = {context.value: context for context in Context}


def began(event: TransactionBegan) -> Facts:
    """`token`, `register_wh` and `at` of a begin; `reservation_id` where it uses one up, `offline`
    where the CSMS could not be told at once."""
    facts: Facts = {
        "token": event.token,
        "register_wh": event.register_wh,
        "at": event.at.isoformat(),
        "cause": event.cause.value,
    }
    if event.reservation_id is not None:
        facts["reservation_id"] = event.reservation_id
    if event.offline:
        facts["offline"] = True
    return facts


def ended(event: TransactionEnded) -> Facts:
    """`token`, `register_wh`, `at` and `reason` of an end, and the `samples` that were kept."""
    facts: Facts = {
        "token": event.token,
        "register_wh": event.register_wh,
        "at": event.at.isoformat(),
        "reason": event.reason.value,
        "cause": event.cause.value,
    }
    if event.samples:
        facts["samples"] = list(event.samples)
    return facts


def sampled(sample: Sample) -> Facts:
    """A sample: when, why, what of it counts, the whole reading, and what its meter has signed."""
    reading = sample.reading
    facts = SampleFacts(
        context=sample.context._value_,
        at=sample.at.isoformat(),
        measurands=list(sample.measurands),
        reading={
            "register_wh": reading.register_wh,
            "voltage_v": reading.voltage_v,
            "current_a": reading.current_a,
            "soc_percent": reading.soc_percent,
            "offered_w": reading.offered_w,
            "temperature_c": reading.temperature_c,
        },
    )
    if sample.signed:
        facts["signed"] = sample.signed
    facts.sample = sample
    return facts


def sample_of(facts: Facts) -> Sample:
    """The sample that `sampled` made these facts of."""
    if isinstance(facts, SampleFacts):
        return facts.sample
    return Sample(
        at=datetime.fromisoformat(facts["at"]),
        context=CONTEXTS[facts["context"]],
        reading=Reading(**facts["reading"]),
        measurands=tuple(facts["measurands"]),
        signed=facts.get("signed", ""),
    )
