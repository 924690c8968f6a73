"""The ring of exchanges gives back exactly what it was given, whatever the peer has chosen."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim_core.wire.message_log import (
    FRESH,
    LONGEST_INJECTED,
    Direction,
    Exchange,
    ExchangeState,
    MessageLog,
)

AT = datetime(2026, 1, 1, tzinfo=timezone.utc)
ANY_TEXT = st.text(st.characters(exclude_categories=()))  # half characters too
FRAME = ANY_TEXT | ANY_TEXT.map(lambda text: f'[2,"{text}","Heartbeat",{{}}]')
IDS = st.none() | st.integers(-(2**63) + 1, 2**63 - 1)
NAMES = st.text(st.characters(exclude_categories=()), min_size=1, max_size=60)
"""Of transactions: 36 characters and more, none of more than four bytes."""


@given(
    st.sampled_from(Direction),
    st.sampled_from(ExchangeState),
    st.tuples(ANY_TEXT, ANY_TEXT, FRAME, FRAME, ANY_TEXT),
    st.timedeltas(timedelta(days=-9000), timedelta(days=27000)).map(AT.__add__),
    st.tuples(IDS, IDS | NAMES),
    st.none() | st.floats(0, 1e9),
)
def test_everything_comes_back_as_it_went_in(
    direction: Direction,
    state: ExchangeState,
    texts: tuple[str, str, str, str, str],
    at: datetime,
    ids: tuple[int | None, int | str | None],
    latency_s: float | None,
) -> None:
    action, message_id, request, answer, trouble = texts
    log = MessageLog()
    for known_id in (message_id, request[4 : 4 + len(message_id)]):
        number = log.open(
            direction, action, known_id, request, at, connector_id=ids[0], transaction_id=ids[1]
        )
        asked = {
            "number": number,
            "direction": direction,
            "action": action,
            "message_id": known_id,
            "request": request,
            "requested_at": at,
            "connector_id": ids[0],
            "transaction_id": ids[1],
        }
        nothing = {"answer": "", "latency_s": None, "trouble": "", "injected": ""}
        seen = log.get(number)
        assert seen is not None
        assert seen.as_dict() == asked | nothing | {"state": ExchangeState.WAITING}

        settled = {"answer": answer, "latency_s": latency_s, "trouble": trouble}
        log.close(number, state, **settled)
        done = {"injected": f"fault 1: {trouble}"[:LONGEST_INJECTED]}
        log.mark(number, f"fault 1: {trouble}")
        assert log.since(0)[1][-1].as_dict() == asked | settled | {"state": state} | done
        assert seen.state is ExchangeState.WAITING  # a picture that was given out stays as it is


@given(st.integers(2**63) | st.integers(max_value=-(2**63)))
def test_an_id_beyond_64_bits_is_none(number: int) -> None:
    log = MessageLog()
    place = log.open(Direction.RECEIVED, "RemoteStop", "m", "[]", AT, transaction_id=number)
    kept = log.get(place)
    assert kept is not None
    assert kept.transaction_id is None


@pytest.mark.parametrize("name", ["", "x" * 256])
def test_a_transaction_with_no_name_or_too_long_a_one_is_none(name: str) -> None:
    log = MessageLog()
    kept = log.get(log.open(Direction.SENT, "Event", "m", "[]", AT, transaction_id=name))
    assert kept is not None
    assert kept.transaction_id is None


def test_what_has_left_the_ring_is_gone_and_cannot_be_settled() -> None:
    log = MessageLog(size=3)
    numbers = [log.open(Direction.SENT, "Heartbeat", "m", str(i), AT) for i in range(5)]
    revision = log.revision
    log.close(numbers[0], ExchangeState.ANSWERED, answer="late")
    assert log.revision == revision
    assert [log.get(number) is None for number in numbers] == [True, True, False, False, False]
    log.close(numbers[3], ExchangeState.ANSWERED, answer="[3]")
    assert [one.request for one in log.since(revision)[1]] == ["3"]
    assert [one.request for one in log.since(0)[1]] == ["2", "3", "4"]


def test_who_reads_on_another_thread_sees_each_exchange_whole_and_its_end() -> None:
    log, count = MessageLog(size=50), 3000
    seen: dict[int, Exchange] = {}
    done = threading.Event()

    def read() -> None:
        revision = 0
        while not (done.is_set() and revision == log.revision):
            revision, news = log.since(revision)
            numbers = [one.number for one in news]
            assert numbers == sorted(set(numbers))
            for one in news:
                assert one.request == f"ask {one.number}"
                assert one.answer in ("", f"answer {one.number}")
                seen[one.number] = one

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(1, count + 1):
        at = AT + timedelta(seconds=i)
        number = log.open(Direction.SENT, "Heartbeat", "m", f"ask {i}", at)
        log.close(number, ExchangeState.ANSWERED, answer=f"answer {i}", latency_s=0.5)
    done.set()
    reader.join(20)
    assert not reader.is_alive()
    assert all(seen[i].answer == f"answer {i}" for i in range(count - 49, count + 1))


def test_the_same_is_told_of_what_is_fresh_and_what_is_old() -> None:
    """What has grown old is kept in another form."""
    log = MessageLog()
    for i in range(2 * FRESH):
        mid = f"{i}"
        number = log.open(
            Direction.SENT, "Heartbeat", mid, f'[2,"{mid}"]', AT + timedelta(seconds=i)
        )
        if i % 3:
            log.close(number, ExchangeState.ANSWERED, answer=f"[3,{i}]", latency_s=i / 7)
    old, fresh = 1, 2 * FRESH - 1
    for late in (old, fresh):
        log.close(late, ExchangeState.ERROR, trouble="late", answer="[4]", latency_s=1.5)
        log.mark(late, "fault 1: held")
    told = log.news(0)[1]
    assert [one.number for one in told] == list(range(1, 2 * FRESH + 1))
    assert [one.as_dict() for one in log.since(0)[1]] == [one._asdict() for one in told]
    assert told == [one.told for one in log.since(0)[1]]
    for late in (old, fresh):
        assert told[late - 1][8:] == ("[4]", 1.5, ExchangeState.ERROR, "late", "fault 1: held")
    revision = log.revision
    assert log.news(revision) == (revision, [])
    log.mark(old, "cut")
    assert [one.injected for one in log.news(revision)[1]] == ["fault 1: held; cut"]


def opened(log: MessageLog, length: int) -> int:
    return log.open(Direction.SENT, "Heartbeat", "id", "x" * length, AT)


def test_one_exchange_is_kept_however_long_it_is() -> None:
    log = MessageLog(characters=100)
    opened(log, 10)
    number = opened(log, 1_000)
    log.close(number, ExchangeState.ANSWERED, answer="y" * 1_000)
    assert [one.number for one in log.since(0)[1]] == [number]


def test_looking_at_what_waits_makes_no_room() -> None:
    """What is looked at takes a little more than what nobody has looked at."""
    log = MessageLog(characters=1_000)
    for _ in range(10):
        opened(log, 100)
        log.since(0)
    assert len(log.since(0)[1]) == 1_000 // len("Heartbeat" + "id" + "x" * 100)


def test_a_transaction_that_names_its_connector_once_is_found_by_it() -> None:
    log = MessageLog(10_000)

    def opened(transaction: int | str | None, connector: int | None) -> int | None:
        number = log.open(Direction.SENT, "TransactionEvent", "m", "[]", AT,
                          connector_id=connector, transaction_id=transaction)  # fmt: skip
        known = log.get(number)
        assert known is not None
        return known.connector_id

    assert opened("a", None) is None
    assert opened("a", 1) == 1
    assert opened("b", 2) == 2
    assert [opened("a", None), opened("b", None)] == [1, 2]
    assert opened("c", 1) == 1
    assert opened("a", None) is None  # it is over: another one runs there
    assert opened(7, 1) == 1
    assert opened(7, None) is None  # a number is told with its connector where that is known
    for place in range(3, 1000):
        opened(f"t{place}", place)
    assert opened("t999", None) == 999
    assert opened("b", None) is None
