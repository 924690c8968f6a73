"""What the screens make of an OCPP: frames in one line, states in its words, and of an OCPP that
nobody here can read what can be said without reading it."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from fake_host import FakeHost, ScriptedExchange, available, charging, station
from hypothesis import given
from hypothesis import strategies as st
from screen_text import make_app, rows, settled, text_of, until

import tui
from sim_core.ocpp16.status import STATES
from sim_core.wire.message_log import Direction
from tui.http_call import SidecarAddress
from tui.protocols.frame_summary import answer_summary, request_summary
from tui.protocols.known import wording_of
from tui.protocols.ocpp16 import OCPP_16_WORDING
from tui.protocols.payload import pretty
from tui.text import plain
from tui.widgets.frame_notes import request_notes

V16, V201, UNKNOWN = "ocpp1.6", "ocpp2.0.1", "ocpp2.1"
ANYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("action", "payload", "said"),
    [
        ("Authorize", {"idTag": "A1"}, "A1"),
        ("StartTransaction", {"connectorId": 1, "meterStart": 11190, "idTag": "T"}, "T meter 11.190 kWh"),  # noqa: E501
        ("StatusNotification", {"status": "Charging", "errorCode": "NoError"}, "Charging"),
        ("StatusNotification", {"status": "Faulted", "errorCode": "OverVoltage", "vendorErrorCode": "E4"}, "Faulted OverVoltage E4"),  # noqa: E501
        ("StopTransaction", {"transactionId": 7, "reason": "Remote", "meterStop": 9}, "tx 7 Remote meter 0.009 kWh"),  # noqa: E501
        ("MeterValues", {"meterValue": [{"sampledValue": [
            {"value": "25.0", "measurand": "Temperature", "unit": "Celsius"},
            {"value": "60000", "measurand": "Power.Offered", "unit": "W"},
            {"value": "59460", "measurand": "Power.Active.Import", "unit": "W"},
            {"value": "much", "measurand": "RPM"},
        ]}]}, "59.46 kW 25 °C offered 60 kW much"),
        ("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "60"}, "HeartbeatInterval = 60"),  # noqa: E501
        ("GetConfiguration", {}, "all keys"),
        ("SomethingNew", {"a": 1}, '{"a": 1}'),
    ],
)  # fmt: skip
def test_requests_are_summed_up(action: str, payload: object, said: str) -> None:
    assert request_summary(action, json.dumps([2, "x", action, payload]), V16) == said


@pytest.mark.parametrize(
    ("action", "payload", "said"),
    [
        ("Authorize", {"idTagInfo": {"status": "Blocked"}}, "Blocked"),
        ("StartTransaction", {"transactionId": 5, "idTagInfo": {"status": "Accepted"}}, "tx 5"),
        ("Heartbeat", {"currentTime": "x"}, "ok"),
        ("GetConfiguration", {"configurationKey": [1, 2], "unknownKey": ["a"]}, "2 keys 1 unknown"),
        ("RemoteStartTransaction", {"status": "Rejected"}, "Rejected"),
    ],
)
def test_answers_are_summed_up(action: str, payload: object, said: str) -> None:
    assert answer_summary(action, json.dumps([3, "x", payload]), V16) == said


PERIODS = [{"startPeriod": 0, "limit": 20000}, {"startPeriod": 60, "limit": 0}]


@pytest.mark.parametrize(
    ("action", "payload", "said"),
    [
        ("NotifyChargingLimit", {"chargingLimit": {"chargingLimitSource": "EMS"}}, "EMS"),
        (
            "NotifyChargingLimit",
            {
                "chargingLimit": {"chargingLimitSource": "SO", "isGridCritical": True},
                "chargingSchedule": [{"chargingRateUnit": "W", "chargingSchedulePeriod": PERIODS}],
            },
            "SO critical for the grid 20000 W +1",
        ),
        ("NotifyChargingLimit", {"chargingLimit": 7}, ""),
        ("ClearedChargingLimit", {"chargingLimitSource": "SO", "evseId": 1}, "SO"),
    ],
)
def test_limits_of_others_are_summed_up(action: str, payload: object, said: str) -> None:
    assert request_summary(action, json.dumps([2, "x", action, payload]), V201) == said


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANYTHING,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANYTHING, inner, max_size=3),
    max_leaves=8,
)
KEYS = ["idTag", "status", "meterValue", "sampledValue", "value", "key", "idTagInfo", "chargingProfile"]  # noqa: E501  # fmt: skip


@given(
    st.sampled_from([*OCPP_16_WORDING.requests, "Nonsense"]),
    st.dictionaries(st.sampled_from(KEYS), JSON),
)
def test_no_payload_breaks_a_summary(action: str, payload: object) -> None:
    for summary in (
        request_summary(action, json.dumps([2, "x", action, payload]), V16),
        answer_summary(action, json.dumps([3, "x", payload]), V16),
    ):
        assert summary == plain(summary)


@given(ANYTHING)
def test_no_frame_breaks_the_pretty_printer(frame: str) -> None:
    assert all(line == plain(line) for line in pretty(frame))


def test_meter_values_lead_with_energy_and_power() -> None:
    samples = [
        {"value": "35", "measurand": "SoC", "unit": "Percent"},
        {"value": "59460", "measurand": "Power.Active.Import", "unit": "W"},
        {"value": "12.553", "unit": "kWh"},
    ]
    payload = {"connectorId": 1, "meterValue": [{"sampledValue": samples}]}
    frame = json.dumps([2, "x", "MeterValues", payload])
    assert request_summary("MeterValues", frame, V16) == "12.553 kWh 59.46 kW 35 %"


# -- an OCPP that nobody here can read -------------------------------------------------------------

NOTIFIED = {"connectorStatus": "Occupied", "evseId": 1}
STARTED: ScriptedExchange = (3, Direction.SENT, "StatusNotification", NOTIFIED, {}, 0.01, 1)


def test_a_frame_is_shown_as_it_is_where_there_are_no_words_for_it() -> None:
    frame = json.dumps([2, "x", "StatusNotification", NOTIFIED])
    assert request_summary("StatusNotification", frame, UNKNOWN) == json.dumps(NOTIFIED)
    assert request_notes("StatusNotification", frame, UNKNOWN) == ()
    assert answer_summary("BootNotification", '[3,"x",{"status":"Pending"}]', UNKNOWN) == "Pending"
    assert answer_summary("StatusNotification", '[3,"x",{}]', UNKNOWN) == "ok"


async def test_the_screens_show_a_station_of_another_ocpp() -> None:
    occupied = charging(status="Occupied", limited_by="")
    host = FakeHost(station([occupied, available(2)], subprotocol=UNKNOWN), exchanges=(STARTED,))
    app = make_app(host, http=SidecarAddress("http://127.0.0.1:7071"))
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        await settled(pilot)
        assert "1 ▶ Occupied" in text_of(app)
        assert '"connectorStatus": "Occupied"' in text_of(app)
        await pilot.press("tab", "tab", "enter")
        await until(pilot, lambda: '"evseId": 1' in text_of(app))
        assert "schema" not in text_of(app)
        await pilot.press("c")
        await until(pilot, lambda: "/messages?after=0" in app.clipboard)
        await pilot.press("escape", "question_mark", "slash", *"paused")
        await until(pilot, lambda: "‖ paused by the vehicle" in text_of(app))


async def test_each_exchange_is_read_by_the_ocpp_that_was_spoken_when_it_came() -> None:
    host = FakeHost(station([available(1)]), exchanges=())
    app = make_app(host)
    async with app.run_test(size=(100, 24)) as pilot:
        await until(pilot, lambda: app.dashboard.focused is not None)
        host.add(9, Direction.SENT, "Authorize", {"idTag": "OLD"}, {}, 0.01)
        await settled(pilot)
        host.snapshot = station([available(1)], subprotocol=UNKNOWN)
        host.add(1, Direction.SENT, "Authorize", {"idToken": {"idToken": "NEW"}}, {}, 0.01)
        await settled(pilot)
        old, new = (row for row in rows(app) if "Authorize" in row)
        assert "Authorize                OLD " in old
        assert '{"idToken": {"idToken": "NEW"}}' in new


# -- borders ---------------------------------------------------------------------------------------

SHARED = {"Available", "Reserved", "Unavailable", "Faulted", "DataTransfer"}
"""What every OCPP spells alike."""
OF_ONE_VERSION = {"idTag", V16, *OCPP_16_WORDING.requests, *OCPP_16_WORDING.statuses.values()}
MAY_NAME_IT = (
    *(f"protocols/{name}.py" for name in ("ocpp16", "ocpp201", "meanings", "message_facts")),
    "pictures/",
    "glossary.py",  # it explains the words of all
)


def test_a_version_is_named_in_its_own_module_alone() -> None:
    here = Path(tui.__file__).parent
    named = {
        (str(path.relative_to(here)), node.value)
        for path in here.rglob("*.py")
        if not str(path.relative_to(here)).startswith(MAY_NAME_IT)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value in OF_ONE_VERSION - SHARED
    }
    assert named == set()


def test_the_screens_and_the_station_spell_each_state_alike() -> None:
    spelled = {state: status.value for status, state in STATES.items()}
    assert wording_of(V16).statuses == spelled
