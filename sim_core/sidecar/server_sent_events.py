"""`GET /events`: what happens, as server-sent events, for as long as somebody listens.

A stream is a cursor on the station's ring of events and nothing more: a listener that stalls loses
its own place and holds up nobody. Numbers begin anew with each start, so an id carries a word for
this life; an id of a former one asks for everything that there is. `stop` ends every stream, so
that the sidecar need not wait for its listeners.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from starlette.requests import Request
from starlette.types import ASGIApp, Send

from sim_core.http_door.answers import as_json, refusal
from sim_core.redaction import without_users
from sim_core.sidecar.event_stream import EventStream
from sim_core.sidecar.viewed import Viewed
from sim_core.snapshot import StationSnapshot

MOST_STREAMS = 256
KEEP_ALIVE_S = 15.0
"""A stream that says nothing for so long says that it lives: proxies close what is silent."""


class Streams:
    """All listeners of one station."""

    def __init__(self, station: Viewed) -> None:
        self._station = station
        self._life = secrets.token_hex(4)
        self._seen = station.events.last
        self._news: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open = 0
        self._ended = False
        self._leave: Callable[[], None] = station.watch(self._look)

    def stop(self) -> None:
        """End every stream."""
        self._leave()
        self._ended = True
        self._wake()

    def open(self, request: Request, since: int | None) -> ASGIApp:
        """A stream that goes on where the listener left off, or begins now."""
        if self._open >= MOST_STREAMS:
            sentence = f"{MOST_STREAMS} streams are open already: try again later"
            return refusal(503, sentence, {"Retry-After": "5"})
        cursor = self._cursor(request.headers.get("last-event-id", ""))
        if cursor is None:
            cursor = self._station.events.last if since is None else since
        return Stream(self, min(cursor, self._station.events.last))

    def after(self, cursor: int) -> tuple[int, str]:
        """The new cursor, and what has happened since the old one as server-sent events."""
        newest, events = self._station.events.since(cursor)
        first = newest - len(events) + 1
        parts = []
        if first > cursor + 1:  # the listener was away for longer than the ring remembers
            parts.append(f"event: gap\ndata: {as_json({'lost': first - cursor - 1})}\n\n")
        for number, event in enumerate(events, first):
            data: dict[str, object] = {
                "at": event.at.isoformat(),
                "kind": event.kind,
                "text": without_users(event.text),
                "connector": event.connector_id,
            }
            if event.facts:
                data["facts"] = event.facts
            parts.append(
                f"id: {self._life}-{number}\nevent: {event.kind}\ndata: {as_json(data)}\n\n"
            )
        return newest, "".join(parts)

    @property
    def ended(self) -> bool:
        """The sidecar stops."""
        return self._ended

    @property
    def news(self) -> asyncio.Future[None]:
        """Done as soon as there is something new."""
        return self._news

    def count(self, by: int) -> None:
        """A stream was opened or has ended."""
        self._open += by

    def _cursor(self, last_id: str) -> int | None:
        life, _, number = last_id.rpartition("-")
        if not number.isdecimal() or len(number) > 18:
            return None
        return int(number) if life in ("", self._life) else 0

    def _look(self, seen: StationSnapshot) -> None:
        if self._seen != self._station.events.last:
            self._seen = self._station.events.last
            self._wake()

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.get_running_loop().create_future()
        if not news.done():
            news.set_result(None)


class Stream(EventStream):
    """One listener to what happens."""

    def __init__(self, streams: Streams, cursor: int) -> None:
        super().__init__(streams)
        self._streams = streams
        self._cursor = cursor

    async def _tell(self, send: Send, left: asyncio.Future[None]) -> None:
        while not left.done() and not self._streams.ended:
            news = self._streams.news
            self._cursor, text = self._streams.after(self._cursor)
            if text:
                await self._say(send, text)
            elif not await self._anything_new(left, news, KEEP_ALIVE_S):
                await self._say(send, ": nothing new\n\n")
