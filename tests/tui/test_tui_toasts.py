"""What is said aloud: equal sentences are one, and the link bar is never covered."""

from __future__ import annotations

import pytest
from fake_host import FakeHost, available, faulted, station
from screen_text import make_app, rows, settled, text_of, until
from textual.pilot import Pilot

from sim_core.commands import Refused
from sim_core.story import Caption
from tui.app import ChargeForgeApp
from tui.widgets.caption_bar import ONE_ROW_FROM
from tui.widgets.toasts import MOST, Toasts

SIZES = [(60, 16), (60, 20), (80, 24), (140, 40)]


class Story:
    """A story that stands still."""

    caption: Caption | None = Caption(1, 5, "A driver shows a card before the cable is in.")

    def skip(self) -> None:
        """Nobody asks."""

    def stand_aside(self) -> None:
        """Nobody asks."""


def refusing(words: str, story: Story | None = None) -> ChargeForgeApp:
    host = FakeHost(station([available(1, refusals={}), faulted(2)]))
    host.answer = Refused(words)
    return make_app(host, storyteller=story)


async def said(pilot: Pilot[int], words: str) -> None:
    await until(pilot, lambda: words in " ".join(text_of(pilot.app).split()))  # type: ignore[arg-type]


async def test_equal_sentences_are_one_with_a_count() -> None:
    app = refusing("the cable is stuck")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        for _ in range(6):
            await pilot.press("s")
        await said(pilot, "The cable is stuck (6 times)")
        assert text_of(app).count("The cable is stuck") == 1


@pytest.mark.parametrize("size", SIZES)
async def test_toasts_never_cover_link_bar_keys_or_caption(size: tuple[int, int]) -> None:
    app = refusing("no", Story())
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot)
        before = rows(app)[0]
        below = rows(app)[-2:] if size[0] >= ONE_ROW_FROM else rows(app)[-3:]
        assert "A driver shows a card" in below[0]
        for number in range(12):
            app.say(f"Sentence {number}: " + "many words that need many rows " * 40)
            await pilot.pause()
        await until(pilot, lambda: "Sentence 11" in text_of(app) or "many words" in text_of(app))
        await pilot.pause()
        assert "CP01" in rows(app)[0]
        assert rows(app)[0] == before
        assert rows(app)[-len(below) :] == below


async def test_a_single_long_sentence_is_readable_from_its_beginning() -> None:
    app = refusing("no")
    async with app.run_test(size=(60, 16), notifications=True) as pilot:
        await settled(pilot)
        app.say("First " + "word " * 400)
        await said(pilot, "First word")
        assert "…" in text_of(app)
        assert rows(app)[0].count("CP01") == 1


async def test_of_many_different_ones_the_newest_stay() -> None:
    app = refusing("no")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await settled(pilot)
        for number in range(MOST + 3):
            app.say(f"refusal number {number}")
        await said(pilot, f"Refusal number {MOST + 2}")
        shown = [n for n in range(MOST + 3) if f"Refusal number {n}" in text_of(app)]
        assert shown == [3, 4, 5]


async def test_after_it_has_gone_a_sentence_is_counted_anew() -> None:
    app = refusing("no")
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        now_s = 0.0
        toasts = Toasts(app, lambda: now_s)
        toasts.say("No.", "warning", "…")
        toasts.say("No.", "warning", "…")
        await said(pilot, "No. (2 times)")
        now_s = 60.0
        app.clear_notifications()
        toasts.say("No.", "warning", "…")
        await until(pilot, lambda: "No." in text_of(app) and "times" not in text_of(app))
