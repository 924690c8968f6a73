"""Messages looked at closely: of one connector, two beside each other, those of a saved log."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fake_host import EXCHANGES, NOW, ONLINE, FakeHost, station
from hypothesis import given
from hypothesis import strategies as st
from screen_text import make_app, rows, settled, text_of, until
from textual.events import MouseScrollDown

from sim_core.wire.message_log import Direction, Exchange, ExchangeState
from tui.dialogs.messages import comparison, fields_of
from tui.dialogs.palette import Picker
from tui.dialogs.sheet import Sheet
from tui.dialogs.sheet_body import SheetBody
from tui.loaded_log import load_log
from tui.look import Look
from tui.message_file import write_messages
from tui.pictures.states import STATE


async def test_one_key_leaves_the_messages_of_the_selected_connector_and_brings_all_back() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        await pilot.press("2", "i")
        pane = app.dashboard.messages
        await until(pilot, lambda: {one.connector_id for one in pane.shown} == {2})
        await pilot.press("i")
        await until(pilot, lambda: len(pane.shown) == len(EXCHANGES))
        assert not app.dashboard.has_class("-filtering")


async def test_two_messages_are_compared_field_by_field() -> None:
    app = make_app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        await pilot.press("tab", "tab", "g", "down", "equals_sign")
        assert app.dashboard.messages.marked == 2
        await until(pilot, lambda: "one is marked, = compares" in text_of(app))
        await pilot.press("end", "up", "up", "up")
        title = next(n for n, row in enumerate(rows(app)) if "= compares" in row)
        await pilot.click(offset=(rows(app)[title].index("= compares"), title))
        await until(pilot, lambda: isinstance(app.screen, Sheet))
        sheet = app.screen
        assert isinstance(sheet, Sheet)
        await settled(pilot)
        differing = [item.value for item in sheet.body.items]
        assert "request.status" in differing
        assert "request.connectorId" in differing
        await pilot.press("tab")
        assert len(sheet.body.items) > len(differing)
        await pilot.press("escape")
        assert app.dashboard.messages.marked is None


async def test_the_same_message_again_takes_the_mark_off() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        await pilot.press("tab", "tab", "up", "equals_sign")
        assert app.dashboard.messages.marked is not None
        await pilot.press("equals_sign")
        assert app.dashboard.messages.marked is None


@given(request=st.text(max_size=60), answer=st.text(max_size=60))
def test_any_frame_can_be_compared(request: str, answer: str) -> None:
    one = Exchange(1, Direction.SENT, "A", "m", request, NOW, answer=answer)
    other = Exchange(2, Direction.SENT, "B", "m", json.dumps([2, "m", "B", {"a": [1]}]), NOW)
    for tab in comparison(Look(), one, other):
        page = tab.page()
        for item in page.items:
            item.draw(78)
            page.detail(item, 78)


def test_values_are_found_where_they_are() -> None:
    payload = {"a": {"b": [1, {"c": None}]}, "empty": {}}
    one = Exchange(1, Direction.SENT, "A", "m", json.dumps([2, "m", "A", payload]), NOW)
    found = fields_of(one)
    assert found["request.a.b[0]"] == "1"
    assert found["request.a.b[1].c"] == "null"
    assert found["request.empty"] == "{}"


def test_a_saved_log_comes_back_as_it_was(tmp_path: Path) -> None:
    host = FakeHost(station())
    _, exchanges = host.messages.since(0)
    loaded = load_log(write_messages(exchanges, tmp_path))
    assert loaded.trouble == ""
    assert [one.action for one in loaded.exchanges] == [one.action for one in exchanges]
    assert [json.loads(one.request) for one in loaded.exchanges] == [
        json.loads(one.request) for one in exchanges
    ]
    assert [one.direction for one in loaded.exchanges] == [one.direction for one in exchanges]
    assert loaded.exchanges[-1].state is ExchangeState.WAITING
    assert any(one.state is ExchangeState.ERROR for one in loaded.exchanges)


def test_what_is_no_log_is_said(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.txt"
    nothing.write_text("hello", "utf-8")
    assert load_log(nothing).trouble
    assert "cannot be read" in load_log(tmp_path / "missing.jsonl").trouble


async def test_a_saved_log_is_stepped_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    host = FakeHost(station())
    write_messages(host.messages.since(0)[1], tmp_path, timedelta(0))
    app = make_app(host)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Sheet))
        await settled(pilot)
        await pilot.press("down", "down", "down")
        assert "StartTransaction" in text_of(app)
        assert "VID:000000000001 meter" in text_of(app)
        await pilot.press("escape", "l", *"nowhere.txt", "enter")
        await until(pilot, lambda: "cannot be read" in text_of(app))


async def test_all_of_a_saved_message_can_be_read_by_key_wheel_and_click(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    payload = {f"field{n}": n for n in range(20)}
    host = FakeHost(station(), exchanges=((5, Direction.SENT, "DataTransfer", payload, {}, 0.01),))
    write_messages(host.messages.since(0)[1], tmp_path, timedelta(0))
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await pilot.press("l")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("enter")
        await until(pilot, lambda: "lines below, J shows" in text_of(app))
        assert '"field19": 19' not in text_of(app)
        while "J: from its top" not in text_of(app):
            await pilot.press("J")
        assert '"field19": 19' in text_of(app)
        await pilot.press("J")
        assert "answered after" in text_of(app), "its top again"
        foot = app.screen.query_one(SheetBody)
        while '"field19": 19' not in text_of(app):
            low = foot.size.height - 2
            foot.post_message(MouseScrollDown(foot, 1, low, 0, 1, 0, False, False, False))
            await pilot.pause()
        rule = next(n for n, row in enumerate(rows(app)) if "J: from its top" in row)
        await pilot.click(offset=(rows(app)[rule].index("J: from") + 1, rule))
        await until(pilot, lambda: "answered after" in text_of(app))


async def test_what_cannot_be_sent_now_stands_in_the_log() -> None:
    state = STATE["journal"]
    assert state.picture is not None
    host = FakeHost(state.picture)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        shown = [row for row in rows(app) if "not sent yet" in row]
        assert ["StartTransaction" in row for row in shown] == [True, False, False]
        assert "tx 1042" in shown[-1]
        await pilot.press("tab", "tab", "g")
        await settled(pilot)
        assert "BootNotification" in text_of(app), "the oldest row is still reached"
        await pilot.press("end")
        many = replace(state.picture.journal.waiting[0], number=99)
        journal = replace(state.picture.journal, waiting=(many,) * 9)
        host.snapshot = replace(state.picture, journal=journal)
        await settled(pilot)
        assert "more messages not sent, J shows" in text_of(app)
        host.snapshot = replace(host.snapshot, link=ONLINE)
        await settled(pilot)
        assert "not sent" not in text_of(app)
