"""What is known of a real charger: only what its frames, or those of its CSMS, have said.

Plain facts that the frames' readers (`ocpp16_frames`) change, and out of which `picture` makes what
viewers see. None is "nobody has said", and never 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sim_core.bedside.readings import Reading
from sim_core.snapshot import (
    TRACE_LENGTH,
    ConnectorState,
    FaultSnapshot,
    FirmwareSnapshot,
    Registration,
    ReservationSnapshot,
    SessionSnapshot,
    TransactionId,
    UploadSnapshot,
)

SESSIONS_KEPT = 100
MOST_CONNECTORS = 64
"""A charger that names more is not believed."""
LONGEST_WORD = 100
"""Characters of what a frame says that are kept as a fact."""
NOTHING_READ, NO_UPDATE, NO_UPLOAD = Reading(), FirmwareSnapshot(), UploadSnapshot()
Tell = Callable[[str, str, int | None], None]
"""Says what has changed: kind, sentence without full stop, connector."""


@dataclass
class Session:
    """A transaction that runs, as far as it was seen."""

    transaction_id: TransactionId | None
    """None until the CSMS has answered StartTransaction."""
    token: str
    """Empty where it began before anybody listened."""
    began_at: datetime | None
    meter_start_wh: int | None
    soc_begin_percent: float | None = None


@dataclass
class Connector:
    """One connector."""

    number: int
    state: ConnectorState = ConnectorState.UNKNOWN
    status: str = ""
    plugged: bool | None = None
    reading: Reading = NOTHING_READ
    session: Session | None = None
    fault: FaultSnapshot | None = None
    reservation: ReservationSnapshot | None = None
    scheduled_availability: str | None = None
    token: str | None = None
    most_power_w: float = 0.0
    powers: deque[tuple[datetime, float]] = field(
        default_factory=lambda: deque(maxlen=TRACE_LENGTH)
    )
    """When the power was said to be how much, in W; the oldest first."""
    _trace: tuple[float, ...] = ()
    _trace_made_of: object = None

    def measured(self, new: Reading, at: datetime) -> None:
        """A meter value has come: what it does not say stays as it was."""
        old = self.reading
        self.reading = Reading(
            *(
                getattr(new, name) if getattr(new, name) is not None else getattr(old, name)
                for name in ("power_w", "voltage_v", "current_a", "register_wh", "soc_percent")
            )
        )
        if new.power_w is not None:
            self.powers.append((at, max(0.0, new.power_w)))
            self.most_power_w = max(self.most_power_w, new.power_w)

    def flow_ended(self, at: datetime) -> None:
        """The transaction is over: of power, voltage and the vehicle nothing is known any more."""
        self.reading = Reading(register_wh=self.reading.register_wh)
        if self.powers:
            self.powers.append((at, 0.0))

    def trace_w(self, now: datetime) -> tuple[float, ...]:
        """Power, a value a second: each sample holds until the next.

        It is made anew once a second, and when there is a new sample: a picture is made for each
        frame.
        """
        if not self.powers:
            return ()
        made_of = (self.powers[-1], len(self.powers), now.replace(microsecond=0), not self.session)
        if made_of != self._trace_made_of:
            self._trace_made_of, self._trace = made_of, self._made_trace(now)
        return self._trace

    def _made_trace(self, now: datetime) -> tuple[float, ...]:
        end = now if self.session else max(self.powers[-1][0], now - timedelta(seconds=30))
        first = max(self.powers[0][0], end - timedelta(seconds=TRACE_LENGTH - 1))
        seconds = max(0, min(TRACE_LENGTH - 1, int((end - first).total_seconds())))
        trace, samples, place = [], list(self.powers), 0
        for second in range(seconds + 1):
            moment = first + timedelta(seconds=second)
            while place + 1 < len(samples) and samples[place + 1][0] <= moment:
                place += 1
            trace.append(samples[place][1])
        return tuple(trace)


@dataclass
class Observed:
    """The charger as a whole."""

    charge_point_id: str
    tell: Tell
    vendor: str = ""
    model: str = ""
    firmware_version: str = ""
    status: str = ""
    registration: Registration = Registration.NONE
    heartbeat_s: int | None = None
    heartbeat_seen: datetime | None = None
    boot_retry_at: datetime | None = None
    reservation: ReservationSnapshot | None = None
    firmware: FirmwareSnapshot = NO_UPDATE
    upload: UploadSnapshot = NO_UPLOAD
    sessions: deque[SessionSnapshot] = field(default_factory=lambda: deque(maxlen=SESSIONS_KEPT))
    """What has ended, newest first."""
    connectors: dict[int, Connector] = field(default_factory=lambda: {1: Connector(1)})
    """Every charger has a first one; of the others somebody must have spoken."""

    def connector(self, number: object) -> Connector | None:
        """The connector of this number, known from now on; None where there can be none."""
        if not isinstance(number, int) or isinstance(number, bool):
            return None
        if not 1 <= number <= MOST_CONNECTORS:
            return None
        if number not in self.connectors:
            self.connectors[number] = Connector(number)
        return self.connectors[number]

    def running(self, transaction_id: object) -> Connector | None:
        """The connector on which this transaction runs."""
        if transaction_id is None:
            return None
        for one in self.connectors.values():
            if one.session is not None and one.session.transaction_id == transaction_id:
                return one
        return None


def session_ended(
    seen: Observed, connector: Connector, meter_wh: float | None, reason: str, at: datetime
) -> None:
    """The transaction of a connector is over, with the meter at `meter_wh`."""
    session, connector.session = connector.session, None
    if session is None:
        return
    energy_wh, energy = None, ""
    if session.meter_start_wh is not None and meter_wh is not None:
        energy_wh = float(meter_wh - session.meter_start_wh)
        energy = f", {energy_wh / 1000:.3f} kWh"
    seen.sessions.appendleft(
        SessionSnapshot(
            connector_id=connector.number,
            transaction_id=session.transaction_id,
            token=session.token,
            started_at=session.began_at,
            ended_at=at,
            meter_start_wh=session.meter_start_wh,
            energy_wh=energy_wh,
            reason=reason,
            soc_begin_percent=session.soc_begin_percent,
            soc_end_percent=connector.reading.soc_percent,
            told="waiting",
        )
    )
    connector.flow_ended(at)
    number = connector.number
    words = f"connector {number} ends transaction {session.transaction_id} ({reason}){energy}"
    seen.tell("transaction", words, number)
