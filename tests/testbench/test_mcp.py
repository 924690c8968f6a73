"""`chargeforge mcp` as an agent's client sees it."""

from __future__ import annotations

import json
import sys
from typing import Any

import jsonschema_rs
import pytest

pytest.importorskip("mcp")

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from sim_core.csms import Csms
from sim_core.testbench.drive.mcp_server import DATA, main, server, tools, visible
from sim_core.testbench.drive.requests import OPS
from sim_core.testbench.drive.session import Session
from sim_core.testbench.reading import DO


def told(result: Any) -> dict[str, Any]:
    """What a tool has returned; its text says the same, behind a word on what it is."""
    note, text = result.content
    assert note.text == DATA
    document: dict[str, Any] = json.loads(text.text)
    assert text.text.isascii()
    assert result.structured_content == document
    return document


async def test_an_agent_charges_a_vehicle_over_stdio() -> None:
    async with Csms() as csms:
        url = f"ws://127.0.0.1:{csms.port}/ocpp"
        program = StdioServerParameters(
            command=sys.executable, args=["-m", "tui", "mcp", f"--csms-url={url}"]
        )
        async with Client(stdio_client(program)) as client:
            names = [tool.name for tool in (await client.list_tools()).tools]
            assert "start_charge_point" in names
            started = await client.call_tool("start_charge_point", {"charge_point": "CP01"})
            assert told(started) == {"charge_point": "CP01", "ocpp": "1.6"}
            assert not (await client.call_tool("plug", {"connector": 1})).is_error
            assert not (await client.call_tool("swipe", {"id_tag": "CARD1"})).is_error
            heard = await client.call_tool("expect_message", {"message": "StartTransaction"})
            assert told(heard)["payload"]["idTag"] == "CARD1"
            refused = await client.call_tool("local_start", {})
            assert refused.is_error
            assert told(refused)["error"]["kind"] == "refused"
            said = told(await client.call_tool("messages", {"action": "Authorize"}))
            assert [frame["direction"] for frame in said["frames"]] == ["sent"]
            elsewhere = await client.call_tool("start_charge_point", {"csms_url": "ws://x"})
            assert "one CSMS only" in told(elsewhere)["error"]["sentence"]
            state = told(await client.call_tool("state", {}))
            assert state["connectors"][0]["charging_for"] == "CARD1"
            assert told(await client.call_tool("stop_charge_point", {})) == {}


async def test_a_scenario_is_played_and_what_is_wrong_is_a_sentence() -> None:
    session = Session(lambda _: None)
    async with Client(server(session)) as client:
        played = told(await client.call_tool("play_scenario", {"scenario": "card-blocked"}))
        assert (played["verdict"], played["csms"]) == ("passed", "own")
        listed = told(await client.call_tool("list_scenarios", {"only": "boot*"}))
        assert "boot" in [one["name"] for one in listed["scenarios"]]
        for tool, arguments, sentence in (
            ("plugg", {}, "there is no tool 'plugg': did you mean plug?"),
            ("plug", {}, "there is no charge point yet: start one"),
            ("wait", {}, "wait: seconds is missing"),
            ("messages", {"acton": "x"}, "frames has no 'acton': did you mean action?"),
            ("record", {}, "there is no action 'record'"),
        ):
            result = await client.call_tool(tool, arguments)
            assert result.is_error
            assert told(result)["error"]["sentence"].startswith(sentence)
    await session.close()


def test_every_action_and_every_request_is_a_tool() -> None:
    made = {tool.name: tool for tool in tools()}
    assert len(made) == len(DO) + sum(bool(op.tool) for op in OPS.values())
    for tool in made.values():
        jsonschema_rs.validator_for(tool.input_schema)
        assert tool.input_schema["type"] == "object"
        assert "$ref" not in json.dumps(tool.input_schema)
    assert made["fault"].input_schema["properties"]["error_code"]["enum"]


@pytest.mark.parametrize("hidden", ["\u202e", "\U000e0041", "\x1b[2J", "\ud800"])
def test_nothing_that_a_peer_says_is_hidden_from_a_reader(hidden: str) -> None:
    shown = visible({"payload": {f"a{hidden}": [hidden, float("nan")]}})
    assert json.dumps(shown, ensure_ascii=False).isprintable()
    json.dumps(shown, ensure_ascii=False, allow_nan=False).encode()


def test_a_bad_option_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--csms-url=nonsense"]) == 2
    assert "CSMS_URL (--csms-url) is 'nonsense'" in capsys.readouterr().err
