"""RequestStartTransaction, RequestStopTransaction, GetTransactionStatus, UnlockConnector (block F).

Handlers decide at once and never wait; what follows happens after the answer is on the wire.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.cards import Cards
from sim_core.charging.connector import Authorization, Connector
from sim_core.charging.environment import Environment
from sim_core.charging.locks import Locks
from sim_core.charging.profile import Profile
from sim_core.charging.reservations import Reservations
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason
from sim_core.ocpp201.answers import reply
from sim_core.ocpp201.authorization import group_of
from sim_core.ocpp201.tokens import NEVER_ASKED, TokenTypes
from sim_core.ocpp201.transactions import TransactionEvents
from sim_core.store.interface import Journal
from sim_core.wire.answers import Payload
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on

Offered = Callable[[Connector, Payload], "Profile | str"]
"""Reads the charging profile of a start for a connector: the profile, or why it cannot be."""


class RemoteControl:
    """Handlers of what a CSMS starts, stops and unlocks."""

    __slots__ = ("_accepted", "_cards", "_connectors", "_drop", "_environment", "_events",
                 "_journal", "_locks", "_offered", "_reservations", "_takes_profiles", "_tokens",
                 "_transactions")  # fmt: skip

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        cards: Cards,
        transactions: Transactions,
        locks: Locks,
        reservations: Reservations,
        events: TransactionEvents,
        tokens: TokenTypes,
        journal: Journal,
        *,
        offered: Offered,
        takes_profiles: Callable[[], bool],
        accepted: Callable[[], bool],
        drop: Callable[[Connector, Cause], None],
    ) -> None:
        """`accepted`: the CSMS has accepted this station. Where `takes_profiles` says no, a
        chargingProfile is left aside (F01.FR.12); `drop` takes an authorisation back that waits."""
        self._environment = environment
        self._connectors = connectors
        self._cards = cards
        self._transactions = transactions
        self._locks = locks
        self._reservations = reservations
        self._events = events
        self._tokens = tokens
        self._journal = journal
        self._offered = offered
        self._takes_profiles = takes_profiles
        self._accepted = accepted
        self._drop = drop

    # -- start -------------------------------------------------------

    @on(Action.request_start_transaction)
    def request_start(
        self,
        id_token: Payload,
        remote_start_id: int,
        evse_id: int | None = None,
        group_id_token: Payload | None = None,
        charging_profile: Payload | None = None,
        **_: Any,
    ) -> Reply:
        """F01, F02. Without an EVSE the one is taken that suits best (F01.FR.20)."""
        if not self._accepted():
            return reply("Rejected", code="NotEnabled", why="BootNotification is not Accepted yet")
        token = self._tokens.met(id_token)
        connector, why = self._connector_for(evse_id, token)
        if connector is None:
            code = "UnknownEvse" if evse_id not in (None, *self._connectors) else "NotFound"
            return reply("Rejected", code=code, why=why)
        profile: Profile | None = None
        if charging_profile is not None and self._takes_profiles():
            offered = self._offered(connector, charging_profile)
            if isinstance(offered, str):
                return reply("Rejected", code="InvalidProfile", why=offered)
            profile = offered
        opened = self._events.open_on(connector.number)

        def start() -> None:
            self._events.expect(connector.number, remote_start_id)
            if id_token["type"] in NEVER_ASKED:
                card = Authorization(token, group_of(group_id_token), Cause.REMOTE, profile)
                self._cards.admit(connector, card)
            else:
                self._cards.remote_start(connector, token, profile)

        return reply("Accepted", then=start, transactionId=opened.id if opened else None)

    def _connector_for(self, evse_id: int | None, token: str) -> tuple[Connector | None, str]:
        """The connector that a start may use, or the sentence that refuses it."""
        asked = [evse_id] if evse_id is not None else list(self._connectors)
        known = [self._connectors[number] for number in asked if number in self._connectors]
        if not known:
            return None, f"there is no EVSE {evse_id} here"
        against = {one.number: self._cards.why_not_remote_start(one, token) for one in known}
        free = [one for one in known if against[one.number] is None]
        if not free:
            return None, against[known[0].number] or ""
        best = min(free, key=lambda one: (
            not one.metal.plugged, self._reservations.preference(one, token)))  # fmt: skip
        return best, ""

    # -- stop --------------------------------------------------------

    @on(Action.request_stop_transaction)
    def request_stop(self, transaction_id: str, **_: Any) -> Reply:
        """F03."""
        number = self._events.with_id(transaction_id)
        if number is None or not self._accepted():
            return reply("Rejected", code="TxNotFound", why="no transaction runs under this id")
        connector = self._connectors[number]
        session = connector.transaction

        def stop() -> None:
            if session is not None:
                if connector.transaction is session:
                    self._transactions.stop(connector, StopReason.REMOTE)
            elif connector.authorization is not None:
                self._drop(connector, Cause.REMOTE)
            else:
                self._events.remote_stop(number)

        stop_s = self._environment.timing.stop_s
        delay_s = self._environment.vary(stop_s) if stop_s else 0.0
        return reply("Accepted", then=lambda: self._environment.after(delay_s, stop))

    # -- status ------------------------------------------------------

    @on(Action.get_transaction_status)
    def get_transaction_status(self, transaction_id: str | None = None, **_: Any) -> Reply:
        """E14: whether it runs, and whether something of it is still to be told."""
        rows = self._journal.first(self._journal.depth)
        told = [row.content.get("event") for row in rows]
        ids = {event["transactionInfo"]["transactionId"] for event in told if event}
        if transaction_id is None:
            return Reply({"messagesInQueue": bool(ids)})
        running = self._events.with_id(transaction_id) is not None
        return Reply({"ongoingIndicator": running, "messagesInQueue": transaction_id in ids})

    # -- lock --------------------------------------------------------

    @on(Action.unlock_connector)
    def unlock(self, evse_id: int, connector_id: int, **_: Any) -> Reply:
        """F05: never ends a transaction."""
        connector = self._connectors.get(evse_id)
        if connector is None or connector_id != 1:
            return reply("UnknownConnector")
        if connector.transaction is not None:
            return reply("OngoingAuthorizedTransaction")
        if not connector.lockable:
            return reply("UnlockFailed", code="FixedCable", why="this connector has a fixed cable")
        if connector.metal.lock_jammed:
            return reply("UnlockFailed", code="InternalError", why="the lock is jammed")
        return reply("Unlocked", then=lambda: self._locks.open(connector))
