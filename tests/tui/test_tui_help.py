"""The help: words where they are met, a search, and dialogs as large as what they say."""

from __future__ import annotations

import pytest
from fake_host import FakeHost, available, station
from screen_text import make_app, settled, text_of, until
from textual.geometry import Size
from textual.pilot import Pilot

from tui.app import ChargeForgeApp
from tui.bedside.keys import metal_keymap
from tui.dashboard import Dashboard
from tui.dialogs.help import PANES, HelpScreen, help_sections
from tui.dialogs.passages import passage_lines
from tui.fleet.member import member_keymap
from tui.glossary import TERMS, terms_in
from tui.keymap import Keymap
from tui.look import Look
from tui.pictures.screenshot import app_showing
from tui.pictures.states import STATES
from tui.protocols.ocpp16 import OCPP_16_WORDING as OCPP_16
from tui.replay.keys import replay_keymap
from tui.widgets.line_widget import line_width

MUST = {"idTag", "EVSE", "SoC", "VID", "Heartbeat", "unsent", "exchange", "ramp", "cabinet"}
MUST |= {"journal", "quirk", "CSMS", "connector", "transaction"}


def box(app: ChargeForgeApp) -> Size:
    return app.screen.query_one("#text-dialog").outer_size


async def opened(pilot: Pilot[int], *keys: str) -> HelpScreen:
    app = pilot.app
    assert isinstance(app, ChargeForgeApp)
    await until(pilot, lambda: app.dashboard.focused is not None)
    await settled(pilot)
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(app.screen, HelpScreen))
    assert isinstance(app.screen, HelpScreen)
    return app.screen


def test_every_term_is_found_by_each_of_its_spellings_and_once() -> None:
    assert {term.name for term in TERMS} >= MUST
    spellings = [spelling for term in TERMS for spelling in term.spellings]
    assert len(set(spellings)) == len(spellings)
    for term in TERMS:
        for spelling in term.spellings:
            assert term in terms_in(f"before ({spelling}), behind"), spelling
    assert [term.name for term in terms_in("two connectors wait for the CSMS")] == [
        "connector",
        "CSMS",
    ]
    assert terms_in("shbx evil hb.") == []


@pytest.mark.parametrize("cells", [40, 54, 74])
def test_no_sentence_is_cut_off_however_narrow_it_is(cells: int) -> None:
    reasons = {"plug": "connector 1 already has a vehicle: unplug it first, by the same key"}
    sections = help_sections(Look(), "connector", available(1), reasons, OCPP_16, "heartbeat")
    lines = passage_lines(sections, "", cells)
    assert max(map(line_width, lines)) <= cells
    said = " ".join(span.text.strip() for line in lines for span in line).split()
    assert set(reasons["plug"].split()) <= set(said)


@pytest.mark.parametrize("keys", [metal_keymap(twin=True), replay_keymap(), member_keymap()])
@pytest.mark.parametrize("pane", list(PANES))
def test_wherever_a_charger_is_looked_at_there_is_help(keys: Keymap, pane: str) -> None:
    sections = help_sections(Look(keys=keys), pane, available(1), {}, OCPP_16, "heartbeat")
    said = str(passage_lines(sections, "", 74))
    assert "{" not in said.replace("{cid}", "")
    assert "Heartbeat" in said


async def test_the_words_on_the_focused_thing_come_first_and_any_can_be_found() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        help_screen = await opened(pilot, "question_mark")
        shown = text_of(app)
        assert shown.index("Words in sight") < shown.index("SoC")
        whole = box(app)
        assert whole.height <= 24
        await pilot.press("slash", *"quirk")
        await until(pilot, lambda: "A habit of one make" in text_of(app))
        assert text_of(app).count("A habit of one make") == 1
        assert "Words in sight" not in text_of(app)
        assert box(app) == whole  # nothing jumps while somebody types
        await pilot.press("escape")
        await until(pilot, lambda: "Words in sight" in text_of(app))
        assert app.screen is help_screen
        await pilot.press("slash", *"zzzz")
        await until(pilot, lambda: "Nothing has these words" in text_of(app))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_a_message_is_explained_where_it_is_read() -> None:
    app = make_app(FakeHost(station()))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        app.dashboard.messages.focus()
        await settled(pilot)
        read = app.dashboard.messages.selected
        assert read is not None
        await opened(pilot, "question_mark")
        assert f'{read.action}: "' in text_of(app)


@pytest.mark.parametrize("key", ["T", "C"])
async def test_every_sheet_explains_itself(key: str) -> None:
    state = next(one for one in STATES if one.name == "dashboard")
    app = app_showing(state)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, key, "question_mark")
        assert "Words in sight" in text_of(app)
        assert "esc" in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, HelpScreen))
        assert not isinstance(app.screen, Dashboard)


async def test_a_dialog_is_as_large_as_what_it_says() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await pilot.press("J")
        await until(pilot, lambda: "Nothing was ever given up" in text_of(app))
        await pilot.pause()
        assert box(app) == Size(67, 6)
