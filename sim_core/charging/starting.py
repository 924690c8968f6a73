"""From an authorised card and a plugged vehicle to the transaction: the cable check, and what may
come of it.

Most starts succeed. The vehicle may have gone to sleep meanwhile, its insulation may be broken, the
lock may stick; and in some makes a second start beside a charging connector comes to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim_core.charging.connector import LOCK_FAILURE, Authorization, Connector, StartFault
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import AuthorisationEnded
from sim_core.charging.environment import Environment
from sim_core.charging.points import Points, SleepyVehicle, VainStart
from sim_core.charging.sampling import Sampling
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason
from sim_core.hardware.faults import ChargerFault


def drop_authorization(connector: Connector, cause: Cause, csms: Csms) -> None:
    """The card that waits at a connector, if one does, no longer counts."""
    card = connector.authorization
    connector.drop_authorization()
    if card is not None:
        csms.hear(AuthorisationEnded(connector.number, card.token, cause))


class Starting:
    """The starts of all connectors."""

    __slots__ = (
        "_changed",
        "_connectors",
        "_csms",
        "_environment",
        "_pass_soon",
        "_points",
        "_sampling",
        "_transactions",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        csms: Csms,
        transactions: Transactions,
        sampling: Sampling,
        points: Points,
        changed: Callable[[Connector, Cause], None],
        pass_soon: Callable[[Connector, ChargerFault, float], None],
    ) -> None:
        """`pass_soon` lets a fault that was found at a start pass by itself, after so long."""
        self._environment = environment
        self._connectors = connectors
        self._csms = csms
        self._transactions = transactions
        self._sampling = sampling
        self._points = points
        self._changed = changed
        self._pass_soon = pass_soon

    def begin(self, connector: Connector) -> None:
        """Authorised and plugged: the cable is checked, then the transaction begins."""
        environment, card = self._environment, connector.authorization
        connector.stop_waiting_for_plug()
        connector.starting = True

        def checked() -> None:
            waits = card is not None and connector.authorization is card
            if card is None or not waits or not connector.metal.plugged:
                return
            connector.starting = False
            if sleepy is not None or connector.asleep_since_s is not None:
                self._fail_asleep(connector, card)
                return
            if connector.start_fault is not None:
                self._fail_broken(connector, card, connector.start_fault)
                return
            if connector.lockable and not connector.metal.lock():
                connector.break_down(LOCK_FAILURE, environment.now())
            if connector.metal.fault is not None:
                drop_authorization(connector, Cause.FAULT, self._csms)
                self._changed(connector, Cause.FAULT)
                return
            if vain is not None:
                self._fail_in_vain(connector, card, vain)
                return
            self._transactions.begin(connector, card)

        check_s = environment.vary(environment.timing.cable_check_s)
        wait_s = check_s + connector.metal.handshake_left_s
        sleepy = self._sleepy(connector)
        if connector.ready_at_s is not None:
            late_s = (
                environment.vary(environment.timing.late_start_s)
                if sleepy is None
                else sleepy.noticed_s
            )
            wait_s = max(connector.ready_at_s - environment.clock.monotonic(), late_s)
        vain = self._vain(connector) if sleepy is None else None
        if vain is not None:
            wait_s = vain.takes_s
        self._sampling.early(connector, wait_s)
        environment.after(wait_s, checked)

    def _sleepy(self, connector: Connector) -> SleepyVehicle | None:
        """How this make's start fails, where the vehicle has waited too long by now or has been
        asleep before; None: it waits, or this make has no such habit."""
        sleepy, mac_at_s = self._points.sleepy_vehicle, connector.mac_at_s
        if sleepy is None:
            return None
        if mac_at_s is not None and connector.asleep_since_s is None:
            falls_asleep_s = mac_at_s + sleepy.waits_s
            if self._environment.clock.monotonic() > falls_asleep_s:
                connector.asleep_since_s = falls_asleep_s
        return None if connector.asleep_since_s is None else sleepy

    def _vain(self, connector: Connector) -> VainStart | None:
        """What comes of a remote start beside a charging connector, where it is one of those that
        come to nothing."""
        environment, asked_s = self._environment, connector.remote_start_at_s
        vain = self._points.second_start
        others = (other for other in self._connectors.values() if other is not connector)
        if (
            vain is not None
            and asked_s is not None
            and environment.clock.monotonic() - asked_s < vain.remote_s
            and any(other.metal.flowing for other in others)
            and environment.rng.random() < environment.timing.second_gun_share
        ):
            return vain
        return None

    # -- a start that fails ------------------------------------------

    def _fail_in_vain(self, connector: Connector, card: Authorization, vain: VainStart) -> None:
        """The transaction begins and ends: the vehicle has never answered."""
        metal, vehicle = connector.metal, connector.metal.vehicle
        metal.unplug()
        self._transactions.fail(connector, card, StopReason.OTHER, vain.start)
        if vehicle is not None:
            metal.plug(vehicle)

        def shows() -> None:
            taken = connector.transaction or connector.authorization or connector.authorizing
            if metal.vehicle is vehicle and not taken:
                connector.ended = True
                self._changed(connector, Cause.VEHICLE)

        self._environment.clock.call_later(vain.shows_s, shows)

    def _fail_broken(self, connector: Connector, card: Authorization, broken: StartFault) -> None:
        """The transaction begins, and the insulation breaks: the vehicle stays away until it is
        plugged in anew."""
        connector.start_fault = None
        connector.asleep_since_s = None
        connector.metal.unplug()
        connector.break_down(broken.fault, self._environment.now())
        self._pass_soon(connector, broken.fault, broken.passes_s)
        self._transactions.fail(connector, card, StopReason.OTHER, broken.start)
        self._changed(connector, Cause.FAULT)
        connector.vehicle_name = None

    def _fail_asleep(self, connector: Connector, card: Authorization) -> None:
        """The vehicle sleeps. No transaction begins; or, in a make that has that habit, it begins
        and ends, and the vehicle lets go of the line and takes it up again."""
        environment, metal, sleepy = self._environment, connector.metal, self._points.sleepy_vehicle
        connector.start_fault = None
        if sleepy is None:
            note = f"the start for {card.token} has failed: the vehicle sleeps, plug it in anew"
            environment.note_at("transaction", connector.number, note)
            drop_authorization(connector, Cause.VEHICLE, self._csms)
            self._changed(connector, Cause.VEHICLE)
            return
        vehicle, away_s = metal.vehicle, sleepy.away_s
        since_s = connector.asleep_since_s or 0.0
        metal.unplug()
        if environment.clock.monotonic() - since_s < sleepy.light_s:
            self._transactions.fail(connector, card, StopReason.OTHER, sleepy.light)
        else:
            self._transactions.fail(connector, card, StopReason.UNPLUGGED, sleepy.deep)

        def shows() -> None:
            if connector.asleep_since_s is not None and not metal.plugged:
                self._changed(connector, Cause.VEHICLE)
                environment.clock.call_later(away_s, take_up)

        def take_up() -> None:
            still_asleep = connector.asleep_since_s is not None and not metal.plugged
            if vehicle is not None and still_asleep:
                metal.plug(vehicle)
                self._changed(connector, Cause.VEHICLE)

        environment.clock.call_later(sleepy.shows_s, shows)
