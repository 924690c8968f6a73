"""What a make says that its meter shows.

The metal has one truth (`hardware.outlet`); some makes tell it with habits of their own: an offered
power that lags, or is the rating, or is in another unit, and values that stand still. What is
remembered for that is kept here, behind one question, so that nobody else has to know of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import Sample
from sim_core.charging.environment import Environment
from sim_core.charging.points import OfferedFacts, OfferedTold, Points
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.signing_meters import SigningMeters
from sim_core.charging.vocabulary import Context
from sim_core.hardware.measurands import REGISTER
from sim_core.hardware.meter import Reading

SIGNS = {Context.CLOCK: Setting.SIGNS_ALIGNED}
"""Whether a sample by the clock is signed; of every other one `Setting.SIGNS_SAMPLED` says it."""


class Readings:
    """The meters of all connectors, as this make reads them."""

    __slots__ = ("_connectors", "_environment", "_frozen", "_offers", "_points", "_policy",
                 "signing")  # fmt: skip

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        policy: Policy,
        points: Points,
        signing: SigningMeters | None,
    ) -> None:
        """`signing` are the meters where they can sign."""
        self._policy = policy
        self.signing = signing
        self._environment = environment
        self._connectors = connectors
        self._points = points
        self._offers: dict[int, tuple[int, OfferedTold]] = {}
        """By connector: our key of the transaction, and how it tells what is offered."""
        self._frozen: dict[int, tuple[int, float, Reading]] = {}
        """By connector: our key of the transaction, until when, and what is shown meanwhile."""

    def of(self, connector: Connector) -> Reading:
        """What the meter of a connector shows."""
        reading = connector.reading()
        if (stale := self._stale(connector)) is not None:
            reading = reading._replace(voltage_v=stale.voltage_v, current_a=stale.current_a)
        if self._points.offered:
            reading = reading._replace(offered_w=self._offered_w(connector, reading))
        return reading

    def sample(
        self,
        connector: Connector,
        at: datetime,
        context: Context,
        measurands: tuple[str, ...],
        reading: Reading | None = None,
    ) -> Sample:
        """What the meter shows as a sample; signed, where that is wanted and the register is in
        it. `reading` is what it shows, where that is known already."""
        if reading is None:
            reading = self.of(connector)
        if self.signing is None:
            return Sample(at, context, reading, measurands)
        counts = REGISTER in measurands or not measurands
        if not (counts and self._policy.flag(SIGNS.get(context, Setting.SIGNS_SAMPLED))):
            return Sample(at, context, reading, measurands)
        signed = self.signing.sign(connector, at, context, reading)
        return Sample(at, context, reading, measurands, signed)

    def freeze(self) -> None:
        """The process restarts: what flows stands still from now on, where a make has that habit;
        what stood still before shows what it has shown."""
        if not self._points.frozen_s:
            return
        until_s = self._environment.clock.monotonic() + self._points.frozen_s
        for connector in self._connectors.values():
            transaction = connector.transaction
            if transaction is not None and connector.metal.flowing:
                shown = self._stale(connector) or connector.reading()
                self._frozen[connector.number] = (transaction.key, until_s, shown)

    def _stale(self, connector: Connector) -> Reading | None:
        if not self._frozen:
            return None
        key, until_s, reading = self._frozen.get(connector.number, (0, 0.0, None))
        running = connector.transaction is not None and connector.transaction.key == key
        now_s = self._environment.clock.monotonic
        if running and connector.metal.flowing and now_s() < until_s:
            return reading
        self._frozen.pop(connector.number, None)
        return None

    def _offered_w(self, connector: Connector, reading: Reading) -> float:
        metal = connector.metal
        if connector.transaction is None or not metal.contactor_closed:
            return 0.0
        facts = OfferedFacts(
            power_w=reading.power_w,
            rated_w=metal.ratings.connector_power_w,
            most_w=metal.most_w,
            trace_w=connector.trace_w,
        )
        return self._offer_of(connector, connector.transaction.key).offered_w(facts)

    def _offer_of(self, connector: Connector, key: int) -> OfferedTold:
        """How this transaction tells it: drawn once, where a make has several ways."""
        known = self._offers.get(connector.number)
        if known is None or known[0] != key:
            offers = self._points.offered
            often = [offer.often for offer in offers]
            rng = self._environment.rng
            offer = offers[0] if len(offers) == 1 else rng.choices(offers, often)[0]
            self._offers[connector.number] = known = (key, offer)
        return known[1]
