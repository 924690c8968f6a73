"""What may be done at a connector: a command, and who carries it out. One row a command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sim_core.charging.bays import Bays
from sim_core.charging.cards import Cards
from sim_core.charging.connector import Connector
from sim_core.charging.faults import Faults
from sim_core.charging.keypad import Keypad
from sim_core.charging.locks import Locks
from sim_core.charging.pauses import Pauses
from sim_core.charging.vehicles import Vehicles
from sim_core.commands import (
    ClearFault,
    Command,
    DriveIn,
    DriveOff,
    EVGiveUp,
    EVStop,
    InjectFault,
    JamLock,
    Outcome,
    Plug,
    RemoveCable,
    Resume,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    TypeCode,
    Unlock,
    Unplug,
)

Act = Callable[[Connector, Any], "Outcome | Awaitable[Outcome]"]


@dataclass(frozen=True, slots=True)
class Doers:
    """Who carries out what people and vehicles do."""

    vehicles: Vehicles
    bays: Bays
    cards: Cards
    keypad: Keypad
    pauses: Pauses
    faults: Faults
    locks: Locks


ACTS: dict[type[Command], Callable[[Doers], Act]] = {
    Plug: lambda do: do.vehicles.plug,
    Unplug: lambda do: do.vehicles.unplug,
    DriveIn: lambda do: do.bays.drive_in,
    DriveOff: lambda do: do.bays.drive_off,
    RemoveCable: lambda do: do.vehicles.remove_cable,
    Swipe: lambda do: do.cards.swipe,
    TypeCode: lambda do: do.keypad.type_code,
    Start: lambda do: do.cards.start,
    Stop: lambda do: do.cards.stop,
    EVStop: lambda do: do.vehicles.stop,
    EVGiveUp: lambda do: do.vehicles.give_up,
    SuspendEV: lambda do: do.pauses.suspend_ev,
    SuspendEVSE: lambda do: do.pauses.suspend_evse,
    Resume: lambda do: do.pauses.resume,
    InjectFault: lambda do: do.faults.inject,
    ClearFault: lambda do: do.faults.clear,
    Unlock: lambda do: do.locks.unlock,
    JamLock: lambda do: do.locks.jam,
}


async def carry_out(doers: Doers, connector: Connector, command: Command) -> Outcome:
    """Do what a command on a connector asks; returns once it is decided."""
    outcome = ACTS[type(command)](doers)(connector, command)
    return await outcome if isinstance(outcome, Awaitable) else outcome
