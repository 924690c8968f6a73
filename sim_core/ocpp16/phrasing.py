"""The words that a make has for what OCPP 1.6 says: order, blanks, texts of its own.

Everything is spelt and judged as the text of OCPP has it, and only then phrased: so the charge
point reads no message that a make has bent, and a field that OCPP does not know harms no schema.
What a make does otherwise is in `habits`; here nothing happens, it is only written.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from ocpp.v16.enums import Location, Phase, UnitOfMeasure, ValueFormat

from sim_core.hardware.distribution import drawn
from sim_core.hardware.model import (
    CONTEXTS,
    FrameText,
    Identity,
    Model,
    SampledLine,
    Timing,
    WireText,
)
from sim_core.ocpp16.points import Speech
from sim_core.ocpp16.registration import boot_payload
from sim_core.runtime.random_numbers import Rng
from sim_core.wire.answers import Payload
from sim_core.wire.wire_format import Phrase, WireFormat, uuids

PLACE = re.compile(r"\{([A-Za-z]+)\}")
"""Where a template has what another field says."""
TIMESTAMP = "timestamp"
FRACTION = re.compile(r"\.(\d+)")
HEX, DIGITS = "0123456789abcdef", "0123456789"
PLAIN = WireText()
SAMPLES = frozenset({"MeterValues", "StopTransaction"})
FORMATS, PHASES, LOCATIONS, UNITS = (
    frozenset(word.value for word in words)
    for words in (ValueFormat, Phase, Location, UnitOfMeasure)
)


def phrased(
    speech: Speech, model: Model, timing: Timing, identity: Callable[[], Identity]
) -> Speech:
    """The speech of one charge point of a make. One that says nothing of its own is shared."""
    wire = model.wire
    own: dict[str, Any] = {}
    if wire.message_ids != "uuid" or wire.message_id_prefix:
        own["message_id"] = message_ids(wire)
    if wire.blanks:
        own["blanks"] = True
    if model.frames or (wire.timestamps, wire.utc) != (PLAIN.timestamps, PLAIN.utc):
        own["phrase"] = phrase_of(model.frames, wire, identity)
    if not all(map(_in_ocpp, model.metering.values)):
        own["unjudged"] = SAMPLES
    if timing.answer_s:
        own["answer_s"] = lambda chance: drawn(timing.answer_s, chance)
    if not own:
        return speech
    format_: WireFormat = replace(speech.wire, **own)
    return replace(speech, wire=format_)


def _in_ocpp(line: SampledLine) -> bool:
    """Whether all words of a sampled value are those that OCPP 1.6 has (§7)."""
    words = (line.context, line.format, line.phase, line.location, line.unit)
    return all(
        not word or word in known
        for word, known in zip(words, (CONTEXTS, FORMATS, PHASES, LOCATIONS, UNITS), strict=True)
    )


def message_ids(wire: WireText) -> Callable[[Rng], str]:
    """What gives the next message id."""
    prefix, digits = wire.message_id_prefix, wire.message_id_digits
    if wire.message_ids == "uuid":
        return lambda chance: prefix + uuids(chance)
    if wire.message_ids == "counter":
        numbers = itertools.count(wire.first_message_id)
        width = digits if wire.padded else 0
        return lambda _: f"{prefix}{next(numbers):0{width}d}"
    signs = HEX if wire.message_ids == "hex" else DIGITS
    return lambda chance: (
        prefix + "".join(signs[int(chance.random() * len(signs))] for _ in range(digits))
    )


def phrase_of(
    frames: Mapping[str, FrameText], wire: WireText, identity: Callable[[], Identity]
) -> Phrase:
    """What phrases a payload."""

    def phrase(action: str, payload: Payload) -> Payload:
        return _object(action, payload, {})

    def _object(name: str, said: Payload, around: Payload) -> Payload:
        text = frames.get(name)
        found = {key: _value(key, value, said) for key, value in said.items()}
        if text is None:
            return found
        for key, words in text.says.items():
            told = _told(words, said, around)
            if told is not None and found.get(key, "") in ("", EMPTY_CODE.get(key)):
                found[key] = told
        kept = {key: value for key, value in found.items() if key not in text.without}
        return {
            **{key: kept[key] for key in text.fields if key in kept},
            **{key: value for key, value in kept.items() if key not in text.fields},
        }

    def _value(key: str, value: Any, around: Payload) -> Any:
        if isinstance(value, list):
            return [_object(key, one, around) if isinstance(one, dict) else one for one in value]
        if isinstance(value, dict):
            return _object(key, value, around)
        return _stamped(value, wire) if key == TIMESTAMP and isinstance(value, str) else value

    def _told(words: object, said: Payload, around: Payload) -> object:
        if isinstance(words, Mapping):
            words = words.get(str(said.get("status", "")))
        if isinstance(words, str):
            return filled(words, said, identity())
        return [] if words == () else words

    return phrase


EMPTY_CODE = {"vendorErrorCode": "NoError"}
"""What a charge point that always fills in the vendor's fields has where there is nothing."""


def filled(template: str, said: Mapping[str, Any], identity: Identity) -> str:
    """A template with what the fields of a message say, and those of BootNotification; a name that
    neither has stays as it is."""
    if "{" not in template:
        return template
    known = {**boot_payload(identity), **said}
    return PLACE.sub(
        lambda found: str(known[found[1]]) if found[1] in known else found[0], template
    )


def _stamped(text: str, wire: WireText) -> str:
    """A timestamp of ours as this make writes it."""
    bare = text.removesuffix("Z")
    if wire.timestamps == "s":
        bare = FRACTION.sub("", bare)
    elif wire.timestamps == "zeros":
        bare = FRACTION.sub(".000", bare)
    return bare + wire.utc
