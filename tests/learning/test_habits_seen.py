"""A habit that a log shows is in the learnt file, and one that it does not show is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields

import pytest

from sim_core.hardware.model import Quirks
from sim_core.learning.habits import SIGNS
from tests.learning.made import Paper, stamp, value

REGISTER = "Energy.Active.Import.Register"
OK = {"status": "Accepted"}
Write = Callable[[Paper, bool], None]
"""Writes what shows a habit, or what would show it where there is none."""


def sampled(
    paper: Paper, at_s: float, *values: dict[str, str], context: str, transaction: int | None = 7
) -> None:
    paper.says(
        at_s + 0.3,
        "MeterValues",
        {
            "connectorId": 1,
            **({"transactionId": transaction} if transaction else {}),
            "meterValue": [
                {
                    "timestamp": stamp(at_s, "milliseconds"),
                    "sampledValue": [{**one, "context": context} for one in values],
                }
            ],
        },
    )


def energy(wh: float) -> dict[str, str]:
    return value(f"{wh:g}", measurand=REGISTER, unit="Wh")


def power(kilowatts: float) -> dict[str, str]:
    return value(f"{kilowatts:g}", measurand="Power.Active.Import", unit="kW")


def offered(text: str) -> dict[str, str]:
    return value(text, measurand="Power.Offered", unit="kW")


def start(paper: Paper, at_s: float) -> None:
    told = {"connectorId": 1, "idTag": "T", "meterStart": 100, "timestamp": stamp(at_s)}
    paper.says(at_s, "StartTransaction", told, {"transactionId": 7, "idTagInfo": OK})


def stop(paper: Paper, at_s: float, wh: int, reason: str = "Local", **more: object) -> None:
    told = {"transactionId": 7, "meterStop": wh, "timestamp": stamp(at_s), "reason": reason}
    paper.says(at_s, "StopTransaction", {**told, **more})


def json_c(paper: Paper, shows: bool) -> None:
    """In a log that has frames as they were spelt."""
    told = "a\\/b" if shows else "a/b"
    paper.lines = [
        f'INFO:ocpp:CP1: receive message [2, "{place}", "DataTransfer", {{"vendorId": "{told}"}}]'
        for place in range(3)
    ]


def send_tick(paper: Paper, shows: bool) -> None:
    for place in range(8):
        paper.asked(10.5 * place, "ClearCache", {}, OK, took_s=1.05 if shows else 0.05)


def whole_second_clock(paper: Paper, shows: bool) -> None:
    for at_s in (0.0, 100.0):
        paper.boot(at_s)
        behind = 0.035 if shows else 0.4
        paper.status(at_s + 1, 1, "Available", timestamp=stamp(at_s + behind, "milliseconds"))


def repeated_preparing(paper: Paper, shows: bool) -> None:
    for at_s in (0, 10, 20):
        paper.status(at_s, 1, "Preparing" if shows or not at_s else "Charging")
    if not shows:
        paper.status(30, 1, "Preparing")


def vendor_faults(paper: Paper, shows: bool) -> None:
    code = "InternalError" if shows else "OtherError"
    paper.status(0, 1, "Faulted", errorCode=code, vendorErrorCode="85")


def autocharge_mac(paper: Paper, shows: bool) -> None:
    name = "MacID" if shows else "gateway"
    paper.says(0, "DataTransfer", {"vendorId": "V", "messageId": name, "data": "VID:1"}, OK)


def status_before_answer(paper: Paper, shows: bool) -> None:
    request = {"connectorId": 1, "type": "Inoperative"}
    paper.asked(0, "ChangeAvailability", request, OK, took_s=1.0 if shows else 0.1)
    paper.status(0.5, 1, "Unavailable")


def slow_minute(paper: Paper, shows: bool) -> None:
    for place in range(4):
        at_s = (61.83 if shows else 60.0) * place
        sampled(paper, at_s, energy(place), context="Sample.Periodic")


def late_clock_samples(paper: Paper, shows: bool) -> None:
    for place in range(3):
        at_s = 900 * place + (0.4 if shows else 0.0)
        sampled(paper, at_s, energy(place), context="Sample.Clock", transaction=None)


def early_samples(paper: Paper, shows: bool) -> None:
    if shows:
        sampled(paper, 5, energy(1), context="Sample.Periodic", transaction=None)
    start(paper, 8)


def free_running_samples(paper: Paper, shows: bool) -> None:
    start(paper, 0)
    for place in range(3):
        at_s = (8 if shows else 30) + 30 * place
        sampled(paper, at_s, energy(place), context="Sample.Periodic")


def frozen_samples(paper: Paper, shows: bool) -> None:
    for place in range(4):
        move = 0 if shows else place
        volts = value(f"{400 + move}.0", measurand="Voltage", unit="V")
        amperes = value("50.0", measurand="Current.Import", unit="A")
        sampled(paper, 30 * place, energy(place), volts, amperes, context="Sample.Periodic")


def truncated_meter_stop(paper: Paper, shows: bool) -> None:
    start(paper, 0)
    sampled(paper, 60, energy(500), context="Transaction.End")
    stop(paper, 60, 499 if shows else 500)


def two_entry_stop_data(paper: Paper, shows: bool) -> None:
    start(paper, 0)
    one = {"timestamp": stamp(60), "sampledValue": [energy(500)]}
    stop(paper, 60, 500, transactionData=[one] * (2 if shows else 3))


def late_finishing(paper: Paper, shows: bool) -> None:
    sampled(paper, 60, energy(500), context="Transaction.End")
    at_s = 60.5 if shows else 60.0
    paper.status(61, 1, "Finishing", timestamp=stamp(at_s, "milliseconds"))


def never_suspended(paper: Paper, shows: bool) -> None:
    paper.status(0, 1, "Charging")
    if not shows:
        paper.status(20, 1, "SuspendedEV")
    sampled(paper, 30, power(0), context="Sample.Periodic")


def ev_gives_up(paper: Paper, shows: bool) -> None:
    start(paper, 0)
    stop(paper, 2 if shows else 600, 100 if shows else 4000, "EVDisconnected")


def watts_power_offered(paper: Paper, shows: bool) -> None:
    for place in range(3):
        told = offered("59446" if shows else "60")
        sampled(paper, 30 * place, power(59.4), told, context="Sample.Periodic")


def rated_power_offered(paper: Paper, shows: bool) -> None:
    for place in range(4):
        told = offered("180" if shows else str(10 * place + 10))
        sampled(paper, 30 * place, power(10 * place + 10), told, context="Sample.Periodic")


def mute_transfers(paper: Paper, shows: bool) -> None:
    paper.asked(0, "GetDiagnostics", {"location": "ftp://x"}, {"fileName": "a"})
    if not shows:
        paper.says(10, "DiagnosticsStatusNotification", {"status": "Uploading"})
    for at_s in (100, 200, 300):
        paper.says(at_s, "Heartbeat", {})


def heartbeats_from_last(paper: Paper, shows: bool) -> None:
    request = {"key": "HeartbeatInterval", "value": "100"}
    paper.asked(50, "ChangeConfiguration", request, OK)
    paper.says(100 if shows else 151, "Heartbeat", {})


def plug_ends_reserved(paper: Paper, shows: bool) -> None:
    paper.status(0, 1, "Reserved")
    if not shows:
        paper.says(5, "Authorize", {"idTag": "T"}, {"idTagInfo": OK})
    paper.status(10, 1, "Preparing")


WRITTEN: Mapping[str, Write] = {
    write.__name__: write
    for write in (
        json_c,
        send_tick,
        whole_second_clock,
        repeated_preparing,
        vendor_faults,
        autocharge_mac,
        status_before_answer,
        slow_minute,
        late_clock_samples,
        early_samples,
        free_running_samples,
        frozen_samples,
        truncated_meter_stop,
        two_entry_stop_data,
        late_finishing,
        never_suspended,
        ev_gives_up,
        watts_power_offered,
        rated_power_offered,
        mute_transfers,
        heartbeats_from_last,
        plug_ends_reserved,
    )
}


def test_a_sign_is_that_of_a_quirk() -> None:
    assert set(SIGNS) <= {field.name for field in fields(Quirks)}
    assert set(WRITTEN) <= set(SIGNS)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_habit_is_told_from_what_it_leaves(name: str) -> None:
    seen: dict[bool, list[bool]] = {}
    for shows in (True, False):
        paper = Paper()
        WRITTEN[name](paper, shows)
        seen[shows] = list(SIGNS[name](paper.log()))
    assert any(seen[True])
    assert not any(seen[False])


def test_it_is_in_the_file_with_how_often_it_was_seen() -> None:
    paper = Paper()
    paper.boot(0)
    slow_minute(paper, True)
    text = paper.learnt()
    assert "\nslow_minute = " in text
    assert "3 of 3, made" in text
    paper = Paper()
    paper.boot(0)
    slow_minute(paper, False)
    assert "\n# slow_minute: 0 of 3" in paper.learnt()
