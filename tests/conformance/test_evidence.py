"""What stands in the archive that GetDiagnostics hands in (OCPP 1.6 §5.9): nothing of it is made
up, and nothing is left blank."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from sim_core.commands import InjectFault, Plug, Start, Unplug
from sim_core.wire.timestamps import stamp
from tests.conformance.acts import charge, checked
from tests.file_servers import HttpFiles, Says
from tests.harness import Harness
from tests.scripted_csms import CallError


async def handed_in(harness: Harness, **window: str) -> dict[str, Any]:
    """The documents of the archive by name; lists for those that have a line a row."""
    async with HttpFiles() as files:
        files.otherwise = Says(200)
        answer = await harness.ask("GetDiagnostics", location=files.url, **window)
        assert answer["fileName"]
        (asked,) = files.asked
    with zipfile.ZipFile(io.BytesIO(asked.body)) as zipped:
        texts = {name: zipped.read(name).decode() for name in zipped.namelist()}
        made = {entry.date_time for entry in zipped.infolist()}
        packed = {entry.compress_type for entry in zipped.infolist()}
    assert made == {harness.clock.now().timetuple()[:6]}
    assert packed == {zipfile.ZIP_DEFLATED}
    return {
        name: [json.loads(line) for line in text.splitlines()]
        if name.endswith(".jsonl")
        else json.loads(text)
        for name, text in texts.items()
    }


@pytest.mark.row(120, "TC_045_1_CS")
async def test_an_archive_says_whose_it_is_and_of_which_time() -> None:
    async with Harness(charge_point_id="CP 7/west") as harness:
        await harness.advance(60)
        begin, end = harness.clock.now() - timedelta(hours=1), harness.clock.now()
        found = await handed_in(harness, startTime=stamp(begin), stopTime=stamp(end))
        about = found["about.json"]
        assert about["chargePointId"] == "CP 7/west"
        assert about["madeAt"] == harness.clock.now().isoformat()
        assert (about["startTime"], about["stopTime"]) == (begin.isoformat(), end.isoformat())
        assert (about["messages"], about["events"]) == (
            len(found["messages.jsonl"]),
            len(found["events.jsonl"]),
        )
        assert about["messagesLeftOut"] == 0
        found = await handed_in(harness)
        about = found["about.json"]
        assert (about["startTime"], about["stopTime"]) == (None, None)
        assert set(found["versions.json"]) >= {"python", "system", "ocpp"}
        assert all(found["versions.json"][name] for name in ("python", "system", "ocpp"))


@pytest.mark.row(120, "TC_045_1_CS")
async def test_an_archive_has_the_connectors_and_the_journal_as_they_are() -> None:
    keys = {"TransactionMessageAttempts": "1", "MeterValueSampleInterval": "0"}
    async with Harness(keys=keys, meter_start_wh=700) as harness:
        identity = harness.model.identity
        await charge(harness, 2)
        harness.csms.script["StartTransaction"].append(CallError())
        await harness.submit(Plug(1))
        await harness.submit(Start(1, "TAG"))
        await checked(harness)  # given up at once: nothing charges outside a transaction
        await harness.submit(Unplug(1))
        await charge(harness, 1)
        await harness.submit(InjectFault(1, "GroundFailure"))
        state = (await handed_in(harness))["state.json"]
        assert (state["vendor"], state["model"]) == (identity.vendor, identity.model)
        assert state["serialNumber"] == identity.serial_number
        assert state["firmwareVersion"] == harness.station.snapshot.firmware_version
        assert state["registration"] == "Accepted"
        first, second = state["connectors"]
        assert (first["connectorId"], second["connectorId"]) == (1, 2)
        assert (first["status"], first["errorCode"]) == ("Faulted", "GroundFailure")
        assert (second["status"], second["errorCode"]) == ("Charging", None)
        assert (first["transactionId"], second["transactionId"]) == (1001, 1000)
        assert first["registerWh"] == pytest.approx(harness.connector(1).register_wh)
        assert first["registerWh"] >= 700
        lost = {row["action"]: row for row in state["journal"]["givenUp"]}
        assert set(lost) == {"StartTransaction", "StopTransaction"}
        gone = lost["StartTransaction"]
        assert (gone["action"], gone["connectorId"]) == ("StartTransaction", 1)
        assert gone["why"]
        assert gone["at"] == harness.clock.now().isoformat()


@pytest.mark.row(120, "TC_045_1_CS")
async def test_what_waits_in_the_journal_is_told_with_its_attempts() -> None:
    async with Harness(keys={"MeterValueSampleInterval": "0"}) as harness:
        harness.csms.script["StartTransaction"].append(CallError())
        await charge(harness)
        journal = (await handed_in(harness))["state.json"]["journal"]
        assert journal["waiting"] == 1
        (row,) = journal["first"]
        assert (row["action"], row["connectorId"], row["attempts"]) == ("StartTransaction", 1, 1)
        assert row["transactionId"] is None
        assert row["number"] >= 1
        assert row["writtenAt"] <= harness.clock.now().isoformat()
        assert journal["givenUp"] == []


@pytest.mark.row(120, "TC_045_1_CS")
async def test_each_message_and_each_event_is_told_whole() -> None:
    async with Harness() as harness:
        await charge(harness)
        await harness.ask("UnlockConnector", connectorId=9)
        found = await handed_in(harness)
        by_action = {row["action"]: row for row in found["messages.jsonl"]}
        ours, theirs = by_action["StartTransaction"], by_action["UnlockConnector"]
        assert ours["direction"] != theirs["direction"]
        assert json.loads(ours["request"])[2] == "StartTransaction"
        assert json.loads(ours["answer"])[2]["transactionId"] == 1000
        assert (ours["state"], ours["trouble"]) == ("answered", "")
        assert ours["latency_s"] >= 0
        assert json.loads(theirs["answer"])[2] == {"status": "NotSupported"}
        moments = [row["at"] for row in found["messages.jsonl"]]
        assert moments == sorted(moments)
        told = [row for row in found["events.jsonl"] if row["kind"] == "transaction"]
        assert told[-1]["connectorId"] == 1
        assert "started" in told[-1]["text"]
        assert told[-1]["at"] <= harness.clock.now().isoformat()


@pytest.mark.row(120, "TC_045_1_CS")
async def test_how_far_an_upload_has_come_is_shown() -> None:
    async with HttpFiles() as files, Harness() as harness:
        uploads, seen = harness.station.charger.uploads["diagnostics"], []
        tell = uploads._on_change

        def look() -> None:
            upload = uploads.snapshot()
            seen.append((upload.status, upload.active, upload.percent))
            tell()

        uploads._on_change = look
        files.otherwise = Says(200)
        await harness.ask("GetDiagnostics", location=files.url)
        assert ("Uploading", True, 100) in seen
        assert seen[-1] == ("Uploaded", False, None)
