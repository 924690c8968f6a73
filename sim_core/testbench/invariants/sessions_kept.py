"""What may be said against what a CSMS has made of sessions, where somebody tells of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sim_core.testbench.invariants.heard import Heard
from sim_core.testbench.invariants.transactions import Facts, begun
from sim_core.testbench.sessions import Session

REGISTER = "Energy.Active.Import.Register"
PER_UNIT = {"Wh": 1.0, "kWh": 1000.0}
NEAR_WH = 1.0
"""Energies that differ by less are the same: somebody has rounded."""


@dataclass(frozen=True)
class _Charged:
    """A transaction that has ended, as the charge point has told it."""

    charge_point: str
    transaction_id: str
    energy_wh: float | None

    def __str__(self) -> str:
        return f"transaction {self.transaction_id} of {self.charge_point}"


def _charged(heard: Heard) -> list[_Charged]:
    """What was told whole and taken by the CSMS, in either version.

    What was told in two ways (by somebody's hand, say) is left out: there is no saying which holds.
    """
    return [*_charged_16(heard), *_charged_201(heard)]


def _charged_16(heard: Heard) -> Iterator[_Charged]:
    starts: dict[tuple[str, int], set[Facts]] = {}
    for one, facts, number in begun(heard):
        starts.setdefault((one.charge_point, number), set()).add(facts)
    stops: dict[tuple[str, int], set[tuple[object, object]]] = {}
    for one in heard.taken("StopTransaction"):
        about = one.charge_point, one.asked.get("transactionId", -1)
        said = one.asked.get("meterStop"), one.asked.get("timestamp")
        stops.setdefault(about, set()).add(said)
    for about, facts_of_it in starts.items():
        ends = stops.get(about, set())
        if len(facts_of_it) == len(ends) == 1:
            (facts,), ((register, _),) = facts_of_it, ends
            energy: Any = None
            if isinstance(register, int) and isinstance(facts[3], int):
                energy = register - facts[3]
            yield _Charged(about[0], str(about[1]), energy)


def _charged_201(heard: Heard) -> Iterator[_Charged]:
    began: dict[tuple[str, str], float | None] = {}
    ended: dict[tuple[str, str], float | None] = {}
    for one in heard.taken("TransactionEvent"):
        info = one.asked.get("transactionInfo")
        about = (
            one.charge_point,
            str(info.get("transactionId")) if isinstance(info, Mapping) else "",
        )
        if one.asked.get("eventType") == "Started":
            began[about] = _register(one.asked, "Transaction.Begin")
        elif one.asked.get("eventType") == "Ended":
            ended[about] = _register(one.asked, "Transaction.End")
    for about, last in ended.items():
        if about in began:
            first = began[about]
            known = first is not None and last is not None
            yield _Charged(*about, last - first if known else None)  # type: ignore[operator]


def _register(payload: Mapping[str, Any], context: str) -> float | None:
    """The energy register at the begin or the end of a transaction, in Wh."""
    for value in payload.get("meterValue") or ():
        for sample in value.get("sampledValue", ()):
            about = sample.get("measurand", REGISTER), sample.get("context")
            if about == (REGISTER, context) and "phase" not in sample:
                unit = sample.get("unitOfMeasure") or {}
                factor: float = PER_UNIT.get(unit.get("unit", "Wh"), 1.0)
                return float(sample["value"]) * factor * 10.0 ** int(unit.get("multiplier", 0))
    return None


def not_kept(heard: Heard) -> str:
    """The first session that the CSMS does not have, or has twice; empty: there is none."""
    for one in _charged(heard):
        kept = _of(heard, one)
        if len(kept) != 1:
            many = "not among" if not kept else f"{len(kept)} times among"
            return f"{one} has ended and was taken, and is {many} the sessions of the CSMS"
    return ""


def other_energy(heard: Heard) -> str:
    """The first session with another energy than was charged; empty: there is none."""
    for one in _charged(heard):
        for kept in _of(heard, one):
            if one.energy_wh is None:
                continue
            if kept.energy_wh is None or abs(kept.energy_wh - one.energy_wh) >= NEAR_WH:
                told = "none" if kept.energy_wh is None else f"{kept.energy_wh:g} Wh"
                return f"{one} has charged {one.energy_wh:g} Wh, and the CSMS has {told}"
    return ""


def _of(heard: Heard, charged: _Charged) -> list[Session]:
    about = charged.charge_point, charged.transaction_id
    rows = heard.sessions or ()
    return [one for one in rows if (one.charge_point, one.transaction_id) == about]
