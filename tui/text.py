"""Numbers, times and OCPP payloads as text. Pure functions, no screen.

Whatever came over the wire passes `plain` before it is drawn: control characters, escapes,
direction marks, lone surrogates and the like become visible text of known width, so that nothing
a CSMS sends can move the cursor, reorder a row or end the program.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from rich.cells import cell_len, chop_cells

_UNDRAWABLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def plain(text: str, ascii_only: bool = False) -> str:
    r"""The text with everything that is not a plain printable character spelled out (`\x1b`)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char == " " or _shows(char, ascii_only) else _spelled(char) for char in text
    )


def _shows(char: str, ascii_only: bool) -> bool:
    if ascii_only and not char.isascii():
        return False
    # U+FE00-FE0F change the width of the character before them, differently in each terminal
    return unicodedata.category(char) not in _UNDRAWABLE and not "\ufe00" <= char <= "\ufe0f"


def _spelled(char: str) -> str:
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def width(text: str) -> int:
    """Cells that the text takes."""
    return len(text) if text.isascii() else cell_len(text)


def cut(text: str, cells: int, ellipsis: str = "…") -> str:
    """The text in at most `cells` cells; what is cut off is marked."""
    if width(text) <= cells:
        return text
    if cells <= 1:
        return ellipsis[:cells]
    if text.isascii():
        return text[: cells - 1] + ellipsis
    pieces = chop_cells(text, cells - 1)
    return (pieces[0] if pieces else "") + ellipsis


def fit(text: str, cells: int, ellipsis: str = "…") -> str:
    """The text in exactly `cells` cells."""
    text = cut(text, cells, ellipsis)
    return text + " " * (cells - width(text))


# -- numbers ---------------------------------------------------------------------------------------


def kilo(value: float, decimals: int) -> str:
    """A thousandth, with fixed decimals and never "-0.00"."""
    return f"{value / 1000 + 0.0:.{decimals}f}".replace("-0.00", "0.00")


def kilowatts(power_w: float) -> str:
    """Power without needless decimals: "60 kW", "22.5 kW"."""
    return f"{power_w / 1000:.1f}".removesuffix(".0") + " kW"


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural where that is due."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


NO_SHIFT = timedelta(0)
"""Two clocks that agree."""

# -- times -----------------------------------------------------------------------------------------


def clock_time(at: datetime, milliseconds: bool = False) -> str:
    """The local time of day."""
    local = at.astimezone()
    text = local.strftime("%H:%M:%S")
    return f"{text}.{local.microsecond // 1000:03d}" if milliseconds else text


def duration(span: timedelta) -> str:
    """A span as 00:13:05; days are spelled from the fourth on."""
    seconds = max(0, int(span.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    if hours >= 100:
        return f"{hours // 24}d {hours % 24:02d}:{rest // 60:02d}"
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}"


def short_span(seconds: float) -> str:
    """A countdown or an age in few characters: 8s, 4m05, 3h12, 5d."""
    whole = max(0, int(seconds))
    if whole < 100:
        return f"{whole}s"
    if whole < 6000:
        return f"{whole // 60}m{whole % 60:02d}"
    if whole < 360_000:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}"
    return f"{whole // 86_400}d"


def coarse_span(seconds: float) -> str:
    """A countdown that ticks only near its end: 5m, 42s."""
    return short_span(seconds) if seconds < 100 else f"{-(-int(seconds) // 60)}m"


def seconds_left(until: datetime, now: datetime) -> int:
    """Whole seconds until a moment, rounded up; 0 when it is past."""
    return max(0, -int(-(until - now).total_seconds() // 1))


def spoken(seconds: float) -> str:
    """A countdown inside a sentence: "8 s", "2 min 05 s", "3 h 12 min"."""
    whole = max(0, int(seconds))
    if whole < 100:
        return f"{whole} s"
    if whole < 6000:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def latency(seconds: float) -> str:
    """How long an answer took, in at most five characters."""
    if seconds < 0.9995:
        return f"{max(0, round(seconds * 1000))}ms"
    if seconds < 99.95:
        return f"{seconds:.1f}s"
    return short_span(seconds)


def span_of(seconds: int) -> str:
    """What a trace covers: "45 s", "2:25 min", "10 min"."""
    if seconds < 60:
        return f"{seconds} s"
    return (
        f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds // 60}:{seconds % 60:02d} min"
    )


# -- OCPP payloads ---------------------------------------------------------------------------------

Payload = Mapping[str, Any]


def _word(payload: Payload, key: str, label: str = "") -> str:
    value = payload.get(key)
    if value is None or value == "":
        return ""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return f"{label}{text}"


def _words(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _number(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None


def _boot(payload: Payload) -> str:
    return _words(
        _word(payload, "chargePointVendor"),
        _word(payload, "chargePointModel"),
        _word(payload, "firmwareVersion", "fw "),
    )


def _status(payload: Payload) -> str:
    words = [_word(payload, key) for key in ("errorCode", "vendorErrorCode", "info")]
    return _words(_word(payload, "status"), *(word for word in words if word != "NoError"))


_UNITS: dict[str, tuple[float, int, str]] = {
    "Wh": (1000, 3, "kWh"),
    "kWh": (1, 3, "kWh"),
    "W": (1000, 2, "kW"),
    "kW": (1, 2, "kW"),
    "V": (1, 1, "V"),
    "A": (1, 1, "A"),
    "Percent": (1, 0, "%"),
}
_DEFAULT_UNITS = {
    "Energy.Active.Import.Register": "Wh",
    "Power.Active.Import": "W",
    "SoC": "Percent",
    "Voltage": "V",
    "Current.Import": "A",
}
_SAMPLE_ORDER = tuple(_DEFAULT_UNITS)


def sample_words(sample: Payload) -> tuple[int, str]:
    """A sampled value (OCPP 1.6 §7.43) with its place among others and its unit."""
    measurand = str(sample.get("measurand", "Energy.Active.Import.Register"))
    place = _SAMPLE_ORDER.index(measurand) if measurand in _SAMPLE_ORDER else len(_SAMPLE_ORDER)
    value, unit = sample.get("value"), str(sample.get("unit", _DEFAULT_UNITS.get(measurand, "")))
    number = _number(value)
    if number is None or unit not in _UNITS:
        shown = f"{value} {unit}".strip()
    else:
        divisor, decimals, name = _UNITS[unit]
        shown = f"{number / divisor:.{decimals}f} {name}"
    if sample.get("phase"):
        shown = f"{sample['phase']} {shown}"
    return place, shown


def _meter_values(payload: Payload) -> str:
    values = payload.get("meterValue")
    if not isinstance(values, list) or not values:
        return ""
    samples = [
        sample_words(sample)
        for value in values[-1:]
        if isinstance(value, dict)
        for sample in value.get("sampledValue") or ()
        if isinstance(sample, dict)
    ]
    text = " ".join(shown for _, shown in sorted(samples, key=lambda one: one[0]))
    return f"{text} (+{len(values) - 1})" if len(values) > 1 else text


def _profile(payload: Payload) -> str:
    profile = payload.get("csChargingProfiles") or payload.get("chargingProfile") or {}
    if not isinstance(profile, dict):
        return ""
    schedule = profile.get("chargingSchedule") or {}
    schedule = schedule if isinstance(schedule, dict) else {}
    periods = schedule.get("chargingSchedulePeriod") or []
    first = periods[0] if isinstance(periods, list) and periods else {}
    limit = _word(first, "limit") if isinstance(first, dict) else ""
    more = f"+{len(periods) - 1}" if isinstance(periods, list) and len(periods) > 1 else ""
    return _words(
        _word(profile, "chargingProfilePurpose"),
        _words(limit, _word(schedule, "chargingRateUnit"), more),
    )


def _keys(payload: Payload) -> str:
    keys = payload.get("key")
    return ", ".join(str(key) for key in keys) if isinstance(keys, list) and keys else "all keys"


REQUESTS: dict[str, Callable[[Payload], str]] = {
    "Authorize": lambda p: _word(p, "idTag"),
    "BootNotification": _boot,
    "CancelReservation": lambda p: _word(p, "reservationId", "reservation "),
    "ChangeAvailability": lambda p: _word(p, "type"),
    "ChangeConfiguration": lambda p: f"{_word(p, 'key')} = {_word(p, 'value')}",
    "ClearCache": lambda _: "",
    "ClearChargingProfile": lambda p: _words(
        _word(p, "id", "profile "), _word(p, "chargingProfilePurpose")
    ),
    "DataTransfer": lambda p: _words(_word(p, "vendorId"), _word(p, "messageId"), _word(p, "data")),
    "DiagnosticsStatusNotification": lambda p: _word(p, "status"),
    "FirmwareStatusNotification": lambda p: _word(p, "status"),
    "GetCompositeSchedule": lambda p: _words(_word(p, "duration"), "s" * ("duration" in p)),
    "GetConfiguration": _keys,
    "GetDiagnostics": lambda p: _word(p, "location"),
    "Heartbeat": lambda _: "",
    "MeterValues": _meter_values,
    "RemoteStartTransaction": lambda p: _words(_word(p, "idTag"), _profile(p)),
    "RemoteStopTransaction": lambda p: _word(p, "transactionId", "tx "),
    "ReserveNow": lambda p: _words(_word(p, "idTag"), _word(p, "expiryDate", "until ")),
    "Reset": lambda p: _word(p, "type"),
    "SendLocalList": lambda p: _words(_word(p, "updateType"), _word(p, "listVersion", "version ")),
    "SetChargingProfile": _profile,
    "StartTransaction": lambda p: _words(_word(p, "meterStart", "meterStart "), _word(p, "idTag")),
    "StatusNotification": _status,
    "StopTransaction": lambda p: _words(
        _word(p, "transactionId", "tx "),
        _word(p, "reason") or "Local",
        _word(p, "meterStop", "meterStop "),
    ),
    "TriggerMessage": lambda p: _word(p, "requestedMessage"),
    "UpdateFirmware": lambda p: _word(p, "location"),
}
"""What a request says, in one line; the connector has a column of its own."""


def _tag_status(payload: Payload) -> str:
    info = payload.get("idTagInfo")
    return _word(info, "status") if isinstance(info, dict) else "ok"


def _started(payload: Payload) -> str:
    status = _tag_status(payload)
    number = _word(payload, "transactionId", "tx ")
    return number if status in ("Accepted", "ok") else _words(status, number)


def _configuration(payload: Payload) -> str:
    known, unknown = payload.get("configurationKey"), payload.get("unknownKey")
    parts = [count(len(known), "key") if isinstance(known, list) else ""]
    parts.append(f"{len(unknown)} unknown" if isinstance(unknown, list) and unknown else "")
    return _words(*parts) or "ok"


ANSWERS: dict[str, Callable[[Payload], str]] = {
    "Authorize": _tag_status,
    "BootNotification": lambda p: _words(_word(p, "status"), _word(p, "interval"), "s"),
    "GetConfiguration": _configuration,
    "GetDiagnostics": lambda p: _word(p, "fileName") or "no file",
    "GetLocalListVersion": lambda p: _word(p, "listVersion", "version "),
    "StartTransaction": _started,
    "StopTransaction": _tag_status,
}
"""What an answer says; every other one says its status, or ok."""


def frame_payload(frame: str, place: int) -> Payload | None:
    """The payload object of an OCPP-J frame, or None where there is none."""
    try:
        parsed = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if isinstance(parsed, list) and len(parsed) > place and isinstance(parsed[place], dict):
        payload: Payload = parsed[place]
        return payload
    return None


@lru_cache(4096)
def request_summary(action: str, frame: str) -> str:
    """What a CALL says, in one line that is safe to draw."""
    payload = frame_payload(frame, 3)
    if payload is None:
        return plain(frame[:400])
    speak = REQUESTS.get(action)
    try:
        text = speak(payload) if speak else json.dumps(payload, ensure_ascii=False)
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError):
        text = frame  # not what the schema says: show what came
    return plain(text[:400])


@lru_cache(4096)
def answer_summary(action: str, frame: str) -> str:
    """What a CALLRESULT says, in one line that is safe to draw."""
    payload = frame_payload(frame, 2)
    if payload is None:
        return plain(frame[:200]) or "ok"
    speak = ANSWERS.get(action)
    try:
        text = speak(payload) if speak else _word(payload, "status") or "ok"
    except (TypeError, ValueError, KeyError, AttributeError, RecursionError):
        text = frame
    return plain(text[:200])


def pretty(frame: str) -> list[str]:
    """A frame as indented lines, each safe to draw; as it came when it is not JSON."""
    try:
        text = json.dumps(json.loads(frame), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = frame
    return [plain(line) for line in text.split("\n")]
