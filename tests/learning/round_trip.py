"""Whether a learnt charger says again what it was learnt from, field by field.

    python -m tests.learning.round_trip LOG…

The charger is made of the learnt file and goes through the day of a charger; what it says is held
against the log. A field is said again when the charger has said it in a message of this action: a
word as it was, a number with as many digits, a stamp in the same style, an id at all. It shares no
code with what learns.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sim_core.commands import (
    ClearFault,
    Command,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    Resume,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Unplug,
)
from sim_core.from_settings import why_no_key
from sim_core.learning.heard import Log, logs_of
from sim_core.learning.learner import learn
from sim_core.settings.model_file import load_model
from sim_core.traces.formats.form import CannotRead
from sim_core.traces.reading import read_file
from tests.harness import Harness, HarnessClock

BESIDE = ("RemoteStartTransaction", "RemoteStopTransaction", "ChangeConfiguration")
"""Requests that change what is said from then on."""
START = datetime(2026, 1, 1, 12, 0, 0, 123000, tzinfo=timezone.utc)
ANY = frozenset(
    {"connectorId", "transactionId", "idTag", "meterStart", "meterStop", "reservationId"}
)
"""Fields of which only counts that they are there, and whether they are numbers."""
STAMP = re.compile(r"[-0-9]{10}T[:0-9]{8}(\.[0-9]+)?(Z|[+-][0-9:]+)?")
NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
Leaf = tuple[str, str]
UNSAYABLE: tuple[tuple[str, str], ...] = (
    (r"StatusNotification\.\w+ = .*", "connector 0 breaks down by itself: no fault here does that"),
    (r".*\.transactionId = (-1|9223372036854775807)", "an id that no CSMS has given"),
    (r"DataTransfer\.data = .*,.*\{.*", "what the inside of the charger measures"),
    (r"SecurityEventNotification\.(type|techInfo) = .*", "why the firmware has set its clock"),
)
"""What a log has and no model can be told to say, as patterns, and the reason."""


def leaves(action: str, payload: Mapping[str, Any], around: str = "") -> Iterator[Leaf]:
    """(where, what) of every field."""
    for key, value in payload.items():
        place = f"{action}{around}.{key}"
        if key == "sampledValue" and isinstance(value, list):
            for one in value:
                yield from _sampled(place, one)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    yield from leaves(action, one, f"{around}.{key}")
        elif key == "value" or isinstance(value, dict):
            continue
        else:
            yield place, shape(key, value)


def _sampled(place: str, one: Mapping[str, Any]) -> Iterator[Leaf]:
    whose = f"{place}[{one.get('measurand')} {one.get('phase', '')}]"
    context = one.get("context", "none")
    for key, value in one.items():
        yield f"{whose} {context}", f"{key} {shape(key, value)}"


def shape(key: str, value: object) -> str:
    """What of a value must be there again."""
    if key in ANY:
        huge = isinstance(value, int) and (value > 2**53 or value < 0)
        return str(value) if huge else type(value).__name__
    text = str(value)
    if key == "timestamp" and (found := STAMP.fullmatch(text)):
        zeros = found[1] is not None and not int(found[1][1:])
        return f"stamp {'s' if found[1] is None else '.000' if zeros else 'ms'} {found[2]}"
    if key == "value" and (found := NUMBER.fullmatch(text)):
        return f"{len(found[1] or '.') - 1} decimals{' with exponent' if found[2] else ''}"
    return text


@dataclass
class Result:
    """Of one log."""

    name: str
    frames: int = 0
    fields: int = 0
    again: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    answered_alike: int = 0
    other_answers: Counter[str] = field(default_factory=Counter)
    orders: int = 0
    orders_kept: int = 0


def round_trip(path: Path) -> Result | None:
    """Learn from a log, play, compare. None: there is nothing in it that a charger has said."""
    trace = read_file(path).trace
    logs = logs_of(path.stem, trace)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "learnt.toml"
        file.write_text(learn(logs, why_no_key).text(), "utf-8")
        return asyncio.run(_compared(path.stem, logs, file))


async def _compared(name: str, logs: Sequence[Log], file: Path) -> Result:
    result = Result(name)
    heard, answers = await said_by(file, logs)
    known = {leaf for action, payload in heard for leaf in leaves(action, payload)}
    orders = [(action, list(payload)) for action, payload in heard]
    for log in logs:
        for one in log.told.said:
            result.frames += 1
            for leaf in leaves(one.action, one.payload):
                result.fields += 1
                if leaf in known or (leaf[0], f"{leaf[1]}") in known or _soft(leaf, known):
                    result.again += 1
                else:
                    result.missing[f"{leaf[0]} = {leaf[1]}"] += 1
            if one.payload:
                result.orders += 1
                result.orders_kept += any(
                    action == one.action and _in_order(list(one.payload), names)
                    for action, names in orders
                )
        for one in log.told.asked:
            if one.answer is None:
                continue
            result.answers += 1
            wanted = _answer(one.answer)
            if wanted in answers.get(_asked(one.action, one.payload), set()):
                result.answered_alike += 1
            else:
                result.other_answers[f"{one.action} {wanted}"] += 1
    return result


def _soft(leaf: Leaf, known: set[Leaf]) -> bool:
    """A stamp that happens to have no fraction, where the make writes milliseconds."""
    return leaf[1].startswith("stamp .000") and (leaf[0], leaf[1].replace(".000", "ms")) in known


def _in_order(names: Sequence[str], said: Sequence[str]) -> bool:
    both = [one for one in names if one in said]
    return both == [one for one in said if one in both]


def _asked(action: str, payload: Mapping[str, Any]) -> str:
    return f"{action} {payload.get('requestedMessage', payload.get('key', ''))}"


def _answer(answer: Sequence[Any]) -> str:
    if answer[0] == 4:
        return f"CALLERROR {answer[1]}"
    payload = answer[1]
    return str(payload.get("status", ",".join(sorted(payload)))) if payload else "{}"


async def said_by(
    file: Path, logs: Sequence[Log]
) -> tuple[list[tuple[str, dict[str, Any]]], dict[str, set[str]]]:
    """What a learnt charger says in the day of a charger, and how it answers."""
    model = load_model(str(file))
    numbers = [number for log in logs for number in log.told.numbers]
    connectors = max(1, *numbers) if numbers else 1
    requests = {
        _asked(one.action, one.payload): (one.action, one.payload)
        for log in logs
        for one in log.told.asked
    }
    requests.pop("Reset ", None)
    keys = {"ClockAlignedDataInterval": "60", "MeterValueSampleInterval": "10"}
    known = {name.casefold(): value.value for name, value in model.keys.items()}
    if not known.get("metervaluesaligneddata"):
        keys["MeterValuesAlignedData"] = known.get("metervaluessampleddata", "")
    answers: dict[str, set[str]] = {}
    quirks = ",".join(model.quirks) or "none"
    async with Harness(
        model=model,
        connectors=min(8, connectors),
        keys=keys,
        quirks=quirks,
        timing=_quick(model),
        clock=HarnessClock(START),
    ) as harness:

        async def ask(action: str, payload: dict[str, Any]) -> None:
            task = asyncio.ensure_future(harness.csms.ask_raw(action, payload))
            await harness.advance(12)
            if task.done():
                kind, _, *rest = task.result()
                answers.setdefault(_asked(action, payload), set()).add(_answer((kind, *rest)))
            else:
                task.cancel()

        async def do(command: Command, seconds: float) -> None:
            task = asyncio.ensure_future(harness.station.submit(command))
            await harness.advance(seconds)
            if not task.done():
                task.cancel()

        async def everything() -> None:
            for action, payload in requests.values():
                if action not in BESIDE:
                    await ask(action, payload)
            for name in ("BootNotification", "Heartbeat", "StatusNotification", "MeterValues"):
                await ask("TriggerMessage", {"requestedMessage": name})

        await harness.advance(65)
        await everything()
        await do(LinkDown(), 1)
        await do(LinkUp(), 60)
        for log in logs:
            for one in log.told.of("StatusNotification"):
                await _show(harness, one.payload)
        for action, payload in requests.values():
            if action == "RemoteStartTransaction":
                await ask(action, payload)
        for number in range(1, min(8, connectors) + 1):
            await do(Plug(number), 5)
            await do(Start(number), 40)
            for act in (SuspendEV, Resume, SuspendEVSE, Resume):
                await do(act(number), 3)
        await everything()
        for action, payload in requests.values():
            if action == "RemoteStopTransaction":
                await ask(action, {**payload, "transactionId": 1000})
        await harness.advance(130)
        for number in range(1, min(8, connectors) + 1):
            await do(Stop(number), 10)
            await do(Unplug(number), 10)
        await everything()
        for action, payload in requests.values():
            if action == "ChangeConfiguration":
                await ask(action, payload)
        return [(call.action, call.payload) for call in harness.csms.calls], answers


def _quick(model: Any) -> Any:
    """Its times, with power at once."""
    return replace(model.timing["real"], answer_s=0.0)


async def _show(harness: Harness, payload: Mapping[str, Any]) -> None:
    """Let a fault strike that the log tells of."""
    code = payload.get("errorCode")
    number = payload.get("connectorId")
    if code in (None, "NoError") or not isinstance(number, int):
        return
    vendor, info = payload.get("vendorErrorCode"), payload.get("info")
    await harness.submit(InjectFault(number, str(code), vendor or None, info or None))
    await harness.advance(2)
    await harness.submit(ClearFault(number))
    await harness.advance(2)


def main(names: Sequence[str]) -> int:
    """Print the table."""
    print(f"{'log':34} frames fields  again   %   orders  answers")
    whole = Result("all")
    paths = [
        path
        for name in names
        for path in (sorted(Path(name).glob("*.jsonl")) if Path(name).is_dir() else [Path(name)])
    ]
    for path in paths:
        try:
            result = round_trip(path)
        except CannotRead as error:
            print(f"{path.name}: {error}")
            continue
        if result is None:
            continue
        _print(result)
        for what, count in result.missing.most_common():
            print(f"      not {count}x {what[:100]}: {why_not(what) or 'NO REASON'}")
        for what, count in result.other_answers.most_common():
            print(f"      answered otherwise {count}x {what[:120]}")
        for name in ("frames", "fields", "again", "orders", "orders_kept", "answers"):
            setattr(whole, name, getattr(whole, name) + getattr(result, name))
        whole.answered_alike += result.answered_alike
        whole.missing += result.missing
    _print(whole)
    return 1 if any(not why_not(what) for what in whole.missing) else 0


def why_not(what: str) -> str:
    """Why a field is not said again, where there is a reason."""
    return next((why for pattern, why in UNSAYABLE if re.fullmatch(pattern, what)), "")


def _print(result: Result) -> None:
    share = 100 * result.again / result.fields if result.fields else 100
    print(
        f"{result.name[:34]:34} {result.frames:6} {result.fields:6} {result.again:6} {share:4.0f}"
        f"  {result.orders_kept:3}/{result.orders:<3}"
        f"  {result.answered_alike:3}/{result.answers:<3}"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
