"""A CSMS that is broken on purpose: ours, with a small relay before it that changes what it says.

A `Flaw` names a message and what becomes of it on its way; everything else passes as it is. So each
scenario can be seen to fail by the very thing that it is there to prove.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import connect
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from sim_core.runtime.clock import Clock
from sim_core.station import Station
from sim_core.testbench.own_csms import HOST, OwnCsms, OwnFarEnd, OwnHouse

Message = list[Any]


@dataclass(frozen=True)
class Flaw:
    """What is wrong: `change` is given a message of this action and returns what is passed on in
    its place, or None: nothing is. `answers`: the answers are changed, not the requests."""

    action: str
    says: str
    change: Callable[[Message], Message | None]
    answers: bool = True
    by_csms: bool = True
    """It is the CSMS that says it; else what the charge point says reaches it otherwise."""


def silent(action: str) -> Flaw:
    """It never answers."""
    return Flaw(action, "is silent", lambda _: None)


def refuses(action: str) -> Flaw:
    """It answers by a CALLERROR."""
    return Flaw(
        action, "refuses", lambda message: [4, message[1], "GenericError", "it is broken", {}]
    )


def refuses_again(action: str) -> Flaw:
    """It answers the first one, and each one after it by a CALLERROR."""
    answered: list[str] = []

    def change(message: Message) -> Message:
        answered.append(message[1])
        if len(answered) == 1:
            return message
        return [4, message[1], "GenericError", "it was said before", {}]

    return Flaw(action, "refuses what comes again", change)


def says(action: str, **fields: Any) -> Flaw:
    """Its answer has other fields."""
    return Flaw(action, f"says {fields}", lambda message: [3, message[1], message[2] | fields])


def asks(action: str, **fields: Any) -> Flaw:
    """It asks something else than it was told to."""
    return Flaw(
        action,
        f"asks {fields}",
        lambda message: [*message[:3], {k: v for k, v in (message[3] | fields).items() if v != ""}],
        answers=False,
    )


def misreads(action: str, **fields: Any) -> Flaw:
    """It takes the charge point's answer for another one."""
    return Flaw(
        action,
        f"misreads {fields}",
        lambda message: [3, message[1], fields] if message[0] == 3 else message,
        by_csms=False,
    )


class BrokenHouse(OwnHouse):
    """Opens our CSMS behind the relay."""

    def __init__(self, flaw: Flaw) -> None:
        self._flaw = flaw

    async def open(self, clock: Clock, ocpp: str) -> BrokenCsms:
        """See `stage.House`."""
        behind = await super().open(clock, ocpp)
        broken = BrokenCsms(behind, self._flaw)
        await broken.start()
        return broken


class BrokenCsms(OwnCsms):
    """See the module."""

    def __init__(self, behind: OwnCsms, flaw: Flaw) -> None:
        super().__init__(behind.csms)
        self._flaw = flaw
        self._server: Server | None = None
        self._dropped: set[str] = set()

    async def start(self) -> None:
        """Listen before it."""
        self._server = await serve(
            self._pass,
            HOST,
            0,
            subprotocols=["ocpp2.0.1", "ocpp1.6"],  # type: ignore[list-item]
            ping_interval=None,
            max_size=None,
        )

    @property
    def url(self) -> str:
        """Where the relay listens."""
        assert self._server is not None
        port = next(iter(self._server.sockets)).getsockname()[1]
        return f"ws://{HOST}:{port}/ocpp"

    def far_end(self, charge_point: str, station: Station) -> OwnFarEnd:
        """The same, where what is dropped is withheld."""
        end = super().far_end(charge_point, station)
        end.lost = self._dropped
        return end

    async def close(self) -> None:
        """End both."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        await super().close()

    async def _pass(self, charger: ServerConnection) -> None:
        assert charger.request is not None
        url = f"ws://{HOST}:{self.csms.port}{charger.request.path}"
        actions: dict[str, str] = {}
        async with connect(url, subprotocols=[charger.subprotocol]) as csms:  # type: ignore[list-item]
            ways = (
                asyncio.ensure_future(self._one_way(charger, csms, actions, from_csms=False)),
                asyncio.ensure_future(self._one_way(csms, charger, actions, from_csms=True)),
            )
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _one_way(
        self, source: Any, target: Any, actions: dict[str, str], *, from_csms: bool
    ) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for frame in source:
                passed = self._changed(frame, actions, from_csms=from_csms)
                if passed is not None:
                    await target.send(passed)

    def _changed(self, frame: Any, actions: dict[str, str], *, from_csms: bool) -> Any:
        try:
            message = json.loads(frame)
        except ValueError:
            return frame
        if not isinstance(message, list) or len(message) < 3 or not isinstance(message[1], str):
            return frame
        asks = message[0] == 2
        if asks:
            actions[message[1]] = message[2]
        flaw = self._flaw
        fits = actions.get(message[1]) == flaw.action and from_csms == flaw.by_csms
        if not fits or asks == flaw.answers:
            return frame
        changed = flaw.change(message)
        if changed is None:
            self._dropped.add(message[1])
            return None
        return json.dumps(changed)


def told(flaws: Mapping[str, Flaw]) -> str:
    """The table of scenarios and what each was seen to fail by, for people."""
    rows = [f"| {name} | {flaw.action} {flaw.says} |" for name, flaw in flaws.items()]
    return "\n".join(["| scenario | a CSMS that … |", "| --- | --- |", *rows])
