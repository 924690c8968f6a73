"""A card that nobody can be asked about is refused in words that say why, and what to do."""

from __future__ import annotations

import asyncio

import pytest

from sim_core.commands import Accepted, GoSilent, LinkDown, Plug, Refused, Start
from tests.harness import Harness
from tests.scripted_csms import Drop, Payload

BOOT = "BootNotification"


def answer(harness: Harness, status: str) -> Payload:
    return {"status": status, "interval": 300, "currentTime": harness.clock.now().isoformat()}


async def refusal(harness: Harness) -> str:
    assert await harness.submit(Plug(1)) == Accepted()
    outcome = await harness.submit(Start(1, "TAG"))
    assert isinstance(outcome, Refused)
    assert "the card TAG" in outcome.reason
    return outcome.reason


@pytest.mark.parametrize("decides", ["true", "false"])
@pytest.mark.parametrize(
    ("status", "advice"),
    [
        ("Pending", "answered Pending: accept it in the CSMS"),
        ("Rejected", "answered Rejected: register its id in the CSMS"),
    ],
)
async def test_while_it_is_not_accepted_it_says_so(status: str, advice: str, decides: str) -> None:
    harness = Harness(keys={"LocalAuthorizeOffline": decides})
    harness.csms.script[BOOT].append(answer(harness, status))
    async with harness:
        said = await refusal(harness)
        assert advice in said
        assert "offline" not in said.split("(")[0]


async def test_before_the_boot_is_answered_it_says_so() -> None:
    harness = Harness()
    harness.csms.script[BOOT].append(Drop())
    async with harness:
        refused = asyncio.ensure_future(refusal(harness))
        while not refused.done():  # it waits for the boot, and that is given up after a time
            await harness.advance(5)
        assert "BootNotification is not answered" in await refused


async def test_silence_of_its_own_is_told_from_a_link_that_is_down() -> None:
    async with Harness() as harness:
        await harness.submit(GoSilent())
        assert "silent (no frame passes: go online first)" in await refusal(harness)


async def test_offline_is_offline() -> None:
    async with Harness() as harness:
        await harness.submit(LinkDown())
        assert (await refusal(harness)).startswith("the charge point is offline and")


async def test_a_csms_that_does_not_answer_is_named() -> None:
    async with Harness() as harness:
        harness.csms.script["Authorize"].append(Drop())
        assert await harness.submit(Plug(1)) == Accepted()
        asked = harness.station.submit(Start(1, "TAG"))
        waiting = asyncio.ensure_future(asked)
        await harness.settle()
        await harness.advance(60)
        outcome = await waiting
        assert isinstance(outcome, Refused)
        assert "without an answer of the CSMS to Authorize" in outcome.reason
