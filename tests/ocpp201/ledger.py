"""The tables of the text that TransactionEvents are judged by: what a CSMS may count on.

Made of Part 2, block E and the words of its enumerations, not of the charge point: which
triggerReason may stand in which eventType with which chargingState, what an end is called, and what
holds from one event of a transaction to the next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from tests.versions import Payload

STARTED, UPDATED, ENDED = "Started", "Updated", "Ended"
IDLE, CONNECTED, CHARGING = "Idle", "EVConnected", "Charging"
BY_EV, BY_EVSE = "SuspendedEV", "SuspendedEVSE"
STATES = frozenset({IDLE, CONNECTED, CHARGING, BY_EV, BY_EVSE})
BEGINS, ENDS = frozenset({STARTED, UPDATED}), frozenset({UPDATED, ENDED})
ONWARDS = frozenset({UPDATED})
AT_REST = frozenset({IDLE, CONNECTED})
PLUGGED = STATES - {IDLE}
ABNORMAL = frozenset(
    {
        "EmergencyStop",
        "GroundFault",
        "Other",
        "OvercurrentFault",
        "PowerLoss",
        "PowerQuality",
        "Reboot",
    }
)


@dataclass(frozen=True)
class Row:
    """What may stand beside a triggerReason."""

    types: frozenset[str]
    states: frozenset[str]
    stopped: frozenset[str] = frozenset()
    """stoppedReason of an end; empty: whatever has begun the stop."""
    moves: bool = False
    """The chargingState may be another one than before; what changes nothing must not."""


TRIGGERS: dict[str, Row] = {
    "EVDetected": Row(frozenset({STARTED}), frozenset({IDLE})),
    "EVDeparted": Row(frozenset({ENDED}), frozenset({IDLE})),
    "SignedDataReceived": Row(BEGINS, frozenset({CONNECTED})),
    "CablePluggedIn": Row(BEGINS, frozenset({CONNECTED}), moves=True),
    "Authorized": Row(BEGINS, frozenset({IDLE, CONNECTED, BY_EVSE}), moves=True),
    "RemoteStart": Row(BEGINS, frozenset({IDLE, CONNECTED, BY_EVSE, CHARGING}), moves=True),
    "ChargingStateChanged": Row(BEGINS | ENDS, PLUGGED, moves=True),
    "MeterValuePeriodic": Row(ONWARDS, STATES),
    "MeterValueClock": Row(ONWARDS, STATES),
    "Trigger": Row(ONWARDS, STATES),
    "ChargingRateChanged": Row(ONWARDS, frozenset({CHARGING})),
    "StopAuthorized": Row(ENDS, AT_REST, frozenset({"Local", "MasterPass"}), moves=True),
    "RemoteStop": Row(ENDS, AT_REST, frozenset({"Remote"}), moves=True),
    "Deauthorized": Row(ENDS, AT_REST | {BY_EVSE}, frozenset({"DeAuthorized"}), moves=True),
    "EVCommunicationLost": Row(ENDS, frozenset({IDLE}), moves=True),
    "EVConnectTimeout": Row(ENDS, AT_REST, frozenset({"Timeout"})),
    "ResetCommand": Row(ENDS, AT_REST, frozenset({"ImmediateReset"}), moves=True),
    "UnlockCommand": Row(ENDS, AT_REST, frozenset({"Other"}), moves=True),
    "AbnormalCondition": Row(ENDS, AT_REST, ABNORMAL, moves=True),
}
"""T2, by triggerReason."""
WITH_READING = frozenset({"MeterValuePeriodic", "MeterValueClock", "Trigger"})
UNPLUGS = frozenset({"EVCommunicationLost", "AbnormalCondition"})
"""How a transaction becomes Idle that was not: the dark may have hidden that the vehicle went."""


@dataclass
class Told:
    """One transaction as it was told."""

    evse_id: int = 0
    events: list[Payload] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Its end was told."""
        return bool(self.events) and self.events[-1]["eventType"] == ENDED

    @property
    def state(self) -> str:
        """The chargingState that was told last."""
        return str(self.events[-1]["transactionInfo"]["chargingState"])


class Ledger:
    """What a CSMS has heard, event by event. What breaks a rule is an AssertionError."""

    def __init__(self) -> None:
        self.transactions: dict[str, Told] = {}
        self.open: dict[int, str] = {}
        """By EVSE, the transaction that is open there."""

    def hear(self, event: Payload) -> None:
        """Take an event down; one that comes again must be the same."""
        info = event["transactionInfo"]
        told = self.transactions.setdefault(info["transactionId"], Told())
        number, expected = event["seqNo"], len(told.events)
        assert number <= expected, f"seqNo {number} before {expected}: {event}"
        if number < expected:
            before = told.events[number]
            assert plain(before) == plain(event), f"told twice, differently: {before} {event}"
            return
        self._place(told, event, info["transactionId"])
        judge(told.events[-1] if told.events else None, event)
        told.events.append(event)
        if told.over:
            del self.open[told.evse_id]

    def _place(self, told: Told, event: Payload, transaction_id: str) -> None:
        """A transaction is of one EVSE, which has one at a time."""
        place = event.get("evse", {}).get("id")
        if not told.events:
            assert place is not None, f"it began nowhere: {event}"
            assert place not in self.open, f"two at once at EVSE {place}: {event}"
            told.evse_id = place
            self.open[place] = transaction_id
        assert not told.over, f"it goes on behind its end: {event}"
        assert place in (None, told.evse_id), f"it moved: {event}"

    def all_over(self) -> None:
        """Every transaction has an end."""
        assert not self.open, f"begun and not ended: {self.open}"


def judge(before: Payload | None, event: Payload) -> None:
    """One event by the tables, and by the one before it."""
    kind, trigger, info = event["eventType"], event["triggerReason"], event["transactionInfo"]
    row, state = TRIGGERS[trigger], info["chargingState"]
    assert (kind == STARTED) is (before is None), f"{kind} as number {event['seqNo']}: {event}"
    assert kind in row.types, f"{trigger} in {kind}: {event}"
    assert state in row.states, f"{trigger} with {state}: {event}"
    stopped = info.get("stoppedReason")
    assert (stopped is not None) is (kind == ENDED), f"stoppedReason {stopped} in {kind}: {event}"
    if kind == ENDED and row.stopped:
        assert stopped in row.stopped, f"{trigger} ends as {stopped}: {event}"
    assert (trigger in WITH_READING) <= ("meterValue" in event), f"no reading: {event}"
    assert trigger != "RemoteStart" or "idToken" in event, f"whose remote start: {event}"
    readings = registers(event)
    assert readings == sorted(readings), f"the register falls: {event}"
    if before is None:
        return
    was = before["transactionInfo"]["chargingState"]
    assert at(before) <= at(event), f"before the one before it: {event}"
    assert row.moves or was == state, f"{was} -> {state} by {trigger}: {event}"
    if trigger == "ChargingStateChanged":
        assert was != state, f"nothing has changed: {event}"
    if state == IDLE != was:
        assert trigger in UNPLUGS, f"{was} -> {state} by {trigger}: {event}"
    if was == IDLE != state:
        assert trigger == "CablePluggedIn", f"{was} -> {state} by {trigger}: {event}"


def plain(event: Payload) -> Payload:
    """An event without what may be otherwise when it is sent again."""
    return {name: value for name, value in event.items() if name != "offline"}


def at(event: Payload) -> datetime:
    """Its moment."""
    return datetime.fromisoformat(event["timestamp"].replace("Z", "+00:00"))


def registers(event: Payload) -> list[float]:
    """What it says of the register, in its order, in Wh."""
    return [
        sampled["value"] * (1000 if sampled["unitOfMeasure"]["unit"] == "kWh" else 1)
        for value in event.get("meterValue", ())
        for sampled in value["sampledValue"]
        if sampled["measurand"] == "Energy.Active.Import.Register"
    ]


def heard(events: Iterable[Payload]) -> Ledger:
    """What these come to."""
    ledger = Ledger()
    for event in events:
        ledger.hear(event)
    return ledger
