"""RemoteStartTransaction, RemoteStopTransaction, UnlockConnector (OCPP 1.6 §5.11, §5.12, §5.18).

Handlers decide at once and never wait; what follows happens after the answer is on the wire
(`Reply.then`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ocpp.v16 import call_result
from ocpp.v16.enums import Action, RemoteStartStopStatus, UnlockStatus

from sim_core.charging.cards import Cards
from sim_core.charging.connector import Connector
from sim_core.charging.environment import Environment
from sim_core.charging.locks import Locks
from sim_core.charging.profile import Profile
from sim_core.charging.reservations import Reservations
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import StopReason
from sim_core.ocpp16.points import Speech
from sim_core.ocpp16.smart_charging import SmartCharging
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on

NOT_ACCEPTED = "BootNotification is not Accepted yet"
ON_ITS_WAY_S = 10.0
"""An answer that has not left after so long never will."""


class RemoteControl:
    """Handlers of what a CSMS starts, stops and unlocks."""

    __slots__ = (
        "_accepted",
        "_cards",
        "_connectors",
        "_environment",
        "_locks",
        "_promised",
        "_reservations",
        "_say",
        "_skip_tick",
        "_smart_charging",
        "_speech",
        "_transactions",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        cards: Cards,
        transactions: Transactions,
        locks: Locks,
        reservations: Reservations,
        smart_charging: SmartCharging | None,
        speech: Speech,
        *,
        accepted: Callable[[], bool],
        skip_tick: Callable[[], None],
        say: Callable[[str, Payload], None],
    ) -> None:
        """`accepted`: the CSMS has accepted this charge point; `skip_tick`: what is said now leaves
        now; `say` sends something whose answer changes nothing. Without `smart_charging` a
        chargingProfile is left aside."""
        self._environment = environment
        self._connectors = connectors
        self._cards = cards
        self._transactions = transactions
        self._locks = locks
        self._reservations = reservations
        self._smart_charging = smart_charging
        self._speech = speech
        self._accepted = accepted
        self._skip_tick = skip_tick
        self._say = say
        self._promised: dict[int, float] = {}
        """Connectors for which a start was accepted whose answer is on its way, and until when."""

    @on(Action.remote_start_transaction)
    def remote_start(
        self, id_tag: str, connector_id: int | None = None, charging_profile: Any = None
    ) -> Reply:
        """§5.11. A chargingProfile is for the transaction that begins; where there is no Smart
        Charging it is left aside."""
        connector = self._connector_for(connector_id, id_tag)
        accepted = call_result.RemoteStartTransaction(RemoteStartStopStatus.accepted)
        rejected = call_result.RemoteStartTransaction(RemoteStartStopStatus.rejected)
        if not self._accepted():
            return Reply(rejected, slow=True, why=NOT_ACCEPTED)
        if connector is None:
            if self._is_the_first_again(connector_id):
                return Reply(accepted, then=lambda: self._ask_again(id_tag), slow=True)
            return Reply(rejected, slow=True, why=self._against(connector_id, id_tag))
        number = connector.number
        profile = self._profile_for(connector, charging_profile)
        if isinstance(profile, str):
            return Reply(rejected, slow=True, why=profile)
        now_s = connector.remote_start_at_s = self._environment.clock.monotonic()
        self._promised[number] = now_s + ON_ITS_WAY_S

        def start() -> None:
            self._promised.pop(number, None)
            self._skip_tick()
            self._cards.remote_start(connector, id_tag, profile)

        return Reply(accepted, then=start, slow=True, lost=lambda: self._promised.pop(number, None))

    def _connector_for(self, connector_id: int | None, id_tag: str) -> Connector | None:
        """The connector that a remote start may use; without a number the one that suits best."""
        asked = [connector_id] if connector_id is not None else list(self._connectors)
        connectors = [
            self._connectors[number]
            for number in asked
            if number in self._connectors and not self._is_promised(number)
        ]
        why_not, preference = self._cards.why_not_remote_start, self._reservations.preference
        free = [connector for connector in connectors if why_not(connector, id_tag) is None]
        return min(free, key=lambda connector: preference(connector, id_tag), default=None)

    def _against(self, connector_id: int | None, id_tag: str) -> str:
        """The sentence that refuses a start for the connector that is meant, or for the first."""
        if connector_id is not None and connector_id not in self._connectors:
            return f"there is no connector {connector_id} here"
        asked = [connector_id] if connector_id is not None else list(self._connectors)
        why_not = self._cards.why_not_remote_start
        whys = (why_not(self._connectors[number], id_tag) for number in asked)
        return next((why for why in whys if why), "a start was accepted a moment ago")

    def _is_promised(self, number: int) -> bool:
        return self._environment.clock.monotonic() < self._promised.get(number, 0.0)

    def _profile_for(self, connector: Connector, wire: Any) -> Profile | str | None:
        """The charging profile that a remote start brings, or the sentence that refuses it."""
        if wire is None or self._smart_charging is None:
            return None
        profile = self._smart_charging.offered(connector, wire)
        if isinstance(profile, str):
            self._smart_charging.note(connector.number, f"remote start refused: {profile}")
        return profile

    def _is_the_first_again(self, connector_id: int | None) -> bool:
        """Whether this make takes a second RemoteStartTransaction for the first one."""
        connector = self._connectors.get(connector_id or 0)
        within_s = self._speech.second_remote_start_s
        if connector is None or connector.remote_start_at_s is None or within_s is None:
            return False
        return self._environment.clock.monotonic() - connector.remote_start_at_s <= within_s

    def _ask_again(self, id_tag: str) -> None:
        """The second RemoteStartTransaction: another Authorize, and nothing else."""
        self._skip_tick()
        self._say("Authorize", {"idTag": id_tag})

    @on(Action.remote_stop_transaction)
    def remote_stop(self, transaction_id: int) -> Reply:
        """§5.12."""
        connector = self._transactions.with_id(transaction_id)
        if connector is None or not self._accepted():
            why = f"no transaction {transaction_id} runs" if connector is None else NOT_ACCEPTED
            rejected = call_result.RemoteStopTransaction(RemoteStartStopStatus.rejected)
            return Reply(rejected, why=why)
        environment, transaction = self._environment, connector.transaction

        def stop(reason: StopReason) -> None:
            if connector.transaction is transaction:
                self._transactions.stop(connector, reason)

        def stop_soon(reason: StopReason) -> None:
            environment.after(environment.vary(environment.timing.stop_s), lambda: stop(reason))

        return Reply(
            call_result.RemoteStopTransaction(RemoteStartStopStatus.accepted),
            then=lambda: stop_soon(StopReason.REMOTE),
            lost=(lambda: stop_soon(StopReason.OTHER)) if self._speech.stops_unheard else None,
        )

    @on(Action.unlock_connector)
    def unlock(self, connector_id: int) -> Reply:
        """§5.18."""
        connector = self._connectors.get(connector_id)
        if connector is None or not connector.lockable:
            known = "has no lock" if connector else "does not exist"
            not_supported = call_result.UnlockConnector(UnlockStatus.not_supported)
            return Reply(not_supported, why=f"connector {connector_id} {known}")
        if connector.metal.lock_jammed:
            failed = call_result.UnlockConnector(UnlockStatus.unlock_failed)
            return Reply(failed, why="the lock is jammed")
        return Reply(
            call_result.UnlockConnector(UnlockStatus.unlocked),
            then=lambda: self._locks.open(connector),
        )
