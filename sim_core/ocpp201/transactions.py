"""TransactionEvent: what becomes of a transaction, event by event (OCPP 2.0.1 Part 2, block E).

When a transaction begins and ends is configuration here (`transaction_points`), so it has a life
of its own beside the charger's session: it may begin with the cable or with the card, outlive a
session and hold two of them. Its id is made here and never given twice; seqNo counts from 0 without
a gap, over power cuts too. What is written is one commit: the row of the journal, and the state
after it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sim_core.charging import journal_facts
from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import (
    AuthorisationEnded,
    Authorised,
    BayEntered,
    BayLeft,
    ChargingStateChanged,
    Plugged,
    RateChanged,
    Sample,
    Sampled,
    TransactionBegan,
    TransactionEnded,
    TransactionWentOn,
    Unplugged,
)
from sim_core.charging.environment import Environment
from sim_core.charging.facts import ChargingState, charging_state
from sim_core.charging.vocabulary import Cause, Context
from sim_core.hardware.measurands import REGISTER
from sim_core.hardware.meter import Reading
from sim_core.hardware.model import Metering
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.metering import meter_value
from sim_core.ocpp201.significance import is_significant
from sim_core.ocpp201.spelling import Spelling
from sim_core.ocpp201.status import STATES
from sim_core.ocpp201.tokens import TokenTypes
from sim_core.ocpp201.transaction_points import Truth, begins, ends
from sim_core.ocpp201.trigger_reasons import SAMPLE_TRIGGERS, Ending, ending_of, lapse_of
from sim_core.store.interface import Store
from sim_core.store.records import BEGAN, ENDED, MOVED, NO_SESSION, SAMPLED
from sim_core.wire.answers import Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.timestamps import stamp

OF_THE_WHOLE = frozenset({REGISTER, "Power.Active.Import"})
"""What the meter of the station as a whole can say."""
STARTED, UPDATED, OVER = "Started", "Updated", "Ended"
"""TransactionEventEnumType."""
SIGNED = "DataSigned"
NAME = "ocpp201 transaction {}"
"""Under which name the transaction of an EVSE is in the store."""


@dataclass
class Open:
    """A transaction that the CSMS knows, or will know."""

    id: str
    seq: int = 0
    """Of the next event."""
    evse_told: bool = False
    """The EVSE with its connector was told since the vehicle came."""
    state_told: str = ""
    card: str | None = None
    """Whose it is: the card that was authorised first."""
    key: int | None = None
    """The charger's session in it, if one runs."""
    begin: dict[str, Any] = field(default_factory=dict)
    """The reading that it began with, as `journal_facts` has it."""
    samples: list[dict[str, Any]] = field(default_factory=list)
    """What was kept of sessions that are over, to be told at the end."""
    ending: list[str] = field(default_factory=list)
    """How its last session ended: triggerReason and stoppedReason."""
    alone: bool = False
    """It began while nobody could be told: its rows keep facts beside the words, see `unheard`."""
    began: dict[str, Any] = field(default_factory=dict)
    """The facts of the begin of that session, as `journal_facts` has them."""
    key_told: bool = False
    """The key by which its signed readings can be checked was told."""
    told_at: str = ""
    """The moment of its last event: a clock that is set back brings none before that."""


@dataclass
class Line:
    """What is known of one EVSE."""

    truth: Truth = field(default_factory=Truth)
    open: Open | None = None
    token: str | None = None
    """A card that is to be told with the next event (E01.FR.10: in exactly one)."""
    remote_start_id: int | None = None
    """The same of a start from afar."""
    reservation_id: int | None = None


@dataclass(frozen=True)
class Told:
    """An event that is to be written."""

    trigger: str
    ending: Ending | None = None
    """How the session or authorisation ended that this event tells of."""
    token: str | None = None
    samples: Sequence[dict[str, Any]] = ()
    """Samples of an end."""
    reading: Sample | None = None
    at: datetime | None = None
    later_s: float = 0.0
    facts: dict[str, Any] | None = None
    """Those of the end of a session, as `journal_facts` has them."""
    passes: bool = False
    """That is no end but a pause, which ends nothing unless the energy is the stop point."""


class TransactionEvents:
    """The transactions of all EVSEs."""

    __slots__ = (
        "_condition",
        "_connectors",
        "_environment",
        "_lines",
        "_metering",
        "_model",
        "_online",
        "_outbox",
        "_public_key",
        "_sampled",
        "_spelling",
        "_store",
        "_tokens",
        "_told_otherwise",
        "_use_reservation",
        "link",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        store: Store,
        outbox: Outbox,
        model: DeviceModel,
        tokens: TokenTypes,
        metering: Metering,
        *,
        online: Callable[[], bool],
        sample: Callable[[Connector, datetime, Context, tuple[str, ...]], Sample],
        public_key: Callable[[int], str],
        use_reservation: Callable[[Connector], int | None],
        spelling: Spelling,
    ) -> None:
        """`sample`: what a connector's meter shows now, as a sample tells it; `public_key`: that of
        an EVSE's meter, empty where it signs nothing; `use_reservation` uses up the reservation of
        the card that waits at a connector, and tells its id."""
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._store = store
        self._outbox = outbox
        self._model = model
        self._tokens = tokens
        self._metering = metering
        self._online = online
        self._sampled = sample
        self._public_key = public_key
        self._use_reservation = use_reservation
        self._spelling = spelling
        self._told_otherwise = frozenset(
            one.key for one in store.transactions.open() if isinstance(one.transaction_id, int)
        )
        """Sessions that a power cut has left behind, and that OCPP 1.6 has told the begin of."""
        self._lines = {number: Line() for number in connectors}
        self.link = ""
        """Names the connection that there is, or the last one: what was written on another one and
        is sent on this was sent late (E11)."""
        for number in connectors:
            kept = store.documents.get(NAME.format(number))
            if kept is not None:
                self._lines[number] = _line_of(kept)

    # -- what others ask ---------------------------------------------

    def open_on(self, evse_id: int) -> Open | None:
        """The transaction of an EVSE."""
        line = self._lines.get(evse_id)
        return line.open if line else None

    def with_id(self, transaction_id: str) -> int | None:
        """The EVSE of an open transaction; None where it is not open."""
        for number, line in self._lines.items():
            if line.open is not None and line.open.id == transaction_id:
                return number
        return None

    def running(self) -> list[int]:
        """The EVSEs that have a transaction."""
        return [number for number, line in self._lines.items() if line.open is not None]

    def id_of_session(self, evse_id: int, key: int) -> str | None:
        """The id of the transaction that a session of the charger is in."""
        opened = self.open_on(evse_id)
        return opened.id if opened is not None and opened.key == key else None

    def expect(self, evse_id: int, remote_start_id: int) -> None:
        """A start from afar was accepted: its id goes with the next event."""
        self._lines[evse_id].remote_start_id = remote_start_id

    # -- what happens ------------------------------------------------

    def bay_entered(self, event: BayEntered) -> None:
        """A car is in the bay (E01, ParkingBayOccupancy)."""
        line = self._lines[event.connector_id]
        self._step_by_bay(event.connector_id, replace(line.truth, in_bay=True), Told("EVDetected"))

    def bay_left(self, event: BayLeft) -> None:
        """It is gone (E06): what has ended the session before is what is told as the reason."""
        line = self._lines[event.connector_id]
        told = Told("EVDeparted", Ending("EVDeparted", "Local"))
        self._step_by_bay(event.connector_id, replace(line.truth, in_bay=False), told)

    def _step_by_bay(self, number: int, now: Truth, told: Told) -> None:
        """The bay is told where it is what a transaction begins or ends with, and else nowhere."""
        line = self._lines[number]
        if line.open is None or ends(line.truth, now, self._points("TxStopPoint")):
            self._step(number, now, told)
        else:
            line.truth = now
            self._keep(number)

    def plugged(self, event: Plugged) -> None:
        """A vehicle is there."""
        line = self._lines[event.connector_id]
        if line.open is not None:
            line.open.evse_told = False
        self._step(event.connector_id, replace(line.truth, connected=True), Told("CablePluggedIn"))

    def unplugged(self, event: Unplugged, *, ends_session: bool) -> None:
        """It is gone. `ends_session`: a session runs, and its end follows in this same turn."""
        if ends_session:
            return
        line = self._lines[event.connector_id]
        ending = self._ending_of(line) or Ending("EVCommunicationLost", "EVDisconnected")
        told = Told("EVCommunicationLost", ending._replace(trigger="EVCommunicationLost"))
        self._step(event.connector_id, replace(line.truth, connected=False, energised=False), told)

    def authorised(self, event: Authorised) -> None:
        """A card may charge."""
        line = self._lines[event.connector_id]
        line.token = event.token
        used = self._use_reservation(self._connectors[event.connector_id])
        line.reservation_id = used if used is not None else line.reservation_id
        trigger = "RemoteStart" if event.cause is Cause.REMOTE else "Authorized"
        self._step(event.connector_id, replace(line.truth, authorised=True), Told(trigger))

    def authorisation_ended(self, event: AuthorisationEnded) -> None:
        """A card no longer counts that has led to no session."""
        line = self._lines[event.connector_id]
        ending = lapse_of(event.cause)
        token = event.token if event.cause is Cause.CARD else None
        line.token = line.remote_start_id = None
        if event.cause is Cause.CABLE:
            connected = self._connectors[event.connector_id].metal.plugged
            truth = replace(line.truth, connected=connected, authorised=False)
        else:
            truth = replace(line.truth, authorised=False)
        self._step(event.connector_id, truth, Told(ending.trigger, ending, token))

    def began(self, event: TransactionBegan) -> None:
        """A session of the charger begins."""
        line = self._lines[event.connector_id]
        if event.reservation_id is not None:
            line.reservation_id = event.reservation_id
        if line.open is None:  # a card that nobody was asked about, or a point of the energy alone
            truth = replace(line.truth, connected=True, authorised=True)
            line.token = line.token or event.token
            self._step(event.connector_id, truth, Told("Authorized"))
        self._adopt(event.connector_id, event.key, journal_facts.began(event))
        signs = self._model.flag("SampledDataCtrlr", "SignReadings")
        if signs and SIGNED in self._points(
            "TxStartPoint"
        ):  # the meter has signed what it shows now
            told = Told("SignedDataReceived")
            self._step(event.connector_id, replace(line.truth, signed=True), told)
            self._adopt(event.connector_id, event.key, journal_facts.began(event))

    def went_on(self, event: TransactionWentOn) -> None:
        """A session goes on that a power cut has interrupted."""
        self._adopt(event.connector_id, event.key)

    def _adopt(self, number: int, key: int, began: dict[str, Any] | None = None) -> None:
        line = self._lines[number]
        if line.open is not None and line.open.key != key:
            line.open.key, line.open.ending = key, []
            if line.open.alone:
                line.open.began = began or {}
            self._keep(number)

    def state_changed(self, event: ChargingStateChanged) -> None:
        """A session does something else than before."""
        if event.state is None:
            return
        line, state = self._lines[event.connector_id], event.state
        energised = state is ChargingState.CHARGING
        truth = replace(line.truth, energised=energised)
        by_vehicle = state is ChargingState.PAUSED_BY_VEHICLE
        pause = Ending("ChargingStateChanged", "StoppedByEV" if by_vehicle else "Other")
        told = Told("ChargingStateChanged", pause, passes=True)
        changes = line.open is None or STATES[state] != line.open.state_told
        if changes:
            self._step(event.connector_id, truth, told)
        else:
            line.truth = truth

    def rate_changed(self, event: RateChanged) -> None:
        """Limits let it charge at another power than before (K11.FR.04, K13.FR.03)."""
        opened = self._lines[event.connector_id].open
        if opened is not None and is_significant(self._model, event.before_w, event.now_w):
            self._write(event.connector_id, UPDATED, Told("ChargingRateChanged"), MOVED)

    def ended(self, event: TransactionEnded) -> None:
        """A session is over; the transaction may go on."""
        number = event.connector_id
        connector, line = self._connectors.get(number), self._lines.get(number)
        if connector is None or line is None:
            return  # an EVSE that there was before this start
        ending = ending_of(event.reason, event.cause, connector.metal.fault)
        with_card = event.cause is Cause.CARD
        told = Told(
            ending.trigger,
            ending,
            event.token if with_card else None,
            event.samples,
            at=event.at,
            later_s=event.later_s,
            facts=journal_facts.ended(event),
        )
        truth = Truth(connected=connector.metal.plugged, in_bay=line.truth.in_bay)
        if line.open is None:
            self._forget_session(number, event)
        self._step(number, truth, told, key=event.key)

    def sampled(self, event: Sampled) -> None:
        """A sample: of a transaction an event, else MeterValues (block J)."""
        number, context = event.connector_id, event.sample.context
        trigger = SAMPLE_TRIGGERS.get(context)
        if trigger is None:
            return  # begin and end are told with the transaction's own events
        opened = self._lines[number].open
        idle_only = self._model.flag("AlignedDataCtrlr", "SendDuringIdle")
        beside = context is Context.CLOCK and idle_only
        if beside and self.running():
            return  # J01.FR.20: none at all while a transaction runs
        if context is Context.CLOCK and number == min(self._connectors):
            self._main_meter(event.sample)
        if opened is None:
            payload = {"evseId": number, "meterValue": [self._value(number, event.sample)]}
            self._outbox.post("MeterValues", payload)
        elif not beside:
            self._write(number, UPDATED, Told(trigger, reading=event.sample), SAMPLED)

    def _main_meter(self, sample: Sample) -> None:
        """The meter of the whole station, evseId 0: what all EVSEs have together (J01.FR.14)."""
        registers = (one.metal.meter.register_wh for one in self._connectors.values())
        power_w = sum(one.metal.power_w for one in self._connectors.values())
        measurands = [name for name in sample.measurands if name in OF_THE_WHOLE]
        reading = Reading(register_wh=sum(registers), voltage_v=1.0, current_a=power_w)
        whole = sample._replace(reading=reading, measurands=tuple(measurands), signed="")
        payload = {"evseId": 0, "meterValue": [meter_value(whole, self._metering)]}
        self._outbox.post("MeterValues", payload)

    def meter_values(self, evse_id: int | None) -> None:
        """The CSMS wants MeterValues now, of an EVSE or of all: one message each (F06.FR.06)."""
        measurands = self._model.items("AlignedDataCtrlr", "Measurands")
        for number in self._connectors if evse_id is None else [evse_id]:
            sample = self._sample(number, Context.TRIGGER, measurands)
            payload = {"evseId": number, "meterValue": [self._value(number, sample)]}
            self._outbox.post("MeterValues", payload)

    def trigger(self, evse_id: int, measurands: tuple[str, ...]) -> None:
        """The CSMS wants to know now (F06.FR.07)."""
        sample = self._sample(evse_id, Context.TRIGGER, measurands)
        self._write(evse_id, UPDATED, Told("Trigger", reading=sample), SAMPLED)

    def remote_stop(self, evse_id: int) -> None:
        """A transaction is to end in which no session runs (F03): it ends with the cable."""
        line = self._lines[evse_id]
        if line.open is not None:
            line.open.ending = ["RemoteStop", "Remote"]
            self._write(evse_id, UPDATED, Told("RemoteStop"), MOVED)

    def power_lost(self) -> None:
        """After a start: a transaction whose session did not survive the dark, or which nothing
        holds open any more, ends."""
        for number, line in self._lines.items():
            connector = self._connectors[number]
            if line.open is None or connector.transaction is not None:
                continue
            there = line.truth.connected and connector.metal.plugged
            still = (there or connector.in_bay) and not line.truth.authorised
            if not still:
                line.truth = Truth(connected=connector.metal.plugged, in_bay=connector.in_bay)
                ending = Ending("AbnormalCondition", "PowerLoss")
                self._write(number, OVER, Told(ending.trigger, ending), MOVED)

    # -- from what is true to what is told ---------------------------

    def _step(self, number: int, now: Truth, told: Told, key: int | None = None) -> None:
        """Something has changed: a transaction begins, goes on or ends with it."""
        line = self._lines[number]
        before, line.truth = line.truth, now
        if line.open is None:
            if begins(before, now, self._points("TxStartPoint")):
                alone = not self._online()
                # no SEED may give an id twice (E01.FR.08)
                line.open = Open(str(uuid.uuid4()), alone=alone)
                if line.remote_start_id is not None:  # F02.FR.21: it beats the cable
                    told = replace(told, trigger="RemoteStart")
                self._write(number, STARTED, told, BEGAN)
            else:
                self._keep(number)
            return
        if told.ending is not None and not told.passes:
            line.open.ending = list(told.ending)
        if told.samples:
            line.open.samples += told.samples
        kind = MOVED if key is None else ENDED
        if ends(before, now, self._points("TxStopPoint")):
            self._write(number, OVER, told, kind, key)
        else:
            self._write(number, UPDATED, replace(told, samples=()), kind, key)

    def _points(self, name: str) -> tuple[str, ...]:
        return self._model.items("TxCtrlr", name)

    def _write(
        self, number: int, event_type: str, told: Told, kind: str, key: int | None = None
    ) -> None:
        """One event: into the journal, with the state after it."""
        line = self._lines[number]
        opened = line.open
        assert opened is not None
        if opened.card is None and line.truth.authorised:
            opened.card = line.token
        payload = self._payload(number, line, opened, event_type, told)
        content = {"event": payload, "link": self.link if self._online() else ""}
        if opened.alone and (facts := _facts(opened, told, kind, key)):
            content["facts"] = facts
        if key is not None and opened.key == key:
            opened.key, opened.began = None, {}
        row_key = key if key is not None else opened.key or NO_SESSION
        with self._store.together():
            self._outbox.append(
                kind,
                content,
                key=row_key,
                connector_id=number,
                later_s=told.later_s,
            )
            if event_type == OVER:
                line.open = None
            self._keep(number)

    def _payload(
        self, number: int, line: Line, opened: Open, event_type: str, told: Told
    ) -> Payload:
        at = told.at or (told.reading.at if told.reading else self._environment.now())
        if opened.told_at:
            at = max(at, datetime.fromisoformat(opened.told_at))
        state = self._state(number)
        info: Payload = {"transactionId": opened.id, "chargingState": state}
        payload: Payload = {
            "eventType": event_type,
            "timestamp": stamp(at),
            "triggerReason": told.trigger,
            "seqNo": opened.seq,
            "transactionInfo": info,
        }
        if event_type == OVER and told.ending is not None:
            info["stoppedReason"] = self._stopped(opened, told.ending)
        if line.remote_start_id is not None:
            info["remoteStartId"] = line.remote_start_id
        if line.reservation_id is not None:
            payload["reservationId"] = line.reservation_id
        token = told.token or line.token
        if token is not None:
            payload["idToken"] = self._tokens.wire(token)
        if event_type == STARTED or not opened.evse_told:
            payload["evse"] = {"id": number, **({"connectorId": 1} if line.truth.connected else {})}
            opened.evse_told = line.truth.connected
        values = self._values(number, opened, event_type, told, at)
        if values:
            payload["meterValue"] = values
        opened.seq += 1
        opened.told_at = at.isoformat()
        opened.state_told = state
        line.token = line.remote_start_id = line.reservation_id = None
        return payload

    def _state(self, number: int) -> str:
        connector, line = self._connectors[number], self._lines[number]
        if not line.truth.connected:
            return STATES[ChargingState.IDLE]
        if connector.transaction is None or not line.truth.authorised:
            return STATES[ChargingState.CONNECTED]
        now = charging_state(connector.facts(self._condition))
        return STATES[ChargingState.CONNECTED if now is None else now]

    def _stopped(self, opened: Open, ending: Ending) -> str:
        """What *began* the stop: own card, later unplugged, is Local (Part 2, T2)."""
        return opened.ending[1] if opened.ending else ending.stopped

    def _ending_of(self, line: Line) -> Ending | None:
        kept = line.open.ending if line.open is not None else []
        return Ending(*kept) if kept else None

    # -- readings ----------------------------------------------------

    def _values(
        self, number: int, opened: Open, event_type: str, told: Told, at: datetime
    ) -> list[dict[str, Any]]:
        if told.reading is not None:
            return [self._value(number, told.reading, opened)]
        if event_type == STARTED:
            measurands = self._model.items("SampledDataCtrlr", "TxStartedMeasurands")
            sample = self._sample(number, Context.BEGIN, measurands, at)
            opened.begin = journal_facts.sampled(sample)
            return [self._value(number, sample, opened)]
        if event_type == OVER:
            return [
                self._value(number, journal_facts.sample_of(facts), opened)
                for facts in self._ended_samples(number, opened, at)
            ]
        return []

    def _ended_samples(self, number: int, opened: Open, at: datetime) -> list[dict[str, Any]]:
        """What the end tells of the transaction (J02): the first and the last reading, and those
        between them where an interval is set."""
        measurands = self._model.items("SampledDataCtrlr", "TxEndedMeasurands")
        first = {**opened.begin, "measurands": list(measurands)} if opened.begin else None
        last = journal_facts.sampled(self._sample(number, Context.END, measurands, at))
        between: list[dict[str, Any]] = []
        for context, controller in (
            (Context.PERIODIC, "SampledDataCtrlr"),
            (Context.CLOCK, "AlignedDataCtrlr"),
        ):
            every_s = self._model.number(controller, "TxEndedInterval")
            if every_s > 0:
                kept = [one for one in opened.samples if one["context"] == context.value]
                between += _thinned(kept, every_s)
        between.sort(key=lambda facts: datetime.fromisoformat(facts["at"]))
        if not measurands:
            return between
        return [*([first] if first else []), *between, last]

    def _sample(
        self,
        number: int,
        context: Context,
        measurands: tuple[str, ...],
        at: datetime | None = None,
    ) -> Sample:
        connector, at = self._connectors[number], at or self._environment.now()
        return self._sampled(connector, at, context, measurands)

    def _value(self, number: int, sample: Sample, opened: Open | None = None) -> dict[str, Any]:
        """MeterValueType, with the key of its meter as often as that is wanted."""
        if not sample.signed:
            return meter_value(sample, self._metering)
        often = self._model.text("OCPPCommCtrlr", "PublicKeyWithSignedMeterValue")
        tells = often == "EveryMeterValue"
        if often == "OncePerTransaction" and opened is not None:
            tells, opened.key_told = not opened.key_told, True
        return meter_value(sample, self._metering, self._public_key(number) if tells else "")

    # -- what survives -----------------------------------------------

    def _keep(self, number: int) -> None:
        self._store.documents.put(NAME.format(number), _document(self._lines[number]))

    def _forget_session(self, number: int, event: TransactionEnded) -> None:
        """A session is over whose transaction has ended before: the store may let go of it. One
        that began in OCPP 1.6 has its end told with its begin: here, or once that is spoken."""
        key, facts = event.key, journal_facts.ended(event)
        if key in self._told_otherwise:
            at = self._environment.clock.now()
            journal = self._store.journal
            journal.append(ENDED, facts, key=key, connector_id=number, at=at)
            journal.set_aside(self._spelling.is_foreign)
            return
        # Without an event it tells nothing, and takes the session along when it leaves.
        content = facts if self._spelling.retells(key) else {"event": None}
        self._outbox.append(ENDED, content, key=key, connector_id=number)


def _facts(opened: Open, told: Told, kind: str, key: int | None) -> dict[str, Any]:
    """What a row tells, without a word of the protocol; nothing of what has no session in it."""
    if kind == SAMPLED and told.reading is not None:
        return journal_facts.sampled(told.reading)
    if kind == ENDED and key == opened.key and opened.began and told.facts:
        return {"began": opened.began, "ended": told.facts}
    return {}


def _thinned(samples: Sequence[dict[str, Any]], every_s: int) -> list[dict[str, Any]]:
    """Of samples those that are at least so far apart."""
    kept: list[dict[str, Any]] = []
    due: datetime | None = None
    for facts in samples:
        at = datetime.fromisoformat(facts["at"])
        if due is None or at >= due:
            kept.append(facts)
            due = at + timedelta(seconds=every_s)
    return kept


def _document(line: Line) -> dict[str, Any] | None:
    """What is kept of a line. It goes into the store as text at once, so nothing of it is copied:
    this is done with every sample."""
    opened = line.open
    if opened is None and line == Line():
        return None
    return {
        **_told(line),
        "truth": _told(line.truth),
        "open": None if opened is None else _told(opened),
    }


def _told(kept: Line | Truth | Open) -> dict[str, Any]:
    """The fields, without those that say nothing, which is what they begin with."""
    return {name: value for name, value in vars(kept).items() if value or type(value) is int}


def _line_of(kept: dict[str, Any]) -> Line:
    opened = kept["open"]
    return Line(
        Truth(**kept["truth"]),
        None if opened is None else Open(**opened),
        kept.get("token"),
        kept.get("remote_start_id"),
        kept.get("reservation_id"),
    )
