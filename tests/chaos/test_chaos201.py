"""The same in OCPP 2.0.1: no transaction is lost or corrupted, no seqNo left out or used twice.

A run is as in `test_chaos`: a station in a process of its own that is killed, and a CSMS that fails
it in every way. What the CSMS has accepted is judged by the text's tables (`tests.ocpp201.ledger`),
and its energy by the witness. `make chaos201` is the long run.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from tests.chaos import child
from tests.chaos.test_chaos import KILL_LOSS_WH, UnreliableCsms, many_runs
from tests.ocpp201.ledger import Ledger, registers

RUNS = int(os.environ.get("CHAOS_RUNS", "10"))


async def test_no_seq_no_is_lost_and_none_is_told_twice(tmp_path: Path) -> None:
    failures = await many_runs(RUNS, "2.0.1", judge, tmp_path)
    assert {"CallError", "Drop", "Cut", "Close", "Twice", "Hold"} >= set(failures)
    assert len(failures) >= 4, failures


def judge(csms: UnreliableCsms, shown_wh: list[float], folder: Path, lives: int, seed: str) -> None:
    """What the CSMS has accepted against what has happened."""
    ledger = Ledger()
    try:
        for call, _ in csms.accepted:
            if call.action == "TransactionEvent":
                ledger.hear(call.payload)
        ledger.all_over()
    except AssertionError as error:
        raise AssertionError(f"{seed}: {error}") from error
    told_wh = [0.0] * child.CONNECTORS
    ends_wh = [0.0] * child.CONNECTORS
    for told in ledger.transactions.values():
        index = told.evse_id - 1
        seen = [wh for event in told.events[:-1] for wh in registers(event)]
        begin, *_, end = registers(told.events[-1])
        assert seen == sorted(seen), f"{seed}: {seen}"
        assert begin >= ends_wh[index], f"{seed}: the register fell"
        assert begin == seen[0], f"{seed}: the end tells of another begin"
        assert seen[-1] <= end, f"{seed}: {seen[-1]} before the end {end}"
        told_wh[index] += end - begin
        ends_wh[index] = end
    counted = struct.unpack(f"{child.CONNECTORS}d", (folder / "witness").read_bytes())
    of_rounding = len(ledger.transactions)  # the readings are whole Wh
    for index in range(child.CONNECTORS):
        lost_wh = of_rounding + lives * KILL_LOSS_WH
        assert counted[index] - lost_wh <= told_wh[index] <= counted[index] + of_rounding, (
            f"{seed}: EVSE {index + 1}, lives {lives}: {told_wh} of {counted}"
        )
        assert ends_wh[index] <= shown_wh[index] <= counted[index] + 1e-6, seed
