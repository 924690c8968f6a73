"""The local authorization list (OCPP 1.6 §3.5.2, §5.10, §5.15): how it is sent, whom it lets in.

Row 95: a card that the list has as expired or Blocked is asked about while there is somebody to
ask, and refused offline. Row 96: which connector a LocalListConflict is of stands in §3.5.2: 0.
"""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sim_core.commands import Accepted, Plug, Refused, Start, Stop, Swipe, Unplug
from sim_core.wire.timestamps import stamp
from tests.conformance.acts import (
    checked,
    configure,
    payloads,
    plug_network,
    read_key,
    said,
    unplug_network,
)
from tests.harness import Harness
from tests.scripted_csms import Payload

FIRST = "StatusNotification 1 "
LOCAL = {"LocalAuthListEnabled": "true", "LocalPreAuthorize": "true"}
LISTED = {**LOCAL, "AuthorizationCacheEnabled": "false", "LocalAuthorizeOffline": "true"}


def entry(id_tag: str, status: str | None = "Accepted", **info: str) -> Payload:
    """An entry of a list; without a status it takes the card off."""
    return {"idTag": id_tag} | ({"idTagInfo": {"status": status, **info}} if status else {})


async def send(harness: Harness, version: int, *entries: Payload, update: str = "Full") -> str:
    """Send a list; returns the status word."""
    answer = await harness.ask(
        "SendLocalList",
        listVersion=version,
        updateType=update,
        localAuthorizationList=list(entries),
    )
    return str(answer["status"])


async def change(harness: Harness, version: int, *entries: Payload) -> str:
    return await send(harness, version, *entries, update="Differential")


async def version(harness: Harness) -> int:
    return int((await harness.ask("GetLocalListVersion"))["listVersion"])


def on_it(harness: Harness, id_tag: str) -> bool:
    """Whether a card is on the list: looked at from within, where nothing on the wire would say."""
    return harness.station.charge_point.charger.token_list.entry(id_tag) is not None


# -- sending it ------------------------------------------------------


@pytest.mark.row(90, "TC_042_1_CS / TC_043_1_CS")
async def test_a_list_that_is_switched_off() -> None:
    async with Harness(keys={**LISTED, "LocalAuthListEnabled": "false"}) as harness:
        assert await version(harness) == -1
        assert await send(harness, 1, entry("TAG")) == "NotSupported"
        await configure(harness, LocalAuthListEnabled="true")
        assert await version(harness) == 0
        assert await send(harness, 1, entry("TAG")) == "Accepted"
        await configure(harness, LocalAuthListEnabled="false")
        assert await version(harness) == -1
        await harness.submit(Swipe(1, "TAG"))
        assert len(harness.csms.of("Authorize")) == 1, "what is switched off lets nobody in"
        await configure(harness, LocalAuthListEnabled="true")
        assert await version(harness) == 1


@pytest.mark.row(90, "TC_042_1_CS / TC_043_1_CS")
async def test_a_make_without_the_profile() -> None:
    async with Harness(keys={"SupportedFeatureProfiles": "Core,Reservation"}) as harness:
        assert await version(harness) == -1
        assert await send(harness, 1, entry("TAG")) == "NotSupported"
        answer = await harness.ask("GetConfiguration", key=["LocalAuthListEnabled"])
        assert answer["unknownKey"] == ["LocalAuthListEnabled"]


@pytest.mark.row(91, "TC_042_2_CS")
async def test_a_full_list_without_entries() -> None:
    async with Harness(keys=LISTED) as harness:
        assert await version(harness) == 0
        answer = await harness.ask("SendLocalList", listVersion=1, updateType="Full")
        assert answer == {"status": "Accepted"}
        assert await version(harness) == 0
        assert await send(harness, 4, entry("TAG")) == "Accepted"
        assert await version(harness) == 4
        assert await send(harness, 5) == "Accepted"
        assert await version(harness) == 0
        assert not on_it(harness, "TAG")


@pytest.mark.row(92, "TC_043_CS")
async def test_full_then_differential() -> None:
    async with Harness(keys=LISTED) as harness:
        assert await send(harness, 1, entry("ONE"), entry("TWO")) == "Accepted"
        assert await version(harness) == 1
        changes = (entry("one", None), entry("TWO", "Blocked"), entry("THREE"))
        assert await change(harness, 2, *changes) == "Accepted"
        assert await version(harness) == 2
        assert not on_it(harness, "ONE")
        await unplug_network(harness)
        assert isinstance(await harness.submit(Swipe(1, "TWO")), Refused)
        assert isinstance(await harness.submit(Swipe(1, "THREE")), Accepted)
        await plug_network(harness)
        assert await change(harness, 3) == "Accepted", "no entries: the list stays as it is"
        assert on_it(harness, "THREE")
        assert await version(harness) == 3


@pytest.mark.row(92, "TC_043_CS")
async def test_a_list_lasts_over_a_power_cut(tmp_path: Path) -> None:
    async with Harness(keys=LISTED, state=tmp_path) as harness:
        await send(harness, 3, entry("TAG"))
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        assert await version(harness) == 3
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        assert said(harness) == [FIRST + "Preparing"]


@pytest.mark.row(92, "TC_043_CS")
async def test_taking_everybody_off_empties_the_list() -> None:
    async with Harness(keys=LISTED) as harness:
        await send(harness, 1, entry("TAG"))
        assert await change(harness, 2, entry("TAG", None), entry("NOBODY", None)) == "Accepted"
        assert await version(harness) == 0
        assert await change(harness, 1, entry("TAG")) == "Accepted", "counted anew from 0"


@pytest.mark.row(93, "TC_043_2_CS")
async def test_versions_that_go_back() -> None:
    async with Harness(keys=LISTED) as harness:
        assert await send(harness, 2, entry("TAG")) == "Accepted"
        assert await send(harness, 5, entry("TAG")) == "Accepted"
        for old in (4, 5, 0, -3):
            assert await change(harness, old, entry("TAG", None)) == "VersionMismatch"
        assert await version(harness) == 5
        assert on_it(harness, "TAG")
        assert await send(harness, 3, entry("TAG")) == "Accepted", "a full list may begin anew"
        assert await version(harness) == 3


@pytest.mark.row(94, "TC_043_3_CS")
@pytest.mark.parametrize("update", ["Full", "Differential"])
@pytest.mark.parametrize(
    "wrong",
    [
        [entry("A"), entry("B"), entry("C"), entry("D")],
        [entry("A"), entry("a")],
        [entry("A"), entry("A", None)],
        [entry("")],
        [entry("with\nbreak")],
        [entry("A", expiryDate="soon")],
        [entry("A", parentIdTag="\x1b[2J")],
    ],
)
async def test_a_list_that_cannot_be(wrong: list[Payload], update: str) -> None:
    keys = {"SendLocalListMaxLength": "3", "LocalAuthListMaxLength": "5"}
    async with Harness(keys={**LISTED, **keys}) as harness:
        await send(harness, 2, entry("OLD"))
        assert await send(harness, 3, *wrong, update=update) == "Failed"
        assert await version(harness) == 2
        assert on_it(harness, "OLD")
        assert not on_it(harness, "A")


@pytest.mark.row(94, "TC_043_3_CS")
async def test_a_full_list_with_an_entry_that_says_nothing() -> None:
    async with Harness(keys=LISTED) as harness:
        await send(harness, 2, entry("OLD"))
        assert await send(harness, 3, entry("A"), entry("B", None)) == "Failed"
        assert await version(harness) == 2
        assert on_it(harness, "OLD")
        assert not on_it(harness, "A")


@pytest.mark.row(94, "TC_043_3_CS")
async def test_a_list_that_grows_too_long() -> None:
    keys = {"SendLocalListMaxLength": "3", "LocalAuthListMaxLength": "5"}
    async with Harness(keys={**LISTED, **keys}) as harness:
        assert await send(harness, 1, *map(entry, "ABC")) == "Accepted"
        assert await change(harness, 2, *map(entry, "DE")) == "Accepted"
        assert await change(harness, 3, entry("F"), entry("G", None)) == "Failed"
        assert await version(harness) == 2
        assert not on_it(harness, "F")
        assert await change(harness, 3, entry("F"), entry("A", None), entry("E")) == "Accepted"


@pytest.mark.row(94, "TC_043_3_CS")
async def test_a_full_list_that_is_too_long() -> None:
    """What was on the list goes only together with the new one's coming."""
    keys = {"SendLocalListMaxLength": "9", "LocalAuthListMaxLength": "3"}
    async with Harness(keys={**LISTED, **keys}) as harness:
        await send(harness, 2, entry("OLD"))
        assert await send(harness, 3, *map(entry, "ABCD")) == "Failed"
        assert await version(harness) == 2
        assert on_it(harness, "OLD")


@pytest.mark.row(94, "TC_043_3_CS")
@pytest.mark.parametrize("number", [0, -1, 2**31, 10**30])
async def test_a_version_that_cannot_be(number: int) -> None:
    """0 means an empty list and -1 none at all (§5.10)."""
    async with Harness(keys=LISTED) as harness:
        assert await send(harness, number, entry("TAG")) == "Failed"
        assert await version(harness) == 0


@pytest.mark.row(60, "TC_019_CS")
async def test_the_keys_of_the_list() -> None:
    async with Harness(keys={"LocalAuthListEnabled": "true"}) as harness:
        assert (await read_key(harness, "LocalAuthListEnabled"))["readonly"] is False
        assert (await read_key(harness, "LocalAuthListMaxLength"))["readonly"] is True
        profiles = (await read_key(harness, "SupportedFeatureProfiles"))["value"].split(",")
        assert {"LocalAuthListManagement", "Reservation"} <= set(profiles)


@pytest.mark.row("W15", "OCPP-J")
async def test_a_list_of_a_mebibyte() -> None:
    keys = {"SendLocalListMaxLength": "20000", "LocalAuthListMaxLength": "20000"}
    entries = [
        entry(f"CARD{n:012}", parentIdTag="GROUP", expiryDate="2030-01-01T00:00:00Z")
        for n in range(9_000)
    ]
    assert len(json.dumps(entries)) > 2**20
    async with Harness(keys={**LISTED, **keys}) as harness:
        assert await send(harness, 1, *entries) == "Accepted"
        assert on_it(harness, "card000000008999")
        await harness.submit(Swipe(1, "CARD000000004711"))
        assert harness.status() == "Preparing"
        assert not harness.csms.of("Authorize")


# -- whom it lets in -------------------------------------------------


@pytest.mark.row(95, "TC_008_CS")
async def test_a_listed_card_is_not_asked_about() -> None:
    async with Harness(keys=LISTED) as harness:
        await send(harness, 1, entry("Tag"))
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        await harness.submit(Plug(1))
        await checked(harness)
        assert said(harness) == [FIRST + "Preparing", "StartTransaction", FIRST + "Charging"]


@pytest.mark.row(95, "TC_008_CS")
async def test_without_local_pre_authorize_the_csms_is_asked() -> None:
    async with Harness(keys={**LISTED, "LocalPreAuthorize": "false"}) as harness:
        await send(harness, 1, entry("TAG"))
        await harness.submit(Swipe(1, "TAG"))
        assert len(harness.csms.of("Authorize")) == 1


@pytest.mark.row(95, "TC_008_CS")
async def test_a_remote_start_of_a_listed_card_is_not_asked_about() -> None:
    async with Harness(keys={**LISTED, "AuthorizeRemoteTxRequests": "true"}) as harness:
        await send(harness, 1, entry("TAG"))
        await harness.submit(Plug(1))
        harness.csms.clear()
        answer = await harness.ask("RemoteStartTransaction", idTag="TAG", connectorId=1)
        assert answer == {"status": "Accepted"}
        await checked(harness)
        assert said(harness)[0] == "StartTransaction"


@pytest.mark.row(95, "TC_008_CS")
@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid", "ConcurrentTx", "run out"])
async def test_a_card_listed_as_refused_is_asked_about(status: str) -> None:
    async with Harness(keys=LISTED) as harness:
        past = stamp(harness.clock.now() - timedelta(seconds=1))
        await send(
            harness,
            1,
            entry("TAG", expiryDate=past) if status == "run out" else entry("TAG", status),
        )
        harness.csms.tags["TAG"] = {"status": "Blocked"}
        harness.csms.clear()
        assert isinstance(await harness.submit(Swipe(1, "TAG")), Refused)
        assert said(harness)[0] == "Authorize"


@pytest.mark.row(72, "S§3.5.2/3")
@pytest.mark.parametrize("status", ["Blocked", "Expired", "Invalid", "run out"])
async def test_a_card_listed_as_refused_is_refused_offline(status: str) -> None:
    """Even where strangers may start: this one is none (§3.5.4)."""
    async with Harness(keys={**LISTED, "AllowOfflineTxForUnknownId": "true"}) as harness:
        soon = stamp(harness.clock.now() + timedelta(seconds=60))
        listed = entry("TAG", expiryDate=soon) if status == "run out" else entry("TAG", status)
        await send(harness, 1, listed)
        await unplug_network(harness)
        await harness.submit(Plug(1))
        await harness.advance(61)
        refused = await harness.submit(Start(1, "TAG"))
        known = "Expired" if status == "run out" else status
        assert refused == Refused(f"the charge point is offline and knows the card TAG as {known}")
        assert isinstance(await harness.submit(Start(1, "STRANGER")), Accepted)


@pytest.mark.row(69, "TC_037_1_CS")
async def test_a_listed_card_starts_offline() -> None:
    async with Harness(keys={**LISTED, "AllowOfflineTxForUnknownId": "false"}) as harness:
        await send(harness, 1, entry("TAG"))
        await unplug_network(harness)
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "STRANGER")), Refused)
        assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)
        await checked(harness)
        assert harness.status() == "Charging"
        await plug_network(harness)
        assert payloads(harness, "StartTransaction")[0]["idTag"] == "TAG"


@pytest.mark.row(72, "S§3.5.2/3")
async def test_a_cached_card_whose_time_has_run_out_is_refused_offline() -> None:
    keys = {"AuthorizationCacheEnabled": "true", "AllowOfflineTxForUnknownId": "true"}
    async with Harness(keys=keys) as harness:
        soon = stamp(harness.clock.now() + timedelta(seconds=60))
        harness.csms.tags["TAG"] = {"status": "Accepted", "expiryDate": soon}
        await harness.submit(Swipe(1, "TAG"))
        await harness.submit(Swipe(1, "TAG"))
        await unplug_network(harness)
        await harness.advance(61)
        refused = await harness.submit(Swipe(1, "TAG"))
        assert isinstance(refused, Refused)
        assert "knows the card TAG as Expired" in refused.reason


@pytest.mark.row(95, "TC_008_CS")
async def test_the_list_has_priority_over_the_cache() -> None:
    keys = {**LISTED, "AuthorizationCacheEnabled": "true"}
    async with Harness(keys=keys) as harness:
        await harness.submit(Swipe(1, "TAG"))
        await harness.submit(Swipe(1, "TAG"))  # cached as Accepted
        await send(harness, 1, entry("TAG", "Blocked"))
        await unplug_network(harness)
        assert isinstance(await harness.submit(Swipe(1, "TAG")), Refused)


@pytest.mark.row(95, "TC_008_CS")
async def test_a_listed_card_is_not_cached() -> None:
    """§3.5.3: else the cache would let in whom the CSMS has just taken off the list."""
    async with Harness(keys={**LISTED, "AuthorizationCacheEnabled": "true"}) as harness:
        await send(harness, 1, entry("TAG"))
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        await harness.submit(Stop(1))
        await harness.submit(Unplug(1))
        await send(harness, 2)
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        assert said(harness)[0] == "Authorize"


@pytest.mark.row(103, "TC_053_CS")
async def test_the_group_of_a_listed_card_opens_a_reservation_offline() -> None:
    async with Harness(keys=LISTED) as harness:
        await send(
            harness, 1, entry("MATE", parentIdTag="GROUP"), entry("OTHER", parentIdTag="ELSE")
        )
        answer = await harness.ask(
            "ReserveNow",
            connectorId=1,
            expiryDate=stamp(harness.clock.now() + timedelta(hours=1)),
            idTag="HOLDER",
            parentIdTag="GROUP",
            reservationId=7,
        )
        assert answer == {"status": "Accepted"}
        await unplug_network(harness)
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "OTHER")), Refused)
        assert isinstance(await harness.submit(Start(1, "MATE")), Accepted)


# -- where the CSMS says otherwise -----------------------------------


def conflicts(harness: Harness) -> list[tuple[int, str, str]]:
    """Connector, status and error code of what was said of connector 0."""
    return [
        (p["connectorId"], p["status"], p["errorCode"])
        for p in payloads(harness, "StatusNotification")
        if p["connectorId"] == 0
    ]


CONFLICT = (0, "Available", "LocalListConflict")
NONE = (0, "Available", "NoError")


@pytest.mark.row(96, "S§3.5.2")
@pytest.mark.parametrize("message", ["Authorize", "StartTransaction"])
async def test_an_answer_that_contradicts_the_list(message: str) -> None:
    asks = {"LocalPreAuthorize": str(message == "StartTransaction").lower()}
    async with Harness(keys={**LISTED, **asks}) as harness:
        await send(harness, 1, entry("TAG"))
        harness.csms.tags["TAG"] = {"status": "Blocked"}
        await harness.submit(Plug(1))
        harness.csms.clear()
        await harness.submit(Start(1, "TAG"))
        await checked(harness)
        assert conflicts(harness) == [CONFLICT]
        await harness.submit(Swipe(1, "TAG"))
        assert conflicts(harness) == [CONFLICT], "said once"
        assert await send(harness, 2, entry("TAG", "Blocked")) == "Accepted"
        assert conflicts(harness) == [CONFLICT, NONE]


@pytest.mark.row(96, "S§3.5.2")
async def test_a_card_that_is_better_than_the_list_says() -> None:
    async with Harness(keys=LISTED) as harness:
        await send(harness, 1, entry("TAG", "Blocked"))
        harness.csms.clear()
        assert isinstance(await harness.submit(Swipe(1, "TAG")), Accepted)
        assert conflicts(harness) == [CONFLICT]


@pytest.mark.row(96, "S§3.5.2")
async def test_a_conflict_that_the_csms_takes_back() -> None:
    async with Harness(keys={**LISTED, "LocalPreAuthorize": "false"}) as harness:
        await send(harness, 1, entry("TAG"))
        harness.csms.tags["TAG"] = {"status": "Invalid"}
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        del harness.csms.tags["TAG"]
        await harness.submit(Swipe(1, "TAG"))
        assert conflicts(harness) == [CONFLICT, NONE]


@pytest.mark.row(96, "S§3.5.2")
async def test_a_conflict_lasts_as_long_as_the_list_counts() -> None:
    async with Harness(keys={**LISTED, "LocalPreAuthorize": "false"}) as harness:
        await send(harness, 1, entry("TAG"))
        harness.csms.tags["TAG"] = {"status": "Invalid"}
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        await configure(harness, LocalAuthListEnabled="true")
        assert conflicts(harness) == [CONFLICT]
        await configure(harness, LocalAuthListEnabled="false")
        assert conflicts(harness) == [CONFLICT, NONE]


@pytest.mark.row(96, "S§3.5.2")
@pytest.mark.parametrize(
    ("listed", "answered"),
    [
        ("Accepted", "Accepted"),
        ("Accepted", "ConcurrentTx"),
        ("Blocked", "Invalid"),
        (None, "Blocked"),
    ],
)
async def test_what_is_no_contradiction(listed: str | None, answered: str) -> None:
    async with Harness(keys={**LISTED, "LocalPreAuthorize": "false"}) as harness:
        await send(harness, 1, entry("TAG", listed) if listed else entry("ELSE"))
        harness.csms.tags["TAG"] = {"status": answered}
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        assert conflicts(harness) == []


# -- any sequence ----------------------------------------------------

LIST_MOST, SEND_MOST = 3, 4
tags = st.sampled_from(("A", "a", "B", "C", "D", "E", ""))
infos = st.none() | st.sampled_from(("Accepted", "Blocked")).map(lambda word: {"status": word})
entries = st.lists(st.tuples(tags, infos), max_size=SEND_MOST + 1)
updates = st.tuples(st.integers(-1, 6), st.sampled_from(("Full", "Differential")), entries)
Update = tuple[int, str, list[tuple[str, "dict[str, str] | None"]]]


class Sheet:
    """The list as a dictionary: what §5.15 says, in the fewest words."""

    def __init__(self) -> None:
        self.cards: dict[str, str] = {}
        self.version = 0

    def take(self, number: int, update: str, sent: list[tuple[str, Any]]) -> str:
        if update == "Differential" and number <= self.version:
            return "VersionMismatch"
        after = {} if update == "Full" else dict(self.cards)
        names = [tag.casefold() for tag, _ in sent]
        if len(sent) > SEND_MOST or "" in names or len(set(names)) < len(names):
            return "Failed"
        if update == "Full" and any(info is None for _, info in sent):
            return "Failed"
        for tag, info in sent:
            after.pop(tag.casefold(), None)
            if info is not None:
                after[tag.casefold()] = info["status"]
        if len(after) > LIST_MOST or number < (0 if update == "Full" and not sent else 1):
            return "Failed"
        self.cards, self.version = after, number if after else 0
        return "Accepted"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(st.lists(updates, max_size=8))
@example([(1, "Full", [("A", {"status": "Accepted"})]), (2, "Differential", [("a", None)])])
def test_any_sequence_of_updates_is_what_the_text_says(sequence: list[Update]) -> None:
    asyncio.run(follow(sequence))


async def follow(sequence: list[Update]) -> None:
    keys = {"LocalAuthListMaxLength": str(LIST_MOST), "SendLocalListMaxLength": str(SEND_MOST)}
    sheet = Sheet()
    async with Harness(keys={**LISTED, **keys}) as harness:
        for number, update, sent in sequence:
            told = [{"idTag": tag} | ({"idTagInfo": info} if info else {}) for tag, info in sent]
            expected = sheet.take(number, update, sent)
            assert await send(harness, number, *told, update=update) == expected
            assert await version(harness) == sheet.version
            held = {}
            for tag in "abcde":
                found = harness.station.charge_point.charger.token_list.entry(tag)
                if found is not None:
                    held[tag] = found.status
            assert held == sheet.cards
