"""What a frame says, in words: beside its JSON, for whoever does not read OCPP all day.

For some actions the parts that matter are lifted out: sampled values with their units, the periods
of a charging profile, configuration keys. And for every action what does not fit OCPP's own schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from tui import text
from tui.text import Payload

MOST_NOTES = 40
"""A frame may hold thousands of samples or keys; the JSON below has them all."""


class FrameNote(NamedTuple):
    """One line about a frame."""

    name: str
    words: str
    role: str = "text"


def _dicts(value: object) -> Iterator[Payload]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))


def _samples(meter_values: object) -> Iterator[FrameNote]:
    for meter_value in _dicts(meter_values):
        for sample in _dicts(meter_value.get("sampledValue")):
            measurand = str(sample.get("measurand", "Energy.Active.Import.Register"))
            asides = [str(sample[name]) for name in ("context", "location") if name in sample]
            aside = f"  ({', '.join(asides)})" if asides else ""
            yield FrameNote(text.sample_words(sample)[1], measurand + aside)


def _periods(schedule: object) -> Iterator[FrameNote]:
    if not isinstance(schedule, dict):
        return
    unit = str(schedule.get("chargingRateUnit", ""))
    for period in _dicts(schedule.get("chargingSchedulePeriod")):
        begins = period.get("startPeriod")
        phases = f", {period['numberPhases']} phases" if "numberPhases" in period else ""
        yield FrameNote(f"from {begins} s", f"{period.get('limit')} {unit}{phases}")


def _profile(profile: object) -> Iterator[FrameNote]:
    if isinstance(profile, dict):
        words = [str(profile.get(name, "")) for name in ("chargingProfilePurpose", "stackLevel")]
        yield FrameNote("profile", f"{words[0]}, stack level {words[1]}")
        yield from _periods(profile.get("chargingSchedule"))


def _keys(payload: Payload) -> Iterator[FrameNote]:
    for key in _dicts(payload.get("configurationKey")):
        fixed = "  (read only)" if key.get("readonly") else ""
        yield FrameNote(str(key.get("key", "")), f"{key.get('value', '')}{fixed}")
    unknown = payload.get("unknownKey")
    if isinstance(unknown, list) and unknown:
        yield FrameNote("unknown", ", ".join(str(key) for key in unknown), "warning")


Tell = Callable[[Payload], Iterable[FrameNote]]

REQUESTS: dict[str, Tell] = {
    "MeterValues": lambda payload: _samples(payload.get("meterValue")),
    "StopTransaction": lambda payload: _samples(payload.get("transactionData")),
    "SetChargingProfile": lambda payload: _profile(payload.get("csChargingProfiles")),
    "RemoteStartTransaction": lambda payload: _profile(payload.get("chargingProfile")),
}
ANSWERS: dict[str, Tell] = {
    "GetConfiguration": _keys,
    "GetCompositeSchedule": lambda payload: _periods(payload.get("chargingSchedule")),
}


@lru_cache(64)
def request_notes(action: str, frame: str) -> tuple[FrameNote, ...]:
    """What a CALL says, and what of it does not fit its schema."""
    says = text.request_summary(action, frame) if action in text.REQUESTS else ""
    return _notes(REQUESTS, action, says, text.frame_payload(frame, 3), answered=False)


@lru_cache(64)
def answer_notes(action: str, frame: str) -> tuple[FrameNote, ...]:
    """What a CALLRESULT says, and what does not fit its schema; nothing of a CALLERROR."""
    if frame.lstrip().startswith("[4"):
        return ()
    says = text.answer_summary(action, frame)
    return _notes(ANSWERS, action, says, text.frame_payload(frame, 2), answered=True)


def _notes(
    table: dict[str, Tell], action: str, says: str, payload: Payload | None, *, answered: bool
) -> tuple[FrameNote, ...]:
    if payload is None:
        return (FrameNote("schema", "there is no payload to look at", "warning"),)
    told = list(table[action](payload)) if action in table else []
    if len(told) > MOST_NOTES:
        more = text.count(len(told) - MOST_NOTES, "more line")
        told = [*told[:MOST_NOTES], FrameNote("", f"({more} in the frame)", "muted")]
    if not told and says:
        told = [FrameNote("says", says)]
    told += _verdict(action, payload, answered)
    return tuple(FrameNote(text.plain(n), text.plain(w), r) for n, w, r in told)


def _verdict(action: str, payload: Payload, answered: bool) -> list[FrameNote]:
    """What is wrong by the schema; nothing when nothing is."""
    from sim_core.ocpp_versions import VERSIONS  # not before somebody looks into a message

    dialect = VERSIONS[0].dialect
    schemas = dialect.schemas
    if action not in schemas.actions:
        return [FrameNote("schema", f"{dialect.version} has no such action", "warning")]
    judge = schemas.answer_fault if answered else schemas.request_fault
    fault = judge(action, payload)
    if fault is None:
        return []
    return [FrameNote("schema", f"{fault.description} ({fault.code})", "error")]
