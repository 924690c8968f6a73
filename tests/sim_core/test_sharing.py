"""Who gets how much: of what has stayed where it was nobody is asked, which makes no difference."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim_core.charging.connector import Connector, Transaction
from sim_core.charging.environment import Environment
from sim_core.charging.power import Power
from sim_core.hardware.model import Ratings
from sim_core.hardware.outlet import Outlet
from sim_core.hardware.vehicle import Vehicle
from sim_core.settings.garage_file import load_garage
from sim_core.store.memory.store import MemoryStore

RATINGS = Ratings(
    connector_power_w=60_000,
    connector_current_a=200,
    cabinet_power_w=90_000,
    cabinet_reserve_w=10_000,
    minimum_power_w=500,
)
EDGE_S = 200.0
Acts = list[tuple[str, int, Any]]
"""What happens, where, and how much."""
SWITCHES = ("plug", "unplug", "close", "open", "ev", "evse", "go", "begin", "end")
acts = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.just(0), st.floats(0.1, 2)),
        st.tuples(st.just("pass"), st.just(0), st.floats(1, 600)),
        st.tuples(st.sampled_from(SWITCHES), st.integers(1, 3), st.integers(0, 10)),
        st.tuples(st.just("starting"), st.integers(1, 3), st.none()),
        st.tuples(st.just("profile"), st.integers(1, 3), st.none() | st.floats(0, 90_000)),
        st.tuples(st.just("cap"), st.integers(1, 3), st.none() | st.floats(0, 300)),
    ),
    max_size=20,
)
vehicles = st.tuples(*[st.none() | st.integers(0, 10)] * 3)
"""Who charges in the beginning, by their places in the garage."""


class Limits:
    """One edge, from which on all together have a limit."""

    cap_by, least_w = "profile", 2_000.0
    cap_w: float | None = None

    def __init__(self, later_w: float) -> None:
        self._later_w = later_w
        self.due_s: float | None = EDGE_S

    def cross(self) -> None:
        self.cap_w, self.due_s = self._later_w, None


class AlwaysAsked(Outlet):
    """What it wants may always be something else."""

    __slots__ = ()

    def advance(self, now_s: float) -> bool:
        super().advance(now_s)
        return True


def charging(vehicles: tuple[int | None, ...]) -> Acts:
    """They come one after the other, and begin."""
    return [
        (act, number, kind)
        for number, kind in enumerate(vehicles, 1)
        if kind is not None
        for act in ("plug", "begin", "close")
    ]


def seen(make: type[Outlet], acts: Acts, limits: Limits, noise: float = 0.0) -> list[object]:
    """What everybody has, and what all meters show, after each act."""
    now_s, garage = 0.0, load_garage()
    connectors = {
        number: Connector(
            number,
            make(
                RATINGS,
                register_wh=0.0,
                ramp_w_per_s=15_000,
                noise=noise,
                rng=random.Random(number),
                now_s=0.0,
            ),
            lockable=False,
        )
        for number in (1, 2, 3)
    }
    clock = SimpleNamespace(monotonic=lambda: now_s)
    power = Power(
        cast("Environment", SimpleNamespace(clock=clock)),
        connectors,
        RATINGS,
        limits,
        MemoryStore().registers,
        evenly=False,
        on_look=lambda connector: None,
        on_change=lambda: None,
    )
    result: list[object] = []
    for act, number, value in acts:
        if act == "pass":
            now_s += value
            power.advance()
        else:
            power.advance()
            switched(act, connectors[number], value, garage)
            if act != "starting":  # nobody is told of that before time passes
                power.share()
        for connector in connectors.values():
            metal = connector.metal
            result.append((metal.allowed_w, metal.allowed_by, metal.starved, metal.reading()))
    return result


def switched(act: str, connector: Connector, value: Any, garage: Any) -> None:
    metal = connector.metal
    if act == "plug" and not metal.plugged:
        metal.plug(Vehicle(garage[value]))
    elif act == "unplug":
        metal.unplug()
    elif act == "close" and metal.plugged:
        metal.close_contactor()
    elif act == "open":
        metal.open_contactor()
    elif act in ("ev", "evse"):
        setattr(metal, f"{act}_paused", True)
    elif act == "go":
        metal.ev_paused = metal.evse_paused = False
    elif act == "begin":
        connector.transaction = cast("Transaction", object())
    elif act == "end":
        connector.transaction = None
    elif act == "starting":
        connector.starting = not connector.starting
    elif act == "profile":
        metal.profile_w = value
    elif act == "cap":
        metal.cap_wh = None if value is None else metal.meter.register_wh + value


@settings(max_examples=300)
@given(vehicles, acts, st.floats(0, 150_000), st.sampled_from((0.0, 0.05)))
def test_who_is_not_asked_wants_what_he_wanted(
    vehicles: tuple[int | None, ...], acts: Acts, later_w: float, noise: float
) -> None:
    acts = [*charging(vehicles), *acts]
    not_always, always = (
        seen(make, acts, Limits(later_w), noise) for make in (Outlet, AlwaysAsked)
    )
    assert not_always == always


def test_of_those_that_stay_where_they_are_nobody_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Outlet] = []
    demand_w = Outlet.demand_w

    def counted(metal: Outlet) -> float | None:
        asked.append(metal)
        return demand_w(metal)

    monkeypatch.setattr(Outlet, "demand_w", counted)
    begin = charging((1, None, None))
    seen(Outlet, [*begin, ("pass", 0, 10.0)], Limits(9e9))
    often = len(asked)
    asked.clear()
    seen(Outlet, [*begin, *[("pass", 0, 10.0)] * 5], Limits(9e9))
    assert len(asked) == often


def test_for_whom_is_about_to_charge_a_part_is_held_free_from_the_next_look_on() -> None:
    alone: Acts = [*charging((1, None, None)), ("pass", 0, 10.0), ("pass", 0, 10.0)]
    of_connector_1 = seen(Outlet, [*alone, ("starting", 2, None), ("pass", 0, 10.0)], Limits(9e9))
    before_w, after_w = (cast("Any", of_connector_1[at])[0] for at in (-9, -3))
    assert (before_w, after_w) == (RATINGS.cabinet_power_w, 80_000)
