"""A card that nobody can be asked about is refused in words that say why, and what to do."""

from __future__ import annotations

import asyncio

import pytest

from sim_core.commands import Accepted, GoSilent, LinkDown, Plug, Refused, Start
from tests.pair import Pair
from tests.scripted_csms import Drop, Payload

BOOT = "BootNotification"


def answer(pair: Pair, status: str) -> Payload:
    return {"status": status, "interval": 300, "currentTime": pair.clock.now().isoformat()}


async def refusal(pair: Pair) -> str:
    assert await pair.submit(Plug(1)) == Accepted()
    outcome = await pair.submit(Start(1, "TAG"))
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
    pair = Pair(keys={"LocalAuthorizeOffline": decides})
    pair.csms.script[BOOT].append(answer(pair, status))
    async with pair:
        said = await refusal(pair)
        assert advice in said
        assert "offline" not in said.split("(")[0]


async def test_before_the_boot_is_answered_it_says_so() -> None:
    pair = Pair()
    pair.csms.script[BOOT].append(Drop())
    async with pair:
        assert "BootNotification is not answered" in await refusal(pair)


async def test_silence_of_its_own_is_told_from_a_link_that_is_down() -> None:
    async with Pair() as pair:
        await pair.submit(GoSilent())
        assert "silent (no frame passes: go online first)" in await refusal(pair)


async def test_offline_is_offline() -> None:
    async with Pair() as pair:
        await pair.submit(LinkDown())
        assert (await refusal(pair)).startswith("the charge point is offline and")


async def test_a_csms_that_does_not_answer_is_named() -> None:
    async with Pair() as pair:
        pair.csms.script["Authorize"].append(Drop())
        assert await pair.submit(Plug(1)) == Accepted()
        asked = pair.station.submit(Start(1, "TAG"))
        waiting = asyncio.ensure_future(asked)
        await pair.settle()
        await pair.advance(60)
        outcome = await waiting
        assert isinstance(outcome, Refused)
        assert "without an answer of the CSMS to Authorize" in outcome.reason
