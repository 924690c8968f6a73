"""Work that goes on beside: a fault in it is told, never lost.

Nobody awaits such a task, and an event loop would only log what went wrong in it. Here the first
fault is kept, that of a timer as that of a task, and `failed` tells it to whoever watches.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Explain = Callable[[BaseException], BaseException]
"""A fault as people are to read it."""


def _as_it_is(error: BaseException) -> BaseException:
    return error


class Tasks:
    """What one charge point has going on. Made on the loop that it lives on."""

    __slots__ = ("_explain", "_failed", "_running")

    def __init__(self, explain: Explain = _as_it_is) -> None:
        self._explain = explain
        self._running: set[asyncio.Task[Any]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something go on beside; a fault in it ends the charge point visibly."""
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self.done)
        return task

    def done(self, task: asyncio.Task[Any]) -> None:
        """A task has ended that nobody awaits: a fault in it is one of the charge point."""
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Something went wrong inside that nobody awaits: the charge point ends, and says why."""
        if not self._failed.done():
            self._failed.set_exception(self._explain(error))

    @property
    def failed(self) -> asyncio.Future[None]:
        """Fails with the first fault, if there is one: to be looked at, not to be cancelled."""
        return self._failed

    async def close(self) -> None:
        """End all of them."""
        tasks = list(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._failed.cancel()
