"""What another thread asks of an event loop, as a future that always comes and never raises."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


def asked(
    loop: asyncio.AbstractEventLoop, run: Callable[[], Awaitable[T]], *, undecided: T, gone: T
) -> concurrent.futures.Future[T]:
    """Have `run` done on this loop.

    `undecided`: what it comes to where it ends without an answer of its own; `gone`: where the loop
    has closed between the look at it and the call.
    """
    answer: concurrent.futures.Future[T] = concurrent.futures.Future()

    async def decide() -> None:
        outcome = undecided
        try:
            outcome = await run()
        finally:
            if not answer.cancelled():
                answer.set_result(outcome)

    try:
        asyncio.run_coroutine_threadsafe(decide(), loop)
    except RuntimeError:
        answer.set_result(gone)
    return answer


def answered(value: T) -> concurrent.futures.Future[T]:
    """An answer that is there already."""
    answer: concurrent.futures.Future[T] = concurrent.futures.Future()
    answer.set_result(value)
    return answer
