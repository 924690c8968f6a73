"""The named points at which makes differ, and what the text of OCPP has in mind at each.

A habit of a make hangs on one of these points (`habits`), and nobody else knows of it: whoever
comes to a point takes what lies there. Most points are data; where chance or the moment decides it
is a function without a memory. Charge points of one make share their points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from sim_core.charging.vocabulary import Context, StopReason


class Chance(Protocol):
    """What a habit draws with."""

    def random(self) -> float: ...

    def uniform(self, a: float, b: float, /) -> float: ...


Measurands = tuple[str, ...]


def _as_set(interval_s: float, others_busy: Callable[[], bool], chance: Chance) -> float:
    return interval_s


def _never(of: float, chance: Chance) -> float | None:
    return None


def _at_once(chance: Chance) -> float:
    return 0.0


def _all(measurands: Measurands, context: Context) -> Measurands:
    return measurands


def _always(
    measurands: Measurands, context: Context, occasion: Occasion, chance: Chance
) -> Measurands:
    return measurands


@dataclass(frozen=True)
class Occasion:
    """What else is known where a sample is told."""

    limited: bool = False
    """A charging profile limits."""
    reason: StopReason | None = None
    """Why the transaction ends, if it does."""


@dataclass(frozen=True)
class OfferedTold:
    """How a make tells the power that it offers. `often` weighs it where a make has several."""

    often: int
    offered_w: Callable[[OfferedFacts], float]


@dataclass(frozen=True)
class OfferedFacts:
    """What is known where an offered power is told."""

    power_w: float
    rated_w: float
    most_w: float
    """What cabinet and charging profiles allow."""
    trace_w: Sequence[float]
    """The last minutes, one value a tick, newest last."""


@dataclass(frozen=True)
class FailedStart:
    """How a transaction ends that has failed as it began. Spans that chance draws from."""

    ends_s: tuple[float, float]
    """Its end is so long after its begin."""
    told_s: tuple[float, float]
    """It is told so long after its other messages."""
    untold: frozenset[str] = frozenset()
    """Measurands that the sample of its begin has not."""


@dataclass(frozen=True)
class SleepyVehicle:
    """How a start fails whose vehicle sleeps, be it that it waited too long for its
    authorisation, or that it has given up."""

    waits_s: float
    """So long after its handshake it still waits."""
    noticed_s: float
    """So long after the authorisation the charger notices that it sleeps."""
    shows_s: float
    """It is off the line, and so long after the begin that shows."""
    away_s: float
    """So long after that it is back."""
    light_s: float
    """So long its sleep is light."""
    light: FailedStart
    """How a start out of a light sleep fails: with the reason Other."""
    deep: FailedStart
    """The same out of a deep sleep: EVDisconnected."""


@dataclass(frozen=True)
class OwnFaults:
    """The make's own fault codes, which strike as the model's file says."""

    passes_s: float
    """One that is found at a start passes by itself after so long."""
    start: FailedStart


@dataclass(frozen=True)
class VainStart:
    """A remote start beside a charging connector that comes to nothing."""

    takes_s: float
    """From the authorisation to the begin of the transaction."""
    remote_s: float
    """What began longer after the remote start is none of its."""
    shows_s: float
    """So long after the begin it shows that the transaction is over."""
    start: FailedStart


@dataclass(frozen=True)
class Points:
    """One field a point."""

    # -- samples -----------------------------------------------------
    sample_interval_s: Callable[[float, Callable[[], bool], Chance], float] = _as_set
    """From the interval that was set, whether other connectors are busy, and chance: the interval
    to the next sample."""
    first_sample_s: Callable[[float, Chance], float | None] = _never
    """From the interval: when the first sample of a transaction comes; None: after an interval."""
    early_sample_s: Callable[[float, Chance], float | None] = _never
    """From the seconds to the start of a transaction: in how many seconds a sample comes before it
    does; None: there is none."""
    restart_sample_s: float | None = None
    """So long before a restarted process dials it samples what charges; None: the next sample comes
    when its interval is over."""
    aligned_late_s: Callable[[Chance], float] = _at_once
    """How much later than its moment a sample by the clock is taken."""
    aligned_apart_s: float = 0.0
    """How far apart those of two connectors are."""
    even_ticks: bool = False
    """What is told depends on what was a few ticks ago: the metal is looked at every second."""

    # -- what a sample says ------------------------------------------
    measurands: Callable[[Measurands, Context, Occasion, Chance], Measurands] = _always
    """From what is to be said, the context, what else is known, and chance: what is said."""
    kept_measurands: Callable[[Measurands, Context], Measurands] = _all
    """The same of what is kept for the end of the transaction; nothing: it is not kept."""
    offered: tuple[OfferedTold, ...] = ()
    """How the offered power is told, where it is not told as it is."""
    frozen_s: float = 0.0
    """How long voltage and current stand still after the process has restarted."""
    whole_wh: Callable[[float], int] = int
    """The register as the begin and the end of a transaction have it."""

    # -- cards and starts --------------------------------------------
    ids_beside_s: float | None = None
    """A vehicle's own id is asked about beside a card that is being asked about, or was accepted
    less than so long ago; None: the id gives way to the card."""
    ids_after_restart_s: Callable[[int, Chance], float] | None = None
    """From how many waiting vehicles come before: how long after the CSMS hears a restarted charger
    again a vehicle says its own id anew; None: it has said it."""
    asks_for_any_card: bool = False
    """Another card than that of the transaction is asked about, whether or not it could stop it."""
    sleepy_vehicle: SleepyVehicle | None = None
    """What comes of starting a vehicle that sleeps, and when it falls asleep by itself; None: it
    waits for ever, and where it was made to sleep no transaction begins."""
    second_start: VainStart | None = None
    """What comes of a remote start beside a charging connector; None: it is a start as any
    other."""

    # -- faults, resets, power ---------------------------------------
    own_faults: OwnFaults | None = None
    """The make's own codes strike as the make's do; None: they are only told."""
    speaks_before_hard_reset: bool = False
    """What a hard reset ends is told before it."""
    cut_off_shows_s: Callable[[int, Chance], float] | None = None
    """From how many such ones come before it: how long after the CSMS hears again a transaction
    shows that a power loss has interrupted, before it ends; None: it ends at the start."""
    cut_off_sample_s: float = 0.0
    """The sample that tells of such a one is stamped so long before the charger dials."""

    # -- limits, reservations ----------------------------------------
    profile_share: float = 1.0
    """The part of a charging profile's limit that is made use of."""
    plug_ends_reserved: bool = False
    """Whoever's vehicle is plugged in, a reserved connector is Reserved no longer."""


AS_WRITTEN = Points()
"""A charger without habits."""
