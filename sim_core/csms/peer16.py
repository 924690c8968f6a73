"""A charge point of OCPP 1.6: how its requests are answered.

The `ocpp` package routes them, because it knows what a field of theirs is called in Python. What
comes in is looked at before, and less strictly than the package does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ocpp.messages import Call, validate_payload
from ocpp.routing import on
from ocpp.v16 import ChargePoint as OcppChargePoint
from ocpp.v16 import call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import Action
from websockets.asyncio.server import ServerConnection

from sim_core.csms import events, frames
from sim_core.csms.events import Sample
from sim_core.csms.ledger import Connector, IdTag, Ledger, Start, format_time, parse_time
from sim_core.csms.peer import LOGGER, Language, Peer
from sim_core.csms.rules import Rules
from sim_core.csms.tolerance import Excess, cut, excesses
from sim_core.csms.verbs import Verbs
from sim_core.csms.verbs16 import VERBS

F = TypeVar("F", bound=Callable[..., Any])

SAMPLES_KEPT = 32


LANGUAGE = Language(
    version="1.6",
    actions=frozenset(action.value for action in Action),
    # The package answers most violations with FormatViolation, which OCPP 1.6 does not have: these
    # are those of OCPP-J 1.6, section 4.2.3.
    codes={
        "type": "TypeConstraintViolation",
        "required": "ProtocolError",
        "additionalProperties": "FormationViolation",
        "enum": "PropertyConstraintViolation",
        "maxLength": "PropertyConstraintViolation",
    },
    any_other="PropertyConstraintViolation",
    malformed="FormationViolation",
    question=("GetConfiguration", {}),
)


def answers(action: Action) -> Callable[[F], F]:
    """Mark a method as the handler of `action`, keeping its type (the package has none)."""
    return cast("Callable[[F], F]", on(action, skip_schema_validation=True))


class Peer16(Peer, OcppChargePoint):  # type: ignore[misc]  # the package has no types
    """The CSMS end of one connection that speaks OCPP 1.6."""

    language = LANGUAGE

    def __init__(
        self,
        cpid: str,
        connection: ServerConnection,
        ledger: Ledger,
        rules: Rules,
        tell: Callable[[events.Event], None],
    ) -> None:
        Peer.__init__(self, cpid, connection, ledger, rules, tell)
        OcppChargePoint.__init__(self, cpid, connection, logger=LOGGER)
        self._remarked: set[tuple[str, str]] = set()

    @property
    def verbs(self) -> Verbs:
        return VERBS

    async def configuration(self, *keys: str) -> dict[str, str | None]:
        answer = await self.request("GetConfiguration", {"key": list(keys)} if keys else {})
        rows = answer.get("configurationKey") or []
        return {
            row["key"]: row.get("value") for row in rows if isinstance(row, dict) and "key" in row
        }

    def _answers(self, action: str) -> bool:
        return action in self.route_map

    async def _carry_out(self, request: frames.Request) -> None:
        payload = request.payload
        if request.action == "DataTransfer" and not isinstance(payload.get("data", ""), str):
            # The schema wants text; peers in the field send objects.
            payload = {**payload, "data": json.dumps(payload["data"])}
        found = excesses(request.action, payload)
        await validate_payload(Call(request.unique_id, request.action, cut(payload, found)), "1.6")
        self._remark(request.action, found)
        await self._handle_call(Call(request.unique_id, request.action, payload))

    def _remark(self, action: str, found: tuple[Excess, ...]) -> None:
        """Say once a connection what is not as OCPP has it and is taken all the same."""
        for one in found:
            if (action, one.field) not in self._remarked:
                self._remarked.add((action, one.field))
                self._tell(
                    events.Remarked(
                        self._now(), self.cpid, action, one.field, one.length, one.allowed
                    )
                )

    # Requests of the charge point, named as in the specification

    @answers(Action.boot_notification)
    def answer_boot_notification(
        self, charge_point_vendor: str, charge_point_model: str, **rest: Any
    ) -> Any:
        boot = self._rules.boot
        firmware = rest.get("firmware_version", "")
        self._ledger.boot(
            self.cpid,
            charge_point_vendor,
            charge_point_model,
            rest.get("charge_point_serial_number", ""),
            firmware,
            boot.status,
        )
        at = self._now()
        self._tell(
            events.Booted(
                at, self.cpid, charge_point_vendor, charge_point_model, firmware, boot.status
            )
        )
        return call_result.BootNotification(
            current_time=format_time(at), interval=boot.interval, status=boot.status
        )

    @answers(Action.heartbeat)
    def answer_heartbeat(self) -> Any:
        at = self._now()
        self._tell(events.HeartbeatReceived(at, self.cpid))
        return call_result.Heartbeat(current_time=format_time(at))

    @answers(Action.status_notification)
    def answer_status_notification(
        self, connector_id: int, error_code: str, status: str, **rest: Any
    ) -> Any:
        at = self._now()
        vendor_code, info = rest.get("vendor_error_code", ""), rest.get("info", "")
        stamp = parse_time(rest.get("timestamp")) or at
        self._ledger.report_status(
            Connector(self.cpid, connector_id, status, error_code, vendor_code, info, stamp)
        )
        self._tell(
            events.StatusReported(
                at, self.cpid, connector_id, status, error_code, vendor_code, info
            )
        )
        return call_result.StatusNotification()

    @answers(Action.authorize)
    def answer_authorize(self, id_tag: str) -> Any:
        at = self._now()
        found = self._ledger.id_tags.look_up(id_tag, at)
        self._tell(events.Authorized(at, self.cpid, id_tag, found.status))
        return call_result.Authorize(id_tag_info=_info(found))

    @answers(Action.start_transaction)
    def answer_start_transaction(
        self, connector_id: int, id_tag: str, meter_start: int, timestamp: str, **_rest: Any
    ) -> Any:
        at = self._now()
        found = self._ledger.id_tags.look_up(id_tag, at)
        session, repeated = self._ledger.start(
            Start(self.cpid, connector_id, id_tag, meter_start, timestamp), at
        )
        self._tell(
            events.TransactionStarted(
                at,
                self.cpid,
                session.transaction_id,
                connector_id,
                id_tag,
                meter_start,
                found.status,
                repeated,
            )
        )
        # A refused tag gets a transaction id too: the charge point ends that transaction with it.
        return call_result.StartTransaction(
            transaction_id=session.transaction_id, id_tag_info=_info(found)
        )

    @answers(Action.meter_values)
    def answer_meter_values(
        self, connector_id: int, meter_value: list[dict[str, Any]], **rest: Any
    ) -> Any:
        at = self._now()
        transaction_id = rest.get("transaction_id")
        samples = _latest_samples(meter_value)
        adopted = self._ledger.report_meter(self.cpid, connector_id, transaction_id, samples, at)
        if adopted:
            self._tell(
                events.TransactionAdopted(at, self.cpid, adopted.transaction_id, connector_id)
            )
        self._tell(events.MeterReported(at, self.cpid, connector_id, transaction_id, samples))
        return call_result.MeterValues()

    @answers(Action.stop_transaction)
    def answer_stop_transaction(
        self, meter_stop: int, timestamp: str, transaction_id: int, **rest: Any
    ) -> Any:
        at = self._now()
        reason = rest.get("reason", "Local")  # OCPP 1.6, 6.45: a missing reason means Local
        session, repeated = self._ledger.stop(
            self.cpid, transaction_id, meter_stop, timestamp, reason, at
        )
        self._tell(
            events.TransactionStopped(
                at,
                self.cpid,
                transaction_id,
                session.connector_id,
                meter_stop,
                session.energy_wh,
                reason,
                repeated,
            )
        )
        id_tag = rest.get("id_tag")
        found = None if id_tag is None else self._ledger.id_tags.look_up(id_tag, at)
        return call_result.StopTransaction(id_tag_info=None if found is None else _info(found))

    @answers(Action.data_transfer)
    def answer_data_transfer(self, vendor_id: str, **rest: Any) -> Any:
        status = "Accepted" if vendor_id in self._rules.vendors else "UnknownVendorId"
        message_id, data = rest.get("message_id", ""), rest.get("data", "")
        self._tell(
            events.DataReceived(self._now(), self.cpid, vendor_id, message_id, data[:1000], status)
        )
        return call_result.DataTransfer(status=status)

    @answers(Action.diagnostics_status_notification)
    def answer_diagnostics_status_notification(self, status: str) -> Any:
        return self._take_note("DiagnosticsStatusNotification", status)

    @answers(Action.firmware_status_notification)
    def answer_firmware_status_notification(self, status: str) -> Any:
        return self._take_note("FirmwareStatusNotification", status)

    @answers(Action.log_status_notification)
    def answer_log_status_notification(self, status: str, **_rest: Any) -> Any:
        return self._take_note("LogStatusNotification", status)

    @answers(Action.signed_firmware_status_notification)
    def answer_signed_firmware_status_notification(self, status: str, **_rest: Any) -> Any:
        return self._take_note("SignedFirmwareStatusNotification", status)

    @answers(Action.security_event_notification)
    def answer_security_event_notification(self, type: str, **_rest: Any) -> Any:
        return self._take_note("SecurityEventNotification", type)

    @answers(Action.sign_certificate)
    def answer_sign_certificate(self, **_rest: Any) -> Any:
        self._tell(
            events.Notified(self._now(), self.cpid, "SignCertificate", "there is no authority")
        )
        return call_result.SignCertificate(status="Rejected")

    def _take_note(self, action: str, detail: str) -> Any:
        self._noted(action, detail)
        return getattr(call_result, action)()


def _info(tag: IdTag) -> Any:
    expiry = None if tag.expiry_date is None else format_time(tag.expiry_date)
    return IdTagInfo(status=tag.status, parent_id_tag=tag.parent_id_tag, expiry_date=expiry)


def _latest_samples(meter_value: list[dict[str, Any]]) -> tuple[Sample, ...]:
    if not meter_value:
        return ()
    sampled = meter_value[-1].get("sampled_value", [])
    return tuple(_sample(value) for value in sampled[:SAMPLES_KEPT])


def _sample(value: dict[str, Any]) -> Sample:
    # OCPP 1.6, 7.43: without a measurand it is the energy register, energy without a unit is Wh.
    measurand = value.get("measurand", "Energy.Active.Import.Register")
    unit = value.get("unit", "Wh" if measurand.startswith("Energy.") else "")
    return Sample(measurand, value["value"][:64], unit)
