"""What a TransactionEvent of OCPP 2.0.1 tells, and what becomes of a session by it. No I/O.

A charging station numbers the events of a transaction (seqNo): what was lost on the way, and what
comes a second time, is seen by that alone. A number that was missing may come late, and is then
read like any other, but it takes nothing back that a later one has said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sim_core.csms.events import Sample
from sim_core.csms.ledger import Session, parse_time

REGISTER = "Energy.Active.Import.Register"
BEGIN, END = "Transaction.Begin", "Transaction.End"
SAMPLES_KEPT = 32
MISSING_KEPT = 100
LARGEST_POWER_OF_TEN = 12


@dataclass(frozen=True)
class Told:
    """One TransactionEvent, as far as a session is concerned."""

    cpid: str
    kind: str
    """Started, Updated or Ended."""
    transaction_id: str
    seq_no: int
    trigger: str
    charging_state: str
    stopped_reason: str
    evse_id: int | None
    id_tag: str
    at: datetime
    samples: tuple[Sample, ...]
    """Those of the latest meter value in it."""
    register_wh: int | None
    """The energy register where the event tells of it: at the begin of the transaction in the
    event that starts it, else the latest one."""


@dataclass(frozen=True)
class Order:
    """Where an event stands among those of its transaction."""

    repeated: bool = False
    adopted: bool = False
    """The transaction began before this CSMS."""
    missing: tuple[int, ...] = ()
    """The numbers that this event has shown to be missing."""


def read(cpid: str, payload: dict[str, Any], now: datetime) -> Told:
    """Read a payload that its schema has nothing against. `now` is for a stamp that is no time."""
    info = payload["transactionInfo"]
    kind = payload["eventType"]
    meter_values = payload.get("meterValue") or []
    return Told(
        cpid=cpid,
        kind=kind,
        transaction_id=info["transactionId"],
        seq_no=payload["seqNo"],
        trigger=payload["triggerReason"],
        charging_state=info.get("chargingState", ""),
        # E01, TransactionType: where it ends and no reason is said, it is Local.
        stopped_reason=info.get("stoppedReason", "Local") if kind == "Ended" else "",
        evse_id=(payload.get("evse") or {}).get("id"),
        id_tag=(payload.get("idToken") or {}).get("idToken", ""),
        at=parse_time(payload["timestamp"]) or now,
        samples=latest_samples(meter_values),
        register_wh=_register(meter_values, BEGIN if kind == "Started" else END),
    )


def fold(known: Session | None, told: Told) -> tuple[Session, Order]:
    """The session after the event, and where that stood. `known` is the session before it."""
    if known is None:
        started = told.kind == "Started"
        known = Session(
            cpid=told.cpid,
            connector_id=told.evse_id,
            id_tag="",
            transaction_id=told.transaction_id,
            meter_start=told.register_wh if told.kind != "Ended" else None,
            started_at=told.at if started else None,
        )
        order = Order(adopted=not started)
        return _with(known, told, late=False), order
    last = known.seq_no if known.seq_no is not None else told.seq_no - 1
    late = told.seq_no <= last
    if late and told.seq_no not in known.missing:
        return known, Order(repeated=True)
    lost = range(last + 1, min(told.seq_no, last + 1 + MISSING_KEPT))
    still = [number for number in known.missing if number != told.seq_no]
    known = replace(known, missing=(*still, *lost)[:MISSING_KEPT])
    return _with(known, told, late=late), Order(missing=tuple(lost))


def _with(known: Session, told: Told, *, late: bool) -> Session:
    began = told.kind == "Started"
    session = replace(
        known,
        connector_id=known.connector_id if told.evse_id is None else told.evse_id,
        id_tag=known.id_tag or told.id_tag,
        started_at=told.at if began else known.started_at,
    )
    if session.meter_start is None and told.kind != "Ended":
        session = replace(session, meter_start=told.register_wh)
    if late and told.kind != "Ended":
        return session
    session = replace(
        session,
        seq_no=told.seq_no,
        charging_state=told.charging_state or session.charging_state,
        samples=told.samples or session.samples,
    )
    if told.kind == "Ended":
        session = replace(
            session,
            meter_stop=told.register_wh,
            stopped_at=told.at,
            stop_reason=told.stopped_reason,
        )
    return session


def latest_samples(meter_values: list[dict[str, Any]]) -> tuple[Sample, ...]:
    """The samples of the last meter value, as they are to be shown."""
    if not meter_values:
        return ()
    return tuple(_sample(value) for value in meter_values[-1]["sampledValue"][:SAMPLES_KEPT])


def _sample(value: dict[str, Any]) -> Sample:
    measurand = value.get("measurand", REGISTER)
    unit = value.get("unitOfMeasure") or {}
    # UnitOfMeasureType: without a unit it is Wh where the measurand is an energy.
    word = unit.get("unit", "Wh" if measurand.startswith("Energy.") else "")
    power = unit.get("multiplier", 0)
    return Sample(measurand, f"{value['value']:g}"[:64], f"10^{power} {word}" if power else word)


def _register(meter_values: list[dict[str, Any]], context: str) -> int | None:
    """The energy register in Wh: of this context, else the last one."""
    found = list(_registers(meter_values))
    of_context = [wh for where, wh in found if where == context]
    return next(reversed(of_context or [wh for _, wh in found]), None)


def _registers(meter_values: list[dict[str, Any]]) -> Iterator[tuple[str, int]]:
    for meter_value in meter_values:
        for value in meter_value["sampledValue"]:
            if value.get("measurand", REGISTER) == REGISTER and "phase" not in value:
                unit = value.get("unitOfMeasure") or {}
                power = unit.get("multiplier", 0) + (3 if unit.get("unit") == "kWh" else 0)
                if abs(power) <= LARGEST_POWER_OF_TEN and abs(value["value"]) < 10**15:
                    wh = round(value["value"] * 10**power)
                    yield value.get("context", "Sample.Periodic"), wh
