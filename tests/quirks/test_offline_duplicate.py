"""A start that began offline and was answered with id -1 is sent again."""

from __future__ import annotations

from sim_core.commands import LinkDown, LinkUp, Plug, Start, Stop
from tests.quirks.acts import gresgying, payloads


async def is_on_the_wire(quirks: str) -> bool:
    keys = {"LocalAuthorizeOffline": "true", "AllowOfflineTxForUnknownId": "true"}
    async with gresgying(quirks, keys=keys) as harness:
        await harness.submit(Plug(1))
        await harness.submit(LinkDown())
        await harness.submit(Start(1, "TAG"))
        await harness.advance(15)
        harness.csms.clear()
        refused = {"transactionId": -1, "idTagInfo": {"status": "Invalid"}}
        harness.csms.script["StartTransaction"] += [refused, refused]
        await harness.submit(LinkUp())
        await harness.advance(30)
        await harness.submit(Stop(1))
        starts = payloads(harness, "StartTransaction")
        samples = payloads(harness, "MeterValues")
        if payloads(harness, "StopTransaction"):
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
