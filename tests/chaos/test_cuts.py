"""The link is cut in every way under two running sessions; nothing is lost, and it comes back.

The charge point, the CSMS and a network between them are in one process, in a time that the test
moves. While the link is away one session ends and another begins; nobody presses a key. The oracle
is that of the chaos runs: what the CSMS has accepted in the end is what the meters have counted.
"""

from __future__ import annotations

import random
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from websockets.asyncio.server import serve

from sim_core.commands import Plug, Start, Stop, Unplug
from sim_core.snapshot import LinkState, StationSnapshot
from sim_core.wire import connecting
from sim_core.wire.access import NOTHING_SET, Access, Tls
from sim_core.wire.link import NO_PONG
from sim_core.wire.timestamps import moment
from tests.chaos import child
from tests.chaos.test_chaos import UnreliableCsms, judge
from tests.harness import Harness
from tests.network import Network, connect_proxy, drips, says, status, straight_on
from tests.patience import PATIENCE_S
from tests.scripted_csms import Answer, Call, Drop

PING_S = 30
SAMPLE_S = 10
HOST = "csms.example"
START, STOP = "StartTransaction", "StopTransaction"
KEYS = {
    **child.KEYS,
    "MeterValueSampleInterval": str(SAMPLE_S),
    "WebSocketPingInterval": str(PING_S),
    "HeartbeatInterval": "3600",
}


class Csms(UnreliableCsms):
    """It behaves, behind the network; with a context it speaks TLS."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(random.Random(1))
        self.behaves = True
        self.context = context
        self.network = Network()
        self.host = "127.0.0.1"
        self.direct = False
        self.mute = False
        """It takes no request in, and gives no answer."""

    def choose(self, call: Call) -> Answer:
        return Drop() if self.mute else super().choose(call)

    @property
    def url(self) -> str:
        port = self.port if self.direct else self.network.port
        return f"{'wss' if self.context else 'ws'}://{self.host}:{port}/ocpp"

    async def start(self, port: int = 0) -> None:
        self._server = await serve(
            self._serve,
            "127.0.0.1",
            0,
            ssl=self.context,
            subprotocols=[self.version.subprotocol],
            ping_interval=None,
        )
        self.port = self.network.target = next(iter(self._server.sockets)).getsockname()[1]

    async def close(self, code: int) -> None:
        """Close the WebSocket with a code, and be gone."""
        assert self._open is not None
        connection, self._open = self._open, None
        await connection.close(code, "going")
        await self.network.close()


class Behind(Harness):
    """A harness whose network may keep frames without a word: that is rest, too."""

    def pending(self) -> str:
        assert isinstance(self.csms, Csms)
        stuck = self.csms.network.stuck and self.station.link.state is LinkState.CONNECTED
        return "" if stuck else super().pending()


@dataclass
class World:
    """What a way of cutting may lay hands on."""

    csms: Csms
    network: Network
    names: dict[str, str]


Act = Callable[[World], Awaitable[None]]


@dataclass(frozen=True)
class Way:
    """One way to lose the link, and what the link says of it then and as long as it is away."""

    name: str
    cut: Act
    at_once: str
    meanwhile: str
    heal: Act
    through: str = ""
    """What else there is on the way: `tls`, `proxy` or `name`."""


async def reset(world: World) -> None:
    world.network.reset()
    await world.network.close()


async def vanish(world: World) -> None:
    world.network.freeze()


async def lose(world: World) -> None:
    world.network.cut()
    await world.network.close()


def closing(code: int) -> Act:
    async def close(world: World) -> None:
        await world.csms.close(code)

    return close


def answering(greeting: Any, *, stuck: bool = False) -> Act:
    async def answer(world: World) -> None:
        world.network.greeting = greeting
        world.network.trickle() if stuck else world.network.cut()

    return answer


async def forget_the_name(world: World) -> None:
    del world.names[HOST]
    world.network.cut()


async def reopen(world: World) -> None:
    world.names[HOST] = "127.0.0.1"
    world.network.greeting = straight_on
    world.network.heal()
    await world.network.open()


async def reopen_proxy(world: World) -> None:
    world.network.greeting = connect_proxy()
    await world.network.open()


LOST, REFUSED = "the connection was lost", "connection refused: check that the CSMS runs"
PLAIN_HTTP = says(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
WAYS = (
    Way("TCP RST", reset, LOST, REFUSED, reopen),
    Way("packets vanish", vanish, NO_PONG, "no answer within 0.1 s: check host and port", reopen),
    Way(
        "close 1000",
        closing(1000),
        "the CSMS closed the link with 1000 (going): the CSMS does",
        REFUSED,
        reopen,
    ),
    Way(
        "close 1001",
        closing(1001),
        "the CSMS closed the link with 1001 (going): the CSMS ends",
        REFUSED,
        reopen,
    ),
    Way("no close frame (1006)", lose, LOST, REFUSED, reopen),
    Way("close 1011", closing(1011), "the CSMS closed the link with 1011", REFUSED, reopen),
    Way(
        "HTTP 503 on return",
        answering(status("503 Service Unavailable")),
        LOST,
        "HTTP 503: the CSMS is not ready: wait, or look at its log",
        reopen,
    ),
    Way("DNS gone", forget_the_name, LOST, "the host name in CSMS_URL is not", reopen, "name"),
    Way("TLS gone", answering(PLAIN_HTTP), LOST, "the CSMS does not speak TLS", reopen, "tls"),
    Way("proxy gone", lose, LOST, "the proxy cannot be reached: connection", reopen_proxy, "proxy"),
    Way(
        "slow loris", answering(drips, stuck=True), NO_PONG, "no answer within 0.1 s: check", reopen
    ),
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
async def test_a_cut_link_comes_back_and_nothing_is_lost(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {HOST: "127.0.0.1"}
    known = socket.getaddrinfo

    def look_up(host: Any, *more: Any, **named: Any) -> Any:
        if host == HOST and HOST not in names:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(names.get(host, host), *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(connecting, "OPEN_TIMEOUT_S", PATIENCE_S)

    def hurry(open_timeout_s: float) -> None:
        monkeypatch.setattr(connecting, "OPEN_TIMEOUT_S", open_timeout_s)

    context, access = None, NOTHING_SET
    if way.through == "tls":
        authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(context)
        authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        access = Access(tls=Tls(ca_cert=tmp_path / "ca.pem"))
    async with Csms(context) as csms, csms.network as network:
        if way.through == "proxy":
            network.greeting, csms.direct = connect_proxy(), True
            access = Access(proxy=f"http://127.0.0.1:{network.port}")
        csms.host = HOST if way.through == "name" else csms.host
        async with Behind(csms=csms, keys=KEYS, access=access, connect=False) as harness:
            harness._connect = True
            network.clock = harness.clock
            monkeypatch.setattr(harness.station.link, "_ping_clock", harness.clock)
            witness(harness, tmp_path)
            harness.station.open()
            await harness.settle()
            await go_through(way, World(csms, network, names), harness, hurry)
        registers = [connector.register_wh for connector in harness.station.snapshot.connectors]
        judge(csms, registers, tmp_path, 0, way.name)
        no_sample_is_missing(csms)


def witness(harness: Harness, folder: Path) -> None:
    """Let what the meters count be kept where the messages cannot change it."""
    (folder / "witness").write_bytes(bytes(8 * child.CONNECTORS))
    counted = child.Witness(folder / "witness")
    for index, connector in enumerate(harness.station.charger.connectors.values()):
        connector.metal.meter = child.WitnessedMeter(
            connector.metal.meter.register_wh, counted, index
        )


async def go_through(
    way: Way, world: World, harness: Harness, hurry: Callable[[float], None]
) -> None:
    """Two sessions; the cut; one ends and a third begins meanwhile; all end when it is back.

    `hurry` sets for how many seconds it waits for a link to open.
    """
    link = harness.station.link
    for number in (1, 2):
        await harness.submit(Plug(number))
        await harness.submit(Start(number, "TAG_A"))
    await harness.advance(25)
    assert (harness.status(1), harness.status(2)) == ("Charging", "Charging")

    told: list[str] = []

    def take_down_what_it_says(seen: StationSnapshot) -> None:
        if seen.link.state is LinkState.WAITING and seen.link.trouble not in told:
            told.append(seen.link.trouble)

    harness.station.watch(take_down_what_it_says)
    world.csms.mute = True
    await harness.advance(10)  # a sample is on its way when it happens
    assert harness.station.snapshot.link.queued > 0
    if "0.1 s" in way.meanwhile:
        hurry(0.1)
    await way.cut(world)
    world.csms.mute = False
    waited_s = 0
    while link.state is LinkState.CONNECTED:
        assert waited_s <= 2 * PING_S, "a dead link was not noticed within two pings"
        await harness.advance(1)
        waited_s += 1
    await harness.advance(50)
    await harness.submit(Stop(1))
    await harness.submit(Start(1, "TAG_B"))
    await harness.advance(50)
    assert link.state is LinkState.WAITING
    assert link.attempt > 3, "it goes on trying"
    assert told[0].startswith(way.at_once), told
    assert any(sentence.startswith(way.meanwhile) for sentence in told), told

    hurry(PATIENCE_S)
    await way.heal(world)
    waited_s = 0
    while link.state is not LinkState.CONNECTED or harness.station.snapshot.link.queued:
        assert waited_s <= 60, f"it did not come back: {harness.station.snapshot.link}"
        await harness.advance(1)
        waited_s += 1
    assert harness.station.snapshot.link.trouble == ""
    await harness.advance(25)
    for number in (1, 2):
        await harness.submit(Stop(number))
        await harness.submit(Unplug(number))
    await harness.advance(10)
    assert harness.station.snapshot.link.queued == 0
    assert [call.action for call in world.csms.calls].count("BootNotification") == 1


def no_sample_is_missing(csms: Csms) -> None:
    """Between the begin and the end of a transaction there is one every ten seconds."""
    begins = {a["transactionId"]: c.payload for c, a in csms.accepted if c.action == START}
    ends = {c.payload["transactionId"]: c.payload for c, _ in csms.accepted if c.action == STOP}
    assert len(begins) == 3
    for transaction_id, begin in begins.items():
        lasted_s = (
            moment(ends[transaction_id]["timestamp"]) - moment(begin["timestamp"])
        ).total_seconds()
        stamps = {
            value["timestamp"]
            for call, _ in csms.accepted
            if call.action == "MeterValues" and call.payload.get("transactionId") == transaction_id
            for value in call.payload["meterValue"]
        }
        assert len(stamps) == int(lasted_s // SAMPLE_S), (transaction_id, lasted_s, sorted(stamps))
