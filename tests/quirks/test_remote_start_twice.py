"""A second RemoteStartTransaction in the first moment is Accepted, with a second Authorize."""

from __future__ import annotations

import pytest

from sim_core.commands import Plug
from tests.quirks.acts import asking, gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks) as harness:
        await harness.submit(Plug(1))
        first = await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        await harness.advance(0.5)
        second = await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        await harness.advance(1.5)
        third = await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        assert (first["status"], third["status"]) == ("Accepted", "Rejected")
        assert len(payloads(harness, "StartTransaction")) == 1
        cards = len(payloads(harness, "Authorize"))
        return (second["status"], cards) == ("Accepted", 2)


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


@pytest.mark.parametrize(
    ("after_s", "answers", "cards"),
    [(0.79, ["Accepted", "Accepted"], 2), (1.05, ["Accepted", "Rejected"], 1)],
)
async def test_the_first_may_wait_for_its_answer(
    quirk: str, after_s: float, answers: list[str], cards: int
) -> None:
    async with gresgying(f"{quirk},send_tick,pipelining") as harness:
        await harness.submit(Plug(1))
        await harness.advance(5)
        start = {"connectorId": 1, "idTag": "TAG"}
        first = await asking(harness, "RemoteStartTransaction", **start)
        await harness.advance(after_s)
        assert not first.done(), "it is still on its way"
        second = await asking(harness, "RemoteStartTransaction", **start)
        await harness.advance(20)
        assert [asked.result()["status"] for asked in (first, second)] == answers
        assert [p["idTag"] for p in payloads(harness, "Authorize")] == ["TAG"] * cards
        assert len(payloads(harness, "StartTransaction")) == 1
        assert harness.status() == "Charging"


async def test_an_answer_that_never_left_promises_nothing(quirk: str) -> None:
    async with gresgying(f"{quirk},send_tick") as harness:
        await harness.submit(Plug(1))
        await harness.advance(5)
        lost = await asking(harness, "RemoteStartTransaction", connectorId=1, idTag="TAG")
        await harness.csms.cut()
        lost.cancel()
        await harness.advance(10)
        again = await asking(harness, "RemoteStartTransaction", connectorId=1, idTag="TAG")
        await harness.advance(10)
        assert again.result() == {"status": "Accepted"}
        assert harness.status() == "Charging"
