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
from sim_core.ocpp16.timestamps import stamp
from sim_core.settings.model_file import load_model
from tests.conformance.acts import charge, checked, payloads, said
from tests.file_servers import HttpFiles
from tests.pair import MODEL, Pair
from tests.scripted_csms import Hold

DETACHABLE = {"detachable_cable": True}
ONLY_SUSPENDS = {
    "StopTransactionOnInvalidId": "false",
    "StopTransactionOnEVSideDisconnect": "false",
    "MeterValueSampleInterval": "0",
}
STOPS = {"StopTransactionOnInvalidId": "true"}


async def refused_afterwards(pair: Pair, status: str = "Blocked") -> None:
    """A start that the CSMS takes back in StartTransaction.conf."""
    pair.csms.script["StartTransaction"].append(
        {"transactionId": 77, "idTagInfo": {"status": status}}
    )
    await pair.submit(Plug(1))
    assert isinstance(await pair.submit(Start(1, "TAG")), Accepted)
    await checked(pair)


@pytest.mark.row(22, "TC_068_CS")
@pytest.mark.parametrize("connector_id", [0, 1])
async def test_its_own_card_stops_while_the_connector_is_leaving(connector_id: int) -> None:
    async with Pair() as pair:
        await charge(pair)
        asked = await pair.ask("ChangeAvailability", connectorId=connector_id, type="Inoperative")
        assert asked == {"status": "Scheduled"}
        assert isinstance(await pair.submit(Swipe(1, "OTHER")), Refused)
        assert await pair.submit(Swipe(1, "tag")) == Accepted("stopped")
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("Local", 1000)
        assert pair.status() == "Unavailable"


@pytest.mark.row(22, "TC_068_CS")
async def test_its_own_card_stops_while_new_firmware_waits() -> None:
    async with HttpFiles() as files, Pair() as pair:
        await charge(pair)
        now = stamp(pair.clock.now())
        location = files.put("/v2.bin", b"x")
        assert await pair.ask("UpdateFirmware", location=location, retrieveDate=now) == {}
        assert pair.station.snapshot.firmware.status == "Downloaded"
        assert await pair.submit(Swipe(1, "TAG")) == Accepted("stopped")
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("Local", 1000)
        assert pair.station.snapshot.firmware.status == "Installing"


@pytest.mark.row(22, "TC_068_CS")
async def test_a_card_of_its_parent_stops_while_the_connector_is_leaving() -> None:
    async with Pair() as pair:
        family = {"status": "Accepted", "parentIdTag": "FAMILY"}
        pair.csms.tags = {"TAG": family, "TAG2": family}
        await charge(pair)
        await pair.ask("ChangeAvailability", connectorId=1, type="Inoperative")
        assert await pair.submit(Swipe(1, "TAG2")) == Accepted("stopped")
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["reason"], stop["idTag"]) == ("Local", "TAG2")


@pytest.mark.row(32, "S§4.8")
@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired", "ConcurrentTx"])
@pytest.mark.parametrize("vehicle", [None, "City 40"])
async def test_a_refused_card_gets_nothing_from_a_vehicle_that_comes_back(
    status: str, vehicle: str | None
) -> None:
    async with Pair(keys=ONLY_SUSPENDS, meter_start_wh=4_000) as pair:
        await refused_afterwards(pair, status)
        assert pair.status() == "SuspendedEVSE"
        await pair.submit(Unplug(1))
        assert pair.status() == "SuspendedEVSE"
        assert await pair.submit(Plug(1, vehicle)) == Accepted()
        await pair.advance(600)
        assert pair.status() == "SuspendedEVSE"
        assert pair.connector().register_wh == 4_000
        assert "StopTransaction" not in said(pair)
        assert await pair.submit(Swipe(1, "TAG")) == Accepted("stopped")
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["reason"], stop["meterStop"]) == ("Local", 4_000)


@pytest.mark.row(32, "S§4.8")
async def test_the_energy_of_a_refused_card_is_spent_once_whoever_plugs_in() -> None:
    keys = {**ONLY_SUSPENDS, "MaxEnergyOnInvalidId": "500"}
    async with Pair(keys=keys, meter_start_wh=4_000) as pair:
        await refused_afterwards(pair)
        assert pair.status() == "Charging"
        await pair.advance(20)
        first_wh = pair.connector().register_wh
        assert 4_000 < first_wh < 4_500
        await pair.submit(Unplug(1))
        await pair.submit(Plug(1))
        await pair.advance(600)
        assert pair.status() == "SuspendedEVSE"
        assert pair.connector().register_wh == pytest.approx(4_500)
        await pair.submit(Unplug(1))
        await pair.submit(Plug(1))
        await pair.advance(600)
        assert pair.status() == "SuspendedEVSE"
        assert pair.connector().register_wh == pytest.approx(4_500)


@pytest.mark.row(32, "S§4.8")
@pytest.mark.parametrize("backup", [True, False])
@pytest.mark.parametrize("after_s", [5, 600])
async def test_after_a_power_cut_the_next_card_is_not_held_to_the_old_limit(
    backup: bool, after_s: int
) -> None:
    keys = {**ONLY_SUSPENDS, "MaxEnergyOnInvalidId": "500"}
    async with Pair(keys=keys, behaviour={"power_backup": backup}) as pair:
        await refused_afterwards(pair)
        await pair.advance(after_s)
        assert await pair.submit(PowerOff()) == Accepted()
        assert await pair.submit(PowerOn()) == Accepted()
        assert payloads(pair, "StopTransaction")[0]["reason"] == "PowerLoss"
        assert isinstance(await pair.submit(Start(1, "ANOTHER")), Accepted)
        await checked(pair)
        await pair.advance(600)
        assert pair.status() == "Charging"
        assert pair.connector().register_wh > 1_000


@pytest.mark.row(32, "S§4.8")
@pytest.mark.parametrize("allowance_wh", [0, 500])
@pytest.mark.parametrize("after_s", [5, 600])
async def test_a_refused_card_gets_no_more_after_a_power_cut_that_its_transaction_outlives(
    allowance_wh: int, after_s: int, tmp_path: Path
) -> None:
    keys = {**ONLY_SUSPENDS, "MaxEnergyOnInvalidId": str(allowance_wh)}
    goes_on = {"resume_after_power_loss": True}
    async with Pair(keys=keys, behaviour=goes_on, state=tmp_path, meter_start_wh=4_000) as pair:
        await refused_afterwards(pair)
        await pair.advance(after_s)
        await pair.power_cut()
        await pair.power_on()
        await pair.settle()
        await checked(pair)
        await pair.advance(600)
        assert pair.status() == "SuspendedEVSE"
        assert pair.connector().register_wh == pytest.approx(4_000 + allowance_wh)
        assert await pair.submit(Swipe(1, "TAG")) == Accepted("stopped")
        await pair.submit(Start(1, "ANOTHER"))
        await checked(pair)
        await pair.advance(600)
        assert pair.status() == "Charging", "the refusal was that transaction's"


@pytest.mark.row(31, "S§4.8")
@pytest.mark.parametrize("mend", [ClearFault(1), Resume(1)])
async def test_clearing_a_fault_does_not_let_go_of_a_held_cable(mend: Command) -> None:
    async with Pair(keys=STOPS, behaviour=DETACHABLE) as pair:
        await refused_afterwards(pair)
        assert payloads(pair, "StopTransaction")[0]["reason"] == "DeAuthorized"
        await pair.submit(InjectFault(1, "GroundFailure"))
        assert await pair.submit(mend) == Accepted()
        assert await pair.submit(RemoveCable(1)) == Refused(
            "connector 1 holds the cable: show the card again or unlock it"
        )
        assert await pair.submit(Swipe(1, "TAG")) == Accepted("unlocked")
        assert await pair.submit(RemoveCable(1)) == Accepted()


@pytest.mark.row(31, "S§4.8")
async def test_clearing_a_fault_does_not_let_go_of_a_cable_in_use() -> None:
    async with Pair(behaviour=DETACHABLE) as pair:
        await charge(pair)
        await pair.submit(InjectFault(1, "GroundFailure"))
        await pair.submit(ClearFault(1))
        assert pair.status() == "Charging"
        assert isinstance(await pair.submit(RemoveCable(1)), Refused)
        await pair.submit(Stop(1))
        assert await pair.submit(RemoveCable(1)) == Accepted()


@pytest.mark.row(31, "S§4.8")
async def test_a_fixed_cable_that_was_held_is_forgotten_when_it_is_pulled_out() -> None:
    async with Pair(keys=STOPS) as pair:
        await refused_afterwards(pair)
        await pair.submit(Unplug(1))
        assert pair.status() == "Available"
        pair.csms.clear()
        assert await pair.submit(Swipe(1, "TAG")) == Accepted("authorised: plug in the vehicle")
        assert payloads(pair, "Authorize") == [{"idTag": "TAG"}]
        await pair.submit(Plug(1))
        await checked(pair)
        assert pair.status() == "Charging"


@pytest.mark.row(25, "TC_005_2_CS")
async def test_a_detachable_cable_stays_held_when_only_the_vehicle_leaves() -> None:
    async with Pair(keys=STOPS, behaviour=DETACHABLE) as pair:
        await refused_afterwards(pair)
        await pair.submit(Unplug(1))
        pair.csms.clear()
        assert await pair.submit(Swipe(1, "TAG")) == Accepted("unlocked")
        assert said(pair) == [], "the card opens the lock, and asks for nothing"


@pytest.mark.row(118, "TC_044_1_CS")
@pytest.mark.parametrize("begun", ["card is asked for", "card waits", "cable check", "charging"])
async def test_new_firmware_waits_for_whoever_is_about_to_charge(begun: str) -> None:
    answer = asyncio.Event()
    timing = replace(load_model(MODEL).timing["swift"], cable_check_s=30.0)
    async with HttpFiles() as files, Pair(timing=timing) as pair:
        swiping = None
        if begun == "card is asked for":
            pair.csms.script["Authorize"].append(Hold(answer))
            swiping = asyncio.ensure_future(pair.submit(Swipe(1, "TAG")))
            await pair.settle()
        elif begun == "card waits":
            await pair.submit(Swipe(1, "TAG"))
        else:
            await pair.submit(Plug(1))
            await pair.submit(Start(1, "TAG"))
            if begun == "charging":
                await checked(pair)
                assert pair.status() == "Charging"
        pair.csms.clear()
        location = files.put("/v2.bin", b"x")
        now = stamp(pair.clock.now())
        assert await pair.ask("UpdateFirmware", location=location, retrieveDate=now) == {}

        assert pair.station.snapshot.firmware.status == "Downloaded"
        await pair.advance(5)
        assert pair.station.snapshot.firmware.status == "Downloaded"
        if swiping is not None:
            answer.set()
            refused = await swiping
            assert isinstance(refused, Refused)
            assert "new firmware" in refused.reason
            await pair.settle()
        elif begun == "card waits":
            await pair.advance(pair.station.charge_point.configuration.number("ConnectionTimeOut"))
        else:
            await pair.submit(Unplug(1))
        told = [told["status"] for told in payloads(pair, "FirmwareStatusNotification")]
        assert told[:3] == ["Downloading", "Downloaded", "Installing"]
