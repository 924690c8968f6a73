"""OCPP-J on the wire: URL, sub-protocol, frames, ids, errors, timestamps, pings, back-off.

W3: the link sends the header for any key bytes; which configuration key holds them belongs to the
security profiles. W8a: known but unsupported is NotSupported, unknown is NotImplemented.
"""

from __future__ import annotations

import asyncio
import base64
import http
import itertools
import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

import jsonschema
import pytest
from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.frames import Frame, Opcode
from websockets.typing import Subprotocol

from sim_core.commands import LinkDown, LinkUp, Plug, Start, Stop, SuspendEV, Unplug
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.runtime.clock import Clock, ManualClock
from sim_core.snapshot import LinkState, Registration
from sim_core.wire.access import Access, dial
from sim_core.wire.connecting import charge_point_url
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.link import Link
from sim_core.wire.message_log import Direction, ExchangeState, MessageLog
from sim_core.wire.speaker import Speaker
from tests.conformance.acts import (
    back_online,
    calls,
    charge,
    checked,
    configure,
    payloads,
    said,
    unplug_network,
)
from tests.harness import Harness, HarnessClock
from tests.patience import PATIENCE_S
from tests.scripted_csms import Drop, Hold, ScriptedCsms
from tests.versions import OCPP_1_6

CODES_OF_1_6 = {
    "NotImplemented",
    "NotSupported",
    "InternalError",
    "ProtocolError",
    "SecurityError",
    "FormationViolation",
    "PropertyConstraintViolation",
    "OccurenceConstraintViolation",
    "TypeConstraintViolation",
    "GenericError",
}
OFFERED = [OCPP_1_6.subprotocol]

Gate = Callable[[ServerConnection, Request], "Response | None"]


class Door(ScriptedCsms):
    """A scripted CSMS whose handshake is scripted too, and which sees pings and close codes."""

    def __init__(
        self,
        subprotocols: Sequence[Subprotocol] | None = OFFERED,
        gate: Gate | None = None,
        compression: str | None = "deflate",
    ) -> None:
        super().__init__()
        self.subprotocols = subprotocols
        self.gate = gate
        self.compression = compression
        self.pings = 0
        self.pinged = asyncio.Event()
        self.requests: list[Request] = []
        self.close_codes: list[int | None] = []

    async def start(self, port: int = 0) -> None:
        door = self

        class Connection(ServerConnection):
            def process_event(self, event: Any) -> None:
                if isinstance(event, Frame) and event.opcode is Opcode.PING:
                    door.pings += 1
                    door.pinged.set()
                super().process_event(event)

            def connection_lost(self, error: Exception | None) -> None:
                door.close_codes.append(self.protocol.close_code)
                super().connection_lost(error)

        def process_request(connection: ServerConnection, request: Request) -> Response | None:
            self.requests.append(request)
            return self.gate(connection, request) if self.gate else None

        self._server = await serve(
            self._serve,
            "127.0.0.1",
            port or self.port,
            subprotocols=self.subprotocols,
            process_request=process_request,
            compression=self.compression,
            create_connection=Connection,
            max_size=16 * 1024 * 1024,
            ping_interval=None,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    @property
    def connection(self) -> ServerConnection:
        assert self._open is not None
        return self._open


async def a_rich_session(harness: Harness) -> None:
    """Something of everything that a charge point says."""
    await configure(
        harness,
        MeterValuesSampledData="Energy.Active.Import.Register,Voltage,Current.Import,"
        "Power.Active.Import,SoC,Temperature,Power.Offered",
        StopTxnSampledData="Energy.Active.Import.Register,SoC",
        MeterValueSampleInterval="10",
        ClockAlignedDataInterval="60",
    )
    await harness.submit(Plug(1))
    await harness.submit(Start(1, "TAG"))
    await checked(harness)
    await harness.advance(125)
    await harness.submit(SuspendEV(1))
    for trigger in ("BootNotification", "Heartbeat", "MeterValues", "StatusNotification"):
        await harness.ask("TriggerMessage", requestedMessage=trigger)
    await harness.submit(Stop(1))
    await harness.submit(Unplug(1))
    await harness.advance(400)


# -- W1 to W3: the handshake -----------------------------------------


@pytest.mark.row("W1", "URL")
@pytest.mark.parametrize(
    ("identity", "segment"),
    [
        ("CP01", "CP01"),
        ("CP/1", "CP%2F1"),
        ("CP 1", "CP%201"),
        ("CP#1?x", "CP%231%3Fx"),
        ("Säule", "S%C3%A4ule"),
        ("100%", "100%25"),
    ],
)
async def test_the_identity_is_one_encoded_segment(identity: str, segment: str) -> None:
    async with Harness(charge_point_id=identity) as harness:
        assert harness.csms.paths == [f"/ocpp/{segment}"]
        assert harness.registration is Registration.ACCEPTED


@pytest.mark.row("W1", "URL")
@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("ws://h:9000", "ws://h:9000/CP"),
        ("ws://h/", "ws://h/CP"),
        ("wss://h/a/b/c/", "wss://h/a/b/c/CP"),
        ("ws://h/ocpp?tenant=7", "ws://h/ocpp/CP?tenant=7"),
    ],
)
def test_deep_paths_trailing_slashes_and_queries(base: str, url: str) -> None:
    assert charge_point_url(base, "CP") == url


@pytest.mark.row("W2", "sub-protocol")
async def test_ocpp16_is_offered() -> None:
    async with Door() as csms, Harness(csms=csms):
        assert csms.requests[0].headers["Sec-WebSocket-Protocol"] == "ocpp1.6"


@pytest.mark.row("W2", "sub-protocol")
@pytest.mark.parametrize("offered", [None, [Subprotocol("ocpp2.0.1")]])
async def test_without_the_sub_protocol_nothing_is_said(
    offered: list[Subprotocol] | None,
) -> None:
    async with Door(offered) as csms, Harness(csms=csms) as harness:
        link = harness.station.snapshot.link
        assert link.state is LinkState.WAITING
        assert "ocpp1.6" in link.trouble
        assert csms.frames == []
        await csms.stop()
        csms.subprotocols = OFFERED
        await csms.start()
        await harness.advance(60)
        assert harness.registration is Registration.ACCEPTED


@pytest.mark.row("W3", "basic authentication")
async def test_the_authorization_key_goes_out_as_raw_bytes() -> None:
    key = bytes(range(236, 256))
    async with Door() as csms:
        arrived = asyncio.Event()

        async def session(_: Endpoint) -> None:
            arrived.set()

        link = Link(
            charge_point_url(csms.url, "CP 1"),
            [Speaker(OCPP_16, {}, lambda one: (session(one),), lambda: True)],
            clock=_clock(),
            log=MessageLog(),
            on_change=lambda: None,
            note=lambda _: None,
            ping_interval_s=lambda: 0.0,
            call_timeout_s=30,
            rng=random.Random(1),
            dial=lambda url: dial(url, "CP 1", Access(key=key)),
        )
        running = asyncio.ensure_future(link.run())
        await asyncio.wait_for(arrived.wait(), PATIENCE_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        scheme, _, credentials = csms.requests[0].headers["Authorization"].partition(" ")
        assert scheme == "Basic"
        assert base64.b64decode(credentials) == b"CP 1:" + key


@pytest.mark.row("W3", "basic authentication")
async def test_without_a_key_there_is_no_header() -> None:
    async with Door() as csms, Harness(csms=csms):
        assert "Authorization" not in csms.requests[0].headers


def _clock() -> Clock:
    return HarnessClock()


# -- W4 to W7: frames, ids, one call at a time -----------------------


@pytest.mark.row("W4", "frames")
@pytest.mark.row("W5", "message ids")
async def test_the_shape_of_every_frame() -> None:
    async with Harness() as harness:
        await a_rich_session(harness)
        await harness.csms.ask_raw("Nonsense" * 300, {})
        await harness.csms.ask_raw("Reset", {"type": "x" * 5000})
        own_ids: list[str] = []
        for frame in map(json.loads, harness.csms.frames):
            if frame[0] == 2:
                _, message_id, action, payload = frame
                own_ids.append(message_id)
                assert isinstance(action, str)
            elif frame[0] == 3:
                _, message_id, payload = frame
            else:
                assert frame[0] == 4
                _, message_id, code, description, payload = frame
                assert code in CODES_OF_1_6
                assert isinstance(description, str)
                assert len(description) <= 255
            assert isinstance(payload, dict)
            assert isinstance(message_id, str)
        assert all(0 < len(message_id) <= 36 for message_id in own_ids)
        assert len(set(own_ids)) == len(own_ids) > 20


@pytest.mark.row("W5", "message ids")
async def test_the_id_of_an_answer_is_that_of_the_request() -> None:
    async with Harness() as harness:
        for message_id in ("1", "x" * 36, "ä ü", '"quoted"'):
            harness.csms.clear()
            await harness.csms.send_text(json.dumps([2, message_id, "GetConfiguration", {}]))
            await harness.csms.until(lambda: bool(harness.csms.frames))
            assert json.loads(harness.csms.frames[0])[:2] == [3, message_id]


@pytest.mark.row("W6", "one call at a time")
async def test_one_call_is_open_and_the_other_side_is_answered_meanwhile() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "5"}) as harness:
        await charge(harness)
        harness.csms.script["MeterValues"].append(Hold(release := asyncio.Event()))
        await harness.advance(20)
        await harness.submit(Plug(2))
        await harness.submit(Stop(1))
        assert said(harness) == ["MeterValues"], "everything else waits"
        assert (await harness.ask("GetConfiguration"))["configurationKey"]
        assert await harness.ask("TriggerMessage", requestedMessage="Heartbeat") == {
            "status": "Accepted"
        }
        assert said(harness) == ["MeterValues"]
        release.set()
        await harness.settle()
        assert sorted(said(harness)) == sorted(
            [
                *["MeterValues"] * 4,
                "StopTransaction",
                "Heartbeat",
                "StatusNotification 1 Finishing",
                "StatusNotification 2 Preparing",
            ]
        )


@pytest.mark.row("W7", "call timeout")
async def test_a_call_without_an_answer_is_over_after_a_time_and_a_late_answer_is_harmless() -> (
    None
):
    async with Harness() as harness:
        harness.csms.script["Heartbeat"].append(Drop())
        harness.csms.script["StatusNotification"].append(Drop())
        harness.csms.clear()
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        await harness.submit(Plug(1))
        await harness.advance(29)
        assert said(harness) == ["Heartbeat"]
        await harness.advance(1)
        assert said(harness)[1:] == ["StatusNotification 1 Preparing"]
        await harness.advance(30)
        for call in harness.csms.of("Heartbeat", "StatusNotification"):
            for _ in range(2):
                await harness.csms.send_text(json.dumps([3, call.message_id, {}]))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        assert harness.status() == "Charging"
        assert len(harness.csms.of("Heartbeat")) == 1, "what is no transaction message is dropped"


@pytest.mark.row("W7", "call timeout")
async def test_an_authorize_without_an_answer_is_decided_as_offline() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        harness.csms.script["Authorize"].append(Drop())
        deciding = asyncio.ensure_future(harness.station.submit(Start(1, "STRANGER")))
        await harness.csms.next_call("Authorize")
        await harness.advance(30)
        outcome = await deciding
        assert not outcome.ok
        assert harness.status() == "Preparing"


# -- W8: CALLERROR ---------------------------------------------------


@pytest.mark.row("W8", "CALLERROR codes")
@pytest.mark.row("W8a", "NotImplemented and NotSupported")
@pytest.mark.parametrize(
    ("action", "payload", "code"),
    [
        ("NoSuchAction", {}, "NotImplemented"),
        ("resetcharger", {"type": "Soft"}, "NotImplemented"),
        ("", {}, "NotImplemented"),
        ("SetChargingProfile", {}, "NotSupported"),
        ("ReserveNow", {"connectorId": 1}, "NotSupported"),
        ("Heartbeat", {}, "NotSupported"),
        ("RemoteStartTransaction", {}, "ProtocolError"),
        ("Reset", {}, "ProtocolError"),
        ("DataTransfer", {}, "ProtocolError"),
        ("DataTransfer", {"vendorId": 7}, "TypeConstraintViolation"),
        ("RemoteStartTransaction", {"idTag": 5}, "TypeConstraintViolation"),
        ("RemoteStopTransaction", {"transactionId": "1000"}, "TypeConstraintViolation"),
        ("RemoteStopTransaction", {"transactionId": 1.5}, "TypeConstraintViolation"),
        ("UnlockConnector", {"connectorId": True}, "TypeConstraintViolation"),
        ("UnlockConnector", {"connectorId": None}, "TypeConstraintViolation"),
        ("GetConfiguration", {"key": "HeartbeatInterval"}, "TypeConstraintViolation"),
        ("RemoteStartTransaction", {"idTag": "x" * 21}, "PropertyConstraintViolation"),
        ("Reset", {"type": "Firm"}, "PropertyConstraintViolation"),
        ("ChangeConfiguration", {"key": "x" * 51, "value": ""}, "PropertyConstraintViolation"),
        ("GetConfiguration", {"key": ["x"] * 1000}, "OccurenceConstraintViolation"),
        ("Reset", {"type": "Soft", "when": "now"}, "FormationViolation"),
        ("ClearCache", {"all": True}, "FormationViolation"),
        ("ClearCache", [], "FormationViolation"),
        ("ClearCache", None, "FormationViolation"),
        ("ClearCache", "{}", "FormationViolation"),
    ],
)
async def test_the_code_of_a_refusal(action: str, payload: object, code: str) -> None:
    async with Harness(keys={"SupportedFeatureProfiles": "Core"}) as harness:
        kind, _, told, description, details = await harness.csms.ask_raw(action, payload)
        assert (kind, told, details) == (4, code, {})
        assert description
        assert harness.registration is Registration.ACCEPTED


@pytest.mark.row("W8", "CALLERROR codes")
@pytest.mark.parametrize("data", ["text", {"an": "object"}, ["a", 1], 5, None, True])
async def test_data_transfer_with_anything_as_data(data: object) -> None:
    async with Harness() as harness:
        kind, _, answer = await harness.csms.ask_raw(
            "DataTransfer", {"vendorId": "v", "data": data}
        )
        assert (kind, answer) == (3, {"status": "UnknownVendorId"})


@pytest.mark.row("W8", "CALLERROR codes")
async def test_what_a_csms_adds_to_an_answer_is_tolerated() -> None:
    csms = ScriptedCsms()
    csms.script["BootNotification"].append(
        {
            "status": "Accepted",
            "interval": 60,
            "currentTime": "2026-01-01T12:00:00Z",
            "vendorSays": {"hello": [1, 2, None]},
        }
    )
    async with csms, Harness(csms=csms) as harness:
        assert harness.registration is Registration.ACCEPTED
        csms.script["StartTransaction"].append(
            {"transactionId": 5, "idTagInfo": {"status": "Accepted", "x": 1}, "y": [2]}
        )
        await charge(harness)
        await harness.submit(Stop(1))
        assert payloads(harness, "StopTransaction")[0]["transactionId"] == 5


# -- W9, W10: frames that are none -----------------------------------

NOT_A_MESSAGE = [
    "",
    "null",
    "{}",
    "[]",
    "[2]",
    '[2,"a"]',
    '"text"',
    "17",
    "[2,",
    "\x00",
    '[9,"a",{}]',
    '[1,"a","Reset",{"type":"Hard"}]',
    '["2","a","Reset",{"type":"Hard"}]',
    '[null,"a","Reset",{"type":"Hard"}]',
    '[true,"a","Reset",{"type":"Hard"}]',
    '[2,5,"Reset",{"type":"Hard"}]',
    '[2,null,"Reset",{"type":"Hard"}]',
    '[2,["a"],"Reset",{"type":"Hard"}]',
    '[[2],"a","Reset",{"type":"Hard"}]',
    '{"2":["a","Reset",{}]}',
]


@pytest.mark.row("W9", "frames that are no messages")
@pytest.mark.parametrize("text", NOT_A_MESSAGE)
async def test_a_frame_that_is_no_message_is_ignored(text: str) -> None:
    async with Harness() as harness:
        harness.csms.clear()
        await harness.csms.send_text(text)
        assert (await harness.ask("GetConfiguration"))["configurationKey"]
        assert len(harness.csms.frames) == 1, "no answer but to the good call"
        assert harness.csms.connections == 1
        _, exchanges = harness.messages.since(0)
        assert [e.request for e in exchanges if e.direction is Direction.NOISE] == [text]


@pytest.mark.row("W9", "frames that are no messages")
@pytest.mark.parametrize(
    "text",
    [
        '[2,"a","Reset"]',
        '[2,"a","Reset",{"type":"Hard"},{}]',
        '[2,"a",{"type":"Hard"},"Reset"]',
        '[2,"a",["Reset"],{}]',
        '[2,"a",null,{"type":"Hard"}]',
    ],
)
async def test_a_call_that_is_not_well_formed_is_told_so(text: str) -> None:
    async with Harness() as harness:
        harness.csms.clear()
        await harness.csms.send_text(text)
        await harness.csms.until(lambda: bool(harness.csms.frames))
        kind, message_id, code, *_ = json.loads(harness.csms.frames[0])
        assert (kind, message_id) == (4, "a")
        assert code in CODES_OF_1_6
        assert harness.csms.connected


@pytest.mark.row("W10", "answers to nothing")
async def test_answers_that_nobody_waits_for_leave_no_trace() -> None:
    async with Harness() as harness:
        harness.csms.clear()
        for number in range(3000):
            await harness.csms.send_text(json.dumps([3, f"x{number}", {"status": "Accepted"}]))
            await harness.csms.send_text(json.dumps([4, f"y{number}", "GenericError", "", {}]))
        await charge(harness)
        assert harness.csms.connections == 1
        assert harness.station.snapshot.link.waiting_since is None


@pytest.mark.row("W10", "answers to nothing")
async def test_an_answer_without_a_payload_ends_the_call_at_once() -> None:
    async with Harness() as harness:
        harness.csms.script["Heartbeat"].append(Hold(asyncio.Event()))
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        beat = await harness.csms.next_call("Heartbeat")
        await harness.csms.send_text(json.dumps([3, beat.message_id, None]))
        await harness.submit(Plug(1))
        assert said(harness)[-1] == "StatusNotification 1 Preparing"


def test_the_log_of_messages_is_bounded_by_number_and_by_length() -> None:
    log = MessageLog(size=50, characters=1000)
    moment = _clock().now()
    for length in (*([10] * 200), *([300] * 20), 5000, 10):
        number = log.open(Direction.NOISE, "noise", "", "x" * length, moment)
        log.close(number, ExchangeState.ERROR, answer="y" * length)
        _, kept = log.since(0)
        assert len(kept) <= 50
        assert sum(len(e.request + e.answer) for e in kept) <= 1000 or len(kept) == 1
    assert [e.request for e in log.since(0)[1]] == ["x" * 10]


# -- W11: pings ------------------------------------------------------


@pytest.mark.row("W11", "pings")
async def test_a_ping_is_answered_and_pings_are_sent() -> None:
    async with Door() as csms, Harness(csms=csms, keys={"WebSocketPingInterval": "1"}):
        await asyncio.wait_for(await csms.connection.ping(), PATIENCE_S)
        await asyncio.wait_for(csms.pinged.wait(), PATIENCE_S)
        assert csms.connected


@pytest.mark.row("W11", "pings")
async def test_the_interval_of_pings_is_that_of_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()  # pings go by the computer's time
    monkeypatch.setattr(ManualClock, "wall", clock)

    async def pings_within(seconds: float) -> int:
        before = csms.pings
        await clock.advance(seconds)
        await harness.ask("GetConfiguration", key=[])  # what was sent before has arrived before
        return csms.pings - before

    async with Door() as csms, Harness(csms=csms, keys={"WebSocketPingInterval": "45"}) as harness:
        assert await pings_within(44.9) == 0
        assert await pings_within(0.2) == 1
        await configure(harness, WebSocketPingInterval="7")  # counts at once
        assert await pings_within(6.9) == 0
        assert await pings_within(0.2) == 1
        await configure(harness, WebSocketPingInterval="0")
        assert await pings_within(100_000) == 0
        await configure(harness, WebSocketPingInterval="20")
        assert await pings_within(20) == 1
        assert csms.connections == 1


# -- W12, W13: timestamps and numbers --------------------------------


@pytest.mark.row("W12", "timestamps")
async def test_every_timestamp_is_rfc_3339_in_utc() -> None:
    async with Harness() as harness:
        await a_rich_session(harness)
        text = "".join(harness.csms.frames)
        told = re.findall(r'"timestamp":"([^"]*)"', text)
        assert len(told) > 20
        form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
        assert [stamp for stamp in told if not form.fullmatch(stamp)] == []


@pytest.mark.row("W12", "timestamps")
@pytest.mark.parametrize(
    "current_time",
    [
        "2026-01-01T12:30:00Z",
        "2026-01-01T12:30:00.000Z",
        "2026-01-01T12:30:00.000000+00:00",
        "2026-01-01T14:30:00+02:00",
        "2026-01-01T07:00:00.0-05:30",
        "2026-01-01T14:30:00+0200",
        "2026-01-01t12:30:00z",
        "2026-01-01 12:30:00",
        "2026-01-01T12:30:00.000000000Z",
    ],
)
async def test_every_sensible_form_of_a_time_is_understood(current_time: str) -> None:
    csms = ScriptedCsms()
    csms.script["BootNotification"].append(
        {"status": "Accepted", "interval": 60, "currentTime": current_time}
    )
    async with csms, Harness(csms=csms) as harness:
        await harness.submit(Plug(1))
        told = payloads(harness, "StatusNotification")[-1]["timestamp"]
        assert told.startswith("2026-01-01T12:30:0")


@pytest.mark.row("W12", "timestamps")
@pytest.mark.parametrize(
    "current_time",
    [
        *("soon", "", "0", "12:30", "2026-02-30T12:30:00Z", "2026-01-01T25:30:00Z"),
        *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00Z"),
        *(None, 5, 1.5, True, [], {}, ["2026-01-01T12:30:00Z"]),
    ],
)
async def test_a_time_that_is_none_changes_nothing(current_time: object) -> None:
    csms = ScriptedCsms()
    csms.script["BootNotification"].append(
        {"status": "Accepted", "interval": 60, "currentTime": current_time}
    )
    async with csms, Harness(csms=csms) as harness:
        assert harness.registration is Registration.ACCEPTED
        await harness.submit(Plug(1))
        told = payloads(harness, "StatusNotification")[-1]["timestamp"]
        assert told.startswith("2026-01-01T12:00:00")


def leaves(value: object) -> list[object]:
    """Every value in a JSON document that has no values in it."""
    if isinstance(value, dict):
        return [leaf for part in value.values() for leaf in leaves(part)]
    if isinstance(value, list):
        return [leaf for part in value for leaf in leaves(part)]
    return [value]


@pytest.mark.row("W13", "numbers")
async def test_numbers_are_json_integers_and_samples_are_strings() -> None:
    async with Harness() as harness:
        await a_rich_session(harness)
        assert {call.action for call in calls(harness)} >= {
            *("BootNotification", "StatusNotification", "Authorize", "StartTransaction"),
            *("MeterValues", "StopTransaction", "Heartbeat"),
        }
        for call in calls(harness):
            schema = harness.version.schema(call.action)
            jsonschema.Draft4Validator(schema).validate(call.payload)
            assert {type(leaf) for leaf in leaves(call.payload)} <= {str, int}, call
            values = call.payload.get("meterValue", [])
            for value in (*values, *call.payload.get("transactionData", [])):
                for sampled in value["sampledValue"]:
                    assert re.fullmatch(r"-?\d+(\.\d+)?", sampled["value"])


# -- W14: closing and coming back ------------------------------------


@pytest.mark.row("W14", "close codes and back-off")
async def test_an_own_close_is_a_normal_one() -> None:
    async with Door() as csms, Harness(csms=csms) as harness:
        await harness.submit(LinkDown())
        await csms.until(lambda: not csms.connected)
        assert csms.close_codes == [1000]


@pytest.mark.row("W14", "close codes and back-off")
async def test_it_dials_again_whatever_the_csms_answers_and_ever_more_rarely() -> None:
    clock = HarnessClock()
    dialled: list[float] = []
    statuses = [401, 403, 404, 400, 426, 429, 500, 502, 503, 503, 503, 503]

    def gate(connection: ServerConnection, _: Request) -> Response | None:
        dialled.append(clock.monotonic())
        if len(dialled) > len(statuses):
            return None
        return connection.respond(http.HTTPStatus(statuses[len(dialled) - 1]), "no\n")

    async with Door(gate=gate) as csms, Harness(csms=csms, clock=clock) as harness:
        assert "401" in harness.station.snapshot.link.trouble
        await harness.advance(400)
        assert harness.registration is Registration.ACCEPTED
        assert len(dialled) == len(statuses) + 1
        gaps = [after - before for before, after in itertools.pairwise(dialled)]
        for number, gap in enumerate(gaps):
            limit = min(30.0, 2.0**number)
            assert limit / 10 <= gap <= limit
        assert len({gap / min(30.0, 2.0**n) for n, gap in enumerate(gaps)}) > 6, "at random"


@pytest.mark.row("W14", "close codes and back-off")
@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1013, 4000])
async def test_it_comes_back_after_any_close(code: int) -> None:
    async with Door() as csms, Harness(csms=csms) as harness:
        await charge(harness)
        await csms.connection.close(code, "because")
        await harness.advance(5)
        assert csms.connections == 2
        assert harness.registration is Registration.ACCEPTED
        assert harness.status() == "Charging"
        assert said(harness) == back_online(harness)


@pytest.mark.row("W14", "close codes and back-off")
async def test_after_a_link_that_was_wanted_again_the_pauses_are_short_again() -> None:
    clock, dialled = HarnessClock(), list[float]()

    def gate(connection: ServerConnection, request: Request) -> Response:
        dialled.append(clock.monotonic())
        return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "later")

    async with Door(gate=gate) as csms, Harness(csms=csms, clock=clock) as harness:
        await harness.advance(400)
        await harness.submit(LinkDown())
        dialled.clear()
        await harness.submit(LinkUp())
        await harness.advance(1.01)
        assert len(dialled) >= 2


@pytest.mark.row("W14", "close codes and back-off")
async def test_a_csms_that_accepts_and_closes_at_once_is_not_flooded() -> None:
    class Slammer(Door):
        async def _serve(self, connection: ServerConnection) -> None:
            self.connections += 1
            await connection.close(1011)

    async with Slammer() as csms, Harness(csms=csms) as harness:
        await harness.advance(600)
        assert 15 <= csms.connections <= 50


# -- W15, W16: big and binary frames, compression --------------------


@pytest.mark.row("W15", "big frames")
async def test_two_mebibytes_are_a_frame_like_any_other() -> None:
    async with Harness() as harness:
        await charge(harness)
        entry = {"idTag": "x" * 20, "idTagInfo": {"status": "Accepted"}}
        big = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": [entry] * 30_000}
        assert len(json.dumps(big)) > 2 * 1024 * 1024
        answer = await harness.csms.ask_raw("SendLocalList", big)
        assert answer[2] == {"status": "Failed"}, "one card cannot be named twice"
        answer = await harness.csms.ask_raw(
            "DataTransfer", {"vendorId": "v", "data": "x" * 2 * 1024 * 1024}
        )
        assert answer[2] == {"status": "UnknownVendorId"}
        assert harness.csms.connections == 1
        assert harness.status() == "Charging"


@pytest.mark.row("W15", "big frames")
async def test_a_frame_beyond_every_measure_costs_the_link_and_nothing_else() -> None:
    async with Door() as csms, Harness(csms=csms) as harness:
        await charge(harness)
        await csms.send_text('"' + "x" * 9 * 1024 * 1024 + '"')
        await csms.until(lambda: not csms.connected)
        assert csms.close_codes == [1009]
        await harness.advance(5)
        assert csms.connections == 2
        assert harness.status() == "Charging"


@pytest.mark.row("W16", "binary frames and compression")
async def test_a_binary_frame_is_read_as_text() -> None:
    async with Harness() as harness:
        harness.csms.clear()
        await harness.csms.send_text(b"\xff\xfe\x00\x80")
        await harness.csms.send_text(json.dumps([2, "b", "GetConfiguration", {}]).encode())
        await harness.csms.until(lambda: bool(harness.csms.frames))
        assert json.loads(harness.csms.frames[0])[:2] == [3, "b"]


@pytest.mark.row("W16", "binary frames and compression")
@pytest.mark.parametrize("compression", ["deflate", None])
async def test_a_session_with_and_without_compression(compression: str | None) -> None:
    async with Door(compression=compression) as csms, Harness(csms=csms) as harness:
        extensions = csms.requests[0].headers.get("Sec-WebSocket-Extensions", "")
        assert "permessage-deflate" in extensions
        await charge(harness)
        await unplug_network(harness)
        assert harness.status() == "Charging"
