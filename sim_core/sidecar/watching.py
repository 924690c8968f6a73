"""`GET /watch`: everything that a dashboard shows, for as long as somebody looks.

One stream of server-sent events has it all, in looks (see `looks`): a viewer over a slow link asks
once. Nobody makes anything while nobody listens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Send

from sim_core.http_door.answers import as_json, refusal
from sim_core.sidecar.event_stream import EventStream
from sim_core.sidecar.looks import Asked, Looks, Place
from sim_core.sidecar.server_sent_events import MOST_STREAMS
from sim_core.sidecar.viewed import Viewed

LOOK_S = 0.25
"""No listener is told more often."""
AT_REST_S = 2.0
"""A stream in which nothing is new tells the clock so often: so a viewer knows that it lives."""
MOST_REMEMBERED = 20_000
"""More exchanges from before nobody is told of."""


class Watching:
    """All listeners of one charger."""

    def __init__(self, station: Viewed, version: str, *, commands: bool, wants_key: bool) -> None:
        """`commands`: something may be asked for here, and if `wants_key`, with the key only."""
        self._station = station
        about = {"version": version, "commands": commands, "wants_key": wants_key}
        self._looks = Looks(station, about)
        self._news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = 0
        self._ended = False
        self._leave: Callable[[], None] | None = None

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
        return WatchStream(self, self._looks, self._looks.place(asked), packs=packs)

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

    def __init__(self, watching: Watching, looks: Looks, place: Place, *, packs: bool) -> None:
        super().__init__(watching, packs=packs)
        self._watching, self._looks = watching, looks
        self._place = place

    async def _tell(self, send: Send, left: asyncio.Future[None]) -> None:
        watching, looks, place = self._watching, self._looks, self._place
        while not left.done() and not watching.ended:
            news = watching.news
            told = looks.look(place)
            if told is not None:
                await self._say(send, f"event: look\ndata: {as_json(told)}\n\n")
                pause = 0.0 if looks.more(place) else LOOK_S
                await asyncio.wait({left}, timeout=pause)
            elif not await self._anything_new(left, news, AT_REST_S):
                await self._say(send, f"event: look\ndata: {as_json(looks.clock())}\n\n")
