"""What is kept for the end of a transaction is the register at begin and end, and no more."""

from __future__ import annotations

from sim_core.commands import Stop
from tests.quirks.acts import charge_and_keep, gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge_and_keep(harness)
        await harness.advance(60)
        await harness.submit(Stop(1))
        (end,) = payloads(harness, "StopTransaction")
        data = [
            [(value["context"], value["measurand"]) for value in entry["sampledValue"]]
            for entry in end["transactionData"]
        ]
        register = "Energy.Active.Import.Register"
        return data == [[("Transaction.Begin", register)], [("Transaction.End", register)]]


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
