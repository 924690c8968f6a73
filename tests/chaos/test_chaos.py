"""No transaction is lost or corrupted, whatever breaks.

Each run is a charge point in a process of its own, driven by its seed, with a real socket and a
real file. The CSMS answers wrongly, slowly, twice or not at all, and cuts or closes the link at the
worst moments, which counts against the message as a CALLERROR does; the process is killed with
SIGKILL and started again. What the CSMS has accepted in the end must be what has happened.

`CHAOS_RUNS=2000 pytest tests/chaos` is the long run.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from tests.chaos import child
from tests.patience import PATIENCE_S
from tests.scripted_csms import (
    Answer,
    Call,
    CallError,
    Close,
    Cut,
    Drop,
    Hold,
    ScriptedCsms,
    Twice,
)

RUNS = int(os.environ.get("CHAOS_RUNS", "30"))
WORKERS = 4
KILL_LOSS_WH = 60_000 * 2 / 3600
"""What a meter may lose in a kill: two seconds of full power."""


class UnreliableCsms(ScriptedCsms):
    """Answers as its seed wills, until it is told to behave; its ledger keeps what it accepted."""

    def __init__(self, rng: random.Random, version: str = "1.6") -> None:
        # A clock that makes no sense is not adopted: ours, which runs fast, would be set back.
        epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
        super().__init__(now=lambda: epoch, version=version)
        self.rng = rng
        self.behaves = False
        self.accepted: list[tuple[Call, dict[str, Any]]] = []
        self._known: dict[tuple[Any, ...], int] = {}
        self.failures: Counter[str] = Counter()
        """How often it has failed the charge point, by the way in which it did."""

    def choose(self, call: Call) -> Answer:
        answer = self._choose(call)
        if not isinstance(answer, dict):
            self.failures[type(answer).__name__] += 1
        return answer

    def _choose(self, call: Call) -> Answer:
        payload = self._ordinary(call)
        if call.action == "StartTransaction":
            # Sent again because its answer was lost, it is recognisably the same request.
            key = tuple(
                call.payload[k] for k in ("connectorId", "idTag", "timestamp", "meterStart")
            )
            payload["transactionId"] = self._known.setdefault(key, payload["transactionId"])
        luck = 1.0 if self.behaves else self.rng.random()
        if luck < 0.06:
            return CallError()
        if luck < 0.10:
            return Drop()
        if luck < 0.12:
            return Cut()
        if luck < 0.14:
            return Close(self.rng.choice((1000, 1001, 1008, 1011, 1012, 4000)))
        self.accepted.append((call, payload))
        if luck < 0.17:
            return Cut(after_answer=True, payload=payload)
        if luck < 0.22:
            return Twice(payload)
        if luck < 0.30:
            release = asyncio.Event()
            asyncio.get_running_loop().call_later(self.rng.uniform(0, 0.05), release.set)
            return Hold(release, payload)
        return payload


@asynccontextmanager
async def nursery() -> AsyncIterator[Process]:
    """The process that forks the charge points."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.chaos.child", stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    assert (await process.stdout.readline()).strip() == b"ready"
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def say(process: Process, line: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line.encode() + b"\n")
    await process.stdin.drain()
    return (await process.stdout.readline()).decode().strip()


async def test_nothing_is_lost_and_nothing_is_told_twice(tmp_path: Path) -> None:
    failures = await many_runs(RUNS, "1.6", judge, tmp_path)
    assert set(failures) == {"CallError", "Drop", "Cut", "Close", "Twice", "Hold"}, failures


async def many_runs(runs: int, version: str, judged: Judge, tmp_path: Path) -> Counter[str]:
    """So many charge points, one seed each; returns how often the CSMS has failed them."""
    seeds = iter(range(runs))
    failures: Counter[str] = Counter()

    async def work() -> None:
        async with nursery() as process:
            for seed in seeds:
                folder = tmp_path / str(seed)
                folder.mkdir()
                failures.update(await one_run(process, seed, folder, version, judged))

    await asyncio.gather(*(work() for _ in range(WORKERS)))
    return failures


async def one_run(
    process: Process, seed: int, folder: Path, version: str, judged: Judge
) -> Counter[str]:
    rng = random.Random(seed)
    output = folder / "output"
    (folder / "witness").write_bytes(bytes(8 * child.CONNECTORS))
    async with UnreliableCsms(rng, version) as csms:
        lives = rng.randint(1, 3)
        for life in range(lives):
            own = seed * 10 + life
            told = await say(process, f"live {folder} {csms.url} {own} {version} {output}")
            pid = int(told)
            await asyncio.sleep(rng.uniform(0.1, 0.4))  # the length of a life is part of the chaos
            os.kill(pid, signal.SIGKILL)
            assert await say(process, "reap") == "reaped", output.read_text()
        csms.behaves = True
        assert await say(process, f"calm {folder} {csms.url} {seed} {version} {output}")
        assert process.stdout is not None
        exit_code = (await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)).strip()
        told = output.read_text()
        assert exit_code == b"0", f"seed {seed}: {told}"
        assert "Traceback" not in told, f"seed {seed}: {told}"
        registers = [float(word) for word in told.split()[-child.CONNECTORS :]]
        judged(csms, registers, folder, lives, f"seed {seed}")
        return csms.failures


Judge = Callable[[UnreliableCsms, list[float], Path, int, str], None]
"""Holds what a CSMS has accepted against what has happened: the registers at the end, the folder
with the witness, the number of lives, and what to say where it differs."""


def judge(
    csms: UnreliableCsms, registers: list[float], folder: Path, lives: int, seed: str
) -> None:
    """What the CSMS has accepted against what has happened."""
    starts: dict[int, dict[str, Any]] = {}
    stops: dict[int, dict[str, Any]] = {}
    samples: dict[int, list[dict[str, Any]]] = {}
    for call, answer in csms.accepted:
        p = call.payload
        if call.action == "StartTransaction":
            transaction_id = answer["transactionId"]
            assert starts.setdefault(transaction_id, p) == p, f"{seed}: a start has changed"
        elif call.action == "StopTransaction":
            transaction_id = p["transactionId"]
            assert transaction_id in starts, f"{seed}: a stop before or without its start"
            assert stops.setdefault(transaction_id, p) == p, f"{seed}: stopped twice, differently"
        elif call.action == "MeterValues" and "transactionId" in p:
            transaction_id = p["transactionId"]
            assert transaction_id in starts, f"{seed}: a sample before its start"
            assert transaction_id not in stops or p in samples[transaction_id], (
                f"{seed}: a sample after its stop"
            )
            samples.setdefault(transaction_id, []).append(p)
    assert set(stops) == set(starts), f"{seed}: {set(starts) ^ set(stops)} begun and not ended"

    told = [0.0] * child.CONNECTORS
    ends = [0] * child.CONNECTORS
    for transaction_id, start in starts.items():
        stop, index = stops[transaction_id], start["connectorId"] - 1
        assert stop["timestamp"] >= start["timestamp"], seed
        assert start["meterStart"] >= ends[index], f"{seed}: the register fell"
        ends[index] = stop["meterStop"]
        told[index] += stop["meterStop"] - start["meterStart"]
        values = [
            (v["timestamp"], int(v["sampledValue"][0]["value"]))
            for p in samples.get(transaction_id, [])
            for v in p["meterValue"]
        ]
        assert values == sorted(values), f"{seed}: samples out of order"
        registers_seen = [start["meterStart"], *(wh for _, wh in values), stop["meterStop"]]
        assert registers_seen == sorted(registers_seen), f"{seed}: {registers_seen}"

    counted = struct.unpack(f"{child.CONNECTORS}d", (folder / "witness").read_bytes())
    for index in range(child.CONNECTORS):
        # meterStart and meterStop are whole Wh: one may be missing for each transaction.
        slack = len(starts) + lives * KILL_LOSS_WH
        assert counted[index] - slack <= told[index] <= counted[index] + len(starts), (
            f"{seed}: connector {index + 1}, lives {lives}: {starts} {stops} {counted} {registers}"
        )
        assert ends[index] <= registers[index] <= counted[index] + 1e-6, seed
