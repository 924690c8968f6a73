"""The `ocpp` package's routing, with types, and where each message of a CSMS goes.

A route is made when a message comes: a fleet has thousands of charge points, and each of them would
keep some forty routes for messages that hardly ever come. What makes share is kept once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, cast

import ocpp.routing

from sim_core.wire.routes import Handler, Route, Routes

H = TypeVar("H", bound=Callable[..., Any])


def on(action: Enum, *, skip_schema_validation: bool = False) -> Callable[[H], H]:
    """Mark a method as the handler of an action, a member of a version's enumeration."""
    mark = ocpp.routing.on(action, skip_schema_validation=skip_schema_validation)
    return cast("Callable[[H], H]", mark)


@lru_cache(maxsize=16)
def _marked(kinds: tuple[type, ...]) -> Mapping[str, tuple[int, str, bool]]:
    """Action -> which of these has its handler, the method's name, whether requests are checked."""
    found: dict[str, tuple[int, str, bool]] = {}
    for place, kind in enumerate(kinds):
        for action, marks in ocpp.routing.create_route_map(kind).items():
            name = marks["_on_action"].__name__
            validate = not marks["_skip_schema_validation"]
            found[str(getattr(action, "value", action))] = (place, name, validate)
    return found


class ProfileRoutes:
    """The marked methods of the feature profiles that a charge point has."""

    __slots__ = ("_marked", "_profiles")

    def __init__(self, profiles: Iterable[object]) -> None:
        self._profiles = tuple(profiles)
        self._marked = _marked(tuple(type(profile) for profile in self._profiles))

    def __iter__(self) -> Iterator[str]:
        """The actions that there are handlers for."""
        return iter(self._marked)

    def get(self, action: str, /) -> Route | None:
        """The handler of an action; None where there is none."""
        found = self._marked.get(action)
        if found is None:
            return None
        place, name, validate = found
        handler: Handler = getattr(self._profiles[place], name)
        return Route(handler, validate=validate)


class FirstOf:
    """The routes of one charge point, and behind them those that all of its make share."""

    __slots__ = ("_own", "_shared")

    def __init__(self, own: Routes, shared: Routes) -> None:
        self._own = own
        self._shared = shared

    def get(self, action: str, /) -> Route | None:
        """Where a message goes; None for what is no action."""
        return self._own.get(action) or self._shared.get(action)
