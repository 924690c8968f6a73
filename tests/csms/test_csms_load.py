"""A CSMS that does not keep up says so, once, and when it does again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sim_core.csms.load import LATE_S, LOOKS, Load


def looks(load: Load, late: list[float], per_s: int = 700) -> list[str]:
    said = []
    for place, late_s in enumerate(late, 1):
        said.append(load.look(place * per_s, 1.0, late_s))
    return [one for one in said if one]


def test_it_says_once_that_it_is_behind_and_once_that_it_keeps_up() -> None:
    load = Load()
    first, last = looks(load, [1.5] * LOOKS * 3 + [0.0] * LOOKS * 3)
    assert first.startswith(
        "This CSMS is the bottleneck: with 700 messages a second it is 1,500 ms"
    )
    assert last == "This CSMS keeps up again, at 700 messages a second."
    assert load.most_per_s == 700


def test_a_hiccup_is_no_bottleneck() -> None:
    assert looks(Load(), ([1.0] * (LOOKS - 1) + [0.0]) * 4) == []


@given(st.lists(st.sampled_from([0.0, LATE_S / 2, LATE_S, 3.0]), max_size=60))
def test_what_it_says_takes_turns(late: list[float]) -> None:
    said = looks(Load(), late)
    assert ["bottleneck" in one for one in said] == [place % 2 == 0 for place in range(len(said))]
