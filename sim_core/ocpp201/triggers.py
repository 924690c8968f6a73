"""TriggerMessage: say it now. The answer first, then the message (F06)."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from typing import Any

from ocpp.v201.enums import Action

from sim_core.ocpp201.answers import is_known, reply
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on


class Said:
    """What can be triggered: `why_not` says why not now, `send` sends it."""

    __slots__ = ("needs_evse", "send", "why_not")

    def __init__(
        self,
        send: Callable[[int | None], None],
        why_not: Callable[[int | None], str] = lambda _: "",
        *,
        needs_evse: bool = True,
    ) -> None:
        """`needs_evse`: an EVSE that is named has to be one of the station; else it is ignored."""
        self.send = send
        self.why_not = why_not
        self.needs_evse = needs_evse


class Triggers:
    """Handler of TriggerMessage."""

    __slots__ = ("_evses", "_messages")

    def __init__(self, messages: Mapping[str, Said], evses: Container[int]) -> None:
        """`messages`: by MessageTriggerEnumType."""
        self._messages = messages
        self._evses = evses

    @on(Action.trigger_message)
    def trigger_message(
        self, requested_message: str, evse: Payload | None = None, **_: Any
    ) -> Reply:
        """NotImplemented for what cannot be said here, Rejected for what cannot be said now."""
        said = self._messages.get(requested_message)
        if said is None:
            return reply("NotImplemented")
        if said.needs_evse and not is_known(evse, self._evses):
            return reply("Rejected", code="UnknownEvse", why="there is no such EVSE or connector")
        evse_id = evse["id"] if evse is not None and said.needs_evse else None
        if why := said.why_not(evse_id):
            return reply("Rejected", code="InvalidMessageSeq", why=why)
        return reply("Accepted", then=lambda: said.send(evse_id))
