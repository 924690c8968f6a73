"""What survives: one file, whole or set aside."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sim_core.store import MEMORY, Store, StoreError

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def test_a_register_never_goes_back_and_outlives_the_store(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path, "CP/1", NOW)
    store.save_register(1, 500.5)
    store.save_register(1, 400.0)
    store.save_registers_lightly({1: 100.0, 2: 7.0})
    store.close()
    again = Store.in_folder(tmp_path, "CP/1", NOW)
    assert again.registers() == {1: 500.5, 2: 7.0}
    again.close()


def test_the_name_of_a_charge_point_is_no_path(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    Store.in_folder(folder, "../../CP", NOW).close()
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_others_cannot_read_what_is_kept(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path, "CP01", NOW)
    assert store.path.stat().st_mode & 0o077 == 0
    store.close()


@pytest.mark.parametrize(
    "damage", [b"this is no database, whatever it says" * 50, b"SQLite format 3\0" + b"\xff" * 4096]
)
def test_a_damaged_file_is_set_aside_and_said(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "CP01.sqlite3"
    path.write_bytes(damage)
    store = Store.in_folder(tmp_path, "CP01", NOW)
    assert "CP01.sqlite3 was damaged" in store.trouble
    assert "is now CP01.sqlite3.damaged-20260102-030405" in store.trouble
    assert (tmp_path / "CP01.sqlite3.damaged-20260102-030405").read_bytes() == damage
    store.save_register(1, 1.0)
    assert store.registers() == {1: 1.0}
    store.close()


def test_a_file_of_another_version_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "CP01.sqlite3") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreError, match=r"another version of ChargeForge \(schema 99\)"):
        Store.in_folder(tmp_path, "CP01", NOW)
    assert not list(tmp_path.glob("*.damaged-*"))


def test_two_cannot_have_the_same_file(tmp_path: Path) -> None:
    store = Store.in_folder(tmp_path, "CP01", NOW)
    with pytest.raises(StoreError, match="another ChargeForge is running"):
        Store.in_folder(tmp_path, "CP01", NOW)
    store.close()
    Store.in_folder(tmp_path, "CP01", NOW).close()


@pytest.mark.parametrize("on_disk", [True, False])
def test_what_belongs_together_is_written_together_or_not_at_all(
    on_disk: bool, tmp_path: Path
) -> None:
    store = Store.in_folder(tmp_path if on_disk else MEMORY, "CP01", NOW)

    class PowerCutError(Exception):
        pass

    def half() -> None:
        with store.together():
            store.save_register(1, 5.0)
            raise PowerCutError

    with pytest.raises(PowerCutError):
        half()
    assert store.registers() == {}
    store.close()
