"""The wire knows no version of OCPP: which one is spoken shows when the link is up.

A second dialect, that of OCPP 2.0.1 as far as a link needs it, is spoken here by nobody's adapter.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timezone
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from sim_core.ocpp16.dialect import OCPP_16
from sim_core.runtime.clock import ManualClock
from sim_core.store.interface import MEMORY, Store
from sim_core.store.makers import store_in
from sim_core.store.records import BEGAN, ENDED, SAMPLED, JournalRow, NewTransaction
from sim_core.wire.answers import Answer, Error, Payload
from sim_core.wire.dialect import Dialect, Subject
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.link import Link
from sim_core.wire.message_log import MessageLog
from sim_core.wire.outbox import Outbox
from sim_core.wire.refusals import Heard, Refusals
from sim_core.wire.routes import Reply, Route
from sim_core.wire.schemas import Schemas
from sim_core.wire.speaker import Speaker
from sim_core.wire.spelling import Call
from sim_core.wire.trial import RetryPolicy
from tests.patience import PATIENCE_S
from tests.scripted_csms import ScriptedCsms

WIRE = Path(__file__).parent.parent.parent / "sim_core" / "wire"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
ID = "5a3f7c1e-2b4d-4e6f-8a9b-0c1d2e3f4a5b"


def _subject(payload: Payload) -> Subject:
    evse, info = payload.get("evse"), payload.get("transactionInfo")
    return Subject(
        evse.get("id") if isinstance(evse, dict) else None,
        info.get("transactionId") if isinstance(info, dict) else None,
    )


OCPP_201 = Dialect(
    version="OCPP 2.0.1",
    subprotocol="ocpp2.0.1",
    called="EVSE",
    schemas=Schemas(
        "ocpp.v201",
        codes={"required": "OccurrenceConstraintViolation", "type": "TypeConstraintViolation"},
        malformed="FormatViolation",
        request_suffix="Request",
    ),
    asks=frozenset({"BootNotification", "Authorize", "Heartbeat"}),
    boot="BootNotification",
    proof_of_life="Heartbeat",
    urgent=frozenset({"BootNotification", "Authorize"}),
    each_counts=frozenset({"Authorize"}),
    follows={("Authorize", "refused"): "the token is not accepted"},
    subject=_subject,
    time_fields=frozenset({"timestamp"}),
)


# -- its source ------------------------------------------------------------------------------------


def actions() -> set[str]:
    """Every action of every version that the `ocpp` package knows."""
    folders = (entry / "schemas" for entry in files("ocpp").iterdir() if entry.name[:1] == "v")
    names = {schema.name for folder in folders if folder.is_dir() for schema in folder.iterdir()}
    return {re.sub(r"(_v1p0)?(Request|Response)?\.json$", "", name) for name in names}


@pytest.mark.parametrize("path", sorted(WIRE.glob("*.py")), ids=lambda path: path.name)
def test_it_names_no_message_and_no_version(path: Path) -> None:
    known = actions()
    assert {"BootNotification", "StartTransaction", "TransactionEvent"} < known
    source = path.read_text("utf-8")
    assert not known.intersection(re.findall(r"\w+", source))
    assert not re.search(r"ocpp\.v\d|ocpp[12]\.\d", source)


# -- negotiation -----------------------------------------------------------------------------------


async def session_of(
    spoken: Sequence[str], offered: Sequence[Dialect]
) -> tuple[Link, list[tuple[str, Endpoint]]]:
    """The link after its first connection, and whose session it was, with which endpoint."""
    begun: list[tuple[str, Endpoint]] = []
    arrived = asyncio.Event()

    def speaker(dialect: Dialect) -> Speaker:
        async def session(endpoint: Endpoint) -> None:
            begun.append((dialect.subprotocol, endpoint))
            arrived.set()

        return Speaker(dialect, {}, lambda one: (session(one),), lambda: True)

    async with ScriptedCsms(subprotocols=spoken) as csms:
        link = Link(
            f"{csms.url}/CP01",
            [speaker(dialect) for dialect in offered],
            clock=ManualClock(NOW),
            log=MessageLog(),
            on_change=lambda: arrived.set() if link.trouble else None,
            note=lambda _: None,
            ping_interval_s=lambda: 0.0,
            call_timeout_s=30,
            rng=random.Random(1),
        )
        assert link.subprotocol == "", "nothing was chosen yet"
        running = asyncio.ensure_future(link.run())
        await asyncio.wait_for(arrived.wait(), PATIENCE_S)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return link, begun


@pytest.mark.parametrize("offered", [(OCPP_16, OCPP_201), (OCPP_201, OCPP_16)])
@pytest.mark.parametrize("spoken", [OCPP_16, OCPP_201])
async def test_the_csms_chooses_who_speaks(spoken: Dialect, offered: tuple[Dialect, ...]) -> None:
    link, ((who, endpoint),) = await session_of([spoken.subprotocol], offered)
    assert who == link.subprotocol == spoken.subprotocol
    assert endpoint.dialect is spoken


async def test_what_is_not_offered_is_not_spoken() -> None:
    link, begun = await session_of([OCPP_16.subprotocol], [OCPP_201])
    assert begun == []
    assert link.subprotocol == ""
    assert "that it speaks ocpp2.0.1" in link.trouble
    link, _ = await session_of(["ocpp2.1"], [OCPP_201, OCPP_16])
    assert "that it speaks ocpp2.0.1 or ocpp1.6" in link.trouble


# -- what is said ----------------------------------------------------------------------------------


class Sentences:
    """Spells rows as transaction events, whose id is ours."""

    def calls(self, row: JournalRow) -> tuple[Call, ...] | str:
        if "never" in row.content:
            return "nobody can say it"
        event = {BEGAN: "Started", SAMPLED: "Updated", ENDED: "Ended"}[row.kind]
        payload = {
            "eventType": event,
            "timestamp": row.written_at.isoformat(),
            "triggerReason": "CablePluggedIn",
            "seqNo": row.number,
            "transactionInfo": {"transactionId": ID},
            "evse": {"id": row.connector_id},
        }
        call = Call("TransactionEvent", payload)
        return (call, call) if "twice" in row.content else (call,)

    def name(self, kind: str) -> str:
        return f"TransactionEvent ({kind})"

    def doubles(self, row: JournalRow) -> bool:
        return False

    def transaction_id(self, row: JournalRow, answer: Payload) -> int | str | None:
        return ID if row.kind == BEGAN else None

    def lacks(self, row: JournalRow, answer: Payload) -> str:
        return "it has a message, which nobody reads" if "updatedPersonalMessage" in answer else ""


class Told:
    """What came of rows."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def settled(self, row: JournalRow, answer: Payload) -> None:
        self.told.append(("settled", row.kind, row.transaction_id))

    def half_settled(self, row: JournalRow, answer: Payload) -> None:
        self.told.append(("half", row.kind))

    def settled_twice(self, row: JournalRow, answer: Payload) -> None:
        self.told.append(("twice", row.kind))

    def given_up(self, row: JournalRow, why: str) -> None:
        self.told.append(("given up", row.kind, why))


class Peer:
    """A socket whose other end answers at once: with what is scripted, or with nothing to say."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.script: list[list[Any]] = []
        self._frames: asyncio.Queue[str] = asyncio.Queue()

    async def send(self, message: str) -> None:
        frame = json.loads(message)
        self.sent.append(frame)
        if frame[0] == 2:
            answer = self.script.pop(0) if self.script else [3, {}]
            await self.say([answer[0], frame[1], *answer[1:]])

    async def say(self, frame: list[Any]) -> None:
        await self._frames.put(json.dumps(frame))

    async def __aiter__(self) -> AsyncIterator[str]:
        while True:
            yield await self._frames.get()


class Talk:
    """An outbox, the endpoint that it sends over, and what has come of it."""

    def __init__(self, attempts: int = 2) -> None:
        self.peer, self.log, self.clock = Peer(), MessageLog(), ManualClock(NOW)
        self.rows = Told()
        self.sentences: list[str] = []
        refusals = Refusals(lambda text, *_: self.sentences.append(text), self.clock.monotonic)
        self.heard: list[Heard] = []

        def heard(one: Heard) -> None:
            self.heard.append(one)
            refusals.heard(one)

        store = store_in(MEMORY, "CP01", NOW)
        self.key = _begin(store)
        self.outbox = Outbox(
            store,
            self.clock,
            OCPP_201,
            Sentences(),
            self.rows,
            policy=lambda: RetryPolicy(attempts, 10.0),
            on_change=lambda: None,
            heard=heard,
        )

    def append(self, kind: str, **content: Any) -> None:
        self.outbox.append(kind, content, key=self.key, connector_id=1)

    async def __aenter__(self) -> Talk:
        routes = {"Reset": Route(_reset)}
        self.endpoint = Endpoint(
            self.peer, routes, OCPP_201, clock=self.clock, log=self.log, call_timeout_s=30
        )
        self._tasks = [
            asyncio.ensure_future(work)
            for work in (self.endpoint.serve(), self.outbox.run(self.endpoint))
        ]
        await self.settle()
        self.outbox.registered = True
        self.outbox.wake()
        await self.settle()
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def settle(self) -> None:
        for _ in range(50):
            await asyncio.sleep(0)


def _reset(**fields: object) -> Reply:
    return Reply({"status": "Accepted"})


def _begin(store: Store) -> int:
    return store.transactions.begin(
        NewTransaction(
            connector_id=1,
            token="TAG",
            group=None,
            meter_start_wh=0,
            started_at=NOW,
            reservation_id=None,
        )
    )


async def test_rows_are_spelt_when_they_are_sent_and_bring_the_id_that_the_spelling_reads() -> None:
    talk = Talk()
    for kind in (BEGAN, SAMPLED, ENDED):
        talk.append(kind)
    async with talk:
        events = [frame[3]["eventType"] for frame in talk.peer.sent]
        assert events == ["Started", "Updated", "Ended"]
        assert talk.rows.told == [
            ("settled", BEGAN, ID),
            ("settled", SAMPLED, ID),
            ("settled", ENDED, ID),
        ]
        logged = talk.log.since(0)[1]
        assert {(one.connector_id, one.transaction_id) for one in logged} == {(1, ID)}
        assert talk.outbox.idle


async def test_a_row_may_take_several_calls_or_none() -> None:
    talk = Talk()
    talk.append(SAMPLED, twice=True)
    talk.append(ENDED, never=True)
    async with talk:
        assert [frame[3]["eventType"] for frame in talk.peer.sent] == ["Updated", "Updated"]
        assert talk.rows.told == [
            ("settled", SAMPLED, None),
            ("given up", ENDED, "nobody can say it"),
        ]
        assert [one.action for one in talk.heard] == ["TransactionEvent (sampled)"]


async def test_an_answer_that_lacks_something_is_half_a_one() -> None:
    talk = Talk()
    half = [3, {"updatedPersonalMessage": {"format": "UTF8", "content": "hello"}}]
    talk.peer.script += [half, half]
    talk.append(BEGAN)
    async with talk:
        assert talk.rows.told == [("half", BEGAN)]
        lacks = "it has a message, which nobody reads"
        assert talk.sentences == [
            "the CSMS's answer to TransactionEvent (began) of EVSE 1 is not valid: "
            f"{lacks}; attempt 1 of 2, it is sent again in 10 s"
        ]
        await talk.clock.advance(10)
        await talk.settle()
        assert talk.rows.told == [
            ("half", BEGAN),
            ("half", BEGAN),
            ("given up", BEGAN, f"{lacks}, 2 times"),
        ]


async def test_a_refusal_is_heard_once_with_everything_that_there_is_to_know() -> None:
    async with Talk() as talk:
        token = {"idToken": {"idToken": "TAG", "type": "ISO14443"}}
        talk.peer.script.append([4, "InternalError", "no tariff", {}])
        answer: Answer = await talk.outbox.call("Authorize", token)
        assert answer == Error("InternalError", "no tariff")
        (heard,) = talk.heard
        assert heard == Heard(OCPP_201, "Authorize", None, answer, "", "", token)
        assert talk.sentences == [
            "the CSMS refused Authorize: InternalError 'no tariff'; the token is not accepted"
        ]


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"type": 7}, "TypeConstraintViolation"),
        ({}, "OccurrenceConstraintViolation"),
        ({"type": "Immediate", "more": 1}, "FormatViolation"),
        ([], "FormatViolation"),
    ],
)
async def test_a_request_is_refused_in_the_words_of_its_version(payload: Any, code: str) -> None:
    async with Talk() as talk:
        await talk.peer.say([2, "a", "Reset", payload])
        await talk.settle()
        assert talk.peer.sent[-1][:3] == [4, "a", code]


async def test_an_action_of_another_version_is_none_of_this_one() -> None:
    async with Talk() as talk:
        await talk.peer.say([2, "a", "RemoteStartTransaction", {"idTag": "TAG"}])
        await talk.settle()
        assert talk.peer.sent[-1][2:4] == [
            "NotImplemented",
            "'RemoteStartTransaction' is not an action of OCPP 2.0.1",
        ]
