"""The dashboard as a person meets it: every key, by key, palette, footer and mouse; every state."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from fake_host import (
    EXCHANGES,
    NOW,
    ONLINE,
    FakeHost,
    available,
    charging,
    faulted,
    station,
)
from screen_text import make_app, rows, settled, text_of, until
from textual import events
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from sim_core.commands import (
    Accepted,
    ClearFault,
    Command,
    Dial,
    DriveIn,
    EVGiveUp,
    EVStop,
    GoSilent,
    InjectFault,
    JamLock,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    Record,
    Refused,
    RemoveCable,
    Restart,
    Resume,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    TypeCode,
    Unlock,
    Unplug,
)
from sim_core.events import Event
from sim_core.snapshot import (
    ConnectorSnapshot,
    ConnectorState,
    JournalEntry,
    JournalSnapshot,
    LinkState,
    LostEntry,
)
from sim_core.story import Caption
from sim_core.wire.message_log import Direction
from tui.app import ChargeForgeApp
from tui.dashboard import Dashboard
from tui.dialogs.answers import AnswersSheet
from tui.dialogs.configuration import ConfigurationSheet
from tui.dialogs.help import HelpScreen
from tui.dialogs.palette import ChoiceList, Picker
from tui.dialogs.quit_question import QuitQuestion
from tui.dialogs.say import SaySheet
from tui.dialogs.sheet import Sheet
from tui.dialogs.text_dialog import TextDialog
from tui.dialogs.wire_faults import WireFaultsSheet
from tui.keymap import FOOTER, ROW, ROWS, Row
from tui.widgets.layout import TALL_FROM

SIZES = [(80, 24), (60, 20), (60, 16), (140, 40), (200, 60)]
free = replace(available(1), refusals={})
FREE = station([free, replace(available(2), refusals={})])

EXPECTED: dict[str, Command] = {
    "plug": Plug(1),
    "plug_vehicle": Plug(1, None),
    "start": Start(1),
    "start_with": Start(1, "MY_TAG"),
    "stop": Stop(1),
    "ev_stop": EVStop(1),
    "suspend_ev": SuspendEV(1),
    "suspend_evse": SuspendEVSE(1),
    "resume": Resume(1),
    "fault": InjectFault(1, "ConnectorLockFailure"),
    "clear_fault": ClearFault(1),
    "unlock": Unlock(1),
    "swipe": Swipe(1, "MY_TAG"),
    "type_code": TypeCode(1, "7"),
    "bay": DriveIn(1),
    "remove_cable": RemoveCable(1),
    "ev_give_up": EVGiveUp(1),
    "jam_lock": JamLock(1),
    "power": PowerOff(),
    "restart": Restart(),
    "link": LinkDown(),
    "dial": Dial(),
    "silence": GoSilent(),
    "record": Record(),
}
"""What each row asks of a free connector 1 when nothing is refused; pickers take their top row."""


class Storyteller:
    """A storyteller that only counts what it is asked."""

    caption = Caption(2, 5, "Two vehicles share the cabinet's power.")

    def __init__(self) -> None:
        self.skipped = self.stood_aside = 0

    def skip(self) -> None:
        self.skipped += 1

    def stand_aside(self) -> None:
        self.stood_aside += 1


def wheel_down(widget: Widget) -> events.MouseScrollDown:
    return events.MouseScrollDown(widget, 1, 1, 0, 1, 0, False, False, False)


def pane(app: ChargeForgeApp) -> tuple[bool, int, int | None]:
    log = app.dashboard.messages
    return log.following, log._top, log.selected.number if log.selected else None


VIEW_ACTS: dict[str, Callable[[ChargeForgeApp], object]] = {
    "filter": lambda app: app.dashboard.has_class("-filtering"),
    "next_match": lambda app: not app.dashboard.messages.following,
    "previous_match": lambda app: not app.dashboard.messages.following,
    "hide": lambda app: bool(app._notifications),
    "follow": lambda app: not app.dashboard.messages.following,
    "top": lambda app: app.dashboard.messages.selected.number == 1,  # type: ignore[union-attr]
    "end": lambda app: app.dashboard.messages.following,
    "inspect": lambda app: app.dashboard.has_class("-inspecting"),
    "copy": lambda app: "BootNotification" in app.clipboard or "MeterValues" in app.clipboard,
    "copy_both": lambda app: bool(app.clipboard),
    "copy_http": lambda app: bool(app._notifications),
    "save": lambda app: any(Path.cwd().glob("*.jsonl")),
    "up": lambda app: app.dashboard.selected == 1,
    "down": lambda app: app.dashboard.focused is app.dashboard.messages,
    "left": lambda app: app.dashboard.selected == 1,
    "right": lambda app: app.dashboard.selected == 2,
    "page_up": lambda app: not app.dashboard.messages.following,
    "page_down": lambda app: app.dashboard.messages.following,
    "next_pane": lambda app: app.dashboard.selected == 2,
    "back": lambda app: isinstance(app.screen, Dashboard),
    "zoom": lambda app: app.dashboard.has_class("-zoom-card"),
    "theme": lambda app: "light" in app.theme,
    "next_charger": lambda app: bool(app._notifications),
    "previous_charger": lambda app: bool(app._notifications),
    "next_scene": lambda app: app._storyteller.skipped > 0,  # type: ignore[union-attr]
    "help": lambda app: isinstance(app.screen, HelpScreen),
    "journal": lambda app: isinstance(app.screen, TextDialog),
    "sessions": lambda app: isinstance(app.screen, Sheet) and app.screen.body.tab.title,
    "only_connector": lambda app: app.dashboard.messages.filter.text == "c:1",
    "compare": lambda app: app.dashboard.messages.marked is not None,
    "load": lambda app: isinstance(app.screen, Picker),
    "connection": lambda app: isinstance(app.screen, Sheet) or bool(app._notifications),
    "limits": lambda app: isinstance(app.screen, Sheet) and len(app.screen.body.tabs) == 5,
    "events": lambda app: isinstance(app.screen, Sheet) and app.screen.body.place == 1,
    "configuration": lambda app: isinstance(app.screen, ConfigurationSheet),
    "answers": lambda app: isinstance(app.screen, AnswersSheet),
    "wire_faults": lambda app: isinstance(app.screen, WireFaultsSheet),
    "play": lambda app: isinstance(app.screen, Picker) and "recording" in app.screen.question.title,
    "external_limit": lambda app: (
        isinstance(app.screen, Picker) and "limits the power" in app.screen.question.title
    ),
    "say": lambda app: isinstance(app.screen, Picker) and "Say what" in app.screen.question.title,
    "say_again": lambda app: isinstance(app.screen, SaySheet) or bool(app._notifications),
    "palette": lambda app: isinstance(app.screen, Picker),
    "shell": lambda app: bool(app._notifications),
    "quit": lambda app: app._exit,
    "select": lambda app: app.dashboard.selected == 2,
}


async def ready(pilot: Pilot[int]) -> None:
    app = pilot.app
    assert isinstance(app, ChargeForgeApp)
    await until(
        pilot, lambda: bool(app.dashboard.connectors.cards) and app.dashboard.focused is not None
    )
    await settled(pilot)


async def has_done(pilot: Pilot[int], host: FakeHost, row: Row, *, answered: bool = False) -> None:
    app = pilot.app
    assert isinstance(app, ChargeForgeApp)
    if row.picker and not answered:
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*("7" if row.picker == "codes" else ""), "enter")
    if row.command:
        await until(pilot, lambda: bool(host.submitted))
        assert host.submitted == [EXPECTED[row.id]]
    else:
        await until(pilot, lambda: bool(VIEW_ACTS[row.id](app)))


BEGUN, FOUND = 6, 8
"""After so many letters of its name an act is among the first so many of the palette."""


def test_every_row_is_spoken_of_here() -> None:
    assert set(EXPECTED) | set(VIEW_ACTS) == set(ROW)
    app = make_app()
    assert set(app.acts) | set(app.dashboard.acts) | set(EXPECTED) | {"select"} == set(ROW)


@pytest.mark.parametrize("row", [row for row in ROWS if row.keys], ids=lambda row: row.id)
async def test_by_key(row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    host = FakeHost(FREE)
    app = make_app(host, storyteller=Storyteller())
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("2" if row.id == "select" else row.keys[0])
        await has_done(pilot, host, row)


async def test_the_palette_finds_each_row_by_the_beginning_of_its_name() -> None:
    app = make_app(FakeHost(FREE), storyteller=Storyteller())
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        picker = app.screen
        assert isinstance(picker, Picker)
        label = {one.value: one.label for one in picker.question.choices}
        listed = picker.query_one(ChoiceList)
        for row in ROWS:
            if row.id == "palette":
                continue
            value = "select 2" if row.id == "select" else row.id
            picker.query_one(Input).value = label[value][:BEGUN]
            await until(
                pilot,
                lambda value=value: value in [one.value for one in listed.choices[:FOUND]],  # type: ignore[misc]
            )


@pytest.mark.parametrize("name", ["plug", "fault", "select", "zoom"])
async def test_by_palette(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each kind of row: what enter takes is done."""
    monkeypatch.chdir(tmp_path)
    row = ROW[name]
    host = FakeHost(FREE)
    app = make_app(host, storyteller=Storyteller())
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        picker = app.screen
        assert isinstance(picker, Picker)
        value = "select 2" if row.id == "select" else row.id
        choice = next(one for one in picker.question.choices if one.value == value)
        await pilot.press(*("space" if char == " " else char for char in choice.label[:BEGUN]))
        listed = picker.query_one("#choices")
        await until(pilot, lambda: value in [one.value for one in listed.choices[:FOUND]])  # type: ignore[attr-defined]
        place = [one.value for one in listed.choices].index(value)  # type: ignore[attr-defined]
        await pilot.press(*["down"] * place, "enter")
        await has_done(pilot, host, row)


def row_of(app: ChargeForgeApp, words: str) -> int:
    return next((n for n, shown in enumerate(rows(app)) if words in shown), -1)


async def click_in_the_palette(pilot: Pilot[int], row: Row) -> None:
    """Open the palette from the footer, scroll down to the row, and click it."""
    app = pilot.app
    assert isinstance(app, ChargeForgeApp)
    await pilot.click(offset=(rows(app)[-1].index("^p"), 23))
    await until(pilot, lambda: isinstance(app.screen, Picker))
    await until(pilot, lambda: any(one.choices for one in app.screen.query(ChoiceList)))
    value = "select 2" if row.id == "select" else row.id
    listed = app.screen.query_one(ChoiceList)
    place = next(n for n, one in enumerate(listed.choices) if one.value == value)
    while not listed._top <= place < listed._top + listed.size.height:
        beyond = place - listed._top - listed.size.height
        for _ in range(max(1, beyond // 3)):  # a turn is three rows at the most
            listed.post_message(wheel_down(listed))
        await pilot.pause()
    await pilot.click(listed, offset=(4, place - listed._top))


async def test_each_row_of_the_palette_can_be_clicked(monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app(FakeHost(FREE), storyteller=Storyteller())
    pressed: list[str] = []
    press = app.press

    def noted(row: str, argument: str = "") -> None:
        if row == "palette":
            press(row)
        else:
            pressed.append(row)

    monkeypatch.setattr(app, "press", noted)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for row in ROWS:
            if row.id == "palette":
                continue
            await click_in_the_palette(pilot, row)
            await until(pilot, lambda: isinstance(app.screen, Dashboard))
            assert pressed[-1:] == [row.id]
        assert len(pressed) == len(ROWS) - 1


BY_MOUSE = [row for row in ROWS if row.picker or row.id in ("plug", "select", "help")]
"""Of each kind of row, and all that ask something first. What a key does is done of each."""


@pytest.mark.parametrize("row", BY_MOUSE, ids=lambda row: row.id)
async def test_by_mouse(row: Row) -> None:
    host = FakeHost(FREE)
    app = make_app(host, storyteller=Storyteller())
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await click_in_the_palette(pilot, row)
        if row.picker:
            await until(pilot, lambda: isinstance(app.screen, Picker) and app.screen is not None)
            await until(pilot, lambda: row_of(app, "What to do") < 0)
            await pilot.press(*("7" if row.picker == "codes" else ""))
            await pilot.click(app.screen.query_one(ChoiceList), offset=(4, 0))
        await has_done(pilot, host, row, answered=True)


async def test_every_entry_of_the_footer_can_be_clicked() -> None:
    app = make_app(FakeHost(FREE))
    async with app.run_test(size=(200, 40)) as pilot:
        await ready(pilot)
        pressed: list[str] = []
        app.dashboard._press = lambda row, argument: pressed.append(row)
        bar = app.dashboard.key_bar
        entries = {span.press for span in bar._lines[0] if span.press}
        assert entries == {row for item in FOOTER for row in item.rows}
        at = 0
        for span in bar._lines[0]:
            if span.press:
                await pilot.click(bar, offset=(at, 0))
                assert pressed[-1] == span.press
            at += len(span.text)


@pytest.mark.parametrize(
    ("connector", "label", "command"),
    [
        (free, "Plug", Plug(1)),
        (charging(), "Unplug", Unplug(1)),
        (charging(), "Stop", Stop(1)),
        (charging(), "Suspend", SuspendEV(1)),
        (charging(state=ConnectorState.PAUSED_BY_VEHICLE), "Resume", Resume(1)),
        (replace(available(1), plugged=True, refusals={}), "Start", Start(1)),
        (faulted(1), "Clear", ClearFault(1)),
        (faulted(1), "· Start", Start(1)),
    ],
)
async def test_by_mouse_on_a_card(
    connector: ConnectorSnapshot, label: str, command: Command
) -> None:
    host = FakeHost(station([connector, charging(2)]))
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        row = next(n for n, text in enumerate(rows(app)) if label in text[:40] and n in (5, 6))
        await pilot.click(offset=(rows(app)[row].index(label) + 1, row))
        await until(pilot, lambda: bool(host.submitted))
        assert host.submitted == [command]


@pytest.mark.parametrize(("shown", "row"), [("p plug", "plug"), ("s start", "start")])
async def test_by_mouse_on_the_footer(shown: str, row: str) -> None:
    host = FakeHost(FREE)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.click(offset=(rows(app)[23].index(shown) + 3, 23))
        await has_done(pilot, host, ROW[row])


async def test_clicking_a_card_selects_it_and_keys_act_on_it() -> None:
    host = FakeHost(FREE)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.click(offset=(60, 3))
        await pilot.press("p")
        await until(pilot, lambda: host.submitted == [Plug(2)])


async def test_p_unplugs_what_is_plugged_and_o_brings_the_link_back() -> None:
    host = FakeHost(station(link=replace(ONLINE, state=LinkState.DOWN)))
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("p", "o")
        await until(pilot, lambda: host.submitted == [Unplug(1), LinkUp()])


async def test_a_refusal_is_said_in_its_own_words_whatever_they_are() -> None:
    host = FakeHost(station())
    host.answer = Refused("connector 1 has [no] vehicle [/ \x1b[31m plug one in")
    app = make_app(host)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await ready(pilot)
        await pilot.press("s")
        await until(pilot, lambda: "Connector 1 has [no] vehicle" in text_of(app))
        assert "\x1b" not in text_of(app)


async def test_a_visible_change_is_not_said_aloud() -> None:
    host = FakeHost(FREE, live=True)
    app = make_app(host)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await ready(pilot)
        host.answer = Accepted()
        await pilot.press("p")
        await until(pilot, lambda: "Preparing" in text_of(app))
        assert not app._notifications


async def test_the_fault_picker_takes_vendor_code_and_info() -> None:
    host = FakeHost(FREE)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("f")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"overv", "slash", *"E7", "slash", *"hot", "enter")
        await until(pilot, lambda: bool(host.submitted))
        assert host.submitted == [InjectFault(1, "OverVoltage", "E7", "hot")]


@pytest.mark.parametrize(
    ("key", "typed", "shorter", "said", "command"),
    [
        (
            "f",
            "ground/E42/" + "i" * 51,
            1,
            "the info has at most 50 characters, not 51: shorten it",
            InjectFault(1, "GroundFailure", "E42", "i" * 50),
        ),
        (
            "f",
            "ground/" + "v" * 52,
            2,
            "the vendor error code has at most 50 characters, not 52: shorten it",
            InjectFault(1, "GroundFailure", "v" * 50, None),
        ),
        ("S", "T" * 21, 1, "an idTag has 1 to 20 printable characters", Start(1, "T" * 20)),
    ],
)
async def test_what_ocpp_has_no_room_for_is_said_while_it_is_typed_and_not_cut(
    key: str, typed: str, shorter: int, said: str, command: Command
) -> None:
    app = make_app(host := FakeHost(FREE))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press(key, *typed)
        await until(pilot, lambda: said in text_of(app))
        await pilot.press("enter")
        await pilot.pause()
        assert host.submitted == []
        assert isinstance(app.screen, Picker)
        await pilot.press(*["backspace"] * shorter)
        await until(pilot, lambda: said not in text_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: host.submitted == [command])


async def test_start_with_a_typed_card_and_a_command_in_full() -> None:
    host = FakeHost(FREE)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("S")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"CARD7", "enter")
        await until(pilot, lambda: host.submitted == [Start(1, "CARD7")])
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"start", "space", "2", "space", *"TAG", "enter")
        await until(pilot, lambda: host.submitted[1:] == [Start(2, "TAG")])


async def test_the_palette_says_why_not() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press(*"start")
        await until(pilot, lambda: "is charging already" in text_of(app))


@pytest.mark.parametrize("size", SIZES)
async def test_everything_that_matters_is_readable(size: tuple[int, int]) -> None:
    app = make_app()
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        shown = text_of(app)
        session = "session" if size[1] >= TALL_FROM else "1.363 kWh"  # else in large figures
        for word in ("▶ Charging", "1042", "12.553", session, "00:13:05", "SoC", "MeterValues"):
            assert word in shown
        for word in ("CP01 online, Accepted", "! Faulted", "Stop", "waiting", "p plug", "q"):
            assert word in shown
        assert all(len(row) == size[0] for row in rows(app))


async def test_fits_at_80x24_as_sketched() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        shown = rows(app)
        assert shown[0].startswith(" ● CP01 online, Accepted  ws://10.0.0.5:9…  heartbeat 42s")
        assert shown[1] == (
            "┏━▸1 ▶ Charging ━━━━ transaction 1042 ━┓╔═ 2 ! Faulted ════════════════════════╗"
        )
        assert shown[3].startswith("┃ 59.46 kW    436.8 V  136.1 A         ┃║")
        assert "GroundFailure since 14:32:20" in shown[2]
        assert "F clears the fault" in shown[3]
        assert "the ground-fault protection tripped" in shown[5]
        assert "· Start" in shown[6]
        assert shown[8].startswith("╭─ Messages ──")
        assert "following · 9 messages" in shown[8]
        assert "waiting     1.0 s" in shown[18]


async def test_too_small_says_what_it_needs_and_grows_back() -> None:
    app = make_app()
    async with app.run_test(size=(52, 14)) as pilot:
        await until(pilot, lambda: "It needs 60x16, this one has 52x14" in text_of(app))
        await pilot.resize_terminal(80, 24)
        await until(pilot, lambda: "▶ Charging" in text_of(app))


async def test_resizing_keeps_selection_and_the_row_being_read() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("2", "tab", "up", "up", "up")
        reading = app.dashboard.messages.selected
        for size in ((60, 16), (140, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            assert app.dashboard.selected == 2
            assert app.dashboard.messages.selected is reading


@pytest.mark.parametrize("count", [1, 3, 8, 9, 64])
async def test_any_number_of_connectors(count: int) -> None:
    app = make_app(FakeHost(station([charging(n) for n in range(1, count + 1)])))
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        await pilot.press("down" if count > 1 else "1")
        assert "Messages" in text_of(app)
        if count > 8:
            assert app.dashboard.selected == 2
            assert f"{count} in all" in text_of(app) or count == 9


async def test_starting_dead_and_alive_again() -> None:
    host = FakeHost(None, exchanges=())
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "starting…" in text_of(app))
        assert "No messages yet" in text_of(app)
        host.snapshot = station()
        await ready(pilot)
        host.failure = "RuntimeError: [/boom]"
        await until(pilot, lambda: "engine stopped: RuntimeError: [/boom]" in text_of(app))
        assert "last known" in text_of(app)
        await pilot.press("s")
        assert host.submitted == []
        started = host.started
        await pilot.press("r")
        await until(pilot, lambda: host.started == started + 1)
        await until(pilot, lambda: "online, Accepted" in text_of(app))


async def test_the_journal_shows_what_waits_and_what_was_given_up() -> None:
    written = station().connectors[0].transaction
    assert written is not None
    waiting = (
        JournalEntry(7, "StartTransaction", 2, written.started_at, 2, 5, None),
        JournalEntry(8, "StopTransaction", 1, written.started_at, 0, 4, 1042),
    )
    lost = LostEntry("MeterValues", 1, 1042, written.started_at, "CALLERROR InternalError, 3 times")
    full = JournalSnapshot(waiting, (lost,))
    host = FakeHost(replace(station(), journal=full))
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("J")
        await until(pilot, lambda: "no id yet" in text_of(app))
        shown = text_of(app)
        start = next(line for line in shown.splitlines() if "StartTransaction" in line)
        assert start.split()[1] == "7"
        assert "2   StartTransaction  2  #5, no id yet" in start
        assert "StopTransaction   1  tx 1042" in shown
        assert "Given up" in shown
        assert "CALLERROR InternalError, 3 times" in shown
        host.snapshot = station()
        await until(pilot, lambda: "Nothing waits" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_quit_asks_only_when_something_would_be_lost() -> None:
    host = FakeHost(station(), live=True)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitQuestion))
        assert "Connector 1 has an open transaction" in text_of(app)
        await pilot.press("enter")  # the focus is on going back
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, QuitQuestion))
        await pilot.press("right", "enter")  # round to the first: stop and quit
        await until(pilot, lambda: app._exit)
        assert host.submitted == [Stop(1)]
    assert app.return_code == 0


async def test_pausing_counts_what_comes_and_the_end_resumes() -> None:
    host = FakeHost(station())
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("space")
        for line in EXCHANGES[:3]:
            host.add(*line)
        host.add(0, Direction.SENT, "Heartbeat", {}, "InternalError", 0.1)
        await until(pilot, lambda: "+4 new, 1 error" in text_of(app))
        assert "paused" in text_of(app)
        row = next(n for n, text in enumerate(rows(app)) if "+4 new" in text)
        await pilot.click(offset=(rows(app)[row].index("+4 new"), row))
        await until(pilot, lambda: "following · 13 messages" in text_of(app))
        assert "new" not in rows(app)[row]


async def test_wheel_up_pauses() -> None:
    host = FakeHost(station(), exchanges=EXCHANGES * 4)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.dashboard.messages.wheel(-3)
        await until(pilot, lambda: "paused" in text_of(app))
        app.dashboard.messages.wheel(30)
        await until(pilot, lambda: "following" in text_of(app))


async def test_filtering_as_you_type() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"err")
        await until(pilot, lambda: "1 of 9 messages" in text_of(app))
        assert "DataTransfer" in text_of(app)
        assert "BootNotification" not in text_of(app)
        await pilot.press("enter", "h")
        await until(pilot, lambda: "others dimmed" in text_of(app))
        await pilot.press("slash", "space", *"c:x")
        await until(pilot, lambda: "wants a number" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: "following · 9 messages" in text_of(app))


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 40)])
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("slow>x", "slow> wants milliseconds, as in slow>500, not 'slow>x'"),
        ("c:one", "c: wants a number, not 'one'"),
        ("connector:1", "connector: is no term, c:1 is"),
    ],
)
async def test_a_filter_that_is_not_understood_hides_nothing_and_says_what_is_wrong(
    typed: str, said: str, size: tuple[int, int]
) -> None:
    app = make_app(FakeHost(station()))
    async with app.run_test(size=size) as pilot:
        await ready(pilot)
        await pilot.press("slash", *typed)
        await until(pilot, lambda: said in text_of(app))
        assert len(app.dashboard.messages.shown) == len(EXCHANGES)
        await pilot.press("enter")
        await pilot.pause()
        assert said in text_of(app)  # as long as it stands there
        assert len(app.dashboard.messages.shown) == len(EXCHANGES)
        assert "Nothing matches" not in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: said not in text_of(app))


async def test_inspecting_over_the_log_and_beside_it() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("g", "enter")
        await until(
            pilot,
            lambda: (
                '"chargePointVendor": "Gresgying"' in text_of(app) or "lines below" in text_of(app)
            ),
        )
        assert "→ BootNotification" in text_of(app)
        assert "following" not in text_of(app)
        await pilot.resize_terminal(140, 40)
        await until(pilot, lambda: "paused" in text_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: not app.dashboard.has_class("-inspecting"))


def lines_of_the_only_file(folder: Path) -> list[str]:
    (path,) = folder.glob("*.jsonl")
    return path.read_text().splitlines()


async def test_saving_writes_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        await pilot.press("slash", *"err", "enter", "w")
        await until(pilot, lambda: bool(app._notifications))
    (line,) = lines_of_the_only_file(tmp_path)
    assert json.loads(line)["action"] == "DataTransfer"


async def test_the_log_is_bounded() -> None:
    host = FakeHost(station(), exchanges=())
    app = make_app(host, log_size=100)
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for _ in range(30):
            for line in EXCHANGES:
                host.add(*line)
            app.sample()
        await settled(pilot)
        assert len(app.dashboard.messages._exchanges) == 100
        assert "100 messages" in text_of(app)


async def test_help_speaks_of_the_pane_and_the_next_step() -> None:
    app = make_app()
    async with app.run_test(size=(80, 40)) as pilot:
        await ready(pilot)
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        assert "Connector 1 is ▶ Charging: x stops, E by the EV" in text_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_hostile_words_reach_the_screen_as_words() -> None:
    nasty = "[/] \x1b[2J \u202e\x07[red]"
    host = FakeHost(
        station(
            [charging(token=nasty, status=nasty), faulted()],
            replace(ONLINE, state=LinkState.WAITING, trouble=nasty, url=nasty),
            charge_point_id=nasty,
            warnings=(nasty,),
        )
    )
    host.add(0, Direction.RECEIVED, nasty, {"x": nasty}, {"status": nasty}, 0.1, 1)
    host.events.append(Event(NOW, "x", nasty))
    app = make_app(host)
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await ready(pilot)
        app.say(nasty)
        await pilot.press("end", "enter", "ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("escape", "question_mark")
        await settled(pilot)
        for screen in app.screen_stack:
            text = "".join(strip.text for strip in screen._compositor.render_strips())
            assert not set(text) & {"\x1b", "\x07", "\u202e"}


async def test_nothing_is_drawn_when_nothing_changes() -> None:
    app = make_app()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        painted: list[object] = []
        for widget in app.dashboard.query("*"):
            original = widget.refresh

            def spy(*regions: object, _real: object = original, **how: object) -> object:
                painted.append((regions, how))
                return _real(*regions, **how)  # type: ignore[operator]

            widget.refresh = spy  # type: ignore[method-assign]
        for _ in range(5):
            app.sample()
        assert painted == []
