"""The power that is offered lags what is drawn, in steps."""

from __future__ import annotations

from collections import Counter

from sim_core.commands import Command, EVStop, Plug, PowerOff, PowerOn, Start, Stop, Unplug
from tests.quirks.acts import REAL, contexts_of, gresgying, payloads, values_of


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


async def test_the_end_says_nothing_of_it_now_and_then(quirk: str) -> None:
    """3 of 4 after a power loss, 1 of 15 that the vehicle ended, none that a driver did."""
    ways: dict[str, list[Command]] = {
        "power loss": [PowerOff(), PowerOn()],
        "vehicle": [EVStop(1)],
        "driver": [Stop(1)],
    }
    untold: Counter[str] = Counter()
    async with gresgying(f"{quirk},late_power_loss") as harness:
        for way, acts in ways.items():
            for _ in range(60):
                await harness.submit(Plug(1))
                await harness.submit(Start(1, "TAG"))
                await harness.advance(2)
                harness.csms.clear()
                for act in acts:
                    await harness.submit(act)
                await harness.advance(8)
                (end,) = (
                    values_of(sample)
                    for sample in payloads(harness, "MeterValues")
                    if "Transaction.End" in contexts_of(sample)
                )
                untold[way] += "Power.Offered" not in end
                await harness.submit(Unplug(1))
    assert 36 <= untold["power loss"] <= 54
    assert 1 <= untold["vehicle"] <= 12
    assert untold["driver"] == 0
