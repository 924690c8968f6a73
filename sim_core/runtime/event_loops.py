"""Which event loop a charge point lives on: asyncio's own, or uvloop, which needs less of a core.

uvloop comes with the extra `fast` and is taken where it is installed, unless somebody says
otherwise (EVENT_LOOP). What a charge point does is the same on either.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
from collections.abc import Coroutine
from typing import Any, TypeVar

from sim_core.errors import UserError

T = TypeVar("T")

AUTO, ASYNCIO, UVLOOP = "auto", "asyncio", "uvloop"
KINDS = (AUTO, ASYNCIO, UVLOOP)


class NoUvloopError(UserError):
    """uvloop was asked for and is not there."""


def chosen(kind: str) -> str:
    """`asyncio` or `uvloop`. Raises NoUvloopError with a sentence."""
    if kind == ASYNCIO:
        return ASYNCIO
    if importlib.util.find_spec("uvloop") is not None:
        return UVLOOP
    if kind == UVLOOP:
        raise NoUvloopError(
            "EVENT_LOOP (--event-loop) is 'uvloop', which is not installed: "
            "pip install 'chargeforge[fast]', or choose auto."
        )
    return ASYNCIO


def run(main: Coroutine[Any, Any, T], kind: str = AUTO) -> T:
    """As `asyncio.run`, on a loop of this kind. Raises NoUvloopError with a sentence."""
    try:
        taken = chosen(kind)
    except NoUvloopError:
        main.close()
        raise
    if taken == UVLOOP:
        import uvloop

        return uvloop.run(main)
    return asyncio.run(main)


def running_on() -> str:
    """The loop that runs this, by the name of its package and version."""
    package = type(asyncio.get_running_loop()).__module__.partition(".")[0]
    if package != UVLOOP:
        return ASYNCIO
    return f"{UVLOOP} {importlib.metadata.version(UVLOOP)}"
