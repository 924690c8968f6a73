"""A charge point lives on uvloop where that is installed, and on asyncio's loop where it is not."""

from __future__ import annotations

import importlib.util

import httpx
import pytest

from sim_core.engine import Engine
from sim_core.http_door.server import listen
from sim_core.runtime import event_loops
from sim_core.runtime.event_loops import ASYNCIO, AUTO, UVLOOP, NoUvloopError
from sim_core.settings.loading import load
from sim_core.sidecar.server import companion

HAS_UVLOOP = importlib.util.find_spec("uvloop") is not None


async def _name() -> str:
    return event_loops.running_on()


def test_asyncio_is_there_and_uvloop_where_it_is_installed() -> None:
    assert event_loops.run(_name(), ASYNCIO) == ASYNCIO
    assert event_loops.run(_name(), AUTO).startswith(UVLOOP if HAS_UVLOOP else ASYNCIO)


def test_what_is_not_installed_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert event_loops.chosen(AUTO) == ASYNCIO
    with pytest.raises(NoUvloopError, match=r"pip install 'chargeforge\[fast\]'"):
        event_loops.run(_name(), UVLOOP)


@pytest.mark.parametrize("kind", [ASYNCIO, UVLOOP])
async def test_info_says_what_the_charge_point_runs_on(kind: str) -> None:
    if kind == UVLOOP and not HAS_UVLOOP:
        pytest.skip("uvloop is not installed")
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    settings = load(
        [f"--event-loop={kind}", "--csms-url=ws://127.0.0.1:9/ocpp", "--state-dir=:memory:"]
    )
    engine = Engine(settings, beside=(companion(settings, listener),))
    engine.start()
    try:
        async with httpx.AsyncClient() as http:
            answer = await http.get(f"http://127.0.0.1:{port}/info")
    finally:
        assert engine.stop(10)
    assert answer.json()["event_loop"].startswith(kind)
