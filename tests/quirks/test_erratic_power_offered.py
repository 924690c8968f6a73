"""The power that is offered lags what is drawn, in steps."""

from __future__ import annotations

from sim_core.commands import Plug, Start
from tests.quirks.acts import REAL, gresgying, payloads, values_of


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, timing=REAL, keys={"MeterValueSampleInterval": "5"}) as harness:
        await harness.submit(Plug(1))
        await harness.advance(30)
        await harness.submit(Start(1, "TAG"))
        await harness.advance(40)
        rows = [values_of(sample) for sample in payloads(harness, "MeterValues")]
        lags = [
            row
            for row in rows
            if float(row["Power.Active.Import"]) > 20 and float(row["Power.Offered"]) <= 20
        ]
        assert all(row["Power.Offered"].isdigit() for row in rows)
        return bool(lags)


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
