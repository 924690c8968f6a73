"""Draws the README's pictures from the real dashboard and fills its tables from the code.

    python -m tests.pictures

The charge point behind the pictures is the scripted one of the dashboard's tests: its clock stands
still, so the same code draws the same bytes. What it shows is drawn by the app itself.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sim_core.snapshot import ConnectorSnapshot, LinkSnapshot, TransactionSnapshot
from sim_core.wire.message_log import Direction
from tests.readme import ENV_EXAMPLE, README, ROOT, env_example, with_tables
from tests.tui.fake_host import NOW, ONLINE, RAMP, FakeHost, Story, charging, faulted, station
from tui.app import ChargeForgeApp

FOLDER = ROOT / "docs"
SETTLE_S = 0.3
"""Longer than the dashboard waits between two looks."""


LINK: LinkSnapshot = replace(ONLINE, url="ws://csms.example:9000/ocpp")

SECOND = charging(
    2,
    vehicle="Saloon 82",
    vid="VID:000000000002",
    soc_percent=61.0,
    power_w=48_310.0,
    voltage_v=402.5,
    current_a=120.0,
    register_wh=98_120.0,
    limited_by="cabinet",
    transaction=TransactionSnapshot(1043, "MY_TAG", NOW - timedelta(seconds=96), 96_905, 1_215.0),
    id_tag="MY_TAG",
    trace_w=tuple(min(48_310.0, power) for power in RAMP[:96]),
)


def _meter_values(connector_id: int, transaction_id: int, energy_wh: int, power_w: int) -> object:
    sampled = [
        {"value": str(energy_wh), "unit": "Wh"},
        {"value": str(power_w), "measurand": "Power.Active.Import", "unit": "W"},
    ]
    return {
        "connectorId": connector_id,
        "transactionId": transaction_id,
        "meterValue": [{"timestamp": "2026-01-01T14:33:05Z", "sampledValue": sampled}],
    }


def _status(connector_id: int, status: str) -> object:
    return {"connectorId": connector_id, "status": status, "errorCode": "NoError"}


ACCEPTED = {"idTagInfo": {"status": "Accepted"}}
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED

STORY: tuple[Story, ...] = (
    (107, SENT, "StatusNotification", _status(2, "Preparing"), {}, 0.011, 2),
    (
        98,
        RECEIVED,
        "RemoteStartTransaction",
        {"connectorId": 2, "idTag": "MY_TAG"},
        {"status": "Accepted"},
        0.001,
        2,
    ),
    (98, SENT, "Authorize", {"idTag": "MY_TAG"}, ACCEPTED, 0.018, None),
    (
        96,
        SENT,
        "StartTransaction",
        {
            "connectorId": 2,
            "idTag": "MY_TAG",
            "meterStart": 96_905,
            "timestamp": "2026-01-01T14:31:30Z",
        },
        {"transactionId": 1043, **ACCEPTED},
        0.027,
        2,
    ),
    (95, SENT, "StatusNotification", _status(2, "Charging"), {}, 0.010, 2),
    (61, SENT, "MeterValues", _meter_values(1, 1042, 11_560, 59_460), {}, 0.012, 1),
    (36, SENT, "MeterValues", _meter_values(2, 1043, 97_310, 48_310), {}, 0.009, 2),
    (18, SENT, "Heartbeat", {}, {"currentTime": "2026-01-01T14:32:48Z"}, 0.008, None),
    (1, SENT, "MeterValues", _meter_values(1, 1042, 12_553, 59_460), None, 0.0, 1),
)


@dataclass(frozen=True)
class Picture:
    """A picture: its file, the size of the terminal, and what is pressed before it is taken."""

    name: str
    size: tuple[int, int]
    keys: tuple[str, ...] = ()
    second: ConnectorSnapshot = SECOND


PICTURES: tuple[Picture, ...] = (
    Picture("dashboard", (80, 24)),
    Picture("wide", (140, 40), second=faulted(2)),
    Picture("inspector", (120, 30), ("tab", "tab", "end", "up", "up", "up", "up", "up", "enter")),
    Picture("fault", (80, 24), ("2", "f")),
)


def draw(picture: Picture) -> str:
    """The picture as SVG."""
    with _plain_surroundings():
        return asyncio.run(_draw(picture))


async def _draw(picture: Picture) -> str:
    picture_of_now = station((charging(1), picture.second), link=LINK)
    app = ChargeForgeApp(FakeHost(picture_of_now, story=STORY))
    async with app.run_test(size=picture.size) as pilot:
        await pilot.pause(SETTLE_S)
        for key in picture.keys:
            await pilot.press(key)
        await pilot.pause(SETTLE_S)
        return app.export_screenshot()


def path_of(picture: Picture) -> Path:
    """Where the picture is kept."""
    return FOLDER / f"{picture.name}.svg"


@contextmanager
def _plain_surroundings() -> Iterator[None]:
    """The same surroundings everywhere: UTC, full colour."""
    wanted = {"TZ": "UTC", "COLORTERM": "truecolor", "TERM": "xterm-256color"}
    before = dict(os.environ)
    os.environ.update(wanted)
    os.environ.pop("NO_COLOR", None)
    _apply_time_zone()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        _apply_time_zone()


def _apply_time_zone() -> None:
    if hasattr(time, "tzset"):  # not on Windows
        time.tzset()


def main() -> None:
    """Write every picture and every table."""
    FOLDER.mkdir(exist_ok=True)
    for picture in PICTURES:
        path_of(picture).write_text(draw(picture), "utf-8")
        print(f"drew {path_of(picture).relative_to(ROOT)}")
    README.write_text(with_tables(README.read_text("utf-8")), "utf-8")
    ENV_EXAMPLE.write_text(env_example(), "utf-8")
    print("filled the tables of README.md and .env.example")


if __name__ == "__main__":
    main()
