"""MeterValues: their rhythm, contexts, measurands and units (OCPP 1.6 §4.7, §7.31, §9.1)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from sim_core.commands import Accepted, LinkDown, LinkUp, Plug, Start, Stop, Unplug
from sim_core.hardware.measurands import USUAL_MEASURANDS
from sim_core.store.records import ENDED
from sim_core.wire.timestamps import moment
from tests.conformance.acts import charge, checked, configure, energy_wh, payloads
from tests.harness import Harness, HarnessClock
from tests.scripted_csms import Payload

REGISTER = "Energy.Active.Import.Register"
NO_SAMPLES = {"MeterValueSampleInterval": "0", "ClockAlignedDataInterval": "0"}
ALL = ",".join(USUAL_MEASURANDS)


def values(harness: Harness, connector_id: int | None = None) -> list[dict[str, Any]]:
    """Every meter value that has arrived, of one connector or of all."""
    return [
        value
        for payload in payloads(harness, "MeterValues")
        if connector_id in (None, payload["connectorId"])
        for value in payload["meterValue"]
    ]


def times(sampled: list[dict[str, Any]]) -> list[datetime]:
    return [at for value in sampled if (at := moment(value["timestamp"]))]


def contexts(sampled: list[dict[str, Any]]) -> list[str]:
    """The context of each meter value; all values in one have the same."""
    found = [{one["context"] for one in value["sampledValue"]} for value in sampled]
    assert all(len(each) == 1 for each in found)
    return [each.pop() for each in found]


def measured(value: dict[str, Any]) -> list[str]:
    return [one["measurand"] for one in value["sampledValue"]]


def stop_data(harness: Harness) -> list[dict[str, Any]]:
    (stop,) = payloads(harness, "StopTransaction")
    return list(stop["transactionData"])


# -- 82: at an interval ----------------------------------------------


@pytest.mark.row(82, "TC_070_CS")
async def test_samples_come_each_interval_exactly() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "7"}) as harness:
        began = await charge(harness)
        await harness.advance(70)
        sampled = values(harness)
        assert times(sampled) == [began + timedelta(seconds=7 * n) for n in range(1, 11)]
        assert set(contexts(sampled)) == {"Sample.Periodic"}
        for payload in payloads(harness, "MeterValues"):
            assert set(payload) == {"connectorId", "transactionId", "meterValue"}
            assert (payload["connectorId"], payload["transactionId"]) == (1, 1000)
            assert len(payload["meterValue"]) == 1


@pytest.mark.row(82, "TC_070_CS")
async def test_a_sample_has_one_value_for_each_measurand() -> None:
    async with Harness(
        keys={"MeterValueSampleInterval": "10", "MeterValuesSampledData": ALL}
    ) as harness:
        await charge(harness)
        await harness.advance(10)
        (value,) = values(harness)
        assert measured(value) == list(USUAL_MEASURANDS)
        for one in value["sampledValue"]:
            assert isinstance(one["value"], str)
            assert (one["location"] == "EV") == (one["measurand"] == "SoC")


@pytest.mark.row(82, "TC_070_CS")
async def test_an_empty_list_means_the_register() -> None:
    async with Harness(
        keys={"MeterValueSampleInterval": "10", "MeterValuesSampledData": ""}
    ) as harness:
        await charge(harness)
        await harness.advance(10)
        (value,) = values(harness)
        assert measured(value) == [REGISTER]


@pytest.mark.row(82, "TC_070_CS")
async def test_each_connector_has_its_own_rhythm() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}, connectors=3) as harness:
        began = {}
        for number in (1, 2, 3):
            began[number] = await charge(harness, number, f"TAG{number}")
            await harness.advance(2)
        harness.csms.clear()
        await harness.advance(100)
        for number in (1, 2, 3):
            stamps = times(values(harness, number))
            assert len(stamps) == 10
            assert {b - a for a, b in pairwise(stamps)} == {timedelta(seconds=10)}
            assert (stamps[0] - began[number]) % timedelta(seconds=10) == timedelta(0)


@pytest.mark.row(82, "TC_070_CS")
async def test_no_transaction_no_samples_of_it() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        await harness.submit(Plug(1))
        await harness.advance(60)
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.advance(25)
        await harness.submit(Stop(1))
        harness.csms.clear()
        await harness.advance(60)
        assert values(harness) == []


@pytest.mark.row(82, "TC_070_CS")
async def test_samples_of_an_offline_time_come_later_with_their_own_stamps() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        began = await charge(harness)
        await harness.submit(LinkDown())
        await harness.advance(35)
        assert values(harness) == []
        await harness.submit(LinkUp())
        await harness.advance(5)
        assert times(values(harness)) == [began + timedelta(seconds=s) for s in (10, 20, 30, 40)]


# -- 83: on the clock ------------------------------------------------


@pytest.mark.row(83, "TC_071_CS")
async def test_aligned_samples_are_on_the_clock_with_and_without_a_transaction() -> None:
    clock = HarnessClock(datetime(2026, 3, 1, 12, 0, 7, 345_000, tzinfo=timezone.utc))
    async with Harness(
        keys={
            "MeterValueSampleInterval": "0",
            "ClockAlignedDataInterval": "20",
            "MeterValuesAlignedData": f"{REGISTER},Voltage",
        },
        clock=clock,
    ) as harness:
        await charge(harness, 2)
        await harness.advance(60)
        for number in (1, 2):
            sampled = values(harness, number)
            assert [value["timestamp"] for value in sampled] == [
                "2026-03-01T12:00:20.000Z",
                "2026-03-01T12:00:40.000Z",
                "2026-03-01T12:01:00.000Z",
            ]
            assert set(contexts(sampled)) == {"Sample.Clock"}
            assert all(measured(value) == [REGISTER, "Voltage"] for value in sampled)
        for payload in payloads(harness, "MeterValues"):
            assert payload.get("transactionId") == (1000 if payload["connectorId"] == 2 else None)
            assert ("transactionId" in payload) == (payload["connectorId"] == 2)


@pytest.mark.row(83, "TC_071_CS")
async def test_aligned_samples_are_counted_from_midnight() -> None:
    clock = HarnessClock(datetime(2026, 3, 1, 23, 59, 30, tzinfo=timezone.utc))
    async with Harness(
        keys={"ClockAlignedDataInterval": "70"}, connectors=1, clock=clock
    ) as harness:
        await harness.advance(120)
        # A day is no multiple of 70 s: its last slot is cut short and midnight begins anew.
        assert [value["timestamp"][11:19] for value in values(harness)] == [
            "23:59:40",
            "00:00:00",
            "00:01:10",
        ]


@pytest.mark.row(83, "TC_071_CS")
async def test_aligned_samples_follow_a_clock_that_the_csms_sets() -> None:
    async with Harness(keys={"ClockAlignedDataInterval": "30"}, connectors=1) as harness:
        harness.csms._now = lambda: harness.clock.now() + timedelta(seconds=7)
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        await harness.advance(60)
        assert [value["timestamp"][17:] for value in values(harness)] == ["30.000Z", "00.000Z"]


# -- 84: never -------------------------------------------------------


@pytest.mark.row(84, "S§9.1")
@pytest.mark.parametrize("model", ["generic", "gresgying-f3-eu180"])
async def test_with_both_intervals_0_there_are_no_meter_values(model: str) -> None:
    async with Harness(model=model, keys=NO_SAMPLES) as harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.advance(3600)
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        assert payloads(harness, "MeterValues") == []
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["meterStop"] > 10_000


# -- 85, 86: with the stop -------------------------------------------


@pytest.mark.row(85, "S§4.10 StopTxnSampledData")
async def test_the_stop_tells_begin_samples_and_end() -> None:
    async with Harness(
        keys={
            "MeterValueSampleInterval": "10",
            "StopTxnSampledData": f"{REGISTER},SoC",
        }
    ) as harness:
        began = await charge(harness)
        await harness.advance(35)
        await harness.submit(Stop(1))
        told = stop_data(harness)
        assert contexts(told) == [
            "Transaction.Begin",
            "Sample.Periodic",
            "Sample.Periodic",
            "Sample.Periodic",
            "Transaction.End",
        ]
        due = [began + timedelta(seconds=s) for s in (0, 10, 20, 30)]
        assert times(told) == [*due, harness.clock.now()]
        assert all(measured(value) == [REGISTER, "SoC"] for value in told)
        registers = [energy_wh(value["sampledValue"][0]) for value in told]
        assert registers == sorted(registers)
        (stop,) = payloads(harness, "StopTransaction")
        assert registers[-1] == stop["meterStop"]
        assert told[-1]["timestamp"] == stop["timestamp"]


@pytest.mark.row(85, "S§4.10 StopTxnSampledData")
async def test_without_measurands_the_stop_tells_no_data() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        await charge(harness)
        await harness.advance(35)
        await harness.submit(Stop(1))
        (stop,) = payloads(harness, "StopTransaction")
        assert "transactionData" not in stop


@pytest.mark.row(86, "S§9.1 StopTxnAlignedData")
async def test_the_stop_tells_the_samples_on_the_clock() -> None:
    clock = HarnessClock(datetime(2026, 3, 1, 12, 0, 5, tzinfo=timezone.utc))
    async with Harness(
        keys={
            "MeterValueSampleInterval": "0",
            "ClockAlignedDataInterval": "20",
            "MeterValuesAlignedData": "Voltage",
            "StopTxnAlignedData": REGISTER,
        },
        clock=clock,
    ) as harness:
        await harness.advance(30)  # what comes before the transaction is none of its data
        await charge(harness)
        await harness.advance(60)
        await harness.submit(Stop(1))
        told = stop_data(harness)
        assert set(contexts(told)) == {"Sample.Clock"}
        assert [value["timestamp"][14:19] for value in told] == ["00:40", "01:00", "01:20"]
        assert all(measured(value) == [REGISTER] for value in told)


@pytest.mark.row(86, "S§9.1 StopTxnAlignedData")
async def test_what_the_stop_tells_is_bounded_and_covers_the_whole() -> None:
    async with Harness(
        keys={
            "MeterValueSampleInterval": "5",
            "ClockAlignedDataInterval": "10",
            "StopTxnSampledData": REGISTER,
            "StopTxnAlignedData": REGISTER,
        },
        connect=False,
        connectors=1,
    ) as harness:
        harness.station.charge_point.configuration.override("AllowOfflineTxForUnknownId", "true")
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)
        await checked(harness)
        await harness.advance(3_000)
        await harness.submit(Stop(1))
        journal = harness.station._store.journal.first(10_000)
        (stop,) = [
            harness.station.charge_point.spelling.payload(row)
            for row in journal
            if row.kind == ENDED
        ]
        told = stop["transactionData"]
        assert 40 <= len(told) <= 101
        assert contexts(told)[0] == "Transaction.Begin"
        assert contexts(told)[-1] == "Transaction.End"
        for context in ("Sample.Periodic", "Sample.Clock"):
            at = times([v for v, c in zip(told, contexts(told), strict=True) if c == context])
            gaps = {b - a for a, b in pairwise(at)}
            assert len(gaps) == 1, "evenly spread"
            assert at[-1] - at[0] > timedelta(seconds=2_700)


@pytest.mark.row(85, "S§4.10 StopTxnSampledData")
async def test_what_the_stop_tells_survives_a_power_cut(tmp_path: Any) -> None:
    keys = {"MeterValueSampleInterval": "10", "StopTxnSampledData": REGISTER}
    async with Harness(keys=keys, state=tmp_path) as harness:
        await charge(harness)
        await harness.advance(35)
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        await harness.advance(1)
        assert contexts(stop_data(harness)) == ["Transaction.Begin", *["Sample.Periodic"] * 3]
        (stop,) = payloads(harness, "StopTransaction")
        registers = [energy_wh(value["sampledValue"][0]) for value in stop_data(harness)]
        assert registers == sorted(registers)
        assert registers[-1] <= stop["meterStop"], "the register has survived too"


# -- 87: when asked --------------------------------------------------


@pytest.mark.row(87, "S§5.17")
async def test_a_triggered_sample_tells_what_is_now() -> None:
    keys = {**NO_SAMPLES, "MeterValuesSampledData": f"{REGISTER},Power.Active.Import"}
    async with Harness(keys=keys, meter_start_wh=500) as harness:
        await charge(harness, 2)
        await harness.advance(60.5)
        answer = await harness.ask("TriggerMessage", requestedMessage="MeterValues")
        assert answer == {"status": "Accepted"}
        idle, busy = payloads(harness, "MeterValues")
        assert (idle["connectorId"], busy["connectorId"]) == (1, 2)
        assert "transactionId" not in idle
        assert busy["transactionId"] == 1000
        assert contexts(values(harness)) == ["Trigger", "Trigger"]
        assert times(values(harness)) == [harness.clock.now()] * 2
        (register, power) = busy["meterValue"][0]["sampledValue"]
        assert energy_wh(register) == int(harness.connector(2).register_wh) > 1_000
        shown_w = float(power["value"]) * (1000 if power["unit"] == "kW" else 1)
        assert shown_w == pytest.approx(harness.connector(2).power_w, rel=0.001)
        assert energy_wh(idle["meterValue"][0]["sampledValue"][0]) == 500


@pytest.mark.row(87, "S§5.17")
async def test_a_triggered_sample_of_one_connector_disturbs_no_rhythm() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        began = await charge(harness)
        await harness.advance(4)
        asked_at = harness.clock.now()
        await harness.ask("TriggerMessage", requestedMessage="MeterValues", connectorId=1)
        await harness.advance(16)
        assert contexts(values(harness)) == ["Trigger", "Sample.Periodic", "Sample.Periodic"]
        assert times(values(harness)) == [
            asked_at,
            *(began + timedelta(seconds=s) for s in (10, 20)),
        ]


# -- 88: units -------------------------------------------------------


@pytest.mark.row(88, "S§7")
async def test_energy_is_whole_watt_hours_that_never_fall() -> None:
    async with Harness(
        keys={"MeterValueSampleInterval": "1"}, meter_start_wh=7, noise=0.5
    ) as harness:
        registers: list[int] = []
        for _ in range(2):
            await harness.submit(Plug(1))
            await harness.submit(Start(1, "TAG"))
            await checked(harness)
            await harness.advance(20.4)
            await harness.submit(Stop(1))
            await harness.submit(Unplug(1))
            (start, stop) = (
                payloads(harness, action)[-1] for action in ("StartTransaction", "StopTransaction")
            )
            sampled = [
                one
                for value in values(harness)
                for one in value["sampledValue"]
                if one["measurand"] == REGISTER
            ]
            assert all(one["value"].isdigit() for one in sampled if one["unit"] == "Wh")
            told_wh = [energy_wh(one) for one in sampled]
            assert all(wh == pytest.approx(round(wh)) for wh in told_wh)
            assert type(start["meterStart"]) is type(stop["meterStop"]) is int
            registers += [
                start["meterStart"],
                *(round(wh) for wh in told_wh),
                stop["meterStop"],
            ]
            harness.csms.clear()
        assert registers[0] == 7
        assert registers == sorted(registers)
        assert len(set(registers)) > 30


@pytest.mark.row(88, "S§7")
async def test_units_and_numbers_are_those_of_the_model() -> None:
    names = {"generic": ("Wh", "W"), "gresgying-f3-eu180": ("kWh", "kW")}
    for model, (energy, power) in names.items():
        keys = {"MeterValueSampleInterval": "10", "MeterValuesSampledData": ALL}
        async with Harness(model=model, keys=keys, meter_start_wh=123_456) as harness:
            await harness.submit(Plug(1))
            await harness.submit(Start(1, "TAG"))
            await checked(harness)
            await harness.advance(60)
            await harness.ask("TriggerMessage", requestedMessage="MeterValues", connectorId=1)
            one = {s["measurand"]: s for s in values(harness)[-1]["sampledValue"]}
            assert {name: s["unit"] for name, s in one.items()} == {
                REGISTER: energy,
                "Current.Import": "A",
                "Current.Offered": "A",
                "Voltage": "V",
                "Power.Active.Import": power,
                "Power.Offered": power,
                "SoC": "Percent",
                "Temperature": "Celsius",
            }
            scale = 1000 if energy == "kWh" else 1
            assert float(one[REGISTER]["value"]) * scale == pytest.approx(
                harness.connector().register_wh, abs=1
            )
            if energy == "kWh":
                for sampled in one.values():
                    assert sampled["value"] == f"{float(sampled['value']):g}"


# -- 89: changes -----------------------------------------------------


@pytest.mark.row(89, "S§9.1")
async def test_new_measurands_hold_from_the_next_sample_on() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        await charge(harness)
        await harness.advance(15)
        await configure(harness, MeterValuesSampledData="Voltage,SoC")
        await harness.advance(15)
        assert [measured(value) for value in values(harness)] == [
            [REGISTER],
            ["Voltage", "SoC"],
            ["Voltage", "SoC"],
        ]


@pytest.mark.row(89, "S§9.1")
async def test_a_new_interval_counts_from_its_change() -> None:
    async with Harness(keys=NO_SAMPLES) as harness:
        await charge(harness)
        began = harness.clock.now()
        await harness.advance(100)
        await configure(harness, MeterValueSampleInterval="20")
        await harness.advance(45)  # 145: samples at 120 and 140
        await configure(harness, MeterValueSampleInterval="3")
        await harness.advance(7)  # 152: samples at 148 and 151
        await configure(harness, MeterValueSampleInterval="0")
        await harness.advance(600)
        assert times(values(harness)) == [
            began + timedelta(seconds=s) for s in (120, 140, 148, 151)
        ]


@pytest.mark.row(89, "S§9.1")
async def test_a_new_aligned_interval_and_its_measurands_count_at_once() -> None:
    async with Harness(keys=NO_SAMPLES, connectors=1) as harness:
        await harness.advance(10)
        await configure(
            harness, ClockAlignedDataInterval="30", MeterValuesAlignedData="Temperature"
        )
        await harness.advance(25)
        await configure(harness, ClockAlignedDataInterval="20")
        await harness.advance(30)
        told: list[Payload] = values(harness)
        assert [value["timestamp"][17:19] for value in told] == ["30", "40", "00"]
        assert all(measured(value) == ["Temperature"] for value in told)
        await configure(harness, ClockAlignedDataInterval="0")
        harness.csms.clear()
        await harness.advance(600)
        assert values(harness) == []
