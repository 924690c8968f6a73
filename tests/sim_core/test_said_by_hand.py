"""Somebody says anything to the CSMS in place of the charge point: valid, not valid, no message."""

from __future__ import annotations

import asyncio
import json

import pytest

from sim_core.commands import (
    Accepted,
    GoSilent,
    LinkDown,
    Outcome,
    PowerOff,
    Refused,
    Send,
    SendFrame,
)
from sim_core.wire.message_log import Direction, Exchange, ExchangeState
from tests.harness import Harness
from tests.scripted_csms import Hold


def last(harness: Harness) -> Exchange:
    return harness.messages.since(0)[1][-1]


async def test_a_valid_message_is_sent_and_its_answer_told() -> None:
    async with Harness() as harness:
        outcome = await harness.submit(Send("DataTransfer", '{"vendorId": "acme"}'))
        assert isinstance(outcome, Accepted)
        assert outcome.detail == "answered"
        assert isinstance(json.loads(outcome.answer), dict)
        assert harness.csms.of("DataTransfer")[-1].payload == {"vendorId": "acme"}
        seen = last(harness)
        assert (seen.direction, seen.action) == (Direction.SENT, "DataTransfer")
        assert seen.state is ExchangeState.ANSWERED


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (Send("Nonsense"), "'Nonsense' is not an action of OCPP 1.6"),
        (Send("Reset", '{"type": "Soft"}'), "Reset is asked by a CSMS, not by a charge point"),
        (Send("Heartbeat", "[1]"), "the payload is an array: OCPP-J wants an object"),
        (Send("Authorize"), '"idTag" is a required property (ProtocolError)'),
        (SendFrame('[3, "x", {}]'), "it is a CALLRESULT, and nobody has asked"),
    ],
)
async def test_what_is_not_allowed_is_refused_once_and_sent_when_somebody_insists(
    command: Send | SendFrame, reason: str
) -> None:
    async with Harness() as harness:
        frames = len(harness.csms.frames)
        assert await harness.submit(command) == Refused(reason, may_insist=True)
        assert len(harness.csms.frames) == frames
        insisted = (
            Send(command.action, command.payload, anyway=True)
            if isinstance(command, Send)
            else SendFrame(command.frame, anyway=True)
        )
        assert isinstance(await harness.submit(insisted), Accepted)
        assert len(harness.csms.frames) == frames + 1
        assert last(harness).direction is Direction.SENT
        # the link lives, and so does the charge point
        assert isinstance(await harness.submit(Send("Heartbeat")), Accepted)


async def test_a_frame_that_is_no_message_is_logged_as_what_it_is() -> None:
    async with Harness() as harness:
        broken = SendFrame("[2,")
        flaw = "it is not JSON: it breaks off after 3 characters"
        assert await harness.submit(broken) == Refused(flaw, may_insist=True)
        outcome = await harness.station.submit(SendFrame("[2,", anyway=True))
        assert outcome == Accepted(f"sent; {flaw}")
        seen = last(harness)
        assert (seen.request, seen.action) == ("[2,", "not JSON")
        assert seen.trouble == f"sent as it was typed: {flaw}"


async def test_a_payload_that_is_not_json_is_never_a_message() -> None:
    async with Harness() as harness:
        for payload in ("{", "[" * 100_000):
            outcome = await harness.submit(Send("Heartbeat", payload, anyway=True))
            assert isinstance(outcome, Refused)
            assert not outcome.may_insist
            assert "whole frame" in outcome.reason


async def test_a_frame_under_an_id_of_its_own_finds_its_answer() -> None:
    async with Harness() as harness:
        outcome = await harness.submit(SendFrame('[2,"by-hand-1","Heartbeat",{}]'))
        assert isinstance(outcome, Accepted)
        assert "currentTime" in json.loads(outcome.answer)
        seen = last(harness)
        assert (seen.message_id, seen.state) == ("by-hand-1", ExchangeState.ANSWERED)
        assert seen.request == '[2,"by-hand-1","Heartbeat",{}]'


async def test_an_invalid_message_that_is_refused_is_no_news_of_the_charge_point() -> None:
    async with Harness() as harness:
        await harness.submit(Send("Nonsense", anyway=True))
        assert harness.station.snapshot.warnings == ()
        assert last(harness).action == "Nonsense"


async def test_what_is_answered_changes_nothing_here() -> None:
    async with Harness() as harness:
        before = harness.station.snapshot.connectors
        said = {
            "connectorId": 1,
            "idTag": "TAG",
            "meterStart": 0,
            "timestamp": "2026-01-01T00:00:00Z",
        }
        outcome = await harness.submit(Send("StartTransaction", json.dumps(said)))
        assert isinstance(outcome, Accepted)
        assert harness.station.snapshot.connectors == before


@pytest.mark.parametrize(
    ("before", "reason"),
    [
        (LinkDown(), "there is no link to the CSMS: nothing can be sent"),
        (GoSilent(), "the charge point is silent: go online first, no frame passes"),
        (PowerOff(), "the charge point has no power: power it on first"),
    ],
)
async def test_where_nothing_can_be_said(
    before: LinkDown | GoSilent | PowerOff, reason: str
) -> None:
    async with Harness() as harness:
        await harness.submit(before)
        assert await harness.submit(Send("Heartbeat")) == Refused(reason)
        assert await harness.submit(SendFrame("x", anyway=True)) == Refused(reason)


async def test_it_takes_its_turn_behind_an_open_call_and_a_frame_does_not() -> None:
    async with Harness() as harness:
        hold = Hold(asyncio.Event(), {"currentTime": "2026-01-01T00:00:00Z"})
        harness.csms.script["Heartbeat"].append(hold)
        first = asyncio.ensure_future(harness.station.submit(Send("Heartbeat")))
        await harness.csms.next_call("Heartbeat")
        second = asyncio.ensure_future(
            harness.station.submit(Send("DataTransfer", '{"vendorId":"v"}'))
        )
        frame = SendFrame('[2,"f","DataTransfer",{"vendorId":"frame"}]')
        third = asyncio.ensure_future(harness.station.submit(frame))
        assert (await harness.csms.next_call("DataTransfer")).payload == {"vendorId": "frame"}
        hold.release.set()
        outcomes: list[Outcome] = list(await asyncio.gather(first, second, third))
        assert all(isinstance(one, Accepted) for one in outcomes)
        assert harness.csms.of("DataTransfer")[-1].payload == {"vendorId": "v"}


async def test_no_answer_says_so() -> None:
    async with Harness() as harness:
        hold = Hold(asyncio.Event(), {})
        harness.csms.script["Heartbeat"].append(hold)
        asked = asyncio.ensure_future(harness.station.submit(Send("Heartbeat")))
        await harness.csms.next_call("Heartbeat")
        await harness.advance(31)
        assert await asked == Accepted("sent; no answer within 30 s")


async def test_2_0_1_is_said_by_its_own_schemas() -> None:
    async with Harness(version="2.0.1") as harness:
        outcome = await harness.submit(Send("StartTransaction", "{}"))
        assert outcome == Refused(
            "'StartTransaction' is not an action of OCPP 2.0.1", may_insist=True
        )
        assert isinstance(await harness.submit(Send("Heartbeat")), Accepted)
