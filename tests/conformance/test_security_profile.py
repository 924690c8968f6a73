"""SecurityProfile: it rises by a new connection, and comes back where that cannot be made.

The clauses are those of A05 in "Improved security for OCPP 1.6-J".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme

from sim_core.wire.access import Access, Tls
from sim_core.wire.timestamps import stamp
from tests.conformance.acts import only_of, read_key, unplug_network
from tests.harness import Harness
from tests.scripted_csms import Cut

pytestmark = only_of("generic", "the Gresgying has no such key")

ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
KEY = b"0123456789abcdef"


@pytest.fixture
def ca(tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(file)
    return file


async def ask(harness: Harness, value: str) -> dict[str, Any]:
    answer = await harness.csms.ask("ChangeConfiguration", key="SecurityProfile", value=value)
    await harness.settle()
    return answer


def notes(harness: Harness) -> list[str]:
    return [event.text for event in harness.events.since(0)[1] if event.kind == "security"]


def profile(harness: Harness) -> int:
    return harness.station.charge_point.security.profile


@pytest.mark.row(124, "TC_084_CS")
@pytest.mark.parametrize("running", [0, 1])
async def test_the_profile_that_there_is_already_is_refused(running: int) -> None:
    """A05.FR.01: and nobody connects anew for it."""
    async with Harness(access=Access(profile=running, key=KEY)) as harness:
        assert (await read_key(harness, "SecurityProfile"))["value"] == str(running)
        assert await ask(harness, str(running)) == REJECTED
        assert await ask(harness, f"0{running}") == REJECTED
        await harness.advance(60)
        assert harness.csms.connections == 1
        assert notes(harness)[0] == (
            f"SecurityProfile was refused: the security profile is {running} already"
        )


@pytest.mark.row(124, "TC_084_CS")
@pytest.mark.parametrize("value", ["0", "-1", "4", "²", "1.0", "", " ", "one"])
async def test_what_is_lower_or_no_profile_at_all(value: str) -> None:
    async with Harness(access=Access(profile=1, key=KEY)) as harness:
        assert await ask(harness, value) == REJECTED
        assert (await read_key(harness, "SecurityProfile"))["value"] == "1"
        assert harness.csms.connections == 1


@pytest.mark.row(123, "TC_083_CS")
@pytest.mark.parametrize(
    ("wanted", "access", "why"),
    [
        ("1", Access(), "set AuthorizationKey first"),
        ("2", Access(), "set AuthorizationKey first"),
        ("2", Access(key=KEY, tls=Tls(verify=False)), "SSL_VERIFY is false"),
        ("3", Access(), "set CLIENT_CERT and CLIENT_KEY"),
        ("2", Access(key=KEY, tls=Tls(ca_cert=Path("/no/such.pem"))), "CA_CERT: /no/such.pem"),
        ("3", Access(tls=Tls(client_cert=Path("/no/such.pem"))), "CLIENT_CERT"),
    ],
)
async def test_what_a_profile_needs(wanted: str, access: Access, why: str) -> None:
    """A05.FR.02, A05.FR.03: the log says what is missing, for the answer cannot."""
    async with Harness(access=access) as harness:
        assert await ask(harness, wanted) == REJECTED
        (note,) = notes(harness)
        assert why in note
        assert harness.csms.connections == 1


@pytest.mark.row(123, "TC_083_CS")
async def test_without_any_ca_there_is_no_tls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    async with Harness(access=Access(key=KEY)) as harness:
        assert await ask(harness, "2") == REJECTED
        assert "no CA is trusted here: name that of the CSMS with CA_CERT" in notes(harness)[0]


@pytest.mark.row(123, "TC_083_CS")
async def test_a_profile_that_connects_stays(tmp_path: Path) -> None:
    async with Harness(access=Access(key=KEY), state=tmp_path) as harness:
        assert await ask(harness, "1") == ACCEPTED
        await harness.advance(1)
        assert harness.csms.connections == 2
        assert notes(harness) == ["security profile 1 has connected: it stays"]
        await unplug_network(harness)
        await harness.power_cut()
        await harness.csms.stop()
        await harness.power_on()
        await harness.advance(300)
        assert harness.station.link.attempt > 5
        assert profile(harness) == 1, "what has been met once is not given up again"
        await harness.csms.start()


@pytest.mark.row(123, "TC_083_CS")
@pytest.mark.parametrize("how", ["at once", "after a power cut"])
async def test_a_profile_that_does_not_connect_falls_back(
    ca: Path, tmp_path: Path, how: str
) -> None:
    """A05.FR.08: the CSMS speaks no TLS on this port."""
    access = Access(key=KEY, tls=Tls(ca_cert=ca))
    async with Harness(access=access, state=tmp_path / "state") as harness:
        assert await ask(harness, "2") == ACCEPTED
        assert profile(harness) == 2
        assert not harness.csms.connected
        if how == "after a power cut":
            await harness.power_cut()
            await harness.advance(5)
            await harness.power_on()
            await harness.settle()
            assert profile(harness) == 2
        await harness.advance(10)
        assert harness.csms.connected
        assert (await read_key(harness, "SecurityProfile"))["value"] == "0"
        (note,) = notes(harness)
        assert "security profile 2 does not connect, so profile 0 counts again" in note
        assert "TLS" in note.partition(": ")[2]
        await harness.power_cut()
        await harness.power_on()
        await harness.settle()
        assert harness.csms.connected
        assert (await read_key(harness, "SecurityProfile"))["value"] == "0"


@pytest.mark.row(123, "TC_083_CS")
async def test_it_may_be_tried_again_and_falls_back_to_where_it_was(ca: Path) -> None:
    access = Access(profile=1, key=KEY, tls=Tls(ca_cert=ca))
    async with Harness(access=access) as harness:
        for _ in range(2):
            assert await ask(harness, "2") == ACCEPTED
            await harness.advance(60)
            assert harness.csms.connected
            assert (await read_key(harness, "SecurityProfile"))["value"] == "1"
        assert len(notes(harness)) == 2


@pytest.mark.row(123, "TC_083_CS")
async def test_a_csms_that_is_away_for_a_moment_is_waited_for() -> None:
    async with Harness(access=Access(key=KEY)) as harness:
        answer = await harness.csms.ask("ChangeConfiguration", key="SecurityProfile", value="1")
        assert answer == ACCEPTED
        await harness.csms.stop()
        await harness.settle()
        await harness.csms.start()
        await harness.advance(5)
        assert harness.csms.connected
        assert profile(harness) == 1


@pytest.mark.row(123, "TC_083_CS")
async def test_a_csms_that_lets_nobody_register_was_not_met() -> None:
    """A make that boots on every connection: an open socket alone proves nothing."""
    make = {"boot_on_reconnect": True}
    async with Harness(access=Access(key=KEY), behaviour=make) as harness:
        harness.csms.script["BootNotification"] += [Cut(), Cut(), Cut()]
        assert await ask(harness, "1") == ACCEPTED
        await harness.advance(60)
        assert harness.csms.connected
        assert profile(harness) == 0
        (note,) = notes(harness)
        assert "profile 0 counts again" in note


@pytest.mark.row(123, "TC_083_CS")
async def test_what_the_old_link_still_says_proves_nothing() -> None:
    """An answer that was on its way before the new profile was tried."""
    async with Harness(access=Access(key=KEY)) as harness:
        security = harness.station.charge_point.security
        assert security.change("SecurityProfile", "1").value == "Accepted"
        security.connected()
        assert notes(harness) == []
        security.changed("SecurityProfile")
        await harness.advance(1)
        assert notes(harness) == ["security profile 1 has connected: it stays"]


@pytest.mark.row(123, "TC_083_CS")
async def test_a_csms_that_wants_to_wait_was_met() -> None:
    make = {"boot_on_reconnect": True}
    async with Harness(access=Access(key=KEY), behaviour=make) as harness:
        later = {"status": "Pending", "interval": 20, "currentTime": stamp(harness.clock.now())}
        harness.csms.script["BootNotification"] += [later, later]
        assert await ask(harness, "1") == ACCEPTED
        await harness.advance(10)
        assert notes(harness) == ["security profile 1 has connected: it stays"]


@pytest.mark.row(124, "TC_084_CS")
async def test_a_make_without_the_key_does_not_know_it() -> None:
    async with Harness(behaviour={"only_named_keys": True}) as harness:
        assert await ask(harness, "0") == {"status": "NotSupported"}
