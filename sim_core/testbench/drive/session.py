"""The charge points of one conversation, and how each request about them is carried out.

It knows neither lines of JSON nor agents: a request is data, what comes of it is data, and what is
not as asked is a Failure with a sentence. Everything happens on one loop, in real time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sim_core.commands import ACTION_BY_NAME, ClosesOnItself
from sim_core.errors import UserError
from sim_core.picture_json import encoded
from sim_core.redaction import one_line
from sim_core.settings.spelling import guess
from sim_core.snapshot import StationSnapshot
from sim_core.testbench.drive import requests as asked
from sim_core.testbench.drive import views
from sim_core.testbench.drive.scenario_runs import listed, played
from sim_core.testbench.driving import (
    AskedWrongError,
    Driving,
    EndedError,
    RefusedHereError,
    UnmetError,
)
from sim_core.testbench.own_csms import OverHttp
from sim_core.testbench.reading import DO

LOG = logging.getLogger(__name__)

ENDS_WITHIN_S = 10.0
Tell = Callable[[asked.Event], None]
WRONG: asked.Kind = "asked wrong"
KINDS: tuple[tuple[type[UserError], asked.Kind], ...] = (
    (UnmetError, "unmet"),
    (RefusedHereError, "refused"),
    (EndedError, "ended"),
)
"""What is not among them was asked wrong."""


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
            self.shown = views.statuses(self.driving.station.snapshot)
        self.events = events

    def look(self, picture: StationSnapshot | None = None) -> None:
        """Tell what is new of it."""
        station = self.driving.station
        if "frames" in self.events and station.messages.revision != self.revision:
            self.revision, news = station.messages.since(self.revision)
            for exchange in news:
                frame = views.frame(exchange, self.driving)
                self.tell(asked.FrameEvent("frame", self.driving.id, frame))
        if "status" in self.events:
            statuses = views.statuses(picture or station.snapshot)
            for number, status in statuses.items():
                if self.shown.get(number) == status:
                    continue
                if number == views.LINK:
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
        return views.message(await driving.expect(message, request.within), driving)

    async def _never(self, request: asked.Never) -> asked.Nothing:
        driving = self._member(request).driving
        message = driving.message(request.message, request.where, by_csms=_by_csms(request.by))
        await driving.never(message, request.seconds)
        return {}

    async def _status(self, request: asked.Status) -> asked.ConnectorState:
        driving = self._member(request).driving
        return views.connector(
            await driving.status(request.connector, request.status, request.within)
        )

    async def _wait(self, request: asked.Wait) -> asked.Nothing:
        await self._member(request).driving.wait(request.seconds)
        return {}

    # -- looking -------------------------------------------------------

    async def _state(self, request: asked.State) -> asked.WholeState:
        return views.state(self._member(request).driving)

    async def _snapshot(self, request: asked.Snapshot) -> dict[str, Any]:
        picture: dict[str, Any] = encoded(self._member(request).driving.station.snapshot)
        return picture

    async def _frames(self, request: asked.Frames) -> asked.FramesFound:
        return views.frames(self._member(request).driving, request)

    # -- scenarios -----------------------------------------------------

    async def _scenarios(self, request: asked.Scenarios) -> asked.ScenariosFound:
        return listed(request)

    async def _play(self, request: asked.Play) -> asked.Played:
        return await played(request, request.csms_url or self._csms_url, self._asking)


def failure_of(error: UserError) -> asked.Failure:
    """What is answered where a request has come to nothing."""
    kind = next((kind for type_, kind in KINDS if isinstance(error, type_)), WRONG)
    return asked.Failure(kind, one_line(str(error)))


def _by_csms(by: str | None) -> bool | None:
    return None if by is None else by == "csms"


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
