"""MeterValues: which samples go out when, in which context and unit (OCPP 1.6 §4.7, §7.31).

A sample carries the moment at which it was due, however late the loop came round to it, and the
next one is counted from there: neither stamps nor rhythm drift, and none is left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sim_core.hardware.measurands import CELSIUS, MEASURANDS, REGISTER, Measurand
from sim_core.hardware.meter import ROUNDING, Reading
from sim_core.hardware.model import Metering
from sim_core.ocpp16.timestamps import stamp
from sim_core.runtime.clock import Clock, Timer

ACTION = "MeterValues"

BEGIN = "Transaction.Begin"
PERIODIC = "Sample.Periodic"
CLOCK = "Sample.Clock"
END = "Transaction.End"
TRIGGER = "Trigger"

CLOCK_SET = timedelta(seconds=0.25)
"""A clock that is further from where it was expected has been set meanwhile."""


TEMPERATURE: dict[str, Callable[[float], float]] = {
    "Celsius": lambda celsius: celsius,
    "Celcius": lambda celsius: celsius,
    "K": lambda celsius: celsius + 273.15,
    "Fahrenheit": lambda celsius: celsius * 1.8 + 32,
}
"""A temperature in each unit that OCPP 1.6 has a word for (§7.45)."""


FACTORS = ("Current.Import", "Voltage")


def cut(value: float, decimals: int) -> float:
    """What a display shows of a value: no more than there is, so no limit seems to be passed."""
    scale = 10.0**decimals
    return math.floor(value * scale + ROUNDING) / scale


def sampled_values(
    reading: Reading, measurands: tuple[str, ...], context: str, style: Metering
) -> list[dict[str, Any]]:
    """The sampledValue list of one meter value; an empty list of measurands means the register."""
    names = measurands or (REGISTER,)
    return [_sampled(name, MEASURANDS[name], reading, context, style) for name in names]


def _sampled(
    name: str, measurand: Measurand, reading: Reading, context: str, style: Metering
) -> dict[str, Any]:
    value, unit = measurand.read(reading), measurand.unit
    if unit == CELSIUS:
        unit = style.temperature_unit
        value = TEMPERATURE[unit](value)
    if name == REGISTER:
        value = float(int(value))  # whole Wh, never more than the meter has counted
    tenths = style.number_format == "g6"
    if tenths and name in FACTORS:
        value = cut(value, 1)
    if name == "Power.Active.Import":
        # A make that tells the product of A and V takes them as it shows them.
        of_shown = cut(reading.voltage_v, 1) * cut(reading.current_a, 1)
        value = of_shown if tenths else cut(value, measurand.decimals)
    if style.kilowatts and measurand.kilo_unit:
        value, unit = value / 1000, measurand.kilo_unit
    if style.number_format == "g6":
        # A and V have a resolution of 0.1, percent of 1; kWh and kW are printed as they are.
        shown = value if unit.startswith("k") else round(value, min(1, measurand.decimals))
        text = f"{shown:g}"
    else:
        text = f"{value:.{measurand.decimals}f}"
    location = measurand.location
    if style.kilowatts and location == "Outlet" and name != "Temperature":
        location = "Body"
    said = {"value": text, "context": context, "format": "Raw", "measurand": name}
    where = {"location": location} if style.location else {}
    return {**said, **where, "unit": unit}


def meter_value(
    at: datetime,
    reading: Reading,
    measurands: tuple[str, ...],
    context: str,
    style: Metering,
) -> dict[str, Any]:
    """One meterValue."""
    return {
        "timestamp": stamp(at),
        "sampledValue": sampled_values(reading, measurands, context, style),
    }


class Periodic:
    """Calls `sample` with its moment every `interval_s()` seconds.

    Counted from `start`; a change of the interval counts from the moment of `rearm`. An interval
    of 0 means never (OCPP 1.6 §9.1).
    """

    def __init__(
        self,
        clock: Clock,
        now: Callable[[], datetime],
        interval_s: Callable[[], float],
        sample: Callable[[datetime], None],
    ) -> None:
        self._clock = clock
        self._now = now
        self._interval_s = interval_s
        self._sample = sample
        self._due_s = 0.0
        self._due_at = now()
        self._timer: Timer | None = None

    def start(self, first_s: float | None = None) -> None:
        """Begin; the first sample comes one interval from now, or after `first_s`."""
        self.stop()
        interval_s = self._interval_s()
        if interval_s > 0:
            first_s = first_s or interval_s
            self._due_s = self._clock.monotonic() + first_s
            self._due_at = self._now() + timedelta(seconds=first_s)
            self._arm()

    rearm = start

    def stop(self) -> None:
        """End; harmless when it is not running."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        self._timer = self._clock.call_later(self._due_s - self._clock.monotonic(), self._fire)

    def _fire(self) -> None:
        # Both hands cannot be read at once: what the time of day says lies between two readings.
        late_s = self._clock.monotonic() - self._due_s
        now = self._now()
        later_s = self._clock.monotonic() - self._due_s
        at = now - timedelta(seconds=late_s)
        if now - timedelta(seconds=later_s) - CLOCK_SET < self._due_at < at + CLOCK_SET:
            at = self._due_at
        interval_s = self._interval_s()
        self._due_s += interval_s
        self._due_at = at + timedelta(seconds=interval_s)
        self._arm()
        self._sample(at)


class Aligned:
    """Calls `sample` at multiples of `interval_s()` since midnight UTC (§9.1: clock aligned)."""

    def __init__(
        self,
        clock: Clock,
        now: Callable[[], datetime],
        interval_s: Callable[[], float],
        sample: Callable[[datetime], None],
    ) -> None:
        self._clock = clock
        self._now = now
        self._interval_s = interval_s
        self._sample = sample
        self._due_s = 0.0
        self._timer: Timer | None = None

    def rearm(self) -> None:
        """Begin, or begin anew after the interval or the clock has been changed."""
        self.stop()
        interval_s = self._interval_s()
        if interval_s > 0:
            self._arm(_next_slot(self._now(), interval_s))

    def stop(self) -> None:
        """End; harmless when it is not running."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, due: datetime) -> None:
        wait_s = (due - self._now()).total_seconds()
        self._due_s = self._clock.monotonic() + wait_s
        self._timer = self._clock.call_later(wait_s, lambda: self._fire(due))

    def _fire(self, due: datetime) -> None:
        ahead = self._now() - due
        if ahead < timedelta(0):  # a timer may wake a hair early: the slot has not begun
            self._arm(due)
            return
        late = timedelta(seconds=self._clock.monotonic() - self._due_s)
        # After a stall the slots that it covered follow; those that a set clock leapt over do not.
        leapt = ahead - late > CLOCK_SET
        self._arm(_next_slot(self._now() if leapt else due, self._interval_s()))
        self._sample(due)


def _next_slot(after: datetime, interval_s: float) -> datetime:
    """The next multiple of the interval since midnight; the day's last slot may be short."""
    midnight = after.replace(hour=0, minute=0, second=0, microsecond=0)
    slots = int((after - midnight).total_seconds() // interval_s) + 1
    return min(midnight + timedelta(seconds=slots * interval_s), midnight + timedelta(days=1))
