"""Another CSMS, another password, another id, while it runs: a real engine over real sockets."""

from __future__ import annotations

import asyncio
from base64 import b64encode

import pytest
from websockets.asyncio.server import ServerConnection, serve

from sim_core.commands import Accepted, Dial, LinkDown, Plug, Refused, Start
from sim_core.engine import Engine
from sim_core.settings.destination import Destination, moved, trouble_of
from sim_core.snapshot import LinkState
from tests.harness import settings
from tests.interop.test_real_peers import charge_point, charging, registered, submit, until
from tests.network import free_port
from tests.scripted_csms import ScriptedCsms

PASSWORD = "abcdefghijklmnop"


async def connect(engine: Engine, **changes: object) -> object:
    where = engine.destination
    fields = {
        "url": where.url,
        "charge_point_id": where.charge_point_id,
        "security_profile": where.security_profile,
        "password": None,
        **changes,
    }
    return await asyncio.wrap_future(engine.connect_to(Destination(**fields)))  # type: ignore[arg-type]


async def test_a_session_goes_on_at_another_csms_which_is_told_who_this_is() -> None:
    async with (
        ScriptedCsms() as first,
        ScriptedCsms() as second,
        charge_point(first.port) as engine,
    ):
        await until(engine, registered)
        await submit(engine, Plug(1))
        await submit(engine, Start(1, "TAG"))
        await until(engine, charging(1))
        assert isinstance(await connect(engine, url=second.url), Accepted)
        await until(engine, lambda seen: str(second.port) in seen.link.url)
        await second.next_call("BootNotification")
        await second.next_call("MeterValues")
        seen = await until(engine, charging(1))
        assert seen.connectors[0].transaction is not None
        assert engine.destination.url == second.url
        await until(engine, registered)


async def test_the_password_that_is_typed_is_shown_to_the_csms_and_to_nobody_else() -> None:
    shown: list[str] = []

    async def meet(connection: ServerConnection) -> None:
        assert connection.request is not None
        shown.append(connection.request.headers.get("Authorization", ""))
        await connection.wait_closed()

    async with serve(meet, "127.0.0.1", 0, subprotocols=["ocpp1.6"]) as server:  # type: ignore[list-item]
        port = next(iter(server.sockets)).getsockname()[1]
        async with charge_point(port) as engine:
            await until(engine, lambda seen: seen.link.state is LinkState.CONNECTED)
            outcome = await connect(engine, security_profile=1, password=PASSWORD)
            assert isinstance(outcome, Accepted)
            await until(engine, lambda _: len(shown) > 1)
            credentials = b64encode(f"{engine.settings.cpid}:{PASSWORD}".encode()).decode()
            assert shown[0] == ""
            assert shown[-1] == f"Basic {credentials}"
            assert PASSWORD not in repr((engine.settings, engine.snapshot, engine.events.since(0)))


async def test_another_id_is_another_charge_point_and_not_in_the_middle_of_a_session() -> None:
    async with ScriptedCsms() as csms, charge_point(csms.port) as engine:
        await until(engine, registered)
        await submit(engine, Plug(1))
        await submit(engine, Start(1, "TAG"))
        await until(engine, charging(1))
        refused = await connect(engine, charge_point_id="CP02")
        assert isinstance(refused, Refused)
        assert "stop it first" in refused.reason
    async with ScriptedCsms() as csms, charge_point(csms.port) as engine:
        await until(engine, registered)
        assert isinstance(await connect(engine, charge_point_id="CP02"), Accepted)
        seen = await until(engine, lambda seen: seen.charge_point_id == "CP02" and registered(seen))
        assert seen.charge_point_id == "CP02"
        assert csms.paths[-1] == "/ocpp/CP02"


async def test_dial_now_does_not_wait_for_the_pause() -> None:
    port = free_port()
    async with charge_point(port, reconnect_max_sec=600.0) as engine:
        await until(engine, lambda seen: seen.link.state is LinkState.WAITING)
        async with ScriptedCsms() as csms:
            await csms.stop()
            await csms.start(port)
            while isinstance(await asyncio.wrap_future(engine.submit(Dial())), Refused):
                # It dials just now, for nobody was there.
                await until(engine, lambda seen: seen.link.state is not LinkState.CONNECTING)
            await until(engine, registered)
            refused = await asyncio.wrap_future(engine.submit(Dial()))
            assert refused == Refused("the link is up: there is nothing to dial")
            await submit(engine, LinkDown())
            refused = await asyncio.wrap_future(engine.submit(Dial()))
            assert refused == Refused("the link was taken down: bring it up first")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"url": "http://csms"}, "the URL has to be a ws:// or wss:// URL"),
        ({"charge_point_id": ""}, "the id has to be 1 to 48 characters"),
        ({"password": "short"}, "the password has to be 16 to 20 characters"),
        ({"security_profile": 1}, "security profile 1 needs a password"),
        ({"security_profile": 3}, "security profile 3 needs CLIENT_CERT"),
        ({"security_profile": 7}, "the security profile has to be 0, 1 (password)"),
    ],
)
async def test_what_cannot_be_is_said_and_changes_nothing(
    changes: dict[str, object], said: str
) -> None:
    engine = Engine(settings(csms_url="ws://127.0.0.1:9/ocpp"))
    before = engine.settings
    refused = await connect(engine, **changes)
    assert isinstance(refused, Refused)
    assert refused.reason.startswith(said)
    assert engine.settings is before


def test_secrets_are_left_out_of_what_is_kept_and_shown() -> None:
    where = Destination("wss://user:pa55@host:1/ocpp?a=b", "CP", 0, PASSWORD)
    assert where.without_secrets == Destination("wss://host:1/ocpp?a=b", "CP")
    assert "pa55" not in repr(where)
    assert PASSWORD not in repr(where)
    assert PASSWORD not in repr(moved(settings(), Destination("ws://h/o", "CP", 1, PASSWORD)))
    assert trouble_of("password", PASSWORD) == ""
