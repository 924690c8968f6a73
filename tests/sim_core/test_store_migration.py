"""State that an older ChargeForge has left: taken over whole, or left as it is."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sim_core.store.interface import Store, StoreError
from sim_core.store.makers import store_in
from sim_core.store.records import (
    BEGAN,
    ENDED,
    SAMPLED,
    DeadLetter,
    KnownToken,
    NewTransaction,
    Reservation,
    SecurityEvent,
    StoredProfile,
    StoredTransaction,
)
from sim_core.store.sqlite import migration
from sim_core.store.sqlite.schema import LATER, OUR_TABLES, SCHEMA_VERSION
from tests.harness import Harness

NOW = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
SCHEMA_1 = """
CREATE TABLE registers (connector_id INTEGER PRIMARY KEY, register_wh REAL NOT NULL);
CREATE TABLE availability (connector_id INTEGER PRIMARY KEY, operative INTEGER NOT NULL);
CREATE TABLE configuration (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE transactions (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    connector_id INTEGER NOT NULL,
    id_tag TEXT NOT NULL,
    parent_id_tag TEXT,
    meter_start_wh INTEGER NOT NULL,
    started_at TEXT NOT NULL,
    reservation_id INTEGER,
    vehicle TEXT,
    vehicle_wh REAL,
    transaction_id INTEGER,
    stopped INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE samples (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    transaction_key INTEGER NOT NULL REFERENCES transactions(key) ON DELETE CASCADE,
    meter_value TEXT NOT NULL
);
CREATE INDEX samples_by_transaction ON samples(transaction_key);
CREATE TABLE journal (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    action TEXT NOT NULL,
    payload TEXT NOT NULL,
    transaction_key INTEGER NOT NULL REFERENCES transactions(key) ON DELETE CASCADE,
    connector_id INTEGER NOT NULL,
    written_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE given_up (
    number INTEGER PRIMARY KEY,
    action TEXT NOT NULL,
    payload TEXT NOT NULL,
    connector_id INTEGER NOT NULL,
    transaction_id INTEGER,
    written_at TEXT NOT NULL,
    given_up_at TEXT NOT NULL,
    why TEXT NOT NULL
);
CREATE TABLE known_tags (
    id_tag TEXT PRIMARY KEY COLLATE NOCASE,
    status TEXT NOT NULL,
    parent_id_tag TEXT,
    expiry_date TEXT,
    learned_at TEXT NOT NULL
);
"""
LATER_1 = """
CREATE TABLE IF NOT EXISTS charging_profiles (
    profile_id INTEGER PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    transaction_key INTEGER REFERENCES transactions(key) ON DELETE CASCADE,
    profile TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS local_list (
    tag TEXT PRIMARY KEY,
    id_tag TEXT NOT NULL,
    status TEXT NOT NULL,
    parent_id_tag TEXT,
    expiry_date TEXT
);
CREATE TABLE IF NOT EXISTS local_list_version (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    version INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS reservations (
    reservation_id INTEGER PRIMARY KEY,
    connector_id INTEGER NOT NULL,
    id_tag TEXT NOT NULL,
    parent_id_tag TEXT,
    until TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS security_events (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    at TEXT NOT NULL,
    info TEXT NOT NULL,
    waits INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, document TEXT NOT NULL);
"""
"""What a file of schema 1 got when it was first needed."""


def _value(wh: str, context: str, at: str) -> str:
    """A meter value as schema 1 has it; of an umlaut and a quote nothing is lost."""
    return (
        f'{{"timestamp": "2026-01-01T{at}.000Z", "sampledValue": [{{"value": "{wh}", "context":'
        f' "{context}", "format": "Raw", "measurand": "Energy.Active.Import.Register",'
        ' "location": "Outlet", "unit": "Wh"}]}'
    )


BEGIN_2 = _value("0", "Transaction.Begin", "12:01:55")
SAMPLE_2 = _value("308", "Sample.Periodic", "12:02:15")
MESSAGES = (
    (
        6,
        "MeterValues",
        '{"connectorId":1,"transactionId":null,"meterValue":['
        + _value("111", "Sample.Periodic", "12:01:20")
        + "]}",
        1,
    ),
    (
        8,
        "StartTransaction",
        '{"idTag":"VISIT\\u00d6R \\"2\\"","connectorId":2,"meterStart":0,'
        '"timestamp":"2026-01-01T12:01:55.000Z"}',
        2,
    ),
    (12, "MeterValues", f'{{"connectorId":2,"transactionId":null,"meterValue":[{SAMPLE_2}]}}', 2),
    (
        16,
        "StopTransaction",
        '{"idTag":"TAG","meterStop":229,"timestamp":"2026-01-01T12:02:45.000Z",'
        f'"transactionId":null,"reason":"Local","transactionData":[{BEGIN_2}]}}',
        1,
    ),
)
"""Journal rows of schema 1: number, action, payload, transaction and connector."""
PROFILE = {
    "profile_id": 7,
    "stack_level": 1,
    "purpose": "TxProfile",
    "kind": "Relative",
    "unit": "W",
    "periods": [{"start_s": 0, "limit": 5000, "phases": None}],
    "duration_s": None,
    "starts_at": None,
    "recurrency": None,
    "valid_from": None,
    "valid_to": None,
    "least": None,
    "transaction_id": None,
}
AT = "2026-01-01T12:00:00+00:00"


def _fill(db: sqlite3.Connection, *, with_later: bool = True) -> None:
    """What a session at each of two connectors, in the middle of an offline night, leaves."""
    db.executemany("INSERT INTO registers VALUES (?, ?)", [(1, 229.5), (2, 1225.0)])
    db.executemany("INSERT INTO availability VALUES (?, ?)", [(1, 1), (3, 0)])
    db.execute("INSERT INTO configuration VALUES ('HeartbeatInterval', '77')")
    db.executemany(
        "INSERT INTO transactions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (1, 1, "TAG", "GROUP", 0, AT, None, "Compact 60", 13200.5, 1000, 1),
            (2, 2, "VISITÖR", None, 0, AT, 5, None, None, None, 0),
        ],
    )
    db.executemany(
        "INSERT INTO samples VALUES (?, ?, ?)",
        [(8, 2, BEGIN_2), (12, 2, SAMPLE_2), (13, 1, SAMPLE_2)],
    )
    db.executemany(
        "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(number, action, text, key, key, AT, 0) for number, action, text, key in MESSAGES],
    )
    db.execute(
        "INSERT INTO given_up VALUES (2, 'MeterValues', ?, 1, 1000, ?, ?, 'CALLERROR')",
        (MESSAGES[0][2], AT, AT),
    )
    db.execute("INSERT INTO known_tags VALUES ('Tag', 'Accepted', 'GROUP', ?, ?)", (AT, AT))
    # Of each table the last rows have left again.
    db.execute("UPDATE sqlite_sequence SET seq = 9 WHERE name = 'transactions'")
    db.execute("UPDATE sqlite_sequence SET seq = 40 WHERE name IN ('samples', 'journal')")
    if not with_later:
        return
    db.execute("INSERT INTO charging_profiles VALUES (7, 1, 2, ?)", (json.dumps(PROFILE),))
    db.execute("INSERT INTO local_list VALUES ('listed', 'Listed', 'Blocked', NULL, NULL)")
    db.execute("INSERT INTO local_list_version VALUES (1, 3)")
    db.execute("INSERT INTO reservations VALUES (5, 3, 'HOLDER', 'FAMILY', ?)", (AT,))
    db.execute("INSERT INTO security_events VALUES (4, 'StartupOfTheDevice', ?, 'x', 1)", (AT,))
    db.execute("INSERT INTO kept VALUES ('connector 3', '{\"cable\":false}')")


def _file_of_old(folder: Path, *, with_later: bool = True) -> Path:
    path = folder / "CP01.sqlite3"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA foreign_keys = ON")
    db.executescript(SCHEMA_1 + (LATER_1 if with_later else ""))
    _fill(db, with_later=with_later)
    db.execute("PRAGMA user_version = 1")
    db.close()
    return path


def _dump(path: Path) -> list[str]:
    with sqlite3.connect(path) as db:
        version = db.execute("PRAGMA user_version").fetchone()
        lines = [str(version), *db.iterdump()]
    db.close()
    return lines


def _spelt(action: str, text: str) -> dict[str, object]:
    return {"spelt": {"action": action, "payload": json.loads(text)}}


def _first_transactions(store: Store) -> None:
    (left,) = store.transactions.open()
    assert left == StoredTransaction(
        key=2,
        connector_id=2,
        token="VISITÖR",
        group=None,
        meter_start_wh=0,
        started_at=NOW,
        reservation_id=5,
        transaction_id=None,
    )
    assert store.transactions.samples(2) == [
        {"context": "Transaction.Begin", "spelt": json.loads(BEGIN_2)},
        {"context": "Sample.Periodic", "spelt": json.loads(SAMPLE_2)},
    ]
    rows = store.journal.first(9)
    assert store.journal.depth == len(rows) == 4
    assert [row.kind for row in rows] == [SAMPLED, BEGAN, SAMPLED, ENDED]
    assert [(row.number, row.transaction_key, row.connector_id) for row in rows] == [
        (number, key, key) for number, _, _, key in MESSAGES
    ]
    assert [row.content for row in rows] == [_spelt(*message[1:3]) for message in MESSAGES]
    assert [row.transaction_id for row in rows] == [1000, None, None, 1000]
    assert {(row.written_at, row.attempts) for row in rows} == {(NOW, 0)}
    assert store.journal.dead_letters(9) == [DeadLetter(SAMPLED, 1, 1000, NOW, "CALLERROR")]
    assert store.registers.all() == {1: 229.5, 2: 1225.0}
    assert store.availability.inoperative() == {3}
    assert store.configuration.all() == {"HeartbeatInterval": "77"}
    assert store.tokens.find("TAG") == KnownToken("Tag", "Accepted", "GROUP", NOW)


def test_all_that_was_kept_is_taken_over(tmp_path: Path) -> None:
    _file_of_old(tmp_path)
    for _ in range(2):  # and found again
        store = store_in(tmp_path, "CP01", NOW)
        assert store.trouble == ""
        _first_transactions(store)
        assert store.profiles.all() == [StoredProfile(7, 1, 2, PROFILE)]
        assert store.local_list.find("LISTED") == KnownToken("Listed", "Blocked", None, None)
        assert (store.local_list.version(), store.local_list.length()) == (3, 1)
        assert store.reservations.all() == [Reservation(5, 3, "HOLDER", "FAMILY", NOW)]
        event = SecurityEvent(4, "StartupOfTheDevice", NOW, "x")
        assert (store.security_log.all(), store.security_log.next_waiting()) == ([event], event)
        assert store.documents.get("connector 3") == {"cable": False}
        store.close()


def test_a_file_that_never_needed_the_later_tables_is_taken_over(tmp_path: Path) -> None:
    _file_of_old(tmp_path, with_later=False)
    store = store_in(tmp_path, "CP01", NOW)
    assert store.trouble == ""
    _first_transactions(store)
    assert (store.profiles.all(), store.local_list.version()) == ([], 0)
    assert (store.reservations.all(), store.security_log.all()) == ([], [])
    store.documents.put("a", {"b": 1})
    assert store.documents.get("a") == {"b": 1}
    store.close()


@pytest.mark.parametrize("with_later", [True, False])
def test_a_file_that_was_taken_over_is_as_a_new_one(with_later: bool, tmp_path: Path) -> None:
    """It may not be seen of a file where it comes from: no table, no type, no number differs."""
    path = _file_of_old(tmp_path, with_later=with_later)
    store_in(tmp_path, "CP01", NOW).close()
    store_in(tmp_path, "NEW", NOW).close()

    def shape(one: Path) -> set[tuple[str, ...]]:
        with sqlite3.connect(one) as db:
            rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
            version = db.execute("PRAGMA user_version").fetchone()
        db.close()
        assert version == (SCHEMA_VERSION,)
        return {tuple(str(column).replace('"', "") for column in row) for row in rows}

    assert shape(path) == shape(tmp_path / "NEW.sqlite3")


def test_no_number_is_given_twice(tmp_path: Path) -> None:
    _file_of_old(tmp_path)
    store = store_in(tmp_path, "CP01", NOW)
    new = NewTransaction(
        connector_id=1, token="A", group=None, meter_start_wh=0, started_at=NOW, reservation_id=None
    )
    key = store.transactions.begin(new)
    store.journal.append(BEGAN, {}, key=key, connector_id=1, at=NOW)
    store.security_log.add("kind", NOW, "", waits=False)
    assert (key, store.journal.first(9)[-1].number) == (10, 41)
    assert store.security_log.all()[-1].number == 5
    store.close()


def test_what_belongs_to_a_transaction_of_old_goes_with_it(tmp_path: Path) -> None:
    path = _file_of_old(tmp_path)
    store = store_in(tmp_path, "CP01", NOW)
    ended = store.journal.first(9)[-1]
    store.journal.confirm(ended)
    assert store.transactions.samples(1) == []
    assert [row.transaction_key for row in store.journal.first(9)] == [2, 2]
    store.transactions.thin_samples(2)
    assert len(store.transactions.samples(2)) == 2, "one of each context"
    store.close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
    db.close()


def test_a_file_that_cannot_be_taken_over_now_stays_as_it_is(tmp_path: Path) -> None:
    path = _file_of_old(tmp_path)
    before = _dump(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match=r"locked by another program.*then start again"):
        store_in(tmp_path, "CP01", NOW)
    other.close()
    assert _dump(path) == before
    assert not list(tmp_path.glob("*.damaged-*"))
    store = store_in(tmp_path, "CP01", NOW)
    _first_transactions(store)
    store.close()


def test_a_takeover_that_breaks_off_has_changed_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _file_of_old(tmp_path)
    before = _dump(path)
    with monkeypatch.context() as patch:
        patch.setitem(migration.FROM_1, "given_up", ("given_up", "no_such_column"))
        with pytest.raises(StoreError, match="no such column"):
            store_in(tmp_path, "CP01", NOW)
    assert _dump(path) == before
    store = store_in(tmp_path, "CP01", NOW)
    _first_transactions(store)
    store.close()


@pytest.mark.parametrize("table", sorted(migration.TABLES_OF_1))
def test_a_file_of_old_that_lacks_a_table_is_damaged(table: str, tmp_path: Path) -> None:
    path = _file_of_old(tmp_path)
    with sqlite3.connect(path) as db:
        db.execute(f"DROP TABLE {table}")
    db.close()
    store = store_in(tmp_path, "CP01", NOW)
    assert "CP01.sqlite3 was damaged (what ChargeForge keeps is not in it)" in store.trouble
    assert store.journal.depth == 0
    store.close()


def test_every_table_of_old_has_its_place() -> None:
    db = sqlite3.connect(":memory:")
    db.executescript(SCHEMA_1)
    assert {name for (name,) in db.execute(TABLES)} == migration.TABLES_OF_1
    db.executescript(LATER_1)
    assert {name for (name,) in db.execute(TABLES)} == migration.FROM_1.keys()
    assert {new for new, _ in migration.FROM_1.values()} == OUR_TABLES - LATER
    db.close()


TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"


async def test_messages_of_old_are_sent_as_they_were_written(tmp_path: Path) -> None:
    _file_of_old(tmp_path)
    async with Harness(state=tmp_path) as harness:
        await harness.advance(10)
        sent = harness.csms.of("StartTransaction", "MeterValues", "StopTransaction")
        ids = {1: 1000, 2: 1000}  # the second one from this CSMS, which counts from there
        for call, (_, action, text, key) in zip(sent, MESSAGES, strict=False):
            said = json.loads(text)
            if action != "StartTransaction":
                said["transactionId"] = ids[key]
            assert (call.action, call.payload) == (action, said)
        (cut_off,) = sent[len(MESSAGES) :]
        assert (cut_off.action, cut_off.payload["reason"]) == ("StopTransaction", "PowerLoss")
        assert harness.station.snapshot.link.queued == 0
        (lost,) = harness.station.snapshot.journal.lost
        assert (lost.action, lost.transaction_id) == ("MeterValues", 1000)
