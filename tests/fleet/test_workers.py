"""A fleet in several processes, against a real CSMS on a real socket."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.commands import Plug, Refused
from sim_core.csms import Csms
from sim_core.fleet.merging import ADDED, merged, what_has_been
from sim_core.fleet.options import WORTH_A_WORKER
from sim_core.fleet.snapshot import FleetSnapshot, Latency, Phase
from sim_core.fleet.workers import WorkerFleet
from tests.fleet.test_fleet import csms, settings, until
from tests.fleet.test_member import soon
from tests.patience import PATIENCE_S
from tests.tui.pty_terminal import PtyTerminal
from tui.fleet.app import FleetApp
from tui.fleet.member import MemberApp

SNAPSHOTS = st.builds(
    FleetSnapshot,
    phase=st.sampled_from(Phase),
    total=st.integers(0, 9),
    messages=st.integers(0, 99),
    visits_begun=st.integers(0, 9),
    errors=st.dictionaries(st.sampled_from("ab"), st.integers(1, 9)),
    refused=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), max_size=3).map(tuple),
    warnings=st.lists(st.sampled_from("ab"), max_size=2).map(tuple),
    lag_s=st.floats(0, 9),
    rate_trace=st.lists(st.integers(0, 9).map(float), max_size=4).map(tuple),
)


@asynccontextmanager
async def in_workers(server: Csms, **options: Any) -> AsyncIterator[WorkerFleet]:
    chosen: dict[str, Any] = {
        "count": 6,
        "workers": 2,
        "boots_per_sec": 200,
        "session_sec": 10,
        "pause_sec": 2,
        "time_scale": 20,
        "seed": 1,
        **options,
    }
    told = settings(f"--csms-url=ws://127.0.0.1:{server.port}/ocpp", **chosen)
    running = WorkerFleet(told, told.workers())
    running.start()
    try:
        yield running
    finally:
        assert await asyncio.to_thread(running.stop, PATIENCE_S)


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# -- figures ---------------------------------------------------------------------------------------


@given(st.lists(SNAPSHOTS, min_size=1, max_size=4))
def test_what_is_counted_is_added_and_what_is_said_is_said_once(parts: list[FleetSnapshot]) -> None:
    whole = merged(parts, Latency(1, 2, 3))
    for name in ADDED:
        assert getattr(whole, name) == sum(getattr(part, name) for part in parts)
    for kind in "ab":
        assert whole.errors.get(kind, 0) == sum(part.errors.get(kind, 0) for part in parts)
    assert dict(whole.refused) == dict(
        sum((Counter(dict([one])) for part in parts for one in part.refused), Counter())
    )
    assert len(whole.warnings) == len(set(whole.warnings))
    assert whole.lag_s == max(part.lag_s for part in parts)
    assert sum(whole.rate_trace) == sum(sum(part.rate_trace) for part in parts)
    newest = sum(part.rate_trace[-1] for part in parts if part.rate_trace)
    assert (whole.rate_trace or (0.0,))[-1] == newest
    assert merged([whole], whole.latency) == whole


@given(SNAPSHOTS)
def test_what_has_been_stays_counted_and_what_was_there_is_gone(seen: FleetSnapshot) -> None:
    past = what_has_been(seen)
    assert (past.messages, past.visits_begun, past.errors) == (
        seen.messages,
        seen.visits_begun,
        seen.errors,
    )
    assert (past.total, past.lag_s, past.warnings, past.rate_trace) == (0, 0.0, (), ())


@given(st.integers(1, 50), st.integers(1, 5), st.integers(1, 4), st.data())
def test_workers_share_what_is_this_shards(
    count: int, workers: int, shards: int, data: st.DataObject
) -> None:
    shard = data.draw(st.integers(0, shards - 1))
    whole = settings(count=count, shard=f"{shard}/{shards}", boots_per_sec=20)
    parts = whole.split(workers)
    numbers = [n for part in parts for n in part.shard().numbers(part.fleet_count)]
    assert sorted(numbers) == list(whole.shard().numbers(count))
    assert sum(part.fleet_boots_per_sec for part in parts) == pytest.approx(20)
    assert {part.http_port for part in parts} == {0}


def test_a_small_fleet_is_one_process_and_never_more_than_there_are_charge_points() -> None:
    assert settings(count=WORTH_A_WORKER).workers() == 1
    assert settings(count=3, workers=8).workers() == 3
    assert settings(count=3, workers=2, shard="1/2").workers() == 1


# -- processes -------------------------------------------------------------------------------------


async def test_all_charge_under_one_set_of_figures_and_one_is_looked_at() -> None:
    async with csms() as server, in_workers(server, http_port=0) as fleet:
        fleet.tells_each = True
        seen = await until(fleet, lambda now: now.registered == 6 and now.visits_begun > 5)
        assert (seen.total, seen.booted, seen.connectors, seen.phase) == (6, 6, 12, Phase.RUNNING)
        assert seen.latency is not None
        assert sorted(server.connected) == [f"FLEET-000{number}" for number in range(1, 7)]
        assert seen.messages == sum(fleet.counts.messages.values())
        seen = await until(fleet, lambda now: len(now.points) == 6)
        assert [point.number for point in seen.points] == [1, 2, 3, 4, 5, 6]

        for number in (3, 4):  # one of each worker
            host = fleet.member(number)
            assert host.snapshot is None
            host.start()
            await soon(lambda host=host: host.snapshot)
            assert host.snapshot is not None
            assert host.snapshot.charge_point_id == f"FLEET-000{number}"
            await soon(lambda host=host: host.messages.count > 0)
            refused = await asyncio.wrap_future(host.submit(Plug(9)))
            assert isinstance(refused, Refused)
            assert "connector" in refused.reason
            host.stop()
            assert host.snapshot is None
        pids = fleet.pids
        assert len(pids) == 2
    assert fleet.failure == ""
    assert fleet.snapshot.queued == 0
    assert not any(map(is_there, pids))


async def test_a_worker_that_dies_is_told_and_started_again() -> None:
    async with csms() as server, in_workers(server) as fleet:
        before = await until(fleet, lambda now: now.registered == 6 and now.visits_begun > 3)
        host = fleet.member(1)
        host.start()
        await soon(lambda: host.snapshot)
        life = host.messages
        os.kill(fleet.pids[0], signal.SIGKILL)
        await soon(lambda: fleet.told.last)
        (event,) = fleet.told.since(0)[1]
        assert event.text == (
            "worker 1 of 2 died (SIGKILL): its 3 charge points start again in 1 s"
        )
        assert "worker 1 of 2" in host.failure
        refused = await asyncio.wrap_future(host.submit(Plug(1)))
        assert isinstance(refused, Refused)
        after = await until(
            fleet, lambda now: now.registered == 6 and now.messages > before.messages
        )
        assert after.visits_begun >= before.visits_begun
        await soon(lambda: host.messages is not life)
        assert host.failure == ""


async def test_or_the_fleet_ends_with_a_code_as_asked() -> None:
    async with csms() as server, in_workers(server, on_worker_death="end") as fleet:
        await until(fleet, lambda now: now.registered == 6)
        first, other = fleet.pids
        os.kill(first, signal.SIGKILL)
        await soon(lambda: fleet.wait(0))
        assert (fleet.failure, fleet.exit_code) == ("worker 1 of 2 died (SIGKILL)", 1)
        assert not is_there(other)


async def test_what_no_worker_can_begin_with_is_said_once_and_is_the_users(tmp_path: Path) -> None:
    file = tmp_path / "not-a-folder"
    file.write_text("")
    async with csms() as server, in_workers(server, state_dir=file) as fleet:
        await soon(lambda: fleet.wait(0))
        assert fleet.exit_code == 2
        assert "STATE_DIR" in fleet.failure


async def test_a_screen_shows_one_of_them_wherever_it_lives() -> None:
    async with csms() as server, in_workers(server, session_sec=0) as fleet:
        await until(fleet, lambda now: now.registered == 6)
        app = FleetApp(fleet)
        async with app.run_test(size=(80, 24)) as pilot:
            await soon(lambda: fleet.snapshot.points)
            await pilot.press("enter")
            await pilot.press("4", "enter")
        assert app.wanted == 4
        one = MemberApp(fleet, 4, "")
        async with one.run_test(size=(80, 24)) as pilot:
            await soon(lambda: one.host.snapshot)
            await pilot.pause()
            assert one.host.snapshot is not None
            assert one.host.snapshot.charge_point_id == "FLEET-0004"
            one.host.stop()


async def test_workers_begin_under_a_screen() -> None:
    """Only a terminal shows it: under its screen stderr is no file."""
    async with csms() as server:
        url = f"--csms-url=ws://127.0.0.1:{server.port}/ocpp"
        arguments = ["fleet", url, "--count=4", "--workers=2", "--boots-per-sec=200"]
        terminal = PtyTerminal("-m", "tui", *arguments)
        try:
            await asyncio.to_thread(terminal.until, lambda: "registered         4" in terminal.text)
            assert len(server.connected) == 4
            terminal.type("q")
            assert await asyncio.to_thread(terminal.wait) == 0
            assert terminal.left_clean
        finally:
            terminal.close()


async def test_workers_go_with_whoever_began_them_however_that_ends() -> None:
    async with csms() as server:
        arguments = ["--count=4", "--workers=2", "--http-port=0", "--boots-per-sec=200"]
        url = f"--csms-url=ws://127.0.0.1:{server.port}/ocpp"
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "sim_core.fleet", url, *arguments, stdout=subprocess.DEVNULL
        )
        try:
            await soon(lambda: len(server.connected) == 4)
        finally:
            parent.kill()
            await parent.wait()
        await soon(lambda: not server.connected)
