"""What the dashboard remembers: theme, filter, zoom; and what is wrong with a file is only said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_host import FakeHost, station
from hypothesis import given
from hypothesis import strategies as st
from pty_terminal import PtyTerminal
from screen_text import make_app, settled, text_of, until
from tiny_csms import TinyCsms

from tui.saved_view import FILE_NAME, ZOOMS, LoadedView, View, load_view, save_view
from tui.themes import fitting_theme

VIEWS = st.builds(
    View,
    theme=st.text(max_size=30),
    filter=st.sampled_from(["", "err", 'action:Meter* c:1 !Boot "a b"']),
    hides=st.booleans(),
    zoom=st.sampled_from(ZOOMS),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@given(VIEWS)
def test_what_is_kept_is_recalled(folder: Path, view: View) -> None:
    assert save_view(folder, view) == ""
    assert load_view(folder) == LoadedView(view)
    assert [path.name for path in folder.iterdir()] == [FILE_NAME]


def test_nothing_was_kept_yet(tmp_path: Path) -> None:
    assert load_view(tmp_path / "not" / "there") == LoadedView()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["theme", "filter", "hides", "zoom", "x"]), inner)
    ),
    max_leaves=6,
)


@given(st.one_of(JSON.map(lambda value: json.dumps(value).encode()), st.binary(max_size=60)))
def test_any_file_is_a_view_or_a_sentence(folder: Path, data: bytes) -> None:
    (folder / FILE_NAME).write_bytes(data)
    recalled = load_view(folder)
    assert recalled.view == View() or not recalled.trouble
    if recalled.trouble:
        assert recalled.trouble.startswith("The view of the last run is lost: ")


@pytest.mark.parametrize(
    "data", ["x" * 20_000, "[" * 9_000, '{"zoom": "all"}', '{"filter": "c:x"}']
)
def test_a_broken_file_is_a_sentence(tmp_path: Path, data: str) -> None:
    (tmp_path / FILE_NAME).write_text(data)
    assert load_view(tmp_path).trouble


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert save_view(tmp_path / "file" / "state", View()).startswith("The view is not remembered: ")
    (tmp_path / FILE_NAME).mkdir()
    assert save_view(tmp_path, View()).startswith("The view is not remembered: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE_NAME, "file"]


@pytest.mark.parametrize(
    ("asked", "colours", "recalled", "theme"),
    [
        ("", "truecolor", "nord", "nord"),
        ("dracula", "truecolor", "nord", "dracula"),
        ("", "truecolor", "gone-since", "chargeforge-dark"),
        ("", "standard", "nord", "ansi-dark"),
        ("", "standard", "ansi-light", "ansi-light"),
        ("", "truecolor", "", "chargeforge-dark"),
    ],
)
def test_the_theme_to_begin_with(asked: str, colours: str, recalled: str, theme: str) -> None:
    assert fitting_theme(asked, colours, False, recalled) == theme


async def test_the_dashboard_begins_as_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    kept = View("chargeforge-light", "err", False, "log")
    app = make_app(FakeHost(station()), recalled=LoadedView(kept))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.has_class("-zoom-log"))
        await until(pilot, lambda: "/err (others dimmed)" in text_of(app))
        await settled(pilot)
        assert app.theme == "chargeforge-light"
        assert app.view == kept
        assert app.dashboard.messages.following
        await pilot.press("z", "t", "h")
        assert app.view == View("chargeforge-contrast", "err", True, "")


async def test_an_explicit_theme_wins_and_leaves_the_kept_one_alone() -> None:
    app = make_app(
        FakeHost(station()), theme="nord", recalled=LoadedView(View("chargeforge-light"))
    )
    async with app.run_test(size=(80, 24)):
        assert app.theme == "nord"
        assert app.view.theme == "chargeforge-light"


async def test_what_was_wrong_with_the_file_is_said() -> None:
    app = make_app(FakeHost(station()), recalled=LoadedView(trouble="The view is [/lost]"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: "The view is [/lost]" in text_of(app))


def test_from_one_run_to_the_next(tmp_path: Path) -> None:
    csms = TinyCsms()
    here: dict[str, Any] = {"STATE_DIR": str(tmp_path)}
    try:
        for first in (True, False):
            terminal = PtyTerminal("-m", "tui", "run", "--csms-url", csms.url, **here)
            terminal.until(lambda: "online, Accepted" in terminal.text)  # noqa: B023
            if first:
                terminal.type("t/")
                terminal.until(lambda: "filter: word" in terminal.text)  # noqa: B023
                terminal.type("err\r")
            terminal.until(lambda: "Messages /err" in terminal.text)  # noqa: B023
            terminal.type("q")
            assert terminal.wait() == 0
            terminal.close()
    finally:
        csms.close()
    assert load_view(tmp_path).view == View("chargeforge-light", "err")
