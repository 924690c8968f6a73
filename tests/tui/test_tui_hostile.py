"""Whatever words a CSMS chooses, they are words on the screen.

A picture of a charge point is drawn by hypothesis from the types of `sim_core.snapshot` alone, so
a new field is tried by itself; every text in it is arbitrary: control characters, escapes, markup,
right to left, halves of surrogate pairs. All that the dashboard has is opened over it.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from types import UnionType
from typing import Any
from unicodedata import category

import pytest
from fake_host import NOW, FakeHost
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from screen_text import make_app, settled
from test_tui_text import ANYTHING

from sim_core.commands import ACTIONS, Refused
from sim_core.events import Event
from sim_core.snapshot import StationSnapshot
from sim_core.wire.message_log import Direction

NASTY = st.sampled_from(
    [
        "\x1b[2J\x1b]0;owned\x07",
        "[/] [red]x[/red] [@click=app.quit]y[/]",
        "\u202ertl\u2066\u200f",
        "\ud800\udfff",
        "a\r\nb\x85c\u2028d\te\x00\x7f\x9b31m",
        "e\u0301\ufe0f\u200d" * 30,
    ]
)
TEXT = NASTY | ANYTHING


class Long(str):
    """It may be said once; nothing that stays in the picture is as long."""

    def __repr__(self) -> str:
        return f"Long({len(self)})"


PAYLOAD = TEXT | st.just("\x1b[31mx").map(lambda text: Long(text * 10_000))
"""In a message, of which the log keeps so much."""
SAID = TEXT | st.just("\x1b[31mx").map(lambda text: Long(text * 170_000))
"""In a refusal or a toast; an event says less."""
NAMES = st.sampled_from([action.name for action in ACTIONS])
MOMENT = st.integers(-10_000, 10_000).map(lambda seconds: NOW + timedelta(seconds=seconds))
PLAIN_TYPES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    bool: st.booleans(),
    int: st.integers(0, 10**6),
    float: st.integers(0, 10**6).map(float),
    datetime: MOMENT,
    type(None): st.none(),
}


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """Anything that a field of this type may hold."""
    if kind in PLAIN_TYPES:
        return PLAIN_TYPES[kind]
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        return st.one_of(*(any_of(one) for one in inner))
    if origin is tuple:
        return st.lists(any_of(inner[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(NAMES, any_of(inner[1]), max_size=4)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    assert is_dataclass(kind), f"a picture has a field of the type {kind}: say here what it may be"
    hints = typing.get_type_hints(kind)
    return st.builds(kind, **{field.name: any_of(hints[field.name]) for field in fields(kind)})


def in_order(seen: StationSnapshot) -> StationSnapshot:
    """With connectors that are numbered, as they are."""
    connectors = seen.connectors or FakeHost().snapshot
    numbered = enumerate(connectors or (), 1)
    return replace(
        seen, connectors=tuple(replace(one, connector_id=number) for number, one in numbered)
    )


PICTURES = any_of(StationSnapshot).filter(lambda seen: bool(seen.connectors)).map(in_order)


OBEYED = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of characters that a terminal does not draw but obeys, or cannot be given."""


def assert_harmless(app: Any, width: int) -> None:
    """Every row of every screen is plain text of the width of the terminal."""
    for screen in app.screen_stack:
        for strip in screen._compositor.render_strips():
            obeyed = {char for char in strip.text if category(char) in OBEYED}
            assert not obeyed, repr(strip.text)
            assert cell_len(strip.text) == width, repr(strip.text)


@settings(
    max_examples=2,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(PICTURES, TEXT, PAYLOAD, SAID)
@pytest.mark.parametrize(("width", "height"), [(80, 24), (160, 50)])
async def test_any_words_are_words_in_every_pane_toast_title_and_dialog(
    width: int, height: int, seen: StationSnapshot, text: str, payload: str, said: str
) -> None:
    host = FakeHost(seen)
    for direction in Direction:
        host.add(3, direction, text, {"idTag": text, text: [payload]}, {"status": payload}, 0.1, 1)
        host.add(2, direction, "DataTransfer", {"vendorId": text, "data": payload}, text, 0.1)
    host.events.append(Event(NOW, text, text, 1))
    host.answer = Refused(said)
    app = make_app(host)
    async with app.run_test(size=(width, height), notifications=True) as pilot:
        await settled(pilot)
        assert_harmless(app, width)
        app.press("stop")  # refused with a toast of these words
        await settled(pilot)
        app.say(said)
        await pilot.press("end", "enter")  # the inspector
        await settled(pilot)
        assert_harmless(app, width)
        asked = ["quit"] if any(one.transaction for one in seen.connectors) else []
        for opened in ("help", "palette", "start_with", "journal", *asked):
            app.press(opened)
            await settled(pilot)
            assert_harmless(app, width)
            await pilot.press("escape")
        await pilot.press("slash")
        await pilot.press(*(key for key in text[:5] if key.isalnum() and key.isascii()))
        host.failure = text  # the engine has ended with these words
        await settled(pilot)
        assert_harmless(app, width)
        assert app.is_running
    assert app._exception is None
