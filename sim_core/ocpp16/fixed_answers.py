"""Requests that a make answers in one way, whatever they ask (`[answers]` of its file).

They stand before the handlers: what is answered so is not looked at, and nothing follows from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from sim_core.hardware.model import AnswerText
from sim_core.wire.call_errors import ErrorCode
from sim_core.wire.routes import Handled, Refusal, Reply, Route, Routes, Silence

ASKS_FOR = {"TriggerMessage": "requested_message", "ChangeConfiguration": "key"}
"""Which field of a request names what it asks for."""


class FixedAnswers:
    """See the module."""

    __slots__ = ("_answers", "_charging", "_routes")

    def __init__(
        self, routes: Routes, answers: Mapping[str, AnswerText], charging: Callable[[], bool]
    ) -> None:
        """`charging`: whether a transaction runs."""
        self._routes = routes
        self._answers = answers
        self._charging = charging

    def get(self, action: str, /) -> Route | None:
        """Where a message goes; None for what is no action."""
        route = self._routes.get(action)
        if not any(name.partition(" ")[0] == action for name in self._answers):
            return route
        return Route(
            partial(self._handle, action, route), validate=route is not None and route.validate
        )

    def _handle(self, action: str, route: Route | None, /, **fields: Any) -> Handled:
        asked = str(fields.get(ASKS_FOR.get(action, ""), ""))
        for name in (f"{action} {asked}", action):
            answer = self._answers.get(name)
            if answer is not None and self._holds(answer):
                return _given(answer)
        if route is None:
            return Refusal("NotSupported", f"{action} is not supported by this charge point")
        return route.handler(**fields)

    def _holds(self, answer: AnswerText) -> bool:
        return answer.when == "always" or (answer.when == "charging") == self._charging()


def _given(answer: AnswerText) -> Handled:
    if answer.silent:
        return Silence()
    if answer.error:
        return Refusal(cast("ErrorCode", answer.error), answer.description)
    return Reply({"status": answer.status})
