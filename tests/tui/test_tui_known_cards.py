"""Which cards a question offers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.acts.choosing import CARDS_KEPT, with_card


@given(st.lists(st.text(min_size=1), max_size=60))
def test_the_default_card_stays_the_first_and_the_newest_are_kept(seen: list[str]) -> None:
    cards = ["DEFAULT"]
    for one in seen:
        cards = with_card(cards, one)
        assert one in cards
    assert cards[0] == "DEFAULT"
    assert len(cards) == len(set(cards)) <= CARDS_KEPT + 1
