"""The scripted charge point under the name that the tests of the dashboard know it by."""

from __future__ import annotations

from tui.pictures.fake_station import (
    NOW,
    ONLINE,
    RAMP,
    STORY,
    FakeHost,
    Story,
    available,
    charging,
    faulted,
    station,
)

__all__ = [
    "NOW",
    "ONLINE",
    "RAMP",
    "STORY",
    "FakeHost",
    "Story",
    "available",
    "charging",
    "faulted",
    "station",
]
