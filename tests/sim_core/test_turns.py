"""The loop belongs to everybody: a CSMS that asks without a pause must not starve the rest."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sim_core.ocpp16.dialect import OCPP_16
from sim_core.runtime.clock import IDLE_TURNS, MOST_TURNS, ManualClock
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.message_log import MessageLog
from tests.conformance.acts import charge, payloads, rebooted
from tests.harness import Harness

REQUESTS = 1000


class Ready:
    """A socket with requests that need no waiting for."""

    def __init__(self, frame: str) -> None:
        self.frame = frame
        self.read = 0

    async def send(self, message: str) -> None:
        """Takes any answer at once."""

    async def __aiter__(self) -> AsyncIterator[str]:
        for _ in range(REQUESTS):
            self.read += 1
            yield self.frame


@pytest.mark.parametrize(
    "frame",
    [
        json.dumps([2, "asked", "ClearCache", {}]),
        json.dumps([3, "nobody", {}]),
        json.dumps([4, "nobody", "GenericError", "", {}]),
        "no message at all",
    ],
)
async def test_frames_that_lie_ready_leave_the_rest_its_turn(frame: str) -> None:
    socket = Ready(frame)
    turns: list[int] = []

    async def others() -> None:
        while True:
            turns.append(socket.read)
            await asyncio.sleep(0)

    beside = asyncio.ensure_future(others())
    endpoint = Endpoint(
        socket, {}, OCPP_16, clock=ManualClock(), log=MessageLog(), call_timeout_s=30
    )
    await endpoint.serve()
    beside.cancel()
    assert socket.read == REQUESTS
    between = [after - before for before, after in itertools.pairwise(turns)]
    assert max(between) <= 10, "so many frames are read between two turns of the others"


async def test_a_reset_of_many_connectors_leaves_the_rest_its_turn() -> None:
    async with Harness(connectors=8) as harness:
        for number in range(1, 9):
            await charge(harness, number, f"TAG{number}")
        running: list[int] = []

        async def others() -> None:
            while True:
                connectors = harness.station.charger.connectors.values()
                running.append(sum(connector.transaction is not None for connector in connectors))
                await asyncio.sleep(0)

        beside = asyncio.ensure_future(others())
        await harness.ask("Reset", type="Soft")
        await rebooted(harness)
        beside.cancel()
        assert running[-1] == 0
        ended = [before - after for before, after in itertools.pairwise(running)]
        assert max(ended) == 1, "so many end between two turns of the others"
        assert len(harness.csms.of("StopTransaction")) == 8


async def test_samples_of_all_connectors_are_one_commit(tmp_path: Path) -> None:
    """A disk that takes its time is waited for once, and not once for each connector."""
    async with Harness(connectors=4, state=tmp_path, keys={"StopTxnAlignedData": "SoC"}) as harness:
        for number in range(1, 5):
            await charge(harness, number, f"TAG{number}")
        charge_point = harness.station.charge_point
        statements: list[str] = []
        charge_point.store._db._file.set_trace_callback(statements.append)
        harness.station.charger.sampling.trigger(None)
        assert statements.count("COMMIT") == 1
        harness.station.charger.sampling._sample_by_clock(charge_point.environment.now())
        assert statements.count("COMMIT") == 2
        charge_point.store._db._file.set_trace_callback(None)
        await harness.settle()
        assert len(payloads(harness, "MeterValues")) == 8


@pytest.mark.parametrize(("busy", "turns"), [(False, IDLE_TURNS), (True, MOST_TURNS)])
async def test_a_manual_clock_sees_when_the_loop_has_nothing_to_do(busy: bool, turns: int) -> None:
    """The loop stands still here, while the clock waits for it."""
    if busy:
        asyncio.get_running_loop().call_soon(lambda: None)
    assert sum(1 for _ in ManualClock().settle().__await__()) == turns
