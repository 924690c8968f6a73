"""What the tests of quirks do and look at. A quirk is played on a make that has it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sim_core.commands import Plug, Start
from sim_core.hardware.distribution import Distribution
from sim_core.hardware.model import Timing
from sim_core.settings.model_file import load_model
from tests.harness import Harness
from tests.scripted_csms import Payload
from tests.versions import OCPP_1_6

MODEL = load_model("gresgying-f3-eu180")


def steady(timing: Timing) -> Timing:
    """The same without chance: whatever varies is its median."""
    medians = {
        one.name: float(value)
        for one in fields(timing)
        if isinstance(value := getattr(timing, one.name), Distribution)
    }
    steps = tuple((float(until), most_w) for until, most_w in timing.ramp_steps)
    return replace(timing, **medians, ramp_steps=steps, jitter_c=0.0, spread=0.0)


REAL = replace(steady(MODEL.timing["real"]), mac_retry_share=0.0)
"""Its times without chance."""


def gresgying(quirks: str, **options: Any) -> Harness:
    """A charge point of the make that comes along, and its CSMS."""
    return Harness(model=MODEL, quirks=quirks, **options)


def payloads(harness: Harness, action: str) -> list[Payload]:
    """What the charge point has sent under this action."""
    return [call.payload for call in harness.csms.of(action)]


def statuses(harness: Harness, number: int) -> list[str]:
    """The words that the charge point has said of a connector."""
    return [
        p["status"] for p in payloads(harness, "StatusNotification") if p["connectorId"] == number
    ]


async def asking(harness: Harness, action: str, **payload: Any) -> asyncio.Task[dict[str, Any]]:
    """Ask, without waiting for an answer that takes time."""
    task = asyncio.ensure_future(harness.csms.ask(action, **payload))
    await harness.settle()
    return task


def values_of(sample: dict[str, Any]) -> dict[str, str]:
    """Measurand -> value of a MeterValues request."""
    return {v["measurand"]: v["value"] for v in sample["meterValue"][0]["sampledValue"]}


def contexts_of(sample: dict[str, Any]) -> list[str]:
    """Why each value of a MeterValues request was sampled."""
    return [value["context"] for value in sample["meterValue"][0]["sampledValue"]]


def energy(sample: dict[str, Any]) -> str:
    """The register of a MeterValues request, as it is written."""
    return values_of(sample)["Energy.Active.Import.Register"]


@dataclass(frozen=True)
class Left:
    """A frame that has left the charge point."""

    at_s: float
    """Seconds on the clock of the test, counted from some moment."""
    said: str
    """`StatusNotification 1 Charging`."""
    payload: Payload


def departures(harness: Harness) -> list[Left]:
    """The requests of the charge point since `harness.csms.clear()`, and when each has left."""
    known = {call.message_id for call in harness.csms.calls}
    _, exchanges = harness.messages.since(0)
    requests = [(json.loads(e.request), e) for e in exchanges if e.message_id in known]
    return [
        Left(e.requested_at.timestamp(), OCPP_1_6.describe(message[2], message[3]), message[3])
        for message, e in requests
    ]


def stamped_s(payload: Payload) -> float:
    """The moment that a status tells of, as `Left.at_s` has it while no clock is set."""
    return datetime.fromisoformat(payload["timestamp"].replace("Z", "+00:00")).timestamp()


async def charge_and_keep(harness: Harness) -> None:
    """Plug in and start; the frames stay."""
    await harness.submit(Plug(1))
    await harness.submit(Start(1, "TAG"))
    await harness.advance(1)
    assert harness.status() == "Charging"


async def charge(harness: Harness) -> None:
    """Plug in and start, and forget the frames that it took."""
    await charge_and_keep(harness)
    harness.csms.clear()


async def charge_in_time(harness: Harness) -> None:
    """The same with a make whose answers take time, or whose cars do."""
    await harness.advance(5)
    await harness.submit(Plug(1))
    started = asyncio.ensure_future(harness.station.submit(Start(1, "TAG")))
    await harness.advance(60)
    await started
    assert harness.status() == "Charging"
    harness.csms.clear()
