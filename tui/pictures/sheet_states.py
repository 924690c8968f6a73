"""The sheets over the dashboard, as states to look at; see `states`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sim_core.events import Event
from sim_core.snapshot import (
    CompositeSnapshot,
    ExternalLimit,
    InstalledProfile,
    LinkState,
    ProfileSnapshot,
    ReservationSnapshot,
    SessionSnapshot,
    TokenEntry,
    TokensSnapshot,
)
from tui.pictures.fake_station import NOW, ONLINE, available, charging, station
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

PEAK = ProfileSnapshot(22_000.0, "TxProfile", 5, 2, 22_000.0, "W", NOW + timedelta(minutes=47))
HOUSE = ProfileSnapshot(90_000.0, "ChargePointMaxProfile", 1, 0, 90_000.0, "W")


def _steps(*steps: tuple[int, float]) -> tuple[tuple[datetime, float], ...]:
    return tuple((NOW + timedelta(minutes=minutes), limit_w) for minutes, limit_w in steps)


DAY = NOW + timedelta(hours=24)
BOUND = station(
    (
        charging(1, limited_by="profile", limit_w=22_000.0, power_w=21_970.0, profile=PEAK),
        charging(2, scheduled_availability="Inoperative", in_service=False),
    ),
    profile=HOUSE,
    profiles=(
        InstalledProfile(
            0, 1, "ChargePointMaxProfile", "Absolute", 0, "W", ((0, 90_000.0), (72_000, 40_000.0))
        ),
        InstalledProfile(
            1,
            5,
            "TxProfile",
            "Relative",
            2,
            "W",
            ((0, 22_000.0), (3_600, 60_000.0), (5_400, 0.0)),
            transaction_id=1042,
            valid_to=NOW + timedelta(hours=5),
        ),
        InstalledProfile(
            2, 7, "TxDefaultProfile", "Recurring", 1, "A", ((0, 32.0),), recurrency="Daily"
        ),
    ),
    composites=(
        CompositeSnapshot(0, _steps((0, 90_000.0), (330, 40_000.0)), DAY),
        CompositeSnapshot(
            1, _steps((0, 22_000.0), (47, 60_000.0), (77, 0.0), (140, 60_000.0)), DAY
        ),
        CompositeSnapshot(2, _steps((0, 22_080.0)), DAY),
    ),
    reservations=(
        ReservationSnapshot(7, "CARD-9", None, NOW + timedelta(minutes=12), 2),
        ReservationSnapshot(8, "VISITOR", "FLEET-A", NOW + timedelta(hours=30)),
    ),
    tokens=TokensSnapshot(
        list_version=3,
        list_length=2,
        listed=(
            TokenEntry("CARD-0815", "Accepted", "FLEET-A", NOW + timedelta(days=9)),
            TokenEntry("LOST-CARD", "Blocked"),
        ),
        cache_length=1,
        cached=(TokenEntry("VISITOR", "Accepted", None, NOW - timedelta(minutes=5)),),
    ),
)

GRID = ExternalLimit("SO", 20_000.0, 0, True, NOW - timedelta(minutes=4))
HOME = ExternalLimit("EMS", 15_000.0, 2, False, NOW - timedelta(minutes=90))
BY_OTHERS = station(
    (
        charging(
            1,
            limited_by=GRID.whose,
            limit_w=5_000.0,
            power_w=4_990.0,
            external=GRID,
            trace_w=(59_000.0,) * 500 + (4_990.0,) * 100,
        ),
        charging(2, limited_by=HOME.whose, limit_w=15_000.0, power_w=14_990.0, external=HOME),
    ),
    external_limits=(HOME, GRID),
    composites=(
        CompositeSnapshot(0, _steps((0, 20_000.0)), DAY),
        CompositeSnapshot(1, _steps((0, 20_000.0)), DAY),
        CompositeSnapshot(2, _steps((0, 15_000.0)), DAY),
    ),
)

AWAY = station(
    (available(1), available(2)),
    link=replace(
        ONLINE,
        state=LinkState.WAITING,
        trouble="the CSMS refuses the connection (10.0.0.5:9000): check host and port in CSMS_URL, "
        "and that the CSMS runs",
        retry_at=NOW + timedelta(seconds=8),
        queued=4,
    ),
    refusals={},
)

SHEET_STATES: tuple[State, ...] = (
    State("sessions", "what has been charged", CHARGED, press=("T", "down")),
    State("sessions-none", "before anything was charged", FREE, press=("T",)),
    State("events", "what has happened in this run", CHARGED, press=("L",), events=EVENTS),
    State("limits", "what charging profiles allow when", BOUND, press=("b", "down")),
    State("limits-of-others", "limits that are not the CSMS's", BY_OTHERS, press=("b", "down")),
    State("limits-none", "no charging profile is installed", FREE, press=("b",)),
    State("profiles", "the charging profiles", BOUND, press=("b", "tab", "down")),
    State("reservations", "for whom is reserved", BOUND, press=("b", "tab", "tab")),
    State("cards", "the cards that are known", BOUND, press=("b", "tab", "tab", "tab")),
    State("service", "what is to be out of service", BOUND, press=("b", "shift+tab")),
    State("connection", "the CSMS that is dialled", AWAY, press=("D",)),
    State("doctor", "why a CSMS is not reached", AWAY, press=("D", "tab", "enter", "down")),
    State(
        "compare",
        "what differs between two messages",
        CHARGED,
        press=("slash", "enter", "up", "up", "up", "equals_sign", "up", "equals_sign"),
    ),
    State("charged", "figures that stay after unplugging", CHARGED),
)
"""Those that `tests/tui/test_tui_sheets.py` watches as text."""
