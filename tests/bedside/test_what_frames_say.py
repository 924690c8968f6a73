"""What is known of a charger is what its frames have said: no more, whatever they are."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode

from sim_core.bedside import ocpp201_frames
from sim_core.bedside.charger import READERS, Charger
from sim_core.bedside.frame_reader import Message
from sim_core.bedside.happenings import Ended, Knocked, Opened, Passed
from sim_core.bedside.ocpp16_frames import ANSWERS, REQUESTS, moment
from sim_core.bedside.readings import Reading, reading_of
from sim_core.runtime.clock import SystemClock
from sim_core.snapshot import ConnectorState, LinkState, Registration, StationSnapshot
from sim_core.traces.frames import Side
from sim_core.wire.message_log import Direction, ExchangeState
from tests.examples import examples

BEGIN = datetime(2026, 5, 4, 10, 0, tzinfo=timezone.utc)


class StandingClock(SystemClock):
    """Stands still until a test moves it."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        return self.moment


class Wire:
    """A charger that is watched, and both sides in the hand of a test."""

    def __init__(self) -> None:
        self.clock = StandingClock(BEGIN)
        self.charger = Charger("CP01", self.clock, "ws://csms")
        self.count = 0

    def connect(self, passage: int = 1, subprotocol: str = "ocpp1.6") -> None:
        self.charger.knocked(Knocked(passage, self.clock.now(), "CP01", "1.2.3.4:5", "/CP01", ()))
        self.charger.opened(Opened(passage, self.clock.now(), subprotocol))

    def text(self, side: Side, text: str | bytes, opcode: Opcode = Opcode.TEXT) -> None:
        content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        message = Message(opcode, content, len(content))
        passage = self.charger.passage or 1
        self.charger.passed(Passed(passage, self.clock.now(), side, message))
        self.charger.publish()

    def call(
        self, action: str, answer: object = None, /, side: Side = Side.CHARGER, **payload: Any
    ) -> None:
        """A request, and its answer 20 ms later unless it is None."""
        self.count += 1
        other = Side.CSMS if side is Side.CHARGER else Side.CHARGER
        self.text(side, json.dumps([2, str(self.count), action, payload]))
        if answer is not None:
            self.later(0.02)
            self.text(other, json.dumps([3, str(self.count), answer]))

    def later(self, seconds: float) -> None:
        self.clock.moment += timedelta(seconds=seconds)

    @property
    def seen(self) -> StationSnapshot:
        self.charger.publish(anyway=True)
        return self.charger.snapshot


@pytest.fixture
def wire() -> Wire:
    made = Wire()
    made.connect()
    return made


def sample(value: str, measurand: str | None = None, **more: str) -> dict[str, str]:
    return {"value": value, **({"measurand": measurand} if measurand else {}), **more}


def values(*samples: dict[str, str]) -> list[dict[str, Any]]:
    return [{"timestamp": "2026-05-04T10:00:00Z", "sampledValue": list(samples)}]


# -- nothing is invented ---------------------------------------------------------------------------


def test_of_a_charger_that_has_said_nothing_nothing_is_known(wire: Wire) -> None:
    (connector,) = wire.seen.connectors
    assert (connector.state, connector.status) == (ConnectorState.UNKNOWN, "unknown")
    told = (connector.power_w, connector.voltage_v, connector.current_a, connector.register_wh)
    assert told == (None, None, None, None)
    assert connector.plugged is None
    assert wire.seen.link.queued is None
    assert wire.seen.link.registration is Registration.NONE
    assert wire.seen.link.heartbeat_at is None


def test_a_session_is_seen_from_its_begin_to_its_end(wire: Wire) -> None:
    wire.call(
        "BootNotification",
        {"status": "Accepted", "interval": 60, "currentTime": "2026-05-04T10:00:00Z"},
        chargePointVendor="Gresgying",
        chargePointModel="F3",
        firmwareVersion="V2",
    )
    assert wire.seen.link.registration is Registration.ACCEPTED
    assert wire.seen.link.heartbeat_at == wire.clock.now() + timedelta(seconds=60)
    assert (wire.seen.vendor, wire.seen.model, wire.seen.firmware_version) == (
        "Gresgying",
        "F3",
        "V2",
    )
    wire.call("StatusNotification", {}, connectorId=2, status="Preparing", errorCode="NoError")
    wire.call("StartTransaction", None, connectorId=2, idTag="บัตร", meterStart=1000)
    running = wire.seen.connectors[1].transaction
    assert running is not None
    assert (running.transaction_id, running.token) == (None, "บัตร")
    wire.text(Side.CSMS, json.dumps([3, "3", {"transactionId": 7, "idTagInfo": {}}]))
    wire.call("StatusNotification", {}, connectorId=2, status="Charging", errorCode="NoError")
    wire.later(10)
    wire.call(
        "MeterValues",
        {},
        connectorId=2,
        transactionId=7,
        meterValue=values(
            sample("1250", unit="Wh"),
            sample("50.5", "Power.Active.Import", unit="kW"),
            sample("400", "Voltage"),
            sample("126", "Current.Import", location="Outlet"),
            sample("31", "SoC", unit="Percent", location="EV"),
        ),
    )
    wire.later(5)
    seen = wire.seen.connectors[1]
    assert (seen.power_w, seen.voltage_v, seen.current_a) == (50_500.0, 400.0, 126.0)
    assert (seen.register_wh, seen.soc_percent) == (1250.0, 31.0)
    assert seen.transaction is not None
    assert (seen.transaction.transaction_id, seen.transaction.energy_wh) == (7, 250.0)
    assert seen.trace_w == (50_500.0,) * 6
    assert seen.rated_power_w == 60_000.0
    assert seen.plugged is True
    wire.call("StopTransaction", {}, transactionId=7, meterStop=1300, reason="Remote")
    seen = wire.seen.connectors[1]
    assert seen.transaction is None
    assert (seen.power_w, seen.soc_percent, seen.register_wh) == (None, None, 1300.0)
    texts = [event.text for event in wire.charger.events.since(0)[1]]
    assert "connector 2 ends transaction 7 (Remote), 0.300 kWh" in texts


def test_a_session_that_began_before_is_known_by_its_number_only(wire: Wire) -> None:
    wire.call("MeterValues", {}, connectorId=1, transactionId=9, meterValue=values(sample("5")))
    running = wire.seen.connectors[0].transaction
    assert running is not None
    assert (running.transaction_id, running.token) == (9, "")
    assert (running.started_at, running.meter_start_wh, running.energy_wh) == (None, None, None)


def test_a_fault_has_the_makers_code_and_the_time_of_its_begin(wire: Wire) -> None:
    fault = {"errorCode": "OtherError", "vendorErrorCode": "E-42", "info": "fan"}
    wire.call("StatusNotification", {}, connectorId=1, status="Faulted", **fault)
    began = wire.clock.now() - timedelta(seconds=0.02)
    wire.later(60)
    wire.call("StatusNotification", {}, connectorId=1, status="Faulted", **fault)
    seen = wire.seen.connectors[0].fault
    assert seen is not None
    assert (seen.error_code, seen.vendor_error_code, seen.info, seen.since) == (
        "OtherError",
        "E-42",
        "fan",
        began,
    )
    wire.call("StatusNotification", {}, connectorId=1, status="Available", errorCode="NoError")
    assert wire.seen.connectors[0].fault is None


def test_a_word_that_ocpp_does_not_have_is_shown_and_means_nothing(wire: Wire) -> None:
    wire.call("StatusNotification", {}, connectorId=1, status="Dancing", errorCode="NoError")
    seen = wire.seen.connectors[0]
    assert (seen.status, seen.state) == ("Dancing", ConnectorState.UNKNOWN)


def test_the_configuration_says_how_many_connectors_there_are(wire: Wire) -> None:
    rows = [{"key": "NumberOfConnectors", "readonly": True, "value": "3"}]
    wire.call("GetConfiguration", {"configurationKey": rows}, side=Side.CSMS)
    assert [one.connector_id for one in wire.seen.connectors] == [1, 2, 3]


def test_a_reservation_holds_until_it_is_cancelled_or_over(wire: Wire) -> None:
    until = "2026-05-04T11:00:00Z"
    asked = {"connectorId": 1, "reservationId": 4, "idTag": "A", "expiryDate": until}
    wire.call("ReserveNow", {"status": "Rejected"}, side=Side.CSMS, **asked)
    assert wire.seen.connectors[0].reservation is None
    wire.call("ReserveNow", {"status": "Accepted"}, side=Side.CSMS, **asked)
    held = wire.seen.connectors[0].reservation
    assert held is not None
    assert (held.token, held.until) == ("A", BEGIN.replace(hour=11))
    wire.later(3600)
    assert wire.seen.connectors[0].reservation is None


def test_what_a_stranger_speaks_is_shown_and_not_read() -> None:
    wire = Wire()
    wire.connect(subprotocol="ocpp9.9")
    wire.call("StatusNotification", {}, connectorId=1, status="Available", errorCode="NoError")
    assert wire.seen.connectors[0].state is ConnectorState.UNKNOWN
    assert wire.seen.warnings == (
        "ocpp9.9 is relayed and shown, but not read: the cards stay empty",
    )
    assert wire.charger.messages.count == 1


def test_a_session_of_ocpp_201_is_seen_from_its_begin_to_its_end() -> None:
    wire = Wire()
    wire.connect(subprotocol="ocpp2.0.1")
    station = {"vendorName": "Gresgying", "model": "F3"}
    booted = {"status": "Accepted", "interval": 60, "currentTime": "2026-05-04T10:00:00Z"}
    wire.call("BootNotification", booted, chargingStation=station, reason="PowerUp")
    assert (wire.seen.vendor, wire.seen.link.registration) == ("Gresgying", Registration.ACCEPTED)
    where = {"evseId": 2, "connectorId": 1}
    wire.call("StatusNotification", {}, connectorStatus="Occupied", **where)
    assert wire.seen.connectors[1].state is ConnectorState.PREPARING

    def event(kind: str, wh: int, state: str, **more: Any) -> None:
        unit = {"unit": "kWh", "multiplier": 0}
        wire.call(
            "TransactionEvent",
            {},
            eventType=kind,
            evse={"id": 2, "connectorId": 1},
            transactionInfo={"transactionId": "t-1", "chargingState": state, **more},
            idToken={"idToken": "CARD", "type": "ISO14443"},
            meterValue=[{"sampledValue": [{"value": wh / 1000, "unitOfMeasure": unit}]}],
        )

    event("Started", 1000, "EVConnected")
    event("Updated", 1500, "Charging")
    seen = wire.seen.connectors[1]
    assert seen.transaction is not None
    assert (seen.transaction.transaction_id, seen.transaction.token) == ("t-1", "CARD")
    assert (seen.state, seen.transaction.energy_wh) == (ConnectorState.CHARGING, 500.0)
    event("Ended", 1700, "EVConnected", stoppedReason="Remote")
    seen = wire.seen.connectors[1]
    assert (seen.state, seen.transaction) == (ConnectorState.ENDED, None)
    (session,) = wire.seen.sessions
    assert (session.energy_wh, session.reason) == (700.0, "Remote")
    wire.call("StatusNotification", {}, connectorStatus="Faulted", **where)
    assert wire.seen.connectors[1].fault is not None


# -- exchanges -------------------------------------------------------------------------------------


def test_an_exchange_has_its_latency_and_who_asked(wire: Wire) -> None:
    wire.call("Heartbeat", {"currentTime": "x"})
    wire.call("Reset", {"status": "Accepted"}, side=Side.CSMS, type="Soft")
    first, second = wire.charger.messages.since(0)[1]
    assert (first.direction, first.state, first.latency_s) == (
        Direction.SENT,
        ExchangeState.ANSWERED,
        pytest.approx(0.02),
    )
    assert second.direction is Direction.RECEIVED


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ("hello", "a message that is no JSON"),
        ("{}", "a message that is no OCPP-J"),
        ("[2]", "a message that is no OCPP-J"),
        ('[5,"1",{}]', "a message of a type that OCPP-J does not have"),
        ('[2,1,"Heartbeat",{}]', "a message whose id is no text"),
        ('[2,"1","Heartbeat"]', "a request that is not as OCPP-J has it"),
        ('[3,"1",[]]', "an answer that is not as OCPP-J has it"),
        ('[3,"1",{}]', "answers a request that nobody has made"),
        ("[" * 100_000, "a message that is no JSON"),
        (b"\xff\xfe", "a message that is no JSON"),
    ],
)
def test_what_is_no_ocpp_is_a_row_of_the_messages(wire: Wire, text: str | bytes, flaw: str) -> None:
    wire.text(Side.CHARGER, text)
    (row,) = wire.charger.messages.since(0)[1]
    assert (row.direction, row.trouble) == (Direction.NOISE, flaw)


def test_what_is_open_at_the_end_of_a_connection_stays_unanswered(wire: Wire) -> None:
    wire.call("Heartbeat")
    assert wire.seen.link.waiting_since == wire.clock.now()
    wire.charger.ended(Ended(1, wire.clock.now(), "the CSMS has vanished", Side.CSMS, True))
    (row,) = wire.charger.messages.since(0)[1]
    assert row.state is ExchangeState.UNANSWERED
    assert wire.seen.link.state is LinkState.WAITING
    assert wire.seen.link.trouble == "the CSMS has vanished"
    assert wire.seen.link.waiting_since is None


def test_a_new_connection_takes_the_place_of_one_that_has_not_ended(wire: Wire) -> None:
    wire.connect(2)
    wire.charger.ended(Ended(1, wire.clock.now(), "late", Side.CHARGER, True))
    assert wire.seen.link.state is LinkState.CONNECTED


def test_an_attempt_that_is_refused_ends_nothing_that_is_open(wire: Wire) -> None:
    wire.charger.knocked(Knocked(2, wire.clock.now(), "CP01", "1.2.3.4:6", "/CP01", ()))
    refused = Ended(2, wire.clock.now(), "the CSMS refuses it: HTTP 401", Side.CSMS, False)
    wire.charger.ended(refused)
    assert wire.seen.link.state is LinkState.CONNECTED
    wire.call("Heartbeat", {})
    assert wire.charger.messages.count == 1


def test_the_value_of_a_secret_key_is_nowhere(wire: Wire) -> None:
    secret = {"key": "AuthorizationKey", "value": "0123456789abcdef0123"}
    wire.call("ChangeConfiguration", {"status": "Accepted"}, side=Side.CSMS, **secret)
    (row,) = wire.charger.messages.since(0)[1]
    assert secret["value"] not in row.request
    assert "AuthorizationKey" in row.request


# -- meter values ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("samples", "reading"),
    [
        ([sample("5")], Reading(register_wh=5.0)),
        ([sample("5", unit="kWh")], Reading(register_wh=5000.0)),
        ([sample("1e3", "Power.Active.Import")], Reading(power_w=1000.0)),
        (
            [sample(str(n), "Power.Active.Import", phase=f"L{n}") for n in (1, 2, 3)],
            Reading(power_w=6.0),
        ),
        ([sample("230", "Voltage", phase="L1-N")], Reading(voltage_v=230.0)),
        (
            [sample("9", "Voltage", location="Inlet"), sample("400", "Voltage", location="Outlet")],
            Reading(voltage_v=400.0),
        ),
        ([sample("9", "Voltage", location="Inlet")], Reading(voltage_v=9.0)),
        ([sample("101", "SoC")], Reading()),
        ([sample("abc"), sample("nan"), sample("inf", "Voltage"), sample("")], Reading()),
        ([sample("5", unit="furlong")], Reading()),
        ([sample("AABB", format="SignedData")], Reading()),
    ],
)
def test_meter_values_of_every_style(samples: list[dict[str, str]], reading: Reading) -> None:
    assert reading_of(values(*samples)) == reading


def test_the_newest_of_several_samples_counts() -> None:
    assert reading_of([*values(sample("1")), *values(sample("2"))]).register_wh == 2.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-05-04T10:00:00Z", BEGIN),
        ("2026-05-04T12:00:00.1234567+02:00", BEGIN.replace(microsecond=123456)),
        ("2026-05-04T10:00:00", BEGIN),
        ("9999-12-31T23:59:59-23:59", None),
        ("yesterday morning", None),
        (7, None),
    ],
)
def test_times_of_every_style(text: object, expected: datetime | None) -> None:
    assert moment(text) == expected


# -- hostile frames --------------------------------------------------------------------------------

SCRAPS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["Accepted", "Faulted", "Charging", "Available", "1", "2026-05-04T10:00:00Z"])
)
WORDS = """
connectorId transactionId status errorCode info idTag meterStart meterStop meterValue sampledValue
value measurand unit phase location reason interval key configurationKey type reservationId
expiryDate parentIdTag idTagInfo currentTime chargePointVendor vendorErrorCode transactionData
format requestedMessage evseId connectorStatus evse id transactionInfo chargingState eventType
stoppedReason idToken chargingStation vendorName model unitOfMeasure multiplier
"""
NAMES = st.sampled_from(WORDS.split())
PAYLOADS = st.recursive(
    SCRAPS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)
KNOWN = {*REQUESTS, *ANSWERS, *ocpp201_frames.REQUESTS}
ACTIONS = st.sampled_from(sorted({*KNOWN, "Authorize", "\x1b[31m"}))
FRAMES = st.one_of(
    st.tuples(st.just(2), st.sampled_from("abc"), ACTIONS, st.dictionaries(NAMES, PAYLOADS)),
    st.tuples(st.just(3), st.sampled_from("abc"), st.dictionaries(NAMES, PAYLOADS)),
    st.tuples(st.just(4), st.sampled_from("abc"), PAYLOADS, PAYLOADS, PAYLOADS),
    st.tuples(SCRAPS, SCRAPS, SCRAPS),
).map(lambda frame: json.dumps(frame))
SIDES = st.sampled_from(list(Side))


@settings(deadline=None, max_examples=examples(40))
@given(
    st.sampled_from(sorted(READERS)),
    st.lists(st.tuples(SIDES, FRAMES | st.text(max_size=30)), max_size=20),
)
def test_no_frame_is_the_end_of_it_and_each_is_seen(
    subprotocol: str, frames: list[tuple[Side, str]]
) -> None:
    wire = Wire()
    wire.connect(subprotocol=subprotocol)
    for side, text in frames:
        wire.text(side, text)
        wire.later(1)
    seen = wire.seen
    assert len(seen.connectors) <= 64
    json.dumps([one.trace_w for one in seen.connectors])
    asked = wire.charger.messages.since(0)[1]
    answers = sum(bool(one.answer) for one in asked)
    assert len(asked) + answers == len(frames)
    for event in wire.charger.events.since(0)[1]:
        assert event.text.isprintable()
