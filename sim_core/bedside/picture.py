"""What is known of a real charger as the frozen picture that every viewer reads."""

from __future__ import annotations

from datetime import datetime, timedelta

from sim_core.bedside.observed import Connector, Observed
from sim_core.snapshot import (
    ConnectorSnapshot,
    ConnectorState,
    LinkSnapshot,
    StationSnapshot,
    TextLimits,
    TransactionSnapshot,
)

LIMITS = TextLimits(token=20, fault_text=50)
"""CiString20 and CiString50 (OCPP 1.6 §7)."""
SCALE_STEP_W = 10_000.0
"""The full scale of a trace is a whole number of these: nobody says what the charger could give."""


def picture(
    seen: Observed,
    link: LinkSnapshot,
    subprotocol: str,
    now: datetime,
    warnings: tuple[str, ...],
    refusals: dict[str, str],
    refused_at: dict[int, dict[str, str]],
) -> StationSnapshot:
    """The charger as it stands. `refused_at` are the refusals at each connector."""
    return StationSnapshot(
        charge_point_id=seen.charge_point_id,
        vendor=seen.vendor,
        model=seen.model,
        firmware_version=seen.firmware_version,
        link=link,
        connectors=tuple(
            _connector(one, now, refused_at.get(number, {}), seen)
            for number, one in sorted(seen.connectors.items())
        ),
        subprotocol=subprotocol,
        text_limits=LIMITS,
        status=seen.status,
        reservation=seen.reservation,
        firmware=seen.firmware,
        upload=seen.upload,
        sessions=tuple(seen.sessions),
        warnings=warnings,
        refusals=refusals,
    )


def heartbeat_at(seen: Observed) -> datetime | None:
    """When the next Heartbeat is due, where both its interval and the last are known."""
    if seen.heartbeat_seen is None or seen.heartbeat_s is None:
        return None
    return seen.heartbeat_seen + timedelta(seconds=seen.heartbeat_s)


def _connector(
    one: Connector, now: datetime, refusals: dict[str, str], seen: Observed
) -> ConnectorSnapshot:
    reading, session = one.reading, one.session
    transaction = None
    if session is not None:
        energy = None
        if reading.register_wh is not None and session.meter_start_wh is not None:
            energy = reading.register_wh - session.meter_start_wh
        transaction = TransactionSnapshot(
            session.transaction_id,
            session.token,
            session.began_at,
            session.meter_start_wh,
            energy,
            soc_begin_percent=session.soc_begin_percent,
        )
    return ConnectorSnapshot(
        connector_id=one.number,
        state=one.state,
        status=one.status or "unknown",
        plugged=one.plugged,
        soc_percent=reading.soc_percent,
        power_w=reading.power_w,
        voltage_v=reading.voltage_v,
        current_a=reading.current_a,
        register_wh=reading.register_wh,
        rated_power_w=max(SCALE_STEP_W, -(-one.most_power_w // SCALE_STEP_W) * SCALE_STEP_W),
        transaction=transaction,
        last_session=next(
            (past for past in seen.sessions if past.connector_id == one.number), None
        ),
        token=one.token,
        reservation=one.reservation if one.reservation and one.reservation.until > now else None,
        fault=one.fault if one.state is ConnectorState.FAULTED or one.fault else None,
        operative=one.state is not ConnectorState.OUT_OF_SERVICE,
        scheduled_availability=one.scheduled_availability,
        trace_w=one.trace_w(now),
        refusals=refusals,
    )
