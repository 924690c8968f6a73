"""Logs made by hand: what a charger of no make says to its CSMS, as JSONL."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

from sim_core.from_settings import why_no_key
from sim_core.learning.heard import Log, logs_of
from sim_core.learning.learner import learn
from sim_core.traces.reading import read

BEGIN = datetime(2026, 3, 1, 8, 0, tzinfo=timezone.utc)
UP, DOWN = "cp->csms", "csms->cp"


class Paper:
    """What a log is written on. Times are seconds since it began."""

    def __init__(self, *, timed: bool = True) -> None:
        self.lines: list[str] = []
        self._timed = timed
        self._ids = 100

    def _write(self, way: str, at_s: float, message: list[Any]) -> None:
        at = (BEGIN + timedelta(seconds=at_s)).isoformat(timespec="milliseconds")
        stamp = at.replace("+00:00", "Z") if self._timed else None
        self.lines.append(json.dumps({"dir": way, "t": stamp, "msg": message}))

    def says(self, at_s: float, action: str, payload: dict[str, Any], answer: Any = None) -> None:
        """The charger says something, and has its answer at once."""
        self._ids += 1
        self._write(UP, at_s, [2, str(self._ids), action, payload])
        self._write(DOWN, at_s + 0.02, [3, str(self._ids), answer or {}])

    def asked(
        self, at_s: float, action: str, payload: dict[str, Any], answer: Any, took_s: float = 0.1
    ) -> None:
        """The CSMS asks; `answer` is what the charger answers, a list a CALLERROR's parts, None
        nothing."""
        name = f"csms-{len(self.lines)}"
        self._write(DOWN, at_s, [2, name, action, payload])
        if isinstance(answer, list):
            self._write(UP, at_s + took_s, [4, name, *answer])
        elif answer is not None:
            self._write(UP, at_s + took_s, [3, name, answer])

    def boot(self, at_s: float, **more: str) -> None:
        """It boots, and is Accepted."""
        payload = {"chargePointVendor": "Maker", "chargePointModel": "One", **more}
        now = stamp(at_s)
        answer = {"status": "Accepted", "currentTime": now, "interval": 300}
        self.says(at_s, "BootNotification", payload, answer)

    def status(self, at_s: float, connector: int, word: str, **more: Any) -> None:
        """It says a status."""
        payload = {"connectorId": connector, "errorCode": "NoError", "status": word, **more}
        self.says(at_s, "StatusNotification", payload)

    def text(self) -> str:
        """The log."""
        return "\n".join(self.lines) + "\n"

    def log(self, name: str = "made") -> Log:
        """The log as it is learnt from."""
        (found,) = logs_of(name, read(self.text().encode(), f"{name}.jsonl").trace)
        return found

    def learnt(self, name: str = "made") -> str:
        """The model file that it tells."""
        return learn([self.log(name)], why_no_key).text()


def stamp(at_s: float, digits: str = "seconds") -> str:
    """A moment as a charger writes it."""
    at = (BEGIN + timedelta(seconds=at_s)).isoformat(timespec=digits)
    return at.replace("+00:00", "Z")


def value(text: str, **fields: str) -> dict[str, str]:
    """One sampledValue."""
    return {"value": text, **fields}


def wallbox() -> Paper:
    """A day of an AC wallbox with three phases and much of its own."""
    paper = Paper()
    gateway = {"vendorId": "Maker", "messageId": "gateway", "data": '{"SN":"SN-0001"}'}
    paper.says(0, "DataTransfer", gateway, {"status": "Accepted"})
    paper.boot(1, chargePointSerialNumber="SN-0001", meterType="V1", imsi="")
    for number in (0, 1):
        paper.status(2 + number, number, "Available", info="A;0", timestamp=stamp(2))
    keys = [
        {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
        {"key": "Maker.Mode", "readonly": True, "value": "1.TRS"},
        {"key": "GetConfigurationMaxKeys", "readonly": True, "value": "99"},
        {"key": "AuthorizationKey", "readonly": False, "value": "very secret"},
    ]
    paper.asked(10, "GetConfiguration", {}, {"configurationKey": keys, "unknownKey": []})
    paper.asked(12, "TriggerMessage", {"requestedMessage": "MeterValues"}, {"status": "Rejected"})
    paper.asked(14, "ClearCache", {}, ["NotSupported", "no cache"])
    paper.asked(16, "GetLocalListVersion", {}, None)
    paper.status(60, 1, "Preparing", info="B;400", timestamp=stamp(60))
    paper.says(62, "Authorize", {"idTag": "CARD"}, {"idTagInfo": {"status": "Accepted"}})
    start = {"connectorId": 1, "idTag": "CARD", "meterStart": 5000, "timestamp": stamp(64)}
    given = {"transactionId": 7, "idTagInfo": {"status": "Accepted"}}
    paper.says(64, "StartTransaction", start, given)
    paper.status(66, 1, "Charging", info="C;400", timestamp=stamp(66))
    for place in range(4):
        at_s = 74 + 10 * place
        sampled = [
            value("5.0", measurand="Energy.Active.Import.Register", unit="kWh"),
            *(
                value(f"23{phase}.{place}", measurand="Voltage", phase=f"L{phase}-N", unit="V")
                for phase in (1, 2, 3)
            ),
            *(
                value("16.00", measurand="Current.Import", phase=f"L{phase}", unit="A")
                for phase in (1, 2, 3)
            ),
            value("11040", measurand="Power.Active.Import", unit="W", location="Outlet"),
            value("50.00", measurand="Frequency"),
        ]
        paper.says(
            at_s,
            "MeterValues",
            {
                "meterValue": [{"sampledValue": sampled, "timestamp": stamp(at_s)}],
                "connectorId": 1,
                "transactionId": 7,
            },
        )
    stop = {"transactionId": 7, "meterStop": 5100, "timestamp": stamp(120), "reason": "Local"}
    paper.says(120, "StopTransaction", stop)
    paper.status(121, 1, "Finishing", info="B;400", timestamp=stamp(121))
    paper.status(130, 1, "Available", info="A;0", timestamp=stamp(130))
    return paper
