"""Plays a scene to the twin, in manual time, before a CSMS that answers as the trace's did."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sim_core.charging.vocabulary import StopReason
from sim_core.commands import (
    ClearFault,
    Command,
    InjectFault,
    LinkDown,
    LinkUp,
    Plug,
    PowerOff,
    PowerOn,
    Swipe,
    Unplug,
)
from sim_core.hardware.meter import Meter
from sim_core.hardware.vehicle import VehicleType
from sim_core.settings.model_file import load_model
from tests.harness import Harness, HarnessClock
from tests.scripted_csms import Answer, Call, CallError, Drop, ScriptedCsms
from tests.twin.scene import BOOT_AFTER, HANDSHAKE_LATE_S, Car, S, Scene, Stimulus
from tests.twin.trace import Frame, Payload, Trace

MODEL = "gresgying-f3-eu180"
WARM_UP = 90 * S
"""How long before the trace the twin is there, where the trace begins in the middle."""
LIMITED_AFTER = 60 * S
"""When, after its start, an earlier transaction gets the profile that it has in the trace."""
SLOW_START = (100 * S, 200 * S)
"""Between a remote start and its transaction, where a second connector is very slow."""
RUN_OUT = 12.0
"""Seconds for what is still on its way at the end of a trace."""
LATE_S = 8.0
"""How long a stimulus waits for what came before it in the trace."""

Key = tuple[str, object, object]


def key_of(action: str, payload: Payload) -> Key:
    """What a request is about: the nth of a key answers to the nth of the same key."""
    if action == "StatusNotification":
        return action, payload["connectorId"], payload["status"]
    if action == "MeterValues":
        values = payload["meterValue"][0]["sampledValue"]
        return action, payload["connectorId"], values[0]["context"]
    return action, payload.get("connectorId"), payload.get("idTag") or payload.get("transactionId")


class TraceCsms(ScriptedCsms):
    """A CSMS that gives each request the answer that the same one got in the trace."""

    def __init__(self, clock: HarnessClock) -> None:
        super().__init__(now=clock.now)
        self.clock = clock
        self.heard: list[Frame] = []
        self.counted: dict[Key, int] = defaultdict(int)
        self.at: dict[tuple[Key, int], datetime] = {}
        self._from_trace: dict[Key, deque[Frame]] = defaultdict(deque)
        self.taken = False

    def take(self, trace: Trace) -> None:
        """From now on answer, and count, by this trace."""
        self.taken = True
        for frame in trace.said:
            self._from_trace[key_of(frame.action, frame.payload)].append(frame)
        self.heard.clear()
        self.counted.clear()
        self.at.clear()
        self.clear()

    def choose(self, call: Call) -> Answer:
        key = key_of(call.action, call.payload)
        self.counted[key] += 1
        now = self.clock.now()
        self.at[key, self.counted[key]] = now
        frame = Frame(now, True, call.action, call.payload, connection=call.connection)
        self.heard.append(frame)
        queue = self._from_trace[key]
        if not queue:
            return super().choose(call)
        answer = queue.popleft().answer
        frame.answer = answer
        if answer is None:
            return Drop()
        if answer[0] == 4:
            return CallError(answer[1], answer[2])
        payload: Payload = dict(answer[1])
        if "currentTime" in payload:  # in its form, but of the time that is here
            whole = "." not in payload["currentTime"]
            payload["currentTime"] = now.strftime(
                "%Y-%m-%dT%H:%M:%S" + "Z" * whole + "." * (not whole)
            )
            payload["currentTime"] += "" if whole else f"{now.microsecond:06d}Z"
        return payload


class Play:
    """One trace, played."""

    def __init__(self, trace: Trace, scene: Scene) -> None:
        self.trace = trace
        self.scene = scene
        model = load_model(MODEL)
        timing = replace(model.timing["real"], mac_retry_share=0.0)  # each car says it itself
        start = scene.begins - BOOT_AFTER if scene.boots else scene.begins - WARM_UP
        for stop in scene.earlier.values():
            began = stop.payload["transactionData"][0]["timestamp"]
            start = min(start, datetime.fromisoformat(began.replace("Z", "+00:00")) - 60 * S)
        if scene.heartbeat_at is not None and not scene.boots:
            beat = timedelta(seconds=int(scene.keys.get("HeartbeatInterval", "3600")))
            first = scene.heartbeat_at - 2.2 * S
            while first - beat > start - beat and first > start:
                first -= beat
            start = first
        self.clock = HarnessClock(start)
        self.csms = TraceCsms(self.clock)
        if scene.offline:
            start = min(start, scene.offline[0].at - S)
            self.clock = HarnessClock(start)
            self.csms = TraceCsms(self.clock)
        if "HeartbeatInterval" in scene.keys:
            self.csms.interval = int(scene.keys["HeartbeatInterval"])
        self.cars = {
            id(stimulus): f"car {number}"
            for number, stimulus in enumerate([*scene.before, *scene.offline, *scene.stimuli])
            if stimulus.kind == "plug"
        }
        garage = tuple(
            _vehicle(self.cars[id(s)], s.detail)
            for s in [*scene.before, *scene.offline, *scene.stimuli]
            if s.kind == "plug"
        )
        resident = VehicleType(
            "resident", 60_000, ((0, 62_000), (100, 62_000)), 150, 394, 436, 0.13
        )
        self.harness = Harness(
            model=model,
            quirks="all",
            timing=timing,
            garage=(resident, *garage),
            keys=scene.keys,
            clock=self.clock,
            csms=self.csms,
            connect=False,
        )
        self.asked: list[tuple[Frame, Frame, asyncio.Task[list[Any]]]] = []
        """A request of the trace, the same one here, and what comes of it."""
        self._beside: list[asyncio.Future[Any]] = []
        self._anchors: dict[int, tuple[Key, int]] = {}
        counted: dict[Key, int] = defaultdict(int)
        for frame in trace.said:
            key = key_of(frame.action, frame.payload)
            counted[key] += 1
            self._anchors[id(frame)] = (key, counted[key])

    async def run(self) -> list[Frame]:
        """Everything that the twin has said since the trace began, with its answers to requests."""
        async with self.csms, self.harness:
            for number, register_wh in self.scene.registers_wh.items():
                connector = self.harness.station.charger.connectors[number]
                connector.metal.meter = Meter(float(register_wh))
            await self._before()
            for stimulus in self.scene.stimuli:
                await self._wait_for(stimulus)
                await self._do(stimulus)
            end = self.trace.frames[-1].at - self.clock.now()
            await self._advance(max(0.0, end / S) + RUN_OUT)
            open_ = [*(task for *_, task in self.asked), *self._beside]
            for task in open_:
                task.cancel()
            await asyncio.gather(*open_, return_exceptions=True)
        return self.csms.heard

    async def _before(self) -> None:
        harness, scene = self.harness, self.scene
        for stimulus in scene.before:
            if stimulus.kind == "fault_before":
                await harness.submit(InjectFault(1, vendor_error_code=stimulus.detail))
            elif scene.boots:
                await self._do(stimulus)
        for stimulus in scene.offline:
            await self._advance((stimulus.at - self.clock.now()) / S)
            await self._do(stimulus)
        if scene.offline:
            await self._advance((scene.begins - BOOT_AFTER - self.clock.now()) / S)
        if scene.boots:
            self.csms.take(self.trace)
        harness._connect = True
        harness.station.open()
        await harness.settle()
        if scene.boots:
            return
        for number, stop in scene.earlier.items():
            await self._earlier(number, stop)
        for stimulus in scene.before:
            if stimulus.kind == "plug":
                await self._advance(max(0.0, (scene.begins - 30 * S - self.clock.now()) / S))
                await self._do(stimulus)
        if not self.csms.taken:
            await self._advance(max(0.0, (scene.begins - 2 * S - self.clock.now()) / S))
            self.csms.take(self.trace)

    async def _earlier(self, number: int, stop: Frame) -> None:
        """A transaction that had begun before the trace."""
        began = stop.payload["transactionData"][0]["timestamp"]
        start = datetime.fromisoformat(began.replace("Z", "+00:00"))
        info = {"status": "Accepted"}
        self.csms.script["StartTransaction"].append(
            {"transactionId": stop.payload["transactionId"], "idTagInfo": info}
        )
        await self._advance(max(0.0, (start - 30 * S - self.clock.now()) / S))
        await self.harness.submit(Plug(number, "resident"))
        await self._submit(Swipe(number, stop.payload["idTag"]))
        await self._limit(number, start)
        ended = datetime.fromisoformat(stop.payload["timestamp"].replace("Z", "+00:00"))
        if ended - self.scene.begins < 2 * S:  # the trace begins with its end
            await self._advance((ended - 4 * S - self.clock.now()) / S)
            self.csms.take(self.trace)
            request = {"transactionId": stop.payload["transactionId"]}
            asked = self.csms.ask_raw("RemoteStopTransaction", request)
            self._beside.append(asyncio.ensure_future(asked))

    async def _limit(self, number: int, start: datetime) -> None:
        """A charging profile that had been set before the trace shows at the transaction's end."""
        samples = [f for f in self.trace.of("MeterValues", number) if f.context]
        ends = [f for f in samples if f.context == "Transaction.End"]
        if not ends or "Power.Offered" in values_of(ends[0]):
            return
        before = [values_of(f) for f in samples if f.at < ends[0].at]
        offered_kw = next((float(v["Power.Offered"]) for v in before if "Power.Offered" in v), 0)
        await self._advance((start + LIMITED_AFTER - self.clock.now()) / S)
        profile = {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Relative",
            "chargingSchedule": {
                "chargingRateUnit": "W",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": offered_kw * 1000}],
            },
        }
        request = {"connectorId": number, "csChargingProfiles": profile}
        asked = self.csms.ask_raw("SetChargingProfile", request)
        self._beside.append(asyncio.ensure_future(asked))
        await self.harness.settle()

    async def _wait_for(self, stimulus: Stimulus) -> None:
        due = stimulus.at
        if stimulus.after is not None:
            anchor = self._anchors[id(stimulus.after)]
            patience = self.clock.monotonic() + max(0.0, (due - self.clock.now()) / S) + LATE_S
            while anchor not in self.csms.at and self.clock.monotonic() < patience:
                await self._advance(0.25)
            if anchor in self.csms.at:
                due = self.csms.at[anchor] + (stimulus.at - stimulus.after.at)
        await self._advance((due - self.clock.now()) / S)

    async def _do(self, stimulus: Stimulus) -> None:
        number = stimulus.connector or 1
        harness = self.harness
        if stimulus.kind == "ask":
            assert stimulus.frame is not None
            await self._ask(stimulus.frame)
        elif stimulus.kind == "plug":
            await harness.submit(Plug(number, self.cars[id(stimulus)]))
        elif stimulus.kind == "swipe":
            await self._submit(Swipe(number, stimulus.detail))
        elif stimulus.kind == "ev_stops":
            charger = harness.station.charger
            charger.transactions.stop(charger.connectors[number], StopReason.OTHER)
        elif stimulus.kind == "fault":
            await harness.submit(InjectFault(number, vendor_error_code=stimulus.detail))
        else:
            commands: dict[str, Command] = {
                "unplug": Unplug(number),
                "clear": ClearFault(number),
                "link_down": LinkDown(),
                "link_up": LinkUp(),
                "power_off": PowerOff(),
                "power_on": PowerOn(),
            }
            await harness.submit(commands[stimulus.kind])
        await harness.settle()

    async def _submit(self, command: Command) -> None:
        """Hand in what may wait for the CSMS, and let time pass for it elsewhere."""
        self._beside.append(asyncio.ensure_future(self.harness.station.submit(command)))
        await self.harness.settle()

    async def _ask(self, frame: Frame) -> None:
        if not self.csms.connected:
            return
        here = Frame(self.clock.now(), False, frame.action, frame.payload)
        if frame.action == "RemoteStartTransaction":  # each start says itself how long it takes
            environment = self.harness.station.charger.environment
            share = 1.0 if self._is_slow(frame) else 0.0
            environment.timing = replace(environment.timing, second_gun_share=share)

        async def ask() -> list[Any]:
            answer = await self.csms.ask_raw(frame.action, frame.payload)
            here.answer, here.answered_at = [answer[0], *answer[2:]], self.clock.now()
            return answer

        task = asyncio.ensure_future(ask())
        self.asked.append((frame, here, task))
        await self.harness.settle()

    def _is_slow(self, asked: Frame) -> bool:
        """Whether a remote start of the trace has led to a transaction only much later."""
        starts = self.trace.of("StartTransaction", asked.connector)
        later = [start.at - asked.at for start in starts if start.at > asked.at]
        return bool(later) and SLOW_START[0] < later[0] < SLOW_START[1]

    async def _advance(self, seconds: float) -> None:
        if seconds > 0:
            await self.harness.advance(seconds)


def values_of(sample: Frame) -> dict[str, str]:
    """Measurand -> value of a MeterValues request."""
    sampled = sample.payload["meterValue"][0]["sampledValue"]
    return {value["measurand"]: value["value"] for value in sampled}


def _vehicle(name: str, car: Car) -> VehicleType:
    return VehicleType(
        name,
        60_000,
        ((0, 62_000), (100, 62_000)),
        150,
        394,
        436,
        0.13,
        arrives_at_percent=car.soc_percent,
        handshake_late_s=HANDSHAKE_LATE_S if car.late else 0.0,
        vid=car.vid,
        only_by_name=True,
    )
