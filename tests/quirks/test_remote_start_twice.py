"""A second RemoteStartTransaction in the first moment is Accepted, with a second Authorize."""

from __future__ import annotations

from sim_core.commands import Plug
from tests.quirks.acts import gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.submit(Plug(1))
        first = await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        await harness.advance(0.5)
        second = await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        await harness.advance(1)
        third = await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        assert (first["status"], third["status"]) == ("Accepted", "Rejected")
        assert len(payloads(harness, "StartTransaction")) == 1
        cards = len(payloads(harness, "Authorize"))
        return (second["status"], cards) == ("Accepted", 2)


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
