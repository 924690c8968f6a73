"""`GET /watch`: everything that a dashboard shows, for as long as somebody looks.

One stream of server-sent events has it all, in looks: the picture (whole in the first look, then
what has changed in it), the exchanges with the CSMS that have changed, what has happened, and the
charger's clock. So a viewer over a slow link asks once, and all that it shows is of one moment.

Each listener has its own place in all this and is told what is new since its own last look: who is
slow gets fewer looks and not old ones. Nobody makes anything while nobody listens.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.types import ASGIApp, Send

from sim_core.http_door.answers import as_json, refusal
from sim_core.picture_json import changes, encoded
from sim_core.redaction import without_users
from sim_core.sidecar.event_stream import EventStream
from sim_core.sidecar.server_sent_events import MOST_STREAMS
from sim_core.sidecar.viewed import Viewed
from sim_core.snapshot import StationSnapshot
from sim_core.wire.message_log import Exchange

LOOK_S = 0.25
"""No listener is told more often."""
AT_REST_S = 2.0
"""A stream in which nothing is new tells the clock so often: so a viewer knows that it lives."""
AT_ONCE = 40
"""Exchanges of one look: the first picture does not wait for the whole log."""
CHARACTERS = 64 * 1024
"""A look ends early when frames are long."""
REMEMBERED, MOST_REMEMBERED = 300, 20_000
"""How many exchanges from before a new listener is told of, unless it asks for others."""
EVENTS_BEFORE = 200


@dataclass
class Place:
    """How far a listener has come."""

    picture: StationSnapshot | None
    revision: int
    """Of the messages; those in `until` it were told, but for those behind `number`."""
    until: int
    number: int
    """The last exchange of those that changed between `revision` and `until`; they go out in
    several looks."""
    event: int


@dataclass(frozen=True)
class Asked:
    """How a listener wants to begin."""

    life: str = ""
    """The word of the stream that it goes on with; empty for none."""
    revision: int = 0
    event: int = 0
    messages: int = REMEMBERED


class Watching:
    """All listeners of one charger."""

    def __init__(self, station: Viewed, version: str, *, commands: bool, wants_key: bool) -> None:
        """`commands`: something may be asked for here, and if `wants_key`, with the key only."""
        self._station = station
        self._about = {"version": version, "commands": commands, "wants_key": wants_key}
        self._life = secrets.token_hex(4)
        self._news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = 0
        self._ended = False
        self._leave: Callable[[], None] | None = None

    @property
    def picture(self) -> StationSnapshot:
        """The picture as it may be shown."""
        seen = self._station.snapshot
        told = tuple(without_users(one) for one in seen.warnings)
        return seen if told == seen.warnings else replace(seen, warnings=told)

    def stop(self) -> None:
        """End every stream."""
        self._ended = True
        if self._leave is not None:
            self._leave()
        self._wake()

    def open(self, request: Request, asked: Asked) -> ASGIApp:
        """A stream that goes on where the listener left off, or begins now."""
        if self._open >= MOST_STREAMS:
            sentence = f"{MOST_STREAMS} streams are open already: try again later"
            return refusal(503, sentence, {"Retry-After": "5"})
        packs = "gzip" in request.headers.get("accept-encoding", "").lower()
        return WatchStream(self, self._place(asked), packs=packs)

    def _place(self, asked: Asked) -> Place:
        messages, events = self._station.messages, self._station.events
        if asked.life == self._life:
            revision = min(asked.revision, messages.revision)
            return Place(None, revision, revision, 0, min(asked.event, events.last))
        first = max(0, messages.count - asked.messages)
        return Place(None, 0, messages.revision, first, max(0, events.last - EVENTS_BEFORE))

    def look(self, place: Place) -> dict[str, Any] | None:
        """What is new for a listener, who then has come so far; None for nothing."""
        told: dict[str, Any] = {}
        picture = self.picture
        if place.picture is None:
            told |= self._about | {"life": self._life, "picture": encoded(picture)}
        elif picture is not place.picture and (patch := changes(place.picture, picture)):
            told["patch"] = patch
        messages = [] if place.picture is None else self._messages(place)
        if messages:
            told["exchanges"] = messages
            told["revision"] = place.revision
        if happened := self._events(place):
            told["events"] = happened
            told["event"] = place.event
        place.picture = picture
        return {"now": self._station.now().isoformat(), **told} if told else None

    def clock(self) -> dict[str, Any]:
        """What is told where nothing is new."""
        return {"now": self._station.now().isoformat()}

    def more(self, place: Place) -> bool:
        """Whether there is more to tell at once."""
        return place.until != place.revision

    def _messages(self, place: Place) -> list[dict[str, Any]]:
        if place.until == place.revision:
            place.until, place.number = self._station.messages.revision, 0
            if place.until == place.revision:
                return []
        _, changed = self._station.messages.since(place.revision)
        behind = [one for one in changed if one.number > place.number]
        told: list[dict[str, Any]] = []
        characters = 0
        for one in behind[:AT_ONCE]:
            told.append(_exchange(one))
            characters += len(one.request) + len(one.answer)
            if characters > CHARACTERS:
                break
        if len(told) < len(behind):
            place.number = behind[len(told) - 1].number
        else:
            place.revision, place.number = place.until, 0
        return told

    def _events(self, place: Place) -> list[dict[str, Any]]:
        place.event, happened = self._station.events.since(place.event)
        return [
            {
                "at": one.at.isoformat(),
                "kind": one.kind,
                "text": without_users(one.text),
                "connector": one.connector_id,
            }
            for one in happened
        ]

    @property
    def ended(self) -> bool:
        """The sidecar stops."""
        return self._ended

    @property
    def news(self) -> asyncio.Future[None]:
        """Done as soon as there may be something new."""
        return self._news

    def count(self, by: int) -> None:
        """A stream was opened or has ended; pictures are looked at only while there is one."""
        self._open += by
        if self._open and self._leave is None and not self._ended:
            self._leave = self._station.watch(lambda _: self._wake())
        elif not self._open and self._leave is not None:
            self._leave()
            self._leave = None

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.get_running_loop().create_future()
        if not news.done():
            news.set_result(None)


class WatchStream(EventStream):
    """One listener to all that a dashboard shows."""

    def __init__(self, watching: Watching, place: Place, *, packs: bool) -> None:
        super().__init__(watching, packs=packs)
        self._watching = watching
        self._place = place

    async def _tell(self, send: Send, left: asyncio.Future[None]) -> None:
        watching, place = self._watching, self._place
        while not left.done() and not watching.ended:
            news = watching.news
            told = watching.look(place)
            if told is not None:
                await self._say(send, f"event: look\ndata: {as_json(told)}\n\n")
                pause = 0.0 if watching.more(place) else LOOK_S
                await asyncio.wait({left}, timeout=pause)
            elif not await self._anything_new(left, news, AT_REST_S):
                await self._say(send, f"event: look\ndata: {as_json(watching.clock())}\n\n")


def _exchange(one: Exchange) -> dict[str, Any]:
    """As it is kept: its time is the computer's (the picture says how far the charger's is ahead of
    it)."""
    return one.as_dict() | {
        "direction": one.direction.value,
        "state": one.state.value,
        "requested_at": one.requested_at.isoformat(),
    }
