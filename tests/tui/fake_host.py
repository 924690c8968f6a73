"""The scripted charge point under the name that the tests of the dashboard know it by."""

from __future__ import annotations

from tui.pictures.fake_station import (
    EXCHANGES,
    NOW,
    ONLINE,
    RAMP,
    FakeHost,
    ScriptedExchange,
    available,
    charging,
    faulted,
    station,
)

__all__ = [
    "EXCHANGES",
    "NOW",
    "ONLINE",
    "RAMP",
    "FakeHost",
    "ScriptedExchange",
    "available",
    "charging",
    "faulted",
    "station",
]
