"""What viewers see of a charge point stays true while it changes: moments, clocks, profiles."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sim_core.commands import (
    Accepted,
    ClearExternalLimit,
    ClearFault,
    Command,
    Configure,
    GoOnline,
    GoSilent,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Refused,
    Restart,
    Send,
    SendFrame,
    SetExternalLimit,
    Stop,
    Swipe,
    Unplug,
)
from sim_core.ocpp16.status import STATES, Status
from sim_core.snapshot import ConnectorSnapshot, ConnectorState, LinkSnapshot
from tests.conformance.acts import charge
from tests.harness import Harness
from tests.scripted_csms import Drop, Payload
from tests.sidecar.beside import in_process

BOOT = "BootNotification"
SILENCE_S = 5.0


def answer(
    harness: Harness, status: str, interval: int, ahead: timedelta = timedelta(0)
) -> Payload:
    """A BootNotification.conf of a CSMS whose clock is ahead by so much."""
    at = harness.clock.now() + ahead
    return {"status": status, "interval": interval, "currentTime": at.isoformat()}


def link(harness: Harness) -> LinkSnapshot:
    return harness.station.snapshot.link


def shown(harness: Harness) -> ConnectorSnapshot:
    return harness.station.snapshot.connectors[0]


def test_every_status_of_ocpp_16_is_a_state_of_its_own() -> None:
    assert set(STATES) == set(Status)
    assert set(STATES.values()) == set(ConnectorState) - {ConnectorState.UNKNOWN}


async def test_state_and_status_change_together() -> None:
    async with Harness() as harness:
        for command, state, status in (
            (Plug(1), ConnectorState.PREPARING, "Preparing"),
            (InjectFault(1), ConnectorState.FAULTED, "Faulted"),
            (ClearFault(1), ConnectorState.PREPARING, "Preparing"),
            (Unplug(1), ConnectorState.FREE, "Available"),
        ):
            assert await harness.submit(command) == Accepted()
            assert (shown(harness).state, shown(harness).status) == (state, status)


# -- one clock -------------------------------------------------------------------------------------


@pytest.mark.parametrize("hours", [-7, 0, 5])
async def test_log_and_journal_can_be_shown_by_the_clock_of_the_charge_point(hours: int) -> None:
    ahead = timedelta(hours=hours)
    harness = Harness()
    harness.csms.script[BOOT].append(answer(harness, "Accepted", 3600, ahead))
    async with harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].append(Drop())
        assert await harness.submit(Stop(1)) == Accepted()
        await harness.advance(SILENCE_S)
        seen = harness.station.snapshot
        assert seen.clock_ahead_s == pytest.approx(ahead.total_seconds(), abs=1)
        age_s = (harness.station.now() - seen.journal.waiting[0].written_at).total_seconds()
        assert age_s == pytest.approx(SILENCE_S)
        async with in_process(harness) as http:
            told = (await http.get("/messages")).json()["exchanges"]
        stop = next(one for one in told if one["action"] == "StopTransaction")
        at = harness.station.now() - timedelta(seconds=SILENCE_S)
        assert stop["requested_at"] == at.isoformat()


# -- moments ---------------------------------------------------------------------------------------


async def test_a_card_that_waits_for_the_plug_stops_counting_at_connection_time_out() -> None:
    async with Harness(keys={"ConnectionTimeOut": "30"}) as harness:
        await harness.submit(Swipe(1, "TAG"))
        assert shown(harness).plug_by == harness.station.now() + timedelta(seconds=30)
        await harness.advance(29.9)
        assert shown(harness).plug_by is not None
        assert shown(harness).token == "TAG"
        await harness.advance(0.1)
        assert shown(harness).plug_by is None
        assert shown(harness).token is None
        assert shown(harness).status == "Available"


async def test_a_card_stops_waiting_once_the_vehicle_is_plugged_in() -> None:
    async with Harness(keys={"ConnectionTimeOut": "30"}) as harness:
        await harness.submit(Swipe(1, "TAG"))
        await harness.submit(Plug(1))
        assert shown(harness).plug_by is None
        await harness.advance(60)
        assert shown(harness).transaction is not None


async def test_an_open_call_shows_since_when_it_waits() -> None:
    async with Harness() as harness:
        assert link(harness).waiting_since is None
        harness.csms.script["Heartbeat"].append(Drop())
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        asked_at = harness.station.now()
        await harness.advance(SILENCE_S)
        assert link(harness).waiting_since == asked_at
        await harness.advance(60)  # CALL_TIMEOUT_SEC is over
        assert link(harness).waiting_since is None


async def test_while_pending_it_shows_when_it_asks_again() -> None:
    harness = Harness()
    harness.csms.script[BOOT] += [answer(harness, "Pending", 40), answer(harness, "Accepted", 300)]
    async with harness:
        assert link(harness).boot_retry_at == harness.station.now() + timedelta(seconds=40)
        assert link(harness).heartbeat_at is None
        await harness.advance(40)
        assert link(harness).registration.value == "Accepted"
        assert link(harness).boot_retry_at is None
        assert link(harness).heartbeat_at == harness.station.now() + timedelta(seconds=300)


async def test_while_it_registers_anew_no_heartbeat_is_due() -> None:
    async with Harness() as harness:
        assert link(harness).heartbeat_at is not None
        harness.csms.script[BOOT].append(answer(harness, "Pending", 40))
        await harness.ask("TriggerMessage", requestedMessage=BOOT)
        assert link(harness).heartbeat_at is None
        assert link(harness).boot_retry_at == harness.station.now() + timedelta(seconds=40)


# -- charging profiles -----------------------------------------------------------------------------


async def test_after_the_stop_no_profile_of_the_transaction_is_shown() -> None:
    async with Harness(model="generic") as harness:
        await charge(harness)
        transaction = shown(harness).transaction
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
        said = await harness.ask("SetChargingProfile", connectorId=1, csChargingProfiles=profile)
        assert said == {"status": "Accepted"}
        await harness.advance(20)
        assert shown(harness).profile is not None
        assert shown(harness).limited_by == "profile"
        await harness.submit(Stop(1))
        assert shown(harness).profile is None
        assert shown(harness).limited_by == ""
        assert harness.station.snapshot.profiles == ()


# -- who it is -------------------------------------------------------------------------------------


@pytest.mark.parametrize("reads", ["true", "false"])
async def test_a_charger_that_reads_who_it_is_says_so_until_it_knows(reads: str) -> None:
    async with Harness(model="gresgying-f3-eu180", keys={"AutoCharge": reads}) as harness:
        assert not shown(harness).identifying
        await harness.submit(Plug(1))
        assert shown(harness).status == "Preparing"
        assert shown(harness).identifying is (reads == "true" and harness.timing.mac_s > 0)
        await harness.advance(60)
        assert not shown(harness).identifying
        assert (shown(harness).transaction is not None) is (reads == "true")


# -- refusals of link and power --------------------------------------------------------------------

DARK = "the charge point has no power: power it on first"
REBOOTING = "the charge point is rebooting: wait until it is back"
UP = "the link is up already: nobody has taken it down"
DOWN = "the link is down already: bring it up again first"
PASSING = "frames pass already: the charge point is not silent"
SILENT = "the charge point is silent already: go online first"
POWERED = "the charge point has power already"
MUTE = "the charge point is silent: go online first, no frame passes"
UNSAID = dict.fromkeys(("message", "frame"), "there is no link to the CSMS: nothing can be sent")
SWITCHES: dict[str, Command] = {
    "link_up": LinkUp(),
    "link_down": LinkDown(),
    "online": GoOnline(),
    "silent": GoSilent(),
    "power_on": PowerOn(),
    "power_off": PowerOff(),
    "restart": Restart(),
    "configure": Configure("HeartbeatInterval", "60"),
    "message": Send("Heartbeat"),
    "frame": SendFrame('[2,"x","Heartbeat",{}]'),
    "external_limit": SetExternalLimit(20_000),
    "clear_external_limit": ClearExternalLimit(),
}


@pytest.mark.parametrize(
    ("before", "refused"),
    [
        ((), {"link_up": UP, "online": PASSING, "power_on": POWERED}),
        ((LinkDown(),), {"link_down": DOWN, "online": PASSING, "power_on": POWERED, **UNSAID}),
        ((LinkDown(), LinkUp()), {"link_up": UP, "online": PASSING, "power_on": POWERED}),
        (
            (GoSilent(),),
            {"link_up": UP, "silent": SILENT, "power_on": POWERED, "message": MUTE, "frame": MUTE},
        ),
        (
            (LinkDown(), GoSilent()),
            {"link_down": DOWN, "silent": SILENT, "power_on": POWERED, **UNSAID},
        ),
        ((GoSilent(), GoOnline()), {"link_up": UP, "online": PASSING, "power_on": POWERED}),
        (
            (Restart(),),
            {
                "link_up": UP,
                "online": PASSING,
                "power_on": POWERED,
                "restart": REBOOTING,
                **UNSAID,
            },
        ),
        ((PowerOff(),), {name: DARK for name in SWITCHES if name != "power_on"}),
        ((PowerOff(), PowerOn()), {"link_up": UP, "online": PASSING, "power_on": POWERED}),
        (
            (LinkDown(), PowerOff(), PowerOn()),
            {"link_down": DOWN, "online": PASSING, "power_on": POWERED, **UNSAID},
        ),
    ],
)
async def test_what_a_switch_is_refused_with_is_what_the_picture_says(
    before: tuple[Command, ...], refused: dict[str, str]
) -> None:
    async with Harness() as harness:
        for command in before:
            assert await harness.submit(command) == Accepted()
        found = dict(harness.station.snapshot.refusals)
        assert found.pop("dial"), "nothing waits to be dialled: see tests/interop/test_where_to.py"
        if found.get("clear_external_limit") != DARK:  # see test_external_limits
            assert found.pop("clear_external_limit")
        assert found == refused
        for name, sentence in refused.items():
            assert await harness.submit(SWITCHES[name]) == Refused(sentence)
        allowed = next(name for name in SWITCHES if name not in refused)
        assert await harness.submit(SWITCHES[allowed]) == Accepted()
