"""Frames that are altered on purpose: another field, another id. Text in, text or a message out."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from typing import Any

from sim_core.wire_faults import WireFault, value_of


def message_of(text: str) -> list[Any] | None:
    with suppress(ValueError, RecursionError):
        message = json.loads(text)
        return message if isinstance(message, list) else None
    return None


def changed(text: str, rule: WireFault) -> list[Any] | None:
    """The message with another field; None where it has no such place."""
    message = message_of(text)
    if not message or not isinstance(message[-1], dict):
        return None
    *way, last = rule.path.split(".")
    place: Any = message[-1]
    for part in way:
        place = _inside(place, part)
    if isinstance(place, dict):
        if rule.becomes:
            place[last] = value_of(rule.becomes)
            return message
        return message if place.pop(last, message) is not message else None
    if isinstance(place, list) and last.isdecimal() and int(last) < len(place):
        if rule.becomes:
            place[int(last)] = value_of(rule.becomes)
        else:
            del place[int(last)]
        return message
    return None


def _inside(place: Any, part: str) -> Any:
    if isinstance(place, dict):
        return place.get(part)
    if isinstance(place, list) and part.isdecimal() and int(part) < len(place):
        return place[int(part)]
    return None


def any_id(rng: random.Random) -> str:
    """A message id that is nobody's."""
    return f"{rng.getrandbits(128):032x}"
