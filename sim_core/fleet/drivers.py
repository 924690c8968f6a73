"""The drivers of a fleet: a connector is visited, charges, is left, and is visited again.

They act as people do, by commands, and everything they do follows from their seed. What a charge
point refuses is counted and not insisted on.

There are two kinds of load. In a closed one (`visit`) each connector has drivers of its own, who
come back a while after the last has left: a CSMS that answers slowly is asked less. In an open one
(`arrive`) so many come an hour, whatever the answers take, as on a road.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sim_core.commands import Command, EVStop, Plug, Refused, Start, Stop, Unplug
from sim_core.runtime.clock import Clock
from sim_core.station import Station

NEVER_SHORTER_S = 5.0
"""Nobody plugs in for less, however the dice fall."""
NONE_FREE = "no connector was free"
EV_ENDS = 0.3
"""The share of sessions that the vehicle ends, not its driver."""


@dataclass(frozen=True)
class Habits:
    """How long drivers stay, and how long a connector is free then, on average."""

    session_s: float
    pause_s: float


@dataclass
class Visits:
    """What has come of all visits so far."""

    begun: int = 0
    """Visits that charge or have charged."""
    ended: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Why the others came to nothing, in words that fit every charge point: the reasons stay
    few."""

    def refuse(self, reason: str, id_tag: str) -> None:
        """Count a visit that came to nothing."""
        self.refused[in_general(reason, id_tag)] += 1


def in_general(reason: str, id_tag: str) -> str:
    """A refusal without what is only of one charge point: its connector, its card, the hour."""
    reason = reason.replace(f"the card {id_tag}", "the card").replace(id_tag, "the card")
    reason = re.sub(r" until [-0-9: ]+ UTC", "", reason)
    reason = re.sub(r"\bconnector \d+", "the connector", reason)
    return re.sub(r"\d+", "N", reason)


class Bay(NamedTuple):
    """Where somebody may charge, and the card that is shown there."""

    number: int
    """Of the charge point."""
    station: Station
    connector_id: int
    id_tag: str


async def visit(
    bay: Bay, habits: Habits, *, clock: Clock, rng: random.Random, visits: Visits
) -> None:
    """Visit one connector for ever; what comes of it is counted in `visits`."""
    station, connector_id = bay.station, bay.connector_id
    await station.accepted()
    await clock.sleep(rng.uniform(0, habits.pause_s))  # not everybody at once
    if station.charger.connectors[connector_id].metal.plugged:  # since the last run
        await station.submit(Stop(connector_id))
        await station.submit(Unplug(connector_id))
    while True:
        await _charge(bay, habits, clock=clock, rng=rng, visits=visits)
        await clock.sleep(_around(habits.pause_s, rng))


async def arrive(
    free_bay: Callable[[random.Random], Bay | None],
    begin: Callable[[Bay, Coroutine[Any, Any, None]], None],
    per_s: float,
    ramp_s: float,
    habits: Habits,
    *,
    clock: Clock,
    rng: random.Random,
    visits: Visits,
) -> None:
    """Let drivers come for ever, `per_s` of them each second once `ramp_s` has passed, fewer
    before: each takes a bay that is free, or goes on. `begin` lets a visit go on beside."""
    begun_s = clock.monotonic()
    while True:
        await clock.sleep(rng.expovariate(per_s))
        if ramp_s and rng.random() * ramp_s > clock.monotonic() - begun_s:
            continue
        bay = free_bay(rng)
        if bay is None:
            visits.refused[NONE_FREE] += 1
            continue
        own = random.Random(rng.random())
        begin(bay, _charge(bay, habits, clock=clock, rng=own, visits=visits))


async def _charge(
    bay: Bay, habits: Habits, *, clock: Clock, rng: random.Random, visits: Visits
) -> None:
    """One visit."""
    _, station, connector_id, id_tag = bay
    if await _agreed(station, Plug(connector_id), id_tag, visits):
        if await _agreed(station, Start(connector_id, id_tag), id_tag, visits):
            visits.begun += 1
            await clock.sleep(_around(habits.session_s, rng))
            ends = EVStop if rng.random() < EV_ENDS else Stop
            await station.submit(ends(connector_id))  # the CSMS may have stopped it before
            visits.ended += 1
        await station.submit(Unplug(connector_id))


def _around(mean_s: float, rng: random.Random) -> float:
    """A length of time with this mean: many are short, a few are long."""
    return max(NEVER_SHORTER_S, rng.expovariate(1 / mean_s))


async def _agreed(station: Station, command: Command, id_tag: str, visits: Visits) -> bool:
    outcome = await station.submit(command)
    if isinstance(outcome, Refused):
        visits.refuse(outcome.reason, id_tag)
        return False
    return True
