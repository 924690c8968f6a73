"""Signs of habits in samples: when they come, and what they say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

from sim_core.learning.heard import Log
from sim_core.learning.identity import power_of
from sim_core.learning.manners import keys_before
from sim_core.traces.exchanges import Exchange

S = timedelta(seconds=1)
REGISTER = "Energy.Active.Import.Register"
OFFERED = "Power.Offered"
PERIODIC, CLOCK = "Sample.Periodic", "Sample.Clock"
INTERVAL = "MeterValueSampleInterval"
LIKELY_KW = 1000.0
"""No charger offers more; what says more is in W."""


def _transactions(log: Log) -> dict[object, list[Exchange]]:
    """The periodic samples of each transaction."""
    found: dict[object, list[Exchange]] = {}
    for one in log.told.of("MeterValues"):
        if one.context == PERIODIC and one.transaction is not None:
            found.setdefault((one.connector, one.transaction), []).append(one)
    return found


def _interval(log: Log, one: Exchange) -> int:
    set_s = keys_before(log, one).get(INTERVAL, "")
    return int(set_s) if set_s.isdigit() else 0


def _steps(log: Log) -> Iterator[tuple[Exchange, Exchange, float]]:
    for samples in _transactions(log).values():
        for one, other in pairwise(samples):
            if one.stamp is not None and other.stamp is not None:
                yield one, other, (other.stamp - one.stamp) / S


def _others_run(log: Log, one: Exchange) -> bool:
    """Whether another connector has a vehicle that is charging or about to."""
    seen: set[int] = set()
    for other in log.before(one, 400):
        number = other.connector
        if other.action == "StatusNotification" and number and number not in seen:
            seen.add(number)
            if number != one.connector and other.status in ("Charging", "Preparing", "Finishing"):
                return True
    return False


def _slow_minute(log: Log) -> Iterator[bool]:
    for _, _, seconds in _steps(log):
        if 55 < seconds < 65:
            yield 61.5 < seconds < 62.2


def _busy_samples(log: Log) -> Iterator[bool]:
    """Every other sample is late, so of two steps at least one is."""
    steps = [
        (other, seconds)
        for one, other, seconds in _steps(log)
        if 25 < seconds < 40 and _others_run(log, one)
    ]
    for (_, first), (_, second) in pairwise(steps):
        yield any(0.5 < abs(step - 30) < 5 for step in (first, second))


def _early_samples(log: Log) -> Iterator[bool]:
    for start in log.told.of("StartTransaction"):
        yield any(
            one.action == "MeterValues"
            and one.connector == start.connector
            and one.transaction is None
            and one.context == PERIODIC
            and start.at - one.at < 15 * S
            for one in log.before(start, 6)
        )


def _free_running_samples(log: Log) -> Iterator[bool]:
    """The first sample is not an interval after the start."""
    for start in log.told.of("StartTransaction"):
        own = [
            one
            for one in log.after(start, 40)
            if one.action == "MeterValues"
            and one.connector == start.connector
            and one.context == PERIODIC
            and one.transaction is not None
        ]
        if len(own) > 1 and start.stamp and own[0].stamp and own[1].stamp:
            step = (own[1].stamp - own[0].stamp) / S
            if step > 5:
                yield abs((own[0].stamp - start.stamp) / S - step) > 0.15 * step


def _late_clock_samples(log: Log) -> Iterator[bool]:
    for one in log.told.of("MeterValues"):
        if one.context == CLOCK and one.stamp is not None:
            behind = one.stamp.second + one.stamp.microsecond / 1e6
            yield 0.05 < behind < 1.5


def _frozen_samples(log: Log) -> Iterator[bool]:
    """V and A stand still over several samples, while the register moves."""
    for samples in _transactions(log).values():
        for one, other, third in zip(samples, samples[1:], samples[2:], strict=False):
            three = (one, other, third)
            amperes = {s.values.get("Current.Import") for s in three}
            volts = {s.values.get("Voltage") for s in three}
            energy = {s.values.get(REGISTER) for s in three}
            if None in amperes | volts | energy or one.number("Current.Import") in (None, 0):
                continue
            yield len(amperes) == len(volts) == 1 and len(energy) == 3


def _restart_samples(log: Log) -> Iterator[bool]:
    """A sample that is older than the boot that it follows at once."""
    for boot in log.told.boots:
        for other in log.after(boot, 12):
            if other.action == "MeterValues" and other.context == PERIODIC and other.stamp:
                if other.at - boot.at < 20 * S and other.transaction is not None:
                    yield 0 < (boot.at - other.stamp) / S < 5
                break


def _truncated_meter_stop(log: Log) -> Iterator[bool]:
    for stop in log.told.of("StopTransaction"):
        whole = stop.register_wh
        for other in log.before(stop, 8):
            ends = other.context == "Transaction.End" and other.transaction == stop.transaction
            if ends and whole is not None and other.register_wh is not None:
                yield 0.5 < other.register_wh - whole < 1.5
                break


def _two_entry_stop_data(log: Log) -> Iterator[bool]:
    for stop in log.told.of("StopTransaction"):
        data = stop.payload.get("transactionData")
        if isinstance(data, list) and data:
            values = [v.get("sampledValue") for v in data if isinstance(v, dict)]
            yield len(data) == 2 and all(isinstance(v, list) and len(v) == 1 for v in values)


# -- Power.Offered ---------------------------------------------------------------------------------


def _offers(log: Log) -> Iterator[list[tuple[float, float]]]:
    """(offered, given) in kW as they are said, of each transaction."""
    for samples in _transactions(log).values():
        told = [
            (offered, watts / 1000)
            for one in samples
            if (offered := one.number(OFFERED)) is not None and (watts := power_of(one)) is not None
        ]
        if len(told) > 1:
            yield told


def _watts_power_offered(log: Log) -> Iterator[bool]:
    for told in _offers(log):
        if any(one.sampled for one in log.told.of("MeterValues")):
            yield any(offered > LIKELY_KW for offered, _ in told) and _says_kw(log)


def _says_kw(log: Log) -> bool:
    return any(
        value.get("measurand") == OFFERED and value.get("unit") == "kW"
        for one in log.told.of("MeterValues")
        for value in one.sampled
    )


def _rated_power_offered(log: Log) -> Iterator[bool]:
    """One number for as long as it charges, whatever it gives."""
    for told in _offers(log):
        levels = {offered for offered, _ in told if offered}
        given = [watts for _, watts in told]
        if len(told) > 2 and max(given) - min(given) > 2:
            yield len(levels) == 1 and min(levels) > max(given) * 0.9


def _erratic_power_offered(log: Log) -> Iterator[bool]:
    """It lags the power, in steps of 10 kW."""
    for told in _offers(log):
        for offered, given in told:
            if given > 1:
                steps = offered % 10 == 0 and offered < LIKELY_KW
                yield steps and abs(offered - given) > 4


SIGNS: Mapping[str, Callable[[Log], Iterable[bool]]] = {
    "slow_minute": _slow_minute,
    "busy_samples": _busy_samples,
    "early_samples": _early_samples,
    "free_running_samples": _free_running_samples,
    "late_clock_samples": _late_clock_samples,
    "frozen_samples": _frozen_samples,
    "restart_samples": _restart_samples,
    "truncated_meter_stop": _truncated_meter_stop,
    "two_entry_stop_data": _two_entry_stop_data,
    "watts_power_offered": _watts_power_offered,
    "rated_power_offered": _rated_power_offered,
    "erratic_power_offered": _erratic_power_offered,
}
"""By the name of a habit: for each occasion in a log whether it showed."""
