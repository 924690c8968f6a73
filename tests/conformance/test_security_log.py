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
from sim_core.wire.access import Access
from sim_core.wire.timestamps import stamp
from tests.conformance.acts import only_of, payloads
from tests.file_servers import HttpFiles, Says
from tests.harness import Harness
from tests.scripted_csms import CallError, Drop

pytestmark = only_of("generic", "the Gresgying does not speak the security whitepaper")

EVENT = "SecurityEventNotification"
LOG = "LogStatusNotification"
PROFILE_1 = Access(profile=1, key=b"0123456789abcdef")


def events(harness: Harness) -> list[str]:
    """The types of the events that the CSMS was told of."""
    return [payload["type"] for payload in payloads(harness, EVENT)]


async def get_log(harness: Harness, location: str, number: int = 7, **more: Any) -> dict[str, Any]:
    kind = more.pop("logType", "SecurityLog")
    log = {"remoteLocation": location, **more.pop("log", {})}
    return await harness.ask("GetLog", log=log, logType=kind, requestId=number, **more)


@pytest.mark.row(131, "TC_079_CS")
async def test_the_security_log_is_handed_in() -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.otherwise = Says(200)
        await harness.ask("Reset", type="Soft")
        await harness.advance(harness.timing.reboot_s + 1)
        harness.csms.clear()
        answer = await get_log(harness, files.url + "/logs")
        name = f"CP01_security_{harness.clock.now():%Y%m%d%H%M%S}.jsonl"
        assert answer == {"status": "Accepted", "filename": name}
        assert payloads(harness, LOG) == [
            {"status": "Uploading", "requestId": 7},
            {"status": "Uploaded", "requestId": 7},
        ]
        (asked,) = files.asked
        assert asked.path == f"/logs/{name}"
        rows = [json.loads(line) for line in asked.body.decode().splitlines()]
        assert [row["type"] for row in rows] == ["StartupOfTheDevice", "ResetOrReboot"]
        assert rows[1]["techInfo"] == "soft reset: the charge point reboots"
        assert events(harness) == [], "without a security profile nobody has asked for them"


@pytest.mark.row(131, "TC_079_CS")
async def test_the_diagnostics_log_is_handed_in() -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.otherwise = Says(200)
        start = harness.clock.now() + timedelta(seconds=50)
        await harness.advance(100)
        await harness.submit(Plug(1))
        window = {"oldestTimestamp": stamp(start), "latestTimestamp": stamp(harness.clock.now())}
        await harness.advance(1)
        answer = await get_log(harness, files.url, logType="DiagnosticsLog", log=window)
        assert answer["filename"].endswith(".zip")
        archive = zipfile.ZipFile(io.BytesIO(files.asked[0].body))
        rows = archive.read("messages.jsonl").decode().splitlines()
        assert [json.loads(row)["action"] for row in rows] == ["StatusNotification"]


@pytest.mark.row(131, "TC_079_CS")
async def test_a_log_that_cannot_be_handed_in() -> None:
    async with Harness() as harness:
        assert (await get_log(harness, "file:///tmp", retries=1, retryInterval=20))["status"] == (
            "Accepted"
        )
        await harness.advance(30)
        words = [payload["status"] for payload in payloads(harness, LOG)]
        assert words == ["Uploading", "UploadFailure"] * 2
        assert {payload["requestId"] for payload in payloads(harness, LOG)} == {7}


@pytest.mark.row(131, "TC_079_CS")
async def test_a_second_request_ends_the_first() -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.otherwise = Says(200)
        await get_log(harness, "http://127.0.0.1:1/", retries=9, retryInterval=5)
        assert (await get_log(harness, files.url, 8))["status"] == "AcceptedCanceled"
        await harness.advance(100)
        assert payloads(harness, LOG)[2:] == [
            {"status": "Uploading", "requestId": 8},
            {"status": "Uploaded", "requestId": 8},
        ]


@pytest.mark.row(136, "Whitepaper")
async def test_critical_events_are_told_of_in_order(tmp_path: Path) -> None:
    async with HttpFiles() as files, Harness(state=tmp_path, access=PROFILE_1) as harness:
        assert events(harness) == ["StartupOfTheDevice"]
        assert harness.csms.actions()[0] == "BootNotification"
        await harness.ask("Reset", type="Hard")
        await harness.advance(harness.timing.reboot_s + 1)
        order = {"location": files.put("/v2.bin", b"x"), "retrieveDate": stamp(harness.clock.now())}
        await harness.ask("UpdateFirmware", **order)
        await harness.advance(harness.timing.install_s + harness.timing.reboot_s + 1)
        later = stamp(harness.clock.now() + timedelta(seconds=100))
        harness.csms.script["Heartbeat"].append({"currentTime": later})
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        assert events(harness) == [
            "StartupOfTheDevice",
            "ResetOrReboot",
            "ResetOrReboot",
            "FirmwareUpdated",
            "SettingSystemTime",
        ]
        told = payloads(harness, EVENT)
        assert told[3]["techInfo"] == "v2"
        stamps = [payload["timestamp"] for payload in told]
        assert stamps == sorted(stamps)


@pytest.mark.row(136, "Whitepaper")
async def test_events_wait_for_a_csms_that_is_away_and_survive_a_power_cut(tmp_path: Path) -> None:
    async with Harness(state=tmp_path, access=PROFILE_1) as harness:
        harness.csms.script[EVENT].extend([Drop()] * 10)
        await harness.submit(PowerOff())
        await harness.submit(PowerOn())
        told = len(events(harness))
        await harness.submit(LinkDown())
        harness.csms.script[EVENT].clear()
        await harness.power_cut()
        harness.csms.clear()
        await harness.power_on()
        await harness.settle()
        assert told > 1
        assert events(harness) == ["StartupOfTheDevice"] * 2, (
            "what was not answered, and the new one"
        )
        assert payloads(harness, EVENT)[0]["techInfo"] == "power is back"
        harness.csms.clear()
        await harness.submit(LinkDown())
        await harness.submit(LinkUp())
        assert events(harness) == [], "once is enough"


@pytest.mark.row(136, "Whitepaper")
async def test_a_csms_that_knows_no_events_is_not_asked_again() -> None:
    csms_says = CallError("NotImplemented")
    async with Harness(access=PROFILE_1, connect=False) as harness:
        harness.csms.script[EVENT].append(csms_says)
        harness._connect = True
        harness.station.open()
        await harness.settle()
        assert events(harness) == ["StartupOfTheDevice"]
        await harness.advance(600)
        assert len(events(harness)) == 1


@pytest.mark.row(136, "Whitepaper")
async def test_an_event_that_meets_silence_is_told_again() -> None:
    async with Harness(access=PROFILE_1) as harness:
        harness.csms.script[EVENT].append(Drop())
        harness.station.charger.security.note("TamperDetectionActivated")
        await harness.settle()
        assert events(harness)[1:] == ["TamperDetectionActivated"]
        await harness.advance(200)
        assert events(harness)[1:] == ["TamperDetectionActivated"] * 2
        await harness.advance(200)
        assert len(events(harness)) == 3


@pytest.mark.row(136, "Whitepaper")
async def test_an_event_whose_answer_comes_late_is_not_told_again() -> None:
    async with Harness(access=PROFILE_1) as harness:
        harness.csms.script[EVENT].append(Drop())
        harness.station.charger.security.note("TamperDetectionActivated")
        await harness.advance(45)
        late = harness.csms.of(EVENT)[-1]
        await harness.csms.send_text(json.dumps([3, late.message_id, {}]))
        await harness.ask("GetConfiguration", key=["HeartbeatInterval"])  # it reads in order
        await harness.advance(200)
        assert events(harness)[1:] == ["TamperDetectionActivated"]


@pytest.mark.row(134, "Whitepaper")
async def test_extended_triggers() -> None:
    async with Harness() as harness:
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
            answer = await harness.ask("ExtendedTriggerMessage", requestedMessage=message, **more)
            assert answer == {"status": status}, message
        assert payloads(harness, LOG) == [{"status": "Idle"}]
        said = ["Heartbeat", "MeterValues", "StatusNotification 2 Available"]
        assert harness.csms.actions()[-3:] == said
        await get_log(harness, "http://127.0.0.1:1/", retries=1)
        harness.csms.clear()
        await harness.ask("ExtendedTriggerMessage", requestedMessage="LogStatusNotification")
        assert payloads(harness, LOG) == [{"status": "UploadFailure", "requestId": 7}]
