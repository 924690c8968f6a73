"""A whole charge point on its own thread against the project's CSMS, in real time, over sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx

from sim_core.commands import Command, Plug, Start, Stop, Unplug
from sim_core.csms import Boot, Csms, Rules
from sim_core.csms.events import MeterReported, StatusReported, TransactionStopped
from sim_core.engine import Engine
from sim_core.settings.options import Settings
from sim_core.snapshot import ConnectorSnapshot, LinkState, Registration, StationSnapshot
from sim_core.store.interface import MEMORY
from tests.harness import settings
from tests.network import free_port
from tests.patience import PATIENCE_S


@asynccontextmanager
async def charge_point(csms: Csms | int, **options: Any) -> AsyncIterator[Engine]:
    """An engine that dials the CSMS (or that port), without anything else."""
    port = csms if isinstance(csms, int) else csms.port
    merged: dict[str, Any] = {
        "csms_url": f"ws://127.0.0.1:{port}/ocpp",
        "state_dir": MEMORY,
        "http_port": 0,
        "ocpp_keys": {"MeterValueSampleInterval": "1"},
        "reconnect_max_sec": 1.0,
        **options,
    }
    engine = Engine(settings(**merged))
    engine.start()
    try:
        yield engine
    finally:
        stopped = await asyncio.to_thread(engine.stop, 5.0)
        assert stopped
        assert not engine.failure


async def until(
    engine: Engine, holds: Callable[[StationSnapshot], bool], timeout_s: float = PATIENCE_S
) -> StationSnapshot:
    """The first picture of which `holds` is true."""
    for _ in range(int(timeout_s / 0.02)):
        seen = engine.snapshot
        if seen is not None and holds(seen):
            return seen
        assert not engine.failure
        await asyncio.sleep(0.02)  # a viewer looks a few times a second: so does this one
    raise AssertionError(f"it never came to that: {engine.snapshot}")


async def submit(engine: Engine, command: Command) -> None:
    outcome = await asyncio.wrap_future(engine.submit(command))
    assert outcome.ok, outcome


def registered(seen: StationSnapshot) -> bool:
    return (
        seen.link.state is LinkState.CONNECTED and seen.link.registration is Registration.ACCEPTED
    )


def charging(*numbers: int) -> Callable[[StationSnapshot], bool]:
    return lambda seen: all(_of(seen, n).status == "Charging" for n in numbers)


def _of(seen: StationSnapshot, number: int) -> ConnectorSnapshot:
    return seen.connectors[number - 1]


async def test_two_sessions_at_once_do_not_touch_each_other() -> None:
    async with Csms() as csms, charge_point(csms) as engine:
        await until(engine, registered)
        await submit(engine, Plug(1))
        await submit(engine, Plug(2))
        answers = await asyncio.gather(
            csms.remote_start("TestCP01", 1, "TAG_1"), csms.remote_start("TestCP01", 2, "TAG_2")
        )
        assert answers == ["Accepted", "Accepted"]
        await until(engine, charging(1, 2))
        await csms.wait_for(MeterReported)
        await csms.until(lambda ledger: len(ledger.active) == 2)
        first = csms.ledger.session("TestCP01", connector_id=1)
        second = csms.ledger.session("TestCP01", connector_id=2)
        assert first is not None
        assert second is not None
        before = await until(engine, lambda seen: _of(seen, 2).power_w > 0)
        assert await csms.remote_stop("TestCP01", first.transaction_id) == "Accepted"
        await csms.wait_for(TransactionStopped)
        after = await until(
            engine, lambda seen: _of(seen, 2).register_wh > _of(before, 2).register_wh
        )
        assert _of(after, 1).status == "Finishing"
        assert _of(after, 2).status == "Charging"
        running = _of(after, 2).transaction
        assert running is not None
        assert running.transaction_id == second.transaction_id
        await submit(engine, Stop(2))
        await submit(engine, Unplug(1))
        await submit(engine, Unplug(2))
        await csms.until(lambda ledger: not ledger.active)
        ended = {session.connector_id: session for session in csms.ledger.history}
        assert ended[1].id_tag == "TAG_1"
        assert ended[2].id_tag == "TAG_2"
        assert ended[1].stop_reason == "Remote"


async def test_a_csms_that_dies_while_idle_and_while_charging_is_found_again() -> None:
    csms = Csms()
    await csms.start()
    port = csms.port
    async with charge_point(csms) as engine:
        await until(engine, registered)
        await csms.stop()
        lost = await until(engine, lambda seen: seen.link.state is LinkState.WAITING)
        assert lost.link.retry_at is not None
        assert lost.link.trouble
        csms = Csms(first_transaction_id=77)
        await csms.start(port=port)
        await until(engine, registered)
        await submit(engine, Plug(1))
        await submit(engine, Start(1, "TAG"))
        seen = await until(
            engine,
            lambda seen: (
                charging(1)(seen)
                and (transaction := _of(seen, 1).transaction) is not None
                and transaction.transaction_id is not None
            ),
        )
        begun = _of(seen, 1).transaction
        await csms.stop()
        await until(engine, lambda seen: seen.link.state is LinkState.WAITING)
        assert charging(1)(engine.snapshot)  # type: ignore[arg-type]
        csms = Csms()
        await csms.start(port=port)
        again = await until(engine, lambda seen: registered(seen) and seen.link.queued == 0)
        kept = _of(again, 1).transaction
        assert begun is not None
        assert kept is not None
        assert kept.transaction_id == begun.transaction_id == 77
        report = await csms.wait_for(StatusReported, lambda event: event.status == "Charging")
        assert report.connector_id == 1
        await submit(engine, Stop(1))
        stop = await csms.wait_for(TransactionStopped)
        assert stop.transaction_id == 77
    await csms.stop()


async def test_a_csms_that_asks_before_it_answers_boot_and_answers_late() -> None:
    """As a widely used central.py does: GetConfiguration first, BootNotification.conf later."""
    rules = Rules(boot=Boot(delay_s=1.0, deaf=True))
    async with Csms(rules=rules) as csms, charge_point(csms) as engine:
        early = await until(engine, lambda seen: seen.link.state is LinkState.CONNECTED)
        assert early.link.registration is Registration.NONE
        seen = await until(engine, registered)
        assert seen.link.state is LinkState.CONNECTED
        exchanges = engine.messages.since(0)[1]
        asked = next(e for e in exchanges if e.action == "GetConfiguration")
        assert asked.state.value == "answered"
        assert sum(e.action == "BootNotification" for e in exchanges) == 1


async def test_the_seeds_flow_over_http() -> None:
    """plug, local start, MeterValues above 0, local stop, unplug: Available again."""
    port = free_port()
    async with Csms() as csms:
        merged = settings(
            csms_url=f"ws://127.0.0.1:{csms.port}/ocpp",
            state_dir=MEMORY,
            http_port=port,
            ocpp_keys={"MeterValueSampleInterval": "1"},
        )
        engine = hosted_engine(merged)
        engine.start()
        try:
            await until(engine, registered)
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}",
                # The sidecar is loaded beside the link, which may be up before it.
                transport=httpx.AsyncHTTPTransport(retries=10),
            ) as http:
                health = await http.get("/health")
                assert health.status_code == 200
                assert health.json()["ok"] is True
                answer = await http.post("/plug/1")
                assert answer.json() == {
                    "ok": True,
                    "connector": 1,
                    "state": "Preparing",
                    "plugged": True,
                }
                answer = await http.post("/local_start/1", params={"id_tag": "TAG_123"})
                assert answer.json()["ok"] is True
                await csms.wait_for(
                    MeterReported,
                    lambda event: any(
                        float(sample.value) > 0 and sample.unit == "kWh" for sample in event.samples
                    ),
                    timeout_s=PATIENCE_S,
                )
                answer = await http.post("/local_stop/1")
                assert answer.json()["ok"] is True
                stop = await csms.wait_for(TransactionStopped)
                assert stop.reason == "Local"
                answer = await http.post("/unplug/1")
                assert answer.json()["state"] == "Available"
                await csms.until(lambda ledger: ledger.status("TestCP01", 1) == "Available")
                refused = await http.post("/local_start/1")
                assert refused.status_code == 409
                assert refused.json() == {
                    "ok": False,
                    "error": "connector 1 has no vehicle: plug in first",
                }
                unknown = await http.post("/plug/9")
                assert (unknown.status_code, unknown.json()) == (
                    404,
                    {"detail": "unknown connector"},
                )
        finally:
            assert await asyncio.to_thread(engine.stop, 5.0)
        assert not engine.failure


def hosted_engine(chosen: Settings) -> Engine:
    """The engine with its sidecar, as the commands make it."""
    from sim_core.__main__ import hosted

    return hosted(chosen)
