"""A simulated day of the twin beside what was measured on the metal: `python -m tests.twin.day`.

Thirty-six sessions on both connectors, each at random: how the card comes (the vehicle's own id, a
start from afar, or a card after that id was refused), the vehicle, how long it charges. Time is
moved, the WebSocket is real. Printed is each measured figure of the metal with that of the twin:
medians are to be within 10 %, p10 and p90 within 20 %, and whatever has bounds within them. What
differs by more is a fault (`!`), unless so few were seen that it may be chance (`~`).

The CSMS answers as late as the one did at which the metal was measured: what is observed of a
charger is a sum of its own times and the other end's.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import math
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from statistics import median, stdev
from typing import Any

from sim_core.commands import Command, LinkDown, LinkUp, Plug, Start, Unplug
from sim_core.hardware.vehicle import VehicleType
from sim_core.settings.model_file import load_model
from tests.harness import Harness, HarnessClock
from tests.scripted_csms import Answer, Call, Hold, ScriptedCsms
from tests.versions import Payload

MODEL = "gresgying-f3-eu180"
SESSIONS = 36
ANSWERS_AFTER_S = 0.11
"""How long the CSMS took beside the metal."""
STAIRS_KW = (0, 4.15, 8.35, 10, 20, 30, 40, 60)
"""What the metal shows at its start: 10 A and 20 A are 4 and 8 kW."""
ON_A_STAIR = 0.025
"""So near to one of them, as a share of it, a sample is on it."""
CONNECTION_OF = 2
"""How many sessions a connection lasts: the metal had 26 that day."""
EVENLY = 0.618
"""From one fraction of a second to the next: so few of them lie as evenly as many by chance."""
LONG_SHARE = 1 / 6
"""Of the sessions that last several minutes; the others end within three, as on the metal's day."""
RAMP_S = 45.0
RISES_S = 170.0
"""So long the metal's sessions were, over which the rise of V was measured."""
FULL_KW = 58.5
"""Above that a sample is at full power: the installation has 60 kW."""
EARLY_S = 34.0
"""A session that begins before that after the plug is of the early mode."""
SURE = 2.58
"""Standard deviations within which 99 % of what chance does lie."""
SETTLED_S = 34.0
"""So long after its start a session is past the ramp."""


# -- what was measured on the metal ----------------------------------------------------------------


@dataclass(frozen=True)
class Spread:
    """Median, p10 and p90."""

    median: float
    p10: float
    p90: float

    def off(self, seen: list[float]) -> str:
        """What lies outside, whether or not it may be chance."""
        shares = (("median", 0.5, self.median, 0.1), ("p10", 0.1, self.p10, 0.2))
        offs = [
            (name, quantile(seen, share) / real - 1, may)
            for name, share, real, may in (*shares, ("p90", 0.9, self.p90, 0.2))
        ]
        return ", ".join(f"{name} {off:+.0%}" for name, off, may in offs if abs(off) > may)

    def faults(self, seen: list[float]) -> Iterator[str]:
        """How the twin differs by more than it may."""
        shares = (("median", 0.5, self.median, 0.1), ("p10", 0.1, self.p10, 0.2))
        for name, share, real, may in (*shares, ("p90", 0.9, self.p90, 0.2)):
            low, high = likely(seen, share)
            if high < real * (1 - may) or low > real * (1 + may):
                yield f"{name} {quantile(seen, share) / real - 1:+.0%}"

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.p10:.2f}-{self.p90:.2f})"


@dataclass(frozen=True)
class UpTo:
    """A median, and the most."""

    median: float
    most: float

    def faults(self, seen: list[float]) -> Iterator[str]:
        """How the twin differs by more than it may."""
        low, high = likely(seen, 0.5)
        if high < self.median * 0.9 or low > self.median * 1.1:
            yield f"median {median(seen) / self.median - 1:+.0%}"
        if max(seen) > self.most * 1.2:
            yield f"most {max(seen):.2f}"

    def __str__(self) -> str:
        return f"{self.median:.2f} (up to {self.most:.2f})"


@dataclass(frozen=True)
class Within:
    """A median that may be off by `may`, and bounds of nearly all."""

    median: float
    low: float
    high: float
    may: float
    nearly: float = 0.02
    """The share of values that may lie on either side of the bounds."""

    def faults(self, seen: list[float]) -> Iterator[str]:
        """How the twin differs by more than it may."""
        low, high = likely(seen, 0.5)
        if high < self.median - self.may or low > self.median + self.may:
            yield f"median {median(seen) - self.median:+.2f}"
        low, high = quantile(seen, self.nearly), quantile(seen, 1 - self.nearly)
        if low < self.low or high > self.high:
            yield f"{low:.2f} to {high:.2f}"

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Share:
    """How many of so many."""

    many: int
    of: int

    def faults(self, seen: list[float]) -> Iterator[str]:
        """How the twin differs by more than chance makes two such shares differ."""
        real, twin = self.many / self.of, sum(seen) / len(seen)
        both = (self.many + sum(seen)) / (self.of + len(seen))
        may = SURE * math.sqrt(both * (1 - both) * (1 / self.of + 1 / len(seen)))
        if abs(twin - real) > may:
            yield f"share {twin - real:+.2f}"

    def __str__(self) -> str:
        return f"{self.many / self.of:.2f} ({self.many} of {self.of})"


Measured = Spread | UpTo | Within | Share

METAL: dict[str, Measured] = {
    "RemoteStartTransaction, answer, s": Spread(2.07, 1.24, 2.25),
    "other answers, s": Spread(1.07, 0.91, 1.29),
    "RemoteStopTransaction to stop stamp, s": Spread(2.48, 1.80, 2.80),
    "RemoteStopTransaction to StopTransaction, s": Spread(5.39, 5.12, 6.46),
    "Transaction.End to StopTransaction, s": Spread(1.18, 1.13, 1.31),
    "StartTransaction to Charging, s": Spread(1.51, 1.45, 1.71),
    "late authorisation to StartTransaction, s": Spread(2.4, 1.1, 3.7),
    "plug to StartTransaction, early mode, s": Spread(28.9, 26.6, 29.7),
    "a status on its way, s": UpTo(1.22, 3.05),
    "a sample on its way, s": UpTo(1.59, 3.66),
    "full power, kW": Within(59.79, 59.35, 60.3, 0.06),
    "full power, sd, kW": Within(0.13, 0.08, 0.18, 0.05),
    "V at full power": Within(434.0, 425.0, 441.0, 3.5),
    "V rising at full power, V/min": Within(2.5, -2.0, 14.0, 0.6),
    "samples on a stair of the ramp, share": Share(66, 73),
    "°C at begin": Within(36.5, 29.9, 39.1, 3.0),
    "fall in the first minute, °C": Within(0.4, -0.2, 1.0, 0.2),
    "warming in 10 min of charging, °C": Within(1.0, -2.5, 4.5, 0.4),
}
"""By what was looked at: read off the frames of a day of the metal."""


# -- what is looked at -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Said:
    """A request of the charge point."""

    at: datetime
    action: str
    payload: Payload
    answered_at: datetime

    @property
    def stamp(self) -> datetime:
        """The moment that it tells of."""
        values = self.payload.get("meterValue")
        text = values[0]["timestamp"] if values else self.payload["timestamp"]
        return datetime.fromisoformat(text.replace("Z", "+00:00"))

    @property
    def context(self) -> str:
        """That of a sample."""
        return str(self.payload["meterValue"][0]["sampledValue"][0]["context"])

    def value(self, measurand: str) -> float:
        """What a sample says of a measurand."""
        values = self.payload["meterValue"][0]["sampledValue"]
        return next(float(one["value"]) for one in values if one["measurand"] == measurand)


@dataclass
class Session:
    """What the CSMS knows of a session beside the frames."""

    late: bool = False
    """Authorised when the cable check was over."""
    stop_asked_at: datetime | None = None


Seen = dict[str, list[float]]


def seconds(begin: datetime | None, end: datetime | None) -> float:
    """From one to the other."""
    assert begin is not None
    assert end is not None
    return (end - begin).total_seconds()


def quantile(seen: list[float], share: float) -> float:
    """The value that this share of all lies below."""
    ordered = sorted(seen)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def likely(seen: list[float], share: float) -> tuple[float, float]:
    """Between which values the true quantile lies with a probability of 99 %: a few draws tell
    little of a p10. (How many of them lie below it is binomial, and nearly normal for many.)"""
    ordered, n = sorted(seen), len(seen)
    if n == 1:
        return ordered[0], ordered[0]
    spread = SURE * math.sqrt(n * share * (1 - share))
    low, high = math.floor(n * share - spread), math.ceil(n * share + spread)
    return ordered[low - 1] if low > 0 else -math.inf, ordered[high] if high < n else math.inf


# -- the day ---------------------------------------------------------------------------------------


class SlowCsms(ScriptedCsms):
    """Answers a moment later, and writes down when it was asked what."""

    def __init__(self, clock: HarnessClock) -> None:
        super().__init__(now=clock.now)
        self.clock = clock
        self.said: list[Said] = []

    def choose(self, call: Call) -> Answer:
        now = self.clock.now()
        released = asyncio.Event()
        payload = self._ordinary(call)
        self.clock.call_later(ANSWERS_AFTER_S, released.set)
        answered_at = datetime.fromtimestamp(now.timestamp() + ANSWERS_AFTER_S, now.tzinfo)
        self.said.append(Said(now, call.action, call.payload, answered_at))
        return Hold(released, payload)


class Day:
    """A charger's day. `seen` is what a CSMS could measure in it."""

    def __init__(self, seed: int, sessions: int = SESSIONS) -> None:
        self.chance = random.Random(seed)
        self.seen: Seen = defaultdict(list)
        # Each BootNotification.conf costs the twin's clock a fraction of a second, as the metal's.
        begins = datetime(2026, 1, 1, 7, tzinfo=timezone.utc)
        self._fraction = self.chance.random()
        clock = HarnessClock(begins + timedelta(seconds=self._fraction))
        self.csms = SlowCsms(clock)
        self.cars = [self._car(number) for number in range(sessions)]
        model = load_model(MODEL)
        self.harness = Harness(
            model=model,
            quirks="all",
            timing=replace(model.timing["real"], second_gun_share=0.0),
            garage=tuple(self.cars),
            keys={"MeterValueSampleInterval": "10", "AutoCharge": "true"},
            clock=clock,
            csms=self.csms,
            seed=seed,
        )

    def _car(self, number: int) -> VehicleType:
        """Vehicles as they came to the metal: packs of 60 kWh that take more than there is."""
        return VehicleType(
            f"car {number}",
            60_000,
            ((0, 75_000), (100, 75_000)),
            200,
            empty_v=398,
            full_v=414,
            resistance_ohm=0.18,
            polarisation_ohm=0.06,
            arrives_at_percent=self.chance.uniform(11, 52),
            vid=f"VID:{number:012X}",
        )

    async def run(self) -> Seen:
        """Play it."""
        async with self.csms, self.harness:
            await self.harness.advance(5)
            for number, car in enumerate(self.cars):
                await self._session(1 + number % 2, car)
                await self.harness.advance(self.chance.uniform(20, 120))
                if number % CONNECTION_OF == CONNECTION_OF - 1:
                    await self._reconnect()
        for said in self.csms.said:
            if said.action == "StatusNotification":
                self.seen["a status on its way, s"].append(seconds(said.stamp, said.at))
            elif said.action == "MeterValues" and said.context == "Sample.Periodic":
                self.seen["a sample on its way, s"].append(seconds(said.stamp, said.at))
        return self.seen

    async def _reconnect(self) -> None:
        """The link is cut, and comes back some seconds later: at each fraction of a second of the
        day, for the clock is set without it."""
        clock = self.harness.clock
        await self.harness.submit(LinkDown())
        await self.harness.advance(self.chance.uniform(5, 40))
        self._fraction = (self._fraction + EVENLY) % 1
        await self.harness.advance((self._fraction - clock.now().microsecond / 1e6) % 1)
        await self.harness.submit(LinkUp())
        await self.harness.advance(8)

    async def _session(self, number: int, car: VehicleType) -> None:
        chance, harness = self.chance, self.harness
        how = chance.choices(("own id", "afar", "late"), (1, 1, 2))[0]
        interval_s = chance.choice((10, 30))
        await self._ask(
            "ChangeConfiguration", key="MeterValueSampleInterval", value=f"{interval_s}"
        )
        if how != "own id":
            assert car.vid
            self.csms.tags[car.vid] = {"status": "Blocked"}
        said = len(self.csms.said)
        session = Session(late=how == "late")
        await harness.submit(Plug(number, car.name))
        if how == "afar":
            await harness.advance(chance.uniform(2, 11))
            await self._ask("RemoteStartTransaction", connectorId=number, idTag=f"AA{number:06d}")
        elif how == "late":
            await self._until("Authorize", since=said)
            await self._until_ready(number)
            await self._admit_late(number)
        began = await self._until("StartTransaction", since=said)
        long = chance.random() < LONG_SHARE
        await harness.advance(chance.uniform(300, 600) if long else chance.uniform(55, 170))
        snapshot = harness.connector(number).transaction
        assert snapshot is not None
        transaction_id = int(snapshot.transaction_id or 0)
        session.stop_asked_at = harness.clock.now()
        await self._ask("RemoteStopTransaction", transactionId=transaction_id)
        await self._until("StopTransaction", since=said)
        await harness.advance(chance.uniform(2, 20))
        await harness.submit(Unplug(number))
        await harness.advance(4)
        self._look(session, number, began, self.csms.said[said:])

    async def _until_ready(self, number: int) -> None:
        """Wait for the end of the cable check: what comes then is late."""
        connector = self.harness.station.charger.connectors[number]
        left_s = (connector.ready_at_s or 0.0) - self.harness.clock.monotonic()
        await self.harness.advance(max(0.0, left_s) + self.chance.uniform(0.2, 2))

    async def _admit_late(self, number: int) -> None:
        """A card at the reader, or a start from afar."""
        tag = f"AA{number:06d}"
        if self.chance.random() < 0.5:
            await self._ask("RemoteStartTransaction", connectorId=number, idTag=tag)
        else:
            await self._submit(Start(number, tag))

    async def _submit(self, command: Command) -> None:
        task = asyncio.ensure_future(self.harness.station.submit(command))
        while not task.done():
            await self.harness.advance(0.1)
        await task

    async def _ask(self, action: str, **payload: Any) -> None:
        clock = self.harness.clock
        began = clock.now()
        answered: list[datetime] = []
        task = asyncio.ensure_future(self.csms.ask_raw(action, payload))
        task.add_done_callback(lambda _: answered.append(clock.now()))
        while not task.done():
            await self.harness.advance(0.02)
        assert task.result()[2].get("status") == "Accepted", task.result()
        slow = action == "RemoteStartTransaction"
        row = "RemoteStartTransaction, answer, s" if slow else "other answers, s"
        self.seen[row].append(seconds(began, answered[0]))

    async def _until(self, action: str, *, since: int) -> Said:
        """Let time pass until the charge point has said something, and return it."""
        for _ in range(2_000):
            for said in self.csms.said[since:]:
                if said.action == action:
                    return said
            await self.harness.advance(0.1)
        raise AssertionError(f"no {action}")

    # -- looking -----------------------------------------------------

    def _look(self, session: Session, number: int, start: Said, said: list[Said]) -> None:
        seen = self.seen
        of = [one for one in said if one.payload.get("connectorId") == number]
        stop = next(one for one in said if one.action == "StopTransaction")
        charging = next(one for one in of if one.payload.get("status") == "Charging")
        samples = [
            one for one in of if one.action == "MeterValues" and "transactionId" in one.payload
        ]
        by = {one.context: one for one in samples}
        seen["StartTransaction to Charging, s"].append(seconds(start.stamp, charging.stamp))
        if session.late:
            card = [one for one in said if one.action == "Authorize"][-1]
            row = "late authorisation to StartTransaction, s"
            seen[row].append(seconds(card.answered_at, start.stamp))
        else:
            preparing = next(one for one in of if one.payload.get("status") == "Preparing")
            took_s = seconds(preparing.stamp, start.stamp)
            if took_s < EARLY_S:
                seen["plug to StartTransaction, early mode, s"].append(took_s)
        asked_at = session.stop_asked_at
        seen["RemoteStopTransaction to stop stamp, s"].append(seconds(asked_at, stop.stamp))
        seen["RemoteStopTransaction to StopTransaction, s"].append(seconds(asked_at, stop.at))
        row = "Transaction.End to StopTransaction, s"
        seen[row].append(seconds(by["Transaction.End"].at, stop.at))
        periodic = [one for one in samples if one.context == "Sample.Periodic"]
        self._look_at_power(start, periodic)
        self._look_at_warmth(start, by["Transaction.Begin"], periodic)

    def _look_at_power(self, start: Said, samples: list[Said]) -> None:
        full: list[tuple[float, float]] = []
        for one in samples:
            since_s = seconds(start.stamp, one.stamp)
            kw = one.value("Power.Active.Import")
            if since_s < RAMP_S:
                stair = min(STAIRS_KW, key=lambda stair: abs(stair - kw))
                self.seen["samples on a stair of the ramp, share"].append(
                    float(abs(stair - kw) <= ON_A_STAIR * stair)
                )
            if since_s > SETTLED_S and kw > FULL_KW:
                self.seen["full power, kW"].append(kw)
                self.seen["V at full power"].append(one.value("Voltage"))
                if since_s < RISES_S:
                    full.append((since_s, one.value("Voltage")))
        for (before_s, before_v), (after_s, after_v) in itertools.pairwise(full):
            self.seen["V rising at full power, V/min"].append(
                60 * (after_v - before_v) / (after_s - before_s)
            )

    def _look_at_warmth(self, start: Said, begin: Said, samples: list[Said]) -> None:
        begin_c = begin.value("Temperature")
        self.seen["°C at begin"].append(begin_c)
        by_s = [(seconds(start.stamp, one.stamp), one.value("Temperature")) for one in samples]
        if minute := [c for s, c in by_s if 45 <= s <= 75]:
            self.seen["fall in the first minute, °C"].append(begin_c - minute[0])
        later = [(s, c) for s, c in by_s if s > 75]
        if later and later[-1][0] - later[0][0] > 60:
            (first_s, first_c), (last_s, last_c) = later[0], later[-1]
            rise_c = 600 * (last_c - first_c) / (last_s - first_s)
            self.seen["warming in 10 min of charging, °C"].append(rise_c)


# -- what is printed -------------------------------------------------------------------------------


def figures(seen: Seen) -> Seen:
    """What is held against the metal's figures."""
    found = dict(seen)
    if len(full := seen["full power, kW"]) > 1:
        found["full power, sd, kW"] = [stdev(full)]
    return found


def differing(seen: Seen) -> dict[str, list[str]]:
    """By row: how the twin differs from the metal by more than it may."""
    found = figures(seen)
    return {
        row: faults
        for row, real in METAL.items()
        if found.get(row) and (faults := [*real.faults(found[row])])
    }


def table(seen: Seen) -> str:
    """Both, a row each."""
    found, faults = figures(seen), differing(seen)
    width = max(map(len, METAL))
    lines = [f"{'':<{width}}  {'the metal':<25}{'the twin':<25}{'n':>6}"]
    for row, real in METAL.items():
        values = found.get(row)
        if not values:
            lines.append(f"{row:<{width}}  {real!s:<25}never seen")
            continue
        mid, low, high = median(values), quantile(values, 0.1), quantile(values, 0.9)
        if isinstance(real, UpTo):
            twin = f"{mid:.2f} (up to {max(values):.2f})"
        elif isinstance(real, Share):
            twin = f"{sum(values) / len(values):.2f} ({sum(values):.0f} of {len(values)})"
        elif len(values) == 1:
            twin = f"{mid:.2f}"
        else:
            twin = f"{mid:.2f} ({low:.2f}-{high:.2f})"
        why = "! " + ", ".join(faults[row]) if row in faults else "="
        if row not in faults and isinstance(real, Spread) and (off := real.off(values)):
            why = f"~ {off}"
        lines.append(
            f"{row:<{width}}  {real!s:<25}{twin:<25}{len(seen.get(row, [])) or '':>6}  {why}"
        )
    return "\n".join(lines)


def main() -> int:
    """Returns the exit code: 0 when nothing differs by more than it may."""
    parser = argparse.ArgumentParser(prog="python -m tests.twin.day", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of chance (1)")
    parser.add_argument("--days", type=int, default=1, help="with this seed and the next ones (1)")
    parser.add_argument("--sessions", type=int, default=SESSIONS, help=f"of the day ({SESSIONS})")
    options = parser.parse_args()
    seen: Seen = defaultdict(list)
    for seed in range(options.seed, options.seed + options.days):
        for row, values in asyncio.run(Day(seed, options.sessions).run()).items():
            seen[row] += values
    print(table(seen))
    return 1 if differing(seen) else 0


if __name__ == "__main__":
    raise SystemExit(main())
