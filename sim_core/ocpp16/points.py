"""The named points at which makes differ in what they say, and what the text of OCPP has in mind.

As `charging.points` is for what a charger does. Charge points of one make share their points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim_core.charging.points import Chance
from sim_core.ocpp16.status import Status
from sim_core.wire.wire_format import CLEAN, WireFormat


def _as_set(interval_s: float, chance: Chance) -> float:
    return interval_s


def _at_once(chance: Chance) -> float:
    return 0.0


def _as_it_is(status: Status) -> Status:
    return status


@dataclass(frozen=True)
class LateConnector0:
    """Connector 0 reports later than the others, with a stamp that is before theirs."""

    late_s: Callable[[Chance], float]
    """So long after they have left."""
    stamped_before_s: float


@dataclass(frozen=True)
class RepeatedStart:
    """In place of the sample of the end its start is sent once more, and that sample in place of
    the stop, in the words of the begin."""

    untold: frozenset[str]
    """The measurands that this sample has not, of those that the CSMS has set."""


@dataclass(frozen=True)
class Speech:
    """One field a point."""

    wire: WireFormat = CLEAN
    """How frames are written, and when they leave."""

    # -- registering and the clock -----------------------------------
    whole_seconds: bool = False
    """Every BootNotification sets the clock to a whole second."""
    first_stamp_s: Callable[[Chance], float] = _at_once
    """How long after BootNotification is answered the connectors are looked at for the first
    time."""
    heartbeat_s: Callable[[float, Chance], float] = _as_set
    """From HeartbeatInterval: the seconds to the next Heartbeat."""
    heartbeat_from_last: bool = False
    """A new HeartbeatInterval counts from the last Heartbeat or BootNotification."""

    # -- statuses ----------------------------------------------------
    status: Callable[[Status], Status] = _as_it_is
    """From the word for a connector: the word that is said."""
    connector_0_late: LateConnector0 | None = None
    """How connector 0 reports after the others after a boot; None: in its turn."""
    connectors_late_s: float | None = None
    """With a transaction running, connector 0 reports first on a new connection and the others
    after it, one by one; how long each takes at which a transaction runs. None: in their turn."""
    backlog_waits_s: Callable[[Chance], float] | None = None
    """On a new connection the journal waits until connector 0 has reported, and so long after that
    where no transaction runs; None: until the statuses were said whose turn comes before."""
    after_end_s: Callable[[Chance], float] = _at_once
    """How long after the end of a transaction the firmware finds that it has ended: the status that
    follows is of that moment."""
    preparing_again_s: float | None = None
    """How often Preparing is said again while a card waits for the plug; None: it is not."""
    status_before_answer: bool = False
    """The status that a command causes comes before the answer to that command."""

    # -- transactions ------------------------------------------------
    second_remote_start_s: float | None = None
    """How long after a RemoteStartTransaction a second one is taken for the first; None: never."""
    stops_unheard: bool = False
    """RemoteStopTransaction stops also when its answer is lost with the link."""
    repeated_start: RepeatedStart | None = None
    """How a start that began offline and was answered with id -1 is sent again, and its stop never;
    None: it is not."""

    # -- files -------------------------------------------------------
    mute_transfers: bool = False
    """Uploads and updates are answered, and never spoken of again."""


AS_WRITTEN = Speech()
"""A charge point without habits."""
