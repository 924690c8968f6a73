"""A log is played to a CSMS over a real socket: what is said, in which order, and what is found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim_core.csms import Csms as OurCsms
from sim_core.csms import events201
from sim_core.errors import UserError
from sim_core.replay.answering import Source
from sim_core.replay.judging import Verdict
from sim_core.replay.score import score_of
from sim_core.snapshot import ConnectorState, LinkState, Registration
from sim_core.traces.formats.form import CannotRead
from sim_core.traces.reading import read
from tests.patience import PATIENCE_S
from tests.replay.recorded import (
    BOOT,
    BOOTED,
    DOWN,
    UP,
    Csms,
    Log,
    csms,
    played,
    replay,
    session,
    session_201,
    stamp,
)


async def until(holds: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
    """Return once it holds; another thread brings it about, so it is looked at now and then."""
    for _ in range(int(patience_s / 0.01)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that")


def verdicts(made: object) -> dict[str, Verdict]:
    return {one.saying.action: one.verdict for one in made.findings.judged}  # type: ignore[attr-defined]


# -- what is said ----------------------------------------------------------------------------------


async def test_the_charger_of_the_log_speaks_again_in_its_order() -> None:
    async with csms() as behind:
        made = await played(replay(session(), behind.port, "--cpid=OLD"))
        assert [message[2] for message in behind.heard] == [
            "BootNotification",
            "Authorize",
            "StartTransaction",
            "MeterValues",
            "MeterValues",
            "StopTransaction",
        ]
        assert behind.paths == ["/ocpp/OLD"]
        assert not made.findings.differs
        assert made.findings.count(Verdict.SAME) == 6


async def test_transactions_have_the_ids_of_this_csms_and_messages_ids_of_their_own() -> None:
    async with csms() as behind:
        await played(replay(session(), behind.port))
        named = [
            payload["transactionId"]
            for action in ("MeterValues", "StopTransaction")
            for payload in behind.payloads(action)
        ]
        assert named == [4711, 4711, 4711]
        ids = [message[1] for message in behind.heard]
        assert len(set(ids)) == 6
        assert not {f"i{number}" for number in range(7)} & set(ids)


async def test_a_charger_of_2_0_1_speaks_again_under_a_name_that_no_transaction_has_had() -> None:
    asks = {
        "TransactionEvent": [("GetBaseReport", {"requestId": 9, "reportBase": "FullInventory"})]
    }
    async with csms(asks=asks) as behind:
        made = await played(replay(session_201(), behind.port))
        assert [link.subprotocol for link in behind.links] == ["ocpp2.0.1"]
        told = behind.payloads("TransactionEvent")
        assert [one["eventType"] for one in told] == ["Started", "Updated", "Ended"]
        names = {one["transactionInfo"]["transactionId"] for one in told}
        assert len(names) == 1
        assert names != {"T-1"}
        assert [answer[2] for answer in behind.told] == [{"status": "Accepted"}]
        assert made.findings.count(Verdict.SAME) == 4
        assert not made.findings.differs
        assert not made.findings.not_asked


async def test_times_are_those_of_now_and_never_of_the_future() -> None:
    async with csms() as behind:
        before = datetime.now(timezone.utc)
        await played(replay(session(), behind.port, "--speed=100"))
        start, stop = (
            datetime.fromisoformat(behind.payloads(action)[0]["timestamp"].replace("Z", "+00:00"))
            for action in ("StartTransaction", "StopTransaction")
        )
        assert stop - start == timedelta(seconds=4)  # as in the log, however fast it is played
        assert before - timedelta(seconds=10) < start
        assert stop <= datetime.now(timezone.utc)


async def test_times_stay_as_they_are_where_that_is_asked_for() -> None:
    async with csms() as behind:
        await played(replay(session(), behind.port, "--keep-times"))
        assert behind.payloads("StartTransaction")[0]["timestamp"] == stamp(2.4)


async def test_a_chargers_spelling_is_kept() -> None:
    odd = '[2, "x1",\t"DataTransfer", {"vendorId":"A\\/B", "data":"\\u00e9", "big":1e2}]'
    log = Log().call("BootNotification", BOOT, BOOTED).frame(UP, odd).frame(DOWN, [3, "x1", {}])
    async with csms() as behind:
        await played(replay(log, behind.port))
        said = behind.texts[-1]
        assert said.replace(json.loads(said)[1], "x1") == odd


async def test_what_was_answered_before_is_answered_before() -> None:
    """Two are open together only where they were in the log, however slow the CSMS is."""
    log = Log().call("BootNotification", BOOT, BOOTED)
    log.frame(UP, [2, "a", "Heartbeat", {}]).frame(UP, [2, "b", "DataTransfer", {"vendorId": "A"}])
    log.frame(DOWN, [3, "a", {"currentTime": stamp(2)}]).frame(DOWN, [3, "b", {}])
    log.call("Authorize", {"idTag": "CARD"}, {"idTagInfo": {"status": "Accepted"}})
    waiting: list[str] = []
    most: dict[str, int] = {}

    class Slow(Csms):
        async def _answer(self, link: object, message: list[object]) -> None:
            waiting.append(str(message[2]))
            most[str(message[2])] = len(waiting)
            task = asyncio.ensure_future(self._later(link, message))
            tasks.append(task)

        async def _later(self, link: object, message: list[object]) -> None:
            if message[2] == "Heartbeat":  # it is still open when the next one comes
                await until(lambda: "DataTransfer" in waiting)
            await asyncio.sleep(0.05)
            waiting.remove(str(message[2]))
            await super()._answer(link, message)  # type: ignore[arg-type]

    tasks: list[asyncio.Task[None]] = []
    async with csms() as behind:
        slow = Slow()
        behind._answer = slow._answer  # type: ignore[method-assign]
        await played(replay(log, behind.port))
    assert most == {"BootNotification": 1, "Heartbeat": 1, "DataTransfer": 2, "Authorize": 1}


async def test_a_log_from_the_middle_gets_a_boot_in_front() -> None:
    log = Log().call("StatusNotification", {"connectorId": 1, "vendorId": "Acme"}, {})
    async with csms() as behind:
        made = await played(replay(log, behind.port))
        assert [message[2] for message in behind.heard] == [
            "BootNotification",
            "StatusNotification",
        ]
        assert behind.payloads("BootNotification")[0]["chargePointVendor"] == "Acme"
        assert not made.findings.differs


async def test_a_charger_that_starts_again_comes_on_a_new_link() -> None:
    log = session().call("BootNotification", BOOT, BOOTED)
    async with csms() as behind:
        made = await played(replay(log, behind.port))
        assert len(behind.links) == 2
        assert not made.findings.differs


async def test_a_boot_that_was_asked_for_is_none() -> None:
    log = Log().call("BootNotification", BOOT, BOOTED)
    trigger = {"requestedMessage": "BootNotification"}
    log.call("TriggerMessage", trigger, {"status": "Accepted"}, asked=True)
    log.call("BootNotification", BOOT, BOOTED)
    async with csms() as behind:
        await played(replay(log, behind.port))
        assert len(behind.links) == 1


async def test_a_log_without_times_is_played() -> None:
    log = Log(timed=False)
    log.call("Heartbeat", {}, "InternalError").call("Heartbeat", {}, "InternalError")
    async with csms(answers={"Heartbeat": "InternalError"}) as behind:
        made = await played(replay(log, behind.port, "--boot=false"))
        assert made.findings.count(Verdict.SAME) == 2


def test_a_long_silence_is_cut_short_and_the_times_stay_apart() -> None:
    log = Log().call("BootNotification", BOOT, BOOTED).later(86_400)
    score = score_of(log.call("Heartbeat", {}, {"currentTime": stamp(0)}).trace, longest_gap_s=10)
    boot, beat = score.sayings
    assert beat.at_s == pytest.approx(10.1)
    assert boot.at is not None
    assert beat.at is not None
    assert (beat.at - boot.at).total_seconds() == pytest.approx(86_401.2)


# -- what is asked ---------------------------------------------------------------------------------


def asked_log() -> Log:
    log = Log().call("BootNotification", BOOT, BOOTED)
    keys = [{"key": "HeartbeatInterval", "readonly": False, "value": "86400"}]
    log.call("GetConfiguration", {}, {"configurationKey": keys}, asked=True)
    log.call("ChangeConfiguration", {"key": "A", "value": "1"}, {"status": "Rejected"}, asked=True)
    log.call("Reset", {"type": "Hard"}, "InternalError", asked=True)
    return log.later(100).call("Heartbeat", {}, {"currentTime": stamp(100)})


async def test_what_the_csms_asks_is_answered_as_in_the_log() -> None:
    asks = [
        ("Reset", {"type": "Hard"}),
        ("ChangeConfiguration", {"key": "A", "value": "1"}),
        ("GetConfiguration", {"key": ["heartbeatinterval", "Nope"]}),
        ("ClearCache", {}),
    ]
    async with csms(asks={"BootNotification": asks}) as behind:
        made = await played(replay(asked_log(), behind.port))
        told = {message[1]: message for message in behind.told}
        assert told["qBootNotification0"][2] == "InternalError"
        assert told["qBootNotification1"][2] == {"status": "Rejected"}
        assert told["qBootNotification2"][2] == {
            "configurationKey": [{"key": "HeartbeatInterval", "readonly": False, "value": "86400"}],
            "unknownKey": ["Nope"],
        }
        assert told["qBootNotification3"][2] == "NotSupported"
        assert made.findings.asked["ClearCache", Source.NONE] == 1
        assert dict(made.findings.not_asked) == {"GetConfiguration": 1}


# -- what is found ---------------------------------------------------------------------------------


async def test_an_answer_that_is_another_is_found_and_the_replay_goes_on() -> None:
    blocked = {"idTagInfo": {"status": "Blocked"}}
    async with csms() as behind:
        behind.answers |= {"Authorize": blocked, "MeterValues": "GenericError"}
        made = await played(replay(session(), behind.port))
        (authorize,) = (j for j in made.findings.judged if j.saying.action == "Authorize")
        (difference,) = authorize.differences
        assert (difference.field, difference.recorded, difference.now) == (
            "idTagInfo.status",
            "Accepted",
            "Blocked",
        )
        assert verdicts(made)["MeterValues"] is Verdict.OTHERWISE
        assert verdicts(made)["StopTransaction"] is Verdict.SAME


async def test_what_is_allowed_does_not_count() -> None:
    async with csms() as behind:
        behind.answers |= {"Authorize": {"idTagInfo": {"status": "Blocked"}}}
        made = await played(replay(session(), behind.port, "--allow=Authorize.idTagInfo.status"))
        assert verdicts(made)["Authorize"] is Verdict.ALLOWED
        assert not made.findings.differs


async def test_a_silent_csms_is_waited_for_and_then_not() -> None:
    async with csms() as behind:
        behind.answers["Authorize"] = None
        made = await played(replay(session(), behind.port, "--call-timeout-sec=1"))
        assert verdicts(made)["Authorize"] is Verdict.UNANSWERED
        assert verdicts(made)["StopTransaction"] is Verdict.SAME


async def test_a_csms_that_closes_is_dialled_anew() -> None:
    async with csms() as behind:
        behind.answers["Authorize"] = b"go away"
        made = await played(replay(session(), behind.port))
        assert verdicts(made)["Authorize"] is Verdict.UNANSWERED
        assert made.findings.lost_links == 1
        assert behind.heard[-1][2] == "StopTransaction"
        assert len(behind.links) == 2


async def test_a_csms_that_lets_nobody_in_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim_core.replay.player.WAITS_S", (0.0, 0.01))
    async with csms(refuses=True) as behind:
        made = await played(replay(session(), behind.port))
        assert made.findings.count(Verdict.NOT_SAID) == 6
        assert made.findings.lost_links == len(behind.paths) == 2
        assert any("HTTP 403" in event.text for event in made.events.since(0)[1])


@pytest.mark.parametrize(
    "text", ["{", "[]", '[3,"never asked",{}]', "[2]", '[9,"x"]', "null", '[2,"1","Reset",5]']
)
async def test_what_is_no_answer_is_noise(text: str) -> None:
    async with csms() as behind:
        behind.answers["Authorize"] = [text]
        made = await played(replay(session(), behind.port, "--call-timeout-sec=1"))
        assert made.findings.noise == 1
        assert verdicts(made)["StopTransaction"] is Verdict.SAME


@pytest.mark.parametrize("given", [None, "", True, 1.5, [], "a text", 10**30, {"x": 1}])
async def test_whatever_a_csms_gives_as_a_transaction_id(given: object) -> None:
    async with csms() as behind:
        answer = {"transactionId": given, "idTagInfo": {"status": "Accepted"}}
        behind.answers["StartTransaction"] = answer
        await played(replay(session(), behind.port))
        named = behind.payloads("StopTransaction")[0]["transactionId"]
        usable = isinstance(given, (int, str)) and not isinstance(given, bool)
        assert named == (given if usable else 77)


# -- looking and steering --------------------------------------------------------------------------


async def test_it_is_seen_as_a_charger() -> None:
    async with csms() as behind:
        made = replay(session(), behind.port, "--speed=0.1")
        made.start()
        try:
            await until(lambda: made.place.startswith("1/6"))
            for place in ("2/6 paused", "3/6 paused"):
                made.step()
                await until(lambda place=place: made.place == place)  # type: ignore[misc]
            await until(lambda: made.snapshot and made.snapshot.connectors[0].transaction)
            seen = made.snapshot
            assert seen is not None
            assert seen.link.state is LinkState.CONNECTED
            assert seen.link.registration is Registration.ACCEPTED
            assert seen.connectors[0].state is ConnectorState.UNKNOWN  # no status is in the log
            made.pause()
            made.faster(10_000)
            assert await asyncio.to_thread(made.wait, 10)
            assert made.place == "6/6 ended"
        finally:
            assert await asyncio.to_thread(made.stop, 5.0)


async def test_it_can_be_played_again() -> None:
    async with csms() as behind:
        made = await played(replay(session(), behind.port))
        assert made.again() == ""
        assert await asyncio.to_thread(made.wait, 10)
        assert len(behind.heard) == 12
        assert made.findings.count(Verdict.SAME) == 6


async def test_it_ends_at_once_when_it_is_asked_to() -> None:
    async with csms() as behind:
        made = replay(session(), behind.port, "--speed=0.1")
        made.start()
        await until(lambda: behind.heard)
        assert await asyncio.to_thread(made.stop, 5.0)
        assert made.findings.count(Verdict.NOT_SAID) == 5
        assert made.findings.differs


async def test_without_a_csms_our_own_answers() -> None:
    made = replay(session(), 0, "--csms-url=")
    await played(made)
    assert made.findings.count(Verdict.UNANSWERED) == 0
    assert verdicts(made)["StartTransaction"] is Verdict.SAME


async def test_a_log_of_2_0_1_is_said_again_to_our_own_in_that_version() -> None:
    log = Log()
    boot = {"reason": "PowerUp", "chargingStation": {"vendorName": "Acme", "model": "Two"}}
    log.call("BootNotification", boot, BOOTED)
    token = {"idToken": "CARD", "type": "ISO14443"}
    for seq_no, kind, more in (
        (0, "Started", {"evse": {"id": 1, "connectorId": 1}, "idToken": token}),
        (1, "Updated", {}),
        (2, "Ended", {}),
    ):
        event = {
            "eventType": kind,
            "timestamp": stamp(log.at_s),
            "triggerReason": "Trigger",
            "seqNo": seq_no,
            "transactionInfo": {"transactionId": "tx-of-the-log"},
            **more,
        }
        answer = {"idTokenInfo": {"status": "Accepted"}} if "idToken" in more else {}
        log.call("TransactionEvent", event, answer)
    async with OurCsms() as behind:
        made = await played(replay(log, behind.port or 0, "--cpid=OLD"))
        told = [event for event in behind.events if isinstance(event, events201.TransactionTold)]
        assert [(event.kind, event.seq_no) for event in told] == [
            ("Started", 0),
            ("Updated", 1),
            ("Ended", 2),
        ]
        (name,) = {event.transaction_id for event in told}
        assert name != "tx-of-the-log"  # a name may not come twice (E01)
        assert [session.id_tag for session in behind.ledger.history] == ["CARD"]
    assert made.findings.count(Verdict.SAME) == 4
    assert not made.findings.differs


# -- any log ---------------------------------------------------------------------------------------

JUNK = st.sampled_from(
    ['"', "{", "}", "[", "]", ",", ":", "\\", "0", "-1", "null", "1e999", "é", "\n", '"id"']
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A log with pieces cut out of it, put in, doubled or swapped."""
    lines = session().lines
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(lines) - 1))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            at = draw(st.integers(0, len(lines[place])))
            lines[place] = lines[place][:at] + draw(JUNK) + lines[place][at:]
        elif kind == 1:
            at = draw(st.integers(0, len(lines[place])))
            lines[place] = lines[place][:at] + lines[place][at + draw(st.integers(1, 30)) :]
        elif kind == 2:
            lines.insert(draw(st.integers(0, len(lines))), lines[place])
        elif len(lines) > 1:
            del lines[place]
    return "\n".join(lines).encode()


@given(mutated())
@settings(max_examples=60, deadline=None)
def test_a_damaged_log_is_played_or_refused_in_a_sentence(data: bytes) -> None:
    try:
        score = score_of(read(data, "damaged").trace)
    except (CannotRead, UserError):
        return
    for saying in score.sayings:
        assert json.loads(saying.text)[2] == saying.action
        assert all(number < saying.number for number in saying.open_with)
        assert saying.at_s >= 0


@given(mutated())
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_damaged_log_is_played_to_its_end(data: bytes) -> None:
    try:
        score = score_of(read(data, "damaged").trace)
    except (CannotRead, UserError):
        return

    async def play() -> None:
        async with csms() as behind:
            made = await played(replay(score, behind.port, "--call-timeout-sec=1"))
            assert len(made.findings.judged) == len(score.sayings)
            assert made.findings.count(Verdict.NOT_SAID) == 0

    asyncio.run(play())
