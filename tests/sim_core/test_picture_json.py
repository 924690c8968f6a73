"""A picture as JSON: what comes out at the other end is what went in, whole or by changes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.picture_json import NoPictureError, PatchError, changes, decoded, encoded, patch
from sim_core.snapshot import ConnectorSnapshot, SessionSnapshot, StationSnapshot
from tui.pictures.fake_station import NOW, available, charging, faulted, station

WORDS = st.text(max_size=6)
SESSIONS = st.lists(
    st.builds(
        SessionSnapshot,
        connector_id=st.integers(1, 4),
        transaction_id=st.one_of(st.none(), st.integers(), st.just("tx-1"), st.just("12")),
        token=WORDS,
        started_at=st.sampled_from([None, NOW]),
        ended_at=st.just(NOW),
        meter_start_wh=st.just(0),
        energy_wh=st.floats(0, 1e6),
    ),
    max_size=4,
).map(tuple)
CONNECTORS = st.builds(
    replace,
    st.sampled_from([available(1), charging(1), faulted(2)]),
    trace_w=st.lists(st.sampled_from([0.0, 1.0, 2.0]), max_size=8).map(tuple),
    refusals=st.dictionaries(st.text("a/~b", max_size=4), WORDS, max_size=3),
    power_w=st.one_of(st.none(), st.floats(0, 1e6)),
)


@st.composite
def pictures(draw: st.DrawFn) -> StationSnapshot:
    return replace(
        station(),
        connectors=tuple(draw(st.lists(CONNECTORS, max_size=3))),
        sessions=draw(SESSIONS),
        warnings=tuple(draw(st.lists(WORDS, max_size=3))),
        refusals=draw(st.dictionaries(st.text("a/~b", max_size=4), WORDS, max_size=3)),
        clock_ahead_s=draw(st.floats(-9, 9)),
    )


def over_the_wire(value: Any) -> Any:
    return json.loads(json.dumps(value))


@given(pictures())
def test_what_was_a_picture_is_one_again(picture: StationSnapshot) -> None:
    assert decoded(over_the_wire(encoded(picture))) == picture


@given(pictures(), pictures())
def test_changes_make_one_picture_of_the_other(
    before: StationSnapshot, after: StationSnapshot
) -> None:
    document = over_the_wire(encoded(before))
    patch(document, over_the_wire(changes(before, after)))
    assert document == over_the_wire(encoded(after))


def with_trace(*trace_w: float) -> StationSnapshot:
    return replace(station(), connectors=(replace(charging(1), trace_w=trace_w),))


def test_a_trace_that_moves_on_costs_its_new_values() -> None:
    full = tuple(float(value) for value in range(600))
    grown = changes(with_trace(1.0, 2.0), with_trace(1.0, 2.0, 3.0))
    assert grown == [{"op": "add", "path": "/connectors/0/trace_w/2", "value": 3.0}]
    moved = changes(with_trace(*full), with_trace(*full[2:], 7.0, 8.0))
    assert [one["op"] for one in moved] == ["remove", "remove", "add", "add"]


def test_a_session_that_comes_in_front_costs_itself() -> None:
    def session(number: int) -> SessionSnapshot:
        return SessionSnapshot(1, number, "TAG", NOW, NOW, 0, 1.0)

    before = replace(station(), sessions=tuple(session(n) for n in range(10, 0, -1)))
    after = replace(station(), sessions=tuple(session(n) for n in range(11, 1, -1)))
    assert [(one["op"], one["path"]) for one in changes(before, after)] == [
        ("remove", "/sessions/9"),
        ("add", "/sessions/0"),
    ]


def test_equal_pictures_cost_nothing() -> None:
    assert changes(station(), station()) == []


def test_half_a_character_goes_out_as_a_whole_one() -> None:
    seen = replace(station(), warnings=("a\ud800b",))
    assert decoded(over_the_wire(encoded(seen))).warnings == ("a?b",)


@pytest.mark.parametrize(
    "document",
    [{}, {"charge_point_id": "A"}, encoded(station()) | {"connectors": "none"}],
)
def test_what_is_no_picture_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(NoPictureError):
        decoded(document)


@pytest.mark.parametrize(
    "change",
    [
        {"op": "replace", "path": "/connectors/9/power_w", "value": 1},
        {"op": "remove", "path": "/connectors/7"},
        {"op": "remove", "path": "/nothing"},
        {"op": "move", "path": "/warnings/0", "from": "/x"},
        {"op": "add", "path": "/warnings/x", "value": 1},
        {"path": "/warnings"},
        {"op": "add", "path": "", "value": 1},
    ],
)
def test_a_change_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(PatchError):
        patch(encoded(station()), [change])


def test_a_connector_that_goes_or_comes_is_told() -> None:
    one: tuple[ConnectorSnapshot, ...] = (available(1),)
    for before, after in ((one, (available(1), available(2))), ((*one, available(2)), one)):
        first, then = (replace(station(), connectors=these) for these in (before, after))
        document = encoded(first)
        patch(document, changes(first, then))
        assert decoded(document) == then
