"""How two frames of the same kind differ in what they say.

Everything is compared that is neither a moment nor measured: fields and their order, words, units,
the way in which numbers are written. What chance decides is left to `chances`.
"""

from __future__ import annotations

import re
from typing import Any

from sim_core.traces.comparison.words import token_of
from sim_core.traces.exchanges import Exchange, Payload
from sim_core.traces.messages import CALLRESULT

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
NUMBER = re.compile(r"0|-?(?:[1-9]\d*|0)(?:\.\d*[1-9])?(?:e[+-]\d\d)?")
FILE = re.compile(r"\d{14}\.\w+$")
"""How the name of a file ends that a charger has uploaded."""
RANDOM_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MEASURED = frozenset({"meterStart", "meterStop"})
OWN = frozenset({"chargePointSerialNumber", "chargeBoxSerialNumber", "meterSerialNumber"})
"""What every charger has of its own."""
BY_CHANCE = frozenset({"iccid"})
WHOLE = ("SoC", "Power.Offered")
"""Measurands that are written without a fraction where the real charger does so."""


def frame_faults(one: Exchange, other: Exchange) -> list[str]:
    """How a frame of the twin (`other`) differs from the real one."""
    faults: list[str] = []
    _compare("", one.payload, other.payload, faults)
    if RANDOM_ID.fullmatch(one.message_id) and not RANDOM_ID.fullmatch(other.message_id):
        faults.append("the message id is no random UUID")
    faults += _slashes(one, other)
    return [f"{token_of(one)}: {fault}" for fault in faults]


def answer_faults(one: Exchange, other: Exchange) -> list[str]:
    """How two answers to the same request differ."""
    if one.answer is None:
        return []
    if other.answer is None:
        return [f"{one.action}: no answer"]
    faults: list[str] = []
    if one.answer[0] != other.answer[0]:
        kind = "an answer" if other.answer[0] == CALLRESULT else "a CALLERROR"
        return [f"{one.action}: {kind}, not {_shown(one.answer[1:])}"]
    _compare("", one.answer[1], other.answer[1], faults)
    faults += _slashes(one, other)
    return [f"{one.action}.conf: {fault}" for fault in faults]


def _slashes(one: Exchange, other: Exchange) -> list[str]:
    if one.slash and other.slash and one.slash != other.slash:
        return [f"a slash is written {other.slash}, not {one.slash}"]
    return []


def _compare(path: str, one: Any, other: Any, faults: list[str]) -> None:
    if isinstance(one, dict) and isinstance(other, dict):
        if list(one) != list(other):
            missing = [str(key) for key in one if key not in other]
            extra = [str(key) for key in other if key not in one]
            what = f"without {missing}" if missing else f"with {extra}" if extra else "order"
            faults.append(f"{path or 'fields'} {what}")
        for key in one:
            if key in other:
                _compare_field(f"{path}.{key}".strip("."), key, one, other, faults)
    elif isinstance(one, list) and isinstance(other, list):
        if path.endswith("sampledValue"):
            one, other = _without_chance(one), _without_chance(other)
        elif path == "transactionData":
            one, other = _without_a_sample(one, other)
        if len(one) != len(other):
            faults.append(f"{path} has {len(other)} entries, not {len(one)}")
        for a, b in zip(one, other, strict=False):
            _compare(path, a, b, faults)
    elif one != other:
        faults.append(f"{path} is {_shown(other)}, not {_shown(one)}")


def _without_chance(values: list[Any]) -> list[Any]:
    """Sampled values without what an end may or may not have."""
    return [
        value
        for value in values
        if not (
            isinstance(value, dict)
            and value.get("measurand") == "Power.Offered"
            and value.get("context") == "Transaction.End"
        )
    ]


def _without_a_sample(one: list[Any], other: list[Any]) -> tuple[list[Any], list[Any]]:
    """What two transactions tell of their samples, where one has one more between begin and end:
    the timer of the samples runs freely."""
    if min(len(one), len(other)) < 3 or abs(len(one) - len(other)) != 1:
        return one, other
    if len(one) > len(other):
        return [*one[:-2], one[-1]], other
    return one, [*other[:-2], other[-1]]


def _compare_field(path: str, key: str, one: Payload, other: Payload, faults: list[str]) -> None:
    a, b = one[key], other[key]
    if isinstance(a, str) and STAMP.fullmatch(a):
        if not (isinstance(b, str) and STAMP.fullmatch(b)):
            faults.append(f"{path} is written {_shown(b)}")
    elif key == "timestamp":
        if type(a) is not type(b):
            faults.append(f"{path} is written {_shown(b)}")
    elif key == "value" and ("measurand" in one or "context" in one):
        _compare_value(path, one, other, faults)
    elif key in MEASURED or key in OWN or (key == "value" and one.get("key") == "OcppUrl"):
        if type(a) is not type(b):
            faults.append(f"{path} is {_shown(b)}")
    elif key in BY_CHANCE and {a, b} <= {"", "0"}:
        return
    elif key == "fileName" and FILE.search(str(a)):  # it begins with the charge point's own id
        if not FILE.search(str(b)):
            faults.append(f"{path} is written {_shown(b)}")
    elif isinstance(a, (dict, list)):
        _compare(path, a, b, faults)
    elif a != b:
        name = str(one["key"]) if "key" in one else path
        faults.append(f"{name} is {_shown(b)}, not {_shown(a)}")


def _compare_value(path: str, one: Payload, other: Payload, faults: list[str]) -> None:
    a, b = str(one["value"]), str(other["value"])
    measurand = str(one.get("measurand", "the register"))
    if NUMBER.fullmatch(a) and not NUMBER.fullmatch(b):
        faults.append(f"{path} is written {_shown(b)}")
    elif measurand in WHOLE and a.isdigit() and not b.isdigit():
        faults.append(f"{measurand} is written {_shown(b)}")
    elif measurand not in WHOLE and _is_at_rest(one) and a == "0" != b:
        faults.append(f"{measurand} is {_shown(b)}, not '0'")


def _is_at_rest(value: Payload) -> bool:
    return value.get("context") in ("Transaction.Begin", "Transaction.End")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
