"""What viewers see of a charge point stays true while it changes: moments, clocks, profiles."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sim_core.commands import (
    Accepted,
    ClearFault,
    Command,
    GoOnline,
    GoSilent,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Refused,
    Stop,
    Swipe,
    Unplug,
)
from sim_core.ocpp16.status import STATES, Status
from sim_core.snapshot import ConnectorSnapshot, ConnectorState, LinkSnapshot
from tests.conformance.acts import charge
from tests.pair import Pair
from tests.scripted_csms import Drop, Payload
from tests.sidecar.beside import in_process

BOOT = "BootNotification"
SILENCE_S = 5.0


def answer(pair: Pair, status: str, interval: int, ahead: timedelta = timedelta(0)) -> Payload:
    """A BootNotification.conf of a CSMS whose clock is ahead by so much."""
    at = pair.clock.now() + ahead
    return {"status": status, "interval": interval, "currentTime": at.isoformat()}


def link(pair: Pair) -> LinkSnapshot:
    return pair.station.snapshot.link


def shown(pair: Pair) -> ConnectorSnapshot:
    return pair.station.snapshot.connectors[0]


def test_every_status_of_ocpp_16_is_a_state_of_its_own() -> None:
    assert set(STATES) == set(Status)
    assert set(STATES.values()) == set(ConnectorState) - {ConnectorState.UNKNOWN}


async def test_state_and_status_change_together() -> None:
    async with Pair() as pair:
        for command, state, status in (
            (Plug(1), ConnectorState.PREPARING, "Preparing"),
            (InjectFault(1), ConnectorState.FAULTED, "Faulted"),
            (ClearFault(1), ConnectorState.PREPARING, "Preparing"),
            (Unplug(1), ConnectorState.FREE, "Available"),
        ):
            assert await pair.submit(command) == Accepted()
            assert (shown(pair).state, shown(pair).status) == (state, status)


# -- one clock -------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-7, 0, 5])
async def test_log_and_journal_can_be_shown_by_the_clock_of_the_charge_point(hours: int) -> None:
    ahead = timedelta(hours=hours)
    pair = Pair()
    pair.csms.script[BOOT].append(answer(pair, "Accepted", 3600, ahead))
    async with pair:
        await charge(pair)
        pair.csms.script["StopTransaction"].append(Drop())
        assert await pair.submit(Stop(1)) == Accepted()
        await pair.advance(SILENCE_S)
        seen = pair.station.snapshot
        assert seen.clock_ahead_s == pytest.approx(ahead.total_seconds(), abs=1)
        age_s = (pair.station.now() - seen.journal.waiting[0].written_at).total_seconds()
        assert age_s == pytest.approx(SILENCE_S)
        async with in_process(pair) as http:
            told = (await http.get("/messages")).json()["exchanges"]
        stop = next(one for one in told if one["action"] == "StopTransaction")
        at = pair.station.now() - timedelta(seconds=SILENCE_S)
        assert stop["requested_at"] == at.isoformat()


# -- moments ---------------------------------------------------------------------------------------


async def test_a_card_that_waits_for_the_plug_stops_counting_at_connection_time_out() -> None:
    async with Pair(keys={"ConnectionTimeOut": "30"}) as pair:
        await pair.submit(Swipe(1, "TAG"))
        assert shown(pair).plug_by == pair.station.now() + timedelta(seconds=30)
        await pair.advance(29.9)
        assert shown(pair).plug_by is not None
        assert shown(pair).token == "TAG"
        await pair.advance(0.1)
        assert shown(pair).plug_by is None
        assert shown(pair).token is None
        assert shown(pair).status == "Available"


async def test_a_card_stops_waiting_once_the_vehicle_is_plugged_in() -> None:
    async with Pair(keys={"ConnectionTimeOut": "30"}) as pair:
        await pair.submit(Swipe(1, "TAG"))
        await pair.submit(Plug(1))
        assert shown(pair).plug_by is None
        await pair.advance(60)
        assert shown(pair).transaction is not None


async def test_an_open_call_shows_since_when_it_waits() -> None:
    async with Pair() as pair:
        assert link(pair).waiting_since is None
        pair.csms.script["Heartbeat"].append(Drop())
        await pair.ask("TriggerMessage", requestedMessage="Heartbeat")
        asked_at = pair.station.now()
        await pair.advance(SILENCE_S)
        assert link(pair).waiting_since == asked_at
        await pair.advance(60)  # CALL_TIMEOUT_SEC is over
        assert link(pair).waiting_since is None


async def test_while_pending_it_shows_when_it_asks_again() -> None:
    pair = Pair()
    pair.csms.script[BOOT] += [answer(pair, "Pending", 40), answer(pair, "Accepted", 300)]
    async with pair:
        assert link(pair).boot_retry_at == pair.station.now() + timedelta(seconds=40)
        assert link(pair).heartbeat_at is None
        await pair.advance(40)
        assert link(pair).registration.value == "Accepted"
        assert link(pair).boot_retry_at is None
        assert link(pair).heartbeat_at == pair.station.now() + timedelta(seconds=300)


async def test_while_it_registers_anew_no_heartbeat_is_due() -> None:
    async with Pair() as pair:
        assert link(pair).heartbeat_at is not None
        pair.csms.script[BOOT].append(answer(pair, "Pending", 40))
        await pair.ask("TriggerMessage", requestedMessage=BOOT)
        assert link(pair).heartbeat_at is None
        assert link(pair).boot_retry_at == pair.station.now() + timedelta(seconds=40)


# -- charging profiles -----------------------------------------------------------------------------


async def test_after_the_stop_no_profile_of_the_transaction_is_shown() -> None:
    async with Pair(model="generic") as pair:
        await charge(pair)
        transaction = shown(pair).transaction
        assert transaction is not None
        profile = {
            "chargingProfileId": 1,
            "transactionId": transaction.transaction_id,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 3000.0}],
            },
        }
        said = await pair.ask("SetChargingProfile", connectorId=1, csChargingProfiles=profile)
        assert said == {"status": "Accepted"}
        await pair.advance(20)
        assert shown(pair).profile is not None
        assert shown(pair).limited_by == "profile"
        await pair.submit(Stop(1))
        assert shown(pair).profile is None
        assert shown(pair).limited_by == ""
        assert pair.station.snapshot.profiles == ()


# -- who it is -------------------------------------------------------------------------------------


@pytest.mark.parametrize("reads", ["true", "false"])
async def test_a_charger_that_reads_who_it_is_says_so_until_it_knows(reads: str) -> None:
    async with Pair(model="gresgying-f3-eu180", keys={"AutoCharge": reads}) as pair:
        assert not shown(pair).identifying
        await pair.submit(Plug(1))
        assert shown(pair).status == "Preparing"
        assert shown(pair).identifying is (reads == "true" and pair.timing.mac_s > 0)
        await pair.advance(60)
        assert not shown(pair).identifying
        assert (shown(pair).transaction is not None) is (reads == "true")


# -- refusals of link and power --------------------------------------------------------------------

DARK = "the charge point has no power: power it on first"
UP = "the link is up already: nobody has taken it down"
DOWN = "the link is down already: bring it up again first"
PASSING = "frames pass already: the charge point is not silent"
SILENT = "the charge point is silent already: go online first"
POWERED = "the charge point has power already"
SWITCHES: dict[str, Command] = {
    "link_up": LinkUp(),
    "link_down": LinkDown(),
    "online": GoOnline(),
    "silent": GoSilent(),
    "power_on": PowerOn(),
    "power_off": PowerOff(),
}


@pytest.mark.parametrize(
    ("before", "refused"),
    [
        ((), {"link_up": UP, "online": PASSING, "power_on": POWERED}),
        ((LinkDown(),), {"link_down": DOWN, "online": PASSING, "power_on": POWERED}),
        ((LinkDown(), LinkUp()), {"link_up": UP, "online": PASSING, "power_on": POWERED}),
        ((GoSilent(),), {"link_up": UP, "silent": SILENT, "power_on": POWERED}),
        ((LinkDown(), GoSilent()), {"link_down": DOWN, "silent": SILENT, "power_on": POWERED}),
        ((GoSilent(), GoOnline()), {"link_up": UP, "online": PASSING, "power_on": POWERED}),
        ((PowerOff(),), {name: DARK for name in SWITCHES if name != "power_on"}),
        ((PowerOff(), PowerOn()), {"link_up": UP, "online": PASSING, "power_on": POWERED}),
        (
            (LinkDown(), PowerOff(), PowerOn()),
            {"link_down": DOWN, "online": PASSING, "power_on": POWERED},
        ),
    ],
)
async def test_what_a_switch_is_refused_with_is_what_the_picture_says(
    before: tuple[Command, ...], refused: dict[str, str]
) -> None:
    async with Pair() as pair:
        for command in before:
            assert await pair.submit(command) == Accepted()
        assert dict(pair.station.snapshot.refusals) == refused
        for name, sentence in refused.items():
            assert await pair.submit(SWITCHES[name]) == Refused(sentence)
        allowed = next(name for name in SWITCHES if name not in refused)
        assert await pair.submit(SWITCHES[allowed]) == Accepted()
