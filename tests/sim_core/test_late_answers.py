"""Answers that come too late, or are broken, and answers that never come."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import Accepted, Plug, Refused, Send, Start, Stop, Swipe, Unplug
from sim_core.hardware.model import Metering
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.ocpp16.spelling import Spelling
from sim_core.ocpp16.transaction_id import whole_number
from sim_core.runtime.clock import ManualClock
from sim_core.snapshot import Registration
from sim_core.store.records import BEGAN, ENDED, JournalRow
from sim_core.wire.answers import NoAnswer, Result
from sim_core.wire.asking import LATE_LIMIT
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.message_log import MessageLog
from sim_core.wire.plain_lane import PLAIN_LIMIT
from sim_core.wire.trial import SLOWNESS, Again, RetryPolicy, Trial
from tests.conformance.acts import charge, checked, payloads
from tests.harness import Harness, HarnessClock
from tests.scripted_csms import Answer, Call, CallError, Drop, Hold, ScriptedCsms

KEYS = {
    "MeterValueSampleInterval": "0",
    "TransactionMessageAttempts": "3",
    "TransactionMessageRetryInterval": "10",
    "LocalAuthorizeOffline": "true",
    "AllowOfflineTxForUnknownId": "true",
}
SPELLING = Spelling(Metering())
BOTH = pytest.mark.parametrize(
    "make",
    [{}, {"model": "gresgying-f3-eu180", "quirks": "pipelining"}],
    ids=["in order", "side by side"],
)
TIMEOUT_S = 30.0
"""The option CALL_TIMEOUT_SEC where nobody sets it."""


class Slow(ScriptedCsms):
    """It answers certain requests after so many seconds, each time anew."""

    def __init__(self, late_s: dict[str, float]) -> None:
        super().__init__()
        self.late_s = late_s
        self.harness: Harness | None = None

    def choose(self, call: Call) -> Answer:
        late_s = self.late_s.get(call.action)
        if late_s is None or self.harness is None:
            return super().choose(call)
        release = asyncio.Event()
        self.harness.clock.call_later(late_s, release.set)
        scripted = super().choose(call)
        return Hold(release, scripted if isinstance(scripted, dict) else None)


def slow(late_s: dict[str, float], **build: Any) -> tuple[Slow, Harness]:
    csms = Slow(late_s)
    csms.harness = harness = Harness(csms=csms, **{"keys": KEYS, **build})
    csms._now = harness.clock.now
    return csms, harness


def told(harness: Harness) -> list[str]:
    return [event.text for event in harness.events.since(0)[1]]


def noise(harness: Harness) -> list[str]:
    return [one.request for one in harness.messages.since(0)[1] if one.direction.value == "noise"]


async def send(harness: Harness, frame: str) -> None:
    """Send a frame, and return when the charge point has dealt with it: it reads in order."""
    await harness.csms.send_text(frame)
    await harness.ask("GetConfiguration", key=["HeartbeatInterval"])


async def tick_through(harness: Harness, seconds: int) -> None:
    """Let the time pass in small steps, so that late answers arrive in their order."""
    for _ in range(seconds):
        await harness.advance(1)


# -- late ----------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("late_s", [31.0, 45.0, 59.0])
async def test_a_late_answer_to_a_start_counts_and_one_session_is_one_transaction(
    late_s: float, make: dict[str, str]
) -> None:
    csms, harness = slow({"StartTransaction": late_s}, **make)
    async with csms, harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await tick_through(harness, 200)
        assert len(csms.of("StartTransaction")) == 1, "sent once: one session, one transaction"
        assert harness.connector().transaction.transaction_id == 1000
        await harness.submit(Stop(1))
        await tick_through(harness, 10)
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["transactionId"] == 1000
        assert not noise(harness)
        (start,) = [one for one in harness.messages.since(0)[1] if one.action == "StartTransaction"]
        assert (start.state.value, f"after {late_s:.0f} s" in start.trouble) == ("answered", True)


def row(kind: str) -> JournalRow:
    at = HarnessClock().now()
    return JournalRow(1, kind, {}, 1, 1, at, 0, None)


@pytest.mark.parametrize(
    ("took_s", "interval_s", "waits_s"),
    [(2, 1, 30), (30, 10, 30), (45, 10, 45), (30, 60, 60), (9000, 10, 600), (9000, 1000, 1000)],
)
def test_how_long_a_start_waits_for_a_late_answer(
    took_s: float, interval_s: float, waits_s: float
) -> None:
    trial = Trial(lambda: RetryPolicy(3, interval_s), lambda _: 1, SPELLING)
    verdict = trial.silent(row(BEGAN), took_s, hurried=False, heard_before=True)
    assert verdict == Again(waits_s)
    trial = Trial(lambda: RetryPolicy(3, interval_s), lambda _: 1, SPELLING)
    verdict = trial.silent(row(ENDED), took_s, hurried=False, heard_before=True)
    assert verdict == Again(interval_s), "a stop that is sent twice is one stop"


async def test_a_csms_that_is_slower_still_is_waited_for_the_next_time() -> None:
    csms, harness = slow({"StartTransaction": 150.0})
    async with csms, harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await tick_through(harness, 400)
        first = len(csms.of("StartTransaction"))
        assert harness.connector().transaction.transaction_id == 1000, "the first answer counts"
        await harness.submit(Stop(1))
        await tick_through(harness, 60)
        assert [p["transactionId"] for p in payloads(harness, "StopTransaction")] == [1000]
        await harness.submit(Unplug(1))
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await tick_through(harness, 400)
        assert len(csms.of("StartTransaction")) == first + 1, "it knows now how long it takes"
        assert not noise(harness)


async def test_the_second_transaction_of_a_start_that_was_sent_again_is_told_of() -> None:
    csms, harness = slow({"StartTransaction": 150.0})
    async with csms, harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await tick_through(harness, 400)
        assert len(csms.of("StartTransaction")) == 2
        assert [text for text in told(harness) if "has made a second transaction, 1001" in text]


@pytest.mark.parametrize("action", ["StopTransaction", "MeterValues"])
async def test_a_late_answer_to_any_row_counts(action: str) -> None:
    keys = {**KEYS, "MeterValueSampleInterval": "500", "TransactionMessageRetryInterval": "30"}
    csms, harness = slow({action: 40.0}, keys=keys)
    async with csms, harness:
        await charge(harness)
        await tick_through(harness, 550)
        await harness.submit(Stop(1))
        await tick_through(harness, 60)
        assert len(payloads(harness, action)) == 1
        assert harness.station.snapshot.link.queued == 0
        assert not noise(harness)


async def test_a_late_callerror_is_a_failure_to_process() -> None:
    async with Harness(keys={**KEYS, "TransactionMessageRetryInterval": "60"}) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].append(Drop())
        await harness.submit(Stop(1))
        await harness.advance(40)
        (call,) = harness.csms.of("StopTransaction")
        await send(harness, f'[4,"{call.message_id}","InternalError","",{{}}]')
        await harness.settle()
        assert harness.station.snapshot.journal.waiting[0].attempts == 1
        await harness.advance(61)
        assert harness.station.snapshot.link.queued == 0


async def test_a_late_answer_to_a_row_that_has_left_changes_nothing() -> None:
    async with Harness(keys=KEYS) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].append(Drop())
        await harness.submit(Stop(1))
        await harness.advance(41)
        first, second = harness.csms.of("StopTransaction")
        assert first.payload == second.payload
        await harness.submit(Unplug(1))
        await charge(harness, 1, "NEXT")
        await send(harness, f'[3,"{first.message_id}",{{"idTagInfo":{{"status":"Blocked"}}}}]')
        await harness.settle()
        assert harness.status() == "Charging"
        assert harness.connector().transaction.transaction_id == 1001
        assert not noise(harness)


@pytest.mark.parametrize("late_s", [31.0, 45.0, 90.0])
async def test_a_late_answer_to_a_boot_registers(late_s: float) -> None:
    csms, harness = slow({"BootNotification": late_s})
    async with csms, harness:
        await tick_through(harness, int(late_s) + 1)
        assert harness.registration is Registration.ACCEPTED
        await harness.advance(40)  # one that was sent again in between is still to be answered
        assert "StatusNotification 0 Available" in csms.actions()
        assert not noise(harness)
        boots = len(csms.of("BootNotification"))
        await tick_through(harness, 200)
        assert len(csms.of("BootNotification")) == boots


async def test_a_late_pending_counts_with_its_interval() -> None:
    csms, harness = slow({"BootNotification": 35.0})
    csms.script["BootNotification"].append({"status": "Pending", "interval": 300})
    async with csms, harness:
        await tick_through(harness, 36)
        assert harness.registration is Registration.PENDING
        assert harness.station.snapshot.link.boot_retry_at is not None
        await tick_through(harness, 290)
        assert len(csms.of("BootNotification")) == 1


async def test_a_late_answer_for_a_group_card_does_not_stop_the_next_driver() -> None:
    async with Harness(keys=KEYS) as harness:
        family = {"status": "Accepted", "parentIdTag": "FAMILY"}
        harness.csms.tags = dict.fromkeys("ABC", family)
        await charge(harness, 1, "A")
        release = asyncio.Event()
        harness.csms.script["Authorize"].append(Hold(release))
        swiping = asyncio.ensure_future(harness.station.submit(Swipe(1, "B")))
        await harness.csms.next_call("Authorize")
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        await harness.submit(Plug(1))
        release.set()
        await harness.settle()
        outcome = await swiping
        assert isinstance(outcome, Refused)
        assert "the transaction has ended meanwhile" in outcome.reason
        assert isinstance(await harness.submit(Start(1, "C")), Accepted)
        await harness.advance(30)
        assert (harness.status(), harness.connector().transaction.token) == ("Charging", "C")
        assert len(payloads(harness, "StopTransaction")) == 1


async def test_what_is_said_late_of_a_card_is_remembered() -> None:
    async with Harness(keys={**KEYS, "AllowOfflineTxForUnknownId": "false"}) as harness:
        harness.csms.script["Authorize"].extend([Drop(), Drop()])
        await harness.submit(Plug(1))
        for nth, known in ((1, False), (2, True)):
            deciding = asyncio.ensure_future(harness.station.submit(Start(1, "TAG")))
            asked = await harness.csms.next_call("Authorize", nth)
            await harness.advance(TIMEOUT_S)
            assert isinstance(await deciding, Accepted if known else Refused)
            answer = {"idTagInfo": {"status": "Accepted"}}
            await send(harness, json.dumps([3, asked.message_id, answer]))
            await harness.settle()
        assert harness.status() == "Charging"


async def test_of_too_many_plain_calls_the_oldest_gives_way() -> None:
    async with Harness(keys=KEYS) as harness:
        release = asyncio.Event()
        harness.csms.script["Heartbeat"].append(Hold(release))
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        harness.csms.clear()
        outbox = harness.station.charge_point.outbox
        posts = [
            outbox.post("DataTransfer", {"vendorId": "V", "data": str(number)})
            for number in range(PLAIN_LIMIT + 2)
        ]
        assert [number for number, post in enumerate(posts) if post.done()] == [0, 1]
        assert posts[0].result() == NoAnswer(
            "it gave way to newer ones", link_lost=False, sent=False
        )
        release.set()
        await asyncio.gather(*posts)
        told = [int(call.payload["data"]) for call in harness.csms.of("DataTransfer")]
        assert told == list(range(2, PLAIN_LIMIT + 2))


async def test_an_urgent_call_is_not_the_one_that_gives_way() -> None:
    async with Harness(keys=KEYS) as harness:
        release = asyncio.Event()
        harness.csms.script["Heartbeat"].append(Hold(release))
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        outbox = harness.station.charge_point.outbox
        posts = [
            outbox.post("DataTransfer", {"vendorId": "V", "data": str(number)})
            for number in range(PLAIN_LIMIT)
        ]
        card = outbox.post("Authorize", {"idTag": "TAG"})
        assert (posts[0].done(), card.done()) == (True, False), "the oldest, not the first"
        release.set()
        assert isinstance(await card, Result)
        await asyncio.gather(*posts)


async def test_a_card_overtakes_nobody_where_several_calls_are_open() -> None:
    async with Harness(keys=KEYS, model="gresgying-f3-eu180", quirks="pipelining") as harness:
        release = asyncio.Event()
        harness.csms.script["DataTransfer"].extend([Hold(release)] * 2)
        outbox = harness.station.charge_point.outbox
        posts = [outbox.post("DataTransfer", {"vendorId": "V"}) for _ in range(3)]
        posts.append(outbox.post("Authorize", {"idTag": "TAG"}))
        await harness.settle()
        release.set()
        await asyncio.gather(*posts)
        assert harness.csms.actions()[-4:] == [*["DataTransfer"] * 3, "Authorize"]


async def test_what_waits_behind_a_sample_does_not_put_it_off() -> None:
    async with Harness(keys={**KEYS, "MeterValueSampleInterval": "10"}) as harness:
        await charge(harness)
        harness.csms.script["MeterValues"].append(CallError())
        await harness.advance(10)
        await harness.submit(Stop(1))
        await harness.advance(11)
        assert len(harness.csms.of("StopTransaction")) == 1


async def test_the_slowest_answer_counts_however_quick_later_ones_are() -> None:
    csms, harness = slow({})
    async with csms, harness:
        for late_s in (100.0, 45.0):
            csms.late_s["StopTransaction"] = late_s
            await charge(harness)
            await harness.submit(Stop(1))
            await tick_through(harness, 150)
            await harness.submit(Unplug(1))
        csms.script["StartTransaction"].append(Drop())
        await harness.submit(Plug(1))
        csms.clear()
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.advance(100.0 * SLOWNESS - 3)
        assert len(csms.of("StartTransaction")) == 1
        await harness.advance(4)
        assert len(csms.of("StartTransaction")) == 2


class Quiet:
    """A socket that nobody answers on."""

    def __init__(self) -> None:
        self.frames: list[str] = []

    async def send(self, message: str) -> None:
        self.frames.append(message)

    async def __aiter__(self) -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""


async def test_the_answers_to_so_many_calls_are_known_late() -> None:
    clock, socket = ManualClock(), Quiet()
    endpoint = Endpoint(
        socket, {}, OCPP_16, clock=clock, log=MessageLog(), call_timeout_s=TIMEOUT_S
    )
    calls = [asyncio.ensure_future(endpoint.call("Heartbeat", {})) for _ in range(LATE_LIMIT + 1)]
    await clock.advance(TIMEOUT_S + 1)
    assert all(isinstance(answer, NoAnswer) for answer in await asyncio.gather(*calls))
    answers = [f'[3,"{json.loads(frame)[1]}",{{}}]' for frame in socket.frames]
    assert [endpoint.take(answer) for answer in answers] == [False, *[True] * LATE_LIMIT]


# -- half broken ----------------------------------------------------------


@pytest.mark.row(75, "TC_039_CS")
@pytest.mark.parametrize("said", [17, 17.0, "17", " 17 ", "+17", "17.0", "017"])
async def test_a_whole_number_in_another_dress_is_an_id(said: object) -> None:
    async with Harness(keys=KEYS) as harness:
        harness.csms.script["StartTransaction"].append(
            {"transactionId": said, "idTagInfo": {"status": "Accepted"}}
        )
        await charge(harness)
        assert await harness.ask("RemoteStopTransaction", transactionId=17) == {
            "status": "Accepted"
        }
        assert payloads(harness, "StopTransaction")[0]["transactionId"] == 17


@pytest.mark.parametrize(
    "said",
    [
        None, True, False, 17.5, float("inf"), float("nan"), 2**63, -(2**63) - 1, 1e300, "",
        "seventeen", "1e3", "0x11", "1 7", "17.5", str(2**63), "9" * 5000, "१७", [17], {"id": 17},
    ],
)  # fmt: skip
def test_what_is_no_id(said: object) -> None:
    assert whole_number(said) is None


@pytest.mark.parametrize("said", ["blocked", " Blocked ", "INVALID", "NoCredit", "concurrentTX"])
@pytest.mark.parametrize("answer", [{"transactionId": 7}, {}])
async def test_a_refusal_in_another_spelling_is_a_refusal(
    answer: dict[str, object], said: str
) -> None:
    async with Harness() as harness:
        harness.csms.script["StartTransaction"].append({**answer, "idTagInfo": {"status": said}})
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(60)
        assert harness.connector(1).transaction is None
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["reason"] == "DeAuthorized"


@pytest.mark.parametrize("said", ["accepted", "ACCEPTED", " Accepted\n"])
async def test_a_yes_in_another_spelling_is_a_yes(said: str) -> None:
    async with Harness(connect=False) as harness:
        boot = {"currentTime": "2026-01-01T12:00:00Z", "interval": "60", "status": said}
        harness.csms.script["BootNotification"].append(boot)
        harness.csms.script["Authorize"].append({"idTagInfo": {"status": said}})
        harness._connect = True
        harness.station.open()
        await harness.settle()
        assert harness.registration is Registration.ACCEPTED
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)
        await harness.advance(61)
        assert len(harness.csms.of("Heartbeat")) == 1, "an interval in another dress is one"


@BOTH
@pytest.mark.parametrize("answer", [{}, {"transactionId": None}, {"transactionId": 2**63}])
@pytest.mark.parametrize("status", ["Invalid", "Blocked", "Expired", "ConcurrentTx"])
async def test_a_refusal_without_an_id_is_a_refusal(
    status: str, answer: dict[str, Any], make: dict[str, str]
) -> None:
    async with Harness(**{"keys": KEYS, **make}) as harness:
        if make:
            await harness.ask("ChangeConfiguration", key="StopTransactionOnInvalidId", value="true")
        refusal = {**answer, "idTagInfo": {"status": status}}
        harness.csms.script["StartTransaction"].extend([refusal] * 9)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(harness.timing.cable_check_s + 5)
        assert harness.connector().transaction is None, "stopped by the first answer (§4.8)"
        assert [text for text in told(harness) if "without a transactionId that is a whole" in text]
        await harness.advance(300)
        assert not payloads(harness, "StopTransaction")
        assert harness.station.snapshot.link.queued == 0


async def test_a_refusal_without_an_id_takes_the_energy_where_it_does_not_stop() -> None:
    keys = {**KEYS, "StopTransactionOnInvalidId": "false", "TransactionMessageRetryInterval": "60"}
    async with Harness(keys=keys) as harness:
        harness.csms.script["StartTransaction"].append({"idTagInfo": {"status": "Invalid"}})
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(5)
        assert harness.status() == "SuspendedEVSE"
        await harness.advance(60)
        assert harness.connector().transaction.transaction_id == 1000, "the id came with the next"
        assert harness.status() == "SuspendedEVSE"


async def test_a_verdict_that_comes_twice_does_not_give_the_energy_twice() -> None:
    keys = {
        **KEYS,
        "StopTransactionOnInvalidId": "false",
        "MaxEnergyOnInvalidId": "1000",
        "TransactionMessageRetryInterval": "15",
    }
    async with Harness(keys=keys) as harness:
        refusal = {"idTagInfo": {"status": "Invalid"}}
        harness.csms.script["StartTransaction"].extend([refusal, {"transactionId": 5, **refusal}])
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        began_wh = harness.connector().register_wh
        await harness.advance(600)
        assert harness.connector().register_wh - began_wh == pytest.approx(1000, abs=30)


@BOTH
async def test_charging_ends_once_nothing_is_left_to_try(make: dict[str, str]) -> None:
    async with Harness(**{"keys": KEYS, **make}) as harness:
        if make:
            for key in ("TransactionMessageAttempts", "TransactionMessageRetryInterval"):
                await harness.ask("ChangeConfiguration", key=key, value=KEYS[key])
        harness.csms.script["StartTransaction"].extend([CallError()] * 9)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(300)
        assert len(harness.csms.of("StartTransaction")) == 3
        assert harness.connector().transaction is None
        assert not harness.csms.of("StopTransaction")
        assert [text for text in told(harness) if "charging for TAG ends" in text]
        assert harness.station.snapshot.link.queued == 0


async def test_a_start_that_is_given_up_after_the_session_is_only_noted() -> None:
    async with Harness(keys={**KEYS, "TransactionMessageAttempts": "1"}) as harness:
        release = asyncio.Event()
        harness.csms.script["StartTransaction"].append(Hold(release, {}))
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        release.set()
        await harness.settle()
        await charge(harness, 1, "NEXT")
        assert harness.status() == "Charging"
        assert not [text for text in told(harness) if "charging for" in text]


# -- silence --------------------------------------------------------------


def sent(harness: Harness, action: str) -> list[float]:
    """Seconds at which an action was sent, from the first time on."""
    moments = [e.requested_at for e in harness.messages.since(0)[1] if e.action == action]
    return [(moment - moments[0]).total_seconds() for moment in moments]


@pytest.mark.row(77, "S§3.7.1")
async def test_the_gaps_of_a_silent_stop_are_interval_times_attempts() -> None:
    async with Harness(keys=KEYS) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].extend([Drop()] * 5)
        await harness.submit(Stop(1))
        await harness.advance(400)
        at = sent(harness, "StopTransaction")
        gaps = [after - before - TIMEOUT_S for before, after in itertools.pairwise(at)]
        assert gaps == pytest.approx([10, 20, 30, 30, 30])


async def test_silences_that_healed_are_forgotten() -> None:
    keys = {**KEYS, "MeterValueSampleInterval": "500", "TransactionMessageAttempts": "2"}
    async with Harness(keys=keys) as harness:
        await charge(harness)
        await harness.advance(450)
        for _ in range(3):
            harness.csms.script["MeterValues"].append(Drop())
            await harness.advance(500)
        samples = [str(p) for p in payloads(harness, "MeterValues")]
        assert len(samples) == 6, "each was sent again"
        assert len(set(samples)) == 3
        assert not [text for text in told(harness) if "given up" in text]


async def stop_leaves_within(
    harness: Harness, csms: ScriptedCsms, charged_s: int, patience_s: float
) -> None:
    """A session in which samples fare badly: the stop must not suffer for it."""
    await charge(harness)
    await harness.advance(charged_s)
    await harness.submit(Stop(1))
    await harness.advance(patience_s)
    (stop,) = payloads(harness, "StopTransaction")
    assert stop["transactionId"] == 1000
    await harness.advance(60)
    assert harness.station.snapshot.link.queued == 0
    actions = [call.action for call in csms.calls]
    assert "MeterValues" not in actions[actions.index("StopTransaction") :], "nor after it (§3.7)"


SAMPLES = {**KEYS, "MeterValueSampleInterval": "10", "TransactionMessageRetryInterval": "60"}


class Deaf(ScriptedCsms):
    """It answers everything but MeterValues, or answers those in its way."""

    def __init__(self, how: Answer) -> None:
        super().__init__()
        self.how = how

    def choose(self, call: Call) -> Answer:
        return self.how if call.action == "MeterValues" else super().choose(call)


@pytest.mark.parametrize("charged_s", [15, 200, 3600])
async def test_samples_that_are_never_answered_do_not_hold_back_the_stop(charged_s: int) -> None:
    csms = Deaf(Drop())
    async with csms, Harness(csms=csms, keys=SAMPLES) as harness:
        csms._now = harness.clock.now
        await stop_leaves_within(harness, csms, charged_s, TIMEOUT_S + 1)


@pytest.mark.parametrize(
    "code",
    ["NotImplemented", "NotSupported", "FormationViolation", "PropertyConstraintViolation",
     "TypeConstraintViolation", "OccurenceConstraintViolation"],
)  # fmt: skip
async def test_a_sample_that_meets_the_same_refusal_again_is_sent_once(code: str) -> None:
    csms = Deaf(CallError(code))
    async with csms, Harness(csms=csms, keys=SAMPLES) as harness:
        csms._now = harness.clock.now
        await stop_leaves_within(harness, csms, 105, 1)
        assert len(payloads(harness, "MeterValues")) == 10
        given_up = [text for text in told(harness) if text.startswith("MeterValues")]
        assert given_up == [f"MeterValues of connector 1 was given up: CALLERROR {code} 'scripted'"]


@pytest.mark.parametrize("code", ["InternalError", "GenericError"])
async def test_samples_that_fail_again_and_again_do_not_hold_back_the_stop(code: str) -> None:
    csms = Deaf(CallError(code))
    async with csms, Harness(csms=csms, keys=SAMPLES) as harness:
        csms._now = harness.clock.now
        await stop_leaves_within(harness, csms, 3600, 61)


async def test_a_long_interval_does_not_hold_back_the_stop() -> None:
    keys = {**SAMPLES, "TransactionMessageRetryInterval": "3600"}
    csms = Deaf(CallError("InternalError"))
    async with csms, Harness(csms=csms, keys=keys) as harness:
        csms._now = harness.clock.now
        await stop_leaves_within(harness, csms, 100, 61)


async def test_another_connectors_start_is_not_held_back_either() -> None:
    csms = Deaf(Drop())
    async with csms, Harness(csms=csms, keys=SAMPLES) as harness:
        csms._now = harness.clock.now
        await charge(harness)
        await harness.advance(600)
        await harness.submit(Plug(2))
        starting = asyncio.ensure_future(harness.station.submit(Start(2, "OTHER")))
        await harness.advance(
            2 * TIMEOUT_S + 1
        )  # for Authorize, and for the sample that is open then
        assert isinstance(await starting, Accepted)
        assert harness.connector(2).transaction.transaction_id == 1001


async def test_a_csms_that_hangs_as_a_whole_gets_every_sample_in_the_end() -> None:
    """Nothing shows that it is the samples: they are kept, and so is their order."""
    hangs = False

    class Hanging(ScriptedCsms):
        def choose(self, call: Call) -> Answer:
            return Drop() if hangs else super().choose(call)

    csms = Hanging()
    keys = {**SAMPLES, "TransactionMessageAttempts": "9", "TransactionMessageRetryInterval": "10"}
    async with csms, Harness(csms=csms, keys=keys) as harness:
        csms._now = harness.clock.now
        await charge(harness)
        hangs = True
        await harness.advance(35)
        await harness.submit(Stop(1))
        await harness.advance(60)
        hangs = False
        csms.clear()
        await harness.advance(300)
        rows = [call.action for call in csms.calls if call.action != "Heartbeat"]
        rows = [action for action in rows if action != "StatusNotification"]
        assert rows == ["MeterValues"] * 3 + ["StopTransaction"]


async def test_after_a_sample_was_answered_again_each_has_its_attempts() -> None:
    keys = {**SAMPLES, "MeterValueSampleInterval": "500", "TransactionMessageRetryInterval": "10"}
    async with Harness(keys=keys) as harness:
        await charge(harness)
        harness.csms.script["MeterValues"].extend([Drop()] * 3)
        await harness.advance(990)
        assert [text for text in told(harness) if "no answer, 3 times" in text]
        await harness.advance(20)  # the next one is answered
        harness.csms.script["MeterValues"].extend([Drop()] * 2)
        await harness.advance(600)
        assert len(payloads(harness, "MeterValues")) == 7


async def test_the_heartbeat_interval_of_a_boot_survives_a_restart(tmp_path: Path) -> None:
    harness = Harness(state=tmp_path)
    harness.csms.interval = 77
    async with harness:
        await harness.power_cut()
        harness.csms.interval = 0  # this CSMS gives none: the one that was given counts
        await harness.power_on()
        await harness.settle()
        harness.csms.clear()
        await harness.advance(77)
        assert [call.action for call in harness.csms.calls] == ["Heartbeat"]


class TwentyTimes(HarnessClock):
    """A time that runs away from the wall's."""

    def on_the_wall(self, seconds: float) -> float:
        return seconds / 20


async def test_how_long_an_answer_took_is_told_in_the_seconds_of_the_other_computer() -> None:
    csms, harness = slow({"Heartbeat": 10.0}, clock=TwentyTimes())
    async with csms, harness:
        asked = asyncio.ensure_future(harness.station.submit(Send("Heartbeat", "{}")))
        await harness.advance(10)
        assert (await asked).ok
        heartbeat = harness.messages.since(0)[1][-1]
        assert heartbeat.action == "Heartbeat"
        assert heartbeat.latency_s == pytest.approx(0.5, abs=0.01)
