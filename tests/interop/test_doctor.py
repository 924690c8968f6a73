"""`chargeforge doctor`: a line for each step, that says ok or what to do, and an exit code."""

from __future__ import annotations

import asyncio
import contextlib
import http
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.typing import Subprotocol

from sim_core import doctor
from sim_core.csms import Csms
from sim_core.csms.events import Booted
from sim_core.doctor import Finding, examine, main
from tests.conformance.test_wire import Door
from tests.harness import settings
from tests.interop.test_tls import Authority, TlsCsms, findings
from tests.network import Network, connect_proxy, free_port, hangs_up, says
from tests.scripted_csms import Answer, CallError, Cut, Drop, ScriptedCsms

ROOT = Path(__file__).parents[2]
URL = "ws://127.0.0.1:{}/ocpp"


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever closes the link in here does so at once."""
    monkeypatch.setattr(doctor, "LINGER_S", 0.1)


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
        (
            CallError("InternalError"),
            "the CSMS refused BootNotification: InternalError (scripted)",
            "look at the log of",
        ),
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
    def skip_tick() -> bool:
        if isinstance(answer, Drop):  # from here on: the steps before are not in a hurry
            monkeypatch.setattr(doctor, "PATIENCE_S", 0.3)
        return True

    told: list[Finding] = []
    async with ScriptedCsms() as csms:
        csms.script["BootNotification"].append(answer)
        await examine(settings(csms_url=csms.url), may_boot=skip_tick, tell=told.append)
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


# -- a link that does not last ---------------------------------------------------------------------


@contextlib.asynccontextmanager
async def closing(
    code: int, reason: str, *, answers: int = 0, hears: int = 0
) -> AsyncIterator[str]:
    """A CSMS that lets everybody in, answers so many messages, hears so many more, and closes."""

    async def handle(connection: ServerConnection) -> None:
        for _ in range(answers):
            message = json.loads(await connection.recv())
            now = datetime.now(timezone.utc).isoformat()
            answer = {"currentTime": now, "status": "Accepted", "interval": 60}
            await connection.send(json.dumps([3, message[1], answer]))
        for _ in range(hears):
            await connection.recv()
        await connection.close(code, reason)

    async with serve(handle, "127.0.0.1", 0, subprotocols=[Subprotocol("ocpp1.6")]) as server:
        yield URL.format(next(iter(server.sockets)).getsockname()[1])


@pytest.mark.parametrize(
    ("code", "reason", "found", "advice"),
    [
        (1008, "unknown: CP", "closed the link with 1008 (unknown: CP)", "check that CPID is"),
        (1000, "", "closed the link with 1000", "no other charge point has this CPID"),
        (1011, "boom", "closed the link with 1011 (boom)", "the CSMS has failed inside"),
        (1013, "", "closed the link with 1013", "too busy"),
        (4001, "no\x1b[2J", "closed the link with 4001 (no", "4001 is a code of this CSMS's own"),
        (1009, "", "closed the link with 1009", "a message of ours is too long"),
        (3000, "", "closed the link with 3000", "check CPID and AUTHORIZATION_KEY"),
        (3999, "", "closed the link with 3999", "look at the log of the CSMS"),
        (4002, "see http://me:pw@h/x?y", "4002 (see http://(hidden)@h/x?(hidden))", "own"),
    ],
)
@pytest.mark.parametrize("boot", [True, False])
async def test_a_csms_that_closes_is_not_well_and_is_quoted(
    code: int,
    reason: str,
    found: str,
    advice: str,
    boot: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "LINGER_S", 20)
    told: list[Finding] = []
    async with closing(code, reason, hears=int(boot)) as url:
        well = await examine(settings(csms_url=url), may_boot=lambda: boot, tell=told.append)
    assert not well
    assert found in told[-1].found
    assert advice in told[-1].advice
    assert "\x1b" not in told[-1].line()


async def test_a_refusal_is_quoted_and_gives_nothing_away() -> None:
    async with ScriptedCsms() as csms:
        refusal = CallError("SecurityError", "ask ftp://me:pw@h/x")
        csms.script["BootNotification"].append(refusal)
        told = await findings(csms)
    assert told[-1].line() == (
        "FAIL  BootNotification  the CSMS refused BootNotification: SecurityError "
        f"(ask ftp://(hidden)@h/x)\n{'':<24}look at the log of the CSMS"
    )


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (b"HTTP/1.0 404 Not here\r\n\r\n", "speaks HTTP/1.0 (HTTP/1.0 404 Not here) and knows no"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak HTTP (it says 'SSH-2.0-OpenSSH_9.6')"),
        (b"220 \x1b[2J ESMTP\r\n", "does not speak HTTP (it says '220 "),
    ],
)
async def test_what_answers_in_place_of_a_csms_is_quoted(said: bytes, found: str) -> None:
    async with Network(greeting=says(said)) as network:
        told = await findings(URL.format(network.port))
    assert found in told[-1].found
    assert "\x1b" not in told[-1].line()


@pytest.mark.parametrize(
    ("offered", "found"),
    [
        ("ocpp2.0.1", "the CSMS does not speak ocpp1.6 there (it answered ocpp2.0.1)"),
        (None, "the CSMS does not speak ocpp1.6 there (it named no sub-protocol)"),
        ("ocpp1.6, ocpp2.0.1", "does not speak ocpp1.6 there (it answered ocpp1.6, ocpp2.0.1)"),
    ],
)
async def test_the_sub_protocol_that_the_csms_answers_is_named(
    offered: str | None, found: str
) -> None:
    def offer(_: ServerConnection, __: Request, response: Response) -> Response:
        if offered is not None:
            response.headers["Sec-WebSocket-Protocol"] = offered
        return response

    async def stay(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(stay, "127.0.0.1", 0, process_response=offer) as server:
        told = await findings(URL.format(next(iter(server.sockets)).getsockname()[1]))
    assert told[-1].step == "WebSocket"
    assert found in told[-1].found
    assert "check the path in CSMS_URL, and that the CSMS is set up for OCPP 1.6" in told[-1].advice


async def test_what_is_odd_in_the_settings_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("CPIDD=X\n")
    async with ScriptedCsms() as csms:
        await asyncio.to_thread(main, ["--no-boot", "--state-dir", ":memory:", csms.url])
    assert "settings          .env, line 1: CPIDD is no option: did you mean CPID?" in (
        capsys.readouterr().out
    )


async def test_a_csms_that_closes_after_all_was_answered_is_not_well_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doctor, "LINGER_S", 20)
    async with closing(1008, "go away", answers=1 + doctor.HEARTBEATS) as url:
        told = await findings(url)
    assert (told[-2].step, told[-2].ok) == ("answers", True)
    assert "1008 (go away)" in told[-1].found
    assert not told[-1].ok


# -- TLS, or not -----------------------------------------------------------------------------------


async def test_ws_to_a_port_that_speaks_tls(tmp_path: Path) -> None:
    authority = Authority(trustme.CA(), tmp_path)
    async with TlsCsms(authority.server()) as csms:
        told = await findings(csms.url.replace("wss://", "ws://"))
    assert (told[-1].step, told[-1].ok) == ("WebSocket", False)
    assert told[-1].advice == "this port speaks TLS: try wss:// in place of ws:// in CSMS_URL"


async def test_wss_to_a_port_that_does_not_speak_tls() -> None:
    async with ScriptedCsms() as csms:
        told = await findings(csms.url.replace("ws://", "wss://"))
    assert (told[-1].step, told[-1].ok) == ("TLS", False)
    assert "try ws:// in place of wss://" in told[-1].advice


async def test_what_speaks_neither_is_not_said_to() -> None:
    async with Network(greeting=hangs_up) as network:
        for scheme in ("ws", "wss"):
            told = await findings(f"{scheme}://127.0.0.1:{network.port}")
            assert not told[-1].ok
            assert "try ws" not in told[-1].advice


# -- what is typed ---------------------------------------------------------------------------------


async def test_an_id_that_stands_twice_is_told() -> None:
    def gate(connection: ServerConnection, _: Request) -> Response | None:
        return connection.respond(http.HTTPStatus.NOT_FOUND, "no\n")

    async with Door(gate=gate) as csms:
        told = await findings(f"{csms.url}/TestCP01")
        assert "the id stands twice" in told[0].advice
        assert "the id stands twice" in told[-1].found + told[-1].advice
        assert csms.url.endswith("/ocpp")


@pytest.mark.parametrize(
    "words",
    [
        *(
            [url]
            for url in (
                "ws://127.0.0.1:99999/ocpp",
                "ws://127.0.0.1:abc/ocpp",
                "ws://[::1/x",
                "ws://",
                "ws:///ocpp",
                "ws://:80",
                "ws://ho st/",
                " ",
                "ws://h\u00f6\udcffst/",
                "ws://\u3002/",
                "http://host/",
                "ws://" + "x" * 70_000,
                "ws://me:s3cret/x@host/",
                "ws://host/{id}",
            )
        ),
        ["--proxy", "http://me:s3cret#@host:abc"],
        ["--proxy", "http://host:99999"],
        ["--cpid", "\udcff"],
        ["--csms-url"],
        ["ws://host", "ws://host"],
    ],
)
@pytest.mark.parametrize("command", ["doctor", "headless", "fleet"])
def test_what_can_never_work_is_exit_code_2_and_a_sentence(
    command: str, words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: Any
) -> None:
    from tui.__main__ import main as chargeforge

    monkeypatch.chdir(tmp_path)
    if command != "doctor" and not words[0].startswith("--"):
        words = ["--csms-url", *words]
    try:
        code = chargeforge([command, *words])
    except SystemExit as end:
        code = end.code
    said = capfd.readouterr()
    assert code == 2, said
    assert said.err
    assert "Traceback" not in said.err
    assert "s3cret" not in said.out + said.err


@pytest.mark.parametrize(("key", "code"), [(EOFError, 0), (KeyboardInterrupt, 130)])
async def test_ctrl_d_and_ctrl_c_at_the_question(
    key: type[BaseException], code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def pressed(_: str) -> str:
        raise key

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("builtins.input", pressed)
    async with ScriptedCsms() as csms:
        assert await asyncio.to_thread(main, [csms.url]) == code
        assert csms.calls == []


async def test_a_pipe_that_closes_is_no_traceback(tmp_path: Path) -> None:
    async with ScriptedCsms() as csms:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "sim_core.doctor",
            csms.url,
            "--boot",
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        assert (await process.stdout.readline()).startswith(b"TestCP01 at ")
        process.stdout._transport.close()  # type: ignore[attr-defined]  # as `head -1` does
        said = await process.stderr.read()
        assert await process.wait() == 1
        assert said == b""
