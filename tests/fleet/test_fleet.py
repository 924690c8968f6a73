"""Many charge points from one process, against a real CSMS on a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.csms import Csms
from sim_core.fleet.drivers import Visits
from sim_core.fleet.ids import Shard, ShardError, numbered, shard_of
from sim_core.fleet.metrics import app_of
from sim_core.fleet.options import FleetSettings
from sim_core.fleet.snapshot import (
    FleetSnapshot,
    Phase,
    Point,
    PointState,
    latency_of,
    sentence,
    summary,
)
from sim_core.fleet.stations import Fleet
from sim_core.http_door.server import listen, serve_app
from sim_core.settings.loading import load_as
from sim_core.settings.options import ConfigError
from tests.patience import PATIENCE_S
from tests.sim_core.test_storage_trouble import locked
from tui.fleet.app import FleetApp
from tui.fleet.cells import cell_lines, worst_first
from tui.fleet.page import Page, page
from tui.look import Look
from tui.widgets.line_widget import line_width

LOOK_S = 0.05


def settings(*arguments: str, **options: Any) -> FleetSettings:
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
    return load_as(FleetSettings, [*arguments, "--http-port=0", *flags], "chargeforge fleet")


@asynccontextmanager
async def csms() -> AsyncIterator[Csms]:
    server = Csms()
    await server.start("127.0.0.1", 0)
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def a_fleet(server: Csms, **options: Any) -> AsyncIterator[Fleet]:
    """A fleet whose time passes fast, so that its sessions are short."""
    merged: dict[str, Any] = {
        "count": 8,
        "boots_per_sec": 200,
        "session_sec": 10,
        "pause_sec": 2,
        "time_scale": 20,
        "seed": 1,
        **options,
    }
    running = Fleet(settings(f"--csms-url=ws://127.0.0.1:{server.port}/ocpp", **merged))
    running.start()
    try:
        yield running
    finally:
        assert await asyncio.to_thread(running.stop, PATIENCE_S)


async def until(running: Fleet, holds: Callable[[FleetSnapshot], bool]) -> FleetSnapshot:
    for _ in range(round(PATIENCE_S / LOOK_S)):
        if holds(running.snapshot):
            return running.snapshot
        assert not running.failure, running.failure
        await asyncio.sleep(LOOK_S)
    raise AssertionError(f"it never came true: {running.snapshot}")


# -- who is in it ----------------------------------------------------------------------------------


@given(total=st.integers(0, 2_000), count=st.integers(1, 50))
def test_shards_share_the_numbers_and_leave_none_out(total: int, count: int) -> None:
    parts = [Shard(index, count).numbers(total) for index in range(count)]
    assert sorted(number for part in parts for number in part) == list(range(1, total + 1))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(
    ("pattern", "number", "id_"),
    [("CP-####", 7, "CP-0007"), ("#", 123, "123"), ("a##b##", 5, "a05b##"), ("x", 5, "x")],
)
def test_a_pattern_takes_the_number(pattern: str, number: int, id_: str) -> None:
    assert numbered(pattern, number) == id_


@given(st.text(max_size=20), st.none() | st.text(max_size=10))
def test_any_shard_is_taken_or_explained(text: str, index: str | None) -> None:
    try:
        shard = shard_of(text, index)
    except ShardError:
        with pytest.raises(ShardError, match=r"FLEET_SHARD \(--shard\)"):
            shard_of(text, index)
    else:
        assert 0 <= shard.index < shard.count


def test_a_job_of_kubernetes_gives_the_index() -> None:
    assert shard_of("/4", "3") == Shard(3, 4)
    with pytest.raises(ShardError, match="JOB_COMPLETION_INDEX, which is not set"):
        shard_of("/4", None)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ids": "CP"}, "FLEET_IDS .* allowed is 1 to 48 characters with # where"),
        ({"count": 0}, "FLEET_COUNT .* allowed is a whole number from 1 to 100000"),
        ({"ids": "X" * 46 + "#", "count": 1000}, "is longer than 48 characters"),
        ({"tags": "T" * 18 + "#", "count": 1000}, "is longer than 20 characters"),
    ],
)
def test_what_cannot_be_is_one_sentence(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Fleet(settings(**options))


@given(st.lists(st.floats(0, 60), min_size=1))
def test_percentiles_are_values_that_there_were_in_order(seconds: list[float]) -> None:
    found = latency_of(seconds)
    assert found is not None
    assert min(seconds) <= found.p50_s <= found.p95_s <= found.p99_s <= max(seconds)
    assert {found.p50_s, found.p95_s, found.p99_s} <= set(seconds)


# -- what it does ----------------------------------------------------------------------------------


async def test_every_one_registers_charges_and_leaves_nothing_open() -> None:
    async with csms() as server:
        async with a_fleet(server) as running:
            seen = await until(
                running,
                lambda now: now.registered == 8 and now.visits_ended >= 8 and now.charging > 0,
            )
            assert seen.phase is Phase.RUNNING
            assert seen.connectors == 16
            assert seen.latency is not None
            assert seen.trouble == 0, seen
            ids = {one.cpid for one in server.ledger.charge_points}
            assert ids == {f"FLEET-000{number}" for number in range(1, 9)}
            tags = {session.id_tag for session in server.ledger.history}
            assert all(tag.startswith("TAG-000") for tag in tags)
        assert server.ledger.active == ()
        assert running.snapshot.queued == 0
        assert running.snapshot.phase is Phase.STOPPING


async def test_only_its_part_of_the_numbers_is_there() -> None:
    async with csms() as server, a_fleet(server, shard="1/4", session_sec=0) as running:
        await until(running, lambda now: now.registered == 2)
        assert {one.cpid for one in server.ledger.charge_points} == {"FLEET-0002", "FLEET-0006"}
        assert running.snapshot.visits_begun == 0


async def test_a_csms_that_dies_is_said_and_found_again() -> None:
    async with csms() as server:
        port = server.port
        async with a_fleet(server, session_sec=0, time_scale=1, reconnect_max_sec=1) as running:
            await until(running, lambda now: now.registered == 8)
            await server.stop()
            lost = await until(running, lambda now: bool(now.offline_because))
            assert sum(count for _, count in lost.offline_because) <= 8
            await server.start("127.0.0.1", port)
            await until(running, lambda now: now.registered == 8 and not now.offline_because)


async def test_one_that_fails_takes_nobody_with_it() -> None:
    async with csms() as server, a_fleet(server, session_sec=0) as running:
        await until(running, lambda now: now.registered == 8)
        station = running._members[3].station
        loop = running._thread.loop
        assert loop is not None

        async def fault() -> None:
            raise ZeroDivisionError("a fault of the program")

        loop.call_soon_threadsafe(lambda: station.charge_point.environment.spawn(fault()))
        seen = await until(running, lambda now: now.crashed == 1)
        assert seen.registered == 7


async def test_the_figures_over_http() -> None:
    async with csms() as server, a_fleet(server) as running:
        await until(running, lambda now: now.visits_begun > 0)
        listener = listen("127.0.0.1", 0)
        port = listener.getsockname()[1]
        stop = await serve_app(app_of(running), listener)
        try:
            health, metrics, fleet = [
                await asyncio.to_thread(_get, f"http://127.0.0.1:{port}/{path}")
                for path in ("health", "metrics", "fleet")
            ]
        finally:
            await stop()
        assert json.loads(health) == {"status": "ok"}
        assert "chargeforge_fleet_charge_points 8.0" in metrics
        assert (
            'chargeforge_messages_total{action="BootNotification",direction="sent"} 8.0' in metrics
        )
        assert json.loads(fleet)["total"] == 8


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
        return str(answer.read().decode())


# -- how it is seen --------------------------------------------------------------------------------


async def test_the_screen_shows_it_and_q_ends_it_in_order() -> None:
    async with csms() as server:
        options = settings(
            f"--csms-url=ws://127.0.0.1:{server.port}/ocpp",
            count=4,
            boots_per_sec=200,
            session_sec=600,
            pause_sec=1,
            time_scale=10,
            seed=1,
        )
        app = FleetApp(Fleet(options))
        async with app.run_test(size=(80, 24)) as pilot:
            await until(app.fleet, lambda now: now.registered == 4 and now.charging > 0)
            page = app.query_one(Page)
            shown, each = "", ""
            for _ in range(round(PATIENCE_S / LOOK_S)):  # a vehicle may pause meanwhile
                page.sync()
                await pilot.pause(LOOK_S)
                shown = "\n".join(page.render_line(y).text for y in range(24))
                each = shown.split("Each, worst first")[1]
                if "charging" in each:
                    break
            assert "Fleet FLEET-0001 to FLEET-0004" in shown
            assert "registered         4" in shown
            assert "Trouble none" in shown
            assert "charging" in each
            assert page.said.count("FLEET-000") == 2 + 4
            await pilot.press("q")
            await asyncio.to_thread(app.fleet.wait, PATIENCE_S)
            await pilot.pause()
        assert server.ledger.active == ()


def test_without_a_terminal_it_prints_lines_and_ends_by_itself() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tui", "fleet", "--count=2", "--http-port=0"),
            *("--csms-url=ws://127.0.0.1:1/ocpp", "--duration-sec=2", "--report-sec=1"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    first, *middle, last = done.stdout.splitlines()
    assert first == "2 charge points start. Ctrl-C ends them."
    assert any("0 of 2 registered" in line and "not connected" in line for line in middle)
    assert last.startswith("The fleet has stopped: 0 messages")


def test_sigterm_ends_it_with_zero() -> None:
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "tui", "fleet", "--count=2", "--http-port=0"),
            "--csms-url=ws://127.0.0.1:1/ocpp",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "FLEET_IDS": "ENV-##"},
    ) as process:
        assert process.stdout is not None
        assert "2 charge points" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(PATIENCE_S) == 0
        assert "The fleet has stopped" in rest


async def test_help_and_palette_open_over_the_page_and_do_what_they_say() -> None:
    options = settings("--csms-url=ws://127.0.0.1:1/ocpp", count=2)
    app = FleetApp(Fleet(options))

    def shown() -> str:
        return "\n".join(strip.text for strip in app.screen._compositor.render_strips())

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "? help" in shown()
        assert "^p palette" in shown()
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Help" in shown()
        assert "accepted by the CSMS" in shown()
        await pilot.press("slash", *"backend")
        await pilot.pause()
        assert "The operator's server" in shown()
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("q")  # closes the help, and not the fleet
        await pilot.pause()
        assert app.screen is app.screen_stack[0]
        assert app.fleet.snapshot.phase is not Phase.STOPPING
        theme = app.theme
        await pilot.press("ctrl+p")
        await pilot.press(*"theme")
        await pilot.pause()
        assert "Change the colours" in shown()
        await pilot.press("enter")
        await pilot.pause()
        assert app.theme != theme
        await pilot.press("ctrl+p", *"quick")  # q is a letter where letters are typed
        await pilot.pause()
        assert app.fleet.snapshot.phase is not Phase.STOPPING
        await pilot.press("escape")
        row = next(y for y, line in enumerate(shown().split("\n")) if "? help" in line)
        await pilot.click(offset=(shown().split("\n")[row].index("? help"), row))
        await pilot.pause()
        assert "accepted by the CSMS" in shown()
        await pilot.press("escape", "q")
        await asyncio.to_thread(app.fleet.wait, PATIENCE_S)


async def test_a_fleet_that_cannot_begin_is_not_shown() -> None:
    app = FleetApp(Fleet(settings("--model=no-such-make", count=2)))
    async with app.run_test(size=(80, 24)) as pilot:
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        while app.return_code is None and asyncio.get_running_loop().time() < deadline:
            await pilot.pause(0.05)
    assert app.return_code == 2
    assert "no-such-make" in app.fleet.failure


# -- its words -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (
            "the charge point is offline and may not decide about the card T-7 itself: "
            "LocalAuthorizeOffline = true lets it",
            "the charge point is offline and may not decide about the card itself: "
            "LocalAuthorizeOffline = true lets it",
        ),
        (
            "connector 12 is Faulted (OverVoltage): clear it",
            "the connector is Faulted (OverVoltage): clear it",
        ),
        (
            "the CSMS could not authorise T-7 (CALLERROR InternalError)",
            "the CSMS could not authorise the card (CALLERROR InternalError)",
        ),
        (
            "connector 3 is reserved for B until 14:45:00 UTC; swipe that card",
            "the connector is reserved for B; swipe that card",
        ),
    ],
)
def test_a_refusal_is_told_of_all_in_words(reason: str, said: str) -> None:
    visits = Visits()
    visits.refuse(reason, "T-7")
    assert list(visits.refused) == [said]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_one_is_not_told_as_many(number: int) -> None:
    kinds = ("call_unanswered", "call_error_received", "call_error_sent", "frame_not_understood")
    seen = FleetSnapshot(
        total=number,
        connectors=number,
        charging=number,
        faulted=number,
        crashed=number,
        queued=number,
        visits_begun=number,
        visits_ended=number,
        messages=number,
        errors={kind: number for kind in kinds if number},
        refused=(("no", number),) if number else (),
    )
    lines = page(seen, "Fleet", "ws://x", datetime.now(timezone.utc), Look(), 100)
    told = "\n".join("".join(span.text for span in line) for line in lines)
    told += "\n" + summary(seen) + "\n" + sentence(seen)
    many = ("requests", "frames", "visits", "connectors are", "messages", "points ended")
    one = ("request ", "frame ", "visit ", "connector is", "message ", "point ended")
    for words, singular in zip(many, one, strict=True):
        counted = rf"\b{number} +{words}"
        if number == 1:
            assert not re.search(counted, told), words
            assert re.search(rf"\b1 +(charge )?{singular}", told), singular
        elif number > 1:
            assert re.search(rf"\b2 +(charge )?{words}", told), words
    assert ("nothing waits" in told) == (not number)
    single = FleetSnapshot(errors={"call_unanswered": number} if number else {})
    words = "1 error" if number == 1 else f"{number} errors"
    assert f", {words}," in summary(single)
    assert sentence(single).endswith(f", {words}")


async def test_state_that_cannot_be_written_is_one_warning_and_stops_nobody(tmp_path: Path) -> None:
    async with csms() as server, a_fleet(server, count=4, state_dir=tmp_path) as running:
        await until(running, lambda seen: seen.registered == 4)
        with locked(tmp_path, running.settings.id_of(2)):
            seen = await until(running, lambda seen: len(seen.warnings) == 1)
            (warning,) = seen.warnings
            assert warning.startswith("one charge point: the state is locked by another program")
            assert str(tmp_path / f"{running.settings.id_of(2)}.sqlite3") in warning
            ended = seen.visits_ended
            await until(running, lambda seen: seen.visits_ended > ended + 8)
        last = await until(running, lambda seen: not seen.warnings)
        assert last.crashed == 0


@pytest.mark.parametrize("size", [(58, 3), (78, 6), (138, 22)])
@pytest.mark.parametrize("count", [1, 2, 12, 150, 900, 40_000])
def test_each_has_a_cell_and_the_worst_are_never_left_out(
    count: int, size: tuple[int, int]
) -> None:
    states = list(PointState)
    points = [Point(n, states[n % len(states)], 1000.0 * (n % 90)) for n in range(1, count + 1)]
    lines = cell_lines(points, lambda n: f"CP-{n:05}", Look(), *size)
    assert len(lines) <= size[1]
    assert {line_width(line) for line in lines} == {size[0]}
    pressed = [span.press for line in lines for span in line if span.press]
    shown = list(dict.fromkeys(int(press.split()[1]) for press in pressed))
    assert shown == [point.number for point in worst_first(points)][: len(shown)]
    told = "".join(span.text for line in lines for span in line)
    left = f"and {count - len(shown):,} more"
    assert (left in told) == (len(shown) < count)
    assert len(shown) == count or len(shown) >= (size[0] - 2) * (size[1] - 2)
