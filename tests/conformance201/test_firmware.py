"""New firmware (block L), fetched from real servers on loopback."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from sim_core.commands import Plug, Start, Stop, Unplug
from sim_core.wire.timestamps import stamp
from tests.certificates import Holder, issued, root
from tests.conformance201.acts import charge, said, set_variables
from tests.file_servers import HttpFiles
from tests.harness import Harness
from tests.versions import Payload

TOLD = "FirmwareStatusNotification"
EVENT = "SecurityEventNotification"
FILE = b"any file"
GONE = ["SN 1 Unavailable", "SN 2 Unavailable"]
BACK = ["SN 1 Available", "SN 2 Available"]


class Vendor:
    """A CSMS that hands firmware of its vendor on, and the file server that it is on."""

    def __init__(self, h: Harness, files: HttpFiles, signer: Holder | None = None) -> None:
        self.h = h
        self.files = files
        self.signer = signer or root("the vendor", h.clock.now())

    async def order(
        self,
        content: bytes = FILE,
        path: str = "/v2.bin",
        *,
        number: int = 7,
        in_s: float = -1.0,
        install_in_s: float | None = None,
        more: Payload | None = None,
        **tries: int,
    ) -> str:
        """UpdateFirmware of a file that is on the server; returns the status of the answer."""
        now = self.h.clock.now()
        firmware: Payload = {
            "location": self.files.put(path, content) if content else self.files.url + "/nowhere",
            "retrieveDateTime": stamp(now + timedelta(seconds=in_s)),
            "signingCertificate": self.signer.pem,
            "signature": self.signer.sign(content),
            **(more or {}),
        }
        if install_in_s is not None:
            firmware["installDateTime"] = stamp(now + timedelta(seconds=install_in_s))
        given = {name: value for name, value in firmware.items() if value is not None}
        asked: Any = {"requestId": number, "firmware": given, **tries}
        return str((await self.h.ask("UpdateFirmware", **asked))["status"])

    def told(self) -> list[str]:
        """The statuses, with the requestId where it is not the usual one."""
        payloads = (call.payload for call in self.h.csms.of(TOLD))
        return [
            one["status"] + ("" if one["requestId"] == 7 else f" {one['requestId']}")
            for one in payloads
        ]

    def version(self) -> str:
        """What the last BootNotification has told of."""
        boot = self.h.csms.of("BootNotification")[-1].payload
        return f"{boot['reason']} {boot['chargingStation']['firmwareVersion']}"

    async def boot(self) -> None:
        """Wait for longer than an installation and the boot take."""
        timing = self.h.timing
        await self.h.advance(timing.install_s + timing.reboot_s + timing.boot_s + 1)

    def events(self) -> list[str]:
        """The security events."""
        return [call.payload["type"] for call in self.h.csms.of(EVENT)]


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


@pytest.mark.row(245, "TC_L_01")
@pytest.mark.row(255, "L01.FR.32")
async def test_firmware_is_told_step_by_step_and_boots() -> None:
    async with HttpFiles() as files, harness() as h:
        vendor = Vendor(h, files)
        h.csms.clear()
        assert await vendor.order(path="/fw/v2.bin") == "Accepted"
        assert vendor.told() == ["Downloading", "Downloaded", "SignatureVerified", "Installing"]
        assert said(h) == [TOLD] * 3 + GONE + [TOLD]
        assert [one.path for one in files.asked] == ["/fw/v2.bin"]
        h.csms.clear()
        await vendor.boot()
        assert vendor.told() == ["InstallRebooting", "Installed"]
        assert said(h, EVENT) == [TOLD, "BootNotification", *BACK, TOLD]
        assert vendor.version() == "FirmwareUpdate v2"
        assert vendor.events()[-1] == "FirmwareUpdated"
        h.csms.clear()
        await h.ask("TriggerMessage", requestedMessage=TOLD)
        assert [call.payload for call in h.csms.of(TOLD)] == [{"status": "Idle"}]


@pytest.mark.row(246, "TC_L_02")
@pytest.mark.row(247, "TC_L_03")
async def test_firmware_has_its_dates() -> None:
    async with HttpFiles() as files, harness() as h:
        vendor = Vendor(h, files)
        assert await vendor.order(in_s=60, install_in_s=200) == "Accepted"
        assert vendor.told() == ["DownloadScheduled"]
        await h.advance(61)
        loaded = ["DownloadScheduled", "Downloading", "Downloaded", "SignatureVerified"]
        assert vendor.told() == [*loaded, "InstallScheduled"]
        await charge(h)
        await h.submit(Stop(1))
        await h.submit(Unplug(1))
        h.csms.clear()
        await h.advance(130)
        assert h.csms.of(TOLD) == []
        await h.advance(10)
        assert said(h)[:3] == [*GONE, TOLD]
        await vendor.boot()
        assert vendor.told() == ["Installing", "InstallRebooting", "Installed"]


@pytest.mark.row(248, "TC_L_05")
async def test_firmware_that_nobody_vouches_for_is_refused() -> None:
    async with HttpFiles() as files, harness() as h:
        now = h.clock.now()
        manufacturer = root("the manufacturer", now)
        await h.ask(
            "InstallCertificate",
            certificateType="ManufacturerRootCertificate",
            certificate=manufacturer.pem,
        )
        vendor = Vendor(h, files)
        h.csms.clear()
        old = root("old", now - timedelta(days=400))
        refused: list[Payload] = [
            {},  # the vendor is nobody that the manufacturer has vouched for
            {"signingCertificate": "nonsense"},
            {"signingCertificate": old.pem},
            {"signingCertificate": None, "signature": None},
            {"signature": None},
        ]
        for more in refused:
            assert await vendor.order(more=more) == "InvalidCertificate", more
        assert vendor.events() == ["InvalidFirmwareSigningCertificate"] * len(refused)
        assert (vendor.told(), files.asked) == ([], [])
        known = Vendor(h, files, issued(manufacturer, "the vendor", now))
        assert await known.order() == "Accepted"


@pytest.mark.row(249, "TC_L_06")
async def test_firmware_that_somebody_has_changed_is_not_installed() -> None:
    async with HttpFiles() as files, harness() as h:
        vendor = Vendor(h, files)
        forged = vendor.signer.sign(b"another file")
        assert await vendor.order(more={"signature": forged}) == "Accepted"
        assert vendor.told() == ["Downloading", "Downloaded", "InvalidSignature"]
        assert vendor.events()[-1] == "InvalidFirmwareSignature"
        await vendor.boot()
        assert len(h.csms.of("BootNotification")) == 1
        assert h.status(1) == "Available"


@pytest.mark.row(250, "TC_L_07")
async def test_a_file_that_is_not_there_is_tried_again() -> None:
    async with HttpFiles() as files, harness() as h:
        vendor = Vendor(h, files)
        assert await vendor.order(b"", retries=2, retryInterval=20) == "Accepted"
        once = ["Downloading", "DownloadFailed"]
        assert vendor.told() == once
        await h.advance(19)
        assert vendor.told() == once
        await h.advance(120)
        assert vendor.told() == once * 3
        assert len(files.asked) == 3


@pytest.mark.row(251, "TC_L_08")
async def test_a_broken_image_leaves_the_old_version() -> None:
    async with HttpFiles() as files, harness() as h:
        vendor = Vendor(h, files)
        before = vendor.version().split()[1]
        broken = json.dumps({"chargeforge_firmware": 1, "version": "9", "fails": True}).encode()
        await vendor.order(broken)
        h.csms.clear()
        await vendor.boot()
        assert vendor.told() == ["InstallationFailed"]
        assert vendor.version() == f"FirmwareUpdate {before}"
        assert said(h, EVENT)[-2:] == BACK
        assert "FirmwareUpdated" not in vendor.events()


@pytest.mark.row(252, "TC_L_10")
async def test_a_newer_order_takes_the_place_of_the_older() -> None:
    async with HttpFiles() as files, harness() as h:
        vendor = Vendor(h, files)
        await vendor.order(in_s=100)
        assert await vendor.order(in_s=100, number=8) == "AcceptedCanceled"
        assert vendor.told() == ["DownloadScheduled", "DownloadFailed", "DownloadScheduled 8"]
        await charge(h)
        await h.advance(101)
        assert vendor.told()[-1] == "SignatureVerified 8"
        assert await vendor.order(install_in_s=1000, number=9) == "AcceptedCanceled"
        h.csms.clear()
        assert await vendor.order(number=10) == "AcceptedCanceled"
        assert vendor.told()[0] == "InstallationFailed 9"
        assert vendor.told()[1:] == ["Downloading 10", "Downloaded 10", "SignatureVerified 10"]
        await h.submit(Stop(1))
        assert vendor.told()[-1] == "Installing 10"
        answer = await h.ask(
            "UpdateFirmware",
            requestId=11,
            firmware={
                "location": files.url,
                "retrieveDateTime": stamp(h.clock.now()),
                "signingCertificate": vendor.signer.pem,
                "signature": "AAAA",
            },
        )
        assert answer["status"] == "Rejected"
        assert answer["statusInfo"]["additionalInfo"]
        await vendor.boot()
        assert vendor.told()[-1] == "Installed 10"


@pytest.mark.row(253, "TC_L_13")
@pytest.mark.row(254, "TC_L_12")
@pytest.mark.row(255, "L01.FR.33")
@pytest.mark.parametrize("go_on", [False, True])
async def test_firmware_waits_for_who_charges(go_on: bool) -> None:
    async with HttpFiles() as files, harness() as h:
        name = "ChargingStation__AllowNewSessionsPendingFirmwareUpdate"
        assert await set_variables(h, **{name: str(go_on).lower()}) == ["Accepted"]
        vendor = Vendor(h, files)
        await charge(h)
        await vendor.order()
        assert vendor.told() == ["Downloading", "Downloaded", "SignatureVerified"]
        assert h.status(2) == ("Available" if go_on else "Unavailable")
        await h.submit(Plug(2))
        await h.submit(Start(2, "TAG"))
        assert (h.connector(2).transaction is not None) is go_on
        await h.submit(Stop(1))
        if go_on:
            assert vendor.told()[-1] == "SignatureVerified"
            await h.submit(Stop(2))
        assert vendor.told()[-1] == "Installing"
        for number in (1, 2):
            await h.submit(Unplug(number))
        h.csms.clear()
        await vendor.boot()
        assert vendor.told() == ["InstallRebooting", "Installed"]
        assert said(h, EVENT) == [TOLD, "BootNotification", *BACK, TOLD]
