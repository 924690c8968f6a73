"""The dashboard in a browser: who is let in, and that what runs for a tab is attached."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from aiohttp import web
from pydantic import SecretStr

from sim_core.errors import UserError
from sim_core.http_door.server import listen
from tests.patience import PATIENCE_S
from tests.sidecar.beside import beside
from tui.attach.serving import (
    DashboardServer,
    Door,
    ServeSettings,
    command_of,
    environment_of,
    page_of,
)


@asynccontextmanager
async def serving(command: str, **options: Any) -> AsyncIterator[int]:
    """The server of the page on a port that the system picks."""
    settings = ServeSettings(**options)
    app = await DashboardServer(command, settings, page_of(settings))._make_app()
    runner = web.AppRunner(app)
    await runner.setup()
    listener = listen("127.0.0.1", 0)
    await web.SockSite(runner, listener).start()
    try:
        yield listener.getsockname()[1]
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
async def test_the_page_refers_to_where_it_was_asked_for(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving("exit 0") as port, httpx.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"http://127.0.0.1:{port}/", headers={"Host": f"{name}:{port}"})
        assert answer.status_code == 200
        assert f"http://{name}:{port}/static" in answer.text
        assert f"ws://{name}:{port}/ws" in answer.text
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "The dashboard is at" in capsys.readouterr().out


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
async def test_no_other_site_comes_in(headers: dict[str, str]) -> None:
    async with serving("exit 0") as port, httpx.AsyncClient(trust_env=False) as http:
        for path in ("/", "/ws", "/static/js/textual.js"):
            answer = await http.get(f"http://127.0.0.1:{port}{path}", headers=headers)
            assert answer.status_code == 403


def test_behind_a_proxy_its_own_page_comes_in() -> None:
    door = Door("https://charger.example:8443", "127.0.0.1")
    assert not door.why_not("charger.example:8443", "https://charger.example:8443")
    assert not door.why_not("127.0.0.1:8071", "https://charger.example:8443")
    assert door.why_not("charger.example", "https://other.example")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.7", "box"])
def test_beyond_this_computer_only_when_told_so(host: str) -> None:
    with pytest.raises(UserError, match="no password"):
        page_of(ServeSettings(serve_host=host))
    assert page_of(ServeSettings(serve_host=host, serve_open=True)).endswith(":8071")


def test_the_key_is_in_no_list_of_processes() -> None:
    settings = ServeSettings(http_api_key=SecretStr("s3cret"), fps=2, keys={"stop": "X"})
    assert "s3cret" not in command_of(["http://127.0.0.1:7071"])
    told = environment_of(settings)
    assert told["HTTP_API_KEY"] == "s3cret"
    assert (told["FPS"], told["KEYS"]) == ("2", '{"stop": "X"}')


async def test_a_tab_is_attached_to_the_charge_point() -> None:
    """What textual-serve runs for a tab, with the packets that it speaks."""
    async with beside() as here:
        environment = os.environ | environment_of(ServeSettings())
        environment |= {
            "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
            "COLUMNS": "80",
            "ROWS": "24",
        }
        tab = await asyncio.create_subprocess_shell(
            command_of([f"http://127.0.0.1:{here.port}"]),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=environment,
        )
        assert tab.stdin is not None
        assert tab.stdout is not None
        try:
            await _until(tab.stdout, b"online, Accepted")
            tab.stdin.write(b"D" + (1).to_bytes(4, "big") + b"p")
            await _until(tab.stdout, b"Preparing")
            assert here.harness.connector(1).plugged
        finally:
            tab.terminate()
            await asyncio.wait_for(tab.communicate(), PATIENCE_S)


async def _until(out: asyncio.StreamReader, words: bytes) -> None:
    seen = b""
    while words not in seen:
        piece = await asyncio.wait_for(out.read(65536), PATIENCE_S)
        assert piece, "the tab has ended"
        seen += piece
