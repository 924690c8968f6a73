"""What only a charging station of OCPP 2.0.1 tells, as frozen values. See `events`."""

from __future__ import annotations

from dataclasses import dataclass

from sim_core.csms.events import Event, Sample, sample_words
from sim_core.csms.text import shortened

VERBS = {"Started": "started", "Updated": "is in", "Ended": "ended"}


@dataclass(frozen=True)
class ConnectorReported(Event):
    """A StatusNotification arrived."""

    evse_id: int
    connector_id: int
    status: str

    def _told(self) -> str:
        which = "" if self.connector_id == 1 else f" connector {self.connector_id}"
        return f"EVSE {self.evse_id}{which} is {self.status}"


@dataclass(frozen=True)
class TransactionTold(Event):
    """A TransactionEvent was answered. `kind` is Started, Updated or Ended; `answer` is what the
    id token is allowed, empty where there was none."""

    kind: str
    transaction_id: str
    evse_id: int | None
    seq_no: int
    trigger: str
    charging_state: str
    stopped_reason: str
    id_token: str
    answer: str
    samples: tuple[Sample, ...]
    energy_wh: int | None
    offline: bool
    repeated: bool
    adopted: bool
    """The transaction began before this CSMS."""

    def _told(self) -> str:
        where = "" if self.evse_id is None else f"EVSE {self.evse_id} "
        again = "repeated: " if self.repeated else ""
        words = [self.trigger, self.charging_state, self.stopped_reason]
        if self.id_token:
            words.append(f"idToken {self.id_token} {self.answer}")
        if self.energy_wh is not None:
            words.append(f"{self.energy_wh} Wh charged")
        words += [
            f"{shortened(sample.value, 20)} {sample.unit}".strip() for sample in self.samples[:4]
        ]
        if self.adopted:
            words.append("it began before this CSMS")
        if self.offline:
            words.append("happened offline")
        told = ", ".join(word for word in words if word)
        verb = VERBS[self.kind]
        return f"{where}{again}{verb} transaction {self.transaction_id}, no. {self.seq_no}: {told}"


@dataclass(frozen=True)
class EventsMissing(Event):
    """The numbering of a transaction's events has a gap."""

    transaction_id: str
    numbers: tuple[int, ...]

    def _told(self) -> str:
        shown = ", ".join(map(str, self.numbers[:10])) + (" …" if len(self.numbers) > 10 else "")
        return f"left out seqNo {shown} of transaction {self.transaction_id}"


@dataclass(frozen=True)
class EvseMetered(Event):
    """MeterValues arrived, outside of a transaction; EVSE 0 is the grid connection."""

    evse_id: int
    samples: tuple[Sample, ...]

    def _told(self) -> str:
        return f"EVSE {self.evse_id} meter: {sample_words(self.samples)}"


@dataclass(frozen=True)
class LimitTold(Event):
    """NotifyChargingLimit arrived: somebody beside this CSMS limits the power. EVSE 0 is the
    charging station as a whole; without a schedule it is not said to how much."""

    evse_id: int
    source: str
    grid_critical: bool
    limits: tuple[str, ...]

    def _told(self) -> str:
        to = f" to {', '.join(self.limits)}" if self.limits else ""
        critical = ", critical for the grid" if self.grid_critical else ""
        return f"{_place(self.evse_id)}is limited by {self.source}{to}{critical}"


@dataclass(frozen=True)
class LimitLifted(Event):
    """ClearedChargingLimit arrived: that limit is gone."""

    evse_id: int
    source: str

    def _told(self) -> str:
        return f"{_place(self.evse_id)}is no longer limited by {self.source}"


def _place(evse_id: int) -> str:
    return f"EVSE {evse_id} " if evse_id else ""


@dataclass(frozen=True)
class VariablesReported(Event):
    """A part of a report of variables arrived (NotifyReport)."""

    request_id: int
    seq_no: int
    variables: int
    more: bool

    def _told(self) -> str:
        end = "more to come" if self.more else "the last part"
        return (
            f"sent part {self.seq_no} of report {self.request_id}: {self.variables} variables, "
            f"{end}"
        )
