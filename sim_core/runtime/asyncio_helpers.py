"""Waiting: for whichever comes first, and for a flag.

Python 3.10 has neither `asyncio.TaskGroup` nor `asyncio.timeout`; `first_of` is the one thing
needed of them. `LightEvent` is an `asyncio.Event` that takes next to no memory while nobody waits:
a charge point has eight of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextvars import copy_context
from functools import partial
from typing import Any, Protocol


class _Timer(Protocol):
    def cancel(self) -> None: ...


CallLater = Callable[[float, Callable[[], None]], _Timer]


class LightEvent:
    """Down at first; who waits for it goes on once it has been raised. As `asyncio.Event`."""

    __slots__ = ("_up", "_waiting")

    def __init__(self) -> None:
        self._up = False
        self._waiting: tuple[asyncio.Future[bool], ...] = ()

    def is_set(self) -> bool:
        return self._up

    def set(self) -> None:
        """Raise it: whoever waits goes on, also when it is taken down again at once."""
        self._up = True
        if self._waiting:
            waiting, self._waiting = self._waiting, ()
            for future in waiting:
                if not future.done():
                    future.set_result(True)

    def clear(self) -> None:
        """Take it down."""
        self._up = False

    def raised(self) -> asyncio.Future[bool]:
        """Done with True once it is up: to be awaited, or for `first_of` without a task."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if self._up:
            future.set_result(True)
        else:
            self._waiting = (*(one for one in self._waiting if not one.done()), future)
        return future

    async def wait(self) -> None:
        """Return once it is up; at once when it is."""
        if not self._up:
            await self.raised()

    async def within(self, seconds: float, call_later: CallLater) -> bool:
        """Whether it was raised within so long, as `call_later` counts; returns when it is."""
        future = self.raised()
        timer = call_later(seconds, lambda: None if future.done() else future.set_result(False))
        try:
            return await future
        finally:
            timer.cancel()


def _has_ended(ended: asyncio.Future[None], _: object) -> None:
    if not ended.done():
        ended.set_result(None)


def one_done(futures: Iterable[asyncio.Future[Any]]) -> asyncio.Future[None]:
    """Done once one of them is; all of them go on."""
    # As `asyncio.wait` does, which holds 1 KiB as long as it waits: a charge point always waits so.
    ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    told, context = partial(_has_ended, ended), copy_context()
    for future in futures:
        future.add_done_callback(told, context=context)
    return ended


async def first_of(*works: Awaitable[Any]) -> int:
    """Run all of them until one ends, end the others, and return the number of the one that ended.

    An error in the one that ended is raised; so is cancellation, after all of them have ended.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await one_done(tasks)
        number = next(i for i, task in enumerate(tasks) if task.done())
        tasks[number].result()
        return number
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
