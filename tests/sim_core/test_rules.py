"""Rules by which requests of the CSMS are answered otherwise, over a real socket."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sim_core.commands import Accepted, AddRule, AnswerHeld, EndRule, Plug, Refused
from sim_core.ocpp_versions import VERSIONS
from sim_core.scenarios.refusing import refusal_of
from sim_core.scenarios.rules import MOST_RULES
from sim_core.wire.message_log import Exchange, ExchangeState
from tests.harness import Harness

START = {"connectorId": 1, "idTag": "TAG"}


def last(harness: Harness) -> Exchange:
    return harness.messages.since(0)[1][-1]


def rules(harness: Harness) -> list[tuple[str, str, int | None]]:
    return [(one.action, one.way, one.left) for one in harness.station.snapshot.rules]


async def test_the_next_request_is_refused_and_nothing_is_done() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        made = await harness.submit(AddRule("RemoteStartTransaction", "refuse"))
        assert made == Accepted("rule 1")
        assert rules(harness) == [("RemoteStartTransaction", "refuse", 1)]
        assert await harness.ask("RemoteStartTransaction", **START) == {"status": "Rejected"}
        assert harness.status(1) == "Preparing"
        assert rules(harness) == []
        assert await harness.ask("RemoteStartTransaction", **START) == {"status": "Accepted"}
        assert harness.status(1) == "Charging"


async def test_every_request_until_the_rule_is_ended() -> None:
    async with Harness() as harness:
        await harness.submit(AddRule("ChangeConfiguration", "refuse", times=0))
        for _ in range(3):
            answer = await harness.ask("ChangeConfiguration", key="HeartbeatInterval", value="60")
            assert answer == {"status": "Rejected"}
        (rule,) = harness.station.snapshot.rules
        assert (rule.left, rule.applied) == (None, 3)
        assert await harness.submit(EndRule(7)) == Refused("there is no rule 7 to end")
        assert await harness.submit(EndRule(rule.number)) == Accepted()
        answer = await harness.ask("ChangeConfiguration", key="HeartbeatInterval", value="60")
        assert answer == {"status": "Accepted"}
        assert await harness.submit(EndRule()) == Refused("there is no rule to end")


async def test_a_delayed_request_reaches_the_firmware_late() -> None:
    async with Harness() as harness:
        await harness.submit(AddRule("GetConfiguration", "delay", seconds=20))
        asked = asyncio.ensure_future(harness.csms.ask("GetConfiguration", key=["ResetRetries"]))
        await harness.advance(19)
        assert not asked.done()
        assert last(harness).state is ExchangeState.WAITING
        await harness.advance(1)
        assert (await asked)["configurationKey"][0]["key"] == "ResetRetries"


async def test_a_request_without_an_answer_leaves_everything_as_it_was() -> None:
    async with Harness() as harness:
        await harness.submit(AddRule("ChangeConfiguration", "ignore"))
        ask = harness.csms.ask("ChangeConfiguration", key="HeartbeatInterval", value="61")
        asked = asyncio.ensure_future(ask)
        await asyncio.sleep(0)
        await harness.advance(60)
        assert not asked.done()
        asked.cancel()
        seen = next(e for e in harness.messages.since(0)[1] if e.action == "ChangeConfiguration")
        assert (seen.state, seen.trouble) == (
            ExchangeState.UNANSWERED,
            "left unanswered on purpose",
        )
        told = await harness.ask("GetConfiguration", key=["HeartbeatInterval"])
        assert told["configurationKey"][0]["value"] != "61"


async def test_a_callerror_with_any_code() -> None:
    async with Harness() as harness:
        await harness.submit(AddRule("Reset", "callerror", code="OutOfOrder", text="come back"))
        answer = await harness.csms.ask_raw("Reset", {"type": "Soft"})
        assert answer[0] == 4
        assert answer[2:4] == ["OutOfOrder", "come back"]
        assert (last(harness).state, last(harness).trouble) == (ExchangeState.ERROR, "OutOfOrder")


async def test_a_payload_of_ones_own_even_one_that_is_not_allowed() -> None:
    async with Harness() as harness:
        odd = AddRule("ClearCache", "answer", payload='{"status": "Maybe"}')
        refused = await harness.submit(odd)
        assert isinstance(refused, Refused)
        assert refused.may_insist
        await harness.submit(
            AddRule("ClearCache", "answer", payload='{"status": "Maybe"}', anyway=True)
        )
        assert await harness.ask("ClearCache") == {"status": "Maybe"}


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (AnswerHeld("usual"), {"status": "Accepted"}),
        (AnswerHeld("refuse"), {"status": "Rejected"}),
        (AnswerHeld("answer", payload='{"status": "Rejected"}'), {"status": "Rejected"}),
    ],
)
async def test_by_hand_it_waits_for_somebody(answer: AnswerHeld, came: dict[str, Any]) -> None:
    async with Harness() as harness:
        await harness.submit(AddRule("ClearCache", "hand"))
        asked = asyncio.ensure_future(harness.csms.ask("ClearCache"))
        await harness.station.until(lambda seen: bool(seen.held))
        await harness.advance(30)
        (held,) = harness.station.snapshot.held
        assert (held.action, held.number) == ("ClearCache", last(harness).number)
        assert not asked.done()
        assert await harness.submit(answer) == Accepted()
        assert await asked == came
        assert harness.station.snapshot.held == ()
        assert isinstance(await harness.submit(answer), Refused)


async def test_one_that_waits_goes_with_its_link() -> None:
    async with Harness() as harness:
        await harness.submit(AddRule("ClearCache", "hand", times=0))
        asked = asyncio.ensure_future(harness.csms.ask("ClearCache"))
        await harness.station.until(lambda seen: bool(seen.held))
        await harness.csms.cut()
        await harness.station.until(lambda seen: not seen.held)
        asked.cancel()
        assert len(harness.station.snapshot.rules) == 1  # the rule outlives the link
        await harness.advance(60)
        assert harness.csms.connected


async def test_every_request_whatever_it_is() -> None:
    async with Harness() as harness:
        await harness.submit(AddRule("*", "refuse", times=0))
        assert await harness.ask("ClearCache") == {"status": "Rejected"}
        answer = await harness.csms.ask_raw("GetConfiguration", {})
        assert answer[0] == 4
        answer = await harness.csms.ask_raw("Nonsense", {})
        assert answer[0] == 4


async def test_of_two_that_fit_the_first_counts_and_events_say_what_was_done() -> None:
    async with Harness() as harness:
        await harness.submit(AddRule("ClearCache", "refuse"))
        await harness.submit(AddRule("*", "callerror"))
        assert await harness.ask("ClearCache") == {"status": "Rejected"}
        assert (await harness.csms.ask_raw("ClearCache", {}))[0] == 4
        told = [event.text for event in harness.events.since(0)[1] if event.kind == "rule"]
        assert told == [
            "ClearCache was refused by rule 1",
            "ClearCache was answered by a CALLERROR by rule 2",
        ]


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (AddRule("Reset", "explode"), "a rule cannot 'explode': refuse, delay, ignore, callerror"),
        (AddRule("GetConfiguration", "refuse"), "no answer to GetConfiguration can say no"),
        (AddRule("Heartbeat", "ignore"), "'Heartbeat' is nothing that a CSMS asks in OCPP 1.6"),
        (AddRule("Reset", "delay", seconds=1e9), "an answer is delayed by 0 to 3600 s"),
        (AddRule("Reset", "delay", times=-1), "a rule meets 1 to 1000000 requests"),
        (AddRule("Reset", "callerror", code=""), "the code of a CALLERROR has 1 to 50 characters"),
        (AddRule("Reset", "callerror", text="x" * 999), "its description has at most 255"),
        (AddRule("Reset", "answer", payload="{"), "the payload is not JSON"),
        (AnswerHeld("usual"), "no such request waits for an answer by hand"),
    ],
)
async def test_a_rule_that_cannot_be(command: AddRule | AnswerHeld, reason: str) -> None:
    async with Harness() as harness:
        refused = await harness.submit(command)
        assert isinstance(refused, Refused)
        assert refused.reason.startswith(reason)
        assert harness.station.snapshot.rules == ()


async def test_rules_have_an_end() -> None:
    async with Harness() as harness:
        for _ in range(MOST_RULES):
            assert (await harness.submit(AddRule("Reset", "refuse"))).ok
        refused = await harness.submit(AddRule("Reset", "refuse"))
        assert refused == Refused(f"there are {MOST_RULES} rules already: end some first")
        assert await harness.submit(EndRule()) == Accepted()
        assert harness.station.snapshot.rules == ()


async def test_2_0_1_is_answered_in_its_own_words() -> None:
    async with Harness(version="2.0.1") as harness:
        await harness.submit(AddRule("UnlockConnector", "refuse"))
        answer = await harness.ask("UnlockConnector", evseId=1, connectorId=1)
        assert answer == {"status": "UnlockFailed"}


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.dialect.version)
def test_a_refusal_is_a_valid_answer_wherever_there_is_one(version: Any) -> None:
    dialect = version.dialect
    refusing = {}
    for action in dialect.schemas.actions - dialect.asks:
        payload = refusal_of(dialect, action)
        if payload is not None:
            refusing[action] = payload["status"]
            assert dialect.schemas.answer_fault(action, payload) is None
    assert refusing["Reset"] == "Rejected"
    assert len(refusing) >= 15
    assert refusal_of(dialect, "Nonsense") is None
