"""Who the charger is, by its BootNotification, and what its metal has shown that it can do."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim_core.hardware.model import Identity, Ratings
from sim_core.learning.counting import Votes
from sim_core.learning.draft import Draft, Evidence
from sim_core.learning.heard import Log
from sim_core.traces.exchanges import Exchange, as_number

FIELDS = {
    "chargePointVendor": "vendor",
    "chargePointModel": "model",
    "chargePointSerialNumber": "serial_number",
    "firmwareVersion": "firmware_version",
    "iccid": "iccid",
    "imsi": "imsi",
    "chargeBoxSerialNumber": "charge_box_serial_number",
    "meterType": "meter_type",
    "meterSerialNumber": "meter_serial_number",
}
"""By the field of BootNotification the one of a model."""
REQUIRED = {"vendor": "Unknown", "model": "Unknown"}
USUAL_POWER_W, USUAL_CURRENT_A = 22_000.0, 32.0
STEP_W = 1000.0
PASSES = 0.005
"""By this part a reading may lie above what the metal is rated for."""
OFFERED = 1.1
"""Who is offered so much more than was drawn is held down by something else."""
TOGETHER_S = 15.0
"""Samples of several connectors so close together are of one moment."""


def learn_identity(logs: Sequence[Log], draft: Draft) -> Identity:
    """Returns what was learnt, for those who look for it in other texts."""
    table = draft.table("identity")
    boots = [(log, boot) for log in logs for boot in log.told.boots]
    known: dict[str, str] = {}
    for said, name in FIELDS.items():
        votes: Votes[str | None] = Votes()
        for log, boot in boots:
            told = boot.payload.get(said)
            votes.add(told if isinstance(told, str) else None, log.name)
        if not boots or votes.most is None:
            if not any(votes.counts[one] for one in votes.counts if one is not None):
                continue
            votes.counts[None] = 0  # it is left out now and then, but there is something to say
        value, evidence = votes.most, votes.evidence()
        if table.learn(Identity, name, value, evidence):
            known[name] = str(value)
    for name, usual in REQUIRED.items():
        if name not in known:
            guess, note = _guess(logs, name, usual)
            table.add(name, guess, note)
            known[name] = guess
    left = [said for said, name in FIELDS.items() if name not in known]
    if boots and left:
        table.remark(f"left out in {len(boots)} of {len(boots)} boots: {', '.join(left)}")
    return Identity(**known)


def _guess(logs: Sequence[Log], name: str, usual: str) -> tuple[str, str]:
    """Where no boot was seen, a vendorId may still say whose charger it is."""
    votes: Votes[str] = Votes()
    for log in logs:
        for one in log.told.of("DataTransfer"):
            vendor = one.text("vendorId")
            if name == "vendor" and vendor and len(vendor) <= 20 and vendor.isprintable():
                votes.add(vendor, log.name)
    if votes:
        return votes.most, f"no boot was seen; the vendorId of {votes.evidence()}"
    return usual, "not seen: no BootNotification"


# -- what the metal can do -------------------------------------------------------------------------


def learn_ratings(logs: Sequence[Log], draft: Draft) -> None:
    """Powers and currents that were seen: the metal can do at least that."""
    table = draft.table("ratings")
    power, whole = _most_power(logs), _most_at_once(logs)
    if power is None:
        table.add("connector_power_w", USUAL_POWER_W, "not seen: 22 kW")
        table.add("connector_current_a", _current(logs) or USUAL_CURRENT_A, "not seen")
        table.add("cabinet_power_w", USUAL_POWER_W, "not seen: 22 kW")
        return
    watts, log = power
    offered = _offered(logs)
    rounded = max(_rounded(watts), _rounded(offered or 0.0))
    note = f"at most {watts:.0f} W, {log.name}"
    if offered:
        note += f"; at most {offered:.0f} W offered"
    table.add("connector_power_w", rounded, note)
    table.add("connector_current_a", *_rated_a(logs, rounded))
    at_once = max(whole or 0.0, watts)
    table.add(
        "cabinet_power_w",
        max(_rounded(at_once), STEP_W),
        f"at most {at_once:.0f} W at once",
    )
    reserve = _reserve(logs, _rounded(at_once))
    if reserve:
        table.add("cabinet_reserve_w", *reserve)
    table.unseen(Ratings, ("minimum_power_w", "mains_v"))


def _rounded(watts: float) -> float:
    """The rating of what has given so much: a meter may show a little more than that."""
    return math.ceil(watts * (1 - PASSES) / STEP_W) * STEP_W


def _offered(logs: Sequence[Log]) -> float | None:
    """The most power that was ever offered."""
    return max(
        (
            watts
            for log in logs
            for sample in _samples(log)
            if (watts := power_of(sample, "Power.Offered")) is not None
        ),
        default=None,
    )


def power_of(sample: Exchange, name: str = "Power.Active.Import") -> float | None:
    """What a sample says of a power, in W, of all phases together."""
    found: list[tuple[str, float]] = []
    for value in sample.sampled:
        if value.get("measurand") == name and (number := as_number(value.get("value"))) is not None:
            kilo = 1000.0 if value.get("unit") == "kW" and abs(number) < 5000 else 1.0
            found.append((str(value.get("phase", "")), number * kilo))
    whole = [number for phase, number in found if not phase]
    if whole:
        return whole[0]
    return sum(number for _, number in found) if found else None


def _samples(log: Log) -> list[Exchange]:
    return log.told.of("MeterValues")


def _most_power(logs: Sequence[Log]) -> tuple[float, Log] | None:
    seen = [
        (watts, log)
        for log in logs
        for sample in _samples(log)
        if (watts := power_of(sample)) is not None and watts > 0
    ]
    return max(seen, key=lambda one: one[0]) if seen else None


def _rated_a(logs: Sequence[Log], rated_w: float) -> tuple[float, str]:
    """What a connector's current is rated for. Where one is told to give more power than was ever
    drawn, that must fit through it as well: no limit of its own was seen."""
    amperes = _current(logs)
    if not amperes:
        return USUAL_CURRENT_A, "not seen"
    seen = math.ceil(amperes * (1 - PASSES) - 0.05)
    needs = [
        rated_w / volts
        for log in logs
        for sample in _samples(log)
        if sample.number("Current.Import") == amperes and (volts := sample.number("Voltage"))
        if not any("phase" in value for value in sample.sampled)
    ]
    offered = math.ceil(max(needs, default=0.0))
    if offered > seen * OFFERED:
        return offered, f"at most {amperes:g} A; {rated_w:.0f} W are offered"
    return seen, f"at most {amperes:g} A"


def _current(logs: Sequence[Log]) -> float | None:
    seen = [
        number
        for log in logs
        for sample in _samples(log)
        for value in sample.sampled
        if value.get("measurand") in ("Current.Import", "Current.Offered")
        and (number := as_number(value.get("value")))
        and 0 < number < 1000
    ]
    return max(seen, default=None)


def _most_at_once(logs: Sequence[Log]) -> float | None:
    """The most that all connectors have given within one moment."""
    most: float | None = None
    for log in logs:
        latest: dict[int, tuple[float, float]] = {}
        for sample in _samples(log):
            watts = power_of(sample)
            if watts is None or sample.connector is None:
                continue
            at_s = sample.at.timestamp()
            latest[sample.connector] = at_s, watts
            whole = sum(w for at, w in latest.values() if at_s - at <= TOGETHER_S)
            most = max(most or 0.0, whole)
    return most


ALONE_S = 60.0


def _reserve(logs: Sequence[Log], cabinet_w: float) -> tuple[float, str] | None:
    """What stays free while a second connector is about to charge: a plateau of the first."""
    found: list[tuple[float, str]] = []
    for log in logs:
        cars: dict[int, float] = {}
        for one in log.told.said:
            number = one.connector
            if one.action == "StatusNotification" and number:
                if one.status == "Preparing":
                    cars[number] = one.at.timestamp()
                else:
                    cars.pop(number, None)
            watts = power_of(one) if one.action == "MeterValues" else None
            if watts is None or number is None:
                continue
            others = [at for other, at in cars.items() if other != number]
            if others and one.at.timestamp() - min(others) > 3 and watts > cabinet_w / 2:
                found.append((cabinet_w - watts, log.name))
    free = [(reserve, name) for reserve, name in found if reserve > cabinet_w * 0.05]
    if not free:
        return None
    least = min(free)
    step = round(least[0] / STEP_W) * STEP_W
    note = Evidence(len(free), len(found), tuple(name for _, name in free), "samples beside a plug")
    return step, str(note)
