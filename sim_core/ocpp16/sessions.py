"""What happens at the charge point: cables, cards, buttons, faults (OCPP 1.6 §3.5, §4.8, §4.10).

One method a command. Each asks `why_not` first, changes facts at once, and only then waits for
anybody; after a wait it looks at the facts again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ocpp.v16.enums import Reason

from sim_core.commands import (
    ERROR_CODES,
    Accepted,
    ClearFault,
    InjectFault,
    Outcome,
    Plug,
    Refused,
    Resume,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unlock,
    Unplug,
)
from sim_core.hardware.connector import Fault
from sim_core.hardware.status import why_not
from sim_core.hardware.vehicle import GARAGE, Vehicle, VehicleType
from sim_core.ocpp16.outlet import Authorization, Outlet

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint


class Sessions:
    """Carries out what people and vehicles do."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self._arrivals = 0

    # -- the vehicle -------------------------------------------------

    def plug(self, outlet: Outlet, command: Plug) -> Outcome:
        """A vehicle arrives and is plugged in."""
        if reason := self._why_not("plug", outlet):
            return Refused(reason)
        kind = self._vehicle(command.vehicle)
        if kind is None:
            names = ", ".join(vehicle.name for vehicle in GARAGE)
            return Refused(f"there is no vehicle {command.vehicle!r}; there are: {names}")
        cp = self._cp
        cp.advance_metal()
        outlet.metal.plug(Vehicle(kind))
        outlet.vehicle_name = kind.name
        outlet.ended = False
        cp.note("vehicle", f"connector {outlet.number}: {kind.name} plugged in", outlet.number)
        cp.changed(outlet)
        transaction = outlet.transaction
        if transaction is not None:  # the vehicle of a suspended transaction is back
            outlet.metal.permitted = not transaction.deauthorized
            cp.after(cp.timing.energize_s, lambda: self._energize_again(outlet))
        elif outlet.authorization is not None:
            self._start_when_checked(outlet)
        elif cp.configuration.flag("AutoCharge") and kind.vid is not None:
            cp.spawn(self._auto_charge(outlet, kind.vid))
        return Accepted()

    def unplug(self, outlet: Outlet, command: Unplug) -> Outcome:
        """The cable comes out on the vehicle's side."""
        if reason := self._why_not("unplug", outlet):
            return Refused(reason)
        cp = self._cp
        cp.advance_metal()
        outlet.starting = False
        ends = cp.configuration.flag("StopTransactionOnEVSideDisconnect")
        if outlet.transaction is not None and ends:
            outlet.metal.unplug()
            outlet.vehicle_name = None
            cp.transactions.stop(outlet, Reason.ev_disconnected)
        else:
            outlet.metal.unplug()
            outlet.vehicle_name = None
            if outlet.transaction is None:
                self.drop_authorization(outlet)
        outlet.ended = False
        cp.note("vehicle", f"connector {outlet.number}: unplugged", outlet.number)
        cp.changed(outlet)
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
        if outlet.same_card(id_tag):
            if outlet.transaction is not None:
                self._cp.transactions.stop(outlet, Reason.local, outlet.transaction.id_tag)
                return Accepted("stopped")
            self.drop_authorization(outlet)
            self._cp.changed(outlet)
            return Accepted("the card is taken back")
        if outlet.transaction is not None:
            return await self._stop_by_relative(outlet, id_tag)
        return await self._authorize(outlet, id_tag)

    async def start(self, outlet: Outlet, command: Start) -> Outcome:
        """A swipe that demands a plugged vehicle and never stops."""
        id_tag = command.id_tag or self._cp.build.default_id_tag
        if reason := _unusable(id_tag) or self._why_not("local_start", outlet):
            return Refused(reason)
        return await self._authorize(outlet, id_tag)

    def stop(self, outlet: Outlet, command: Stop) -> Outcome:
        """The driver ends the transaction at the charge point."""
        if reason := self._why_not("local_stop", outlet):
            return Refused(reason)
        self._cp.transactions.stop(outlet, Reason.local)
        return Accepted()

    async def remote_start(self, outlet: Outlet, id_tag: str) -> None:
        """What RemoteStartTransaction asked for, after it was answered (OCPP 1.6 §5.11)."""
        if self._cp.configuration.flag("AuthorizeRemoteTxRequests"):
            outcome = await self._authorize(outlet, id_tag)
            if isinstance(outcome, Refused):
                self._cp.note(
                    "authorization",
                    f"connector {outlet.number}: remote start refused: {outcome.reason}",
                    outlet.number,
                )
        else:
            self._authorized(outlet, Authorization(id_tag))

    def drop_authorization(self, outlet: Outlet) -> None:
        """The waiting card no longer counts."""
        outlet.authorization = None
        outlet.plug_by = None
        outlet.starting = False
        if outlet.plug_timer is not None:
            outlet.plug_timer.cancel()
            outlet.plug_timer = None

    async def _authorize(self, outlet: Outlet, id_tag: str) -> Outcome:
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
        self._authorized(outlet, Authorization(id_tag, verdict.parent_id_tag))
        if outlet.metal.plugged:
            return Accepted("authorised, starting")
        return Accepted("authorised: plug in the vehicle")

    def _authorized(self, outlet: Outlet, card: Authorization) -> None:
        cp = self._cp
        outlet.authorization = card
        cp.note(
            "authorization", f"connector {outlet.number}: {card.id_tag} may charge", outlet.number
        )
        if outlet.metal.plugged:
            self._start_when_checked(outlet)
        else:
            wait_s = cp.configuration.number("ConnectionTimeOut")
            if wait_s > 0:
                outlet.plug_by = cp.now() + timedelta(seconds=wait_s)
                outlet.plug_timer = cp.clock.call_later(wait_s, lambda: self._lapse(outlet, card))
        cp.changed(outlet)

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
            if outlet.metal.fault is not None:
                self.drop_authorization(outlet)
                cp.changed(outlet)
                return
            cp.transactions.begin(outlet, card)

        cp.after(cp.timing.cable_check_s, checked)

    async def _stop_by_relative(self, outlet: Outlet, id_tag: str) -> Outcome:
        """Another card: it may stop when both have the same parentIdTag (§3.5.1, §4.10)."""
        transaction = outlet.transaction
        outlet.authorizing = id_tag
        self._cp.changed(outlet)
        try:
            verdict = await self._cp.authorizer.decide(id_tag)
        finally:
            outlet.authorizing = None
            self._cp.changed(outlet)
        if outlet.transaction is None or outlet.transaction is not transaction:
            return Refused(f"connector {outlet.number}: the transaction has ended meanwhile")
        parent = transaction.parent_id_tag
        related = parent and verdict.parent_id_tag and parent == verdict.parent_id_tag
        if verdict.accepted and related:
            self._cp.transactions.stop(outlet, Reason.local, id_tag)
            return Accepted("stopped")
        return Refused(
            f"connector {outlet.number} charges for {transaction.id_tag}: {id_tag} cannot stop it"
        )

    async def _auto_charge(self, outlet: Outlet, vid: str) -> None:
        """The vehicle's own id serves as card, as chargers with AutoCharge do."""
        outcome = await self._authorize(outlet, vid)
        if isinstance(outcome, Refused):
            self._cp.note(
                "authorization",
                f"connector {outlet.number}: AutoCharge refused: {outcome.reason}",
                outlet.number,
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
        if reason := self._why_not("fault", outlet):
            return Refused(reason)
        self._cp.advance_metal()
        outlet.metal.fault = Fault(
            command.error_code, (command.vendor_error_code or "")[:50], (command.info or "")[:50]
        )
        outlet.fault_since = self._cp.now()
        self._cp.changed(outlet)
        return Accepted()

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
        if outlet.lock_jammed:
            return Refused(f"the lock of connector {outlet.number} is jammed")
        self.open_lock(outlet)
        return Accepted("unlocked")

    def open_lock(self, outlet: Outlet) -> None:
        """Open the lock, for whoever asked."""
        if outlet.transaction is not None:
            self._cp.transactions.stop(outlet, Reason.unlock_command)
        self._cp.note("lock", f"connector {outlet.number}: unlocked", outlet.number)

    def _clear_fault(self, outlet: Outlet) -> None:
        outlet.metal.fault = None
        outlet.fault_since = None

    def _energize_again(self, outlet: Outlet) -> None:
        if outlet.transaction is not None and outlet.metal.plugged:
            self._cp.advance_metal()
            outlet.metal.close_contactor()
            self._cp.changed(outlet)

    def _vehicle(self, name: str | None) -> VehicleType | None:
        if name is None:
            kind = GARAGE[self._arrivals % len(GARAGE)]
            self._arrivals += 1
            return kind
        return next((v for v in GARAGE if v.name.casefold() == name.casefold()), None)

    def _why_not(self, action: str, outlet: Outlet) -> str | None:
        return why_not(action, self._cp.facts(outlet))


def _unusable(id_tag: str) -> str | None:
    if 1 <= len(id_tag) <= 20 and id_tag.isprintable():
        return None
    return "an idTag has 1 to 20 printable characters"
