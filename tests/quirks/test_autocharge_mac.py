"""A vehicle's MAC is announced, and asked about beside whatever card is shown meanwhile."""

from __future__ import annotations

from sim_core.commands import Plug
from tests.harness import Harness
from tests.quirks.acts import REAL, gresgying


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, timing=REAL) as harness:
        await harness.advance(3)
        await harness.submit(Plug(1))
        await harness.advance(REAL.mac_s - 0.1)
        early = harness.csms.of("DataTransfer", "Authorize")
        await harness.advance(0.2)
        vid = harness.connector().vid
        assert not early
        return [call.payload for call in harness.csms.of("DataTransfer", "Authorize")] in (
            [{"vendorId": "Gresgying", "messageId": "MacID", "data": vid}, {"idTag": vid}],
            [{"idTag": vid}, {"vendorId": "Gresgying", "messageId": "MacID", "data": vid}],
        )


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


async def test_a_make_without_it_asks_about_the_id_and_tells_nothing() -> None:
    async with Harness(keys={"AutoCharge": "true"}) as harness:
        await harness.submit(Plug(1))
        await harness.advance(5)
        vid = harness.connector().vid
        assert [call.payload for call in harness.csms.of("Authorize")] == [{"idTag": vid}]
        assert harness.csms.of("DataTransfer") == []
