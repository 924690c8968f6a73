"""Draws a life: what drivers, vehicles, networks and mishaps do at charge points, by a seed.

A deed is a row: how likely it is, when it makes sense, and the steps that it is. Whether a charge
point then does it is its own business: a step that is refused is no failure, and what the CSMS is
to make of all that stands in the invariants alone. At its end a life has everything mended, so that
what waits is told.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple

from sim_core.hardware.faults import FAULT_KINDS
from sim_core.scenarios.yaml_nodes import Place
from sim_core.testbench.invariants.heard import ANSWERS_WITHIN_S
from sim_core.testbench.invariants.table import INVARIANTS
from sim_core.testbench.scenario import (
    EITHER_WAY,
    Act,
    Again,
    Ask,
    ChargePointOptions,
    Scenario,
    Step,
    Together,
    Wait,
)

CONNECTORS = 2
BREATHS_S = (1.0, 5.0, 20.0, 120.0, 600.0)
"""How long it may be until something happens again."""
FIRST_DEEDS = 5
"""Lives begin short and grow: what a short one shows need not be looked for in a long one."""
DRAIN_S = 900.0
"""By then all that waits is told, once the link is back."""
RESTLESS = 0.5
"""The share of deeds behind which the next one follows at once."""
KEYS_16: tuple[dict[str, str], ...] = (
    {"LocalPreAuthorize": "true"},
    {"LocalAuthorizeOffline": "true", "AllowOfflineTxForUnknownId": "true"},
    {"MeterValueSampleInterval": "30", "TransactionMessageRetryInterval": "5"},
    {"MinimumStatusDuration": "3", "HeartbeatInterval": "120"},
    {},
)
"""What a charge point of OCPP 1.6 may be set to: the more it does without asking, the more it tells
afterwards."""


@dataclass(frozen=True)
class Plan:
    """What lives are drawn by."""

    seed: int = 1
    stations: int = 2
    deeds: int = 30
    """That a life has at the most."""
    versions: tuple[str, ...] = ("1.6", "2.0.1")
    cards: tuple[str, ...] = ("CARD1", "CARD2", "BLOCKED")
    """Some that the CSMS takes, and some that it does not."""
    asks: bool = False
    """Somebody can tell the CSMS to ask something."""
    sessions: bool = False
    """Somebody can tell of its sessions."""
    answers_within_s: float = ANSWERS_WITHIN_S

    @property
    def invariants(self) -> tuple[str, ...]:
        """Those that can be seen."""
        return tuple(row.name for row in INVARIANTS if self.sessions or not row.needs_sessions)


@dataclass
class _Spot:
    """A connector of a charge point, as far as the drawing goes by it."""

    point: _Point
    number: int
    plugged: bool = False
    faulted: bool = False


@dataclass
class _Point:
    """A charge point, as far as the drawing goes by it."""

    name: str
    ocpp: str
    linked: bool = True
    online: bool = True
    spots: list[_Spot] = field(default_factory=list)

    @property
    def talks(self) -> bool:
        """Whether the CSMS hears it."""
        return self.linked and self.online


class _Draw(NamedTuple):
    """What a deed is drawn with."""

    rng: Random
    plan: Plan

    def card(self) -> str:
        """A card."""
        return self.rng.choice(self.plan.cards)


class Deed(NamedTuple):
    """A row: see the module."""

    name: str
    weight: float
    when: Callable[[_Spot], bool]
    steps: Callable[[_Spot, _Draw], list[Step]]
    asks: bool = False
    """It is the CSMS that does it: somebody must tell it to."""


def life(plan: Plan, number: int) -> Scenario:
    """The life of this number: the same for the same plan."""
    rng = Random(f"{plan.seed}/{number}")
    ocpp = plan.versions[number % len(plan.versions)]
    draw = _Draw(rng, plan)
    points = [_Point(f"CP{place + 1:02}", ocpp) for place in range(plan.stations)]
    for point in points:
        point.spots = [_Spot(point, number + 1) for number in range(CONNECTORS)]
    options = tuple(ChargePointOptions(point.name, _options(rng, ocpp)) for point in points)
    spots = [spot for point in points for spot in point.spots]
    deeds = [deed for deed in DEEDS if plan.asks or not deed.asks]
    steps: list[Step] = []
    for _ in range(min(plan.deeds, FIRST_DEEDS + number)):
        spot = rng.choice(spots)
        possible = [deed for deed in deeds if deed.when(spot)]
        deed = rng.choices(possible, [one.weight for one in possible])[0]
        steps += deed.steps(spot, draw)
        if rng.random() >= RESTLESS:
            steps.append(_wait(rng.choice(BREATHS_S)))
    steps += _mended(points)
    return Scenario(
        title=f"Life {number} of seed {plan.seed}",
        name=f"life-{number}",
        at=Place(),
        proves="The CSMS keeps its invariants, whatever happens",
        ocpp=ocpp,
        charge_points=options,
        always=plan.invariants,
        answers_within_s=plan.answers_within_s,
        seed=rng.randrange(1, 2**31),
        steps=tuple(steps),
    )


def _options(rng: Random, ocpp: str) -> Mapping[str, str]:
    options = {"timing": rng.choice(("swift", "real"))}
    keys = rng.choice(KEYS_16) if ocpp == "1.6" else {}
    if keys:
        options["ocpp_keys"] = json.dumps(keys)
    return options


def _mended(points: list[_Point]) -> list[Step]:
    """All is well again, and whoever charges ends."""
    steps: list[Step] = []
    for point in points:
        if not point.linked:
            steps.append(_act(point, "link_up"))
        if not point.online:
            steps.append(_act(point, "online"))
    spots = [spot for point in points for spot in point.spots]
    ends = [_at(spot, what) for spot in spots for what in ("clear_fault", "local_stop", "unplug")]
    return [*steps, _wait(60.0), *ends, _wait(DRAIN_S)]


# -- steps -----------------------------------------------------------------------------------------


def _wait(seconds: float) -> Wait:
    return Wait(at=Place(), on="", seconds=seconds)


def _act(point: _Point, action: str, **said: Any) -> Act:
    return Act(at=Place(), on=point.name, action=action, said=said, refused=EITHER_WAY)


def _at(spot: _Spot, action: str, **said: Any) -> Act:
    return _act(spot.point, action, connector=spot.number, **said)


def _done(action: str, **changed: bool) -> Callable[[_Spot, _Draw], list[Step]]:
    """Something is done at a connector, which is otherwise from then on."""

    def steps(spot: _Spot, _: _Draw) -> list[Step]:
        for name, value in changed.items():
            setattr(spot, name, value)
        return [_at(spot, action)]

    return steps


def _switched(action: str, name: str, *, to: bool) -> Callable[[_Spot, _Draw], list[Step]]:
    """Something happens to the whole charge point."""

    def steps(spot: _Spot, _: _Draw) -> list[Step]:
        setattr(spot.point, name, to)
        return [_act(spot.point, action)]

    return steps


def _with_card(action: str) -> Callable[[_Spot, _Draw], list[Step]]:
    return lambda spot, draw: [_at(spot, action, id_tag=draw.card())]


def _breaks(spot: _Spot, draw: _Draw) -> list[Step]:
    spot.faulted = True
    return [_at(spot, "fault", error_code=draw.rng.choice(FAULTS))]


def _again(spot: _Spot, draw: _Draw) -> list[Step]:
    action = draw.rng.choice(REPEATED[spot.point.ocpp])
    return [Again(at=Place(), on=spot.point.name, action=action, refused=EITHER_WAY)]


def _cut_short(spot: _Spot, draw: _Draw) -> list[Step]:
    """The link goes between a request and its answer: the charge point says it again by itself."""
    what = draw.rng.choice(("local_stop", "ev_stop", "unplug", "swipe", "plug"))
    said = {"id_tag": draw.card()} if what == "swipe" else {}
    spot.plugged = what != "unplug" and (spot.plugged or what == "plug")
    acts = (_at(spot, what, **said), _act(spot.point, "link_down"))
    both = Together(at=Place(), on=spot.point.name, acts=acts)
    return [both, _wait(draw.rng.choice(BREATHS_S)), _act(spot.point, "link_up"), _wait(60.0)]


def _power_cut(spot: _Spot, draw: _Draw) -> list[Step]:
    out = _wait(draw.rng.choice(BREATHS_S))
    return [_act(spot.point, "power_off"), out, _act(spot.point, "power_on"), _wait(60.0)]


def _ask(spot: _Spot, action: str, payload: Mapping[str, Any]) -> Ask:
    on = spot.point.name
    return Ask(at=Place(), on=on, action=action, payload=payload, refused=EITHER_WAY)


def _remote_start(spot: _Spot, draw: _Draw) -> list[Step]:
    card, number = draw.card(), spot.number
    if spot.point.ocpp == "1.6":
        return [_ask(spot, "RemoteStartTransaction", {"connectorId": number, "idTag": card})]
    token = {"idToken": card, "type": "ISO14443"}
    payload = {"evseId": number, "idToken": token, "remoteStartId": draw.rng.randrange(10**6)}
    return [_ask(spot, "RequestStartTransaction", payload)]


def _unlock(spot: _Spot, _: _Draw) -> list[Step]:
    number = spot.number
    if spot.point.ocpp == "1.6":
        return [_ask(spot, "UnlockConnector", {"connectorId": number})]
    return [_ask(spot, "UnlockConnector", {"evseId": number, "connectorId": 1})]


def _reset(spot: _Spot, draw: _Draw) -> list[Step]:
    kind = draw.rng.choice(RESETS[spot.point.ocpp])
    return [_ask(spot, "Reset", {"type": kind}), _wait(60.0)]


def _restart(spot: _Spot, _: _Draw) -> list[Step]:
    return [_act(spot.point, "restart"), _wait(30.0)]


FAULTS = tuple(kind.error_code for kind in FAULT_KINDS)
RESETS = {"1.6": ("Soft", "Hard"), "2.0.1": ("Immediate", "OnIdle")}
REPEATED = {
    "1.6": (
        *("StartTransaction", "StopTransaction") * 3,
        *("Authorize", "MeterValues", "StatusNotification"),
    ),
    "2.0.1": (*("TransactionEvent",) * 4, "Authorize", "StatusNotification"),
}
"""What is said again as if its answer had been lost: the oftener it stands here, the likelier."""

DEEDS: tuple[Deed, ...] = (
    Deed("plug", 6, lambda it: not it.plugged, _done("plug", plugged=True)),
    Deed("start", 6, lambda it: it.plugged, _with_card("local_start")),
    Deed("swipe", 4, lambda _: True, _with_card("swipe")),
    Deed("stop", 4, lambda it: it.plugged, _done("local_stop")),
    Deed("unplug", 3, lambda it: it.plugged, _done("unplug", plugged=False)),
    Deed("stop by the vehicle", 1, lambda it: it.plugged, _done("ev_stop")),
    Deed("vehicle gives up", 0.3, lambda it: it.plugged, _done("ev_give_up")),
    Deed("vehicle pauses", 1, lambda it: it.plugged, _done("suspend_ev")),
    Deed("charger pauses", 0.5, lambda it: it.plugged, _done("suspend_evse")),
    Deed("resume", 1, lambda it: it.plugged, _done("resume")),
    Deed("fault", 0.7, lambda it: not it.faulted, _breaks),
    Deed("mended", 3, lambda it: it.faulted, _done("clear_fault", faulted=False)),
    Deed("unlock", 0.3, lambda it: it.plugged, _done("unlock")),
    Deed("link down", 1, lambda it: it.point.talks, _switched("link_down", "linked", to=False)),
    Deed("link up", 6, lambda it: not it.point.linked, _switched("link_up", "linked", to=True)),
    Deed("silent", 0.7, lambda it: it.point.talks, _switched("silent", "online", to=False)),
    Deed("online", 6, lambda it: not it.point.online, _switched("online", "online", to=True)),
    Deed("power cut", 0.5, lambda _: True, _power_cut),
    Deed("restart", 0.3, lambda it: it.point.talks, _restart),
    Deed("again", 3, lambda it: it.point.talks, _again),
    Deed("cut short", 2, lambda it: it.point.talks, _cut_short),
    Deed("ask for a start", 2, lambda it: it.point.talks, _remote_start, asks=True),
    Deed("ask to unlock", 0.5, lambda it: it.point.talks, _unlock, asks=True),
    Deed("ask for a reset", 0.3, lambda it: it.point.talks, _reset, asks=True),
)
"""All that may happen."""
