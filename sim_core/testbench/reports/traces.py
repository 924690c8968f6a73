"""The frames of each scenario as a trace that every other command of ChargeForge reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from sim_core.errors import UserError
from sim_core.testbench.verdicts import Result, Spoken
from sim_core.traces.formats import own
from sim_core.traces.frames import Side
from sim_core.traces.stamps import as_text
from sim_core.wire.message_log import Direction


def write(folder: Path, results: Sequence[Result]) -> None:
    """Write a file for each. Raises UserError where that is not possible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for result in results:
            if result.spoken:
                text = "\n".join(lines_of(result)) + "\n"
                (folder / f"{result.scenario.name}.jsonl").write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"{folder}: traces cannot be written: {error.strerror or error}.") from None


def lines_of(result: Result) -> Iterator[str]:
    """The lines of the file."""
    names = {one.charge_point for one in result.spoken}
    only = next(iter(names)) if len(names) == 1 else ""
    yield own.header(only, result.scenario.ocpp)
    frames = [
        (at, side, text, "" if one.charge_point == only else one.charge_point, fault)
        for one in result.spoken
        for at, side, text, fault in _frames(one)
    ]
    for at, side, text, name, fault in sorted(frames, key=lambda frame: frame[0]):
        try:
            message = json.loads(text)
        except (ValueError, RecursionError):
            message = None
        yield own.line_of(side, as_text(at), message, text, name, fault)


def _frames(one: Spoken) -> Iterator[tuple[datetime, Side, str, str]]:
    exchange = one.exchange
    sent = exchange.direction is Direction.SENT
    asks, answers = (Side.CHARGER, Side.CSMS) if sent else (Side.CSMS, Side.CHARGER)
    yield exchange.requested_at, asks, one.request, exchange.injected
    if exchange.answer:
        later = timedelta(seconds=exchange.latency_s or 0.0)
        yield exchange.requested_at + later, answers, one.answer, ""
