"""A transaction from start to stop: its messages, what survives a power cut (OCPP 1.6 §4.8).

Each message is written into the journal in the same commit as the state that it tells of, so that
disk and wire can never disagree about what has happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp.v16.enums import Reason

from sim_core.hardware.vehicle import Vehicle, from_garage
from sim_core.ocpp16 import metering
from sim_core.ocpp16.outlet import Authorization, Outlet, Transaction
from sim_core.ocpp16.stamps import stamp
from sim_core.store import JournalRow, StoredTransaction
from sim_core.wire.endpoint import Payload
from sim_core.wire.outbox import PLACEHOLDER

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint


class Transactions:
    """The transactions of all connectors."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point
        self._periodic = {
            number: metering.Periodic(
                charge_point.clock,
                lambda: float(charge_point.configuration.number("MeterValueSampleInterval")),
                lambda number=number: self._sample_periodically(number),  # type: ignore[misc]
            )
            for number in charge_point.outlets
        }

    def recover(self) -> None:
        """After a start: what a power cut has interrupted ends with PowerLoss, or goes on."""
        for left in self._cp.store.open_transactions():
            outlet = self._cp.outlets.get(left.connector_id)
            if outlet is not None and self._cp.behaviour.resume_after_power_loss:
                self._resume(outlet, left)
            else:
                self._end_for_power_loss(outlet, left)

    def _end_for_power_loss(self, outlet: Outlet | None, left: StoredTransaction) -> None:
        register_wh = self._cp.store.registers().get(left.connector_id, 0.0)
        if outlet is not None:
            register_wh = outlet.metal.meter.register_wh
        meter_stop_wh = max(int(register_wh), left.meter_start_wh)
        data = self._cp.store.samples(left.key)
        self._write_stop(left, Reason.power_loss, meter_stop_wh, data, left.id_tag)
        self._cp.note(
            "transaction",
            f"connector {left.connector_id}: the transaction of {left.id_tag} was cut off by a "
            "power loss and is stopped",
            left.connector_id,
        )

    def _resume(self, outlet: Outlet, left: StoredTransaction) -> None:
        """The cable has stayed in: the vehicle is the one that was there, with what it has got."""
        metal = outlet.metal
        if metal.vehicle is None and left.vehicle is not None and left.vehicle_wh is not None:
            charged_wh = metal.meter.register_wh - left.meter_start_wh
            kind = from_garage(left.vehicle)
            metal.vehicle = Vehicle(kind, left.vehicle_wh + charged_wh) if kind else None
            outlet.vehicle_name = left.vehicle
        outlet.transaction = Transaction(
            left.key,
            left.id_tag,
            left.parent_id_tag,
            left.started_at,
            left.meter_start_wh,
            transaction_id=left.transaction_id,
        )
        outlet.ended = False
        self._periodic[outlet.number].start()
        self._cp.note(
            "transaction",
            f"connector {left.connector_id}: the transaction of {left.id_tag} goes on after a "
            "power loss",
            left.connector_id,
        )
        self._cp.changed(outlet)
        self.energize_soon(outlet)

    def begin(self, outlet: Outlet, card: Authorization) -> None:
        """Start a transaction on a plugged connector and, a moment later, the energy."""
        cp, metal = self._cp, outlet.metal
        now = cp.now()
        cp.advance_metal()
        meter_start_wh = int(metal.meter.register_wh)
        with cp.store.together():
            cp.store.save_register(outlet.number, metal.meter.register_wh)
            key = cp.store.begin(
                connector_id=outlet.number,
                id_tag=card.id_tag,
                parent_id_tag=card.parent_id_tag,
                meter_start_wh=meter_start_wh,
                started_at=now,
                reservation_id=None,
                vehicle=metal.vehicle.kind.name if metal.vehicle else None,
                vehicle_wh=metal.vehicle.stored_wh if metal.vehicle else None,
            )
            payload: Payload = {
                "idTag": card.id_tag,
                "connectorId": outlet.number,
                "meterStart": meter_start_wh,
                "timestamp": stamp(now),
            }
            cp.outbox.append("StartTransaction", payload, key=key, connector_id=outlet.number)
            transaction = Transaction(key, card.id_tag, card.parent_id_tag, now, meter_start_wh)
            outlet.transaction = transaction
            outlet.authorization = outlet.held_for = None
            outlet.ended = False
            if measurands := cp.configuration.items("StopTxnSampledData"):
                cp.store.add_sample(key, self._value(outlet, measurands, metering.BEGIN))
            if cp.behaviour.begin_end_samples:
                self._send_sample(outlet, transaction, metering.BEGIN)
        self._periodic[outlet.number].start()
        cp.note(
            "transaction",
            f"connector {outlet.number}: transaction of {card.id_tag} started "
            f"at {meter_start_wh} Wh",
            outlet.number,
        )
        cp.changed(outlet)
        self.energize_soon(outlet)

    def energize_soon(self, outlet: Outlet) -> None:
        """Close the contactor when the metal is ready, if the transaction still wants it."""
        cp, transaction = self._cp, outlet.transaction

        def energize() -> None:
            if outlet.transaction is transaction and outlet.metal.plugged:
                cp.advance_metal()
                outlet.metal.close_contactor()
                cp.changed(outlet)

        cp.after(cp.timing.energize_s, energize)

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
        meter_stop_wh = max(int(metal.meter.register_wh), transaction.meter_start_wh)
        with cp.store.together():
            cp.store.save_register(outlet.number, metal.meter.register_wh)
            if cp.behaviour.begin_end_samples:
                self._send_sample(outlet, transaction, metering.END)
            data = []
            if measurands := cp.configuration.items("StopTxnSampledData"):
                data = [
                    *cp.store.samples(transaction.key),
                    self._value(outlet, measurands, metering.END),
                ]
            self._write_stop(
                transaction, reason, meter_stop_wh, data, id_tag or transaction.id_tag, outlet
            )
        outlet.transaction = None
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
            outlet.ended = outlet.metal.occupied
            self._cp.sessions.release_cable(outlet)

    def _keeps_cable(self, reason: Reason) -> bool:
        """Whether the cable stays locked after the stop, until its card comes (§4.8, §9.1)."""
        if reason is Reason.ev_disconnected:
            return not self._cp.configuration.flag("UnlockConnectorOnEVSideDisconnect")
        return reason is Reason.de_authorized

    def with_id(self, transaction_id: int) -> Outlet | None:
        """The connector whose running transaction has this id."""
        for outlet in self._cp.outlets.values():
            if outlet.transaction and outlet.transaction.transaction_id == transaction_id:
                return outlet
        return None

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
        transaction_id = payload.get("transactionId")
        if not isinstance(transaction_id, int) or isinstance(transaction_id, bool):
            return None
        return transaction_id if -(2**63) <= transaction_id < 2**63 else None

    def settled(self, row: JournalRow, payload: Payload) -> None:
        """A transaction message was answered and has left the journal."""
        cp = self._cp
        if row.action == "MeterValues":
            return
        id_tag = row.payload.get("idTag", "")
        verdict = cp.authorizer.learn(id_tag, payload) if id_tag else None
        if row.action != "StartTransaction":
            return
        outlet = cp.outlets.get(row.connector_id)
        transaction = outlet.transaction if outlet else None
        if outlet is None or transaction is None or transaction.key != row.transaction_key:
            return  # it has ended meanwhile; the rows behind carry the id
        transaction.transaction_id = row.transaction_id
        if verdict is not None:
            transaction.parent_id_tag = verdict.parent_id_tag or transaction.parent_id_tag
            if not verdict.accepted:
                self._deauthorize(outlet, transaction, verdict.status)
        cp.published_facts_changed()

    def given_up(self, row: JournalRow, why: str) -> None:
        """A message's attempts are spent."""
        self._cp.note(
            "journal",
            f"{row.action} of connector {row.connector_id} was given up: {why}",
            row.connector_id,
        )
        self._cp.published_facts_changed()

    def check_energy_limit(self, outlet: Outlet) -> None:
        """MaxEnergyOnInvalidId is used up: no more energy (§9.1)."""
        transaction = outlet.transaction
        if transaction is not None and not transaction.deauthorized and outlet.metal.spent:
            self._withhold(outlet, transaction)

    def _deauthorize(self, outlet: Outlet, transaction: Transaction, status: str) -> None:
        """The CSMS knows better than whoever let the card start (§4.8)."""
        cp = self._cp
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
        else:
            self._withhold(outlet, transaction)

    def _withhold(self, outlet: Outlet, transaction: Transaction) -> None:
        self._cp.advance_metal()
        transaction.deauthorized = True
        outlet.metal.permitted = False
        self._cp.changed(outlet)

    # -- samples -----------------------------------------------------

    def _value(self, outlet: Outlet, measurands: tuple[str, ...], context: str) -> dict[str, Any]:
        cp = self._cp
        return metering.meter_value(
            cp.now(), outlet.reading(), measurands, context, cp.model.metering
        )

    def _sample_periodically(self, number: int) -> None:
        outlet = self._cp.outlets[number]
        transaction = outlet.transaction
        if transaction is None:
            return
        if outlet.metal.flowing or self._cp.behaviour.samples_while_suspended:
            self._cp.advance_metal()
            self._send_sample(outlet, transaction, metering.PERIODIC)

    def _send_sample(self, outlet: Outlet, transaction: Transaction, context: str) -> None:
        measurands = self._cp.configuration.items("MeterValuesSampledData")
        self.send_value(outlet, transaction, self._value(outlet, measurands, context))

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
    ) -> None:
        cp = self._cp
        payload: Payload = {
            "idTag": id_tag,
            "meterStop": meter_stop_wh,
            # The clock may have been set back meanwhile; a stop before its start makes no sense.
            "timestamp": stamp(max(cp.now(), transaction.started_at)),
            PLACEHOLDER: None,
            "reason": reason.value,
        }
        if data:
            payload["transactionData"] = data
        number = outlet.number if outlet else getattr(transaction, "connector_id", 0)
        with cp.store.together():
            cp.outbox.append("StopTransaction", payload, key=transaction.key, connector_id=number)
            cp.store.end(transaction.key)
