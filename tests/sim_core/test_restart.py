"""The process of the charge point restarts by itself: what a CSMS sees, and what goes on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from sim_core.commands import (
    Accepted,
    EVStop,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Refused,
    Restart,
    Start,
    Stop,
    Swipe,
    Unplug,
)
from sim_core.snapshot import LinkState
from sim_core.wire.timestamps import moment
from tests.conformance.acts import charge
from tests.harness import Harness
from tests.quirks.acts import REAL, contexts_of, gresgying, payloads, statuses, values_of

REBOOTING = "the charge point is rebooting: wait until it is back"


@pytest.mark.parametrize("model", ["generic", "gresgying-f3-eu180"])
async def test_the_transaction_goes_on_with_its_id(model: str) -> None:
    async with Harness(model=model, keys={"MeterValueSampleInterval": "10"}) as harness:
        await charge(harness)
        await harness.advance(15)
        before = harness.connector()
        harness.csms.clear()
        assert await harness.submit(Restart()) == Accepted()
        link = harness.station.snapshot.link
        assert (link.state, link.trouble) == (LinkState.WAITING, "rebooting")
        assert harness.connector().status == "Charging"
        await harness.advance(1)
        assert harness.connector().register_wh > before.register_wh, "the metal goes on"
        await harness.advance(30)
        assert len(payloads(harness, "BootNotification")) == 1
        assert statuses(harness, 1)[0] == "Charging"
        assert sorted({p["connectorId"] for p in payloads(harness, "StatusNotification")}) == [
            0,
            1,
            2,
        ]
        samples = payloads(harness, "MeterValues")
        assert samples
        assert {sample["transactionId"] for sample in samples} == {1000}
        await harness.submit(Stop(1))
        await harness.advance(3)
        (end,) = payloads(harness, "StopTransaction")
        assert (end["transactionId"], end["reason"]) == (1000, "Local")
        assert end["meterStop"] > before.register_wh


async def test_it_takes_as_long_as_the_model_says() -> None:
    async with gresgying("none", timing=REAL) as harness:
        await harness.submit(Restart())
        await harness.advance(REAL.reboot_s - 0.5)
        assert harness.station.snapshot.link.state is LinkState.WAITING
        await harness.advance(0.5)
        assert harness.station.snapshot.link.state is LinkState.CONNECTED


async def test_while_it_restarts_nobody_reads_a_meter_and_the_interval_counts_from_its_end() -> (
    None
):
    timing = replace(REAL, boot_s=0.0, precharge_s=0.0, mac_s=0.0, cable_check_s=0.0)
    async with gresgying("none", timing=timing) as harness:
        await charge(harness)
        await harness.advance(12)
        harness.csms.clear()
        down_at = harness.station.now()
        await harness.submit(Restart())
        await harness.advance(80)
        stamps = [
            moment(sample["meterValue"][0]["timestamp"])
            for sample in payloads(harness, "MeterValues")
        ]
        first = down_at + timedelta(seconds=timing.reboot_s + 10)
        assert stamps[0] is not None
        assert abs(stamps[0] - first) < timedelta(seconds=0.01), stamps


async def test_a_card_that_waits_is_forgotten_and_nobody_reads_another() -> None:
    async with Harness() as harness:
        await harness.submit(Swipe(1, "TAG"))
        await harness.submit(Restart())
        harness.csms.clear()
        assert await harness.submit(Swipe(1, "TAG")) == Refused(REBOOTING)
        assert await harness.submit(Restart()) == Refused(REBOOTING)
        await harness.submit(Plug(1))
        await harness.advance(2)
        assert payloads(harness, "StartTransaction") == []
        assert statuses(harness, 1) == ["Preparing"]
        await harness.submit(Start(1, "TAG"))
        assert harness.status() == "Charging"


async def test_a_start_that_has_not_begun_is_forgotten() -> None:
    async with gresgying("none", timing=REAL) as harness:
        await harness.advance(2)
        await harness.submit(Plug(1))
        assert (await harness.submit(Start(1, "TAG"))).ok
        await harness.advance(5)
        assert harness.connector().starting
        await harness.submit(Restart())
        await harness.advance(120)
        assert payloads(harness, "StartTransaction") == []
        assert harness.status() == "Preparing"


async def test_while_it_restarts_no_sample_is_taken_by_the_clock() -> None:
    keys = {"ClockAlignedDataInterval": "5", "MeterValueSampleInterval": "0"}
    timing = replace(REAL, boot_s=0.0, precharge_s=0.0, mac_s=0.0, cable_check_s=0.0)
    async with gresgying("none", timing=timing, keys=keys) as harness:
        await charge(harness)
        await harness.advance(7)
        harness.csms.clear()
        down_at = harness.station.now()
        await harness.submit(Restart())
        await harness.advance(timing.reboot_s + 20)
        stamps = [
            moment(sample["meterValue"][0]["timestamp"])
            for sample in payloads(harness, "MeterValues")
        ]
        assert len(stamps) >= 4
        up_at = down_at + timedelta(seconds=timing.reboot_s)
        assert [at for at in stamps if at is None or at < up_at] == []


async def test_it_can_restart_again_and_again() -> None:
    async with Harness() as harness:
        await charge(harness)
        harness.csms.clear()
        for _ in range(3):
            assert await harness.submit(Restart()) == Accepted()
            await harness.advance(2)
        assert len(payloads(harness, "BootNotification")) == 3
        assert payloads(harness, "StopTransaction") == []
        assert harness.status() == "Charging"


# -- what happens meanwhile ------------------------------------------------------------------------


@pytest.mark.parametrize("quirks", ["none", "all"])
async def test_the_car_pulls_out_while_the_process_restarts(quirks: str) -> None:
    async with gresgying(quirks) as harness:
        await soon_charging(harness)
        await harness.advance(30)
        harness.csms.clear()
        await harness.submit(Restart())
        await harness.advance(1)
        pulled_at = harness.station.now()
        assert await harness.submit(Unplug(1)) == Accepted()
        assert await harness.submit(Plug(2)) == Accepted()
        await harness.advance(20)
        (end,) = payloads(harness, "StopTransaction")
        assert end["reason"] == "EVDisconnected"
        assert moment(end["timestamp"]) == pulled_at
        told_of_the_end(harness)
        assert (statuses(harness, 1), statuses(harness, 2)[0]) == (["Available"], "Preparing")


async def test_the_car_ends_it_while_the_process_restarts() -> None:
    async with gresgying("none") as harness:
        await charge(harness)
        harness.csms.clear()
        await harness.submit(Restart())
        await harness.advance(1)
        assert await harness.submit(Stop(1)) == Refused(REBOOTING), "no reader takes a card"
        assert await harness.submit(EVStop(1)) == Accepted()
        await harness.advance(20)
        assert [end["reason"] for end in payloads(harness, "StopTransaction")] == ["Other"]
        assert statuses(harness, 1) == ["Finishing"]


@pytest.mark.parametrize("quirks", ["none", "all"])
async def test_the_car_pulls_out_while_the_network_is_gone(quirks: str) -> None:
    async with gresgying(quirks) as harness:
        await soon_charging(harness)
        await harness.advance(30)
        harness.csms.clear()
        await harness.submit(LinkDown())
        await harness.advance(10)
        pulled_at = harness.station.now()
        assert await harness.submit(Unplug(1)) == Accepted()
        await harness.advance(30)
        await harness.submit(LinkUp())
        await harness.advance(20)
        (end,) = payloads(harness, "StopTransaction")
        assert end["reason"] == "EVDisconnected"
        assert moment(end["timestamp"]) == pulled_at
        told_of_the_end(harness)
        assert statuses(harness, 1) == ["Available"]


async def test_a_network_that_comes_back_meanwhile_waits_for_the_process() -> None:
    async with gresgying("none", timing=REAL) as harness:
        await harness.submit(LinkDown())
        await harness.submit(Restart())
        await harness.advance(10)
        await harness.submit(LinkUp())
        await harness.advance(10)
        assert harness.station.snapshot.link.state is LinkState.WAITING
        await harness.advance(10)
        assert harness.station.snapshot.link.state is LinkState.CONNECTED


async def test_a_network_that_comes_back_long_after_is_dialled_at_once() -> None:
    async with gresgying("none", timing=REAL) as harness:
        await harness.submit(LinkDown())
        await harness.submit(Restart())
        await harness.advance(100)
        await harness.submit(LinkUp())
        assert harness.station.snapshot.link.state is LinkState.CONNECTED


async def test_the_mains_fail_meanwhile() -> None:
    async with gresgying("none", timing=REAL) as harness:
        await charge_in_real_time(harness)
        await harness.submit(Restart())
        await harness.advance(5)
        await harness.submit(PowerOff())
        await harness.advance(5)
        harness.csms.clear()
        await harness.submit(PowerOn())
        await harness.advance(5)
        assert len(payloads(harness, "BootNotification")) == 1, "it boots from the mains"
        assert [end["reason"] for end in payloads(harness, "StopTransaction")] == ["PowerLoss"]
        await harness.advance(60)
        assert len(payloads(harness, "BootNotification")) == 1
        assert "restart" not in harness.station.snapshot.refusals


def told_of_the_end(harness: Harness) -> None:
    """The last sample is of the end, when the vehicle is gone: nobody knows its charge."""
    last = [one for one in payloads(harness, "MeterValues") if one["connectorId"] == 1][-1]
    assert contexts_of(last)[0] == "Transaction.End"
    assert values_of(last)["SoC"] == "0"


async def soon_charging(harness: Harness) -> None:
    """Plug in and start, in a charge point that takes a moment to say what it does."""
    await harness.submit(Plug(1))
    asking = asyncio.ensure_future(harness.station.submit(Start(1, "TAG")))
    await harness.advance(10)
    assert (await asking).ok
    assert harness.status() == "Charging"


async def charge_in_real_time(harness: Harness) -> None:
    await harness.advance(2)
    await harness.submit(Plug(1))
    await harness.submit(Start(1, "TAG"))
    await harness.advance(60)
    assert harness.status() == "Charging"
