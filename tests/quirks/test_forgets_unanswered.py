"""A sample that meets silence is not sent again."""

from __future__ import annotations

from tests.quirks.acts import charge, gresgying, payloads
from tests.scripted_csms import Drop


async def is_on_the_wire(quirks: str) -> bool:
    others = "pipelining" if quirks == "none" else f"{quirks},pipelining"  # it rests on that one
    async with gresgying(others) as pair:
        await charge(pair)
        pair.csms.script["MeterValues"].append(Drop())
        await pair.advance(10)
        (lost,) = payloads(pair, "MeterValues")
        await pair.advance(300)
        return payloads(pair, "MeterValues").count(lost) == 1


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
