"""The make that comes along: its times, and the configuration keys that it has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim_core.commands import Plug, Unplug
from tests.quirks.acts import MODEL, asking, gresgying


@pytest.mark.parametrize(("late_s", "starts"), [(0.0, (26, 30)), (10.5, (36, 41))])
async def test_a_vehicle_needs_its_time(late_s: float, starts: tuple[int, int]) -> None:
    """Plug, MAC, cable check, Charging; a vehicle that answers the second time is 11 s later."""
    timing = replace(MODEL.timing["real"], mac_retry_share=1.0 if late_s else 0.0)
    async with gresgying("all", timing=timing) as harness:
        await harness.advance(5)
        await harness.submit(Plug(1))
        began = harness.clock.monotonic()
        while harness.connector().transaction is None:
            await harness.advance(0.1)
        assert starts[0] <= harness.clock.monotonic() - began <= starts[1]
        await harness.advance(1.3)
        assert harness.status() == "Preparing"
        await harness.advance(0.5)
        assert harness.status() == "Charging"
        assert harness.connector().current_a == 0, "the voltages are brought together"
        await harness.advance(4)
        early = harness.connector().power_w
        await harness.advance(30)
        assert early < 10_000 < harness.connector().power_w


async def test_the_seed_decides_which_vehicles_are_late() -> None:
    async with gresgying("all", timing=MODEL.timing["real"]) as harness:
        connector = harness.station.charger.connectors[1]
        took = []
        for _ in range(12):
            await harness.submit(Plug(1))
            took.append((connector.mac_at_s or 0) - harness.clock.monotonic())
            await harness.submit(Unplug(1))
        assert any(14.3 <= s <= 15.1 for s in took)
        assert any(25 <= s <= 26.2 for s in took)


@pytest.mark.parametrize(("kind", "low", "high"), [("Soft", 35, 46), ("Hard", 94, 110)])
async def test_how_long_a_reset_takes(kind: str, low: int, high: int) -> None:
    async with gresgying("all", timing=MODEL.timing["real"]) as harness:
        await harness.advance(5)
        harness.csms.clear()
        answer = await asking(harness, "Reset", type=kind)
        began = harness.clock.monotonic()
        while not harness.csms.of("BootNotification"):
            await harness.advance(0.25)
        assert answer.result() == {"status": "Accepted"}
        assert low <= harness.clock.monotonic() - began <= high


READ_ONLY = [
    "LocalAuthListMaxLength",
    "GetConfigurationMaxKeys",
    "MeterValuesAlignedDataMaxLength",
    "MeterValuesSampledDataMaxLength",
    "NumberOfConnectors",
    "ReserveConnectorZeroSupported",
    "ConnectorPhaseRotationMaxLength",
    "StopTransactionOnEVSideDisconnect",
    "StopTxnAlignedDataMaxLength",
    "StopTxnSampledDataMaxLength",
    "SupportedFeatureProfiles",
    "SupportedFeatureProfilesMaxLength",
    "VendorInfo",
    "ChargeProfileMaxStackLevel",
    "ChargingScheduleAllowedChargingRateUnit",
    "ChargingScheduleMaxPeriods",
    "MaxChargingProfilesInstalled",
]


@pytest.mark.parametrize("quirks", ["none", "all"])
async def test_the_keys_of_the_make(quirks: str) -> None:
    async with gresgying(quirks) as harness:
        ask = await asking(harness, "GetConfiguration")
        await harness.advance(2)
        entries = ask.result()["configurationKey"]
        assert [entry["key"] for entry in entries] == list(MODEL.keys)
        assert len(entries) == 45
        assert [entry["key"] for entry in entries if entry["readonly"]] == READ_ONLY
        answers = []
        for value in ("1", "2", "10"):
            change = await asking(
                harness, "ChangeConfiguration", key="MeterValueSampleInterval", value=value
            )
            await harness.advance(2)
            answers.append(change.result()["status"])
        assert answers == ["Rejected", "Rejected", "Accepted"]


async def test_a_key_of_the_make_that_is_true_or_false_is_so_in_any_case() -> None:
    async with gresgying("none") as harness:
        for value, kept in (("True", "true"), ("FALSE", "false")):
            answer = await harness.ask("ChangeConfiguration", key="AutoCharge", value=value)
            assert answer == {"status": "Accepted"}
            read = await harness.ask("GetConfiguration", key=["AutoCharge"])
            assert read["configurationKey"][0]["value"] == kept
        answer = await harness.ask("ChangeConfiguration", key="AutoCharge", value="perhaps")
        assert answer == {"status": "Rejected"}


@pytest.mark.parametrize(
    ("value", "status"),
    [("0", "Accepted"), ("1", "Rejected"), ("2", "Rejected"), ("3", "Accepted")],
)
async def test_no_short_sample_intervals_but_none_at_all(value: str, status: str) -> None:
    """OCPP 1.6 §9.1: 0 means that no samples are wanted."""
    async with gresgying("none") as harness:
        key = "MeterValueSampleInterval"
        answer = await harness.ask("ChangeConfiguration", key=key, value=value)
        assert answer == {"status": status}
