"""One charge point of a fleet is looked at: what it shows, what keys do there, the way back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from sim_core.commands import Plug, Refused
from sim_core.fleet.member import MemberHost, MemberLog
from sim_core.fleet.stations import Fleet
from sim_core.runtime.clock import SystemClock
from sim_core.wire.message_log import Direction, Exchange, ExchangeState, MessageLog
from tests.fleet.test_fleet import a_fleet, csms, settings, until
from tests.patience import PATIENCE_S
from tui.fleet.app import FleetApp
from tui.fleet.member import MemberApp, member_keymap


async def soon(holds: Callable[[], object]) -> None:
    """Return once it holds: another thread brings it about."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "it never came true"
        await asyncio.sleep(0.01)


def what(one: Exchange) -> tuple[object, ...]:
    return one.message_id, one.state, one.answer


@given(st.lists(st.sampled_from(["open", "close", "look", "leave"]), max_size=30))
def test_both_logs_have_each_exchange_as_it_was_closed(acts: list[str]) -> None:
    whole, own = MessageLog(), MessageLog()
    log = whole
    at, opened, seen = SystemClock().now(), list[int](), set[str]()
    whole.open(Direction.SENT, "Other", "other", "[]", at)
    for step, act in enumerate(acts):
        if act == "open":
            name = f"m{step}"
            opened.append(log.open(Direction.SENT, "Heartbeat", name, "[]", at))
            seen |= {name} if log is not whole else set()
        elif act == "close" and opened:
            log.close(opened.pop(0), ExchangeState.ANSWERED, answer=f"a{step}", latency_s=0.1)
        elif act == "look":
            log = MemberLog(whole, own)
        elif act == "leave":
            log = whole
    mine = own.since(0)[1]
    assert {one.message_id for one in mine} == seen
    if "leave" not in acts and acts.count("look") == 1:
        theirs = {one.message_id: what(one) for one in whole.since(0)[1]}
        assert all(what(one) == theirs[one.message_id] for one in mine)
    assert log.since(0) == whole.since(0)


async def test_one_is_looked_at_acted_on_and_left() -> None:
    async with csms() as server, a_fleet(server, session_sec=0) as fleet:
        await until(fleet, lambda now: now.registered == 8)
        host = MemberHost(fleet, 3)
        assert host.snapshot is None
        host.start()
        await soon(lambda: host.snapshot)
        assert host.snapshot is not None
        assert host.snapshot.charge_point_id == "FLEET-0003"
        assert (await asyncio.wrap_future(host.submit(Plug(1)))).ok
        refused = await asyncio.wrap_future(host.submit(Plug(1)))
        assert isinstance(refused, Refused)
        await soon(lambda: host.snapshot and host.snapshot.connectors[0].plugged)
        await soon(lambda: host.messages.count > 0)
        mine = {one.message_id for one in host.messages.since(0)[1]}
        assert mine <= {one.message_id for one in fleet.messages.since(0)[1]}
        assert len(host.events.since(0)[1]) > 0
        host.stop()
        await soon(lambda: host.snapshot is None)
        station = fleet.station(3)
        assert station is not None
        assert not station.seen_afar
        assert station.messages.count == fleet.messages.count


async def test_from_the_fleet_into_one_on_to_the_next_and_back() -> None:
    async with csms() as server:
        url = f"--csms-url=ws://127.0.0.1:{server.port}/ocpp"
        fleet = Fleet(settings(url, count=4, boots_per_sec=200, session_sec=0))
        app = FleetApp(fleet)
        try:
            async with app.run_test(size=(80, 24)) as pilot:
                await until(fleet, lambda now: now.registered == 4)
                await pilot.press("enter", *"0003")
                await pilot.pause()
                await pilot.press("enter")
                await pilot.pause()
                assert app.wanted == 3
            member = MemberApp(fleet, 3, "")
            async with member.run_test(size=(80, 24)) as pilot:
                await _shows(member, "FLEET-0003 3/4 online")
                await pilot.press("right_square_bracket")
                await _shows(member, "FLEET-0004 4/4 online")
                await pilot.press("right_square_bracket")
                await _shows(member, "FLEET-0001 1/4 online")
                await pilot.press("p")
                await _shows(member, "Preparing")
                await pilot.press("q")
                await pilot.pause()
                assert member.return_code == 0
            assert fleet.snapshot.registered == 4
        finally:
            assert await asyncio.to_thread(fleet.stop, PATIENCE_S)


async def _shows(app: MemberApp, words: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        shown = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        if words in shown:
            return
        assert time.monotonic() < deadline, shown
        await asyncio.sleep(0.02)


def test_the_way_out_is_called_what_it_is() -> None:
    keys = member_keymap()
    assert keys.row["quit"].label == "to the fleet"
    assert [item.label for item in keys.footer if item.rows == ("quit",)] == ["fleet"]
