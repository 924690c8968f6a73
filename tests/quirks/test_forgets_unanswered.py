"""A sample that meets silence is not sent again."""

from __future__ import annotations

from tests.quirks.acts import charge, gresgying, payloads
from tests.scripted_csms import Drop


async def is_on_the_wire(quirks: str) -> bool:
    others = "pipelining" if quirks == "none" else f"{quirks},pipelining"  # it rests on that one
    async with gresgying(others) as harness:
        await charge(harness)
        harness.csms.script["MeterValues"].append(Drop())
        await harness.advance(10)
        (lost,) = payloads(harness, "MeterValues")
        await harness.advance(300)
        return payloads(harness, "MeterValues").count(lost) == 1


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
