"""A charge point that nobody looks at is woken seldom, and says what one on a screen says."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from sim_core.charging.power import Power
from sim_core.commands import Plug, Start
from sim_core.snapshot import StationSnapshot
from sim_core.station import Station
from tests.harness import Harness

NOTICED_S = timedelta(seconds=1.1)
"""On a screen's charge point the next tick notices what has happened; on the other one the next
turn of its own, which it has foreseen."""
REGISTER_WH = 60_000 * NOTICED_S.total_seconds() / 3600
"""What flows in that time: energy after a pause begins when it is noticed."""
SAMPLE_S, LONG_S = 60, 900

CASES: dict[str, tuple[str, dict[str, str], list[str]]] = {
    "it cools": ("Cooler 75", {}, ["SuspendedEV", "Charging"]),
    "it ends the session": ("Commuter 64", {}, ["StopTransaction", "Finishing"]),
    "it becomes full": ("Nearly Full 60", {}, ["SuspendedEV"]),
    "it has had what it may": (
        "Compact 60",
        {"StopTransactionOnInvalidId": "false", "MaxEnergyOnInvalidId": "500"},
        ["SuspendedEVSE"],
    ),
    "nothing happens": ("EV Simulator", {}, []),
}
Told = tuple[str, datetime, float]
"""What, when, and the register where it names one."""


async def _told(
    looked_at: bool, vehicle: str, keys: dict[str, str], constant_power_w: float | None
) -> list[Told]:
    """What connector 1 has told."""
    keys = {"MeterValueSampleInterval": str(SAMPLE_S), **keys}
    async with Harness(keys=keys, constant_power_w=constant_power_w) as harness:
        harness.station.let_look(looked_at)
        invalid = {"transactionId": 7, "idTagInfo": {"status": "Invalid"}}
        if "MaxEnergyOnInvalidId" in keys:
            harness.csms.script["StartTransaction"].append(invalid)
        for command in (Plug(1, vehicle), Start(1, "TAG"), Plug(2), Start(2, "OTHER")):
            assert (await harness.submit(command)).ok
        harness.csms.clear()
        await harness.advance(LONG_S)
        calls = harness.csms.of("StatusNotification", "StopTransaction", "MeterValues")
        told = [_of_connector_1(call.action, call.payload) for call in calls]
        return [one for one in told if one is not None]


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    ticks: list[None] = []
    tick = Power._tick

    def counted(power: Power) -> None:
        ticks.append(None)
        tick(power)

    monkeypatch.setattr(Power, "_tick", counted)
    return ticks


def _of_connector_1(action: str, payload: dict[str, Any]) -> Told | None:
    if action == "StopTransaction":
        whose, at, register = payload["idTag"] == "TAG", payload["timestamp"], payload["meterStop"]
    elif action == "MeterValues":
        whose, value = payload["connectorId"] == 1, payload["meterValue"][0]
        at, register = value["timestamp"], value["sampledValue"][0]["value"]
    else:
        whose, at, register = payload["connectorId"] == 1, payload["timestamp"], 0.0
        action = payload["status"]
    moment = datetime.fromisoformat(at.replace("Z", "+00:00"))
    return (action, moment, float(register)) if whose else None


@pytest.mark.parametrize("constant_power_w", [None, 20_000.0])
@pytest.mark.parametrize("case", CASES)
async def test_it_says_the_same(
    case: str, constant_power_w: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    vehicle, keys, happens = CASES[case]
    ticks = _counted(monkeypatch)
    seen = await _told(True, vehicle, keys, constant_power_w)
    often = len(ticks)
    unseen = await _told(False, vehicle, keys, constant_power_w)
    seldom = len(ticks) - often
    assert [what for what, *_ in unseen] == [what for what, *_ in seen]
    assert [what for what, *_ in unseen if what != "MeterValues"][: len(happens)] == happens
    for (_, seen_at, seen_wh), (_, unseen_at, unseen_wh) in zip(seen, unseen, strict=True):
        assert abs(unseen_at - seen_at) <= NOTICED_S
        assert unseen_wh == pytest.approx(seen_wh, abs=REGISTER_WH)
    assert often >= LONG_S * 0.9
    assert seldom < often / 5


@pytest.mark.parametrize("looked_at", [True, False])
async def test_the_last_picture_is_made_for_who_looks(
    looked_at: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[StationSnapshot] = []
    picture = Station._picture

    def kept(station: Station) -> StationSnapshot:
        made.append(picture(station))
        return made[-1]

    monkeypatch.setattr(Station, "_picture", kept)
    async with Harness() as harness:
        harness.station.let_look(looked_at)
        assert (await harness.submit(Plug(1))).ok
        await harness.settle()
        made.clear()
        await harness.power_off()
        assert made == [] or looked_at
        made.clear()
        assert not looked_at or harness.station.snapshot.connectors[0].plugged
        assert made == [], "what has ended makes no picture"


PROFILE = {
    "chargingProfileId": 1,
    "stackLevel": 1,
    "chargingProfilePurpose": "TxDefaultProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": {
        "chargingRateUnit": "W",
        "chargingSchedulePeriod": [
            {"startPeriod": 0, "limit": 40_000.0},
            {"startPeriod": 100, "limit": 11_000.0},
            {"startPeriod": 205, "limit": 90_000.0},
        ],
    },
}


@pytest.mark.parametrize("version", ["1.6", "2.0.1"])
@pytest.mark.parametrize(
    ("vehicle", "noise"),
    [
        ("Saloon 82", None),
        ("City 40", None),
        ("Tourer 93", None),
        ("EV Simulator", None),
        ("Compact 60", None),
        ("Compact 60", 0.05),
        ("City 40", 0.05),
    ],
)
async def test_what_its_meter_says_is_the_same_to_the_last_digit(
    vehicle: str, noise: float | None, version: str
) -> None:
    """Where nobody waits for what another connector leaves."""

    async def said(looked_at: bool) -> list[Any]:
        async with Harness(version=version, keys=EVERY_10_S[version], noise=noise) as harness:
            harness.station.let_look(looked_at)
            if version == "1.6":
                profile = {"connectorId": 0, "csChargingProfiles": PROFILE}
                assert await harness.ask("SetChargingProfile", **profile)
            for command in (Plug(1, vehicle), Start(1, "TAG")):
                assert (await harness.submit(command)).ok
            harness.csms.clear()
            await harness.advance(LONG_S)
            calls = harness.csms.of("MeterValues", "TransactionEvent")
            return [
                [value["value"] for value in one["sampledValue"]]
                for call in calls
                for one in call.payload.get("meterValue", ())
            ]

    seen = await said(True)
    assert len(seen) >= LONG_S / 10 - 2
    assert await said(False) == seen


EVERYTHING = "Energy.Active.Import.Register,Current.Import,Voltage,Power.Active.Import,SoC"
EVERY_10_S = {
    "1.6": {
        "MeterValueSampleInterval": "10",
        "MeterValuesSampledData": f"{EVERYTHING},Power.Offered,Temperature",
    },
    "2.0.1": {
        "SampledDataCtrlr.TxUpdatedInterval": "10",
        "SampledDataCtrlr.TxUpdatedMeasurands": EVERYTHING,
    },
}
