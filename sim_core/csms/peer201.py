"""A charging station of OCPP 2.0.1: how its requests are answered.

A handler takes the payload as it came and gives the payload of the answer. The `ocpp` package's own
routing is not used: it renames whatever is in a payload, customData included, and answers
InternalError where a request carries that. Both payloads are held against their schemas.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ocpp.messages import Call, validate_payload
from ocpp.v201.enums import Action
from websockets.asyncio.server import ServerConnection

from sim_core.csms import events, events201, frames, transaction_events, variable_names
from sim_core.csms.errors import CallTimeoutError, NotConnectedError
from sim_core.csms.ledger import Connector, IdTag, Ledger, format_time, parse_time
from sim_core.csms.peer import Language, Peer
from sim_core.csms.rules import Rules
from sim_core.csms.verbs import Payload, Verbs
from sim_core.csms.verbs201 import Verbs201

STATUS = ("Connector", "AvailabilityState")
"""The variable by which a station may tell its statuses."""

LIMITS_SHOWN = 5
"""Of a schedule that somebody else has set."""
VARIABLES_KEPT = 20_000
"""Of one report: a charging station decides how long it is."""

LANGUAGE = Language(
    version="2.0.1",
    actions=frozenset(action.value for action in Action),
    # OCPP-J 2.0.1, section 4.3: the codes are the same for many, and new in their spelling.
    codes={
        "type": "TypeConstraintViolation",
        "required": "OccurrenceConstraintViolation",
        "additionalProperties": "OccurrenceConstraintViolation",
        "minItems": "OccurrenceConstraintViolation",
        "maxItems": "OccurrenceConstraintViolation",
    },
    any_other="PropertyConstraintViolation",
    malformed="RpcFrameworkError",
    question=("GetBaseReport", {"requestId": 1, "reportBase": "ConfigurationInventory"}),
)


@dataclass
class Report:
    """A report that is on its way in parts."""

    whole: asyncio.Future[None]
    values: dict[str, str | None] = field(default_factory=dict)


class Peer201(Peer):
    """The CSMS end of one connection that speaks OCPP 2.0.1."""

    language = LANGUAGE

    def __init__(
        self,
        cpid: str,
        connection: ServerConnection,
        ledger: Ledger,
        rules: Rules,
        tell: Callable[[events.Event], None],
    ) -> None:
        super().__init__(cpid, connection, ledger, rules, tell)
        # By the clock, so that no number comes again after a reconnect (remoteStartId, requestId).
        numbers = itertools.count(int(time.time()) % 1_000_000_000)
        self._fresh_id: Callable[[], int] = lambda: next(numbers)
        self._verbs = Verbs201(self._fresh_id)
        self._reports: dict[int, Report] = {}

    @property
    def verbs(self) -> Verbs:
        return self._verbs

    async def configuration(self, *keys: str) -> dict[str, str | None]:
        if not keys:
            return await self._inventory()
        ask = self._verbs.get_variables(*keys)
        answer = await self.request(ask.action, ask.payload)
        rows = answer.get("getVariableResult")
        return {
            variable_names.written(row): row.get("attributeValue")
            for row in (rows if isinstance(rows, list) else [])
        }

    async def _inventory(self) -> dict[str, str | None]:
        number = self._fresh_id()
        report = Report(asyncio.get_running_loop().create_future())
        self._reports[number] = report
        limit = self._rules.call_timeout_s
        try:
            payload = {"requestId": number, "reportBase": "FullInventory"}
            await self.request("GetBaseReport", payload)
            await asyncio.wait_for(report.whole, limit)
        except asyncio.TimeoutError:
            raise CallTimeoutError(
                f"ChargePoint '{self.cpid}' did not report all of its variables within {limit:g} s"
            ) from None
        finally:
            del self._reports[number]
        return report.values

    def retire(self) -> None:
        super().retire()
        for report in self._reports.values():
            if not report.whole.done():
                report.whole.set_exception(
                    NotConnectedError(f"ChargePoint '{self.cpid}' disconnected before its report")
                )

    def _answers(self, action: str) -> bool:
        return action in HANDLERS or action in NOTICES

    async def _carry_out(self, request: frames.Request) -> None:
        call = Call(request.unique_id, request.action, request.payload)
        await validate_payload(call, LANGUAGE.version)
        if (handler := HANDLERS.get(request.action)) is not None:
            payload = handler(self, request.payload)
        else:
            self._noted(request.action, _detail(request.payload, NOTICES[request.action]))
            payload = {}
        answer = call.create_call_result(payload)
        await validate_payload(answer, LANGUAGE.version)
        await self._send(answer.to_json())

    # Requests of the charging station, named as in the specification

    def boot_notification(self, asked: Payload) -> Payload:
        boot, station = self._rules.boot, asked["chargingStation"]
        vendor, model = station["vendorName"], station["model"]
        firmware = station.get("firmwareVersion", "")
        serial = station.get("serialNumber", "")
        self._ledger.boot(self.cpid, vendor, model, serial, firmware, boot.status)
        at = self._now()
        self._tell(
            events.Booted(at, self.cpid, vendor, model, firmware, boot.status, asked["reason"])
        )
        return {
            "currentTime": format_time(at),
            "interval": boot.interval,
            "status": boot.status,
        }

    def heartbeat(self, _asked: Payload) -> Payload:
        at = self._now()
        self._tell(events.HeartbeatReceived(at, self.cpid))
        return {"currentTime": format_time(at)}

    def status_notification(self, asked: Payload) -> Payload:
        at = self._now()
        evse_id, connector_id = asked["evseId"], asked["connectorId"]
        status = asked["connectorStatus"]
        stamp = parse_time(asked["timestamp"]) or at
        self._ledger.report_status(
            Connector(self.cpid, connector_id, status, at=stamp, evse_id=evse_id)
        )
        self._tell(events201.ConnectorReported(at, self.cpid, evse_id, connector_id, status))
        return {}

    def notify_event(self, asked: Payload) -> Payload:
        """A station may tell its statuses so: AvailabilityState of a connector (G01)."""
        others = []
        for event in asked["eventData"]:
            component, evse = event["component"], event["component"].get("evse", {})
            if (component["name"], event["variable"]["name"]) == STATUS and "connectorId" in evse:
                told = {"connectorStatus": event["actualValue"], "timestamp": event["timestamp"]}
                place = {"evseId": evse["id"], "connectorId": evse["connectorId"]}
                self.status_notification({**told, **place})
            else:
                others.append(event)
        if others:
            rest = {**asked, "eventData": others}
            self._noted("NotifyEvent", _detail(rest, ("seqNo", "eventData")))
        return {}

    def authorize(self, asked: Payload) -> Payload:
        at = self._now()
        id_token = asked["idToken"]["idToken"]
        found = self._ledger.id_tags.look_up(id_token, at)
        self._tell(events.Authorized(at, self.cpid, id_token, found.status))
        return {"idTokenInfo": _info(found)}

    def transaction_event(self, asked: Payload) -> Payload:
        at = self._now()
        told = transaction_events.read(self.cpid, asked, at)
        known = self._ledger.any_session(self.cpid, told.transaction_id)
        session, order = transaction_events.fold(known, told)
        if not order.repeated:
            self._ledger.keep(session, ended=session.stopped_at is not None)
        found = self._ledger.id_tags.look_up(told.id_tag, at) if told.id_tag else None
        if order.missing:
            self._tell(events201.EventsMissing(at, self.cpid, told.transaction_id, order.missing))
        self._tell(
            events201.TransactionTold(
                at,
                self.cpid,
                told.kind,
                told.transaction_id,
                session.connector_id,
                told.seq_no,
                told.trigger,
                told.charging_state,
                told.stopped_reason,
                told.id_tag,
                found.status if found else "",
                told.samples,
                session.energy_wh if told.kind == "Ended" else None,
                asked.get("offline", False),
                order.repeated,
                order.adopted,
            )
        )
        return {} if found is None else {"idTokenInfo": _info(found)}

    def meter_values(self, asked: Payload) -> Payload:
        samples = transaction_events.latest_samples(asked["meterValue"])
        self._tell(events201.EvseMetered(self._now(), self.cpid, asked["evseId"], samples))
        return {}

    def notify_report(self, asked: Payload) -> Payload:
        number, rows = asked["requestId"], asked.get("reportData", [])
        more = asked.get("tbc", False)
        report = self._reports.get(number)
        if report is not None:
            room = VARIABLES_KEPT - len(report.values)
            report.values.update(
                (variable_names.written(row), _actual(row["variableAttribute"]))
                for row in rows[:room]
            )
            if not more and not report.whole.done():
                report.whole.set_result(None)
        self._tell(
            events201.VariablesReported(
                self._now(), self.cpid, number, asked["seqNo"], len(rows), more
            )
        )
        return {}

    def data_transfer(self, asked: Payload) -> Payload:
        vendor, data = asked["vendorId"], asked.get("data", "")
        status = "Accepted" if vendor in self._rules.vendors else "UnknownVendorId"
        shown = data if isinstance(data, str) else str(data)
        self._tell(
            events.DataReceived(
                self._now(), self.cpid, vendor, asked.get("messageId", ""), shown[:1000], status
            )
        )
        return {"status": status}

    def notify_charging_limit(self, asked: Payload) -> Payload:
        limit = asked["chargingLimit"]
        limits = tuple(
            f"{period['limit']:g} {schedule['chargingRateUnit']}"
            for schedule in asked.get("chargingSchedule", ())[:LIMITS_SHOWN]
            for period in schedule["chargingSchedulePeriod"][:LIMITS_SHOWN]
        )
        self._tell(
            events201.LimitTold(
                self._now(),
                self.cpid,
                asked.get("evseId", 0),
                limit["chargingLimitSource"],
                limit.get("isGridCritical", False),
                limits[:LIMITS_SHOWN],
            )
        )
        return {}

    def cleared_charging_limit(self, asked: Payload) -> Payload:
        evse_id, source = asked.get("evseId", 0), asked["chargingLimitSource"]
        self._tell(events201.LimitLifted(self._now(), self.cpid, evse_id, source))
        return {}

    def sign_certificate(self, _asked: Payload) -> Payload:
        self._noted("SignCertificate", "there is no authority")
        return {"status": "Rejected"}


HANDLERS: Mapping[str, Callable[[Peer201, Payload], Payload]] = {
    "Authorize": Peer201.authorize,
    "BootNotification": Peer201.boot_notification,
    "ClearedChargingLimit": Peer201.cleared_charging_limit,
    "DataTransfer": Peer201.data_transfer,
    "Heartbeat": Peer201.heartbeat,
    "MeterValues": Peer201.meter_values,
    "NotifyChargingLimit": Peer201.notify_charging_limit,
    "NotifyEvent": Peer201.notify_event,
    "NotifyReport": Peer201.notify_report,
    "SignCertificate": Peer201.sign_certificate,
    "StatusNotification": Peer201.status_notification,
    "TransactionEvent": Peer201.transaction_event,
}
NOTICES: Mapping[str, tuple[str, ...]] = {
    "FirmwareStatusNotification": ("status", "requestId"),
    "LogStatusNotification": ("status", "requestId"),
    "NotifyCustomerInformation": ("requestId", "seqNo", "data"),
    "NotifyDisplayMessages": ("requestId", "messageInfo"),
    "NotifyMonitoringReport": ("requestId", "seqNo", "monitor"),
    "PublishFirmwareStatusNotification": ("status", "requestId"),
    "ReportChargingProfiles": ("requestId", "evseId", "chargingProfile"),
    "ReservationStatusUpdate": ("reservationId", "reservationUpdateStatus"),
    "SecurityEventNotification": ("type", "techInfo"),
}
"""What is only told on, and answered with an empty payload: action -> the fields worth telling."""


def _detail(payload: Payload, fields: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {payload[name]}" for name in fields if name in payload)[:1000]


def _info(tag: IdTag) -> Payload:
    info: Payload = {"status": tag.status}
    if tag.expiry_date is not None:
        info["cacheExpiryDateTime"] = format_time(tag.expiry_date)
    if tag.parent_id_tag is not None:
        info["groupIdToken"] = {"idToken": tag.parent_id_tag, "type": "Central"}
    return info


def _actual(attributes: list[dict[str, Any]]) -> str | None:
    """The value of a variable: what is not said has the type Actual."""
    actual = (row for row in attributes if row.get("type", "Actual") == "Actual")
    return next((row.get("value") for row in actual), None)
