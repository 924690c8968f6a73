"""What drivers find while something else is going on: a connector that leaves, a card that was
refused afterwards, the mains, a fault, a lock (OCPP 1.6 §3.5, §4.8, §5.2, §9.1)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from sim_core.commands import (
    Accepted,
    ClearFault,
    Command,
    InjectFault,
    Plug,
    PowerOff,
    PowerOn,
    Refused,
    RemoveCable,
    Resume,
    Start,
    Stop,
    Swipe,
    Unplug,
)
from sim_core.settings.model_file import load_model
from sim_core.wire.timestamps import stamp
from tests.conformance.acts import charge, checked, payloads, said
from tests.file_servers import HttpFiles
from tests.harness import MODEL, Harness
from tests.scripted_csms import Hold

DETACHABLE = {"detachable_cable": True}
ONLY_SUSPENDS = {
    "StopTransactionOnInvalidId": "false",
    "StopTransactionOnEVSideDisconnect": "false",
    "MeterValueSampleInterval": "0",
}
STOPS = {"StopTransactionOnInvalidId": "true"}


async def refused_afterwards(harness: Harness, status: str = "Blocked") -> None:
    """A start that the CSMS takes back in StartTransaction.conf."""
    harness.csms.script["StartTransaction"].append(
        {"transactionId": 77, "idTagInfo": {"status": status}}
    )
    await harness.submit(Plug(1))
    assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)
    await checked(harness)


@pytest.mark.row(22, "TC_068_CS")
@pytest.mark.parametrize("connector_id", [0, 1])
async def test_its_own_card_stops_while_the_connector_is_leaving(connector_id: int) -> None:
    async with Harness() as harness:
        await charge(harness)
        asked = await harness.ask(
            "ChangeAvailability", connectorId=connector_id, type="Inoperative"
        )
        assert asked == {"status": "Scheduled"}
        assert isinstance(await harness.submit(Swipe(1, "OTHER")), Refused)
        assert await harness.submit(Swipe(1, "tag")) == Accepted("stopped")
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("Local", 1000)
        assert harness.status() == "Unavailable"


@pytest.mark.row(22, "TC_068_CS")
async def test_its_own_card_stops_while_new_firmware_waits() -> None:
    async with HttpFiles() as files, Harness() as harness:
        await charge(harness)
        now = stamp(harness.clock.now())
        location = files.put("/v2.bin", b"x")
        assert await harness.ask("UpdateFirmware", location=location, retrieveDate=now) == {}
        assert harness.station.snapshot.firmware.status == "Downloaded"
        assert await harness.submit(Swipe(1, "TAG")) == Accepted("stopped")
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("Local", 1000)
        assert harness.station.snapshot.firmware.status == "Installing"


@pytest.mark.row(22, "TC_068_CS")
async def test_a_card_of_its_parent_stops_while_the_connector_is_leaving() -> None:
    async with Harness() as harness:
        family = {"status": "Accepted", "parentIdTag": "FAMILY"}
        harness.csms.tags = {"TAG": family, "TAG2": family}
        await charge(harness)
        await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert await harness.submit(Swipe(1, "TAG2")) == Accepted("stopped")
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["reason"], stop["idTag"]) == ("Local", "TAG2")


@pytest.mark.row(32, "S§4.8")
@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired", "ConcurrentTx"])
@pytest.mark.parametrize("vehicle", [None, "City 40"])
async def test_a_refused_card_gets_nothing_from_a_vehicle_that_comes_back(
    status: str, vehicle: str | None
) -> None:
    async with Harness(keys=ONLY_SUSPENDS, meter_start_wh=4_000) as harness:
        await refused_afterwards(harness, status)
        assert harness.status() == "SuspendedEVSE"
        await harness.submit(Unplug(1))
        assert harness.status() == "SuspendedEVSE"
        assert await harness.submit(Plug(1, vehicle)) == Accepted()
        await harness.advance(600)
        assert harness.status() == "SuspendedEVSE"
        assert harness.connector().register_wh == 4_000
        assert "StopTransaction" not in said(harness)
        assert await harness.submit(Swipe(1, "TAG")) == Accepted("stopped")
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["reason"], stop["meterStop"]) == ("Local", 4_000)


@pytest.mark.row(32, "S§4.8")
async def test_the_energy_of_a_refused_card_is_spent_once_whoever_plugs_in() -> None:
    keys = {**ONLY_SUSPENDS, "MaxEnergyOnInvalidId": "500"}
    async with Harness(keys=keys, meter_start_wh=4_000) as harness:
        await refused_afterwards(harness)
        assert harness.status() == "Charging"
        await harness.advance(20)
        first_wh = harness.connector().register_wh
        assert 4_000 < first_wh < 4_500
        await harness.submit(Unplug(1))
        await harness.submit(Plug(1))
        await harness.advance(600)
        assert harness.status() == "SuspendedEVSE"
        assert harness.connector().register_wh == pytest.approx(4_500)
        await harness.submit(Unplug(1))
        await harness.submit(Plug(1))
        await harness.advance(600)
        assert harness.status() == "SuspendedEVSE"
        assert harness.connector().register_wh == pytest.approx(4_500)


@pytest.mark.row(32, "S§4.8")
@pytest.mark.parametrize("backup", [True, False])
@pytest.mark.parametrize("after_s", [5, 600])
async def test_after_a_power_cut_the_next_card_is_not_held_to_the_old_limit(
    backup: bool, after_s: int
) -> None:
    keys = {**ONLY_SUSPENDS, "MaxEnergyOnInvalidId": "500"}
    async with Harness(keys=keys, behaviour={"power_backup": backup}) as harness:
        await refused_afterwards(harness)
        await harness.advance(after_s)
        assert await harness.submit(PowerOff()) == Accepted()
        assert await harness.submit(PowerOn()) == Accepted()
        assert payloads(harness, "StopTransaction")[0]["reason"] == "PowerLoss"
        assert isinstance(await harness.submit(Start(1, "ANOTHER")), Accepted)
        await checked(harness)
        await harness.advance(600)
        assert harness.status() == "Charging"
        assert harness.connector().register_wh > 1_000


@pytest.mark.row(32, "S§4.8")
@pytest.mark.parametrize("allowance_wh", [0, 500])
@pytest.mark.parametrize("after_s", [5, 600])
async def test_a_refused_card_gets_no_more_after_a_power_cut_that_its_transaction_outlives(
    allowance_wh: int, after_s: int, tmp_path: Path
) -> None:
    keys = {**ONLY_SUSPENDS, "MaxEnergyOnInvalidId": str(allowance_wh)}
    goes_on = {"resume_after_power_loss": True}
    async with Harness(
        keys=keys, behaviour=goes_on, state=tmp_path, meter_start_wh=4_000
    ) as harness:
        await refused_afterwards(harness)
        await harness.advance(after_s)
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        await checked(harness)
        await harness.advance(600)
        assert harness.status() == "SuspendedEVSE"
        assert harness.connector().register_wh == pytest.approx(4_000 + allowance_wh)
        assert await harness.submit(Swipe(1, "TAG")) == Accepted("stopped")
        await harness.submit(Start(1, "ANOTHER"))
        await checked(harness)
        await harness.advance(600)
        assert harness.status() == "Charging", "the refusal was that transaction's"


@pytest.mark.row(31, "S§4.8")
@pytest.mark.parametrize("mend", [ClearFault(1), Resume(1)])
async def test_clearing_a_fault_does_not_let_go_of_a_held_cable(mend: Command) -> None:
    async with Harness(keys=STOPS, behaviour=DETACHABLE) as harness:
        await refused_afterwards(harness)
        assert payloads(harness, "StopTransaction")[0]["reason"] == "DeAuthorized"
        await harness.submit(InjectFault(1, "GroundFailure"))
        assert await harness.submit(mend) == Accepted()
        assert await harness.submit(RemoveCable(1)) == Refused(
            "connector 1 holds the cable: show the card again or unlock it"
        )
        assert await harness.submit(Swipe(1, "TAG")) == Accepted("unlocked")
        assert await harness.submit(RemoveCable(1)) == Accepted()


@pytest.mark.row(31, "S§4.8")
async def test_clearing_a_fault_does_not_let_go_of_a_cable_in_use() -> None:
    async with Harness(behaviour=DETACHABLE) as harness:
        await charge(harness)
        await harness.submit(InjectFault(1, "GroundFailure"))
        await harness.submit(ClearFault(1))
        assert harness.status() == "Charging"
        assert isinstance(await harness.submit(RemoveCable(1)), Refused)
        await harness.submit(Stop(1))
        assert await harness.submit(RemoveCable(1)) == Accepted()


@pytest.mark.row(31, "S§4.8")
async def test_a_fixed_cable_that_was_held_is_forgotten_when_it_is_pulled_out() -> None:
    async with Harness(keys=STOPS) as harness:
        await refused_afterwards(harness)
        await harness.submit(Unplug(1))
        assert harness.status() == "Available"
        harness.csms.clear()
        assert await harness.submit(Swipe(1, "TAG")) == Accepted("authorised: plug in the vehicle")
        assert payloads(harness, "Authorize") == [{"idTag": "TAG"}]
        await harness.submit(Plug(1))
        await checked(harness)
        assert harness.status() == "Charging"


@pytest.mark.row(25, "TC_005_2_CS")
async def test_a_detachable_cable_stays_held_when_only_the_vehicle_leaves() -> None:
    async with Harness(keys=STOPS, behaviour=DETACHABLE) as harness:
        await refused_afterwards(harness)
        await harness.submit(Unplug(1))
        harness.csms.clear()
        assert await harness.submit(Swipe(1, "TAG")) == Accepted("unlocked")
        assert said(harness) == [], "the card opens the lock, and asks for nothing"


@pytest.mark.row(118, "TC_044_1_CS")
@pytest.mark.parametrize("begun", ["card is asked for", "card waits", "cable check", "charging"])
async def test_new_firmware_waits_for_whoever_is_about_to_charge(begun: str) -> None:
    answer = asyncio.Event()
    timing = replace(load_model(MODEL).timing["swift"], cable_check_s=30.0)
    async with HttpFiles() as files, Harness(timing=timing) as harness:
        swiping = None
        if begun == "card is asked for":
            harness.csms.script["Authorize"].append(Hold(answer))
            swiping = asyncio.ensure_future(harness.submit(Swipe(1, "TAG")))
            await harness.settle()
        elif begun == "card waits":
            await harness.submit(Swipe(1, "TAG"))
        else:
            await harness.submit(Plug(1))
            await harness.submit(Start(1, "TAG"))
            if begun == "charging":
                await checked(harness)
                assert harness.status() == "Charging"
        harness.csms.clear()
        location = files.put("/v2.bin", b"x")
        now = stamp(harness.clock.now())
        assert await harness.ask("UpdateFirmware", location=location, retrieveDate=now) == {}

        assert harness.station.snapshot.firmware.status == "Downloaded"
        await harness.advance(5)
        assert harness.station.snapshot.firmware.status == "Downloaded"
        if swiping is not None:
            answer.set()
            refused = await swiping
            assert isinstance(refused, Refused)
            assert "new firmware" in refused.reason
            await harness.settle()
        elif begun == "card waits":
            await harness.advance(
                harness.station.charge_point.configuration.number("ConnectionTimeOut")
            )
        else:
            await harness.submit(Unplug(1))
        told = [told["status"] for told in payloads(harness, "FirmwareStatusNotification")]
        assert told[:3] == ["Downloading", "Downloaded", "Installing"]
