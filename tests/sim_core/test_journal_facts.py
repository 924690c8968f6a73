"""A sample is the same whether it lies beside its facts or is read out of them."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from hypothesis import given
from hypothesis import strategies as st

from sim_core.charging.domain_events import Sample
from sim_core.charging.journal_facts import sample_of, sampled
from sim_core.charging.vocabulary import Context
from sim_core.hardware.meter import Reading

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
READINGS = st.builds(Reading, NUMBERS, NUMBERS, NUMBERS, st.none() | NUMBERS, NUMBERS, NUMBERS)
SAMPLES = st.builds(
    Sample,
    st.datetimes(timezones=st.just(timezone.utc)),
    st.sampled_from(Context),
    READINGS,
    st.lists(st.sampled_from(["Voltage", "SoC"]), unique=True).map(tuple),
    st.sampled_from(["", "OCMF|{}|{}"]),
)


@given(SAMPLES)
def test_a_sample_is_read_out_of_its_facts_as_it_lies_beside_them(sample: Sample) -> None:
    facts = sampled(sample)
    assert sample_of(facts) is sample
    kept = json.loads(json.dumps(facts))
    assert kept == facts
    assert sample_of(kept) == sample


def test_only_what_a_meter_has_signed_is_kept_as_signed() -> None:
    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    unsigned = Sample(at, Context.END, Reading(1.0), ())
    assert "signed" not in sampled(unsigned)
    assert sampled(unsigned._replace(signed="OCMF|"))["signed"] == "OCMF|"
