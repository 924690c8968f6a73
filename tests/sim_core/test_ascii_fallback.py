"""Where only ASCII can be shown, what is shown looks like what was meant."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.ascii_fallback import ERRORS, ascii_wanted, in_ascii, tame


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_it_is_ascii_whatever_it_was(text: str) -> None:
    assert in_ascii(text).isascii()
    assert text.encode("ascii", ERRORS).decode() == "".join(map(in_ascii, text))
    text.encode("cp1252", ERRORS)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("│ 3 kW…", "| 3 kW..."), ("╭──┐", "+--+"), ("Zoë → Łódź", "Zoe -> Lodz"), ("สวัส", "????")],
)
def test_it_looks_alike(text: str, shown: str) -> None:
    assert in_ascii(text) == shown


@pytest.mark.parametrize(
    ("encoding", "environment", "wanted"),
    [
        ("utf-8", {}, False),
        ("UTF8", {"LANG": "en_US.UTF-8", "TERM": "xterm-256color"}, False),
        ("cp1252", {}, True),
        ("ascii", {"PYTHONIOENCODING": "ascii"}, True),
        ("no such thing", {}, True),
        (None, {}, True),
        ("utf-8", {"LC_ALL": "C"}, True),
        ("utf-8", {"LC_ALL": "POSIX", "LANG": "de_DE.UTF-8"}, True),
        ("utf-8", {"LC_ALL": "", "LANG": "C"}, True),
        ("utf-8", {"LC_ALL": "C.UTF-8"}, False),
        ("utf-8", {"LC_ALL": "C", "PYTHONIOENCODING": "utf-8"}, False),
        ("utf-8", {"TERM": "linux"}, True),
        ("utf-8", {"TERM": "dumb"}, True),
    ],
)
def test_who_wants_ascii(encoding: str | None, environment: dict[str, str], wanted: bool) -> None:
    assert ascii_wanted(encoding, environment) is wanted


def test_the_terminal_has_a_say_only_where_there_is_one() -> None:
    assert not ascii_wanted("utf-8", {"TERM": "linux"}, terminal=False)


def test_a_stream_keeps_to_what_it_can_show() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="cp1252")
    tame(stream)
    stream.write("│ é …")
    stream.flush()
    assert raw.getvalue() in (b"| \xe9 \x85", b"| \xe9 ...")
