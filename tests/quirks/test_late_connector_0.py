"""After a boot connector 0 reports a moment after the others."""

from __future__ import annotations

import pytest

from tests.quirks.acts import gresgying


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        harness.csms.clear()
        await harness.csms.cut()
        await harness.advance(3)
        began = [call for call in harness.csms.of("StatusNotification") if call.connection == 2]
        one, two, zero = (call.payload for call in began)
        assert [p["connectorId"] for p in (one, two, zero)] == [1, 2, 0]
        _, exchanges = harness.messages.since(0)
        *_, first, second, third = (
            e.requested_at for e in exchanges if e.action == "StatusNotification"
        )
        assert first == second
        late_s = (third - first).total_seconds()
        assert (late_s == pytest.approx(0.13)) is (zero["timestamp"] < one["timestamp"])
        return late_s > 0


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
