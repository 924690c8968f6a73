"""A charge point, a CSMS and a guided story, all in one process: nothing to configure or to keep.

The story is told from outside, by the same commands and OCPP requests that anybody could send. It
begins with a vehicle that charges within seconds. A chapter sets its own stage, so that it can be
reached from anywhere: by the one before, by skipping, or out of free play. Whoever acts is never
fought with: the story then stands aside until it is asked to go on, and a step that the charge
point refuses is left out.

Time runs faster here than on the wall, unless somebody has said how fast, so that a battery is seen
to fill and its curve to bend; scenes last as long as people need to read them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sim_core.charging.policy import Setting
from sim_core.commands import (
    ClearFault,
    Command,
    GoOnline,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    PowerOn,
    Restart,
    Resume,
    Start,
    Stop,
    Swipe,
    Unplug,
)
from sim_core.engine import Engine
from sim_core.settings.options import Settings
from sim_core.snapshot import ConnectorState, LinkState, Registration, StationSnapshot
from sim_core.store.interface import MEMORY
from sim_core.story import Caption

if TYPE_CHECKING:
    from sim_core.csms import Csms
    from sim_core.station import Station

LOG = logging.getLogger(__name__)

HOST = "127.0.0.1"
PACE = 20.0
"""How many times as fast as on the wall: a battery is full within minutes."""
KEYS = {"MeterValueSampleInterval": "60", "ConnectionTimeOut": "900"}
"""A sample every few seconds on the wall, and time enough to read before a card lapses."""
OCPP_16 = "ocpp1.6"
LIMIT_ID = 7
"""Of the charging profile, and in OCPP 2.0.1 of its schedule."""
READY_S = 10.0
"""How long a chapter waits for what it needs before it begins without."""
RETRY_S, RETRIES = 3.0, 3
CLOSE_S = 0.5
ENCORE_S = 30.0


@dataclass(frozen=True)
class RemoteStop:
    """The CSMS looks up the transaction of a connector and asks to stop it."""

    connector_id: int


@dataclass(frozen=True)
class Arrive:
    """A vehicle is plugged in; where the charger does not read its identity, a card is shown."""

    connector_id: int
    vehicle: str


@dataclass(frozen=True)
class Limit:
    """The CSMS sets a charging profile for a connector; without a power it takes it away."""

    connector_id: int
    power_w: int | None


Step = Command | RemoteStop | Arrive | Limit


@dataclass(frozen=True)
class Scene:
    """Say this, do that, and let it be seen for so long."""

    caption: str
    steps: tuple[Step, ...]
    lasts_s: float


@dataclass(frozen=True)
class Chapter:
    """Scenes that belong together, and on which connectors a vehicle must charge before."""

    scenes: tuple[Scene, ...]
    charging: tuple[int, ...] = ()
    empty: tuple[int, ...] = ()

    @property
    def connectors(self) -> int:
        """How many connectors a charge point needs for it; what is to be empty may be missing."""
        steps = [step for scene in self.scenes for step in scene.steps]
        numbers = [getattr(step, "connector_id", 1) for step in steps]
        return max((*numbers, *self.charging), default=1)


VEHICLES = {1: "Compact 60", 2: "Saloon 82"}

STORY: tuple[Chapter, ...] = (
    # Arrival
    Chapter(
        (
            Scene(
                "{pace}A vehicle arrives; its driver shows a card.",
                (Arrive(1, "Compact 60"),),
                5.0,
            ),
            Scene(
                "The charger asks the CSMS, which knows the card: charging begins, power rises.",
                (),
                8.0,
            ),
            Scene("Every minute the meter is read, and the CSMS is told: MeterValues.", (), 9.0),
        ),
        empty=(1, 2),
    ),
    # Sharing
    Chapter(
        (
            Scene(
                "A driver shows a card at connector 2 before the cable is in: it waits for the "
                "plug.",
                (Swipe(2, "DRIVER-2"),),
                5.0,
            ),
            Scene(
                "The cable is in. The cabinet has 60 kW, and now two vehicles want them: each "
                "gets half.",
                (Plug(2, "Saloon 82"),),
                18.0,
            ),
            Scene(
                "The second driver is in a hurry and leaves: connector 1 has all of the power now.",
                (Stop(2), Unplug(2)),
                8.0,
            ),
        ),
        charging=(1,),
        empty=(2,),
    ),
    # A limit
    Chapter(
        (
            Scene(
                "The house needs power: the CSMS lets connector 1 have 20 kW, by a charging "
                "profile.",
                (Limit(1, 20_000),),
                10.0,
            ),
            Scene(
                "The limit is lifted, and power comes back.",
                (Limit(1, None),),
                7.0,
            ),
        ),
        charging=(1,),
    ),
    # A fault
    Chapter(
        (
            Scene(
                "A ground failure at connector 1: power is cut at once, and the CSMS is told.",
                (InjectFault(1, "GroundFailure", None, "leakage 32 mA"),),
                10.0,
            ),
            Scene(
                "It is mended: the transaction was never lost, charging goes on.",
                (ClearFault(1),),
                10.0,
            ),
        ),
        charging=(1,),
    ),
    # The link is cut
    Chapter(
        (
            Scene(
                "The network cable is pulled. Charging goes on; what the CSMS must know is kept.",
                (LinkDown(),),
                6.0,
            ),
            Scene(
                "The meter is read all the while: each reading waits in the journal, in its place.",
                (),
                13.0,
            ),
            Scene(
                "The network is back: the journal drains, in order. Nothing is lost.",
                (LinkUp(),),
                12.0,
            ),
        ),
        charging=(1,),
    ),
    # The process restarts
    Chapter(
        (
            Scene(
                "The charger's process crashes and restarts. The link is gone; the power is not.",
                (Restart(),),
                5.0,
            ),
            Scene(
                "It boots and says where it stands: the same transaction, still charging.",
                (),
                9.0,
            ),
        ),
        charging=(1,),
    ),
    # The curve
    Chapter(
        (
            Scene(
                "The fuller a battery, the less it takes: watch SoC rise, and the curve of the "
                "power bend.",
                (),
                22.0,
            ),
        ),
        charging=(1,),
    ),
    # Stop from afar
    Chapter(
        (
            Scene(
                "An app stops connector 1: the CSMS finds the transaction there and stops just "
                "that one.",
                (RemoteStop(1),),
                8.0,
            ),
            Scene("Finishing: the transaction is over, the vehicle still stands there.", (), 6.0),
            Scene("The vehicle leaves: connector 1 is free again.", (Unplug(1),), 5.0),
        ),
        charging=(1,),
    ),
)
"""One connector leaves out what takes two; all else happens at the first."""


def _in_201(story: tuple[Chapter, ...]) -> tuple[Chapter, ...]:
    """The same in the words of OCPP 2.0.1, where an EVSE has no status but Available and Occupied
    for what it does, and energy that a fault cuts off ends the transaction (TxStopPoint)."""
    said = {
        "A ground failure at connector 1: power is cut at once, and the CSMS is told.": (
            "A ground failure at connector 1: power is cut at once. The transaction ends, and the "
            "CSMS is told why."
        ),
        "It is mended: the transaction was never lost, charging goes on.": (
            "It is mended. The driver shows the card again: a new transaction begins."
        ),
        "Finishing: the transaction is over, the vehicle still stands there.": (
            "Occupied: the transaction is over, the vehicle still stands there."
        ),
    }
    also: dict[str, tuple[Step, ...]] = {
        "It is mended: the transaction was never lost, charging goes on.": (Start(1, "DRIVER-1"),)
    }

    def told(scene: Scene) -> Scene:
        caption = said.get(scene.caption, scene.caption).replace("connector", "EVSE")
        return replace(scene, caption=caption, steps=scene.steps + also.get(scene.caption, ()))

    return tuple(replace(chapter, scenes=tuple(map(told, chapter.scenes))) for chapter in story)


STORY_201 = _in_201(STORY)


def story_of(settings: Settings) -> tuple[Chapter, ...]:
    """The story as the charge point of these settings lives it: the CSMS here chooses 2.0.1 of
    both versions."""
    return STORY if settings.ocpp_version == "1.6" else STORY_201


AFTERWORD = "That was the story; it begins again soon. Meanwhile every key is yours."
FREE_PLAY = "Free play: the charge point is yours."


def pace_words(scale: float) -> str:
    """How fast time runs here, where it is not as on the wall."""
    return "" if scale == 1 else f"Time runs {scale:g} times as fast here. "


def engine(settings: Settings, stage: Stage | None = None) -> Engine:
    """The engine of the demo: a CSMS on a free port of this computer, nothing kept on disk.

    `stage` is who tells the story, for a viewer that wants to show its captions and to steer it.
    """
    stage = stage or Stage(story_of(settings))
    said = settings.sources.has("time_scale") or settings.time_scale != 1
    changed = replace(
        settings,
        state_dir=MEMORY,
        ocpp_keys={**KEYS, **settings.ocpp_keys},
        time_scale=settings.time_scale if said else PACE,
    )

    async def build(station: Station) -> Callable[[], Awaitable[None]]:
        """Whoever asks the engine where it dials gets the CSMS that is there."""
        stop = await stage.build(station)
        made.settings = replace(made.settings, csms_url=stage.csms_url)
        return stop

    made = Engine(changed, before=(build,), beside=(stage.play,))
    return made


class Stage:
    """The CSMS of the demo, and whoever acts in front of it. A `sim_core.story.Storyteller`."""

    def __init__(self, story: tuple[Chapter, ...] = STORY) -> None:
        self.caption: Caption | None = None
        self.csms_url = ""
        """Of the CSMS here, once there is one."""
        self._story = story
        self._csms: Csms | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._skipped, self._aside = asyncio.Event(), asyncio.Event()

    # -- what a viewer asks, from its own thread ---------------------

    def skip(self) -> None:
        """Go on to the next chapter; out of free play too."""
        self._ask(lambda: self._skipped.set())

    def stand_aside(self) -> None:
        """Do nothing more until `skip`: somebody wants to play."""
        self._ask(lambda: self._aside.set())

    def _ask(self, wish: Callable[[], None]) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the engine has stopped
                self._loop.call_soon_threadsafe(wish)

    # -- beside the station ------------------------------------------

    async def build(self, station: Station) -> Callable[[], Awaitable[None]]:
        """Start the CSMS and point the charge point at it."""
        from sim_core.csms import Csms, Rules

        clock = station.charge_point.environment.clock  # both live in the same time
        csms = self._csms = Csms(rules=Rules(now=clock.now))
        await csms.start(HOST, 0)
        self.csms_url = f"ws://{HOST}:{csms.port}/ocpp"
        station.dial(self.csms_url)
        return csms.stop

    async def play(self, station: Station) -> Callable[[], Awaitable[None]]:
        """Tell the story, over and over, until it is stopped."""
        self._loop = asyncio.get_running_loop()
        self._skipped, self._aside = asyncio.Event(), asyncio.Event()  # each belongs to its loop
        playing = asyncio.ensure_future(self._play(station))

        async def stop() -> None:
            await _end(playing)
            self._loop = self.caption = None

        return stop

    async def _play(self, station: Station) -> None:
        await station.accepted()
        count = len(station.snapshot.connectors)
        story = [chapter for chapter in self._story if chapter.connectors <= count]
        while True:
            for number, chapter in enumerate(story, 1):

                def say(words: str, number: int = number) -> None:
                    told = words.format(pace=pace_words(station.charger.config.time_scale))
                    self._say(station, Caption(number, len(story), told))

                await self._until_wished(station, self._tell(station, chapter, say))
            self._say(station, Caption(len(story), len(story), AFTERWORD))
            await self._until_wished(station, asyncio.sleep(ENCORE_S))

    async def _until_wished(self, station: Station, telling: Awaitable[None]) -> None:
        """Tell to the end, or until somebody skips; stand aside meanwhile if that is wished."""
        told = asyncio.ensure_future(telling)
        wishes = [asyncio.ensure_future(wish.wait()) for wish in (self._skipped, self._aside)]
        try:
            await asyncio.wait({told, *wishes}, return_when=asyncio.FIRST_COMPLETED)
            if told.done():
                told.result()
            if self._aside.is_set() and not self._skipped.is_set():
                told.cancel()
                now = self.caption or Caption(1, 1, "")
                self._say(station, Caption(now.chapter, now.chapters, FREE_PLAY, free=True))
                await self._skipped.wait()
        finally:
            for task in (told, *wishes):
                await _end(task)
            self._skipped.clear()
            self._aside.clear()

    def _say(self, station: Station, caption: Caption) -> None:
        self.caption = caption
        station.charge_point.environment.note("story", caption.text)

    async def _tell(self, station: Station, chapter: Chapter, say: Callable[[str], None]) -> None:
        await self._set_stage(station, chapter)
        for scene in chapter.scenes:
            say(scene.caption)
            for step in scene.steps:
                await self._act(station, step)
            await asyncio.sleep(scene.lasts_s)

    async def _set_stage(self, station: Station, chapter: Chapter) -> None:
        """Bring about what the chapter needs; nothing happens where it is so already."""
        for command in (PowerOn(), GoOnline()):
            await station.submit(command)
        if (await station.submit(LinkUp())).ok:
            # a socket that is being closed still looks connected for a moment
            await _soon(station, lambda seen: seen.link.state is not LinkState.CONNECTED, CLOSE_S)
        await _soon(station, _registered)  # before that nobody can be asked about a card
        for number in chapter.empty:
            await station.submit(ClearFault(number))
            await station.submit(Unplug(number))
        for number in chapter.charging:
            await self._let_charge(station, number)

    async def _let_charge(self, station: Station, number: int) -> None:
        def charges(seen: StationSnapshot) -> bool:
            return any(
                connector.connector_id == number and connector.state is ConnectorState.CHARGING
                for connector in seen.connectors
            )

        if charges(station.snapshot):
            return
        await station.submit(ClearFault(number))
        await station.submit(Resume(number))
        await self._act(station, Arrive(number, VEHICLES[number]))
        for _ in range(RETRIES):
            if await _soon(station, charges, RETRY_S):
                return
            await station.submit(Start(number, f"DRIVER-{number}"))

    async def _act(self, station: Station, step: Step) -> None:
        if isinstance(step, RemoteStop):
            await self._stop_remotely(station, step)
            return
        if isinstance(step, Limit):
            await self._limit(station, step)
            return
        if isinstance(step, Arrive):
            await station.submit(Plug(step.connector_id, step.vehicle))
            if not station.charger.policy.flag(Setting.AUTOCHARGE):
                await station.submit(Start(step.connector_id, f"DRIVER-{step.connector_id}"))
            return
        outcome = await station.submit(step)
        if not outcome.ok:
            LOG.info("left out: %s", step)

    async def _stop_remotely(self, station: Station, step: RemoteStop) -> None:
        from sim_core.csms import CsmsError

        csms, cpid = self._csms, station.charger.config.charge_point_id
        session = csms.ledger.session(cpid, connector_id=step.connector_id) if csms else None
        if csms is None or session is None:
            return
        try:
            await csms.remote_stop(cpid, session.transaction_id)
        except CsmsError as error:
            LOG.info("left out: %s", error)

    async def _limit(self, station: Station, step: Limit) -> None:
        from sim_core.csms import CsmsError

        csms, cpid = self._csms, station.charger.config.charge_point_id
        if csms is None:
            return
        try:
            await csms.call(cpid, *_limiting(step, station.snapshot.subprotocol))
        except CsmsError as error:
            LOG.info("left out: %s", error)


def _limiting(step: Limit, subprotocol: str) -> tuple[str, dict[str, Any]]:
    """The request that sets the limit, or takes it away, in the words of either OCPP."""
    in_16 = subprotocol == OCPP_16
    if step.power_w is None:
        return "ClearChargingProfile", {"id" if in_16 else "chargingProfileId": LIMIT_ID}
    schedule = {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": step.power_w}],
    }
    profile = {
        "chargingProfileId" if in_16 else "id": LIMIT_ID,
        "stackLevel": 1,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule if in_16 else [{"id": LIMIT_ID, **schedule}],
    }
    if in_16:
        return "SetChargingProfile", {
            "connectorId": step.connector_id,
            "csChargingProfiles": profile,
        }
    return "SetChargingProfile", {"evseId": step.connector_id, "chargingProfile": profile}


async def _end(task: asyncio.Future[Any]) -> None:
    """Cancel until it has ended: before Python 3.12, `wait_for` loses a cancellation that meets
    what it waited for."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=0.1)


async def _soon(
    station: Station, holds: Callable[[StationSnapshot], bool], patience_s: float = READY_S
) -> bool:
    """Wait until it holds, but not for ever: somebody may have switched something off."""
    try:
        await asyncio.wait_for(station.until(holds), patience_s)
    except asyncio.TimeoutError:
        return False
    return True


def _registered(seen: StationSnapshot) -> bool:
    link = seen.link
    return link.state is LinkState.CONNECTED and link.registration is Registration.ACCEPTED
