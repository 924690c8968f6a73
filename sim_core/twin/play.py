"""Plays a scene to a simulated charger, before a CSMS that answers as the recorded one did.

What the charger is given: how it was before the trace, and what happened to it. What it makes of
that is its own affair, chance included, which a seed draws.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sim_core.charging.config import ChargePointConfig
from sim_core.commands import (
    ClearFault,
    Command,
    EVGiveUp,
    EVStop,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Restart,
    Swipe,
    Unplug,
)
from sim_core.events import Event, Ring
from sim_core.hardware.model import Model
from sim_core.hardware.vehicle import VehicleType
from sim_core.settings.model_file import chosen_quirks
from sim_core.station import Station
from sim_core.store.interface import MEMORY, Store
from sim_core.store.makers import store_in
from sim_core.store.records import KnownToken
from sim_core.traces.causes.links import BOOT_AFTER
from sim_core.traces.causes.scene import Act, Car, Earlier, Scene, Stimulus
from sim_core.traces.causes.vehicles import BATTERY_WH, POLARISATION_OHM, RESISTANCE_OHM
from sim_core.traces.exchanges import Conversation, Exchange, Payload, slash_in
from sim_core.traces.moments import S
from sim_core.twin.recorded_csms import Key, RecordedCsms, key_of
from sim_core.twin.virtual_time import UnderWay, VirtualTime
from sim_core.wire.message_log import MessageLog

CHARGE_POINT = "TWIN"
WARM_UP = 90 * S
"""How long before the trace the twin is there, where the trace begins in the middle."""
TAKES_BEFORE = 2 * S
"""So long before its first frame a trace counts."""
START_TAKES = 30 * S
"""From the plug to the start of a transaction that had begun before the trace."""
RUN_OUT_S = 12.0
"""Seconds for what is still on its way at the end of a trace."""
EARLIEST = timedelta(hours=26)
"""A play begins no earlier before its trace."""
LATE_S = 8.0
"""How long a stimulus waits for what came before it in the trace."""
LOOK_S, LOOKS = 0.25, 0.01
"""Seconds between two looks at whether it has come, and as a part of what is left to wait."""
NO_TIME = timedelta(0)
ANSWERS_WITHIN_S = 3.0
"""How long a request from before the trace has for its answer."""
EVENTS = 10_000
EMPTY_V, FULL_V = 396.0, 416.0
AMPLE_W, AMPLE_A = 62_000.0, 400.0
HANDSHAKE_LATE_S = 10.9
NOWHERE = "http://127.0.0.1:9/"
"""Where files go that a recorded CSMS wanted elsewhere: what is played must reach nobody."""


@dataclass(frozen=True)
class Make:
    """Which charger plays the twin."""

    model: Model
    timing: str = "real"
    quirks: str = "all"


@dataclass(frozen=True)
class Heard:
    """What came of a play."""

    said: Conversation
    """What the twin has said since the trace began, with its answers to what it was asked."""
    asked: tuple[tuple[Exchange, Exchange], ...]
    """A request of the trace and the same one here."""


def play(
    told: Conversation, scene: Scene, make: Make, seed: int, until: datetime | None = None
) -> Heard:
    """Play a scene, to the end of its trace or `until` a later moment. Blocks until it is over:
    virtual time waits for nobody."""
    return asyncio.run(Play(told, scene, make, seed, until).run())


@dataclass
class Play:
    """One scene, played once."""

    told: Conversation
    scene: Scene
    make: Make
    seed: int
    until: datetime | None = None
    asked: list[tuple[Exchange, Exchange]] = field(default_factory=list)
    _beside: list[asyncio.Future[Any]] = field(default_factory=list)

    async def run(self) -> Heard:
        """Play it."""
        scene = self.scene
        self.clock = VirtualTime(self._start())
        interval_s = int(scene.keys.get("HeartbeatInterval", "") or 3600)
        async with RecordedCsms(self.clock, interval_s) as csms:
            self.csms = csms
            self.station = self._station(csms.url)
            self._under_way = UnderWay(self.station, csms)
            failing = asyncio.ensure_future(self.station.failed())
            self.clock.pending = lambda: self._pending(failing)
            try:
                await self._before()
                await self._during()
            finally:
                self.clock.pending = str
                failing.cancel()
                for task in self._beside:
                    task.cancel()
                await asyncio.gather(failing, *self._beside, return_exceptions=True)
                await self.station.close()
        asked = [here for _, here in self.asked]
        exchanges = sorted([*csms.heard, *asked], key=lambda exchange: exchange.at)
        return Heard(Conversation(self.told.name, True, exchanges), tuple(self.asked))

    def _pending(self, failing: asyncio.Future[None]) -> str:
        if failing.done():
            failing.result()
        return self._under_way()

    # -- who plays -----------------------------------------------------

    def _start(self) -> datetime:
        """When the twin begins to be there."""
        scene = self.scene
        known = scene.standing or not scene.boots
        start = scene.begins - (WARM_UP if known else 2 * BOOT_AFTER)
        for earlier in scene.earlier:
            start = min(start, earlier.began - 2 * START_TAKES)
        for stimulus in scene.before:
            start = min(start, stimulus.at - (S if scene.boots else 5 * S))
        if scene.heartbeat_at is not None and not scene.boots:
            beat = int(scene.keys.get("HeartbeatInterval", "3600")) * S
            first = scene.heartbeat_at - 2.2 * S
            start = first - beat * (1 + max(0, (first - start) // beat))
        return max(start, scene.begins - EARLIEST)

    def _station(self, url: str) -> Station:
        model, scene = self.make.model, self.scene
        quirks, quirk_keys = chosen_quirks(self.make.quirks, model)
        # Each vehicle says itself whether it needs a second try.
        timing = replace(model.timing[self.make.timing], mac_retry_share=0.0)
        known = scene.temperatures_c if timing.cabinet_c is not None else {}
        if known:  # of a connector that never says how warm it is, it is that of the others
            timing = replace(timing, cabinet_c=max(known.values()))
        config = ChargePointConfig(
            charge_point_id=CHARGE_POINT,
            model=model,
            timing=timing,
            connectors=scene.connectors or 2,
            initial_keys=quirk_keys,
            garage=self._garage(),
            quirks=quirks,
            cabinets_c=known,
        )
        store = store_in(MEMORY, CHARGE_POINT, self.clock.now())
        self._remember(store)
        station = Station(
            config,
            url=url,
            clock=self.clock,
            store=store,
            messages=MessageLog(),
            events=Ring[Event](EVENTS),
            seed=self.seed,
            seen_afar=False,
        )
        station.tells_log = False
        return station

    def _remember(self, store: Store) -> None:
        """What the charger knew before."""
        for number, register in self.scene.registers_wh.items():
            store.registers.save(number, register)
        for key, value in self.scene.keys.items():
            store.configuration.save(key, value)
        cards = [KnownToken(card, "Accepted", None, None) for card in self.scene.known_cards]
        if cards:
            store.local_list.change(1, cards, full=True, most=len(cards))

    def _garage(self) -> tuple[VehicleType, ...]:
        scene = self.scene
        self._cars: dict[int, str] = {}
        late_s = float(self.make.model.timing[self.make.timing].mac_retry_s) or HANDSHAKE_LATE_S
        kinds = [vehicle_of("resident", Car())]
        kinds += [vehicle_of(_guest(earlier), earlier.car) for earlier in scene.earlier]
        for stimulus in (*scene.before, *scene.stimuli):
            if stimulus.act is Act.PLUG:
                name = self._cars[id(stimulus)] = f"car {len(self._cars) + 1}"
                kinds.append(vehicle_of(name, stimulus.car or Car(), late_s))
        return tuple(kinds)

    # -- before the trace ----------------------------------------------

    async def _before(self) -> None:
        scene = self.scene
        was_there = bool(scene.earlier or scene.standing)
        if was_there or not scene.boots:
            await self._open()
        for request in scene.standing:
            await self._ask(request)
            await self.clock.advance(ANSWERS_WITHIN_S)
        for earlier in sorted(scene.earlier, key=lambda e: e.began):
            await self._until(earlier.began - START_TAKES)
            self.csms.transactions.append(earlier.transaction)
            await self.submit(Plug(earlier.connector, _guest(earlier)))
            self._hand_in(Swipe(earlier.connector, earlier.id_tag))
            await self.clock.settle()
        for stimulus in scene.before:
            due = stimulus.at
            if stimulus.act is Act.ASK:
                await self._until(due)
                self._take()
            await self._until(due)
            await self.do(stimulus)
        if not scene.boots:
            await self._until(scene.begins - TAKES_BEFORE)
            self._take()
        elif was_there:
            await self._until(scene.down_at or scene.begins - 29 * S)
            await self.submit(LinkDown())
            self._take()
            await self._until(scene.begins - BOOT_AFTER)
            await self.submit(LinkUp())
        else:
            await self._until(scene.begins - BOOT_AFTER)
            self._take()
            await self._open()

    async def _open(self) -> None:
        self.station.open()
        self._under_way.opened = True
        await self.clock.settle()

    def _take(self) -> None:
        if not self.csms.recording:
            self.csms.take(self.told)

    # -- the trace -----------------------------------------------------

    async def _during(self) -> None:
        self._anchors: dict[int, tuple[Key, int]] = {}
        counted: dict[Key, int] = defaultdict(int)
        for exchange in self.told.said:
            key = key_of(exchange)
            counted[key] += 1
            self._anchors[id(exchange)] = (key, counted[key])
        for stimulus in self.scene.stimuli:
            await self._wait_for(stimulus)
            await self.do(stimulus)
        over = self.told.exchanges[-1].at
        await self._until(max(over, self.until or over))
        await self.clock.advance(RUN_OUT_S)

    async def _wait_for(self, stimulus: Stimulus) -> None:
        due = stimulus.at
        if stimulus.after is not None:
            anchor = self._anchors[id(stimulus.after)]
            patience = due + LATE_S * S
            while anchor not in self.csms.at and (left := patience - self.clock.now()) > NO_TIME:
                await self.clock.advance(max(LOOK_S, LOOKS * (left / S)))
            if anchor in self.csms.at:
                due = self.csms.at[anchor] + (stimulus.at - stimulus.after.at)
        await self._until(due)

    async def _until(self, at: datetime) -> None:
        seconds = (at - self.clock.now()) / S
        if seconds > 0:
            await self.clock.advance(seconds)

    # -- what happens --------------------------------------------------

    async def do(self, stimulus: Stimulus) -> None:
        """Let something happen to the twin."""
        number = stimulus.connector or 1
        if stimulus.act is Act.ASK:
            if stimulus.request is not None:
                await self._ask(stimulus.request)
        elif stimulus.act is Act.SWIPE:
            self._hand_in(Swipe(number, stimulus.detail))
        elif stimulus.act is Act.PLUG:
            await self.submit(Plug(number, self._cars[id(stimulus)]))
        elif stimulus.act is Act.FAULT:
            await self.submit(self._fault(number, stimulus.detail))
        else:
            await self.submit(COMMANDS[stimulus.act](number))
        await self.clock.settle()

    def _fault(self, number: int, code: str) -> Command:
        known = code in self.make.model.faults
        return InjectFault(number, vendor_error_code=code) if known else InjectFault(number)

    async def submit(self, command: Command) -> None:
        """Hand in what is decided at once."""
        await self.station.submit(command)
        await self.clock.settle()

    def _hand_in(self, command: Command) -> None:
        """Hand in what may wait for the CSMS: time passes for it elsewhere."""
        self._beside.append(asyncio.ensure_future(self.station.submit(command)))

    async def _ask(self, request: Exchange) -> None:
        here = Exchange(self.clock.now(), False, request.action, harmless(request.payload))

        def answered(message: list[Any], text: str) -> None:
            here.answer, here.answered_at = (message[0], *message[2:]), self.clock.now()
            here.slash = slash_in(text)

        if self.csms.ask(here.action, here.payload, answered) and id(request) in self._known:
            self.asked.append((request, here))
        await self.clock.settle()

    @property
    def _known(self) -> set[int]:
        """Requests that are the trace's own."""
        return {id(exchange) for exchange in self.told.asked}


COMMANDS: dict[Act, Callable[[int], Command]] = {
    Act.UNPLUG: Unplug,
    Act.EV_STOPS: EVStop,
    Act.EV_GIVES_UP: EVGiveUp,
    Act.RESTART: lambda _: Restart(),
    Act.CLEAR: ClearFault,
    Act.LINK_DOWN: lambda _: LinkDown(),
    Act.LINK_UP: lambda _: LinkUp(),
    Act.POWER_OFF: lambda _: PowerOff(),
    Act.POWER_ON: lambda _: PowerOn(),
}


def harmless(payload: Payload) -> Payload:
    """A request as it was recorded, but for where files are fetched from and sent to."""
    place = payload.get("location")
    if isinstance(place, str) and "://" in place:
        return {**payload, "location": NOWHERE + place.rpartition("/")[2]}
    return payload


def _guest(earlier: Earlier) -> str:
    return f"guest {earlier.connector}"


def vehicle_of(name: str, car: Car, late_s: float = HANDSHAKE_LATE_S) -> VehicleType:
    """A vehicle that is like the one of a trace, as far as that is known."""
    most_w, most_a = car.most_w or AMPLE_W, car.most_a or AMPLE_A
    soc = 50.0 if car.soc_percent is None else min(99.0, car.soc_percent)
    rise_v = FULL_V - EMPTY_V
    empty_v = EMPTY_V
    if car.resting_v is not None and 50 < car.resting_v < 2000:
        empty_v = car.resting_v - rise_v * soc / 100
    return VehicleType(
        name,
        car.battery_wh or BATTERY_WH,
        ((0, most_w), (100, most_w)),
        most_a,
        empty_v,
        empty_v + rise_v,
        RESISTANCE_OHM,
        polarisation_ohm=POLARISATION_OHM,
        arrives_at_percent=soc,
        handshake_late_s=car.late_s or (late_s if car.late else 0.0),
        vid=car.vid,
        only_by_name=True,
    )
