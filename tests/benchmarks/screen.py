"""What the dashboard costs in a terminal of 80x24: CPU, bytes, and how soon a key is answered.

CPU and bytes are those of the real command in a pty, beside a CSMS in another process: two
connectors that charge, four looks a second, a message every two seconds; and the same at rest. The
CPU of the dashboard is that of all threads but the charge point's own.
"""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from textual.events import Key

from sim_core.engine import Engine
from sim_core.snapshot import Registration
from sim_core.wire.message_log import Direction, ExchangeState, MessageLog
from tests.benchmarks.measure import Row, Size, load_note, peer
from tests.harness import settings
from tests.tui.pty_terminal import PtyTerminal
from tui.app import ChargeForgeApp

METER_S = 4
"""Two connectors: a message every two seconds."""
COMMAND = """
import sys, threading
import tui.__main__
run = threading.Thread.run
def named(thread):
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as file:
        file.write(thread.name[:15])
    run(thread)
threading.Thread.run = named  # so that the kernel knows which thread is which
sys.exit(tui.__main__.main(sys.argv[1:]))
"""
AT = datetime(2026, 1, 1, tzinfo=timezone.utc)


def measure(size: Size) -> list[Row]:
    with peer() as csms:
        busy, idle = _in_terminal(csms.url, size)
        still, flooded = asyncio.run(_keys(csms.url, size))
    note = load_note()
    return [
        Row("screen.bytes", "bytes to the terminal, two charging", "B/s", busy[0], None, 2048,
            goal_is_ratio=False),
        Row("screen.bytes_idle", "bytes to the terminal, idle", "B/s", idle[0], None, 150,
            goal_is_ratio=False),
        Row("screen.cpu", "CPU of the dashboard, two charging", "%", busy[1], None, 2.0,
            goal_is_ratio=False, note=f"with the charge point {busy[2]:.1f} %"),
        Row("screen.cpu_idle", "CPU of the dashboard, idle", "%", idle[1], None, 0.5,
            goal_is_ratio=False, note=f"with the charge point {idle[2]:.1f} %"),
        Row("screen.key", "key to changed frame, 1,000 exchanges/s, p95", "ms", flooded, still,
            3.0, note=note),
    ]  # fmt: skip


# -- in a terminal ---------------------------------------------------------------------------------

Cost = tuple[float, float, float]
"""Bytes a second, percent of a core for the dashboard, percent for all."""


def _in_terminal(url: str, size: Size) -> tuple[Cost, Cost]:
    terminal = PtyTerminal(
        "-c", COMMAND, "run", "--csms-url", url, "--fps", "4",
        OCPP_KEYS=f'{{"MeterValueSampleInterval": {METER_S}, "WebSocketPingInterval": 0}}',
    )  # fmt: skip
    try:
        terminal.until(lambda: "Accepted" in terminal.text and "Available" in terminal.text, 40)
        terminal.read_for(size.seconds(3.0, 0.5))
        idle = _cost(terminal, size.seconds(20.0, 0.5))
        for keys in ("1", "p", "s", "2", "p", "s"):
            terminal.type(keys)
            terminal.read_for(size.seconds(0.7, 0.3))
        terminal.until(lambda: terminal.text.count("Charging ") >= 2, 40)
        terminal.read_for(size.seconds(5.0, 0.5))  # past the ramp
        return _cost(terminal, size.seconds(30.0, 0.5)), idle
    finally:
        terminal.close()


def _cost(terminal: PtyTerminal, seconds: float) -> Cost:
    before = _threads(terminal.pid)
    began = time.monotonic()
    count = terminal.read_for(seconds)
    took_s = time.monotonic() - began
    used = {name: cpu_s - before.get(name, 0.0) for name, cpu_s in _threads(terminal.pid).items()}
    own = used.get("charge-point", 0.0)
    total = sum(used.values())
    return count / took_s, (total - own) / took_s * 100, total / took_s * 100


def _threads(pid: int) -> dict[str, float]:
    """CPU seconds of each thread so far, by its name."""
    seconds: dict[str, float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        cpu_s = int((task / "schedstat").read_text().split()[0]) / 1e9
        name = (task / "comm").read_text().strip()
        seconds[name] = seconds.get(name, 0.0) + cpu_s
    return seconds


# -- keys ------------------------------------------------------------------------------------------

FRAME = '[2,"{0:036d}","MeterValues",{{"connectorId":1,"meterValue":[]}}]'.ljust(150)
FLOOD_HZ, BATCH = 1000, 10


async def _keys(url: str, size: Size) -> tuple[float, float]:
    """p95 of the time from a key to the frame that shows it, at rest and in a flood, in ms."""
    engine = Engine(settings(csms_url=url, http_port=0, state_dir=Path(":memory:")))
    app = ChargeForgeApp(engine, fps=4)
    count = size.of(60, 2)
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            while not _registered(engine) or app.dashboard.station is None:
                await pilot.pause(0.05)
            taken: tuple[list[float], list[float]] = ([], [])
            for _ in range(size.of(3, 1)):
                taken[0].extend([await _press(app, i) for i in range(count)])
                stop = threading.Event()
                flood = threading.Thread(target=_flood, args=(engine.messages, stop))
                flood.start()
                await pilot.pause(0.5)
                taken[1].extend([await _press(app, i) for i in range(count)])
                stop.set()
                flood.join()
    finally:
        engine.stop()
    still, flooded = (sorted(some)[int(len(some) * 0.95)] * 1000 for some in taken)
    return still, flooded


def _registered(engine: Engine) -> bool:
    seen = engine.snapshot
    return seen is not None and seen.link.registration is Registration.ACCEPTED


async def _press(app: ChargeForgeApp, nth: int) -> float:
    """Select the other connector; returns how long it took until that was drawn."""
    await asyncio.sleep(0.037)  # not in step with the looks
    wanted = 2 - nth % 2
    drawn = asyncio.Event()
    show = app._display

    def display(screen: Any, renderable: Any) -> None:
        show(screen, renderable)
        if app.dashboard.selected == wanted:
            drawn.set()

    app._display = display  # type: ignore[method-assign]
    try:
        began = time.perf_counter()
        app.post_message(Key(str(wanted), str(wanted)))
        await asyncio.wait_for(drawn.wait(), 10)
        return time.perf_counter() - began
    finally:
        app._display = show  # type: ignore[method-assign]


def _flood(log: MessageLog, stop: threading.Event) -> None:
    """A thousand exchanges a second."""
    due, number = time.monotonic(), 0
    while not stop.is_set():
        for _ in range(BATCH):
            number += 1
            name = f"{number:036d}"
            place = log.open(
                Direction.SENT, "MeterValues", name, FRAME.format(number), AT, connector_id=1
            )
            answer = f'[3,"{name}",{{}}]'
            log.close(place, ExchangeState.ANSWERED, answer=answer, latency_s=0.01)
        due += BATCH / FLOOD_HZ
        time.sleep(max(0.0, due - time.monotonic()))
