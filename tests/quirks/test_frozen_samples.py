"""After its process has restarted in mid-session voltage and current stand still for a while."""

from __future__ import annotations

from sim_core.commands import Command, LinkDown, LinkUp, Restart
from tests.harness import Harness
from tests.quirks.acts import charge, gresgying, payloads, values_of

SHOWN = ("Voltage", "Current.Import", "Power.Active.Import")


async def shown(harness: Harness, seconds: float) -> set[tuple[str, ...]]:
    """What the samples of the next seconds show, while the register goes on."""
    harness.csms.clear()
    await harness.advance(seconds)
    rows = [values_of(sample) for sample in payloads(harness, "MeterValues")]
    registers = [float(row["Energy.Active.Import.Register"]) for row in rows]
    assert registers == sorted(set(registers)), "the register goes on"
    assert len(rows) > 2
    return {tuple(row[name] for name in SHOWN) for row in rows}


async def after(quirks: str, *acts: Command) -> tuple[bool, bool]:
    """Whether the values stand still after these acts, and whether that passes."""
    async with gresgying(quirks, noise=0.05) as harness:
        await charge(harness)
        await harness.advance(60)
        for act in acts:
            await harness.submit(act)
            await harness.advance(27)
        still = len(await shown(harness, 270)) == 1
        return still, len(await shown(harness, 60)) > 1


async def is_on_the_wire(quirks: str) -> bool:
    still, passes = await after(quirks, Restart())
    assert passes
    return still


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


async def test_a_network_that_was_gone_freezes_nothing(quirk: str) -> None:
    assert await after(quirk, LinkDown(), LinkUp()) == (False, True)


async def test_over_several_restarts_the_same_is_shown(quirk: str) -> None:
    async with gresgying(quirk, noise=0.05) as harness:
        await charge(harness)
        await harness.advance(60)
        seen = set()
        for _ in range(3):
            await harness.submit(Restart())
            seen |= await shown(harness, 200)
        assert len(seen) == 1, seen
