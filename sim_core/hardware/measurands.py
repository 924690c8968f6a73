"""What the meter of an outlet can say, a row each: name, unit, place, and how it is read.

The names are OCPP's (1.6 §7.31; 2.0.1 took them over, but for Temperature), and so are units and
locations: people configure a charger by them in every version. How a make writes its values
is the part of `Metering` and of the adapter that spells a sample.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from sim_core.hardware.meter import Reading
from sim_core.hardware.model import Metering


@dataclass(frozen=True)
class Measurand:
    """How one measurand is read and written. `decimals` hold for the plain unit."""

    unit: str
    """Empty: it has none (OCPP 1.6 §7.45 has no word for it)."""
    location: str
    decimals: int
    read: Callable[[Reading], float]
    kilo_unit: str | None = None
    usual: bool = True
    """Every make's meter says it; else only that of a make whose file names it."""


MAINS_HZ = 50.0


def _nothing(_: Reading) -> float:
    """Nothing flows back, and nothing of it is reactive."""
    return 0.0


REGISTER = "Energy.Active.Import.Register"
CELSIUS = "Celsius"

MEASURANDS: dict[str, Measurand] = {
    REGISTER: Measurand("Wh", "Outlet", 0, attrgetter("register_wh"), "kWh"),
    "Current.Import": Measurand("A", "Outlet", 2, attrgetter("current_a")),
    "Current.Offered": Measurand(
        "A", "Outlet", 2, lambda r: r.offered_w / r.voltage_v if r.voltage_v else 0.0
    ),
    "Voltage": Measurand("V", "Outlet", 2, attrgetter("voltage_v")),
    "Power.Active.Import": Measurand("W", "Outlet", 0, attrgetter("power_w"), "kW"),
    "Power.Offered": Measurand("W", "Outlet", 0, attrgetter("offered_w"), "kW"),
    "SoC": Measurand("Percent", "EV", 0, lambda r: r.soc_percent or 0.0),
    "Temperature": Measurand(CELSIUS, "Outlet", 1, attrgetter("temperature_c")),
    **{
        name: Measurand(unit, "Outlet", 0, _nothing, kilo, usual=False)
        for name, unit, kilo in (
            ("Energy.Active.Export.Register", "Wh", "kWh"),
            ("Energy.Reactive.Import.Register", "varh", "kvarh"),
            ("Energy.Reactive.Export.Register", "varh", "kvarh"),
            ("Power.Active.Export", "W", "kW"),
            ("Power.Reactive.Import", "var", "kvar"),
            ("Power.Reactive.Export", "var", "kvar"),
            ("Current.Export", "A", None),
        )
    },
    "Power.Factor": Measurand("", "Outlet", 2, lambda r: 1.0, usual=False),
    "Frequency": Measurand("", "Outlet", 2, lambda r: MAINS_HZ, usual=False),
}

USUAL_MEASURANDS: tuple[str, ...] = tuple(name for name, row in MEASURANDS.items() if row.usual)


def measurands_of(metering: Metering) -> tuple[str, ...]:
    """What this make's meter can say."""
    also = {*metering.further_measurands(), *(line.measurand for line in metering.values)}
    return tuple(name for name, row in MEASURANDS.items() if row.usual or name in also)
