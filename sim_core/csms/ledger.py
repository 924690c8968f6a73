"""What the CSMS knows: charge points, connectors, sessions, idTags. No I/O, no clock.

Times are arguments, rows are frozen and replaced as a whole, so a reader never sees half a
change. Every table is bounded, because the charge point chooses connector ids, transaction
times and its own name.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from typing import TypeVar

from sim_core.csms.events import Sample
from sim_core.csms.verbs import TransactionId

HISTORY_LIMIT = 1_000
CHARGE_POINT_LIMIT = 1_000
CONNECTOR_LIMIT = 256

K = TypeVar("K")
V = TypeVar("V")


def parse_time(text: object) -> datetime | None:
    """Read an OCPP timestamp; None when it is not one, for schemas do not check the format."""
    if not isinstance(text, str) or len(text) > 64:
        return None
    date, mark, fraction = text.strip().replace("z", "Z").replace("Z", "+00:00").partition(".")
    if mark:
        # Python 3.10 reads 3 or 6 decimals only; chargers send any number of them.
        digits = fraction[: len(fraction) - len(fraction.lstrip("0123456789"))]
        date = f"{date}.{digits[:6]:0<6}{fraction[len(digits) :]}"
    try:
        parsed = datetime.fromisoformat(date)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=timezone.utc)
        return parsed.astimezone(timezone.utc)
    except (ValueError, OverflowError):
        return None


def format_time(at: datetime) -> str:
    """Write a timestamp as OCPP recommends: UTC, milliseconds, `Z`."""
    utc = at.astimezone(timezone.utc)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


@dataclass(frozen=True)
class IdTag:
    """What an idTag is allowed."""

    status: str = "Accepted"
    parent_id_tag: str | None = None
    expiry_date: datetime | None = None


@dataclass
class IdTags:
    """The policy for idTags: listed ones as listed, all others as `default`."""

    default: IdTag = IdTag()
    _listed: dict[str, IdTag] = field(default_factory=dict)

    def set(
        self,
        id_tag: str,
        status: str = "Accepted",
        parent_id_tag: str | None = None,
        expiry_date: datetime | None = None,
    ) -> None:
        """List `id_tag`; idTags are compared without regard to case (CiString20Type)."""
        self._listed[id_tag.lower()] = IdTag(status, parent_id_tag, expiry_date)

    def forget(self, id_tag: str) -> None:
        """Take `id_tag` off the list."""
        self._listed.pop(id_tag.lower(), None)

    def look_up(self, id_tag: str, at: datetime) -> IdTag:
        """Return what `id_tag` is allowed at this time."""
        found = self._listed.get(id_tag.lower(), self.default)
        if found.status == "Accepted" and found.expiry_date and found.expiry_date <= at:
            return replace(found, status="Expired")
        return found


@dataclass(frozen=True)
class ChargePoint:
    """A charge point that has connected at least once."""

    cpid: str
    connected: bool = False
    vendor: str = ""
    model: str = ""
    serial_number: str = ""
    firmware: str = ""
    registration: str = ""


@dataclass(frozen=True)
class Connector:
    """The last StatusNotification of one connector.

    In OCPP 1.6 connector 0 is the charge point itself; in 2.0.1 connectors are counted within
    their EVSE.
    """

    cpid: str
    connector_id: int
    status: str
    error_code: str = ""
    vendor_error_code: str = ""
    info: str = ""
    at: datetime | None = None
    evse_id: int | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Where it is in its charge point: the number that orders are given to, then the one
        within that."""
        if self.evse_id is None:
            return self.connector_id, 1
        return self.evse_id, self.connector_id


@dataclass(frozen=True)
class Session:
    """One transaction. What was never reported is None; `connector_id` is 2.0.1's EVSE."""

    cpid: str
    connector_id: int | None
    id_tag: str
    transaction_id: TransactionId
    meter_start: int | None
    started_at: datetime | None
    meter_stop: int | None = None
    stopped_at: datetime | None = None
    stop_reason: str = ""
    samples: tuple[Sample, ...] = ()
    charging_state: str = ""
    """In the words of OCPP 2.0.1."""
    seq_no: int | None = None
    """Of the latest event of OCPP 2.0.1."""
    missing: tuple[int, ...] = ()
    """The numbers of events that were never seen."""

    @property
    def energy_wh(self) -> int | None:
        """The energy between both meter readings."""
        if self.meter_start is None or self.meter_stop is None:
            return None
        return self.meter_stop - self.meter_start

    @property
    def duration_s(self) -> float | None:
        """The time between both stamps of the charge point."""
        if self.started_at is None or self.stopped_at is None:
            return None
        return (self.stopped_at - self.started_at).total_seconds()


@dataclass(frozen=True)
class Start:
    """The content of a StartTransaction."""

    cpid: str
    connector_id: int
    id_tag: str
    meter_start: int
    timestamp: str

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """Equal for the same start sent twice, whatever its message id or spelling."""
        when = parse_time(self.timestamp) or self.timestamp[:64]
        return (self.cpid, self.connector_id, self.id_tag.lower(), self.meter_start, when)


def first_id_by_clock() -> int:
    """Return a transaction id that counts the seconds, so that a restart goes on further up.

    It repeats after 11 days and stays at seven digits, which a person can still read out.
    """
    return int(time.time()) % 1_000_000 + 1


class Ledger:
    """The tables. Methods that change them return the row and whether it is a repetition."""

    def __init__(self, first_transaction_id: int | None = None) -> None:
        self.id_tags = IdTags()
        self._next_id = (
            first_id_by_clock() if first_transaction_id is None else first_transaction_id
        )
        self._charge_points: OrderedDict[str, ChargePoint] = OrderedDict()
        self._connectors: dict[str, dict[tuple[int, int], Connector]] = {}
        self._open: dict[str, OrderedDict[TransactionId, Session]] = {}
        self._ended: OrderedDict[tuple[str, TransactionId], Session] = OrderedDict()
        self._starts: OrderedDict[tuple[object, ...], int] = OrderedDict()

    # What may be asked

    @property
    def charge_points(self) -> tuple[ChargePoint, ...]:
        """All known charge points, in the order of their first connection."""
        return tuple(self._charge_points.values())

    @property
    def connectors(self) -> tuple[Connector, ...]:
        """All reported connectors, by charge point and number."""
        return tuple(
            rows[place] for _, rows in sorted(self._connectors.items()) for place in sorted(rows)
        )

    @property
    def active(self) -> tuple[Session, ...]:
        """The sessions that run: by transaction id where those are numbers, as they came where
        they are texts."""
        rows = (session for sessions in self._open.values() for session in sessions.values())
        return tuple(sorted(rows, key=_rank))

    @property
    def history(self) -> tuple[Session, ...]:
        """The last sessions that ended, oldest first."""
        return tuple(self._ended.values())

    def charge_point(self, cpid: str) -> ChargePoint | None:
        """Return the charge point of this name."""
        return self._charge_points.get(cpid)

    def connector(self, cpid: str, connector_id: int) -> Connector | None:
        """Return what this connector last reported; of an EVSE, its first connector."""
        return self._connectors.get(cpid, {}).get((connector_id, 1))

    def status(self, cpid: str, connector_id: int) -> str | None:
        """Return the status word that this connector last reported."""
        found = self.connector(cpid, connector_id)
        return found.status if found else None

    def session(
        self,
        cpid: str,
        *,
        connector_id: int | None = None,
        transaction_id: TransactionId | None = None,
    ) -> Session | None:
        """Return the running session with this transaction id, or else on this connector."""
        running: Mapping[TransactionId, Session] = self._open.get(cpid, {})
        if transaction_id is not None:
            return running.get(transaction_id)
        # The newest one wins where a charge point never ended an older one.
        on_connector = [row for row in running.values() if row.connector_id == connector_id]
        return on_connector[-1] if on_connector else None

    def any_session(self, cpid: str, transaction_id: TransactionId) -> Session | None:
        """Return the session with this transaction id, whether it runs or has ended."""
        running = self.session(cpid, transaction_id=transaction_id)
        return running or self._ended.get((cpid, transaction_id))

    # What a charge point reports

    def connect(self, cpid: str) -> None:
        """Note that a charge point has a connection."""
        known = self._charge_points.get(cpid, ChargePoint(cpid))
        self._charge_points[cpid] = replace(known, connected=True)
        self._forget_strangers()

    def disconnect(self, cpid: str) -> None:
        """Note that a charge point has no connection any more."""
        known = self._charge_points.get(cpid)
        if known:
            self._charge_points[cpid] = replace(known, connected=False)

    def boot(
        self, cpid: str, vendor: str, model: str, serial_number: str, firmware: str, answer: str
    ) -> None:
        """Note what a charge point says about itself, and the answer to it."""
        known = self._charge_points.get(cpid, ChargePoint(cpid))
        self._charge_points[cpid] = replace(
            known,
            vendor=vendor,
            model=model,
            serial_number=serial_number,
            firmware=firmware,
            registration=answer,
        )

    def report_status(self, row: Connector) -> None:
        """Note the status of one connector."""
        rows = self._connectors.setdefault(row.cpid, {})
        if row.place in rows or len(rows) < CONNECTOR_LIMIT:
            rows[row.place] = row

    def start(self, start: Start, at: datetime) -> tuple[Session, bool]:
        """Open a session; the same start sent again finds the first one's transaction id."""
        known_id = self._starts.get(start.fingerprint)
        if known_id is not None:
            known = self.session(start.cpid, transaction_id=known_id)
            known = known or self._ended.get((start.cpid, known_id))
            if known:
                return known, True
        self._make_room(start.cpid, start.connector_id)
        number = self._fresh_id(start.cpid)
        session = Session(
            cpid=start.cpid,
            connector_id=start.connector_id,
            id_tag=start.id_tag,
            transaction_id=number,
            meter_start=start.meter_start,
            started_at=parse_time(start.timestamp) or at,
        )
        running = self._open.setdefault(start.cpid, OrderedDict())
        running[number] = session
        self._starts[start.fingerprint] = number
        _trim(self._starts, 2 * HISTORY_LIMIT)
        return session, False

    def keep(self, session: Session, *, ended: bool) -> None:
        """Take over a session as it is now."""
        if ended:
            self._end(session)
            return
        running: Mapping[TransactionId, Session] = self._open.get(session.cpid, {})
        if session.transaction_id not in running:
            self._make_room(session.cpid, session.connector_id)
        self._open.setdefault(session.cpid, OrderedDict())[session.transaction_id] = session

    def _make_room(self, cpid: str, connector_id: int | None) -> None:
        """A connector carries one transaction: whatever was open on it was lost on the way."""
        running = self._open.setdefault(cpid, OrderedDict())
        on_it = [row for row in running.values() if row.connector_id == connector_id]
        for older in on_it if connector_id is not None else []:
            self._end(replace(older, stop_reason="superseded"))
        while len(running) >= CONNECTOR_LIMIT:
            self._end(replace(next(iter(running.values())), stop_reason="superseded"))

    def report_meter(
        self,
        cpid: str,
        connector_id: int,
        transaction_id: int | None,
        samples: tuple[Sample, ...],
        at: datetime,
    ) -> Session | None:
        """Note the latest samples; returns a session that was adopted because of them.

        A transaction that began before this CSMS did is only known from its MeterValues.
        Without adopting it, nobody could stop it by its connector.
        """
        running: Mapping[TransactionId, Session] = self._open.get(cpid, {})
        session = self.session(cpid, connector_id=connector_id, transaction_id=transaction_id)
        if session:
            self._open[cpid][session.transaction_id] = replace(session, samples=samples)
            return None
        unknown = transaction_id is not None and (cpid, transaction_id) not in self._ended
        taken = self.session(cpid, connector_id=connector_id) is not None
        if not unknown or taken or transaction_id is None or transaction_id <= 0:
            return None
        if len(running) >= CONNECTOR_LIMIT:
            return None
        adopted = Session(cpid, connector_id, "", transaction_id, None, None, samples=samples)
        self._open.setdefault(cpid, OrderedDict())[transaction_id] = adopted
        return adopted

    def stop(
        self,
        cpid: str,
        transaction_id: int,
        meter_stop: int,
        timestamp: str,
        reason: str,
        at: datetime,
    ) -> tuple[Session, bool]:
        """End a session; a stop sent again changes nothing, one of an unknown session is kept."""
        ended = self._ended.get((cpid, transaction_id))
        if ended and ended.meter_stop is not None:
            return ended, True
        session = self.session(cpid, transaction_id=transaction_id) or ended
        session = session or Session(cpid, None, "", transaction_id, None, None)
        session = replace(
            session,
            meter_stop=meter_stop,
            stopped_at=parse_time(timestamp) or at,
            stop_reason=reason,
        )
        self._end(session)
        return session, False

    def _end(self, session: Session) -> None:
        running = self._open.get(session.cpid)
        if running:
            running.pop(session.transaction_id, None)
            if not running:
                del self._open[session.cpid]
        self._ended[(session.cpid, session.transaction_id)] = session
        _trim(self._ended, HISTORY_LIMIT)

    def _fresh_id(self, cpid: str) -> int:
        taken: Mapping[TransactionId, Session] = self._open.get(cpid, {})
        while self._next_id in taken or (cpid, self._next_id) in self._ended:
            self._next_id += 1
        self._next_id += 1
        return self._next_id - 1

    def _forget_strangers(self) -> None:
        excess = len(self._charge_points) - CHARGE_POINT_LIMIT
        if excess <= 0:
            return
        idle = (row.cpid for row in self._charge_points.values() if not row.connected)
        for cpid in _first(excess, idle):
            del self._charge_points[cpid]
            self._connectors.pop(cpid, None)
            self._open.pop(cpid, None)


def _rank(session: Session) -> tuple[bool, int]:
    number = session.transaction_id
    return (False, number) if isinstance(number, int) else (True, 0)


def _first(count: int, names: Iterable[str]) -> list[str]:
    return [name for name, _ in zip(names, range(count), strict=False)]


def _trim(table: OrderedDict[K, V], limit: int) -> None:
    while len(table) > limit:
        table.popitem(last=False)
