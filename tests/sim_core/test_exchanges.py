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
from tests.pair import Pair
from tests.scripted_csms import CallError, Cut, Hold


def logged(pair: Pair, action: str) -> list[Exchange]:
    """The exchanges of this action, oldest first."""
    return [one for one in pair.messages.since(0)[1] if one.action == action]


async def test_our_own_calls_carry_their_connector_and_their_transaction() -> None:
    async with Pair(keys={"MeterValueSampleInterval": "10"}) as pair:
        await charge(pair, 2)
        await pair.advance(10)
        await pair.submit(Stop(2))
        (start,) = logged(pair, "StartTransaction")
        assert (start.connector_id, start.transaction_id) == (2, None)
        sample = logged(pair, "MeterValues")[-1]
        assert (sample.connector_id, sample.transaction_id) == (2, 1000)
        (stop,) = logged(pair, "StopTransaction")
        assert stop.transaction_id == 1000
        boot = logged(pair, "BootNotification")[0]
        assert (boot.connector_id, boot.transaction_id) == (None, None)
        for one in (start, sample, stop, boot):
            assert (one.direction, one.state) == (Direction.SENT, ExchangeState.ANSWERED)
            assert one.message_id in one.request
            assert one.answer.startswith("[3,") or one.answer.startswith("[3, ")
            assert one.trouble == ""
            assert one.requested_at <= pair.clock.now()


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
    async with Pair() as pair:
        answer = await pair.csms.ask_raw("UnlockConnector", ids)
        await pair.settle()
        (one,) = logged(pair, "UnlockConnector")
        assert (one.connector_id, one.transaction_id) == kept
        assert one.direction is Direction.RECEIVED
        expected = ExchangeState.ANSWERED if answer[0] == 3 else ExchangeState.ERROR
        assert one.state is expected
        assert answer[1] in one.request
        assert one.message_id == answer[1]
        assert (one.trouble == "") is (answer[0] == 3)
        assert one.latency_s == 0, "no time has passed"


async def test_the_time_to_an_answer_is_told() -> None:
    async with Pair() as pair:
        release = asyncio.Event()
        pair.csms.script["Heartbeat"].append(Hold(release))
        await pair.ask("TriggerMessage", requestedMessage="Heartbeat")
        (waiting,) = logged(pair, "Heartbeat")
        assert (waiting.state, waiting.latency_s) == (ExchangeState.WAITING, None)
        await pair.advance(7)
        release.set()
        await pair.settle()
        (one,) = logged(pair, "Heartbeat")
        assert one.state is ExchangeState.ANSWERED
        assert one.latency_s == pytest.approx(7)


async def test_an_error_and_a_cut_are_told_apart() -> None:
    async with Pair() as pair:
        pair.csms.script["Heartbeat"].append(CallError("InternalError", "broken"))
        await pair.ask("TriggerMessage", requestedMessage="Heartbeat")
        (one,) = logged(pair, "Heartbeat")
        assert one.state is ExchangeState.ERROR
        assert "InternalError" in one.trouble
        assert one.answer.startswith("[4")
        pair.csms.script["Heartbeat"].append(Cut())
        await pair.ask("TriggerMessage", requestedMessage="Heartbeat")
        other = logged(pair, "Heartbeat")[1]
        assert (other.state, other.answer) == (ExchangeState.UNANSWERED, "")
        assert other.trouble


@pytest.mark.parametrize("frame", ["{", "[]", "[2]", '[9,"id",{}]', "[3,1,{}]", '["x","y","z"]'])
async def test_what_is_no_message_is_kept_as_noise_with_its_text(frame: str) -> None:
    async with Pair() as pair:
        before = pair.messages.since(0)[0]
        await pair.csms.send_text(frame)
        await pair.csms.ask("GetLocalListVersion")
        await pair.settle()
        noise = [one for one in pair.messages.since(before)[1] if one.direction is Direction.NOISE]
        (one,) = noise
        assert (one.request, one.state) == (frame, ExchangeState.ERROR)
        assert one.trouble
        assert one.action


@pytest.mark.parametrize(
    ("action", "code"),
    [("Frobnicate", "NotImplemented"), ("Authorize", "NotSupported"), ("x" * 99, "NotImplemented")],
)
async def test_a_refusal_names_the_action_that_it_refuses(action: str, code: str) -> None:
    async with Pair() as pair:
        kind, _, told, description, _ = await pair.csms.ask_raw(action, {})
        assert (kind, told) == (4, code)
        assert action[:50] in description
        assert len(description) <= 255


@pytest.mark.parametrize("secret", ["0123456789abcdef", 'pä"ss\\word-01234', "0" * 20])
async def test_a_secret_is_hidden_and_the_rest_of_its_frame_is_as_it_was(secret: str) -> None:
    async with Pair() as pair:
        payload = {"key": "AuthorizationKey", "value": secret}
        _, message_id, *_ = await pair.csms.ask_raw("ChangeConfiguration", payload)
        await pair.settle()
        (one,) = logged(pair, "ChangeConfiguration")
        kind, told_id, action, told = json.loads(one.request)
        assert (kind, told_id, action) == (2, message_id, "ChangeConfiguration")
        assert told["key"] == "AuthorizationKey"
        assert secret not in told["value"]
        assert json.loads(one.answer)[1] == message_id


async def test_no_two_calls_have_one_id_on_whatever_connection_of_whatever_charge_point() -> None:
    """OCPP-J §4.1.4: an id is never used twice, and a CSMS may hear many charge points."""
    seen: list[str] = []
    for charge_point_id in ("CP01", "CP01", "CP02"):
        async with Pair(charge_point_id=charge_point_id) as pair:
            await pair.csms.cut()
            await pair.advance(5)
            assert pair.csms.connections == 2
            seen += [call.message_id for call in pair.csms.calls]
    assert len(seen) >= 12
    assert len(set(seen)) == len(seen)
    for one in seen:
        assert str(uuid.UUID(one)) == one, "in the form that CSMSs expect"
