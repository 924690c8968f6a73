"""After a boot connector 0 reports a moment after the others."""

from __future__ import annotations

import pytest

from tests.quirks.acts import departures, gresgying, stamped_s


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        harness.csms.clear()
        await harness.csms.cut()
        await harness.advance(5)
        one, two, zero = (
            left for left in departures(harness) if left.said.startswith("StatusNotification")
        )
        assert [left.payload["connectorId"] for left in (one, two, zero)] == [1, 2, 0]
        assert one.at_s == two.at_s
        late_s = zero.at_s - two.at_s
        older_s = stamped_s(one.payload) - stamped_s(zero.payload)
        assert (0.12 <= late_s <= 0.15) is (0 < older_s < 0.0011)
        return late_s > 0


@pytest.mark.parametrize("others", ["", ",send_tick", ",send_tick,pipelining,whole_second_clock"])
async def test_on(quirk: str, others: str) -> None:
    assert await is_on_the_wire(quirk + others), "it counts from when the others have left"


async def test_off() -> None:
    assert not await is_on_the_wire("none")
