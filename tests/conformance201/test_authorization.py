"""Which cards may charge (block C), and the list that the CSMS has sent ahead (block D)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import (
    Accepted,
    EndRecording,
    LinkDown,
    LinkUp,
    Plug,
    Record,
    Refused,
    Start,
    Swipe,
    TypeCode,
    Unplug,
)
from tests.conformance201.acts import (
    OWN,
    charge,
    events,
    get_variable,
    points,
    said,
    set_variables,
    told,
)
from tests.harness import Harness
from tests.scripted_csms import Payload

PIN = "73519"


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


def card(text: str, kind: str = "ISO14443") -> Payload:
    return {"idToken": text, "type": kind}


# -- asking ----------------------------------------------------------------------------------------


@pytest.mark.row(64, "C01.FR.01")
async def test_a_card_is_asked_about_before_anything_flows() -> None:
    async with harness() as h:
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        assert h.csms.of("Authorize")[0].payload == {"idToken": card("TAG")}
        assert said(h).index("Authorize") < said(h).index("Started Authorized EVConnected")


@pytest.mark.row(64, "AuthCtrlr.Enabled")
@pytest.mark.row(71, "C02.FR.01")
async def test_where_cards_are_not_asked_about_nobody_asks() -> None:
    async with harness() as h:
        await set_variables(h, AuthCtrlr__Enabled="false")
        h.csms.clear()
        await h.submit(Plug(1))
        await h.submit(Start(1))
        assert h.csms.of("Authorize") == []
        assert events(h)[0]["idToken"] == {"idToken": "", "type": "NoAuthorization"}


@pytest.mark.row(65, "C01.FR.02")
@pytest.mark.parametrize("status", ["Invalid", "Unknown", "Blocked", "Expired", "NoCredit"])
async def test_a_card_that_is_not_accepted_starts_nothing(status: str) -> None:
    async with harness() as h:
        h.csms.tags["BAD"] = {"status": status}
        await h.submit(Plug(1))
        outcome = await h.submit(Start(1, "BAD"))
        assert isinstance(outcome, Refused)
        assert status in outcome.reason
        assert events(h) == []


@pytest.mark.row(65, "TC_C_56")
async def test_a_transaction_that_is_open_already_stays_open() -> None:
    async with harness() as h:
        await points(h, "EVConnected", "EVConnected")
        h.csms.tags["BAD"] = {"status": "Invalid"}
        await h.submit(Plug(1))
        await h.submit(Swipe(1, "BAD"))
        assert [told(event) for event in events(h)] == ["Started CablePluggedIn EVConnected"]
        assert h.connector().power_w == 0


@pytest.mark.row(66, "C01.FR.03")
async def test_its_own_card_stops_without_being_asked_about() -> None:
    async with harness() as h:
        await charge(h)
        await h.submit(Swipe(1, "tag"))
        assert said(h) == ["Ended StopAuthorized EVConnected Local"]


@pytest.mark.row(67, "TC_C_04")
async def test_a_strangers_card_stops_nothing() -> None:
    async with harness() as h:
        await charge(h)
        await h.submit(Swipe(1, "STRANGER"))
        assert [event for event in events(h) if "idToken" in event] == []
        assert h.connector().transaction is not None


@pytest.mark.row(68, "C01.FR.20")
async def test_a_card_may_count_at_some_evses_only() -> None:
    async with harness() as h:
        h.csms.tags["TAG"] = {"status": "Accepted", "evseId": [2]}
        await h.submit(Plug(1))
        assert isinstance(await h.submit(Start(1, "TAG")), Refused)
        await h.submit(Plug(2))
        assert isinstance(await h.submit(Start(2, "TAG")), Accepted)


@pytest.mark.row(70, "C01.FR.26")
async def test_an_authorisation_lapses_without_the_plug() -> None:
    async with harness() as h:
        await set_variables(h, TxCtrlr__EVConnectionTimeOut="15")
        await h.submit(Swipe(1, "TAG"))
        await h.advance(16)
        await h.submit(Plug(1))
        await h.advance(3)
        assert events(h) == []


@pytest.mark.row(72, "C03.FR.01")
async def test_a_central_token_is_never_asked_about() -> None:
    async with harness() as h:
        await h.submit(Plug(1))
        h.csms.clear()
        await h.ask(
            "RequestStartTransaction", idToken=card("C1", "Central"), remoteStartId=1, evseId=1
        )
        assert h.csms.of("Authorize") == []
        assert events(h)[0]["idToken"] == card("C1", "Central")


@pytest.mark.row(74, "TC_E_52")
async def test_where_nobody_may_be_asked_a_stranger_is_refused() -> None:
    async with harness() as h:
        await set_variables(h, AuthCtrlr__DisableRemoteAuthorization="true")
        await h.submit(Plug(1))
        h.csms.clear()
        assert isinstance(await h.submit(Start(1, "TAG")), Refused)
        assert h.csms.of("Authorize") == []


# -- groups, master passes -------------------------------------------------------------------------


@pytest.mark.row(75, "C09.FR.03")
async def test_a_card_of_the_same_group_stops() -> None:
    async with harness() as h:
        group = {"groupIdToken": card("G", "Central")}
        h.csms.tags["TAG"] = {"status": "Accepted", **group}
        h.csms.tags["OTHER"] = {"status": "Accepted", **group}
        h.csms.tags["BAD"] = {"status": "Blocked", **group}
        await charge(h)
        await h.submit(Swipe(1, "BAD"))
        assert events(h) == []
        await h.submit(Swipe(1, "OTHER"))
        assert told(events(h)[-1]) == "Ended StopAuthorized EVConnected Local"
        assert events(h)[-1]["idToken"]["idToken"] == "OTHER"


@pytest.mark.row(76, "C09.FR.04")
async def test_a_group_that_is_remembered_stops_without_a_question() -> None:
    async with harness() as h:
        group = {"groupIdToken": card("G", "Central")}
        h.csms.tags["TAG"] = h.csms.tags["OTHER"] = {"status": "Accepted", **group}
        for tag in ("OTHER", "TAG"):
            await h.submit(Swipe(1, tag))
            await h.submit(Swipe(1, tag))
        await set_variables(h, AuthCtrlr__LocalPreAuthorize="true")
        await charge(h)
        await h.submit(Swipe(1, "OTHER"))
        assert said(h) == ["Ended StopAuthorized EVConnected Local"]


@pytest.mark.row(82, "C12.FR.09")
async def test_a_master_pass_starts_nothing() -> None:
    async with harness() as h:
        await set_variables(h, AuthCtrlr__MasterPassGroupId="MASTERS")
        h.csms.tags["PASS"] = {"status": "Accepted", "groupIdToken": card("masters", "Central")}
        await h.submit(Plug(1))
        outcome = await h.submit(Start(1, "PASS"))
        assert isinstance(outcome, Refused)
        assert "master pass" in outcome.reason
        assert events(h) == []


@pytest.mark.row(83, "C16.FR.01")
async def test_a_master_pass_stops_every_transaction() -> None:
    async with harness() as h:
        await set_variables(h, AuthCtrlr__MasterPassGroupId="MASTERS")
        h.csms.tags["PASS"] = {"status": "Accepted", "groupIdToken": card("MASTERS", "Central")}
        await charge(h, 1, "A")
        await charge(h, 2, "B")
        await h.submit(Swipe(1, "PASS"))
        ends = [told(event) for event in events(h) if event["eventType"] == "Ended"]
        assert ends == ["Ended StopAuthorized EVConnected MasterPass"] * 2


# -- the cache -------------------------------------------------------------------------------------


@pytest.mark.row(77, "C10.FR.01")
async def test_the_cache_takes_every_answer_and_keeps_it(tmp_path: Path) -> None:
    async with harness(state=tmp_path) as h:
        h.csms.tags["BAD"] = {"status": "Blocked"}
        await h.submit(Swipe(1, "BAD"))
        await h.submit(Swipe(1, "TAG"))
    async with harness(state=tmp_path) as h:
        tokens = h.station.charge_point.store.tokens
        found = [tokens.find(tag) for tag in ("BAD", "TAG")]
        assert [one.status for one in found if one] == ["Blocked", "Accepted"]


@pytest.mark.row(78, "C12.FR.02")
@pytest.mark.parametrize("ahead", [True, False])
async def test_a_card_that_is_remembered_may_start_without_a_question(ahead: bool) -> None:
    async with harness() as h:
        await set_variables(h, AuthCtrlr__LocalPreAuthorize=str(ahead).lower())
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Swipe(1, "TAG"))
        h.csms.clear()
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        assert (len(h.csms.of("Authorize")) == 0) is ahead
        assert events(h)[0]["idToken"] == OWN


@pytest.mark.row(79, "C10.FR.03")
@pytest.mark.parametrize("trusted", [True, False])
async def test_a_card_that_is_remembered_as_refused(trusted: bool) -> None:
    async with harness() as h:
        await set_variables(h, AuthCacheCtrlr__DisablePostAuthorize=str(trusted).lower())
        h.csms.tags["TAG"] = {"status": "Blocked"}
        await h.submit(Swipe(1, "TAG"))
        h.csms.tags["TAG"] = {"status": "Accepted"}
        h.csms.clear()
        outcome = await h.submit(Swipe(1, "TAG"))
        assert isinstance(outcome, Refused) is trusted
        assert (h.csms.of("Authorize") == []) is trusted


@pytest.mark.row(80, "C10.FR.08")
async def test_what_is_remembered_is_forgotten_in_time() -> None:
    async with harness() as h:
        await set_variables(h, AuthCtrlr__LocalPreAuthorize="true", AuthCacheCtrlr__LifeTime="100")
        ends = (h.clock.now() + timedelta(seconds=300)).isoformat()
        h.csms.tags["LONG"] = {"status": "Accepted", "cacheExpiryDateTime": ends}

        async def asked(tag: str) -> bool:
            h.csms.clear()
            await h.submit(Swipe(1, tag))
            await h.submit(Swipe(1, tag))
            return bool(h.csms.of("Authorize"))

        assert [await asked("TAG"), await asked("LONG")] == [True, True]
        await h.advance(90)
        assert [await asked("TAG"), await asked("LONG")] == [False, False]
        await h.advance(20)
        assert [await asked("TAG"), await asked("LONG")] == [True, False]
        await h.advance(200)
        assert await asked("LONG")


@pytest.mark.row(81, "C11.FR.01")
async def test_clear_cache() -> None:
    async with harness() as h:
        await set_variables(h, AuthCtrlr__LocalPreAuthorize="true")
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Swipe(1, "TAG"))
        assert await h.ask("ClearCache") == {"status": "Accepted"}
        h.csms.clear()
        await h.submit(Swipe(1, "TAG"))
        assert len(h.csms.of("Authorize")) == 1
        await set_variables(h, AuthCacheCtrlr__Enabled="false")
        assert (await h.ask("ClearCache"))["status"] == "Rejected"


# -- alone -----------------------------------------------------------------------------------------


@pytest.mark.row(86, "AuthCtrlr.LocalAuthorizeOffline")
async def test_alone_nobody_starts_where_that_is_off() -> None:
    async with harness() as h:
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Swipe(1, "TAG"))
        await set_variables(h, AuthCtrlr__LocalAuthorizeOffline="false")
        await h.submit(LinkDown())
        await h.submit(Plug(1))
        assert isinstance(await h.submit(Start(1, "TAG")), Refused)


@pytest.mark.row(89, "C13.FR.04")
async def test_alone_a_stranger_may_start_where_that_is_on() -> None:
    async with harness() as h:
        await set_variables(h, AuthCtrlr__OfflineTxForUnknownIdEnabled="true")
        h.csms.tags["BAD"] = {"status": "Blocked"}
        await h.submit(Swipe(1, "BAD"))
        await h.submit(LinkDown())
        await h.submit(Plug(1))
        assert isinstance(await h.submit(Start(1, "BAD")), Refused)
        assert isinstance(await h.submit(Start(1, "STRANGER")), Accepted)
        await h.submit(LinkUp())
        await h.advance(40)
        assert events(h)[0]["offline"]
        assert events(h)[0]["idToken"]["idToken"] == "STRANGER"


# -- the local list --------------------------------------------------------------------------------


async def send(h: Harness, version: int, kind: str, *entries: Payload) -> str:
    fields = {"localAuthorizationList": list(entries)} if entries else {}
    answer = await h.ask("SendLocalList", versionNumber=version, updateType=kind, **fields)
    return str(answer["status"])


def entry(text: str, status: str | None = "Accepted", **more: Any) -> Payload:
    info = {} if status is None else {"idTokenInfo": {"status": status, **more}}
    return {"idToken": card(text), **info}


async def version_of(h: Harness) -> int:
    return int((await h.ask("GetLocalListVersion"))["versionNumber"])


@pytest.mark.row(84, "C13.FR.01")
async def test_the_list_beats_the_cache() -> None:
    async with harness() as h:
        await h.submit(Swipe(1, "TAG"))
        await h.submit(Swipe(1, "TAG"))
        await send(h, 1, "Full", entry("TAG", "Blocked"))
        await h.submit(LinkDown())
        await h.submit(Plug(1))
        assert isinstance(await h.submit(Start(1, "TAG")), Refused)


@pytest.mark.row(85, "C13.FR.02")
async def test_alone_a_listed_card_starts_unless_it_has_expired() -> None:
    async with harness() as h:
        past = (h.clock.now() - timedelta(days=1)).isoformat()
        await send(h, 1, "Full", entry("TAG"), entry("OLD", cacheExpiryDateTime=past))
        await h.submit(LinkDown())
        await h.submit(Plug(1))
        assert isinstance(await h.submit(Start(1, "OLD")), Refused)
        assert isinstance(await h.submit(Start(1, "TAG")), Accepted)


@pytest.mark.row(87, "C14.FR.02")
async def test_a_listed_card_starts_without_a_question() -> None:
    async with harness() as h:
        await set_variables(h, AuthCtrlr__LocalPreAuthorize="true")
        await send(h, 1, "Full", entry("TAG"))
        await h.submit(Plug(1))
        h.csms.clear()
        await h.submit(Start(1, "TAG"))
        assert h.csms.of("Authorize") == []


@pytest.mark.row(88, "C14.FR.03")
@pytest.mark.parametrize("trusted", [True, False])
async def test_a_card_that_is_listed_as_refused(trusted: bool) -> None:
    async with harness() as h:
        await set_variables(h, LocalAuthListCtrlr__DisablePostAuthorize=str(trusted).lower())
        await send(h, 1, "Full", entry("TAG", "Blocked"))
        h.csms.clear()
        outcome = await h.submit(Swipe(1, "TAG"))
        assert isinstance(outcome, Refused) is trusted
        assert (h.csms.of("Authorize") == []) is trusted


@pytest.mark.row(93, "D01.FR.02")
@pytest.mark.row(94, "D01.FR.04")
async def test_a_full_list_and_an_empty_one() -> None:
    async with harness() as h:
        assert await send(h, 7, "Full", entry("A"), entry("B")) == "Accepted"
        assert await version_of(h) == 7
        assert await send(h, 8, "Differential") == "Accepted"
        assert await version_of(h) == 8
        assert h.station.charger.token_list.length == 2
        assert await send(h, 9, "Full") == "Accepted"
        assert await version_of(h) == 9
        assert h.station.charger.token_list.length == 0


@pytest.mark.row(95, "D01.FR.16")
@pytest.mark.row(96, "D01.FR.19")
async def test_a_differential_list() -> None:
    async with harness() as h:
        await send(h, 5, "Full", entry("A"), entry("B"))
        assert await send(h, 6, "Differential", entry("A", None), entry("C")) == "Accepted"
        entries = h.station.charger.token_list
        assert [entries.entry(tag) is not None for tag in "ABC"] == [False, True, True]
        assert await send(h, 6, "Differential", entry("D")) == "VersionMismatch"
        assert await version_of(h) == 6
        assert await send(h, 2, "Full", entry("A")) == "Accepted"
        assert await version_of(h) == 2


@pytest.mark.row(97, "D01.FR.06")
async def test_a_list_that_makes_no_sense_changes_nothing() -> None:
    async with harness() as h:
        await send(h, 5, "Full", entry("A"))
        assert await send(h, 0, "Full", entry("B")) == "Failed"
        assert await send(h, 6, "Full", entry("B"), entry("b")) == "Failed"
        assert await send(h, 6, "Full", entry("B", None)) == "Failed"
        many = [entry(f"T{number}") for number in range(1001)]
        assert await send(h, 6, "Full", *many) == "Failed"
        assert await version_of(h) == 5


@pytest.mark.row(98, "D01.FR.09")
async def test_the_list_stays_over_a_reboot_and_whatever_the_cache_hears(tmp_path: Path) -> None:
    async with harness(state=tmp_path) as h:
        await send(h, 5, "Full", entry("A"))
        await h.ask("ClearCache")
        h.csms.tags["A"] = {"status": "Blocked"}
        await h.submit(Swipe(1, "A"))
    async with harness(state=tmp_path) as h:
        assert await version_of(h) == 5
        kept = h.station.charger.token_list.entry("A")
        assert kept is not None
        assert kept.status == "Accepted"


@pytest.mark.row(99, "D02.FR.01")
async def test_where_lists_do_not_count_there_is_none() -> None:
    async with harness() as h:
        assert await version_of(h) == 0
        await send(h, 5, "Full", entry("A"))
        await set_variables(h, LocalAuthListCtrlr__Enabled="false")
        assert await version_of(h) == 0
        assert await send(h, 6, "Full", entry("A")) == "Failed"


@pytest.mark.row(115, "E01.FR.13")
async def test_a_transaction_names_the_reservation_that_it_uses() -> None:
    async with harness() as h:
        until = (h.clock.now() + timedelta(hours=1)).isoformat()
        await h.ask("ReserveNow", id=4, expiryDateTime=until, idToken=OWN, evseId=1)
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        named = [event["reservationId"] for event in events(h) if "reservationId" in event]
        assert named == [4]
        await h.submit(Unplug(1))


@pytest.mark.row(73, "C04.FR.03")
async def test_a_code_counts_as_a_card_and_shows_nowhere(tmp_path: Path) -> None:
    async with harness() as h:
        read = await get_variable(h, "AuthCtrlr.SupportedIdTokenTypes")
        assert "KeyCode" not in read["attributeValue"].split(",")
        refused = await h.submit(TypeCode(1, PIN))
        assert isinstance(refused, Refused)
        assert refused.reason.startswith("EVSE 1 has no keypad: start with EQUIPMENT=keypad")
    async with harness(equipment="keypad", state=tmp_path) as h:
        read = await get_variable(h, "AuthCtrlr.SupportedIdTokenTypes")
        assert "KeyCode" in read["attributeValue"].split(",")
        await h.submit(Record())
        await h.submit(Plug(1))
        assert isinstance(await h.submit(TypeCode(1, PIN)), Accepted)
        await h.advance(1)
        code = {"idToken": PIN, "type": "KeyCode"}
        assert [call.payload["idToken"] for call in h.csms.of("Authorize")] == [code]
        assert [one["idToken"] for one in events(h) if "idToken" in one] == [code]
        await h.power_off()
        await h.power_on()
        await h.settle()
        await h.submit(Unplug(1))
        await h.submit(LinkDown())
        await h.submit(Plug(1))
        assert isinstance(await h.submit(TypeCode(1, PIN)), Accepted), "the cache knows it"
        await h.submit(LinkUp())
        await h.advance(60)
        assert isinstance(await h.submit(TypeCode(1, PIN)), Accepted)
        assert h.connector().transaction is None, "typed again it stops"
        assert events(h)[-1]["idToken"] == code
        await h.submit(Unplug(1))
        start: Payload = {"idToken": code, "remoteStartId": 1, "evseId": 1}
        assert (await h.ask("RequestStartTransaction", **start))["status"] == "Accepted"
        await h.submit(EndRecording())
        frames = [one.request + one.answer for one in h.messages.since(0)[1]]
        notes = [event.text for event in h.events.since(0)[1]]
        said = [*frames, *notes, h.station.snapshot, h.station.recorded()]
        assert PIN not in "".join(map(repr, said))
        assert any("KeyCode" in frame for frame in frames)


async def test_after_wrong_codes_the_keypad_waits_longer_and_longer() -> None:
    async with harness(equipment="keypad") as h:
        h.csms.tags = {PIN: {"status": "Accepted"}, "1": {"status": "Invalid"}}
        await h.submit(Plug(1))
        for wait_s in (5, 10, 20):
            await h.submit(TypeCode(1, "1"))
            locked = await h.submit(TypeCode(1, PIN))
            assert isinstance(locked, Refused)
            assert f"try again in {wait_s} s" in locked.reason
            await h.advance(wait_s)
        assert len(h.csms.of("Authorize")) == 3
        assert isinstance(await h.submit(TypeCode(1, PIN)), Accepted)
        bad = await h.submit(TypeCode(2, "12a"))
        assert bad == Refused("a code has 1 to 36 digits")
