"""The charge points of one conversation, and how each request about them is carried out.

It knows neither lines of JSON nor agents: a request is data, what comes of it is data, and what is
not as asked is an exception with a sentence. Everything happens on one loop, in real time; only a
scenario before our own CSMS has a time, and so a loop, of its own.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

from sim_core.commands import ACTION_BY_NAME, ClosesOnItself
from sim_core.errors import UserError
from sim_core.picture_json import encoded
from sim_core.redaction import one_line, public_frame
from sim_core.runtime.event_loop_thread import EventLoopThread
from sim_core.settings.loading import load
from sim_core.settings.spelling import guess
from sim_core.snapshot import ConnectorSnapshot, LinkState, Registration, StationSnapshot
from sim_core.testbench.drive import requests as asked
from sim_core.testbench.driving import (
    AskedWrongError,
    Driving,
    RefusedHereError,
    UnmetError,
)
from sim_core.testbench.listening import payload_of
from sim_core.testbench.own_csms import OverHttp, OwnHouse
from sim_core.testbench.playing import play
from sim_core.testbench.reading import DO, read
from sim_core.testbench.reports.lines import frames as lines_of
from sim_core.testbench.scenario import Scenario
from sim_core.testbench.shipped_set import scenarios
from sim_core.testbench.stage import RealStage, Stage, VirtualStage
from sim_core.testbench.verdicts import Result
from sim_core.wire.message_log import Exchange

LOG = logging.getLogger(__name__)

ENDS_WITHIN_S = 10.0
Tell = Callable[[asked.Event], None]
WRONG: asked.Kind = "asked wrong"
KINDS: tuple[tuple[type[UserError], asked.Kind], ...] = (
    (UnmetError, "unmet"),
    (RefusedHereError, "refused"),
)
"""What is not among them was asked wrong."""
LINK = 0
"""Stands for the link among the connectors."""


@dataclass
class _Member:
    """A charge point that is up."""

    driving: Driving
    tell: Tell
    events: set[str] = field(default_factory=set)
    revision: int = 0
    shown: dict[int, str] = field(default_factory=dict)
    """Connector -> the status that was told last."""
    looking: Callable[[], None] = lambda: None
    """Ends the look at its pictures."""
    failing: asyncio.Future[None] | None = None

    def watch(self, events: set[str]) -> None:
        """Tell these events from now on."""
        log = self.driving.station.messages
        if "frames" in events and "frames" not in self.events:
            self.revision = log.revision
        if "status" in events and "status" not in self.events:
            self.shown = _statuses(self.driving.station.snapshot)
        self.events = events

    def look(self, picture: StationSnapshot | None = None) -> None:
        """Tell what is new of it."""
        station = self.driving.station
        if "frames" in self.events and station.messages.revision != self.revision:
            self.revision, news = station.messages.since(self.revision)
            for exchange in news:
                frame = _frame(exchange, self.driving)
                self.tell(asked.FrameEvent("frame", self.driving.id, frame))
        if "status" in self.events:
            statuses = _statuses(picture or station.snapshot)
            for number, status in statuses.items():
                if self.shown.get(number) == status:
                    continue
                if number == LINK:
                    self.tell(asked.LinkEvent("link", self.driving.id, status))
                else:
                    self.tell(asked.StatusEvent("status", self.driving.id, number, status))
            self.shown = statuses


class Session:
    """See the module. `tell` hears the events that are wanted, on this loop."""

    def __init__(
        self, tell: Tell, csms_url: str = "", csms_api: str = "", csms_api_key: str = ""
    ) -> None:
        self._tell = tell
        self._csms_url = csms_url
        self._asking = OverHttp(csms_api, csms_api_key) if csms_api else None
        self._members: dict[str, _Member] = {}
        self._numbers = count(1)

    async def perform(self, request: asked.Request) -> Any:
        """Do what is asked; returns what `OPS` says of it, or the Failure."""
        try:
            return await PERFORM[type(request)](self, request)
        except UserError as error:
            return failure_of(error)
        except Exception as error:
            LOG.exception("a fault in answering %s", asked.OP_OF[type(request)])
            told = f"{type(error).__name__}: {error}"
            return asked.Failure("fault", one_line(f"a fault of ChargeForge's own: {told}"))

    def look(self) -> None:
        """Tell what is new everywhere: before an answer, so that it never comes first."""
        for member in self._members.values():
            member.look()

    async def close(self) -> None:
        """End all charge points in order."""
        members, self._members = list(self._members.values()), {}
        await asyncio.gather(*(self._ended(member) for member in members))

    def _member(self, request: asked.OfOne) -> _Member:
        name = request.charge_point
        if name in self._members:
            return self._members[name]
        if not self._members:
            raise AskedWrongError("there is no charge point yet: start one")
        there = ", ".join(self._members)
        if name:
            raise AskedWrongError(f"there is no charge point {name[:50]!r}; there is {there}")
        if len(self._members) > 1:
            raise AskedWrongError(f"charge_point is missing: there is {there}")
        return next(iter(self._members.values()))

    # -- coming and going ----------------------------------------------

    async def _start(self, request: asked.Start) -> asked.Started:
        name = request.charge_point or f"CP-{os.getpid()}-{next(self._numbers)}"
        if name in self._members:
            raise AskedWrongError(f"{name} is there already: stop it first, or take another id")
        driving = Driving(
            name,
            request.csms_url or self._csms_url,
            ocpp=request.ocpp,
            time_scale=request.time_scale,
            seed=request.seed,
            options=request.options,
        )
        await driving.open()
        member = _Member(driving, self._tell)
        self._members[name] = member
        member.events = set(request.watch)  # with all that was said before this line
        member.looking = driving.station.watch(member.look)
        member.failing = asyncio.ensure_future(driving.station.failed())
        member.failing.add_done_callback(lambda failing: self._failed(name, failing))
        if request.within is not None:
            try:
                await driving.ready(request.within)
            except Exception:  # its id is free again, whatever it was
                await self._gone(name)
                raise
        return asked.Started(name, request.ocpp)

    def _failed(self, name: str, failing: asyncio.Future[None]) -> None:
        if not failing.cancelled() and (why := failing.exception()):
            told = one_line(f"{type(why).__name__}: {why}")
            self._tell(asked.EndedEvent("ended", name, told))

    async def _ready(self, request: asked.Ready) -> asked.Nothing:
        await self._member(request).driving.ready(request.within)
        return {}

    async def _stop(self, request: asked.Stop) -> asked.Nothing:
        await self._gone(self._member(request).driving.id)
        return {}

    async def _gone(self, name: str) -> None:
        if member := self._members.pop(name, None):
            await self._ended(member)

    async def _ended(self, member: _Member) -> None:
        member.looking()
        member.events.discard("status")  # of what has ended there is none
        if member.failing is not None:
            member.failing.cancel()
        await member.driving.close()
        member.look()

    async def _watch(self, request: asked.Watch) -> asked.Nothing:
        self._member(request).watch(set(request.events))
        return {}

    # -- acting and waiting --------------------------------------------

    async def _do(self, request: asked.Do) -> asked.Done:
        action = ACTION_BY_NAME.get(request.action)
        if action is None or action.command in ClosesOnItself:
            known = [row.name for row in DO]
            said = request.action[:50]
            raise AskedWrongError(f"there is no action {said!r}{guess(said, known)}")
        done = await self._member(request).driving.do(request.action, request.values)
        return asked.Done(done.detail, json.loads(done.answer) if done.answer else None)

    async def _expect(self, request: asked.Expect) -> asked.Message:
        driving = self._member(request).driving
        message = driving.message(
            request.message, request.where, request.answer, request.error, _by_csms(request.by)
        )
        found = await driving.expect(message, request.within)
        exchange = driving.point.exchanges[found.number]
        secret = driving.dialect.secret_keys
        return asked.Message(
            found.number,
            exchange.requested_at.isoformat(),
            found.action,
            payload_of(public_frame(exchange.request, secret)),
            {} if found.error else payload_of(public_frame(exchange.answer, secret)),
            found.error,
        )

    async def _never(self, request: asked.Never) -> asked.Nothing:
        driving = self._member(request).driving
        message = driving.message(request.message, request.where, by_csms=_by_csms(request.by))
        await driving.never(message, request.seconds)
        return {}

    async def _status(self, request: asked.Status) -> asked.ConnectorState:
        driving = self._member(request).driving
        return _connector(await driving.status(request.connector, request.status, request.within))

    async def _wait(self, request: asked.Wait) -> asked.Nothing:
        await self._member(request).driving.wait(request.seconds)
        return {}

    # -- looking -------------------------------------------------------

    async def _state(self, request: asked.State) -> asked.WholeState:
        driving = self._member(request).driving
        picture = driving.station.snapshot
        return asked.WholeState(
            driving.id,
            picture.link.state.value,
            picture.link.registration.value,
            picture.link.trouble,
            picture.link.queued or 0,
            picture.powered,
            _possible(picture.refusals, on_connector=False),
            [_connector(one) for one in picture.connectors],
        )

    async def _snapshot(self, request: asked.Snapshot) -> dict[str, Any]:
        picture: dict[str, Any] = encoded(self._member(request).driving.station.snapshot)
        return picture

    async def _frames(self, request: asked.Frames) -> asked.FramesFound:
        driving = self._member(request).driving
        revision, known = driving.station.messages.since(request.since)
        found = [frame for one in known if _fits(frame := _frame(one, driving), request)]
        newest = found[-request.newest :]
        return asked.FramesFound(newest, len(found) - len(newest), revision)

    # -- scenarios -----------------------------------------------------

    async def _scenarios(self, request: asked.Scenarios) -> asked.ScenariosFound:
        return asked.ScenariosFound(
            [
                asked.ScenarioRow(
                    one.name, one.ocpp, one.title, one.proves, one.must_not, one.asks_csms
                )
                for one in scenarios([], request.only, request.ocpp)
            ]
        )

    async def _play(self, request: asked.Play) -> asked.Played:
        if bool(request.scenario) == bool(request.text):
            raise AskedWrongError("play has the name of a scenario, or the text of one")
        chosen = _own(request.text) if request.text else _shipped(request.scenario)
        chosen = replace(chosen, variables={**chosen.variables, **request.variables})
        url = request.csms_url or self._csms_url
        if url:
            base = load([f"--csms-url={url}"], "chargeforge")
            if chosen.asks_csms and self._asking is None:
                needs = "the CSMS is to ask something here: --csms-api names who can tell it to"
                return asked.Played(chosen.name, "yours", "skipped", needs, [], [])
            result = await play(
                chosen, RealStage(chosen, base, request.seed, self._asking), request.seed
            )
            return _played(result, "yours")

        def stage() -> Stage:
            return VirtualStage(chosen, load([], "chargeforge"), request.seed, OwnHouse())

        return _played(await _on_its_own_loop(chosen, stage, request.seed), "own")


async def _on_its_own_loop(scenario: Scenario, stage: Callable[[], Stage], seed: int) -> Result:
    """Play where nothing else runs, which virtual time needs; whoever gives up ends it."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    results: list[Result] = []

    async def live(ending: asyncio.Event) -> None:
        playing = asyncio.ensure_future(play(scenario, stage(), seed))
        giving_up = asyncio.ensure_future(ending.wait())
        await asyncio.wait({playing, giving_up}, return_when=asyncio.FIRST_COMPLETED)
        giving_up.cancel()
        if playing.done():
            results.append(playing.result())
        else:
            playing.cancel()
            await asyncio.gather(playing, return_exceptions=True)

    def tell() -> None:
        loop.call_soon_threadsafe(ended.set)

    thread = EventLoopThread(f"chargeforge {scenario.name}", live, ended=tell)
    thread.start()
    try:
        await ended.wait()
    finally:
        thread.stop(ENDS_WITHIN_S)
    if thread.exit_code == 2:
        raise UserError(thread.failure)
    if not results:
        raise RuntimeError(thread.failure)
    return results[0]


def _shipped(name: str) -> Scenario:
    known = {one.name: one for one in scenarios([])}
    if name not in known:
        raise AskedWrongError(f"there is no scenario {name[:50]!r}{guess(name, known)}")
    return known[name]


def _own(text: str) -> Scenario:
    return read(text, Path("scenario.yaml"), may_include=False)


def _played(result: Result, csms: Any) -> asked.Played:
    return asked.Played(
        result.scenario.name,
        csms,
        result.verdict.value,
        result.why,
        [asdict(step) for step in result.steps],
        [line for one in result.around for line in lines_of(one)],
    )


def failure_of(error: UserError) -> asked.Failure:
    """What is answered where a request has come to nothing."""
    kind = next((kind for type_, kind in KINDS if isinstance(error, type_)), WRONG)
    return asked.Failure(kind, one_line(str(error)))


# -- pictures as answers ---------------------------------------------------------------------------


def _by_csms(by: str | None) -> bool | None:
    return None if by is None else by == "csms"


def _statuses(picture: StationSnapshot) -> dict[int, str]:
    link = picture.link
    told = link.state.value
    if link.state is LinkState.CONNECTED and not link.online:
        told = "silent"
    elif link.frames_pass and link.registration is not Registration.NONE:
        told = link.registration.value
    return {LINK: told} | {one.connector_id: one.status for one in picture.connectors}


def _connector(one: ConnectorSnapshot) -> asked.ConnectorState:
    running = one.transaction
    return asked.ConnectorState(
        one.connector_id,
        one.status,
        bool(one.plugged),
        one.power_w or 0.0,
        one.register_wh or 0.0,
        running.transaction_id if running else None,
        running.token if running else "",
        (running.energy_wh or 0.0) if running else 0.0,
        one.soc_percent,
        one.fault.error_code if one.fault else "",
        _possible(one.refusals, on_connector=True),
    )


def _possible(refusals: Mapping[str, str], *, on_connector: bool) -> list[str]:
    return [row.name for row in DO if row.on_connector is on_connector and row.name not in refusals]


def _frame(exchange: Exchange, driving: Driving) -> asked.Frame:
    secret = driving.dialect.secret_keys
    return asked.Frame(
        exchange.number,
        exchange.requested_at.isoformat(),
        exchange.direction.value,
        exchange.action,
        public_frame(exchange.request, secret),
        public_frame(exchange.answer, secret),
        exchange.state.value,
        exchange.trouble,
        exchange.connector_id,
        exchange.transaction_id,
        exchange.latency_s,
    )


def _fits(frame: asked.Frame, wanted: asked.Frames) -> bool:
    word = wanted.contains.casefold()
    return (
        (not wanted.action or frame.action == wanted.action)
        and (not wanted.direction or frame.direction == wanted.direction)
        and (wanted.connector is None or frame.connector == wanted.connector)
        and (not word or word in f"{frame.request}\n{frame.answer}".casefold())
    )


PERFORM: Mapping[type[asked.Request], Callable[[Session, Any], Any]] = {
    asked.Start: Session._start,
    asked.Ready: Session._ready,
    asked.Do: Session._do,
    asked.Expect: Session._expect,
    asked.Never: Session._never,
    asked.Status: Session._status,
    asked.Wait: Session._wait,
    asked.State: Session._state,
    asked.Snapshot: Session._snapshot,
    asked.Frames: Session._frames,
    asked.Watch: Session._watch,
    asked.Stop: Session._stop,
    asked.Scenarios: Session._scenarios,
    asked.Play: Session._play,
}
"""Who does what."""
