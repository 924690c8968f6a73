"""With a transaction running, a new connection begins with connector 0 alone."""

from __future__ import annotations

from sim_core.commands import LinkDown, LinkUp
from tests.quirks.acts import charge, gresgying


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as pair:
        await charge(pair)
        await pair.submit(LinkDown())
        await pair.submit(LinkUp())
        first = pair.csms.actions()
        await pair.advance(1)
        late = [a for a in pair.csms.actions()[len(first) :] if a.startswith("Status")]
        assert {"StatusNotification 0 Available", "StatusNotification 1 Charging"} <= set(
            pair.csms.actions()
        )
        return late == ["StatusNotification 1 Charging", "StatusNotification 2 Available"]


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
