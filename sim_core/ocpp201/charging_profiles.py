"""Charging profiles as OCPP 2.0.1 has them (block K)."""

from __future__ import annotations

from sim_core.charging.profile import Installed, ProfileRules, Purpose

WORDS = {
    Purpose.STATION: "ChargingStationMaxProfile",
    Purpose.DEFAULT: "TxDefaultProfile",
    Purpose.TRANSACTION: "TxProfile",
}
"""ChargingProfilePurposeEnumType."""


def _gives_way(kept: Installed, new: Installed) -> bool:
    """Nobody makes room but the one with the same id (K01.FR.05, .06)."""
    return False


RULES = ProfileRules(words=WORDS, gives_way=_gives_way)
