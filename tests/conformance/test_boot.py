"""Boot, heartbeat and clock (OCPP 1.6 §4.2, §4.6)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import Accepted, LinkDown, Plug, Stop
from sim_core.snapshot import Registration
from sim_core.wire.timestamps import moment
from tests.conformance.acts import all_statuses, charge, configure, payloads, read_key, said
from tests.harness import Harness, HarnessClock
from tests.scripted_csms import CallError, Cut, Drop, Payload

BOOT = "BootNotification"


def answer(harness: Harness, status: str, interval: int, ahead_s: float = 0) -> Payload:
    """A BootNotification.conf of a CSMS whose clock is ahead by so much."""
    at = harness.clock.now() + timedelta(seconds=ahead_s)
    return {"status": status, "interval": interval, "currentTime": at.isoformat()}


def booting(*answers: tuple[str, int], **options: Any) -> Harness:
    """A harness, not started yet, whose CSMS answers BootNotification so; after that Accepted."""
    harness = Harness(**options)
    for status, interval in answers:
        harness.csms.script[BOOT].append(answer(harness, status, interval))
    return harness


async def seconds_of(harness: Harness, action: str, seconds: int) -> list[int]:
    """At which of the next seconds requests of this action arrive."""
    arrivals = []
    for second in range(1, seconds + 1):
        before = len(harness.csms.of(action))
        await harness.advance(1)
        arrivals += [second] * (len(harness.csms.of(action)) - before)
    return arrivals


@pytest.mark.row(1, "TC_001_CS")
async def test_rejected_then_accepted() -> None:
    async with booting(("Rejected", 35), ("Accepted", 60)) as harness:
        (boot,) = payloads(harness, BOOT)
        assert 1 <= len(boot["chargePointVendor"]) <= 20
        assert 1 <= len(boot["chargePointModel"]) <= 20
        assert await seconds_of(harness, BOOT, 35) == [35]
        assert said(harness) == [BOOT, BOOT, *all_statuses(harness)]
        assert await seconds_of(harness, "Heartbeat", 200) == [60, 120, 180]
        assert payloads(harness, "Heartbeat")[0] == {}


@pytest.mark.row(2, "TC_002_CS")
async def test_pending_answers_and_says_nothing_of_its_own() -> None:
    async with booting(("Pending", 20), ("Accepted", 60)) as harness:
        (key,) = (await harness.ask("GetConfiguration", key=["HeartbeatInterval"]))[
            "configurationKey"
        ]
        assert key["key"] == "HeartbeatInterval"
        await configure(harness, MeterValueSampleInterval="7")
        await harness.submit(Plug(1))
        assert await seconds_of(harness, BOOT, 19) == []
        assert said(harness) == [BOOT]
        await harness.advance(1)
        assert said(harness) == [BOOT, BOOT, *all_statuses(harness, _1="Preparing")]
        assert await seconds_of(harness, "Heartbeat", 60) == [60]


@pytest.mark.row(3, "S§4.2")
async def test_rejected_is_silence_in_both_directions() -> None:
    async with booting(("Rejected", 30), ("Rejected", 30)) as harness:
        await harness.csms.send_text(json.dumps([2, "asked", "GetConfiguration", {}]))
        await harness.submit(Plug(1))
        await harness.advance(29.9)
        assert said(harness) == [BOOT]
        await harness.advance(0.2)  # its answer comes after our request on the same socket
        assert said(harness) == [BOOT, BOOT]
        assert not [frame for frame in harness.csms.frames if json.loads(frame)[1] == "asked"]


@pytest.mark.row(3, "S§4.2")
@pytest.mark.parametrize("status", ["Rejected", "Pending"])
async def test_a_new_connection_does_not_shorten_the_wait(status: str) -> None:
    async with booting((status, 100)) as harness:
        await harness.csms.cut()
        assert await seconds_of(harness, BOOT, 100) == [100]
        assert harness.csms.connections == 2
        assert harness.registration is Registration.ACCEPTED


@pytest.mark.row(4, "S§4.2")
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_nothing_passes_before_accepted(status: str, tmp_path: Path) -> None:
    async with Harness(state=tmp_path, keys={"ClockAlignedDataInterval": "5"}) as harness:
        await charge(harness)
        await harness.submit(LinkDown())
        await harness.advance(30)
        await harness.submit(Stop(1))
        await harness.power_cut()
        harness.csms.clear()
        harness.csms.script[BOOT].append(answer(harness, status, 50))
        await harness.power_on()
        await harness.advance(49)
        assert said(harness) == [BOOT]
        assert harness.station.snapshot.link.queued > 0
        await harness.advance(1)
        assert said(harness)[:2] == [BOOT, BOOT]
        assert "StopTransaction" in said(harness)
        assert harness.station.snapshot.link.queued == 0


@pytest.mark.row(5, "S§4.2")
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@pytest.mark.parametrize("interval", [0, -1])
async def test_interval_0_means_a_pause_of_our_own(status: str, interval: int) -> None:
    async with booting(*[(status, interval)] * 12) as harness:
        arrivals = await seconds_of(harness, BOOT, 600)
        pauses = [b - a for a, b in zip([0, *arrivals], arrivals, strict=False)]
        assert 3 <= len(pauses) <= 12
        assert min(pauses) >= 10
        assert pauses == sorted(pauses), "each pause is as long as the last, or longer"
        assert arrivals == [10, 30, 70, 150, 270, 390, 510], "10, 20, 40, 80, 120, 120… s apart"


@pytest.mark.row(2, "TC_002_CS")
async def test_the_picture_says_when_it_boots_again_and_when_its_heart_beats() -> None:
    async with booting(("Pending", 20), ("Accepted", 60)) as harness:
        link = harness.station.snapshot.link
        began = harness.station.now()
        assert (link.boot_retry_at, link.heartbeat_at) == (began + timedelta(seconds=20), None)
        await harness.advance(20)
        link = harness.station.snapshot.link
        beats = harness.station.now() + timedelta(seconds=60)
        assert (link.boot_retry_at, link.heartbeat_at) == (None, beats)
        harness.csms.script[BOOT].append(answer(harness, "Pending", 30))
        await harness.ask("TriggerMessage", requestedMessage="BootNotification")
        link = harness.station.snapshot.link
        again = harness.station.now() + timedelta(seconds=30)
        assert (link.boot_retry_at, link.heartbeat_at) == (again, None)
        await harness.csms.cut()
        await harness.settle()
        link = harness.station.snapshot.link
        assert (link.boot_retry_at, link.heartbeat_at) == (None, None)


@pytest.mark.row(6, "S§4.2")
async def test_remote_start_and_stop_are_rejected_while_pending(tmp_path: Path) -> None:
    async with booting(("Pending", 300)) as harness:
        await harness.submit(Plug(1))
        rejected = {"status": "Rejected"}
        assert await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1) == rejected
        assert await harness.ask("RemoteStopTransaction", transactionId=1000) == rejected
        await harness.advance(299)
        assert said(harness) == [BOOT]


@pytest.mark.row(7, "S§4.2")
async def test_a_triggered_boot_comes_before_its_time() -> None:
    async with booting(("Pending", 300), ("Pending", 300)) as harness:
        harness.csms.frames.clear()
        asked = await harness.ask("TriggerMessage", requestedMessage=BOOT)
        assert asked == {"status": "Accepted"}
        assert said(harness) == [BOOT, BOOT]
        kinds = [json.loads(frame)[0] for frame in harness.csms.frames]
        assert kinds == [3, 2], "the answer first, then the message"
        assert await seconds_of(harness, BOOT, 300) == [300]


@pytest.mark.row(7, "S§4.2")
async def test_a_wait_that_a_trigger_has_cut_short_is_over() -> None:
    async with booting(("Pending", 300), behaviour={"boot_on_reconnect": True}) as harness:
        await harness.ask("TriggerMessage", requestedMessage=BOOT)
        assert harness.registration is Registration.ACCEPTED
        harness.csms.clear()
        await harness.csms.cut()
        await harness.advance(5)
        assert said(harness) == [BOOT, *all_statuses(harness)]


@pytest.mark.row(7, "S§4.2")
@pytest.mark.parametrize("status", ["Pending", "Rejected"])
async def test_a_triggered_boot_can_take_the_registration_back(status: str) -> None:
    async with booting(("Accepted", 15)) as harness:
        harness.csms.script[BOOT].append(answer(harness, status, 100))
        await harness.ask("TriggerMessage", requestedMessage=BOOT)
        harness.csms.clear()
        await harness.submit(Plug(1))
        await harness.advance(99)
        assert said(harness) == []
        await harness.advance(1)
        assert said(harness)[:1] == [BOOT]
        assert "StatusNotification 1 Preparing" in said(harness)
        assert harness.registration is Registration.ACCEPTED


@pytest.mark.row(7, "S§4.2")
@pytest.mark.parametrize("odd", [CallError("InternalError"), {}])
async def test_a_triggered_boot_that_fails_takes_nothing_back(odd: CallError | Payload) -> None:
    async with booting(("Accepted", 15)) as harness:
        harness.csms.script[BOOT].append(odd)
        await harness.ask("TriggerMessage", requestedMessage=BOOT)
        assert await seconds_of(harness, "Heartbeat", 30) == [15, 30]


@pytest.mark.row(8, "S§4.2")
@pytest.mark.parametrize("ahead_s", [3600.0, -10.0])
async def test_the_clock_follows_the_csms(ahead_s: float) -> None:
    harness = Harness()
    harness.csms.script[BOOT].append(answer(harness, "Accepted", 3600, ahead_s))
    async with harness:
        reports = payloads(harness, "StatusNotification")
        assert len(reports) == 3
        await harness.advance(100)
        await charge(harness)
        assert await harness.submit(Stop(1)) == Accepted()
        stops = payloads(harness, "StopTransaction")
        old_s = 100 + harness.timing.cable_check_s + harness.timing.energize_s
        for age_s, payload in [*((old_s, report) for report in reports), (0, stops[0])]:
            said = moment(payload["timestamp"])
            assert said is not None
            off = harness.clock.now() - said + timedelta(seconds=ahead_s - age_s)
            assert abs(off) < timedelta(seconds=1), payload


@pytest.mark.row(8, "S§4.2")
@pytest.mark.parametrize("words", ["0", "soon", "1999-01-01T00:00:00Z", None])
async def test_a_time_that_makes_no_sense_is_not_adopted(words: str | None) -> None:
    harness = Harness()
    harness.csms.script[BOOT].append({"status": "Accepted", "interval": 60, "currentTime": words})
    async with harness:
        assert harness.registration is Registration.ACCEPTED
        await harness.submit(Plug(1))
        said = moment(payloads(harness, "StatusNotification")[-1]["timestamp"])
        assert said == harness.clock.now()


@pytest.mark.row(9, "S§4.2")
async def test_callerror_to_boot_is_repeated() -> None:
    harness = Harness()
    harness.csms.script[BOOT].append(CallError("InternalError"))
    async with harness:
        assert harness.registration is Registration.NONE
        assert await seconds_of(harness, BOOT, 30) == [10]
        assert said(harness) == [BOOT, BOOT, *all_statuses(harness)]


@pytest.mark.row(9, "S§4.2")
async def test_silence_to_boot_is_repeated() -> None:
    harness = Harness()
    harness.csms.script[BOOT].append(Drop())
    async with harness:
        arrivals = await seconds_of(harness, BOOT, 60)
        assert arrivals == [40]  # 30 s until the call is given up, then a pause of 10 s
        assert said(harness) == [BOOT, BOOT, *all_statuses(harness)]


@pytest.mark.row(9, "S§4.2")
@pytest.mark.parametrize("nonsense", [{}, {"status": "Maybe", "interval": 1}, {"status": None}])
async def test_an_answer_without_a_status_registers_nobody(nonsense: Payload) -> None:
    harness = Harness()
    harness.csms.script[BOOT].append(nonsense)
    async with harness:
        assert said(harness) == [BOOT]
        assert await seconds_of(harness, BOOT, 30) == [10]


@pytest.mark.row(9, "S§4.2")
async def test_a_link_lost_at_boot_is_dialled_again() -> None:
    harness = Harness()
    harness.csms.script[BOOT].append(Cut())
    async with harness:
        await harness.advance(5)
        assert harness.csms.connections == 2
        assert said(harness) == [BOOT, BOOT, *all_statuses(harness)]


@pytest.mark.row(10, "TC_001_CS")
async def test_a_new_heartbeat_interval_counts_at_once() -> None:
    async with booting(("Accepted", 100)) as harness:
        assert await seconds_of(harness, "Heartbeat", 100) == [100]
        await configure(harness, HeartbeatInterval="15")
        assert await seconds_of(harness, "Heartbeat", 50) == [15, 30, 45]


@pytest.mark.row(10, "TC_001_CS")
@pytest.mark.parametrize("value", ["0", "-1", "", "soon", "1.5"])
async def test_a_heartbeat_interval_that_would_flood_is_rejected(value: str) -> None:
    async with booting(("Accepted", 100)) as harness:
        changed = await harness.ask("ChangeConfiguration", key="HeartbeatInterval", value=value)
        assert changed == {"status": "Rejected"}
        assert await seconds_of(harness, "Heartbeat", 200) == [100, 200]


@pytest.mark.row(10, "TC_001_CS")
@pytest.mark.parametrize("interval", [0, -5])
async def test_an_accepted_boot_without_an_interval_keeps_our_own(interval: int) -> None:
    async with booting(("Accepted", interval), keys={"HeartbeatInterval": "40"}) as harness:
        assert await seconds_of(harness, "Heartbeat", 100) == [40, 80]


@pytest.mark.row(10, "TC_001_CS")
async def test_the_interval_of_a_refusal_is_no_heartbeat_interval() -> None:
    keys = {"HeartbeatInterval": "40"}
    async with booting(("Pending", 20), ("Accepted", 0), keys=keys) as harness:
        await harness.advance(20)
        assert await seconds_of(harness, "Heartbeat", 100) == [40, 80]


@pytest.mark.row(10, "TC_001_CS")
async def test_an_interval_beyond_every_measure_is_the_longest_that_there_is() -> None:
    async with booting(("Accepted", 10**12)) as harness:
        assert harness.registration is Registration.ACCEPTED
        assert (await read_key(harness, "HeartbeatInterval"))["value"] == str(2**31 - 1)


@pytest.mark.row(8, "S§4.2")
@pytest.mark.parametrize(
    ("told", "is_then"),
    [
        ("12:00:01Z", "12:00:01"),
        ("12:00:00Z", "12:00:00.6"),
        ("11:59:59Z", "11:59:59"),
        ("12:00:00.100Z", "12:00:00.1"),
    ],
)
async def test_a_time_without_a_fraction_leaves_a_second_open_and_no_more(
    told: str, is_then: str
) -> None:
    clock = HarnessClock(datetime(2026, 3, 1, 12, 0, 0, 600_000, tzinfo=timezone.utc))
    harness = Harness(clock=clock)
    at = {"status": "Accepted", "interval": 300, "currentTime": f"2026-03-01T{told}"}
    harness.csms.script[BOOT].append(at)
    async with harness:
        assert harness.station.now() == moment(f"2026-03-01T{is_then}Z")
