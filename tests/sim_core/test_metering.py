"""What a CSMS reads of the metal: one chain in print, the cabinet's shares, stamps on time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from sim_core.charging.rhythm import Aligned, Periodic
from sim_core.commands import Accepted, Plug, Start, Stop, SuspendEV, Unplug
from sim_core.engine import Engine
from sim_core.events import Ring
from sim_core.hardware.meter import Reading
from sim_core.hardware.model import Metering
from sim_core.ocpp16.metering import sampled_values_of
from sim_core.runtime.clock import ManualClock, SystemClock, Timer
from sim_core.settings.model_file import load_model
from sim_core.settings.options import ConfigError
from sim_core.snapshot import Registration
from sim_core.station import Station
from sim_core.store.interface import MEMORY
from sim_core.store.records import SAMPLED
from sim_core.wire.message_log import MessageLog
from sim_core.wire.timestamps import moment
from tests.harness import Harness, settings
from tests.patience import PATIENCE_S
from tests.scripted_csms import ScriptedCsms

REGISTER = "Energy.Active.Import.Register"
EXTRA = "Voltage,Current.Import,Power.Active.Import"
FOUR = (REGISTER, *EXTRA.split(","))
MODELS = ("generic", "gresgying-f3-eu180")


class OptionsHarness(Harness):
    """A harness whose charge point is made from options, as `chargeforge` makes it."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self._options = options

    async def power_on(self) -> None:
        self.station = Station.from_settings(
            settings(
                **{
                    "csms_url": self.csms.url,
                    "cpid": "CP01",
                    "state_dir": MEMORY,
                    "seed": 1,
                    **self._options,
                }
            ),
            clock=self.clock,
            messages=self.messages,
            events=self.events,
        )
        self._running = True
        self.station.open()


def samples(csms: ScriptedCsms, connector_id: int = 1) -> list[tuple[datetime, dict[str, str]]]:
    """(moment, measurand -> text) of every meter value that has arrived for a connector."""
    return [
        (at, {one["measurand"]: one["value"] for one in value["sampledValue"]})
        for call in csms.of("MeterValues")
        if call.payload["connectorId"] == connector_id
        for value in call.payload["meterValue"]
        if (at := moment(value["timestamp"]))
    ]


async def charge(harness: Harness, vehicle: str | None = None, number: int = 1) -> None:
    assert await harness.submit(Plug(number, vehicle)) == Accepted()
    assert isinstance(await harness.submit(Start(number, f"TAG{number}")), Accepted)
    await harness.advance(5)
    assert harness.status(number) == "Charging"


# -- one chain, in print ---------------------------------------------


@pytest.mark.parametrize("model", MODELS)
async def test_everything_wavers_and_a_csms_can_check_it(model: str) -> None:
    async with OptionsHarness(
        model=model, noise_w_percent=5.0, extra_measurands=EXTRA, meter_period_sec=10
    ) as harness:
        await charge(harness)
        harness.csms.clear()
        await harness.advance(600)
        read = samples(harness.csms)
        assert len(read) >= 55
        kilo = 1000 if model != "generic" else 1
        numbers = [[float(texts[name]) for name in FOUR] for _, texts in read]
        for column, name in enumerate(FOUR):
            told = [row[column] for row in numbers]
            same = sum(a == b for a, b in pairwise(told))
            # What is shown with few digits repeats once in a while, voltage in tenths most.
            assert same <= (len(told) // 5 if name == "Voltage" else 2), name
        for register, voltage, current, power in numbers:
            assert register > 0
            # Half of the last digit that is shown, of either factor and of the product.
            digit = 0.01 if kilo == 1 else 0.1
            rounding = digit / 2 * (voltage + current) + 0.5 * (kilo == 1)
            assert voltage * current == pytest.approx(power * kilo, abs=rounding)
        for (at, before), (then, after) in pairwise(read):
            gained_wh = (float(after[REGISTER]) - float(before[REGISTER])) * kilo
            powers = [float(texts["Power.Active.Import"]) * kilo for texts in (before, after)]
            hours = (then - at).total_seconds() / 3600
            assert gained_wh == pytest.approx(sum(powers) / 2 * hours, rel=0.06, abs=1)


async def test_power_is_the_product_of_what_the_meter_shows() -> None:
    async with OptionsHarness(model="gresgying-f3-eu180", extra_measurands=EXTRA) as harness:
        await charge(harness)
        harness.csms.clear()
        await harness.advance(300)
        for _, texts in samples(harness.csms):
            product = float(texts["Voltage"]) * float(texts["Current.Import"]) / 1000
            assert texts["Power.Active.Import"] == f"{product:g}"


async def test_without_noise_a_constant_power_is_exact() -> None:
    async with OptionsHarness(
        model="generic",
        noise_w_percent=0.0,
        meter_rate_w=7200.0,
        extra_measurands=EXTRA,
        meter_period_sec=5,
        meter_start_wh=1000,
    ) as harness:
        await charge(harness)
        harness.csms.clear()
        await harness.advance(60)
        read = [texts for _, texts in samples(harness.csms)]
        assert {texts["Power.Active.Import"] for texts in read} == {"7200"}
        registers = [int(texts[REGISTER]) for texts in read]
        assert {b - a for a, b in pairwise(registers)} == {10}


async def test_no_energy_while_the_vehicle_pauses() -> None:
    async with OptionsHarness(
        model="generic", extra_measurands=EXTRA, meter_period_sec=5
    ) as harness:
        await charge(harness)
        await harness.submit(SuspendEV(1))
        await harness.advance(5)
        harness.csms.clear()
        await harness.advance(60)
        read = [texts for _, texts in samples(harness.csms)]
        assert len(read) == 12
        assert len({texts[REGISTER] for texts in read}) == 1
        assert {(t["Power.Active.Import"], t["Current.Import"]) for t in read} == {("0", "0.00")}


async def test_extra_measurands_are_added_to_whatever_comes_first() -> None:
    key = "MeterValuesSampledData"
    cases: list[tuple[dict[str, Any], str]] = [
        ({"model": "generic"}, f"{REGISTER},Voltage,SoC"),
        ({"model": "generic", "ocpp_keys": {key: "SoC"}}, "SoC,Voltage"),
        ({"model": "generic", "ocpp_keys": {key: ""}}, f"{REGISTER},Voltage,SoC"),
        ({"model": "gresgying-f3-eu180"}, load_model("gresgying-f3-eu180").keys[key].value),
    ]
    for options, expected in cases:
        async with OptionsHarness(extra_measurands="Voltage, SoC", **options) as harness:
            answer = await harness.ask("GetConfiguration", key=[key])
            assert answer["configurationKey"][0]["value"] == expected


async def test_a_measurand_that_is_none_is_a_sentence() -> None:
    with pytest.raises(ConfigError) as caught:
        Station.from_settings(
            settings(state_dir=MEMORY, extra_measurands="Voltage,Frequenzy"),
            clock=ManualClock(),
            messages=MessageLog(),
            events=Ring(10),
        )
    assert str(caught.value).startswith(
        "EXTRA_MEASURANDS (--extra-measurands) is 'Voltage,Frequenzy': "
        "'Frequenzy' is not measured here; allowed is Energy.Active.Import.Register, "
    )


@pytest.mark.parametrize("period_s", [0, 1, 4])
async def test_the_period_of_the_operator_counts_in_every_model(period_s: int) -> None:
    for model in MODELS:
        async with OptionsHarness(
            model=model,
            meter_period_sec=period_s,
            ocpp_keys={"ClockAlignedDataInterval": "0"},
        ) as harness:
            await charge(harness)
            harness.csms.clear()
            await harness.advance(20)
            stamps = [at for at, _ in samples(harness.csms)]
            assert len(stamps) == (20 // period_s if period_s else 0)
            assert {b - a for a, b in pairwise(stamps)} <= {timedelta(seconds=period_s)}


# -- the cabinet -----------------------------------------------------


async def test_a_second_vehicle_takes_its_share_and_gives_it_back() -> None:
    model = load_model("gresgying-f3-eu180")
    timing = replace(model.timing["swift"], cable_check_s=10, energize_s=5, ramp_w_per_s=1e9)
    keys = {"MeterValueSampleInterval": "1", "ClockAlignedDataInterval": "0"}
    async with Harness(model=model, timing=timing, keys=keys) as harness:

        def kilowatts(number: int) -> list[float]:
            """What the last samples have told: power that flows, and power that is offered."""
            last = samples(harness.csms, number)[-1][1]
            return [round(float(last[m]), 1) for m in ("Power.Active.Import", "Power.Offered")]

        await harness.submit(Plug(1, "Saloon 82"))
        await harness.submit(Start(1, "TAG1"))
        await harness.advance(16.5)
        assert kilowatts(1) == [60, 60]
        await harness.submit(Plug(2, "Van 100"))
        await harness.advance(1)
        assert kilowatts(1) == [60, 60], "a cable alone takes nothing"
        await harness.submit(Start(2, "TAG2"))
        await harness.advance(1)
        assert kilowatts(1) == [50, 50], "held free while the second connects"
        await harness.advance(13.5)
        assert kilowatts(1) == [50, 50]
        await harness.advance(2)
        assert (kilowatts(1), kilowatts(2)) == ([30, 30], [30, 30])
        assert harness.connector(1).limited_by == harness.connector(2).limited_by == "cabinet"
        assert harness.connector(1).limit_w == 30_000
        await harness.submit(SuspendEV(2))
        await harness.advance(1)
        assert kilowatts(1) == [60, 60], "who pauses needs none"
        await harness.submit(Stop(2))
        await harness.advance(1)
        assert kilowatts(1) == [60, 60]
        assert harness.connector(1).limited_by == "cabinet"


async def test_a_start_that_fails_gives_back_what_was_held_for_it() -> None:
    model = load_model("gresgying-f3-eu180")
    timing = replace(model.timing["swift"], cable_check_s=30, energize_s=1, ramp_w_per_s=1e9)
    async with Harness(model=model, timing=timing) as harness:
        await harness.submit(Plug(1, "Saloon 82"))
        await harness.submit(Start(1, "TAG1"))
        await harness.advance(40)
        assert harness.connector(1).power_w == pytest.approx(60_000)
        await harness.submit(Plug(2, "Van 100"))
        await harness.submit(Start(2, "TAG2"))
        await harness.advance(2)
        assert harness.connector(1).power_w == pytest.approx(50_000)
        await harness.submit(Unplug(2))
        await harness.advance(2)
        assert harness.connector(1).power_w == pytest.approx(60_000)


# -- on time ---------------------------------------------------------


class BusyClock(ManualClock):
    """A clock of a loop that is always busy: it comes round to a timer up to 40 ms late."""

    def __init__(self) -> None:
        super().__init__()
        self._rng = random.Random(4)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return super().call_later(max(0.0, seconds) + self._rng.uniform(0, 0.04), callback)

    async def settle(self) -> None:
        """Nothing but timers lives here."""

    def stall(self, seconds: float) -> None:
        """Time passes, and the loop does nothing."""
        self._elapsed += seconds


async def test_an_hour_of_ten_connectors_on_a_busy_loop_drifts_by_nothing() -> None:
    clock = BusyClock()
    began = clock.now()
    seen: list[list[datetime]] = [[] for _ in range(10)]
    late: list[timedelta] = []

    def sample(number: int, at: datetime) -> None:
        seen[number].append(at)
        late.append(clock.now() - at)

    for number in range(10):
        Periodic(
            clock, clock.now, lambda: 1.0, lambda at, number=number: sample(number, at)
        ).start()
    await clock.advance(3600.05)
    expected = [began + timedelta(seconds=n) for n in range(1, 3601)]
    assert all(stamps == expected for stamps in seen)
    assert max(late) < timedelta(milliseconds=50)
    assert max(late) > timedelta(milliseconds=30), "the loop was busy indeed"


async def test_what_a_stall_covered_follows_with_its_own_stamps() -> None:
    clock = BusyClock()
    began = clock.now()
    periodic: list[datetime] = []
    aligned: list[datetime] = []
    Periodic(clock, clock.now, lambda: 1.0, periodic.append).start()
    Aligned(clock, clock.now, lambda: 1.0, aligned.append).rearm()
    await clock.advance(2.5)
    clock.stall(5)
    await clock.advance(1.0)
    expected = [began + timedelta(seconds=n) for n in range(1, 9)]
    assert periodic == aligned == expected


async def test_a_slot_has_not_begun_while_the_clock_says_so() -> None:
    """A timer may wake a hair before the time of day has come to the slot."""
    clock, hair = ManualClock(), timedelta(milliseconds=1)
    began = clock.now()
    sampled: list[tuple[datetime, datetime]] = []
    behind = timedelta(0)
    aligned = Aligned(
        clock,
        lambda: clock.now() - behind,
        lambda: 10.0,
        lambda at: sampled.append((at, clock.now())),
    )
    aligned.rearm()
    behind = hair
    await clock.advance(11)
    slot = began + timedelta(seconds=10)
    assert sampled == [(slot, slot + hair)]


def test_a_register_is_never_more_than_the_meter_has_counted() -> None:
    (value,) = sampled_values_of(Metering()).of(Reading(1.9), (REGISTER,), "Sample.Periodic")
    assert value["value"] == "1"


async def test_slots_that_a_set_clock_has_leapt_over_do_not_follow() -> None:
    clock = BusyClock()
    began = clock.now()
    ahead = timedelta(0)
    periodic: list[datetime] = []
    aligned: list[datetime] = []
    Periodic(clock, lambda: clock.now() + ahead, lambda: 10.0, periodic.append).start()
    Aligned(clock, lambda: clock.now() + ahead, lambda: 10.0, aligned.append).rearm()
    await clock.advance(15)
    ahead = timedelta(hours=1, seconds=3)
    await clock.advance(20.5)
    hour = began + timedelta(hours=1)
    assert aligned[0] == began + timedelta(seconds=10)
    assert [at - hour for at in aligned[2:]] == [timedelta(seconds=s) for s in (30,)]
    assert [round((at - began).total_seconds(), 1) for at in periodic] == [10, 3623.0, 3633.0]


async def test_a_charge_point_with_ten_connectors_skips_nothing() -> None:
    async with Harness(
        connectors=10, connect=False, keys={"MeterValueSampleInterval": "1"}
    ) as harness:
        harness.station.charge_point.configuration.override("AllowOfflineTxForUnknownId", "true")
        began = {}
        for number in range(1, 11):
            await harness.submit(Plug(number))
            assert isinstance(await harness.submit(Start(number, f"TAG{number}")), Accepted)
            began[number] = harness.clock.now()
            await harness.advance(0.07)
        await harness.advance(120)
        rows = harness.station._store.journal.first(100_000)
        for number in range(1, 11):
            stamps = [
                moment(row.content["at"].replace("+00:00", "Z"))
                for row in rows
                if row.kind == SAMPLED and row.connector_id == number
            ]
            expected = [began[number] + timedelta(seconds=n) for n in range(1, 121)]
            assert stamps == expected


async def test_the_computers_clock_keeps_the_schedule_too() -> None:
    clock = SystemClock()
    seen: list[datetime] = []
    late: list[float] = []
    enough = asyncio.Event()

    def sample(at: datetime) -> None:
        seen.append(at)
        late.append((clock.now() - at).total_seconds())
        if len(seen) == 50:
            enough.set()

    periodic = Periodic(clock, clock.now, lambda: 0.02, sample)
    began_s = clock.monotonic()
    periodic.start()
    await asyncio.wait_for(enough.wait(), PATIENCE_S)
    took_s = clock.monotonic() - began_s
    periodic.stop()
    assert {b - a for a, b in pairwise(seen)} == {timedelta(seconds=0.02)}
    assert took_s >= 50 * 0.02 - 0.02, "none came before its time"
    assert min(late[25:]) < 0.25, "and lateness does not add up"


# -- time that runs faster -------------------------------------------


async def test_an_hour_in_seconds_is_an_hour_in_everything_that_is_told() -> None:
    scale = 600.0
    async with ScriptedCsms() as csms:
        csms.interval = 30
        engine = Engine(
            settings(
                csms_url=csms.url,
                model="generic",
                state_dir=MEMORY,
                http_port=0,
                time_scale=scale,
                noise_w_percent=0.0,
                meter_rate_w=6000.0,
                meter_period_sec=60,
            )
        )
        began = datetime.now(timezone.utc)
        engine.start()
        try:
            await csms.until(lambda: "StatusNotification 2 Available" in csms.actions())
            assert engine.snapshot is not None
            assert engine.snapshot.link.registration is Registration.ACCEPTED
            for command in (Plug(1), Start(1, "TAG")):
                outcome = await asyncio.wrap_future(engine.submit(command))
                assert isinstance(outcome, Accepted), outcome
            await csms.until(lambda: len(csms.of("MeterValues")) >= 20, timeout_s=PATIENCE_S)
        finally:
            took = datetime.now(timezone.utc) - began
            assert engine.stop(10)
        read = samples(csms)[:20]
        stamps = [at for at, _ in read]
        # The CSMS tells real time in every Heartbeat.conf; that does not pull the clock back.
        assert len(csms.of("Heartbeat")) > 10
        assert {b - a for a, b in pairwise(stamps)} == {timedelta(seconds=60)}
        assert took < timedelta(minutes=20) / 10, "real time is another one"
        (start,) = csms.of("StartTransaction")
        started = moment(start.payload["timestamp"])
        assert started is not None
        assert abs(stamps[0] - started - timedelta(seconds=60)) < timedelta(seconds=60)
        gained_wh = int(read[-1][1][REGISTER]) - int(read[0][1][REGISTER])
        # A sample that the loop comes round to a few milliseconds late is seconds late here.
        assert gained_wh == pytest.approx(19 * 100, rel=0.05)
