"""The `ocpp` package's routing, with types, and the table of routes made from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import ocpp.routing
from ocpp.v16.enums import Action

from sim_core.wire.endpoint import Handler, Route

H = TypeVar("H", bound=Callable[..., Any])


def on(action: Action, *, skip_schema_validation: bool = False) -> Callable[[H], H]:
    """Mark a method as the handler of an action."""
    mark = ocpp.routing.on(action, skip_schema_validation=skip_schema_validation)
    return cast("Callable[[H], H]", mark)


def routes_of(profiles: Iterable[object]) -> dict[str, Route]:
    """The marked methods of all profiles, by action."""
    routes: dict[str, Route] = {}
    for profile in profiles:
        for action, marks in ocpp.routing.create_route_map(profile).items():
            handler: Handler = marks["_on_action"]
            routes[str(getattr(action, "value", action))] = Route(
                handler, validate=not marks["_skip_schema_validation"]
            )
    return routes
