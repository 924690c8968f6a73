"""What several conformance tests do on the way to what they are about."""

from __future__ import annotations

from typing import Any

from sim_core.commands import Accepted, LinkDown, LinkUp, Plug, Start
from tests.pair import Pair
from tests.scripted_csms import Payload


async def charge(pair: Pair, connector_id: int = 1, id_tag: str = "TAG") -> None:
    """Plug in, start, and forget the frames that it took."""
    assert await pair.submit(Plug(connector_id)) == Accepted()
    assert isinstance(await pair.submit(Start(connector_id, id_tag)), Accepted)
    assert pair.status(connector_id) == "Charging"
    pair.csms.clear()


async def unplug_network(pair: Pair) -> None:
    """Offline, until `plug_network`."""
    assert await pair.submit(LinkDown()) == Accepted()
    pair.csms.clear()


async def plug_network(pair: Pair) -> None:
    """Online again; everything that can go out goes."""
    assert await pair.submit(LinkUp()) == Accepted()


async def configure(pair: Pair, **keys: str) -> None:
    """Set configuration keys as a CSMS does."""
    for key, value in keys.items():
        answer = await pair.ask("ChangeConfiguration", key=key, value=value)
        assert answer == {"status": "Accepted"}, (key, answer)


async def read_key(pair: Pair, key: str) -> dict[str, Any]:
    """A configuration key as GetConfiguration shows it."""
    answer = await pair.ask("GetConfiguration", key=[key])
    (found,) = answer["configurationKey"]
    assert found["key"] == key
    return dict(found)


def payloads(pair: Pair, action: str) -> list[Payload]:
    """What the charge point has sent under this action."""
    return [call.payload for call in pair.csms.of(action)]
