"""What has queued without a link waits for the status of connector 0.

Hangs on `backlog_waits_s`. Measured, 10 times of 10: the first queued message leaves 1.05 to 2.3 s
after BootNotification is answered, with connector 0 where a transaction runs, else just behind it.
"""

from __future__ import annotations

from dataclasses import replace

from sim_core.charging.points import Chance
from sim_core.ocpp16.points import Speech

WAITS_S = (0.0, 1.0)


def _waits(chance: Chance) -> float:
    return chance.uniform(*WAITS_S)


def hang(speech: Speech) -> Speech:
    return replace(speech, backlog_waits_s=_waits)
