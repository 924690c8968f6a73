"""What this station does not have, and how it says so: rows that no certification asks it for."""

from __future__ import annotations

from typing import Any

import pytest

from sim_core.commands import InjectFault, JamLock, LinkDown, LinkUp, Plug, Start
from sim_core.wire.timestamps import stamp
from tests.certificates import root
from tests.conformance201.acts import TX, charge, events, get_variable, said
from tests.harness import Harness
from tests.versions import Payload

NO_ISO_15118 = "there is no ISO 15118: the component ISO15118Ctrlr is absent"
OF_ISO_15118 = ("Get15118EVCertificate", "GetCertificateStatus", "NotifyEVChargingNeeds",
                "NotifyEVChargingSchedule")  # fmt: skip


def harness(**more: Any) -> Harness:
    return Harness(version="2.0.1", **more)


@pytest.mark.refused(19, NO_ISO_15118)
@pytest.mark.refused(90, NO_ISO_15118)
@pytest.mark.refused(91, NO_ISO_15118)
@pytest.mark.refused(92, NO_ISO_15118)
@pytest.mark.refused(145, NO_ISO_15118)
@pytest.mark.refused(160, NO_ISO_15118)
@pytest.mark.refused(243, NO_ISO_15118)
@pytest.mark.refused(244, NO_ISO_15118)
@pytest.mark.refused(263, NO_ISO_15118)
@pytest.mark.refused(264, NO_ISO_15118)
@pytest.mark.refused(265, NO_ISO_15118)
async def test_there_is_no_iso_15118() -> None:
    async with harness() as h:
        told = await get_variable(h, "ISO15118Ctrlr.Enabled")
        assert told["attributeStatus"] == "UnknownComponent"
        answer = await h.ask("TriggerMessage", requestedMessage="SignV2GCertificate")
        assert answer["status"] == "NotImplemented"
        for kind in ("V2GRootCertificate", "MORootCertificate"):
            pem = root("somebody", h.clock.now()).pem
            answer = await h.ask("InstallCertificate", certificateType=kind, certificate=pem)
            assert answer["status"] == "Rejected"
            assert "ISO 15118" in answer["statusInfo"]["additionalInfo"]
        answer = await h.ask("GetInstalledCertificateIds", certificateType=["V2GCertificateChain"])
        assert answer == {"status": "NotFound"}
        await charge(h)
        await h.advance(60)
        for call in h.csms.of("Authorize", TX):
            assert "iso15118CertificateHashData" not in call.payload
        assert h.csms.of(*OF_ISO_15118) == []


@pytest.mark.refused(34, "TxBeforeAcceptedEnabled is false and can only be read")
async def test_nobody_begins_before_the_csms_has_accepted_the_station() -> None:
    async with harness(connect=False) as h:
        pending = {"currentTime": h.csms.stamp(), "interval": 1000, "status": "Pending"}
        h.csms.script["BootNotification"].append(pending)
        h._connect = True
        h.station.open()
        await h.settle()
        told = await get_variable(h, "TxCtrlr.TxBeforeAcceptedEnabled")
        assert told["attributeValue"] == "false"
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(10)
        assert said(h) == ["BootNotification"]


@pytest.mark.refused(122, "what waits is on the disk: nothing of it is dropped")
async def test_what_waits_is_never_thinned_out() -> None:
    async with harness() as h:
        await charge(h)
        await h.submit(LinkDown())
        await h.advance(1000)
        await h.submit(LinkUp())
        await h.advance(60)
        numbers = [event["seqNo"] for event in events(h)]
        assert len(numbers) > 100
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@pytest.mark.refused(148, "power is shared alike, whatever the chargingPriority")
async def test_a_priority_changes_nothing() -> None:
    async with harness() as h:
        h.csms.script[TX] += [{"chargingPriority": 9}] * 3
        await charge(h, 1)
        await charge(h, 2)
        await h.advance(60)
        assert h.connector(1).power_w == pytest.approx(h.connector(2).power_w, rel=0.05)


@pytest.mark.row(179, "TC_G_20")
async def test_a_lock_that_fails_is_told_and_no_energy_flows() -> None:
    async with harness() as h:
        await h.submit(JamLock(1))
        h.csms.clear()
        await h.submit(Plug(1))
        await h.submit(Start(1, "TAG"))
        await h.advance(10)
        assert h.connector().power_w == 0
        assert h.connector().transaction is None
        assert problem_of_lock(h) == ["true"]
        h.csms.clear()
        await h.submit(InjectFault(2, "ConnectorLockFailure"))
        assert problem_of_lock(h, 2) == ["true"]


def problem_of_lock(h: Harness, evse_id: int = 1) -> list[str]:
    """What was told of a lock."""
    lock = {"name": "ConnectorPlugRetentionLock", "evse": {"id": evse_id, "connectorId": 1}}
    told = [event for call in h.csms.of("NotifyEvent") for event in call.payload["eventData"]]
    return [
        event["actualValue"]
        for event in told
        if (event["component"], event["variable"]["name"], event["trigger"])
        == (lock, "Problem", "Delta")
    ]


PUBLISHING: list[tuple[str, Payload]] = [
    ("PublishFirmware", {"location": "http://x", "checksum": "0" * 32, "requestId": 1}),
    ("UnpublishFirmware", {"checksum": "0" * 32}),
]


@pytest.mark.refused(256, "firmware has to be signed, and only a local controller publishes any")
async def test_nothing_is_published_and_nothing_unsigned_is_installed() -> None:
    async with harness() as h:
        for action, payload in PUBLISHING:
            kind, _, code, *_ = await h.csms.ask_raw(action, payload)
            assert (kind, code) == (4, "NotSupported")
        now = stamp(h.clock.now())
        firmware = {"location": "http://127.0.0.1:1/x", "retrieveDateTime": now}
        answer = await h.ask("UpdateFirmware", requestId=1, firmware=firmware)
        assert answer["status"] == "InvalidCertificate"
