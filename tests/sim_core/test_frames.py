"""Frames that are no OCPP-J messages: each is told what is wrong with it, and none is fatal."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ocpp.v16 import call_result

from sim_core.commands import Plug
from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.core import Core
from sim_core.wire import frames
from sim_core.wire.answers import Error
from sim_core.wire.message_log import Direction, ExchangeState
from sim_core.wire.routes import Reply
from tests.conformance.acts import said
from tests.harness import Harness
from tests.scripted_csms import Hold
from tui.widgets.inspector import facts

ID = "6a3f"
BOM = "\ufeff"

FLAWS = [
    (f'[3,"{ID}","Heartbeat",{{}}]', "an action does not belong into it"),
    (f'[3,"{ID}","Heartbeat"]', "the payload of a CALLRESULT [3, id, payload] is a text"),
    (
        f'[3,"{ID}"]',
        "has 3 parts [3, id, payload], this has 2: the payload is missing",
    ),
    (f'[3,"{ID}",{{}},{{}},{{}}]', "a CALLRESULT has 3 parts [3, id, payload], this has 5"),
    (f'[3,"{ID}",null]', "is null: OCPP-J wants an object, {} where there is nothing to say"),
    (f'[3,"{ID}",[]]', "is an array: OCPP-J wants an object"),
    (f'[3,"{ID}","{{}}"]', "is a text (it is encoded twice): OCPP-J wants an object"),
    (f'["3","{ID}",{{}}]', 'the message type is the text "3": OCPP-J wants the number 3'),
    (f'["4","{ID}","InternalError","",{{}}]', 'the message type is the text "4"'),
    (f'["2","{ID}","Reset",{{"type":"Hard"}}]', 'the message type is the text "2"'),
    (
        '[3,5,{"status":"Accepted"}]',
        "the message id of a CALLRESULT is a number: OCPP-J wants a",
    ),
    ("[3,null,{}]", "the message id of a CALLRESULT is null"),
    ('[2,["a"],"Reset",{}]', "the message id of a CALL is an array"),
    (f'[9,"{ID}",{{}}]', "the message type is 9: OCPP-J knows 2 (CALL), 3 (CALLRESULT) and 4"),
    (f'[true,"{ID}",{{}}]', "the message type is true or false"),
    (f'[null,"{ID}",{{}}]', "the message type is null"),
    (f'{BOM}[3,"{ID}",{{}}]', "it begins with a byte order mark (U+FEFF)"),
    (f'ï»¿[3,"{ID}",{{}}]', "three bytes of a byte order mark"),
    (f'[3,"{ID}",{{}}]\x00', "is a NUL: send the text without the NUL"),
    (f'\x00[3,"{ID}",{{}}]', "character 1 is a NUL"),
    (f'[3,"{ID}",{{}}]\n[3,"{ID}",{{}}]', "something stands behind the message, at character 15"),
    (f'[3,"{ID}",{{}}]garbage', "something stands behind the message"),
    (f"[3,'{ID}',{{}}]", "JSON wants double quotes"),
    (f'[3,"{ID}",{{"currentTime":"2026', "it is not JSON"),
    (f'[3,"{ID}",{{', "it breaks off after"),
    (json.dumps(f'[3,"{ID}",{{}}]'), "encoded twice"),
    ("", "the frame is empty"),
    ("   ", "the frame is empty"),
    ("hello", "it is not JSON at character 1 of 5: Expecting value"),
    ("[" * 100_000, "it is nested too deep"),
    ("[3," + "9" * 5000 + "]", "more digits than can be read"),
    ("{}", "it is an object: an OCPP-J message is an array such as [3, id, payload]"),
    ('"hello"', "it is a text"),
    ("17", "it is a number"),
    ("null", "it is null"),
    ("[]", "the array has no part"),
    ("[3]", "the array has 1 part"),
    (f'[4,"{ID}","InternalError",""]', "a CALLERROR has 5 parts"),
    (f'[4,"{ID}",500,"",{{}}]', "the code of a CALLERROR"),
    (f'[4,"{ID}","InternalError",null,{{}}]', "the description of a CALLERROR"),
    (f'[4,"{ID}","InternalError","",null]', "the details of a CALLERROR"),
    (f'[2,"{ID}","Reset"]', "a CALL has 4 parts [2, id, action, payload], this has 3: the payload"),
    (f'[2,"{ID}",{{}},"Reset"]', "the action of a CALL [2, id, action, payload] is an object"),
    (f'[2,"{ID}","ClearCache",null]', "the payload of a CALL [2, id, action, payload] is null"),
    (
        f'[2,"{"x" * 37}","ClearCache",{{}}]',
        "the message id has 37 characters: OCPP-J wants 1",
    ),
    ('[2,"","ClearCache",{}]', "the message id has 0 characters"),
]


@pytest.mark.parametrize(("text", "flaw"), FLAWS)
def test_each_mistake_has_its_sentence(text: str, flaw: str) -> None:
    read = frames.read(text)
    assert flaw in read.flaw
    assert read.word


LONGEST = "x" * 36


@pytest.mark.parametrize(
    ("text", "kind", "message_id", "usable", "word"),
    [
        (f'[3,"{ID}",{{}}]', 3, ID, True, ""),
        (f'[3.0,"{LONGEST}",{{}}]', 3, LONGEST, True, ""),
        ('[2,"x","ClearCache",{}]', 2, "x", True, ""),
        (f'[3,"{LONGEST}x",{{}}]', 3, f"{LONGEST}x", True, "message id too long"),
        ('[3,"",{}]', 3, "", True, "message id empty"),
        (f'[3,"{ID}",{{}},1]', 3, ID, False, "CALLRESULT with 4 parts"),
        (f'[3,"{ID}","Heartbeat",{{}}]', 3, ID, False, "CALLRESULT with an action"),
        (f'[3,"{ID}"]', 3, ID, False, "CALLRESULT with 2 parts"),
        (f'[3,"{ID}",[]]', 3, ID, False, "CALLRESULT with a wrong payload"),
        (f'[4,"{ID}","InternalError"]', 4, ID, True, "CALLERROR with 3 parts"),
        (f'[4,"{ID}","InternalError",1,{{}}]', 4, ID, True, "CALLERROR with a wrong description"),
        (f'[4,"{ID}","InternalError","",1]', 4, ID, True, "CALLERROR with a wrong details"),
        (f'[4,"{ID}"]', 4, ID, False, "CALLERROR with 2 parts"),
        (f'[4,"{ID}",500,"",{{}}]', 4, ID, False, "CALLERROR with a wrong code"),
        (f'[2,"{ID}","ClearCache"]', 2, ID, True, "CALL with 3 parts"),
        (f'[2,"{ID}",7,{{}}]', 2, ID, True, "CALL with a wrong action"),
        (f'[2,"{ID}","ClearCache",7]', 2, ID, True, "CALL with a wrong payload"),
        (f'[2,"{ID}"]', 0, "", False, "CALL with 2 parts"),
        (f'["3","{ID}",{{}}]', 3, ID, False, "message type in quotes"),
        (f'["2","{ID}","ClearCache",{{}}]', 0, ID, False, "message type in quotes"),
        ('["4",5,"InternalError","",{}]', 4, "", False, "message type in quotes"),
        (f'[1000,"{ID}",{{}}]', 0, "", False, "unknown message type"),
        ("[3,5,{}]", 0, "", False, "no message id"),
        ("[3]", 0, "", False, "too short"),
        ("{}", 0, "", False, "not an array"),
        ("", 0, "", False, "empty frame"),
        (f'{BOM}[3,"{ID}",{{}}]', 3, ID, False, "byte order mark"),
        (f'ï»¿[4,"{ID}","InternalError","",{{}}]', 4, ID, False, "byte order mark"),
        (f'[3,"{ID}",{{}}]\x00', 3, ID, False, "NUL character"),
        (f'[2,"{ID}","ClearCache",{{}}]\x00', 0, "", False, "NUL character"),
        (f'[3,"{ID}",{{}}]x', 3, ID, False, "text behind the message"),
        ("{} x", 0, "", False, "text behind the message"),
        ("[3] x", 0, "", False, "text behind the message"),
        (json.dumps(f'[3,"{ID}",{{}}]'), 3, ID, False, "encoded twice"),
        (json.dumps(f'{BOM} [3,"{ID}",{{}}]'), 3, ID, False, "encoded twice"),
        (f'[3,"{ID}",', 3, ID, False, "not JSON"),
        ("[" * 100_000, 0, "", False, "nested too deep"),
    ],
)
def test_what_is_used_of_a_frame_and_whose_call_it_answers(
    text: str, kind: int, message_id: str, usable: bool, word: str
) -> None:
    read = frames.read(text)
    assert (read.kind, read.message_id, read.usable) == (kind, message_id, usable)
    assert read.word == word
    assert bool(read.flaw) == bool(word)


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ('[999,"a",{}]', "the message type is 999:"),
        ('[1000,"a",{}]', "the message type is a number:"),
        ('[-1000,"a",{}]', "the message type is a number:"),
        ("[3,'a',{}]", "it is not JSON: at character 4 of 10 stands ', and JSON wants double"),
        ('[3,"a",{}]\x00', "character 11 is a NUL"),
        ('[3,"a",{"b"', "it is not JSON: it breaks off after 11 characters"),
        ('[3,"a",{"b"  ', "it is not JSON: it breaks off after 13 characters"),
        ('[3,"a",x]', "it is not JSON at character 8 of 9: "),
        ('[3,"a",{}] x', "something stands behind the message, at character 12 of 12"),
        ("true", "it is true or false:"),
        ("1.5", "it is a number:"),
        ("[]", "the array has no part:"),
        ("[1]", "the array has 1 part:"),
    ],
)
def test_where_it_is_is_counted_from_one(text: str, flaw: str) -> None:
    assert frames.read(text).flaw.startswith(flaw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)
heads = st.sampled_from([0, 1, 2, 3, 4, 5, "2", "3", "4", None, True, 3.0, 4.5])
messages = st.builds(lambda head, rest: [head, *rest], heads, st.lists(json_values, max_size=5))
around = st.sampled_from(["", BOM, "\x00", "ï»¿", " ", "\n", "garbage", "[3]"])
texts = st.text() | st.builds(
    lambda before, message, behind: before + json.dumps(message) + behind,
    around,
    messages | json_values,
    around,
)


@given(texts)
def test_any_text_is_a_message_or_has_a_sentence(text: str) -> None:
    """Whatever it is: a message that is as OCPP-J wants it, or one line that says why not."""
    read = frames.read(text)
    if read.flaw:
        assert read.word
        assert read.flaw.isprintable()
        assert len(read.flaw) < 300
        assert "\n" not in read.flaw
    else:
        kind, message_id, *behind = json.loads(text)
        assert (read.kind, read.message_id) == (kind, message_id)
        assert 1 <= len(message_id) <= 36
        shapes = {2: [str, dict], 3: [dict], 4: [str, str, dict]}
        assert [type(part) for part in behind] == shapes[kind]


@given(messages)
def test_nothing_of_a_payload_is_in_the_sentence(message: list[Any]) -> None:
    secret = "s3cr3t-K3y-0123456"
    text = json.dumps([*message, {"key": "AuthorizationKey", "value": secret}])
    for frame in (text, text + "x", BOM + text, text[:-3]):
        assert secret not in frames.read(frame).flaw


BROKEN_ANSWERS = [
    lambda i: f'[3,"{i}","Heartbeat",{{}}]',
    lambda i: f'["3","{i}",{{}}]',
    lambda i: f'[3,"{i}"]',
    lambda i: f'[3,"{i}",null]',
    lambda i: f'{BOM}[3,"{i}",{{}}]',
    lambda i: f'[3,"{i}",{{}}]\x00',
    lambda i: f'\x00[3,"{i}",{{}}]',
    lambda i: f'[3,"{i}",{{}}]garbage',
    lambda i: json.dumps(f'[3,"{i}",{{}}]'),
    lambda i: f'["4","{i}","InternalError","",{{}}]',
    lambda i: f'[3,"{i}",{{"currentTime":"2026-01-01T1',
    lambda i: f'[3,"{i}",',
    lambda i: f'[3, "{i}", {{currentTime: 5}}]',
    lambda i: f'[3,"{i}",{{"transactionId":{"9" * 5000}}}]',
    lambda i: f'[3,"{i}",{"[" * 100_000}',
    lambda i: f'[4,"{i}","InternalError","',
]


@pytest.mark.parametrize("broken", BROKEN_ANSWERS)
async def test_a_broken_answer_ends_its_call_and_is_told_of(broken: Any) -> None:
    async with Harness() as harness:
        harness.csms.script["Heartbeat"].append(Hold(asyncio.Event()))
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        beat = await harness.csms.next_call("Heartbeat")
        frame = broken(beat.message_id)
        flaw = frames.read(frame).flaw
        await harness.csms.send_text(frame)
        await harness.submit(Plug(1))
        assert said(harness)[-1] == "StatusNotification 1 Preparing", "nothing waits for its time"
        wanted = f"the CSMS sends a frame that is not OCPP-J: {flaw}"
        assert wanted in harness.station.snapshot.warnings
        asked = next(e for e in harness.messages.since(0)[1] if e.message_id == beat.message_id)
        assert (asked.state, asked.trouble) == (ExchangeState.ERROR, flaw)
        called = [value for _, value in facts(asked, harness.clock.now()) if "CALLERROR" in value]
        assert not [value for value in called if not value.endswith(flaw)]


async def test_a_flood_of_broken_frames_is_one_warning_and_a_few_events() -> None:
    async with Harness() as harness:
        for number in range(300):
            await harness.csms.send_text(f'["3","x{number}",{{}}]')
            await harness.csms.send_text(f"\ufeff[3,{number}]")
        await harness.ask("GetConfiguration")
        about = [w for w in harness.station.snapshot.warnings if "not OCPP-J" in w]
        assert len(about) == 1
        told = [event for event in harness.events.since(0)[1] if event.kind == "warning"]
        assert len(told) == 2
        _, exchanges = harness.messages.since(0)
        assert len([e for e in exchanges if e.direction is Direction.NOISE]) == 600


async def test_a_new_connection_begins_without_the_warnings_of_the_last() -> None:
    async with Harness() as harness:
        await harness.csms.send_text("hello")
        await harness.ask("GetConfiguration")
        assert harness.station.snapshot.warnings
        await harness.csms.cut()
        await harness.advance(5)
        assert harness.csms.connections == 2
        assert not harness.station.snapshot.warnings


async def test_a_call_with_an_id_that_is_too_long_is_answered_with_it() -> None:
    async with Harness() as harness:
        long_id = "x" * 100
        harness.csms.clear()
        await harness.csms.send_text(json.dumps([2, long_id, "ClearCache", {}]))
        await harness.csms.until(lambda: bool(harness.csms.frames))
        assert json.loads(harness.csms.frames[0]) == [3, long_id, {"status": "Accepted"}]
        assert "the message id has 100 characters" in harness.station.snapshot.warnings[0]


@pytest.mark.parametrize("answer", ["x" * 501, float("inf")])
async def test_an_answer_of_ours_that_is_not_valid_never_leaves(
    answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """InternalError is the truth, and who reads the log is told whose fault it is."""
    async with Harness() as harness:
        known = [{"key": "HeartbeatInterval", "readonly": False, "value": answer}]
        monkeypatch.setattr(Configuration, "report", lambda *_: (known, []))
        kind, _, code, description, details = await harness.csms.ask_raw("GetConfiguration", {})
        monkeypatch.undo()
        assert (kind, code, details) == (4, "InternalError", {})
        assert 0 < len(description) <= 255
        (warning,) = harness.station.snapshot.warnings
        assert warning.startswith("our own answer to GetConfiguration is not valid")
        assert "a fault of ChargeForge, not of the CSMS" in warning
        assert (await harness.ask("GetConfiguration"))["configurationKey"], "the loop lives on"


async def test_a_handler_that_fails_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Harness() as harness:
        monkeypatch.setattr(Configuration, "report", None)
        kind, _, code, *_ = await harness.csms.ask_raw("GetConfiguration", {})
        assert (kind, code) == (4, "InternalError")
        (warning,) = harness.station.snapshot.warnings
        assert warning.startswith("the handler of GetConfiguration failed")


async def test_a_call_of_ours_that_is_not_valid_is_not_blamed_on_the_csms() -> None:
    async with Harness() as harness:
        harness.csms.clear()
        answer = await harness.station.charge_point.outbox.call(
            "DataTransfer", {"vendorId": "v" * 256, "data": "x"}
        )
        assert not harness.csms.frames
        assert isinstance(answer, Error)
        assert not answer.sent


async def test_what_an_invalid_answer_was_to_begin_is_not_begun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[int] = []
    async with Harness() as harness:
        bad: Any = call_result.Reset(status="Perhaps")  # type: ignore[arg-type]
        reply = Reply(bad, then=lambda: begun.append(1))
        monkeypatch.setattr(Core, "reset", lambda *_, **__: reply)
        kind, _, code, *_ = await harness.csms.ask_raw("Reset", {"type": "Soft"})
        assert (kind, code) == (4, "InternalError")
        assert not begun
