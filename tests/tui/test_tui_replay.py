"""The dashboard over a log that is played, as a person meets it."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from screen_text import rows, settled, text_of
from screen_text import until as soon

from tests.replay.recorded import csms, replay, session
from tui.keymap import ROWS
from tui.replay.app import ReplayApp
from tui.replay.keys import NOT_HERE, REPLAY_FOOTER, replay_keymap


def test_no_key_means_two_things_and_none_is_that_of_a_driver() -> None:
    keys = replay_keymap()
    taken = Counter(key for row in keys.rows for key in row.keys)
    assert not [key for key, count in taken.items() if count > 1]
    assert not [row.id for row in keys.rows if row.command is not None]
    assert all(row in keys.row for item in REPLAY_FOOTER for row in item.rows)
    of_screen = {row.id for row in ROWS if row.command is None}
    assert of_screen - {row.id for row in keys.rows} == (NOT_HERE & of_screen) - {"resume"}


async def test_space_stands_still_and_an_arrow_goes_a_step() -> None:
    async with csms() as behind:
        made = replay(session(), behind.port, "--speed=0.1", "--cpid=OLD")
        app = ReplayApp(made, ascii=False, keys=replay_keymap())
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await soon(pilot, lambda: "OLD 1/6" in rows(app)[0])
            await pilot.press("space")
            await soon(pilot, lambda: "OLD 1/6 paused online, Accepted" in rows(app)[0])
            for place in (2, 3):
                await pilot.press("right")
                await soon(pilot, lambda place=place: f"{place}/6 paused" in rows(app)[0])  # type: ignore[misc]
            assert [message[2] for message in behind.heard][-1] == "StartTransaction"
            await soon(pilot, lambda: "tx 4711" in text_of(app))
            await pilot.press("left")
            await settled(pilot)
            assert "cannot be taken back" in text_of(app)
            await pilot.press("r")
            await settled(pilot)
            assert "It still plays" in text_of(app)
            made.faster(10_000)
            await pilot.press("space")
            await soon(pilot, lambda: "6/6 ended" in rows(app)[0])
            await soon(pilot, lambda: "6 answered as in the log" in text_of(app))
            await pilot.press("r")
            await soon(pilot, lambda: len(behind.heard) > 6)
        assert await asyncio.to_thread(made.stop, 5.0)


async def test_no_key_is_the_end_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # one of them saves a file
    async with csms() as behind:
        made = replay(session(), behind.port)
        app = ReplayApp(made, ascii=False, keys=replay_keymap())
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await soon(pilot, lambda: "ended" in rows(app)[0])
            for row in app.look.keys.rows:
                if row.id in ("quit", "shell", "resume"):
                    continue
                await pilot.press(row.keys[0])
                await settled(pilot)
                await pilot.press("escape")
                await settled(pilot)
            assert app.is_running
            await pilot.press("q")
        assert app.return_code == 0
        assert await asyncio.to_thread(made.stop, 5.0)
