"""May this card charge: the CSMS's word, the cache, upper and lower case (OCPP 1.6 §3.5, §3.9)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import Accepted, Plug, Refused, Start, Stop, Swipe, Unplug
from tests.conformance.acts import charge, checked, configure, lanes, payloads, said
from tests.harness import Harness
from tests.scripted_csms import Payload

FIRST = "StatusNotification 1 "
CACHE = {"AuthorizationCacheEnabled": "true", "LocalPreAuthorize": "true"}
ACCEPTED: Payload = {"idTagInfo": {"status": "Accepted"}}
REFUSALS = ("Invalid", "Blocked", "Expired", "ConcurrentTx")


async def learn_from(harness: Harness, message: str, info: Payload) -> None:
    """Let the answer to one message of a whole session carry `info` of TAG, and the others none."""
    for action in ("Authorize", "StartTransaction", "StopTransaction"):
        answer: Payload = {"idTagInfo": info} if action == message else {}
        if action == "Authorize" and message != action:
            answer = {"idTagInfo": {"status": "Accepted", "expiryDate": "2000-01-01T00:00:00Z"}}
        if action == "StartTransaction":
            answer = {"transactionId": 1, **answer}
        harness.csms.script[action].append(answer)
    await harness.submit(Plug(1))
    await harness.submit(Start(1, "TAG"))
    await checked(harness)
    await harness.submit(Stop(1))
    await harness.submit(Unplug(1))
    harness.csms.clear()


@pytest.mark.row(27, "TC_007_CS")
@pytest.mark.parametrize("message", ["Authorize", "StartTransaction", "StopTransaction"])
async def test_a_cached_card_is_not_asked_about(message: str) -> None:
    async with Harness(keys=CACHE) as harness:
        await learn_from(harness, message, {"status": "Accepted"})
        await harness.submit(Swipe(1, "TAG"))
        assert said(harness) == [FIRST + "Preparing"]
        await harness.submit(Plug(1))
        await checked(harness)
        assert said(harness)[1:] == ["StartTransaction", FIRST + "Charging"]


@pytest.mark.row(27, "TC_007_CS")
@pytest.mark.parametrize(
    "keys",
    [
        {"AuthorizationCacheEnabled": "true", "LocalPreAuthorize": "false"},
        {"AuthorizationCacheEnabled": "false", "LocalPreAuthorize": "true"},
    ],
)
async def test_without_either_key_the_csms_is_asked(keys: dict[str, str]) -> None:
    async with Harness(keys=keys) as harness:
        await learn_from(harness, "Authorize", {"status": "Accepted"})
        await harness.submit(Swipe(1, "TAG"))
        assert said(harness) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(27, "TC_007_CS")
@pytest.mark.parametrize("status", REFUSALS)
async def test_a_card_cached_as_refused_is_asked_about(status: str) -> None:
    """Only Accepted can be decided on the spot: the refusal may be out of date (§3.5.1.1)."""
    async with Harness(keys=CACHE) as harness:
        harness.csms.tags["TAG"] = {"status": status}
        assert isinstance(await harness.submit(Swipe(1, "TAG")), Refused)
        harness.csms.tags.clear()
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        assert said(harness) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(27, "TC_007_CS")
async def test_the_cache_honours_the_expiry_date() -> None:
    async with Harness(keys=CACHE) as harness:
        until = (harness.clock.now() + timedelta(seconds=100)).isoformat()
        info = {"status": "Accepted", "expiryDate": until}
        await learn_from(harness, "StopTransaction", info)
        await harness.advance(90)
        await harness.submit(Swipe(1, "TAG"))
        await harness.submit(Swipe(1, "TAG"))
        assert harness.csms.of("Authorize") == []
        await harness.advance(20)
        await harness.submit(Swipe(1, "TAG"))
        assert len(harness.csms.of("Authorize")) == 1


@pytest.mark.row(27, "TC_007_CS")
async def test_the_cache_lasts_over_a_power_cut(tmp_path: Path) -> None:
    async with Harness(keys=CACHE, state=tmp_path) as harness:
        await learn_from(harness, "Authorize", {"status": "Accepted"})
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        await harness.submit(Swipe(1, "TAG"))
        assert harness.csms.of("Authorize") == []
        assert harness.status() == "Preparing"


@pytest.mark.row(28, "TC_061_CS")
async def test_clear_cache() -> None:
    async with Harness(keys=CACHE) as harness:
        await learn_from(harness, "Authorize", {"status": "Accepted"})
        assert await harness.ask("ClearCache") == {"status": "Accepted"}
        await harness.submit(Swipe(1, "TAG"))
        assert said(harness) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(27, "TC_007_CS")
async def test_what_is_heard_while_there_is_no_cache_is_not_known_later() -> None:
    async with Harness(keys={**CACHE, "AuthorizationCacheEnabled": "false"}) as harness:
        await learn_from(harness, "Authorize", {"status": "Accepted"})
        await configure(harness, AuthorizationCacheEnabled="true")
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        assert said(harness) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(27, "TC_007_CS")
async def test_what_the_cache_knows_is_not_asked_when_it_is_off() -> None:
    async with Harness(keys=CACHE) as harness:
        await learn_from(harness, "Authorize", {"status": "Accepted"})
        await configure(harness, AuthorizationCacheEnabled="false")
        harness.csms.clear()
        await harness.submit(Swipe(1, "TAG"))
        assert said(harness) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(28, "TC_061_CS")
async def test_without_a_cache_there_is_nothing_to_clear() -> None:
    async with Harness(keys={"AuthorizationCacheEnabled": "false"}) as harness:
        done = harness.model.behaviour.clears_disabled_cache  # it says so, and it is empty
        assert await harness.ask("ClearCache") == {"status": "Accepted" if done else "Rejected"}


@pytest.mark.row(29, "TC_023_CS")
@pytest.mark.parametrize("status", REFUSALS)
async def test_a_refused_card_then_the_plug(status: str) -> None:
    async with Harness() as harness:
        harness.csms.tags["TAG"] = {"status": status}
        harness.csms.clear()
        outcome = await harness.submit(Swipe(1, "TAG"))
        assert isinstance(outcome, Refused)
        assert status in outcome.reason
        await harness.submit(Plug(1))
        await harness.advance(600)
        assert said(harness) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(29, "TC_023_CS")
@pytest.mark.parametrize("status", REFUSALS)
async def test_the_plug_then_a_refused_card(status: str) -> None:
    async with Harness() as harness:
        harness.csms.tags["TAG"] = {"status": status}
        await harness.submit(Plug(1))
        harness.csms.clear()
        assert isinstance(await harness.submit(Swipe(1, "TAG")), Refused)
        await harness.advance(600)
        assert said(harness) == ["Authorize"]


@pytest.mark.row(34, "S§3.9")
async def test_the_same_card_in_other_letters_stops() -> None:
    async with Harness() as harness:
        await charge(harness, id_tag="ab12")
        await harness.submit(Swipe(1, "AB12"))
        assert lanes(said(harness)) == lanes(["StopTransaction", FIRST + "Finishing"])
        assert payloads(harness, "StopTransaction")[0]["idTag"] == "ab12"


@pytest.mark.row(34, "S§3.9")
async def test_the_same_card_in_other_letters_is_cached() -> None:
    async with Harness(keys=CACHE) as harness:
        await learn_from(harness, "Authorize", {"status": "Accepted"})
        await harness.submit(Swipe(1, "tAg"))
        assert harness.csms.of("Authorize") == []
        assert harness.status() == "Preparing"
        await harness.submit(Swipe(1, "TaG"))
        assert harness.status() == "Available", "the card is taken back"


@pytest.mark.row(36, "TC_062_CS")
@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ({"vendorId": "com.example"}, "UnknownVendorId"),
        ({"vendorId": "com.example", "messageId": "hello", "data": "x"}, "UnknownVendorId"),
        ({"vendorId": "com.example", "data": {"an": ["object"]}}, "UnknownVendorId"),
        ({"vendorId": "OWN", "messageId": "hello"}, "UnknownMessageId"),
        ({"vendorId": "own", "messageId": "hello"}, "UnknownMessageId"),
    ],
)
async def test_data_transfer_of_what_nobody_knows(payload: dict[str, Any], status: str) -> None:
    async with Harness() as harness:
        own = {"OWN": harness.model.identity.vendor, "own": harness.model.identity.vendor.lower()}
        payload = {**payload, "vendorId": own.get(payload["vendorId"], payload["vendorId"])}
        assert await harness.ask("DataTransfer", **payload) == {"status": status}


@pytest.mark.parametrize("by", ["Authorize", "StartTransaction"])
@pytest.mark.parametrize("parent", ["GROUP\n", "\x1b[2JGROUP", "\x00", "", "G" * 21, 7, None])
async def test_a_parent_id_tag_that_is_none_makes_no_group(parent: Any, by: str) -> None:
    """Two cards whose parentIdTag cannot be one are not of one group for that."""
    async with Harness(keys={"AuthorizationCacheEnabled": "true"}) as harness:
        info = {"idTagInfo": {"status": "Accepted", "parentIdTag": parent}}
        harness.csms.script[by].append({"transactionId": 1, **info} if by != "Authorize" else info)
        await charge(harness, 1, "ONE")
        harness.csms.script["Authorize"].append(info)
        assert isinstance(await harness.submit(Swipe(1, "TWO")), Refused)
        assert harness.status() == "Charging"
        transaction = harness.station.charger.connectors[1].transaction
        assert transaction is not None
        assert transaction.group is None
        known = harness.station.charge_point.store.tokens.find("ONE")
        assert known is not None
        assert known.group is None
        assert isinstance(await harness.submit(Swipe(1, "ONE")), Accepted)
