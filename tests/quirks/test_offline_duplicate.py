"""A start that began offline and was answered with id -1 is sent again."""

from __future__ import annotations

from sim_core.commands import LinkDown, LinkUp, Plug, Start, Stop
from tests.quirks.acts import gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    keys = {"LocalAuthorizeOffline": "true", "AllowOfflineTxForUnknownId": "true"}
    async with gresgying(quirks, keys=keys) as pair:
        await pair.submit(Plug(1))
        await pair.submit(LinkDown())
        await pair.submit(Start(1, "TAG"))
        await pair.advance(15)
        pair.csms.clear()
        refused = {"transactionId": -1, "idTagInfo": {"status": "Invalid"}}
        pair.csms.script["StartTransaction"] += [refused, refused]
        await pair.submit(LinkUp())
        await pair.advance(30)
        await pair.submit(Stop(1))
        starts = payloads(pair, "StartTransaction")
        samples = payloads(pair, "MeterValues")
        if payloads(pair, "StopTransaction"):
            assert len(starts) == 1
            return False
        assert starts[0] == starts[1]
        assert not any("transactionId" in sample for sample in samples)
        last = samples[-1]["meterValue"][0]
        assert last["timestamp"] == starts[0]["timestamp"]
        assert len(last["sampledValue"]) == 6
        return last["sampledValue"][0]["context"] == "Transaction.Begin"


async def test_on(quirk: str) -> None:
    assert await is_on_the_wire(quirk)


async def test_off() -> None:
    assert not await is_on_the_wire("none")
