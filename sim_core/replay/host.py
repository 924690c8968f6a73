"""A replay on a thread of its own, as a dashboard hosts a charge point (`sim_core.engine.Host`).

What a viewer sees is what the observer of a real charger makes of the frames: it does not know that
they are said by heart.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from websockets.asyncio.client import ClientConnection

from sim_core.bedside.charger import Charger
from sim_core.bedside.own_csms import open_csms
from sim_core.commands import Command, Outcome, Refused
from sim_core.errors import UserError
from sim_core.events import Event, Ring
from sim_core.from_settings import access_of, url_of
from sim_core.redaction import public_url
from sim_core.replay.judging import Findings
from sim_core.replay.options import ReplaySettings
from sim_core.replay.player import Player
from sim_core.replay.score import Score, score_of
from sim_core.replay.tables import summary
from sim_core.replay.tempo import Tempo
from sim_core.runtime.clock import Clock, SystemClock
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.snapshot import StationSnapshot
from sim_core.traces.formats.form import CannotRead
from sim_core.traces.reading import Progress, Reading, read_file
from sim_core.traces.stamps import zone_of
from sim_core.wire.access import Dial, dial
from sim_core.wire.message_log import MessageLog

NAMELESS = "REPLAY01"
"""Who dials, where neither the log nor anybody else says it."""
TICK_S = 1.0


class Replay:
    """See the module. `start` and `stop` it from any thread."""

    def __init__(self, settings: ReplaySettings, score: Score, clock: Clock | None = None) -> None:
        self.settings = settings
        self.score = score
        self.charge_point_id = settings.cpid or score.charge_point or NAMELESS
        self.events: Ring[Event]
        self.messages: MessageLog
        self._clock = clock or SystemClock()
        self._url = url_of(settings) if settings.csms_url else ""
        self._thread = EventLoopThread("replay", self._live, ended=lambda: None)
        self._player: Player | None = None
        self._charger = self._new_charger()

    # -- what viewers ask --------------------------------------------------------------------------

    @property
    def snapshot(self) -> StationSnapshot | None:
        return self._charger.snapshot

    @property
    def failure(self) -> str:
        return self._thread.failure

    @property
    def exit_code(self) -> int:
        return self._thread.exit_code

    @property
    def csms(self) -> str:
        """Whom it speaks to, as it may be shown."""
        return public_url(self._url) if self._url else "our own CSMS"

    @property
    def findings(self) -> Findings:
        """What has been found out so far."""
        return self._player.findings if self._player else Findings()

    @property
    def ended(self) -> bool:
        """Whether the log was played to its end, or as far as it went."""
        return self._player is not None and self._player.ended

    @property
    def place(self) -> str:
        """Where it is, in few characters: `12/40 ×20`, `12/40 paused`."""
        player, count = self._player, len(self.score.sayings)
        if player is None:
            return f"0/{count}"
        tempo = player.tempo
        mood = "" if tempo.speed == 1 else f" ×{tempo.speed:g}"
        if player.ended:
            mood = " ended"
        elif tempo.paused:
            mood = " paused"
        return f"{player.said}/{count}{mood}"

    def now(self) -> datetime:
        return self._clock.now()

    def submit(self, command: Command) -> concurrent.futures.Future[Outcome]:
        """It is as it was: nobody can plug anything in."""
        answer: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        answer.set_result(Refused("this charger says what is in the log: nothing is done to it"))
        return answer

    # -- what is done to it ------------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def again(self) -> str:
        """Play it from its begin; why not, where it is still playing."""
        if not self._thread.wait(0):
            return "it still plays: when it has ended, it can be played again"
        self._player = None
        self._charger = self._new_charger()
        self._thread.start()
        return ""

    def stop(self, deadline: float = 5.0) -> bool:
        return self._thread.stop(deadline)

    def wait(self, seconds: float) -> bool:
        """Wait for its end, at most so long; True when it has ended."""
        return self._thread.wait(seconds)

    def pause(self) -> None:
        """Stand still, or go on."""
        self._turn(lambda tempo: tempo.pause())

    def step(self) -> None:
        """Say what comes next, and stand still there."""
        self._turn(lambda tempo: tempo.step())

    def faster(self, by: float) -> None:
        """Go on so many times as fast."""
        self._turn(lambda tempo: tempo.set_speed(tempo.speed * by))

    def tell(self, text: str) -> None:
        """Tell the viewers a warning."""
        self.events.append(Event(self.now(), "warning", text))

    # -- inside ------------------------------------------------------------------------------------

    def _new_charger(self) -> Charger:
        log_size = self.settings.message_log_size
        charger = Charger(self.charge_point_id, self._clock, self.csms, log_size=log_size)
        self.messages, self.events = charger.messages, charger.events
        for remark in self.score.remarks:
            charger.note("replay", remark.rstrip("."))
        charger.publish(anyway=True)
        return charger

    def _turn(self, act: Callable[[Tempo], None]) -> None:
        player, loop = self._player, self._thread.loop
        if player is not None and loop is not None:
            try:
                loop.call_soon_threadsafe(act, player.tempo)
            except RuntimeError:  # it ended between the look and the call
                return

    async def _live(self, ending: asyncio.Event) -> None:
        with self.settings.naming_sources():
            base, stop_csms = self._url, None
            if not base:
                base, stop_csms = await open_csms()
            try:
                await self._play(base, ending)
            finally:
                if stop_csms is not None:
                    await stop_csms()

    async def _play(self, base: str, ending: asyncio.Event) -> None:
        # What it needs of OCPP is not needed for the first frame of a dashboard.
        from sim_core.ocpp_versions import dialect_of
        from sim_core.wire.connecting import charge_point_url, explain, open_socket

        dialects = (dialect_of(f"ocpp{self.score.ocpp_version}"),)
        settings, name = self.settings, self.charge_point_id
        dialled: list[Dial] = []

        async def connect() -> ClientConnection:
            dialled[:] = [dial(charge_point_url(base, name), name, access_of(settings))]
            link, _ = await open_socket(dialled[0], dialects)
            return link

        player = Player(
            self.score,
            self._charger,
            connect,
            lambda error: explain(error, dialled[0] if dialled else None, dialects),
            self._clock,
            speed=settings.replay_speed,
            patience_s=settings.call_timeout_sec,
            keeps_times=settings.replay_keep_times,
            allowed=[part.strip() for part in settings.replay_allow.split(",") if part.strip()],
        )
        self._player = player
        playing = asyncio.ensure_future(player.play())
        asked = asyncio.ensure_future(ending.wait())
        try:
            while not playing.done() and not asked.done():
                await asyncio.wait(
                    (playing, asked), timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED
                )
                self._charger.publish(anyway=True)
        finally:
            asked.cancel()
            if not playing.done():
                playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)
        if not playing.cancelled():
            playing.result()
            self._charger.warn("end", f"the log is at its end: {summary(player.findings)}"[:-1])
            self._charger.publish()


def read_score(
    path: Path, settings: ReplaySettings, progress: Progress | None = None
) -> tuple[Score, Reading]:
    """A log as it is to be played, and what was read. Raises UserError with a sentence."""
    try:
        reading = read_file(
            path,
            form=settings.replay_from,
            timezone=zone_of(settings.replay_timezone) if settings.replay_timezone else None,
            charge_point=settings.replay_charge_point or None,
            progress=progress,
        )
    except CannotRead as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from None
    gap_s = settings.replay_longest_gap_sec
    return score_of(reading.trace, boots=settings.replay_boot, longest_gap_s=gap_s), reading
