"""Pure formatting: what came over the wire becomes harmless text of known width."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from fake_host import NOW
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui import text

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


@given(ANYTHING)
def test_plain_leaves_nothing_that_moves_a_cursor(wire: str) -> None:
    shown = text.plain(wire)
    bad = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    assert not any(unicodedata.category(char) in bad for char in shown)
    shown.encode("utf-8")
    assert text.plain(wire, ascii_only=True).isascii()


@pytest.mark.parametrize(
    ("wire", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("a\u202eb", "a\\u202eb"),
        ("[red]x[/]", "[red]x[/]"),
        ("\ud800", "\\ud800"),
        ("line\nbreak", "line\\x0abreak"),
        ("ก็ดี", "ก็ดี"),
    ],
)
def test_plain_shows_the_hidden(wire: str, shown: str) -> None:
    assert text.plain(wire) == shown


@given(ANYTHING, st.integers(0, 40))
def test_fit_is_exact(wire: str, cells: int) -> None:
    assert cell_len(text.fit(text.plain(wire), cells)) == cells


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(8, "8s"), (99, "99s"), (245, "4m05"), (11_520, "3h12"), (500_000, "5d")],
)
def test_short_span(seconds: int, shown: str) -> None:
    assert text.short_span(seconds) == shown


def test_countdowns_round_up_and_stop_at_nothing() -> None:
    assert text.seconds_left(NOW + timedelta(seconds=7.2), NOW) == 8
    assert text.seconds_left(NOW - timedelta(seconds=7), NOW) == 0


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.0181, "18 ms"), (0.9996, "1.0 s"), (1.2, "1.2 s"), (31.0, "31.0 s")]
)
def test_latency_fits_its_column(seconds: float, shown: str) -> None:
    assert text.latency(seconds) == shown
    assert len(text.latency(seconds * 1000)) <= 6


def test_power_never_shows_minus_nothing() -> None:
    assert text.kilo(-0.4, 2) == "0.00"
    assert text.kilo(59_460, 2) == "59.46"
