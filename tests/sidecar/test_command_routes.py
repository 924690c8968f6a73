"""Control over HTTP: the paths as people type them, and what they answer."""

from __future__ import annotations

import asyncio

import pytest

from sim_core.commands import JamLock, LinkDown, Plug, PowerOff
from sim_core.hardware.faults import ERROR_CODES
from tests.harness import Harness
from tests.scripted_csms import Hold
from tests.sidecar.beside import beside, in_process

PLUGGED = {"ok": True, "connector": 1, "state": "Preparing", "plugged": True}


async def test_a_session_as_it_is_typed() -> None:
    async with beside() as here:
        post = here.http.post
        assert (await post("/plug/1")).json() == PLUGGED
        answer = await post("/local_start/1?id_tag=TAG_123")
        assert answer.json() == {
            "ok": True,
            "connector": 1,
            "state": "Charging",
            "plugged": True,
            "detail": "authorised, starting",
        }
        assert (await here.harness.csms.next_call("StartTransaction")).payload["idTag"] == "TAG_123"
        assert (await post("/suspend_ev/1")).json()["state"] == "SuspendedEV"
        assert (await post("/resume/1")).json()["state"] == "Charging"
        assert (await post("/suspend_evse/1")).json()["state"] == "SuspendedEVSE"
        assert (await post("/resume/1")).json()["state"] == "Charging"
        fault = (await post("/fault/1?code=GroundFailure")).json()
        assert (fault["state"], fault["error_code"]) == ("Faulted", "GroundFailure")
        assert (await post("/resume/1")).json()["state"] == "Charging"
        assert (await post("/local_stop/1")).json()["state"] == "Finishing"
        assert (await post("/unplug/1")).json()["state"] == "Available"
        await here.harness.settle()
        (stop,) = here.harness.csms.of("StopTransaction")
        assert stop.payload["reason"] == "Local"


async def test_the_link_and_its_silence() -> None:
    async with beside() as here:
        post = here.http.post
        down = {"ok": True, "link": "down", "online": False, "powered": True}
        assert (await post("/link/down")).json() == down
        again = await post("/link/down")
        assert again.status_code == 409
        assert again.json() == {
            "ok": False,
            "error": "the link is down already: bring it up again first",
        }
        assert (await post("/link/up")).json()["link"] == "up"
        await here.harness.settle()
        assert (await post("/silent")).json()["online"] is False
        assert (await post("/online")).json()["online"] is True
        await here.harness.settle()


async def test_a_fault_with_everything() -> None:
    async with beside() as here:
        answer = await here.http.post(
            "/fault/2?error_code=OtherError&vendor_error_code=E-042&info=door%20open"
        )
        assert answer.json()["error_code"] == "OtherError"
        await here.harness.settle()
        said = here.harness.csms.of("StatusNotification")[-1].payload
        assert said["vendorErrorCode"] == "E-042"
        assert said["info"] == "door open"


@pytest.mark.parametrize("query", ["", "&id_tag=AUTO123", "&idTag=AUTO123&vehicle=City%2040"])
async def test_plug_and_start_in_one(query: str) -> None:
    async with beside() as here:
        answer = await here.http.post(f"/plug/1?auto_start=true{query}")
        assert answer.json()["state"] == "Charging"
        sent = await here.harness.csms.next_call("StartTransaction")
        assert sent.payload["idTag"] == ("AUTO123" if query else "AUTO_TAG")


async def test_a_refused_auto_start_says_why_and_the_vehicle_stays() -> None:
    async with beside() as here:
        here.harness.csms.tags["BAD"] = {"status": "Blocked"}
        answer = await here.http.post("/plug/1?auto_start=1&id_tag=BAD")
        assert answer.status_code == 409
        refused = "the CSMS answered Blocked for the card BAD; the vehicle stays plugged in"
        assert answer.json()["error"] == refused
        assert here.harness.connector().plugged


async def test_where_no_card_is_taken_an_auto_start_does_not_plug_in_either() -> None:
    async with beside() as here:
        await here.http.post("/fault/1?code=GroundFailure")
        answer = await here.http.post("/plug/1?auto_start=true")
        assert (answer.status_code, answer.json()["ok"]) == (409, False)
        assert "clear the fault first" in answer.json()["error"]
        assert not here.harness.connector().plugged


@pytest.mark.parametrize(
    ("boot", "status"), [("Accepted", 200), ("Pending", 409)], ids=["accepted", "pending"]
)
async def test_a_card_that_comes_while_it_boots_waits_for_the_answer(
    boot: str, status: int
) -> None:
    async with beside(Harness(connect=False)) as here:
        csms, now = here.harness.csms, here.harness.clock.now().isoformat()
        hold = Hold(asyncio.Event(), {"status": boot, "interval": 300, "currentTime": now})
        csms.script["BootNotification"].append(hold)
        here.harness.station.open()
        asked = asyncio.ensure_future(here.http.post("/plug/1?auto_start=true"))
        await csms.next_call("BootNotification")
        await here.harness.station.until(lambda seen: bool(seen.connectors[0].plugged))
        assert not asked.done()
        hold.release.set()
        answer = await asked
        assert answer.status_code == status, answer.text
        told = [event.text for event in here.harness.events.since(0)[1]]
        assert "connector 1: AUTO_TAG waits until the charge point has booted" in told
        if status == 200:
            assert answer.json()["state"] == "Charging"
        else:
            assert "answered Pending" in answer.json()["error"]
            assert "stays plugged in" in answer.json()["error"]


async def test_a_start_is_answered_when_the_csms_has_decided() -> None:
    async with beside() as here:
        await here.http.post("/plug/1")
        hold = Hold(asyncio.Event(), {"idTagInfo": {"status": "Accepted"}})
        here.harness.csms.script["Authorize"].append(hold)
        asked = asyncio.ensure_future(here.http.post("/local_start/1"))
        await here.harness.csms.next_call("Authorize")
        assert not asked.done()
        hold.release.set()
        assert (await asked).json()["state"] == "Charging"


@pytest.mark.parametrize(("allowed", "status"), [("true", 200), ("false", 409)])
async def test_a_start_is_decided_offline_too(allowed: str, status: int) -> None:
    harness = Harness(
        keys={"AllowOfflineTxForUnknownId": allowed, "AuthorizeRemoteTxRequests": "true"},
        model="generic",
    )
    async with beside(harness) as here:
        await harness.submit(LinkDown())
        await here.http.post("/plug/1")
        answer = await here.http.post("/local_start/1?id_tag=STRANGER")
        assert answer.status_code == status
        assert (answer.json()["ok"]) is (status == 200)
        if status == 409:
            assert "does not know the card STRANGER" in answer.json()["error"]


async def test_a_start_waits_for_the_cable_check() -> None:
    async with beside(Harness(model="gresgying-f3-eu180")) as here:
        await here.http.post("/plug/1")
        asked = asyncio.ensure_future(here.http.post("/local_start/1"))
        await here.harness.csms.next_call("Authorize")
        await here.harness.station.until(
            lambda _: here.harness.station.charger.connectors[1].starting
        )
        assert not asked.done()
        await here.harness.advance(1)
        answer = (await asked).json()
        assert (answer["ok"], answer["detail"]) == (True, "started")


async def test_a_start_that_breaks_off_is_a_refusal() -> None:
    harness = Harness(
        model="gresgying-f3-eu180", behaviour={"detachable_cable": True, "lockable": True}
    )
    async with beside(harness) as here:
        await harness.submit(Plug(1))
        await harness.submit(JamLock(1))
        asked = asyncio.ensure_future(here.http.post("/local_start/1"))
        await here.harness.csms.next_call("Authorize")
        await harness.station.until(lambda _: harness.station.charger.connectors[1].starting)
        await harness.advance(1)
        answer = await asked
        assert answer.status_code == 409
        assert answer.json()["error"].startswith("connector 1 is Faulted (ConnectorLockFailure)")


@pytest.mark.parametrize("cid", ["0", "3", "9", "01", "x", "-1", "1.0", "%C2%B2", "1" * 400])
async def test_an_unknown_connector_is_404(cid: str) -> None:
    async with Harness() as harness, in_process(harness) as http:
        answer = await http.post(f"/plug/{cid}")
        assert (answer.status_code, answer.json()) == (404, {"detail": "unknown connector"})


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/fault/1?code=Nonsense", "'Nonsense' is no error_code; there are: ConnectorLockFailure"),
        ("/fault/1?code=NoError", "'NoError' is no error_code"),
        ("/fault/1?code=", "error_code is empty"),
        ("/fault/1?code=OtherError&error_code=WeakSignal", "error_code is given twice"),
        ("/fault/1?info=%1b[2J", "info has at most 50 characters and no control characters"),
        ("/fault/1?info=two%0Alines", "info has at most 50 characters and no control characters"),
        ("/fault/1?vendor_error_code=" + "x" * 51, "vendor_error_code has at most 50 characters"),
        ("/swipe/1", "id_tag is missing: add ?id_tag=TAG"),
        ("/swipe/1?id_tag=", "id_tag is empty"),
        ("/local_start/1?idtag=A", "there is no parameter 'idtag' here; there are: id_tag"),
        ("/unplug/1?%1b[2J=x", "there is no parameter '\\x1b[2J' here; there are: none"),
        ("/plug/1?auto_start=maybe", "auto_start is true or false, not 'maybe'"),
    ],
)
async def test_what_cannot_be_read_is_422(path: str, sentence: str) -> None:
    async with Harness() as harness, in_process(harness) as http:
        answer = await http.post(path)
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith(sentence)
        assert harness.connector().status == "Available"


async def test_a_bad_code_names_every_one_that_is_allowed() -> None:
    async with Harness() as harness, in_process(harness) as http:
        sentence = (await http.post("/fault/1?code=x")).json()["detail"]
        assert all(code in sentence for code in ERROR_CODES)


@pytest.mark.parametrize("tag", ["x" * 21, "%1b[2J", "%00"])
async def test_an_id_tag_that_cannot_be_gets_the_sentence_of_the_station(tag: str) -> None:
    async with Harness() as harness, in_process(harness) as http:
        await harness.submit(Plug(1))
        answer = await http.post(f"/local_start/1?id_tag={tag}")
        assert answer.status_code == 409
        assert answer.json()["error"] == "an idTag has 1 to 20 printable characters"


async def test_without_power_the_sidecar_still_answers() -> None:
    async with beside() as here:
        await here.harness.submit(PowerOff())
        assert (await here.http.get("/health")).json()["ok"] is True
        answer = await here.http.post("/link/up")
        assert answer.json()["error"] == "the charge point has no power: power it on first"
        assert (await here.http.post("/power/on")).json()["powered"] is True
        await here.harness.settle()


async def test_what_is_not_there_is_json_too() -> None:
    async with Harness() as harness, in_process(harness) as http:
        assert (await http.get("/nothing")).json() == {"detail": "Not Found"}
        wrong = await http.get("/plug/1")
        assert (wrong.status_code, wrong.json()) == (405, {"detail": "Method Not Allowed"})


async def test_nothing_says_online_or_accepted_while_the_link_is_down() -> None:
    async with beside() as here:
        harness, http = here.harness, here.http

        async def says() -> tuple[str, str, bool]:
            health = (await http.get("/health")).json()
            return (
                health["link"],
                health["registration"],
                (await http.get("/info")).json()["link"]["online"],
            )

        assert await says() == ("connected", "Accepted", True)
        assert (await http.post("/link/down")).json()["online"] is False
        assert await says() == ("down", "none", False)
        await harness.settle()
        assert await says() == ("down", "none", False)
        assert (await http.post("/silent")).json()["online"] is False
        assert (await http.post("/online")).json()["online"] is False, "there is no link"
        assert (await http.post("/link/up")).json() == {
            "ok": True,
            "link": "up",
            "online": False,
            "powered": True,
        }
        await harness.settle()
        assert await says() == ("connected", "Accepted", True)
        assert (await http.post("/power/off")).json()["online"] is False
        assert (await says())[1:] == ("none", False)
        assert (await http.post("/power/on")).json()["online"] is False
        await harness.settle()
        assert (await says())[:2] == ("connected", "Accepted")


@pytest.mark.parametrize("boots", [True, False])
async def test_a_reconnect_says_accepted_again(boots: bool) -> None:
    async with Harness(behaviour={"boot_on_reconnect": boots}) as harness:
        seen = harness.events.last
        await harness.csms.cut()
        await harness.advance(5)
        told = [event.text for event in harness.events.since(seen)[1] if event.kind == "boot"]
        assert len(told) == 1
        assert "Accepted" in told[0]
