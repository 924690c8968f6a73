"""`chargeforge doctor`: a line for each step, that says ok or what to do, and an exit code."""

from __future__ import annotations

import http
import io
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import Request, Response, ServerConnection

from sim_core import doctor
from sim_core.csms import Csms
from sim_core.csms.events import Booted
from sim_core.doctor import Finding, examine, main
from tests.conformance.test_wire import Door
from tests.interop.test_dialling import free_port
from tests.interop.test_tls import Authority, TlsCsms, findings
from tests.network import Network, connect_proxy
from tests.pair import settings
from tests.scripted_csms import Answer, CallError, Cut, Drop, ScriptedCsms

URL = "ws://127.0.0.1:{}/ocpp"


async def test_against_the_csms_of_the_demo_all_is_well_and_one_boot_is_all_it_sees() -> None:
    async with Csms() as csms:
        told: list[Finding] = []
        chosen = settings(csms_url=URL.format(csms.port))
        assert await examine(chosen, may_boot=lambda: True, tell=told.append)
        assert [f.step for f in told] == [
            "name",
            "port",
            "WebSocket",
            "BootNotification",
            "answers",
        ]
        assert all(finding.ok and not finding.advice for finding in told)
        assert sum(isinstance(event, Booted) for event in csms.events) == 1
        assert not csms.ledger.history


async def test_without_leave_no_boot_is_sent() -> None:
    async with ScriptedCsms() as csms:
        told: list[Finding] = []
        assert await examine(settings(csms_url=csms.url), may_boot=lambda: False, tell=told.append)
        assert told[-1].step == "WebSocket"
        assert csms.calls == []


async def test_a_wrong_port_and_a_wrong_path() -> None:
    told = await findings(URL.format(free_port()))
    assert [(f.step, f.ok) for f in told] == [("name", True), ("port", False)]
    assert told[-1].found == "connection refused"
    assert told[-1].advice == "check that the CSMS runs, and host and port in CSMS_URL"

    def gate(connection: ServerConnection, _: Request) -> Response | None:
        return connection.respond(http.HTTPStatus.NOT_FOUND, "no\n")

    async with Door(gate=gate) as csms:
        told = await findings(csms)
        assert (told[-1].step, told[-1].ok) == ("WebSocket", False)
        assert told[-1].found == "HTTP 404: the CSMS knows no such path or charge point"
        assert told[-1].advice == "check CSMS_URL and CPID"


@pytest.mark.parametrize(
    ("answer", "found", "advice"),
    [
        (Drop(), "no answer within 0.3 s", "the CSMS takes the connection and does not answer"),
        (CallError("InternalError"), "BootNotification was answered with", "look at the log of"),
        (Cut(), "no answer to BootNotification, the connection was lost", "look at the log of"),
        ({"status": "Rejected"}, "Rejected, interval null s", "its currentTime is no time"),
        ({"status": "Pending", "interval": 9, "currentTime": "now"}, "Pending, interval 9 s", ""),
        ({"status": "\x1b[2J\n", "interval": []}, "\x1b[2J\n, interval [] s", "its currentTime is"),
        ({}, "null, interval null s", "its currentTime is no time: mend the CSMS"),
    ],
)
async def test_a_boot_that_goes_wrong(
    answer: Answer, found: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hurry() -> bool:
        if isinstance(answer, Drop):  # from here on: the steps before are not in a hurry
            monkeypatch.setattr(doctor, "PATIENCE_S", 0.3)
        return True

    told: list[Finding] = []
    async with ScriptedCsms() as csms:
        csms.script["BootNotification"].append(answer)
        await examine(settings(csms_url=csms.url), may_boot=hurry, tell=told.append)
        assert (told[-1].step, told[-1].ok) == ("BootNotification", False)
        assert told[-1].found.startswith(found)
        assert told[-1].advice.startswith(advice)
        assert "\x1b" not in told[-1].line()


async def test_a_clock_that_is_off_is_told() -> None:
    now = datetime.now(timezone.utc) + timedelta(hours=1)
    async with ScriptedCsms(now=lambda: now) as csms:
        told = await findings(csms)
        boot = next(finding for finding in told if finding.step == "BootNotification")
        assert boot.ok
        assert "clock +3" in boot.found
        assert boot.advice == "set the clock of this computer, or the CSMS's"


async def test_frames_that_are_no_answer_are_passed_over() -> None:
    class Chatty(ScriptedCsms):
        async def _answer(self, connection: ServerConnection, call: Any) -> None:
            for noise in ("hello", "[]", '[3,"nobody",{}]', "[" * 100_000, '[2,"x","Reset",{}]'):
                await connection.send(noise)
            await super()._answer(connection, call)

    async with Chatty() as csms:
        assert (await findings(csms))[-1].ok


async def test_through_a_proxy_it_is_the_proxy_that_is_looked_at(tmp_path: Path) -> None:
    authority = Authority(trustme.CA(), tmp_path)
    async with (
        TlsCsms(authority.server()) as csms,
        Network(greeting=connect_proxy("me:secret")) as network,
    ):
        proxy = f"http://me:secret@localhost:{network.port}"
        told = await findings(csms, ca_cert=authority.file, proxy=proxy)
        steps = ["name", "port", "WebSocket", "TLS", "BootNotification", "answers"]
        assert [f.step for f in told] == steps
        assert told[0].found.startswith("the proxy localhost is ")
        assert told[1].found.startswith(f"{network.port} of the proxy is open")
        assert "certificate good for" in told[3].found
        assert "secret" not in "".join(finding.line() for finding in told)
    told = await findings(csms, proxy=f"http://localhost:{free_port()}")
    assert (told[-1].step, told[-1].found) == (
        "port",
        "the proxy cannot be reached: connection refused",
    )


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environment", "stream", "coloured"),
    [
        ({"TERM": "xterm"}, Terminal, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, Terminal, False),
        ({"TERM": "dumb"}, Terminal, False),
        ({"TERM": "xterm"}, io.StringIO, False),
    ],
)
def test_the_command_prints_lines_and_ends_with_a_code(
    environment: dict[str, str],
    stream: Callable[[], io.StringIO],
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = stream()
    monkeypatch.setattr("sys.stdout", out)
    port = free_port()
    assert main([f"ws://me:secret@127.0.0.1:{port}/ocpp", "--no-boot"]) == 1
    green, red, normal = ("\x1b[32m", "\x1b[31m", "\x1b[0m") if coloured else ("", "", "")
    assert out.getvalue().splitlines() == [
        f"TestCP01 at ws://(hidden)@127.0.0.1:{port}/ocpp",
        f"{green}ok  {normal}  name              127.0.0.1 is 127.0.0.1",
        f"{red}FAIL{normal}  port              connection refused",
        "                        check that the CSMS runs, and host and port in CSMS_URL",
        "Something is wrong: see the line that says FAIL.",
    ]


def test_a_bad_option_is_exit_code_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["http://me:secret@host/"]) == 2
    said = capsys.readouterr()
    assert "secret" not in said.out + said.err


@given(
    st.text(st.characters(codec=None, exclude_categories=())),
    st.text(st.characters(codec=None, exclude_categories=())),
)
def test_whatever_is_found_a_finding_is_one_or_two_lines_that_print(
    found: str, advice: str
) -> None:
    lines = Finding("port", False, found, advice).line().split("\n")
    assert len(lines) == 1 + bool(advice)
    assert all(line.isprintable() for line in lines)
