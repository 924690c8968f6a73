"""What happened at the CSMS, as frozen values, each with one plain sentence.

Their fields hold the words of the wire as they came, for tests and programs; `text` is for
people and is always safe to print, whatever a charge point put into its messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sim_core.csms.text import printable, shortened


@dataclass(frozen=True)
class Sample:
    """One sampled value of a MeterValues request."""

    measurand: str
    value: str
    unit: str


def sample_words(samples: Sequence[Sample]) -> str:
    """The first of them, for people."""
    shown = ", ".join(
        f"{shortened(sample.value, 20)} {sample.unit}".strip() for sample in samples[:4]
    )
    return shown or "no samples"


@dataclass(frozen=True)
class Event:
    """Something a charge point did, or that was done to it."""

    at: datetime
    cpid: str

    @property
    def text(self) -> str:
        """The event as one sentence that is safe to print."""
        return printable(f"{shortened(self.cpid)} {self._told()}")

    def _told(self) -> str:
        raise NotImplementedError


@dataclass(frozen=True)
class Connected(Event):
    """A charge point opened a connection."""

    replaced: bool = False
    version: str = "1.6"

    def _told(self) -> str:
        spoken = "" if self.version == "1.6" else f" in OCPP {self.version}"
        if self.replaced:
            return f"connected again{spoken}, its older connection is closed"
        return f"connected{spoken}"


@dataclass(frozen=True)
class Disconnected(Event):
    """The current connection of a charge point ended."""

    code: int | None

    def _told(self) -> str:
        return "disconnected" + (f" (close code {self.code})" if self.code else "")


@dataclass(frozen=True)
class Booted(Event):
    """A BootNotification was answered."""

    vendor: str
    model: str
    firmware: str
    answer: str
    reason: str = ""
    """Why it has booted, where it says so (OCPP 2.0.1)."""

    def _told(self) -> str:
        firmware = f", firmware {shortened(self.firmware)}" if self.firmware else ""
        make = f"{shortened(self.vendor)} {shortened(self.model)}"
        why = f" ({self.reason})" if self.reason else ""
        return f"booted{why}: {make}{firmware}; registration {self.answer}"


@dataclass(frozen=True)
class HeartbeatReceived(Event):
    """A Heartbeat was answered."""

    def _told(self) -> str:
        return "sent a heartbeat"


@dataclass(frozen=True)
class StatusReported(Event):
    """A StatusNotification arrived."""

    connector_id: int
    status: str
    error_code: str
    vendor_error_code: str
    info: str

    def _told(self) -> str:
        faults = [self.error_code, self.vendor_error_code, self.info]
        shown = ", ".join(shortened(fault, 160) for fault in faults if fault and fault != "NoError")
        return f"connector {self.connector_id} is {self.status}" + (f" ({shown})" if shown else "")


@dataclass(frozen=True)
class Authorized(Event):
    """An Authorize request was answered."""

    id_tag: str
    answer: str

    def _told(self) -> str:
        return f"asked about idTag {self.id_tag}: {self.answer}"


@dataclass(frozen=True)
class TransactionStarted(Event):
    """A StartTransaction was answered."""

    transaction_id: int | str
    connector_id: int
    id_tag: str
    meter_start: int
    answer: str
    repeated: bool

    def _told(self) -> str:
        verb = "repeated the start of" if self.repeated else "started"
        return (
            f"connector {self.connector_id} {verb} transaction {self.transaction_id} for idTag "
            f"{self.id_tag} ({self.answer}) at {self.meter_start} Wh"
        )


@dataclass(frozen=True)
class TransactionAdopted(Event):
    """MeterValues showed a transaction that this CSMS had not heard of."""

    transaction_id: int | str
    connector_id: int

    def _told(self) -> str:
        return (
            f"connector {self.connector_id} is in transaction {self.transaction_id}, "
            "which began before this CSMS"
        )


@dataclass(frozen=True)
class TransactionStopped(Event):
    """A StopTransaction was answered."""

    transaction_id: int
    connector_id: int | None
    meter_stop: int
    energy_wh: int | None
    reason: str
    repeated: bool

    def _told(self) -> str:
        where = "" if self.connector_id is None else f"connector {self.connector_id} "
        verb = "repeated the stop of" if self.repeated else "stopped"
        energy = "" if self.energy_wh is None else f", {self.energy_wh} Wh charged"
        return (
            f"{where}{verb} transaction {self.transaction_id} at {self.meter_stop} Wh{energy} "
            f"({self.reason})"
        )


@dataclass(frozen=True)
class MeterReported(Event):
    """MeterValues arrived; `samples` are those of the latest meter value in it."""

    connector_id: int
    transaction_id: int | None
    samples: tuple[Sample, ...]

    def _told(self) -> str:
        inside = "" if self.transaction_id is None else f" in transaction {self.transaction_id}"
        return f"connector {self.connector_id} meter{inside}: {sample_words(self.samples)}"


@dataclass(frozen=True)
class DataReceived(Event):
    """A DataTransfer was answered."""

    vendor_id: str
    message_id: str
    data: str
    answer: str

    def _told(self) -> str:
        return (
            f"sent data of vendor {shortened(self.vendor_id)} {shortened(self.message_id)} "
            f"{shortened(self.data)}: {self.answer}"
        )


@dataclass(frozen=True)
class Notified(Event):
    """A notification that needs no decision: diagnostics, firmware, log or security."""

    action: str
    detail: str

    def _told(self) -> str:
        return f"sent {self.action}: {shortened(self.detail)}"


@dataclass(frozen=True)
class Remarked(Event):
    """A text is longer than OCPP allows, and was taken all the same."""

    action: str
    field: str
    length: int
    allowed: int

    def _told(self) -> str:
        return (
            f"sent {self.action} with {self.length} characters of {self.field}, OCPP allows "
            f"{self.allowed}: other CSMSs may refuse that"
        )


@dataclass(frozen=True)
class CommandAnswered(Event):
    """The charge point answered a command of ours; `status` is empty when the answer has none."""

    action: str
    status: str

    def _told(self) -> str:
        return f"answered {self.action}" + (f": {shortened(self.status)}" if self.status else "")


@dataclass(frozen=True)
class AnswerDoubted(Event):
    """The answer to a command of ours breaks its schema, and was taken all the same."""

    action: str
    reason: str

    def _told(self) -> str:
        return (
            f"answered {self.action} in a way that OCPP does not allow: "
            f"{shortened(self.reason, 160)}"
        )


@dataclass(frozen=True)
class CommandFailed(Event):
    """A command of ours got a CALLERROR, no answer in time, or lost its connection."""

    action: str
    reason: str

    def _told(self) -> str:
        return f"did not carry out {self.action}: {shortened(self.reason, 160)}"


@dataclass(frozen=True)
class FrameIgnored(Event):
    """A frame arrived that is no OCPP message, or that answers nothing."""

    reason: str

    def _told(self) -> str:
        return f"sent a frame that was not accepted: {shortened(self.reason, 160)}"
