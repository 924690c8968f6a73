"""ClearCache (C11)."""

from __future__ import annotations

from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.environment import Note
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.store.interface import TokenCache
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on


class CacheMessages:
    """Handler of ClearCache."""

    __slots__ = ("_cache", "_model", "_note")

    def __init__(self, cache: TokenCache, model: DeviceModel, note: Note) -> None:
        self._cache = cache
        self._note = note
        self._model = model

    @on(Action.clear_cache)
    def clear_cache(self, **_: Any) -> Reply:
        """Rejected where the cache is switched off (C11.FR.04)."""
        if not self._model.flag("AuthCacheCtrlr", "Enabled"):
            return reply("Rejected", code="NotEnabled", why="the authorization cache is off")
        self._cache.clear()
        self._note("authorization", "the CSMS has cleared the cache of cards")
        return reply("Accepted")
