"""The configuration sheet: searching, looking, changing in place, and what speaks against it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_host import NOW, FakeHost, station
from screen_text import make_app, rows, settled, text_of, until
from textual.pilot import Pilot

from sim_core.commands import Accepted, Configure, Refused
from sim_core.snapshot import ChangedBy, SettingChange
from tui.app import ChargeForgeApp
from tui.dashboard import Dashboard
from tui.dialogs.configuration import ConfigurationSheet
from tui.http_call import SidecarAddress
from tui.pictures.fake_settings import SETTINGS, setting

CONFIGURED = station(settings=SETTINGS)


async def opened(pilot: Pilot[int], app: ChargeForgeApp) -> None:
    await until(pilot, lambda: app.dashboard.focused is not None)
    await settled(pilot)
    await pilot.press("C")
    await until(pilot, lambda: isinstance(app.screen, ConfigurationSheet))
    await until(pilot, lambda: "HeartbeatInterval" in text_of(app))


async def test_what_is_typed_searches_names_meanings_and_changes() -> None:
    app = make_app(FakeHost(CONFIGURED))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        assert "10 keys, 3 changed" in text_of(app)
        await pilot.press(*"cable")
        await until(pilot, lambda: "HeartbeatInterval" not in text_of(app))
        assert "ConnectionTimeOut" in text_of(app)
        await pilot.press("escape", *"changed")
        await until(pilot, lambda: "VendorMode" in text_of(app))
        assert "ConnectionTimeOut" not in text_of(app)
        await pilot.press(*"zzz")
        await until(pilot, lambda: "Nothing by that name." in text_of(app))
        await pilot.press("enter", "escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_a_value_is_changed_where_it_stands_and_the_row_says_who() -> None:
    host = FakeHost(CONFIGURED)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press(*"connectiontime", "enter", "9", "enter")
        await until(pilot, lambda: host.submitted == [Configure("ConnectionTimeOut", "609")])
        changed = replace(
            SETTINGS[2], value="609", change=SettingChange("60", ChangedBy.OPERATOR, NOW)
        )
        host.snapshot = replace(CONFIGURED, settings=(changed,))
        app.sample()
        app.screen.refresh_rows()  # type: ignore[attr-defined]
        await until(pilot, lambda: "operator 14:33:06" in text_of(app))
        assert "Set by the operator at 14:33:06, it was 60 at the start" in text_of(app)


async def test_enter_twice_switches_a_flag() -> None:
    host = FakeHost(CONFIGURED)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("enter", "enter")
        await until(
            pilot, lambda: host.submitted == [Configure("AuthorizationCacheEnabled", "false")]
        )


async def test_a_refusal_stands_there_and_what_was_typed_can_be_mended() -> None:
    host = FakeHost(CONFIGURED)
    host.answer = Refused("HeartbeatInterval: it is a whole [/] number\x1b[2J")
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press(*"heartb", "enter", "x", "enter")
        await until(pilot, lambda: "! HeartbeatInterval: it is a whole [/] number" in text_of(app))
        assert "\x1b" not in text_of(app)
        await until(pilot, lambda: "300x" in text_of(app))
        host.answer = Accepted("it counts after the next reboot")
        await pilot.press("backspace")
        await until(pilot, lambda: "it is a whole" not in text_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: "counts after the next reboot" in text_of(app))
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))


async def test_what_can_only_be_read_says_so() -> None:
    host = FakeHost(CONFIGURED)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press(*"numberof", "enter")
        await until(pilot, lambda: "! NumberOfConnectors can only be read" in text_of(app))
        assert host.submitted == []


async def test_a_secret_is_not_shown_while_it_is_typed() -> None:
    host = FakeHost(CONFIGURED)
    app = make_app(host, http=SidecarAddress("http://127.0.0.1:7071"))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, app)
        await pilot.press(*"password", "enter", *"hunter2")
        await settled(pilot)
        assert "hunter2" not in text_of(app)
        await pilot.press("enter")
        await until(pilot, lambda: host.submitted == [Configure("AuthorizationKey", "hunter2")])
        await pilot.press("escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, Dashboard))
        await pilot.press("c")  # nor is it copied as an HTTP call
        await until(pilot, lambda: "Nothing was asked yet" in text_of(app))
        assert "hunter2" not in app.clipboard


async def test_by_mouse() -> None:
    host = FakeHost(CONFIGURED)
    app = make_app(host)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)

        def place() -> tuple[int, int]:
            shown = rows(app)
            row = next(n for n, text in enumerate(shown) if "ConnectionTimeOut" in text)
            return shown[row].index("ConnectionTimeOut"), row

        await pilot.click(offset=place())
        await until(pilot, lambda: "Seconds that a card waits for its cable" in text_of(app))
        await pilot.click(offset=place())
        await pilot.press("1", "enter")
        await until(pilot, lambda: host.submitted == [Configure("ConnectionTimeOut", "601")])


@pytest.mark.parametrize("size", [(60, 16), (60, 20), (80, 24), (140, 40)])
async def test_it_fits(size: tuple[int, int]) -> None:
    nasty = setting("[/]\x1b[2J" * 20, "\u202e[red]", "[/]\x07" * 40, takes="[/b]" * 60)
    app = make_app(FakeHost(station(settings=(*SETTINGS, nasty))))
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        await pilot.press("pagedown", "pagedown")
        await settled(pilot)
        assert {len(row) for row in rows(app)} == {size[0]}
        assert not set(text_of(app)) & {"\x1b", "\x07", "\u202e"}
        await pilot.press(*"heartb", "enter")
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "300" in text_of(app)


async def test_before_there_is_a_charge_point_it_is_empty() -> None:
    app = make_app(FakeHost(None, exchanges=()))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.press("C")
        await until(pilot, lambda: "0 keys" in text_of(app))
