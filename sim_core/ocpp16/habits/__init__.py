"""What makes say that the text of OCPP does not have in mind: one module a habit.

Each hangs on named points (`ocpp16.points`) and bears the name of its switch in the model's file.
Habits of what a charger does are in `charging.habits`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from sim_core.hardware.model import Quirks
from sim_core.ocpp16.habits import (
    connectors_after_reconnect,
    forgets_unanswered,
    json_c,
    late_connector_0,
    late_heartbeats,
    mute_transfers,
    never_suspended,
    offline_duplicate,
    pipelining,
    remote_start_twice,
    repeated_preparing,
    send_tick,
    status_before_answer,
    stops_unheard,
    whole_second_clock,
)
from sim_core.ocpp16.points import AS_WRITTEN, Speech

HABITS: dict[str, Callable[[Speech], Speech]] = {
    "connectors_after_reconnect": connectors_after_reconnect.hang,
    "forgets_unanswered": forgets_unanswered.hang,
    "json_c": json_c.hang,
    "late_connector_0": late_connector_0.hang,
    "late_heartbeats": late_heartbeats.hang,
    "mute_transfers": mute_transfers.hang,
    "never_suspended": never_suspended.hang,
    "offline_duplicate": offline_duplicate.hang,
    "pipelining": pipelining.hang,
    "remote_start_twice": remote_start_twice.hang,
    "repeated_preparing": repeated_preparing.hang,
    "send_tick": send_tick.hang,
    "status_before_answer": status_before_answer.hang,
    "stops_unheard": stops_unheard.hang,
    "whole_second_clock": whole_second_clock.hang,
}
"""By the name of the switch."""


@lru_cache(maxsize=64)
def speech_of(quirks: Quirks) -> Speech:
    """The points of a charge point with these quirks. Charge points of one make share them."""
    speech = AS_WRITTEN
    for name, hang in HABITS.items():
        if getattr(quirks, name):
            speech = hang(speech)
    return speech
