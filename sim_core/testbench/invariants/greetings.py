"""What may be said against how a CSMS lets charge points in, and against the time that it tells."""

from __future__ import annotations

from datetime import datetime, timedelta

from sim_core.testbench.invariants.heard import Heard
from sim_core.wire.timestamps import moment

CLOCK_STEP = timedelta(seconds=1)
"""So far the time that a CSMS tells may go back: one that leaves out fractions does."""


def shut_out(heard: Heard) -> str:
    """The first charge point that was let in and then was not; empty: there is none."""
    known: set[str] = set()
    for one in heard.taken("BootNotification"):
        status = one.answered.get("status")
        if status == "Accepted":
            known.add(one.charge_point)
        elif one.charge_point in known:
            return f"{one.charge_point} was Accepted before, and is {status} when it boots again"
    return ""


def time_back(heard: Heard) -> str:
    """The first time that lies before one that was told; empty: there is none."""
    newest: dict[str, datetime] = {}
    for one in heard.taken("BootNotification", "Heartbeat"):
        at = moment(one.answered.get("currentTime"))
        if at is None:
            return f"{one.action} of {one.charge_point} is answered with a currentTime that is none"
        before = newest.get(one.charge_point, at)
        if at < before - CLOCK_STEP:
            return f"{one.charge_point} is told {at.isoformat()} after {before.isoformat()}"
        newest[one.charge_point] = max(at, before)
    return ""
