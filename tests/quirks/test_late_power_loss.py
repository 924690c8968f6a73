"""After a power loss the transaction is charging again for a moment before it ends."""

from __future__ import annotations

import pytest

from sim_core.commands import Plug, PowerOff, PowerOn, Start
from tests.quirks.acts import (
    REAL,
    charge,
    departures,
    energy,
    gresgying,
    payloads,
    stamped_s,
    statuses,
    values_of,
)

KEYS = {"MeterValueSampleInterval": "600"}


async def is_on_the_wire(quirks: str) -> bool:
    async with gresgying(quirks, keys=KEYS) as harness:
        await charge(harness)
        await harness.advance(60)
        await harness.submit(PowerOff())
        await harness.advance(90)
        harness.csms.clear()
        await harness.submit(PowerOn())
        shown = "Charging" in statuses(harness, 1)
        register_wh = harness.connector().register_wh
        await harness.advance(10)
        (end,) = payloads(harness, "StopTransaction")
        assert (end["reason"], end["meterStop"]) == ("PowerLoss", int(register_wh))
        assert harness.status() == "Finishing"
        return shown and statuses(harness, 1)[-1] == "Finishing"


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


@pytest.mark.parametrize("charging", [(1,), (2,), (1, 2)])
async def test_what_the_csms_hears_of_it(quirk: str, charging: tuple[int, ...]) -> None:
    quirks = f"{quirk},connectors_after_reconnect,backlog_behind_status"
    async with gresgying(quirks, keys=KEYS, timing=REAL) as harness:
        await harness.advance(2)
        for number in charging:
            await harness.submit(Plug(number))
        await harness.advance(50)
        for number in charging:
            await harness.submit(Start(number, "TAG"))
        await harness.advance(90)
        await harness.submit(PowerOff())
        await harness.advance(90)
        harness.csms.clear()
        await harness.submit(PowerOn())
        await harness.advance(20)
        left = departures(harness)
        (boot,) = (one for one in left if one.said == "BootNotification")
        first = left[1]
        assert first.said == "StatusNotification 0 Available"
        for turn, number in enumerate(charging, start=1):
            samples = [s for s in payloads(harness, "MeterValues") if s["connectorId"] == number]
            cut_off, end = samples
            values = values_of(cut_off)
            assert (values["Voltage"], values["Current.Import"]) == ("0", "0")
            assert energy(cut_off) == energy(end)
            before_s = boot.at_s - stamped_s(cut_off["meterValue"][0])
            assert before_s == pytest.approx(1.5, abs=0.06)
            said = [one for one in left if one.said.startswith(f"StatusNotification {number}")]
            assert [one.payload["status"] for one in said] == ["Charging", "Finishing"]
            assert said[0].at_s - first.at_s == turn, "a second at each that charges"
            ended_s = stamped_s(end["meterValue"][0]) - stamped_s(said[0].payload)
            assert 0.45 <= ended_s <= 5.8
