"""Who looks after the file of the state: when it is asked again, and what is said meanwhile."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sim_core.runtime.clock import ManualClock
from sim_core.store.interface import Store
from sim_core.store.makers import store_in
from sim_core.store.watch import LOOK_S, StateWatch

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
LOCKED = "the state is locked by another program"
RETRY_S = 1.0
"""What is promised."""


class Watched:
    """A store, who looks after it, and all that he says."""

    def __init__(self, folder: Path, scale: float = 1.0, *, refuses: bool = False) -> None:
        self.clock = ManualClock()
        self.store = store_in(folder, "CP01", NOW)
        if refuses:
            self.store.registers.save(9, 9.0)
        self.standing: list[str] = []
        self.notes: list[str] = []
        self.written = 0
        self.watch = StateWatch(
            self.store,
            self.clock,
            scale=scale,
            warn=self.standing.append,
            withdraw=self.standing.remove,
            note=self.notes.append,
            written=self._count,
        )

    def _count(self) -> None:
        assert self.store.refusal == "", "not before it is on disk"
        self.written += 1

    @property
    def waits(self) -> int:
        """Timers that would still do something."""
        return sum(timer.callback is not None for timer in self.clock._timers)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    other = sqlite3.connect(folder / "CP01.sqlite3", isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield
    finally:
        other.close()


class Refusing:
    """A connection whose disk refuses in these words whatever would write."""

    def __init__(self, real: sqlite3.Connection, words: str) -> None:
        self.real = real
        self.words = words

    def execute(self, sql: str, values: object = ()) -> sqlite3.Cursor:
        if self.words and not sql.startswith(("PRAGMA", "SELECT", "ROLLBACK")):
            raise sqlite3.OperationalError(self.words)
        return self.real.execute(sql, values)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)


def refusing(store: Store, words: str) -> Refusing:
    file = Refusing(store._db._file, words)
    store._db._file = store._db._at = file  # type: ignore[assignment]
    return file


@pytest.mark.parametrize("scale", [1.0, 10.0])
async def test_a_disk_is_asked_again_every_second_of_its_own(scale: float, tmp_path: Path) -> None:
    """The clock of a charge point may run faster than the disk does."""
    it = Watched(tmp_path, scale)
    with locked(tmp_path):
        it.store.registers.save(1, 5.0)
        (warning,) = it.standing
        assert warning.startswith(LOCKED)
        await it.clock.advance(3.5 * RETRY_S * scale)
        assert it.standing == [warning], "one standing warning, whatever was tried"
        assert it.notes == []
    await it.clock.advance(0.4 * RETRY_S * scale)
    assert it.standing == [warning], "not before it is asked"
    await it.clock.advance(0.2 * RETRY_S * scale)
    assert (it.standing, it.written) == ([], 1)
    assert it.notes == [f"{it.store.path} can be written again: all that waited is in it"]
    await it.clock.advance(20 * RETRY_S * scale)
    assert (it.written, len(it.notes)) == (1, 1), "and that was all"
    assert not it.watch.close(), "nothing is owed"
    it.store.close()


async def test_a_disk_that_refuses_before_it_is_looked_after(tmp_path: Path) -> None:
    store_in(tmp_path, "CP01", NOW).close()
    with locked(tmp_path):
        it = Watched(tmp_path, refuses=True)
        assert it.standing[0].startswith(LOCKED)
    await it.clock.advance(RETRY_S)
    assert (it.standing, it.written) == ([], 1)
    it.watch.close()
    it.store.close()


async def test_another_refusal_takes_the_place_of_the_first(tmp_path: Path) -> None:
    it = Watched(tmp_path)
    file = refusing(it.store, "database is locked")
    it.store.registers.save(1, 5.0)
    file.words = "database or disk is full"
    await it.clock.advance(RETRY_S)
    (warning,) = it.standing
    assert warning.startswith("the disk is full")
    file.words = ""
    await it.clock.advance(RETRY_S)
    assert it.standing == []
    file.words = "attempt to write a readonly database"
    it.store.registers.save(1, 6.0)
    (warning,) = it.standing
    assert warning.startswith("the state may not be written")
    file.words = ""
    await it.clock.advance(RETRY_S)
    assert (it.standing, it.written) == ([], 2), "a second time as the first"
    it.watch.close()
    it.store.close()


async def test_at_the_end_what_is_owed_is_written_or_said(tmp_path: Path) -> None:
    it = Watched(tmp_path)
    file = refusing(it.store, "database or disk is full")
    with it.store.together():
        it.store.registers.save(1, 5.0)
        assert it.store.registers.all() == {1: 5.0}, "what is read is no change"
        it.store.availability.save(1, operative=False)
    it.store.configuration.save("A", "B")
    assert it.store.owed == 3
    assert not it.watch.close()
    (patience_ms,) = it.store._db._file.execute("PRAGMA busy_timeout").fetchone()
    assert patience_ms >= 1_000, "at the end nothing else waits"
    (lost,) = it.notes
    assert lost.startswith("3 changes of the state are lost with this end: the disk is full")
    assert it.waits == 0, "nobody looks any more"
    file.words = ""
    assert it.watch.close(), "it could be written after all"
    assert (it.store.owed, it.store.refusal) == (0, "")
    it.store.close()
    again = store_in(tmp_path, "CP01", NOW)
    assert (again.registers.all(), again.availability.inoperative()) == ({1: 5.0}, {1})
    assert again.configuration.all() == {"A": "B"}
    again.close()


@pytest.mark.parametrize("scale", [1.0, 10.0])
async def test_the_file_is_looked_for_now_and_then(scale: float, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    it = Watched(folder, scale)
    folder.rename(tmp_path / "moved")
    await it.clock.advance(0.9 * LOOK_S * scale)
    assert it.standing == []
    await it.clock.advance(0.2 * LOOK_S * scale)
    (removed,) = it.standing
    assert removed.startswith(f"{it.store.path} has been removed while it was in use: put it back")
    await it.clock.advance(3 * LOOK_S * scale)
    assert it.standing == [removed]
    (folder / "CP01.sqlite3").write_bytes(b"another")
    await it.clock.advance(LOOK_S * scale)
    (replaced,) = it.standing
    assert "has been replaced by another file while it was in use" in replaced
    assert it.notes == []
    (tmp_path / "moved" / "CP01.sqlite3").replace(folder / "CP01.sqlite3")
    await it.clock.advance(LOOK_S * scale)
    assert it.standing == []
    assert it.notes == [f"{it.store.path} is the file again that was opened"]
    await it.clock.advance(3 * LOOK_S * scale)
    assert len(it.notes) == 1
    it.watch.close()
    assert it.waits == 0
    it.store.close()
