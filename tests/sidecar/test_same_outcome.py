"""Key, button, palette and HTTP give the same Outcome for every command in every state."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from sim_core.commands import (
    ACTION_BY_COMMAND,
    ACTIONS,
    Action,
    ClearFault,
    Command,
    EVGiveUp,
    GoOnline,
    GoSilent,
    InjectFault,
    JamLock,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    Refused,
    Restart,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
)
from sim_core.sidecar.command_routes import command
from tests.harness import Harness
from tests.sidecar.beside import in_process
from tui.keymap import ROWS, command_for, why_not
from tui.typed_commands import typed_command

SAID: dict[str, dict[str, str]] = {
    "plug": {"vehicle": "City 40"},
    "swipe": {"id_tag": "TAG"},
    "local_start": {"id_tag": "TAG"},
    "type_code": {"pin": "1234"},
    "external_limit": {
        "limit_w": "20000",
        "source": "SO",
        "connector": "1",
        "grid_critical": "true",
    },
    "clear_external_limit": {"source": "SO", "connector": "1"},
    "fault": {"error_code": "OverVoltage", "vendor_error_code": "E7", "info": "relay"},
    "rule": {"action": "Reset", "way": "refuse"},
    "end_rule": {},
    "wire_fault": {"fault": "drop"},
    "play": {"recording": '[{"do":"link_down"}]'},
    "answer": {"way": "usual"},
    "message": {"action": "Heartbeat", "payload": "{}"},
    "frame": {"frame": '[2, "typed", "Heartbeat", {}]'},
    "configure": {"name": "HeartbeatInterval", "value": "60"},
}
"""What the query of an action says in these tests; the others have none."""

Way = Callable[[Harness], Awaitable[None]]


def after(*commands: Command) -> Way:
    """The state that these commands lead to."""

    async def lead(harness: Harness) -> None:
        for one in commands:
            outcome = await harness.submit(one)
            assert outcome.ok, (one, outcome)

    return lead


async def unavailable(harness: Harness) -> None:
    await harness.ask("ChangeAvailability", connectorId=1, type="Inoperative")


async def blocked(harness: Harness) -> None:
    """The CSMS does not accept the card."""
    harness.csms.tags["TAG"] = {"status": "Blocked"}
    await harness.submit(Plug(1))


PLUGGED = Plug(1)
RUNNING = (PLUGGED, Start(1, "TAG"))
STATES: dict[str, Way] = {
    "available": after(),
    "plugged": after(PLUGGED),
    "card first": after(Swipe(1, "TAG")),
    "card blocked": blocked,
    "charging": after(*RUNNING),
    "charging for another": after(PLUGGED, Start(1, "OTHER")),
    "paused by the vehicle": after(*RUNNING, SuspendEV(1)),
    "paused by the charge point": after(*RUNNING, SuspendEVSE(1)),
    "finishing": after(*RUNNING, Stop(1)),
    "ended by the vehicle, which sleeps": after(*RUNNING, EVGiveUp(1)),
    "restarting": after(*RUNNING, Restart()),
    "faulted": after(InjectFault(1)),
    "faulted while charging": after(*RUNNING, InjectFault(1)),
    "mended": after(InjectFault(1), ClearFault(1)),
    "unavailable": unavailable,
    "lock jammed": after(JamLock(1)),
    "link down": after(PLUGGED, LinkDown()),
    "link back": after(LinkDown(), LinkUp()),
    "silent": after(PLUGGED, GoSilent()),
    "online again": after(GoSilent(), GoOnline()),
    "without power": after(PLUGGED, PowerOff()),
}


def a_harness() -> Harness:
    """With a socket, a lock and a sensor, so that almost every command can come to something."""
    return Harness(
        behaviour={"detachable_cable": True, "lockable": True},
        equipment="bay_sensor",
        keys={"ConnectionTimeOut": "600"},
    )


def in_json(said: dict[str, str]) -> dict[str, object]:
    """As a body says it: a payload is no text there."""
    return {name: json.loads(text) if name == "payload" else text for name, text in said.items()}


def facts(harness: Harness) -> tuple[object, ...]:
    seen = harness.station.snapshot
    connectors = [
        (one.status, one.plugged, one.vehicle, one.token, one.fault and one.fault.error_code)
        for one in seen.connectors
    ]
    return connectors, harness.station.link.wanted, seen.link.online, seen.powered


@dataclass
class InOneState:
    """Charge points in a state of the table. Whatever is refused leaves them there: new ones are
    made only when something was done."""

    state: str
    _made: AsyncExitStack = field(default_factory=AsyncExitStack)
    _there: list[Harness] = field(default_factory=list)

    async def these(self, many: int) -> list[Harness]:
        """So many of them, with the same behind them."""
        while len(self._there) < many:
            harness = await self._made.enter_async_context(a_harness())
            await STATES[self.state](harness)
            self._there.append(harness)
        return self._there

    async def leave(self) -> None:
        """Something was done with them, or nothing is left to do."""
        self._there = []
        await self._made.aclose()


@pytest.mark.parametrize("state", STATES)
async def test_http_gives_the_outcome_that_the_station_gives(state: str) -> None:
    here = InOneState(state)
    for action in ACTIONS:
        asked = command(action, 1, SAID.get(action.name, {}))
        one, other = await here.these(2)
        expected = await one.submit(asked)
        path, said = action.path.format(cid=1), SAID.get(action.name)
        how = {"json": in_json(said or {})} if action.in_body else {"params": said}
        async with in_process(other) as http:
            answer = await http.request(action.method, path, **how)
            await other.settle()
        body = answer.json()
        if isinstance(expected, Refused):
            refusal = {"ok": False, "error": expected.reason}
            assert (answer.status_code, body) == (409, refusal), action.name
        else:
            assert (answer.status_code, body["ok"]) == (200, True), action.name
        assert facts(other) == facts(one), action.name
        if not isinstance(expected, Refused):
            await here.leave()
    await here.leave()


@pytest.mark.parametrize("state", STATES)
async def test_the_keys_ask_for_the_actions_of_the_table_and_know_their_refusals(
    state: str,
) -> None:
    """A key, a button and the palette all press a row; what a row asks, the station answers."""
    here = InOneState(state)
    for row in ROWS:
        if row.command is None:
            continue
        (harness,) = await here.these(1)
        seen = harness.station.snapshot
        asked = command_for(row, seen, 1)
        assert asked is not None
        assert type(asked) in ACTION_BY_COMMAND
        said = why_not(asked, seen, 1)
        outcome = await harness.submit(asked)
        if said:
            assert outcome == Refused(said)
        # What only the CSMS can know, no picture knows beforehand.
        elif isinstance(outcome, Refused):
            assert type(asked) in (Start, Swipe), outcome
        if not said:
            await here.leave()
    await here.leave()


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_the_palette_and_http_make_the_same_command(action: Action) -> None:
    said = SAID.get(action.name, {})
    words = " ".join((action.name, *(["1"] if action.on_connector else []), *said.values()))
    if action.name == "plug":  # the palette types a vehicle in one word
        said, words = {"vehicle": "Unknown"}, "plug 1 Unknown"
    typed = typed_command(words)
    assert typed is not None, words
    assert typed[0] == command(action, 1, said)
