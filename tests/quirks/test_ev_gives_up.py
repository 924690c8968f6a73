"""A vehicle that waits too long for its authorisation has gone to sleep, or was made to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim_core.commands import EVGiveUp, Plug, Start, Swipe, Unplug
from tests.quirks.acts import REAL, gresgying, payloads, statuses, values_of


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, timing=REAL) as harness:
        await harness.submit(Plug(1))
        await harness.advance(65)
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        await harness.advance(60)
        ends = payloads(harness, "StopTransaction")
        assert len(payloads(harness, "StartTransaction")) == 1
        if not ends:
            return False
        (start,), (end,) = payloads(harness, "StartTransaction"), ends
        assert (end["reason"], end["meterStop"]) == ("EVDisconnected", start["meterStart"])
        assert statuses(harness, 1) == ["Available", "Preparing"]
        return True


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


@pytest.mark.parametrize(
    ("asleep_s", "reason", "told_s"),
    [(1, "Other", (25, 34)), (14, "Other", (25, 34)), (16, "EVDisconnected", (3, 8))],
)
async def test_one_that_is_made_to_sleep_fails_its_start_until_it_is_plugged_in_anew(
    quirk: str, asleep_s: float, reason: str, told_s: tuple[float, float]
) -> None:
    timing = replace(REAL, mac_s=0.0, cable_check_s=0.0)
    async with gresgying(quirk, timing=timing) as harness:
        await harness.advance(2)
        for _ in range(2):
            await harness.submit(Plug(1))
            await harness.advance(20)
            assert (await harness.submit(EVGiveUp(1))).ok
            await harness.advance(asleep_s)
            harness.csms.clear()
            begun_s = harness.clock.monotonic()
            await harness.submit(Start(1, "TAG"))
            while not payloads(harness, "StopTransaction"):
                await harness.advance(0.5)
            assert told_s[0] < harness.clock.monotonic() - begun_s < told_s[1]
            (begin,) = payloads(harness, "MeterValues")
            (end,) = payloads(harness, "StopTransaction")
            assert (end["reason"], values_of(begin)["SoC"]) == (reason, "0")
            assert statuses(harness, 1) == ["Available", "Preparing"]
            await harness.submit(Unplug(1))
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(60)
        assert harness.status() == "Charging", "it is awake again"


@pytest.mark.parametrize(("card_s", "reason"), [(55, "Other"), (70, "EVDisconnected")])
async def test_how_it_fails_follows_from_how_long_it_sleeps(
    quirk: str, card_s: float, reason: str
) -> None:
    """Its handshake is over after some 15 s, and it waits 30 s more."""
    async with gresgying(quirk, timing=REAL) as harness:
        await harness.advance(2)
        await harness.submit(Plug(1))
        await harness.advance(card_s)
        await harness.submit(Swipe(1, "TAG"))
        await harness.advance(60)
        assert [end["reason"] for end in payloads(harness, "StopTransaction")] == [reason]


async def test_one_that_gives_up_while_it_starts(quirk: str) -> None:
    async with gresgying(quirk, timing=REAL) as harness:
        await harness.advance(2)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(20)
        assert harness.connector().starting
        await harness.submit(EVGiveUp(1))
        await harness.advance(60)
        assert len(payloads(harness, "StopTransaction")) == 1
        assert harness.status() == "Preparing"
