"""Logs that are handed in (N01), to real servers on loopback."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from sim_core.wire.timestamps import stamp
from tests.conformance201.acts import set_variables
from tests.file_servers import Asked, HttpFiles, Says
from tests.harness import Harness
from tests.versions import Payload

TOLD = "LogStatusNotification"


def harness() -> Harness:
    return Harness(version="2.0.1")


async def get_log(
    h: Harness, files: HttpFiles, kind: str = "DiagnosticsLog", number: int = 3, **more: Any
) -> Payload:
    """The answer to GetLog, to the folder /logs; `since_s` and `until_s` bound its time."""
    log: Payload = {"remoteLocation": f"{files.url}/logs"}
    for name, field in (("since_s", "oldestTimestamp"), ("until_s", "latestTimestamp")):
        if name in more:
            log[field] = stamp(h.clock.now() + timedelta(seconds=more.pop(name)))
    return await h.ask("GetLog", logType=kind, requestId=number, log=log, **more)


def told(h: Harness) -> list[str]:
    return [
        f"{call.payload['status']} {call.payload.get('requestId', '-')}" for call in h.csms.of(TOLD)
    ]


def content(asked: Asked) -> list[Payload]:
    return [json.loads(line) for line in asked.body.decode().splitlines()]


@pytest.mark.row(266, "TC_N_25")
async def test_logs_are_handed_in() -> None:
    async with HttpFiles() as files, harness() as h:
        files.otherwise = Says(201)
        answer = await get_log(h, files)
        assert answer["status"] == "Accepted"
        (put,) = files.asked
        assert (put.verb, put.path) == ("PUT", f"/logs/{answer['filename']}")
        with zipfile.ZipFile(io.BytesIO(put.body)) as packed:
            assert "about.json" in packed.namelist()
        assert told(h) == ["Uploading 3", "Uploaded 3"]
        assert h.csms.actions()[-2:] == [TOLD, TOLD], "after the answer"

        # A server that takes no PUT is asked by POST, with the name beside it.
        files.says[f"/logs/{answer['filename']}"] = [Says(405)]
        files.asked.clear()
        await get_log(h, files)
        assert [one.verb for one in files.asked] == ["PUT", "POST"]
        assert files.asked[-1].path == "/logs"
        assert files.asked[-1].headers["content-type"]
        assert answer["filename"] in files.asked[-1].headers["content-disposition"]
        h.csms.clear()
        await h.ask("TriggerMessage", requestedMessage=TOLD)
        assert told(h) == ["Idle -"]


@pytest.mark.row(266, "TC_N_35")
@pytest.mark.row(269, "N01.FR.05")
async def test_the_security_log_has_what_happened_in_that_time() -> None:
    async with HttpFiles() as files, harness() as h:
        files.otherwise = Says(201)
        await h.advance(60)
        await set_variables(h, SecurityCtrlr__BasicAuthPassword="a" * 20)
        await h.advance(60)
        await get_log(h, files, "SecurityLog")
        kinds = [one["type"] for one in content(files.asked[-1])]
        assert kinds == ["StartupOfTheDevice", "ReconfigurationOfSecurityParameters"]
        assert "a" * 20 not in str(files.asked)
        await get_log(h, files, "SecurityLog", since_s=-100)
        assert [one["type"] for one in content(files.asked[-1])] == kinds[1:]
        h.csms.clear()
        for kind in ("SecurityLog", "DiagnosticsLog"):
            answer = await get_log(h, files, kind, since_s=-900, until_s=-800)
            assert answer["status"] == "Rejected"
            assert "filename" not in answer
        assert told(h) == []


@pytest.mark.row(267, "TC_N_26")
async def test_an_upload_is_tried_again() -> None:
    async with HttpFiles() as files, harness() as h:
        files.otherwise = Says(500)
        await get_log(h, files, retries=2, retryInterval=20)
        once = ["Uploading 3", "UploadFailure 3"]
        assert told(h) == once
        await h.advance(19)
        assert told(h) == once
        await h.advance(60)
        assert told(h) == once * 3
        assert len(files.asked) == 3


@pytest.mark.row(267, "N01.FR.10")
@pytest.mark.parametrize(
    ("status", "word"),
    [(403, "PermissionDenied"), (400, "BadMessage"), (405, "NotSupportedOperation")],
)
async def test_a_failure_has_its_word(status: int, word: str) -> None:
    async with HttpFiles() as files, harness() as h:
        files.otherwise = Says(status)
        await get_log(h, files)
        assert told(h) == ["Uploading 3", f"{word} 3"]
        log = {"remoteLocation": "gopher://nowhere/logs"}
        await h.ask("GetLog", logType="DiagnosticsLog", requestId=4, log=log)
        assert told(h)[-1] == "NotSupportedOperation 4"


@pytest.mark.row(268, "TC_N_36")
async def test_a_newer_request_takes_the_place_of_the_older() -> None:
    async with HttpFiles() as files, harness() as h:
        files.otherwise = Says(500)
        await get_log(h, files, retries=5, retryInterval=50)
        h.csms.clear()
        files.otherwise = Says(201)
        answer = await get_log(h, files, number=4)
        assert answer["status"] == "AcceptedCanceled"
        assert told(h) == ["AcceptedCanceled 3", "Uploading 4", "Uploaded 4"]
        await h.advance(120)
        assert len(h.csms.of(TOLD)) == 3
