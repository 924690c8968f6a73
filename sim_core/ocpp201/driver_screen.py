"""What the driver at an EVSE reads: the message for his card, the tariff, what it costs (block I).

Words come with any answer about a card and with any answer to an event of a transaction; the newer
ones replace the older. They stand as long as their driver is there, and the last of them, what it
has cost in all, until somebody else comes. A text is shown in the language that it came in: the
station has no words of its own beside the two that an operator sets for what is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import Looked
from sim_core.charging.environment import Note
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.transactions import OVER, TransactionEvents
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on

CONTROLLER = "TariffCostCtrlr"
TARIFF, COST = "Tariff", "Cost"
"""Instances of its switches."""
LONGEST = 512
"""Characters of MessageContentType.content; an answer may bring more."""
CARDS = 32
"""So many cards are remembered with their messages: those that were shown last."""


@dataclass
class Line:
    """What is known for the driver at one EVSE."""

    token: str = ""
    message: str = ""
    transaction: str = ""
    cost: float | None = None
    over: bool = False
    """The transaction has ended."""
    settled: bool = False
    """What there is to hear of its cost was heard, or nobody is there to tell it."""
    plugged: bool = False


class DriverScreen:
    """The words at each EVSE; handler of CostUpdated."""

    __slots__ = ("_connectors", "_events", "_lines", "_messages", "_model", "_note", "_on_change",
                 "_online")  # fmt: skip

    def __init__(
        self,
        model: DeviceModel,
        connectors: Mapping[int, Connector],
        events: TransactionEvents,
        note: Note,
        *,
        online: Callable[[], bool],
        on_change: Callable[[], None],
    ) -> None:
        """`on_change`: something else may be there to read."""
        self._model = model
        self._connectors = connectors
        self._events = events
        self._note = note
        self._online = online
        self._on_change = on_change
        self._lines = {number: Line() for number in connectors}
        self._messages: dict[str, str] = {}
        """By card, what was last said for it."""

    # -- what shows --------------------------------------------------

    def shown(self, evse_id: int) -> tuple[str, ...]:
        """The words at an EVSE now, what it costs first."""
        line = self._lines[evse_id]
        return tuple(words for words in (self._costs(line), self._greeting(line)) if words)

    def _greeting(self, line: Line) -> str:
        if not line.token or line.over:
            return ""
        known = line.message or self._messages.get(line.token, "")
        if known or not self._model.flag(CONTROLLER, "Enabled", TARIFF):
            return known
        return self._model.text(CONTROLLER, "TariffFallbackMessage")  # I04.FR.01

    def _costs(self, line: Line) -> str:
        if not self._model.flag(CONTROLLER, "Enabled", COST):
            return ""
        if line.over and line.settled and line.cost is None:
            return self._model.text(CONTROLLER, "TotalCostFallbackMessage")  # I05.FR.02
        if line.cost is None:
            return ""
        amount = f"{line.cost:.2f} {self._model.text(CONTROLLER, 'Currency')}"
        if not (line.over and line.settled):
            return f"{amount} so far"
        return f"{amount} in all" if line.cost else "free of charge"  # I03.FR.03

    # -- who is there ------------------------------------------------

    def look(self, event: Looked) -> None:
        """Somebody may have come, or a transaction begun or ended."""
        number = event.facts.connector_id
        connector, line = self._connectors.get(number), self._lines.get(number)
        if connector is None or line is None:
            return
        holder = connector.transaction or connector.authorization
        token = holder.token if holder is not None else ""
        opened = self._events.open_on(number)
        arrives = connector.metal.plugged and not line.plugged
        if (token and token != line.token) or (line.over and (token or arrives or opened)):
            line = self._lines[number] = Line(token)
        line.plugged = connector.metal.plugged
        if opened is not None:
            line.transaction = opened.id
        elif line.transaction and not line.over:
            line.over, line.settled = True, not self._online()
            if line.settled:
                line.cost = None

    # -- what the CSMS says ------------------------------------------

    def about_card(self, token: str, answer: Payload) -> None:
        """Authorize was answered: idTokenInfo.personalMessage (C01.FR.08)."""
        message = content(answer.get("idTokenInfo"), "personalMessage")
        self._messages.pop(token, None)
        self._messages[token] = message
        if len(self._messages) > CARDS:
            del self._messages[next(iter(self._messages))]
        if message:
            self._note("display", f"for the driver with {token}: {message}")

    def about_event(self, evse_id: int, event: Payload, answer: Payload) -> None:
        """TransactionEvent was answered: totalCost, and words for the driver (I02, I03, I06)."""
        cost = answer.get("totalCost")
        known = isinstance(cost, (int, float)) and not isinstance(cost, bool)
        message = content(answer, "updatedPersonalMessage")
        message = message or content(answer.get("idTokenInfo"), "personalMessage")
        ends = event["eventType"] == OVER
        if known:
            so_far = "" if ends else " so far"
            self._note("cost", f"EVSE {evse_id} costs {cost:g}{so_far}", evse_id)
        if message:
            self._note("display", f"for the driver at EVSE {evse_id}: {message}", evse_id)
        line = self._lines.get(evse_id)
        if line is None or line.transaction != event["transactionInfo"]["transactionId"]:
            return  # whoever it is for has gone
        line.message = message or line.message
        if ends:
            line.cost, line.settled = (cost if known else None), True
        elif known:
            line.cost = cost

    @on(Action.cost_updated)
    def cost_updated(self, total_cost: float, transaction_id: str, **_: Any) -> Reply:
        """I02: the answer has no field."""

        def show() -> None:
            number = self._events.with_id(transaction_id)
            where = "a transaction that does not run" if number is None else f"EVSE {number}"
            self._note("cost", f"{where} costs {total_cost:g} so far", number)
            if number is not None:
                self._lines[number].cost = total_cost
                self._on_change()

        return Reply({}, then=show)


def content(holder: object, name: str) -> str:
    """The text of a MessageContentType; empty where there is none."""
    message: Any = holder.get(name) if isinstance(holder, dict) else None
    text = message.get("content") if isinstance(message, dict) else None
    return text[:LONGEST] if isinstance(text, str) else ""
