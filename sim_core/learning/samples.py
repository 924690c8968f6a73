"""MeterValues: which values a sample has, and how each of them is written.

Values are told apart by measurand, phase, and how often the two were there before in the sample.
Samples are sorted by what made the charger take them: a trigger, its clock, its interval.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sim_core.hardware.measurands import CELSIUS, MEASURANDS, REGISTER
from sim_core.hardware.model import CONTEXTS, Metering, SampledLine
from sim_core.learning.counting import Votes, order_of
from sim_core.learning.draft import Draft, Evidence, Table
from sim_core.learning.heard import Log
from sim_core.traces.exchanges import Exchange

PERIODIC, CLOCK, TRIGGER = "Sample.Periodic", "Sample.Clock", "Trigger"
TRIGGERED_WITHIN = 8
"""So many exchanges behind a trigger its message is looked for."""
FEW_DISTINCT = 3
"""Of fewer values that differ nobody can tell a step."""
NUMBER = re.compile(r"[-+]?\d*(?:\.(\d*))?(?:([eE])[-+]?\d+)?")
NESTS = ("meterValue", "transactionData")

Spot = tuple[str, str, bool, int]
"""(measurand, phase, whether it is named, how often it was there before in the sample)."""
UNNAMED = {
    "A": "Current.Import",
    "V": "Voltage",
    "W": "Power.Active.Import",
    "kW": "Power.Active.Import",
}
"""What a value without a measurand is by its unit; OCPP takes it for the register (§7.43)."""


@dataclass(frozen=True)
class Written:
    """How one value is written, but for its number."""

    unit: str
    context: str
    """`=` where it is that of the sample."""
    format: str
    location: str
    named: bool


@dataclass
class Values:
    """What was seen at one spot."""

    how: Votes[Written] = field(default_factory=Votes)
    texts: list[str] = field(default_factory=list)


@dataclass
class Group:
    """The samples that one thing makes the charger take."""

    count: int = 0
    logs: list[str] = field(default_factory=list)
    rows: list[list[Spot]] = field(default_factory=list)
    spots: dict[Spot, Values] = field(default_factory=lambda: defaultdict(Values))


def learn_samples(logs: Sequence[Log], draft: Draft) -> tuple[str, Evidence] | None:
    """Returns the measurands of its samples, for the key that sets them."""
    groups = _groups(logs)
    table = draft.table("metering")
    if not groups:
        table.remark("no sample was seen")
        return None
    strangers = {
        spot[0] for group in groups.values() for spot in group.spots if spot[0] not in MEASURANDS
    }
    for name in sorted(strangers):
        table.remark(f"{name!r} was seen: no meter here measures that")
    every = Evidence(
        sum(group.count for group in groups.values()),
        sum(group.count for group in groups.values()),
        tuple(log for group in groups.values() for log in group.logs),
        "samples",
    )
    style = _plain_style(groups)
    if style is not None:
        for name in ("kilowatts", "number_format", "location"):
            table.learn(Metering, name, getattr(style, name), every)
        also = [one for one in _names(groups) if one in MEASURANDS and not MEASURANDS[one].usual]
        if also:
            table.learn(Metering, "also_measures", ",".join(also), every)
        temperature = _temperature(groups)
        if temperature:
            table.learn(Metering, "temperature_unit", temperature, every)
    else:
        _lines(groups, draft)
    names = [name for name in _names(groups) if name in MEASURANDS]
    return (",".join(names), every) if names else None


def _names(groups: Mapping[str, Group]) -> list[str]:
    """The measurands in one order: of the samples by the interval, if there are any."""
    first = groups.get(PERIODIC)
    ranked = [first] if first else []
    ranked += [group for group in groups.values() if group is not first]
    spots = [spot for group in ranked for spot in order_of(group.rows)]
    return list(dict.fromkeys(spot[0] for spot in spots))


# -- which sample is which -------------------------------------------------------------------------


def _groups(logs: Sequence[Log]) -> dict[str, Group]:
    groups: dict[str, Group] = defaultdict(Group)
    for log in logs:
        for one in log.told.said:
            if one.action != "MeterValues" and "transactionData" not in one.payload:
                continue
            for value in meter_values(one.payload):
                sampled = [v for v in value.get("sampledValue", []) if isinstance(v, dict)]
                if sampled:
                    _take(sampled, situation(log, one, sampled), log.name, groups)
    return dict(groups)


def meter_values(payload: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The meter values in a payload."""
    for nest in NESTS:
        values = payload.get(nest)
        if isinstance(values, list):
            yield from (value for value in values if isinstance(value, dict))


def situation(log: Log, one: Exchange, sampled: Sequence[Mapping[str, Any]]) -> str:
    """What has made a charger take a sample: the word that most of its values have; where they
    have none, or a word that is none, what has just happened."""
    said: Votes[str] = Votes()
    for value in sampled:
        context = value.get("context")
        if isinstance(context, str) and context in CONTEXTS:
            said.add(context, log.name)
    if said and (said.most != PERIODIC or said.counts[PERIODIC] * 2 > len(sampled)):
        return said.most
    return TRIGGER if _triggered(log, one) else said.most if said else PERIODIC


def _triggered(log: Log, one: Exchange) -> bool:
    for other in log.before(one, TRIGGERED_WITHIN):
        if other.action == "MeterValues":
            return False
        if other.action == "TriggerMessage":
            return other.text("requestedMessage") == "MeterValues"
    return False


def _take(
    sampled: Sequence[Mapping[str, Any]], context: str, log: str, groups: dict[str, Group]
) -> None:
    group = groups[context]
    group.count += 1
    group.logs.append(log)
    row: list[Spot] = []
    for value in sampled:
        name, phase = measurand_of(value), str(value.get("phase", ""))
        named = "measurand" in value
        spot = (name, phase, named, sum(other[:3] == (name, phase, named) for other in row))
        row.append(spot)
        said = str(value.get("context", ""))
        group.spots[spot].how.add(
            Written(
                str(value.get("unit", "")),
                "=" if said == context else said,
                str(value.get("format", "")),
                str(value.get("location", "")),
                "measurand" in value,
            ),
            log,
        )
        group.spots[spot].texts.append(str(value.get("value", "")))
    group.rows.append(row)


def measurand_of(value: Mapping[str, Any]) -> str:
    """What is measured; where nothing names it, its unit does."""
    return str(value.get("measurand", UNNAMED.get(str(value.get("unit", "")), REGISTER)))


# -- a style for all -------------------------------------------------------------------------------


def _plain_style(groups: Mapping[str, Group]) -> Metering | None:
    """The style of a make whose values are all written by one rule; None: each has its own."""
    for kilowatts in (False, True):
        for location in (True, False):
            if all(
                _fits(spot, how, kilowatts=kilowatts, location=location)
                for group in groups.values()
                for spot, values in group.spots.items()
                for how in values.how.counts
            ):
                texts = {
                    spot[0]: values.texts
                    for group in groups.values()
                    for spot, values in group.spots.items()
                }
                fixed = all(_fixed(name, told) for name, told in texts.items())
                if fixed and not kilowatts:
                    return Metering(location=location)
                if kilowatts and not fixed:
                    return Metering(kilowatts=True, number_format="g6", location=location)
    return None


def _fits(spot: Spot, how: Written, *, kilowatts: bool, location: bool) -> bool:
    name, phase, _, nth = spot
    row = MEASURANDS.get(name)
    if row is None or phase or nth or not how.named or how.context != "=" or how.format != "Raw":
        return False
    place = row.location
    if kilowatts and place == "Outlet" and name != "Temperature":
        place = "Body"
    unit = row.kilo_unit if kilowatts and row.kilo_unit else row.unit
    if row.unit == CELSIUS:
        unit = how.unit
    return how.unit == unit and how.location == (place if location else "")


def _fixed(name: str, texts: Sequence[str]) -> bool:
    return all(_decimals(text) == MEASURANDS[name].decimals for text in texts)


def _temperature(groups: Mapping[str, Group]) -> str:
    for group in groups.values():
        for spot, values in group.spots.items():
            if spot[0] == "Temperature":
                return values.how.most.unit
    return ""


# -- a line for each -------------------------------------------------------------------------------


def _lines(groups: Mapping[str, Group], draft: Draft) -> None:
    """The tables [[metering.values]]: those of most samples are for every context that no other
    has lines for."""
    usual = max(groups, key=lambda name: groups[name].count)
    written = {
        name: [
            (_line(spot, values), values)
            for spot in order_of(group.rows)
            if spot[0] in MEASURANDS and (values := group.spots[spot])
        ]
        for name, group in groups.items()
    }
    for name, lines in written.items():
        if name != usual and [one for one, _ in lines] == [one for one, _ in written[usual]]:
            continue
        for line, values in lines:
            table = draft.table("[metering.values]")
            _write(table, line, values, () if name == usual else (name,))


def _write(table: Table, line: SampledLine, values: Values, when: tuple[str, ...]) -> None:
    evidence = values.how.evidence()
    table.learn(SampledLine, "measurand", line.measurand, evidence)
    if when:
        table.add("when", list(when), "")
    plain = SampledLine(line.measurand)
    for name in (
        "phase",
        "unit",
        "decimals",
        "exponent",
        "significant",
        "step",
        "context",
        "format",
        "location",
        "names_measurand",
    ):
        value = getattr(line, name)
        if value != getattr(plain, name):
            table.learn(SampledLine, name, value, "")


def _line(spot: Spot, values: Values) -> SampledLine:
    name, phase, *_ = spot
    how = values.how.most
    usual = MEASURANDS[name].unit if name in MEASURANDS else ""
    decimals, exponent, significant = _digits(values.texts)
    return SampledLine(
        name,
        phase=phase,
        unit=None if how.unit == usual else how.unit,
        decimals=decimals,
        exponent=exponent,
        significant=significant,
        step=_step(values.texts),
        context=None if how.context == "=" else how.context,
        format=how.format,
        location=how.location,
        names_measurand=how.named,
    )


def _digits(texts: Sequence[str]) -> tuple[int, bool, int]:
    """(decimals, whether with an exponent, significant digits where the decimals differ)."""
    if any(found and found[2] for text in texts if (found := NUMBER.fullmatch(text))):
        return max(map(_decimals, texts)), True, 0
    counts = {_decimals(text) for text in texts}
    if len(counts) == 1:
        return counts.pop(), False, 0
    bare = [len(text.replace(".", "").replace("-", "").lstrip("0")) for text in texts]
    trailing = any("." in text and text.endswith("0") for text in texts)
    most: Votes[int] = Votes()
    for text in texts:
        most.add(_decimals(text), "")
    return (most.most, False, 0) if trailing else (max(counts), False, max(6, *bare))


def _decimals(text: str) -> int:
    found = NUMBER.fullmatch(text)
    return len(found[1] or "") if found else 0


def _step(texts: Sequence[str]) -> float:
    """What all values are multiples of, where that is more than one of their last digits."""
    whole = {int(text) for text in texts if text.isdigit() and int(text)}
    if len(whole) < FEW_DISTINCT or len(whole) < len({t for t in texts if t.isdigit()}) - 1:
        return 0.0
    step = math.gcd(*whole)
    return float(step) if step in (5, 10, 50, 100, 1000) else 0.0
