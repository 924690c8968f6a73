"""What is true of a connector, and what it would refuse: pure.

Status is derived from these facts, never set; each protocol has its own words for them, and a
function of its own that says which (`ocpp16.status`). Faults lie over everything and what is
beneath keeps moving, so that recovery lands right.

`why_not` asks the same facts before an act. Whoever wants to act (key, button, palette, HTTP, the
charge point itself) gets the same sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import NamedTuple


class Facts(NamedTuple):
    """What is true of one connector. `token` is the card of the transaction or the waiting one."""

    connector_id: int
    plugged: bool = False
    energized: bool = False
    """The contactor is closed: energy may flow."""
    ev_ready: bool = True
    evse_ready: bool = True
    ev_paused: bool = False
    evse_paused: bool = False
    withheld_by: str = ""
    """Whose limit lets nothing flow: `profile` (a charging profile), or a word as in
    `snapshot.LIMITERS`."""
    fault: str | None = None
    operative: bool = True
    leaving: bool = False
    """It goes out of service as soon as it is free."""
    reserved_for: str | None = None
    reserved_first: bool = False
    """The reservation was there before any vehicle: whoever's is plugged in, it stays Reserved."""
    authorizing: bool = False
    authorized: bool = False
    transaction: bool = False
    interrupted: bool = False
    """The transaction's vehicle was unplugged before; it may be back."""
    ended: bool = False
    """A transaction has ended and its cable is still in."""
    asleep: bool = False
    """The vehicle has given up: it charges no more before it is plugged in anew."""
    cable: bool = False
    """A detachable cable is in the socket, with or without a vehicle at its other end."""
    lockable: bool = True
    locked: bool = False
    lock_jammed: bool = False
    rebooting: bool = False
    updating: bool = False
    """New firmware is installed, or waits for the last session to end."""
    powered: bool = True
    """The mains are there."""
    keypad: bool = False
    """Codes can be typed."""
    bay_sensor: bool = False
    """A sensor says whether a car stands in the bay."""
    in_bay: bool = False
    token: str | None = None
    called: str = "connector"
    """What people call it in the protocol in use."""

    @property
    def place(self) -> str:
        """As a sentence names it: "connector 1"."""
        return f"{self.called} {self.connector_id}"


class ChargingState(Enum):
    """What a transaction is doing: an axis of its own, which OCPP 1.6 folds into the status."""

    IDLE = "no vehicle"
    CONNECTED = "a vehicle that may not charge yet, or no longer"
    PAUSED_BY_CHARGER = "the charger gives nothing"
    PAUSED_BY_VEHICLE = "the vehicle takes nothing"
    CHARGING = "energy may flow"


def charging_state(facts: Facts) -> ChargingState | None:
    """The state of a connector's transaction; None without one. Where both sides pause, it is the
    charger that counts (OCPP 1.6 §7.7, OCPP 2.0.1 chargingState)."""
    if not facts.transaction:
        return None
    if not facts.plugged:
        return ChargingState.IDLE
    if not facts.energized:
        return ChargingState.CONNECTED
    if not facts.evse_ready:
        return ChargingState.PAUSED_BY_CHARGER
    return ChargingState.CHARGING if facts.ev_ready else ChargingState.PAUSED_BY_VEHICLE


NO_POWER = "the charge point has no power: power it on first"
REBOOTING = "the charge point is rebooting: wait until it is back"

Rule = Callable[[Facts], "str | None"]


def _no_vehicle(facts: Facts) -> str | None:
    return None if facts.plugged else f"{facts.place} has no vehicle: plug in first"


def _has_vehicle(facts: Facts) -> str | None:
    if facts.plugged:
        return f"{facts.place} already has a vehicle: unplug it first"
    return None


def _nothing_to_unplug(facts: Facts) -> str | None:
    if facts.plugged:
        return None
    return f"{facts.place} has no vehicle to unplug"


def _faulted(facts: Facts) -> str | None:
    if facts.fault:
        return f"{facts.place} is Faulted ({facts.fault}): clear the fault first"
    return None


def _out_of_service(facts: Facts) -> str | None:
    if facts.updating and not facts.transaction:
        return f"{facts.place} waits for new firmware: try again after the reboot"
    if facts.leaving and not facts.transaction:
        return f"{facts.place} is about to go out of service: unplug the vehicle"
    if facts.operative or facts.transaction:
        return None
    return f"{facts.place} is Unavailable: the CSMS has taken it out of service"


def _rebooting(facts: Facts) -> str | None:
    return REBOOTING if facts.rebooting else None


def _no_power(facts: Facts) -> str | None:
    return None if facts.powered else NO_POWER


def _waiting_for_answer(facts: Facts) -> str | None:
    if facts.authorizing:
        return f"{facts.place} still waits for the answer to a card: try again"
    return None


def _already_starting(facts: Facts) -> str | None:
    if facts.transaction:
        return f"{facts.place} is already charging for {facts.token}: stop first"
    if facts.authorized and facts.plugged:
        return f"{facts.place} is already starting for {facts.token}: wait"
    return None


def _waiting_for_plug(facts: Facts) -> str | None:
    if facts.authorized and not facts.plugged:
        return f"{facts.place} waits for the vehicle of {facts.token}"
    return None


def _no_transaction(facts: Facts) -> str | None:
    if facts.transaction:
        return None
    return f"{facts.place} has no transaction: start one first"


def _nothing_to_stop(facts: Facts) -> str | None:
    if facts.transaction:
        return None
    return f"{facts.place} has no transaction to stop"


def _vehicle_away(facts: Facts) -> str | None:
    if facts.plugged:
        return None
    return f"the vehicle of {facts.place} is unplugged: plug it in first"


def _asleep(facts: Facts) -> str | None:
    if facts.asleep:
        return f"the vehicle at {facts.place} sleeps already: unplug it first"
    return None


def _ev_paused(facts: Facts) -> str | None:
    if facts.ev_paused:
        return f"the vehicle at {facts.place} pauses already: resume it"
    return None


def _evse_paused(facts: Facts) -> str | None:
    if facts.evse_paused:
        return f"{facts.place} pauses already: resume it"
    return None


def _nothing_to_resume(facts: Facts) -> str | None:
    if facts.ev_paused or facts.evse_paused or facts.fault or facts.lock_jammed:
        return None
    if facts.transaction and facts.plugged and not facts.ev_ready:
        return f"the vehicle at {facts.place} takes nothing by itself: wait for it"
    if facts.transaction and facts.withheld_by == "profile":
        return f"a charging profile holds {facts.place} at 0 W: the CSMS has to change or clear it"
    if facts.transaction and facts.withheld_by:
        return f"{facts.place} gets 0 W ({facts.withheld_by}): that limit has to end first"
    return f"{facts.place} is neither suspended nor faulted: nothing to resume"


def _fault_already(facts: Facts) -> str | None:
    if facts.fault:
        return f"{facts.place} is Faulted ({facts.fault}) already: clear it first"
    return None


def _nothing_to_clear(facts: Facts) -> str | None:
    if facts.fault or facts.lock_jammed:
        return None
    return f"{facts.place} has no fault to clear"


def _no_lock(facts: Facts) -> str | None:
    if facts.lockable:
        return None
    return f"{facts.place} has a fixed cable: there is no lock to open"


def _lock_jammed(facts: Facts) -> str | None:
    if facts.lock_jammed:
        return f"the lock of {facts.place} is jammed: clear the fault first"
    return None


def _no_cable(facts: Facts) -> str | None:
    if facts.cable:
        return None
    return f"{facts.place} has no cable to take away"


def _cable_locked(facts: Facts) -> str | None:
    if facts.locked:
        return f"{facts.place} holds the cable: show the card again or unlock it"
    return None


def _no_keypad(facts: Facts) -> str | None:
    if facts.keypad:
        return None
    return (
        f"{facts.place} has no keypad: start with EQUIPMENT=keypad and OCPP 2.0.1, or choose a "
        "model that has one"
    )


def _no_bay_sensor(facts: Facts) -> str | None:
    if facts.bay_sensor:
        return None
    return (
        f"the bay of {facts.place} has no sensor: start with EQUIPMENT=bay_sensor, or choose a "
        "model that has one"
    )


def _bay_taken(facts: Facts) -> str | None:
    if facts.in_bay:
        return f"a car stands in the bay of {facts.place} already: let it drive off first"
    return None


def _bay_empty(facts: Facts) -> str | None:
    return None if facts.in_bay else f"the bay of {facts.place} is empty: nobody can leave it"


def _still_plugged(facts: Facts) -> str | None:
    return (
        f"the car in the bay of {facts.place} is plugged in: unplug it" if facts.plugged else None
    )


RULES: dict[str, tuple[Rule, ...]] = {
    "plug": (_has_vehicle,),
    "unplug": (_nothing_to_unplug,),
    "drive_in": (_no_bay_sensor, _bay_taken),
    "drive_off": (_no_bay_sensor, _bay_empty, _still_plugged),
    "remove_cable": (_no_cable, _cable_locked),
    "swipe": (_no_power, _rebooting, _waiting_for_answer, _faulted, _out_of_service),
    "type_code": (
        _no_keypad,
        _no_power,
        _rebooting,
        _waiting_for_answer,
        _faulted,
        _out_of_service,
    ),
    "local_start": (
        _no_power,
        _rebooting,
        _waiting_for_answer,
        _faulted,
        _out_of_service,
        _already_starting,
        _no_vehicle,
    ),
    "remote_start": (
        _no_power,
        _rebooting,
        _waiting_for_answer,
        _faulted,
        _out_of_service,
        _already_starting,
        _waiting_for_plug,
    ),
    "local_stop": (_nothing_to_stop, _rebooting),
    "ev_stop": (_nothing_to_stop, _vehicle_away),
    "ev_give_up": (_no_vehicle, _asleep),
    "suspend_ev": (_faulted, _no_transaction, _ev_paused),
    "suspend_evse": (_faulted, _no_transaction, _evse_paused),
    "resume": (_nothing_to_resume,),
    "fault": (_fault_already,),
    "clear_fault": (_nothing_to_clear,),
    "unlock": (_no_power, _no_lock, _lock_jammed),
    "jam_lock": (_no_lock, _lock_jammed),
}
"""Name of an act on a connector -> what may speak against it, the most telling first."""


def why_not(action: str, facts: Facts) -> str | None:
    """The sentence that refuses `action` while `facts` hold, or None when nothing is against it."""
    for rule in RULES[action]:
        if sentence := rule(facts):
            return sentence
    return None


@lru_cache(maxsize=1024)
def refusals(facts: Facts) -> dict[str, str]:
    """Every act that would be refused now, with its sentence. The same facts, the same object."""
    return {name: sentence for name in RULES if (sentence := why_not(name, facts))}
