"""SetDisplayMessage and the like: what the CSMS has the station's screen show (block O).

Messages are kept over a reboot. Which of them shows now follows from their times, from what the
station is doing and from their priority; one whose time is over, or whose transaction has ended, is
removed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.condition import Condition
from sim_core.charging.environment import Environment
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.variables import Component
from sim_core.runtime.clock import Timer
from sim_core.store.interface import Documents
from sim_core.wire.answers import Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import moment

NAME = "ocpp201 display messages"
CONTROLLER = "DisplayMessageCtrlr"
MOST = 20
ALWAYS, FRONT, CYCLE = "AlwaysFront", "InFront", "NormalCycle"
RANKS = {ALWAYS: 0, FRONT: 1, CYCLE: 2}
IDLE, CHARGING, FAULTED, UNAVAILABLE = "Idle", "Charging", "Faulted", "Unavailable"
"""MessageStateEnumType; the `ocpp` package's enumeration lacks the last one."""


def state_of(condition: Condition, charging: bool) -> str:
    """MessageStateEnumType of the station as a whole."""
    if condition.fault is not None:
        return FAULTED
    if not condition.usable:
        return UNAVAILABLE
    return CHARGING if charging else IDLE


class Display:
    """Handlers of display messages, and what shows."""

    __slots__ = ("_documents", "_environment", "_messages", "_model", "_on_change", "_outbox",
                 "_state", "_timer", "_transactions")  # fmt: skip

    def __init__(
        self,
        environment: Environment,
        model: DeviceModel,
        documents: Documents,
        outbox: Outbox,
        *,
        state: Callable[[], str],
        transactions: Callable[[], set[str]],
        on_change: Callable[[], None],
    ) -> None:
        """`state` is what the station is doing (MessageStateEnumType), `transactions` are the ids
        of those that run; `on_change`: something else may show."""
        self._environment = environment
        self._model = model
        self._documents = documents
        self._outbox = outbox
        self._state = state
        self._transactions = transactions
        self._on_change = on_change
        kept = documents.get(NAME) or {}
        self._messages: dict[int, Payload] = {
            int(number): message for number, message in kept.items()
        }
        self._timer: Timer | None = None
        model.live(Component(CONTROLLER), "DisplayMessages", lambda: str(len(self._messages)))

    def start(self) -> None:
        """Look what is over, and wait for the next end."""
        self.look()

    def close(self) -> None:
        """Nothing ends any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- what shows --------------------------------------------------

    def shown(self) -> tuple[str, ...]:
        """What shows now, the first first: one in front hides what is behind it."""
        now, state = self._environment.now(), self._state()
        showing = [
            message
            for message in self._messages.values()
            if message.get("state", state) == state and _has_begun(message, now)
        ]
        if not showing or not self._model.flag(CONTROLLER, "Enabled"):
            return ()
        first = min(RANKS[message["priority"]] for message in showing)
        return tuple(
            message["message"]["content"]
            for message in showing
            if RANKS[message["priority"]] == first
        )

    def look(self) -> None:
        """Remove what is over (O01.FR.07, O02.FR.02)."""
        now, running = self._environment.now(), self._transactions()
        over = [
            number
            for number, message in self._messages.items()
            if _is_over(message, now) or message.get("transactionId") not in (None, *running)
        ]
        for number in over:
            del self._messages[number]
        if over:
            self._keep()
        self._wait()

    def _wait(self) -> None:
        self.close()
        now = self._environment.now()
        dates = (
            moment(message.get(name))
            for message in self._messages.values()
            for name in ("startDateTime", "endDateTime")
        )
        coming = [at for at in dates if at is not None and at > now]
        if coming:
            wait_s = (min(coming) - now).total_seconds()
            self._timer = self._environment.clock.call_later(wait_s, self._due)

    def _due(self) -> None:
        self._timer = None
        self.look()
        self._on_change()

    # -- what the CSMS asks ------------------------------------------

    @on(Action.set_display_message)
    def set_display_message(self, message: Payload, **_: Any) -> Reply:
        """O01, O02, O06: kept, in place of the one with its id."""
        status, why = self._verdict(message)
        if status != "Accepted":
            return reply(status, code="Unspecified" if why else "", why=why)
        if message["priority"] == ALWAYS:  # O01.FR.16: there is one of these at a time
            for number, other in list(self._messages.items()):
                if other["priority"] == ALWAYS and number != message["id"]:
                    del self._messages[number]
        self._messages[message["id"]] = dict(message)
        self._keep()
        self._environment.note("display", f"for the screen: {message['message']['content']}")

        def shows() -> None:
            self.look()
            self._on_change()

        return reply("Accepted", then=shows)

    def _verdict(self, message: Payload) -> tuple[str, str]:
        formats = self._model.items(CONTROLLER, "SupportedFormats")
        priorities = self._model.items(CONTROLLER, "SupportedPriorities")
        states = self._model.items(CONTROLLER, "SupportedStates")
        content = message["message"]
        if content["format"] not in formats:
            return "NotSupportedMessageFormat", ""
        if message["priority"] not in priorities:
            return "NotSupportedPriority", ""
        if message.get("state") not in (None, *states):
            return "NotSupportedState", ""
        if message.get("transactionId") not in (None, *self._transactions()):
            return "UnknownTransaction", ""
        for name in ("startDateTime", "endDateTime"):
            if name in message and moment(message[name]) is None:
                return "Rejected", f"{name} is no date and time"
        if "display" in message:
            return "Rejected", "the station has one screen: leave the display out"
        if message["id"] not in self._messages and len(self._messages) >= MOST:
            return "Rejected", f"{MOST} messages are kept already: clear one first"
        return "Accepted", ""

    @on(Action.get_display_messages)
    def get_display_messages(
        self,
        request_id: int,
        id: Sequence[int] | None = None,
        priority: str | None = None,
        state: str | None = None,
        **_: Any,
    ) -> Reply:
        """O03, O04: all criteria have to fit."""
        self.look()
        found = [
            message
            for number, message in self._messages.items()
            if (id is None or number in id)
            and priority in (None, message["priority"])
            and (state is None or message.get("state") == state)
        ]
        if not found:
            return reply("Unknown")
        return reply(
            "Accepted", then=lambda: self._environment.spawn(self._report(request_id, found))
        )

    async def _report(self, request_id: int, messages: list[Payload]) -> None:
        for at, message in enumerate(messages):
            payload = {
                "requestId": request_id,
                "tbc": at < len(messages) - 1,
                "messageInfo": [message],
            }
            await self._outbox.call("NotifyDisplayMessages", payload, while_pending=True)

    @on(Action.clear_display_message)
    def clear_display_message(self, id: int, **_: Any) -> Reply:
        """O05."""
        if self._messages.pop(id, None) is None:
            return reply("Unknown")
        self._keep()
        return reply("Accepted", then=self._on_change)

    def _keep(self) -> None:
        kept = {str(number): message for number, message in self._messages.items()}
        self._documents.put(NAME, kept or None)


def _has_begun(message: Payload, now: datetime) -> bool:
    starts = moment(message.get("startDateTime"))
    return (starts is None or starts <= now) and not _is_over(message, now)


def _is_over(message: Payload, now: datetime) -> bool:
    ends = moment(message.get("endDateTime"))
    return ends is not None and ends <= now
