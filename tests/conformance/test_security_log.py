"""The security log: what is in it, who is told of it, and how it is handed in."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import LinkDown, LinkUp, Plug, PowerOff, PowerOn
from sim_core.ocpp16.timestamps import stamp
from sim_core.wire.access import Access
from tests.conformance.acts import only_of, payloads
from tests.file_servers import HttpFiles, Says
from tests.pair import Pair
from tests.scripted_csms import CallError, Drop

pytestmark = only_of("generic", "the Gresgying does not speak the security whitepaper")

EVENT = "SecurityEventNotification"
LOG = "LogStatusNotification"
PROFILE_1 = Access(profile=1, key=b"0123456789abcdef")


def events(pair: Pair) -> list[str]:
    """The types of the events that the CSMS was told of."""
    return [payload["type"] for payload in payloads(pair, EVENT)]


async def get_log(pair: Pair, location: str, number: int = 7, **more: Any) -> dict[str, Any]:
    kind = more.pop("logType", "SecurityLog")
    log = {"remoteLocation": location, **more.pop("log", {})}
    return await pair.ask("GetLog", log=log, logType=kind, requestId=number, **more)


@pytest.mark.row(131, "TC_079_CS")
async def test_the_security_log_is_handed_in() -> None:
    async with HttpFiles() as files, Pair() as pair:
        files.otherwise = Says(200)
        await pair.ask("Reset", type="Soft")
        await pair.advance(pair.timing.reboot_s + 1)
        pair.csms.clear()
        answer = await get_log(pair, files.url + "/logs")
        name = f"CP01_security_{pair.clock.now():%Y%m%d%H%M%S}.jsonl"
        assert answer == {"status": "Accepted", "filename": name}
        assert payloads(pair, LOG) == [
            {"status": "Uploading", "requestId": 7},
            {"status": "Uploaded", "requestId": 7},
        ]
        (asked,) = files.asked
        assert asked.path == f"/logs/{name}"
        rows = [json.loads(line) for line in asked.body.decode().splitlines()]
        assert [row["type"] for row in rows] == ["StartupOfTheDevice", "ResetOrReboot"]
        assert rows[1]["techInfo"] == "soft reset: the charge point reboots"
        assert events(pair) == [], "without a security profile nobody has asked for them"


@pytest.mark.row(131, "TC_079_CS")
async def test_the_diagnostics_log_is_handed_in() -> None:
    async with HttpFiles() as files, Pair() as pair:
        files.otherwise = Says(200)
        start = pair.clock.now() + timedelta(seconds=50)
        await pair.advance(100)
        await pair.submit(Plug(1))
        window = {"oldestTimestamp": stamp(start), "latestTimestamp": stamp(pair.clock.now())}
        await pair.advance(1)
        answer = await get_log(pair, files.url, logType="DiagnosticsLog", log=window)
        assert answer["filename"].endswith(".zip")
        archive = zipfile.ZipFile(io.BytesIO(files.asked[0].body))
        rows = archive.read("messages.jsonl").decode().splitlines()
        assert [json.loads(row)["action"] for row in rows] == ["StatusNotification"]


@pytest.mark.row(131, "TC_079_CS")
async def test_a_log_that_cannot_be_handed_in() -> None:
    async with Pair() as pair:
        assert (await get_log(pair, "file:///tmp", retries=1, retryInterval=20))["status"] == (
            "Accepted"
        )
        await pair.advance(30)
        words = [payload["status"] for payload in payloads(pair, LOG)]
        assert words == ["Uploading", "UploadFailure"] * 2
        assert {payload["requestId"] for payload in payloads(pair, LOG)} == {7}


@pytest.mark.row(131, "TC_079_CS")
async def test_a_second_request_ends_the_first() -> None:
    async with HttpFiles() as files, Pair() as pair:
        files.otherwise = Says(200)
        await get_log(pair, "http://127.0.0.1:1/", retries=9, retryInterval=5)
        assert (await get_log(pair, files.url, 8))["status"] == "AcceptedCanceled"
        await pair.advance(100)
        assert payloads(pair, LOG)[2:] == [
            {"status": "Uploading", "requestId": 8},
            {"status": "Uploaded", "requestId": 8},
        ]


@pytest.mark.row(136, "Whitepaper")
async def test_critical_events_are_told_of_in_order(tmp_path: Path) -> None:
    async with HttpFiles() as files, Pair(state=tmp_path, access=PROFILE_1) as pair:
        assert events(pair) == ["StartupOfTheDevice"]
        assert pair.csms.actions()[0] == "BootNotification"
        await pair.ask("Reset", type="Hard")
        await pair.advance(pair.timing.reboot_s + 1)
        order = {"location": files.put("/v2.bin", b"x"), "retrieveDate": stamp(pair.clock.now())}
        await pair.ask("UpdateFirmware", **order)
        await pair.advance(pair.timing.install_s + pair.timing.reboot_s + 1)
        later = stamp(pair.clock.now() + timedelta(seconds=100))
        pair.csms.script["Heartbeat"].append({"currentTime": later})
        await pair.ask("TriggerMessage", requestedMessage="Heartbeat")
        assert events(pair) == [
            "StartupOfTheDevice",
            "ResetOrReboot",
            "ResetOrReboot",
            "FirmwareUpdated",
            "SettingSystemTime",
        ]
        told = payloads(pair, EVENT)
        assert told[3]["techInfo"] == "v2"
        stamps = [payload["timestamp"] for payload in told]
        assert stamps == sorted(stamps)


@pytest.mark.row(136, "Whitepaper")
async def test_events_wait_for_a_csms_that_is_away_and_survive_a_power_cut(tmp_path: Path) -> None:
    async with Pair(state=tmp_path, access=PROFILE_1) as pair:
        pair.csms.script[EVENT].extend([Drop()] * 10)
        await pair.submit(PowerOff())
        await pair.submit(PowerOn())
        told = len(events(pair))
        await pair.submit(LinkDown())
        pair.csms.script[EVENT].clear()
        await pair.power_cut()
        pair.csms.clear()
        await pair.power_on()
        await pair.settle()
        assert told > 1
        assert events(pair) == ["StartupOfTheDevice"] * 2, "what was not answered, and the new one"
        assert payloads(pair, EVENT)[0]["techInfo"] == "power is back"
        pair.csms.clear()
        await pair.submit(LinkDown())
        await pair.submit(LinkUp())
        assert events(pair) == [], "once is enough"


@pytest.mark.row(136, "Whitepaper")
async def test_a_csms_that_knows_no_events_is_not_asked_again() -> None:
    csms_says = CallError("NotImplemented")
    async with Pair(access=PROFILE_1, connect=False) as pair:
        pair.csms.script[EVENT].append(csms_says)
        pair._connect = True
        pair.station.open()
        await pair.settle()
        assert events(pair) == ["StartupOfTheDevice"]
        await pair.advance(600)
        assert len(events(pair)) == 1


@pytest.mark.row(136, "Whitepaper")
async def test_an_event_that_meets_silence_is_told_again() -> None:
    async with Pair(access=PROFILE_1) as pair:
        pair.csms.script[EVENT].append(Drop())
        pair.station.charger.security.note("TamperDetectionActivated")
        await pair.settle()
        assert events(pair)[1:] == ["TamperDetectionActivated"]
        await pair.advance(200)
        assert events(pair)[1:] == ["TamperDetectionActivated"] * 2
        await pair.advance(200)
        assert len(events(pair)) == 3


@pytest.mark.row(136, "Whitepaper")
async def test_an_event_whose_answer_comes_late_is_not_told_again() -> None:
    async with Pair(access=PROFILE_1) as pair:
        pair.csms.script[EVENT].append(Drop())
        pair.station.charger.security.note("TamperDetectionActivated")
        await pair.advance(45)
        late = pair.csms.of(EVENT)[-1]
        await pair.csms.send_text(json.dumps([3, late.message_id, {}]))
        await pair.ask("GetConfiguration", key=["HeartbeatInterval"])  # it reads in order
        await pair.advance(200)
        assert events(pair)[1:] == ["TamperDetectionActivated"]


@pytest.mark.row(134, "Whitepaper")
async def test_extended_triggers() -> None:
    async with Pair() as pair:
        for message, connector_id, status in (
            ("LogStatusNotification", None, "Accepted"),
            ("Heartbeat", None, "Accepted"),
            ("MeterValues", 1, "Accepted"),
            ("MeterValues", 9, "Rejected"),
            ("StatusNotification", 2, "Accepted"),
            ("SignChargePointCertificate", None, "NotImplemented"),
            ("FirmwareStatusNotification", None, "NotImplemented"),
        ):
            more = {} if connector_id is None else {"connectorId": connector_id}
            answer = await pair.ask("ExtendedTriggerMessage", requestedMessage=message, **more)
            assert answer == {"status": status}, message
        assert payloads(pair, LOG) == [{"status": "Idle"}]
        said = ["Heartbeat", "MeterValues", "StatusNotification 2 Available"]
        assert pair.csms.actions()[-3:] == said
        await get_log(pair, "http://127.0.0.1:1/", retries=1)
        pair.csms.clear()
        await pair.ask("ExtendedTriggerMessage", requestedMessage="LogStatusNotification")
        assert payloads(pair, LOG) == [{"status": "UploadFailure", "requestId": 7}]
