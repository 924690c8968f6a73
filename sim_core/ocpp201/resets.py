"""Reset: at once or when nothing runs any more, of the station or of one EVSE (B11, B12)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.environment import Environment
from sim_core.charging.lifecycle import Lifecycle
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason
from sim_core.ocpp201.answers import reply
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on

IMMEDIATE = "Immediate"
REMOTE_RESET, SCHEDULED_RESET = "RemoteReset", "ScheduledReset"
"""BootReasonEnumType of what follows."""


class Resets:
    """Handler of Reset."""

    __slots__ = ("_changed", "_condition", "_connectors", "_environment", "_lifecycle", "_reason",
                 "_scheduled", "_transactions")  # fmt: skip

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        lifecycle: Lifecycle,
        transactions: Transactions,
        changed: Callable[[Connector, Cause], None],
        reason: Callable[[str], None],
    ) -> None:
        """`reason` is told why the next boot comes."""
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._lifecycle = lifecycle
        self._transactions = transactions
        self._changed = changed
        self._reason = reason
        self._scheduled: set[int | None] = set()
        """The EVSEs that are to be reset once they are free; None: the station."""

    @on(Action.reset)
    def reset(self, type: str, evse_id: int | None = None, **_: Any) -> Reply:
        """Accepted, Scheduled where sessions are waited for, Rejected where it cannot be now."""
        if evse_id is not None and evse_id not in self._connectors:
            return reply("Rejected", code="UnknownEvse", why=f"there is no EVSE {evse_id}")
        condition = self._condition
        if condition.rebooting or condition.installing:
            doing = "it reboots already" if condition.rebooting else "new firmware is installed"
            return reply("Rejected", code="NotEnabled", why=f"{doing}: ask again")
        waits = type != IMMEDIATE and any(one.transaction for one in self._concerned(evse_id))
        if waits:
            self._scheduled.add(evse_id)
            return reply("Scheduled")
        return reply("Accepted", then=lambda: self._begin(evse_id, REMOTE_RESET))

    def look(self) -> None:
        """Facts have changed: who was waited for may be gone."""
        for evse_id in list(self._scheduled):
            if not any(one.busy for one in self._concerned(evse_id)):
                self._scheduled.discard(evse_id)
                self._begin(evse_id, SCHEDULED_RESET)

    def _concerned(self, evse_id: int | None) -> list[Connector]:
        return [one for one in self._connectors.values() if evse_id in (None, one.number)]

    def _begin(self, evse_id: int | None, reason: str) -> None:
        if evse_id is not None:
            self._begin_evse(self._connectors[evse_id])
            return
        self._scheduled.clear()
        self._reason(reason)
        self._environment.spawn(self._lifecycle.reset(at_once=False))

    def _begin_evse(self, connector: Connector) -> None:
        """One EVSE alone: what runs there ends, it is Unavailable for a while, and comes back."""
        environment, kept = self._environment, connector.in_service
        self._transactions.stop(connector, StopReason.RESET_AT_ONCE)
        connector.in_service = False
        connector.drop_authorization()
        connector.operative = False
        environment.note_at("reset", connector.number, "this EVSE restarts")
        self._changed(connector, Cause.RESET)

        def back() -> None:
            connector.in_service = kept
            connector.begin_anew()
            self._changed(connector, Cause.RESET)

        environment.clock.call_later(max(1.0, environment.vary(environment.timing.reboot_s)), back)
