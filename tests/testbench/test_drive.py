"""`chargeforge drive`: lines of JSON in, lines of JSON out, whatever comes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from sim_core.csms import Csms
from sim_core.station import Station
from sim_core.testbench.drive import pipes
from sim_core.testbench.drive.command import Conversation, main
from sim_core.testbench.drive.json_text import as_line
from sim_core.testbench.drive.pipes import LONGEST, TOO_LONG, Splitter
from sim_core.testbench.drive.requests import OPS, PROTOCOL, Answer, Message
from sim_core.testbench.drive.schema import schema
from sim_core.testbench.drive.session import PERFORM
from sim_core.testbench.reading import DO
from tests.documents import printed_in

SCHEMA = schema()
FITS = jsonschema_rs.validator_for(SCHEMA)
START = {"id": 1, "op": "start", "charge_point": "CP01", "options": {"connectors": 1}}
NOBODY = "ws://127.0.0.1:9/ocpp"
COMMAND = [sys.executable, "-m", "tui", "drive"]


async def said(lines: Sequence[object], url: str) -> list[dict[str, Any]]:
    """All that is said where these lines come and then no more; each is as the schema has it."""
    told: list[dict[str, Any]] = []
    waiting = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]

    async def next_line() -> bytes | None:
        return waiting.pop(0) if waiting else None

    conversation = Conversation(lambda it: told.append(json.loads(as_line(it))), url)
    await conversation.hold(next_line, asyncio.Event())
    for one in told:
        FITS.validate(one)
    assert told[0]["event"] == "hello"
    return told[1:]


def answers(told: list[dict[str, Any]]) -> dict[Any, dict[str, Any]]:
    """The answers by their ids."""
    return {one["id"]: one for one in told if "ok" in one}


@contextlib.asynccontextmanager
async def small_csms() -> AsyncIterator[str]:
    """A CSMS, and where it is."""
    async with Csms() as csms:
        yield f"ws://127.0.0.1:{csms.port}/ocpp"


async def test_a_session_from_its_first_line_to_its_end() -> None:
    async with small_csms() as url:
        told = await said(
            [
                {**START, "watch": ["frames", "status"]},
                {"id": 2, "op": "do", "action": "plug"},
                {"id": 3, "op": "do", "action": "swipe", "values": {"id_tag": "CARD1"}},
                {"id": "start", "op": "expect", "message": "StartTransaction"},
                {"id": 5, "op": "status", "status": "Charging"},
                {"id": 6, "op": "do", "action": "local_stop", "values": {"connector": 1}},
                {
                    "id": 7,
                    "op": "expect",
                    "message": "StopTransaction",
                    "where": {"reason": {"one of": ["Local", "Remote"]}},
                    "answer": {},
                },
                {
                    "id": "told",
                    "op": "expect",
                    "message": "StatusNotification",
                    "where": {"status": "Finishing"},
                },
                {"id": 8, "op": "state"},
                {"id": 9, "op": "frames", "action": "StatusNotification", "newest": 1},
                {"id": 10, "op": "snapshot"},
                {"id": 11, "op": "wait", "seconds": 0.01},
                {"id": 12, "op": "stop"},
            ],
            url,
        )
    got = answers(told)
    assert [one for one in got.values() if not one["ok"]] == []
    assert list(got) == [1, 2, 3, "start", 5, 6, 7, "told", 8, 9, 10, 11, 12]
    begun = got["start"]["result"]
    assert begun["payload"]["idTag"] == "CARD1"
    assert begun["answer"]["transactionId"] == got[5]["result"]["transaction"]
    assert "swipe" in got[5]["result"]["possible"]
    assert got[8]["result"]["registration"] == "Accepted"
    assert '"Finishing"' in got[9]["result"]["frames"][0]["request"]
    assert got[9]["result"]["left_out"] == 4
    assert got[10]["result"]["connectors"][0]["status"] == "Finishing"
    events = [one for one in told if "event" in one]
    shown = [one["status"] for one in events if one["event"] == "status"]
    assert [one["state"] for one in events if one["event"] == "link"][-1] == "Accepted"
    assert [word for word in shown if word != "Available"] == ["Preparing", "Charging", "Finishing"]
    places = [told.index(one) for one in events if one["event"] == "frame"]
    asked = [told[place]["frame"] for place in places if told[place]["frame"]["answer"]]
    (answered,) = [frame for frame in asked if frame["action"] == "StartTransaction"]
    assert answered["number"] == begun["number"]
    assert max(places) < told.index(got[12])  # nothing comes behind the answer that follows from it


async def test_what_is_asked_wrong_is_a_sentence_and_the_next_line_is_read() -> None:
    wrong: list[tuple[object, str]] = [
        (b"{", "a line is one JSON object: "),
        (b"[" * 100_000, "a line is one JSON object: "),
        (b"\xff\xfe", "a line is one JSON object: "),
        (b'{"id": NaN}', "a line is one JSON object: JSON has no NaN"),
        ([1], "a line is one JSON object, like "),
        (TOO_LONG, f"a line has at most {LONGEST} bytes"),
        ({"op": "state"}, "id is missing: "),
        ({"id": 1}, "op is missing: it is one of start, ready, do, "),
        ({"id": 1, "op": "strat"}, "there is no op 'strat': did you mean"),
        ({"id": 1, "op": "start", "option": {}}, "start has no 'option': did you mean options?"),
        ({"id": 1, "op": "expect"}, "expect: message is missing"),
        ({"id": 1, "op": "start", "ocpp": "1.5"}, "start: ocpp is to be '1.6' or '2.0.1'"),
        ({"id": 1, "op": "state"}, "there is no charge point yet: start one"),
        ({**START, "options": {"modell": "x"}}, "there is no option 'modell': did you mean model?"),
        ({**START, "options": {"connectors": "x"}}, "CONNECTORS (--connectors) is 'x': "),
        ({**START, "options": {"model": "./no.toml"}}, "no.toml"),
        ({"id": 1, "op": "play", "scenario": "boots"}, "there is no scenario 'boots': did you"),
        ({"id": 1, "op": "play", "text": "- include: /etc/passwd"}, "scenario.yaml:1:1: "),
        (
            {"id": 1, "op": "play", "text": "scenario: x\nsteps: [{include: /etc/passwd}]"},
            ": nothing is included here: write the steps out",
        ),
    ]
    told = await said([line for line, _ in wrong], NOBODY)
    assert len(told) == len(wrong)
    # What cannot be read is answered at once, what is done in its turn.
    sentences = [one["error"]["sentence"] for one in told]
    for _, expected in wrong:
        assert any(expected in sentence for sentence in sentences), expected
    assert {one["error"]["kind"] for one in told} == {"asked wrong"}


async def test_what_is_not_as_wanted_says_what_is_and_the_conversation_goes_on() -> None:
    async with small_csms() as url:
        got = answers(
            await said(
                [
                    START,
                    {"id": 2, "op": "start", "charge_point": "CP02"},
                    {"id": 3, "op": "state"},
                    {"id": 4, "op": "do", "charge_point": "CP01", "action": "local_stop"},
                    {"id": 5, "op": "do", "charge_point": "CP01", "action": "plugg"},
                    {"id": 6, "op": "do", "charge_point": "CP01", "action": "record"},
                    {
                        "id": 7,
                        "op": "expect",
                        "charge_point": "CP01",
                        "message": "Heartbeat",
                        "within": 0.05,
                    },
                    {"id": 8, "op": "expect", "charge_point": "CP01", "message": "Hartbeat"},
                    {
                        "id": 9,
                        "op": "expect",
                        "charge_point": "CP01",
                        "message": "Authorize",
                        "where": {"idTag": {"matches": "("}},
                    },
                    {
                        "id": 10,
                        "op": "never",
                        "charge_point": "CP02",
                        "message": "Heartbeat",
                        "seconds": 0.01,
                    },
                    {**START, "id": 11},
                    {"id": 12, "op": "status", "charge_point": "CP01", "status": "Loading"},
                    {
                        "id": 13,
                        "op": "status",
                        "charge_point": "CP01",
                        "status": "Charging",
                        "connector": 9,
                    },
                    {"id": 14, "op": "stop", "charge_point": "CP01"},
                    {"id": 15, "op": "state"},
                ],
                url,
            )
        )
    told = {id_: one.get("error", {}).get("sentence", "") for id_, one in got.items()}
    assert told[3] == "charge_point is missing: there is CP01, CP02"
    assert told[4].startswith("local_stop: the charge point refuses: ")
    assert got[4]["error"]["kind"] == "refused"
    assert told[5] == "there is no action 'plugg': did you mean plug?"
    assert told[6].startswith("there is no action 'record'")
    assert told[7] == "expected Heartbeat: it does not come within 0.05 s"
    assert got[7]["error"]["kind"] == "unmet"
    assert told[8] == "OCPP 1.6 has no 'Hartbeat': did you mean Heartbeat?"
    assert told[9].startswith("where: matches: ( is no regular expression")
    assert told[11].startswith("CP01 is there already")
    assert told[12].startswith("there is no status 'Loading'; there is Available")
    assert told[13] == "CP01 has no connector 9"
    assert [got[id_]["ok"] for id_ in (1, 2, 10, 14, 15)] == [True] * 5
    assert got[15]["result"]["charge_point"] == "CP02"


async def test_a_fault_of_our_own_is_told_and_the_conversation_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def failed(_: Station) -> None:
        raise RuntimeError("out of\norder")

    async with small_csms() as url:
        monkeypatch.setattr(Station, "failed", failed)
        wait = {"id": 2, "op": "wait", "seconds": 60}
        told = await said([{**START, "within": None}, wait, {"id": 3, "op": "state"}], url)
    (end,) = [one for one in told if "event" in one]
    assert (end["event"], end["charge_point"]) == ("ended", "CP01")
    got = answers(told)
    assert got[2]["error"]["kind"] == "fault"
    for sentence in (end["why"], got[2]["error"]["sentence"]):
        assert "RuntimeError: out of\\norder" in sentence
    assert got[3]["ok"]


async def test_links_go_and_come_back() -> None:
    async with small_csms() as url:
        acts = ("silent", "online", "link_down", "plug", "link_up")
        lines = [{"id": name, "op": "do", "action": name} for name in acts]
        late = {"id": "too early", "op": "ready", "within": 0.01}
        lines[1:1] = [late]
        lines[4:4] = [{**late, "id": "down"}]
        told = await said(
            [{**START, "watch": ["status"]}, *lines, {"id": "back", "op": "ready"}], url
        )
    got = answers(told)
    assert got["too early"]["error"]["sentence"].endswith("it is silent: online comes first")
    assert got["down"]["error"]["sentence"].endswith("its link is down: link_up comes first")
    assert [got[name]["ok"] for name in (*acts, "back")] == [True] * 6
    states = [one["state"] for one in told if one.get("event") == "link"]
    assert "silent" in states
    assert "down" in states
    assert states[-1] == "Accepted"


async def test_requests_behind_one_that_is_beside_do_not_wait_for_it() -> None:
    async with small_csms() as url:
        told = await said(
            [
                START,
                {"id": 2, "op": "expect", "message": "Authorize", "beside": True},
                {"id": 3, "op": "do", "action": "plug"},
                {"id": 4, "op": "do", "action": "swipe", "values": {"id_tag": "CARD1"}},
            ],
            url,
        )
    assert [one["ok"] for one in told] == [True] * 4
    assert [one["id"] for one in told].index(3) < [one["id"] for one in told].index(2)


async def test_who_waits_for_what_is_stopped_is_told() -> None:
    async with small_csms() as url:
        wait = {"id": 2, "op": "wait", "seconds": 3600, "beside": True}
        got = answers(await said([START, wait, {"id": 3, "op": "stop"}], url))
    assert got[2]["error"] == {"kind": "ended", "sentence": "CP01 has ended meanwhile"}
    assert got[3]["ok"]


async def test_a_csms_that_is_not_there_is_told_and_the_id_is_free_again() -> None:
    told = await said([{**START, "within": 0.2}, {**START, "id": 2, "within": None}], NOBODY)
    got = answers(told)
    assert got[1]["error"]["kind"] == "unmet"
    assert got[1]["error"]["sentence"].startswith("CP01 is not let in within 0.2 s: ")
    assert got[2]["ok"]


async def test_scenarios_are_listed_and_played() -> None:
    got = answers(
        await said(
            [
                {"id": 1, "op": "scenarios", "only": "card-*", "ocpp": "1.6"},
                {"id": 2, "op": "play", "scenario": "card-blocked"},
            ],
            "",
        )
    )
    assert "card-blocked" in [one["name"] for one in got[1]["result"]["scenarios"]]
    assert (got[2]["result"]["verdict"], got[2]["result"]["csms"]) == ("passed", "own")


@pytest.mark.parametrize("hostile", ["\ud800", float("nan"), "</script>\n\x1b[2J"])
def test_what_a_peer_says_is_one_line_of_json_that_all_can_read(hostile: object) -> None:
    message = Message(1, "now", "Authorize", {"idTag": [hostile]}, {}, "")
    line = as_line(Answer(1, ok=True, result=message))
    assert b"\n" not in line
    assert b"\x1b" not in line
    read = json.loads(line.decode("utf-8"), parse_constant=lambda word: pytest.fail(word))
    assert read["result"]["action"] == "Authorize"


def test_what_is_nested_too_deep_is_told_to_be() -> None:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"a": deep}
    read = json.loads(as_line(Answer(7, ok=True, result=deep)))
    assert (read["id"], read["ok"], read["error"]["kind"]) == (7, False, "fault")


def test_lines_are_whole_however_they_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "LONGEST", 4)
    splitter = Splitter()
    pieces = (b"ab", b"c\n\n  \r\nd", b"e\nxxxx", b"x", b"yyyy\nf", b"\n12345\n")
    lines = [line for piece in pieces for line in splitter.feed(piece)]
    assert lines == [b"abc", b"de", TOO_LONG, b"f", TOO_LONG]


def test_every_op_is_done_and_every_action_has_its_values() -> None:
    assert set(PERFORM) == {op.request for op in OPS.values()}
    assert SCHEMA["$defs"]["Do"]["properties"]["action"]["enum"] == [row.name for row in DO]
    for name, values in [("fault", {"error_code": "GroundFailure"}), ("plug", {})]:
        FITS.validate({"id": 1, "op": "do", "action": name, "values": values})
    for wrong in ({"error_code": "Nonsense"}, {"code": 1}):
        assert not FITS.is_valid({"id": 1, "op": "do", "action": "fault", "values": wrong})


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--schema"]) == 0
    assert json.loads(capsys.readouterr().out) == SCHEMA


def test_a_bad_option_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--csms-url=nonsense"]) == 2
    assert "CSMS_URL (--csms-url) is 'nonsense'" in capsys.readouterr().err


async def test_the_program_says_nothing_but_json_and_ends_with_stdin() -> None:
    async with small_csms() as url:
        program = await asyncio.create_subprocess_exec(
            *COMMAND, f"--csms-url={url}", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        lines = [START, {"id": 2, "op": "do", "action": "plug"}, {"id": 3, "op": "state"}]
        text = "\n".join(map(json.dumps, lines))  # the last one has no end
        out, _ = await program.communicate(text.encode())
    told = [json.loads(line) for line in out.splitlines()]
    assert told[0] == {"event": "hello", "protocol": PROTOCOL, "chargeforge": "0.1.0"}
    assert [one["ok"] for one in told[1:]] == [True] * 3
    assert program.returncode == 0


NODE = shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="there is no node here")
async def test_the_example_in_node_is_green(tmp_path: Path) -> None:
    assert NODE is not None
    files = {name: text for name, text in printed_in("own-tests.md").items() if ".mjs" in name}
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    program = tmp_path / "chargeforge"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tui "$@"\n', "utf-8")
    program.chmod(0o755)
    async with small_csms() as url:
        found = {"CSMS_URL": url, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
        node = await asyncio.create_subprocess_exec(
            *(NODE, "--test"),
            cwd=tmp_path,
            env={**os.environ, **found},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        out, _ = await node.communicate()
    assert (node.returncode, len(files)) == (0, 2), out.decode()


async def test_the_program_ends_in_order_when_it_is_told_to() -> None:
    async with small_csms() as url:
        program = await asyncio.create_subprocess_exec(
            *COMMAND, f"--csms-url={url}", stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert program.stdin is not None
        assert program.stdout is not None
        for line in (START, {"id": 2, "op": "wait", "seconds": 3600}):
            program.stdin.write(json.dumps(line).encode() + b"\n")
        while b'"id":1' not in await program.stdout.readline():
            pass
        program.send_signal(signal.SIGTERM)
        ended = json.loads(await program.stdout.readline())
        assert (ended["id"], ended["error"]["kind"]) == (2, "ended")
        assert await program.wait() == 0
