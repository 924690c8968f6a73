"""The causes of one trace, as data: what there was before it, and what happened when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from sim_core.traces.exchanges import Exchange, TransactionId


class Act(Enum):
    """What may happen to a charger."""

    ASK = "ask"
    """Its CSMS asks something."""
    PLUG = "plug"
    UNPLUG = "unplug"
    SWIPE = "swipe"
    """A card is held at the reader."""
    EV_STOPS = "ev_stops"
    """The vehicle, or the button on the screen, ends the session."""
    EV_GIVES_UP = "ev_gives_up"
    """The vehicle sleeps: a start fails."""
    FAULT = "fault"
    CLEAR = "clear"
    LINK_DOWN = "link_down"
    LINK_UP = "link_up"
    RESTART = "restart"
    """The process in the charger restarts by itself."""
    POWER_OFF = "power_off"
    POWER_ON = "power_on"


@dataclass(frozen=True)
class Car:
    """A vehicle, as far as a trace tells of it. What it does not tell is None."""

    vid: str | None = None
    late: bool = False
    """It needs a second try for its handshake: everything comes some 10 s later."""
    late_s: float = 0.0
    """Where it took much longer than that: by how much."""
    soc_percent: float | None = None
    battery_wh: float | None = None
    most_w: float | None = None
    """The most that it takes."""
    most_a: float | None = None
    """The largest current that it takes."""
    resting_v: float | None = None
    """The voltage of its battery at the state of charge with which it came, without a current."""


@dataclass(frozen=True)
class Stimulus:
    """Something that happens at the charger, or that the CSMS asks of it."""

    at: datetime
    act: Act
    connector: int | None = None
    detail: str = ""
    """Whose card it is, or the vendor's code of the fault."""
    car: Car | None = None
    """Who is plugged in."""
    request: Exchange | None = None
    """What is asked."""
    after: Exchange | None = None
    """What the charger had said before: the time is counted from there."""


@dataclass(frozen=True)
class Earlier:
    """A transaction that had begun before the trace."""

    connector: int
    transaction: TransactionId
    id_tag: str
    began: datetime
    register_wh: float
    car: Car


@dataclass
class Scene:
    """See the module."""

    begins: datetime
    boots: bool = False
    """The trace begins with the first BootNotification of a connection."""
    connectors: int = 0
    """How many connectors the charger has; 0 where nobody has said it."""
    keys: dict[str, str] = field(default_factory=dict)
    """What its configuration was before the trace, as far as it is known."""
    registers_wh: dict[int, float] = field(default_factory=dict)
    """What the meters had counted before the trace."""
    temperatures_c: dict[int, float] = field(default_factory=dict)
    """How warm it was inside when the trace first tells of it."""
    known_cards: tuple[str, ...] = ()
    """Cards that it let charge without asking."""
    heartbeat_at: datetime | None = None
    """A heartbeat whose rhythm has begun before the trace."""
    earlier: list[Earlier] = field(default_factory=list)
    standing: list[Exchange] = field(default_factory=list)
    """What its CSMS had asked long before, and still holds."""
    down_at: datetime | None = None
    """When the link went, where the trace begins with its return in a running transaction."""
    before: list[Stimulus] = field(default_factory=list)
    """What happened before the trace, and what it begins in the middle of."""
    stimuli: list[Stimulus] = field(default_factory=list)
