"""The mains fail: with a battery behind the firmware, without one, and what lasts."""

from __future__ import annotations

import asyncio
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import (
    Accepted,
    Command,
    InjectFault,
    JamLock,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Refused,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unplug,
)
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
from tests.harness import Harness
from tests.scripted_csms import Drop

BOOT = "BootNotification"
SAMPLE = "MeterValues"


def without_samples(actions: list[str]) -> list[str]:
    return [action for action in actions if action != SAMPLE]


@pytest.mark.row(15, "TC_032_1_CS")
async def test_power_loss_with_a_backup() -> None:
    async with Harness(behaviour={"power_backup": True}) as harness:
        await charge(harness)
        await harness.advance(100)
        harness.csms.clear()
        assert await harness.submit(PowerOff()) == Accepted()
        assert lanes(said(harness)) == lanes(["StopTransaction", "StatusNotification 1 Finishing"])
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["reason"] == "PowerLoss"
        assert stop["transactionId"] == 1000
        assert stop["meterStop"] > 0
        assert not harness.csms.connected
        harness.csms.clear()
        await harness.advance(3600)
        assert said(harness) == []
        assert await harness.submit(PowerOn()) == Accepted()
        assert said(harness) == [BOOT, *all_statuses(harness, _1="Finishing")]


@pytest.mark.row(15, "TC_032_1_CS")
async def test_a_battery_does_not_wait_for_ever() -> None:
    async with Harness(behaviour={"power_backup": True}) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].append(Drop())
        off = asyncio.ensure_future(harness.submit(PowerOff()))
        on = asyncio.ensure_future(harness.submit(PowerOn()))
        await harness.advance(9)
        assert not off.done()
        assert harness.csms.connected
        await harness.advance(2)
        assert (await off, await on) == (Accepted(), Accepted())
        await harness.settle()
        assert harness.csms.connections == 2
        first, second = payloads(harness, "StopTransaction")
        assert first == second, "what was not answered is said again, as it was"
        after = said(harness)[said(harness).index("StopTransaction") + 1 :]
        assert after.index(BOOT) < after.index("StopTransaction")


@pytest.mark.row(16, "TC_032_2_CS")
async def test_power_loss_without_a_backup() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.advance(100)
        register = harness.connector().register_wh
        harness.csms.clear()
        assert await harness.submit(PowerOff()) == Accepted()
        assert not harness.csms.connected
        await harness.advance(3600)
        assert said(harness) == [], "the lights are out at once: nothing is said"
        assert await harness.submit(PowerOn()) == Accepted()
        assert lanes(said(harness)) == lanes(
            [
                BOOT,
                *all_statuses(harness, _1="Finishing"),
                "StopTransaction",
            ]
        )
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("PowerLoss", 1000)
        assert stop["meterStop"] == int(register), "no energy flows in the dark"


@pytest.mark.row(15, "TC_032_1_CS")
@pytest.mark.row(16, "TC_032_2_CS")
@pytest.mark.parametrize("backup", [True, False])
async def test_in_the_dark_nothing_can_be_asked_of_it(backup: bool) -> None:
    async with Harness(behaviour={"power_backup": backup}) as harness:
        await harness.submit(PowerOff())
        dark = Refused("the charge point has no power: power it on first")
        await harness.submit(Plug(1))
        assert await harness.submit(Swipe(1, "TAG")) == dark
        assert await harness.submit(Start(1, "TAG")) == dark
        assert await harness.submit(LinkUp()) == dark
        assert await harness.submit(PowerOff()) == dark
        await harness.submit(PowerOn())
        assert isinstance(await harness.submit(PowerOn()), Refused)
        assert harness.status() == "Preparing", "a vehicle can be plugged in without any power"
        assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)
        await checked(harness)
        assert harness.status() == "Charging"


@pytest.mark.row(16, "TC_032_2_CS")
async def test_killed_and_started_again(tmp_path: Path) -> None:
    keys = {"StopTxnSampledData": "Energy.Active.Import.Register", "MeterValueSampleInterval": "30"}
    async with Harness(state=tmp_path, keys=keys, meter_start_wh=5_000) as harness:
        await charge(harness)
        await harness.advance(100)
        last = energy_wh(payloads(harness, SAMPLE)[-1]["meterValue"][0]["sampledValue"][0])
        await harness.power_cut()
        harness.csms.clear()
        await harness.power_on()
        await harness.settle()
        assert lanes(said(harness)) == lanes(
            [
                BOOT,
                *all_statuses(harness, _1="Finishing"),
                "StopTransaction",
            ]
        )
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("PowerLoss", 1000)
        assert stop["meterStop"] >= last > 5_000
        begun = stop["transactionData"][0]["sampledValue"][0]
        assert (begun["context"], energy_wh(begun)) == ("Transaction.Begin", 5000)
        assert harness.connector().register_wh >= last, "the register never falls"
        await harness.advance(3600)
        assert len(harness.csms.of("StopTransaction")) == 1


@pytest.mark.row(16, "TC_032_2_CS")
async def test_killed_before_the_csms_knew_of_the_transaction(tmp_path: Path) -> None:
    async with Harness(state=tmp_path, keys={"AllowOfflineTxForUnknownId": "true"}) as harness:
        await unplug_network(harness)
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)
        await checked(harness)
        await harness.advance(60)
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        told = without_samples(said(harness))
        assert told[4:] == ["StartTransaction", "StopTransaction"]
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["reason"], stop["transactionId"]) == ("PowerLoss", 1000)


@pytest.mark.row(17, "TC_034_CS")
@pytest.mark.parametrize("killed", [True, False])
async def test_availability_lasts_over_a_power_cycle(killed: bool, tmp_path: Path) -> None:
    unavailable = [f"StatusNotification {number} Unavailable" for number in (0, 1, 2)]
    async with Harness(state=tmp_path) as harness:
        harness.csms.clear()
        asked = await harness.ask("ChangeAvailability", connectorId=0, type="Inoperative")
        assert asked == {"status": "Accepted"}
        assert sorted(said(harness)) == unavailable
        harness.csms.clear()
        if killed:
            await harness.power_cut()
            await harness.power_on()
            await harness.settle()
        else:
            await harness.submit(PowerOff())
            await harness.submit(PowerOn())
        words = {f"_{number}": "Unavailable" for number in (0, 1, 2)}
        assert said(harness) == [BOOT, *all_statuses(harness, **words)]


@pytest.mark.row(16, "TC_032_2_CS")
async def test_a_model_that_resumes_goes_on_where_it_was(tmp_path: Path) -> None:
    async with Harness(state=tmp_path, behaviour={"resume_after_power_loss": True}) as harness:
        await charge(harness)
        await harness.advance(100)
        before = harness.connector()
        await harness.power_cut()
        harness.csms.clear()
        await harness.power_on()
        await harness.settle()
        await checked(harness)
        after = harness.connector()
        assert after.status == "Charging"
        assert after.transaction is not None
        assert after.transaction.transaction_id == 1000
        assert after.vehicle == before.vehicle
        assert before.soc_percent is not None
        assert after.soc_percent == pytest.approx(before.soc_percent, abs=0.1)
        assert after.register_wh >= before.register_wh - 60_000 / 3600
        assert "StopTransaction" not in said(harness)
        assert "StatusNotification 1 Charging" in said(harness)
        await harness.advance(60)
        await harness.submit(Swipe(1, after.transaction.token))
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["transactionId"] == 1000
        assert stop["reason"] == "Local"


Commands = tuple[Command, ...]


@dataclass(frozen=True)
class Scene:
    """What stands at the connectors when the power goes."""

    name: str
    commands: Commands
    seconds: float = 0.0
    then: Commands = ()
    keys: dict[str, str] = field(default_factory=dict)
    behaviour: dict[str, Any] = field(default_factory=dict)


RESUMES = {"resume_after_power_loss": True}
SOCKET = {"detachable_cable": True, "lockable": True}
BEGUN: Commands = (Plug(1), Start(1, "TAG"))
SCENES = (
    Scene("nothing", ()),
    Scene("a vehicle", (Plug(2),)),
    Scene("a vehicle by its name", (Plug(1, "Van 100"),)),
    Scene("a card that waits", (Swipe(1, "TAG"),)),
    Scene("charging", BEGUN, 100),
    Scene("two charging", (*BEGUN, Plug(2), Start(2, "OTHER")), 100),
    Scene("stopped", BEGUN, 100, (Stop(1),)),
    Scene("stopped and gone", BEGUN, 100, (Stop(1), Unplug(1))),
    Scene("the vehicle pauses", BEGUN, 50, (SuspendEV(1),)),
    Scene("the charge point pauses", BEGUN, 50, (SuspendEVSE(1),)),
    Scene("broken", BEGUN, 50, (InjectFault(1, "GroundFailure", "V1", "words"),)),
    Scene("broken without a vehicle", (InjectFault(2, "OtherError"),)),
    Scene("a jammed lock", BEGUN, 50, (JamLock(1),), behaviour=SOCKET),
    Scene("a lock that stuck", BEGUN, 50, (JamLock(1), Stop(1)), behaviour=SOCKET),
    Scene("a cable alone", BEGUN, 50, (Stop(1), Unplug(1)), behaviour=SOCKET),
    Scene(
        "a cable that is held",
        BEGUN,
        50,
        (Unplug(1),),
        {"UnlockConnectorOnEVSideDisconnect": "false"},
        SOCKET,
    ),
    Scene("it goes on", BEGUN, 100, behaviour=RESUMES),
    Scene("it goes on, though paused", BEGUN, 50, (SuspendEV(1),), behaviour=RESUMES),
    Scene(
        "it goes on without its vehicle",
        BEGUN,
        50,
        (Unplug(1),),
        {"StopTransactionOnEVSideDisconnect": "false"},
        RESUMES,
    ),
)


@pytest.mark.row(16, "TC_032_2_CS")
@pytest.mark.parametrize("model", ["generic", "gresgying-f3-eu180"])
@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
async def test_a_kill_leaves_what_a_power_cut_leaves(
    scene: Scene, model: str, tmp_path: Path
) -> None:
    """The metal does not know whether the mains failed or the process was killed."""
    found = []
    for way in ("cut", "killed", "ended"):
        async with Harness(
            model=model,
            keys={"LocalAuthorizeOffline": "true", "WebSocketPingInterval": "30", **scene.keys},
            state=tmp_path / way,
            behaviour={"power_backup": False, **scene.behaviour},
        ) as harness:
            await act(harness, scene.commands)
            await harness.advance(max(scene.seconds, 5))
            await act(harness, scene.then)
            harness.csms.clear()
            if way == "cut":
                await harness.submit(PowerOff())
                await harness.submit(PowerOn())
            else:
                await (harness.power_cut() if way == "killed" else harness.power_off())
                await harness.power_on()
                await harness.settle()
            at_once = [seen_of(harness, number) for number in (1, 2)]
            await checked(harness)
            await harness.advance(30)
            stops = [(stop["reason"], stop["transactionId"]) for stop in stops_of(harness)]
            found.append((at_once, [seen_of(harness, number) for number in (1, 2)], stops))
    cut, killed, ended = found
    assert killed == cut
    assert ended == cut


async def act(harness: Harness, commands: Commands) -> None:
    for command in commands:
        assert isinstance(await harness.submit(command), Accepted), command
        await checked(harness)


def stops_of(harness: Harness) -> list[dict[str, Any]]:
    return payloads(harness, "StopTransaction")


def seen_of(harness: Harness, number: int) -> dict[str, Any]:
    """What anybody may see of a connector, but for what an instant more or less of power moves."""
    seen = asdict(harness.connector(number))
    for moved in ("trace_w", "register_wh", "power_w", "current_a", "voltage_v", "limit_w"):
        del seen[moved]
    soc = seen.pop("soc_percent")
    seen["soc"] = soc and round(soc)
    for session in ("transaction", "last_session"):
        if seen[session]:
            del seen[session]["energy_wh"]
    return seen


@pytest.mark.row(16, "TC_032_2_CS")
@pytest.mark.parametrize("killed", [True, False])
async def test_what_goes_on_after_a_power_cut_is_sampled_after_one_interval(
    killed: bool, tmp_path: Path
) -> None:
    async with Harness(state=tmp_path, behaviour=RESUMES) as harness:
        await charge(harness)
        await harness.advance(15)
        harness.csms.clear()
        if killed:
            await harness.power_cut()
            await harness.power_on()
            await harness.settle()
        else:
            await harness.submit(PowerOff())
            await harness.submit(PowerOn())
        await harness.advance(9.5)
        assert payloads(harness, SAMPLE) == []
        await harness.advance(1)
        (sample,) = payloads(harness, SAMPLE)
        (value,) = sample["meterValue"]
        assert sample["transactionId"] == 1000
        assert value["sampledValue"][0]["context"] == "Sample.Periodic"
        await harness.advance(20)
        assert len(payloads(harness, SAMPLE)) == 3


async def test_a_vehicle_that_left_the_garage_is_said(tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await harness.submit(Plug(1))
        name = harness.connector().vehicle
        await harness.power_cut()
        harness._build = replace(
            harness._build,
            garage=tuple(kind for kind in harness._build.garage if kind.name != name),
        )
        await harness.power_on()
        await harness.settle()
        assert harness.status() == "Available"
        texts = [event.text for event in harness.events.since(0)[1]]
        assert f"connector 1: {name} stood here, and is not in the garage any more" in texts


async def test_a_battery_has_what_the_register_has_counted(tmp_path: Path) -> None:
    """A stop, more energy, an unplugged hour: the state of charge follows."""
    async with Harness(state=tmp_path, meter_start_wh=5_000) as harness:
        await harness.submit(Plug(1))
        await harness.advance(5)
        for _ in range(3):
            await harness.submit(Start(1, "TAG"))
            await harness.advance(120)
            await harness.submit(Stop(1))
            before = harness.connector()
            await harness.power_cut()
            await harness.power_on()
            await harness.settle()
            assert harness.connector().soc_percent == pytest.approx(before.soc_percent, abs=0.01)
