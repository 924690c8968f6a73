"""A transaction and a power cut: what is cut off goes on at the next start, or ends there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial

from sim_core.charging.connector import Connector, Transaction
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import TransactionCutOff, TransactionWentOn
from sim_core.charging.environment import Environment
from sim_core.charging.limits import Limits
from sim_core.charging.points import Points
from sim_core.charging.power import Power
from sim_core.charging.sampling import Sampling
from sim_core.charging.transactions import Transactions
from sim_core.charging.verdicts import Verdicts
from sim_core.charging.vocabulary import Cause, Context, StopReason
from sim_core.store.interface import Store
from sim_core.store.records import StoredTransaction


class PowerLoss:
    """What becomes of transactions when the power goes and comes."""

    __slots__ = (
        "_changed",
        "_connectors",
        "_csms",
        "_environment",
        "_limits",
        "_points",
        "_power",
        "_resumes",
        "_sampling",
        "_store",
        "_transactions",
        "_verdicts",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        store: Store,
        csms: Csms,
        power: Power,
        sampling: Sampling,
        limits: Limits,
        transactions: Transactions,
        verdicts: Verdicts,
        points: Points,
        changed: Callable[[Connector, Cause], None],
        *,
        resumes: bool,
    ) -> None:
        """`resumes`: a transaction that a power cut has interrupted goes on."""
        self._environment = environment
        self._connectors = connectors
        self._store = store
        self._csms = csms
        self._power = power
        self._sampling = sampling
        self._limits = limits
        self._transactions = transactions
        self._verdicts = verdicts
        self._points = points
        self._changed = changed
        self._resumes = resumes

    def cut_off(self, connector: Connector) -> None:
        """The power is gone: nothing more is written or said; `recover` finds what was open."""
        self._power.advance()
        self._sampling.end(connector)
        connector.metal.open_contactor()
        connector.metal.cap_wh = None
        transaction = connector.transaction
        if transaction is not None:
            register_wh = connector.metal.meter.register_wh
            self._store.registers.save(connector.number, register_wh)
            connector.transaction = None
            self._csms.hear(TransactionCutOff(connector.number, transaction.key))
            self._limits.refresh()
            connector.ended = connector.metal.occupied
            connector.release_cable(self._environment.now())

    def recover(self) -> None:
        """After a start: what a power cut has interrupted ends with a power loss, or goes on."""
        shows = self._points.cut_off_shows_s is not None
        goes_on = self._resumes or shows
        for left in self._store.transactions.open():
            connector = self._connectors.get(left.connector_id)
            if connector is not None and goes_on:
                self._resume(connector, left)
            else:
                self._end_for_power_loss(connector, left)

    def _end_for_power_loss(self, connector: Connector | None, left: StoredTransaction) -> None:
        register_wh = self._store.registers.all().get(left.connector_id, 0.0)
        if connector is not None:
            register_wh = connector.metal.meter.register_wh
        meter_stop_wh = max(self._points.whole_wh(register_wh), left.meter_start_wh)
        self._transactions.write_end(left.connector_id, left, StopReason.POWER_LOSS, meter_stop_wh)
        self._note(
            left.connector_id,
            f"the transaction of {left.token} was cut off by a power loss and is stopped",
        )

    def _resume(self, connector: Connector, left: StoredTransaction) -> None:
        """It goes on, with the vehicle that stands there, or without one until it is back."""
        metal = connector.metal
        transaction = connector.transaction = Transaction(
            left.key,
            left.token,
            left.group,
            left.started_at,
            left.meter_start_wh,
            transaction_id=left.transaction_id,
            interrupted=not metal.plugged,
            vehicle=left.vehicle,
        )
        self._csms.hear(TransactionWentOn(connector.number, left.key))
        self._limits.refresh()
        connector.ended = False
        self._verdicts.recall(connector, transaction)
        if self._points.cut_off_shows_s is not None:
            transaction.cut_off = True
            at = self._environment.now() - timedelta(seconds=self._points.cut_off_sample_s)
            self._sampling.tell(connector, transaction, Context.PERIODIC, at)
            metal.close_contactor()
            metal.permitted = False
            self._changed(connector, Cause.POWER)
            return
        self._sampling.go_on(connector)
        self._note(left.connector_id, f"the transaction of {left.token} goes on after a power loss")
        self._changed(connector, Cause.POWER)
        self._transactions.energize_soon(connector, Cause.POWER)

    def end_cut_off(self) -> None:
        """The CSMS hears again: what a power loss has interrupted shows once more, and ends."""
        environment, shows_s = self._environment, self._points.cut_off_shows_s
        if shows_s is None:
            return
        before = 0
        for connector in self._connectors.values():
            transaction = connector.transaction
            if transaction is not None and transaction.cut_off:
                transaction.cut_off = False
                end = partial(self._transactions.stop, connector, StopReason.POWER_LOSS)
                environment.clock.call_later(shows_s(before, environment.rng), end)
                before += 1

    def _note(self, connector_id: int, sentence: str) -> None:
        self._environment.note_at("transaction", connector_id, sentence)
