"""Under a charging profile the power keeps a distance from the limit."""

from __future__ import annotations

from sim_core.commands import Plug, Start
from tests.quirks.acts import REAL, asking, gresgying, payloads, values_of


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, timing=REAL, keys={"MeterValueSampleInterval": "5"}) as harness:
        await harness.submit(Plug(1))
        await harness.advance(30)
        await harness.submit(Start(1, "TAG"))
        await harness.advance(60)
        limit = {
            "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 15_000.0}],
        }
        profile = {
            "chargingProfileId": 103,
            "stackLevel": 1,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": limit,
        }
        ask = await asking(harness, "SetChargingProfile", connectorId=1, csChargingProfiles=profile)
        await harness.advance(30)
        assert ask.result() == {"status": "Accepted"}
        row = values_of(payloads(harness, "MeterValues")[-1])
        assert row["Power.Offered"] == "15"
        power_kw = float(row["Power.Active.Import"])
        assert power_kw <= 15
        return power_kw < 14.5


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
