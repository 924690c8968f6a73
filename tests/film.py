"""The moving picture of the README: a charge point that charges, and the keys that make it.

    python -m tests.pictures

Nothing of it is drawn by hand. The charge point and its CSMS are real and talk over a socket, in a
time that the film moves; the dashboard is real and keys are pressed on it. `SHOTS` is the script.
What is random comes from seeds, so the same code makes the same film.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import random
from dataclasses import dataclass, replace
from datetime import datetime

from textual.pilot import Pilot

from sim_core.commands import Command, Outcome
from sim_core.events import Event, Ring
from sim_core.snapshot import StationSnapshot
from sim_core.story import Caption
from sim_core.wire.message_log import MessageLog
from tests.harness import Harness, HarnessClock
from tests.moving_svg import Frame, moving_svg
from tests.scripted_csms import Answer, Call, Hold, ScriptedCsms
from tui.app import ChargeForgeApp
from tui.pictures.screenshot import plain_surroundings
from tui.textual_private import drawn_segments

SIZE = (80, 24)
URL = "ws://csms.example:9000/ocpp"
"""Shown in the place of the address of the CSMS here, whose port is another one each time."""
READ_S, FRAME_S = 1.2, 0.2
"""How long what a shot says stands there before it happens, and how long a frame is seen."""
LATENCY_S = (0.006, 0.028)
"""The CSMS answers within these."""


@dataclass(frozen=True)
class Shot:
    """Say this, press these keys, and look at the dashboard some times while time passes."""

    says: str
    press: tuple[str, ...] = ()
    asks: tuple[str, dict[str, object]] | None = None
    """What the CSMS asks of the charge point, with its payload."""
    passes_s: tuple[float, ...] = (0.1,)
    """Seconds of the charge point between two frames; one frame each."""
    holds_s: float = 0.0
    """How much longer the last one is seen."""


SHOTS: tuple[Shot, ...] = (
    Shot("A charge point with two connectors. Below, what it and its CSMS say.", holds_s=1.0),
    Shot("p plugs a vehicle in.", ("p",), holds_s=1.0),
    Shot(
        "s shows a card. The CSMS accepts it, and a transaction begins.",
        ("s",),
        passes_s=(0.1, 0.7, 0.8, *(1.0,) * 9),
        holds_s=0.6,
    ),
    Shot("MeterValues tell the CSMS how much has been charged.", passes_s=(10.0,) * 12),
    Shot(
        "2 p s: a second vehicle. Both share the 60 kW of the cabinet.",
        ("2", "p", "s"),
        passes_s=(0.1, 2, 6, 10, 10, 10, 10),
        holds_s=0.6,
    ),
    # No time passes under a dialog: when the dashboard is drawn there goes by real time.
    Shot("f breaks something, any way that OCPP knows.", ("f",), passes_s=(0,), holds_s=0.8),
    Shot(
        "A ground failure: power is cut at once, and the CSMS hears of it.",
        (*"grou", "enter"),
        passes_s=(0.5, 4, 8),
        holds_s=1.2,
    ),
    Shot("F mends it: the transaction goes on.", ("F",), passes_s=(1, 2, 5, 10, 10)),
    Shot(
        "The CSMS can stop it, too: here it ends the transaction of connector 1.",
        asks=("RemoteStopTransaction", {"transactionId": 1000}),
        passes_s=(0.1, 0.5, 2),
        holds_s=1.2,
    ),
    Shot("1 p: its vehicle leaves. ? explains every key.", ("1", "p"), holds_s=2.0),
)
POSTER = 5
"""The shot whose last frame stands still where nothing may move."""


def film() -> str:
    """The film as SVG. Not to be called where an event loop runs."""
    with plain_surroundings():
        frames = asyncio.run(_shoot())
    poster = sum(1 + len(shot.passes_s) for shot in SHOTS[:POSTER]) - 1
    return moving_svg(frames, poster, "ChargeForge")


async def _shoot() -> list[Frame]:
    clock = HarnessClock()
    keys = {"MeterValueSampleInterval": "10", "HeartbeatInterval": "300"}
    async with (
        SlowCsms(clock) as csms,
        Harness(model="gresgying-f3-eu180", keys=keys, clock=clock, csms=csms) as harness,
    ):
        csms.interval = 300
        await harness.advance(1)
        narrator = Narrator()
        app = StillApp(OnStage(harness), storyteller=narrator)
        async with app.run_test(size=SIZE) as pilot:
            return [
                frame
                for number, shot in enumerate(SHOTS, 1)
                for frame in await _frames(shot, number, harness, narrator, pilot, app)
            ]


async def _frames(
    shot: Shot,
    number: int,
    harness: Harness,
    narrator: Narrator,
    pilot: Pilot[int],
    app: StillApp,
) -> list[Frame]:
    async def look(seconds: float) -> Frame:
        app.look_now()
        await pilot.pause()
        return Frame(drawn_segments(app), seconds)

    narrator.caption = Caption(number, len(SHOTS), shot.says)
    frames = [await look(READ_S)]
    await pilot.press(*shot.press)
    await harness.settle()
    if shot.asks:
        action, payload = shot.asks
        await harness.ask(action, **payload)
    for seconds in shot.passes_s:
        await harness.advance(seconds)
        frames.append(await look(FRAME_S))
    frames[-1] = replace(frames[-1], seconds=FRAME_S + shot.holds_s)
    return frames


class StillApp(ChargeForgeApp):
    """The dashboard, which looks when it is told to: how often it would by itself in the meantime
    depends on how busy the computer is."""

    def sample(self) -> None:
        pass

    def look_now(self) -> None:
        """Look at the charge point once."""
        super().sample()


class SlowCsms(ScriptedCsms):
    """A CSMS that takes some milliseconds of the film's time."""

    def __init__(self, clock: HarnessClock) -> None:
        super().__init__(now=clock.now)
        self._clock = clock
        self._random = random.Random(1)

    def choose(self, call: Call) -> Answer:
        release = asyncio.Event()
        self._clock.call_later(self._random.uniform(*LATENCY_S), release.set)
        return Hold(release)


class Narrator:
    """A storyteller that says what it is told to."""

    caption: Caption | None = None

    def skip(self) -> None:
        pass

    def stand_aside(self) -> None:
        pass


class OnStage:
    """A `Host` whose charge point lives in this event loop."""

    failure = ""
    exit_code = 0

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._doing: set[asyncio.Future[Outcome]] = set()

    @property
    def messages(self) -> MessageLog:
        return self._harness.messages

    @property
    def events(self) -> Ring[Event]:
        return self._harness.events

    @property
    def snapshot(self) -> StationSnapshot:
        picture = self._harness.station.snapshot
        return replace(picture, link=replace(picture.link, url=URL))

    def now(self) -> datetime:
        return self._harness.clock.now()

    def start(self) -> None:
        pass

    def stop(self, deadline: float = 5.0) -> bool:
        return True

    def submit(self, command: Command) -> concurrent.futures.Future[Outcome]:
        answer: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        doing = asyncio.ensure_future(self._harness.station.submit(command))
        self._doing.add(doing)
        doing.add_done_callback(self._doing.discard)
        doing.add_done_callback(lambda done: answer.set_result(done.result()))
        return answer
