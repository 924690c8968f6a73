"""The comparison with traces, tried on traces that the twin itself has made under another seed.

What is tried is the reading of causes from effects, and that chance alone makes no difference;
whether the twin is true can only be seen with traces of the real charger.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from sim_core.commands import (
    ClearFault,
    EVGiveUp,
    EVStop,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Restart,
    Swipe,
    Unplug,
)
from sim_core.settings.model_file import load_model
from sim_core.traces.comparison.orders import agreed, broken
from sim_core.traces.exchanges import Conversation, Exchange, conversations
from sim_core.traces.reading import read_file
from sim_core.twin.play import Make
from sim_core.twin.tables import scenes
from sim_core.twin.trial import Trial, trial
from tests.harness import Harness
from tests.scripted_csms import Answer, Call, ScriptedCsms

GRESGYING = load_model("gresgying-f3-eu180")
REAL = replace(GRESGYING.timing["real"], second_gun_share=0.0)
TWIN = replace(GRESGYING, timing={**GRESGYING.timing, "real": REAL})
"""A twin whose second gun starts as the first does: that it does not has been seen once."""

Scene = Callable[["Recorder"], Awaitable[None]]


class RecordingCsms(ScriptedCsms):
    """Writes down what passes, as a proxy does."""

    def __init__(self, harness_now: Callable[[], Any]) -> None:
        super().__init__(now=harness_now)
        self.harness_now = harness_now
        self.lines: list[dict[str, Any]] = []

    def write(self, sender: str, message: list[Any]) -> None:
        """One frame."""
        at = self.harness_now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.lines.append({"dir": sender, "t": at, "msg": message})

    def choose(self, call: Call) -> Answer:
        self.write("cp->csms", [2, call.message_id, call.action, call.payload])
        answer = super().choose(call)
        if isinstance(answer, dict):
            self.write("csms->cp", [3, call.message_id, answer])
        return answer


class Recorder:
    """A twin, and a proxy between it and its CSMS."""

    def __init__(self, harness: Harness, csms: RecordingCsms) -> None:
        self.harness = harness
        self.csms = csms
        self._asked = 0

    async def ask(self, action: str, wait_s: float = 5, **payload: Any) -> None:
        """Ask, and let the answer come."""
        self._asked += 1
        message_id = f"ask-{self._asked}"
        self.csms.write("csms->cp", [2, message_id, action, payload])
        task = asyncio.ensure_future(self.csms.ask_raw(action, payload))
        for _ in range(int(wait_s * 10)):
            await self.harness.advance(0.1)
            if task.done() and message_id:
                self.csms.write("cp->csms", [3, message_id, *task.result()[2:]])
                message_id = ""
        assert task.done()

    async def start(self) -> None:
        """Plug in and charge."""
        await self.harness.submit(Plug(1))
        await self.harness.advance(60)
        assert self.harness.status() == "Charging"


async def cut_while_charging(twin: Recorder) -> None:
    await twin.start()
    await twin.harness.submit(LinkDown())
    await twin.harness.advance(28)
    await twin.harness.submit(LinkUp())
    await twin.harness.advance(40)
    await twin.ask("RemoteStopTransaction", 8, transactionId=1000)


async def soft_reset(twin: Recorder) -> None:
    await twin.start()
    await twin.ask("Reset", 60, type="Soft")
    await twin.harness.submit(Unplug(1))
    await twin.harness.advance(4)


async def hard_reset(twin: Recorder) -> None:
    await twin.start()
    await twin.ask("Reset", 130, type="Hard")
    await twin.harness.submit(Unplug(1))
    await twin.harness.advance(4)


async def power_loss(twin: Recorder) -> None:
    await twin.start()
    await twin.harness.submit(PowerOff())
    await twin.harness.advance(85)
    await twin.harness.submit(PowerOn())
    await twin.harness.advance(20)


async def broken_insulation(twin: Recorder) -> None:
    await twin.harness.submit(Plug(1))
    await twin.harness.advance(20)
    await twin.harness.submit(InjectFault(1, vendor_error_code="83"))
    await twin.harness.advance(60)


async def open_door(twin: Recorder) -> None:
    await twin.harness.submit(InjectFault(1, vendor_error_code="88"))
    await twin.harness.advance(20)
    await twin.harness.submit(ClearFault(1))
    await twin.harness.advance(4)


async def blocked_then_card(twin: Recorder) -> None:
    vid = "VID:00000000A001"
    twin.csms.tags[vid] = {"status": "Blocked"}
    await twin.harness.submit(Plug(1, "Compact 60"))
    await twin.harness.advance(30)
    task = asyncio.ensure_future(twin.harness.station.submit(Swipe(1, "AA000001")))
    await twin.harness.advance(40)
    await task
    task = asyncio.ensure_future(twin.harness.station.submit(Swipe(1, "AA000001")))
    await twin.harness.advance(8)
    await task


async def card_and_no_vehicle(twin: Recorder) -> None:
    task = asyncio.ensure_future(twin.harness.station.submit(Swipe(2, "AA000001")))
    await twin.harness.advance(70)
    await task


async def two_guns(twin: Recorder) -> None:
    await twin.start()
    await twin.harness.submit(Plug(2))
    await twin.harness.advance(3)
    await twin.ask("RemoteStartTransaction", 200, connectorId=2, idTag="AA000002")
    await twin.harness.submit(Unplug(2))
    await twin.harness.advance(4)
    await twin.ask("RemoteStopTransaction", 8, transactionId=1000)


async def stop_lost_with_the_link(twin: Recorder) -> None:
    await twin.start()
    twin.csms.write("csms->cp", [2, "lost", "RemoteStopTransaction", {"transactionId": 1000}])
    ask = asyncio.ensure_future(twin.csms.ask_raw("RemoteStopTransaction", {"transactionId": 1000}))
    await twin.harness.advance(0.5)
    await twin.harness.submit(LinkDown())
    ask.cancel()
    await twin.harness.advance(27)
    await twin.harness.submit(LinkUp())
    await twin.harness.advance(12)
    await twin.harness.submit(Unplug(1))
    await twin.harness.advance(4)


async def begun_offline_and_refused(twin: Recorder) -> None:
    for key in ("LocalAuthorizeOffline", "AllowOfflineTxForUnknownId"):
        await twin.ask("ChangeConfiguration", key=key, value="true")
    twin.csms.script["StartTransaction"].append(
        {"transactionId": -1, "idTagInfo": {"status": "Invalid"}}
    )
    await twin.harness.submit(LinkDown())
    await twin.harness.submit(Plug(1))
    await twin.harness.submit(Swipe(1, "AA000001"))
    await twin.harness.advance(60)
    await twin.harness.submit(LinkUp())
    await twin.harness.advance(40)
    await twin.harness.submit(Swipe(1, "AA000001"))
    await twin.harness.advance(20)


async def process_restarts_while_charging(twin: Recorder) -> None:
    await twin.start()
    await twin.harness.advance(33)
    await twin.harness.submit(Restart())
    await twin.harness.advance(75)
    await twin.ask("RemoteStopTransaction", 8, transactionId=1000)
    await twin.harness.submit(Unplug(1))
    await twin.harness.advance(4)


async def process_restarts_twice(twin: Recorder) -> None:
    await twin.start()
    for _ in range(2):
        await twin.harness.advance(25)
        await twin.harness.submit(Restart())
        await twin.harness.advance(50)
    await twin.harness.submit(EVStop(1))
    await twin.harness.advance(12)


async def waiting_cars_while_the_process_restarts(twin: Recorder) -> None:
    await twin.harness.submit(Plug(1, "Compact 60"))
    await twin.harness.advance(5)
    await twin.harness.submit(Restart())
    await twin.harness.advance(80)


async def pulled_out_during_an_outage(twin: Recorder) -> None:
    await twin.start()
    await twin.harness.submit(LinkDown())
    await twin.harness.advance(15)
    await twin.harness.submit(Unplug(1))
    await twin.harness.advance(15)
    await twin.harness.submit(LinkUp())
    await twin.harness.advance(30)


async def plugged_in_during_an_outage(twin: Recorder) -> None:
    await twin.harness.submit(LinkDown())
    await twin.harness.advance(20)
    await twin.harness.submit(Plug(2, "Compact 60"))
    await twin.harness.advance(5)
    await twin.harness.submit(LinkUp())
    await twin.harness.advance(60)


async def ended_by_the_car_during_an_outage(twin: Recorder) -> None:
    await twin.start()
    await twin.harness.submit(LinkDown())
    await twin.harness.advance(15)
    await twin.harness.submit(EVStop(1))
    await twin.harness.advance(15)
    await twin.harness.submit(LinkUp())
    await twin.harness.advance(30)
    await twin.harness.submit(Unplug(1))
    await twin.harness.advance(4)


async def ended_by_the_car(twin: Recorder) -> None:
    await twin.start()
    await twin.harness.advance(70)
    await twin.harness.submit(EVStop(1))
    await twin.harness.advance(15)
    await twin.harness.submit(Unplug(1))
    await twin.harness.advance(4)


async def car_gives_up(twin: Recorder) -> None:
    await twin.harness.submit(Plug(1, "Compact 60"))
    await twin.harness.advance(20)
    await twin.harness.submit(EVGiveUp(1))
    await twin.harness.advance(60)
    await twin.harness.submit(Unplug(1))
    await twin.harness.advance(4)


async def begun_and_ended_offline(twin: Recorder) -> None:
    for key in ("LocalAuthorizeOffline", "AllowOfflineTxForUnknownId"):
        await twin.ask("ChangeConfiguration", key=key, value="true")
    twin.csms.script["StartTransaction"].append(
        {"transactionId": -1, "idTagInfo": {"status": "Invalid"}}
    )
    await twin.harness.submit(LinkDown())
    await twin.harness.submit(Plug(1))
    await twin.harness.submit(Swipe(1, "AA000001"))
    await twin.harness.advance(80)
    await twin.harness.submit(EVStop(1))
    await twin.harness.advance(10)
    await twin.harness.submit(LinkUp())
    await twin.harness.advance(40)


async def power_fails_while_nobody_charges(twin: Recorder) -> None:
    await twin.harness.submit(PowerOff())
    await twin.harness.advance(85)
    await twin.harness.submit(PowerOn())
    await twin.harness.advance(20)


async def pulled_out_during_a_reset(twin: Recorder) -> None:
    await twin.start()
    await twin.ask("Reset", 22, type="Hard")
    await twin.harness.submit(Unplug(1))
    await twin.harness.advance(110)


async def two_guns_and_a_button(twin: Recorder) -> None:
    await twin.harness.submit(Plug(1))
    await twin.harness.advance(4)
    await twin.ask("RemoteStartTransaction", 8, connectorId=1, idTag="AA000001")
    await twin.harness.submit(Plug(2))
    await twin.harness.advance(3)
    await twin.ask("RemoteStartTransaction", 90, connectorId=2, idTag="AA000002")
    await twin.harness.submit(InjectFault(1, vendor_error_code="85"))
    await twin.harness.advance(25)
    await twin.harness.submit(Unplug(1))
    await twin.harness.submit(Unplug(2))
    await twin.harness.submit(ClearFault(1))
    await twin.harness.advance(6)


SCENES: tuple[Scene, ...] = (
    process_restarts_while_charging,
    process_restarts_twice,
    waiting_cars_while_the_process_restarts,
    pulled_out_during_an_outage,
    plugged_in_during_an_outage,
    ended_by_the_car_during_an_outage,
    ended_by_the_car,
    car_gives_up,
    begun_and_ended_offline,
    power_fails_while_nobody_charges,
    pulled_out_during_a_reset,
    two_guns_and_a_button,
    two_guns,
    stop_lost_with_the_link,
    begun_offline_and_refused,
    cut_while_charging,
    soft_reset,
    hard_reset,
    power_loss,
    broken_insulation,
    open_door,
    blocked_then_card,
    card_and_no_vehicle,
)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.__name__)
async def test_a_trace_of_its_own_is_the_same(tmp_path: Path, scene: Scene) -> None:
    timing = replace(REAL, mac_retry_share=0.0)
    harness = Harness(model=TWIN, quirks="all", timing=timing, connect=False)
    harness.csms = csms = RecordingCsms(harness.clock.now)
    async with harness:
        harness._connect = True
        harness.station.open()
        await harness.settle()
        await harness.advance(6)
        await scene(Recorder(harness, csms))
    path = tmp_path / f"trace-{scene.__name__}.jsonl"
    path.write_text("\n".join(map(json.dumps, csms.lines)), encoding="utf-8")
    result = await asyncio.to_thread(tried, path)
    assert result.frames > 5
    assert not result.differing, scenes(result)


def tried(path: Path, seed: int = 2) -> Trial:
    """A trace against the twin."""
    return trial(conversations(read_file(path).trace), Make(TWIN), [seed])


def said(second: float, action: str, **payload: Any) -> Exchange:
    """A frame of connector 1 at this second of a minute."""
    at = datetime(2026, 1, 1, 12, 0, tzinfo=timezone.utc) + timedelta(seconds=second)
    return Exchange(at, True, action, {"connectorId": 1, **payload})


def faulted(second: float) -> Exchange:
    return said(second, "StatusNotification", status="Faulted", vendorErrorCode="83")


def test_an_order_that_all_traces_agree_on_is_one() -> None:
    starts = [(said(10 * n, "StartTransaction"), faulted(10 * n + 1)) for n in range(4)]
    trace = Conversation("own", True, [frame for both in starts for frame in both])
    orders = agreed([trace])
    assert orders == {("StartTransaction", "Faulted 83")}
    same = [(frame, frame) for frame in trace.exchanges]
    assert broken(trace, same, orders) == {}
    late = replace(same[0][1], at=same[0][1].at + timedelta(seconds=2))
    faults = broken(trace, [(same[0][0], late), *same[1:]], orders)
    assert list(faults.values()) == [["Faulted 83: before StartTransaction"]]
    once = Conversation("other", True, [faulted(0), said(1, "StartTransaction")])
    assert agreed([trace, once]) == frozenset(), "one trace has it the other way round"
    assert agreed([Conversation("short", True, trace.exchanges[:4])]) == frozenset(), (
        "twice may be chance"
    )


def test_what_differs_is_said(tmp_path: Path) -> None:
    """A trace in which something else was said: each difference has its sentence."""
    boot = {
        "chargePointModel": "F3-EU180-CC",
        "chargePointVendor": "Gresgying",
        "chargePointSerialNumber": "1",
        "iccid": "0",
    }
    accepted = {"currentTime": "2026-01-01T12:07:00Z", "interval": 300, "status": "Accepted"}
    lines = [
        ("cp->csms", "12:07:00.000", [2, "1", "BootNotification", boot]),
        ("csms->cp", "12:07:00.050", [3, "1", accepted]),
        ("csms->cp", "12:07:05.000", [2, "2", "ClearCache", {}]),
        ("cp->csms", "12:07:06.000", [3, "2", {"status": "Rejected"}]),
    ]
    path = tmp_path / "trace-other.jsonl"
    path.write_text(
        "\n".join(
            json.dumps({"dir": way, "t": f"2026-01-01T{at}Z", "msg": message})
            for way, at, message in lines
        ),
        encoding="utf-8",
    )
    result = tried(path).results[0]
    assert set(result.whys) == {
        "BootNotification: fields with ['firmwareVersion']",
        "ClearCache.conf: status is 'Accepted', not 'Rejected'",
        "too much: Available NoError on 0",
        "too much: Available NoError on 1",
        "too much: Available NoError on 2",
    }
    assert (result.frames, result.equal) == (2, 0)
