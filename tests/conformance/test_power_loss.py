"""The mains fail: with a battery behind the firmware, without one, and what lasts."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sim_core.commands import Accepted, LinkUp, Plug, PowerOff, PowerOn, Refused, Start, Swipe
from tests.conformance.acts import (
    all_statuses,
    charge,
    checked,
    energy_wh,
    lanes,
    payloads,
    said,
    unplug_network,
)
from tests.pair import Pair
from tests.scripted_csms import Drop

BOOT = "BootNotification"
SAMPLE = "MeterValues"


def without_samples(actions: list[str]) -> list[str]:
    return [action for action in actions if action != SAMPLE]


@pytest.mark.row(15, "TC_032_1_CS")
async def test_power_loss_with_a_backup() -> None:
    async with Pair(behaviour={"power_backup": True}) as pair:
        await charge(pair)
        await pair.advance(100)
        pair.csms.clear()
        assert await pair.submit(PowerOff()) == Accepted()
        assert lanes(said(pair)) == lanes(["StopTransaction", "StatusNotification 1 Finishing"])
        (stop,) = payloads(pair, "StopTransaction")
        assert stop["reason"] == "PowerLoss"
        assert stop["transactionId"] == 1000
        assert stop["meterStop"] > 0
        assert not pair.csms.connected
        pair.csms.clear()
        await pair.advance(3600)
        assert said(pair) == []
        assert await pair.submit(PowerOn()) == Accepted()
        assert said(pair) == [BOOT, *all_statuses(pair, _1="Finishing")]


@pytest.mark.row(15, "TC_032_1_CS")
async def test_a_battery_does_not_wait_for_ever() -> None:
    async with Pair(behaviour={"power_backup": True}) as pair:
        await charge(pair)
        pair.csms.script["StopTransaction"].append(Drop())
        off = asyncio.ensure_future(pair.submit(PowerOff()))
        on = asyncio.ensure_future(pair.submit(PowerOn()))
        await pair.advance(9)
        assert not off.done()
        assert pair.csms.connected
        await pair.advance(2)
        assert (await off, await on) == (Accepted(), Accepted())
        await pair.settle()
        assert pair.csms.connections == 2
        first, second = payloads(pair, "StopTransaction")
        assert first == second, "what was not answered is said again, as it was"
        after = said(pair)[said(pair).index("StopTransaction") + 1 :]
        assert after.index(BOOT) < after.index("StopTransaction")


@pytest.mark.row(16, "TC_032_2_CS")
async def test_power_loss_without_a_backup() -> None:
    async with Pair() as pair:
        await charge(pair)
        await pair.advance(100)
        register = pair.connector().register_wh
        pair.csms.clear()
        assert await pair.submit(PowerOff()) == Accepted()
        assert not pair.csms.connected
        await pair.advance(3600)
        assert said(pair) == [], "the lights are out at once: nothing is said"
        assert await pair.submit(PowerOn()) == Accepted()
        assert lanes(said(pair)) == lanes(
            [
                BOOT,
                *all_statuses(pair, _1="Finishing"),
                "StopTransaction",
            ]
        )
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("PowerLoss", 1000)
        assert stop["meterStop"] == int(register), "no energy flows in the dark"


@pytest.mark.row(15, "TC_032_1_CS")
@pytest.mark.row(16, "TC_032_2_CS")
@pytest.mark.parametrize("backup", [True, False])
async def test_in_the_dark_nothing_can_be_asked_of_it(backup: bool) -> None:
    async with Pair(behaviour={"power_backup": backup}) as pair:
        await pair.submit(PowerOff())
        dark = Refused("the charge point has no power: power it on first")
        await pair.submit(Plug(1))
        assert await pair.submit(Swipe(1, "TAG")) == dark
        assert await pair.submit(Start(1, "TAG")) == dark
        assert await pair.submit(LinkUp()) == dark
        assert await pair.submit(PowerOff()) == dark
        await pair.submit(PowerOn())
        assert isinstance(await pair.submit(PowerOn()), Refused)
        assert pair.status() == "Preparing", "a vehicle can be plugged in without any power"
        assert isinstance(await pair.submit(Start(1, "TAG")), Accepted)
        await checked(pair)
        assert pair.status() == "Charging"


@pytest.mark.row(16, "TC_032_2_CS")
async def test_killed_and_started_again(tmp_path: Path) -> None:
    keys = {"StopTxnSampledData": "Energy.Active.Import.Register", "MeterValueSampleInterval": "30"}
    async with Pair(state=tmp_path, keys=keys, meter_start_wh=5_000) as pair:
        await charge(pair)
        await pair.advance(100)
        last = energy_wh(payloads(pair, SAMPLE)[-1]["meterValue"][0]["sampledValue"][0])
        await pair.power_cut()
        pair.csms.clear()
        await pair.power_on()
        await pair.settle()
        assert lanes(said(pair)) == lanes(
            [
                BOOT,
                *all_statuses(pair),
                "StopTransaction",
            ]
        )
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("PowerLoss", 1000)
        assert stop["meterStop"] >= last > 5_000
        begun = stop["transactionData"][0]["sampledValue"][0]
        assert (begun["context"], energy_wh(begun)) == ("Transaction.Begin", 5000)
        assert pair.connector().register_wh >= last, "the register never falls"
        await pair.advance(3600)
        assert len(pair.csms.of("StopTransaction")) == 1


@pytest.mark.row(16, "TC_032_2_CS")
async def test_killed_before_the_csms_knew_of_the_transaction(tmp_path: Path) -> None:
    async with Pair(state=tmp_path, keys={"AllowOfflineTxForUnknownId": "true"}) as pair:
        await unplug_network(pair)
        await pair.submit(Plug(1))
        assert isinstance(await pair.submit(Start(1, "TAG")), Accepted)
        await checked(pair)
        await pair.advance(60)
        await pair.power_cut()
        await pair.power_on()
        await pair.settle()
        told = without_samples(said(pair))
        assert told[4:] == ["StartTransaction", "StopTransaction"]
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("PowerLoss", 1000)


@pytest.mark.row(17, "TC_034_CS")
@pytest.mark.parametrize("killed", [True, False])
async def test_availability_lasts_over_a_power_cycle(killed: bool, tmp_path: Path) -> None:
    unavailable = [f"StatusNotification {number} Unavailable" for number in (0, 1, 2)]
    async with Pair(state=tmp_path) as pair:
        pair.csms.clear()
        asked = await pair.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        assert asked == {"status": "Accepted"}
        assert sorted(said(pair)) == unavailable
        pair.csms.clear()
        if killed:
            await pair.power_cut()
            await pair.power_on()
            await pair.settle()
        else:
            await pair.submit(PowerOff())
            await pair.submit(PowerOn())
        words = {f"_{number}": "Unavailable" for number in (0, 1, 2)}
        assert said(pair) == [BOOT, *all_statuses(pair, **words)]


@pytest.mark.row(16, "TC_032_2_CS")
async def test_a_model_that_resumes_goes_on_where_it_was(tmp_path: Path) -> None:
    async with Pair(state=tmp_path, behaviour={"resume_after_power_loss": True}) as pair:
        await charge(pair)
        await pair.advance(100)
        before = pair.connector()
        await pair.power_cut()
        pair.csms.clear()
        await pair.power_on()
        await pair.settle()
        await checked(pair)
        after = pair.connector()
        assert after.status == "Charging"
        assert after.transaction is not None
        assert after.transaction.transaction_id == 1000
        assert after.vehicle == before.vehicle
        assert before.soc_percent is not None
        assert after.soc_percent == pytest.approx(before.soc_percent, abs=0.1)
        assert after.register_wh >= before.register_wh - 60_000 / 3600
        assert "StopTransaction" not in said(pair)
        assert "StatusNotification 1 Charging" in said(pair)
        await pair.advance(60)
        await pair.submit(Swipe(1, after.transaction.id_tag))
        (stop,) = payloads(pair, "StopTransaction")
        assert stop["transactionId"] == 1000
        assert stop["reason"] == "Local"
