"""The sheets: what has happened, limits, the connection; by keys, by mouse, and as they look."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fake_host import NOW, FakeHost, station
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from screen_text import make_app, rows, settled, text_of, until
from textual.pilot import Pilot

from sim_core.charging.vocabulary import StopReason
from sim_core.commands import Refused
from sim_core.events import Event
from sim_core.settings.destination import Destination
from sim_core.snapshot import SessionSnapshot
from tui.app import ChargeForgeApp
from tui.dashboard import Dashboard
from tui.dialogs.palette import Picker
from tui.dialogs.sessions import REASONS
from tui.dialogs.sheet import Sheet
from tui.look import Look
from tui.pictures.fake_destination import FakeWhereTo
from tui.pictures.screenshot import app_showing
from tui.pictures.sheet_states import AWAY, BOUND, CHARGED, SESSIONS, SHEET_STATES
from tui.recent_csms import FILE_NAME, RecentCsms
from tui.text import width
from tui.widgets.line_widget import line_width
from tui.widgets.steps_chart import steps_chart

SIZES = ((60, 20), (80, 24), (140, 40))


async def opened(pilot: Pilot[int], *keys: str) -> Sheet:
    app = pilot.app
    assert isinstance(app, ChargeForgeApp)
    await until(pilot, lambda: app.dashboard.focused is not None)
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(app.screen, Sheet))
    await settled(pilot)
    assert isinstance(app.screen, Sheet)
    return app.screen


def sheet_rows(app: ChargeForgeApp) -> list[str]:
    """The rows of the sheet alone: what lies under it is watched elsewhere."""
    x, y, width, height = app.screen.query_one("#sheet").region
    return [row[x : x + width].rstrip() for row in rows(app)[y : y + height]]


SHEETS = [state for state in SHEET_STATES if state.press]
"""Without a key pressed it is the dashboard itself, which is watched elsewhere."""


@pytest.mark.parametrize("state", SHEETS, ids=lambda state: state.name)
async def test_text(state: Any, snapshot: Any) -> None:
    shown = []
    for size in SIZES:
        app = app_showing(state)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda app=app: app.dashboard.focused is not None)
            *first, last = state.press
            await pilot.press(*first)
            await until(pilot, lambda app=app: "examination goes on" not in text_of(app))
            await pilot.press(last)  # in a list that is whole
            await settled(pilot)
            assert {len(row) for row in rows(app)} == {size[0]}
            shown.append(f"{size[0]}x{size[1]}\n" + "\n".join(sheet_rows(app)))
    assert "\n\n".join(shown) == snapshot


def place_of(app: ChargeForgeApp, words: str) -> tuple[int, int]:
    """Where words stand on the screen: column and row."""
    return next((row.index(words), y) for y, row in enumerate(rows(app)) if words in row)


# -- what every sheet can do -----------------------------------------------------------------------


async def test_the_bar_stays_on_its_row_and_the_first_row_follows() -> None:
    host = FakeHost(CHARGED)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        sheet = await opened(pilot, "T")
        assert sheet.body.at == 0
        await pilot.press("down", "down")
        before = sheet.body.chosen
        assert before is not None
        newer = replace(SESSIONS[0], started_at=NOW - timedelta(minutes=5), token="NEW")
        host.snapshot = replace(CHARGED, sessions=(newer, *SESSIONS))
        app.sample()
        sheet.look_again()
        assert sheet.body.chosen is not None
        assert sheet.body.chosen.key == before.key
        await pilot.press("home")
        assert sheet.body.at == 0


async def test_a_search_leaves_what_has_the_words() -> None:
    app = make_app(FakeHost(CHARGED))
    async with app.run_test(size=(80, 24)) as pilot:
        sheet = await opened(pilot, "T")
        await pilot.press("slash", *"visitor", "enter")
        await until(pilot, lambda: len(sheet.body.items) == 1)
        assert "VISITOR" in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: len(sheet.body.items) == 4)
        await pilot.press("slash", *"zzz")
        await until(pilot, lambda: "Nothing has these words." in text_of(app))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_tabs_by_key_and_by_mouse() -> None:
    app = make_app(FakeHost(CHARGED))
    async with app.run_test(size=(80, 24)) as pilot:
        sheet = await opened(pilot, "T")
        await pilot.press("tab")
        await until(pilot, lambda: sheet.body.tab.title == "Events")
        await pilot.click(sheet.body, offset=(3, 0))
        await until(pilot, lambda: sheet.body.tab.title == "Sessions")
        await pilot.click(sheet.body, offset=(10, 4))
        await until(pilot, lambda: sheet.body.at == 2)
        await pilot.click(offset=place_of(app, "esc back"))
        await until(pilot, lambda: isinstance(app.screen, Dashboard))


# -- sessions --------------------------------------------------------------------------------------


def in_files(folder: Path) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
    (as_csv,), (as_json,) = folder.glob("*.csv"), folder.glob("*.json")
    with as_csv.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file)), json.loads(as_json.read_text("utf-8"))


@pytest.mark.parametrize("by_mouse", [False, True])
async def test_sessions_are_written_as_csv_and_json(
    by_mouse: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(FakeHost(CHARGED))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "T")
        for key, form in (("w", "csv"), ("W", "json")):
            if by_mouse:
                words = {"csv": "write CSV", "json": "write JSON"}[form]
                await pilot.click(offset=place_of(app, words))
            else:
                await pilot.press(key)
            await until(pilot, lambda form=form: bool(list(tmp_path.glob(f"*.{form}"))))
    read, told = in_files(tmp_path)
    assert [row["id_tag"] for row in read] == [row["id_tag"] for row in told]
    assert [row["id_tag"] for row in read] == [
        "VID:000000000001",
        *(one.token for one in SESSIONS),
    ]
    assert told[0]["ended_at"] is None


async def test_nothing_to_write_is_said() -> None:
    app = make_app(FakeHost(station([])))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.station is not None)
        app.press("sessions")
        await until(pilot, lambda: isinstance(app.screen, Sheet))
        await pilot.press("w")
        await until(pilot, lambda: "There are no sessions to write yet." in text_of(app))


def test_every_reason_has_words() -> None:
    assert set(REASONS) == {reason.value for reason in StopReason}


async def test_a_card_shows_what_was_charged_last_until_the_next_begins() -> None:
    app = make_app(FakeHost(CHARGED))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        assert "12.320 kWh" in text_of(app)
        assert "reason Local" in text_of(app)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.text(max_size=60), ascii_only=st.booleans())
async def test_no_text_from_outside_breaks_a_sheet(words: str, ascii_only: bool) -> None:
    one = SessionSnapshot(1, words, words, NOW, NOW, 1, 2.0, words, words, None, None, words)
    host = FakeHost(station([], sessions=(one,)))
    host.events.append(Event(NOW, words, words, 1))
    app = make_app(host, ascii=ascii_only)
    async with app.run_test(size=(80, 24)) as pilot:
        app.press("sessions")
        await until(pilot, lambda: isinstance(app.screen, Sheet))
        for _ in range(2):
            await settled(pilot)
            assert {width(row) for row in rows(app)} == {80}, repr(words)
            await pilot.press("tab")


# -- limits ----------------------------------------------------------------------------------------


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 90_000), st.floats(0, 400_000)),
        min_size=1,
        max_size=9,
        unique_by=lambda step: step[0],
    ),
    cells=st.integers(10, 200),
    height=st.integers(1, 12),
    ascii_only=st.booleans(),
)
def test_a_chart_of_limits_fits_its_room_and_shows_what_is_allowed(
    steps: list[tuple[int, float]], cells: int, height: int, ascii_only: bool
) -> None:
    look = Look(ascii=ascii_only)
    made = [(NOW + timedelta(seconds=s), w) for s, w in sorted(steps)]
    made[0] = (NOW, made[0][1])
    drawn = steps_chart(made, NOW + timedelta(days=1), NOW, cells, height, look)
    assert len(drawn) == height + 1
    for line in drawn:
        assert line_width(line) <= max(cells, 14)
    highest = max(w for _, w in made)
    lowest_row = drawn[height - 1][1].text
    if made[0][1] == highest > 0:
        assert drawn[0][1].text[0] == look.bars[-1], "the highest limit reaches the top"
    if made[0][1] > 0:
        assert lowest_row[0] in look.bars[1:], "what is allowed never draws as nothing"
    else:
        assert lowest_row[0] == look.symbol("empty")


async def test_the_limit_that_binds_says_so() -> None:
    app = make_app(FakeHost(BOUND))
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, "b")
        row = next(row for row in rows(app) if "connector 1" in row)
        assert "22 kW" in row
        assert "limits: TxProfile 5" in row
        assert "binds" not in next(row for row in rows(app) if "connector 2" in row)


# -- the connection --------------------------------------------------------------------------------

PASSWORD = "abcdefghijklmnop"


async def test_a_url_is_typed_and_nothing_counts_before_it_is_used() -> None:
    where, recent = FakeWhereTo(), RecentCsms(None)
    app = make_app(FakeHost(AWAY), where=where, recent=recent)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, "D")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("ctrl+u", *"nonsense")
        await until(pilot, lambda: "has to be a ws:// or wss:// URL" in text_of(app))
        await pilot.press("ctrl+u", *"ws://h:1/o", "enter")
        await until(pilot, lambda: "changed, not used yet" in text_of(app))
        assert where.asked == []
        await pilot.press("c")
        await until(pilot, lambda: bool(where.asked))
        assert where.asked[0].url == "ws://h:1/o"
        await until(pilot, lambda: "not used yet" not in text_of(app))
        assert [one.url for one in recent.all] == ["ws://h:1/o", "ws://10.0.0.5:9000/ocpp"]


async def test_a_password_shows_as_dots_and_nowhere_afterwards() -> None:
    where, recent = FakeWhereTo(), RecentCsms(None)
    app = make_app(FakeHost(AWAY), where=where, recent=recent)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, "D", "down", "down")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*PASSWORD)
        await until(pilot, lambda: "this password" in text_of(app))
        assert PASSWORD[:6] not in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: "typed, used with the next connection" in text_of(app))
        await pilot.press("c")
        await until(pilot, lambda: bool(where.asked))
        assert where.asked[0].password == PASSWORD
        await settled(pilot)
        assert PASSWORD[:6] not in text_of(app) + repr(recent.all)


async def test_a_refused_destination_says_why_and_stays_to_be_mended() -> None:
    where = FakeWhereTo()
    where.answer = Refused("security profile 1 needs a password: give one")
    recent = RecentCsms(None)
    app = make_app(FakeHost(AWAY), where=where, recent=recent)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, "D", "down", "down", "down")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "changed, not used yet" in text_of(app))
        await pilot.press("c")
        await until(pilot, lambda: "needs a password" in text_of(app))
        assert recent.all == []


async def test_without_a_csms_url_reason_and_what_to_press_are_readable_at_80x24() -> None:
    app = app_showing(next(state for state in SHEET_STATES if state.name == "connection"))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "D")
        shown = " ".join(row.strip("│ ") for row in rows(app))
        for words in (
            "the CSMS refuses the connection (10.0.0.5:9000): check host and port in CSMS_URL",
            "and that the CSMS runs, retry in 8 s",
            "ws://10.0.0.5:9000/ocpp",
            "enter change",
            "c connect",
            "d dial now",
        ):
            assert words in " ".join(shown.split()), words


async def test_the_doctor_looks_only_where_the_link_is_not_up() -> None:
    asked: list[Destination] = []
    host = FakeHost(station())
    app = make_app(host, where=FakeWhereTo(), doctor=lambda where, tell: asked.append(where))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, "D", "tab")
        await pilot.press("enter")
        await until(pilot, lambda: "The link is up" in text_of(app))
        assert asked == []


def test_what_was_dialled_last_is_kept_without_secrets_and_what_is_broken_is_left_out(
    tmp_path: Path,
) -> None:
    recent = RecentCsms(tmp_path)
    assert recent.add(Destination("wss://user:pa55@h/o", "CP", 0, PASSWORD)) == ""
    assert recent.add(Destination("ws://h2/o", "CP2")) == ""
    kept = tmp_path / FILE_NAME
    assert "pa55" not in kept.read_text("utf-8")
    assert PASSWORD not in kept.read_text("utf-8")
    assert kept.stat().st_mode & 0o077 == 0
    assert RecentCsms(tmp_path).all == [
        Destination("ws://h2/o", "CP2"),
        Destination("wss://h/o", "CP"),
    ]
    for broken in ("", "{", "[1]", '[{"url": "http://x"}]', "[" * 9000, '{"a": 1}'):
        kept.write_text(broken, "utf-8")
        assert RecentCsms(tmp_path).all == []
