"""SecurityProfile: it rises by a new connection, and comes back where that cannot be made.

The clauses are those of A05 in "Improved security for OCPP 1.6-J".
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme

from sim_core.ocpp16.timestamps import stamp
from sim_core.wire.access import Access, Tls
from tests.conformance.acts import only_of, read_key, unplug_network
from tests.pair import Pair
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


async def ask(pair: Pair, value: str) -> dict[str, Any]:
    answer = await pair.csms.ask("ChangeConfiguration", key="SecurityProfile", value=value)
    await pair.settle()
    return answer


def notes(pair: Pair) -> list[str]:
    return [event.text for event in pair.events.since(0)[1] if event.kind == "security"]


def profile(pair: Pair) -> int:
    return pair.station.charge_point.security.profile


@pytest.mark.row(124, "TC_084_CS")
@pytest.mark.parametrize("running", [0, 1])
async def test_the_profile_that_there_is_already_is_refused(running: int) -> None:
    """A05.FR.01: and nobody connects anew for it."""
    async with Pair(access=Access(profile=running, key=KEY)) as pair:
        assert (await read_key(pair, "SecurityProfile"))["value"] == str(running)
        assert await ask(pair, str(running)) == REJECTED
        assert await ask(pair, f"0{running}") == REJECTED
        await pair.advance(60)
        assert pair.csms.connections == 1
        assert notes(pair)[0] == (
            f"SecurityProfile was refused: the security profile is {running} already"
        )


@pytest.mark.row(124, "TC_084_CS")
@pytest.mark.parametrize("value", ["0", "-1", "4", "²", "1.0", "", " ", "one"])
async def test_what_is_lower_or_no_profile_at_all(value: str) -> None:
    async with Pair(access=Access(profile=1, key=KEY)) as pair:
        assert await ask(pair, value) == REJECTED
        assert (await read_key(pair, "SecurityProfile"))["value"] == "1"
        assert pair.csms.connections == 1


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
    async with Pair(access=access) as pair:
        assert await ask(pair, wanted) == REJECTED
        (note,) = notes(pair)
        assert why in note
        assert pair.csms.connections == 1


@pytest.mark.row(123, "TC_083_CS")
async def test_without_any_ca_there_is_no_tls(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    async with Pair(access=Access(key=KEY)) as pair:
        assert await ask(pair, "2") == REJECTED
        assert "no CA is trusted here: name that of the CSMS with CA_CERT" in notes(pair)[0]


@pytest.mark.row(123, "TC_083_CS")
async def test_a_profile_that_connects_stays(tmp_path: Path) -> None:
    async with Pair(access=Access(key=KEY), state=tmp_path) as pair:
        assert await ask(pair, "1") == ACCEPTED
        await pair.advance(1)
        assert pair.csms.connections == 2
        assert notes(pair) == ["security profile 1 has connected: it stays"]
        await unplug_network(pair)
        await pair.power_cut()
        await pair.csms.stop()
        await pair.power_on()
        await pair.advance(300)
        assert pair.station.link.attempt > 5
        assert profile(pair) == 1, "what has been met once is not given up again"
        await pair.csms.start()


@pytest.mark.row(123, "TC_083_CS")
@pytest.mark.parametrize("how", ["at once", "after a power cut"])
async def test_a_profile_that_does_not_connect_falls_back(
    ca: Path, tmp_path: Path, how: str
) -> None:
    """A05.FR.08: the CSMS speaks no TLS on this port."""
    access = Access(key=KEY, tls=Tls(ca_cert=ca))
    async with Pair(access=access, state=tmp_path / "state") as pair:
        assert await ask(pair, "2") == ACCEPTED
        assert profile(pair) == 2
        assert not pair.csms.connected
        if how == "after a power cut":
            await pair.power_cut()
            await pair.advance(5)
            await pair.power_on()
            await pair.settle()
            assert profile(pair) == 2
        await pair.advance(10)
        assert pair.csms.connected
        assert (await read_key(pair, "SecurityProfile"))["value"] == "0"
        (note,) = notes(pair)
        assert "security profile 2 does not connect, so profile 0 counts again" in note
        assert "TLS" in note.partition(": ")[2]
        await pair.power_cut()
        await pair.power_on()
        await pair.settle()
        assert pair.csms.connected
        assert (await read_key(pair, "SecurityProfile"))["value"] == "0"


@pytest.mark.row(123, "TC_083_CS")
async def test_it_may_be_tried_again_and_falls_back_to_where_it_was(ca: Path) -> None:
    access = Access(profile=1, key=KEY, tls=Tls(ca_cert=ca))
    async with Pair(access=access) as pair:
        for _ in range(2):
            assert await ask(pair, "2") == ACCEPTED
            await pair.advance(60)
            assert pair.csms.connected
            assert (await read_key(pair, "SecurityProfile"))["value"] == "1"
        assert len(notes(pair)) == 2


@pytest.mark.row(123, "TC_083_CS")
async def test_a_csms_that_is_away_for_a_moment_is_waited_for() -> None:
    async with Pair(access=Access(key=KEY)) as pair:
        answer = await pair.csms.ask("ChangeConfiguration", key="SecurityProfile", value="1")
        assert answer == ACCEPTED
        await pair.csms.stop()
        await pair.settle()
        await pair.csms.start()
        await pair.advance(5)
        assert pair.csms.connected
        assert profile(pair) == 1


@pytest.mark.row(123, "TC_083_CS")
async def test_a_csms_that_lets_nobody_register_was_not_met() -> None:
    """A make that boots on every connection: an open socket alone proves nothing."""
    make = {"boot_on_reconnect": True}
    async with Pair(access=Access(key=KEY), behaviour=make) as pair:
        pair.csms.script["BootNotification"] += [Cut(), Cut(), Cut()]
        assert await ask(pair, "1") == ACCEPTED
        await pair.advance(60)
        assert pair.csms.connected
        assert profile(pair) == 0
        (note,) = notes(pair)
        assert "profile 0 counts again" in note


@pytest.mark.row(123, "TC_083_CS")
async def test_what_the_old_link_still_says_proves_nothing() -> None:
    """An answer that was on its way before the new profile was tried."""
    async with Pair(access=Access(key=KEY)) as pair:
        security = pair.station.charge_point.security
        assert security.change("SecurityProfile", "1").value == "Accepted"
        security.connected()
        assert notes(pair) == []
        security.changed("SecurityProfile")
        await pair.advance(1)
        assert notes(pair) == ["security profile 1 has connected: it stays"]


@pytest.mark.row(123, "TC_083_CS")
async def test_a_csms_that_wants_to_wait_was_met() -> None:
    make = {"boot_on_reconnect": True}
    async with Pair(access=Access(key=KEY), behaviour=make) as pair:
        later = {"status": "Pending", "interval": 20, "currentTime": stamp(pair.clock.now())}
        pair.csms.script["BootNotification"] += [later, later]
        assert await ask(pair, "1") == ACCEPTED
        await pair.advance(10)
        assert notes(pair) == ["security profile 1 has connected: it stays"]


@pytest.mark.row(124, "TC_084_CS")
async def test_a_make_without_the_key_does_not_know_it() -> None:
    async with Pair(behaviour={"only_named_keys": True}) as pair:
        assert await ask(pair, "0") == {"status": "NotSupported"}
