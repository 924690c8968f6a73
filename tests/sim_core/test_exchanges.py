"""What the log of messages says of each exchange: whose connector, which transaction, what became
of it and after how long."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest

from sim_core.commands import Stop
from sim_core.wire.message_log import Direction, Exchange, ExchangeState
from tests.conformance.acts import charge
from tests.harness import Harness
from tests.scripted_csms import CallError, Cut, Hold


def logged(harness: Harness, action: str) -> list[Exchange]:
    """The exchanges of this action, oldest first."""
    return [one for one in harness.messages.since(0)[1] if one.action == action]


async def test_our_own_calls_carry_their_connector_and_their_transaction() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        await charge(harness, 2)
        await harness.advance(10)
        await harness.submit(Stop(2))
        (start,) = logged(harness, "StartTransaction")
        assert (start.connector_id, start.transaction_id) == (2, None)
        sample = logged(harness, "MeterValues")[-1]
        assert (sample.connector_id, sample.transaction_id) == (2, 1000)
        (stop,) = logged(harness, "StopTransaction")
        assert stop.transaction_id == 1000
        boot = logged(harness, "BootNotification")[0]
        assert (boot.connector_id, boot.transaction_id) == (None, None)
        for one in (start, sample, stop, boot):
            assert (one.direction, one.state) == (Direction.SENT, ExchangeState.ANSWERED)
            assert one.message_id in one.request
            assert one.answer.startswith("[3,") or one.answer.startswith("[3, ")
            assert one.trouble == ""
            assert one.requested_at <= harness.clock.now()


@pytest.mark.parametrize(
    ("ids", "kept"),
    [
        ({"connectorId": 2}, (2, None)),
        ({"transactionId": 1000}, (None, 1000)),
        ({"connectorId": 1, "transactionId": 2**40}, (1, 2**40)),
        ({"connectorId": "1", "transactionId": None}, (None, None)),
        ({"connectorId": 1.5, "transactionId": 2**64}, (None, None)),
        ({}, (None, None)),
    ],
)
async def test_calls_of_the_csms_carry_theirs_where_they_are_numbers(
    ids: dict[str, Any], kept: tuple[int | None, int | None]
) -> None:
    async with Harness() as harness:
        answer = await harness.csms.ask_raw("UnlockConnector", ids)
        await harness.settle()
        (one,) = logged(harness, "UnlockConnector")
        assert (one.connector_id, one.transaction_id) == kept
        assert one.direction is Direction.RECEIVED
        expected = ExchangeState.ANSWERED if answer[0] == 3 else ExchangeState.ERROR
        assert one.state is expected
        assert answer[1] in one.request
        assert one.message_id == answer[1]
        assert (one.trouble == "") is (answer[0] == 3)
        assert one.latency_s == 0, "no time has passed"


async def test_the_time_to_an_answer_is_told() -> None:
    async with Harness() as harness:
        release = asyncio.Event()
        harness.csms.script["Heartbeat"].append(Hold(release))
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        (waiting,) = logged(harness, "Heartbeat")
        assert (waiting.state, waiting.latency_s) == (ExchangeState.WAITING, None)
        await harness.advance(7)
        release.set()
        await harness.settle()
        (one,) = logged(harness, "Heartbeat")
        assert one.state is ExchangeState.ANSWERED
        assert one.latency_s == pytest.approx(7)


async def test_an_error_and_a_cut_are_told_apart() -> None:
    async with Harness() as harness:
        harness.csms.script["Heartbeat"].append(CallError("InternalError", "broken"))
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        (one,) = logged(harness, "Heartbeat")
        assert one.state is ExchangeState.ERROR
        assert "InternalError" in one.trouble
        assert one.answer.startswith("[4")
        harness.csms.script["Heartbeat"].append(Cut())
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        other = logged(harness, "Heartbeat")[1]
        assert (other.state, other.answer) == (ExchangeState.UNANSWERED, "")
        assert other.trouble


@pytest.mark.parametrize("frame", ["{", "[]", "[2]", '[9,"id",{}]', "[3,1,{}]", '["x","y","z"]'])
async def test_what_is_no_message_is_kept_as_noise_with_its_text(frame: str) -> None:
    async with Harness() as harness:
        before = harness.messages.since(0)[0]
        await harness.csms.send_text(frame)
        await harness.csms.ask("GetLocalListVersion")
        await harness.settle()
        noise = [
            one for one in harness.messages.since(before)[1] if one.direction is Direction.NOISE
        ]
        (one,) = noise
        assert (one.request, one.state) == (frame, ExchangeState.ERROR)
        assert one.trouble
        assert one.action


@pytest.mark.parametrize(
    ("action", "code"),
    [("Frobnicate", "NotImplemented"), ("Authorize", "NotSupported"), ("x" * 99, "NotImplemented")],
)
async def test_a_refusal_names_the_action_that_it_refuses(action: str, code: str) -> None:
    async with Harness() as harness:
        kind, _, told, description, _ = await harness.csms.ask_raw(action, {})
        assert (kind, told) == (4, code)
        assert action[:50] in description
        assert len(description) <= 255


@pytest.mark.parametrize("secret", ["0123456789abcdef", 'pä"ss\\word-01234', "0" * 20])
async def test_a_secret_is_hidden_and_the_rest_of_its_frame_is_as_it_was(secret: str) -> None:
    async with Harness() as harness:
        payload = {"key": "AuthorizationKey", "value": secret}
        _, message_id, *_ = await harness.csms.ask_raw("ChangeConfiguration", payload)
        await harness.settle()
        (one,) = logged(harness, "ChangeConfiguration")
        kind, told_id, action, told = json.loads(one.request)
        assert (kind, told_id, action) == (2, message_id, "ChangeConfiguration")
        assert told["key"] == "AuthorizationKey"
        assert secret not in told["value"]
        assert json.loads(one.answer)[1] == message_id


async def test_no_two_calls_have_one_id_on_whatever_connection_of_whatever_charge_point() -> None:
    """OCPP-J §4.1.4: an id is never used twice, and a CSMS may hear many charge points."""
    seen: list[str] = []
    for charge_point_id in ("CP01", "CP01", "CP02"):
        async with Harness(charge_point_id=charge_point_id) as harness:
            await harness.csms.cut()
            await harness.advance(5)
            assert harness.csms.connections == 2
            seen += [call.message_id for call in harness.csms.calls]
    assert len(seen) >= 12
    assert len(set(seen)) == len(seen)
    for one in seen:
        assert str(uuid.UUID(one)) == one, "in the form that CSMSs expect"
        assert uuid.UUID(one).version == 4
    for group in zip(*(one.split("-") for one in seen), strict=True):
        assert len(set(group)) > 1, "each is drawn anew"
