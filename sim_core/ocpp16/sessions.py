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

from sim_core.commands import (
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
from sim_core.hardware.faults import ERROR_CODES, ChargerFault
from sim_core.hardware.model import VendorFault
from sim_core.hardware.status import why_not
from sim_core.hardware.vehicle import Vehicle, named, next_to_arrive
from sim_core.ocpp16.charging_profile import Profile
from sim_core.ocpp16.outlet import Authorization, Outlet
from sim_core.ocpp16.text_limits import TEXT_LIMITS
from sim_core.wire.endpoint import Payload

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint


LOCK_FAILURE = ChargerFault("ConnectorLockFailure")
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


Act = Callable[["Sessions", Outlet, Any], "Outcome | Awaitable[Outcome]"]


class Sessions:
    """Carries out what people and vehicles do."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self._arrivals = 0

    async def carry_out(self, outlet: Outlet, command: Command) -> Outcome:
        """Do what a command on a connector asks; returns once it is decided."""
        outcome = ACTS[type(command)](self, outlet, command)
        return await outcome if isinstance(outcome, Awaitable) else outcome

    # -- the vehicle -------------------------------------------------

    def plug(self, outlet: Outlet, command: Plug) -> Outcome:
        """A vehicle arrives and is plugged in."""
        if reason := self._why_not("plug", outlet):
            return Refused(reason)
        vehicle = self._arriving(outlet, command.vehicle)
        if vehicle is None:
            names = ", ".join(vehicle.name for vehicle in self._cp.build.garage)
            return Refused(f"there is no vehicle {command.vehicle!r}; there are: {names}")
        cp = self._cp
        kind = vehicle.kind
        cp.advance_metal()
        outlet.metal.plug(vehicle)
        outlet.vehicle_name = kind.name
        outlet.ended = False
        cp.note("vehicle", f"connector {outlet.number}: {kind.name} plugged in", outlet.number)
        cp.changed(outlet)
        transaction = outlet.transaction
        if transaction is not None:  # the vehicle of a suspended transaction is back, or another
            transaction.absent = None
            outlet.metal.permitted = not transaction.deauthorized
            cp.transactions.energize_soon(outlet)
            return Accepted()
        self._shake_hands(outlet, vehicle)
        if outlet.authorization is not None:
            self._start_when_checked(outlet)
        return Accepted()

    def _shake_hands(self, outlet: Outlet, vehicle: Vehicle) -> None:
        """The vehicle says its id over the cable (SLAC), and the cable is checked after that."""
        cp, timing = self._cp, self._cp.timing
        if timing.mac_s <= 0:
            self._read_mac(outlet, vehicle)
            return
        late_s = vehicle.kind.handshake_late_s
        if not late_s and timing.mac_retry_share > 0:
            late_s = timing.mac_retry_s * (cp.rng.random() < timing.mac_retry_share)
        mac_s = cp.vary(timing.mac_s, MAC_SHARE) + late_s
        outlet.mac_at_s = cp.clock.monotonic() + mac_s
        outlet.ready_at_s = outlet.mac_at_s + cp.vary(timing.cable_check_s)
        cp.after(mac_s, lambda: self._read_mac(outlet, vehicle))

    def is_identifying(self, outlet: Outlet) -> bool:
        """Whether the vehicle's own id is about to serve as card."""
        vehicle = outlet.metal.vehicle
        return (
            vehicle is not None
            and vehicle.kind.vid is not None
            and outlet.mac_at_s is not None
            and self._cp.clock.monotonic() < outlet.mac_at_s
            and outlet.authorization is None
            and outlet.transaction is None
            and self._cp.configuration.flag("AutoCharge")
        )

    def _read_mac(self, outlet: Outlet, vehicle: Vehicle) -> None:
        """AutoCharge: the vehicle's own id serves as card, where nobody was quicker."""
        cp, vid = self._cp, vehicle.kind.vid
        if (
            outlet.metal.vehicle is not vehicle
            or vid is None
            or not cp.configuration.flag("AutoCharge")
            or outlet.transaction is not None
        ):
            return
        told = cp.quirks.autocharge_mac
        since_s = cp.clock.monotonic() - (outlet.authorized_at_s or -MAC_UNSTOPPED_S)
        just = outlet.authorization is not None and since_s < MAC_UNSTOPPED_S
        if told and (outlet.authorizing is not None or just):
            self._tell_mac(vid)  # a card was quicker by a hair
            cp.spawn(self._authorize_beside(outlet, vehicle, vid))
            return
        if (
            outlet.authorization is not None
            or self._why_not("swipe", outlet) is not None
            or cp.reservations.why_not(outlet, vid) is not None
        ):
            return
        if told:
            self._tell_mac(vid)
            cp.spawn(self._authorize_beside(outlet, vehicle, vid))
            return
        outlet.authorizing = vid
        cp.spawn(self._authorize_for(outlet, vid, "AutoCharge"))

    async def _authorize_beside(self, outlet: Outlet, vehicle: Vehicle, vid: str) -> None:
        """Ask for a MAC without keeping a card waiting; whoever is accepted first charges."""
        verdict = await self._cp.authorizer.decide(vid)
        card = Authorization(vid, verdict.parent_id_tag)
        if not verdict.accepted:
            self._note_refused(outlet, "AutoCharge", verdict.reason)
        elif (
            outlet.metal.vehicle is vehicle
            and outlet.transaction is None
            and outlet.authorization is None
            and self._why_not("swipe", outlet) is None
            and self._cp.reservations.why_not_after(outlet, card) is None
        ):
            self._authorized(outlet, card)

    def _tell_mac(self, vid: str) -> None:
        vendor = self._cp.model.identity.vendor
        self._tell("DataTransfer", {"vendorId": vendor, "messageId": "MacID", "data": vid})

    def _tell(self, action: str, payload: Payload) -> None:
        """Send a call whose answer changes nothing."""

        async def send() -> None:
            await self._cp.outbox.call(action, payload)

        self._cp.spawn(send())

    def unplug(self, outlet: Outlet, command: Unplug) -> Outcome:
        """The cable comes out on the vehicle's side."""
        if reason := self._why_not("unplug", outlet):
            return Refused(reason)
        cp, metal = self._cp, outlet.metal
        cp.advance_metal()
        outlet.starting = False
        outlet.mac_at_s = outlet.ready_at_s = outlet.start_fault = None
        ends = cp.configuration.flag("StopTransactionOnEVSideDisconnect")
        if outlet.transaction is not None:
            outlet.transaction.interrupted = True
            outlet.transaction.absent = metal.vehicle
        metal.unplug()
        outlet.vehicle_name = None
        if outlet.transaction is None:
            self.drop_authorization(outlet)
        elif ends:
            cp.transactions.stop(outlet, Reason.ev_disconnected)
        if not metal.cable_in:
            outlet.ended = False
        if not metal.locked:
            outlet.held_for = None
        cp.note("vehicle", f"connector {outlet.number}: unplugged", outlet.number)
        cp.changed(outlet)
        return Accepted()

    def remove_cable(self, outlet: Outlet, command: RemoveCable) -> Outcome:
        """A detachable cable comes out of the socket; a vehicle at its other end is unplugged."""
        if reason := self._why_not("remove_cable", outlet):
            return Refused(reason)
        if outlet.metal.plugged:
            self.unplug(outlet, Unplug(outlet.number))
        outlet.metal.remove_cable()
        outlet.ended = False
        self._cp.note(
            "vehicle", f"connector {outlet.number}: the cable is taken away", outlet.number
        )
        self._cp.changed(outlet)
        return Accepted()

    def suspend_ev(self, outlet: Outlet, command: SuspendEV) -> Outcome:
        """The vehicle pauses."""
        if reason := self._why_not("suspend_ev", outlet):
            return Refused(reason)
        self._cp.advance_metal()
        outlet.metal.ev_paused = True
        self._cp.changed(outlet)
        return Accepted()

    # -- the card ----------------------------------------------------

    async def swipe(self, outlet: Outlet, command: Swipe) -> Outcome:
        """A card at the reader."""
        id_tag = command.id_tag
        if reason := _unusable(id_tag) or self._why_not("swipe", outlet):
            return Refused(reason)
        if outlet.held_for is not None and outlet.held_for.casefold() == id_tag.casefold():
            self.open_lock(outlet)
            return Accepted("unlocked")
        if outlet.same_card(id_tag):
            if outlet.transaction is not None:
                self._cp.transactions.stop(outlet, Reason.local, outlet.transaction.id_tag)
                return Accepted("stopped")
            self.drop_authorization(outlet)
            self._cp.changed(outlet)
            return Accepted("the card is taken back")
        if outlet.transaction is not None:
            return await self._stop_by_relative(outlet, id_tag)
        if reason := self._cp.reservations.why_not(outlet, id_tag):
            return Refused(reason)
        return await self._authorize(outlet, id_tag)

    async def start(self, outlet: Outlet, command: Start) -> Outcome:
        """A swipe that demands a plugged vehicle and never stops."""
        id_tag = command.id_tag or self._cp.build.default_id_tag
        if reason := (
            _unusable(id_tag)
            or self._why_not("swipe", outlet)
            or self._cp.reservations.why_not(outlet, id_tag)
            or self._why_not("local_start", outlet)
        ):
            return Refused(reason)
        return await self._authorize(outlet, id_tag)

    def stop(self, outlet: Outlet, command: Stop) -> Outcome:
        """The driver ends the transaction at the charge point."""
        if reason := self._why_not("local_stop", outlet):
            return Refused(reason)
        self._cp.transactions.stop(outlet, Reason.local)
        return Accepted()

    def why_not_remote_start(self, outlet: Outlet, id_tag: str) -> str | None:
        """The sentence that refuses a RemoteStartTransaction for this connector, or None."""
        absent = self._cp.behaviour.remote_start_needs_vehicle and not outlet.metal.plugged
        return (
            _unusable(id_tag)
            or self._why_not("remote_start", outlet)
            or self._cp.reservations.why_not(outlet, id_tag)
            or (self._why_not("local_start", outlet) if absent else None)
        )

    def just_started(self, connector_id: int | None) -> bool:
        """Whether this make takes a second RemoteStartTransaction for the first one."""
        outlet = self._cp.outlets.get(connector_id or 0)
        if outlet is None or outlet.remote_start_at_s is None:
            return False
        since_s = self._cp.clock.monotonic() - outlet.remote_start_at_s
        return self._cp.quirks.remote_start_twice and since_s <= TWICE_WITHIN_S

    def ask_again(self, id_tag: str) -> None:
        """The second RemoteStartTransaction: another Authorize, and nothing else."""
        self._cp.outbox.hurry()
        self._tell("Authorize", {"idTag": id_tag})

    def remote_start(
        self, outlet: Outlet, id_tag: str, charging_profile: Profile | None = None
    ) -> None:
        """What RemoteStartTransaction asked for, after it was answered (OCPP 1.6 §5.11)."""
        if reason := self.why_not_remote_start(outlet, id_tag):
            self._note_refused(outlet, "remote start", reason)  # a card was quicker
        elif self._cp.configuration.flag(
            "AuthorizeRemoteTxRequests"
        ) or self._cp.reservations.needs_authorize(outlet, id_tag):
            outlet.authorizing = id_tag  # taken from this moment on, whatever is asked next
            work = self._authorize_for(outlet, id_tag, "remote start", charging_profile)
            self._cp.spawn(work)
        else:
            self._authorized(outlet, Authorization(id_tag, charging_profile=charging_profile))

    def drop_authorization(self, outlet: Outlet) -> None:
        """The waiting card no longer counts."""
        outlet.authorization = outlet.authorized_at_s = None
        outlet.plug_by = None
        outlet.starting = False
        if outlet.plug_timer is not None:
            outlet.plug_timer.cancel()
            outlet.plug_timer = None

    async def _authorize(
        self, outlet: Outlet, id_tag: str, charging_profile: Profile | None = None
    ) -> Outcome:
        cp = self._cp
        self.drop_authorization(outlet)
        outlet.authorizing = id_tag
        cp.changed(outlet)
        try:
            verdict = await cp.authorizer.decide(id_tag)
        finally:
            outlet.authorizing = None
            cp.changed(outlet)
        if not verdict.accepted:
            return Refused(verdict.reason)
        if reason := self._why_not("swipe", outlet):
            return Refused(reason)
        if outlet.transaction is not None or outlet.authorization is not None:
            return Refused(f"connector {outlet.number} was taken by another card meanwhile")
        card = Authorization(id_tag, verdict.parent_id_tag, charging_profile)
        if reason := cp.reservations.why_not_after(outlet, card):
            return Refused(reason)
        self._authorized(outlet, card)
        if outlet.metal.plugged:
            return Accepted("authorised, starting")
        return Accepted("authorised: plug in the vehicle")

    def _authorized(self, outlet: Outlet, card: Authorization) -> None:
        cp = self._cp
        outlet.authorization = card
        outlet.authorized_at_s = cp.clock.monotonic()
        cp.note(
            "authorization", f"connector {outlet.number}: {card.id_tag} may charge", outlet.number
        )
        cp.changed(outlet)  # §4.9: from Finishing every way into a session leads over Preparing
        if outlet.metal.plugged:
            self._start_when_checked(outlet)
        else:
            wait_s = cp.configuration.number("ConnectionTimeOut")
            if wait_s > 0:
                outlet.plug_by = cp.now() + timedelta(seconds=wait_s)
                outlet.plug_timer = cp.clock.call_later(wait_s, lambda: self._lapse(outlet, card))
            if cp.quirks.repeated_preparing:
                cp.clock.call_later(PREPARING_AGAIN_S, lambda: self._still_waits(outlet, card))
        cp.changed(outlet)

    def _still_waits(self, outlet: Outlet, card: Authorization) -> None:
        """A make that says Preparing again and again while a card waits for the plug."""
        cp = self._cp
        if outlet.authorization is card and not outlet.metal.plugged:
            if cp.outbox.registered:
                cp.reports.say(outlet.number)
            cp.clock.call_later(PREPARING_AGAIN_S, lambda: self._still_waits(outlet, card))

    def _lapse(self, outlet: Outlet, card: Authorization) -> None:
        """ConnectionTimeOut: nobody plugged in (§9.1)."""
        if outlet.authorization is card and not outlet.metal.plugged:
            self.drop_authorization(outlet)
            self._cp.note(
                "authorization",
                f"connector {outlet.number}: nobody plugged in for {card.id_tag} in time",
                outlet.number,
            )
            self._cp.changed(outlet)

    def _start_when_checked(self, outlet: Outlet) -> None:
        """Authorised and plugged: the cable is checked, then the transaction starts."""
        cp, card = self._cp, outlet.authorization
        outlet.plug_by = None
        if outlet.plug_timer is not None:
            outlet.plug_timer.cancel()
            outlet.plug_timer = None
        outlet.starting = True

        def checked() -> None:
            if card is None or outlet.authorization is not card or not outlet.metal.plugged:
                return
            outlet.starting = False
            if gave_up or outlet.start_fault is not None:
                self._fail_start(outlet, card, gave_up)
                return
            if outlet.lockable and not outlet.metal.lock():
                self._break(outlet, LOCK_FAILURE)
            if outlet.metal.fault is not None:
                self.drop_authorization(outlet)
                cp.changed(outlet)
                return
            cp.transactions.begin(outlet, card, in_vain=in_vain)

        wait_s, gave_up = cp.vary(cp.timing.cable_check_s) + outlet.metal.handshake_left_s, False
        now_s = cp.clock.monotonic()
        if outlet.mac_at_s is not None and outlet.ready_at_s is not None:
            gave_up = cp.quirks.ev_gives_up and now_s > outlet.mac_at_s + EV_WAITS_S
            late_s = NOTICED_S if gave_up else cp.vary(cp.timing.late_start_s)
            wait_s = max(outlet.ready_at_s - now_s, late_s)
        if in_vain := not gave_up and self._is_slow_second(outlet):
            wait_s = SECOND_GUN_S
        cp.transactions.sample_early(outlet, wait_s)
        cp.after(wait_s, checked)

    def _is_slow_second(self, outlet: Outlet) -> bool:
        """Whether this is a remote start beside a charging connector, of those that fail."""
        cp = self._cp
        others = (other for other in cp.outlets.values() if other is not outlet)
        return (
            cp.quirks.slow_second_gun
            and outlet.remote_start_at_s is not None
            and cp.clock.monotonic() - outlet.remote_start_at_s < REMOTE_WITHIN_S
            and any(other.metal.flowing for other in others)
            and cp.rng.random() < cp.timing.second_gun_share
        )

    def _fail_start(self, outlet: Outlet, card: Authorization, gave_up: bool) -> None:
        """StartTransaction goes out, and the vehicle is not there any more.

        One that has gone to sleep lets go of the line and takes it up again; one whose insulation
        is broken stays away until it is plugged in anew.
        """
        cp, vehicle, fault = self._cp, outlet.metal.vehicle, outlet.start_fault
        outlet.start_fault = None
        outlet.metal.unplug()
        reason = Reason.ev_disconnected if gave_up else Reason.other
        if fault is not None and not gave_up:
            self._break(outlet, fault)
            cp.clock.call_later(FAULT_PASSES_S, lambda: self._pass(outlet, fault))
        cp.transactions.fail(outlet, card, reason)
        cp.changed(outlet)

        def awake() -> None:
            if vehicle is not None and not outlet.metal.plugged and outlet.vehicle_name is not None:
                outlet.metal.plug(vehicle)
                cp.changed(outlet)

        if gave_up:
            cp.clock.call_later(AWAKE_S, awake)
        else:
            outlet.vehicle_name = None

    def _pass(self, outlet: Outlet, fault: ChargerFault) -> None:
        if outlet.metal.fault is fault:
            self._clear_fault(outlet)
            self._cp.changed(outlet)

    async def _stop_by_relative(self, outlet: Outlet, id_tag: str) -> Outcome:
        """Another card: it may stop when both have the same parentIdTag (§3.5.1, §4.10)."""
        transaction = outlet.transaction
        asks = self._cp.quirks.asks_for_any_card
        if transaction is None or not (transaction.parent_id_tag or asks):
            return Refused(self._not_its_card(outlet, id_tag))
        outlet.authorizing = id_tag
        self._cp.changed(outlet)
        try:
            verdict = await self._cp.authorizer.decide(id_tag)
        finally:
            outlet.authorizing = None
            self._cp.changed(outlet)
        if outlet.transaction is not transaction:
            return Refused(f"connector {outlet.number}: the transaction has ended meanwhile")
        if reason := self._why_not("swipe", outlet):
            return Refused(reason)
        parent = verdict.parent_id_tag or ""
        group = transaction.parent_id_tag or ""
        if verdict.accepted and parent and parent.casefold() == group.casefold():
            self._cp.transactions.stop(outlet, Reason.local, id_tag)
            return Accepted("stopped")
        return Refused(self._not_its_card(outlet, id_tag))

    def _not_its_card(self, outlet: Outlet, id_tag: str) -> str:
        holder = outlet.transaction.id_tag if outlet.transaction else "another card"
        return f"connector {outlet.number} charges for {holder}: {id_tag} cannot stop it"

    async def _authorize_for(
        self, outlet: Outlet, id_tag: str, whom: str, charging_profile: Profile | None = None
    ) -> None:
        """Authorise for somebody who does not stand before the charge point to hear the answer."""
        outcome = await self._authorize(outlet, id_tag, charging_profile)
        if isinstance(outcome, Refused):
            self._note_refused(outlet, whom, outcome.reason)

    def _note_refused(self, outlet: Outlet, whom: str, reason: str) -> None:
        self._cp.note(
            "authorization", f"connector {outlet.number}: {whom} refused: {reason}", outlet.number
        )

    # -- the charge point --------------------------------------------

    def suspend_evse(self, outlet: Outlet, command: SuspendEVSE) -> Outcome:
        """The charge point pauses."""
        if reason := self._why_not("suspend_evse", outlet):
            return Refused(reason)
        self._cp.advance_metal()
        outlet.metal.evse_paused = True
        self._cp.changed(outlet)
        return Accepted()

    def resume(self, outlet: Outlet, command: Resume) -> Outcome:
        """Every pause ends, and a fault is cleared."""
        if reason := self._why_not("resume", outlet):
            return Refused(reason)
        self._cp.advance_metal()
        outlet.metal.ev_paused = outlet.metal.evse_paused = False
        self._clear_fault(outlet)
        self._cp.changed(outlet)
        return Accepted()

    def fault(self, outlet: Outlet, command: InjectFault) -> Outcome:
        """Something breaks. A transaction goes on underneath, without energy."""
        if command.error_code not in ERROR_CODES:
            return Refused(
                f"{command.error_code!r} is no error code; there are: {', '.join(ERROR_CODES)}"
            )
        if reason := unsayable(command, TEXT_LIMITS) or self._why_not("fault", outlet):
            return Refused(reason)
        self._cp.advance_metal()
        code = command.vendor_error_code or ""
        if self._cp.quirks.vendor_faults and code in self._cp.model.faults:
            return self._strike(outlet, code, self._cp.model.faults[code])
        self._break(
            outlet,
            ChargerFault(command.error_code, command.vendor_error_code or "", command.info or ""),
        )
        self._cp.changed(outlet)
        return Accepted()

    def _strike(self, outlet: Outlet, code: str, kind: VendorFault) -> Outcome:
        """A fault that the make has a code of its own for, with the scope that it has."""
        cp = self._cp
        fault = ChargerFault("InternalError", code, kind.info)
        if kind.fails_start and outlet.transaction is None and outlet.metal.plugged:
            outlet.start_fault = fault
            return Accepted("it shows when the next transaction starts")
        if not kind.everywhere:
            self._break(outlet, fault)
            cp.changed(outlet)
            if kind.fails_start:
                cp.clock.call_later(FAULT_PASSES_S, lambda: self._pass(outlet, fault))
            return Accepted()
        struck = list(cp.outlets.values())
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

    def _end_struck(self, outlet: Outlet, fault: ChargerFault, kind: VendorFault) -> None:
        """A connector that was charging: its transaction ends, and no Finishing is seen."""
        cp = self._cp
        self._break(outlet, fault)
        if kind.stops is not None:
            cp.transactions.stop(outlet, Reason(kind.stops))
            outlet.ended = False
        cp.changed(outlet)
        self._break_charge_point(fault)

    def _break_charge_point(self, fault: ChargerFault) -> None:
        if self._cp.fault is None:
            self._cp.fault = fault
            self._cp.changed(next(iter(self._cp.outlets.values())))

    def clear_fault(self, outlet: Outlet, command: ClearFault) -> Outcome:
        """What broke is mended."""
        if reason := self._why_not("clear_fault", outlet):
            return Refused(reason)
        self._cp.advance_metal()
        self._clear_fault(outlet)
        self._cp.changed(outlet)
        return Accepted()

    def unlock(self, outlet: Outlet, command: Unlock) -> Outcome:
        """The lock opens; a running transaction ends (OCPP 1.6 §5.18)."""
        if reason := self._why_not("unlock", outlet):
            return Refused(reason)
        self.open_lock(outlet)
        return Accepted("unlocked")

    def open_lock(self, outlet: Outlet) -> None:
        """Open the lock, for whoever asked."""
        if outlet.transaction is not None:
            self._cp.transactions.stop(outlet, Reason.unlock_command)
        self.release_cable(outlet)
        self._cp.note("lock", f"connector {outlet.number}: unlocked", outlet.number)
        self._cp.changed(outlet)

    def release_cable(self, outlet: Outlet) -> None:
        """Nobody's session holds the cable any more: the lock opens, if it can."""
        outlet.held_for = None
        if not outlet.metal.unlock():
            self._break(outlet, LOCK_FAILURE)

    def jam_lock(self, outlet: Outlet, command: JamLock) -> Outcome:
        """The lock sticks where it is; nothing shows until it is to move."""
        if reason := self._why_not("jam_lock", outlet):
            return Refused(reason)
        outlet.metal.lock_jammed = True
        self._cp.changed(outlet)
        return Accepted()

    def _break(self, outlet: Outlet, fault: ChargerFault) -> None:
        if outlet.metal.fault is None:
            outlet.metal.fault = fault
            outlet.fault_since = self._cp.now()

    def _clear_fault(self, outlet: Outlet) -> None:
        everywhere = self._cp.fault
        if everywhere is not None and outlet.metal.fault is everywhere:
            self._cp.fault = None
            for other in self._cp.outlets.values():
                if other.metal.fault is everywhere:
                    self._clear_fault(other)
                    self._cp.changed(other)
            return
        outlet.metal.fault = None
        outlet.fault_since = None
        outlet.metal.lock_jammed = False
        if outlet.transaction is None and outlet.held_for is None:
            outlet.metal.unlock()

    def _arriving(self, outlet: Outlet, name: str | None) -> Vehicle | None:
        """The vehicle that comes; the one that a transaction waits for, unless another is named."""
        garage = self._cp.build.garage
        absent = outlet.transaction.absent if outlet.transaction else None
        if absent is not None and (name or absent.kind.name).casefold() == (
            absent.kind.name.casefold()
        ):
            return absent
        if name is None:
            here = frozenset(
                other.metal.vehicle.kind.name
                for other in self._cp.outlets.values()
                if other.metal.vehicle is not None
            )
            self._arrivals += 1
            return Vehicle(next_to_arrive(garage, self._arrivals - 1, here))
        kind = named(garage, name)
        return Vehicle(kind) if kind else None

    def _why_not(self, action: str, outlet: Outlet) -> str | None:
        return why_not(action, self._cp.facts(outlet))


def _unusable(id_tag: str) -> str | None:
    return unsayable(Swipe(0, id_tag), TEXT_LIMITS) or None


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
