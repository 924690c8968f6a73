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
