"""A transaction from start to stop: its messages, what survives a power cut (OCPP 1.6 §4.8).

Each message is written into the journal in the same commit as the state that it tells of, so that
disk and wire can never disagree about what has happened.

An answer to StartTransaction counts as far as it goes: a status without a usable transactionId is a
verdict all the same, and the message is sent again for the id. Once it is given up (§3.7.1) there
is no transaction: charging ends, for nobody could bill it or stop it from outside, and the samples
and the stop behind it go to the dead letters unsent, for an invented id would be somebody else's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from ocpp.v16.enums import Reason

from sim_core.hardware.measurands import REGISTER
from sim_core.hardware.meter import Reading
from sim_core.ocpp16 import metering, same_ids
from sim_core.ocpp16.outlet import Authorization, Outlet, Transaction
from sim_core.ocpp16.timestamps import stamp
from sim_core.ocpp16.transaction_id import whole_number
from sim_core.store.records import JournalRow, StoredTransaction
from sim_core.wire.endpoint import Payload
from sim_core.wire.outbox import PLACEHOLDER

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint


STOP_DATA_MOST = 100
"""How many meter values are kept for StopTransaction: a message that any CSMS can take."""

MINUTE_S, SLOW_MINUTE_S, HALF_A_MINUTE_S = 60.0, 61.83, 30.0
FIRST_SAMPLE_S = 2.8
"""The earliest first sample of a timer that does not begin with the transaction."""
FAILED_AFTER_S = (0.045, 0.12)
FAILED_TOLD_S = (3.0, 30.0)
"""How long after its other messages the end of a failed start is told."""
CUT_OFF_SHOWS_S = 4.0
EARLY_SHARE, EARLY_S = 4 / 62, (1.1, 1.9)
"""How often a sample comes before its StartTransaction, and how long before."""
BUSY_SHARE, BUSY_LATE_S = 0.5, (1.0, 4.0)
"""How often a sample is late while another connector is busy, and by how much."""
IN_VAIN_S = 50.0
"""How long a start that comes to nothing goes on in silence."""
NO_ID = -1
REFUSED = "refused/{}"
"""Name in the store of the last card that was refused afterwards at a connector."""


class Transactions:
    """The transactions of all connectors."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self._periodic = {
            number: metering.Periodic(
                charge_point.clock,
                charge_point.now,
                partial(self._sample_interval_s, number),
                partial(self._sample_periodically, number),
            )
            for number in charge_point.outlets
        }

        self._told_samples = ""
        """Why the last sample was given up, if none was taken since: the same is told once."""
        self._refused_starts: dict[int, Payload] = {}
        """StartTransaction by our key, where the CSMS has answered with no usable id."""

    def close(self) -> None:
        """No more samples: what they are written into is about to close."""
        for periodic in self._periodic.values():
            periodic.stop()

    def recover(self) -> None:
        """After a start: what a power cut has interrupted ends with PowerLoss, or goes on."""
        for left in self._cp.store.open_transactions():
            outlet = self._cp.outlets.get(left.connector_id)
            if outlet is not None and (
                self._cp.behaviour.resume_after_power_loss or self._cp.quirks.late_power_loss
            ):
                self._resume(outlet, left)
            else:
                self._end_for_power_loss(outlet, left)

    def _end_for_power_loss(self, outlet: Outlet | None, left: StoredTransaction) -> None:
        register_wh = self._cp.store.registers().get(left.connector_id, 0.0)
        if outlet is not None:
            register_wh = outlet.metal.meter.register_wh
        meter_stop_wh = max(self._whole_wh(register_wh), left.meter_start_wh)
        data = self._kept(left)
        self._write_stop(left, Reason.power_loss, meter_stop_wh, data, left.id_tag)
        self._cp.note(
            "transaction",
            f"connector {left.connector_id}: the transaction of {left.id_tag} was cut off by a "
            "power loss and is stopped",
            left.connector_id,
        )

    def _resume(self, outlet: Outlet, left: StoredTransaction) -> None:
        """It goes on, with the vehicle that stands there, or without one until it is back."""
        metal = outlet.metal
        outlet.transaction = Transaction(
            left.key,
            left.id_tag,
            left.parent_id_tag,
            left.started_at,
            left.meter_start_wh,
            transaction_id=left.transaction_id,
            interrupted=not metal.plugged,
        )
        self._look_at_ids()
        self._cp.smart_charging.refresh()
        outlet.ended = False
        self._recall_refusal(outlet, outlet.transaction)
        if self._cp.quirks.late_power_loss:
            outlet.transaction.cut_off = True
            metal.close_contactor()
            metal.permitted = False
            self._cp.changed(outlet)
            return
        self._periodic[outlet.number].start()
        self._cp.note(
            "transaction",
            f"connector {left.connector_id}: the transaction of {left.id_tag} goes on after a "
            "power loss",
            left.connector_id,
        )
        self._cp.changed(outlet)
        self.energize_soon(outlet)

    def end_cut_off(self) -> None:
        """Registered again: what a power loss has interrupted shows once more, and ends."""
        cp = self._cp
        for outlet in cp.outlets.values():
            transaction = outlet.transaction
            if transaction is not None and transaction.cut_off:
                transaction.cut_off = False
                self._send_sample(outlet, transaction, metering.PERIODIC, cp.now())
                cp.clock.call_later(
                    cp.vary(CUT_OFF_SHOWS_S), partial(self.stop, outlet, Reason.power_loss)
                )

    def fail(self, outlet: Outlet, card: Authorization, reason: Reason) -> None:
        """A start that comes to nothing: it ends as it begins, and the end is told late."""
        cp = self._cp
        transaction = self._open(outlet, card)
        at = cp.now() + timedelta(seconds=cp.rng.uniform(*FAILED_AFTER_S))
        with cp.store.together():
            self.keep(outlet, transaction, "StopTxnSampledData", metering.END, at)
            self._write_stop(
                transaction,
                reason,
                transaction.meter_start_wh,
                self._kept(transaction),
                card.id_tag,
                outlet,
                at=at,
                later_s=cp.rng.uniform(*FAILED_TOLD_S),
            )
        outlet.transaction = None
        cp.smart_charging.refresh()
        cp.note(
            "transaction",
            f"connector {outlet.number}: the start for {card.id_tag} has failed ({reason.value})",
            outlet.number,
        )

    def begin(self, outlet: Outlet, card: Authorization, *, in_vain: bool = False) -> None:
        """Start a transaction on a plugged connector and, a moment later, the energy.

        `in_vain`: the energy never comes, and after a while the transaction is given up.
        """
        cp = self._cp
        transaction = self._open(outlet, card)
        first_s = None
        interval_s = self._sample_interval_s(outlet.number)
        if cp.quirks.free_running_samples and interval_s > FIRST_SAMPLE_S:
            first_s = cp.rng.uniform(FIRST_SAMPLE_S, interval_s)
        self._periodic[outlet.number].start(first_s)
        cp.note(
            "transaction",
            f"connector {outlet.number}: transaction of {card.id_tag} started "
            f"at {transaction.meter_start_wh} Wh",
            outlet.number,
        )
        cp.changed(outlet)
        if not in_vain:
            self.energize_soon(outlet)
            return

        def give_up() -> None:
            if outlet.transaction is transaction:
                self.stop(outlet, Reason.other)

        cp.clock.call_later(IN_VAIN_S, give_up)

    def _open(self, outlet: Outlet, card: Authorization) -> Transaction:
        cp, metal = self._cp, outlet.metal
        now = cp.now()
        cp.advance_metal()
        meter_start_wh = self._whole_wh(metal.meter.register_wh)
        reserved = cp.reservations.used_by(outlet, card)
        with cp.store.together():
            cp.store.save_register(outlet.number, metal.meter.register_wh)
            key = cp.store.begin(
                connector_id=outlet.number,
                id_tag=card.id_tag,
                parent_id_tag=card.parent_id_tag,
                meter_start_wh=meter_start_wh,
                started_at=now,
                reservation_id=reserved.reservation_id if reserved else None,
                vehicle=metal.vehicle.kind.name if metal.vehicle else None,
                vehicle_wh=metal.vehicle.stored_wh if metal.vehicle else None,
            )
            payload: Payload = {
                "idTag": card.id_tag,
                "connectorId": outlet.number,
                "meterStart": meter_start_wh,
                **({"reservationId": reserved.reservation_id} if reserved else {}),
                "timestamp": stamp(now),
            }
            if reserved:
                cp.reservations.end(reserved, "is used")
            cp.outbox.append("StartTransaction", payload, key=key, connector_id=outlet.number)
            transaction = Transaction(
                key,
                card.id_tag,
                card.parent_id_tag,
                now,
                meter_start_wh,
                offline=not cp.online,
            )
            outlet.transaction = transaction
            outlet.authorization = outlet.held_for = None
            outlet.ended = False
            cp.smart_charging.begin(outlet, transaction, card.charging_profile)
            self.keep(outlet, transaction, "StopTxnSampledData", metering.BEGIN, now)
            if cp.behaviour.begin_end_samples:
                self._send_sample(outlet, transaction, metering.BEGIN, now)
        return transaction

    def _whole_wh(self, register_wh: float) -> int:
        """The register as meterStart and meterStop have it."""
        whole = int(register_wh)
        return int(whole / 1000 * 1000.0) if self._cp.quirks.truncated_meter_stop else whole

    def _sample_interval_s(self, number: int) -> float:
        cp = self._cp
        interval_s = float(cp.configuration.number("MeterValueSampleInterval"))
        if cp.quirks.slow_minute and interval_s >= MINUTE_S:
            return interval_s * SLOW_MINUTE_S / MINUTE_S
        others = (outlet for outlet in cp.outlets.values() if outlet.number != number)
        if cp.quirks.busy_samples and interval_s >= HALF_A_MINUTE_S:
            busy = any(outlet.busy for outlet in others) and cp.rng.random() < BUSY_SHARE
            return interval_s + (cp.rng.uniform(*BUSY_LATE_S) if busy else 0.0)
        return interval_s

    def sample_early(self, outlet: Outlet, start_in_s: float) -> None:
        """A sample of a transaction that has not begun yet, in a make that has such ones."""
        cp, card = self._cp, outlet.authorization
        if not cp.quirks.early_samples or cp.rng.random() >= EARLY_SHARE:
            return

        def sample() -> None:
            interval_s = cp.configuration.number("MeterValueSampleInterval")
            if card is None or outlet.authorization is not card or interval_s <= 0:
                return
            measurands = cp.configuration.items("MeterValuesSampledData")
            value = self._value(outlet, measurands, metering.PERIODIC, cp.now())
            payload: Payload = {"connectorId": outlet.number, "meterValue": [value]}
            cp.outbox.post(metering.ACTION, payload)

        cp.after(max(0.0, start_in_s - cp.rng.uniform(*EARLY_S)), sample)

    def energize_soon(self, outlet: Outlet) -> None:
        """Close the contactor when the metal is ready, if the transaction still wants it."""
        cp, transaction = self._cp, outlet.transaction

        def energize() -> None:
            if outlet.transaction is transaction and outlet.metal.plugged:
                cp.advance_metal()
                outlet.metal.close_contactor()
                if cp.timing.precharge_s:
                    outlet.metal.permitted = False
                    cp.clock.call_later(cp.vary(cp.timing.precharge_s), flow)
                cp.changed(outlet)

        def flow() -> None:
            if transaction is not None and outlet.transaction is transaction:
                cp.advance_metal()
                outlet.metal.permitted = not transaction.deauthorized
                cp.changed(outlet)

        cp.after(cp.vary(cp.timing.energize_s), energize)

    def stop(self, outlet: Outlet, reason: Reason, id_tag: str | None = None) -> None:
        """End the connector's transaction; `id_tag` is the card that ended it."""
        cp, transaction = self._cp, outlet.transaction
        if transaction is None:
            return
        cp.advance_metal()
        metal = outlet.metal
        metal.open_contactor()
        metal.cap_wh = None
        self._periodic[outlet.number].stop()
        meter_stop_wh = max(self._whole_wh(metal.meter.register_wh), transaction.meter_start_wh)
        with cp.store.together():
            cp.store.save_register(outlet.number, metal.meter.register_wh)
            if cp.behaviour.begin_end_samples:
                self._send_sample(outlet, transaction, metering.END, cp.now())
            self.keep(outlet, transaction, "StopTxnSampledData", metering.END, cp.now())
            data = self._kept(transaction)
            self._write_stop(
                transaction, reason, meter_stop_wh, data, id_tag or transaction.id_tag, outlet
            )
        outlet.transaction = None
        self._look_at_ids()
        cp.smart_charging.refresh()
        outlet.ended = metal.occupied
        if self._keeps_cable(reason) and metal.locked:
            outlet.held_for = transaction.id_tag
        else:
            cp.sessions.release_cable(outlet)
        cp.note(
            "transaction",
            f"connector {outlet.number}: transaction of {transaction.id_tag} stopped "
            f"({reason.value}) at {meter_stop_wh} Wh, {meter_stop_wh - transaction.meter_start_wh} "
            "Wh charged",
            outlet.number,
        )
        cp.changed(outlet)

    def cut_off(self, outlet: Outlet) -> None:
        """The power is gone: nothing more is written or said; `recover` finds what was open."""
        self._cp.advance_metal()
        self._periodic[outlet.number].stop()
        outlet.metal.open_contactor()
        outlet.metal.cap_wh = None
        if outlet.transaction is not None:
            self._cp.store.save_register(outlet.number, outlet.metal.meter.register_wh)
            outlet.transaction = None
            self._look_at_ids()
            self._cp.smart_charging.refresh()
            outlet.ended = outlet.metal.occupied
            self._cp.sessions.release_cable(outlet)

    def _keeps_cable(self, reason: Reason) -> bool:
        """Whether the cable stays locked after the stop, until its card comes (§4.8, §9.1)."""
        if reason is Reason.ev_disconnected:
            return not self._cp.configuration.flag("UnlockConnectorOnEVSideDisconnect")
        return reason is Reason.de_authorized

    def with_id(self, transaction_id: int) -> Outlet | None:
        """The connector whose running transaction has this id: of several the newest."""
        running = same_ids.running_with(self._cp.outlets.values(), transaction_id)
        return running[-1] if running else None

    def _look_at_ids(self) -> None:
        self._cp.warn(same_ids.ABOUT, same_ids.sentence(self._cp.outlets.values()))

    def interval_changed(self) -> None:
        """MeterValueSampleInterval has a new value: it counts from now."""
        for number, periodic in self._periodic.items():
            if self._cp.outlets[number].transaction:
                periodic.rearm()

    # -- what the CSMS answers ---------------------------------------

    def read_id(self, row: JournalRow, payload: Payload) -> int | None:
        """The transactionId in an answer to StartTransaction: any integer of 64 bits (§4.8)."""
        if row.action != "StartTransaction":
            return None
        return whole_number(payload.get("transactionId"))

    def half_answered(self, row: JournalRow, payload: Payload) -> None:
        """StartTransaction was answered without a usable transactionId: the verdict counts (§4.8);
        the message is sent again for the id."""
        cp = self._cp
        cp.note(
            "transaction",
            f"connector {row.connector_id}: the CSMS answered StartTransaction without a "
            "transactionId that is a whole number of 64 bits: look at its answer",
            row.connector_id,
        )
        verdict = cp.authorizer.learn(str(row.payload.get("idTag", "")), payload)
        running = self._running(row)
        if running is not None and verdict is not None and not verdict.accepted:
            self._deauthorize(*running, verdict.status)

    def answered_twice(self, row: JournalRow, payload: Payload) -> None:
        """A message that was sent again has a second answer: the first one counts."""
        other, running = self.read_id(row, payload), self._running(row)
        if other is not None and running is not None and other != running[1].transaction_id:
            self._cp.note(
                "transaction",
                f"connector {row.connector_id}: the CSMS has made a second transaction, {other}, "
                "of the same start, which it had answered too late: end it there",
                row.connector_id,
            )

    def _running(self, row: JournalRow) -> tuple[Outlet, Transaction] | None:
        """The transaction that a row is of, if it has not ended, and its connector."""
        outlet = self._cp.outlets.get(row.connector_id)
        transaction = outlet.transaction if outlet else None
        if outlet is None or transaction is None or transaction.key != row.transaction_key:
            return None
        return outlet, transaction

    def settled(self, row: JournalRow, payload: Payload) -> None:
        """A transaction message was answered and has left the journal."""
        cp = self._cp
        if row.action == "MeterValues":
            self._told_samples = ""
            return
        id_tag = row.payload.get("idTag", "")
        verdict = cp.authorizer.learn(id_tag, payload) if id_tag else None
        if row.action != "StartTransaction":
            self._refused_starts.pop(row.transaction_key, None)
            return
        running = self._running(row)
        if running is None:
            return  # it has ended meanwhile; the rows behind carry the id
        outlet, transaction = running
        transaction.transaction_id = row.transaction_id
        if transaction.offline and row.transaction_id == NO_ID and cp.quirks.offline_duplicate:
            self._refused_starts[row.transaction_key] = row.payload
            verdict = None  # and it charges on
        if verdict is not None:
            transaction.parent_id_tag = verdict.parent_id_tag or transaction.parent_id_tag
            if not verdict.accepted:
                self._deauthorize(outlet, transaction, verdict.status)
        self._look_at_ids()
        cp.published_facts_changed()

    def instead(self, row: JournalRow) -> list[tuple[str, Payload]]:
        """What this make sends in place of a row; nothing where it sends the row."""
        start = self._refused_starts.get(row.transaction_key)
        if start is None or row.action == "StartTransaction":
            return []
        if row.action == metering.ACTION:
            payload = {name: value for name, value in row.payload.items() if name != PLACEHOLDER}
            return [(row.action, payload)]
        reading = Reading(float(row.payload["meterStop"]))
        measurands = tuple(
            name
            for name in self._cp.configuration.items("MeterValuesSampledData")
            if name != "Power.Offered"
        )
        value = metering.meter_value(
            self._cp.now(), reading, measurands, metering.BEGIN, self._cp.model.metering
        )
        value["timestamp"] = start["timestamp"]
        sample = {"connectorId": row.connector_id, "meterValue": [value]}
        return [("StartTransaction", start), (metering.ACTION, sample)]

    def given_up(self, row: JournalRow, why: str) -> None:
        """A message's attempts are spent."""
        sample = row.action == metering.ACTION
        if not sample or why != self._told_samples:
            self._cp.note(
                "journal",
                f"{row.action} of connector {row.connector_id} was given up: {why}",
                row.connector_id,
            )
        if sample:
            self._told_samples = why
        if row.action == "StartTransaction" and (running := self._running(row)):
            outlet, transaction = running
            self._cp.note(
                "transaction",
                f"connector {outlet.number}: charging for {transaction.id_tag} ends, for the CSMS "
                "did not take its StartTransaction and knows of no transaction",
                outlet.number,
            )
            self.stop(outlet, Reason.other)
        self._cp.published_facts_changed()

    def check_energy_limit(self, outlet: Outlet) -> None:
        """MaxEnergyOnInvalidId is used up: no more energy (§9.1)."""
        transaction = outlet.transaction
        if transaction is not None and not transaction.deauthorized and outlet.metal.spent:
            self._withhold(outlet, transaction)

    def check_vehicle(self, outlet: Outlet) -> None:
        """A vehicle that is full may end the session: no reason of §7.36 but Other says so."""
        if outlet.transaction is not None and outlet.metal.left_by_vehicle:
            self.stop(outlet, Reason.other)

    def _deauthorize(self, outlet: Outlet, transaction: Transaction, status: str) -> None:
        """The CSMS knows better than whoever let the card start (§4.8)."""
        cp = self._cp
        if transaction.refused:
            return
        transaction.refused = True
        cp.note(
            "authorization",
            f"connector {outlet.number}: the CSMS answered {status} for {transaction.id_tag}",
            outlet.number,
        )
        if cp.configuration.flag("StopTransactionOnInvalidId"):
            self.stop(outlet, Reason.de_authorized)
            return
        allowance_wh = cp.configuration.number("MaxEnergyOnInvalidId")
        if allowance_wh > 0:
            cp.advance_metal()
            outlet.metal.cap_wh = outlet.metal.meter.register_wh + allowance_wh
        refusal = {"transaction": transaction.key, "cap_wh": outlet.metal.cap_wh}
        cp.store.keep(REFUSED.format(outlet.number), refusal)
        if outlet.metal.cap_wh is None:
            self._withhold(outlet, transaction)

    def _recall_refusal(self, outlet: Outlet, transaction: Transaction) -> None:
        """A transaction that goes on after a power loss has no more energy than it had before."""
        refusal = self._cp.store.kept(REFUSED.format(outlet.number))
        if refusal is not None and refusal["transaction"] == transaction.key:
            outlet.metal.cap_wh = refusal["cap_wh"]
            transaction.deauthorized = outlet.metal.cap_wh is None
            outlet.metal.permitted = not transaction.deauthorized

    def _withhold(self, outlet: Outlet, transaction: Transaction) -> None:
        self._cp.advance_metal()
        transaction.deauthorized = True
        outlet.metal.permitted = False
        self._cp.changed(outlet)

    # -- samples -----------------------------------------------------

    def _value(
        self, outlet: Outlet, measurands: tuple[str, ...], context: str, at: datetime
    ) -> dict[str, Any]:
        return metering.meter_value(
            at, self._cp.readings.of(outlet), measurands, context, self._cp.model.metering
        )

    def _sample_periodically(self, number: int, at: datetime) -> None:
        outlet = self._cp.outlets[number]
        transaction = outlet.transaction
        if transaction is None:
            return
        if outlet.metal.flowing or self._cp.behaviour.samples_while_suspended:
            self._cp.advance_metal()
            with self._cp.store.together():
                self.keep(outlet, transaction, "StopTxnSampledData", metering.PERIODIC, at)
                self._send_sample(outlet, transaction, metering.PERIODIC, at)

    def _send_sample(
        self, outlet: Outlet, transaction: Transaction, context: str, at: datetime
    ) -> None:
        if self._cp.configuration.number("MeterValueSampleInterval") > 0:  # §9.1: 0 means none
            measurands = self._cp.configuration.items("MeterValuesSampledData")
            limited = outlet.metal.profile_w is not None
            if context == metering.END and limited and self._cp.quirks.erratic_power_offered:
                measurands = tuple(name for name in measurands if name != "Power.Offered")
            self.send_value(outlet, transaction, self._value(outlet, measurands, context, at))

    def keep(
        self, outlet: Outlet, transaction: Transaction, key: str, context: str, at: datetime
    ) -> None:
        """Keep a meter value for StopTransaction, with the measurands of this key if it has any.

        In a long transaction every second one is kept, then every fourth, and so on: what is told
        in the end is bounded and covers the whole of it evenly.
        """
        measurands = self._cp.configuration.items(key)
        if self._cp.quirks.two_entry_stop_data:
            ends = context in (metering.BEGIN, metering.END)
            measurands = (REGISTER,) if measurands and ends else ()
        if not measurands:
            return
        nth = transaction.met.get(context, 0)
        transaction.met[context] = nth + 1
        if nth % transaction.stride:
            return
        value = self._value(outlet, measurands, context, at)
        if self._cp.store.add_sample(transaction.key, value) >= STOP_DATA_MOST:
            self._cp.store.thin_samples(transaction.key)
            transaction.stride *= 2

    def _kept(self, transaction: Transaction | StoredTransaction) -> list[dict[str, Any]]:
        """What StopTransaction tells in transactionData; nothing where nobody asks for it."""
        keys = ("StopTxnSampledData", "StopTxnAlignedData")
        if not any(map(self._cp.configuration.items, keys)):
            return []
        return self._cp.store.samples(transaction.key)

    def send_value(self, outlet: Outlet, transaction: Transaction, value: dict[str, Any]) -> None:
        """Write a meter value of a running transaction into the journal."""
        payload: Payload = {
            "connectorId": outlet.number,
            PLACEHOLDER: None,
            "meterValue": [value],
        }
        with self._cp.store.together():
            self._cp.store.save_register(outlet.number, outlet.metal.meter.register_wh)
            self._cp.outbox.append(
                "MeterValues", payload, key=transaction.key, connector_id=outlet.number
            )

    def _write_stop(
        self,
        transaction: Transaction | StoredTransaction,
        reason: Reason,
        meter_stop_wh: int,
        data: list[dict[str, Any]],
        id_tag: str,
        outlet: Outlet | None = None,
        *,
        at: datetime | None = None,
        later_s: float = 0.0,
    ) -> None:
        cp = self._cp
        payload: Payload = {
            "idTag": id_tag,
            "meterStop": meter_stop_wh,
            # The clock may have been set back meanwhile; a stop before its start makes no sense.
            "timestamp": stamp(max(at or cp.now(), transaction.started_at)),
            PLACEHOLDER: None,
            "reason": reason.value,
        }
        if data:
            payload["transactionData"] = data
        number = outlet.number if outlet else getattr(transaction, "connector_id", 0)
        with cp.store.together():
            cp.outbox.append(
                "StopTransaction",
                payload,
                key=transaction.key,
                connector_id=number,
                later_s=later_s,
            )
            cp.store.end(transaction.key)
        cp.smart_charging.end(transaction.key)
