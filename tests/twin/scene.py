"""What happened before the charger, told from its trace: cables, cards, faults, cuts, requests.

A trace shows the effects; `scene` reads the causes off them. `AROUND` holds what no trace can say.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.twin.trace import Frame, Trace

S = timedelta(seconds=1)
BOOT_AFTER = 1.06 * S
"""From the open socket to BootNotification."""
HANDSHAKE_LATE_S = 10.9
SOON_MAC, LATE_MAC = (14.5 * S, 19.5 * S), (24.5 * S, 29.5 * S)
SOME_VID = "VID:0000000000FF"
LATE_START = 33.5 * S
OFFLINE_START = 29.5 * S
"""From the plug to a start that nobody has seen, where nothing says more."""
ARMED = 8 * S
"""How long before a start its insulation is broken."""
FAILED_WITHIN = 0.5 * S
"""A transaction that is over so soon never was one."""
CARD_SHOWS_WITHIN = 5 * S
STARTS_WITHIN = 60 * S
GAP = 20 * S

AROUND: dict[str, str] = {
    "AutoCharge": "true",
    "MeterValueSampleInterval": "30",
}
"""Keys that a trace is silent about: what the charger had where nobody had changed it."""


@dataclass(frozen=True)
class Stimulus:
    """Something that happens at the charger, or that the CSMS asks of it."""

    at: datetime
    kind: str
    connector: int | None = None
    detail: Any = None
    frame: Frame | None = None
    """The request, for a stimulus that is one."""
    after: Frame | None = None
    """What the charger had said before: the time is counted from there."""


@dataclass
class Car:
    """A vehicle that is plugged in."""

    vid: str | None
    late: bool
    soc_percent: float


@dataclass
class Scene:
    """See the module."""

    begins: datetime
    stimuli: list[Stimulus] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    registers_wh: dict[int, float] = field(default_factory=dict)
    boots: bool = False
    """The trace begins with the first BootNotification of a connection."""
    before: list[Stimulus] = field(default_factory=list)
    """What has to happen before the trace begins."""
    earlier: dict[int, Frame] = field(default_factory=dict)
    """StopTransaction by connector, where the transaction had begun before the trace."""
    heartbeat_at: datetime | None = None
    offline: list[Stimulus] = field(default_factory=list)
    """What happened without a link before the trace begins."""


def scene(trace: Trace) -> Scene:
    """What happened around a trace."""
    first = trace.frames[0]
    told = Scene(first.at, boots=first.from_charger and first.action == "BootNotification")
    _settings(trace, told)
    _meters(trace, told)
    for connector in sorted({f.connector for f in trace.said if f.connector}):
        _cables(trace, told, connector)
        _offline(trace, told, connector)
    _cards(trace, told)
    _faults(trace, told)
    _links(trace, told)
    told.stimuli += [
        Stimulus(frame.at, "ask", frame.connector, None, frame)
        for frame in trace.frames
        if not frame.from_charger
    ]
    told.stimuli = [_anchored(trace, s) for s in sorted(told.stimuli, key=lambda s: s.at)]
    return told


def offline_starts(trace: Trace, connector: int | None = None) -> list[Frame]:
    """Transactions that began while there was no link: stamped before the boot that they follow."""
    boots = [frame.at for frame in trace.of("BootNotification")]
    first: dict[object, Frame] = {}
    for frame in trace.of("StartTransaction", connector):
        at = frame.stamp
        if at is not None and any(at < boot - 2 * S and boot < frame.at for boot in boots):
            first.setdefault((frame.connector, frame.payload["timestamp"]), frame)
    return list(first.values())


def _offline(trace: Trace, told: Scene, connector: int) -> None:
    """What people did while there was no link, read off what is told of it afterwards."""
    for start in offline_starts(trace, connector):
        began = start.stamp
        assert began is not None
        told.keys.update(LocalAuthorizeOffline="true", AllowOfflineTxForUnknownId="true")
        before = [f.answered_at or f.at for f in trace.frames if f.at < began]
        plugged = max([began - OFFLINE_START, *(at + S for at in before)])
        where = told.stimuli if before else told.offline
        where.append(Stimulus(plugged, "plug", connector, _car(trace, start, None)))
        where.append(Stimulus(plugged + S, "swipe", connector, start.payload["idTag"]))
        again = [
            frame
            for frame in trace.of("StartTransaction", connector)
            if frame is not start and frame.payload["timestamp"] == start.payload["timestamp"]
        ]
        boots = [f.at for f in trace.of("BootNotification") if began < f.at < start.at]
        reports = [f for f in trace.of("StatusNotification", connector) if f.at > boots[-1]]
        shown = reports[0].payload["status"] if reports else ""
        ended = [f.stamp for f in reports if f.payload["status"] == "Finishing" and f.stamp]
        if shown in ("Finishing", "Available"):
            over = Stimulus(boots[-1] - 4 * S, "ev_stops", connector)
            (told.stimuli if before else told.offline).append(over)
        elif again:
            at = ended[0] if ended else again[0].at - 3 * S
            told.stimuli.append(Stimulus(at, "ev_stops", connector))


def _anchored(trace: Trace, stimulus: Stimulus) -> Stimulus:
    """Count the time of a stimulus from what the charger had said last on that connector."""
    if any(_during(start, stimulus.at) for start in offline_starts(trace)):
        return stimulus  # nothing was said meanwhile
    transaction = (stimulus.frame.payload if stimulus.frame else {}).get("transactionId")
    connector = stimulus.connector
    if transaction is not None:
        connector = next(
            (
                f.connector
                for f in trace.of("StartTransaction")
                if f.answer and f.answer[1].get("transactionId") == transaction
            ),
            connector,
        )
    told = [
        frame
        for frame in trace.said
        if frame.at < stimulus.at
        and frame.action in ("StatusNotification", "StartTransaction", "BootNotification")
        and frame.connector in (None, 0, connector, *([frame.connector] if not connector else []))
    ]
    return replace(stimulus, after=told[-1]) if told else stimulus


def _during(start: Frame, at: datetime) -> bool:
    """Whether this moment is in the time without a link that a transaction began in."""
    return start.stamp is not None and start.stamp - OFFLINE_START - 5 * S <= at <= start.stamp


def _settings(trace: Trace, told: Scene) -> None:
    asked = [f for f in trace.frames if not f.from_charger]
    changes = {f.payload["key"] for f in asked if f.action == "ChangeConfiguration"}
    told.keys = dict(AROUND)
    seen = next((f for f in asked if f.action == "GetConfiguration" and f.answer), None)
    if seen is not None and seen.answer is not None:
        for entry in seen.answer[1]["configurationKey"]:
            if not entry["readonly"] and entry["key"] != "OcppUrl":
                told.keys[entry["key"]] = entry["value"]
    if any(f.payload.get("messageId") == "MacID" for f in trace.of("DataTransfer")):
        told.keys["AutoCharge"] = "true"
    stamps: dict[object, list[datetime]] = {}
    for frame in trace.of("MeterValues"):
        if frame.context == "Sample.Periodic" and frame.stamp:
            stamps.setdefault(frame.payload.get("transactionId"), []).append(frame.stamp)
    gaps = [(b - a) / S for row in stamps.values() for a, b in itertools.pairwise(row)]
    if gaps and "MeterValueSampleInterval" not in changes:
        told.keys["MeterValueSampleInterval"] = str(
            min((10, 30, 60), key=lambda n: abs(n - min(gaps)))
        )
    beats = trace.of("Heartbeat")
    if beats:
        told.heartbeat_at = beats[0].at
        if len(beats) > 1 and not trace.of("BootNotification"):
            told.keys["HeartbeatInterval"] = str(round((beats[1].at - beats[0].at) / S))


def _meters(trace: Trace, told: Scene) -> None:
    for frame in trace.said:
        number = frame.connector
        if not number or number in told.registers_wh:
            continue
        if frame.action == "StartTransaction":
            told.registers_wh[number] = frame.payload["meterStart"]
        elif frame.action == "MeterValues":
            values = frame.payload["meterValue"][0]["sampledValue"]
            told.registers_wh[number] = round(float(values[0]["value"]) * 1000)
    started = {f.answer[1].get("transactionId") for f in trace.of("StartTransaction") if f.answer}
    for frame in trace.of("StopTransaction"):
        if frame.payload["transactionId"] in started:
            continue
        number = _connector_of(trace, frame)
        if number is not None:
            told.earlier[number] = frame
            data = frame.payload["transactionData"][0]["sampledValue"][0]["value"]
            told.registers_wh[number] = round(float(data) * 1000)


def _connector_of(trace: Trace, stop: Frame) -> int | None:
    wanted = stop.payload["transactionId"]
    for frame in trace.said:
        if frame.action == "MeterValues" and frame.payload.get("transactionId") == wanted:
            return frame.connector
        given = frame.answer[1] if frame.answer and frame.action == "StartTransaction" else {}
        if given and given.get("transactionId") == wanted:
            return frame.connector
    return None


@dataclass
class _Session:
    start: Frame
    stop: Frame | None

    @property
    def failed(self) -> bool:
        began, ended = self.start.stamp, self.stop.stamp if self.stop else None
        return bool(began and ended and ended - began < FAILED_WITHIN)


def sessions(trace: Trace, connector: int) -> list[_Session]:
    """The transactions of a connector that begin in the trace."""
    stops = {f.payload["transactionId"]: f for f in trace.of("StopTransaction")}
    return [
        _Session(f, stops.get((f.answer or [0, {}])[1].get("transactionId")))
        for f in trace.of("StartTransaction", connector)
    ]


def _cables(trace: Trace, told: Scene, connector: int) -> None:
    """Plug and unplug, read off the statuses."""
    reports = trace.of("StatusNotification", connector)
    runs = sessions(trace, connector)
    failed = [run.start.stamp for run in runs if run.failed and run.start.stamp]
    boots = [f.at for f in trace.of("BootNotification")]
    status = ""
    plugged = connector in told.earlier
    lane = [f for f in trace.said if f.connector == connector]
    begun = lane[0]
    unseen = {id(start) for start in offline_starts(trace, connector)}
    plugged = plugged or (bool(unseen) and id(begun) in unseen)
    if not plugged and not (told.boots and begun is reports[0] if reports else False):
        word = begun.payload.get("status", "")
        starts = begun.action == "StartTransaction"
        if starts or word in ("Charging", "Finishing") or (word == "Available" and not boots):
            plugged = True
            told.before.append(Stimulus(told.begins, "plug", connector, _car(trace, begun, None)))
    starts_unseen = offline_starts(trace, connector)
    for frame in reports:
        word, at = frame.payload["status"], frame.stamp or frame.at
        while starts_unseen and (starts_unseen[0].stamp or at) < at:
            starts_unseen.pop(0)
            plugged = True  # `_offline` tells of it
        repeated = any(timedelta(0) < frame.at - boot < 3 * S for boot in boots)
        gives_up = any(abs(at - start) < 5 * S for start in failed)
        if gives_up and word != "Faulted":
            plugged = plugged and status != "Faulted"  # what passes by itself has let go of it
            status = word
            continue
        if word in ("Preparing", "Finishing") and repeated and not plugged:
            plugged = True
            told.before.append(Stimulus(told.begins, "plug", connector, _car(trace, frame, None)))
        elif word == "Preparing" and not plugged and status != "Preparing":
            if not _by_card(trace, connector, frame):
                plugged = True
                told.stimuli.append(Stimulus(at, "plug", connector, _car(trace, frame, connector)))
        elif word == "Available" and plugged and not repeated:
            plugged = False
            told.stimuli.append(
                Stimulus(_unplugged_at(trace, connector, frame), "unplug", connector)
            )
        status = word


def _unplugged_at(trace: Trace, connector: int, frame: Frame) -> datetime:
    """The cable leaves at the stamp of Available, or earlier where that is only its effect."""
    at = frame.stamp or frame.at
    for stop in trace.of("StopTransaction"):
        ended = stop.stamp
        if (
            stop.payload["reason"] == "EVDisconnected"
            and ended is not None
            and timedelta(0) <= at - ended < 3 * S
            and _connector_of(trace, stop) == connector
        ):
            return ended
    faulted = [
        f
        for f in trace.of("StatusNotification", connector)
        if f.at < frame.at and f.payload["status"] == "Faulted"
    ]
    last = trace.of("StatusNotification", connector)
    before = [f for f in last if f.at < frame.at]
    if faulted and before and before[-1] is faulted[-1]:
        return at - 3 * S
    return at


def _car(trace: Trace, plug: Frame, connector: int | None) -> Car:
    """The vehicle that a Preparing tells of."""
    at = plug.stamp or plug.at
    macs = [
        f
        for f in trace.of("DataTransfer")
        if f.payload.get("messageId") == "MacID"
        and any(low < f.at - at < high for low, high in (SOON_MAC, LATE_MAC))
    ]
    starts = [f for f in trace.of("StartTransaction", connector) if f.at > at] if connector else []
    late = False
    if macs:
        late = macs[0].at - at > LATE_MAC[0]
    elif starts and starts[0].stamp:
        late = starts[0].stamp - at > LATE_START
    soc = 50.0
    for frame in trace.of("MeterValues", connector):
        if frame.at > at and frame.context.startswith(("Transaction", "Sample.Periodic")):
            values = frame.payload["meterValue"][0]["sampledValue"]
            found = [float(v["value"]) for v in values if v["measurand"] == "SoC"]
            soc = next((value for value in found if value > 0), soc)
            break
    early = any(
        timedelta(0) < f.at - at < SOON_MAC[0]
        and f.action in ("Authorize", "RemoteStartTransaction")
        for f in trace.frames
    )
    vid = macs[0].payload["data"] if macs else SOME_VID if early else None
    return Car(vid, late, soc)


def _by_card(trace: Trace, connector: int, frame: Frame) -> bool:
    """Whether this Preparing is the effect of a card without a vehicle."""
    at = frame.stamp or frame.at
    for card in trace.of("Authorize"):
        answered = card.answered_at
        # The stamp is of the charger's clock, which is up to a second behind.
        if answered is None or not -1.5 * S <= at - answered < CARD_SHOWS_WITHIN:
            continue
        if _is_card(trace, card):
            return True
    return False


def _is_card(trace: Trace, frame: Frame) -> bool:
    """Whether an Authorize is of a card at the reader: neither a vehicle's nor a remote one."""
    tag = frame.payload["idTag"]
    if any(f.payload.get("data") == tag for f in trace.of("DataTransfer")):
        return False
    return not any(
        not f.from_charger
        and f.action == "RemoteStartTransaction"
        and f.payload["idTag"] == tag
        and timedelta(0) <= frame.at - f.at < 4 * S
        for f in trace.frames
    )


def _cards(trace: Trace, told: Scene) -> None:
    for card in trace.of("Authorize"):
        if _is_card(trace, card):
            told.stimuli.append(
                Stimulus(card.at - S, "swipe", _reader(trace, card), card.payload["idTag"])
            )
    for stop in trace.of("StopTransaction"):
        reason, number = stop.payload["reason"], _connector_of(trace, stop)
        ended = stop.stamp
        if number is None or ended is None:
            continue
        failed = any(run.failed and run.stop is stop for run in sessions(trace, number))
        if reason == "Local":
            told.stimuli.append(Stimulus(ended, "swipe", number, stop.payload["idTag"]))
        elif reason == "Other" and not failed:
            told.stimuli.append(Stimulus(ended, "ev_stops", number))


def _reader(trace: Trace, card: Frame) -> int:
    """The connector that a card was meant for: where its transaction starts, or Preparing shows."""
    tag = card.payload["idTag"]
    for frame in trace.said:
        if frame.at <= card.at:
            continue
        starts = frame.action == "StartTransaction" and frame.payload["idTag"] == tag
        if starts and frame.at - card.at < STARTS_WITHIN:
            return frame.connector or 1
        shows = frame.action == "StatusNotification" and frame.payload["status"] == "Preparing"
        if shows and frame.at - card.at < CARD_SHOWS_WITHIN:
            return frame.connector or 1
    return 1


def _faults(trace: Trace, told: Scene) -> None:
    struck: datetime | None = None
    """When a fault of the whole charge point has struck that is not over."""
    for frame in trace.of("StatusNotification"):
        word, code = frame.payload["status"], frame.payload["vendorErrorCode"]
        at = frame.stamp or frame.at
        if word == "Faulted" and code == "83":
            began = [f.stamp for f in trace.of("StartTransaction", frame.connector) if f.stamp]
            near = [start for start in began if abs(start - at) < 10 * S]
            told.stimuli.append(
                Stimulus((near[0] - ARMED if near else at), "fault", frame.connector, code)
            )
        elif word == "Faulted" and struck is None:
            struck = at
            running = _running_at(trace, at)
            kind = "fault_before" if told.boots and at - told.begins < 3 * S else "fault"
            where = told.before if kind == "fault_before" else told.stimuli
            pressed = min([at, *running])
            where.append(Stimulus(pressed, kind, 1, code))
        elif word == "Available" and struck is not None and frame.at > struck:
            told.stimuli.append(Stimulus(at, "clear", 1))
            struck = None


def _running_at(trace: Trace, at: datetime) -> list[datetime]:
    """When the button was pressed, by the transactions that it has ended."""
    return [
        stop.stamp - 2 * S
        for stop in trace.of("StopTransaction")
        if stop.payload["reason"] == "EmergencyStop"
        and stop.stamp is not None
        and abs(stop.stamp - at) < 6 * S
    ]


def _links(trace: Trace, told: Scene) -> None:
    """Connections that end without a Reset: a cut, or the mains."""
    for boot in trace.of("BootNotification")[1 if told.boots else 0 :]:
        before = [f for f in trace.frames if f.at < boot.at]
        asked = [
            f
            for f in before
            if not f.from_charger
            and (f.action == "Reset" or f.payload.get("requestedMessage") == "BootNotification")
            and boot.at - f.at < (130 * S if f.action == "Reset" else 5 * S)
        ]
        if asked:
            continue
        lost = any(
            stop.payload["reason"] == "PowerLoss" and timedelta(0) < stop.at - boot.at < 60 * S
            for stop in trace.of("StopTransaction")
        )
        last = max((f.answered_at or f.at for f in before), default=boot.at - GAP)
        down = max(last + 0.3 * S, boot.at - (90 * S if lost else 28 * S))
        if any(last < (start.stamp or last) < boot.at for start in offline_starts(trace)):
            down = last + 0.3 * S
        names = ("power_off", "power_on") if lost else ("link_down", "link_up")
        told.stimuli.append(Stimulus(down, names[0]))
        told.stimuli.append(Stimulus(boot.at - BOOT_AFTER, names[1]))
