"""A start that began offline and was answered with id -1 is sent again, and its stop never."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import Command, LinkDown, LinkUp, Plug, Start, Stop, Unplug
from sim_core.store.interface import MEMORY
from tests.harness import Harness
from tests.quirks.acts import contexts_of, energy, gresgying, payloads, values_of

KEYS = {
    "LocalAuthorizeOffline": "true",
    "AllowOfflineTxForUnknownId": "true",
    "MeterValueSampleInterval": "10",
}
REFUSED = {"transactionId": -1, "idTagInfo": {"status": "Invalid"}}


async def begin_offline(harness: Harness) -> None:
    await harness.submit(Plug(1))
    await harness.submit(LinkDown())
    await harness.submit(Start(1, "TAG"))
    await harness.advance(35)
    harness.csms.clear()
    harness.csms.script["StartTransaction"] += [REFUSED, REFUSED]


def told_as_on_the_metal(harness: Harness) -> bool:
    """Whether the CSMS has heard the start twice, and the end as a begin."""
    starts = payloads(harness, "StartTransaction")
    samples = payloads(harness, "MeterValues")
    if payloads(harness, "StopTransaction"):
        assert len(starts) == 1
        return False
    first, second = starts
    assert first == second
    assert not any("transactionId" in sample for sample in samples)
    contexts = [contexts_of(sample)[0] for sample in samples]
    assert contexts[0] == contexts[-1] == "Transaction.Begin"
    assert set(contexts[1:-1]) == {"Sample.Periodic"}
    begin, end = samples[0]["meterValue"][0], samples[-1]["meterValue"][0]
    assert begin["timestamp"] == end["timestamp"] == first["timestamp"]
    assert len(values_of(samples[-1])) == 6
    assert float(energy(samples[-1])) > float(energy(samples[0]))
    order = [call.action for call in harness.csms.of("StartTransaction", "MeterValues")]
    assert order[-2:] == ["StartTransaction", "MeterValues"], "the end is told as a begin"
    return True


async def is_on_the_wire(quirks: str, *ends: Command, offline: bool = True) -> bool:
    async with gresgying(quirks, keys=KEYS) as harness:
        await begin_offline(harness)
        ends = ends or (Stop(1),)
        acts: list[Command] = [*ends, LinkUp()] if offline else [LinkUp(), *ends]
        for act in acts:
            await harness.submit(act)
            await harness.advance(30)
        return told_as_on_the_metal(harness)


@pytest.mark.parametrize("ends", [[Stop(1)], [Unplug(1)], [Stop(1), Unplug(1)]])
@pytest.mark.parametrize("offline", [True, False], ids=["it ends offline", "it ends later"])
async def test_on(quirk: str, ends: list[Command], offline: bool) -> None:
    assert await is_on_the_wire(quirk, *ends, offline=offline)


async def test_off() -> None:
    assert not await is_on_the_wire("none")


async def test_it_is_told_so_in_another_life_of_the_process_too(quirk: str, tmp_path: Path) -> None:
    async with gresgying(quirk, keys=KEYS, state=tmp_path) as harness:
        await begin_offline(harness)
        await harness.submit(LinkUp())
        await harness.advance(5)
        before = list(harness.csms.calls)
        await harness.submit(LinkDown())
        await harness.submit(Stop(1))
        await harness.power_cut()
        harness.csms.clear()
        await harness.power_on()
        await harness.settle()
        await harness.advance(30)
        harness.csms.calls[:0] = before
        assert told_as_on_the_metal(harness)
        assert harness.station._store.documents.get("refused_start_1") is None


async def test_without_a_sample_of_the_end_the_stop_has_its_register(quirk: str) -> None:
    keys: dict[str, Any] = {**KEYS, "MeterValueSampleInterval": "0"}
    async with gresgying(quirk, keys=keys, state=MEMORY) as harness:
        await begin_offline(harness)
        await harness.submit(Stop(1))
        await harness.submit(LinkUp())
        await harness.advance(30)
        assert not payloads(harness, "StopTransaction")
        assert len(payloads(harness, "StartTransaction")) == 2
        (sample,) = payloads(harness, "MeterValues")
        assert float(energy(sample)) * 1000 > payloads(harness, "StartTransaction")[0]["meterStart"]
