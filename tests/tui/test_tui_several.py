"""Several charge points in one screen: the list, the keys between them, and leaving."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_host import FakeHost, available, charging, faulted, station
from screen_text import make_app, rows, settled, text_of

from sim_core.commands import Stop
from sim_core.snapshot import LinkState
from tui.app import ChargeForgeApp
from tui.http_call import SidecarAddress
from tui.shown import Shown


def host(name: str, *connectors: object) -> FakeHost:
    picture = replace(station(), charge_point_id=name, connectors=connectors or (available(1),))
    return FakeHost(picture)


def app_of(*hosts: FakeHost) -> ChargeForgeApp:
    return make_app(
        hosts[0],
        others=[Shown(one, SidecarAddress(f"http://{n}")) for n, one in enumerate(hosts[1:])],
    )


@pytest.mark.parametrize("size", [(60, 20), (80, 24), (140, 40), (200, 60)])
async def test_the_list_tells_how_each_is_doing(size: tuple[int, int]) -> None:
    dark = host("DARK")
    dark.snapshot = replace(dark.snapshot, powered=False)  # type: ignore[type-var]
    away = host("AWAY")
    link = replace(station().link, state=LinkState.WAITING)
    away.snapshot = replace(away.snapshot, link=link)  # type: ignore[type-var]
    app = app_of(host("NORTH", charging(1)), host("SOUTH", faulted(1)), dark, away)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        screen = text_of(app)
        shown = ["NORTH", "59.5 kW", "SOUTH", "fault"]
        if size[0] > 60:
            shown += ["DARK", "no power"]
        if size[0] >= 110:
            shown += ["Charge points", "AWAY", "offline"]
        assert [word for word in shown if word not in screen] == []


async def test_one_key_to_the_next_and_one_back() -> None:
    app = app_of(host("NORTH"), host("SOUTH"), host("EAST"))
    async with app.run_test(size=(80, 24)) as pilot:
        seen = []
        for key in ("right_square_bracket",) * 3 + ("left_square_bracket",):
            await pilot.press(key)
            await settled(pilot)
            seen.append(rows(app)[0].split()[1])
        assert seen == ["SOUTH", "EAST", "NORTH", "EAST"]


@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_a_click_on_the_list_shows_that_one_and_keys_act_there(size: tuple[int, int]) -> None:
    north, south = host("NORTH"), host("SOUTH")
    app = app_of(north, south)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        y = next(n for n, row in enumerate(rows(app)) if "SOUTH" in row)
        await pilot.click(offset=(rows(app)[y].index("SOUTH") + 1, y))
        await settled(pilot)
        assert "SOUTH" in app.dashboard.station.charge_point_id  # type: ignore[union-attr]
        await pilot.press("p")
        await settled(pilot)
        assert (len(north.submitted), len(south.submitted)) == (0, 1)
        for sign, shown in (("[ ]", "NORTH"), ("] switch", "SOUTH")):
            y = next(n for n, row in enumerate(rows(app)) if sign in row)
            await pilot.click(offset=(rows(app)[y].index(sign), y))
            await settled(pilot)
            assert shown in app.dashboard.station.charge_point_id  # type: ignore[union-attr]


async def test_messages_are_those_of_the_one_that_is_shown() -> None:
    south = FakeHost(replace(station(), charge_point_id="SOUTH"), exchanges=())
    app = app_of(host("NORTH"), south)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "BootNotification" in text_of(app)
        await pilot.press("right_square_bracket")
        await settled(pilot)
        assert "No messages yet" in text_of(app)


async def test_alone_there_is_no_list_and_the_key_says_so() -> None:
    app = make_app()
    async with app.run_test(size=(140, 40), notifications=True) as pilot:
        await settled(pilot)
        assert "Charge points" not in text_of(app)
        await pilot.press("right_square_bracket")
        await settled(pilot)
        assert "no other charge point" in text_of(app)


async def test_all_are_started_and_leaving_asks_for_what_charges_anywhere() -> None:
    north, south = host("NORTH"), host("SOUTH", charging(1), charging(2))
    app = app_of(north, south)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert (north.started, south.started) == (1, 1)
        await pilot.press("q")
        await settled(pilot)
        assert app.screen is not app.dashboard
        await app._leaving.stop_and_quit()
        assert south.submitted == [Stop(1), Stop(2)]
        assert north.submitted == []


async def test_one_that_is_lost_is_marked_and_the_others_go_on() -> None:
    north, south = host("NORTH"), host("SOUTH")
    app = app_of(north, south)
    async with app.run_test(size=(140, 40)) as pilot:
        await settled(pilot)
        south.failure = "RuntimeError: gone"
        await settled(pilot)
        assert "no contact" in text_of(app)
        assert "NORTH online" in text_of(app)
