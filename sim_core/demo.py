"""A charge point, a CSMS and a little story, all in one process: nothing to configure or to keep.

The story is told from outside, by the same commands and OCPP requests that anybody could send. It
begins with a vehicle that charges within seconds. Whoever presses a key is never fought with: a
step that the charge point refuses is simply left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sim_core.commands import ClearFault, Command, InjectFault, Plug, Start, Swipe, Unplug
from sim_core.config import Settings
from sim_core.engine import Engine
from sim_core.snapshot import Registration
from sim_core.store import MEMORY

if TYPE_CHECKING:
    from sim_core.csms import Csms
    from sim_core.station import Station

LOG = logging.getLogger(__name__)

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Remote:
    """A step that the CSMS takes: RemoteStart or RemoteStop on a connector."""

    action: str
    connector_id: int
    id_tag: str = ""


@dataclass(frozen=True)
class Scene:
    """Wait so long, say this, do that."""

    wait_s: float
    caption: str
    step: Command | Remote


STORY: tuple[Scene, ...] = (
    Scene(0.6, "A vehicle arrives at connector 1 and is plugged in", Plug(1, "Compact 60")),
    Scene(
        0.8, "Its driver shows a card: the CSMS is asked, the charge starts", Start(1, "DRIVER-1")
    ),
    Scene(16.0, "A card at connector 2 before any cable is in", Swipe(2, "DRIVER-2")),
    Scene(3.0, "Its vehicle is plugged in: both share the cabinet's power", Plug(2, "Saloon 82")),
    Scene(16.0, "A ground failure at connector 2", InjectFault(2, "GroundFailure")),
    Scene(7.0, "The failure is mended: charging goes on", ClearFault(2)),
    Scene(14.0, "The CSMS stops connector 1 from afar", Remote("stop", 1)),
    Scene(5.0, "The vehicle leaves connector 1", Unplug(1)),
    Scene(8.0, "Another vehicle arrives at connector 1", Plug(1, "City 40")),
    Scene(3.0, "The CSMS starts it from afar, as an app would", Remote("start", 1, "APP-USER")),
    Scene(25.0, "The vehicle at connector 2 leaves while it charges", Unplug(2)),
)


def engine(settings: Settings) -> Engine:
    """The engine of the demo: a CSMS on a free port of this computer, nothing kept on disk."""
    stage = Stage()
    changed = settings.model_copy(
        update={
            "state_dir": MEMORY,
            "ocpp_keys": {"MeterValueSampleInterval": "5", **settings.ocpp_keys},
        }
    )
    return Engine(changed, before=(stage.build,), beside=(stage.play,))


class Stage:
    """The CSMS of the demo, and whoever acts in front of it."""

    def __init__(self) -> None:
        self._csms: Csms | None = None

    async def build(self, station: Station) -> Callable[[], Awaitable[None]]:
        """Start the CSMS and point the charge point at it."""
        from sim_core.csms import Csms

        csms = self._csms = Csms()
        await csms.start(HOST, 0)
        station.dial(f"ws://{HOST}:{csms.port}/ocpp")
        return csms.stop

    async def play(self, station: Station) -> Callable[[], Awaitable[None]]:
        """Tell the story, over and over, until it is stopped."""
        playing = asyncio.ensure_future(self._play(station))

        async def stop() -> None:
            playing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await playing

        return stop

    async def _play(self, station: Station) -> None:
        await station.until(lambda seen: seen.link.registration is Registration.ACCEPTED)
        while True:
            for scene in STORY:
                await asyncio.sleep(scene.wait_s)
                await self._act(station, scene)
            await asyncio.sleep(20.0)

    async def _act(self, station: Station, scene: Scene) -> None:
        step = scene.step
        if isinstance(step, Remote):
            await self._act_remotely(station, step)
            return
        outcome = await station.submit(step)
        if not outcome.ok:
            LOG.info("left out: %s", scene.caption)

    async def _act_remotely(self, station: Station, step: Remote) -> None:
        from sim_core.csms import CsmsError

        csms, cpid = self._csms, station.charge_point.build.charge_point_id
        if csms is None:
            return
        try:
            if step.action == "start":
                await csms.remote_start(cpid, step.connector_id, step.id_tag)
            elif session := csms.ledger.session(cpid, connector_id=step.connector_id):
                await csms.remote_stop(cpid, session.transaction_id)
        except CsmsError as error:
            LOG.info("left out: %s", error)
