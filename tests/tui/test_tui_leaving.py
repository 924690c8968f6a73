"""The question on leaving: it says what will happen, and going back is what enter does."""

from __future__ import annotations

import pytest
from fake_host import FakeHost, station
from screen_text import make_app, settled, text_of, until
from textual import events

from sim_core.commands import Stop
from sim_core.settings.loading import load
from tui.dialogs.quit_question import QuitQuestion
from tui.leaving import AtExit
from tui.screens import Dashboard


@pytest.mark.parametrize(
    ("at_exit", "resumes", "fate", "button"),
    [
        (AtExit.KEPT, True, "Left open it goes on at the next start.", "Leave open and quit"),
        (AtExit.KEPT, False, "the next start stops it (PowerLoss).", "Leave open and quit"),
        (AtExit.STOPPED, True, "Quitting stops it as well (reason Reboot).", "  Quit "),
        (AtExit.LOST, False, "it ends here, with its CSMS.", "  Quit "),
    ],
)
async def test_it_says_what_becomes_of_the_transaction(
    at_exit: AtExit, resumes: bool, fate: str, button: str
) -> None:
    app = make_app(FakeHost(station(resumes=resumes)), at_exit=at_exit)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        await pilot.press("q")
        await until(pilot, lambda: fate in text_of(app))
        assert button in text_of(app)
        await pilot.press("enter")  # the focus is on going back
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        assert not app._exit


async def test_stop_and_quit_stops_first() -> None:
    host = FakeHost(station())
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitQuestion))
        await pilot.press("s")
        await until(pilot, lambda: host.submitted == [Stop(1)])


@pytest.mark.parametrize(
    ("words", "stops"),
    [
        ((), False),
        (("--stop-on-exit", "true"), True),
        (("--state-dir", ":memory:"), True),
    ],
)
def test_who_stops_what_charges(
    words: tuple[str, ...], stops: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sim_core.__main__ import stops_at_exit

    for name in ("STATE_DIR", "STOP_ON_EXIT"):
        monkeypatch.delenv(name, raising=False)
    assert stops_at_exit(load(list(words))) is stops


async def test_what_is_typed_fast_after_the_filter_key_does_not_act() -> None:
    host = FakeHost(station())
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        for key, character in (("slash", "/"), ("e", "e"), ("x", "x")):  # all at once
            app.post_message(events.Key(key, character))
        await until(pilot, lambda: app.focused is app.dashboard.filter_line)
        await settled(pilot)
        assert host.submitted == []
