"""Our own small CSMS at the end of the relay, where there is no other.

The relay reaches it over a socket of this computer, as it would any CSMS: so there is one way
through, whoever is at the end of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

HOST = "127.0.0.1"


async def open_csms() -> tuple[str, Callable[[], Awaitable[None]]]:
    """Start it on this loop; returns its URL and what stops it."""
    from sim_core.csms import Csms

    csms = Csms()
    await csms.start(HOST, 0)
    return f"ws://{HOST}:{csms.port}/ocpp", csms.stop
