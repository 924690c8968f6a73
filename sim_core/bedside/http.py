"""The sidecar's paths over real chargers: the first at the root, each under `/chargers/<id>`.

`GET /chargers` says which there are. Nothing is asked of a charger over HTTP.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from sim_core.bedside.charger import Charger
from sim_core.settings.options import Settings

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LIST = "/chargers"
Stop = Callable[[], Awaitable[None]]


class Front:
    """Finds the charger that a path is about. An ASGI application."""

    def __init__(self, settings: Settings, chargers: Callable[[], Sequence[Charger]]) -> None:
        """`chargers` are those there are, and before the first one a place for it."""
        from sim_core.sidecar.app import Sidecar

        self._make: Callable[[Charger], Sidecar] = lambda charger: Sidecar(charger, settings)
        self._chargers = chargers
        self._sidecars: dict[Charger, Sidecar] = {}
        for charger in chargers():
            self.add(charger)

    def add(self, charger: Charger) -> None:
        """There is one more: what happens to it is counted from now on. Whoever looks at the place
        that was kept for the first is sent away, and comes back to the charger."""
        here = set(self._chargers())
        for gone in [one for one in self._sidecars if one not in here]:
            self._sidecars.pop(gone).stop()
        self._sidecars[charger] = self._make(charger)

    def stop(self) -> None:
        """End what would go on for ever."""
        for sidecar in self._sidecars.values():
            sidecar.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        from sim_core.http_door.answers import answer, refusal

        chargers, path = self._chargers(), scope.get("raw_path", b"").decode("ascii", "replace")
        charger = chargers[0]
        if path == LIST or path.startswith(f"{LIST}/"):
            named = {one.charge_point_id: one for one in chargers if one.charge_point_id}
            name, _, rest = path[len(LIST) :].lstrip("/").partition("/")
            if not name:
                rows = [{"cpid": one, "path": f"{LIST}/{quote(one, safe='')}"} for one in named]
                await answer({"chargers": rows})(scope, receive, send)
                return
            name, rest = unquote(name), unquote(rest)
            if name not in named:
                sentence = f"there is no such charger: GET {LIST} lists them"
                await refusal(404, sentence)(scope, receive, send)
                return
            charger = named[name]
            scope = {**scope, "path": f"/{rest}", "raw_path": f"/{rest}".encode()}
        await self._sidecars[charger].app(scope, receive, send)


async def serve(
    settings: Settings,
    chargers: Callable[[], Sequence[Charger]],
    on_charger: list[Callable[[Charger], None]],
    warn: Callable[[str], None],
) -> Stop:
    """Serve on the port of the settings; returns what stops it.

    A port that cannot be had is a warning, and never the end of the relay.
    """
    await asyncio.to_thread(importlib.import_module, "sim_core.sidecar.server")
    from sim_core.http_door.guard import Guard
    from sim_core.http_door.server import serve_app
    from sim_core.sidecar.server import ClosedError, nothing, open_door

    try:
        listener = open_door(settings)
    except ClosedError as closed:
        warn(f"the HTTP sidecar is off: {closed}")
        return nothing
    key = settings.http_api_key
    front = Front(settings, chargers)
    on_charger.append(front.add)
    guarded = Guard(
        front, api_key=key.get_secret_value() if key else None, own_name=settings.http_host
    )
    stop_serving = await serve_app(guarded, listener)

    async def stop() -> None:
        on_charger.remove(front.add)
        front.stop()
        await stop_serving()

    return stop
