"""With a transaction running, a new connection begins with connector 0 alone."""

from __future__ import annotations

from sim_core.commands import LinkDown, LinkUp
from tests.quirks.acts import charge, gresgying


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await charge(harness)
        await harness.submit(LinkDown())
        await harness.submit(LinkUp())
        first = harness.csms.actions()
        await harness.advance(1)
        late = [a for a in harness.csms.actions()[len(first) :] if a.startswith("Status")]
        assert {"StatusNotification 0 Available", "StatusNotification 1 Charging"} <= set(
            harness.csms.actions()
        )
        return late == ["StatusNotification 1 Charging", "StatusNotification 2 Available"]


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
