"""A measured value in words, whichever OCPP it came in: units after a space, names for people.

Both versions have the same measurands and units; how a frame wraps them is what differs.
"""

from __future__ import annotations

ENERGY = "Energy.Active.Import.Register"
"""What a sampled value is of that does not say it (OCPP 1.6 §7.43, OCPP 2.0.1 2.48)."""

UNITS: dict[str, tuple[float, int, str]] = {
    "Wh": (1000, 3, "kWh"),
    "kWh": (1, 3, "kWh"),
    "W": (1000, 2, "kW"),
    "kW": (1, 2, "kW"),
    "V": (1, 1, "V"),
    "A": (1, 1, "A"),
    "Percent": (1, 0, "%"),
}
"""Unit -> by what a value is divided, its decimals, and the unit that it is shown in."""
SPELLED: dict[str, str] = {"Celsius": "°C", "Celcius": "°C", "Fahrenheit": "°F"}
"""How people write a unit that OCPP spells out; it has a slip of its own in one of them (§7.45)."""
NAMES: dict[str, str] = {
    "Power.Offered": "offered",
    "Current.Offered": "offered",
    "Power.Active.Export": "exported",
    "Current.Export": "exported",
    "Energy.Active.Export.Register": "exported",
    "Energy.Active.Import.Interval": "since the last",
    "Power.Factor": "power factor",
}
"""What is said before a value whose unit does not tell what it is of."""
ORDER = (ENERGY, "Power.Active.Import", "SoC", "Voltage", "Current.Import")
"""What is told first; the others follow as they come."""


def place_of(measurand: str) -> int:
    """Where a value of this measurand stands among others."""
    return ORDER.index(measurand) if measurand in ORDER else len(ORDER)


def value_words(measurand: str, figure: float, unit: str) -> str:
    """A value with its unit, and what it is where the unit does not tell."""
    name = NAMES.get(measurand, "")
    divisor, decimals, shown = UNITS.get(unit, (1, 3, SPELLED.get(unit, unit)))
    said = f"{figure / divisor:.{decimals}f}"
    if name or unit not in UNITS:  # it does not jitter in a column: needless zeros are noise
        said = said.rstrip("0").rstrip(".") if "." in said else said
    return " ".join(part for part in (name, said, shown) if part)
