"""A saved log as exchanges, to be stepped through, in whatever form that traces are read from.

Its frames keep the text that they had. An answer goes to the last request with its id; what has
none stays open, and an answer to nothing is shown as noise, as in the log of now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sim_core.traces.formats.form import CannotRead
from sim_core.traces.frames import Side, Trace, TraceFrame
from sim_core.traces.reading import read_file
from sim_core.wire.message_log import Direction, Exchange, ExchangeState, MessageLog

CALL, RESULT, ERROR = 2, 3, 4
NO_TIME = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class LoadedLog:
    """What was read, or why nothing was."""

    name: str
    exchanges: tuple[Exchange, ...] = ()
    subprotocol: str = ""
    trouble: str = ""


def load_log(path: Path) -> LoadedLog:
    """Read a file; whatever is wrong with it is the sentence in `trouble`."""
    try:
        trace = read_file(path).trace
    except CannotRead as error:
        return LoadedLog(path.name, trouble=str(error))
    except OSError as error:
        return LoadedLog(path.name, trouble=f"{path} cannot be read: {error.strerror or error}")
    spoken = f"ocpp{trace.ocpp_version or '1.6'}"
    return LoadedLog(path.name, tuple(exchanges_of(trace)), spoken)


def exchanges_of(trace: Trace) -> list[Exchange]:
    """The frames of a trace as exchanges, in the order of their requests."""
    log = MessageLog(len(trace.frames) + 1)
    waiting: dict[tuple[Side, str, str], tuple[int, datetime]] = {}
    for frame in trace.frames:
        at = frame.at or NO_TIME
        kind, named, *rest = frame.message
        key = (frame.sent_by, frame.charge_point, str(named))
        if kind == CALL and rest:
            waiting[key] = _opened(log, frame, at, rest)
            continue
        asked = waiting.pop((frame.sent_by.other, frame.charge_point, str(named)), None)
        if asked is None:
            number = log.open(Direction.NOISE, "answer to nothing", str(named), frame.text, at)
            log.close(number, ExchangeState.ERROR, trouble="no request has this id")
            continue
        number, since = asked
        known = frame.at is not None and since != NO_TIME
        log.close(
            number,
            ExchangeState.ERROR if kind == ERROR else ExchangeState.ANSWERED,
            answer=frame.text,
            latency_s=max(0.0, (at - since).total_seconds()) if known else None,
            trouble=str(rest[0]) if kind == ERROR and rest else "",
        )
    return log.since(0)[1]


def _opened(
    log: MessageLog, frame: TraceFrame, at: datetime, rest: list[Any]
) -> tuple[int, datetime]:
    payload = rest[1] if len(rest) > 1 and isinstance(rest[1], dict) else {}
    connector, transaction = payload.get("connectorId"), payload.get("transactionId")
    number = log.open(
        Direction.SENT if frame.sent_by is Side.CHARGER else Direction.RECEIVED,
        str(rest[0]),
        str(frame.message[1]),
        frame.text,
        at,
        connector_id=connector if type(connector) is int else None,
        transaction_id=transaction if isinstance(transaction, (int, str)) else None,
    )
    return number, at
