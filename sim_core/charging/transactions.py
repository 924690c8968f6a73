"""A transaction from begin to end, and what survives a power cut.

Each step is told as a domain event in the same commit as the state that it tells of, so that disk
and wire can never disagree about what has happened. What the CSMS thinks of it comes back later:
the id that it gives, its verdict on the card, or that it never took the begin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sim_core.charging.connector import Authorization, Connector, Transaction
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import (
    TransactionBegan,
    TransactionEnded,
)
from sim_core.charging.environment import Environment
from sim_core.charging.limits import Limits
from sim_core.charging.points import FailedStart, Points
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.power import Power
from sim_core.charging.reservations import Reservations
from sim_core.charging.sampling import Sampling
from sim_core.charging.vocabulary import (
    CAUSE_OF_STOP,
    Cause,
    Context,
    ReservationEnd,
    StopReason,
)
from sim_core.store.interface import Store
from sim_core.store.records import NewTransaction, Session, StoredTransaction


class Transactions:
    """The transactions of all connectors."""

    __slots__ = (
        "_changed",
        "_connectors",
        "_csms",
        "_environment",
        "_limits",
        "_points",
        "_policy",
        "_power",
        "_reservations",
        "_sampling",
        "_store",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        store: Store,
        policy: Policy,
        csms: Csms,
        power: Power,
        sampling: Sampling,
        limits: Limits,
        reservations: Reservations,
        points: Points,
        changed: Callable[[Connector, Cause], None],
    ) -> None:
        self._environment = environment
        self._connectors = connectors
        self._store = store
        self._policy = policy
        self._csms = csms
        self._power = power
        self._sampling = sampling
        self._limits = limits
        self._reservations = reservations
        self._points = points
        self._changed = changed

    def with_id(self, transaction_id: int | str) -> Connector | None:
        """The connector whose running transaction the CSMS knows by this id: of several the one
        that began last."""
        running = [
            (connector.transaction.key, connector)
            for connector in self._connectors.values()
            if connector.transaction is not None
            and connector.transaction.transaction_id == transaction_id
        ]
        return max(running, key=lambda one: one[0])[1] if running else None

    # -- begin -------------------------------------------------------

    def begin(self, connector: Connector, card: Authorization) -> None:
        """Begin a transaction on a plugged connector and, a moment later, the energy."""
        transaction = self._open(connector, card)
        self._sampling.begin(connector)
        self._note(
            connector.number,
            f"transaction of {card.token} started at {transaction.meter_start_wh} Wh",
        )
        self._changed(connector, card.by)
        self.energize_soon(connector, card.by)

    def fail(
        self, connector: Connector, card: Authorization, reason: StopReason, start: FailedStart
    ) -> None:
        """A start that comes to nothing: it ends as it begins, and the end is told late."""
        environment = self._environment
        transaction = self._open(connector, card, untold=start.untold)
        after_s = environment.rng.uniform(*start.ends_s)
        at = environment.now() + timedelta(seconds=after_s)
        with self._store.together():
            self._sampling.keep(connector, transaction, Context.END, at)
            self.write_end(
                connector.number,
                transaction,
                reason,
                transaction.meter_start_wh,
                at=at,
                later_s=environment.rng.uniform(*start.told_s),
            )
        connector.transaction = None
        self._limits.refresh()
        self._note(connector.number, f"the start for {card.token} has failed ({reason.value})")

    def _open(
        self, connector: Connector, card: Authorization, *, untold: frozenset[str] = frozenset()
    ) -> Transaction:
        metal, store, now = connector.metal, self._store, self._environment.now()
        self._power.advance()
        meter_start_wh = self._points.whole_wh(metal.meter.register_wh)
        reserved = self._reservations.used_by(connector, card)
        reservation_id = reserved.reservation_id if reserved else None
        with store.together():
            store.registers.save(connector.number, metal.meter.register_wh)
            key = store.transactions.begin(
                NewTransaction(
                    connector_id=connector.number,
                    token=card.token,
                    group=card.group,
                    meter_start_wh=meter_start_wh,
                    started_at=now,
                    reservation_id=reservation_id,
                    vehicle=metal.vehicle.kind.name if metal.vehicle else None,
                    vehicle_wh=metal.vehicle.stored_wh if metal.vehicle else None,
                )
            )
            if reserved:
                self._reservations.end(reserved, ReservationEnd.USED)
            self._csms.hear(
                TransactionBegan(
                    connector_id=connector.number,
                    key=key,
                    token=card.token,
                    register_wh=meter_start_wh,
                    at=now,
                    cause=card.by,
                    reservation_id=reservation_id,
                    offline=not self._csms.online,
                )
            )
            transaction = Transaction(key, card.token, card.group, now, meter_start_wh)
            if metal.vehicle is not None:
                transaction.vehicle = metal.vehicle.kind.name
                transaction.soc_begin_percent = metal.vehicle.soc_percent
            connector.transaction = transaction
            connector.authorization = connector.held_for = None
            connector.ended = False
            self._limits.begin(connector, transaction, card.profile)
            self._sampling.keep(connector, transaction, Context.BEGIN, now)
            self._sampling.at_begin_and_end(connector, transaction, Context.BEGIN, untold=untold)
        return transaction

    def energize_soon(self, connector: Connector, cause: Cause) -> None:
        """Close the contactor when the metal is ready, if the transaction still wants it."""
        environment, transaction = self._environment, connector.transaction
        energize_s = environment.vary(environment.timing.energize_s)

        def energize() -> None:
            if connector.transaction is transaction and connector.metal.plugged:
                self._power.advance()
                connector.metal.close_contactor(energize_s)
                if environment.timing.precharge_s:
                    connector.metal.permitted = False
                    wait_s = environment.vary(environment.timing.precharge_s)
                    environment.clock.call_later(wait_s, flow)
                self._changed(connector, cause)

        def flow() -> None:
            if transaction is not None and connector.transaction is transaction:
                self._power.advance()
                connector.metal.permitted = not transaction.deauthorized
                self._changed(connector, cause)

        environment.after(energize_s, energize)

    # -- end ---------------------------------------------------------

    def stop(
        self,
        connector: Connector,
        reason: StopReason,
        token: str | None = None,
        cause: Cause | None = None,
    ) -> None:
        """End the connector's transaction; `token` is the card that ended it. Without a `cause` it
        is the usual one of that reason."""
        transaction, metal = connector.transaction, connector.metal
        if transaction is None:
            return
        cause = cause or CAUSE_OF_STOP[reason]
        self._power.advance()
        metal.open_contactor()
        metal.cap_wh = None
        self._sampling.end(connector)
        register_wh = self._points.whole_wh(metal.meter.register_wh)
        meter_stop_wh = max(register_wh, transaction.meter_start_wh)
        with self._store.together():
            self._store.registers.save(connector.number, metal.meter.register_wh)
            self._sampling.at_begin_and_end(connector, transaction, Context.END, reason=reason)
            now = self._environment.now()
            self._sampling.keep(connector, transaction, Context.END, now)
            self.write_end(
                connector.number, transaction, reason, meter_stop_wh, token=token, cause=cause
            )
        connector.transaction = None
        self._limits.refresh()
        connector.ended = metal.occupied
        if self._keeps_cable(reason) and metal.locked:
            connector.held_for = transaction.token
        else:
            connector.release_cable(self._environment.now())
        self._note(
            connector.number,
            f"transaction of {transaction.token} stopped ({reason.value}) at {meter_stop_wh} Wh, "
            f"{meter_stop_wh - transaction.meter_start_wh} Wh charged",
        )
        self._changed(connector, cause)

    def _keeps_cable(self, reason: StopReason) -> bool:
        """Whether the cable stays locked after the end, until its card comes (OCPP 1.6 §4.8)."""
        if reason is StopReason.UNPLUGGED:
            return not self._policy.flag(Setting.UNLOCKS_ON_UNPLUG)
        return reason is StopReason.REFUSED

    def write_end(
        self,
        connector_id: int,
        transaction: Transaction | StoredTransaction,
        reason: StopReason,
        register_wh: int,
        *,
        token: str | None = None,
        cause: Cause | None = None,
        at: datetime | None = None,
        later_s: float = 0.0,
    ) -> None:
        """Tell and keep that a transaction is over; `later_s` after its other messages."""
        # The clock may have been set back meanwhile; an end before its begin makes no sense.
        at = max(at or self._environment.now(), transaction.started_at)
        samples = self._sampling.kept(transaction.key)
        with self._store.together():
            # before it is heard of: what is answered at once finds its session there
            self._store.sessions.add(
                self._session(connector_id, transaction, reason, register_wh, at)
            )
            self._csms.hear(
                TransactionEnded(
                    connector_id=connector_id,
                    key=transaction.key,
                    reason=reason,
                    cause=cause or CAUSE_OF_STOP[reason],
                    token=token or transaction.token,
                    register_wh=register_wh,
                    at=at,
                    samples=samples,
                    later_s=later_s,
                )
            )
            self._store.transactions.end(transaction.key)
        self._limits.end(transaction.key)

    def _session(
        self,
        connector_id: int,
        transaction: Transaction | StoredTransaction,
        reason: StopReason,
        register_wh: int,
        at: datetime,
    ) -> Session:
        begun = ended = None
        if isinstance(transaction, Transaction):
            vehicle = self._connectors[connector_id].metal.vehicle or transaction.absent
            begun = transaction.soc_begin_percent
            ended = vehicle.soc_percent if vehicle is not None else None
        return Session(
            key=transaction.key,
            connector_id=connector_id,
            token=transaction.token,
            started_at=transaction.started_at,
            ended_at=at,
            meter_start_wh=transaction.meter_start_wh,
            meter_stop_wh=register_wh,
            reason=reason.value,
            transaction_id=transaction.transaction_id,
            vehicle=transaction.vehicle,
            soc_begin_percent=begun,
            soc_end_percent=ended,
        )

    # -- what the CSMS thinks of it ----------------------------------

    def running(self, connector_id: int, key: int) -> Transaction | None:
        """The transaction with our key `key`, if it still runs at that connector."""
        connector = self._connectors.get(connector_id)
        transaction = connector.transaction if connector else None
        return transaction if transaction is not None and transaction.key == key else None

    def disowned(self, connector_id: int, key: int) -> None:
        """The CSMS did not take the begin, and never will: it knows of no transaction, so nobody
        could bill it or stop it from outside."""
        if self.running(connector_id, key) is not None:
            self.stop(self._connectors[connector_id], StopReason.OTHER, cause=Cause.CSMS)

    # -- what happens by itself --------------------------------------

    def look(self, connector: Connector) -> None:
        """Some time has passed: a vehicle that is full may leave the session."""
        if connector.transaction is not None and connector.metal.left_by_vehicle:
            self.stop(connector, StopReason.OTHER)

    def _note(self, connector_id: int, sentence: str) -> None:
        self._environment.note_at("transaction", connector_id, sentence)
