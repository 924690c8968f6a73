"""Traces that a test tells itself: who said what, and at which second."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from sim_core.traces.exchanges import Conversation, conversations
from sim_core.traces.frames import Side, Trace, TraceFrame

START = datetime(2026, 3, 2, 9, 7, 0, tzinfo=timezone.utc)
ACCEPTED = {"idTagInfo": {"status": "Accepted"}}


class Tale:
    """A trace that is being told. Seconds count from `START`; a frame is a second behind its stamp
    and is answered a tenth of a second later."""

    def __init__(self, *, clock: bool = True) -> None:
        """Without a `clock` no frame has a time of its own."""
        self.frames: list[tuple[float, TraceFrame]] = []
        self.clock = clock

    def at(self, second: float) -> datetime:
        """That second."""
        return START + timedelta(seconds=second)

    def stamp(self, second: float) -> str:
        """That second as a charger writes it."""
        return self.at(second).isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def put(self, second: float, sent_by: Side, *message: Any) -> None:
        """One frame."""
        at = self.at(second) if self.clock else None
        self.frames.append((second, TraceFrame(sent_by, at, message, str(message))))

    def says(
        self, second: float, action: str, payload: Any, answer: Any = None, *, late_s: float = 1.0
    ) -> None:
        """The charger says something."""
        message_id = f"c{len(self.frames)}"
        self.put(second + late_s, Side.CHARGER, 2, message_id, action, payload)
        self.put(second + late_s + 0.1, Side.CSMS, 3, message_id, {} if answer is None else answer)

    def asks(self, second: float, action: str, answer: Any = None, **payload: Any) -> None:
        """The CSMS asks something; None: it is never answered."""
        message_id = f"s{len(self.frames)}"
        self.put(second, Side.CSMS, 2, message_id, action, payload)
        if answer is not None:
            self.put(second + 1.05, Side.CHARGER, 3, message_id, answer)

    def boots(self, second: float, *statuses: str) -> None:
        """A new connection, and the statuses of connectors 0, 1, 2 that follow."""
        answer = {"currentTime": self.stamp(second), "interval": 3600, "status": "Accepted"}
        self.says(second, "BootNotification", {"chargePointVendor": "X"}, answer, late_s=0)
        for connector, status in enumerate(statuses):
            if status:
                self.status(second + 0.2, connector, status)

    def status(self, second: float, connector: int, status: str, code: str = "NoError") -> None:
        """A status."""
        payload = {
            "errorCode": "NoError" if status != "Faulted" else "InternalError",
            "connectorId": connector,
            "status": status,
            "timestamp": self.stamp(second),
            "vendorErrorCode": code,
        }
        self.says(second, "StatusNotification", payload)

    def card(self, second: float, tag: str, status: str = "Accepted") -> None:
        """Somebody is asked about."""
        self.says(second, "Authorize", {"idTag": tag}, {"idTagInfo": {"status": status}}, late_s=0)

    def mac(self, second: float, vid: str, status: str = "Accepted") -> None:
        """A vehicle's id is told and asked about."""
        payload = {"vendorId": "Gresgying", "messageId": "MacID", "data": vid}
        self.says(second, "DataTransfer", payload, late_s=0)
        self.card(second, vid, status)

    def start(
        self, second: float, connector: int, tag: str, number: int = 7, *, told: float | None = None
    ) -> None:
        """A transaction begins; `told` is when it is said, where that is much later."""
        payload = {
            "idTag": tag,
            "connectorId": connector,
            "meterStart": 1000,
            "timestamp": self.stamp(second),
        }
        late_s = 1.0 if told is None else told - second
        answer = {"transactionId": number, **ACCEPTED}
        self.says(second, "StartTransaction", payload, answer, late_s=late_s)

    def sample(
        self,
        second: float,
        connector: int,
        number: int | None = 7,
        context: str = "Sample.Periodic",
        *,
        kwh: float = 1.0,
        amperes: float = 0,
        volts: float = 400,
        soc: int = 40,
        told: float | None = None,
    ) -> None:
        """A sample."""
        values = {
            "Energy.Active.Import.Register": (f"{kwh:g}", "kWh"),
            "Current.Import": (f"{amperes:g}", "A"),
            "Voltage": (f"{volts:g}", "V"),
            "Power.Active.Import": (f"{amperes * volts / 1000:g}", "kW"),
            "SoC": (str(soc), "Percent"),
        }
        sampled = [
            {"value": value, "context": context, "measurand": measurand, "unit": unit}
            for measurand, (value, unit) in values.items()
        ]
        meter_value = [{"timestamp": self.stamp(second), "sampledValue": sampled}]
        payload: dict[str, Any] = {"connectorId": connector, "meterValue": meter_value}
        if number is not None:
            payload["transactionId"] = number
        late_s = 1.0 if told is None else told - second
        self.says(second, "MeterValues", payload, late_s=late_s)

    def stop(
        self,
        second: float,
        reason: str,
        number: int = 7,
        tag: str = "CARD",
        *,
        began: float = 0,
        told: float | None = None,
    ) -> None:
        """A transaction ends."""
        begin, end = self.stamp(began), self.stamp(second)
        payload = {
            "idTag": tag,
            "meterStop": 1500,
            "timestamp": end,
            "transactionId": number,
            "reason": reason,
            "transactionData": [
                {"timestamp": at, "sampledValue": [{"value": "1", "unit": "kWh"}]}
                for at in (begin, end)
            ],
        }
        late_s = 3.0 if told is None else told - second
        self.says(second, "StopTransaction", payload, ACCEPTED, late_s=late_s)

    def session(self, plugged: float, connector: int = 1, number: int = 7) -> float:
        """A card, a vehicle and a transaction that charges; returns when it began."""
        self.status(plugged, connector, "Preparing")
        self.card(plugged + 3, "CARD")
        began = plugged + 28.4
        self.start(began, connector, "CARD", number)
        self.status(began + 1.5, connector, "Charging")
        self.sample(began, connector, number, "Transaction.Begin", told=began + 3.2)
        return began

    def told(self) -> Conversation:
        """The trace as a conversation."""
        frames = [frame for _, frame in sorted(self.frames, key=lambda one: one[0])]
        return conversations(Trace("a tale", tuple(frames)))[0]
