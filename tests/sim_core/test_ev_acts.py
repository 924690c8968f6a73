"""What a vehicle does by itself when somebody says so: it ends the session, it gives up, it is
slow."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim_core.commands import Accepted, EVGiveUp, EVStop, Plug, Refused, Start, Stop, Swipe, Unplug
from tests.conformance.acts import charge
from tests.harness import Harness
from tests.quirks.acts import REAL, gresgying, payloads, statuses
from tests.sidecar.beside import beside

SLOW = "Sleeper 50"


@pytest.mark.parametrize("model", ["generic", "gresgying-f3-eu180"])
async def test_the_vehicle_ends_the_session_and_a_card_ends_another(model: str) -> None:
    async with Harness(model=model) as harness:
        for act, reason in ((EVStop(1), "Other"), (Stop(1), "Local"), (Swipe(1, "TAG"), "Local")):
            await charge(harness)
            await harness.advance(20)
            harness.csms.clear()
            assert (await harness.submit(act)).ok
            await harness.advance(5)
            (end,) = payloads(harness, "StopTransaction")
            assert end["reason"] == reason
            assert statuses(harness, 1) == ["Finishing"], "its cable stays in"
            await harness.submit(Unplug(1))


async def test_who_is_not_there_ends_nothing() -> None:
    async with Harness(keys={"StopTransactionOnEVSideDisconnect": "false"}) as harness:
        assert await harness.submit(EVStop(1)) == Refused("connector 1 has no transaction to stop")
        await charge(harness)
        await harness.submit(Unplug(1))
        assert await harness.submit(EVStop(1)) == Refused(
            "the vehicle of connector 1 is unplugged: plug it in first"
        )


@pytest.mark.parametrize("model", ["generic", "gresgying-f3-eu180"])
async def test_one_that_gives_up_ends_its_session_and_sleeps(model: str) -> None:
    async with Harness(model=model) as harness:
        await charge(harness)
        await harness.advance(20)
        assert await harness.submit(EVGiveUp(1)) == Accepted("the vehicle has ended the session")
        await harness.advance(5)
        assert [end["reason"] for end in payloads(harness, "StopTransaction")] == ["Other"]
        assert await harness.submit(EVGiveUp(1)) == Refused(
            "the vehicle at connector 1 sleeps already: unplug it first"
        )
        harness.csms.clear()
        await harness.submit(Start(1, "TAG"))
        await harness.advance(5)
        assert payloads(harness, "StartTransaction") == [], "without the habit nothing begins"
        assert harness.status() == "Finishing"
        told = [event.text for event in harness.events.since(0)[1]]
        assert (
            "connector 1: the start for TAG has failed: the vehicle sleeps, plug it in anew" in told
        )
        await harness.submit(Unplug(1))
        await charge(harness)
        assert harness.status() == "Charging"


async def test_whoever_starts_one_that_sleeps_is_told_so() -> None:
    sleeps = "the vehicle at connector 1 sleeps: unplug it and plug it in anew"
    async with beside() as here:
        await here.harness.submit(Plug(1))
        await here.harness.submit(EVGiveUp(1))
        assert await here.harness.submit(Start(1, "TAG")) == Refused(sleeps)
        answer = await here.http.post("/local_start/1", params={"id_tag": "TAG"})
        assert (answer.status_code, answer.json()["error"]) == (409, sleeps)
        assert here.harness.status() == "Preparing"


async def test_a_slow_vehicle_starts_ten_seconds_later() -> None:
    starts = []
    for vehicle in ("Compact 60", SLOW):
        async with gresgying("none", timing=REAL) as harness:
            await harness.advance(2)
            begun = harness.clock.monotonic()
            await harness.submit(Plug(1, vehicle))
            await harness.submit(Start(1, "TAG"))
            while not payloads(harness, "StartTransaction"):
                await harness.advance(0.5)
            starts.append(harness.clock.monotonic() - begun)
    assert starts[1] - starts[0] == pytest.approx(10, abs=0.5)


async def test_one_that_sleeps_sleeps_on_when_the_program_is_started_anew(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await harness.submit(Plug(1))
        await harness.submit(EVGiveUp(1))
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        assert harness.connector().vehicle_asleep
        await harness.submit(Start(1, "TAG"))
        await harness.advance(5)
        assert payloads(harness, "StartTransaction") == []
        await harness.submit(Unplug(1))
        assert not harness.connector().vehicle_asleep


async def test_another_vehicle_that_comes_while_the_sleeping_one_is_off_the_line() -> None:
    async with gresgying("ev_gives_up") as harness:
        await harness.submit(Plug(1, SLOW))
        await harness.submit(EVGiveUp(1))
        await harness.submit(Start(1, "TAG"))
        while not payloads(harness, "StartTransaction"):
            await harness.advance(0.1)
        await harness.advance(1)
        assert statuses(harness, 1)[-1] == "Available"
        assert (await harness.submit(Plug(1, "City 40"))).ok
        await harness.advance(5)
        assert (harness.connector().vehicle, harness.status()) == ("City 40", "Preparing")
        assert not harness.connector().vehicle_asleep
