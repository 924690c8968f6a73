"""A CSMS that ends the link in place of an answer, and outages that only look like it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable

import pytest
from websockets.asyncio.server import ServerConnection

from sim_core.commands import GoOnline, GoSilent, LinkDown, LinkUp, Plug, Start, Stop, Unplug
from sim_core.snapshot import LinkState
from sim_core.wire.connecting import MAX_FRAME
from sim_core.wire.link_ends import PROMPT_S, LinkEnd
from tests.conformance.acts import charge, checked, payloads
from tests.harness import Harness
from tests.scripted_csms import Answer, Call, Close, Cut, Drop, Hold, ScriptedCsms

KEYS = {
    "MeterValueSampleInterval": "0",
    "TransactionMessageAttempts": "3",
    "TransactionMessageRetryInterval": "10",
    "LocalAuthorizeOffline": "true",
    "AllowOfflineTxForUnknownId": "true",
}
CLOSE = Close()
BOTH = pytest.mark.parametrize(
    "make",
    [{}, {"model": "gresgying-f3-eu180", "quirks": "pipelining"}],
    ids=["in order", "side by side"],
)


class Stumbling(ScriptedCsms):
    """It ends the link in its way whenever it hears what it cannot stand."""

    def __init__(self, hates: Callable[[Call], bool], how: Answer = CLOSE) -> None:
        super().__init__()
        self.hates = hates
        self.how = how
        self.dialled: list[float] = []
        self.harness: Harness | None = None

    def choose(self, call: Call) -> Answer:
        return self.how if self.hates(call) else super().choose(call)

    async def _serve(self, connection: ServerConnection) -> None:
        if self.harness is not None:
            self.dialled.append(self.harness.clock.monotonic())
        await super()._serve(connection)


def stumbling(
    hates: Callable[[Call], bool],
    how: Answer = CLOSE,
    **build: object,
) -> tuple[Stumbling, Harness]:
    csms = Stumbling(hates, how)
    harness = Harness(csms=csms, **{"keys": KEYS, **build})  # type: ignore[arg-type]
    csms.harness, csms._now = harness, harness.clock.now
    return csms, harness


def told(harness: Harness) -> list[str]:
    return [event.text for event in harness.events.since(0)[1]]


@BOTH
@pytest.mark.parametrize("how", [CLOSE, Close(1008, "policy"), Close(4001, ""), Cut()])
async def test_a_start_at_which_every_link_ends_is_given_up_and_the_rest_goes_on(
    how: Answer, make: dict[str, str]
) -> None:
    csms, harness = stumbling(
        lambda call: call.action == "StartTransaction" and call.payload["connectorId"] == 1,
        how,
        **make,
    )
    async with csms, harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.submit(Plug(2))
        await harness.submit(Start(2, "OTHER"))
        await harness.advance(300)
        starts = [c for c in csms.of("StartTransaction") if c.payload["connectorId"] == 1]
        assert len(starts) == 3, "as often as TransactionMessageAttempts allows"
        assert len({call.connection for call in starts}) == 3
        (sentence,) = [
            text for text in told(harness) if "StartTransaction of connector 1 was" in text
        ]
        assert "whenever it hears StartTransaction of connector 1, 3 times" in sentence
        assert ("1011 internal error" in sentence) == (how == CLOSE)
        assert harness.station.snapshot.link.queued == 0
        assert harness.status(2) == "Charging", "what stood behind it went on"
        assert harness.connector(2).transaction.transaction_id is not None
        links = csms.connections
        await harness.advance(100)
        assert csms.connections == links


@pytest.mark.parametrize("action", ["MeterValues", "StopTransaction"])
async def test_every_kind_of_row_counts_its_links(action: str) -> None:
    csms, harness = stumbling(
        lambda call: call.action == action, keys={**KEYS, "MeterValueSampleInterval": "600"}
    )
    async with csms, harness:
        await charge(harness)
        await harness.advance(700)
        await harness.submit(Stop(1))
        await harness.advance(200)
        assert len(csms.of(action)) == 3
        assert harness.station.snapshot.link.queued == 0
        assert csms.of("StopTransaction")


async def test_an_answer_that_breaks_the_link_is_an_end_by_the_csms() -> None:
    too_long: Answer = {"pad": "a" * (MAX_FRAME + 1)}
    csms, harness = stumbling(lambda call: call.action == "StopTransaction", too_long)
    async with csms, harness:
        await charge(harness)
        await harness.submit(Stop(1))
        await harness.advance(200)
        assert len(csms.of("StopTransaction")) == 3
        assert [
            text for text in told(harness) if "the CSMS breaks the link (1009) whenever" in text
        ]


async def test_a_row_that_ends_links_leaves_the_new_one_time_for_other_things() -> None:
    csms, harness = stumbling(
        lambda call: call.action == "StartTransaction",
        keys={**KEYS, "TransactionMessageRetryInterval": "100", "TransactionMessageAttempts": "9"},
    )
    async with csms, harness:
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await harness.advance(10)
        assert len(csms.of("StartTransaction")) == 2, "the first end may have been chance"
        await harness.advance(80)
        assert len(csms.of("StartTransaction")) == 2, "then it keeps its distance (§3.7.1)"
        assert harness.station.snapshot.link.state is LinkState.CONNECTED
        await harness.submit(Plug(2))
        assert csms.actions()[-1] == "StatusNotification 2 Preparing"


async def test_the_links_are_counted_over_a_power_cut(tmp_path: object) -> None:
    csms, harness = stumbling(lambda call: call.action == "StopTransaction", state=tmp_path)
    async with csms, harness:
        await charge(harness)
        await harness.submit(Stop(1))
        await harness.advance(2)
        before = len(csms.of("StopTransaction"))
        assert before == 2
        assert harness.station.snapshot.journal.waiting[0].attempts == 2
        await harness.power_cut()
        await harness.power_on()
        await harness.advance(100)
        assert harness.station.snapshot.link.queued == 0
        assert len(csms.of("StopTransaction")) <= before + 2


# -- outages -----------------------------------------------------------


async def outage(harness: Harness, how: str) -> None:
    """One of the ways in which a link is lost while a row is open."""
    if how == "the operator":
        await harness.submit(LinkDown())
        await harness.submit(LinkUp())
    elif how == "silence":
        await harness.submit(GoSilent())
        await harness.csms.cut()
        await harness.submit(GoOnline())
    elif how == "a cable":
        await harness.advance(PROMPT_S + 1)
        await harness.csms.cut()
    else:
        assert harness.csms._open is not None
        await harness.csms._open.close(int(how), "later")
    await harness.advance(40)


@BOTH
@pytest.mark.parametrize("how", ["the operator", "silence", "a cable", "1001", "1012", "1013"])
async def test_an_outage_costs_no_message(how: str, make: dict[str, str]) -> None:
    keys = {**KEYS, "TransactionMessageAttempts": "1"}
    async with Harness(keys=keys, **make) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].extend([Drop()] * 4)
        await harness.submit(Stop(1))
        for _ in range(4):
            await outage(harness, how)
        assert harness.station.snapshot.link.queued == 0
        assert not [text for text in told(harness) if "given up" in text]
        assert payloads(harness, "StopTransaction")[-1]["transactionId"] == 1000


async def test_one_end_is_chance_even_where_one_attempt_is_allowed() -> None:
    async with Harness(keys={**KEYS, "TransactionMessageAttempts": "1"}) as harness:
        await charge(harness)
        harness.csms.script["StopTransaction"].append(Close())
        await harness.submit(Stop(1))
        await harness.advance(5)
        assert len(payloads(harness, "StopTransaction")) == 2
        assert not [text for text in told(harness) if "given up" in text]


@BOTH
@pytest.mark.parametrize("action", ["StopTransaction", "MeterValues"])
async def test_a_door_that_lets_in_and_closes_costs_no_message(
    make: dict[str, str], action: str
) -> None:
    """A gateway whose CSMS is away: it takes the WebSocket, and closes at the first frame."""
    away = False
    csms, harness = stumbling(
        lambda call: away, **{"keys": {**KEYS, "MeterValueSampleInterval": "60"}, **make}
    )
    async with csms, harness:
        await charge(harness)
        away = True
        if action == "StopTransaction":
            await harness.submit(Stop(1))
        await harness.advance(1200)
        away = False
        await harness.advance(60)
        assert harness.station.snapshot.link.queued == 0
        assert not [text for text in told(harness) if "given up" in text]
        assert {p["transactionId"] for p in payloads(harness, action)} == {1000}


async def test_a_row_is_not_blamed_before_something_else_was_answered() -> None:
    csms, harness = stumbling(lambda call: call.action in ("Heartbeat", "StopTransaction"))
    async with csms, harness:
        await charge(harness)
        await harness.submit(Stop(1))
        await harness.advance(1200)
        assert len(csms.of("StopTransaction")) >= 3, "it is tried without a Heartbeat, too"
        assert harness.station.snapshot.link.queued == 1, "but nothing shows that it is the reason"
        for _ in range(10):  # these are answered
            await harness.submit(Plug(2))
            await harness.advance(61)
            await harness.submit(Unplug(2))
            await harness.advance(61)
        assert harness.station.snapshot.link.queued == 0
        assert [text for text in told(harness) if "whenever it hears StopTransaction" in text]


# -- the plain lane ----------------------------------------------------


async def test_a_status_at_which_every_link_ends_is_withheld_from_the_next_one() -> None:
    csms, harness = stumbling(
        lambda call: call.action == "StatusNotification" and call.payload["connectorId"] == 0
    )
    async with csms, harness:
        await harness.advance(60)
        assert len(csms.of("StatusNotification")) >= 3
        links = csms.connections
        assert links == 4, "three links went down with it, and the fourth lives"
        gaps = [b - a for a, b in itertools.pairwise(csms.dialled)]
        assert all(gap <= 2.0**n for n, gap in enumerate(gaps))
        sentence = (
            "the CSMS closes the link (1011 internal error) whenever it hears StatusNotification "
            "of connector 0: look there for the reason"
        )
        assert [text for text in told(harness) if sentence in text]
        await charge(harness)
        await harness.submit(Stop(1))
        assert payloads(harness, "StopTransaction")
        csms.hates = lambda _: False
        await csms.cut()
        await harness.advance(60)
        assert "StatusNotification 0 Available" in csms.actions(), "mended, it is told again"


async def test_the_trouble_of_the_link_names_the_message() -> None:
    csms, harness = stumbling(lambda call: call.action == "BootNotification")
    async with csms, harness:
        await harness.advance(600)
        assert "whenever it hears BootNotification" in harness.station.snapshot.link.trouble
        assert 15 <= csms.connections <= 50, "and it is asked ever more rarely"


async def test_the_pause_falls_back_only_after_a_link_that_lived() -> None:
    csms, harness = stumbling(lambda call: call.action == "DataTransfer")
    async with csms, harness:
        for _ in range(12):
            await harness.csms.cut()
            await harness.advance(0.0)
            while harness.station.snapshot.link.state is not LinkState.CONNECTED:
                await harness.advance(0.5)
        assert csms.dialled[-1] - csms.dialled[-3] > 5, "it registers each time, and yet"
        await harness.advance(29)
        await harness.csms.cut()
        began = harness.clock.monotonic()
        await harness.advance(31)
        assert csms.dialled[-1] - began > 1.0
        await harness.csms.cut()
        await harness.advance(31)
        await harness.advance(31)
        await harness.csms.cut()
        began = harness.clock.monotonic()
        await harness.advance(31)
        assert csms.dialled[-1] - began <= 1.0, "the last one lived for the longest pause"


async def test_a_make_that_boots_on_every_link_does_not_dial_for_ever() -> None:
    seen: list[Call] = []

    def second(call: Call) -> bool:
        seen.extend([call] if call.action == "StatusNotification" else [])
        return call.action == "StatusNotification" and len(seen) % 2 == 0

    csms, harness = stumbling(second, model="gresgying-f3-eu180", quirks="pipelining")
    async with csms, harness:
        await harness.advance(300)
        assert csms.of("BootNotification")[-1].connection > 3, "it is Accepted on each link"
        assert csms.connections < 30
        began = csms.dialled[-1]
        await harness.advance(31)
        assert csms.dialled[-1] - began > 5 or csms.dialled[-1] == began


@BOTH
@pytest.mark.parametrize("how", [CLOSE, Cut()])
async def test_samples_at_which_every_link_ends_do_not_hold_back_the_stop(
    how: Answer, make: dict[str, str]
) -> None:
    keys = {**KEYS, "MeterValueSampleInterval": "10"}
    csms, harness = stumbling(lambda call: call.action == "MeterValues", how, keys=keys, **make)
    async with csms, harness:
        await charge(harness)
        await harness.advance(600)
        await harness.submit(Stop(1))
        await harness.advance(121)
        assert len(csms.of("StopTransaction")) == 1
        assert harness.station.snapshot.link.queued == 0
        why = "the CSMS ends the link at MeterValues, and other messages wait behind"
        given_up = [text for text in told(harness) if text.startswith("MeterValues")]
        assert [text for text in given_up if text.endswith(why)] == [
            f"MeterValues of connector 1 was given up: {why}"
        ]


async def test_one_sample_that_ends_links_costs_no_other() -> None:
    keys = {**KEYS, "MeterValueSampleInterval": "10"}
    bad: list[str] = []

    def hates(call: Call) -> bool:
        if call.action != "MeterValues":
            return False
        at = call.payload["meterValue"][0]["timestamp"]
        bad.extend([] if bad else [at])
        return at == bad[0]

    csms, harness = stumbling(hates, keys=keys)
    async with csms, harness:
        began = await charge(harness)
        await harness.advance(100)
        await harness.submit(Stop(1))
        await harness.advance(300)
        assert began
        taken = {x.payload["meterValue"][0]["timestamp"] for x in csms.of("MeterValues")} - {*bad}
        assert len(taken) == 9
        assert len(csms.of("StopTransaction")) == 1


async def test_the_pause_falls_back_when_a_row_got_through() -> None:
    csms, harness = stumbling(lambda call: call.action == "DataTransfer")
    async with csms, harness:
        for _ in range(8):
            await harness.csms.cut()
            await harness.advance(0.0)
            while harness.station.snapshot.link.state is not LinkState.CONNECTED:
                await harness.advance(0.5)
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.csms.cut()
        began = harness.clock.monotonic()
        await harness.advance(31)
        assert csms.dialled[-1] - began <= 1.0


async def test_the_operator_who_brings_it_up_begins_with_a_short_pause() -> None:
    csms, harness = stumbling(lambda call: call.action == "BootNotification")
    async with csms, harness:
        await harness.advance(300)
        await harness.submit(LinkDown())
        await harness.submit(LinkUp())
        began = csms.dialled[-1]
        await harness.advance(1.0)
        assert 0 < csms.dialled[-1] - began <= 1.0


async def test_the_same_trouble_is_told_again_after_a_good_connection() -> None:
    async with Harness() as harness:
        for times in (1, 2):
            port = harness.csms.port
            await harness.csms.cut()
            await harness.csms.stop()
            await harness.advance(100)
            refused = [text for text in told(harness) if "connection refused" in text]
            assert len(refused) == times, "once for each outage, however often it was tried"
            await harness.csms.start(port)  # the port it had
            await harness.advance(40)
            assert harness.station.snapshot.link.state is LinkState.CONNECTED


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (LinkEnd(None), "cuts the link"),
        (LinkEnd(1011), "closes the link (1011)"),
        (LinkEnd(1011, "no handler"), "closes the link (1011 no handler)"),
        (LinkEnd(1007, ours=True), "breaks the link (1007)"),
    ],
)
def test_how_it_is_told(end: LinkEnd, words: str) -> None:
    assert end.words == words


async def test_silence_outlives_the_socket() -> None:
    """Silent, the socket closed, dialled again: still no frame passes."""
    async with Harness(keys=KEYS) as harness:
        await charge(harness)
        await harness.submit(GoSilent())
        await harness.submit(Stop(1))
        frames = len(harness.csms.frames)
        await harness.csms.cut()
        await harness.advance(60)
        assert harness.csms.connections == 2
        assert len(harness.csms.frames) == frames
        await harness.submit(GoOnline())
        await harness.advance(60)
        assert len(payloads(harness, "StopTransaction")) == 1
        await harness.submit(Unplug(1))
        assert harness.csms.actions()[-1] == "StatusNotification 1 Available"


async def test_a_link_that_is_cut_while_calls_are_held_boots_again() -> None:
    quirks = "status_before_answer,send_tick"
    async with Harness(model="gresgying-f3-eu180", quirks=quirks) as harness:
        await harness.advance(10)
        request = {"connectorId": 1, "type": "Inoperative"}
        await harness.csms.send_text(json.dumps([2, "asked", "ChangeAvailability", request]))
        await harness.station.until(lambda seen: seen.connectors[0].status == "Unavailable")
        await harness.csms.cut()  # the answer, and the status before it, would come a tick later
        harness.csms.clear()
        await harness.advance(60)
        assert harness.csms.actions()[0] == "BootNotification"
        assert "StatusNotification 1 Unavailable" in harness.csms.actions()


async def test_it_waits_as_long_as_one_of_two_calls_is_open() -> None:
    async with Harness(model="gresgying-f3-eu180", quirks="pipelining") as harness:
        answers = [asyncio.Event(), asyncio.Event()]
        harness.csms.script["DataTransfer"].extend(map(Hold, answers))
        outbox, link = harness.station.charge_point.outbox, harness.station.link
        first, second = (outbox.post("DataTransfer", {"vendorId": "V"}) for _ in answers)
        await harness.settle()
        answers[0].set()
        await first
        assert link.waiting_since is not None
        answers[1].set()
        await second
        assert link.waiting_since is None


async def test_waiting_since_is_when_the_open_call_was_sent() -> None:
    async with Harness() as harness:
        release = asyncio.Event()
        harness.csms.script["Heartbeat"].append(Hold(release))
        assert harness.station.snapshot.link.waiting_since is None
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        sent = harness.station.now()
        await harness.advance(7)
        assert harness.station.snapshot.link.waiting_since == sent
        release.set()
        await harness.settle()
        await harness.submit(Plug(1))
        assert harness.station.snapshot.link.waiting_since is None
