"""May this card charge: the CSMS's word, the cache, upper and lower case (OCPP 1.6 §3.5, §3.9)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import Accepted, Plug, Refused, Start, Stop, Swipe, Unplug
from tests.conformance.acts import charge, checked, configure, lanes, payloads, said
from tests.pair import Pair
from tests.scripted_csms import Payload

FIRST = "StatusNotification 1 "
CACHE = {"AuthorizationCacheEnabled": "true", "LocalPreAuthorize": "true"}
ACCEPTED: Payload = {"idTagInfo": {"status": "Accepted"}}
REFUSALS = ("Invalid", "Blocked", "Expired", "ConcurrentTx")


async def learn_from(pair: Pair, message: str, info: Payload) -> None:
    """Let the answer to one message of a whole session carry `info` of TAG, and the others none."""
    for action in ("Authorize", "StartTransaction", "StopTransaction"):
        answer: Payload = {"idTagInfo": info} if action == message else {}
        if action == "Authorize" and message != action:
            answer = {"idTagInfo": {"status": "Accepted", "expiryDate": "2000-01-01T00:00:00Z"}}
        if action == "StartTransaction":
            answer = {"transactionId": 1, **answer}
        pair.csms.script[action].append(answer)
    await pair.submit(Plug(1))
    await pair.submit(Start(1, "TAG"))
    await checked(pair)
    await pair.submit(Stop(1))
    await pair.submit(Unplug(1))
    pair.csms.clear()


@pytest.mark.row(27, "TC_007_CS")
@pytest.mark.parametrize("message", ["Authorize", "StartTransaction", "StopTransaction"])
async def test_a_cached_card_is_not_asked_about(message: str) -> None:
    async with Pair(keys=CACHE) as pair:
        await learn_from(pair, message, {"status": "Accepted"})
        await pair.submit(Swipe(1, "TAG"))
        assert said(pair) == [FIRST + "Preparing"]
        await pair.submit(Plug(1))
        await checked(pair)
        assert said(pair)[1:] == ["StartTransaction", FIRST + "Charging"]


@pytest.mark.row(27, "TC_007_CS")
@pytest.mark.parametrize(
    "keys",
    [
        {"AuthorizationCacheEnabled": "true", "LocalPreAuthorize": "false"},
        {"AuthorizationCacheEnabled": "false", "LocalPreAuthorize": "true"},
    ],
)
async def test_without_either_key_the_csms_is_asked(keys: dict[str, str]) -> None:
    async with Pair(keys=keys) as pair:
        await learn_from(pair, "Authorize", {"status": "Accepted"})
        await pair.submit(Swipe(1, "TAG"))
        assert said(pair) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(27, "TC_007_CS")
@pytest.mark.parametrize("status", REFUSALS)
async def test_a_card_cached_as_refused_is_asked_about(status: str) -> None:
    """Only Accepted can be decided on the spot: the refusal may be out of date (§3.5.1.1)."""
    async with Pair(keys=CACHE) as pair:
        pair.csms.tags["TAG"] = {"status": status}
        assert isinstance(await pair.submit(Swipe(1, "TAG")), Refused)
        pair.csms.tags.clear()
        pair.csms.clear()
        await pair.submit(Swipe(1, "TAG"))
        assert said(pair) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(27, "TC_007_CS")
async def test_the_cache_honours_the_expiry_date() -> None:
    async with Pair(keys=CACHE) as pair:
        until = (pair.clock.now() + timedelta(seconds=100)).isoformat()
        info = {"status": "Accepted", "expiryDate": until}
        await learn_from(pair, "StopTransaction", info)
        await pair.advance(90)
        await pair.submit(Swipe(1, "TAG"))
        await pair.submit(Swipe(1, "TAG"))
        assert pair.csms.of("Authorize") == []
        await pair.advance(20)
        await pair.submit(Swipe(1, "TAG"))
        assert len(pair.csms.of("Authorize")) == 1


@pytest.mark.row(27, "TC_007_CS")
async def test_the_cache_lasts_over_a_power_cut(tmp_path: Path) -> None:
    async with Pair(keys=CACHE, state=tmp_path) as pair:
        await learn_from(pair, "Authorize", {"status": "Accepted"})
        await pair.power_cut()
        await pair.power_on()
        await pair.settle()
        await pair.submit(Swipe(1, "TAG"))
        assert pair.csms.of("Authorize") == []
        assert pair.status() == "Preparing"


@pytest.mark.row(28, "TC_061_CS")
async def test_clear_cache() -> None:
    async with Pair(keys=CACHE) as pair:
        await learn_from(pair, "Authorize", {"status": "Accepted"})
        assert await pair.ask("ClearCache") == {"status": "Accepted"}
        await pair.submit(Swipe(1, "TAG"))
        assert said(pair) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(27, "TC_007_CS")
async def test_what_is_heard_while_there_is_no_cache_is_not_known_later() -> None:
    async with Pair(keys={**CACHE, "AuthorizationCacheEnabled": "false"}) as pair:
        await learn_from(pair, "Authorize", {"status": "Accepted"})
        await configure(pair, AuthorizationCacheEnabled="true")
        pair.csms.clear()
        await pair.submit(Swipe(1, "TAG"))
        assert said(pair) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(27, "TC_007_CS")
async def test_what_the_cache_knows_is_not_asked_when_it_is_off() -> None:
    async with Pair(keys=CACHE) as pair:
        await learn_from(pair, "Authorize", {"status": "Accepted"})
        await configure(pair, AuthorizationCacheEnabled="false")
        pair.csms.clear()
        await pair.submit(Swipe(1, "TAG"))
        assert said(pair) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(28, "TC_061_CS")
async def test_without_a_cache_there_is_nothing_to_clear() -> None:
    async with Pair(keys={"AuthorizationCacheEnabled": "false"}) as pair:
        done = pair.model.behaviour.clears_disabled_cache  # it says so, and it is empty
        assert await pair.ask("ClearCache") == {"status": "Accepted" if done else "Rejected"}


@pytest.mark.row(29, "TC_023_CS")
@pytest.mark.parametrize("status", REFUSALS)
async def test_a_refused_card_then_the_plug(status: str) -> None:
    async with Pair() as pair:
        pair.csms.tags["TAG"] = {"status": status}
        pair.csms.clear()
        outcome = await pair.submit(Swipe(1, "TAG"))
        assert isinstance(outcome, Refused)
        assert status in outcome.reason
        await pair.submit(Plug(1))
        await pair.advance(600)
        assert said(pair) == ["Authorize", FIRST + "Preparing"]


@pytest.mark.row(29, "TC_023_CS")
@pytest.mark.parametrize("status", REFUSALS)
async def test_the_plug_then_a_refused_card(status: str) -> None:
    async with Pair() as pair:
        pair.csms.tags["TAG"] = {"status": status}
        await pair.submit(Plug(1))
        pair.csms.clear()
        assert isinstance(await pair.submit(Swipe(1, "TAG")), Refused)
        await pair.advance(600)
        assert said(pair) == ["Authorize"]


@pytest.mark.row(34, "S§3.9")
async def test_the_same_card_in_other_letters_stops() -> None:
    async with Pair() as pair:
        await charge(pair, id_tag="ab12")
        await pair.submit(Swipe(1, "AB12"))
        assert lanes(said(pair)) == lanes(["StopTransaction", FIRST + "Finishing"])
        assert payloads(pair, "StopTransaction")[0]["idTag"] == "ab12"


@pytest.mark.row(34, "S§3.9")
async def test_the_same_card_in_other_letters_is_cached() -> None:
    async with Pair(keys=CACHE) as pair:
        await learn_from(pair, "Authorize", {"status": "Accepted"})
        await pair.submit(Swipe(1, "tAg"))
        assert pair.csms.of("Authorize") == []
        assert pair.status() == "Preparing"
        await pair.submit(Swipe(1, "TaG"))
        assert pair.status() == "Available", "the card is taken back"


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
    async with Pair() as pair:
        own = {"OWN": pair.model.identity.vendor, "own": pair.model.identity.vendor.lower()}
        payload = {**payload, "vendorId": own.get(payload["vendorId"], payload["vendorId"])}
        assert await pair.ask("DataTransfer", **payload) == {"status": status}


@pytest.mark.parametrize("by", ["Authorize", "StartTransaction"])
@pytest.mark.parametrize("parent", ["GROUP\n", "\x1b[2JGROUP", "\x00", "", "G" * 21, 7, None])
async def test_a_parent_id_tag_that_is_none_makes_no_group(parent: Any, by: str) -> None:
    """Two cards whose parentIdTag cannot be one are not of one group for that."""
    async with Pair(keys={"AuthorizationCacheEnabled": "true"}) as pair:
        info = {"idTagInfo": {"status": "Accepted", "parentIdTag": parent}}
        pair.csms.script[by].append({"transactionId": 1, **info} if by != "Authorize" else info)
        await charge(pair, 1, "ONE")
        pair.csms.script["Authorize"].append(info)
        assert isinstance(await pair.submit(Swipe(1, "TWO")), Refused)
        assert pair.status() == "Charging"
        transaction = pair.station.charger.connectors[1].transaction
        assert transaction is not None
        assert transaction.group is None
        known = pair.station.charge_point.store.tokens.find("ONE")
        assert known is not None
        assert known.group is None
        assert isinstance(await pair.submit(Swipe(1, "ONE")), Accepted)
