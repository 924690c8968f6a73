"""When a connector's meter is read, and what becomes of the sample.

A transaction has a rhythm of its own; beside it there are samples by the clock, at its begin and
end in some makes, and whenever the CSMS wants one now. What is told is an event for the protocol;
what is kept for the end of the transaction goes into the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sim_core.charging import journal_facts
from sim_core.charging.connector import Connector, Transaction
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import Sampled
from sim_core.charging.environment import Environment
from sim_core.charging.points import Occasion, Points
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.power import Power
from sim_core.charging.readings import Readings
from sim_core.charging.rhythm import Aligned, Periodic
from sim_core.charging.vocabulary import Cause, Context, StopReason
from sim_core.hardware.meter import Reading
from sim_core.hardware.model import Behaviour
from sim_core.runtime.clock import Timer
from sim_core.store.interface import Store

KEPT_MOST = 100
"""How many samples are kept for the end of a transaction: a message that any CSMS can take."""
CAUSES = {Context.CLOCK: Cause.CLOCK, Context.PERIODIC: Cause.CLOCK, Context.TRIGGER: Cause.TRIGGER}
KEPT_OF = {Context.CLOCK: Setting.ENDED_ALIGNED}
"""What is kept of a sample by the clock; of every other one it is `Setting.ENDED_SAMPLED`."""


class Sampling:
    """The samples of all connectors."""

    __slots__ = (
        "_aligned",
        "_behaviour",
        "_connectors",
        "_csms",
        "_environment",
        "_late",
        "_periodic",
        "_points",
        "_policy",
        "_power",
        "_readings",
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
        readings: Readings,
        points: Points,
        behaviour: Behaviour,
    ) -> None:
        self._environment = environment
        self._connectors = connectors
        self._store = store
        self._policy = policy
        self._csms = csms
        self._power = power
        self._readings = readings
        self._points = points
        self._behaviour = behaviour
        self._late: Timer | None = None
        """Runs while samples by the clock are late."""
        clock, now = environment.clock, environment.now
        self._periodic = {
            number: Periodic(
                clock, now, partial(self._interval_s, number), partial(self._sample, number)
            )
            for number in connectors
        }
        self._aligned = Aligned(
            clock, now, lambda: policy.number(Setting.ALIGNED_INTERVAL_S), self._sample_by_clock
        )

    def close(self) -> None:
        """No more samples: what they are written into is about to close."""
        self._aligned.stop()
        if self._late is not None:
            self._late.cancel()
        for periodic in self._periodic.values():
            periodic.stop()

    def interrupt(self) -> None:
        """The process ends, and nobody reads a meter until it has `restarted`."""
        self._power.advance()
        self._readings.freeze()
        self.close()

    def restarted(self) -> None:
        """The process is back: the rhythm of whoever charges begins anew from here, in some makes
        with a sample."""
        self._aligned.rearm()
        for connector in self._connectors.values():
            transaction = connector.transaction
            if transaction is None or transaction.cut_off:
                continue
            if self._points.restart_sample_s is not None:
                self._sample(connector.number, self._environment.now())
            self.go_on(connector)

    # -- the rhythm of a transaction ---------------------------------

    def begin(self, connector: Connector) -> None:
        """A transaction has begun: its samples come from here on."""
        first_s = self._points.first_sample_s(
            self._interval_s(connector.number), self._environment.rng
        )
        self._periodic[connector.number].start(first_s)

    def go_on(self, connector: Connector) -> None:
        """A transaction goes on after a power loss or a restart."""
        self._periodic[connector.number].start()

    def end(self, connector: Connector) -> None:
        """Nothing is sampled any more."""
        self._periodic[connector.number].stop()

    def interval_changed(self) -> None:
        """The interval has a new value: it counts from now."""
        for number, periodic in self._periodic.items():
            if self._connectors[number].transaction:
                periodic.rearm()

    def _interval_s(self, number: int) -> float:
        def others_busy() -> bool:
            return any(
                connector.busy
                for connector in self._connectors.values()
                if connector.number != number
            )

        interval_s = float(self._policy.number(Setting.SAMPLE_INTERVAL_S))
        return self._points.sample_interval_s(interval_s, others_busy, self._environment.rng)

    def _sample(self, number: int, at: datetime) -> None:
        connector = self._connectors[number]
        transaction = connector.transaction
        if transaction is None:
            return
        if connector.metal.flowing or self._behaviour.samples_while_suspended:
            self._power.advance()
            reading = self._readings.of(connector)
            with self._store.together():
                self.keep(connector, transaction, Context.PERIODIC, at, reading)
                self.tell(connector, transaction, Context.PERIODIC, at, reading)

    # -- samples beside it -------------------------------------------

    def at_begin_and_end(
        self,
        connector: Connector,
        transaction: Transaction,
        context: Context,
        *,
        reason: StopReason | None = None,
        untold: frozenset[str] = frozenset(),
    ) -> None:
        """The sample that some makes tell at the begin and at the end of a transaction. `reason` is
        that of the end, `untold` are measurands that the sample has not this time."""
        if self._behaviour.begin_end_samples:
            at = self._environment.now()
            self.tell(connector, transaction, context, at, reason=reason, untold=untold)

    def early(self, connector: Connector, start_in_s: float) -> None:
        """A sample of a transaction that has not begun yet, in a make that has such ones."""
        card = connector.authorization
        wait_s = self._points.early_sample_s(start_in_s, self._environment.rng)
        if wait_s is None:
            return

        def sample() -> None:
            never = self._policy.number(Setting.SAMPLE_INTERVAL_S) <= 0
            if card is not None and connector.authorization is card and not never:
                at, measurands = self._environment.now(), self._policy.items(Setting.SAMPLED)
                self._tell(connector, None, measurands, Context.PERIODIC, at)

        self._environment.after(wait_s, sample)

    def clock_changed(self) -> None:
        """The clock was set, or the interval of the samples by the clock has a new value."""
        self._aligned.rearm()

    def _sample_by_clock(self, due: datetime) -> None:
        late_s = self._points.aligned_late_s(self._environment.rng)
        at = due + timedelta(seconds=late_s)
        if late_s <= 0:
            self._sample_all(at)
        else:
            self._late = self._environment.clock.call_later(late_s, lambda: self._sample_all(at))

    def _sample_all(self, due: datetime) -> None:
        self._power.advance()
        measurands = self._policy.items(Setting.ALIGNED)
        with self._store.together():
            for connector in self._connectors.values():
                transaction = connector.transaction
                if transaction is not None:
                    self.keep(connector, transaction, Context.CLOCK, due)
                self._tell(connector, transaction, measurands, Context.CLOCK, due)
                due += timedelta(seconds=self._points.aligned_apart_s)

    def trigger(self, connector_id: int | None) -> None:
        """The CSMS wants samples now: of one connector, or of all."""
        self._power.advance()
        measurands = self._policy.items(Setting.SAMPLED)
        numbers: Iterable[int] = self._connectors if connector_id is None else [connector_id]
        with self._store.together():  # one commit, however many connectors charge
            for number in numbers:
                connector, at = self._connectors[number], self._environment.now()
                self._tell(connector, connector.transaction, measurands, Context.TRIGGER, at)

    # -- what becomes of a sample ------------------------------------

    def tell(
        self,
        connector: Connector,
        transaction: Transaction,
        context: Context,
        at: datetime,
        reading: Reading | None = None,
        *,
        reason: StopReason | None = None,
        untold: frozenset[str] = frozenset(),
    ) -> None:
        """Tell a sample of a transaction, unless none are wanted at all. `reading` is what the
        meter shows, where that is known already."""
        if self._policy.number(Setting.SAMPLE_INTERVAL_S) > 0:
            occasion = Occasion(connector.metal.profile_w is not None, reason)
            wanted = self._policy.items(Setting.SAMPLED)
            if untold:
                wanted = tuple(name for name in wanted if name not in untold)
            rng = self._environment.rng
            measurands = self._points.measurands(wanted, context, occasion, rng)
            self._tell(connector, transaction, measurands, context, at, reading)

    def keep(
        self,
        connector: Connector,
        transaction: Transaction,
        context: Context,
        at: datetime,
        reading: Reading | None = None,
    ) -> None:
        """Keep a sample for the end of the transaction, with what is wanted there, if anything.

        In a long transaction every second one is kept, then every fourth, and so on: what is told
        in the end is bounded and covers the whole of it evenly.
        """
        wanted = self._policy.items(KEPT_OF.get(context, Setting.ENDED_SAMPLED))
        measurands = self._points.kept_measurands(wanted, context)
        if not measurands:
            return
        kind = context._value_
        nth = transaction.met.get(kind, 0)
        transaction.met[kind] = nth + 1
        if nth % transaction.stride:
            return
        sample = self._readings.sample(connector, at, context, measurands, reading)
        kept = self._store.transactions
        if kept.add_sample(transaction.key, journal_facts.sampled(sample)) >= KEPT_MOST:
            kept.thin_samples(transaction.key)
            transaction.stride *= 2

    def kept(self, key: int) -> tuple[dict[str, Any], ...]:
        """What was kept for the end; nothing where nobody asks for it any more."""
        asked = map(self._policy.items, (Setting.ENDED_SAMPLED, Setting.ENDED_ALIGNED))
        return tuple(self._store.transactions.samples(key)) if any(asked) else ()

    def _tell(
        self,
        connector: Connector,
        transaction: Transaction | None,
        measurands: tuple[str, ...],
        context: Context,
        at: datetime,
        reading: Reading | None = None,
    ) -> None:
        sample = self._readings.sample(connector, at, context, measurands, reading)
        cause = CAUSES.get(context, Cause.CARD)
        key = transaction.key if transaction else None
        told = Sampled(connector.number, sample, cause, key)
        if transaction is None:
            self._csms.hear(told)
            return
        with self._store.together():
            self._store.registers.save(connector.number, connector.metal.meter.register_wh)
            self._csms.hear(told)
