"""The dashboard beside a real charger: what its frames have said, and dashes for the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sim_core.snapshot import ConnectorState, LinkState, TransactionSnapshot
from sim_core.wire.message_log import Direction
from tui.pictures.fake_station import (
    EXCHANGES,
    NOW,
    ONLINE,
    RAMP,
    ScriptedExchange,
    available,
    charging,
    station,
)
from tui.pictures.state import State

UNKNOWN = {"power_w": None, "voltage_v": None, "current_a": None, "register_wh": None}
NO_TRANSACTION = "connector 2 has no transaction"
NOBODY = "the charger is not connected"
ALL_REFUSED = dict.fromkeys(
    ("remote_start", "remote_stop", "unlock_connector", "availability", "trigger"), NOBODY
)
METAL = replace(
    ONLINE, url="ws://10.0.0.5:9000/ocpp", queued=None, heartbeat_at=NOW + timedelta(seconds=42)
)
OURS: ScriptedExchange = (
    9,
    Direction.RECEIVED,
    "GetConfiguration",
    {},
    {"configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "300"}]},
    0.214,
    None,
)

BEDSIDE_STATES: tuple[State, ...] = (
    State(
        "bedside",
        "beside a real charger: one connector charges, of the other little has been said",
        station(
            (
                charging(
                    vehicle=None,
                    vid=None,
                    limited_by="",
                    trace_w=RAMP,
                    refusals={},
                    transaction=TransactionSnapshot(
                        1042,
                        "VID:000000000001",
                        NOW - timedelta(minutes=13, seconds=5),
                        11_190,
                        1_363.0,
                    ),
                ),
                available(2, **UNKNOWN, refusals={"remote_stop": NO_TRANSACTION}),
            ),
            METAL,
        ),
        exchanges=(*EXCHANGES[:-1], OURS, EXCHANGES[-1]),
        metal=True,
    ),
    State(
        "bedside-waiting",
        "no charger has come yet",
        station(
            (
                available(
                    1,
                    **UNKNOWN,
                    state=ConnectorState.UNKNOWN,
                    status="unknown",
                    plugged=None,
                    refusals=ALL_REFUSED,
                ),
            ),
            replace(
                METAL,
                state=LinkState.WAITING,
                heartbeat_at=None,
                trouble="no charger has come yet: set the CSMS in it to "
                "ws://192.168.1.20:9000/<its id>",
            ),
            charge_point_id="",
        ),
        exchanges=(),
        metal=True,
    ),
)
