"""From an authorised card and a plugged vehicle to the transaction: the cable check, and what may
come of it.

Most starts succeed. The vehicle may have gone to sleep meanwhile, its insulation may be broken, the
lock may stick; and in some makes a second start beside a charging connector comes to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim_core.charging.connector import LOCK_FAILURE, Authorization, Connector
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import AuthorisationEnded
from sim_core.charging.environment import Environment
from sim_core.charging.points import Points
from sim_core.charging.sampling import Sampling
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason
from sim_core.hardware.faults import ChargerFault

REMOTE_WITHIN_S = 40.0
"""Longer ago a remote start is not what begins now."""
NOTICED_S = 0.55
"""How long it takes to notice that the vehicle sleeps."""
AWAKE_S = 1.35
"""How long a sleeping vehicle is away from the line when somebody tries to start it."""


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
        pass_soon: Callable[[Connector, ChargerFault], None],
    ) -> None:
        """`pass_soon` lets a fault that was found at a start pass by itself."""
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
            if gave_up or connector.start_fault is not None:
                self._fail(connector, card, gave_up)
                return
            if connector.lockable and not connector.metal.lock():
                connector.break_down(LOCK_FAILURE, environment.now())
            if connector.metal.fault is not None:
                drop_authorization(connector, Cause.FAULT, self._csms)
                self._changed(connector, Cause.FAULT)
                return
            self._transactions.begin(connector, card, in_vain=in_vain)

        check_s = environment.vary(environment.timing.cable_check_s)
        wait_s, gave_up = check_s + connector.metal.handshake_left_s, False
        now_s = environment.clock.monotonic()
        if connector.mac_at_s is not None and connector.ready_at_s is not None:
            gave_up = now_s > connector.mac_at_s + self._points.vehicle_gives_up_s
            late_s = NOTICED_S if gave_up else environment.vary(environment.timing.late_start_s)
            wait_s = max(connector.ready_at_s - now_s, late_s)
        second_s = None if gave_up else self._second_start_s(connector)
        in_vain = second_s is not None
        if second_s is not None:
            wait_s = second_s
        self._sampling.early(connector, wait_s)
        environment.after(wait_s, checked)

    def _second_start_s(self, connector: Connector) -> float | None:
        """How long it takes where it is a remote start beside a charging connector, of those that
        come to nothing."""
        environment, asked_s = self._environment, connector.remote_start_at_s
        others = (other for other in self._connectors.values() if other is not connector)
        if (
            self._points.second_start_s is not None
            and asked_s is not None
            and environment.clock.monotonic() - asked_s < REMOTE_WITHIN_S
            and any(other.metal.flowing for other in others)
            and environment.rng.random() < environment.timing.second_gun_share
        ):
            return self._points.second_start_s
        return None

    def _fail(self, connector: Connector, card: Authorization, gave_up: bool) -> None:
        """The transaction begins, and the vehicle is not there any more.

        One that has gone to sleep lets go of the line and takes it up again; one whose insulation
        is broken stays away until it is plugged in anew.
        """
        environment, metal = self._environment, connector.metal
        vehicle, fault = metal.vehicle, connector.start_fault
        connector.start_fault = None
        metal.unplug()
        if fault is not None and not gave_up:
            connector.break_down(fault, environment.now())
            self._pass_soon(connector, fault)
        reason = StopReason.UNPLUGGED if gave_up else StopReason.OTHER
        self._transactions.fail(connector, card, reason)
        self._changed(connector, Cause.VEHICLE if gave_up else Cause.FAULT)

        def awake() -> None:
            still_there = vehicle is not None and connector.vehicle_name is not None
            if vehicle is not None and still_there and not metal.plugged:
                metal.plug(vehicle)
                self._changed(connector, Cause.VEHICLE)

        if gave_up:
            environment.clock.call_later(AWAKE_S, awake)
        else:
            connector.vehicle_name = None
