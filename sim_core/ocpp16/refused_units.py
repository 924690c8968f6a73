"""A CSMS that knows only `Celcius`: said where its refusal shows up, with the way out.

The schemas of OCPP 1.6's first edition spell the unit so, and some CSMSs still check by them: every
MeterValues or StopTransaction with a Temperature in it comes back as a CALLERROR that names no more
than a path, if that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from sim_core.hardware.measurands import CELSIUS
from sim_core.wire.answers import Error
from sim_core.wire.call_errors import BREAKS_SCHEMA

ABOUT = "Celsius"
LISTS = (
    "MeterValuesAlignedData",
    "MeterValuesSampledData",
    "StopTxnAlignedData",
    "StopTxnSampledData",
)
NAMES_IT = re.compile(r"cel[cs]ius|temperature|\bunit\b|sampledValue", re.IGNORECASE)
"""What a CALLERROR with any other code says where this is the reason."""


def why_refused(action: str, payload: Mapping[str, Any], error: Error) -> str:
    """What may be behind a refusal, as a sentence without full stop; empty: not a unit."""
    values = payload.get("meterValue") or payload.get("transactionData") or ()
    if not any(
        sampled.get("unit") == CELSIUS for value in values for sampled in value["sampledValue"]
    ):
        return ""
    says = f"{error.code} {error.description} {json.dumps(error.details)}"
    if not error.sent or (error.code not in BREAKS_SCHEMA and not NAMES_IT.search(says)):
        return ""
    return (
        f"the CSMS refused {action} with a Temperature in {CELSIUS}: some know only Celcius, the "
        "spelling of OCPP 1.6's first schemas. TEMPERATURE_UNIT=Celcius (--temperature-unit "
        "Celcius) says it so; or take Temperature out of the measurands "
        f"({', '.join(LISTS)})"
    )
