"""A hundred thousand exchanges: into the log, out of it, into the dashboard's pane, and drawn."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from datetime import datetime, timezone

from textual.app import App, ComposeResult

from sim_core.wire.message_log import Direction, ExchangeState, MessageLog
from tests.benchmarks.measure import Row, Size, in_turns
from tui.look import Look
from tui.widgets.message_pane import MessagePane

AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
FRAME, ANSWER = 150, 60
"""Characters of a request and of its answer."""


def measure(size: Size) -> list[Row]:
    count = size.of(100_000, 300)
    name = f"{count:,} exchanges in the log"
    took_s = in_turns(size.of(5, 1), lambda: _fill(count)[1])[0]
    shown_s = asyncio.run(_show(count))
    tracemalloc.start()
    log, _ = _fill(count)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    text = sum(len(one.request) + len(one.answer) for one in log.since(0)[1])
    return [
        Row("log.write", f"{name}: asked and answered", "s CPU", took_s),
        Row("log.show", f"{name}: into the pane, and its first picture", "s CPU", shown_s, None,
            0.2, goal_is_ratio=False),
        Row("log.memory", f"{name}: memory", "MB", held / 1e6, None, 40.0, goal_is_ratio=False,
            note=f"{text / 1e6:.0f} MB of it the characters of the frames"),
    ]  # fmt: skip


def _fill(count: int) -> tuple[MessageLog, float]:
    log = MessageLog(count)
    began = time.process_time()
    for i in range(count):
        stem = f"{i:036d}"
        number = log.open(
            Direction.SENT,
            "MeterValues",
            stem,
            f'[2,"{stem}","MeterValues",'.ljust(FRAME, "x"),
            AT,
            connector_id=1,
            transaction_id=1042,
        )
        answer = f'[3,"{stem}",{{}}]'.ljust(ANSWER)
        log.close(number, ExchangeState.ANSWERED, answer=answer, latency_s=0.01)
    return log, time.process_time() - began


async def _show(count: int) -> float:
    class Window(App[None]):
        def compose(self) -> ComposeResult:
            yield MessagePane(Look(ascii=False), count)

    log, _ = _fill(count)
    async with Window().run_test(size=(140, 40)) as pilot:
        pane = pilot.app.query_one(MessagePane)
        gc.collect()
        began = time.process_time()
        pane.extend(log.since(0)[1])
        pane.show(AT)
        pane.lines_for(140, 38)
        return time.process_time() - began
