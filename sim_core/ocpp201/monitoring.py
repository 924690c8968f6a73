"""Variable monitoring: what is watched, and NotifyEvent (OCPP 2.0.1 Part 2, block N).

Custom monitors are the CSMS's and survive a reboot; a few are hard-wired and cannot be taken away.
The values are looked at whenever the charger has something new to tell, and once a second while any
monitor watches what moves by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.environment import Environment
from sim_core.ocpp201.answers import reply, status_info
from sim_core.ocpp201.catalogue import ALIKE_KEPT
from sim_core.ocpp201.device_model import DeviceModel, Found
from sim_core.ocpp201.monitors import (
    AGAIN,
    CRITERIA,
    PERIODIC,
    THRESHOLDS,
    Alert,
    Kind,
    Memory,
    look,
)
from sim_core.ocpp201.promises import CODE, WHY
from sim_core.ocpp201.standard_variables import LOCK
from sim_core.ocpp201.variable_messages import address_of, component_of, name_of
from sim_core.ocpp201.variables import NUMBERS, Access, Address, Component, Name, Variable
from sim_core.runtime.clock import Timer
from sim_core.store.interface import DiskRefusesError, Store
from sim_core.wire.answers import NoAnswer, Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on
from sim_core.wire.timestamps import stamp

NAME = "ocpp201 monitoring"
"""Under which name monitors, base and level are in the store."""
ALL, FACTORY, HARD_WIRED = "All", "FactoryDefault", "HardWiredOnly"
LEAST_SEVERE = 9
LOOK_S = 1.0
PART = 20
"""Monitors in one message of a report."""
QUEUE_LIMIT = 1000
"""Events that wait for a CSMS that is away; of more the oldest go."""
WIRED = "HardWiredMonitor"
CUSTOM = "CustomMonitor"


@dataclass(frozen=True)
class Monitor:
    """One monitor. The hard-wired ones have the first ids."""

    id: int
    address: Address
    kind: Kind
    value: float
    severity: int
    transaction: bool = False
    """It counts only while a transaction runs."""
    origin: str = CUSTOM
    """EventNotificationEnumType."""

    def wire(self) -> Payload:
        """VariableMonitoringType."""
        return {
            "id": self.id,
            "transaction": self.transaction,
            "value": self.value,
            "type": self.kind.value,
            "severity": self.severity,
        }


@lru_cache(maxsize=ALIKE_KEPT)
def hard_wired(numbers: tuple[int, ...]) -> tuple[Monitor, ...]:
    """What a station with these EVSEs watches by itself: whether anything is broken, and a lock
    (G05.FR.02). One for all stations that are built alike."""
    places = [
        Component("ChargingStation"),
        *(Component("EVSE", evse=one) for one in numbers),
        *(Component(LOCK, evse=one, connector=1) for one in numbers),
    ]
    return tuple(
        Monitor(number, Address(place, Name("Problem")), Kind.DELTA, 1.0, 3, origin=WIRED)
        for number, place in enumerate(places, start=1)
    )


class Monitoring:
    """Watches variables, and is the handler of the messages about that."""

    __slots__ = (
        "_base",
        "_busy",
        "_environment",
        "_event_id",
        "_level",
        "_memories",
        "_model",
        "_monitors",
        "_outbox",
        "_queue",
        "_running",
        "_sending",
        "_store",
        "_timer",
        "_timers",
        "_wired",
    )

    def __init__(
        self,
        environment: Environment,
        model: DeviceModel,
        store: Store,
        outbox: Outbox,
        evses: Iterable[int],
        *,
        running: Callable[[Component], str | None],
    ) -> None:
        """`running` tells the id of the transaction that a component is part of, if one runs."""
        self._environment = environment
        self._model = model
        self._store = store
        self._outbox = outbox
        self._running = running
        self._wired = hard_wired(tuple(evses))
        kept = store.documents.get(NAME) or {}
        self._base: str = kept.get("base", ALL)
        self._level: int = kept.get("level", LEAST_SEVERE)
        self._event_id: int = kept.get("event_id", 0)
        self._monitors = {one.id: one for one in map(_monitor_of, kept.get("monitors", []))}
        self._memories = {
            int(number): Memory(**memory) for number, memory in kept.get("memories", {}).items()
        }
        self._queue: list[Payload] = list(kept.get("queue", []))
        """Events that wait for a CSMS that is away."""
        self._busy = False
        self._sending = False
        self._timer: Timer | None = None
        self._timers: dict[int, Timer] = {}
        model.live(Component("MonitoringCtrlr"), "ActiveMonitoringBase", lambda: self._base)
        model.live(Component("MonitoringCtrlr"), "ActiveMonitoringLevel", lambda: str(self._level))
        for monitor in self._all():
            if self._memories.get(monitor.id) is None:
                self._memories[monitor.id] = Memory(self._model.value(monitor.address))

    def start(self) -> None:
        """Watch from now on; what was passed before a reboot is looked at anew (N07.FR.14)."""
        for monitor in self._monitors.values():
            self._arm(monitor)
        self.look()
        self._watch_while_needed()

    def close(self) -> None:
        """Watch no more."""
        for timer in [*self._timers.values(), *([self._timer] if self._timer else [])]:
            timer.cancel()
        self._timers.clear()
        self._timer = None

    # -- what is watched ---------------------------------------------

    @property
    def _enabled(self) -> bool:
        return self._model.flag("MonitoringCtrlr", "Enabled")

    def _all(self) -> list[Monitor]:
        """Every monitor that counts."""
        return [*self._wired, *self._monitors.values()]

    def look(self) -> None:
        """Look at every value that is watched."""
        if not self._enabled:
            return
        for monitor in self._all():
            self._look_at(monitor)

    def _look_at(self, monitor: Monitor) -> None:
        if monitor.transaction and self._running(monitor.address.component) is None:
            return
        held = self._model.held(monitor.address)
        if held is None:
            return
        variable, value = held
        memory = self._memories.get(monitor.id, Memory())
        alert, after = look(monitor.kind, monitor.value, value, memory)
        if after != memory:
            self._memories[monitor.id] = after
        if alert is not None:
            running = self._running(monitor.address.component)
            self._tell(monitor, variable, value, alert, running)

    def _watch_while_needed(self) -> None:
        moves = any(one.kind not in PERIODIC for one in self._monitors.values())
        if moves and self._timer is None:
            self._timer = self._environment.clock.call_later(LOOK_S, self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        self.look()
        self._watch_while_needed()

    # -- periodic ones -----------------------------------------------

    def _arm(self, monitor: Monitor) -> None:
        old = self._timers.pop(monitor.id, None)
        if old is not None:
            old.cancel()
        if monitor.kind not in PERIODIC or self._monitors.get(monitor.id) is not monitor:
            return
        every_s = max(1.0, monitor.value)
        wait_s = every_s
        if monitor.kind is Kind.ALIGNED:
            now = self._environment.now()
            midnight = datetime(now.year, now.month, now.day, tzinfo=timezone.utc)
            wait_s = every_s - (now - midnight) / timedelta(seconds=1) % every_s

        def again() -> None:
            self._timers.pop(monitor.id, None)
            held = self._model.held(monitor.address)
            transaction_id = self._running(monitor.address.component)
            counts = not monitor.transaction or transaction_id is not None
            if held is not None and counts and self._enabled:
                self._tell(monitor, *held, Alert(AGAIN), transaction_id)
            self._arm(monitor)

        self._timers[monitor.id] = self._environment.clock.call_later(wait_s, again)

    # -- telling -----------------------------------------------------

    def next_event_id(self) -> int:
        """The number of the next event, whoever tells it: none is given twice."""
        self._event_id += 1
        self._keep()
        return self._event_id

    def _tell(
        self,
        monitor: Monitor,
        variable: Variable,
        value: str,
        alert: Alert,
        transaction_id: str | None,
    ) -> None:
        if monitor.severity > self._level:
            return
        self.next_event_id()
        secret = variable.access is Access.WRITE_ONLY
        event: Payload = {
            "eventId": self._event_id,
            "timestamp": stamp(self._environment.now()),
            "trigger": alert.trigger,
            "actualValue": "" if secret else value[:2500],
            "variableMonitoringId": monitor.id,
            "eventNotificationType": monitor.origin,
            **monitor.address.wire(),
        }
        if alert.cleared:
            event["cleared"] = True
        if transaction_id is not None:
            event["transactionId"] = transaction_id
        waits = self._model.number("MonitoringCtrlr", "OfflineQueuingSeverity")
        if self._outbox.registered or monitor.severity <= waits:
            self._queue = [*self._queue, event][-QUEUE_LIMIT:]
        self._keep()
        self.send()

    def send(self) -> None:
        """Tell what waits, one message after the other."""
        if self._queue and not self._sending and self._outbox.registered:
            self._sending = True
            self._environment.spawn(self._send())

    async def _send(self) -> None:
        try:
            while self._queue and self._outbox.registered:
                event = self._queue[0]
                payload = {
                    "generatedAt": stamp(self._environment.now()),
                    "tbc": False,
                    "seqNo": 0,
                    "eventData": [event],
                }
                answer = await self._outbox.call("NotifyEvent", payload)
                if isinstance(answer, NoAnswer) and answer.link_lost:
                    break
                if self._queue and self._queue[0] is event:
                    self._queue.pop(0)
                    self._keep()
        finally:
            self._sending = False

    # -- setting -----------------------------------------------------

    @on(Action.set_variable_monitoring)
    def set_variable_monitoring(self, set_monitoring_data: list[Payload], **_: Any) -> Reply:
        """N04: a result for each, whatever the others are."""
        before = dict(self._monitors), dict(self._memories)
        results = [self._set(data) for data in set_monitoring_data]
        try:
            with self._store.strictly():
                self._keep()
        except DiskRefusesError:
            self._go_back_to(*before)
            for result in results:
                if result["status"] == "Accepted":
                    result |= {"status": "Rejected", "statusInfo": status_info(CODE, WHY)}
                    result.pop("id", None)
        return Reply({"setMonitoringResult": results}, then=self._begin)

    def _go_back_to(self, monitors: dict[int, Monitor], memories: dict[int, Memory]) -> None:
        touched = [one for one in self._monitors.values() if monitors.get(one.id) is not one]
        self._monitors, self._memories = monitors, memories
        for monitor in touched:
            self._arm(monitors.get(monitor.id, monitor))

    def _begin(self) -> None:
        self.look()
        self._watch_while_needed()

    def _set(self, data: Payload) -> Payload:
        status, code, number = self._place(data)
        result: Payload = {
            "status": status,
            "type": data["type"],
            "severity": data["severity"],
            "component": data["component"],
            "variable": data["variable"],
        }
        if number is not None:
            result["id"] = number
        if code:
            result["statusInfo"] = status_info(code)
        return result

    def _place(self, data: Payload) -> tuple[str, str, int | None]:
        """Status, reason code, id."""
        address, kind, value = address_of(data), Kind(data["type"]), float(data["value"])
        found, variable = self._model.find(address), self._model.variable(address)
        if found is not Found.YES or variable is None:
            return found.value, "", None
        numeric = variable.kind in NUMBERS
        if (kind in THRESHOLDS and not numeric) or not variable.monitored:
            return "UnsupportedMonitorType", "", None
        if not 0 <= data["severity"] <= LEAST_SEVERE:
            return "Rejected", "ValueOutOfRange", None
        low = variable.low if variable.low is not None else float("-inf")
        high = variable.high if variable.high is not None else float("inf")
        if kind in THRESHOLDS and not low <= value <= high:
            return "Rejected", "ValueOutOfRange", None
        if (kind is Kind.DELTA and value < 0) or (kind in PERIODIC and value <= 0):
            return "Rejected", "ValuePositiveOnly", None
        number, address = data.get("id"), variable.address
        before = self._monitors.get(number) if number is not None else None
        if number is not None and (before is None or before.address != address):
            return "Rejected", "NotFound", None
        for other in self._all():
            same = (other.address, other.kind, other.severity) == (address, kind, data["severity"])
            if same and other.id != number:
                return "Duplicate", "", None
        if number is None:
            number = max([len(self._wired), *self._monitors]) + 1
        severity, during = data["severity"], bool(data.get("transaction", False))
        monitor = Monitor(number, address, kind, value, severity, during)
        self._monitors[number] = monitor
        exceeded = before is not None and self._memories.get(number, Memory()).exceeded
        self._memories[number] = Memory(self._model.value(address), exceeded)
        self._arm(monitor)
        return "Accepted", "", number

    @on(Action.clear_variable_monitoring)
    def clear_variable_monitoring(self, id: list[int], **_: Any) -> Reply:
        """N06: hard-wired ones stay."""
        results = [{"id": number, "status": self._clear(number)} for number in id]
        self._keep()
        return Reply({"clearMonitoringResult": results})

    def _clear(self, number: int) -> str:
        if any(one.id == number for one in self._wired):
            return "Rejected"
        monitor = self._monitors.pop(number, None)
        if monitor is None:
            return "NotFound"
        self._memories.pop(number, None)
        self._arm(monitor)
        return "Accepted"

    @on(Action.set_monitoring_base)
    def set_monitoring_base(self, monitoring_base: str, **_: Any) -> Reply:
        """N03: this station has no monitors of its factory beside the hard-wired ones, so two of
        the three leave only those."""
        self._base = monitoring_base
        if monitoring_base != ALL:
            for number in list(self._monitors):
                self._clear(number)
        self._keep()
        return reply("Accepted")

    @on(Action.set_monitoring_level)
    def set_monitoring_level(self, severity: int, **_: Any) -> Reply:
        """N05: events that are less severe are not told."""
        if not 0 <= severity <= LEAST_SEVERE:
            return reply("Rejected", code="ValueOutOfRange", why="a severity is from 0 to 9")
        self._level = severity
        self._keep()
        return reply("Accepted")

    # -- reporting ---------------------------------------------------

    @on(Action.get_monitoring_report)
    def get_monitoring_report(
        self,
        request_id: int,
        component_variable: Sequence[Payload] = (),
        monitoring_criteria: Sequence[str] = (),
        **_: Any,
    ) -> Reply:
        """N02."""
        if self._busy:
            return reply(
                "Rejected", code="InvalidMessageSeq", why="another report is on its way: ask again"
            )
        kinds = {kind for one in monitoring_criteria for kind in CRITERIA[one]} or set(Kind)
        wanted = [
            one
            for one in self._all()
            if one.kind in kinds and _is_named(one.address, component_variable)
        ]
        if not wanted:
            return reply("EmptyResultSet")
        self._busy = True
        return reply(
            "Accepted", then=lambda: self._environment.spawn(self._report(request_id, wanted))
        )

    async def _report(self, request_id: int, monitors: list[Monitor]) -> None:
        by_address: dict[Address, list[Monitor]] = {}
        for monitor in monitors:
            by_address.setdefault(monitor.address, []).append(monitor)
        entries = [
            {**address.wire(), "variableMonitoring": [one.wire() for one in these]}
            for address, these in by_address.items()
        ]
        parts = [entries[at : at + PART] for at in range(0, len(entries), PART)]
        made_at = stamp(self._environment.now())
        try:
            for number, part in enumerate(parts):
                payload = {
                    "requestId": request_id,
                    "seqNo": number,
                    "generatedAt": made_at,
                    "tbc": number < len(parts) - 1,
                    "monitor": part,
                }
                await self._outbox.call("NotifyMonitoringReport", payload, while_pending=True)
        finally:
            self._busy = False

    # -- what survives -----------------------------------------------

    def _keep(self) -> None:
        document = {
            "base": self._base,
            "level": self._level,
            "event_id": self._event_id,
            "monitors": [_document(one) for one in self._monitors.values()],
            "memories": {str(number): asdict(one) for number, one in self._memories.items()},
            "queue": self._queue,
        }
        self._store.documents.put(NAME, document)


def _is_named(address: Address, wanted: Sequence[Payload]) -> bool:
    """Whether one of these names it; what they leave out means all (N02.FR.12 to .14)."""
    return not wanted or any(_matches(address, one) for one in wanted)


def _matches(address: Address, wanted: Payload) -> bool:
    own, asked = address.component.folded, component_of(wanted["component"]).folded
    pairs = (
        (own.instance, asked.instance),
        (own.evse, asked.evse),
        (own.connector, asked.connector),
    )
    if own.name != asked.name or any(theirs not in (None, mine) for mine, theirs in pairs):
        return False
    named = wanted.get("variable")
    if named is None:
        return True
    name, variable = address.variable.folded, name_of(named).folded
    return name.name == variable.name and variable.instance in (None, name.instance)


def _document(monitor: Monitor) -> dict[str, Any]:
    return {**monitor.wire(), **monitor.address.wire()}


def _monitor_of(kept: dict[str, Any]) -> Monitor:
    return Monitor(
        kept["id"],
        address_of(kept),
        Kind(kept["type"]),
        kept["value"],
        kept["severity"],
        kept["transaction"],
    )
