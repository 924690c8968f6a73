"""After a reconnect in mid-session voltage and current stand still for a while."""

from __future__ import annotations

from sim_core.commands import LinkDown, LinkUp
from tests.quirks.acts import charge, gresgying, payloads, values_of


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, noise=0.05) as harness:
        await charge(harness)
        await harness.advance(60)
        await harness.submit(LinkDown())
        await harness.advance(27)
        await harness.submit(LinkUp())
        harness.csms.clear()
        await harness.advance(290)
        rows = [values_of(sample) for sample in payloads(harness, "MeterValues")]
        shown = {
            tuple(row[name] for name in ("Voltage", "Current.Import", "Power.Active.Import"))
            for row in rows
        }
        registers = [float(row["Energy.Active.Import.Register"]) for row in rows]
        assert registers == sorted(set(registers)), "the register goes on"
        harness.csms.clear()
        await harness.advance(60)
        later = {values_of(sample)["Current.Import"] for sample in payloads(harness, "MeterValues")}
        assert len(later) > 1, "it passes"
        return len(shown) == 1


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
