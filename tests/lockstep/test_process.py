"""What the process of the twin makes of lines, and what it does when something goes wrong."""

from __future__ import annotations

from typing import Any

import pytest

from sim_core.lockstep.__main__ import Lockstep
from sim_core.lockstep.following import Following
from sim_core.runtime.clock import ManualClock
from sim_core.traces.moments import S
from sim_core.twin.virtual_time import StuckError
from tests.lockstep.metal import metal, passing, twin
from tests.traces.tales import START


def lines_of(seed: int) -> list[list[Any]]:
    """A conversation as its parent tells it."""
    said = metal(seed)
    begin = said.exchanges[0].at
    lines: list[list[Any]] = []
    for after, row, exchange, is_answer in passing(said):
        at = (begin + after).isoformat()
        if is_answer:
            assert exchange.answer is not None
            lines.append(["answered", "CP01", row, at, [*exchange.answer], exchange.slash])
        else:
            message = (exchange.message_id, exchange.action, exchange.payload)
            by_charger, slash = exchange.from_charger, exchange.slash
            lines.append(["asked", "CP01", row, by_charger, at, *message, slash])
    return [*lines, ["listened", (said.exchanges[-1].at + 30 * S).isoformat()]]


def test_each_frame_that_comes_in_goes_out_with_a_verdict() -> None:
    said: list[list[Any]] = []
    lockstep = Lockstep(twin(), said.append, ManualClock(START))
    lines = lines_of(140)
    for line in lines:
        lockstep.hear(line)
    lockstep.look()
    asked = [line for line in lines if line[0] == "asked"]
    assert {line[0] for line in said} == {"judged"}
    assert sorted(line[2]["row"] for line in said) == list(range(1, len(asked) + 1))
    before = len(said)
    lockstep.look()
    assert len(said) == before  # nothing is new


def test_what_keeps_the_twin_from_being_played_is_said_once_and_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[list[Any]] = []
    lockstep = Lockstep(twin(), said.append, ManualClock(START))
    first, *rest = lines_of(141)

    def stuck(self: Following) -> list[Any]:
        raise StuckError("The play is stuck: calls are open for 20 s.")

    with monkeypatch.context() as patched:
        patched.setattr(Following, "look", stuck)
        lockstep.hear(first)
        lockstep.look(at_once=True)
        lockstep.look(at_once=True)
    assert said == [["trouble", "CP01", "The play is stuck: calls are open for 20 s."]]
    for line in rest:
        lockstep.hear(line)
    assert said[1:] == [["trouble", "CP01", ""]]
    lockstep.look(at_once=True)
    assert all(line[0] == "judged" for line in said[2:])


def test_a_computer_that_is_slow_is_left_alone_between_two_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = ManualClock(START)
    looks: list[float] = []

    def look(self: Following) -> list[Any]:
        looks.append(clock.monotonic())
        clock._elapsed += 3.0  # it takes so long
        return []

    monkeypatch.setattr(Following, "look", look)
    lockstep = Lockstep(twin(), lambda line: None, clock)
    for line in lines_of(142)[:3]:
        lockstep.hear(line)
        lockstep.look()
    assert looks == [0.0]
    clock._elapsed += 6.0
    lockstep.look()
    assert looks == [0.0, 9.0]
