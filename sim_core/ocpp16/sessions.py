"""What happens at the charge point: cables, cards, buttons, faults (OCPP 1.6 §3.5, §4.8, §4.10).

One method a command. Each asks `why_not` first, changes facts at once, and only then waits for
anybody; after a wait it looks at the facts again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from ocpp.v16.enums import Reason

from sim_core.charging.connector import Authorization, Connector
from sim_core.charging.facts import why_not
from sim_core.charging.profile import Profile
from sim_core.commands import (
    ERROR_CODES,
    Accepted,
    ClearFault,
    Command,
    InjectFault,
    JamLock,
    Outcome,
    Plug,
    Refused,
    RemoveCable,
    Resume,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unlock,
    Unplug,
    unsayable,
)
from sim_core.hardware.model import VendorFault
from sim_core.hardware.outlet import Fault
from sim_core.hardware.vehicle import Vehicle, named, next_to_arrive
from sim_core.wire.endpoint import Payload

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint


LOCK_FAILURE = Fault("ConnectorLockFailure")
TWICE_WITHIN_S = 0.8
PREPARING_AGAIN_S = 10.0
SECOND_GUN_S = 132.0
"""From a remote start to StartTransaction of a second connector that takes very long."""
REMOTE_WITHIN_S = 40.0
"""Longer ago a remote start is not what begins now."""
MAC_SHARE = 0.5
"""A vehicle's MAC varies by less than what the charger does itself."""
MAC_UNSTOPPED_S = 1.0
"""So long after a card was accepted a firmware that reads MACs may not know of it yet."""
EV_WAITS_S = 30.0
"""How long a vehicle waits for its authorisation before it goes to sleep."""
NOTICED_S = 0.55
AWAKE_S = 1.35
"""How long a sleeping vehicle is away from the line when somebody tries to start it."""
FAULT_PASSES_S = 3.0


Act = Callable[["Sessions", Connector, Any], "Outcome | Awaitable[Outcome]"]


class Sessions:
    """Carries out what people and vehicles do."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self._arrivals = 0

    async def carry_out(self, connector: Connector, command: Command) -> Outcome:
        """Do what a command on a connector asks; returns once it is decided."""
        outcome = ACTS[type(command)](self, connector, command)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    # -- the vehicle -------------------------------------------------

    def plug(self, connector: Connector, command: Plug) -> Outcome:
        """A vehicle arrives and is plugged in."""
        if reason := self._why_not("plug", connector):
            return Refused(reason)
        vehicle = self._arriving(connector, command.vehicle)
        if vehicle is None:
            names = ", ".join(vehicle.name for vehicle in self._cp.build.garage)
            return Refused(f"there is no vehicle {command.vehicle!r}; there are: {names}")
        cp = self._cp
        kind = vehicle.kind
        cp.advance_metal()
        connector.metal.plug(vehicle)
        connector.vehicle_name = kind.name
        connector.ended = False
        cp.note(
            "vehicle", f"connector {connector.number}: {kind.name} plugged in", connector.number
        )
        cp.changed(connector)
        transaction = connector.transaction
        if transaction is not None:  # the vehicle of a suspended transaction is back, or another
            transaction.absent = None
            connector.metal.permitted = not transaction.deauthorized
            cp.transactions.energize_soon(connector)
            return Accepted()
        self._shake_hands(connector, vehicle)
        if connector.authorization is not None:
            self._start_when_checked(connector)
        return Accepted()

    def _shake_hands(self, connector: Connector, vehicle: Vehicle) -> None:
        """The vehicle says its id over the cable (SLAC), and the cable is checked after that."""
        cp, timing = self._cp, self._cp.timing
        if timing.mac_s <= 0:
            self._read_mac(connector, vehicle)
            return
        late_s = vehicle.kind.handshake_late_s
        if not late_s and timing.mac_retry_share > 0:
            late_s = timing.mac_retry_s * (cp.rng.random() < timing.mac_retry_share)
        mac_s = cp.vary(timing.mac_s, MAC_SHARE) + late_s
        connector.mac_at_s = cp.clock.monotonic() + mac_s
        connector.ready_at_s = connector.mac_at_s + cp.vary(timing.cable_check_s)
        cp.after(mac_s, lambda: self._read_mac(connector, vehicle))

    def is_identifying(self, connector: Connector) -> bool:
        """Whether the vehicle's own id is about to serve as card."""
        vehicle = connector.metal.vehicle
        return (
            vehicle is not None
            and vehicle.kind.vid is not None
            and connector.mac_at_s is not None
            and self._cp.clock.monotonic() < connector.mac_at_s
            and connector.authorization is None
            and connector.transaction is None
            and self._cp.configuration.flag("AutoCharge")
        )

    def _read_mac(self, connector: Connector, vehicle: Vehicle) -> None:
        """AutoCharge: the vehicle's own id serves as card, where nobody was quicker."""
        cp, vid = self._cp, vehicle.kind.vid
        if (
            connector.metal.vehicle is not vehicle
            or vid is None
            or not cp.configuration.flag("AutoCharge")
            or connector.transaction is not None
        ):
            return
        told = cp.quirks.autocharge_mac
        since_s = cp.clock.monotonic() - (connector.authorized_at_s or -MAC_UNSTOPPED_S)
        just = connector.authorization is not None and since_s < MAC_UNSTOPPED_S
        if told and (connector.authorizing is not None or just):
            self._tell_mac(vid)  # a card was quicker by a hair
            cp.spawn(self._authorize_beside(connector, vehicle, vid))
            return
        if (
            connector.authorization is not None
            or self._why_not("swipe", connector) is not None
            or cp.reservations.why_not(connector, vid) is not None
        ):
            return
        if told:
            self._tell_mac(vid)
            cp.spawn(self._authorize_beside(connector, vehicle, vid))
            return
        connector.authorizing = vid
        cp.spawn(self._authorize_for(connector, vid, "AutoCharge"))

    async def _authorize_beside(self, connector: Connector, vehicle: Vehicle, vid: str) -> None:
        """Ask for a MAC without keeping a card waiting; whoever is accepted first charges."""
        verdict = await self._cp.authorizer.decide(vid)
        card = Authorization(vid, verdict.group)
        if not verdict.accepted:
            self._note_refused(connector, "AutoCharge", verdict.reason)
        elif (
            connector.metal.vehicle is vehicle
            and connector.transaction is None
            and connector.authorization is None
            and self._why_not("swipe", connector) is None
            and self._cp.reservations.why_not_after(connector, card) is None
        ):
            self._authorized(connector, card)

    def _tell_mac(self, vid: str) -> None:
        vendor = self._cp.model.identity.vendor
        self._tell("DataTransfer", {"vendorId": vendor, "messageId": "MacID", "data": vid})

    def _tell(self, action: str, payload: Payload) -> None:
        """Send a call whose answer changes nothing."""

        async def send() -> None:
            await self._cp.outbox.call(action, payload)

        self._cp.spawn(send())

    def unplug(self, connector: Connector, command: Unplug) -> Outcome:
        """The cable comes out on the vehicle's side."""
        if reason := self._why_not("unplug", connector):
            return Refused(reason)
        cp, metal = self._cp, connector.metal
        cp.advance_metal()
        connector.starting = False
        connector.mac_at_s = connector.ready_at_s = connector.start_fault = None
        ends = cp.configuration.flag("StopTransactionOnEVSideDisconnect")
        if connector.transaction is not None:
            connector.transaction.interrupted = True
            connector.transaction.absent = metal.vehicle
        metal.unplug()
        connector.vehicle_name = None
        if connector.transaction is None:
            self.drop_authorization(connector)
        elif ends:
            cp.transactions.stop(connector, Reason.ev_disconnected)
        if not metal.cable_in:
            connector.ended = False
        if not metal.locked:
            connector.held_for = None
        cp.note("vehicle", f"connector {connector.number}: unplugged", connector.number)
        cp.changed(connector)
        return Accepted()

    def remove_cable(self, connector: Connector, command: RemoveCable) -> Outcome:
        """A detachable cable comes out of the socket; a vehicle at its other end is unplugged."""
        if reason := self._why_not("remove_cable", connector):
            return Refused(reason)
        if connector.metal.plugged:
            self.unplug(connector, Unplug(connector.number))
        connector.metal.remove_cable()
        connector.ended = False
        self._cp.note(
            "vehicle", f"connector {connector.number}: the cable is taken away", connector.number
        )
        self._cp.changed(connector)
        return Accepted()

    def suspend_ev(self, connector: Connector, command: SuspendEV) -> Outcome:
        """The vehicle pauses."""
        if reason := self._why_not("suspend_ev", connector):
            return Refused(reason)
        self._cp.advance_metal()
        connector.metal.ev_paused = True
        self._cp.changed(connector)
        return Accepted()

    # -- the card ----------------------------------------------------

    async def swipe(self, connector: Connector, command: Swipe) -> Outcome:
        """A card at the reader."""
        id_tag = command.id_tag
        if reason := _unusable(id_tag) or self._why_not("swipe", connector):
            return Refused(reason)
        if connector.held_for is not None and connector.held_for.casefold() == id_tag.casefold():
            self.open_lock(connector)
            return Accepted("unlocked")
        if connector.same_card(id_tag):
            if connector.transaction is not None:
                self._cp.transactions.stop(connector, Reason.local, connector.transaction.id_tag)
                return Accepted("stopped")
            self.drop_authorization(connector)
            self._cp.changed(connector)
            return Accepted("the card is taken back")
        if connector.transaction is not None:
            return await self._stop_by_relative(connector, id_tag)
        if reason := self._cp.reservations.why_not(connector, id_tag):
            return Refused(reason)
        return await self._authorize(connector, id_tag)

    async def start(self, connector: Connector, command: Start) -> Outcome:
        """A swipe that demands a plugged vehicle and never stops."""
        id_tag = command.id_tag or self._cp.build.default_id_tag
        if reason := (
            _unusable(id_tag)
            or self._why_not("swipe", connector)
            or self._cp.reservations.why_not(connector, id_tag)
            or self._why_not("local_start", connector)
        ):
            return Refused(reason)
        return await self._authorize(connector, id_tag)

    def stop(self, connector: Connector, command: Stop) -> Outcome:
        """The driver ends the transaction at the charge point."""
        if reason := self._why_not("local_stop", connector):
            return Refused(reason)
        self._cp.transactions.stop(connector, Reason.local)
        return Accepted()

    def why_not_remote_start(self, connector: Connector, id_tag: str) -> str | None:
        """The sentence that refuses a RemoteStartTransaction for this connector, or None."""
        absent = self._cp.behaviour.remote_start_needs_vehicle and not connector.metal.plugged
        return (
            _unusable(id_tag)
            or self._why_not("remote_start", connector)
            or self._cp.reservations.why_not(connector, id_tag)
            or (self._why_not("local_start", connector) if absent else None)
        )

    def just_started(self, connector_id: int | None) -> bool:
        """Whether this make takes a second RemoteStartTransaction for the first one."""
        connector = self._cp.connectors.get(connector_id or 0)
        if connector is None or connector.remote_start_at_s is None:
            return False
        since_s = self._cp.clock.monotonic() - connector.remote_start_at_s
        return self._cp.quirks.remote_start_twice and since_s <= TWICE_WITHIN_S

    def ask_again(self, id_tag: str) -> None:
        """The second RemoteStartTransaction: another Authorize, and nothing else."""
        self._cp.outbox.hurry()
        self._tell("Authorize", {"idTag": id_tag})

    def remote_start(
        self, connector: Connector, id_tag: str, charging_profile: Profile | None = None
    ) -> None:
        """What RemoteStartTransaction asked for, after it was answered (OCPP 1.6 §5.11)."""
        if reason := self.why_not_remote_start(connector, id_tag):
            self._note_refused(connector, "remote start", reason)  # a card was quicker
        elif self._cp.configuration.flag(
            "AuthorizeRemoteTxRequests"
        ) or self._cp.reservations.needs_authorize(connector, id_tag):
            connector.authorizing = id_tag  # taken from this moment on, whatever is asked next
            work = self._authorize_for(connector, id_tag, "remote start", charging_profile)
            self._cp.spawn(work)
        else:
            self._authorized(connector, Authorization(id_tag, charging_profile=charging_profile))

    def drop_authorization(self, connector: Connector) -> None:
        """The waiting card no longer counts."""
        connector.authorization = connector.authorized_at_s = None
        connector.plug_by = None
        connector.starting = False
        if connector.plug_timer is not None:
            connector.plug_timer.cancel()
            connector.plug_timer = None

    async def _authorize(
        self, connector: Connector, id_tag: str, charging_profile: Profile | None = None
    ) -> Outcome:
        cp = self._cp
        self.drop_authorization(connector)
        connector.authorizing = id_tag
        cp.changed(connector)
        try:
            verdict = await cp.authorizer.decide(id_tag)
        finally:
            connector.authorizing = None
            cp.changed(connector)
        if not verdict.accepted:
            return Refused(verdict.reason)
        if reason := self._why_not("swipe", connector):
            return Refused(reason)
        if connector.transaction is not None or connector.authorization is not None:
            return Refused(f"connector {connector.number} was taken by another card meanwhile")
        card = Authorization(id_tag, verdict.group, charging_profile)
        if reason := cp.reservations.why_not_after(connector, card):
            return Refused(reason)
        self._authorized(connector, card)
        if connector.metal.plugged:
            return Accepted("authorised, starting")
        return Accepted("authorised: plug in the vehicle")

    def _authorized(self, connector: Connector, card: Authorization) -> None:
        cp = self._cp
        connector.authorization = card
        connector.authorized_at_s = cp.clock.monotonic()
        cp.note(
            "authorization",
            f"connector {connector.number}: {card.id_tag} may charge",
            connector.number,
        )
        cp.changed(connector)  # §4.9: from Finishing every way into a session leads over Preparing
        if connector.metal.plugged:
            self._start_when_checked(connector)
        else:
            wait_s = cp.configuration.number("ConnectionTimeOut")
            if wait_s > 0:
                connector.plug_by = cp.now() + timedelta(seconds=wait_s)
                connector.plug_timer = cp.clock.call_later(
                    wait_s, lambda: self._lapse(connector, card)
                )
            if cp.quirks.repeated_preparing:
                cp.clock.call_later(PREPARING_AGAIN_S, lambda: self._still_waits(connector, card))
        cp.changed(connector)

    def _still_waits(self, connector: Connector, card: Authorization) -> None:
        """A make that says Preparing again and again while a card waits for the plug."""
        cp = self._cp
        if connector.authorization is card and not connector.metal.plugged:
            if cp.outbox.registered:
                cp.reports.say(connector.number)
            cp.clock.call_later(PREPARING_AGAIN_S, lambda: self._still_waits(connector, card))

    def _lapse(self, connector: Connector, card: Authorization) -> None:
        """ConnectionTimeOut: nobody plugged in (§9.1)."""
        if connector.authorization is card and not connector.metal.plugged:
            self.drop_authorization(connector)
            self._cp.note(
                "authorization",
                f"connector {connector.number}: nobody plugged in for {card.id_tag} in time",
                connector.number,
            )
            self._cp.changed(connector)

    def _start_when_checked(self, connector: Connector) -> None:
        """Authorised and plugged: the cable is checked, then the transaction starts."""
        cp, card = self._cp, connector.authorization
        connector.plug_by = None
        if connector.plug_timer is not None:
            connector.plug_timer.cancel()
            connector.plug_timer = None
        connector.starting = True

        def checked() -> None:
            if card is None or connector.authorization is not card or not connector.metal.plugged:
                return
            connector.starting = False
            if gave_up or connector.start_fault is not None:
                self._fail_start(connector, card, gave_up)
                return
            if connector.lockable and not connector.metal.lock():
                self._break(connector, LOCK_FAILURE)
            if connector.metal.fault is not None:
                self.drop_authorization(connector)
                cp.changed(connector)
                return
            cp.transactions.begin(connector, card, in_vain=in_vain)

        wait_s, gave_up = cp.vary(cp.timing.cable_check_s) + connector.metal.handshake_left_s, False
        now_s = cp.clock.monotonic()
        if connector.mac_at_s is not None and connector.ready_at_s is not None:
            gave_up = cp.quirks.ev_gives_up and now_s > connector.mac_at_s + EV_WAITS_S
            late_s = NOTICED_S if gave_up else cp.vary(cp.timing.late_start_s)
            wait_s = max(connector.ready_at_s - now_s, late_s)
        if in_vain := not gave_up and self._is_slow_second(connector):
            wait_s = SECOND_GUN_S
        cp.transactions.sample_early(connector, wait_s)
        cp.after(wait_s, checked)

    def _is_slow_second(self, connector: Connector) -> bool:
        """Whether this is a remote start beside a charging connector, of those that fail."""
        cp = self._cp
        others = (other for other in cp.connectors.values() if other is not connector)
        return (
            cp.quirks.slow_second_gun
            and connector.remote_start_at_s is not None
            and cp.clock.monotonic() - connector.remote_start_at_s < REMOTE_WITHIN_S
            and any(other.metal.flowing for other in others)
            and cp.rng.random() < cp.timing.second_gun_share
        )

    def _fail_start(self, connector: Connector, card: Authorization, gave_up: bool) -> None:
        """StartTransaction goes out, and the vehicle is not there any more.

        One that has gone to sleep lets go of the line and takes it up again; one whose insulation
        is broken stays away until it is plugged in anew.
        """
        cp, vehicle, fault = self._cp, connector.metal.vehicle, connector.start_fault
        connector.start_fault = None
        connector.metal.unplug()
        reason = Reason.ev_disconnected if gave_up else Reason.other
        if fault is not None and not gave_up:
            self._break(connector, fault)
            cp.clock.call_later(FAULT_PASSES_S, lambda: self._pass(connector, fault))
        cp.transactions.fail(connector, card, reason)
        cp.changed(connector)

        def awake() -> None:
            if (
                vehicle is not None
                and not connector.metal.plugged
                and connector.vehicle_name is not None
            ):
                connector.metal.plug(vehicle)
                cp.changed(connector)

        if gave_up:
            cp.clock.call_later(AWAKE_S, awake)
        else:
            connector.vehicle_name = None

    def _pass(self, connector: Connector, fault: Fault) -> None:
        if connector.metal.fault is fault:
            self._clear_fault(connector)
            self._cp.changed(connector)

    async def _stop_by_relative(self, connector: Connector, id_tag: str) -> Outcome:
        """Another card: it may stop when both have the same parentIdTag (§3.5.1, §4.10)."""
        transaction = connector.transaction
        asks = self._cp.quirks.asks_for_any_card
        if transaction is None or not (transaction.parent_id_tag or asks):
            return Refused(self._not_its_card(connector, id_tag))
        connector.authorizing = id_tag
        self._cp.changed(connector)
        try:
            verdict = await self._cp.authorizer.decide(id_tag)
        finally:
            connector.authorizing = None
            self._cp.changed(connector)
        if connector.transaction is not transaction:
            return Refused(f"connector {connector.number}: the transaction has ended meanwhile")
        if reason := self._why_not("swipe", connector):
            return Refused(reason)
        parent = verdict.group or ""
        group = transaction.parent_id_tag or ""
        if verdict.accepted and parent and parent.casefold() == group.casefold():
            self._cp.transactions.stop(connector, Reason.local, id_tag)
            return Accepted("stopped")
        return Refused(self._not_its_card(connector, id_tag))

    def _not_its_card(self, connector: Connector, id_tag: str) -> str:
        holder = connector.transaction.id_tag if connector.transaction else "another card"
        return f"connector {connector.number} charges for {holder}: {id_tag} cannot stop it"

    async def _authorize_for(
        self, connector: Connector, id_tag: str, whom: str, charging_profile: Profile | None = None
    ) -> None:
        """Authorise for somebody who does not stand before the charge point to hear the answer."""
        outcome = await self._authorize(connector, id_tag, charging_profile)
        if isinstance(outcome, Refused):
            self._note_refused(connector, whom, outcome.reason)

    def _note_refused(self, connector: Connector, whom: str, reason: str) -> None:
        self._cp.note(
            "authorization",
            f"connector {connector.number}: {whom} refused: {reason}",
            connector.number,
        )

    # -- the charge point --------------------------------------------

    def suspend_evse(self, connector: Connector, command: SuspendEVSE) -> Outcome:
        """The charge point pauses."""
        if reason := self._why_not("suspend_evse", connector):
            return Refused(reason)
        self._cp.advance_metal()
        connector.metal.evse_paused = True
        self._cp.changed(connector)
        return Accepted()

    def resume(self, connector: Connector, command: Resume) -> Outcome:
        """Every pause ends, and a fault is cleared."""
        if reason := self._why_not("resume", connector):
            return Refused(reason)
        self._cp.advance_metal()
        connector.metal.ev_paused = connector.metal.evse_paused = False
        self._clear_fault(connector)
        self._cp.changed(connector)
        return Accepted()

    def fault(self, connector: Connector, command: InjectFault) -> Outcome:
        """Something breaks. A transaction goes on underneath, without energy."""
        if command.error_code not in ERROR_CODES:
            return Refused(
                f"{command.error_code!r} is no error code; there are: {', '.join(ERROR_CODES)}"
            )
        if reason := unsayable(command) or self._why_not("fault", connector):
            return Refused(reason)
        self._cp.advance_metal()
        code = command.vendor_error_code or ""
        if self._cp.quirks.vendor_faults and code in self._cp.model.faults:
            return self._strike(connector, code, self._cp.model.faults[code])
        self._break(
            connector,
            Fault(command.error_code, command.vendor_error_code or "", command.info or ""),
        )
        self._cp.changed(connector)
        return Accepted()

    def _strike(self, connector: Connector, code: str, kind: VendorFault) -> Outcome:
        """A fault that the make has a code of its own for, with the scope that it has."""
        cp = self._cp
        fault = Fault("InternalError", code, kind.info)
        if kind.fails_start and connector.transaction is None and connector.metal.plugged:
            connector.start_fault = fault
            return Accepted("it shows when the next transaction starts")
        if not kind.everywhere:
            self._break(connector, fault)
            cp.changed(connector)
            if kind.fails_start:
                cp.clock.call_later(FAULT_PASSES_S, lambda: self._pass(connector, fault))
            return Accepted()
        struck = list(cp.connectors.values())
        running = [other for other in struck if other.transaction is not None]
        for other in struck:
            if other.transaction is None:
                self.drop_authorization(other)
                self._break(other, fault)
                cp.changed(other)
        if not running:
            self._break_charge_point(fault)
        delay_s = cp.vary(cp.timing.emergency_s) if running else 0.0
        for other in running:
            cp.after(delay_s, partial(self._end_struck, other, fault, kind))
        return Accepted()

    def _end_struck(self, connector: Connector, fault: Fault, kind: VendorFault) -> None:
        """A connector that was charging: its transaction ends, and no Finishing is seen."""
        cp = self._cp
        self._break(connector, fault)
        if kind.stops is not None:
            cp.transactions.stop(connector, Reason(kind.stops))
            connector.ended = False
        cp.changed(connector)
        self._break_charge_point(fault)

    def _break_charge_point(self, fault: Fault) -> None:
        if self._cp.condition.fault is None:
            self._cp.condition.fault = fault
            self._cp.changed(next(iter(self._cp.connectors.values())))

    def clear_fault(self, connector: Connector, command: ClearFault) -> Outcome:
        """What broke is mended."""
        if reason := self._why_not("clear_fault", connector):
            return Refused(reason)
        self._cp.advance_metal()
        self._clear_fault(connector)
        self._cp.changed(connector)
        return Accepted()

    def unlock(self, connector: Connector, command: Unlock) -> Outcome:
        """The lock opens; a running transaction ends (OCPP 1.6 §5.18)."""
        if reason := self._why_not("unlock", connector):
            return Refused(reason)
        self.open_lock(connector)
        return Accepted("unlocked")

    def open_lock(self, connector: Connector) -> None:
        """Open the lock, for whoever asked."""
        if connector.transaction is not None:
            self._cp.transactions.stop(connector, Reason.unlock_command)
        self.release_cable(connector)
        self._cp.note("lock", f"connector {connector.number}: unlocked", connector.number)
        self._cp.changed(connector)

    def release_cable(self, connector: Connector) -> None:
        """Nobody's session holds the cable any more: the lock opens, if it can."""
        connector.held_for = None
        if not connector.metal.unlock():
            self._break(connector, LOCK_FAILURE)

    def jam_lock(self, connector: Connector, command: JamLock) -> Outcome:
        """The lock sticks where it is; nothing shows until it is to move."""
        if reason := self._why_not("jam_lock", connector):
            return Refused(reason)
        connector.metal.lock_jammed = True
        self._cp.changed(connector)
        return Accepted()

    def _break(self, connector: Connector, fault: Fault) -> None:
        if connector.metal.fault is None:
            connector.metal.fault = fault
            connector.fault_since = self._cp.now()

    def _clear_fault(self, connector: Connector) -> None:
        everywhere = self._cp.condition.fault
        if everywhere is not None and connector.metal.fault is everywhere:
            self._cp.condition.fault = None
            for other in self._cp.connectors.values():
                if other.metal.fault is everywhere:
                    self._clear_fault(other)
                    self._cp.changed(other)
            return
        connector.metal.fault = None
        connector.fault_since = None
        connector.metal.lock_jammed = False
        if connector.transaction is None and connector.held_for is None:
            connector.metal.unlock()

    def _arriving(self, connector: Connector, name: str | None) -> Vehicle | None:
        """The vehicle that comes; the one that a transaction waits for, unless another is named."""
        garage = self._cp.build.garage
        absent = connector.transaction.absent if connector.transaction else None
        if absent is not None and (name or absent.kind.name).casefold() == (
            absent.kind.name.casefold()
        ):
            return absent
        if name is None:
            here = frozenset(
                other.metal.vehicle.kind.name
                for other in self._cp.connectors.values()
                if other.metal.vehicle is not None
            )
            self._arrivals += 1
            return Vehicle(next_to_arrive(garage, self._arrivals - 1, here))
        kind = named(garage, name)
        return Vehicle(kind) if kind else None

    def _why_not(self, action: str, connector: Connector) -> str | None:
        return why_not(action, self._cp.facts(connector))


def _unusable(id_tag: str) -> str | None:
    return unsayable(Swipe(0, id_tag)) or None


ACTS: dict[type[Command], Act] = {
    Plug: Sessions.plug,
    Unplug: Sessions.unplug,
    RemoveCable: Sessions.remove_cable,
    Swipe: Sessions.swipe,
    Start: Sessions.start,
    Stop: Sessions.stop,
    SuspendEV: Sessions.suspend_ev,
    SuspendEVSE: Sessions.suspend_evse,
    Resume: Sessions.resume,
    InjectFault: Sessions.fault,
    ClearFault: Sessions.clear_fault,
    Unlock: Sessions.unlock,
    JamLock: Sessions.jam_lock,
}
