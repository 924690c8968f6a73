"""One connected charge point: its frames in, our answers and commands out.

The `ocpp` package supplies types, schemas and routing. Its read loop and its `call()` are not
used: the loop ends on frames such as an action that is a list, and `call()` keeps every answer
that nobody asked for, and goes on waiting when the connection is gone. Here each frame is
handled inside its own guard, and a call waits for exactly one message id or for the end of the
connection. Handlers never wait for a call of ours, because its answer comes through the same
loop.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from datetime import datetime, timezone
from typing import Any, TypeVar, cast
from uuid import uuid4

from ocpp.exceptions import OCPPError
from ocpp.messages import Call, CallError, validate_payload
from ocpp.routing import on
from ocpp.v16 import ChargePoint as OcppChargePoint
from ocpp.v16 import call_result
from ocpp.v16.datatypes import IdTagInfo
from ocpp.v16.enums import Action
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from sim_core.csms import events, frames
from sim_core.csms.errors import (
    CallRefusedError,
    CallTimeoutError,
    InvalidCallError,
    NotConnectedError,
)
from sim_core.csms.events import Sample
from sim_core.csms.ledger import Connector, IdTag, Ledger, Start, format_time, parse_time
from sim_core.csms.rules import Rules
from sim_core.csms.tolerance import Excess, cut, excesses

LOGGER = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])

ACTIONS = frozenset(action.value for action in Action)
LATE_BOOTS = 8  # boots that may wait for a late answer at once
JUNK_SHOWN = 10  # bad frames told about per connection; the rest would only flood the screen
SAMPLES_KEPT = 32

# The package answers most schema violations with FormatViolation, which OCPP 1.6 doesn't have.
# JSON schema keyword -> error code of OCPP-J 1.6, section 4.2.3.
ERROR_CODES = {
    "type": "TypeConstraintViolation",
    "required": "ProtocolError",
    "additionalProperties": "FormationViolation",
    "enum": "PropertyConstraintViolation",
    "maxLength": "PropertyConstraintViolation",
}


def answers(action: Action) -> Callable[[F], F]:
    """Mark a method as the handler of `action`, keeping its type (the package has none).

    What comes in is looked at before, and less strictly than the package does.
    """
    return cast("Callable[[F], F]", on(action, skip_schema_validation=True))


def now() -> datetime:
    """Return the time of the CSMS."""
    return datetime.now(timezone.utc)


class Peer(OcppChargePoint):  # type: ignore[misc]  # the package has no types
    """The CSMS end of one connection."""

    def __init__(
        self,
        cpid: str,
        connection: ServerConnection,
        ledger: Ledger,
        rules: Rules,
        tell: Callable[[events.Event], None],
    ) -> None:
        super().__init__(cpid, connection, logger=LOGGER)
        self.cpid = cpid
        self._socket = connection
        self._ledger = ledger
        self._rules = rules
        self._tell = tell
        self._turn = asyncio.Lock()
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._retired = False
        self._junk = 0
        self._remarked: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    # The connection

    async def serve(self) -> None:
        """Handle frames until the connection ends or a newer one takes its place."""
        try:
            while True:
                raw = await self._socket.recv()
                if self._retired:
                    break
                await self.route_message(raw)
        except ConnectionClosed:
            pass
        finally:
            self.retire()

    def retire(self) -> None:
        """Let no frame in and no command out from now on."""
        self._retired = True
        for task in self._tasks:
            task.cancel()
        for waiter in self._waiting.values():
            if not waiter.done():
                waiter.set_exception(NotConnectedError("gone"))

    async def close(self, code: int, reason: str) -> None:
        """Close the WebSocket; a peer that doesn't close its side is cut off after a second."""
        await self._socket.close(code, reason)

    async def route_message(self, raw_msg: str | bytes) -> None:
        """Handle one frame; only the end of the connection comes out of here as an exception."""
        frame = frames.parse(raw_msg)
        try:
            if isinstance(frame, frames.Request):
                await self._request(frame)
            elif isinstance(frame, frames.Junk):
                await self._reject(frame)
            else:
                self._settle(frame)
        except ConnectionClosed:
            raise
        except Exception as error:  # noqa: BLE001  one frame must not end the connection
            LOGGER.warning("a frame of %s failed: %r", self.cpid, error)
            self._ignored(f"it could not be handled ({type(error).__name__})")

    async def _request(self, request: frames.Request) -> None:
        boot = self._rules.boot
        if request.action != "BootNotification" or not boot.delay_s:
            await self._answer(request)
        elif boot.deaf:
            await self._answer_deaf(request, boot.delay_s)
        elif len(self._tasks) < LATE_BOOTS:
            self._spawn(self._answer_late(request, boot.delay_s))
        else:
            waiting = f"{LATE_BOOTS} BootNotifications wait for their answer already"
            await self._refuse(request.unique_id, "GenericError", waiting)

    async def _answer(self, request: frames.Request) -> None:
        """Let the package route and answer; name what is refused in 1.6's words."""
        if request.action not in self.route_map:
            known = request.action in ACTIONS
            code = "NotSupported" if known else "NotImplemented"
            return await self._refuse(request.unique_id, code, f"{request.action[:50]} is unknown")
        payload = request.payload
        if request.action == "DataTransfer" and not isinstance(payload.get("data", ""), str):
            # The schema wants text; peers in the field send objects.
            payload = {**payload, "data": json.dumps(payload["data"])}
        found = excesses(request.action, payload)
        try:
            await validate_payload(
                Call(request.unique_id, request.action, cut(payload, found)), "1.6"
            )
            self._remark(request.action, found)
            await self._handle_call(Call(request.unique_id, request.action, payload))
        except ConnectionClosed:
            raise
        except OCPPError as error:
            keyword = str(getattr(error.__context__, "validator", None))
            code = ERROR_CODES.get(keyword, "PropertyConstraintViolation")
            message = getattr(error.__context__, "message", None) or error.description
            await self._refuse(request.unique_id, code, f"{request.action}: {message}")
        except Exception as error:  # noqa: BLE001  the sender is owed an answer whatever broke
            LOGGER.warning("a %s of %s failed: %r", request.action, self.cpid, error)
            await self._refuse(request.unique_id, "InternalError", type(error).__name__)
        return None

    async def _answer_late(self, request: frames.Request, delay_s: float) -> None:
        await asyncio.sleep(delay_s)
        await self._answer(request)

    async def _answer_deaf(self, request: frames.Request, delay_s: float) -> None:
        """Answer a boot the way of a server whose handler waits for a call of its own."""
        question = Call(str(uuid4()), "GetConfiguration", {})
        await self._socket.send(question.to_json())
        try:
            await asyncio.wait_for(self._socket.wait_closed(), delay_s)
        except asyncio.TimeoutError:
            await self._answer(request)
            data = '{"message_type": "QRCode", "uri": "https://example.com/qr"}'
            qr = {"vendorId": "com.yourcompany.payment", "messageId": "DisplayQRCode", "data": data}
            self._spawn(self._ask_quietly("DataTransfer", qr))

    async def _ask_quietly(self, action: str, payload: dict[str, Any]) -> None:
        try:
            await self.request(action, payload)
        except (NotConnectedError, CallRefusedError, CallTimeoutError):
            return  # told as an event, and there is nobody else to tell

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._spawned_ended)

    def _spawned_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        # A closed connection ends the read loop too, and is told there.
        if error is not None and not isinstance(error, ConnectionClosed):
            LOGGER.warning("a late answer to %s failed: %r", self.cpid, error)

    async def _reject(self, junk: frames.Junk) -> None:
        self._ignored(junk.reason)
        if junk.unique_id is not None:
            await self._send(CallError(junk.unique_id, junk.code, junk.reason, {}).to_json())

    async def _refuse(self, unique_id: str, code: str, description: str) -> None:
        self._ignored(description)
        await self._send(CallError(unique_id, code, description[:255], {}).to_json())

    def _remark(self, action: str, found: tuple[Excess, ...]) -> None:
        """Say once a connection what is not as OCPP has it and is taken all the same."""
        for one in found:
            if (action, one.field) not in self._remarked:
                self._remarked.add((action, one.field))
                self._tell(
                    events.Remarked(now(), self.cpid, action, one.field, one.length, one.allowed)
                )

    def _ignored(self, reason: str) -> None:
        self._junk += 1
        if self._junk <= JUNK_SHOWN:
            last = "; further ones are not shown" if self._junk == JUNK_SHOWN else ""
            self._tell(events.FrameIgnored(now(), self.cpid, reason[:200] + last))

    # Our commands

    async def request(
        self,
        action: str,
        payload: dict[str, Any],
        *,
        timeout_s: float | None = None,
        validate: bool = True,
    ) -> dict[str, Any]:
        """Send a CALL and return the payload of its answer, one at a time (OCPP-J 1.6, 4.1.1).

        Answers aren't checked against the schema: a field too many is no reason to lose them.
        """
        limit = self._rules.call_timeout_s if timeout_s is None else timeout_s
        call = Call(str(uuid4()), action, payload)
        if validate:
            await _validate(call)
        async with self._turn:
            if self._retired:
                raise NotConnectedError(f"ChargePoint '{self.cpid}' not connected")
            try:
                answer = await asyncio.wait_for(self._exchange(call), limit)
            except asyncio.TimeoutError:
                reason = f"no answer within {limit:g} s"
                self._tell(events.CommandFailed(now(), self.cpid, action, reason))
                raise CallTimeoutError(
                    f"ChargePoint '{self.cpid}' did not answer {action} within {limit:g} s"
                ) from None
            except (ConnectionClosed, NotConnectedError):
                reason = "the connection ended before an answer"
                self._tell(events.CommandFailed(now(), self.cpid, action, reason))
                raise NotConnectedError(
                    f"ChargePoint '{self.cpid}' disconnected before it answered {action}"
                ) from None
            except CallRefusedError as refusal:
                reason = f"{refusal.code} {refusal.description}".strip()
                self._tell(events.CommandFailed(now(), self.cpid, action, reason))
                raise CallRefusedError(
                    f"ChargePoint '{self.cpid}' answered {action} with {reason}",
                    refusal.code,
                    refusal.description,
                ) from None
        status = answer.get("status", "")
        shown = status[:100] if isinstance(status, str) else ""
        self._tell(events.CommandAnswered(now(), self.cpid, action, shown))
        return answer

    async def _exchange(self, call: Call) -> dict[str, Any]:
        waiter: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[call.unique_id] = waiter
        try:
            await self._send(call.to_json())
            return await waiter
        finally:
            del self._waiting[call.unique_id]
            if waiter.done() and not waiter.cancelled():
                waiter.exception()  # marks it as seen when sending failed first

    def _settle(self, frame: frames.Answer | frames.Refusal) -> None:
        waiter = self._waiting.get(frame.unique_id)
        if waiter is None or waiter.done():
            # Late answers land here too; keeping none of them keeps memory bounded.
            self._ignored("it answers a message that is not open")
        elif isinstance(frame, frames.Answer):
            waiter.set_result(frame.payload)
        else:
            waiter.set_exception(CallRefusedError("refused", frame.code, frame.description))

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
        at = now()
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
        at = now()
        self._tell(events.HeartbeatReceived(at, self.cpid))
        return call_result.Heartbeat(current_time=format_time(at))

    @answers(Action.status_notification)
    def answer_status_notification(
        self, connector_id: int, error_code: str, status: str, **rest: Any
    ) -> Any:
        at = now()
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
        at = now()
        found = self._ledger.id_tags.look_up(id_tag, at)
        self._tell(events.Authorized(at, self.cpid, id_tag, found.status))
        return call_result.Authorize(id_tag_info=_info(found))

    @answers(Action.start_transaction)
    def answer_start_transaction(
        self, connector_id: int, id_tag: str, meter_start: int, timestamp: str, **_rest: Any
    ) -> Any:
        at = now()
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
        at = now()
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
        at = now()
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
            events.DataReceived(now(), self.cpid, vendor_id, message_id, data[:1000], status)
        )
        return call_result.DataTransfer(status=status)

    @answers(Action.diagnostics_status_notification)
    def answer_diagnostics_status_notification(self, status: str) -> Any:
        return self._noted("DiagnosticsStatusNotification", status)

    @answers(Action.firmware_status_notification)
    def answer_firmware_status_notification(self, status: str) -> Any:
        return self._noted("FirmwareStatusNotification", status)

    @answers(Action.log_status_notification)
    def answer_log_status_notification(self, status: str, **_rest: Any) -> Any:
        return self._noted("LogStatusNotification", status)

    @answers(Action.signed_firmware_status_notification)
    def answer_signed_firmware_status_notification(self, status: str, **_rest: Any) -> Any:
        return self._noted("SignedFirmwareStatusNotification", status)

    @answers(Action.security_event_notification)
    def answer_security_event_notification(self, type: str, **_rest: Any) -> Any:
        return self._noted("SecurityEventNotification", type)

    @answers(Action.sign_certificate)
    def answer_sign_certificate(self, **_rest: Any) -> Any:
        self._tell(events.Notified(now(), self.cpid, "SignCertificate", "there is no authority"))
        return call_result.SignCertificate(status="Rejected")

    def _noted(self, action: str, detail: str) -> Any:
        self._tell(events.Notified(now(), self.cpid, action, detail))
        return getattr(call_result, action)()


async def _validate(call: Call) -> None:
    try:
        await validate_payload(call, "1.6")
    except OCPPError as error:
        cause = (
            getattr(error.__context__, "message", None) or f"{call.action} is no OCPP 1.6 action"
        )
        raise InvalidCallError(f"{call.action} was not sent: {str(cause)[:200]}") from error


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
