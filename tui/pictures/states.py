"""The states of the dashboard that have a name: what `chargeforge screenshot` can draw.

The pictures of the README and the snapshots of the tests are rows of the same table, so what is
shown to a stranger is what is tested. A row says what the charge point looks like and which keys
are pressed before the picture is taken; `tui/pictures/screenshot.py` does it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sim_core.snapshot import (
    ConnectorSnapshot,
    ConnectorState,
    FaultSnapshot,
    FirmwareSnapshot,
    HeldFrame,
    HeldRequest,
    JournalEntry,
    JournalSnapshot,
    LinkSnapshot,
    LinkState,
    LostEntry,
    ProfileSnapshot,
    RecordingSnapshot,
    Registration,
    ReservationSnapshot,
    RuleSnapshot,
    StationSnapshot,
    TransactionSnapshot,
    UploadSnapshot,
    WireFaultSnapshot,
)
from sim_core.story import Caption
from sim_core.wire.message_log import Direction
from sim_core.wire_faults import FROM_CSMS, TO_CSMS, WireFault, in_words
from tui.pictures.bedside_states import BEDSIDE_STATES
from tui.pictures.fake_settings import SETTINGS
from tui.pictures.fake_station import (
    NOW,
    ONLINE,
    RAMP,
    ScriptedExchange,
    available,
    changed,
    charging,
    faulted,
    station,
)
from tui.pictures.ocpp201_states import OCPP201_STATES
from tui.pictures.sheet_states import SHEET_STATES
from tui.pictures.state import WIDE, State
from tui.protocols.ocpp16 import OCPP_16_WORDING

# -- two connectors that charge: what the README shows ---------------------------------------------


def _meter_values(connector_id: int, transaction_id: int, energy_wh: int, power_w: int) -> object:
    sampled = [
        {"value": str(energy_wh), "unit": "Wh"},
        {"value": str(power_w), "measurand": "Power.Active.Import", "unit": "W"},
    ]
    return {
        "connectorId": connector_id,
        "transactionId": transaction_id,
        "meterValue": [{"timestamp": "2026-01-01T14:33:05Z", "sampledValue": sampled}],
    }


def _status(connector_id: int, status: str) -> object:
    return {"connectorId": connector_id, "status": status, "errorCode": "NoError"}


ACCEPTED = {"idTagInfo": {"status": "Accepted"}}
SENT, RECEIVED = Direction.SENT, Direction.RECEIVED

BUSY_EXCHANGES: tuple[ScriptedExchange, ...] = (
    (107, SENT, "StatusNotification", _status(2, "Preparing"), {}, 0.011, 2),
    (
        98,
        RECEIVED,
        "RemoteStartTransaction",
        {"connectorId": 2, "idTag": "MY_TAG"},
        {"status": "Accepted"},
        0.001,
        2,
    ),
    (98, SENT, "Authorize", {"idTag": "MY_TAG"}, ACCEPTED, 0.018, None),
    (
        96,
        SENT,
        "StartTransaction",
        {
            "connectorId": 2,
            "idTag": "MY_TAG",
            "meterStart": 96_905,
            "timestamp": "2026-01-01T14:31:30Z",
        },
        {"transactionId": 1043, **ACCEPTED},
        0.027,
        2,
    ),
    (95, SENT, "StatusNotification", _status(2, "Charging"), {}, 0.010, 2),
    (61, SENT, "MeterValues", _meter_values(1, 1042, 11_560, 59_460), {}, 0.012, 1),
    (36, SENT, "MeterValues", _meter_values(2, 1043, 97_310, 48_310), {}, 0.009, 2),
    (18, SENT, "Heartbeat", {}, {"currentTime": "2026-01-01T14:32:48Z"}, 0.008, None),
    (1, SENT, "MeterValues", _meter_values(1, 1042, 12_553, 59_460), None, 0.0, 1),
)

SECOND = charging(
    2,
    vehicle="Saloon 82",
    vid="VID:000000000002",
    soc_percent=61.0,
    power_w=48_310.0,
    voltage_v=402.5,
    current_a=120.0,
    register_wh=98_120.0,
    limited_by="cabinet",
    transaction=TransactionSnapshot(1043, "MY_TAG", NOW - timedelta(seconds=96), 96_905, 1_215.0),
    token="MY_TAG",
    trace_w=tuple(min(48_310.0, power) for power in RAMP[:96]),
)
EXAMPLE_LINK: LinkSnapshot = replace(ONLINE, url="ws://csms.example:9000/ocpp")


def _busy(second: ConnectorSnapshot = SECOND) -> StationSnapshot:
    return station((charging(1), second), link=EXAMPLE_LINK)


# -- the pictures of the others --------------------------------------------------------------------

SKETCH = station()
FREE = station([available(1), available(2)])
OTHERS = (
    station([available(1), charging(2)], charge_point_id="CP02"),
    station([available(1)], charge_point_id="CP03"),
    station([available(1)], charge_point_id="CP04", powered=False),
    station([faulted(1)], charge_point_id="CP05"),
)
MANY = station([(charging, faulted, available)[n % 3](n) for n in range(1, 17)])
ALL = station(
    [available(n, state=state) for n, state in enumerate(tuple(OCPP_16_WORDING.statuses)[:8], 1)]
)
VENDOR = FaultSnapshot("OverVoltage", "E-41", "bus at [1020] V", NOW - timedelta(minutes=3))
OFFLINE = replace(
    ONLINE,
    state=LinkState.WAITING,
    trouble="connection refused",
    retry_at=NOW + timedelta(seconds=8),
    queued=4,
)
RESERVED = ReservationSnapshot(7, "CARD-9", None, NOW + timedelta(minutes=12))
PROFILE = ProfileSnapshot(11_000.0, "TxProfile", 5, 2, 16.0, "A", until=NOW + timedelta(minutes=27))
PAUSED = charging(
    state=ConnectorState.PAUSED_BY_VEHICLE,
    power_w=0.0,
    current_a=0.0,
    limited_by="",
    trace_w=RAMP[:120] + (0.0,) * 60,
    refusals={"local_start": "connector 1 is charging already"},
)
NO_POWER = (0.0,) * 40
ROWS_OF_ALL = (
    available(1),
    available(
        2, state=ConnectorState.PREPARING, plugged=True, vehicle="Saloon 82", soc_percent=34.0
    ),
    charging(3, limited_by="profile", limit_w=11_000.0, power_w=10_980.0),
    replace(PAUSED, connector_id=4),
    changed(PAUSED, connector_id=5, state=ConnectorState.PAUSED_BY_CHARGER),
    available(6, state=ConnectorState.ENDED, plugged=True, vehicle="City 40", soc_percent=80.0),
    available(7, state=ConnectorState.RESERVED, reservation=RESERVED),
    available(8, state=ConnectorState.OUT_OF_SERVICE, operative=False),
    faulted(9),
)
UPDATING = FirmwareSnapshot(
    "Downloading", active=True, version="C2089_V3.0.0", percent=45, since=NOW
)
UPLOADED = UploadSnapshot(
    "UploadFailed",
    file_name="diagnostics.zip",
    since=NOW,
    trouble="the server refused the login",
    failed=True,
)
CAPTION = Caption(
    2, 6, "The cable is in. The cabinet has 60 kW, and now two vehicles want them: each gets half."
)
UNANSWERED = JournalSnapshot(
    (
        JournalEntry(7, "StartTransaction", 2, NOW - timedelta(seconds=50), 2, 5, None),
        JournalEntry(8, "MeterValues", 2, NOW - timedelta(seconds=40), 0, 5, None),
        JournalEntry(9, "StopTransaction", 1, NOW - timedelta(seconds=12), 0, 4, 1042),
    ),
    (LostEntry("MeterValues", 1, 1042, NOW - timedelta(minutes=9), "CALLERROR InternalError"),),
)
WAITING = station(
    (
        available(
            1, state=ConnectorState.PREPARING, plugged=True, vehicle="Compact 60", refusals={}
        ),
        available(2),
    )
)
RULED = replace(
    SKETCH,
    rules=(
        RuleSnapshot(1, "RemoteStartTransaction", "refuse", 1),
        RuleSnapshot(2, "ChangeConfiguration", "delay", None, seconds=30.0, applied=4),
        RuleSnapshot(3, "Reset", "callerror", 3, code="InternalError"),
    ),
    held=(HeldRequest(8, "UnlockConnector", 2, NOW - timedelta(seconds=21)),),
)
DROPPING = WireFault("drop", FROM_CSMS, "StartTransaction", nth=1)
HOLDING = WireFault("hold", action="StatusNotification", kind="request")
MEDDLED = replace(
    SKETCH,
    wire_faults=(
        WireFaultSnapshot(1, DROPPING, in_words(DROPPING), 1),
        WireFaultSnapshot(2, HOLDING, in_words(HOLDING), 1, met=3, applied=3),
    ),
    held_frames=(
        HeldFrame(
            3,
            2,
            TO_CSMS,
            "request",
            "StatusNotification",
            NOW - timedelta(seconds=21),
            '[2,"17","StatusNotification",{"connectorId":1,"errorCode":"NoError",'
            '"status":"Preparing"}]',
            True,
        ),
    ),
)
CONFIGURED = replace(SKETCH, settings=SETTINGS)
BUSY_PORT = "port 7071 is in use: the HTTP sidecar is off"

STATES: tuple[State, ...] = (
    State("dashboard", "two connectors charge", _busy(), exchanges=BUSY_EXCHANGES),
    State("wide", "one charges, one is broken", _busy(faulted(2)), WIDE, exchanges=BUSY_EXCHANGES),
    State(
        "message",
        "the inspector beside the messages",
        _busy(),
        (120, 30),
        ("tab", "tab", "end", "up", "up", "up", "up", "up", "enter"),
        exchanges=BUSY_EXCHANGES,
    ),
    State("fault", "the list of faults", _busy(), press=("2", "f"), exchanges=BUSY_EXCHANGES),
    State("sketch", "one charges, one is broken, on a small screen", SKETCH),
    State("too-small", "a terminal below the smallest size", SKETCH, (52, 14)),
    State("ascii", "with ASCII characters only", SKETCH, ascii=True),
    State("statuses", "eight of the nine statuses", ALL, (160, 40)),
    State("many", "sixteen connectors", MANY, (100, 40), ("3",)),
    State(
        "vendor-fault",
        "a fault with the vendor's code",
        station([charging(), faulted(fault=VENDOR)]),
        press=("2",),
    ),
    State("offline", "the CSMS is away", station(link=OFFLINE)),
    State(
        "pending",
        "the CSMS has not accepted the charge point yet",
        station(link=replace(ONLINE, registration=Registration.PENDING)),
    ),
    State("warning", "something beside the charge point is off", station(warnings=(BUSY_PORT,))),
    State("starting", "before the charge point is there", None),
    State("crashed", "the engine has died", SKETCH, failure="RuntimeError: [boom]"),
    State("several", "several charge points, the list above the cards", SKETCH, others=OTHERS),
    State(
        "several-wide",
        "the list beside the cards",
        SKETCH,
        (140, 40),
        ("right_square_bracket",),
        others=OTHERS,
    ),
    State(
        "not-attached",
        "the connection to a charge point that runs elsewhere is cut",
        SKETCH,
        failure="the connection was cut, again in 4 s (http://lab:7071)",
        attached=True,
    ),
    State("paused", "reading older messages", SKETCH, press=("tab", "tab", "up", "up")),
    State("inspector", "a message and its answer", SKETCH, press=("g", "enter")),
    State("filter", "only what went wrong", SKETCH, press=("slash", "e", "r", "r", "enter")),
    State("palette", "any action by name", SKETCH, press=("ctrl+p", *"start")),
    State("faults", "the list of faults, searched", FREE, press=("f", *"vol")),
    State("quit", "the question on leaving", SKETCH, press=("q",)),
    State("help", "what the keys do", SKETCH, (100, 40), ("question_mark",)),
    State("zoom", "one card with all the room", SKETCH, press=("z",)),
    State("nine", "all nine statuses in the table", station(ROWS_OF_ALL), (100, 30)),
    State("new", "two free connectors, as a newcomer meets them", FREE),
    State(
        "reserved",
        "one is kept for a card, one waits for its answer",
        station(
            (
                available(1, state=ConnectorState.RESERVED, reservation=RESERVED),
                available(
                    2,
                    state=ConnectorState.PREPARING,
                    plugged=True,
                    authorizing=True,
                    token="CARD-9",
                    trace_w=NO_POWER,
                ),
            )
        ),
    ),
    State(
        "held-back",
        "a charging profile binds one, the other goes out of service afterwards",
        station(
            (
                charging(
                    1, limited_by="profile", limit_w=11_000.0, power_w=10_980.0, profile=PROFILE
                ),
                replace(SECOND, limit_w=30_000.0, scheduled_availability="Inoperative"),
            )
        ),
    ),
    State(
        "screen",
        "what the CSMS has the charger show to its drivers",
        replace(
            station(
                (
                    charging(screen=("0.41 EUR so far", "Welcome back. 0.30 EUR per kWh")),
                    available(2, screen=("3.20 EUR in all",)),
                )
            ),
            screen=("Drive carefully: it is icy", "New: chargers at the market"),
        ),
    ),
    State(
        "suspended",
        "the vehicle pauses, and the charge point does",
        station((PAUSED, changed(PAUSED, connector_id=2, state=ConnectorState.PAUSED_BY_CHARGER))),
    ),
    State(
        "finishing",
        "one has ended, one waits for its vehicle",
        station(
            (
                available(
                    1,
                    state=ConnectorState.ENDED,
                    plugged=True,
                    vehicle="Compact 60",
                    soc_percent=80.0,
                    trace_w=RAMP + NO_POWER,
                    refusals={},
                ),
                available(
                    2,
                    state=ConnectorState.PREPARING,
                    token="DRIVER-2",
                    plug_by=NOW + timedelta(seconds=44),
                ),
            )
        ),
    ),
    State(
        "firmware",
        "an update is under way, an upload has failed",
        station(
            (available(1, state=ConnectorState.OUT_OF_SERVICE, operative=False), available(2)),
            firmware=UPDATING,
            upload=UPLOADED,
        ),
    ),
    State("story", "the demo tells its story", _busy(), exchanges=BUSY_EXCHANGES, caption=CAPTION),
    State(
        "free-play",
        "somebody plays with the demo",
        _busy(),
        exchanges=BUSY_EXCHANGES,
        caption=replace(CAPTION, free=True),
    ),
    State("single", "one connector", station((charging(1),))),
    State(
        "sixty-four",
        "sixty-four connectors",
        station([(charging, available, charging, faulted)[n % 4](n) for n in range(1, 65)]),
        press=("down", "down"),
    ),
    State(
        "journal",
        "what the CSMS has not answered yet",
        station(link=OFFLINE, journal=UNANSWERED),
        press=("J",),
    ),
    State(
        "configuration",
        "the configuration keys, and who has changed them",
        CONFIGURED,
        press=("C", "down", "down", "down"),
    ),
    State(
        "configuration-edit",
        "a key is changed in its place",
        CONFIGURED,
        press=("C", *"sample", "enter", "backspace", "5"),
    ),
    State("answers", "how the CSMS is answered otherwise", RULED, press=("a",)),
    State(
        "ruled",
        "a standing mark says that the CSMS is answered otherwise",
        RULED,
    ),
    State(
        "wire-faults",
        "frames are dropped on the way, and one is held",
        MEDDLED,
        press=("A",),
    ),
    State(
        "recording",
        "what is done is recorded",
        replace(SKETCH, recording=RecordingSnapshot(NOW - timedelta(seconds=40), 7)),
    ),
    State("rule-new", "what becomes of a request", RULED, press=("a", "n", *"remotest", "enter")),
    State("say", "what to say to the CSMS", SKETCH, press=("m",)),
    State(
        "say-form",
        "a message as a form, and what is wrong with it",
        SKETCH,
        press=("m", *"statusn", "enter", "down", "down", "d"),
    ),
    State("say-json", "its payload as JSON", SKETCH, press=("m", *"meterv", "enter", "j")),
    State("start-with", "which card to start with", WAITING, press=("S",)),
    *SHEET_STATES,
    *BEDSIDE_STATES,
    *OCPP201_STATES,
)
STATE: dict[str, State] = {state.name: state for state in STATES}
