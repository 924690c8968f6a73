"""What is refused, and with which sentence: every rule of every act by the facts that break it.

The first half is the table of `charging.facts`: facts under which an act is possible, one fact
that speaks against it, and the words. That nobody may leave a rule out is counted. The second half
are the switches of the station, which has rules of its own.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sim_core.charging.facts import RULES, Facts, why_not
from sim_core.commands import (
    ACTION_BY_COMMAND,
    ACTIONS,
    Accepted,
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
    Restart,
    Start,
    Swipe,
)
from tests.conformance.acts import charge
from tests.harness import Harness
from tests.scripted_csms import Drop, Hold

FREE = Facts(connector_id=3)
PLUGGED = FREE._replace(plugged=True)
RUNNING = PLUGGED._replace(transaction=True, authorized=True, energized=True, token="MINE")
POSSIBLE: dict[str, Facts] = {
    "plug": FREE,
    "unplug": PLUGGED,
    "drive_in": FREE._replace(bay_sensor=True),
    "drive_off": FREE._replace(bay_sensor=True, in_bay=True),
    "type_code": FREE._replace(keypad=True),
    "remove_cable": FREE._replace(cable=True),
    "swipe": FREE,
    "local_start": PLUGGED,
    "remote_start": FREE,
    "local_stop": RUNNING,
    "ev_stop": RUNNING,
    "ev_give_up": PLUGGED,
    "suspend_ev": RUNNING,
    "suspend_evse": RUNNING,
    "resume": RUNNING._replace(ev_paused=True),
    "fault": FREE,
    "clear_fault": FREE._replace(fault="OtherError"),
    "unlock": FREE,
    "jam_lock": FREE,
}
"""Facts of connector 3 under which nothing is against an act."""

NO_POWER = "the charge point has no power: power it on first"
REBOOTING = "the charge point is rebooting: wait until it is back"
ASKED = "connector 3 still waits for the answer to a card: try again"
FAULTED = "connector 3 is Faulted (GroundFailure): clear the fault first"
FIRMWARE = "connector 3 waits for new firmware: try again after the reboot"
LEAVING = "connector 3 is about to go out of service: unplug the vehicle"
UNAVAILABLE = "connector 3 is Unavailable: the CSMS has taken it out of service"
CHARGING = "connector 3 is already charging for MINE: stop first"
STARTING = "connector 3 is already starting for MINE: wait"
NO_LOCK = "connector 3 has a fixed cable: there is no lock to open"
JAMMED = "the lock of connector 3 is jammed: clear the fault first"
NO_SENSOR = (
    "the bay of connector 3 has no sensor: start with EQUIPMENT=bay_sensor, or choose a model that "
    "has one"
)
NO_KEYPAD = (
    "connector 3 has no keypad: start with EQUIPMENT=keypad and OCPP 2.0.1, or choose a model that "
    "has one"
)
Broken = tuple[dict[str, Any], str]

BEGINNING: list[Broken] = [
    ({"powered": False}, NO_POWER),
    ({"rebooting": True}, REBOOTING),
    ({"authorizing": True}, ASKED),
    ({"fault": "GroundFailure"}, FAULTED),
    ({"updating": True}, FIRMWARE),
    ({"leaving": True}, LEAVING),
    ({"operative": False}, UNAVAILABLE),
]
"""What keeps everybody from beginning anything, the most telling first."""
MINE = {"token": "MINE"}
AGAINST: dict[str, list[Broken]] = {
    "plug": [({"plugged": True}, "connector 3 already has a vehicle: unplug it first")],
    "unplug": [({"plugged": False}, "connector 3 has no vehicle to unplug")],
    "drive_in": [
        ({"bay_sensor": False}, NO_SENSOR),
        (
            {"in_bay": True},
            "a car stands in the bay of connector 3 already: let it drive off first",
        ),
    ],
    "drive_off": [
        ({"bay_sensor": False}, NO_SENSOR),
        ({"in_bay": False}, "the bay of connector 3 is empty: nobody can leave it"),
        ({"plugged": True}, "the car in the bay of connector 3 is plugged in: unplug it"),
    ],
    "type_code": [({"keypad": False}, NO_KEYPAD), *BEGINNING],
    "remove_cable": [
        ({"cable": False}, "connector 3 has no cable to take away"),
        ({"locked": True}, "connector 3 holds the cable: show the card again or unlock it"),
    ],
    "swipe": BEGINNING,
    "local_start": [
        *BEGINNING,
        ({"transaction": True, **MINE}, CHARGING),
        ({"authorized": True, "plugged": True, **MINE}, STARTING),
        ({"plugged": False}, "connector 3 has no vehicle: plug in first"),
    ],
    "remote_start": [
        *BEGINNING,
        ({"transaction": True, **MINE}, CHARGING),
        ({"authorized": True, "plugged": True, **MINE}, STARTING),
        ({"authorized": True, **MINE}, "connector 3 waits for the vehicle of MINE"),
    ],
    "local_stop": [
        ({"transaction": False}, "connector 3 has no transaction to stop"),
        ({"rebooting": True}, REBOOTING),
    ],
    "ev_stop": [
        ({"transaction": False}, "connector 3 has no transaction to stop"),
        ({"plugged": False}, "the vehicle of connector 3 is unplugged: plug it in first"),
    ],
    "ev_give_up": [
        ({"plugged": False}, "connector 3 has no vehicle: plug in first"),
        ({"asleep": True}, "the vehicle at connector 3 sleeps already: unplug it first"),
    ],
    "suspend_ev": [
        ({"fault": "GroundFailure"}, FAULTED),
        ({"transaction": False}, "connector 3 has no transaction: start one first"),
        ({"ev_paused": True}, "the vehicle at connector 3 pauses already: resume it"),
    ],
    "suspend_evse": [
        ({"fault": "GroundFailure"}, FAULTED),
        ({"transaction": False}, "connector 3 has no transaction: start one first"),
        ({"evse_paused": True}, "connector 3 pauses already: resume it"),
    ],
    "resume": [
        (
            {"ev_paused": False},
            "connector 3 is neither suspended nor faulted: nothing to resume",
        ),
        (
            {"ev_paused": False, "ev_ready": False},
            "the vehicle at connector 3 takes nothing by itself: wait for it",
        ),
        (
            {"ev_paused": False, "withheld_by": "profile"},
            "a charging profile holds connector 3 at 0 W: the CSMS has to change or clear it",
        ),
        (
            {"ev_paused": False, "withheld_by": "grid operator"},
            "connector 3 gets 0 W (grid operator): that limit has to end first",
        ),
    ],
    "fault": [
        (
            {"fault": "GroundFailure"},
            "connector 3 is Faulted (GroundFailure) already: clear it first",
        )
    ],
    "clear_fault": [({"fault": None}, "connector 3 has no fault to clear")],
    "unlock": [
        ({"powered": False}, NO_POWER),
        ({"lockable": False}, NO_LOCK),
        ({"lock_jammed": True}, JAMMED),
    ],
    "jam_lock": [({"lockable": False}, NO_LOCK), ({"lock_jammed": True}, JAMMED)],
}
"""Name of an act -> what breaks its rules, in their order, and what is said then."""
ROWS = [(act, *broken) for act, rows in AGAINST.items() for broken in rows]


@pytest.mark.parametrize(("act", "broken", "sentence"), ROWS)
def test_a_rule_that_is_broken_is_a_sentence(
    act: str, broken: dict[str, Any], sentence: str
) -> None:
    assert why_not(act, POSSIBLE[act]) is None
    assert why_not(act, POSSIBLE[act]._replace(**broken)) == sentence


@pytest.mark.parametrize("act", RULES)
def test_of_two_reasons_the_first_is_told(act: str) -> None:
    """Facts that break two rules at once, where they can: who comes first in the table speaks."""
    rows = AGAINST[act]
    for place, (broken, sentence) in enumerate(rows):
        for later, _ in rows[place + 1 :]:
            waived = "transaction" in later and sentence in (FIRMWARE, LEAVING, UNAVAILABLE)
            if broken.keys().isdisjoint(later) and not waived:
                assert why_not(act, POSSIBLE[act]._replace(**later, **broken)) == sentence


def test_no_rule_is_left_out() -> None:
    assert POSSIBLE.keys() == AGAINST.keys() == RULES.keys()
    for act, rules in RULES.items():
        for rule in rules:
            alone = [s for broken, s in AGAINST[act] if rule(POSSIBLE[act]._replace(**broken)) == s]
            assert alone, f"{act}: nothing breaks {rule.__name__}"


@pytest.mark.parametrize(
    ("act", "facts"),
    [
        ("swipe", RUNNING._replace(leaving=True)),
        ("swipe", RUNNING._replace(updating=True)),
        ("swipe", RUNNING._replace(operative=False)),
        ("unlock", RUNNING._replace(rebooting=True)),
        ("local_stop", RUNNING._replace(fault="GroundFailure", powered=False)),
        ("ev_stop", RUNNING._replace(rebooting=True, fault="GroundFailure")),
        ("ev_give_up", RUNNING._replace(rebooting=True)),
        ("resume", PLUGGED._replace(fault="GroundFailure")),
        ("resume", PLUGGED._replace(lock_jammed=True)),
        ("resume", RUNNING._replace(evse_paused=True)),
        ("clear_fault", FREE._replace(lock_jammed=True)),
        ("plug", FREE._replace(powered=False, rebooting=True, operative=False)),
        ("fault", FREE._replace(powered=False)),
    ],
)
def test_what_may_be_done_all_the_same(act: str, facts: Facts) -> None:
    """Who charges may stop, whatever else is waiting; hands and accidents ask nobody."""
    assert why_not(act, facts) is None


# -- link and mains ----------------------------------------------------------------------------


UP, DOWN = "the link is up already: nobody has taken it down", "the link is down already: "
SWITCHES: list[tuple[list[Command], Command, str]] = [
    ([], LinkUp(), UP),
    ([], GoOnline(), "frames pass already: the charge point is not silent"),
    ([], PowerOn(), "the charge point has power already"),
    ([LinkDown()], LinkDown(), f"{DOWN}bring it up again first"),
    ([LinkDown(), LinkUp()], LinkUp(), UP),
    ([GoSilent()], GoSilent(), "the charge point is silent already: go online first"),
    ([GoSilent(), GoOnline()], GoOnline(), "frames pass already: the charge point is not silent"),
    *(([PowerOff()], switch, NO_POWER) for switch in (PowerOff(), LinkDown(), LinkUp())),
    *(([PowerOff()], switch, NO_POWER) for switch in (GoSilent(), GoOnline())),
    ([PowerOff()], Restart(), NO_POWER),
    ([Restart()], Restart(), REBOOTING),
    ([PowerOff(), PowerOn()], PowerOn(), "the charge point has power already"),
    ([LinkDown(), PowerOff(), PowerOn()], LinkDown(), f"{DOWN}bring it up again first"),
]


@pytest.mark.parametrize(("before", "switch", "sentence"), SWITCHES)
async def test_a_switch_that_would_change_nothing(
    before: list[Command], switch: Command, sentence: str
) -> None:
    async with Harness() as harness:
        for command in before:
            assert await harness.submit(command) == Accepted()
        seen = harness.station.snapshot
        assert seen.refusals[ACTION_BY_COMMAND[type(switch)].name] == sentence
        assert await harness.submit(switch) == Refused(sentence)
        after = harness.station.snapshot
        assert (after.powered, after.link.state) == (seen.powered, seen.link.state)
        assert after.link.online == seen.link.online


NO_SWITCHES = {
    *("external_limit", "clear_external_limit"),  # see test_external_limits
    "restart",  # it comes back by itself
    "dial",  # it is for a link that waits: see test_where_to
    "configure",  # see test_configure
    *("message", "frame"),  # see test_said_by_hand
    *("rule", "end_rule", "answer"),  # see test_rules
    *("wire_fault", "end_wire_fault", "release_frame", "drop_frame"),  # see test_wire_faults
    *("record", "end_recording", "play", "end_play"),  # see test_recording
}
"""What concerns the whole charge point and has no other face."""


async def test_switches_that_change_something_are_not_refused() -> None:
    pairs: list[tuple[Command, Command]] = [
        (LinkDown(), LinkUp()),
        (GoSilent(), GoOnline()),
        (PowerOff(), PowerOn()),
    ]
    switches = {action.name for action in ACTIONS if not action.on_connector}
    switches -= NO_SWITCHES
    assert switches == {ACTION_BY_COMMAND[type(one)].name for two in pairs for one in two}
    async with Harness() as harness:
        for off, on in pairs:
            for command in (off, on):
                name = ACTION_BY_COMMAND[type(command)].name
                assert name not in harness.station.snapshot.refusals
                assert await harness.submit(command) == Accepted()


# -- while the answer to a card is open --------------------------------------------------------


@pytest.mark.parametrize(
    ("happens", "sentence"),
    [
        (InjectFault(1), "connector 1 is Faulted (GroundFailure): clear the fault first"),
        (PowerOff(), NO_POWER),
        (Restart(), "the charge point is rebooting: wait until it is back"),
    ],
)
@pytest.mark.parametrize("plugged", [False, True])
async def test_what_happens_while_a_card_is_asked_about(
    happens: Command, sentence: str, plugged: bool
) -> None:
    """The CSMS says yes to a connector that cannot charge any more."""
    async with Harness(keys={"AuthorizationCacheEnabled": "true"}) as harness:
        await harness.submit(Swipe(1, "TAG"))
        await harness.submit(Swipe(1, "TAG"))  # the cache knows it from now on, also offline
        if plugged:
            await harness.submit(Plug(1))
        harness.csms.script["Authorize"].append(Drop())
        card = Start(1, "TAG") if plugged else Swipe(1, "TAG")
        asking = asyncio.ensure_future(harness.station.submit(card))
        await harness.settle()
        assert not asking.done()
        assert await harness.submit(happens) == Accepted()
        await harness.advance(31)
        assert await asking == Refused(sentence)
        assert not harness.csms.of("StartTransaction")
        assert harness.connector().token is None


async def test_a_fault_while_a_card_of_the_group_is_asked_about() -> None:
    """A reader of a connector that is Faulted stops for no card, its own included."""
    async with Harness() as harness:
        group = {"status": "Accepted", "parentIdTag": "GROUP"}
        harness.csms.tags = {"ONE": group, "TWO": group}
        await charge(harness, 1, "ONE")
        release = asyncio.Event()
        harness.csms.script["Authorize"].append(Hold(release))
        asking = asyncio.ensure_future(harness.station.submit(Swipe(1, "TWO")))
        await harness.settle()
        assert await harness.submit(InjectFault(1)) == Accepted()
        release.set()
        sentence = "connector 1 is Faulted (GroundFailure): clear the fault first"
        assert await asking == Refused(sentence)
        assert await harness.submit(Swipe(1, "ONE")) == Refused(sentence)
        assert not harness.csms.of("StopTransaction")
