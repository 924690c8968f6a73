"""One connector as the firmware sees it: the metal, and the facts of its session.

Facts only. A word of a protocol is derived from them, and whoever changes one tells the charger,
which looks at the whole again.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sim_core.charging.condition import Condition
from sim_core.charging.facts import ChargingState, Facts
from sim_core.charging.points import FailedStart
from sim_core.charging.profile import Profile
from sim_core.charging.vocabulary import Cause
from sim_core.hardware.faults import ChargerFault
from sim_core.hardware.meter import Reading
from sim_core.hardware.outlet import Outlet
from sim_core.hardware.vehicle import Vehicle
from sim_core.runtime.clock import Timer
from sim_core.snapshot import TRACE_LENGTH
from sim_core.store.records import Reservation

LOCK_FAILURE = ChargerFault("ConnectorLockFailure")


@dataclass(frozen=True)
class Authorization:
    """A card that may charge. It lives apart from the transaction that it may start."""

    token: str
    group: str | None = None
    by: Cause = Cause.CARD
    """How it came: shown at the reader, sent from afar, or said by the vehicle."""
    profile: Profile | None = None
    """The charging profile that came with it, for the transaction that it starts."""


@dataclass(slots=True)
class Transaction:
    """A running transaction. `key` is ours; `transaction_id` is what the CSMS knows it by."""

    key: int
    token: str
    group: str | None
    started_at: datetime
    meter_start_wh: int
    transaction_id: int | str | None = None
    deauthorized: bool = False
    """The CSMS did not accept the card after all: no energy."""
    refused: bool = False
    """What follows from a card that the CSMS did not accept has been done."""
    interrupted: bool = False
    """Its vehicle was unplugged, and it went on."""
    met: dict[str, int] = field(default_factory=dict)
    """How many samples were met in each context, of those kept for the end."""
    stride: int = 1
    """Of so many samples one is kept."""
    cut_off: bool = False
    """A power loss has interrupted it, and it is only there to be stopped."""
    absent: Vehicle | None = None
    """The vehicle that was unplugged and is not back."""
    vehicle: str | None = None
    """Name of the vehicle that it began with."""
    soc_begin_percent: float | None = None
    """What was in its battery then."""


NO_TRACE: Final[deque[float]] = deque(maxlen=0)
"""Of a connector that no screen shows: a place for a trace would be most of its memory."""


@dataclass(frozen=True)
class StartFault:
    """A fault that shows when the next transaction starts, and how that start fails."""

    fault: ChargerFault
    passes_s: float
    start: FailedStart


@dataclass(slots=True)
class Connector:
    """One connector, number 1 and up."""

    number: int
    metal: Outlet
    lockable: bool
    in_service: bool = True
    """As the CSMS wants it, lastingly."""
    operative: bool = True
    """As it is: a busy connector goes out of service only when it is free."""
    leaving: bool = False
    """It goes out of service as soon as it is free."""
    authorizing: str | None = None
    """The card whose answer is awaited."""
    authorization: Authorization | None = None
    authorized_at_s: float | None = None
    """When the waiting card was accepted."""
    plug_by: datetime | None = None
    plug_timer: Timer | None = None
    starting: bool = False
    """Authorised and plugged: the cable check runs."""
    transaction: Transaction | None = None
    ended: bool = False
    held_for: str | None = None
    """A transaction has ended and its cable stays locked until this card comes back."""
    fault_since: datetime | None = None
    mac_at_s: float | None = None
    """When the vehicle has said its id; None while there is no handshake to wait for."""
    ready_at_s: float | None = None
    """When the cable check is over that began with the plug."""
    start_fault: StartFault | None = None
    """A fault that shows when the next transaction starts."""
    asleep_since_s: float | None = None
    """Since when the vehicle has given up: it charges no more before it is plugged in anew."""
    remote_start_at_s: float | None = None
    trace_w: deque[float] = field(default_factory=lambda: NO_TRACE)
    """Power, one value a second of its own time."""
    drawn_w: deque[float] = field(default_factory=lambda: NO_TRACE)
    """The same as a screen draws it: one value for each `drawn_step_s`."""
    drawn_step_s: int = 1
    """Where time passes faster than on the wall, a screen needs fewer values."""
    traced: int = 0
    vehicle_name: str | None = None
    reservation: Reservation | None = None
    """For whom it is held: what `reservations` has derived last."""
    reserved_first: bool = False
    """It was held already when the vehicle came that stands there, if one does."""
    fault_told: ChargerFault | None = None
    """What was broken when it was told last."""
    charging_state: ChargingState | None = None
    """As it was told last; None without a transaction."""
    keypad: bool = False
    """Codes can be typed."""
    bay_sensor: bool = False
    """A sensor says whether a car stands in the bay."""
    in_bay: bool = False
    """One does, as far as a sensor has seen."""
    called: str = "connector"
    """What people call it in the protocol in use."""

    # -- what shows --------------------------------------------------

    def trace(self) -> None:
        """Write down the power of now, for a screen."""
        if self.trace_w is NO_TRACE:
            self.trace_w = deque(maxlen=TRACE_LENGTH)
            self.drawn_w = self.trace_w
            if self.drawn_step_s > 1:
                self.drawn_w = deque(maxlen=TRACE_LENGTH)
        self.trace_w.append(self.metal.power_w)
        self.traced += 1
        if self.drawn_w is not self.trace_w and self.traced % self.drawn_step_s == 0:
            self.drawn_w.append(self.metal.power_w)

    def forget_trace(self) -> None:
        """There is nothing to draw any more."""
        self.trace_w.clear()
        self.drawn_w.clear()

    @property
    def place(self) -> str:
        """As a sentence names it: "connector 1"."""
        return f"{self.called} {self.number}"

    def reading(self) -> Reading:
        """What the meter shows."""
        return self.metal.reading()

    def facts(self, condition: Condition) -> Facts:
        """What is true of this connector now, in a charger in this condition."""
        metal, transaction = self.metal, self.transaction
        waiting = self.authorization.token if self.authorization else None
        # Until the contactor closes nothing flows anyhow: §4.9 knows no way back to Preparing.
        withheld_by = metal.withheld_by if metal.contactor_closed else ""
        return Facts(
            connector_id=self.number,
            plugged=metal.plugged,
            energized=metal.contactor_closed,
            ev_ready=metal.ev_ready,
            evse_ready=not metal.evse_paused
            and not withheld_by
            and not (transaction and transaction.deauthorized),
            ev_paused=metal.ev_paused,
            evse_paused=metal.evse_paused,
            withheld_by=withheld_by,
            fault=metal.fault.error_code if metal.fault else None,
            operative=self.operative,
            leaving=self.leaving,
            reserved_for=self.reservation.token if self.reservation else None,
            reserved_first=self.reserved_first,
            authorizing=self.authorizing is not None,
            authorized=self.authorization is not None,
            transaction=transaction is not None,
            interrupted=bool(transaction and transaction.interrupted),
            ended=self.ended,
            asleep=self.asleep_since_s is not None,
            cable=metal.cable_in,
            lockable=self.lockable,
            locked=metal.locked,
            lock_jammed=metal.lock_jammed,
            rebooting=condition.rebooting,
            updating=condition.updating,
            powered=condition.powered,
            token=transaction.token if transaction else waiting,
            keypad=self.keypad,
            bay_sensor=self.bay_sensor,
            in_bay=self.in_bay,
            called=self.called,
        )

    @property
    def busy(self) -> bool:
        """Somebody is using it. A stopped vehicle that is still plugged does not count, nor does
        one for whom a reserved connector stays Reserved."""
        return bool(
            self.transaction
            or self.authorization
            or self.authorizing
            or (self.metal.occupied and not self.ended and not self.reserved_first)
        )

    def same_card(self, token: str) -> bool:
        """Whether this is the card of the transaction or of the waiting authorisation. Cards are
        compared without case."""
        holder = self.transaction or self.authorization
        return holder is not None and holder.token.casefold() == token.casefold()

    # -- what becomes of it ------------------------------------------

    def begin_anew(self) -> None:
        """It comes back into service: a vehicle that stands there is Preparing then (§4.9 H2), for
        no way leads from Unavailable to Finishing."""
        if not self.operative:
            self.ended = False

    def apply_availability(self, charger_open: bool) -> None:
        """Let what the CSMS wants come true as far as it may (OCPP 1.6 §5.2)."""
        if self.in_service and charger_open:
            self.operative = True
            self.leaving = False
        elif self.operative:
            self.operative = self.leaving = self.busy

    def drop_authorization(self) -> None:
        """The waiting card no longer counts."""
        self.authorization = self.authorized_at_s = None
        self.starting = False
        self.stop_waiting_for_plug()

    def stop_waiting_for_plug(self) -> None:
        """Nothing lapses any more."""
        self.plug_by = None
        if self.plug_timer is not None:
            self.plug_timer.cancel()
            self.plug_timer = None

    def break_down(self, fault: ChargerFault, at: datetime) -> None:
        """Something breaks; what was broken before stays what shows."""
        if self.metal.fault is None:
            self.metal.fault = fault
            self.fault_since = at

    def mend(self) -> None:
        """What broke is mended, and the lock moves again."""
        self.metal.fault = None
        self.fault_since = None
        self.metal.lock_jammed = False
        if self.transaction is None and self.held_for is None:
            self.metal.unlock()

    def release_cable(self, at: datetime) -> None:
        """Nobody's session holds the cable any more: the lock opens, if it can."""
        self.held_for = None
        if not self.metal.unlock():
            self.break_down(LOCK_FAILURE, at)
