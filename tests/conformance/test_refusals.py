"""What the CSMS does not take is said at once, with its own words, and does not flood anybody."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from sim_core.commands import Plug, Start
from sim_core.events import Event
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.wire.answers import Error, NoAnswer, Result
from sim_core.wire.refusals import QUOTED_LIMIT, Facts, Heard, Refusals
from tests.conformance.acts import charge
from tests.harness import Harness
from tests.scripted_csms import CallError, Drop


async def test_a_reason_is_told_again_after_a_sample_was_taken() -> None:
    async with Harness() as harness:
        await charge(harness)
        for answer in (*[CallError("NotSupported", "no samples")] * 2, {}) * 2:
            harness.csms.script["MeterValues"].append(answer)
            await harness.advance(10)
        given_up = [event for event in harness.events.since(0)[1] if "was given up" in event.text]
        assert len(given_up) == 2


def refusals(harness: Harness) -> list[Event]:
    return [event for event in harness.events.since(0)[1] if event.kind == "refusal"]


async def test_a_refused_start_is_told_at_once_with_attempt_and_what_follows() -> None:
    async with Harness(keys={"TransactionMessageAttempts": "2"}) as harness:
        harness.csms.script["StartTransaction"] += [
            CallError("InternalError", "no such tariff")
        ] * 2
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        (first,) = refusals(harness)
        assert first.text == (
            "the CSMS refused StartTransaction of connector 1: InternalError 'no such tariff'; "
            "attempt 1 of 2, it is sent again in 10 s"
        )
        assert first.connector_id == 1
        assert first.facts is not None
        assert first.facts["code"] == "InternalError"
        assert first.facts["description"] == "no such tariff"
        await harness.advance(10)
        assert "attempt 2 of 2, it is given up" in refusals(harness)[1].text
        lost = {one.action: one.why for one in harness.station.snapshot.journal.lost}
        assert "no such tariff" in lost["StartTransaction"]


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (CallError("NotImplemented", "no handler"), "refused Heartbeat: NotImplemented 'no h"),
        (Drop(), "did not answer Heartbeat within 30 s"),
        ({"currentTime": 7}, "answer to Heartbeat is not valid: currentTime: 7 is not of type"),
    ],
    ids=["refused", "unanswered", "invalid"],
)
async def test_a_plain_call_is_told_and_warned_of_while_it_lasts(
    answer: Any, sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with Harness(keys={"HeartbeatInterval": "60"}) as harness:
        harness.csms.script["Heartbeat"].append(answer)
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        await harness.advance(30)
        (told,) = refusals(harness)
        assert sentence in told.text
        assert any(sentence in standing for standing in harness.station.snapshot.warnings)
        logged = [record for record in caplog.records if sentence in record.getMessage()]
        assert [record.levelname for record in logged] == ["WARNING"]
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        assert harness.station.snapshot.warnings == ()
        assert "takes Heartbeat again" in refusals(harness)[-1].text


async def test_a_csms_that_refuses_every_heartbeat_does_not_flood() -> None:
    async with Harness() as harness:
        for number in range(120):
            refusal = CallError(
                "NotSupported", f"request {number} at 2026-01-01T00:00:{number:02}Z"
            )
            harness.csms.script["Heartbeat"].append(refusal)
            await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        told = [event.text for event in refusals(harness)]
        assert len(told) == 3
        assert "(10 times by now)" in told[1]
        assert "(100 times by now)" in told[2]
        assert len(harness.station.snapshot.warnings) == 1


async def test_a_currenttime_that_is_none_is_said_once() -> None:
    async with Harness() as harness:
        for _ in range(5):
            harness.csms.script["Heartbeat"].append({"currentTime": "soon"})
            await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        told = [event.text for event in harness.events.since(0)[1] if event.kind == "clock"]
        assert sum("no time" in text for text in told) == 1


async def test_details_are_quoted_in_bounds_and_without_passwords() -> None:
    async with Harness() as harness:
        details = {"see": "http://me:s3cret@host/x", "\x1b[2J": "y" * 5_000}
        harness.csms.script["Heartbeat"].append(Drop())
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        call = harness.csms.of("Heartbeat")[-1]
        frame = [4, call.message_id, "InternalError", "\x1b]0;x", details]
        await harness.csms.send_text(json.dumps(frame))
        await harness.settle()
        (told,) = refusals(harness)
        assert "s3cret" not in told.text
        assert told.text.isprintable()
        assert '"see"' in told.text
        assert len(told.text) < 3 * QUOTED_LIMIT


class Told(list[str]):
    """What was told, in a time that stands still."""

    def __call__(self, text: str, connector_id: int | None, facts: Facts) -> None:
        self.append(text)


def test_one_that_comes_and_goes_is_told_of_once_each() -> None:
    told = Told()
    one = Refusals(told, lambda: 0.0)
    for _ in range(9):
        one.heard(Heard(OCPP_16, "MeterValues", 1, Error("InternalError", "x")))
        one.heard(Heard(OCPP_16, "MeterValues", 1, Result({})))
    assert len(told) == 2


def test_another_connectors_good_answer_ends_nothing() -> None:
    one = Refusals(Told(), lambda: 0.0)
    one.heard(Heard(OCPP_16, "MeterValues", 1, Error("InternalError", "x")))
    one.heard(Heard(OCPP_16, "MeterValues", 2, Result({})))
    assert len(one.standing()) == 1


def test_another_refusal_is_news() -> None:
    told = Told()
    one = Refusals(told, lambda: 0.0)
    one.heard(Heard(OCPP_16, "Heartbeat", None, Error("InternalError", "x")))
    one.heard(Heard(OCPP_16, "Heartbeat", None, Error("NotSupported", "x")))
    assert len(told) == 2


def test_a_link_that_goes_is_no_refusal() -> None:
    told = Told()
    one = Refusals(told, lambda: 0.0)
    one.heard(Heard(OCPP_16, "Heartbeat", None, NoAnswer("the link was lost", link_lost=True)))
    one.heard(
        Heard(OCPP_16, "Heartbeat", None, NoAnswer("it gave way", link_lost=False, sent=False))
    )
    assert not told


def test_our_own_fault_is_not_called_a_refusal() -> None:
    told = Told()
    Refusals(told, lambda: 0.0).heard(
        Heard(OCPP_16, "X", None, Error("TypeConstraintViolation", "y", sent=False))
    )
    assert told[0].startswith("our own X is not valid and was not sent")


def test_a_fleet_tells_one_for_all() -> None:
    told, now_s = Told(), 0.0
    one = Refusals(told, lambda: now_s, shared=True)
    for number in range(1_000):
        one.heard(
            Heard(
                OCPP_16, "StartTransaction", 1 + number % 2, Error("InternalError", f"cp {number}")
            )
        )
        one.heard(Heard(OCPP_16, "StartTransaction", 1, Result({})))
    assert [text.partition("(")[2][:5].strip() for text in told] == ["", "10 ti", "100 t", "1000"]
    assert len(one.standing()) == 1
    now_s = 61.0
    assert one.standing() == ()
