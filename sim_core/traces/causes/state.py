"""How a charger was before its trace: configuration, meters, warmth, transactions that run.

That is told by what the trace says first of it. What the CSMS reads of the configuration is what it
was, whatever may seem to speak against it later.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from datetime import datetime, timedelta

from sim_core.traces.causes.scene import Act, Car, Earlier, Scene, Stimulus
from sim_core.traces.causes.sessions import offline_starts, outages, sessions
from sim_core.traces.causes.vehicles import HEADROOM, RESISTANCE_OHM, is_own_id, power_w
from sim_core.traces.exchanges import (
    Conversation,
    Exchange,
    TransactionId,
    as_number,
    register_wh,
)
from sim_core.traces.moments import S, moment

USUAL_INTERVALS_S = (1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600)
NEAR_USUAL = 0.05
"""An interval that differs by a smaller share is the usual one."""
ON_THE_CLOCK = 0.4 * S
"""A sample by the clock is stamped so much behind its moment, half a second more or less."""
SOON = 2 * S
STOP_TAKES = 4 * S
"""From a request to stop to the end that the trace begins with."""
UNKNOWN_CARD = "MY_TAG"
RUNNING_FOR = 180 * S
"""How long a transaction had run before a trace that does not say it."""
LONGEST = timedelta(hours=24)
"""Of a transaction that had run for longer, no more is played."""
KEYS_LIMIT = 200


def state(told: Conversation, scene: Scene) -> None:
    """Add what was so before the trace."""
    _configuration(told, scene)
    _heartbeats(told, scene)
    _meters(told, scene)
    _running(told, scene)
    _connectors(told, scene)
    if scene.boots and scene.earlier:
        scene.down_at = scene.begins - 29 * S


def _configuration(told: Conversation, scene: Scene) -> None:
    changed: set[str] = set()
    for asked in told.asked:
        if asked.action == "ChangeConfiguration":
            changed.add(asked.text("key"))
        if asked.action != "GetConfiguration" or not asked.result:
            continue
        entries = asked.result.get("configurationKey")
        for entry in entries[:KEYS_LIMIT] if isinstance(entries, list) else ():
            if not isinstance(entry, dict):
                continue
            key, value = entry.get("key"), entry.get("value")
            if isinstance(key, str) and isinstance(value, str) and not entry.get("readonly"):
                scene.keys.setdefault(key, value)
        break
    scene.keys.pop("OcppUrl", None)
    if "MeterValueSampleInterval" not in changed and (interval := sample_interval(told)):
        scene.keys["MeterValueSampleInterval"] = str(interval)
    if "ClockAlignedDataInterval" not in changed and (aligned := clock_interval(told)):
        scene.keys.setdefault("ClockAlignedDataInterval", str(aligned))
    own = any(mac.text("messageId") == "MacID" for mac in told.of("DataTransfer"))
    if own or any(is_own_id(card.id_tag) for card in told.of("Authorize")):
        scene.keys.setdefault("AutoCharge", "true")
    if offline_starts(told):
        scene.keys.setdefault("LocalAuthorizeOffline", "true")
        if scene.keys.setdefault("AllowOfflineTxForUnknownId", "true") != "true":
            cards = {run.start.id_tag for run in offline_starts(told)}
            scene.known_cards = tuple(sorted(cards - {""}))


def sample_interval(told: Conversation) -> int | None:
    """The interval of the samples of running transactions, in s, where a trace has two of one."""
    stamps: dict[object, list[datetime]] = {}
    for sample in told.of("MeterValues"):
        if sample.context == "Sample.Periodic" and sample.stamp:
            stamps.setdefault((sample.connector, sample.transaction), []).append(sample.stamp)
    gone = [(outage.began, outage.over) for outage in outages(told)]
    gaps = [
        (b - a) / S
        for row in stamps.values()
        for a, b in itertools.pairwise(row)
        if not any(a < over and b > began - S for began, over in gone)
    ]
    return usual_interval(min(gaps)) if gaps and min(gaps) >= 1 else None


def clock_interval(told: Conversation) -> int | None:
    """The interval of the samples by the clock, in s: the longest usual one of which each has its
    moment, so that none is expected which nobody has asked for."""
    marks = {
        round((sample.stamp - ON_THE_CLOCK).timestamp())
        for sample in told.of("MeterValues")
        if sample.context == "Sample.Clock" and sample.stamp
    }
    whole = [every for every in USUAL_INTERVALS_S if not any(mark % every for mark in marks)]
    return max(whole) if marks and whole else None


def usual_interval(seconds: float) -> int:
    """The interval that somebody has set, by one that was measured."""
    near = min(USUAL_INTERVALS_S, key=lambda usual: abs(usual - seconds))
    return near if abs(near - seconds) <= NEAR_USUAL * near else max(1, round(seconds))


def _heartbeats(told: Conversation, scene: Scene) -> None:
    beats = told.of("Heartbeat")
    if not beats or any(boot.at < beats[0].at for boot in told.boots):
        return  # its rhythm begins with a boot of the trace
    scene.heartbeat_at = beats[0].at
    if len(beats) > 1 and not any(beats[0].at < b.at < beats[1].at for b in told.boots):
        interval = usual_interval((beats[1].at - beats[0].at) / S)
        scene.keys["HeartbeatInterval"] = str(interval)


def _meters(told: Conversation, scene: Scene) -> None:
    for exchange in told.said:
        number = exchange.connector
        if not number or number < 1:
            continue
        if number not in scene.registers_wh and exchange.register_wh is not None:
            scene.registers_wh[number] = exchange.register_wh
        warmth = exchange.number("Temperature") if exchange.action == "MeterValues" else None
        if warmth is not None:
            scene.temperatures_c.setdefault(number, warmth)


def _running(told: Conversation, scene: Scene) -> None:
    """Transactions that had begun before the trace."""
    started = {run.transaction for run in sessions(told)}
    seen: dict[TransactionId, list[Exchange]] = {}
    for exchange in told.said:
        named = exchange.transaction
        if exchange.action in ("MeterValues", "StopTransaction") and named is not None:
            seen.setdefault(named, []).append(exchange)
    for named, exchanges in seen.items():
        number = told.connector_of(exchanges[0])
        if named in started or named == -1 or number is None or number < 1:
            continue
        stop = next((e for e in exchanges if e.action == "StopTransaction"), None)
        earlier = _earlier(scene, number, named, exchanges, stop)
        scene.earlier.append(earlier)
        scene.registers_wh[number] = earlier.register_wh
        if stop is not None:
            _already_ending(told, scene, stop, number)


def _earlier(
    scene: Scene,
    number: int,
    named: TransactionId,
    exchanges: Iterable[Exchange],
    stop: Exchange | None,
) -> Earlier:
    samples = [e for e in exchanges if e.action == "MeterValues"]
    first_wh = next((e.register_wh for e in samples if e.register_wh is not None), 0.0)
    began, began_wh = scene.begins - RUNNING_FOR, first_wh
    data = stop.payload.get("transactionData") if stop else None
    if isinstance(data, list) and data and isinstance(data[0], dict):
        stamp = moment(data[0].get("timestamp"))
        values = data[0].get("sampledValue")
        told_wh = register_wh(values) if isinstance(values, list) else None
        if stamp is not None and stamp < scene.begins and told_wh is not None:
            began, began_wh = max(stamp, scene.begins - LONGEST), told_wh
    elif stop is not None and stop.register_wh is not None and not samples:
        began_wh = stop.register_wh
    tag = stop.id_tag if stop and stop.id_tag else UNKNOWN_CARD
    return Earlier(number, named, tag, began, began_wh or 0.0, _guest(samples))


def _guest(samples: list[Exchange]) -> Car:
    """The vehicle of a transaction that runs: what it takes is what it took first of all."""
    soc = next((value for s in samples if (value := s.number("SoC"))), None)
    flowing = [s for s in samples if power_w(s)]
    most_w = most_a = volt = None
    if flowing:
        most_w = (power_w(flowing[0]) or 0.0) * HEADROOM
        volt, ampere = flowing[0].number("Voltage"), flowing[0].number("Current.Import")
        if volt is not None and ampere is not None:
            volt -= RESISTANCE_OHM * ampere
            most_a = ampere if ampere > 0 else None
            most_w = most_w if most_a is None else None
    return Car(soc_percent=soc, most_w=most_w, most_a=most_a, resting_v=volt)


def _already_ending(told: Conversation, scene: Scene, stop: Exchange, number: int) -> None:
    """The trace begins with an end: who wanted it did so before."""
    ended = stop.stamp
    if ended is None or ended - scene.begins >= SOON:
        return
    at = ended - STOP_TAKES
    if stop.reason == "Remote":
        request = Exchange(at, False, "RemoteStopTransaction", {"transactionId": stop.transaction})
        scene.before.append(Stimulus(at, Act.ASK, number, request=request))


def _connectors(told: Conversation, scene: Scene) -> None:
    for asked in told.asked:
        entries = asked.result.get("configurationKey")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("key") == "NumberOfConnectors":
                number = as_number(entry.get("value"))
                if number is not None and 0 < number < 100:
                    scene.connectors = int(number)
    for boot in told.boots:
        found = {
            report.connector
            for report in told.of("StatusNotification")
            if report.connector and timedelta(0) < report.at - boot.at < 6 * S
        }
        scene.connectors = max(scene.connectors, *found, 0)
    scene.connectors = max([scene.connectors, *told.numbers])
