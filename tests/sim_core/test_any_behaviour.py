"""Whatever people, vehicles, the CSMS and the network do: OCPP's rules hold.

Random commands, requests, answers and cuts drive a real charge point over a real socket. The
oracles are OCPP 1.6's own: the transition table of §4.9, one StopTransaction for each
StartTransaction, registers that never fall, a CSMS that ends up knowing what is so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sim_core.commands import (
    ACTIONS,
    AddRule,
    AddWireFault,
    AnswerHeld,
    ClearFault,
    Command,
    Configure,
    Dial,
    DropFrame,
    EndPlay,
    EndRecording,
    EndRule,
    EndWireFault,
    GoOnline,
    GoSilent,
    JamLock,
    LinkDown,
    LinkUp,
    Play,
    Plug,
    PowerOff,
    PowerOn,
    Record,
    ReleaseFrame,
    RemoveCable,
    Restart,
    Send,
    SendFrame,
    Start,
    Stop,
    Swipe,
    Unlock,
    Unplug,
)
from sim_core.snapshot import LinkState, Registration
from sim_core.wire.timestamps import stamp
from tests.drivers import at_a_connector, by_others, numbers, tags
from tests.harness import Harness
from tests.scripted_csms import Answer, CallError, Cut, Drop, Twice

ON_THE_WIRE: set[type[Command]] = {AddWireFault, EndWireFault, ReleaseFrame, DropFrame}
"""What is done to frames on purpose breaks rules by itself (tests/testbench/test_wire_faults)."""
TRANSITIONS: dict[str, set[str]] = {
    "Available": {
        "Preparing",
        "Charging",
        "SuspendedEV",
        "SuspendedEVSE",
        "Reserved",
        "Unavailable",
        "Faulted",
    },
    "Preparing": {
        "Available",
        "Charging",
        "SuspendedEV",
        "SuspendedEVSE",
        "Finishing",
        "Faulted",
    },
    "Charging": {
        "Available",
        "SuspendedEV",
        "SuspendedEVSE",
        "Finishing",
        "Unavailable",
        "Faulted",
    },
    "SuspendedEV": {
        "Available",
        "Charging",
        "SuspendedEVSE",
        "Finishing",
        "Unavailable",
        "Faulted",
    },
    "SuspendedEVSE": {
        "Available",
        "Charging",
        "SuspendedEV",
        "Finishing",
        "Unavailable",
        "Faulted",
    },
    "Finishing": {"Available", "Preparing", "Unavailable", "Faulted"},
    "Reserved": {"Available", "Preparing", "Unavailable", "Faulted"},
    "Unavailable": {
        "Available",
        "Preparing",
        "Charging",
        "SuspendedEV",
        "SuspendedEVSE",
        "Faulted",
    },
    "Faulted": {
        "Available",
        "Preparing",
        "Charging",
        "SuspendedEV",
        "SuspendedEVSE",
        "Finishing",
        "Reserved",
        "Unavailable",
    },
}
"""OCPP 1.6 §4.9: from -> to."""

vehicles = st.sampled_from(
    (None, None, "Cooler 75", "Commuter 64", "Nearly Full 60", "Sleeper 50", "EV Simulator")
)
commands: st.SearchStrategy[Command] = st.one_of(
    at_a_connector(vehicles),
    st.builds(Unlock, numbers),
    st.builds(JamLock, numbers),
    by_others(),
    st.builds(RemoveCable, numbers),
    st.sampled_from(
        (LinkDown(), LinkUp(), Dial(), GoSilent(), GoOnline(), PowerOff(), PowerOn(), Restart())
    ),
    st.builds(
        AddRule,
        st.sampled_from(("*", "RemoteStartTransaction", "UnlockConnector")),
        st.sampled_from(("refuse", "callerror")),
        st.integers(1, 2),
    ),
    st.sampled_from(
        (
            AnswerHeld("usual"),
            Configure("ConnectionTimeOut", "60"),
            EndPlay(),
            EndRecording(),
            EndRule(),
            Play("- {do: plug, connector: 1}"),
            Record(),
            Send("DataTransfer", '{"vendorId": "v"}'),
            Send("Nonsense", anyway=True),
            SendFrame('[2, "by-hand", "Heartbeat", {}]'),
        )
    ),
)
ids = st.integers(1000, 1004)
reservation_ids = st.integers(1, 3)
groups = st.sampled_from(("", "GROUP"))
flags = st.sampled_from(("true", "false"))
requests: st.SearchStrategy[tuple[str, dict[str, object]]] = st.one_of(
    st.tuples(
        st.just("RemoteStartTransaction"),
        st.fixed_dictionaries({"idTag": tags}, optional={"connectorId": numbers}),
    ),
    st.tuples(st.just("RemoteStopTransaction"), st.fixed_dictionaries({"transactionId": ids})),
    st.tuples(
        st.just("CancelReservation"), st.fixed_dictionaries({"reservationId": reservation_ids})
    ),
    st.tuples(st.just("UnlockConnector"), st.fixed_dictionaries({"connectorId": numbers})),
    st.tuples(
        st.just("ChangeAvailability"),
        st.fixed_dictionaries(
            {
                "connectorId": st.integers(0, 2),
                "type": st.sampled_from(("Operative", "Inoperative")),
            }
        ),
    ),
    st.tuples(st.just("Reset"), st.fixed_dictionaries({"type": st.sampled_from(("Soft", "Hard"))})),
    st.tuples(
        st.just("ChangeConfiguration"),
        st.fixed_dictionaries(
            {
                "key": st.sampled_from(
                    (
                        "StopTransactionOnEVSideDisconnect",
                        "StopTransactionOnInvalidId",
                        "LocalPreAuthorize",
                        "AllowOfflineTxForUnknownId",
                        "AuthorizeRemoteTxRequests",
                    )
                ),
                "value": flags,
            }
        ),
    ),
    st.tuples(
        st.just("TriggerMessage"),
        st.fixed_dictionaries(
            {"requestedMessage": st.sampled_from(("StatusNotification", "MeterValues"))}
        ),
    ),
)
watts = st.sampled_from((0.0, 300.0, 7_000.0, 20_000.0))
schedules = st.fixed_dictionaries(
    {
        "chargingRateUnit": st.just("W"),
        "chargingSchedulePeriod": st.tuples(watts, watts).map(
            lambda limits: [{"startPeriod": 12 * i, "limit": w} for i, w in enumerate(limits)]
        ),
    },
    optional={"duration": st.just(30)},
)
profiles = st.fixed_dictionaries(
    {
        "chargingProfileId": st.integers(1, 3),
        "stackLevel": st.integers(0, 1),
        "chargingProfilePurpose": st.sampled_from(
            ("TxProfile", "TxDefaultProfile", "ChargePointMaxProfile")
        ),
        "chargingProfileKind": st.sampled_from(("Absolute", "Relative")),
        "chargingSchedule": schedules,
    }
)
smart_requests: st.SearchStrategy[tuple[str, dict[str, object]]] = st.one_of(
    st.tuples(
        st.just("SetChargingProfile"),
        st.fixed_dictionaries({"connectorId": st.integers(0, 2), "csChargingProfiles": profiles}),
    ),
    st.tuples(st.just("ClearChargingProfile"), st.just({})),
    st.tuples(
        st.just("GetCompositeSchedule"),
        st.fixed_dictionaries({"connectorId": st.integers(0, 2), "duration": st.just(60)}),
    ),
)
answers: st.SearchStrategy[tuple[str, Answer]] = st.tuples(
    st.sampled_from(
        ("Authorize", "StartTransaction", "StopTransaction", "MeterValues", "StatusNotification")
    ),
    st.sampled_from((CallError(), Drop(), Cut(), Cut(after_answer=True), Twice())),
)
invalid = st.sampled_from(("Invalid", "Blocked", "Accepted")).map(
    lambda status: {"idTagInfo": {"status": status}}
)
makes = st.fixed_dictionaries(
    {},
    optional={
        "detachable_cable": st.just(True),
        "power_backup": st.just(True),
        "resume_after_power_loss": st.just(True),
    },
)
"""Where a make differs in what these commands come to."""
waits = st.sampled_from((0.5, 2.0, 11.0, 65.0))

Step = Callable[[Harness], Awaitable[None]]


def submit(command: Command) -> Step:
    async def step(harness: Harness) -> None:
        asking = asyncio.ensure_future(harness.station.submit(command))
        await harness.settle()
        if not asking.done():  # an answer is withheld: only time decides it
            await harness.advance(31)
        await asking
        await harness.settle()

    return step


def ask(request: tuple[str, dict[str, object]]) -> Step:
    async def step(harness: Harness) -> None:
        if harness.csms.connected and harness.station.snapshot.link.online:
            await harness.csms.ask_raw(*request)
        await harness.settle()

    return step


def reserve(connector_id: int, id_tag: str, group: str, number: int, in_s: float) -> Step:
    async def step(harness: Harness) -> None:
        until = harness.station.now() + timedelta(seconds=in_s)
        request = {
            "connectorId": connector_id,
            "expiryDate": stamp(until),
            "idTag": id_tag,
            "parentIdTag": group,
            "reservationId": number,
        }
        await ask(("ReserveNow", request))(harness)

    return step


def script(answer: tuple[str, Answer]) -> Step:
    async def step(harness: Harness) -> None:
        harness.csms.script[answer[0]].append(answer[1])

    return step


def refuse_next(payload: dict[str, object]) -> Step:
    async def step(harness: Harness) -> None:
        harness.csms.tags["TAG_B"] = payload["idTagInfo"]  # type: ignore[assignment]

    return step


def wait(seconds: float) -> Step:
    async def step(harness: Harness) -> None:
        await harness.advance(seconds)

    return step


async def cut(harness: Harness) -> None:
    await harness.csms.cut()
    await harness.settle()


steps: st.SearchStrategy[Step] = st.one_of(
    commands.map(submit),
    commands.map(submit),
    requests.map(ask),
    st.builds(reserve, st.integers(0, 2), tags, groups, reservation_ids, waits),
    smart_requests.map(ask),
    answers.map(script),
    invalid.map(refuse_next),
    waits.map(wait),
    st.just(cut),
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(
    story=st.lists(steps, min_size=5, max_size=40),
    model=st.sampled_from(("generic", "gresgying-f3-eu180")),
    make=makes,
)
@example(
    story=[
        reserve(1, "TAG_A", "", 1, 65.0),
        reserve(0, "TAG_B", "GROUP", 2, 65.0),
        submit(Plug(1)),
        submit(Swipe(1, "TAG_B")),
        submit(Swipe(2, "TAG_A")),
        submit(Unplug(1)),
        submit(Plug(1)),
        submit(Start(1, "TAG_A")),
        submit(Unplug(1)),
    ],
    model="generic",
    make={},
)
def test_whatever_happens_ocpps_rules_hold(
    story: list[Step], model: str, make: dict[str, bool]
) -> None:
    asyncio.run(live_through(story, model, make))


def test_every_command_takes_part() -> None:
    driven: set[type[Command]] = set()

    @settings(max_examples=500, database=None, suppress_health_check=list(HealthCheck))
    @given(command=commands)
    def draw(command: Command) -> None:
        driven.add(type(command))

    draw()
    assert driven == {action.command for action in ACTIONS} - ON_THE_WIRE


async def live_through(story: list[Step], model: str, make: dict[str, bool]) -> None:
    async with Harness(
        model=model,
        behaviour=make,
        keys={"TransactionMessageAttempts": "50", "TransactionMessageRetryInterval": "1"},
        noise=0.05,
        equipment="bay_sensor",
    ) as harness:
        pool_w = harness.station.charger.config.model.ratings.cabinet_power_w
        registers = [0.0, 0.0]
        for step in story:
            await step(harness)
            await harness.advance(0.001)  # two transactions never begin in the same millisecond
            for i, connector in enumerate(harness.station.snapshot.connectors):
                assert connector.register_wh >= registers[i]
                registers[i] = connector.register_wh
                assert connector.power_w == 0 or connector.status == "Charging", connector
                assert connector.power_w == connector.voltage_v * connector.current_a
                assert connector.reservation is None or connector.transaction is None, connector
                assert connector.power_w <= (connector.limit_w or 0) * (1 + 1e-9)
            powers = [connector.power_w for connector in harness.station.snapshot.connectors]
            assert sum(powers) <= pool_w * (1 + 1e-9)
            cap = harness.station.snapshot.profile
            assert cap is None or sum(powers) <= cap.limit_w * (1 + 1e-9)
            for connector in harness.station.snapshot.connectors:
                if connector.profile is not None:
                    assert connector.power_w <= connector.profile.limit_w * (1 + 1e-9)
            for limit in harness.station.snapshot.external_limits:
                number = limit.connector_id
                drawn_w = powers[number - 1] if number else sum(powers)
                assert drawn_w <= limit.limit_w * (1 + 1e-9), limit
        await calm_down(harness)
        check_transitions(harness)
        check_ledger(harness)
        check_last_word(harness)


async def calm_down(harness: Harness) -> None:
    """Everybody goes home: the network works, every session ends, every message is answered."""
    harness.csms.script.clear()
    harness.csms.tags.clear()
    await submit(PowerOn())(harness)
    await submit(LinkUp())(harness)
    await submit(GoOnline())(harness)
    for number in (1, 2):
        await submit(ClearFault(number))(harness)
        await submit(Stop(number))(harness)
        await submit(Unplug(number))(harness)
        await submit(Unlock(number))(harness)
        await submit(RemoveCable(number))(harness)
    await harness.advance(120)
    await harness.advance(400)
    link = harness.station.snapshot.link
    assert link.state is LinkState.CONNECTED
    assert link.registration is Registration.ACCEPTED
    assert link.queued == 0


def check_transitions(harness: Harness) -> None:
    """§4.9, for every connector, seen or not seen by the CSMS."""
    now = {1: "Available", 2: "Available"}
    for event in harness.events.since(0)[1]:
        if event.kind == "status" and event.connector_id in now:
            word = event.text.split(" is ")[1].split(" ")[0]
            before, now[event.connector_id] = now[event.connector_id], word
            assert before == word or word in TRANSITIONS[before], f"{before} -> {word}"


def check_ledger(harness: Harness) -> None:
    """Each transaction has one start and one stop, recognisably the same when sent again."""
    begun: dict[tuple[object, ...], None] = {}
    for call in harness.csms.of("StartTransaction"):
        p = call.payload
        begun[(p["connectorId"], p["idTag"], p["timestamp"], p["meterStart"])] = None
    stops = {
        (p["timestamp"], p["meterStop"], p["reason"], p["idTag"])
        for p in (call.payload for call in harness.csms.of("StopTransaction"))
    }
    stop_ids = {call.payload["transactionId"] for call in harness.csms.of("StopTransaction")}
    assert len(stop_ids) == len(begun), (begun, stops, stop_ids)
    for call in harness.csms.of("StopTransaction", "MeterValues"):
        assert call.payload.get("transactionId", 1000) >= 1000


def check_last_word(harness: Harness) -> None:
    """The last status that the CSMS has heard of each connector is what is so."""
    heard: dict[int, str] = {}
    for call in harness.csms.of("StatusNotification"):
        heard[call.payload["connectorId"]] = call.payload["status"]
    for connector in harness.station.snapshot.connectors:
        assert heard[connector.connector_id] == connector.status
    assert heard[0] == harness.station.snapshot.status
