"""A charger, its CSMS and its twin: over real sockets, by a clock that the test turns."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve

from sim_core.bedside.host import Bedside
from sim_core.bedside.verdicts import Mark, VerdictPicture
from sim_core.runtime.clock import SystemClock
from sim_core.settings.model_file import ModelError
from sim_core.traces.exchanges import Conversation
from sim_core.traces.moments import S
from sim_core.wire.message_log import ExchangeState
from tests.bedside.test_bedside import settings, until
from tests.lockstep.metal import all_but, metal, passing
from tests.network import free_port
from tests.patience import PATIENCE_S

"""The twin computes on its own, beside whatever else this computer does."""


class TurnedClock(SystemClock):
    """It is what the test says it is; what waits, waits for real seconds."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass
class Line:
    """The charger's end and its CSMS's, with the relay between them."""

    made: Bedside
    clock: TurnedClock
    charger: ClientConnection
    csms: ServerConnection

    async def say(self, said: Conversation) -> None:
        """Let a conversation pass, each frame at its own time."""
        begin = said.exchanges[0].at
        for after, row, exchange, is_answer in passing(said):
            self.clock.at = begin + after
            by_charger = exchange.from_charger is not is_answer
            frame: list[Any] = [2, exchange.message_id, exchange.action, exchange.payload]
            if is_answer:
                assert exchange.answer is not None
                frame = [exchange.answer[0], exchange.message_id, *exchange.answer[1:]]
            one, other = (self.charger, self.csms) if by_charger else (self.csms, self.charger)
            await one.send(json.dumps(frame))
            assert json.loads(await asyncio.wait_for(other.recv(), PATIENCE_S)) == frame
            await until(partial(self._has_seen, row, is_answer))
        self.clock.at = said.exchanges[-1].at + 60 * S

    def _has_seen(self, row: int, is_answer: bool) -> bool:
        """Whether what has passed was looked at: only then the clock may go on."""
        seen = [one for one in self.messages if one.number == row]
        return bool(seen) and not (is_answer and seen[0].state is ExchangeState.WAITING)

    @property
    def messages(self) -> list[Any]:
        """The message log."""
        return self.made.hosts[0].messages.since(0)[1]

    @property
    def verdicts(self) -> VerdictPicture:
        return self.made.hosts[0].verdicts

    async def judged(self, count: int) -> VerdictPicture:
        """The verdicts when so many frames have one, and nothing changes any more."""
        await until(lambda: sum(self.verdicts.counts.values()) >= count, PATIENCE_S)
        return self.verdicts


@asynccontextmanager
async def beside(said: Conversation, *arguments: str) -> AsyncIterator[Line]:
    """A relay with a twin, and both ends of a line through it."""
    links: asyncio.Queue[ServerConnection] = asyncio.Queue()

    async def keep(link: ServerConnection) -> None:
        links.put_nowait(link)
        await link.wait_closed()

    clock = TurnedClock(said.exchanges[0].at)
    async with serve(keep, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
        port = next(iter(server.sockets)).getsockname()[1]
        csms = f"--csms-url=ws://127.0.0.1:{port}"
        made = Bedside(settings("--twin=gresgying-f3-eu180", csms, *arguments), clock)
        made.start()
        try:
            await until(lambda: made.address or made.failure)
            async with connect(
                f"{made.address}/CP01",
                subprotocols=["ocpp1.6"],  # type: ignore[list-item]
            ) as charger:
                yield Line(made, clock, charger, await links.get())
        finally:
            assert await asyncio.to_thread(made.stop, 20.0)


async def test_equal_ones_say_the_same_and_each_frame_has_its_verdict() -> None:
    said = await asyncio.to_thread(metal, 130)
    async with beside(said) as line:
        await line.say(said)
        picture = await line.judged(len(said.exchanges))
        assert picture.model == "gresgying-f3-eu180"
        assert picture.differences == ()
        numbers = {exchange.number for exchange in line.messages}
        assert set(picture.rows) == numbers
        assert {verdict.mark for verdict in picture.rows.values()} <= {Mark.SAME, Mark.CANNOT_TELL}


async def test_what_differs_is_an_event_a_verdict_and_a_report(tmp_path: Path) -> None:
    said = await asyncio.to_thread(metal, 131, all_but("two_entry_stop_data"))
    async with beside(said, f"--state-dir={tmp_path}") as line:
        await line.say(said)
        await until(lambda: line.verdicts.differing, PATIENCE_S)
        (verdict,) = line.verdicts.differences
        assert verdict.mark is Mark.DIFFERS
        assert "has not the twin's habit two_entry_stop_data" in verdict.sentence
        assert "transactionData has" in verdict.whys[1]
        assert verdict.habits == ("two_entry_stop_data",)
        assert verdict.twin[1] == "StopTransaction"
        row = next(e for e in line.messages if e.number == verdict.row)
        assert row.action == "StopTransaction"
        told = [event.text for event in line.made.events.since(0)[1] if event.kind == "twin"]
        assert told == [f"CP01: not as the twin: {verdict.sentence}"]
        comparing = line.made.comparing
    assert comparing is not None
    assert comparing.differing == 1
    facts = [event.facts for event in comparing.verdicts.since(0)[1] if event.facts]
    assert [f["differs"] for f in facts if f["verdict"] == "differs"] == [verdict.sentence]
    (report,) = (tmp_path / "twin-reports" / "CP01").glob("*.txt")
    assert "1 differs" in report.read_text("utf-8")
    assert verdict.sentence in report.read_text("utf-8")


async def test_a_known_difference_is_marked_and_does_not_count() -> None:
    said = await asyncio.to_thread(metal, 131, all_but("two_entry_stop_data"))
    async with beside(said, "--allow=something else; *HABIT two_entry_stop_data*") as line:
        await line.say(said)
        await until(lambda: line.verdicts.counts.get(Mark.ALLOWED), PATIENCE_S)
        assert line.verdicts.differing == 0
        assert line.verdicts.differences == ()


async def test_a_charger_of_another_make_is_pointed_out() -> None:
    said = await asyncio.to_thread(metal, 132)
    said.exchanges[0].payload["chargePointVendor"] = "Nobody"
    async with beside(said) as line:
        await line.say(said)

        def pointed_out() -> bool:
            warnings = line.made.hosts[0].charger.snapshot.warnings
            return any("this is a Nobody" in warning for warning in warnings)

        await until(pointed_out)


async def test_the_relay_goes_on_when_the_twin_has_ended() -> None:
    said = await asyncio.to_thread(metal, 133)
    async with beside(said) as line:
        comparing = line.made.comparing
        assert comparing is not None
        os.kill(comparing.pid, signal.SIGKILL)
        await line.say(said)
        await until(lambda: line.verdicts.trouble, PATIENCE_S)
        assert line.verdicts.trouble.startswith("the twin has stopped")


def test_a_model_that_is_none_is_said_before_anything_starts() -> None:
    with pytest.raises(ModelError, match="nonsense"):
        Bedside(settings("--twin=gresgying-f3-eu180", "--twin-quirks=nonsense"))


@contextmanager
def bedside_process(port: int, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The relay without a screen, in a process of its own."""
    arguments = [f"--listen=127.0.0.1:{port}", "--http-port=0", f"--state-dir={tmp_path}"]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "sim_core.bedside",
            "--twin=gresgying-f3-eu180",
            "--log-format=json",
            *arguments,
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


async def test_without_a_screen_each_verdict_is_a_line_and_the_exit_code_says_whether_any_differs(
    tmp_path: Path,
) -> None:
    port = free_port()
    with bedside_process(port, tmp_path) as process:
        assert process.stdout is not None
        lines: list[dict[str, Any]] = []

        async def line_of(kind: str, **words: object) -> dict[str, Any]:
            while True:
                assert process.stdout is not None
                text = await asyncio.wait_for(
                    asyncio.to_thread(process.stdout.readline), PATIENCE_S
                )
                lines.append(json.loads(text))
                if lines[-1]["kind"] == kind and words.items() <= lines[-1].items():
                    return lines[-1]

        while "may dial" not in (await line_of("start"))["text"]:
            pass
        async with connect(
            f"ws://127.0.0.1:{port}/CP01",
            subprotocols=["ocpp1.6"],  # type: ignore[list-item]
        ) as charger:
            boot = {"chargePointVendor": "X", "chargePointModel": "Y"}
            status = {"connectorId": 1, "status": "Available", "errorCode": "NoError"}
            for action, payload in (("BootNotification", boot), ("StatusNotification", status)):
                await charger.send(json.dumps([2, action, action, payload]))
                assert json.loads(await charger.recv())[:2] == [3, action]
            differs = await line_of("verdict", verdict="differs", action="BootNotification")
            assert differs["charger"] == "CP01"
            assert differs["twin"][1] == "BootNotification"
        process.send_signal(signal.SIGTERM)
        await line_of("end")
        assert any("differs" in line["text"] for line in lines if line["kind"] == "twin")
        assert await asyncio.to_thread(process.wait, 30) == 1
