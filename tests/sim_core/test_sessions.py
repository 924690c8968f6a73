"""What has been charged: it outlives the plug, the messages and the process."""

from __future__ import annotations

import csv
import io
import sqlite3
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from sim_core.commands import Accepted, LinkDown, LinkUp, Plug, Start, Stop, Unplug
from sim_core.session_export import COLUMNS, as_csv, as_rows, sessions_of
from sim_core.snapshot import SessionSnapshot
from tests.harness import Harness
from tests.scripted_csms import CallError


async def charge(harness: Harness, seconds: float = 60, number: int = 1, tag: str = "TAG") -> None:
    assert await harness.submit(Plug(number)) == Accepted()
    assert isinstance(await harness.submit(Start(number, tag)), Accepted)
    await harness.advance(seconds)


async def test_a_session_stays_after_its_vehicle_has_left() -> None:
    async with Harness() as harness:
        await charge(harness)
        (running,) = sessions_of(harness.station.snapshot)
        assert running.ended_at is None
        assert running.told == ""
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        picture = harness.station.snapshot
        (ended,) = picture.sessions
        assert sessions_of(picture) == (ended,)
        assert ended.transaction_id == 1000
        assert (ended.token, ended.reason, ended.told) == ("TAG", "Local", "told")
        assert ended.vehicle is not None
        assert ended.energy_wh == ended.csms_energy_wh > 0
        assert ended.soc_begin_percent is not None
        assert ended.soc_end_percent is not None
        assert ended.soc_end_percent > ended.soc_begin_percent
        stop = harness.csms.of("StopTransaction")[0].payload
        assert stop["meterStop"] == ended.meter_start_wh + ended.energy_wh
        assert picture.connectors[0].last_session == ended
        assert picture.connectors[1].last_session is None


async def test_an_unplugged_vehicle_is_remembered_with_its_battery() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.submit(Unplug(1))
        (ended,) = harness.station.snapshot.sessions
        assert ended.reason == "EVDisconnected"
        assert ended.soc_end_percent is not None


async def test_a_session_without_the_csms_waits_and_then_is_told() -> None:
    async with Harness(keys={"LocalAuthorizeOffline": "true"}, behaviour={}) as harness:
        await charge(harness)
        await harness.submit(LinkDown())
        await harness.submit(Stop(1))
        assert harness.station.snapshot.sessions[0].told == "waiting"
        assert harness.station.snapshot.sessions[0].csms_energy_wh is None
        await harness.submit(LinkUp())
        await harness.advance(5)
        assert harness.station.snapshot.sessions[0].told == "told"


async def test_a_session_that_the_csms_does_not_take_says_so() -> None:
    keys = {"TransactionMessageAttempts": "1"}
    async with Harness(keys=keys) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].extend([CallError()] * 3)
        await harness.submit(Stop(1))
        await harness.advance(200)
        (ended,) = harness.station.snapshot.sessions
        assert ended.told == "given up"
        assert ended.csms_energy_wh is None


async def test_sessions_survive_a_restart_and_a_power_cut_ends_one(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await charge(harness)
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        await charge(harness, tag="OTHER")
        await harness.power_cut()
        await harness.power_on()
        await harness.advance(5)
        cut, first = harness.station.snapshot.sessions
        assert (first.token, first.reason) == ("TAG", "Local")
        assert (cut.token, cut.reason, cut.told) == ("OTHER", "PowerLoss", "told")


async def test_a_file_from_before_there_were_sessions_is_taken_over(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await charge(harness)
        await harness.submit(Stop(1))
        await harness.power_off()
        db = sqlite3.connect(tmp_path / "CP01.sqlite3")
        db.execute("DROP TABLE sessions")
        db.commit()
        db.close()
        await harness.power_on()
        assert harness.station.snapshot.sessions == ()
        assert not harness.station.warnings
        await harness.submit(Unplug(1))
        await charge(harness)
        await harness.submit(Stop(1))
        assert len(harness.station.snapshot.sessions) == 1


async def test_newest_first_and_what_runs_before_all() -> None:
    async with Harness() as harness:
        for tag in ("A", "B"):
            await charge(harness, tag=tag)
            await harness.submit(Stop(1))
            await harness.submit(Unplug(1))
        await charge(harness, number=2, tag="C")
        assert [one.token for one in sessions_of(harness.station.snapshot)] == ["C", "B", "A"]


# -- as files --------------------------------------------------------------------------------------


async def a_session() -> SessionSnapshot:
    async with Harness() as harness:
        await charge(harness)
        await harness.submit(Stop(1))
        return harness.station.snapshot.sessions[0]


async def test_csv_and_json_have_the_same_columns() -> None:
    one = await a_session()
    now = one.started_at + timedelta(hours=1)
    (row,) = as_rows([one], now)
    (read,) = csv.DictReader(io.StringIO(as_csv([one], now)))
    assert list(row) == list(read) == [column.name for column in COLUMNS]
    assert {name: "" if value is None else str(value) for name, value in row.items()} == read
    assert row["minutes"] == 1.0
    running = replace(one, ended_at=None)
    assert as_rows([running], now)[0]["minutes"] == 60.0


@given(st.text(max_size=20))
@example("a\0b")
def test_no_card_makes_a_formula_or_another_row(token: str) -> None:
    moment = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    one = SessionSnapshot(1, None, token, moment, moment, 0, 1.0)
    rows = list(csv.DictReader(io.StringIO(as_csv([one], moment), newline="")))
    assert len(rows) == 1
    assert not rows[0]["id_tag"].startswith(("=", "+", "-", "@"))
    assert rows[0]["id_tag"].removeprefix("'") == token.replace("\0", "\ufffd").removeprefix("'")
