"""After a restart of the process vehicles that wait say their MAC anew."""

from __future__ import annotations

import pytest

from sim_core.commands import Command, LinkDown, LinkUp, Plug, PowerOff, PowerOn, Restart, Unplug
from tests.harness import Harness
from tests.quirks.acts import REAL, departures, gresgying, payloads

OTHERS = "autocharge_mac,send_tick,pipelining"
"""A make that tells MACs."""


async def refused(harness: Harness) -> dict[int, str]:
    """Two vehicles that wait, for the CSMS has refused them; their ids by connector."""
    await harness.advance(5)
    for number in (1, 2):
        await harness.submit(Plug(number))
    vids = {number: harness.connector(number).vid or "" for number in (1, 2)}
    harness.csms.tags = {vid: {"status": "Blocked"} for vid in vids.values()}
    await harness.advance(60)
    assert sorted(p["idTag"] for p in payloads(harness, "Authorize")) == sorted(vids.values())
    harness.csms.clear()
    return vids


async def is_on_the_wire(quirks: str) -> bool:
    others = OTHERS if quirks == "none" else f"{quirks},{OTHERS}"
    async with gresgying(others, timing=REAL) as harness:
        vids = await refused(harness)
        await harness.submit(Restart())
        await harness.advance(60)
        left = departures(harness)
        (boot,) = (one for one in left if one.said == "BootNotification")
        macs = [one for one in left if one.said == "DataTransfer"]
        if not macs:
            assert not payloads(harness, "Authorize")
            return False
        assert [mac.payload["data"] for mac in macs] == list(vids.values())
        assert [p["idTag"] for p in payloads(harness, "Authorize")] == list(vids.values())
        first_s, second_s = (mac.at_s - boot.at_s for mac in macs)
        return 2.6 <= first_s <= 4.4 and 9.4 <= second_s <= 11.2


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


async def test_who_is_accepted_now_charges(quirk: str) -> None:
    async with gresgying(f"{quirk},{OTHERS}", timing=REAL) as harness:
        await refused(harness)
        harness.csms.tags = {}
        await harness.submit(Restart())
        await harness.advance(90)
        assert [harness.status(number) for number in (1, 2)] == ["Charging", "Charging"]
        assert [p["connectorId"] for p in payloads(harness, "StartTransaction")] == [1, 2]


@pytest.mark.parametrize(
    ("acts", "again"),
    [
        ([PowerOff(), PowerOn()], 2),
        ([LinkDown(), LinkUp()], 0),
        ([Unplug(1), Restart()], 1),
    ],
)
async def test_only_the_process_forgets_and_only_who_is_there_is_asked(
    quirk: str, acts: list[Command], again: int
) -> None:
    async with gresgying(f"{quirk},{OTHERS}", timing=REAL) as harness:
        await refused(harness)
        for act in acts:
            await harness.submit(act)
            await harness.advance(5)
        await harness.advance(60)
        assert len(payloads(harness, "Authorize")) == again
