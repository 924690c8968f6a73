"""What survives: one file, whole or set aside."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sim_core.store.interface import MEMORY, DiskRefusesError, Store, StoreError
from sim_core.store.makers import store_in
from sim_core.store.records import BEGAN, ENDED, SECURITY_EVENTS_KEPT, NewTransaction, StoredProfile
from sim_core.store.sqlite.database import PATIENT_MS
from sim_core.store.sqlite.file import open_file
from sim_core.store.sqlite.schema import SCHEMA_VERSION

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def test_a_register_never_goes_back_and_outlives_the_store(tmp_path: Path) -> None:
    store = store_in(tmp_path, "CP/1", NOW)
    store.registers.save(1, 500.5)
    store.registers.save(1, 400.0)
    store.registers.save_lightly({1: 100.0, 2: 7.0})
    store.close()
    again = store_in(tmp_path, "CP/1", NOW)
    assert again.registers.all() == {1: 500.5, 2: 7.0}
    again.close()


def test_the_name_of_a_charge_point_is_no_path(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    store_in(folder, "../../CP", NOW).close()
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_others_cannot_read_what_is_kept(tmp_path: Path) -> None:
    store = store_in(tmp_path, "CP01", NOW)
    assert store.path.stat().st_mode & 0o077 == 0
    store.close()


@pytest.mark.parametrize(
    "damage", [b"this is no database, whatever it says" * 50, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "CP01.sqlite3"
    path.write_bytes(damage)
    store = store_in(tmp_path, "CP01", NOW)
    assert "CP01.sqlite3 was damaged" in store.trouble
    assert "is now CP01.sqlite3.damaged-20260102-030405" in store.trouble
    assert (tmp_path / "CP01.sqlite3.damaged-20260102-030405").read_bytes() == damage
    store.registers.save(1, 1.0)
    assert store.registers.all() == {1: 1.0}
    store.close()


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "CP01.sqlite3") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match=r"another version of ChargeForge \(schema 99\)"):
        store_in(tmp_path, "CP01", NOW)
    assert not list(tmp_path.glob("*.damaged-*"))


def test_two_cannot_have_the_same_file(tmp_path: Path) -> None:
    store = store_in(tmp_path, "CP01", NOW)
    with pytest.raises(StoreError, match="another ChargeForge is running"):
        store_in(tmp_path, "CP01", NOW)
    store.close()
    store_in(tmp_path, "CP01", NOW).close()


@pytest.mark.parametrize("on_disk", [True, False])
def test_what_belongs_together_is_written_together_or_not_at_all(
    on_disk: bool, tmp_path: Path
) -> None:
    store = store_in(tmp_path if on_disk else MEMORY, "CP01", NOW)

    class PowerCutError(Exception):
        pass

    def half() -> None:
        with store.together():
            store.registers.save(1, 5.0)
            raise PowerCutError

    with pytest.raises(PowerCutError):
        half()
    assert store.registers.all() == {}
    store.close()


def filled(folder: Path, samples: int = 0) -> Path:
    """A file in which something is kept, closed in good order."""
    store = store_in(folder, "CP01", NOW)
    key = begin(store)
    store.journal.append(BEGAN, {"n": 1}, key=key, connector_id=1, at=NOW)
    for nth in range(samples):
        store.transactions.add_sample(key, {"n": nth, "context": "x" * 200})
    store.registers.save(1, 500.0)
    store.close()
    return store.path


def begin(store: Store) -> int:
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


def test_a_new_file_has_its_tables_before_anything_is_written(tmp_path: Path) -> None:
    """Whoever copies the file alone, or loses its log, has no file without tables."""
    store = store_in(tmp_path, "CP01", NOW)
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "CP01.sqlite3").write_bytes(store.path.read_bytes())
    with sqlite3.connect(copy / "CP01.sqlite3") as db:
        assert db.execute("SELECT count(*) FROM journal").fetchone() == (0,)
    db.close()
    again = store_in(copy, "CP01", NOW)
    assert again.trouble == ""
    again.close()
    store.close()
    assert not list(tmp_path.glob("*.new*"))


def empty(path: Path) -> None:
    path.write_bytes(b"")


def without_tables(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE somebody_elses (a)")
    db.close()


def without_one_table(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("DROP TABLE journal")
    db.close()


def only_the_log(path: Path) -> None:
    path.unlink()
    path.with_name(path.name + "-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(4092))


def a_page_in_the_middle(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    at = len(whole) // 4096 // 2 * 4096
    whole[at : at + 4096] = b"\xa5" * 4096
    path.write_bytes(whole)


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: 4096 * 3 + 100])


@pytest.mark.parametrize(
    "harm",
    [empty, without_tables, without_one_table, only_the_log, a_page_in_the_middle, cut_short],
    ids=lambda harm: harm.__name__,
)
def test_state_that_was_there_is_never_taken_for_new(
    harm: Callable[[Path], None], tmp_path: Path
) -> None:
    path = filled(tmp_path, samples=500)
    harm(path)
    found = sorted(
        (name.read_bytes() for name in (path, path.with_name(path.name + "-wal")) if name.exists()),
        key=len,
    )
    store = store_in(tmp_path, "CP01", NOW)
    assert "CP01.sqlite3 was damaged" in store.trouble
    assert (store.journal.depth, store.registers.all(), store.transactions.open()) == (0, {}, [])
    aside = sorted((name.read_bytes() for name in tmp_path.glob("*.damaged-*")), key=len)
    assert aside == found, "all that was there is kept as it was"
    assert begin(store) == 1
    store.close()
    again = store_in(tmp_path, "CP01", NOW)
    assert again.trouble == ""
    again.close()


def test_two_damages_in_one_second_are_both_kept(tmp_path: Path) -> None:
    for nth in range(3):
        (tmp_path / "CP01.sqlite3").write_bytes(b"no database %d" % nth * 50)
        store_in(tmp_path, "CP01", NOW).close()
    assert len(list(tmp_path.glob("*.damaged-*"))) == 3


def test_a_process_killed_while_it_made_the_file_leaves_no_damage(tmp_path: Path) -> None:
    (tmp_path / "CP01.sqlite3.new").write_bytes(b"half")
    store = store_in(tmp_path, "CP01", NOW)
    assert store.trouble == ""
    assert begin(store) == 1
    store.close()


@pytest.mark.parametrize("on_disk", [True, False])
def test_the_last_thousand_events_are_kept(on_disk: bool, tmp_path: Path) -> None:
    store = store_in(tmp_path if on_disk else MEMORY, "CP01", NOW)
    with store.together():
        for nth in range(SECURITY_EVENTS_KEPT + 7):
            store.security_log.add(f"E{nth}", NOW, "", waits=True)
    kept = [event.kind for event in store.security_log.all()]
    assert kept == [f"E{nth}" for nth in range(7, SECURITY_EVENTS_KEPT + 7)]
    waiting = store.security_log.next_waiting()
    assert waiting is not None
    assert waiting.kind == "E7"
    store.close()


def test_after_a_light_save_the_disk_is_waited_for_again(tmp_path: Path) -> None:
    store = store_in(tmp_path, "CP01", NOW)
    during: list[int] = []
    file = store._db._file

    def look(sql: str) -> None:
        if sql.startswith("INSERT"):
            during.append(file.execute("PRAGMA synchronous").fetchone()[0])

    file.set_trace_callback(look)
    store.registers.save(1, 1.0)
    store.registers.save_lightly({1: 2.0})
    store.registers.save(1, 3.0)
    file.set_trace_callback(None)
    assert during == [2, 1, 2], "FULL, NORMAL, FULL"
    assert file.execute("PRAGMA synchronous").fetchone()[0] == 2
    with pytest.raises(sqlite3.IntegrityError):
        store.registers.save_lightly({1: None})  # type: ignore[dict-item]
    assert file.execute("PRAGMA synchronous").fetchone()[0] == 2, "after a fault, too"
    store.close()


def test_what_belongs_to_a_transaction_goes_with_it(tmp_path: Path) -> None:
    store = store_in(tmp_path, "CP01", NOW)
    key, other = begin(store), begin(store)
    for one in (key, other):
        store.transactions.add_sample(one, {"n": one})
        store.journal.append(ENDED, {}, key=one, connector_id=1, at=NOW)
    store.profiles.install(StoredProfile(7, 1, key, {}))
    store.journal.confirm(store.journal.first(1)[0])
    assert store.transactions.samples(key) == []
    assert store.transactions.samples(other) == [{"n": other}]
    assert store.profiles.all() == []
    (count,) = store._db.execute("SELECT count(*) FROM samples").fetchone()
    assert count == 1
    store.close()


def test_a_file_that_is_removed_or_replaced_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    store = store_in(folder, "CP01", NOW)
    assert store.misplaced() == ""
    moved = folder.rename(tmp_path / "moved")
    assert store.misplaced() == "has been removed"
    assert store.claim_again(), "nobody else begins here unnoticed"
    with pytest.raises(StoreError, match="another ChargeForge is running"):
        store_in(folder, "CP01", NOW)
    (folder / "CP01.sqlite3").write_bytes((moved / "CP01.sqlite3").read_bytes())
    assert store.misplaced() == "has been replaced by another file"
    (moved / "CP01.sqlite3").replace(folder / "CP01.sqlite3")
    assert store.misplaced() == ""
    store.close()
    store_in(folder, "CP01", NOW).close()


def test_a_place_that_another_has_taken_is_not_claimed(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    store = store_in(folder, "CP01", NOW)
    folder.rename(tmp_path / "moved")
    second = store_in(folder, "CP01", NOW)
    assert store.misplaced() == "has been replaced by another file"
    assert not store.claim_again()
    second.close()
    assert store.claim_again()
    store.close()


def test_a_store_may_be_made_by_one_thread_and_used_by_another(tmp_path: Path) -> None:
    """It is opened before the loop runs, which may be in a thread of its own."""
    store = store_in(tmp_path, "CP01", NOW)
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(store.registers.save, 1, 5.0).result()
        other = sqlite3.connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        elsewhere.submit(store.registers.save, 1, 6.0).result()
        assert store.refusal
        assert store.registers.all() == {1: 6.0}, "the copy, too"
        other.close()
        assert elsewhere.submit(store.retry).result()
    assert store.registers.all() == {1: 6.0}
    store.close()


def test_an_empty_log_beside_no_file_is_no_damage(tmp_path: Path) -> None:
    (tmp_path / "CP01.sqlite3-wal").write_bytes(b"")
    store = store_in(tmp_path, "CP01", NOW)
    assert store.trouble == ""
    store.close()


def test_what_an_open_file_promises(tmp_path: Path) -> None:
    store_in(tmp_path, "CP01", NOW).close()
    file = open_file(tmp_path / "CP01.sqlite3")
    asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "user_version")
    answers = [file.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    assert answers == ["wal", 2, 1, PATIENT_MS, SCHEMA_VERSION]
    assert not file.in_transaction
    file.close()


def test_a_place_that_cannot_be_looked_at_is_said_and_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "state"
    store = store_in(folder, "CP01", NOW)
    folder.rename(tmp_path / "moved")
    folder.write_text("a file where the folder was")
    assert store.misplaced() == "cannot be looked at (Not a directory)"
    assert store.claim_again(), "nobody else can have it"
    assert "the state's place cannot be locked again" in caplog.text
    store.registers.save(1, 5.0)
    store.close()
    store.close()
    with pytest.raises(StoreError, match=rf"STATE_DIR: {folder} cannot be used: .*"):
        store_in(folder, "CP01", NOW)


def test_the_first_sample_of_each_context_stays_and_then_every_second(tmp_path: Path) -> None:
    for store in (store_in(tmp_path, "CP01", NOW), store_in(MEMORY, "CP01", NOW)):
        key, other = begin(store), begin(store)
        contexts = ["Begin", *(["Periodic"] * 4), "Clock", "Periodic", "Clock"]
        for nth, context in enumerate(contexts):
            value = {"n": nth, "context": context}
            assert store.transactions.add_sample(key, value) == nth + 1
            store.transactions.add_sample(other, value)
        store.transactions.thin_samples(key)
        assert [value["n"] for value in store.transactions.samples(key)] == [0, 1, 3, 5, 6]
        assert len(store.transactions.samples(other)) == len(contexts)
        assert store.transactions.add_sample(key, value) == 6
        store.close()


def test_strictness_ends_where_it_began(tmp_path: Path) -> None:
    store = store_in(tmp_path, "CP01", NOW)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with store.strictly():
        with store.strictly():
            pass
        with pytest.raises(DiskRefusesError, match="the state is locked by another program"):
            store.registers.save(1, 5.0)
        assert store.refusal == "", "what was not begun is not owed"
    store.registers.save(1, 6.0)
    assert (store.owed, bool(store.refusal)) == (1, True)
    with store.strictly(), pytest.raises(DiskRefusesError):
        store.registers.save(1, 7.0)
    assert store.registers.all() == {1: 6.0}
    store.registers.save_lightly({1: 8.0})
    assert (store.registers.all(), store.owed) == ({1: 6.0}, 1), "the next ones tell more"
    other.close()
    assert store.retry()
    assert store.retry(), "there is nothing left to write"
    assert (store.registers.all(), store.owed) == ({1: 6.0}, 0)
    store.close()


def test_what_is_taken_back_while_the_disk_refuses_is_not_owed(tmp_path: Path) -> None:
    store = store_in(tmp_path, "CP01", NOW)
    taken_back: list[int] = []
    store.journal.on_rollback = lambda: taken_back.append(store.journal.depth)
    key = begin(store)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    def half() -> None:
        with store.together():
            store.journal.append(ENDED, {}, key=key, connector_id=1, at=NOW)
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            half()
        assert (store.owed, store.journal.depth, store.journal.first(9)) == (0, 0, [])
    assert taken_back == [0, 0]
    store.registers.save(1, 5.0)
    other.close()
    assert store.retry()
    assert (store.journal.depth, store.journal.first(9), store.registers.all()) == (0, [], {1: 5.0})
    store.close()


def test_a_link_to_what_is_not_there_is_not_taken_for_new(tmp_path: Path) -> None:
    away = tmp_path / "not mounted" / "CP01.sqlite3"
    link = tmp_path / "CP01.sqlite3"
    link.symlink_to(away)
    with pytest.raises(StoreError, match=r"is a link to .*nothing is there: mount"):
        store_in(tmp_path, "CP01", NOW)
    assert link.is_symlink(), "what it led to is still found once it is back"


@pytest.mark.parametrize("transaction_id", [17, "17", "017", "1e3", "5f3c8a4e-0b1d-4c56-9d2f"])
@pytest.mark.parametrize("on_disk", [True, False])
def test_a_transaction_is_called_what_the_csms_calls_it(
    transaction_id: int | str, on_disk: bool, tmp_path: Path
) -> None:
    """A number or a text: neither is taken for the other."""
    store = store_in(tmp_path if on_disk else MEMORY, "CP01", NOW)
    key = begin(store)
    for kind in (BEGAN, ENDED):
        store.journal.append(kind, {}, key=key, connector_id=1, at=NOW)
    store.journal.confirm(store.journal.first(1)[0], transaction_id)
    (row,), (begun,) = store.journal.first(9), store.transactions.open()
    store.journal.give_up(row, "why", NOW)
    (gone,) = store.journal.dead_letters(9)
    assert [one.transaction_id for one in (row, begun, gone)] == [transaction_id] * 3
    store.close()
