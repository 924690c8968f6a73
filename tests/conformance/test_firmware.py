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
from sim_core.ocpp16.timestamps import stamp
from tests.conformance.acts import charge, checked, payloads, read_key
from tests.file_servers import FtpFiles, HttpFiles, Says
from tests.pair import Pair

TOLD = "FirmwareStatusNotification"
SENT = "DiagnosticsStatusNotification"
BOOT = "BootNotification"
OUT_OF_SERVICE = [f"StatusNotification {number} Unavailable" for number in (0, 1, 2)]


def firmware(version: str = "9.9.9", **more: Any) -> bytes:
    """A firmware file that says what it is."""
    return json.dumps({"chargeforge_firmware": 1, "version": version, **more}).encode()


async def update(pair: Pair, location: str, in_s: float = 0.0, **more: Any) -> None:
    """The CSMS orders an update; nothing has happened yet when this returns."""
    at = stamp(pair.clock.now() + timedelta(seconds=in_s))
    answer = await pair.ask("UpdateFirmware", location=location, retrieveDate=at, **more)
    assert answer == {}


async def until(pair: Pair, holds: Callable[[], bool]) -> None:
    """Return once something is so that a file server has a part in."""

    async def wait() -> None:
        while not holds():
            await pair.settle()

    await asyncio.wait_for(wait(), 5)


def told(pair: Pair, action: str = TOLD) -> list[str]:
    """The statuses that the CSMS was told of."""
    return [payload["status"] for payload in payloads(pair, action)]


def version(pair: Pair) -> str:
    """The firmware that BootNotification has told of last."""
    return str(payloads(pair, BOOT)[-1]["firmwareVersion"])


def install_s(pair: Pair) -> float:
    """More than an installation and the boot take."""
    return pair.timing.install_s + pair.timing.reboot_s + pair.timing.boot_s + 1


# -- UpdateFirmware ----------------------------------------------------------------------------


@pytest.mark.row(118, "TC_044_1_CS")
async def test_an_update_is_told_step_by_step_and_ends_with_the_new_version_booting() -> None:
    async with HttpFiles() as files, Pair() as pair:
        pair.csms.clear()
        await update(pair, files.put("/fw/v2.bin", b"any file"))
        assert told(pair) == ["Downloading", "Downloaded", "Installing"]
        said = pair.csms.actions()
        assert said[:2] == [TOLD, TOLD]
        assert sorted(said[2:5]) == OUT_OF_SERVICE, "before it is installed"
        assert said[5:] == [TOLD]
        pair.csms.clear()
        await pair.advance(install_s(pair))
        assert pair.csms.actions()[0] == BOOT
        assert sorted(pair.csms.actions()[1:4]) == [
            f"StatusNotification {number} Available" for number in (0, 1, 2)
        ]
        assert told(pair) == ["Installed"]
        assert pair.csms.actions()[-1] == TOLD
        assert version(pair) == "v2", "a file's name is its version"
        assert pair.station.snapshot.firmware_version == "v2"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_firmware_file_may_say_its_version_and_how_long_it_takes() -> None:
    async with HttpFiles() as files, Pair() as pair:
        await update(pair, files.put("/v2.bin", firmware("C2089_V3", install_s=500)))
        await pair.advance(499)
        assert told(pair)[-1] == "Installing"
        seen = pair.station.snapshot.firmware
        assert (seen.status, seen.active, seen.version) == ("Installing", True, "C2089_V3")
        assert seen.due_at is not None
        await pair.advance(install_s(pair))
        assert told(pair)[-1] == "Installed"
        assert version(pair) == "C2089_V3"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_nothing_is_fetched_before_its_date() -> None:
    async with HttpFiles() as files, Pair() as pair:
        await update(pair, files.put("/v2.bin", b"x"), in_s=3600)
        await pair.advance(3590)
        assert (files.asked, told(pair)) == ([], [])
        seen = pair.station.snapshot.firmware
        assert (seen.status, seen.active) == ("Idle", True)
        assert seen.due_at == pair.clock.now() + timedelta(seconds=10)
        await pair.advance(11)
        assert [one.path for one in files.asked] == ["/v2.bin"]
        assert told(pair) == ["Downloading", "Downloaded", "Installing"]


@pytest.mark.row(118, "TC_044_1_CS")
async def test_the_date_is_one_of_the_clock_that_the_csms_has_set() -> None:
    async with HttpFiles() as files, Pair() as pair:
        await update(pair, files.put("/v2.bin", b"x"), in_s=3600)
        later = stamp(pair.clock.now() + timedelta(seconds=3000))
        pair.csms.script["Heartbeat"].append({"currentTime": later})
        await pair.ask("TriggerMessage", requestedMessage="Heartbeat")
        await pair.advance(590)
        assert told(pair) == []
        await pair.advance(11)
        assert told(pair) == ["Downloading", "Downloaded", "Installing"]


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_running_transaction_is_waited_for() -> None:
    async with HttpFiles() as files, Pair() as pair:
        await charge(pair)
        await update(pair, files.put("/v2.bin", b"x"))
        assert told(pair) == ["Downloading", "Downloaded"]
        assert (pair.status(1), pair.status(2)) == ("Charging", "Unavailable")
        assert "connector 1" in pair.station.snapshot.firmware.trouble
        await pair.submit(Plug(2))
        refused = await pair.submit(Start(2, "TAG"))
        assert refused == Refused("connector 2 waits for new firmware: try again after the reboot")
        await pair.advance(120)
        assert told(pair) == ["Downloading", "Downloaded"]
        assert pair.csms.of("StopTransaction") == []
        await pair.submit(Stop(1))
        assert told(pair) == ["Downloading", "Downloaded", "Installing"]
        assert pair.status(1) == "Unavailable"
        stop = pair.csms.actions().index("StopTransaction")
        last = max(i for i, action in enumerate(pair.csms.actions()) if action == TOLD)
        assert stop < last
        await pair.advance(install_s(pair))
        assert version(pair) == "v2"
        assert (pair.status(1), pair.status(2)) == ("Finishing", "Preparing")
        await pair.submit(Unplug(1))
        await pair.submit(Plug(1))
        assert isinstance(await pair.submit(Start(1, "TAG")), Accepted)


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_vehicle_that_only_stands_there_holds_nothing_up() -> None:
    async with HttpFiles() as files, Pair() as pair:
        await pair.submit(Plug(1))
        pair.csms.clear()
        await update(pair, files.put("/v2.bin", b"x"))
        assert told(pair)[-1] == "Installing"
        said = [action for action in pair.csms.actions() if " 1 " in action]
        assert said == ["StatusNotification 1 Finishing", "StatusNotification 1 Unavailable"]
        await pair.advance(install_s(pair))
        assert pair.status(1) == "Preparing"
        assert isinstance(await pair.submit(Start(1, "TAG")), Accepted)


@pytest.mark.row(118, "TC_044_1_CS")
async def test_from_an_ftp_server_with_a_password(tmp_path: Path) -> None:
    async with FtpFiles("me", "s3cret%21") as files, Pair() as pair:
        files.files["fw/v3.img"] = bytes(200_000)
        await update(pair, f"{files.url.replace('%', '%25')}/fw/v3.img")
        assert told(pair) == ["Downloading", "Downloaded", "Installing"]
        await pair.advance(install_s(pair))
        assert version(pair) == "v3"
        known = str(pair.messages.since(0)) + str(pair.events.since(0)) + str(pair.station.snapshot)
        assert "s3cret" not in known, "a password is nowhere to be read"
        assert "(hidden)@127.0.0.1" in known


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_new_version_lasts(tmp_path: Path) -> None:
    async with HttpFiles() as files, Pair(state=tmp_path) as pair:
        await update(pair, files.put("/v2.bin", b"x"))
        await pair.advance(install_s(pair))
        await pair.power_cut()
        await pair.power_on()
        await pair.settle()
        assert version(pair) == "v2"
        assert told(pair)[-1] == "Installed"
        assert told(pair).count("Installed") == 1
    # An operator who gives the charge point other firmware has the last word.
    identity = replace(pair.model.identity, firmware_version="by hand")
    async with Pair(state=tmp_path, model=replace(pair.model, identity=identity)) as pair:
        assert version(pair) == "by hand"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_while_it_is_installed_nothing_else_may_happen() -> None:
    async with HttpFiles() as files, Pair() as pair:
        location = files.put("/v2.bin", b"x")
        await update(pair, location)
        assert await pair.ask("Reset", type="Hard") == {"status": "Rejected"}
        assert await pair.ask("RemoteStartTransaction", idTag="TAG") == {"status": "Rejected"}
        at = stamp(pair.clock.now())
        order = {"location": location, "retrieveDate": at}
        answer = await pair.csms.ask_raw("UpdateFirmware", order)
        assert (answer[0], answer[2]) == (4, "GenericError")
        await pair.submit(Plug(1))
        assert pair.status(1) == "Unavailable"
        await pair.advance(install_s(pair))
        assert told(pair) == ["Downloading", "Downloaded", "Installing", "Installed"]
        assert pair.status(1) == "Preparing"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_newer_order_takes_the_place_of_one_that_waits() -> None:
    async with HttpFiles() as files, Pair() as pair:
        await update(pair, files.put("/v2.bin", b"x"), in_s=100)
        await update(pair, files.put("/v3.bin", b"x"), in_s=200)
        await pair.advance(110)
        assert files.asked == []
        await charge(pair)
        await pair.advance(100)
        assert told(pair) == ["Downloading", "Downloaded"]
        assert pair.status(2) == "Unavailable"
        await update(pair, files.put("/v4.bin", b"x"), in_s=100)
        assert pair.status(2) == "Available", "nothing waits for the end of the session any more"
        await pair.submit(Stop(1))
        await pair.advance(100 + install_s(pair))
        assert [one.path for one in files.asked] == ["/v3.bin", "/v4.bin"]
        assert version(pair) == "v4"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_newer_order_takes_the_place_of_one_that_is_on_its_way() -> None:
    """Of the older one nothing more is heard, neither a file nor a word."""
    async with HttpFiles() as files, Pair() as pair:
        files.says["/a.bin"] = [Says(200, b"half", length=8, stalls=True)]
        pair.ignores_files = True
        await update(pair, files.url + "/a.bin", retries=3, retryInterval=5)
        await until(pair, lambda: pair.station.snapshot.firmware.percent == 50)
        await update(pair, files.put("/b.bin", b"x"), in_s=60)
        seen = pair.station.snapshot.firmware
        assert (seen.status, seen.active) == ("Idle", True)
        await pair.advance(50)
        assert [one.path for one in files.asked] == ["/a.bin"], "it is not tried again"
        pair.ignores_files = False
        await pair.advance(60 + install_s(pair))
        assert [one.path for one in files.asked] == ["/a.bin", "/b.bin"]
        statuses = ["Downloading", "Downloading", "Downloaded", "Installing", "Installed"]
        assert told(pair) == statuses
        assert version(pair) == "b"
        await pair.advance(4_000)
        assert told(pair) == statuses


@pytest.mark.row(118, "TC_044_1_CS")
async def test_its_own_card_stops_while_new_firmware_waits() -> None:
    async with HttpFiles() as files, Pair() as pair:
        await charge(pair, 1, "MINE")
        await update(pair, files.put("/v2.bin", b"x"))
        assert told(pair) == ["Downloading", "Downloaded"]
        assert isinstance(await pair.submit(Swipe(1, "OTHER")), Refused)
        assert await pair.submit(Swipe(1, "mine")) == Accepted("stopped")
        (stop,) = payloads(pair, "StopTransaction")
        assert (stop["reason"], stop["idTag"]) == ("Local", "MINE")
        assert told(pair)[-1] == "Installing"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_a_later_order_leaves_what_has_ended_since_as_it_is() -> None:
    """What an installation has done to a vehicle that only stood there is over with the boot."""
    async with HttpFiles() as files, Pair() as pair:
        await pair.submit(Plug(1))
        await update(pair, files.put("/v2.bin", b"x"))
        await pair.advance(install_s(pair))
        assert pair.status(1) == "Preparing"
        assert isinstance(await pair.submit(Start(1, "TAG")), Accepted)
        await checked(pair)
        await pair.submit(Stop(1))
        pair.csms.clear()
        await update(pair, files.put("/v3.bin", b"x"), in_s=3600)
        assert pair.csms.actions() == []
        assert pair.status(1) == "Finishing"


@pytest.mark.row(118, "TC_044_1_CS")
async def test_what_an_order_has_taken_out_of_service_comes_back_with_the_next() -> None:
    """§4.9 H2: from Unavailable no way leads to Finishing."""
    async with HttpFiles() as files, Pair() as pair:
        await charge(pair, 1)
        await charge(pair, 2)
        await pair.submit(Stop(2))
        await update(pair, files.put("/v2.bin", b"x"))
        assert pair.status(2) == "Unavailable"
        await update(pair, files.put("/v3.bin", b"x"), in_s=3600)
        assert pair.status(2) == "Preparing"


# -- what goes wrong ---------------------------------------------------------------------------


@pytest.mark.row(119, "TC_044_2_CS")
async def test_a_download_that_fails_is_tried_again_as_often_as_was_said() -> None:
    async with HttpFiles() as files, Pair() as pair:
        old = version(pair)
        await update(pair, files.url + "/none.bin", retries=2, retryInterval=60)
        assert told(pair) == ["Downloading", "DownloadFailed"]
        seen = pair.station.snapshot.firmware
        assert (seen.active, seen.trouble) == (True, "HTTP 404: there is no such file")
        assert seen.due_at == pair.clock.now() + timedelta(seconds=60)
        await pair.advance(59)
        assert len(files.asked) == 1
        await pair.advance(2)
        assert len(files.asked) == 2
        await pair.advance(10_000)
        assert told(pair) == ["Downloading", "DownloadFailed"] * 3
        assert not pair.station.snapshot.firmware.active
        assert len(pair.csms.of(BOOT)) == 1
        assert pair.station.snapshot.firmware_version == old
        assert pair.status(1) == "Available"


@pytest.mark.parametrize("action", ["UpdateFirmware", "GetDiagnostics", "GetLog"])
async def test_a_pause_of_any_number_of_digits_stops_nothing(action: str, tmp_path: Path) -> None:
    where = "http://127.0.0.1:1/"
    many: dict[str, Any] = {"retries": 10**30, "retryInterval": 10**30}
    asked: dict[str, dict[str, Any]] = {
        "UpdateFirmware": {"location": where, "retrieveDate": "2026-01-01T00:00:00Z"},
        "GetDiagnostics": {"location": where},
        "GetLog": {"log": {"remoteLocation": where}, "logType": "SecurityLog", "requestId": 1},
    }
    async with Pair(model="generic", state=tmp_path) as pair:
        await pair.ask(action, **asked[action], **many)
        await pair.advance(60)
        await pair.power_cut()
        await pair.power_on()
        await pair.settle()
        await charge(pair)
        assert await pair.ask("ClearCache") == {"status": "Accepted"}


@pytest.mark.row(119, "TC_044_2_CS")
async def test_a_download_that_succeeds_at_the_second_try_goes_on() -> None:
    async with HttpFiles() as files, Pair() as pair:
        files.says["/v2.bin"] = [Says(503), Says(200, b"x")]
        await update(pair, files.url + "/v2.bin", retries=5, retryInterval=10)
        await pair.advance(11)
        assert told(pair) == [
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
    async with HttpFiles() as files, Pair() as pair:
        files.says["/v2.bin"] = [says]
        await update(pair, files.url + "/v2.bin")
        assert told(pair) == ["Downloading", "DownloadFailed"]
        assert why in pair.station.snapshot.firmware.trouble
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
    async with Pair() as pair:
        await update(pair, location)
        assert told(pair) == ["Downloading", "DownloadFailed"]
        trouble = pair.station.snapshot.firmware.trouble
        assert trouble.isprintable()
        assert location == "" or location not in trouble
        assert pair.csms.connections == 1


@pytest.mark.row(119, "TC_044_2_CS")
async def test_a_file_server_that_says_nothing_more() -> None:
    async with HttpFiles() as files, Pair() as pair:
        files.says["/v2.bin"] = [Says(200, b"half", length=8, stalls=True)]
        pair.ignores_files = True
        await update(pair, files.url + "/v2.bin", retries=1, retryInterval=5)
        for tries in (1, 2):
            await until(
                pair,
                lambda tries=tries: (  # type: ignore[misc]
                    pair.station.snapshot.firmware.percent == 50 and len(files.asked) == tries
                ),
            )
            assert pair.station.snapshot.firmware.status == "Downloading"
            await pair.advance(1_801)
            assert pair.station.snapshot.firmware.trouble == "it took longer than 1800 s"
            await pair.advance(5)
        assert told(pair) == ["Downloading", "DownloadFailed"] * 2
        assert isinstance(await pair.submit(Plug(1)), Accepted)


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
    async with HttpFiles() as files, Pair() as pair:
        old = version(pair)
        await update(pair, files.put("/v2.bin", file))
        assert told(pair) == ["Downloading", "Downloaded", "Installing"]
        await pair.advance(install_s(pair))
        assert told(pair) == ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
        assert len(pair.csms.of(BOOT)) == 2, "it reboots"
        assert version(pair) == old
        assert pair.status(1) == "Available"
        seen = pair.station.snapshot.firmware
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
    async with HttpFiles() as files, Pair(state=tmp_path) as pair:
        old = version(pair)
        location = files.put("/v2.bin", b"x")
        if moment == "waits for a session":
            await charge(pair)
        if moment == "is on its way":
            files.says["/v2.bin"] = [Says(200, b"half", length=8, stalls=True)]
            pair.ignores_files = True
        await update(pair, location, in_s=wait_s)
        if moment == "is on its way":
            await until(pair, lambda: bool(files.asked))
        if moment == "is in place":
            await pair.advance(pair.timing.install_s + 0.01)
        pair.csms.clear()
        if how == "reset":
            assert await pair.ask("Reset", type="Hard") == {"status": "Accepted"}
            await pair.advance((pair.timing.hard_reboot_s or pair.timing.reboot_s) + 1)
        elif how == "cut":
            await pair.power_cut()
            await pair.power_on()
            await pair.settle()
        else:
            await pair.submit(PowerOff())
            assert not pair.station.snapshot.firmware.active or new
            await pair.advance(60)
            await pair.submit(PowerOn())
        await pair.advance(wait_s + install_s(pair))
        assert told(pair) == expected
        assert version(pair) == (new or old)
        assert pair.station.snapshot.firmware.status == expected[-1]
        assert not pair.station.snapshot.firmware.active
        # And that was all: it is not told, nor done, a second time.
        pair.csms.clear()
        await pair.power_cut()
        await pair.power_on()
        await pair.settle()
        await pair.advance(install_s(pair))
        assert told(pair) == []
        assert len(pair.csms.of(BOOT)) == 1
        assert version(pair) == (new or old)


@pytest.mark.row(81, "S§4.4")
async def test_what_an_offline_csms_misses_is_not_kept_for_it() -> None:
    async with HttpFiles() as files, Pair() as pair:
        await update(pair, files.put("/v2.bin", b"x"), in_s=60)
        await pair.ask("GetDiagnostics", location=files.url + "/none", retries=5, retryInterval=60)
        pair.csms.clear()
        await pair.submit(LinkDown())
        await pair.advance(pair.timing.install_s / 2 + 60)
        assert pair.station.snapshot.firmware.status == "Installing", "it goes on all the same"
        assert pair.station.snapshot.upload.status == "UploadFailed"
        await pair.submit(LinkUp())
        assert (told(pair), told(pair, SENT)) == ([], [])
        await pair.advance(install_s(pair))
        assert told(pair) == ["Installed"], "that is news of the boot"


# -- GetDiagnostics ----------------------------------------------------------------------------


async def diagnose(pair: Pair, location: str, **more: Any) -> str | None:
    """The CSMS asks for diagnostics; returns what the file is called."""
    name = (await pair.ask("GetDiagnostics", location=location, **more)).get("fileName")
    assert name is None or isinstance(name, str)
    return name


def rows(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in archive.read(name).decode().splitlines()]


@pytest.mark.row(120, "TC_045_1_CS")
@pytest.mark.parametrize("folder", ["/logs", "/logs/"])
async def test_diagnostics_are_handed_in(folder: str) -> None:
    async with HttpFiles() as files, Pair(keys={"Password": "swordfish"}) as pair:
        files.otherwise = Says(201)
        await pair.ask("ChangeConfiguration", key="AuthorizationKey", value="0123456789abcdef")
        await pair.settle()
        await charge(pair)
        name = await diagnose(pair, files.url.replace("//", "//me:s3cret@") + folder)
        assert name == f"CP01_{pair.clock.now():%Y%m%d%H%M%S}.zip"
        assert told(pair, SENT) == ["Uploading", "Uploaded"]
        (asked,) = files.asked
        assert (asked.verb, asked.path) == ("PUT", f"/logs/{name}")
        assert asked.headers["authorization"] == "Basic bWU6czNjcmV0"
        seen = pair.station.snapshot.upload
        assert (seen.status, seen.active, seen.file_name) == ("Uploaded", False, name)
        archive = zipfile.ZipFile(io.BytesIO(asked.body))
        assert archive.testzip() is None
        messages = rows(archive, "messages.jsonl")
        actions = [row["action"] for row in messages]
        assert actions[0] == BOOT
        assert {"StartTransaction", "ChangeConfiguration"} <= set(actions)
        boot = next(row for row in messages if row["action"] == BOOT)
        assert json.loads(boot["request"])[3] == payloads_of_boot(pair)
        assert boot["state"] == "answered"
        assert rows(archive, "events.jsonl")
        state = json.loads(archive.read("state.json"))
        assert [one["status"] for one in state["connectors"]] == ["Charging", "Available"]
        assert state["firmwareVersion"] == pair.station.snapshot.firmware_version
        assert state["journal"]["waiting"] == 0
        keys = {row["key"] for row in json.loads(archive.read("configuration.json"))}
        assert {"HeartbeatInterval", "Password"} <= keys
        assert json.loads(archive.read("versions.json"))["ocpp"]
        whole = b"".join(archive.read(part) for part in archive.namelist()).decode()
        for secret in ("s3cret", "0123456789abcdef", "swordfish"):
            assert secret not in whole, "there is no secret in it"


def payloads_of_boot(pair: Pair) -> dict[str, Any]:
    return json.loads(next(one.request for one in pair.messages.since(0)[1]))[3]  # type: ignore[no-any-return]


@pytest.mark.row(120, "TC_045_1_CS")
async def test_diagnostics_by_ftp() -> None:
    async with FtpFiles("me", "s3cret") as files, Pair() as pair:
        name = await diagnose(pair, files.url + "/logs")
        assert told(pair, SENT) == ["Uploading", "Uploaded"]
        assert zipfile.is_zipfile(io.BytesIO(files.files[f"logs/{name}"]))
        assert f"STOR logs/{name}" in files.commands


@pytest.mark.row(120, "TC_045_1_CS")
async def test_a_server_that_takes_no_put_gets_a_post() -> None:
    async with HttpFiles() as files, Pair() as pair:
        files.otherwise = Says(405)
        files.says["/upload"] = [Says(307, headers={"Location": "/real"})]
        files.says["/real"] = [Says(200)]
        name = await diagnose(pair, files.url + "/upload")
        assert told(pair, SENT) == ["Uploading", "Uploaded"]
        assert [(one.verb, one.path) for one in files.asked] == [
            ("PUT", f"/upload/{name}"),
            ("POST", "/upload"),
            ("POST", "/real"),
        ]
        assert files.asked[-1].headers["content-disposition"] == f'attachment; filename="{name}"'
        assert zipfile.is_zipfile(io.BytesIO(files.asked[-1].body))


@pytest.mark.row(120, "TC_045_1_CS")
async def test_an_address_that_was_signed_beforehand_is_taken_as_it_is() -> None:
    async with HttpFiles() as files, Pair() as pair:
        files.otherwise = Says(200)
        await diagnose(pair, files.url + "/bucket/object?X-Signature=abc")
        assert [(one.verb, one.path) for one in files.asked] == [
            ("PUT", "/bucket/object?X-Signature=abc")
        ]
        assert "X-Signature" not in str(pair.events.since(0)), "what opens a door is not told"


@pytest.mark.row(120, "TC_045_1_CS")
async def test_only_of_the_time_that_was_asked_for() -> None:
    async with HttpFiles() as files, Pair() as pair:
        files.otherwise = Says(200)
        start = pair.clock.now() + timedelta(seconds=100)
        await pair.advance(100)
        await pair.ask("GetLocalListVersion")
        await pair.advance(100)
        stop = pair.clock.now()
        await pair.advance(100)
        await pair.ask("ClearCache")
        window = {"startTime": stamp(start), "stopTime": stamp(stop)}
        assert await diagnose(pair, files.url, **window)
        archive = zipfile.ZipFile(io.BytesIO(files.asked[0].body))
        assert [row["action"] for row in rows(archive, "messages.jsonl")] == ["GetLocalListVersion"]
        about = json.loads(archive.read("about.json"))
        assert (about["messages"], about["messagesLeftOut"]) == (1, 0)


@pytest.mark.row(120, "TC_045_1_CS")
async def test_nothing_to_hand_in_is_an_answer_without_a_name() -> None:
    async with HttpFiles() as files, Pair() as pair:
        until_ = stamp(pair.clock.now() - timedelta(days=1))
        assert await diagnose(pair, files.url, stopTime=until_) is None
        assert (files.asked, told(pair, SENT)) == ([], [])


@pytest.mark.row(120, "TC_045_2_CS")
@pytest.mark.parametrize("location", ["", "file:///tmp", "test", "http://127.0.0.1:1/x"])
async def test_an_upload_that_fails_is_tried_again_as_often_as_was_said(location: str) -> None:
    async with Pair() as pair:
        assert await diagnose(pair, location, retries=2, retryInterval=30)
        assert told(pair, SENT) == ["Uploading", "UploadFailed"]
        seen = pair.station.snapshot.upload
        assert seen.active
        assert seen.due_at == pair.clock.now() + timedelta(seconds=30)
        assert seen.trouble.isprintable()
        await pair.advance(29)
        assert told(pair, SENT) == ["Uploading", "UploadFailed"]
        await pair.advance(10_000)
        assert told(pair, SENT) == ["Uploading", "UploadFailed"] * 3
        assert not pair.station.snapshot.upload.active


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
    async with HttpFiles() as files, Pair() as pair:
        files.otherwise = says
        assert await diagnose(pair, files.url)
        assert told(pair, SENT) == ["Uploading", "UploadFailed"]
        assert why in pair.station.snapshot.upload.trouble


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
    async with FtpFiles("me", "s3cret") as files, Pair() as pair:
        files.refuses = refuses
        assert await diagnose(pair, files.url)
        assert told(pair, SENT) == ["Uploading", "UploadFailed"]
        assert why in pair.station.snapshot.upload.trouble
        assert "s3cret" not in str(pair.events.since(0))


@pytest.mark.row(119, "TC_044_2_CS")
async def test_an_ftp_file_that_breaks_off() -> None:
    async with FtpFiles() as files, Pair() as pair:
        files.files["v2.bin"] = bytes(1_000)
        files.breaks_off = True
        await update(pair, files.url + "/v2.bin")
        assert told(pair) == ["Downloading", "DownloadFailed"]
        assert pair.station.snapshot.firmware.trouble == "FTP 426: the file server refuses it"
        await update(pair, files.url + "/none.bin")
        assert pair.station.snapshot.firmware.trouble.startswith("FTP 550: there is no such file")


@pytest.mark.row(120, "TC_045_2_CS")
@pytest.mark.parametrize("how", ["cut", "switch", "reset"])
async def test_an_upload_that_a_boot_has_ended_has_failed(how: str, tmp_path: Path) -> None:
    async with Pair(state=tmp_path) as pair:
        await diagnose(pair, "http://127.0.0.1:1/", retries=1, retryInterval=5)
        pair.csms.clear()
        if how == "cut":
            await pair.power_cut()
            await pair.power_on()
            await pair.settle()
        elif how == "switch":
            await pair.submit(PowerOff())
            await pair.submit(PowerOn())
        else:
            await pair.ask("Reset", type="Soft")
        await pair.advance(pair.timing.reboot_s + 60)
        assert told(pair, SENT) == ["UploadFailed"]
        assert pair.csms.actions()[0] == BOOT
        assert not pair.station.snapshot.upload.active


@pytest.mark.row(120, "TC_045_1_CS")
async def test_a_newer_request_takes_the_place_of_an_upload() -> None:
    async with HttpFiles() as files, Pair() as pair:
        files.otherwise = Says(200)
        await diagnose(pair, "http://127.0.0.1:1/", retries=100, retryInterval=10)
        await pair.advance(5)
        name = await diagnose(pair, files.url)
        await pair.advance(100)
        assert told(pair, SENT) == ["Uploading", "UploadFailed", "Uploading", "Uploaded"]
        assert pair.station.snapshot.upload.file_name == name


# -- TriggerMessage ----------------------------------------------------------------------------


@pytest.mark.row(105, "TC_054_CS")
@pytest.mark.parametrize("action", [TOLD, SENT])
async def test_a_triggered_status_is_idle_when_nothing_is_under_way(action: str) -> None:
    async with Pair() as pair:
        pair.csms.clear()
        pair.csms.frames.clear()
        assert await pair.ask("TriggerMessage", requestedMessage=action) == {"status": "Accepted"}
        assert told(pair, action) == ["Idle"]
        answer, call = (json.loads(frame) for frame in pair.csms.frames)
        assert (answer[0], call[0]) == (3, 2), "the answer first"


@pytest.mark.row(105, "TC_054_CS")
async def test_a_triggered_status_tells_what_is_under_way() -> None:
    async with HttpFiles() as files, Pair() as pair:
        await update(pair, files.put("/v2.bin", b"x"), in_s=60)
        await pair.ask("TriggerMessage", requestedMessage=TOLD)
        assert told(pair) == ["Idle"], "it waits for its date"
        await pair.advance(60)
        pair.csms.clear()
        await pair.ask("TriggerMessage", requestedMessage=TOLD)
        assert told(pair) == ["Installing"]
        await pair.advance(install_s(pair))
        pair.csms.clear()
        await pair.ask("TriggerMessage", requestedMessage=TOLD)
        assert told(pair) == ["Idle"], "it is over"
        await diagnose(pair, "http://127.0.0.1:1/", retries=1)
        pair.csms.clear()
        await pair.ask("TriggerMessage", requestedMessage=SENT)
        assert told(pair, SENT) == ["UploadFailed"], "it is tried again"


@pytest.mark.row(106, "TC_055_CS")
async def test_without_the_profile_nothing_of_it_is_known() -> None:
    async with Pair(keys={"SupportedFeatureProfiles": "Core,RemoteTrigger"}) as pair:
        for action in (TOLD, SENT):
            answer = await pair.ask("TriggerMessage", requestedMessage=action)
            assert answer == {"status": "NotImplemented"}
        order = {"location": "x", "retrieveDate": stamp(pair.clock.now())}
        refused = await pair.csms.ask_raw("UpdateFirmware", order)
        assert (refused[0], refused[2]) == (4, "NotSupported"), "its answer could only promise it"
        assert await pair.ask("GetDiagnostics", location="x") == {}, "there is nothing to hand in"
    async with Pair() as pair:
        profiles = (await read_key(pair, "SupportedFeatureProfiles"))["value"]
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
    async with Pair() as pair:
        answer = await pair.csms.ask_raw("UpdateFirmware", payload)
        assert (answer[0], answer[2]) == (4, code)
        assert not pair.station.snapshot.firmware.active


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
    async with Pair(model="gresgying-f3-eu180", quirks="mute_transfers") as pair:
        kind, _, *said = await pair.csms.ask_raw("UpdateFirmware", {**payload, **date})
        assert (kind, said[0]) == ((4, code) if code else (3, {}))
        assert (code is None) == (pair.station.snapshot.firmware.status != "Idle")
