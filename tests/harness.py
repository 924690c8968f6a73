"""A charge point and a CSMS over a real socket, in a time that the test moves.

`advance` fires whatever falls due and lets everything that follows from it happen (frames on the
wire included) before the time moves on, so a test says "60 s later" and looks.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sim_core.charging.config import ChargePointConfig
from sim_core.commands import Command, Outcome
from sim_core.events import Event, Ring
from sim_core.hardware.model import Model, Timing
from sim_core.runtime.clock import ManualClock
from sim_core.settings.garage_file import load_garage
from sim_core.settings.model_file import chosen_equipment, chosen_quirks, load_model
from sim_core.settings.options import Settings
from sim_core.snapshot import ConnectorSnapshot, LinkState, Registration
from sim_core.station import Station
from sim_core.store.interface import MEMORY
from sim_core.store.makers import store_in
from sim_core.wire.access import NOTHING_SET, Access
from sim_core.wire.message_log import MessageLog
from tests.patience import PATIENCE_S
from tests.scripted_csms import ScriptedCsms
from tests.versions import version_named

MODEL = "generic"
"""The make of charger where a test names none: the option `--model` sets it."""


class HarnessClock(ManualClock):
    """A manual clock that lets a harness settle between two moments."""

    def __init__(self, start: datetime | None = None) -> None:
        super().__init__(start)
        self.harness: Harness | None = None

    async def settle(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            await super().settle()
            pending = self.harness.pending() if self.harness else ""
            if not pending:
                if self.harness is not None:
                    self.harness.raise_faults()
                return
            assert time.monotonic() < deadline, f"the harness does not settle: {pending}"
            await asyncio.sleep(0.0005)  # sockets need real time; the condition is `pending`


class Harness:
    """See the module. `async with Harness(...) as harness` starts both and awaits registration."""

    def __init__(
        self,
        *,
        version: str = "1.6",
        model: str | Model | None = None,
        keys: dict[str, str] | None = None,
        connectors: int = 2,
        state: Path = MEMORY,
        connect: bool = True,
        charge_point_id: str = "CP01",
        clock: HarnessClock | None = None,
        csms: ScriptedCsms | None = None,
        behaviour: dict[str, Any] | None = None,
        equipment: str = "model",
        quirks: str = "none",
        access: Access = NOTHING_SET,
        seed: int = 1,
        speaks: str = "",
        **build: Any,
    ) -> None:
        """`version` is the OCPP version that both speak, `speaks` the option `ocpp_version` where
        it says something else; `keys` are configuration keys to start with, `behaviour` switches of
        the model, `equipment` and `quirks` what the options of that name say. Without a model it is
        the one of `--model`, with the `plain_keys` of the version."""
        self.version = version_named(version)
        if model is None:
            model, keys = MODEL, {**self.version.plain_keys, **(keys or {})}
        chosen = load_model(model) if isinstance(model, str) else model
        if behaviour:
            chosen = replace(chosen, behaviour=replace(chosen.behaviour, **behaviour))
        chosen = replace(chosen, equipment=chosen_equipment(equipment, chosen))
        switches, quirk_keys = chosen_quirks(quirks, chosen)
        self.clock = clock or HarnessClock()
        self.clock.harness = self
        self.csms = csms or ScriptedCsms(now=self.clock.now, version=version)
        assert self.csms.version is self.version, "both ends speak one version"
        self._own_csms = csms is None
        self._state = state
        self._connect = connect
        self._access = access
        self._seed = seed
        self._speaks = speaks or self.version.name
        self._build = ChargePointConfig(
            charge_point_id=charge_point_id,
            model=chosen,
            timing=build.pop("timing", chosen.timing["swift"]),
            connectors=connectors,
            initial_keys={**quirk_keys, **(keys or {})},
            quirks=switches,
            garage=build.pop("garage", None) or load_garage(),
            **build,
        )
        self.events: Ring[Event] = Ring(10_000)
        self.messages = MessageLog()
        self.station: Station
        self._running = False
        self._files = 0
        """How many files have come or gone."""
        self.expects_fault = False
        """A fault inside is what the test is about."""
        self.ignores_files = False
        """A file that is on its way is not pending: for one that its server keeps waiting."""
        self.faults: list[str] = []
        """What has gone wrong in a callback of the loop, where nobody else would notice."""
        self._swallowed: set[str] = set()
        """Message ids of requests whose frames, or whose answers, silence has swallowed."""

    async def __aenter__(self) -> Harness:
        asyncio.get_running_loop().set_exception_handler(self._noted)
        if self._own_csms:
            await self.csms.start()
        await self.power_on()
        if self._connect:
            await self.settle()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._running:
            await self.power_off()
        if self._own_csms:
            await self.csms.stop()
        assert kind is not None or not self.faults, self.faults

    def _noted(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "handle" in context:
            self.faults.append(f"{context['message']}: {context.get('exception')!r}")
        loop.default_exception_handler(context)

    async def power_on(self) -> None:
        """Make a station over the state that there is, and let it dial."""
        self.station = Station(
            self._build,
            url=self.csms.url,
            clock=self.clock,
            store=store_in(self._state, self._build.charge_point_id, self.clock.now()),
            messages=self.messages,
            events=self.events,
            seed=self._seed,
            access=self._access,
            version=self._speaks,
        )
        self._running = True
        if self._connect:
            self.station.open()

    async def power_off(self) -> None:
        """End the station in good order (a power cut is `kill`)."""
        self._running = False
        await self.station.close()

    async def power_cut(self) -> None:
        """End the station as a power cut does: nothing more is written, nothing is said."""
        self._running = False
        station = self.station
        charge_point = station.charge_point
        tasks = [
            *charge_point.environment.tasks._running,
            *([station._dialling] if station._dialling else []),
        ]
        station._store.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        charge_point.environment.tasks._failed.cancel()
        self.clock.forget_timers()

    async def submit(self, command: Command) -> Outcome:
        """Hand in a command and let everything follow from it."""
        outcome = await self.station.submit(command)
        await self.settle()
        return outcome

    async def ask(self, action: str, **payload: Any) -> dict[str, Any]:
        """Let the CSMS ask something, and let everything follow from it."""
        answer = await self.csms.ask(action, **payload)
        await self.settle()
        return answer

    async def advance(self, seconds: float) -> None:
        """Move the time."""
        await self.clock.advance(seconds)

    async def settle(self) -> None:
        """Let happen what can happen without time passing."""
        await self.clock.settle()

    def raise_faults(self) -> None:
        """Raise what has gone wrong in a task or a timer of the charge point, if anything has."""
        if self._running and not self.expects_fault:
            failed = self.station.charge_point.environment.tasks._failed
            if failed.done() and not failed.cancelled():
                failed.result()

    def pending(self) -> str:
        """What is still going on without time passing; empty when nothing is."""
        if not self._running or not self._connect:
            return ""
        station = self.station
        files = station.charger.transfers
        if files.ended != self._files:
            self._files = files.ended
            return "a file has come or gone"
        if files.open and not self.ignores_files:
            return "a file is on its way"
        link = station.link
        endpoint = link._endpoint
        if link.state is LinkState.CONNECTING:
            return "dialling"
        if not link.wanted and link.state is not LinkState.DOWN:
            return "going down"
        if link.state is not LinkState.CONNECTED:
            return ""
        if link._cut.is_set() or not self.csms.connected or endpoint is None or endpoint.closed:
            return "the link is being cut"
        line = endpoint.line
        if line is not None and (line.still or line.closed_by):
            return "" if line.still else "the link is being closed"
        open_calls = set(endpoint.open_ids) | (line.awaited if line is not None else set())
        if endpoint.silent:
            self._swallowed |= open_calls
            return ""
        if open_calls:  # at rest only if nobody will ever answer, or the CSMS holds them on purpose
            waiting = open_calls - self.csms.withheld - self._swallowed
            waiting -= line.withheld if line is not None else set()
            if waiting:
                return f"calls are open: {waiting}"
            if not station.charge_point.outbox.pipelining:
                return ""
        return "" if station.charge_point.outbox.idle else "the outbox has something to send"

    def connector(self, number: int = 1) -> ConnectorSnapshot:
        """The picture of a connector."""
        return self.station.snapshot.connectors[number - 1]

    def status(self, number: int = 1) -> str:
        """The status of a connector."""
        return self.connector(number).status

    @property
    def model(self) -> Model:
        """The make of charger that it is."""
        return self._build.model

    @property
    def timing(self) -> Timing:
        """How long this charger takes."""
        return self._build.timing

    @property
    def registration(self) -> Registration:
        return self.station.snapshot.link.registration


def settings(**options: Any) -> Settings:
    """Settings from nothing but these options: no environment, no files."""
    return Settings(**options)
