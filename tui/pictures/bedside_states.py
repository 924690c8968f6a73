"""The dashboard beside a real charger: what its frames have said, and dashes for the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sim_core.bedside.verdicts import Mark, Verdict, VerdictPicture
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
from tui.pictures.state import WIDE, State

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

BEGAN, ENDED = "2026-08-11T14:19:58.127Z", "2026-08-11T14:32:47.004Z"


def _energy(at: str, kwh: str) -> dict[str, object]:
    value = {"value": kwh, "measurand": "Energy.Active.Import.Register", "unit": "kWh"}
    return {"timestamp": at, "sampledValue": [value]}


def _stop(*samples: dict[str, object]) -> dict[str, object]:
    return {
        "transactionId": 1042,
        "idTag": "VID:000000000001",
        "meterStop": 12_553,
        "timestamp": ENDED,
        "reason": "Remote",
        "transactionData": list(samples),
    }


def _status(connector: int, status: str) -> dict[str, object]:
    return {"connectorId": connector, "status": status, "errorCode": "NoError"}


BEGIN_SAMPLE, END_SAMPLE = _energy(BEGAN, "11.19"), _energy(ENDED, "12.553")
BESIDE_TWIN: tuple[ScriptedExchange, ...] = (
    (
        40,
        Direction.RECEIVED,
        "RemoteStopTransaction",
        {"transactionId": 1042},
        {"status": "Accepted"},
        1.104,
        None,
    ),
    (37, Direction.SENT, "StatusNotification", _status(1, "Finishing"), {}, 0.011, 1),
    (
        35,
        Direction.SENT,
        "StopTransaction",
        _stop(BEGIN_SAMPLE, _energy("2026-08-11T14:26:00.004Z", "11.9"), END_SAMPLE),
        {"idTagInfo": {"status": "Accepted"}},
        0.014,
        None,
    ),
    (9, Direction.SENT, "StatusNotification", _status(1, "Available"), {}, 0.009, 1),
)
SENTENCE = "StopTransaction Remote: transactionData has 3 entries, with the twin 2"
STOP = Verdict(
    "row 3",
    NOW - timedelta(seconds=35),
    Mark.DIFFERS,
    "StopTransaction",
    row=3,
    sentence=SENTENCE,
    whys=(SENTENCE,),
    twin=(2, "StopTransaction", _stop(BEGIN_SAMPLE, END_SAMPLE)),
)
SAME = tuple(
    Verdict(f"row {row}", NOW, Mark.SAME, "StatusNotification", row=row) for row in (1, 2, 4)
)
VERDICTS = VerdictPicture(
    "gresgying-f3-eu180",
    {verdict.row: verdict for verdict in (*SAME, STOP)},
    (STOP,),
    {Mark.SAME: len(SAME), Mark.DIFFERS: 1},
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
        "bedside-twin",
        "a real charger and its twin: one message is not as the twin's",
        station(
            (
                available(1, power_w=0.0, voltage_v=0.0, current_a=0.0, register_wh=12_553.0),
                available(2, **UNKNOWN, refusals={"remote_stop": NO_TRANSACTION}),
            ),
            METAL,
        ),
        exchanges=BESIDE_TWIN,
        metal=True,
        verdicts=VERDICTS,
        size=WIDE,
        press=("tab", "tab", "up", "enter"),
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
                trouble="no charger has come yet: set the charger's CSMS to "
                "ws://192.168.1.20:9000/<its id>",
            ),
            charge_point_id="",
        ),
        exchanges=(),
        metal=True,
    ),
)
