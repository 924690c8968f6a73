"""What a charge point lets go of goes by itself: a search for garbage would find nothing of it."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from sim_core.runtime import garbage
from sim_core.standard_streams import through_the_door
from tests.fleet.test_fleet import a_fleet, csms, until


@contextmanager
def found_by_search() -> Iterator[list[str]]:
    """What is of ours among the objects that are kept by nothing but each other, at the end."""
    found: list[str] = []
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        for one in gc.garbage:
            rooms = (type(one).__module__, getattr(one, "__module__", ""))
            ours = [room for room in rooms if str(room).startswith("sim_core.")]
            found += [repr(one) for room in ours[:1] if not str(room).startswith("sim_core.csms")]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()


def test_what_is_kept_by_itself_is_found() -> None:
    class Own:
        """Holds itself."""

    Own.__module__ = "sim_core.charging"
    with found_by_search() as found:
        own = Own()
        own.own = own  # type: ignore[attr-defined]
        del own
    assert any("Own" in one for one in found)


async def test_a_session_leaves_nothing_to_search_for() -> None:
    async with csms() as server, a_fleet(server) as running:
        before = (await until(running, lambda now: now.visits_ended >= 8)).visits_ended
        with found_by_search() as found:
            await until(running, lambda now: now.visits_ended >= before + 16)
        assert found == []


def test_the_search_is_as_it_was_when_the_fleet_has_gone() -> None:
    usual = gc.get_threshold()
    frozen = gc.get_freeze_count()
    with garbage.searched_seldom():
        assert gc.get_threshold()[0] == garbage.MUCH
        garbage.leave_out()
        assert gc.get_freeze_count() > frozen
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("stays", [True, False])
def test_what_a_command_leaves_goes_with_its_process(stays: bool) -> None:
    interrupted = signal.getsignal(signal.SIGINT)
    try:
        assert through_the_door(lambda: 3, stays=stays) == 3
        assert (gc.get_freeze_count() == 0) is stays
    finally:
        gc.unfreeze()
        signal.signal(signal.SIGINT, interrupted)
