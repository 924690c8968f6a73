"""A disk that refuses: locked by another program, full. The charge point goes on, and says so."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from sim_core.charging.cards import Cards
from sim_core.charging.transactions import Transactions
from sim_core.charging.vehicles import Vehicles
from sim_core.commands import Accepted, Plug, Start, Stop, Unplug
from sim_core.fleet.drivers import Bay, Habits, Visits, visit
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.ocpp16.promises import REFUSED
from sim_core.store.interface import Store, StoreError
from sim_core.store.makers import store_in
from sim_core.store.records import BEGAN, ENDED, SAMPLED, NewTransaction
from tests.conformance.acts import charge, checked, payloads, said
from tests.harness import Harness
from tests.patience import PATIENCE_S
from tests.scripted_csms import CallError, Hold

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
HOLDER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""
LOCKED = "the state is locked by another program"
FULL = "the disk is full"


@contextlib.contextmanager
def locked(folder: Path, name: str = "CP01") -> Iterator[None]:
    """Another process holds the file's lock inside."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder / f"{name}.sqlite3")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"locked"
    try:
        yield
    finally:
        holder.communicate(b"\n")


@contextlib.contextmanager
def full(harness: Harness) -> Iterator[None]:
    """The disk is full inside, from the next commit on."""
    database = harness.station._store._db
    file = Refusing(database._file)
    database._file = database._at = file  # type: ignore[assignment]
    try:
        yield
    finally:
        file.after = None


class Refusing:
    """A connection whose disk is full from its nth statement on; its transaction is gone then."""

    def __init__(self, real: sqlite3.Connection, after: int | None = 0) -> None:
        self.real = real
        self.after = after

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        if self.after is not None and not sql.startswith(("PRAGMA", "SELECT", "ROLLBACK")):
            if self.after <= 0:
                if self.real.in_transaction:
                    self.real.execute("ROLLBACK")
                raise sqlite3.OperationalError("database or disk is full")
            self.after -= 1
        return self.real.execute(sql, values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def trouble(harness: Harness) -> list[str]:
    return [text for text in harness.station.snapshot.warnings if "sqlite3" in text]


def told(harness: Harness, kind: str) -> list[str]:
    return [event.text for event in harness.events.since(0)[1] if event.kind == kind]


def samples_of(harness: Harness) -> list[str]:
    return [sample["meterValue"][0]["timestamp"] for sample in payloads(harness, "MeterValues")]


async def test_a_locked_file_stops_nothing_while_it_charges(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await charge(harness)
        await harness.advance(25)
        before, sent = harness.connector().register_wh, len(samples_of(harness))
        with locked(tmp_path):
            await harness.advance(60)
            assert harness.connector().register_wh > before + 100, "the meter counts on"
            assert len(samples_of(harness)) == sent, "what is not on disk is not on the wire"
            (warning,) = trouble(harness)
            assert LOCKED in warning
            assert str(tmp_path / "CP01.sqlite3") in warning
        await harness.advance(2)
        assert trouble(harness) == []
        stamps = samples_of(harness)
        assert len(stamps) == sent + 6, "none is missing"
        assert stamps == sorted(set(stamps)), "in their order, and none twice"
        assert len([text for text in told(harness, "warning") if LOCKED in text]) == 1
        (over,) = told(harness, "storage")
        assert over.endswith("can be written again: all that waited is in it")
        register_wh = harness.connector().register_wh
        assert harness.station._store.registers.all()[1] == pytest.approx(register_wh, abs=30)


async def test_a_lock_holds_the_loop_for_a_moment_only(tmp_path: Path) -> None:
    store = store_in(tmp_path, "CP01", NOW)
    with locked(tmp_path):
        began = time.monotonic()
        for nth in range(40):
            store.registers.save(1, float(nth))
        assert time.monotonic() - began < 40 * 5, "sqlite's own patience is 5 s for each"
        (patience_ms,) = store._db._file.execute("PRAGMA busy_timeout").fetchone()
        assert patience_ms <= 100
        assert not store.retry()
    assert store.retry()
    store.close()


async def test_a_start_in_a_lock_is_told_once_it_is_on_disk(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await harness.submit(Plug(1))
        with locked(tmp_path):
            assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)
            await checked(harness)
            await harness.advance(7)
            assert harness.status() == "Charging", "it is not left starting for ever"
            assert payloads(harness, "StartTransaction") == []
            assert harness.station.snapshot.link.queued > 0
        await harness.advance(2)
        assert len(payloads(harness, "StartTransaction")) == 1
        assert harness.station.snapshot.link.queued == 0
        transaction = harness.connector().transaction
        assert transaction is not None
        assert transaction.transaction_id == 1000
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["transactionId"] == 1000, "the file has what was owed to it"


async def test_a_stop_in_a_lock_opens_the_contactor_and_is_not_lost(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await charge(harness)
        await harness.advance(20)
        with locked(tmp_path):
            assert isinstance(await harness.submit(Stop(1)), Accepted)
            register_wh = harness.connector().register_wh
            await harness.submit(Unplug(1))
            await harness.advance(30)
            assert harness.connector().register_wh == register_wh
            assert payloads(harness, "StopTransaction") == []
            assert harness.status() == "Available"
        await harness.advance(2)
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["meterStop"] == int(register_wh)
        assert harness.station.snapshot.link.queued == 0


async def test_an_answer_in_a_lock_counts(tmp_path: Path) -> None:
    """The row was confirmed, and could not be deleted: it is not sent again."""
    async with Harness(state=tmp_path) as harness:
        await harness.submit(Plug(1))
        release = asyncio.Event()
        harness.csms.script["StartTransaction"].append(Hold(release))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        assert len(payloads(harness, "StartTransaction")) == 1
        with locked(tmp_path):
            release.set()
            await harness.advance(20)
            transaction = harness.connector().transaction
            assert transaction is not None
            assert transaction.transaction_id == 1000
        await harness.advance(60)
        assert len(payloads(harness, "StartTransaction")) == 1
        assert {sample["transactionId"] for sample in payloads(harness, "MeterValues")} == {1000}
        assert harness.station.snapshot.link.queued == 0


async def test_a_kill_in_a_lock_has_told_nobody_what_it_loses(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await harness.submit(Plug(1))
        with locked(tmp_path):
            await harness.submit(Start(1, "TAG"))
            await checked(harness)
            await harness.advance(60)
            await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        assert "StartTransaction" not in said(harness)
        assert "StopTransaction" not in said(harness)
        assert harness.connector().transaction is None


async def test_an_end_in_a_lock_says_what_is_lost(tmp_path: Path) -> None:
    harness = Harness(state=tmp_path)
    async with harness:
        await charge(harness)
        with locked(tmp_path):
            await harness.advance(30)
            await harness.power_off()
    (lost,) = told(harness, "storage")
    assert "changes of the state are lost with this end" in lost
    assert str(tmp_path / "CP01.sqlite3") in lost


async def test_a_full_disk_stops_nothing_and_loses_nothing(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await charge(harness)
        await harness.advance(20)
        with full(harness):
            await harness.advance(200)
            (warning,) = trouble(harness)
            assert warning.startswith(FULL)
            assert str(tmp_path) in warning
            assert f"free some space for {tmp_path}" in warning
            await harness.submit(Stop(1))
            await harness.submit(Start(1, "OTHER"))
            await checked(harness)
            await harness.advance(60)
            assert harness.status() == "Charging"
            outbox, store = harness.station.charge_point.outbox, harness.station._store
            assert len(outbox._rows) == store.journal.depth == len(store.journal.first(10_000))
        await harness.advance(5)
        assert trouble(harness) == []
        assert harness.station.snapshot.link.queued == 0
        assert len(outbox._rows) == store.journal.depth == len(store.journal.first(10_000)) == 0
        assert len(payloads(harness, "StartTransaction")) == 1, "the first was told before"
        assert len(payloads(harness, "StopTransaction")) == 1
        stamps = samples_of(harness)
        assert len(stamps) == len(set(stamps)) >= 28


async def test_a_start_under_a_lock_begins_and_says_so(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await harness.power_off()
        with locked(tmp_path):
            await harness.power_on()
            await harness.settle()
            await charge(harness)
            (warning,) = trouble(harness)
            assert LOCKED in warning
        await harness.advance(2)
        assert trouble(harness) == []
        assert payloads(harness, "StartTransaction") != []


def fill(path: Path) -> None:
    """Write a file that takes all the room there is."""
    with contextlib.suppress(OSError), path.open("wb", 0) as file:
        while True:
            file.write(bytes(512))


@pytest.mark.skipif(sys.platform != "linux", reason="a small disk is made of Linux's tmpfs")
def test_a_disk_without_room(tmp_path: Path) -> None:
    """A real one: SQLite finds no place for its log."""
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(small)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    try:
        store = store_in(small, "CP01", NOW)
        key = _begin(store)
        filler = small / "filler"
        fill(filler)
        for nth in range(2_000):
            store.journal.append(SAMPLED, {"n": nth}, key=key, connector_id=1, at=NOW)
        assert store.refusal.startswith(FULL)
        assert store.journal.depth == 2_000
        filler.unlink()
        assert store.retry()
        assert [row.content["n"] for row in store.journal.first(3)] == [0, 1, 2]
        fill(filler)
        store.close()
        with pytest.raises(StoreError, match=f"{FULL}.*{small}"):
            store_in(small, "CP02", NOW)
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def _begin(store: Store) -> int:
    return store.transactions.begin(
        NewTransaction(
            connector_id=1,
            token="TAG",
            group=None,
            meter_start_wh=0,
            started_at=NOW,
            reservation_id=None,
        )
    )


@pytest.mark.parametrize("refuses_at", range(6))
def test_a_commit_that_is_refused_in_the_middle_is_whole_in_memory(
    refuses_at: int, tmp_path: Path
) -> None:
    """Whichever of its statements meets the refusal, the numbers given out are the file's."""
    store = store_in(tmp_path, "CP01", NOW)
    _begin(store)
    refused: list[str] = []
    store.tell_refusals(lambda: refused.append(store.refusal))
    file = Refusing(store._db._file, after=refuses_at)
    store._db._file = store._db._at = file  # type: ignore[assignment]
    with store.together():
        store.registers.save(1, 5.0)
        key = _begin(store)
        store.journal.append(BEGAN, {"n": 1}, key=key, connector_id=1, at=NOW)
        store.transactions.add_sample(key, {"context": "Transaction.Begin"})
    assert len(refused) == 1
    assert (store.journal.depth, store.registers.all(), key) == (1, {1: 5.0}, 2)
    seen = (store.journal.first(9), store.transactions.samples(key), store.transactions.open())
    file.after = None
    assert store.retry()
    assert store.refusal == ""
    assert (
        store.journal.first(9),
        store.transactions.samples(key),
        store.transactions.open(),
    ) == seen
    store.close()
    again = store_in(tmp_path, "CP01", NOW)
    assert (
        again.journal.first(9),
        again.transactions.samples(key),
        again.transactions.open(),
    ) == seen
    again.close()


async def test_what_is_taken_back_leaves_no_counter_behind(tmp_path: Path) -> None:
    async with Harness(state=tmp_path, connect=False) as harness:
        outbox, store = harness.station.charge_point.outbox, harness.station._store
        key = _begin(store)
        outbox.append(SAMPLED, {}, key=key, connector_id=1)
        with contextlib.suppress(ZeroDivisionError), store.together():
            outbox.append(SAMPLED, {}, key=key, connector_id=1)
            raise ZeroDivisionError
        assert len(outbox._rows) == len(outbox._throttle._row_delays) == store.journal.depth == 1


@pytest.mark.parametrize("on_disk", [True, False])
async def test_a_stop_that_is_taken_back_hurries_no_sample(on_disk: bool, tmp_path: Path) -> None:
    """Nothing waits behind them: each has all its attempts."""
    keys = {"TransactionMessageAttempts": "3", "MeterValueSampleInterval": "60"}
    async with Harness(keys=keys, **({"state": tmp_path} if on_disk else {})) as harness:
        await charge(harness)
        outbox, store = harness.station.charge_point.outbox, harness.station._store
        (begun,) = store.transactions.open()
        with contextlib.suppress(ZeroDivisionError), store.together():
            outbox.append(ENDED, {}, key=begun.key, connector_id=1)
            raise ZeroDivisionError
        harness.csms.script["MeterValues"] += [CallError("InternalError")] * 2
        await harness.advance(100)
        stamps = samples_of(harness)
        assert len(stamps) == 3
        assert len(set(stamps)) == 1
        assert harness.station.snapshot.journal.lost == ()


async def test_a_row_without_its_transaction_is_given_up_and_stops_nothing(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await harness.power_cut()
        with sqlite3.connect(tmp_path / "CP01.sqlite3") as db:
            db.execute(
                "INSERT INTO journal (kind, content, transaction_key, connector_id, written_at)"
                " VALUES (?, ?, 99, 1, ?)",
                (
                    ENDED,
                    json.dumps(
                        {"spelt": {"action": "StopTransaction", "payload": {"transactionId": None}}}
                    ),
                    NOW.isoformat(),
                ),
            )
        db.close()
        await harness.power_on()
        await harness.settle()
        assert harness.station.snapshot.link.queued == 0
        (lost,) = harness.station.snapshot.journal.lost
        assert lost.action == "StopTransaction"
        await charge(harness)
        assert harness.status() == "Charging"


async def test_a_fault_in_a_timer_is_as_visible_as_that_of_a_task(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        harness.expects_fault = True
        await charge(harness)
        harness.station.charge_point.environment.after(3, broken)
        await harness.advance(5)
        with pytest.raises(ZeroDivisionError):
            await harness.station.failed()


def broken() -> None:
    raise ZeroDivisionError("a bug")


async def test_a_fault_in_what_follows_an_answer_is_visible(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A make with a tick answers in a task of its own."""
    async with Harness(
        model="gresgying-f3-eu180", quirks="all", keys={"AutoCharge": "false"}
    ) as harness:
        harness.expects_fault = True
        monkeypatch.setattr(Cards, "remote_start", lambda *_: broken())
        await harness.submit(Plug(1))
        asked = asyncio.ensure_future(
            harness.csms.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        )
        await harness.advance(10)
        assert await asked == {"status": "Accepted"}
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(harness.station.failed(), PATIENCE_S)


async def test_a_fault_in_a_command_is_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Harness() as harness:
        harness.expects_fault = True
        monkeypatch.setattr(Vehicles, "_arriving", lambda *_: broken())
        with pytest.raises(ZeroDivisionError):
            await harness.station.submit(Plug(1))
        with pytest.raises(ZeroDivisionError):
            await harness.station.failed()


async def test_the_meters_count_on_after_a_turn_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Harness(state=tmp_path) as harness:
        harness.expects_fault = True
        await charge(harness)
        with monkeypatch.context() as patch:
            patch.setattr(Transactions, "look", lambda *_: 1 / 0)
            await harness.advance(2)
        before = harness.station._store.registers.all()[1]
        await harness.advance(60)
        assert harness.station._store.registers.all()[1] > before + 100
        with pytest.raises(ZeroDivisionError):
            await harness.station.failed()


async def test_state_that_is_taken_away_while_it_runs_is_a_warning(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "state", tmp_path / "elsewhere"
    async with Harness(state=folder) as harness:
        await charge(harness)
        folder.rename(elsewhere)
        await harness.advance(30)
        (warning,) = trouble(harness)
        assert warning.startswith(f"{folder / 'CP01.sqlite3'} has been removed while it was in use")
        with pytest.raises(StoreError, match="another ChargeForge is running"):
            store_in(folder, "CP01", NOW)
        assert harness.status() == "Charging"
        (elsewhere / "CP01.sqlite3").replace(folder / "CP01.sqlite3")
        await harness.advance(30)
        assert trouble(harness) == []
        assert told(harness, "storage")[-1].endswith("is the file again that was opened")


async def test_a_second_one_in_its_place_is_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    async with Harness(state=folder) as harness:
        folder.rename(tmp_path / "elsewhere")
        second = store_in(folder, "CP01", NOW)
        await harness.advance(30)
        (warning,) = trouble(harness)
        assert "another ChargeForge runs with the state that is there" in warning
        second.close()


UNTIL = "2026-01-01T18:00:00Z"
PROFILE = {
    "chargingProfileId": 7,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Absolute",
    "chargingSchedule": {
        "startSchedule": "2026-01-01T00:00:00Z",
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 5000}],
    },
}
ASKED: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    (
        "ChangeConfiguration",
        {"key": "MeterValueSampleInterval", "value": "77"},
        "Rejected",
        "Accepted",
    ),
    ("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"}, "Rejected", "Accepted"),
    ("ClearCache", {}, "Rejected", "Accepted"),
    (
        "ReserveNow",
        {"connectorId": 1, "expiryDate": UNTIL, "idTag": "TAG", "reservationId": 5},
        "Rejected",
        "Accepted",
    ),
    (
        "SendLocalList",
        {
            "listVersion": 3,
            "updateType": "Full",
            "localAuthorizationList": [{"idTag": "A", "idTagInfo": {"status": "Accepted"}}],
        },
        "Failed",
        "Accepted",
    ),
    (
        "SetChargingProfile",
        {"connectorId": 1, "csChargingProfiles": PROFILE},
        "Rejected",
        "Accepted",
    ),
)


@pytest.mark.parametrize("known", [True, False], ids=["refuses already", "refuses at that write"])
@pytest.mark.parametrize(("action", "payload", "no", "yes"), ASKED, ids=lambda one: str(one)[:20])
async def test_what_cannot_be_kept_is_not_promised(
    action: str, payload: dict[str, Any], no: str, yes: str, known: bool, tmp_path: Path
) -> None:
    if action == "ChangeAvailability" and not known:
        pytest.skip("it is written behind its answer")
    async with Harness(state=tmp_path, keys={"LocalAuthListEnabled": "true"}) as harness:
        with locked(tmp_path):
            if known:
                harness.station._store.registers.save(1, 1.0)
            assert await harness.ask(action, **payload) == {"status": no}
            (why,) = told(harness, "storage")
            assert why.startswith(f"{action} was refused, for it could not be kept: {LOCKED}")
            assert (
                harness.station.charge_point.configuration.text("MeterValueSampleInterval") == "10"
            )
            assert harness.station._store.local_list.version() == 0
            assert harness.status() == "Available"
            assert harness.station.snapshot.profiles == ()
        await harness.advance(2)
        assert await harness.ask(action, **payload) == {"status": yes}


@pytest.mark.parametrize("known", [True, False], ids=["refuses already", "refuses at that write"])
async def test_a_reservation_stays_where_its_end_cannot_be_kept(
    known: bool, tmp_path: Path
) -> None:
    async with Harness(state=tmp_path) as harness:
        reserve = {"connectorId": 1, "expiryDate": UNTIL, "idTag": "TAG", "reservationId": 5}
        assert await harness.ask("ReserveNow", **reserve) == {"status": "Accepted"}
        with locked(tmp_path):
            if known:
                harness.station._store.registers.save(1, 1.0)
            assert await harness.ask("CancelReservation", reservationId=5) == {"status": "Rejected"}
            assert harness.status() == "Reserved"
        await harness.advance(2)
        assert await harness.ask("CancelReservation", reservationId=5) == {"status": "Accepted"}
        assert harness.status() == "Available"


def test_every_word_that_refuses_is_a_word_of_its_message() -> None:
    for action, refusal in REFUSED.items():
        answer = asdict(refusal)
        assert OCPP_16.schemas.answer_fault(action, answer) is None


def test_a_fault_of_the_file_names_the_file(tmp_path: Path) -> None:
    store = store_in(tmp_path, "CP01", NOW)
    why = store.explained(sqlite3.DatabaseError("database disk image is malformed"))
    assert isinstance(why, StoreError)
    assert str(store.path) in str(why)
    assert "Start ChargeForge again: if the file is damaged, it is then set aside." in str(why)
    other = ZeroDivisionError()
    assert store.explained(other) is other
    store.close()


async def test_a_bug_in_a_statement_is_no_trouble_of_the_disk(tmp_path: Path) -> None:
    store = store_in(tmp_path, "CP01", NOW)
    with pytest.raises(sqlite3.OperationalError, match="no such table"), store.together():
        store._db.execute("DELETE FROM nowhere")
    assert store.refusal == ""
    store.registers.save(1, 1.0)
    assert store.registers.all() == {1: 1.0}
    store.close()


async def test_who_stood_here_at_the_last_start_leaves_before_the_next_visit(
    tmp_path: Path,
) -> None:
    async with Harness(state=tmp_path) as harness:
        await charge(harness)
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        visits = Visits()
        driver = asyncio.ensure_future(
            visit(
                Bay(1, harness.station, 1, "TAG"),
                Habits(session_s=20, pause_s=5),
                clock=harness.clock,
                rng=random.Random(1),
                visits=visits,
            )
        )
        await harness.advance(200)
        driver.cancel()
        assert visits.begun > 1
        assert not visits.refused


async def test_state_that_another_program_has_changed_meanwhile_is_a_visible_fault(
    tmp_path: Path,
) -> None:
    """What is owed does not fit any more: that is said, and the other's rows stay as they are."""
    async with Harness(state=tmp_path) as harness:
        harness.expects_fault = True
        await harness.submit(Plug(1))
        other = sqlite3.connect(tmp_path / "CP01.sqlite3", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        assert trouble(harness) != []
        other.execute("DROP TABLE samples")
        other.execute("DROP TABLE journal")
        other.execute("CREATE TABLE journal (number INTEGER PRIMARY KEY CHECK (number < 0))")
        other.execute("COMMIT")
        other.close()
        await harness.advance(2)
        with pytest.raises(StoreError, match=r"CP01\.sqlite3 cannot be used any more"):
            await harness.station.failed()
        await harness.power_cut()
