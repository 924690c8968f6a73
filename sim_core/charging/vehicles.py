"""Vehicles: plugged in, saying who they are, unplugged.

A vehicle may say its own id over the cable, and where that is switched on the id serves as card.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim_core.charging.authorization import Authorizer
from sim_core.charging.bays import Bays
from sim_core.charging.cards import Cards
from sim_core.charging.condition import Condition
from sim_core.charging.connector import Authorization, Connector
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import Identified, Plugged, Unplugged
from sim_core.charging.environment import Environment
from sim_core.charging.facts import why_not
from sim_core.charging.points import Points
from sim_core.charging.policy import Policy, Setting
from sim_core.charging.power import Power
from sim_core.charging.reservations import Reservations
from sim_core.charging.starting import Starting, drop_authorization
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason
from sim_core.commands import (
    Accepted,
    EVGiveUp,
    EVStop,
    Outcome,
    Plug,
    Refused,
    RemoveCable,
    Unplug,
)
from sim_core.hardware.distribution import drawn
from sim_core.hardware.vehicle import Garage, Vehicle, named, next_to_arrive

MAC_SHARE = 0.5
"""A vehicle's MAC varies by less than what the charger does itself."""


class Vehicles:
    """The vehicles at all connectors."""

    __slots__ = (
        "_arrivals",
        "_authorizer",
        "_bays",
        "_cards",
        "_changed",
        "_condition",
        "_connectors",
        "_csms",
        "_environment",
        "_garage",
        "_points",
        "_policy",
        "_power",
        "_reservations",
        "_restarted",
        "_starting",
        "_transactions",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        policy: Policy,
        csms: Csms,
        power: Power,
        authorizer: Authorizer,
        reservations: Reservations,
        transactions: Transactions,
        starting: Starting,
        cards: Cards,
        bays: Bays,
        garage: Garage,
        points: Points,
        changed: Callable[[Connector, Cause], None],
    ) -> None:
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._policy = policy
        self._csms = csms
        self._power = power
        self._authorizer = authorizer
        self._reservations = reservations
        self._transactions = transactions
        self._starting = starting
        self._cards = cards
        self._bays = bays
        self._garage = garage
        self._points = points
        self._changed = changed
        self._arrivals = 0
        self._restarted = False
        """The process has restarted, and the CSMS has not heard it since."""

    # -- coming ------------------------------------------------------

    def plug(self, connector: Connector, command: Plug) -> Outcome:
        """A vehicle arrives and is plugged in."""
        if reason := why_not("plug", connector.facts(self._condition)):
            return Refused(reason)
        vehicle = self._arriving(connector, command.vehicle)
        if vehicle is None:
            names = ", ".join(vehicle.name for vehicle in self._garage)
            return Refused(f"there is no vehicle {command.vehicle!r}; there are: {names}")
        kind = vehicle.kind
        self._bays.enter(connector)
        self._power.advance()
        connector.metal.plug(vehicle)
        connector.vehicle_name = kind.name
        connector.ended, connector.asleep_since_s = False, None
        self._note(connector, f"{kind.name} plugged in")
        self._csms.hear(Plugged(connector.number))
        self._changed(connector, Cause.CABLE)
        transaction = connector.transaction
        if transaction is not None:  # the vehicle of a suspended transaction is back, or another
            connector.stop_waiting_for_plug()
            transaction.absent = None
            connector.metal.permitted = not transaction.deauthorized
            self._transactions.energize_soon(connector, Cause.CABLE)
            return Accepted()
        self._shake_hands(connector, vehicle)
        if connector.authorization is not None:
            self._starting.begin(connector)
        return Accepted()

    def _arriving(self, connector: Connector, name: str | None) -> Vehicle | None:
        """The vehicle that comes; the one that a transaction waits for, unless another is named."""
        absent = connector.transaction.absent if connector.transaction else None
        if absent is not None and (name or absent.kind.name).casefold() == (
            absent.kind.name.casefold()
        ):
            return absent
        if name is None:
            here = frozenset(
                other.metal.vehicle.kind.name
                for other in self._connectors.values()
                if other.metal.vehicle is not None
            )
            self._arrivals += 1
            return Vehicle(next_to_arrive(self._garage, self._arrivals - 1, here))
        kind = named(self._garage, name)
        return Vehicle(kind) if kind else None

    # -- saying who it is --------------------------------------------

    def _shake_hands(self, connector: Connector, vehicle: Vehicle) -> None:
        """The vehicle says its id over the cable (SLAC), and the cable is checked after that."""
        environment, timing = self._environment, self._environment.timing
        if timing.mac_s <= 0:
            self._read_id(connector, vehicle)
            return
        late_s = vehicle.kind.handshake_late_s
        if not late_s and timing.mac_retry_share > 0:
            retries = environment.rng.random() < timing.mac_retry_share
            late_s = drawn(timing.mac_retry_s, environment.rng) if retries else 0.0
        self._read_id_in(environment.vary(timing.mac_s, MAC_SHARE) + late_s, connector, vehicle)

    def _read_id_in(self, mac_s: float, connector: Connector, vehicle: Vehicle) -> None:
        environment, timing = self._environment, self._environment.timing
        connector.mac_at_s = environment.clock.monotonic() + mac_s
        connector.ready_at_s = connector.mac_at_s + environment.vary(timing.cable_check_s)
        environment.after(mac_s, lambda: self._read_id(connector, vehicle))

    def is_identifying(self, connector: Connector) -> bool:
        """Whether the vehicle's own id is about to serve as card."""
        vehicle = connector.metal.vehicle
        return (
            vehicle is not None
            and vehicle.kind.vid is not None
            and connector.mac_at_s is not None
            and self._environment.clock.monotonic() < connector.mac_at_s
            and connector.authorization is None
            and connector.transaction is None
            and self._policy.flag(Setting.AUTOCHARGE)
        )

    def _read_id(self, connector: Connector, vehicle: Vehicle) -> None:
        """AutoCharge: the vehicle's own id serves as card, where nobody was quicker."""
        environment, vid = self._environment, vehicle.kind.vid
        if (
            connector.metal.vehicle is not vehicle
            or vid is None
            or not self._policy.flag(Setting.AUTOCHARGE)
            or connector.transaction is not None
        ):
            return
        beside_s = self._points.ids_beside_s
        if not (beside_s is not None and self._card_is_barely_quicker(connector, beside_s)) and (
            connector.authorization is not None
            or self._cards.why_not("swipe", connector) is not None
            or self._reservations.why_not(connector, vid) is not None
        ):
            return
        if beside_s is not None:
            self._csms.hear(Identified(connector.number, vid))
            environment.spawn(self._authorize_beside(connector, vehicle, vid))
            return
        connector.authorizing = vid
        environment.spawn(self._cards.authorize_for(connector, vid, Cause.VEHICLE))

    def _card_is_barely_quicker(self, connector: Connector, beside_s: float) -> bool:
        """Whether a card is being asked about, or was accepted a moment ago."""
        since_s = self._environment.clock.monotonic() - (connector.authorized_at_s or -beside_s)
        accepted = connector.authorization is not None and since_s < beside_s
        return connector.authorizing is not None or accepted

    async def _authorize_beside(self, connector: Connector, vehicle: Vehicle, vid: str) -> None:
        """Ask for an id without keeping a card waiting; whoever is accepted first charges."""
        verdict = await self._authorizer.decide(vid)
        card = Authorization(vid, verdict.group, Cause.VEHICLE)
        if not verdict.accepted:
            self._cards.note_refused(connector, Cause.VEHICLE, verdict.reason)
        elif (
            connector.metal.vehicle is vehicle
            and connector.transaction is None
            and connector.authorization is None
            and self._cards.why_not("swipe", connector) is None
            and self._reservations.why_not_after(connector, card) is None
        ):
            self._cards.admit(connector, card)

    # -- a restart of the process ------------------------------------

    def go_down(self) -> None:
        """The process ends; who is plugged in stays."""

    def booted(self) -> None:
        """The process is there again."""
        self._restarted = True

    def accepted(self) -> None:
        """The CSMS hears the charger: who waits may say anew who it is."""
        restarted, self._restarted = self._restarted, False
        says_s = self._points.ids_after_restart_s
        if not restarted or says_s is None:
            return
        waiting = [
            connector
            for connector in self._connectors.values()
            if connector.metal.plugged and not connector.ended and not self._is_taken(connector)
        ]
        for before, connector in enumerate(waiting):
            vehicle = connector.metal.vehicle
            if vehicle is not None:
                self._read_id_in(says_s(before, self._environment.rng), connector, vehicle)

    def _is_taken(self, connector: Connector) -> bool:
        return bool(connector.transaction or connector.authorization or connector.authorizing)

    # -- having enough -----------------------------------------------

    def stop(self, connector: Connector, command: EVStop) -> Outcome:
        """The vehicle ends the session; its cable stays in."""
        if reason := why_not("ev_stop", connector.facts(self._condition)):
            return Refused(reason)
        self._note(connector, "the vehicle ends the session")
        self._transactions.stop(connector, StopReason.OTHER)
        return Accepted()

    def give_up(self, connector: Connector, command: EVGiveUp) -> Outcome:
        """The vehicle goes to sleep: what runs ends, and whoever starts it finds it asleep."""
        if reason := why_not("ev_give_up", connector.facts(self._condition)):
            return Refused(reason)
        connector.asleep_since_s = self._environment.clock.monotonic()
        self._note(connector, "the vehicle gives up and sleeps")
        if connector.transaction is not None:
            self._transactions.stop(connector, StopReason.OTHER)
            return Accepted("the vehicle has ended the session")
        self._changed(connector, Cause.VEHICLE)
        return Accepted("the start fails" if connector.starting else "the next start fails")

    # -- going -------------------------------------------------------

    def unplug(self, connector: Connector, command: Unplug) -> Outcome:
        """The cable comes out on the vehicle's side."""
        if reason := why_not("unplug", connector.facts(self._condition)):
            return Refused(reason)
        self._power.advance()
        metal = connector.metal
        connector.starting = False
        connector.asleep_since_s = None
        connector.mac_at_s = connector.ready_at_s = connector.start_fault = None
        ends = self._policy.flag(Setting.ENDS_ON_UNPLUG)
        if connector.transaction is not None:
            connector.transaction.interrupted = True
            connector.transaction.absent = metal.vehicle
        metal.unplug()
        connector.vehicle_name = None
        self._csms.hear(Unplugged(connector.number))
        if connector.transaction is None:
            drop_authorization(connector, Cause.CABLE, self._csms)
        elif ends:
            self._transactions.stop(connector, StopReason.UNPLUGGED)
        else:
            self._await_return(connector)
        if not metal.cable_in:
            connector.ended = False
        if not metal.locked:
            connector.held_for = None
        self._note(connector, "unplugged")
        self._changed(connector, Cause.CABLE)
        return Accepted()

    def _await_return(self, connector: Connector) -> None:
        """What outlives its plug does not do so for ever (OCPP 2.0.1 E10.FR.02)."""
        transaction, wait_s = connector.transaction, self._policy.number(Setting.REPLUG_TIMEOUT_S)

        def over() -> None:
            if connector.transaction is transaction and not connector.metal.plugged:
                self._note(connector, "nobody plugged in again in time")
                self._transactions.stop(connector, StopReason.UNPLUGGED, cause=Cause.TIMEOUT)

        connector.stop_waiting_for_plug()
        if wait_s > 0:
            connector.plug_timer = self._environment.clock.call_later(wait_s, over)

    def remove_cable(self, connector: Connector, command: RemoveCable) -> Outcome:
        """A detachable cable comes out of the socket; a vehicle at its other end is unplugged."""
        if reason := why_not("remove_cable", connector.facts(self._condition)):
            return Refused(reason)
        if connector.metal.plugged:
            self.unplug(connector, Unplug(connector.number))
        connector.metal.remove_cable()
        connector.ended = False
        self._note(connector, "the cable is taken away")
        self._changed(connector, Cause.CABLE)
        return Accepted()

    def _note(self, connector: Connector, sentence: str) -> None:
        self._environment.note_at("vehicle", connector.number, sentence)
