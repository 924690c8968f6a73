"""Waiting for whichever comes first.

Python 3.10 has neither `asyncio.TaskGroup` nor `asyncio.timeout`; this is the one thing needed of
them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def first_of(*works: Coroutine[Any, Any, Any]) -> int:
    """Run all of them until one ends, end the others, and return the number of the one that ended.

    An error in the one that ended is raised; so is cancellation, after all of them have ended.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        number = next(i for i, task in enumerate(tasks) if task.done())
        tasks[number].result()
        return number
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
