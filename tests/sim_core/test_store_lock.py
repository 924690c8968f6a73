"""Whether a state is taken, asked of the lock that the store itself takes."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from sim_core.store import lock as claim
from sim_core.store.makers import store_in

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)
HOLD = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from sim_core.store.makers import store_in
store = store_in(Path(sys.argv[1]), sys.argv[2], datetime.now(timezone.utc))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("cpid", ["CP01", "Müller/3 #1"])
def test_a_state_is_taken_while_a_store_has_it(tmp_path: Path, cpid: str) -> None:
    assert claim.taken(tmp_path, cpid) == ""
    store = store_in(tmp_path, cpid, NOW)
    sentence = claim.taken(tmp_path, cpid)
    assert f"another ChargeForge is running with the state in {tmp_path}, as {cpid}" in sentence
    assert "CPID (--cpid) or STATE_DIR (--state-dir)" in sentence
    assert claim.taken(tmp_path, "CP02") == ""
    store.close()
    assert claim.taken(tmp_path, cpid) == ""


def test_asking_takes_nothing(tmp_path: Path) -> None:
    store_in(tmp_path, "CP01", NOW).close()
    assert claim.taken(tmp_path, "CP01") == ""
    store_in(tmp_path, "CP01", NOW).close()


def test_the_process_that_has_it_is_named_where_the_system_says_which(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path), "CP01"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        sentence = claim.taken(tmp_path, "CP01")
        assert "another ChargeForge is running" in sentence
        known = f" {holder.pid} " in claim.LOCKS.read_text() if claim.LOCKS.exists() else False
        assert (f"(process {holder.pid})" in sentence) == known
        assert str(os.getpid()) not in sentence
    finally:
        holder.kill()
        holder.communicate()
    assert claim.taken(tmp_path, "CP01") == ""  # however it ended


def test_a_folder_that_is_not_there_is_nobodys(tmp_path: Path) -> None:
    assert claim.taken(tmp_path / "nowhere", "CP01") == ""
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc/locks is Linux's")
@pytest.mark.parametrize(
    ("lines", "pid"),
    [
        ([], None),
        (["1: FLOCK  ADVISORY  WRITE 71 {here} 0 EOF"], 71),
        (["1: POSIX  ADVISORY  WRITE 70 {here} 0 EOF"], None),
        (["1: FLOCK  ADVISORY  WRITE 70 00:01:5 0 EOF"], None),
        (["1: -> FLOCK  ADVISORY  WRITE 70 {here} 0 EOF"], None),
        (["1: FLOCK  ADVISORY  WRITE 0 {here} 0 EOF"], None),
        (["1: FLOCK  ADVISORY  WRITE many {here} 0 EOF"], None),
        (
            [
                "1: POSIX  ADVISORY  WRITE 70 {here} 0 EOF",
                "2: FLOCK  ADVISORY  WRITE 70 00:01:5 0 EOF",
                "3: FLOCK  ADVISORY  WRITE 72 {here} 0 EOF",
                "3: -> FLOCK  ADVISORY  WRITE 73 {here} 0 EOF",
            ],
            72,
        ),
    ],
)
def test_who_holds_it_is_read_from_what_the_system_tells(
    lines: list[str], pid: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_in(tmp_path, "CP01", NOW)
    at = claim.lock_of(tmp_path, "CP01").stat()
    here = f"{os.major(at.st_dev):02x}:{os.minor(at.st_dev):02x}:{at.st_ino}"
    told = tmp_path / "locks"
    told.write_text("".join(f"{line.format(here=here)}\n" for line in lines))
    monkeypatch.setattr(claim, "LOCKS", told)
    sentence = claim.taken(tmp_path, "CP01")
    assert ("(process " in sentence) == (pid is not None)
    assert pid is None or f"as CP01 (process {pid}): end it" in sentence
    told.unlink()
    assert ", as CP01: end it" in claim.taken(tmp_path, "CP01")
    store.close()


def test_two_may_ask_at_once(tmp_path: Path) -> None:
    """Asking is no holding: a shared look at the lock is not told as somebody's."""
    fcntl = pytest.importorskip("fcntl")
    store_in(tmp_path, "CP01", NOW).close()
    other = os.open(claim.lock_of(tmp_path, "CP01"), os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_SH)
    assert claim.taken(tmp_path, "CP01") == ""
    os.close(other)


def test_a_place_without_locks_is_nobodys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl")
    store = store_in(tmp_path, "CP01", NOW)

    def none_here(descriptor: int, how: int) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", none_here)
    assert claim.taken(tmp_path, "CP01") == "", "the store says what is wrong"
    monkeypatch.undo()
    store.close()
