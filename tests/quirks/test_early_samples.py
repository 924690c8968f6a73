"""Now and then a sample comes just before the start of its transaction."""

from __future__ import annotations

from sim_core.commands import Plug, Start, Unplug
from tests.quirks.acts import REAL, contexts_of, gresgying


async def is_on_the_wire(quirks: str) -> bool:
    """It happens now and then: so many starts are tried."""
    keys = {"MeterValueSampleInterval": "60"}
    async with gresgying(quirks, timing=REAL, keys=keys) as harness:
        await harness.advance(3)
        early = 0
        for _ in range(40):
            await harness.submit(Plug(1, "Compact 60"))
            await harness.submit(Start(1, "TAG"))
            await harness.advance(32)
            said = harness.csms.of("MeterValues", "StartTransaction")
            names = [call.action for call in said]
            before = [call.payload for call in said[: names.index("StartTransaction")]]
            for payload in before:
                assert "transactionId" not in payload
                assert set(contexts_of(payload)) == {"Sample.Periodic"}
            early += len(before)
            await harness.submit(Unplug(1))
            harness.csms.clear()
        assert early < 10
        return early > 0


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
