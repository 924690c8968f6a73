"""One listener of server-sent events: an ASGI answer without an end of its own.

It lasts until the listener leaves, reads nothing for too long, or the source ends; what is told in
it, and when, is its kind's own.
"""

from __future__ import annotations

import asyncio
import zlib
from abc import ABC, abstractmethod
from typing import Protocol

from starlette.types import Receive, Scope, Send

STALL_S = 10.0
"""A listener that reads nothing for so long is let go."""
RETRY_MS = 2_000
"""When a browser asks again after the stream has ended."""


class Source(Protocol):
    """What is listened to."""

    @property
    def ended(self) -> bool:
        """There will be nothing more."""
        ...

    @property
    def news(self) -> asyncio.Future[None]:
        """Done as soon as there is something new."""
        ...

    def count(self, by: int) -> None:
        """A stream was opened or has ended."""
        ...


class EventStream(ABC):
    """Told by `_tell`, which returns soon after `left` is done or the source has ended."""

    def __init__(self, source: Source, *, packs: bool = False) -> None:
        self._source = source
        self._packer = zlib.compressobj(6, wbits=31) if packs else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        left = asyncio.ensure_future(_gone(receive))
        self._source.count(+1)
        try:
            await self._start(send)
            if scope["method"] != "HEAD":
                await self._say(send, f"retry: {RETRY_MS}\n\n")
                await self._tell(send, left)
            await self._say(send, "", more=False)
        except asyncio.TimeoutError:
            return  # it has stopped reading
        finally:
            self._source.count(-1)
            left.cancel()

    @abstractmethod
    async def _tell(self, send: Send, left: asyncio.Future[None]) -> None: ...

    async def _anything_new(
        self, left: asyncio.Future[None], news: asyncio.Future[None], within_s: float
    ) -> bool:
        """Wait until there is; False where nothing came for so long, and nobody has left."""
        done, _ = await asyncio.wait(
            {left, news}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED
        )
        return bool(done)

    async def _start(self, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
        ]
        if self._packer is not None:
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})

    async def _say(self, send: Send, text: str, *, more: bool = True) -> None:
        body = text.encode("ascii")
        if self._packer is not None:
            body = self._packer.compress(body)
            body += self._packer.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)
        message = {"type": "http.response.body", "body": body, "more_body": more}
        await asyncio.wait_for(send(message), STALL_S)


async def _gone(receive: Receive) -> None:
    """Return once whoever listens has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
