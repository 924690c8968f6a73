"""The forms that a trace can be written in, for whoever reads it on with another program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sim_core.traces.formats import own
from sim_core.traces.frames import Side, Trace, TraceFrame
from sim_core.traces.messages import CALL, CALLERROR
from sim_core.traces.stamps import as_text


@dataclass(frozen=True)
class Writer:
    """A form to write in."""

    name: str
    """As `--to` has it."""
    title: str
    lines: Callable[[Trace], Iterator[str]]
    """The file, a line at a time and without line ends."""


def _own(trace: Trace) -> Iterator[str]:
    names = trace.charge_points
    charge_point = names[0] if len(names) == 1 else ""
    yield own.header(charge_point, trace.ocpp_version, trace.timezone)
    for frame in trace.frames:
        yield own.write_line(frame, of=charge_point)


def _evcc(trace: Trace) -> Iterator[str]:
    for frame in trace.frames:
        at = f"[ocpp  ] TRACE {frame.at:%Y/%m/%d %H:%M:%S}" if frame.at else ""
        way = "recv" if frame.sent_by is Side.CHARGER else "send"
        yield f"{at} {way} {frame.charge_point}: {on_one_line(frame)}"


def _plain(trace: Trace) -> Iterator[str]:
    for frame in trace.frames:
        at = f"{as_text(frame.at)} " if frame.at else ""
        way = "recv" if frame.sent_by is Side.CHARGER else "send"
        yield f"{at}{way} {frame.charge_point}: {on_one_line(frame)}"


def _messages(trace: Trace) -> Iterator[str]:
    """Exchanges as the dashboard saves them: an answer is with the request that it is to."""
    answers: dict[tuple[str, Side, str], list[TraceFrame]] = {}
    for frame in trace.frames:
        if frame.message[0] != CALL:
            answers.setdefault(_key(frame, frame.sent_by.other), []).append(frame)
    for frame in trace.frames:
        if frame.message[0] != CALL:
            continue
        known = answers.get(_key(frame, frame.sent_by))
        yield _exchange(frame, known.pop(0) if known else None)
    for left in answers.values():
        for frame in left:
            yield _exchange(frame, None)


def _key(frame: TraceFrame, asker: Side) -> tuple[str, Side, str]:
    return frame.charge_point, asker, str(frame.message[1])


def _exchange(frame: TraceFrame, answer: TraceFrame | None) -> str:
    is_call = frame.message[0] == CALL
    payload = frame.message[3] if is_call else {}
    connector_id, transaction_id = payload.get("connectorId"), payload.get("transactionId")
    took_ms = None
    if answer is not None and answer.at and frame.at and answer.at >= frame.at:
        took_ms = round((answer.at - frame.at).total_seconds() * 1000, 3)
    failed = answer is not None and answer.message[0] == CALLERROR
    state = "unanswered" if answer is None else "error" if failed else "answered"
    sent = "sent" if frame.sent_by is Side.CHARGER else "received"
    return json.dumps(
        {
            "at": frame.at.isoformat() if frame.at else None,
            "direction": sent,
            "action": frame.message[2] if is_call else "",
            "connectorId": connector_id if isinstance(connector_id, int) else None,
            "transactionId": transaction_id if isinstance(transaction_id, (int, str)) else None,
            "state": state,
            "trouble": answer.message[2] if answer is not None and failed else "",
            "latency_ms": took_ms,
            "request": _text(frame),
            "answer": _text(answer) if answer else "",
        }
    )


def _text(frame: TraceFrame) -> str:
    return frame.text or own.compact(list(frame.message))


def on_one_line(frame: TraceFrame) -> str:
    """A frame's text without its line ends, which in JSON are blanks."""
    return " ".join(_text(frame).split("\n")) if "\n" in frame.text else _text(frame)


WRITERS: tuple[Writer, ...] = (
    Writer("jsonl", "ChargeForge's own trace: loses nothing", _own),
    Writer(
        "messages", "exchanges, a request with its answer, as the dashboard saves them", _messages
    ),
    Writer("evcc", "evcc's log, in UTC and whole seconds", _evcc),
    Writer("plain", "a frame a line, with time and direction", _plain),
)
WRITER: dict[str, Writer] = {writer.name: writer for writer in WRITERS}
