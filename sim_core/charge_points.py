"""Who speaks which OCPP: the one place that makes a charge point of a version."""

from __future__ import annotations

from sim_core.ocpp16.charge_point import ChargePoint as ChargePoint16
from sim_core.ocpp201.charge_point import ChargePoint as ChargePoint201

ChargePoint = ChargePoint16 | ChargePoint201

MAKERS: dict[str, type[ChargePoint16] | type[ChargePoint201]] = {
    "1.6": ChargePoint16,
    "2.0.1": ChargePoint201,
}
"""By the word of the option `ocpp_version`."""
