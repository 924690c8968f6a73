"""Faults on the wire from the dashboard: the standing mark, the questions, breakpoints."""

from __future__ import annotations

import json

import pytest
from fake_host import NOW, FakeHost, station
from screen_text import make_app, settled, text_of, until
from textual.pilot import Pilot
from textual.widgets import TextArea

from sim_core.commands import AddWireFault, Command, DropFrame, EndWireFault, ReleaseFrame
from sim_core.snapshot import HeldFrame, WireFaultSnapshot
from sim_core.wire_faults import WireFault, in_words
from tui.app import ChargeForgeApp
from tui.dialogs.palette import Picker
from tui.dialogs.text_editor import TextEditor
from tui.dialogs.wire_faults import WireFaultsSheet

RULE = WireFault("hold", action="StartTransaction", kind="request")
FRAME = '[2,"7","StartTransaction",{"connectorId":1,"idTag":"[/red]"}]'
HELD = HeldFrame(8, 3, "to_csms", "request", "StartTransaction", NOW, FRAME, True)
MEDDLED = station(
    wire_faults=(WireFaultSnapshot(3, RULE, in_words(RULE), 1, met=4, applied=2),),
    held_frames=(HELD,),
)


async def opened(pilot: Pilot[int], app: ChargeForgeApp) -> None:
    await until(pilot, lambda: app.dashboard.focused is not None)
    await settled(pilot)
    await pilot.press("A")
    await until(pilot, lambda: isinstance(app.screen, WireFaultsSheet))
    await until(pilot, lambda: "new fault" in text_of(app))


async def asked(pilot: Pilot[int], app: ChargeForgeApp, words: str, *keys: str) -> None:
    """Answer the question that has these words."""
    await until(
        pilot,
        lambda: isinstance(app.screen, Picker) and words in app.screen.question.title,
    )
    await pilot.press(*keys, "enter")


async def test_a_mark_stands_and_the_sheet_shows_what_is_held() -> None:
    app = make_app(FakeHost(MEDDLED))
    async with app.run_test(size=(120, 34)) as pilot:
        await until(pilot, lambda: "A: 1 frame held; each StartTransaction" in text_of(app))
        await opened(pilot, app)
        assert '"idTag":"[/red]"' in text_of(app)
        assert "2 of 4" in text_of(app)


@pytest.mark.parametrize(
    ("answers", "command"),
    [
        (
            ("dropped", "from", "meterv", "whatever", "every one"),
            AddWireFault("drop", "from_csms", "MeterValues"),
        ),
        (
            ("delayed", "to the", "any", "requests", "2.5", "17"),
            AddWireFault("delay", kind="request", nth=17, seconds=2.5),
        ),
        (
            ("doubled", "to the", "heart", "requests", "2", "yes", "one in ten"),
            AddWireFault(
                "duplicate", action="Heartbeat", kind="request", copies=2, new_id=True, chance=0.1
            ),
        ),
    ],
)
async def test_a_fault_is_made_by_the_questions_of_the_table(
    answers: tuple[str, ...], command: Command
) -> None:
    app = make_app(host := FakeHost(station()))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("n")
        for said in answers:
            await until(
                pilot,
                lambda: isinstance(app.screen, Picker),  # type: ignore[misc]
            )
            asking = app.screen
            await pilot.press(*("space" if one == " " else one for one in said), "enter")
            await until(pilot, lambda asking=asking: app.screen is not asking)  # type: ignore[misc]
        await until(pilot, lambda: host.submitted == [command])


async def test_a_held_frame_is_let_go_dropped_and_a_fault_ended() -> None:
    app = make_app(host := FakeHost(MEDDLED))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("enter")
        await asked(pilot, app, "StartTransaction to the CSMS")
        await until(pilot, lambda: host.submitted == [ReleaseFrame(8)])
        await pilot.press("d")
        await until(pilot, lambda: host.submitted[1:] == [DropFrame(8)])
        await pilot.press("down", "d")
        await until(pilot, lambda: host.submitted[2:] == [EndWireFault(3)])


async def test_a_held_frame_is_edited() -> None:
    app = make_app(host := FakeHost(MEDDLED))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("enter")
        await asked(pilot, app, "StartTransaction to the CSMS", *"edit")
        await until(pilot, lambda: isinstance(app.screen, TextEditor))
        area = app.screen.query_one(TextArea)
        assert json.loads(area.text) == json.loads(FRAME)
        area.text = area.text.replace("[/red]", "CARD2")
        await pilot.press("ctrl+s")
        edited = FRAME.replace("[/red]", "CARD2")
        await until(pilot, lambda: host.submitted == [ReleaseFrame(8, edited)])
