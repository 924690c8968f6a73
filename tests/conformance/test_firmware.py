"""Firmware Management: new firmware, diagnostics, and what is said of them.

Files come from and go to real servers on loopback.
"""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import (
    Accepted,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Refused,
    Start,
    Stop,
    Swipe,
    Unplug,
)
from sim_core.wire.timestamps import stamp
from tests.conformance.acts import charge, checked, payloads, read_key
from tests.file_servers import FtpFiles, HttpFiles, Says
from tests.harness import Harness
from tests.patience import PATIENCE_S

TOLD = "FirmwareStatusNotification"
SENT = "DiagnosticsStatusNotification"
BOOT = "BootNotification"
OUT_OF_SERVICE = [f"StatusNotification {number} Unavailable" for number in (0, 1, 2)]


def firmware(version: str = "9.9.9", **more: Any) -> bytes:
    """A firmware file that says what it is."""
    return json.dumps({"chargeforge_firmware": 1, "version": version, **more}).encode()


async def update(harness: Harness, location: str, in_s: float = 0.0, **more: Any) -> None:
    """The CSMS orders an update; nothing has happened yet when this returns."""
    at = stamp(harness.clock.now() + timedelta(seconds=in_s))
    answer = await harness.ask("UpdateFirmware", location=location, retrieveDate=at, **more)
    assert answer == {}


async def until(harness: Harness, holds: Callable[[], bool]) -> None:
    """Return once something is so that a file server has a part in."""

    async def wait() -> None:
        while not holds():
            await harness.settle()

    await asyncio.wait_for(wait(), PATIENCE_S)


def told(harness: Harness, action: str = TOLD) -> list[str]:
    """The statuses that the CSMS was told of."""
    return [payload["status"] for payload in payloads(harness, action)]


def version(harness: Harness) -> str:
    """The firmware that BootNotification has told of last."""
    return str(payloads(harness, BOOT)[-1]["firmwareVersion"])


def install_s(harness: Harness) -> float:
    """More than an installation and the boot take."""
    return harness.timing.install_s + harness.timing.reboot_s + harness.timing.boot_s + 1


# -- UpdateFirmware ----------------------------------------------------------------------------


@pytest.mark.row(118, "TC_044_1_CS")
async def test_an_update_is_told_step_by_step_and_ends_with_the_new_version_booting() -> None:
    async with HttpFiles() as files, Harness() as harness:
        harness.csms.clear()
        await update(harness, files.put("/fw/v2.bin", b"any file"))
        assert told(harness) == ["Downloading", "Downloaded", "Installing"]
        said = harness.csms.actions()
        assert said[:2] == [TOLD, TOLD]
        assert sorted(said[2:5]) == OUT_OF_SERVICE, "before it is installed"
        assert said[5:] == [TOLD]
        harness.csms.clear()
        await harness.advance(install_s(harness))
        assert harness.csms.actions()[0] == BOOT
        assert sorted(harness.csms.actions()[1:4]) == [
            f"StatusNotification {number} Available" for number in (0, 1, 2)
        ]
        assert told(harness) == ["Installed"]
        assert harness.csms.actions()[-1] == TOLD
        assert version(harness) == "v2", "a file's name is its version"
        assert harness.station.snapshot.firmware_version == "v2"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_firmware_file_may_say_its_version_and_how_long_it_takes() -> None:
    async with HttpFiles() as files, Harness() as harness:
        await update(harness, files.put("/v2.bin", firmware("C2089_V3", install_s=500)))
        await harness.advance(499)
        assert told(harness)[-1] == "Installing"
        seen = harness.station.snapshot.firmware
        assert (seen.status, seen.active, seen.version) == ("Installing", True, "C2089_V3")
        assert seen.due_at is not None
        await harness.advance(install_s(harness))
        assert told(harness)[-1] == "Installed"
        assert version(harness) == "C2089_V3"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_nothing_is_fetched_before_its_date() -> None:
    async with HttpFiles() as files, Harness() as harness:
        await update(harness, files.put("/v2.bin", b"x"), in_s=3600)
        await harness.advance(3590)
        assert (files.asked, told(harness)) == ([], [])
        seen = harness.station.snapshot.firmware
        assert (seen.status, seen.active) == ("Idle", True)
        assert seen.due_at == harness.clock.now() + timedelta(seconds=10)
        await harness.advance(11)
        assert [one.path for one in files.asked] == ["/v2.bin"]
        assert told(harness) == ["Downloading", "Downloaded", "Installing"]


@pytest.mark.row(118, "TC_044_1_CS")
async def test_the_date_is_one_of_the_clock_that_the_csms_has_set() -> None:
    async with HttpFiles() as files, Harness() as harness:
        await update(harness, files.put("/v2.bin", b"x"), in_s=3600)
        later = stamp(harness.clock.now() + timedelta(seconds=3000))
        harness.csms.script["Heartbeat"].append({"currentTime": later})
        await harness.ask("TriggerMessage", requestedMessage="Heartbeat")
        await harness.advance(590)
        assert told(harness) == []
        await harness.advance(11)
        assert told(harness) == ["Downloading", "Downloaded", "Installing"]


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_running_transaction_is_waited_for() -> None:
    async with HttpFiles() as files, Harness() as harness:
        await charge(harness)
        await update(harness, files.put("/v2.bin", b"x"))
        assert told(harness) == ["Downloading", "Downloaded"]
        assert (harness.status(1), harness.status(2)) == ("Charging", "Unavailable")
        assert "connector 1" in harness.station.snapshot.firmware.trouble
        await harness.submit(Plug(2))
        refused = await harness.submit(Start(2, "TAG"))
        assert refused == Refused("connector 2 waits for new firmware: try again after the reboot")
        await harness.advance(120)
        assert told(harness) == ["Downloading", "Downloaded"]
        assert harness.csms.of("StopTransaction") == []
        await harness.submit(Stop(1))
        assert told(harness) == ["Downloading", "Downloaded", "Installing"]
        assert harness.status(1) == "Unavailable"
        stop = harness.csms.actions().index("StopTransaction")
        last = max(i for i, action in enumerate(harness.csms.actions()) if action == TOLD)
        assert stop < last
        await harness.advance(install_s(harness))
        assert version(harness) == "v2"
        assert (harness.status(1), harness.status(2)) == ("Finishing", "Preparing")
        await harness.submit(Unplug(1))
        await harness.submit(Plug(1))
        assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_vehicle_that_only_stands_there_holds_nothing_up() -> None:
    async with HttpFiles() as files, Harness() as harness:
        await harness.submit(Plug(1))
        harness.csms.clear()
        await update(harness, files.put("/v2.bin", b"x"))
        assert told(harness)[-1] == "Installing"
        said = [action for action in harness.csms.actions() if " 1 " in action]
        assert said == ["StatusNotification 1 Finishing", "StatusNotification 1 Unavailable"]
        await harness.advance(install_s(harness))
        assert harness.status(1) == "Preparing"
        assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)


@pytest.mark.row(118, "TC_044_1_CS")
async def test_from_an_ftp_server_with_a_password(tmp_path: Path) -> None:
    async with FtpFiles("me", "s3cret%21") as files, Harness() as harness:
        files.files["fw/v3.img"] = bytes(200_000)
        await update(harness, f"{files.url.replace('%', '%25')}/fw/v3.img")
        assert told(harness) == ["Downloading", "Downloaded", "Installing"]
        await harness.advance(install_s(harness))
        assert version(harness) == "v3"
        known = (
            str(harness.messages.since(0))
            + str(harness.events.since(0))
            + str(harness.station.snapshot)
        )
        assert "s3cret" not in known, "a password is nowhere to be read"
        assert "(hidden)@127.0.0.1" in known


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_new_version_lasts(tmp_path: Path) -> None:
    async with HttpFiles() as files, Harness(state=tmp_path) as harness:
        await update(harness, files.put("/v2.bin", b"x"))
        await harness.advance(install_s(harness))
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        assert version(harness) == "v2"
        assert told(harness)[-1] == "Installed"
        assert told(harness).count("Installed") == 1
    # An operator who gives the charge point other firmware has the last word.
    identity = replace(harness.model.identity, firmware_version="by hand")
    async with Harness(state=tmp_path, model=replace(harness.model, identity=identity)) as harness:
        assert version(harness) == "by hand"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_while_it_is_installed_nothing_else_may_happen() -> None:
    async with HttpFiles() as files, Harness() as harness:
        location = files.put("/v2.bin", b"x")
        await update(harness, location)
        assert await harness.ask("Reset", type="Hard") == {"status": "Rejected"}
        assert await harness.ask("RemoteStartTransaction", idTag="TAG") == {"status": "Rejected"}
        at = stamp(harness.clock.now())
        order = {"location": location, "retrieveDate": at}
        answer = await harness.csms.ask_raw("UpdateFirmware", order)
        assert (answer[0], answer[2]) == (4, "GenericError")
        await harness.submit(Plug(1))
        assert harness.status(1) == "Unavailable"
        await harness.advance(install_s(harness))
        assert told(harness) == ["Downloading", "Downloaded", "Installing", "Installed"]
        assert harness.status(1) == "Preparing"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_newer_order_takes_the_place_of_one_that_waits() -> None:
    async with HttpFiles() as files, Harness() as harness:
        await update(harness, files.put("/v2.bin", b"x"), in_s=100)
        await update(harness, files.put("/v3.bin", b"x"), in_s=200)
        await harness.advance(110)
        assert files.asked == []
        await charge(harness)
        await harness.advance(100)
        assert told(harness) == ["Downloading", "Downloaded"]
        assert harness.status(2) == "Unavailable"
        await update(harness, files.put("/v4.bin", b"x"), in_s=100)
        assert harness.status(2) == "Available", "nothing waits for the end of the session any more"
        await harness.submit(Stop(1))
        await harness.advance(100 + install_s(harness))
        assert [one.path for one in files.asked] == ["/v3.bin", "/v4.bin"]
        assert version(harness) == "v4"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_newer_order_takes_the_place_of_one_that_is_on_its_way() -> None:
    """Of the older one nothing more is heard, neither a file nor a word."""
    async with HttpFiles() as files, Harness() as harness:
        files.says["/a.bin"] = [Says(200, b"half", length=8, stalls=True)]
        harness.ignores_files = True
        await update(harness, files.url + "/a.bin", retries=3, retryInterval=5)
        await until(harness, lambda: harness.station.snapshot.firmware.percent == 50)
        await update(harness, files.put("/b.bin", b"x"), in_s=60)
        seen = harness.station.snapshot.firmware
        assert (seen.status, seen.active) == ("Idle", True)
        await harness.advance(50)
        assert [one.path for one in files.asked] == ["/a.bin"], "it is not tried again"
        harness.ignores_files = False
        await harness.advance(60 + install_s(harness))
        assert [one.path for one in files.asked] == ["/a.bin", "/b.bin"]
        statuses = ["Downloading", "Downloading", "Downloaded", "Installing", "Installed"]
        assert told(harness) == statuses
        assert version(harness) == "b"
        await harness.advance(4_000)
        assert told(harness) == statuses


@pytest.mark.row(118, "TC_044_1_CS")
async def test_its_own_card_stops_while_new_firmware_waits() -> None:
    async with HttpFiles() as files, Harness() as harness:
        await charge(harness, 1, "MINE")
        await update(harness, files.put("/v2.bin", b"x"))
        assert told(harness) == ["Downloading", "Downloaded"]
        assert isinstance(await harness.submit(Swipe(1, "OTHER")), Refused)
        assert await harness.submit(Swipe(1, "mine")) == Accepted("stopped")
        (stop,) = payloads(harness, "StopTransaction")
        assert (stop["reason"], stop["idTag"]) == ("Local", "MINE")
        assert told(harness)[-1] == "Installing"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_later_order_leaves_what_has_ended_since_as_it_is() -> None:
    """What an installation has done to a vehicle that only stood there is over with the boot."""
    async with HttpFiles() as files, Harness() as harness:
        await harness.submit(Plug(1))
        await update(harness, files.put("/v2.bin", b"x"))
        await harness.advance(install_s(harness))
        assert harness.status(1) == "Preparing"
        assert isinstance(await harness.submit(Start(1, "TAG")), Accepted)
        await checked(harness)
        await harness.submit(Stop(1))
        harness.csms.clear()
        await update(harness, files.put("/v3.bin", b"x"), in_s=3600)
        assert harness.csms.actions() == []
        assert harness.status(1) == "Finishing"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_what_an_order_has_taken_out_of_service_comes_back_with_the_next() -> None:
    """§4.9 H2: from Unavailable no way leads to Finishing."""
    async with HttpFiles() as files, Harness() as harness:
        await charge(harness, 1)
        await charge(harness, 2)
        await harness.submit(Stop(2))
        await update(harness, files.put("/v2.bin", b"x"))
        assert harness.status(2) == "Unavailable"
        await update(harness, files.put("/v3.bin", b"x"), in_s=3600)
        assert harness.status(2) == "Preparing"


# -- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.row(119, "TC_044_2_CS")
async def test_a_download_that_fails_is_tried_again_as_often_as_was_said() -> None:
    async with HttpFiles() as files, Harness() as harness:
        old = version(harness)
        await update(harness, files.url + "/none.bin", retries=2, retryInterval=60)
        assert told(harness) == ["Downloading", "DownloadFailed"]
        seen = harness.station.snapshot.firmware
        assert (seen.active, seen.trouble) == (True, "HTTP 404: there is no such file")
        assert seen.due_at == harness.clock.now() + timedelta(seconds=60)
        await harness.advance(59)
        assert len(files.asked) == 1
        await harness.advance(2)
        assert len(files.asked) == 2
        await harness.advance(10_000)
        assert told(harness) == ["Downloading", "DownloadFailed"] * 3
        assert not harness.station.snapshot.firmware.active
        assert len(harness.csms.of(BOOT)) == 1
        assert harness.station.snapshot.firmware_version == old
        assert harness.status(1) == "Available"


@pytest.mark.parametrize("action", ["UpdateFirmware", "GetDiagnostics", "GetLog"])
async def test_a_pause_of_any_number_of_digits_stops_nothing(action: str, tmp_path: Path) -> None:
    where = "http://127.0.0.1:1/"
    many: dict[str, Any] = {"retries": 10**30, "retryInterval": 10**30}
    asked: dict[str, dict[str, Any]] = {
        "UpdateFirmware": {"location": where, "retrieveDate": "2026-01-01T00:00:00Z"},
        "GetDiagnostics": {"location": where},
        "GetLog": {"log": {"remoteLocation": where}, "logType": "SecurityLog", "requestId": 1},
    }
    async with Harness(model="generic", state=tmp_path) as harness:
        await harness.ask(action, **asked[action], **many)
        await harness.advance(60)
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        await charge(harness)
        assert await harness.ask("ClearCache") == {"status": "Accepted"}


@pytest.mark.row(119, "TC_044_2_CS")
async def test_a_download_that_succeeds_at_the_second_try_goes_on() -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.says["/v2.bin"] = [Says(503), Says(200, b"x")]
        await update(harness, files.url + "/v2.bin", retries=5, retryInterval=10)
        await harness.advance(11)
        assert told(harness) == [
            "Downloading",
            "DownloadFailed",
            "Downloading",
            "Downloaded",
            "Installing",
        ]


@pytest.mark.row(119, "TC_044_2_CS")
@pytest.mark.parametrize(
    ("says", "why"),
    [
        (Says(404), "HTTP 404: there is no such file"),
        (Says(500), "HTTP 500: the file server is in trouble"),
        (Says(200, b""), "the file is empty"),
        (Says(200, b"part", length=400), "the file broke off after 4 of 400 bytes"),
        (Says(200, b"x", length=10**12), "the file is larger than 268435456 bytes"),
        (Says(302, headers={"Location": "/v2.bin"}), "from one address to the next without end"),
        (Says(302, headers={"Location": "file:///etc/passwd"}), "no URL of http"),
        (Says(302, headers={"Location": "ftp://127.0.0.1/x"}), "sends from http to ftp"),
        (Says(302, headers={"Location": "http://[nonsense"}), "no URL"),
        (Says(302), "from one address to the next without end"),
    ],
)
async def test_what_a_file_server_may_do_wrong(says: Says, why: str) -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.says["/v2.bin"] = [says]
        await update(harness, files.url + "/v2.bin")
        assert told(harness) == ["Downloading", "DownloadFailed"]
        assert why in harness.station.snapshot.firmware.trouble
        assert len(files.asked) <= 6


@pytest.mark.row(119, "TC_044_2_CS")
@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "/etc/passwd",
        "data:,x",
        "http://",
        "http://127.0.0.1:99999/x",
        "gopher://127.0.0.1/x",
        "http://127.0.0.1/\r\nHost: other",
        "ftp://127.0.0.1/a%0d%0aDELE%20b",
        "test",
        "",
        "http://127.0.0.1:1/" + "x" * 5_000,
        "[red]http://x[/red]",
    ],
)
async def test_a_location_that_leads_nowhere(location: str) -> None:
    async with Harness() as harness:
        await update(harness, location)
        assert told(harness) == ["Downloading", "DownloadFailed"]
        trouble = harness.station.snapshot.firmware.trouble
        assert trouble.isprintable()
        assert location == "" or location not in trouble
        assert harness.csms.connections == 1


@pytest.mark.row(119, "TC_044_2_CS")
async def test_a_file_server_that_says_nothing_more() -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.says["/v2.bin"] = [Says(200, b"half", length=8, stalls=True)]
        harness.ignores_files = True
        await update(harness, files.url + "/v2.bin", retries=1, retryInterval=5)
        for tries in (1, 2):
            await until(
                harness,
                lambda tries=tries: (  # type: ignore[misc]
                    harness.station.snapshot.firmware.percent == 50 and len(files.asked) == tries
                ),
            )
            assert harness.station.snapshot.firmware.status == "Downloading"
            await harness.advance(1_801)
            assert harness.station.snapshot.firmware.trouble == "it took longer than 1800 s"
            await harness.advance(5)
        assert told(harness) == ["Downloading", "DownloadFailed"] * 2
        assert isinstance(await harness.submit(Plug(1)), Accepted)


@pytest.mark.row(119, "TC_044_3_CS")
@pytest.mark.parametrize(
    "file",
    [
        firmware("2.0", fails=True),
        firmware(""),
        firmware("2.0", install_s=-1),
        firmware("2.0", unknown=1),
        b'{"chargeforge_firmware": 1, "version": ',
        b"chargeforge_firmware = 2\nversion = '2.0'\n",
        firmware("x") + b" " * 70_000,
    ],
)
async def test_an_image_that_cannot_be_installed_leaves_the_old_version(file: bytes) -> None:
    async with HttpFiles() as files, Harness() as harness:
        old = version(harness)
        await update(harness, files.put("/v2.bin", file))
        assert told(harness) == ["Downloading", "Downloaded", "Installing"]
        await harness.advance(install_s(harness))
        assert told(harness) == ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
        assert len(harness.csms.of(BOOT)) == 2, "it reboots"
        assert version(harness) == old
        assert harness.status(1) == "Available"
        seen = harness.station.snapshot.firmware
        assert (seen.status, seen.active) == ("InstallationFailed", False)
        assert "firmware file" in seen.trouble


POWERED_OFF = {
    "waits for its date": (100, ["Downloading", "Downloaded", "Installing", "Installed"], "v2"),
    "is on its way": (0, ["DownloadFailed"], None),
    "waits for a session": (0, ["Installing", "Installed"], "v2"),
    "is installed": (0, ["InstallationFailed"], None),
    "is in place": (0, ["Installed"], "v2"),
}


@pytest.mark.row(119, "TC_044_3_CS")
@pytest.mark.parametrize(
    ("how", "moment"),
    [
        (how, moment)
        for how in ("cut", "switch", "reset")
        for moment in POWERED_OFF
        if not (how == "reset" and moment in ("is installed", "is in place"))  # it is Rejected then
    ],
)
async def test_the_power_fails_while_the_firmware(moment: str, how: str, tmp_path: Path) -> None:
    wait_s, expected, new = POWERED_OFF[moment]
    async with HttpFiles() as files, Harness(state=tmp_path) as harness:
        old = version(harness)
        location = files.put("/v2.bin", b"x")
        if moment == "waits for a session":
            await charge(harness)
        if moment == "is on its way":
            files.says["/v2.bin"] = [Says(200, b"half", length=8, stalls=True)]
            harness.ignores_files = True
        await update(harness, location, in_s=wait_s)
        if moment == "is on its way":
            await until(harness, lambda: bool(files.asked))
        if moment == "is in place":
            await harness.advance(harness.timing.install_s + 0.01)
        harness.csms.clear()
        if how == "reset":
            assert await harness.ask("Reset", type="Hard") == {"status": "Accepted"}
            await harness.advance((harness.timing.hard_reboot_s or harness.timing.reboot_s) + 1)
        elif how == "cut":
            await harness.power_cut()
            await harness.power_on()
            await harness.settle()
        else:
            await harness.submit(PowerOff())
            assert not harness.station.snapshot.firmware.active or new
            await harness.advance(60)
            await harness.submit(PowerOn())
        await harness.advance(wait_s + install_s(harness))
        assert told(harness) == expected
        assert version(harness) == (new or old)
        assert harness.station.snapshot.firmware.status == expected[-1]
        assert not harness.station.snapshot.firmware.active
        # And that was all: it is not told, nor done, a second time.
        harness.csms.clear()
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        await harness.advance(install_s(harness))
        assert told(harness) == []
        assert len(harness.csms.of(BOOT)) == 1
        assert version(harness) == (new or old)


@pytest.mark.row(81, "S§4.4")
async def test_what_an_offline_csms_misses_is_not_kept_for_it() -> None:
    async with HttpFiles() as files, Harness() as harness:
        await update(harness, files.put("/v2.bin", b"x"), in_s=60)
        await harness.ask(
            "GetDiagnostics", location=files.url + "/none", retries=5, retryInterval=60
        )
        harness.csms.clear()
        await harness.submit(LinkDown())
        await harness.advance(harness.timing.install_s / 2 + 60)
        assert harness.station.snapshot.firmware.status == "Installing", "it goes on all the same"
        assert harness.station.snapshot.upload.status == "UploadFailed"
        await harness.submit(LinkUp())
        assert (told(harness), told(harness, SENT)) == ([], [])
        await harness.advance(install_s(harness))
        assert told(harness) == ["Installed"], "that is news of the boot"


# -- GetDiagnostics ----------------------------------------------------------------------------


async def diagnose(harness: Harness, location: str, **more: Any) -> str | None:
    """The CSMS asks for diagnostics; returns what the file is called."""
    name = (await harness.ask("GetDiagnostics", location=location, **more)).get("fileName")
    assert name is None or isinstance(name, str)
    return name


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(name).decode().splitlines()]


@pytest.mark.row(120, "TC_045_1_CS")
@pytest.mark.parametrize("folder", ["/logs", "/logs/"])
async def test_diagnostics_are_handed_in(folder: str) -> None:
    async with HttpFiles() as files, Harness(keys={"Password": "swordfish"}) as harness:
        files.otherwise = Says(201)
        await harness.ask("ChangeConfiguration", key="AuthorizationKey", value="0123456789abcdef")
        await harness.settle()
        await charge(harness)
        name = await diagnose(harness, files.url.replace("//", "//me:s3cret@") + folder)
        assert name == f"CP01_{harness.clock.now():%Y%m%d%H%M%S}.zip"
        assert told(harness, SENT) == ["Uploading", "Uploaded"]
        (asked,) = files.asked
        assert (asked.verb, asked.path) == ("PUT", f"/logs/{name}")
        assert asked.headers["authorization"] == "Basic bWU6czNjcmV0"
        seen = harness.station.snapshot.upload
        assert (seen.status, seen.active, seen.file_name) == ("Uploaded", False, name)
        archive = zipfile.ZipFile(io.BytesIO(asked.body))
        assert archive.testzip() is None
        messages = rows(archive, "messages.jsonl")
        actions = [row["action"] for row in messages]
        assert actions[0] == BOOT
        assert {"StartTransaction", "ChangeConfiguration"} <= set(actions)
        boot = next(row for row in messages if row["action"] == BOOT)
        assert json.loads(boot["request"])[3] == payloads_of_boot(harness)
        assert boot["state"] == "answered"
        assert rows(archive, "events.jsonl")
        state = json.loads(archive.read("state.json"))
        assert [one["status"] for one in state["connectors"]] == ["Charging", "Available"]
        assert state["firmwareVersion"] == harness.station.snapshot.firmware_version
        assert state["journal"]["waiting"] == 0
        keys = {row["key"] for row in json.loads(archive.read("configuration.json"))}
        assert {"HeartbeatInterval", "Password"} <= keys
        assert json.loads(archive.read("versions.json"))["ocpp"]
        whole = b"".join(archive.read(part) for part in archive.namelist()).decode()
        for secret in ("s3cret", "0123456789abcdef", "swordfish"):
            assert secret not in whole, "there is no secret in it"


def payloads_of_boot(harness: Harness) -> dict[str, Any]:
    return json.loads(next(one.request for one in harness.messages.since(0)[1]))[3]  # type: ignore[no-any-return]


@pytest.mark.row(120, "TC_045_1_CS")
async def test_diagnostics_by_ftp() -> None:
    async with FtpFiles("me", "s3cret") as files, Harness() as harness:
        name = await diagnose(harness, files.url + "/logs")
        assert told(harness, SENT) == ["Uploading", "Uploaded"]
        assert zipfile.is_zipfile(io.BytesIO(files.files[f"logs/{name}"]))
        assert f"STOR logs/{name}" in files.commands


@pytest.mark.row(120, "TC_045_1_CS")
async def test_a_server_that_takes_no_put_gets_a_post() -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.otherwise = Says(405)
        files.says["/upload"] = [Says(307, headers={"Location": "/real"})]
        files.says["/real"] = [Says(200)]
        name = await diagnose(harness, files.url + "/upload")
        assert told(harness, SENT) == ["Uploading", "Uploaded"]
        assert [(one.verb, one.path) for one in files.asked] == [
            ("PUT", f"/upload/{name}"),
            ("POST", "/upload"),
            ("POST", "/real"),
        ]
        assert files.asked[-1].headers["content-disposition"] == f'attachment; filename="{name}"'
        assert zipfile.is_zipfile(io.BytesIO(files.asked[-1].body))


@pytest.mark.row(120, "TC_045_1_CS")
async def test_an_address_that_was_signed_beforehand_is_taken_as_it_is() -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.otherwise = Says(200)
        await diagnose(harness, files.url + "/bucket/object?X-Signature=abc")
        assert [(one.verb, one.path) for one in files.asked] == [
            ("PUT", "/bucket/object?X-Signature=abc")
        ]
        assert "X-Signature" not in str(harness.events.since(0)), "what opens a door is not told"


@pytest.mark.row(120, "TC_045_1_CS")
async def test_only_of_the_time_that_was_asked_for() -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.otherwise = Says(200)
        start = harness.clock.now() + timedelta(seconds=100)
        await harness.advance(100)
        await harness.ask("GetLocalListVersion")
        await harness.advance(100)
        stop = harness.clock.now()
        await harness.advance(100)
        await harness.ask("ClearCache")
        window = {"startTime": stamp(start), "stopTime": stamp(stop)}
        assert await diagnose(harness, files.url, **window)
        archive = zipfile.ZipFile(io.BytesIO(files.asked[0].body))
        assert [row["action"] for row in rows(archive, "messages.jsonl")] == ["GetLocalListVersion"]
        about = json.loads(archive.read("about.json"))
        assert (about["messages"], about["messagesLeftOut"]) == (1, 0)


@pytest.mark.row(120, "TC_045_1_CS")
async def test_nothing_to_hand_in_is_an_answer_without_a_name() -> None:
    async with HttpFiles() as files, Harness() as harness:
        until_ = stamp(harness.clock.now() - timedelta(days=1))
        assert await diagnose(harness, files.url, stopTime=until_) is None
        assert (files.asked, told(harness, SENT)) == ([], [])


@pytest.mark.row(120, "TC_045_2_CS")
@pytest.mark.parametrize("location", ["", "file:///tmp", "test", "http://127.0.0.1:1/x"])
async def test_an_upload_that_fails_is_tried_again_as_often_as_was_said(location: str) -> None:
    async with Harness() as harness:
        assert await diagnose(harness, location, retries=2, retryInterval=30)
        assert told(harness, SENT) == ["Uploading", "UploadFailed"]
        seen = harness.station.snapshot.upload
        assert seen.active
        assert seen.due_at == harness.clock.now() + timedelta(seconds=30)
        assert seen.trouble.isprintable()
        await harness.advance(29)
        assert told(harness, SENT) == ["Uploading", "UploadFailed"]
        await harness.advance(10_000)
        assert told(harness, SENT) == ["Uploading", "UploadFailed"] * 3
        assert not harness.station.snapshot.upload.active


@pytest.mark.row(120, "TC_045_2_CS")
@pytest.mark.parametrize(
    ("says", "why"),
    [
        (Says(401), "HTTP 401: the file server asks for another password"),
        (Says(413), "HTTP 413: the file server finds the file too large"),
        (Says(501), "HTTP 501"),
        (Says(303, headers={"Location": "/thanks"}), "HTTP 303"),
        (Says(308, headers={"Location": "ftp://127.0.0.1/"}), "sends from http to ftp"),
    ],
)
async def test_what_takes_no_file(says: Says, why: str) -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.otherwise = says
        assert await diagnose(harness, files.url)
        assert told(harness, SENT) == ["Uploading", "UploadFailed"]
        assert why in harness.station.snapshot.upload.trouble


@pytest.mark.row(120, "TC_045_2_CS")
@pytest.mark.parametrize(
    ("refuses", "why"),
    [
        ({"PASS": "530 wrong: s3cret"}, "FTP 530: the file server refuses the login"),
        ({"STOR": "553 no"}, "FTP 553: the file server forbids the file's name"),
        ({"TYPE": "nonsense"}, "the file server does not speak FTP"),
        ({"STOR": "150-\r\n" + "x\r\n" * 2_000 + "150 go"}, "the file server does not speak FTP"),
    ],
)
async def test_what_an_ftp_server_may_do_wrong(refuses: dict[str, str], why: str) -> None:
    async with FtpFiles("me", "s3cret") as files, Harness() as harness:
        files.refuses = refuses
        assert await diagnose(harness, files.url)
        assert told(harness, SENT) == ["Uploading", "UploadFailed"]
        assert why in harness.station.snapshot.upload.trouble
        assert "s3cret" not in str(harness.events.since(0))


@pytest.mark.row(119, "TC_044_2_CS")
async def test_an_ftp_file_that_breaks_off() -> None:
    async with FtpFiles() as files, Harness() as harness:
        files.files["v2.bin"] = bytes(1_000)
        files.breaks_off = True
        await update(harness, files.url + "/v2.bin")
        assert told(harness) == ["Downloading", "DownloadFailed"]
        assert harness.station.snapshot.firmware.trouble == "FTP 426: the file server refuses it"
        await update(harness, files.url + "/none.bin")
        assert harness.station.snapshot.firmware.trouble.startswith(
            "FTP 550: there is no such file"
        )


@pytest.mark.row(120, "TC_045_2_CS")
@pytest.mark.parametrize("how", ["cut", "switch", "reset"])
async def test_an_upload_that_a_boot_has_ended_has_failed(how: str, tmp_path: Path) -> None:
    async with Harness(state=tmp_path) as harness:
        await diagnose(harness, "http://127.0.0.1:1/", retries=1, retryInterval=5)
        harness.csms.clear()
        if how == "cut":
            await harness.power_cut()
            await harness.power_on()
            await harness.settle()
        elif how == "switch":
            await harness.submit(PowerOff())
            await harness.submit(PowerOn())
        else:
            await harness.ask("Reset", type="Soft")
        await harness.advance(harness.timing.reboot_s + 60)
        assert told(harness, SENT) == ["UploadFailed"]
        assert harness.csms.actions()[0] == BOOT
        assert not harness.station.snapshot.upload.active


@pytest.mark.row(120, "TC_045_1_CS")
async def test_a_newer_request_takes_the_place_of_an_upload() -> None:
    async with HttpFiles() as files, Harness() as harness:
        files.otherwise = Says(200)
        await diagnose(harness, "http://127.0.0.1:1/", retries=100, retryInterval=10)
        await harness.advance(5)
        name = await diagnose(harness, files.url)
        await harness.advance(100)
        assert told(harness, SENT) == ["Uploading", "UploadFailed", "Uploading", "Uploaded"]
        assert harness.station.snapshot.upload.file_name == name


# -- TriggerMessage ----------------------------------------------------------------------------


@pytest.mark.row(105, "TC_054_CS")
@pytest.mark.parametrize("action", [TOLD, SENT])
async def test_a_triggered_status_is_idle_when_nothing_is_under_way(action: str) -> None:
    async with Harness() as harness:
        harness.csms.clear()
        harness.csms.frames.clear()
        assert await harness.ask("TriggerMessage", requestedMessage=action) == {
            "status": "Accepted"
        }
        assert told(harness, action) == ["Idle"]
        answer, call = (json.loads(frame) for frame in harness.csms.frames)
        assert (answer[0], call[0]) == (3, 2), "the answer first"


@pytest.mark.row(105, "TC_054_CS")
async def test_a_triggered_status_tells_what_is_under_way() -> None:
    async with HttpFiles() as files, Harness() as harness:
        await update(harness, files.put("/v2.bin", b"x"), in_s=60)
        await harness.ask("TriggerMessage", requestedMessage=TOLD)
        assert told(harness) == ["Idle"], "it waits for its date"
        await harness.advance(60)
        harness.csms.clear()
        await harness.ask("TriggerMessage", requestedMessage=TOLD)
        assert told(harness) == ["Installing"]
        await harness.advance(install_s(harness))
        harness.csms.clear()
        await harness.ask("TriggerMessage", requestedMessage=TOLD)
        assert told(harness) == ["Idle"], "it is over"
        await diagnose(harness, "http://127.0.0.1:1/", retries=1)
        harness.csms.clear()
        await harness.ask("TriggerMessage", requestedMessage=SENT)
        assert told(harness, SENT) == ["UploadFailed"], "it is tried again"


@pytest.mark.row(106, "TC_055_CS")
async def test_without_the_profile_nothing_of_it_is_known() -> None:
    async with Harness(keys={"SupportedFeatureProfiles": "Core,RemoteTrigger"}) as harness:
        for action in (TOLD, SENT):
            answer = await harness.ask("TriggerMessage", requestedMessage=action)
            assert answer == {"status": "NotImplemented"}
        order = {"location": "x", "retrieveDate": stamp(harness.clock.now())}
        refused = await harness.csms.ask_raw("UpdateFirmware", order)
        assert (refused[0], refused[2]) == (4, "NotSupported"), "its answer could only promise it"
        assert await harness.ask("GetDiagnostics", location="x") == {}, (
            "there is nothing to hand in"
        )
    async with Harness() as harness:
        profiles = (await read_key(harness, "SupportedFeatureProfiles"))["value"]
        assert "FirmwareManagement" in profiles.split(",")


# -- what is not well-formed -------------------------------------------------------------------


@pytest.mark.row(118, "TC_044_1_CS")
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "ProtocolError"),
        ({"location": "http://x/y"}, "ProtocolError"),
        ({"location": "http://x/y", "retrieveDate": None}, "TypeConstraintViolation"),
        ({"location": 7, "retrieveDate": "2026-01-01T00:00:00Z"}, "TypeConstraintViolation"),
        ({"location": "http://x/y", "retrieveDate": "soon"}, "PropertyConstraintViolation"),
        (
            {"location": "http://x/y", "retrieveDate": "2026-01-01T00:00:00Z", "self": 1},
            "FormationViolation",
        ),
    ],
)
async def test_an_order_that_is_not_well_formed(payload: dict[str, Any], code: str) -> None:
    async with Harness() as harness:
        answer = await harness.csms.ask_raw("UpdateFirmware", payload)
        assert (answer[0], answer[2]) == (4, code)
        assert not harness.station.snapshot.firmware.active


@pytest.mark.row(118, "TC_044_1_CS")
@pytest.mark.parametrize("date", [{}, {"retrieveDate": None}])
@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "ProtocolError"),
        ({"location": None}, "TypeConstraintViolation"),
        ({"location": 7}, "TypeConstraintViolation"),
        ({"location": ["http://x/y"]}, "TypeConstraintViolation"),
        ({"location": "http://x/y", "retries": "3"}, "TypeConstraintViolation"),
        ({"location": "http://x/y", "self": 1}, "FormationViolation"),
        ({"location": "http://x/y"}, None),
    ],
)
async def test_a_make_that_takes_no_date_wants_a_location_all_the_same(
    payload: dict[str, Any], code: str | None, date: dict[str, Any]
) -> None:
    async with Harness(model="gresgying-f3-eu180", quirks="mute_transfers") as harness:
        kind, _, *said = await harness.csms.ask_raw("UpdateFirmware", {**payload, **date})
        assert (kind, said[0]) == ((4, code) if code else (3, {}))
        assert (code is None) == (harness.station.snapshot.firmware.status != "Idle")
