"""Whatever people, vehicles, the CSMS and the network do: a transaction is told as 2.0.1 has it.

Random commands, requests, answers and cuts drive a real station over a real socket, with different
points for begin and end. The oracle is `ledger`, the text's tables; beside it, whenever the CSMS
has heard everything, what it knows must be what is so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sim_core.commands import (
    ClearFault,
    Command,
    DriveOff,
    GoOnline,
    GoSilent,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Restart,
    Stop,
    Unplug,
)
from sim_core.snapshot import ConnectorSnapshot, ConnectorState, LinkState
from tests.conformance201.acts import TX
from tests.drivers import at_a_connector, by_others, numbers, tags
from tests.examples import examples
from tests.harness import Harness
from tests.ocpp201.ledger import BY_EV, BY_EVSE, CHARGING, CONNECTED, IDLE, Ledger
from tests.scripted_csms import Answer, CallError, Cut, Drop, Twice
from tests.versions import Payload


def _card(connector: ConnectorSnapshot) -> bool:
    return connector.token is not None and not connector.authorizing


def _path(connector: ConnectorSnapshot) -> bool:
    return _card(connector) and bool(connector.plugged)


POINTS: dict[tuple[str, str], Callable[[ConnectorSnapshot], bool] | None] = {
    ("PowerPathClosed", "EVConnected,Authorized"): _path,
    ("PowerPathClosed", "PowerPathClosed"): _path,
    ("Authorized", "Authorized"): _card,
    ("EnergyTransfer", "EnergyTransfer"): lambda one: one.state is ConnectorState.CHARGING,
    ("EVConnected", "EVConnected"): None,
    ("EVConnected,Authorized", "EVConnected"): None,
    ("EnergyTransfer", "EVConnected,Authorized"): None,
    ("ParkingBayOccupancy", "ParkingBayOccupancy"): None,
    ("PowerPathClosed", "ParkingBayOccupancy"): None,
    ("DataSigned", "EVConnected,Authorized"): None,
}
"""TxStartPoint and TxStopPoint that make sense together, and where that can be said of any moment:
whether a transaction is open, for anybody who looks."""
STATE: dict[ConnectorState, str] = {
    ConnectorState.CHARGING: CHARGING,
    ConnectorState.PAUSED_BY_CHARGER: BY_EVSE,
    ConnectorState.PAUSED_BY_VEHICLE: BY_EV,
    ConnectorState.PREPARING: CONNECTED,
    ConnectorState.ENDED: CONNECTED,
}
"""chargingState of an open transaction where a vehicle is plugged in, by what anybody can see."""

vehicles = st.sampled_from((None, "Cooler 75", "Nearly Full 60", "Sleeper 50"))
commands: st.SearchStrategy[Command] = st.one_of(
    at_a_connector(vehicles),
    by_others(),
    st.sampled_from(
        (LinkDown(), LinkUp(), GoSilent(), GoOnline(), PowerOff(), PowerOn(), Restart())
    ),
)
WORDS = ("Accepted", "Accepted", "Blocked", "Invalid")
requests: st.SearchStrategy[tuple[str, Payload]] = st.one_of(
    st.builds(
        lambda tag, number: (
            "RequestStartTransaction",
            {
                "idToken": {"idToken": tag, "type": "ISO14443"},
                "remoteStartId": 5,
                "evseId": number,
            },
        ),
        tags,
        numbers,
    ),
    st.builds(lambda number: ("RequestStopTransaction", {"transactionId": number}), numbers),
    st.builds(
        lambda number: (
            "TriggerMessage",
            {"requestedMessage": "TransactionEvent", "evse": {"id": number}},
        ),
        numbers,
    ),
    st.builds(
        lambda limit: (
            "SetChargingProfile",
            {
                "evseId": 1,
                "chargingProfile": {
                    "id": 1,
                    "stackLevel": 0,
                    "chargingProfilePurpose": "TxDefaultProfile",
                    "chargingProfileKind": "Absolute",
                    "chargingSchedule": [
                        {
                            "id": 1,
                            "startSchedule": "2026-01-01T00:00:00Z",
                            "chargingRateUnit": "W",
                            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
                        }
                    ],
                },
            },
        ),
        st.sampled_from((0.0, 9_000.0)),
    ),
    st.builds(lambda how: ("Reset", {"type": how}), st.sampled_from(("Immediate", "OnIdle"))),
    st.builds(
        lambda number, status: (
            "ChangeAvailability",
            {"operationalStatus": status, "evse": {"id": number}},
        ),
        numbers,
        st.sampled_from(("Operative", "Inoperative")),
    ),
)
answers: st.SearchStrategy[tuple[str, Answer]] = st.tuples(
    st.sampled_from(("Authorize", TX, TX, "StatusNotification")),
    st.sampled_from((CallError(), Drop(), Cut(), Cut(after_answer=True), Twice())),
)
Step = Callable[["World"], Awaitable[None]]


class World:
    """A station, its CSMS, and what that has heard."""

    def __init__(
        self, harness: Harness, is_open: Callable[[ConnectorSnapshot], bool] | None
    ) -> None:
        self.harness = harness
        self._is_open = is_open
        self.ledger = Ledger()
        self._read = 0

    def listen(self) -> None:
        """Take down what was told since the last time."""
        events = self.harness.csms.of(TX)
        for call in events[self._read :]:
            self.ledger.hear(call.payload)
        self._read = len(events)

    def told_is_true(self) -> None:
        """Whatever the CSMS could hear, it knows how it is."""
        picture = self.harness.station.snapshot
        link = picture.link
        if link.state is not LinkState.CONNECTED or link.queued or not link.online:
            return
        for connector in picture.connectors:
            transaction_id = self.ledger.open.get(connector.connector_id)
            if transaction_id is not None and picture.powered:
                state = charging_state(connector)
                told = self.ledger.transactions[transaction_id].state
                assert state in (None, told), f"told {told}, is {state}: {connector}"
            if self._is_open is not None and picture.powered:
                known = transaction_id is not None
                assert self._is_open(connector) is known, f"open: {known}: {connector}"


def charging_state(connector: ConnectorSnapshot) -> str | None:
    """What a transaction does here, for anybody who looks; None: it cannot be seen."""
    if not connector.plugged:
        return IDLE
    return STATE.get(connector.state)


def submit(command: Command) -> Step:
    async def step(world: World) -> None:
        harness = world.harness
        asking = asyncio.ensure_future(harness.station.submit(command))
        await harness.settle()
        if not asking.done():  # an answer is withheld: only time decides it
            await harness.advance(31)
        await asking
        await harness.settle()

    return step


def ask(request: tuple[str, Payload]) -> Step:
    async def step(world: World) -> None:
        harness, (action, payload) = world.harness, request
        if "transactionId" in payload:
            world.listen()
            running = world.ledger.open.get(payload["transactionId"])
            payload = {"transactionId": running or "nobody's"}
        if harness.csms.connected and harness.station.snapshot.link.online:
            await harness.csms.ask_raw(action, payload)
        await harness.settle()

    return step


def script(answer: tuple[str, Answer]) -> Step:
    async def step(world: World) -> None:
        world.harness.csms.script[answer[0]].append(answer[1])

    return step


def says_of_b(word: str) -> Step:
    async def step(world: World) -> None:
        world.harness.csms.tags["TAG_B"] = {"status": word}

    return step


def wait(seconds: float) -> Step:
    async def step(world: World) -> None:
        await world.harness.advance(seconds)

    return step


async def cut(world: World) -> None:
    await world.harness.csms.cut()
    await world.harness.settle()


steps: st.SearchStrategy[Step] = st.one_of(
    commands.map(submit),
    commands.map(submit),
    requests.map(ask),
    answers.map(script),
    st.sampled_from(WORDS).map(says_of_b),
    st.sampled_from((0.5, 2.0, 11.0, 65.0)).map(wait),
    st.just(cut),
)


@settings(
    max_examples=examples(8),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
@given(story=st.lists(steps, min_size=5, max_size=30), points=st.sampled_from(list(POINTS)))
def test_whatever_happens_a_transaction_is_told_as_the_text_has_it(
    story: list[Step], points: tuple[str, str]
) -> None:
    asyncio.run(live_through(story, *points))


async def live_through(story: list[Step], start: str, stop: str) -> None:
    keys = {
        "TxCtrlr.TxStartPoint": start,
        "TxCtrlr.TxStopPoint": stop,
        "SampledDataCtrlr.SignReadings": "true" if start == "DataSigned" else "false",
        "TransactionMessageAttempts": "50",
        "TransactionMessageRetryInterval": "1",
    }
    async with Harness(version="2.0.1", keys=keys, equipment="all") as harness:
        world = World(harness, POINTS[start, stop])
        for step in story:
            await step(world)
            await harness.advance(0.001)
            world.listen()
            world.told_is_true()
        await calm_down(world)
        world.listen()
        world.ledger.all_over()
        check_limits(harness)


def check_limits(harness: Harness) -> None:
    """The CSMS knows whose limits stand, and of which EVSEs (K11.FR.02, K13.FR.02)."""
    known: dict[tuple[str, int], bool] = {}
    for call in harness.csms.of("NotifyChargingLimit", "ClearedChargingLimit"):
        payload = {**call.payload, **call.payload.get("chargingLimit", {})}
        place = payload["chargingLimitSource"], payload.get("evseId", 0)
        known[place] = call.action == "NotifyChargingLimit"
    standing = {(one.source, one.connector_id) for one in harness.station.snapshot.external_limits}
    assert {place for place, stands in known.items() if stands} == standing


async def calm_down(world: World) -> None:
    """Everybody goes home: the network works, every session ends, every message is answered."""
    harness = world.harness
    harness.csms.script.clear()
    harness.csms.tags.clear()
    for command in (PowerOn(), LinkUp(), GoOnline()):
        await submit(command)(world)
    for number in (1, 2):
        # Where only the cable ends it, one that began with a card alone waits for that (TC_E_39).
        for last in (ClearFault, Stop, Plug, Unplug, DriveOff):
            await submit(last(number))(world)
    await harness.advance(120)
    await harness.advance(400)
    picture = harness.station.snapshot
    assert picture.link.state is LinkState.CONNECTED
    assert picture.link.queued == 0
    assert picture.journal.lost == ()
