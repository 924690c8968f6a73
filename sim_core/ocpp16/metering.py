"""MeterValues: which samples go out when, in which context and unit (OCPP 1.6 §4.7, §7.31)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sim_core.clock import Clock, Timer
from sim_core.hardware.meter import Reading
from sim_core.hardware.model import Metering
from sim_core.ocpp16.stamps import stamp

BEGIN = "Transaction.Begin"
PERIODIC = "Sample.Periodic"
CLOCK = "Sample.Clock"
END = "Transaction.End"
TRIGGER = "Trigger"


@dataclass(frozen=True)
class Measurand:
    """How one measurand is read and written. `decimals` hold for the plain unit."""

    unit: str
    location: str
    decimals: int
    read: Callable[[Reading], float]
    kilo_unit: str | None = None


TABLE: dict[str, Measurand] = {
    "Energy.Active.Import.Register": Measurand("Wh", "Outlet", 0, lambda r: r.register_wh, "kWh"),
    "Current.Import": Measurand("A", "Outlet", 1, lambda r: r.current_a),
    "Current.Offered": Measurand(
        "A", "Outlet", 1, lambda r: r.offered_w / r.voltage_v if r.voltage_v else 0.0
    ),
    "Voltage": Measurand("V", "Outlet", 1, lambda r: r.voltage_v),
    "Power.Active.Import": Measurand("W", "Outlet", 0, lambda r: r.power_w, "kW"),
    "Power.Offered": Measurand("W", "Outlet", 0, lambda r: r.offered_w, "kW"),
    "SoC": Measurand("Percent", "EV", 0, lambda r: r.soc_percent or 0.0),
    "Temperature": Measurand("Celsius", "Outlet", 1, lambda r: r.temperature_c),
}


def sampled_values(
    reading: Reading, measurands: tuple[str, ...], context: str, style: Metering
) -> list[dict[str, Any]]:
    """The sampledValue list of one meter value; an empty list of measurands means the register."""
    names = measurands or ("Energy.Active.Import.Register",)
    return [_sampled(name, TABLE[name], reading, context, style) for name in names]


def _sampled(
    name: str, measurand: Measurand, reading: Reading, context: str, style: Metering
) -> dict[str, Any]:
    value, unit = measurand.read(reading), measurand.unit
    if name == "Energy.Active.Import.Register":
        value = float(int(value))  # whole Wh, never more than the meter has counted
    if style.kilowatts and measurand.kilo_unit:
        value, unit = value / 1000, measurand.kilo_unit
    if style.number_format == "g6":
        # A and V have a resolution of 0.1, percent of 1; kWh and kW are printed as they are.
        shown = value if unit.startswith("k") else round(value, measurand.decimals)
        text = f"{shown:g}"
    else:
        text = f"{value:.{measurand.decimals}f}"
    location = measurand.location
    if style.kilowatts and location == "Outlet" and name != "Temperature":
        location = "Body"
    return {
        "value": text,
        "context": context,
        "format": "Raw",
        "measurand": name,
        "location": location,
        "unit": unit,
    }


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
    """Calls `sample` every `interval_s()` seconds on a schedule that does not drift.

    Counted from `start`; a change of the interval counts from the moment of `rearm`. An interval
    of 0 means never (OCPP 1.6 §9.1).
    """

    def __init__(
        self, clock: Clock, interval_s: Callable[[], float], sample: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._interval_s = interval_s
        self._sample = sample
        self._due_s = 0.0
        self._timer: Timer | None = None

    def start(self) -> None:
        """Begin; the first sample comes one interval from now."""
        self.stop()
        interval_s = self._interval_s()
        if interval_s > 0:
            self._due_s = self._clock.monotonic() + interval_s
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
        interval_s = self._interval_s()
        self._due_s += interval_s
        self._arm()
        self._sample()


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
        self._timer: Timer | None = None

    def rearm(self) -> None:
        """Begin, or begin anew after the interval or the clock has been changed."""
        self.stop()
        interval_s = self._interval_s()
        if interval_s <= 0:
            return
        now = self._now()
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        slots = int((now - midnight).total_seconds() // interval_s) + 1
        due = min(midnight + timedelta(seconds=slots * interval_s), midnight + timedelta(days=1))
        self._timer = self._clock.call_later((due - now).total_seconds(), lambda: self._fire(due))

    def stop(self) -> None:
        """End; harmless when it is not running."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self, due: datetime) -> None:
        if self._now() < due:  # a timer may wake a hair early: the slot has not begun
            self._timer = self._clock.call_later(
                (due - self._now()).total_seconds(), lambda: self._fire(due)
            )
            return
        self.rearm()
        self._sample(due)
