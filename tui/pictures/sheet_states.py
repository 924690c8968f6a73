"""The sheets over the dashboard, as states to look at; see `states`."""

from __future__ import annotations

from datetime import timedelta

from sim_core.events import Event
from sim_core.snapshot import SessionSnapshot
from tui.pictures.fake_station import NOW, available, charging, station
from tui.pictures.state import State

SESSIONS = (
    SessionSnapshot(
        2,
        1041,
        "CARD-0815",
        NOW - timedelta(minutes=58),
        NOW - timedelta(minutes=31, seconds=12),
        85_800,
        12_320.0,
        "Local",
        "Saloon 82",
        22.0,
        37.0,
        "told",
    ),
    SessionSnapshot(
        1,
        None,
        "VISITOR",
        NOW - timedelta(hours=2),
        NOW - timedelta(hours=1, minutes=41),
        6_040,
        5_150.0,
        "EVDisconnected",
        "City 40",
        40.0,
        53.0,
        "waiting",
    ),
    SessionSnapshot(
        2,
        1039,
        "MY_TAG",
        NOW - timedelta(days=1, hours=3),
        NOW - timedelta(days=1, hours=2),
        41_800,
        44_000.0,
        "Remote",
        "Saloon 82",
        12.0,
        66.0,
        "given up",
    ),
)
FREE = station([available(1), available(2)])
CHARGED = station(
    (
        charging(1),
        available(2, last_session=SESSIONS[0]),
    ),
    sessions=SESSIONS,
)
EVENTS = (
    Event(NOW - timedelta(minutes=62), "boot", "the CSMS accepted the charge point"),
    Event(NOW - timedelta(minutes=58), "transaction", "transaction of CARD-0815 started", 2),
    Event(NOW - timedelta(minutes=40), "refusal", "the CSMS does not know the action Foo[bar]"),
    Event(NOW - timedelta(minutes=31), "transaction", "transaction of CARD-0815 stopped", 2),
    Event(NOW - timedelta(minutes=13), "vehicle", "plugged in: ioniq5", 1),
)

SHEET_STATES: tuple[State, ...] = (
    State("sessions", "what has been charged", CHARGED, press=("T", "down")),
    State("sessions-none", "before anything was charged", FREE, press=("T",)),
    State("events", "what has happened in this run", CHARGED, press=("L",), events=EVENTS),
    State("charged", "figures that stay after unplugging", CHARGED),
)
"""Those that `tests/tui/test_tui_sheets.py` watches as text."""
