"""Reading the screen as a person does: rows of text, straight from the compositor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from fake_host import FakeHost, station
from textual.pilot import Pilot

from tests.patience import PATIENCE_S
from tui.app import ChargeForgeApp


def make_app(host: FakeHost | None = None, **options: object) -> ChargeForgeApp:
    """The app on a fake host that stands still."""
    return ChargeForgeApp(host or FakeHost(station()), fps=30, **options)  # type: ignore[arg-type]


def rows(app: ChargeForgeApp) -> list[str]:
    """The rows of the topmost screen."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


def text_of(app: ChargeForgeApp) -> str:
    """The whole screen."""
    return "\n".join(row.rstrip() for row in rows(app))


async def until(pilot: Pilot[int], condition: Callable[[], bool]) -> None:
    """Let the app run until the condition holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("waited in vain:\n" + text_of(pilot.app))  # type: ignore[arg-type]
        await pilot.pause()
        await asyncio.sleep(0)


async def settled(pilot: Pilot[int]) -> None:
    """Let the app draw what the host shows now."""
    app = pilot.app
    assert isinstance(app, ChargeForgeApp)
    await pilot.pause()
    app.sample()
    await pilot.pause()
