"""Pictures of the dashboard: SVG snapshots of states at the sizes that matter.

The clock of the fake host stands still and nothing blinks, so a picture changes only when the
dashboard does. Look at the report before you accept new ones (`pytest --snapshot-update`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from fake_host import NOW, ONLINE, FakeHost, available, charging, faulted, station
from screen_text import settled, until
from textual.pilot import Pilot

from sim_core.snapshot import FaultSnapshot, LinkState, Registration, StationSnapshot
from tui.app import ChargeForgeApp

STATUSES = """
Available Preparing Charging SuspendedEV SuspendedEVSE Finishing Reserved Unavailable Faulted
""".split()  # noqa: SIM905
SKETCH = station()
MANY = station([(charging, faulted, available)[n % 3](n) for n in range(1, 17)])
ALL = station(
    [available(n, status=word) for n, word in enumerate(STATUSES[:8], 1)],
)
VENDOR = FaultSnapshot("OverVoltage", "E-41", "bus at [1020] V", NOW - timedelta(minutes=3))
OFFLINE = replace(
    ONLINE,
    state=LinkState.WAITING,
    trouble="connection refused",
    retry_at=NOW + timedelta(seconds=8),
    queued=4,
)


@dataclass(frozen=True)
class Picture:
    """One state to look at."""

    name: str
    size: tuple[int, int] = (80, 24)
    picture: StationSnapshot | None = SKETCH
    press: tuple[str, ...] = ()
    theme: str = "chargeforge-dark"
    ascii: bool = False
    failure: str = ""


PICTURES = (
    Picture("sketch"),
    Picture("60x16", (60, 16)),
    Picture("60x20", (60, 20)),
    Picture("120x34", (120, 34)),
    Picture("140x40", (140, 40)),
    Picture("200x60", (200, 60)),
    Picture("too-small", (52, 14)),
    Picture("light", theme="chargeforge-light"),
    Picture("contrast", theme="chargeforge-contrast"),
    Picture("ansi", theme="ansi-dark"),
    Picture("ascii", ascii=True),
    Picture("statuses", (160, 40), ALL),
    Picture("many", (100, 40), MANY, ("3",)),
    Picture("vendor-fault", picture=station([charging(), faulted(fault=VENDOR)]), press=("2",)),
    Picture("offline", picture=station(link=OFFLINE)),
    Picture("pending", picture=station(link=replace(ONLINE, registration=Registration.PENDING))),
    Picture("warning", picture=station(warnings=("port 7071 is in use: the HTTP sidecar is off",))),
    Picture("starting", picture=None),
    Picture("crashed", failure="RuntimeError: [boom]"),
    Picture("paused", press=("tab", "tab", "up", "up")),
    Picture("inspector", press=("g", "enter")),
    Picture("inspector-wide", (140, 40), press=("g", "enter")),
    Picture("filter", press=("slash", "e", "r", "r", "enter")),
    Picture("palette", press=("ctrl+p", "s", "t", "a", "r", "t")),
    Picture("faults", picture=station([available(1), available(2)]), press=("f", "v", "o", "l")),
    Picture("quit", press=("q",)),
    Picture("help", (100, 40), press=("question_mark",)),
    Picture("zoom", press=("z",)),
)


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_picture(picture: Picture, snap_compare: Callable[..., bool]) -> None:
    host = FakeHost(picture.picture)
    app = ChargeForgeApp(host, theme=picture.theme, ascii=picture.ascii)
    if picture.failure:
        host.start = lambda: setattr(host, "failure", picture.failure)  # type: ignore[method-assign]

    async def arrange(pilot: Pilot[int]) -> None:
        board = app.dashboard
        await until(pilot, lambda: board.focused is not None or host.snapshot is None)
        await pilot.press(*picture.press)
        await settled(pilot)

    assert snap_compare(app, run_before=arrange, terminal_size=picture.size)
