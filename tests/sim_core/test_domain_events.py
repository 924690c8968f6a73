"""What a protocol may hear of a charger: every step, in order, with who or what is behind it.

OCPP 1.6 has no word for most of these causes, OCPP 2.0.1 wants every one of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from sim_core.charging.domain_events import (
    AuthorisationEnded,
    Authorised,
    ChargingStateChanged,
    DomainEvent,
    FaultCleared,
    FaultRaised,
    Looked,
    LookedAtWhole,
    Plugged,
    Restarting,
    Sampled,
    TransactionBegan,
    TransactionCutOff,
    TransactionEnded,
    TransactionWentOn,
    Unplugged,
)
from sim_core.charging.facts import ChargingState, Facts, charging_state
from sim_core.charging.vocabulary import Cause, StopReason
from sim_core.commands import (
    ClearFault,
    Command,
    InjectFault,
    Plug,
    PowerOff,
    PowerOn,
    Resume,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unlock,
    Unplug,
)
from sim_core.ocpp16.adapter import Adapter
from tests.conformance.acts import charge
from tests.harness import Harness
from tests.scripted_csms import Hold

QUIET = (Looked, LookedAtWhole, Sampled)
"""Of these there are many."""


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[DomainEvent]:
    """What the adapter of any charge point hears, in order."""
    events: list[DomainEvent] = []
    hear: Callable[[Adapter, DomainEvent], None] = Adapter.hear

    def listen(adapter: Adapter, event: DomainEvent) -> None:
        events.append(event)
        hear(adapter, event)

    monkeypatch.setattr(Adapter, "hear", listen)
    return events


def steps(events: list[DomainEvent]) -> list[tuple[type, Cause]]:
    return [(type(event), event.cause) for event in events if not isinstance(event, QUIET)]


async def test_a_session_step_by_step(heard: list[DomainEvent]) -> None:
    async with Harness() as harness:
        heard.clear()
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(30)
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        assert steps(heard) == [
            (Plugged, Cause.CABLE),
            (Authorised, Cause.CARD),
            (TransactionBegan, Cause.CARD),
            (ChargingStateChanged, Cause.CARD),
            (ChargingStateChanged, Cause.CARD),
            (TransactionEnded, Cause.BUTTON),
            (ChargingStateChanged, Cause.BUTTON),
            (Unplugged, Cause.CABLE),
        ]
        states = [event.state for event in heard if isinstance(event, ChargingStateChanged)]
        assert states == [ChargingState.CONNECTED, ChargingState.CHARGING, None]


async def test_a_start_from_afar_has_another_cause(heard: list[DomainEvent]) -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        await harness.ask("RemoteStartTransaction", connectorId=1, idTag="TAG")
        await harness.advance(5)
        (began,) = [event for event in heard if isinstance(event, TransactionBegan)]
        (authorised,) = [event for event in heard if isinstance(event, Authorised)]
        assert (authorised.cause, began.cause) == (Cause.REMOTE, Cause.REMOTE)


async def ends_remotely(harness: Harness) -> None:
    transaction = harness.station.charger.connectors[1].transaction
    assert transaction is not None
    await harness.ask("RemoteStopTransaction", transactionId=transaction.transaction_id)


def does(command: Command) -> Callable[[Harness], Any]:
    return lambda harness: harness.submit(command)


@pytest.mark.parametrize(
    ("act", "reason", "cause"),
    [
        (does(Swipe(1, "TAG")), StopReason.LOCAL, Cause.CARD),
        (does(Stop(1)), StopReason.LOCAL, Cause.BUTTON),
        (ends_remotely, StopReason.REMOTE, Cause.REMOTE),
        (does(Unplug(1)), StopReason.UNPLUGGED, Cause.CABLE),
        (does(Unlock(1)), StopReason.UNLOCKED, Cause.LOCK),
        (lambda h: h.ask("Reset", type="Soft"), StopReason.RESET_IN_ORDER, Cause.RESET),
        (lambda h: h.ask("Reset", type="Hard"), StopReason.RESET_AT_ONCE, Cause.RESET),
    ],
)
async def test_every_end_says_who_is_behind_it(
    act: Callable[[Harness], Any], reason: StopReason, cause: Cause, heard: list[DomainEvent]
) -> None:
    async with Harness() as harness:
        await charge(harness)
        await act(harness)
        await harness.advance(1)
        (ended,) = [event for event in heard if isinstance(event, TransactionEnded)]
        assert (ended.reason, ended.cause) == (reason, cause)


async def test_a_card_that_is_refused_afterwards(heard: list[DomainEvent]) -> None:
    async with Harness() as harness:
        refused = {"transactionId": 9, "idTagInfo": {"status": "Blocked"}}
        harness.csms.script["StartTransaction"].append(refused)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(2)
        (ended,) = [event for event in heard if isinstance(event, TransactionEnded)]
        assert (ended.reason, ended.cause) == (StopReason.REFUSED, Cause.VERDICT)


async def test_an_authorisation_that_lapses_and_one_that_is_taken_back(
    heard: list[DomainEvent],
) -> None:
    async with Harness(keys={"ConnectionTimeOut": "30"}) as harness:
        await harness.submit(Swipe(1, "TAG"))
        await harness.advance(31)
        await harness.submit(Swipe(2, "OTHER"))
        await harness.submit(Swipe(2, "OTHER"))
        ended = [event for event in heard if isinstance(event, AuthorisationEnded)]
        assert [(one.connector_id, one.cause) for one in ended] == [
            (1, Cause.TIMEOUT),
            (2, Cause.CARD),
        ]


async def test_pauses_and_faults_say_whose_they_are(heard: list[DomainEvent]) -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.advance(5)
        heard.clear()
        for command in (
            SuspendEV(1),
            Resume(1),
            SuspendEVSE(1),
            Resume(1),
            InjectFault(1),
            ClearFault(1),
        ):
            assert (await harness.submit(command)).ok
        assert [
            (event.state, event.cause) for event in heard if isinstance(event, ChargingStateChanged)
        ] == [
            (ChargingState.PAUSED_BY_VEHICLE, Cause.VEHICLE),
            (ChargingState.CHARGING, Cause.BUTTON),
            (ChargingState.PAUSED_BY_CHARGER, Cause.BUTTON),
            (ChargingState.CHARGING, Cause.BUTTON),
        ]
        assert [type(e) for e in heard if isinstance(e, (FaultRaised, FaultCleared))] == [
            FaultRaised,
            FaultCleared,
        ]


async def test_a_power_cut_is_no_end_where_the_transaction_goes_on(
    heard: list[DomainEvent],
) -> None:
    async with Harness(behaviour={"resume_after_power_loss": True}) as harness:
        await charge(harness)
        await harness.submit(PowerOff())
        await harness.submit(PowerOn())
        await harness.advance(2)
        of_power = (TransactionCutOff, Restarting, TransactionWentOn, TransactionEnded)
        assert [(type(e), e.cause) for e in heard if isinstance(e, of_power)] == [
            (TransactionCutOff, Cause.POWER),
            (Restarting, Cause.POWER),
            (TransactionWentOn, Cause.POWER),
        ]


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({}, None),
        ({"plugged": True, "energized": True}, None),
        ({"transaction": True}, ChargingState.IDLE),
        ({"transaction": True, "plugged": True}, ChargingState.CONNECTED),
        ({"transaction": True, "plugged": True, "energized": True}, ChargingState.CHARGING),
        (
            {"transaction": True, "plugged": True, "energized": True, "ev_ready": False},
            ChargingState.PAUSED_BY_VEHICLE,
        ),
        (
            {
                "transaction": True,
                "plugged": True,
                "energized": True,
                "ev_ready": False,
                "evse_ready": False,
            },
            ChargingState.PAUSED_BY_CHARGER,
        ),
    ],
)
def test_the_state_of_a_transaction_is_an_axis_of_its_own(
    facts: dict[str, bool], state: ChargingState | None
) -> None:
    assert charging_state(Facts(1, **facts)) is state


async def test_a_card_that_is_answered_while_all_ends_begins_nothing(
    heard: list[DomainEvent],
) -> None:
    async with Harness() as harness:
        await harness.submit(Plug(1))
        answer = asyncio.Event()
        harness.csms.script["Authorize"].append(Hold(answer, {"idTagInfo": {"status": "Accepted"}}))
        asked = asyncio.ensure_future(harness.station.submit(Start(1, "TAG")))
        await harness.settle()
        harness.station.charger.lifecycle.stop_all()
        answer.set()
        outcome = await asked
        await harness.settle()
        assert not outcome.ok
        assert not [event for event in heard if isinstance(event, TransactionBegan)]
