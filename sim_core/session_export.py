"""What has been charged, as rows for people and programs: one table of columns for CSV and JSON.

A card's text may come from anybody who sends a RemoteStartTransaction, and a spreadsheet takes what
begins with `=` for a formula: in CSV such a text gets an apostrophe before it, as spreadsheets
themselves write it. JSON has it as it is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sim_core.snapshot import SessionSnapshot, StationSnapshot

NO_NUL = "\N{REPLACEMENT CHARACTER}"
"""In place of a NUL, which the csv of Python 3.10 neither writes nor reads."""
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Column:
    """One column: its name in every form, and what it says of a session."""

    name: str
    value: Callable[[SessionSnapshot, datetime], Any]
    """Told what time it is, for a session that goes on."""


COLUMNS: tuple[Column, ...] = (
    Column("connector", lambda one, _: one.connector_id),
    Column("transaction_id", lambda one, _: one.transaction_id),
    Column("id_tag", lambda one, _: one.token),
    Column("vehicle", lambda one, _: one.vehicle),
    Column("started_at", lambda one, _: one.started_at and one.started_at.isoformat()),
    Column("ended_at", lambda one, _: one.ended_at and one.ended_at.isoformat()),
    Column("minutes", lambda one, now: _rounded(_minutes(one, now))),
    Column("energy_wh", lambda one, _: _rounded(one.energy_wh)),
    Column("meter_start_wh", lambda one, _: one.meter_start_wh),
    Column("soc_begin_percent", lambda one, _: _rounded(one.soc_begin_percent)),
    Column("soc_end_percent", lambda one, _: _rounded(one.soc_end_percent)),
    Column("reason", lambda one, _: one.reason or None),
    Column("csms", lambda one, _: one.told or None),
    Column("csms_energy_wh", lambda one, _: one.csms_energy_wh),
)


def seconds_of(one: SessionSnapshot, now: datetime) -> float:
    """How long a session has lasted, as far as it was seen."""
    if one.started_at is None:
        return 0.0
    return max(0.0, ((one.ended_at or now) - one.started_at).total_seconds())


def _minutes(one: SessionSnapshot, now: datetime) -> float | None:
    return None if one.started_at is None else seconds_of(one, now) / 60


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def sessions_of(station: StationSnapshot) -> tuple[SessionSnapshot, ...]:
    """All there are, newest first: what goes on, then what has ended."""
    running = [
        SessionSnapshot(
            connector_id=connector.connector_id,
            transaction_id=transaction.transaction_id,
            token=transaction.token,
            started_at=transaction.started_at,
            ended_at=None,
            meter_start_wh=transaction.meter_start_wh,
            energy_wh=transaction.energy_wh,
            vehicle=transaction.vehicle,
            soc_begin_percent=transaction.soc_begin_percent,
            soc_end_percent=connector.soc_percent,
        )
        for connector in station.connectors
        if (transaction := connector.transaction)
    ]
    running.sort(key=lambda one: (one.started_at is not None, one.started_at), reverse=True)
    return (*running, *station.sessions)


def as_rows(sessions: Iterable[SessionSnapshot], now: datetime) -> list[dict[str, Any]]:
    """For JSON."""
    return [{column.name: column.value(one, now) for column in COLUMNS} for one in sessions]


def as_csv(sessions: Iterable[SessionSnapshot], now: datetime) -> str:
    """With a head, and lines that end as RFC 4180 has them."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(column.name for column in COLUMNS)
    for row in as_rows(sessions, now):
        writer.writerow(_cell(value) for value in row.values())
    return file.getvalue()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = value.replace("\0", NO_NUL)
    return f"'{text}" if text.startswith(FORMULAS) else text
