"""What the `ocpp` package does in 2.0.1 that nobody would expect, and what is done instead.

It is used for its schemas and its names of actions; frames, fields, codes and routes are ours. Each
trap was met by running the package. They are numbered as they were found; several are one question
to one charge point.
"""

from __future__ import annotations

import inspect
import json
import math
import re
import sys
from datetime import datetime, timezone
from typing import Any

import pytest

from sim_core import charge_points
from sim_core.charging.domain_events import Sample
from sim_core.charging.vocabulary import Context
from sim_core.commands import Plug, Send, Start, Stop
from sim_core.hardware.measurands import MEASURANDS
from sim_core.hardware.meter import Reading
from sim_core.ocpp201 import display
from sim_core.ocpp201.dialect import OCPP_201
from sim_core.ocpp201.metering import known, meter_value
from sim_core.settings.model_file import load_model
from sim_core.wire.routes import Route, Routes
from sim_core.wire.routing import ProfileRoutes
from tests.conformance201.acts import OWN, charge, events, set_variables, variable
from tests.harness import Harness
from tests.scripted_csms import CallError
from tests.versions import OCPP_2_0_1, Payload

SECRET = "a password of ours"
CUSTOM = {
    "vendorId": "somebody",
    "my_key": 1,
    "URL": "x",
    "associated": {"csmsName": "y", "Nested.A_b": [{"evse_url": 1}]},
}
"""Names that the package's spelling of names mangles on the way in or out."""


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


def routes(h: Harness) -> dict[str, Route]:
    """Every route of a charge point."""
    charge_point: Any = h.station.charge_point
    assert charge_point.get("Reset") is not None
    kept: Any = charge_point._routes
    marked: ProfileRoutes = kept._routes
    found: Routes = marked
    return {action: route for action in marked if (route := found.get(action)) is not None}


def snake(name: str) -> str:
    """A field as a handler has it."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def values_of(schema: Payload, name: str) -> set[str]:
    """The words of an enumeration of a schema."""
    return set(schema["definitions"][name]["enum"])


# -- names, by tables ------------------------------------------------------------------------------


async def test_traps_1_8_20_25_handlers_have_the_fields_of_their_schema_and_room_for_more() -> None:
    async with harness() as h:
        found = routes(h)
    assert len(found) > 30
    for action, route in found.items():
        schema = OCPP_2_0_1.schema(action)  # Action.data_transfer is DataTransfer on the wire
        parameters = inspect.signature(route.handler).parameters
        fields = {snake(name) for name in schema["properties"]}
        own = {p.name for p in parameters.values() if p.kind is not p.VAR_KEYWORD}
        required = {p.name for p in parameters.values() if p.default is p.empty}
        assert own <= fields, action
        assert required - {"_"} <= {snake(name) for name in schema.get("required", ())}, action
        takes_more = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
        assert takes_more, f"{action}: customData would be an error inside"


def test_trap_2_the_schemas_are_the_packages() -> None:
    response = OCPP_2_0_1.schema("Get15118EVCertificateResponse")
    assert response["properties"]["exiResponse"]["maxLength"] == 7500, "the text says 5600"


def test_traps_3_4_5_24_nothing_of_2_1_is_loaded_or_offered() -> None:
    """Where Python is old the package has no v21 at all; where it is there it does not answer."""
    assert charge_points.MAKERS
    assert [name for name in sys.modules if name.startswith("ocpp.v21")] == []
    assert OCPP_201.subprotocol == "ocpp2.0.1"


def test_trap_9_words_are_those_of_the_schemas() -> None:
    asked = OCPP_2_0_1.schema("SetDisplayMessage")
    states = {display.IDLE, display.CHARGING, display.FAULTED, display.UNAVAILABLE}
    assert states <= values_of(asked, "MessageStateEnumType")
    assert set(display.RANKS) <= values_of(asked, "MessagePriorityEnumType")
    measurands = values_of(OCPP_2_0_1.schema("MeterValues"), "MeasurandEnumType")
    assert set(known(tuple(MEASURANDS))) <= measurands


async def test_trap_10_variables_have_names_and_no_notation() -> None:
    async with harness() as h:
        model: Any = h.station.charge_point.model  # type: ignore[union-attr]
        for one in model:
            for name in (one.address.component.name, one.address.variable.name):
                assert re.fullmatch(r"[A-Za-z0-9]+", name), one.address


# -- numbers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1.23456])
def test_traps_16_17_18_a_value_is_a_number_that_json_has(value: float) -> None:
    reading = Reading(register_wh=value if math.isfinite(value) else 5.0, voltage_v=value)
    sample = Sample(
        datetime(2026, 1, 1, tzinfo=timezone.utc), Context.PERIODIC, reading, ("Voltage",)
    )
    told = meter_value(sample, load_model("generic").metering)
    (sampled,) = told["sampledValue"]
    assert isinstance(sampled["value"], float)
    assert math.isfinite(sampled["value"])
    assert json.loads(json.dumps(told, allow_nan=False)) == told


# -- one charge point, many questions --------------------------------------------------------------


async def test_traps_6_7_names_that_are_nobodys_are_left_alone() -> None:
    async with harness() as h:
        message = {
            "id": 1,
            "priority": "NormalCycle",
            "message": {"format": "UTF8", "content": "x", "customData": CUSTOM},
            "customData": CUSTOM,
        }
        assert (await h.ask("SetDisplayMessage", message=message))["status"] == "Accepted"
        await h.ask("GetDisplayMessages", requestId=1)
        assert h.csms.of("NotifyDisplayMessages")[0].payload["messageInfo"] == [message]
        data = {"start_time": 1, "Nested.A_b": {"evseURL": 2, "my_key": 3}}
        payload = {"vendorId": "v", "data": data, "customData": CUSTOM}
        await h.submit(Send("DataTransfer", json.dumps(payload)))
        assert h.csms.of("DataTransfer")[0].payload == payload


DATED: list[tuple[str, Payload]] = [
    (
        "UpdateFirmware",
        {"requestId": 1, "firmware": {"location": "http://x", "retrieveDateTime": "soon"}},
    ),
    ("ReserveNow", {"id": 1, "expiryDateTime": "soon", "idToken": OWN}),
    (
        "GetLog",
        {
            "logType": "SecurityLog",
            "requestId": 1,
            "log": {"remoteLocation": "http://127.0.0.1:1", "oldestTimestamp": "soon"},
        },
    ),
    (
        "SetDisplayMessage",
        {
            "message": {
                "id": 1,
                "priority": "InFront",
                "message": {"format": "UTF8", "content": "x"},
                "endDateTime": "soon",
            }
        },
    ),
    (
        "SetChargingProfile",
        {
            "evseId": 1,
            "chargingProfile": {
                "id": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute",
                "validFrom": "soon",
                "chargingSchedule": [
                    {
                        "id": 1,
                        "startSchedule": "2026-01-01T00:00:00Z",
                        "chargingRateUnit": "W",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 1.0}],
                    }
                ],
            },
        },
    ),
]
"""Requests with a moment that is none: the package's validator takes any text for a date-time."""
NEGATIVE: list[tuple[str, Payload]] = [
    ("ChangeAvailability", {"operationalStatus": "Inoperative", "evse": {"id": -1}}),
    ("Reset", {"type": "Immediate", "evseId": -1}),
    ("GetCompositeSchedule", {"duration": 60, "evseId": -1}),
    ("RequestStartTransaction", {"remoteStartId": 1, "idToken": OWN, "evseId": -1}),
    ("TriggerMessage", {"requestedMessage": "StatusNotification", "evse": {"id": -1}}),
    ("UnlockConnector", {"evseId": -1, "connectorId": 1}),
    ("ReserveNow", {"id": 1, "expiryDateTime": "2026-01-02T00:00:00Z", "idToken": OWN,
                    "evseId": -1}),
]  # fmt: skip
"""Requests for an EVSE that is below every number: no schema of 2.0.1 has a least one."""


async def test_traps_15_19_what_no_schema_checks_is_refused_here() -> None:
    async with harness() as h:
        for action, payload in DATED:
            kind, _, *rest = await h.csms.ask_raw(action, payload)
            refused = rest[0] == "PropertyConstraintViolation" if kind == 4 else rest[0]["status"]
            assert refused in (True, "Rejected"), action
        for action, payload in NEGATIVE:
            answer = await h.ask(action, **payload)
            assert answer["status"] in ("Rejected", "UnknownConnector"), action
        for number in (1.5, True, "1", None):
            kind, _, code, *_ = await h.csms.ask_raw("Reset", {"type": "OnIdle", "evseId": number})
            assert (kind, code) == (4, "TypeConstraintViolation"), number


async def test_traps_11_12_a_bad_request_is_not_said_again() -> None:
    async with harness() as h:
        data = {**variable("SecurityCtrlr.BasicAuthPassword", SECRET), "attributeType": "Secret"}
        frame = await h.csms.ask_raw("SetVariables", {"setVariableData": [data]})
        assert frame[0] == 4
        assert frame[2] == "PropertyConstraintViolation"
        assert frame[4] == {}
        assert SECRET not in str(frame)
        assert SECRET not in str(h.messages.since(0)) + str(h.events.since(0))


async def test_trap_13_codes_that_the_package_does_not_know_are_answers_all_the_same() -> None:
    async with harness() as h:
        for code in ("MessageTypeNotSupported", "RpcFrameworkError", "Nonsense"):
            h.csms.script["Heartbeat"].append(CallError(code))
            await h.ask("TriggerMessage", requestedMessage="Heartbeat")
        assert len(h.csms.of("Heartbeat")) == 3
        assert h.csms.connections == 1


async def test_trap_14_no_list_is_empty() -> None:
    async with harness() as h:
        names = ("TxStartedMeasurands", "TxUpdatedMeasurands", "TxEndedMeasurands")
        await set_variables(h, **{f"SampledDataCtrlr__{name}": "" for name in names})
        await charge(h)
        await h.advance(15)
        await h.submit(Stop(1))
        assert events(h)
        assert "[]" not in json.dumps(events(h))
        for action in ("GetInstalledCertificateIds", "GetLocalListVersion"):
            assert [] not in (await h.ask(action)).values()


async def test_traps_4_5_21_frames_that_are_no_calls_end_nothing() -> None:
    async with harness() as h:
        for frame in ('[5,"a","GenericError","",{}]', '[6,"a","NotifyPeriodicEventStream",{}]'):
            await h.csms.send_text(frame)
        kind, _, code, *_ = await h.csms.ask_raw("NotifyPeriodicEventStream", {})
        assert (kind, code) == (4, "NotImplemented")
        kind, _, code, *_ = await h.csms.ask_raw("PublishFirmware", {})
        assert (kind, code) == (4, "NotSupported")
        assert h.csms.connections == 1


async def test_trap_22_a_report_is_told_in_parts() -> None:
    """A schema takes as long as what it checks is large: 300 variables at once are 0.1 s."""
    async with harness() as h:
        await h.ask("GetBaseReport", requestId=1, reportBase="FullInventory")
        sizes = [len(json.dumps(part.payload)) for part in h.csms.of("NotifyReport")]
        assert len(sizes) > 3
        assert max(sizes) < 16_000


async def test_trap_23_both_versions_live_in_one_process() -> None:
    async with harness() as new, Harness() as old:
        assert (await new.ask("ClearCache"))["status"] == "Accepted"
        assert (await old.ask("ClearCache"))["status"] == "Accepted"
        assert await new.ask("GetLocalListVersion") == {"versionNumber": 0}
        assert "listVersion" in await old.ask("GetLocalListVersion")
        for h in (new, old):
            await h.submit(Plug(1))
            await h.submit(Start(1, "TAG"))
            await h.advance(2)
            assert h.connector().transaction is not None
