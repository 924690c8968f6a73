"""The dashboard over a charge point that runs elsewhere, as a person meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from screen_text import rows, settled, text_of, until
from textual.pilot import Pilot

from sim_core.attach.host import RemoteHost
from sim_core.attach.options import AttachSettings
from sim_core.commands import Plug, Start
from tests.attach.thin_link import ThinLink, thin_link
from tests.sidecar.beside import Beside, beside
from tests.sidecar.test_destination_route import Where
from tui.attach.app import AttachApp
from tui.dialogs.palette import Picker
from tui.keymap import TABLE_KEYS


@asynccontextmanager
async def attached(
    size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[tuple[Beside, ThinLink, AttachApp, Pilot[int]]]:
    async with beside(**options) as here, thin_link(here.port, bytes_per_s=1e6, late_s=0) as link:
        settings = AttachSettings()
        host = RemoteHost(f"http://127.0.0.1:{link.port}", settings)
        app = AttachApp([host], settings, ascii=False, keys=TABLE_KEYS)
        async with app.run_test(size=size, notifications=True) as pilot:
            try:
                await until(pilot, lambda: "online, Accepted" in rows(app)[0])
                yield here, link, app, pilot
            finally:
                host.stop(5)


async def test_keys_act_at_the_charge_point_and_leaving_asks_nothing() -> None:
    async with attached() as (here, _, app, pilot):
        await pilot.press("p")
        await until(pilot, lambda: "Preparing" in text_of(app))
        await here.harness.submit(Start(1, "TAG"))
        await until(pilot, lambda: "Charging" in rows(app)[1])
        await until(pilot, lambda: "StartTransaction" in text_of(app))
        await pilot.press("s")
        await until(pilot, lambda: "already" in text_of(app))
        await pilot.press("q")
        await settled(pilot)
        assert app.return_code == 0
        assert here.harness.connector(1).transaction is not None


async def test_the_sheet_of_the_connection_acts_there_and_the_id_stays() -> None:
    where = Where()
    async with attached(where=lambda: where) as (_, _, app, pilot):
        await pilot.press("D")
        await until(pilot, lambda: "ws://one/ocpp" in text_of(app))
        await pilot.press("down", "enter")
        await until(pilot, lambda: "another charge point" in text_of(app))
        await pilot.press("up", "enter")
        await until(pilot, lambda: isinstance(app.screen, Picker))
        await pilot.press("ctrl+u", *"ws://h:1/o", "enter")
        await until(pilot, lambda: "changed, not used yet" in text_of(app))
        await pilot.press("c")
        await until(pilot, lambda: where.settings.csms_url == "ws://h:1/o")
        await until(pilot, lambda: "not used yet" not in text_of(app))


async def test_one_that_is_not_there_is_listed_by_its_address() -> None:
    async with beside() as here:
        settings = AttachSettings()
        urls = (f"http://127.0.0.1:{here.port}", "http://127.0.0.1:1")
        hosts = [RemoteHost(url, settings) for url in urls]
        app = AttachApp(hosts, settings, ascii=False, keys=TABLE_KEYS)
        async with app.run_test(size=(140, 40)) as pilot:
            try:
                await until(pilot, lambda: "no contact" in text_of(app))
                await until(pilot, lambda: "CP01 online" in text_of(app))
                assert "127.0.0.1:1" in text_of(app)
            finally:
                for host in hosts:
                    host.stop(5)


async def test_a_cut_is_said_and_over_by_itself() -> None:
    async with attached() as (here, link, app, pilot):
        await here.harness.submit(Plug(1))
        await until(pilot, lambda: "Preparing" in text_of(app))
        link.cut()
        await until(pilot, lambda: "not attached" in rows(app)[0])
        assert "dials now" in rows(app)[0]
        assert "last known" in text_of(app)
        await pilot.press("s")
        await until(pilot, lambda: "dials at once" in text_of(app))
        await until(pilot, lambda: "online, Accepted" in rows(app)[0])
        await until(pilot, lambda: "attached again" in text_of(app))
        assert here.harness.connector(1).plugged
