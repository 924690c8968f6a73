"""Logs of our own making, and a CSMS that answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Request, Response, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from sim_core.replay.host import Replay
from sim_core.replay.options import ReplaySettings
from sim_core.replay.score import Score, score_of
from sim_core.settings.loading import load_as
from sim_core.traces.frames import Trace
from sim_core.traces.reading import read
from tests.patience import PATIENCE_S

BEGIN = datetime(2026, 5, 4, 10, 0, tzinfo=timezone.utc)
UP, DOWN = "cp->csms", "csms->cp"
BOOTED = {"status": "Accepted", "interval": 300, "currentTime": "2026-05-04T10:00:00Z"}
BOOT = {"chargePointVendor": "Acme", "chargePointModel": "Two"}


def stamp(at_s: float) -> str:
    """A time of the log as payloads have it."""
    return (BEGIN + timedelta(seconds=at_s)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Log:
    """Frames, one after another; each `later` than the last."""

    def __init__(self, *, timed: bool = True) -> None:
        self.lines: list[str] = []
        self.at_s = 0.0
        self._timed = timed
        self._ids = 0

    def later(self, seconds: float) -> Log:
        self.at_s += seconds
        return self

    def frame(self, direction: str, message: list[Any] | str) -> Log:
        """A frame, as it is or as its spelling."""
        at = (BEGIN + timedelta(seconds=self.at_s)).isoformat().replace("+00:00", "Z")
        fields: dict[str, Any] = {"dir": direction, "t": at if self._timed else None}
        if isinstance(message, str):
            fields |= {"msg": json.loads(message), "text": message}
        else:
            fields["msg"] = message
        self.lines.append(json.dumps(fields))
        self.at_s += 0.1
        return self

    def call(self, action: str, payload: Any, answer: Any = None, *, asked: bool = False) -> Log:
        """A request and, where it is given, its answer: a payload, or an error's code."""
        self._ids += 1
        asks, answers = (DOWN, UP) if asked else (UP, DOWN)
        self.frame(asks, [2, f"i{self._ids}", action, payload])
        if isinstance(answer, str):
            self.frame(answers, [4, f"i{self._ids}", answer, "", {}])
        elif answer is not None:
            self.frame(answers, [3, f"i{self._ids}", answer])
        return self.later(1.0)

    @property
    def text(self) -> str:
        return "\n".join(self.lines) + "\n"

    @property
    def trace(self) -> Trace:
        return read(self.text.encode(), "made").trace

    @property
    def score(self) -> Score:
        return score_of(self.trace)


def session() -> Log:
    """A start, two samples, a stop: transaction 77."""
    log = Log()
    log.call("BootNotification", BOOT, BOOTED)
    log.call("Authorize", {"idTag": "CARD"}, {"idTagInfo": {"status": "Accepted"}})
    log.call(
        "StartTransaction",
        {"connectorId": 1, "idTag": "CARD", "meterStart": 10, "timestamp": stamp(log.at_s)},
        {"transactionId": 77, "idTagInfo": {"status": "Accepted"}},
    )
    for wh in ("20", "30"):
        values = [{"timestamp": stamp(log.at_s), "sampledValue": [{"value": wh}]}]
        log.call("MeterValues", {"connectorId": 1, "transactionId": 77, "meterValue": values}, {})
    return log.call(
        "StopTransaction",
        {"transactionId": 77, "meterStop": 30, "timestamp": stamp(log.at_s)},
        {"idTagInfo": {"status": "Accepted"}},
    )


def session_201() -> Log:
    """The same in OCPP 2.0.1, whose charger names its transactions: T-1. Something is asked
    meanwhile."""
    log = Log()
    log.lines.append(json.dumps({"trace": 1, "charge_point": "NEW", "ocpp": "2.0.1"}))
    station = {"vendorName": "Acme", "model": "Two"}
    log.call("BootNotification", {"reason": "PowerUp", "chargingStation": station}, BOOTED)
    for number, event in enumerate(("Started", "Updated", "Ended")):
        told = {
            "eventType": event,
            "timestamp": stamp(log.at_s),
            "triggerReason": "RemoteStart",
            "seqNo": number,
            "transactionInfo": {"transactionId": "T-1"},
        }
        log.call("TransactionEvent", told, {})
        if event == "Updated":
            report = {"requestId": 1, "reportBase": "FullInventory"}
            log.call("GetBaseReport", report, {"status": "Accepted"}, asked=True)
    return log


class Csms:
    """A CSMS that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.texts: list[str] = []
        self.open_most = 0
        self.links: list[ServerConnection] = []
        self.paths: list[str] = []
        self.answers: dict[str, Any] = {
            "BootNotification": BOOTED,
            "Authorize": {"idTagInfo": {"status": "Accepted"}},
            "StartTransaction": {"transactionId": 4711, "idTagInfo": {"status": "Accepted"}},
            "StopTransaction": {"idTagInfo": {"status": "Accepted"}},
        }
        """Payload by action; a text is an error's code, None is silence, bytes close the link."""
        self.asks: dict[str, list[Any]] = {}
        """After its answer to an action it asks this: action, payload."""
        self.told: list[Any] = []
        """Answers to what it has asked."""
        self.delay_s = 0.0
        self.refuses = False
        self.port = 0

    async def serve(self, link: ServerConnection) -> None:
        self.links.append(link)
        try:
            async for text in link:
                self.texts.append(str(text))
                message = json.loads(text)
                if message[0] == 2:
                    self.heard.append(message)
                    await self._answer(link, message)
                else:
                    self.told.append(message)
        except ConnectionClosed:
            return

    async def _answer(self, link: ServerConnection, message: list[Any]) -> None:
        _, message_id, action, _ = message
        answer = self.answers.get(action, {})
        await asyncio.sleep(self.delay_s)
        if isinstance(answer, bytes):
            await link.close(1008, answer.decode())
        elif isinstance(answer, str):
            await link.send(json.dumps([4, message_id, answer, "", {}]))
        elif isinstance(answer, list):  # as it is
            await link.send(answer[0])
        elif answer is not None:
            await link.send(json.dumps([3, message_id, answer]))
        for number, asked in enumerate(self.asks.pop(action, [])):
            await link.send(json.dumps([2, f"q{action}{number}", *asked]))

    def guard(self, link: ServerConnection, request: Request) -> Response | None:
        self.paths.append(request.path)
        if self.refuses:
            return link.respond(HTTPStatus.FORBIDDEN, "no\n")
        return None

    def payloads(self, action: str) -> list[Any]:
        return [message[3] for message in self.heard if message[2] == action]


@asynccontextmanager
async def csms(**changes: Any) -> AsyncIterator[Csms]:
    made = Csms()
    for name, value in changes.items():
        setattr(made, name, value)
    async with serve(
        made.serve,
        "127.0.0.1",
        0,
        subprotocols=["ocpp1.6", "ocpp2.0.1"],
        process_request=made.guard,
    ) as server:  # type: ignore[arg-type,unused-ignore]
        made.port = next(iter(server.sockets)).getsockname()[1]
        yield made


def settings(*arguments: str) -> ReplaySettings:
    return load_as(ReplaySettings, list(arguments), "chargeforge replay")


def replay(log: Log | Score, port: int, *arguments: str) -> Replay:
    score = log if isinstance(log, Score) else log.score
    given = ("--speed=1000", f"--csms-url=ws://127.0.0.1:{port}/ocpp", *arguments)
    return Replay(settings(*given), score)


async def played(made: Replay, patience_s: float = PATIENCE_S) -> Replay:
    """Play it to its end."""
    made.start()
    try:
        assert await asyncio.to_thread(made.wait, patience_s), "it does not come to its end"
    finally:
        assert await asyncio.to_thread(made.stop, 5.0)
    assert made.failure == ""
    return made
