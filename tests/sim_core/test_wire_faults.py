"""Faults on the wire, each as the other end of a real socket sees it, in both versions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sim_core.commands import (
    Accepted,
    AddWireFault,
    DropFrame,
    EndWireFault,
    Outcome,
    Plug,
    Refused,
    ReleaseFrame,
    Send,
    SendFrame,
    Stop,
    Swipe,
    Unplug,
)
from sim_core.snapshot import LinkState
from sim_core.wire.line import DOES
from sim_core.wire.message_log import Direction, Exchange, ExchangeState
from sim_core.wire_faults import KIND_BY_NAME, KINDS, PARAMETERS, WireFault, why_not
from tests.harness import Harness

BOTH = pytest.mark.parametrize("version", ["1.6", "2.0.1"])
BEAT = "Heartbeat"


@asynccontextmanager
async def with_fault(version: str = "1.6", **rule: Any) -> AsyncIterator[Harness]:
    """A charge point that is let in, before whose first Heartbeat a rule is made."""
    async with Harness(version=version) as harness:
        harness.csms.clear()
        made = await harness.submit(AddWireFault(**{"action": BEAT, **rule}))
        assert isinstance(made, Accepted), made
        yield harness


def beat(harness: Harness) -> asyncio.Future[Outcome]:
    """Say a Heartbeat."""
    return asyncio.ensure_future(harness.station.submit(Send(BEAT)))


async def beaten(harness: Harness) -> asyncio.Future[Outcome]:
    """Say a Heartbeat, and let happen what can happen without time passing."""
    said = beat(harness)
    await asyncio.sleep(0)
    await harness.settle()
    return said


def answer_of(outcome: Outcome) -> str:
    """What the CSMS has answered to what was said; empty: nothing."""
    assert isinstance(outcome, Accepted), outcome
    return outcome.answer


def beats(harness: Harness) -> list[str]:
    """The frames of Heartbeats that the CSMS has got, whole or not."""
    return [frame for frame in harness.csms.frames if BEAT in frame]


def rows(harness: Harness) -> list[Exchange]:
    return [one for one in harness.messages.since(0)[1] if one.injected]


def test_every_kind_is_done_and_its_words_are_known() -> None:
    assert DOES.keys() == KIND_BY_NAME.keys()
    for kind in KINDS:
        assert set(kind.parameters) <= PARAMETERS.keys()
        assert why_not(WireFault(kind.name, path="a")) == ""
    assert set(PARAMETERS) == set(WireFault.__dataclass_fields__)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"fault": "explode"}, "a frame cannot be 'explode': there is drop, delay"),
        ({"fault": "drop", "direction": "up"}, "direction is one of to_csms, from_csms"),
        ({"fault": "drop", "chance": 2.0}, "chance is a number from 0 to 1"),
        ({"fault": "change"}, "path is missing"),
        (
            {"fault": "callerror", "kind": "error"},
            "callerror can be done to request and answer only",
        ),
        ({"fault": "close", "close_code": 1005}, "close_code 1005 cannot be sent"),
        (
            {"fault": "duplicate", "new_id": True, "direction": "from_csms"},
            "new_id is for requests",
        ),
        ({"fault": "callerror", "text": "a\nb"}, "text has 0 to 255 printable characters"),
    ],
)
def test_what_cannot_be_says_why(rule: dict[str, Any], sentence: str) -> None:
    assert sentence in why_not(WireFault(**rule))


@BOTH
async def test_a_request_that_is_dropped_never_arrives_and_its_row_says_why(version: str) -> None:
    async with with_fault(version, fault="drop") as harness:
        said = await beaten(harness)
        await harness.advance(31)
        assert answer_of(await said) == ""
        assert beats(harness) == []
        (row,) = rows(harness)
        assert row.injected == "fault 1: request dropped"
        assert (row.state, row.trouble) == (ExchangeState.UNANSWERED, "no answer within 30 s")


@BOTH
async def test_an_answer_that_is_dropped_was_given(version: str) -> None:
    async with with_fault(version, fault="drop", direction="from_csms") as harness:
        said = await beaten(harness)
        assert len(beats(harness)) == 1
        await harness.advance(31)
        assert answer_of(await said) == ""
        assert rows(harness)[0].injected == "fault 1: answer dropped"


@BOTH
@pytest.mark.parametrize("direction", ["to_csms", "from_csms"])
async def test_what_is_delayed_comes_later(version: str, direction: str) -> None:
    async with with_fault(version, fault="delay", direction=direction, seconds=7) as harness:
        said = await beaten(harness)
        assert len(beats(harness)) == (direction == "from_csms")
        await harness.advance(6.9)
        assert not said.done()
        await harness.advance(0.2)
        assert answer_of(await said)
        assert len(beats(harness)) == 1
        assert rows(harness)[0].latency_s == pytest.approx(7)


@pytest.mark.parametrize("new_id", [False, True])
async def test_a_request_that_is_doubled_is_two_rows_with_two_answers(new_id: bool) -> None:
    async with with_fault(fault="duplicate", new_id=new_id) as harness:
        assert answer_of(await harness.submit(Send(BEAT)))
        first, second = (json.loads(frame) for frame in beats(harness))
        assert (first[1] != second[1]) is new_id
        assert first[2:] == second[2:]
        own, copy = rows(harness)
        assert "sent once more" in own.injected
        assert copy.injected.startswith("fault 1: a copy")
        assert own.state is copy.state is ExchangeState.ANSWERED
        assert json.loads(copy.answer)[1] == second[1]


async def test_an_answer_that_comes_twice_is_read_once() -> None:
    async with with_fault(fault="duplicate", direction="from_csms", copies=2) as harness:
        assert answer_of(await harness.submit(Send(BEAT)))
        own, *more = rows(harness)
        assert own.state is ExchangeState.ANSWERED
        assert [one.direction for one in more] == [Direction.NOISE] * 2


async def test_the_next_frame_overtakes() -> None:
    async with with_fault(fault="reorder", nth=1) as harness:
        first = await beaten(harness)
        other = SendFrame('[2,"other","DataTransfer",{"vendorId":"x"}]')
        assert answer_of(await harness.submit(other))
        assert answer_of(await first)
        assert [call.action for call in harness.csms.calls] == ["DataTransfer", BEAT]


async def test_without_a_next_frame_it_goes_on() -> None:
    async with with_fault(fault="reorder", seconds=3) as harness:
        said = await beaten(harness)
        assert beats(harness) == []
        await harness.advance(3)
        assert answer_of(await said)


@BOTH
async def test_a_frame_is_held_shown_edited_and_let_go(version: str) -> None:
    async with with_fault(version, fault="hold", kind="request") as harness:
        said = await beaten(harness)
        (held,) = harness.station.snapshot.held_frames
        assert (held.action, held.kind, held.direction) == (BEAT, "request", "to_csms")
        await harness.advance(5)  # metal and clock go on
        assert beats(harness) == []
        edited = json.dumps([*json.loads(held.frame)[:3], {"customData": {"vendorId": "x"}}])
        assert await harness.submit(ReleaseFrame(held.number, edited)) == Accepted()
        assert answer_of(await said)
        assert beats(harness) == [edited]
        assert rows(harness)[0].injected.endswith("request let go edited after 5 s")
        assert harness.station.snapshot.held_frames == ()
        assert await harness.submit(ReleaseFrame()) == Refused("no frame is held")


async def test_a_held_frame_is_dropped_and_one_is_lost_with_its_link() -> None:
    async with with_fault(fault="hold") as harness:
        first = await beaten(harness)
        await harness.submit(DropFrame())
        await harness.advance(31)
        assert answer_of(await first) == ""
        second = await beaten(harness)
        assert len(harness.station.snapshot.held_frames) == 1
        await harness.csms.cut()
        await harness.advance(1)
        assert harness.station.snapshot.held_frames == ()
        assert answer_of(await second) == ""


async def test_a_frame_with_a_secret_shows_nothing_of_it_and_cannot_be_edited() -> None:
    async with Harness() as harness:
        await harness.submit(AddWireFault("hold", "from_csms", "ChangeConfiguration"))
        ask = harness.csms.ask(
            "ChangeConfiguration", key="AuthorizationKey", value="0123456789" * 3
        )
        asked = asyncio.ensure_future(ask)
        await harness.station.until(lambda seen: bool(seen.held_frames))
        (held,) = harness.station.snapshot.held_frames
        assert "0123456789" not in held.frame
        assert not held.editable
        refused = await harness.station.submit(ReleaseFrame(0, "[]"))
        assert "cannot be edited" in str(refused)
        await harness.station.submit(ReleaseFrame())
        assert (await asked)["status"]


@BOTH
async def test_a_callerror_comes_in_place_of_either_answer(version: str) -> None:
    rule = {"fault": "callerror", "kind": "request", "code": "SecurityError", "text": "no"}
    async with with_fault(version, **rule) as harness:
        outcome = await harness.submit(Send(BEAT))
        assert "SecurityError" in str(outcome)
        assert beats(harness) == []
        await harness.submit(AddWireFault(**rule, direction="from_csms", action="ClearCache"))  # type: ignore[arg-type]
        assert (await harness.csms.ask_raw("ClearCache", {}))[2:] == ["SecurityError", "no", {}]
        await harness.submit(AddWireFault("callerror", action="Reset", kind="answer"))
        kind = {"type": "Soft"} if version == "1.6" else {"type": "OnIdle"}
        assert (await harness.csms.ask_raw("Reset", kind))[2] == "InternalError"


@pytest.mark.parametrize(
    ("rule", "arrives"),
    [
        ({"fault": "foreign_id", "id": "nobody"}, lambda frame: json.loads(frame)[1] == "nobody"),
        ({"fault": "truncate", "characters": 9}, lambda frame: len(frame) == 9),
        ({"fault": "bad_json"}, lambda frame: frame.endswith(",]")),
        ({"fault": "change", "path": "a", "becomes": "[1]"}, lambda frame: '"a":[1]' in frame),
    ],
)
async def test_what_arrives_is_otherwise(rule: dict[str, Any], arrives: Any) -> None:
    async with with_fault(**rule, kind="request") as harness:
        said = beat(harness)
        await harness.csms.until(lambda: bool(harness.csms.frames))
        assert arrives(harness.csms.frames[0])
        await harness.advance(31)
        await said
        assert rows(harness)[0].injected.startswith("fault 1: request ")


@pytest.mark.parametrize("do", ["foreign_id", "truncate", "bad_json"])
async def test_an_answer_that_is_spoilt_ends_no_link(do: str) -> None:
    async with with_fault(fault=do, direction="from_csms", characters=8) as harness:
        said = await beaten(harness)
        await harness.advance(31)
        assert answer_of(await said) == ""
        assert harness.csms.connections == 1
        assert harness.station.snapshot.warnings == ()


async def test_a_field_of_a_request_of_the_csms_is_changed_or_taken_out() -> None:
    async with Harness() as harness:
        rule = {"direction": "from_csms", "action": "ChangeConfiguration", "nth": 1}
        await harness.submit(AddWireFault("change", **rule, path="value", becomes="77"))  # type: ignore[arg-type]
        beside = {"key": "HeartbeatInterval", "value": "60"}
        kind, *rest = await harness.csms.ask_raw("ChangeConfiguration", beside)
        assert (kind, rest[1]) == (4, "TypeConstraintViolation")
        await harness.submit(AddWireFault("change", **rule, path="value"))  # type: ignore[arg-type]
        kind, *rest = await harness.csms.ask_raw("ChangeConfiguration", beside)
        assert kind == 4
        assert [one.injected for one in rows(harness)] == [
            "fault 1: request changed: value = 77",
            "fault 2: request changed: value taken out",
        ]


@pytest.mark.parametrize("code", [1011, 4000, 1006])
async def test_the_socket_is_closed_in_its_place(code: int) -> None:
    async with with_fault(fault="close", close_code=code, nth=1) as harness:
        said = beat(harness)
        await harness.csms.until(lambda: not harness.csms.connected)
        assert answer_of(await said) == ""
        await harness.station.until(lambda seen: seen.link.state is LinkState.WAITING)
        told = harness.station.snapshot.link.trouble
        assert told == f"closed on purpose with {code} by fault 1"
        assert beats(harness) == []
        await harness.advance(60)
        assert harness.csms.connections == 2


async def test_a_dead_socket_lives_again_when_its_time_is_over() -> None:
    async with with_fault(fault="half_open", nth=1, seconds=20) as harness:
        said = await beaten(harness)
        await harness.csms.send_text('[2,"7","GetLocalListVersion",{}]')
        await harness.advance(19)
        assert harness.csms.frames == []
        assert harness.csms.connected
        assert [one.spent for one in harness.station.snapshot.wire_faults] == [True]
        await harness.advance(1)
        assert answer_of(await said)
        await harness.csms.until(lambda: any('"7"' in one for one in harness.csms.frames))
        assert harness.station.snapshot.wire_faults == ()


async def test_a_stall_ends_with_its_rule() -> None:
    async with with_fault(fault="stall", seconds=0) as harness:
        said = beat(harness)
        await harness.csms.until(lambda: bool(beats(harness)))
        await harness.advance(10)
        assert not said.done()  # the answer lies in the socket
        assert await harness.submit(EndWireFault()) == Accepted()
        assert answer_of(await said)


@pytest.mark.parametrize("direction", ["to_csms", "from_csms"])
async def test_bytes_trickle(direction: str) -> None:
    async with with_fault(fault="slow", direction=direction, bytes_per_s=5) as harness:
        said = await beaten(harness)
        assert len(beats(harness)) == (direction == "from_csms")
        await harness.advance(8)
        assert not said.done()
        await harness.advance(30)
        assert answer_of(await said)


async def test_whose_turn_it_is() -> None:
    async with Harness() as harness:
        for rule in ({"every": 2}, {"nth": 1}, {"times": 1}):
            await harness.submit(AddWireFault("change", action=BEAT, path="a", becomes="1", **rule))  # type: ignore[arg-type]
        for _ in range(5):
            await harness.submit(Send(BEAT))
        taken = [one.injected[:7] for one in harness.messages.since(0)[1] if one.action == BEAT]
        assert taken == ["fault 2", "fault 1", "fault 3", "fault 1", ""]


async def test_the_same_seed_gives_the_same_faults() -> None:
    async def taken(seed: int) -> list[bool]:
        rule = {"path": "a", "becomes": "1", "chance": 0.5, "seed": seed}
        async with with_fault(fault="change", kind="request", **rule) as harness:
            for _ in range(12):
                await harness.submit(Send(BEAT))
            told = [one for one in harness.messages.since(0)[1] if one.action == BEAT]
            return [bool(one.injected) for one in told]

    first = await taken(3)
    assert first == await taken(3)
    assert first != await taken(4)
    assert any(first)
    assert not all(first)


SESSION = {
    "1.6": ("StartTransaction", "MeterValues", "StopTransaction"),
    "2.0.1": ("TransactionEvent",),
}


def ends_of(harness: Harness) -> tuple[set[str], set[str]]:
    """What the CSMS was told of begins and of ends, each fact once however often it came."""
    facts = [(call.action, call.payload) for call in harness.csms.calls]
    begins = [p for action, p in facts if "Start" in action or p.get("eventType") == "Started"]
    ends = [p for action, p in facts if "Stop" in action or p.get("eventType") == "Ended"]
    told = [
        {json.dumps({**p, "offline": 0}, sort_keys=True) for p in one} for one in (begins, ends)
    ]
    return told[0], told[1]


@BOTH
@pytest.mark.parametrize("seed", [1, 2])
async def test_the_charge_point_keeps_to_its_rules_whatever_the_wire_does(
    version: str, seed: int
) -> None:
    async with Harness(version=version, seed=seed) as harness:
        for action in SESSION[version]:
            for fault in ("drop", "duplicate", "bad_json", "foreign_id", "delay", "close"):
                for direction in ("to_csms", "from_csms"):
                    rule = AddWireFault(fault, direction, action, chance=0.1, times=3)
                    await harness.submit(rule)
        await harness.submit(Plug(1))
        await harness.submit(Swipe(1, "CARD"))
        await harness.advance(600)
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        await harness.submit(EndWireFault())
        await harness.advance(900)
        assert harness.station.snapshot.link.queued == 0
        begins, ends = ends_of(harness)
        assert (len(begins), len(ends)) == (1, 1)
        assert harness.status(1) == "Available"
        assert rows(harness)
