"""What may be said against what a CSMS asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sim_core.testbench.invariants.heard import Heard


def _places(payload: Mapping[str, Any]) -> Iterator[object]:
    """The connectors that a request of the CSMS names, in 2.0.1 its EVSEs."""
    yield from (payload[name] for name in ("connectorId", "evseId") if name in payload)
    evse = payload.get("evse")
    if isinstance(evse, Mapping):
        yield evse.get("id")


def nowhere(heard: Heard) -> str:
    """The first request about a connector that there is not; empty: there is none."""
    for one in heard.said:
        if not one.by_csms:
            continue
        most = heard.connectors.get(one.charge_point, 0)
        for place in _places(one.asked):
            if not isinstance(place, int) or not 0 <= place <= most:
                return (
                    f"{one.action} to {one.charge_point} is about connector {place}, and there are "
                    f"{most}"
                )
    return ""


def foreign_stop(heard: Heard) -> str:
    """The first RemoteStopTransaction about what is no transaction of that charge point."""
    begun = {
        (one.charge_point, one.answered["transactionId"]) for one in heard.taken("StartTransaction")
    }
    for one in heard.said:
        number = one.asked.get("transactionId")
        if not one.by_csms or one.action != "RemoteStopTransaction":
            continue
        if (one.charge_point, number) not in begun:
            return f"RemoteStopTransaction to {one.charge_point} is about transaction {number}"
    return ""
