"""Offline, and what becomes of transaction messages (OCPP 1.6 §3.5, §3.7, §4.8; OCPP-J §5.3).

Row 72 names the local list too: that is in `test_local_list`. Row 78: what follows a
StartTransaction that was given up is dropped with it, because there is no transactionId that would
be its own, and charging ends, because nobody could stop it from outside. Row 81 names firmware and
diagnostics messages: the charge point does not offer that profile.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from sim_core.commands import (
    Accepted,
    ClearFault,
    GoOnline,
    GoSilent,
    InjectFault,
    Plug,
    Refused,
    Start,
    Stop,
    SuspendEV,
    Unplug,
)
from sim_core.snapshot import LinkState
from sim_core.wire.timestamps import stamp
from tests.conformance.acts import (
    back_online,
    charge,
    checked,
    configure,
    energy_wh,
    is_free,
    lanes,
    payloads,
    plug_network,
    said,
    unplug_network,
)
from tests.harness import Harness
from tests.scripted_csms import Answer, CallError, Cut, Drop, Hold, Payload, Twice


def when(payload: Payload) -> datetime:
    """The moment that a payload tells of."""
    told = payload["meterValue"][0] if "meterValue" in payload else payload
    return datetime.fromisoformat(told["timestamp"].replace("Z", "+00:00"))


async def learn(harness: Harness, id_tag: str = "KNOWN") -> None:
    """A whole session, so that the card is in the authorization cache."""
    await charge(harness, 1, id_tag)
    await harness.submit(Stop(1))
    await harness.submit(Unplug(1))
    harness.csms.clear()


# -- started online --------------------------------------------------


@pytest.mark.row(68, "TC_036_CS")
async def test_samples_taken_offline_arrive_in_order_with_their_own_times() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        began = await charge(harness)
        await unplug_network(harness)
        await harness.advance(45)
        assert harness.status() == "Charging"
        assert said(harness) == []
        assert harness.station.snapshot.link.queued == 4
        await plug_network(harness)
        assert said(harness) == [*back_online(harness), *["MeterValues"] * 4]
        samples = payloads(harness, "MeterValues")
        moments = [began + timedelta(seconds=s) for s in (10, 20, 30, 40)]
        assert [when(sample) for sample in samples] == moments
        assert {sample["transactionId"] for sample in samples} == {1000}
        values = [energy_wh(s["meterValue"][0]["sampledValue"][0]) for s in samples]
        assert values == sorted(set(values)), "the register rose all the while"
        assert harness.status() == "Charging"
        await harness.advance(5)
        assert len(payloads(harness, "MeterValues")) == 5, "and it goes on in the same rhythm"


@pytest.mark.row(74, "TC_038_CS")
async def test_started_online_and_stopped_offline() -> None:
    async with Harness() as harness:
        await charge(harness)
        await unplug_network(harness)
        stopped = harness.clock.now()
        await harness.submit(Stop(1))
        await harness.advance(100)
        await plug_network(harness)
        told = [*back_online(harness, "StatusNotification 1 Finishing"), "StopTransaction"]
        assert sorted(said(harness)) == sorted(told)
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["transactionId"] == 1000
        assert stop.get("reason", "Local") == "Local"
        assert when(stop) == stopped


# -- started offline -------------------------------------------------


@pytest.mark.row(69, "TC_037_1_CS")
async def test_a_known_card_starts_offline() -> None:
    async with Harness(keys={"LocalAuthorizeOffline": "true"}) as harness:
        await learn(harness)
        await unplug_network(harness)
        await harness.submit(Plug(1))
        started = harness.clock.now() + timedelta(seconds=harness.timing.cable_check_s)
        assert isinstance(await harness.submit(Start(1, "known")), Accepted)
        await checked(harness)
        assert harness.status() == "Charging"
        await harness.advance(30)
        await plug_network(harness)
        told = [*back_online(harness, "StatusNotification 1 Charging"), "StartTransaction"]
        assert lanes([a for a in said(harness) if a != "MeterValues"]) == lanes(told)
        (start,) = payloads(harness, "StartTransaction")
        assert when(start) == started


@pytest.mark.row(70, "TC_037_2_CS")
async def test_a_stranger_who_started_offline_is_refused_and_only_loses_the_energy() -> None:
    keys = {"AllowOfflineTxForUnknownId": "true", "StopTransactionOnInvalidId": "false"}
    async with Harness(keys={**keys, "MeterValueSampleInterval": "0"}) as harness:
        harness.csms.tags["STRANGER"] = {"status": "Invalid"}
        await unplug_network(harness)
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "STRANGER")), Accepted)
        await checked(harness)
        assert harness.status() == "Charging"
        await plug_network(harness)
        assert lanes(said(harness))[1][-1] == "StartTransaction"
        assert said(harness)[-1] == "StatusNotification 1 SuspendedEVSE"
        register_wh = harness.connector().register_wh
        await harness.advance(60)
        assert harness.connector().register_wh == register_wh
        assert not payloads(harness, "StopTransaction")
        await harness.ask("RemoteStopTransaction", transactionId=1000)
        assert payloads(harness, "StopTransaction")[0]["transactionId"] == 1000


@pytest.mark.row(71, "TC_037_3_CS")
async def test_a_stranger_who_started_offline_is_refused_and_stopped() -> None:
    keys = {"AllowOfflineTxForUnknownId": "true", "StopTransactionOnInvalidId": "true"}
    async with Harness(keys={**keys, "MeterValueSampleInterval": "0"}) as harness:
        harness.csms.tags["STRANGER"] = {"status": "Invalid"}
        await unplug_network(harness)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "STRANGER"))
        await checked(harness)
        await plug_network(harness)
        statuses, others = lanes(said(harness))
        assert others[-2:] == ["StartTransaction", "StopTransaction"]
        assert statuses[-1] == "StatusNotification 1 Finishing"
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["transactionId"], stop["reason"]) == (1000, "DeAuthorized")


@pytest.mark.row(72, "S§3.5.2/3")
async def test_a_stranger_is_refused_offline() -> None:
    async with Harness(keys={"AllowOfflineTxForUnknownId": "false"}) as harness:
        await unplug_network(harness)
        await harness.submit(Plug(1))
        refused = await harness.submit(Start(1, "STRANGER"))
        assert isinstance(refused, Refused)
        assert "does not know the card STRANGER" in refused.reason
        await plug_network(harness)
        assert said(harness) == back_online(harness, "StatusNotification 1 Preparing")


@pytest.mark.row(72, "S§3.5.2/3")
@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid"])
async def test_a_card_that_is_known_to_be_bad_is_refused_offline(status: str) -> None:
    async with Harness(keys={"AllowOfflineTxForUnknownId": "true"}) as harness:
        harness.csms.tags["BAD"] = {"status": status}
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "BAD")), Refused)
        await unplug_network(harness)
        assert isinstance(await harness.submit(Start(1, "BAD")), Refused)
        await plug_network(harness)
        assert said(harness) == back_online(harness)


@pytest.mark.row(72, "S§3.5.2/3")
@pytest.mark.parametrize("allowed", ["true", "false"])
@pytest.mark.parametrize("status", ["Blocked", "Invalid", "ConcurrentTx"])
async def test_what_the_cache_knew_of_a_card_runs_out(status: str, allowed: str) -> None:
    """§3.5.4: a card whose time is over is one that nobody knows, however bad it was before."""
    async with Harness(keys={"AllowOfflineTxForUnknownId": allowed}) as harness:
        over = stamp(harness.clock.now() + timedelta(seconds=60))
        harness.csms.tags["BAD"] = {"status": status, "expiryDate": over}
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "BAD")), Refused)
        await unplug_network(harness)
        refused = await harness.submit(Start(1, "BAD"))
        assert isinstance(refused, Refused)
        assert f"knows the card BAD as {status}" in refused.reason
        await harness.advance(61)
        outcome = await harness.submit(Start(1, "BAD"))
        assert isinstance(outcome, Accepted if allowed == "true" else Refused)
        if isinstance(outcome, Refused):
            assert "does not know the card BAD" in outcome.reason


@pytest.mark.row(73, "S§3.5.2")
@pytest.mark.parametrize("unknown", ["true", "false"])
async def test_nobody_starts_offline_where_that_is_not_allowed(unknown: str) -> None:
    keys = {"LocalAuthorizeOffline": "false", "AllowOfflineTxForUnknownId": unknown}
    async with Harness(keys=keys) as harness:
        await learn(harness)
        await unplug_network(harness)
        await harness.submit(Plug(1))
        refused = await harness.submit(Start(1, "KNOWN"))
        assert isinstance(refused, Refused)
        assert "LocalAuthorizeOffline" in refused.reason
        await plug_network(harness)
        assert said(harness) == back_online(harness, "StatusNotification 1 Preparing")


@pytest.mark.row(75, "TC_039_CS")
async def test_a_whole_session_offline_carries_the_id_that_comes_later() -> None:
    keys = {"AllowOfflineTxForUnknownId": "true", "MeterValueSampleInterval": "10"}
    async with Harness(keys=keys) as harness:
        await unplug_network(harness)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.advance(25)
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        harness.csms.script["StartTransaction"].append(
            {"transactionId": 77, "idTagInfo": {"status": "Accepted"}}
        )
        await plug_network(harness)
        assert lanes(said(harness)) == lanes(
            [
                *back_online(harness),
                "StartTransaction",
                "MeterValues",
                "MeterValues",
                "StopTransaction",
            ]
        )
        assert {s["transactionId"] for s in payloads(harness, "MeterValues")} == {77}
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["transactionId"] == 77
        assert stop.get("reason", "Local") == "Local"


@pytest.mark.row(75, "TC_039_CS")
@pytest.mark.parametrize("transaction_id", [0, -1, -(2**31), 2**31 - 1, 2**62])
async def test_any_integer_is_a_transaction_id(transaction_id: int) -> None:
    async with Harness(keys={"AllowOfflineTxForUnknownId": "true"}) as harness:
        await unplug_network(harness)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.submit(Stop(1))
        harness.csms.script["StartTransaction"].append(
            {"transactionId": transaction_id, "idTagInfo": {"status": "Accepted"}}
        )
        await plug_network(harness)
        (stop,) = payloads(harness, "StopTransaction")
        assert stop["transactionId"] == transaction_id


@pytest.mark.row(76, "S§3.7")
async def test_several_transactions_go_out_in_the_order_in_which_they_happened() -> None:
    keys = {"AllowOfflineTxForUnknownId": "true", "MeterValueSampleInterval": "10"}
    async with Harness(keys=keys) as harness:
        await unplug_network(harness)
        for connector_id, tag in ((1, "A"), (2, "B")):
            await harness.submit(Plug(connector_id))
            await harness.submit(Start(connector_id, tag))
            await checked(harness)
            await harness.advance(4)
        await harness.advance(6)
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "C"))
        await checked(harness)
        await harness.submit(Stop(2))
        release = asyncio.Event()
        harness.csms.script["StartTransaction"].append(Hold(release))
        await plug_network(harness)
        rows = ("StartTransaction", "MeterValues", "StopTransaction")
        assert [call.action for call in harness.csms.of(*rows)] == ["StartTransaction"]
        await harness.advance(20)
        assert len(harness.csms.of(*rows)) == 1, "one in flight, whatever piles up behind it"
        release.set()
        await harness.settle()
        calls = [call for call in harness.csms.of(*rows) if not is_free(call)]
        assert [(call.action, call.payload.get("transactionId")) for call in calls[:7]] == [
            ("StartTransaction", None),
            ("StartTransaction", None),
            ("MeterValues", 1000),
            ("MeterValues", 1001),
            ("StopTransaction", 1000),
            ("StartTransaction", None),
            ("StopTransaction", 1001),
        ]
        assert [when(call.payload) for call in calls] == sorted(when(c.payload) for c in calls)
        assert [s["idTag"] for s in payloads(harness, "StartTransaction")] == ["A", "B", "C"]
        assert {call.payload["transactionId"] for call in calls[7:]} == {1002}


# -- what a CSMS does to a transaction message -----------------------


def sends(harness: Harness, action: str) -> list[float]:
    """Seconds since the start at which an action has gone out, by the log of the charge point."""
    _, exchanges = harness.messages.since(0)
    epoch = exchanges[0].requested_at
    return [(e.requested_at - epoch).total_seconds() for e in exchanges if e.action == action]


@pytest.mark.row(77, "S§3.7.1")
async def test_a_callerror_is_answered_by_sending_again_a_limited_number_of_times() -> None:
    keys = {"TransactionMessageAttempts": "3", "TransactionMessageRetryInterval": "10"}
    async with Harness(keys={**keys, "MeterValueSampleInterval": "0"}) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].extend([CallError()] * 9)
        await harness.submit(Stop(1))
        await harness.advance(200)
        at = sends(harness, "StopTransaction")
        assert [moment - at[0] for moment in at] == pytest.approx([0, 10, 30])
        calls = harness.csms.of("StopTransaction")
        assert len({str(call.payload) for call in calls}) == 1, "the same PDU"
        assert len({call.message_id for call in calls}) == 3, "under a fresh message id"
        assert harness.station.snapshot.link.queued == 0
        _, events = harness.events.since(0)
        assert any("StopTransaction" in event.text and "given up" in event.text for event in events)
        harness.csms.script["StopTransaction"].clear()
        await harness.submit(Unplug(1))
        await charge(harness)
        await harness.submit(Stop(1))
        assert payloads(harness, "StopTransaction")[-1]["transactionId"] == 1001, "the next goes on"


@pytest.mark.row(77, "S§3.7.1")
async def test_what_waits_behind_a_retry_stays_behind_it_and_status_does_not() -> None:
    keys = {"TransactionMessageAttempts": "5", "TransactionMessageRetryInterval": "60"}
    async with Harness(keys={**keys, "MeterValueSampleInterval": "10"}) as harness:
        await charge(harness)
        harness.csms.script["MeterValues"].append(CallError())
        await harness.advance(10)
        await harness.submit(Stop(1))
        assert said(harness) == ["MeterValues", "StatusNotification 1 Finishing"]
        await harness.advance(59)
        assert len(said(harness)) == 2
        await harness.advance(1)
        assert lanes(said(harness)[2:]) == lanes(["MeterValues", "StopTransaction"])


@pytest.mark.row(77, "S§3.7.1")
async def test_attempts_are_counted_over_a_power_cut(tmp_path: Path) -> None:
    keys = {"TransactionMessageAttempts": "3", "TransactionMessageRetryInterval": "10"}
    async with Harness(state=tmp_path, keys={**keys, "MeterValueSampleInterval": "0"}) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].extend([CallError()] * 9)
        await harness.submit(Stop(1))
        await harness.advance(10)
        await harness.power_cut()
        await harness.power_on()
        await harness.advance(200)
        assert len(payloads(harness, "StopTransaction")) == 3


@pytest.mark.row(77, "S§3.7.1")
async def test_a_sending_again_on_a_new_connection_keeps_its_distance() -> None:
    keys = {"TransactionMessageAttempts": "3", "TransactionMessageRetryInterval": "60"}
    async with Harness(keys={**keys, "MeterValueSampleInterval": "0"}) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].append(CallError())
        await harness.submit(Stop(1))
        await unplug_network(harness)
        await plug_network(harness)
        assert not payloads(harness, "StopTransaction")
        await harness.advance(60)
        assert len(payloads(harness, "StopTransaction")) == 1


@pytest.mark.row(78, "S§3.7.1")
@pytest.mark.parametrize(
    "answer",
    [
        CallError(),
        {"idTagInfo": {"status": "Accepted"}},
        {"transactionId": "one thousand", "idTagInfo": {"status": "Accepted"}},
        {"transactionId": "", "idTagInfo": {"status": "Accepted"}},
        {"transactionId": 1000.5, "idTagInfo": {"status": "Accepted"}},
        {"transactionId": float("inf"), "idTagInfo": {"status": "Accepted"}},
        {"transactionId": [1000], "idTagInfo": {"status": "Accepted"}},
        {"transactionId": True, "idTagInfo": {"status": "Accepted"}},
        {"transactionId": 2**63, "idTagInfo": {"status": "Accepted"}},
        {"transactionId": str(2**63), "idTagInfo": {"status": "Accepted"}},
        {"transactionId": 10**30, "idTagInfo": {"status": "Accepted"}},
    ],
)
async def test_nothing_of_a_transaction_without_id_goes_out(answer: Answer) -> None:
    keys = {"TransactionMessageAttempts": "2", "TransactionMessageRetryInterval": "1"}
    async with Harness(keys={**keys, "MeterValueSampleInterval": "10"}) as harness:
        await learn(harness, "OTHER")  # transaction 1000
        harness.csms.script["StartTransaction"].extend([answer] * 2)
        await charge(harness)
        assert harness.status() == "Charging", "as long as there is something left to try"
        assert await harness.ask("RemoteStopTransaction", transactionId=1000) == {
            "status": "Rejected"
        }
        await harness.advance(30)
        assert harness.status() == "Finishing", "nobody could bill it, nor stop it from outside"
        _, events = harness.events.since(0)
        assert any("charging for TAG ends, for the CSMS did not" in event.text for event in events)
        assert not payloads(harness, "MeterValues")
        assert not payloads(harness, "StopTransaction")
        assert harness.station.snapshot.link.queued == 0
        await harness.submit(Unplug(1))
        await charge(harness)
        await harness.submit(Stop(1))
        assert payloads(harness, "StopTransaction")[-1]["transactionId"] == 1001


@pytest.mark.row(78, "S§3.7.1")
async def test_a_whole_session_offline_whose_start_is_refused_is_dropped_whole() -> None:
    keys = {"AllowOfflineTxForUnknownId": "true", "MeterValueSampleInterval": "10"}
    async with Harness(keys={**keys, "TransactionMessageAttempts": "1"}) as harness:
        await learn(harness, "OTHER")  # transaction 1000
        await unplug_network(harness)
        for tag in ("LOST", "KEPT"):
            await harness.submit(Plug(1))
            await harness.submit(Start(1, tag))
            await checked(harness)
            await harness.advance(25)
            await harness.submit(Stop(1))
            await harness.submit(Unplug(1))
        harness.csms.script["StartTransaction"].append(CallError())
        await plug_network(harness)
        assert lanes(said(harness)) == lanes(
            [
                *back_online(harness),
                "StartTransaction",
                "StartTransaction",
                "MeterValues",
                "MeterValues",
                "StopTransaction",
            ]
        )
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["idTag"], stop["transactionId"]) == ("KEPT", 1001)
        assert {s["transactionId"] for s in payloads(harness, "MeterValues")} == {1001}
        assert harness.station.snapshot.link.queued == 0


@pytest.mark.row("W7", "call timeout")
@pytest.mark.row(77, "S§3.7.1")
async def test_silence_to_a_start_or_stop_is_no_failure_to_process() -> None:
    """A CSMS that hangs has not refused the message: it is sent until there is an answer."""
    keys = {"TransactionMessageAttempts": "2", "TransactionMessageRetryInterval": "10"}
    async with Harness(keys={**keys, "MeterValueSampleInterval": "0"}) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].extend([Drop()] * 4)
        await harness.submit(Stop(1))
        await harness.advance(300)
        calls = harness.csms.of("StopTransaction")
        assert len(calls) == 5, "the fifth was answered"
        assert len({str(call.payload) for call in calls}) == 1
        assert harness.station.snapshot.link.queued == 0


@pytest.mark.row(76, "S§3.7")
@pytest.mark.parametrize("action", ["StartTransaction", "StopTransaction", "MeterValues"])
@pytest.mark.parametrize("how", ["before the answer", "after the answer", "answered twice"])
async def test_a_row_whose_link_is_cut_goes_out_again_once_and_only_if_unanswered(
    action: str, how: str
) -> None:
    answer: Answer = {
        "before the answer": Cut(),
        "after the answer": Cut(after_answer=True),
        "answered twice": Twice(),
    }[how]
    async with Harness(keys={"MeterValueSampleInterval": "10"}) as harness:
        await harness.submit(Plug(1))
        harness.csms.script[action].append(answer)
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.advance(15)
        await harness.submit(Stop(1))
        await harness.advance(40)
        (first, *later) = harness.csms.of(action)
        again = [call for call in later if call.payload == first.payload]
        if how == "before the answer":
            assert again[0].payload == first.payload
            assert again[0].connection == 2
            assert again[0].message_id != first.message_id
            del again[0]
        assert not again
        stop = payloads(harness, "StopTransaction")[-1]
        expected = 1001 if (action, how) == ("StartTransaction", "before the answer") else 1000
        assert stop["transactionId"] == expected
        assert {s["transactionId"] for s in payloads(harness, "MeterValues")} == {expected}


@pytest.mark.row(76, "S§3.7")
async def test_a_row_that_is_written_as_the_link_breaks_goes_out_once() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.csms.cut()
        await harness.submit(Stop(1))
        await harness.advance(5)
        assert len(payloads(harness, "StopTransaction")) == 1
        assert harness.station.snapshot.link.queued == 0


@pytest.mark.row(76, "S§3.7")
async def test_a_row_that_silence_has_swallowed_is_sent_when_frames_pass_again() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "0"}) as harness:
        await charge(harness)
        await harness.submit(GoSilent())
        await harness.submit(Stop(1))
        await harness.advance(5)
        assert said(harness) == []
        await harness.submit(GoOnline())
        await harness.advance(60)
        assert len(payloads(harness, "StopTransaction")) == 1


# -- the link itself -------------------------------------------------


@pytest.mark.row(79, "OCPP-J§5.3")
async def test_a_cut_link_comes_back_without_a_boot_and_with_the_news_only() -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        harness.csms.clear()
        await harness.csms.cut()
        await harness.settle()
        assert harness.station.snapshot.link.state is LinkState.WAITING
        assert harness.station.snapshot.link.retry_at > harness.station.now()
        await harness.submit(InjectFault(2))
        await harness.submit(ClearFault(2))
        await harness.submit(InjectFault(1))
        await harness.advance(1)
        assert harness.csms.connections == 2
        assert said(harness) == back_online(harness, "StatusNotification 1 Faulted")


@pytest.mark.row(79, "OCPP-J§5.3")
async def test_a_link_that_is_lost_while_idle_comes_back_to_heartbeats() -> None:
    async with Harness() as harness:
        harness.csms.clear()
        await harness.csms.cut()
        await harness.advance(3700)
        first = back_online(harness)
        assert said(harness)[: len(first)] == first
        assert set(said(harness)[len(first) :]) == {"Heartbeat"}


@pytest.mark.row(79, "OCPP-J§5.3")
async def test_a_status_whose_answer_was_lost_is_told_again() -> None:
    async with Harness() as harness:
        harness.csms.script["StatusNotification"].append(Cut())
        harness.csms.clear()
        await harness.submit(Plug(1))
        await harness.advance(1)
        again = back_online(harness, "StatusNotification 1 Preparing")
        assert said(harness) == ["StatusNotification 1 Preparing", *again]


@pytest.mark.row(80, "S§3.7")
async def test_the_queue_survives_a_power_cut_and_waits_for_the_boot(tmp_path: Path) -> None:
    keys = {"AllowOfflineTxForUnknownId": "true", "MeterValueSampleInterval": "10"}
    async with Harness(state=tmp_path, keys=keys) as harness:
        await unplug_network(harness)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.advance(25)
        await harness.submit(Stop(1))
        await harness.power_cut()
        harness.csms.script["BootNotification"].append(
            {"status": "Pending", "interval": 60, "currentTime": "2026-01-01T12:00:25Z"}
        )
        await harness.power_on()
        await harness.settle()
        assert said(harness) == ["BootNotification"]
        await harness.advance(60)
        rows = ("StartTransaction", "MeterValues", "StopTransaction")
        calls = [call for call in harness.csms.of(*rows) if not is_free(call)]
        assert [call.action for call in calls] == [
            "StartTransaction",
            "MeterValues",
            "MeterValues",
            "StopTransaction",
        ]
        assert {call.payload["transactionId"] for call in calls[1:]} == {1000}
        assert calls[-1].payload["reason"] == "Local"


@pytest.mark.row(80, "S§3.7")
async def test_what_was_confirmed_is_not_sent_again_after_a_power_cut(tmp_path: Path) -> None:
    async with Harness(state=tmp_path, keys={"MeterValueSampleInterval": "10"}) as harness:
        await charge(harness)
        await harness.advance(25)
        harness.csms.script["StopTransaction"].append(Hold(asyncio.Event()))
        await harness.submit(Stop(1))
        assert len(payloads(harness, "MeterValues")) == 2
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        assert len(payloads(harness, "MeterValues")) == 2
        assert not payloads(harness, "StartTransaction")
        first, again = payloads(harness, "StopTransaction")
        assert first == again, "unanswered, and so sent again, recognisably the same"
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        assert len(payloads(harness, "StopTransaction")) == 2


@pytest.mark.row(81, "S§4.4")
async def test_what_is_no_transaction_message_is_not_queued() -> None:
    keys = {"ClockAlignedDataInterval": "60", "HeartbeatInterval": "30"}
    async with Harness(keys=keys) as harness:
        harness.csms.interval = 30
        await configure(harness, HeartbeatInterval="30")
        await unplug_network(harness)
        await harness.advance(300)
        for _ in range(3):
            await harness.submit(Plug(1))
            await harness.submit(Unplug(1))
        assert harness.station.snapshot.link.queued == 0
        await plug_network(harness)
        assert said(harness) == back_online(harness)


@pytest.mark.row(81, "S§4.4")
async def test_of_many_states_offline_only_the_last_is_told() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "0"}) as harness:
        await charge(harness)
        await unplug_network(harness)
        await harness.submit(InjectFault(1))
        await harness.submit(ClearFault(1))
        await harness.submit(SuspendEV(1))
        await plug_network(harness)
        assert said(harness) == back_online(harness, "StatusNotification 1 SuspendedEV")
