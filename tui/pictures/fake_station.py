"""A charge point by script: frozen pictures, a clock that stands still, commands remembered.

What a screenshot shows and what the dashboard's tests press stand on the same few pictures, so a
state that somebody looks at is one that is tested. With `live=True` commands change the picture in
the plainest way.
"""

from __future__ import annotations

import concurrent.futures
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from sim_core.commands import (
    Accepted,
    ClearFault,
    Command,
    EVStop,
    InjectFault,
    Outcome,
    Plug,
    Refused,
    Start,
    Stop,
    Unplug,
)
from sim_core.events import Event, Ring
from sim_core.snapshot import (
    ConnectorSnapshot,
    ConnectorState,
    FaultSnapshot,
    LinkSnapshot,
    LinkState,
    Registration,
    StationSnapshot,
    TextLimits,
    TransactionSnapshot,
)
from sim_core.wire.message_log import Direction, ExchangeState, MessageLog
from tui.protocols.ocpp16 import OCPP_16_WORDING

NOW = datetime(2026, 1, 1, 14, 33, 6, tzinfo=timezone.utc)
RAMP = tuple(min(59_460.0, 900.0 * second) for second in range(160))


def in_words(state: ConnectorState) -> tuple[ConnectorState, str]:
    """A state, and how a charge point of OCPP 1.6 spells it."""
    return state, OCPP_16_WORDING.statuses[state]


def changed(connector: ConnectorSnapshot, **changes: object) -> ConnectorSnapshot:
    """The connector with changes; the status goes with the state unless one is given."""
    state = changes.get("state")
    if isinstance(state, ConnectorState):
        changes = {"status": OCPP_16_WORDING.statuses.get(state, ""), **changes}
    return replace(connector, **changes)  # type: ignore[arg-type]


def charging(connector_id: int = 1, **changes: object) -> ConnectorSnapshot:
    """A connector that charges, as in the sketch."""
    connector = ConnectorSnapshot(
        connector_id,
        *in_words(ConnectorState.CHARGING),
        plugged=True,
        vehicle="ioniq5",
        vid="VID:000000000001",
        soc_percent=35.0,
        power_w=59_460.0,
        voltage_v=436.8,
        current_a=136.1,
        register_wh=12_553.0,
        rated_power_w=60_000.0,
        limited_by="vehicle",
        transaction=TransactionSnapshot(
            1042, "VID:000000000001", NOW - timedelta(minutes=13, seconds=5), 11_190, 1_363.0
        ),
        token="VID:000000000001",
        trace_w=RAMP,
        refusals={
            "plug": f"connector {connector_id} has a vehicle already: unplug it first",
            "local_start": f"connector {connector_id} is charging already",
            "resume": f"connector {connector_id} is not paused",
            "clear_fault": f"connector {connector_id} has no fault",
        },
    )
    return changed(connector, **changes)


def faulted(connector_id: int = 2, **changes: object) -> ConnectorSnapshot:
    """A connector with a fault."""
    connector = ConnectorSnapshot(
        connector_id,
        *in_words(ConnectorState.FAULTED),
        plugged=True,
        register_wh=98_120.0,
        rated_power_w=60_000.0,
        fault=FaultSnapshot("GroundFailure", "", "", NOW - timedelta(seconds=46)),
        refusals={
            "plug": "there is a vehicle already",
            "local_start": f"connector {connector_id} is Faulted: clear the fault first",
            "local_stop": f"connector {connector_id} has no transaction",
            "ev_stop": f"connector {connector_id} has no transaction",
            "suspend_ev": f"connector {connector_id} is not charging",
            "suspend_evse": f"connector {connector_id} is not charging",
        },
    )
    return changed(connector, **changes)


def available(connector_id: int = 1, **changes: object) -> ConnectorSnapshot:
    """A free connector."""
    connector = ConnectorSnapshot(
        connector_id,
        *in_words(ConnectorState.FREE),
        register_wh=98_120.0,
        rated_power_w=60_000.0,
        refusals={
            "unplug": f"connector {connector_id} has no vehicle",
            "local_start": f"connector {connector_id} has no vehicle: plug one in first",
            "local_stop": f"connector {connector_id} has no transaction",
            "ev_stop": f"connector {connector_id} has no transaction",
            "suspend_ev": f"connector {connector_id} is not charging",
            "suspend_evse": f"connector {connector_id} is not charging",
            "resume": f"connector {connector_id} is not paused",
            "clear_fault": f"connector {connector_id} has no fault",
        },
    )
    return changed(connector, **changes)


ONLINE = LinkSnapshot(
    "ws://10.0.0.5:9000/ocpp",
    LinkState.CONNECTED,
    Registration.ACCEPTED,
    heartbeat_at=NOW + timedelta(seconds=42),
)


def station(
    connectors: Sequence[ConnectorSnapshot] | None = None,
    link: LinkSnapshot = ONLINE,
    **changes: object,
) -> StationSnapshot:
    """A charge point."""
    picture = StationSnapshot(
        "CP01",
        "Gresgying",
        "F3-EU180",
        "1.0",
        link,
        tuple((charging(1), faulted(2)) if connectors is None else connectors),
        "ocpp1.6",
        TextLimits(token=20, fault_text=50),
        refusals={"link_up": "the link is up already", "online": "frames pass already"},
    )
    return replace(picture, **changes)  # type: ignore[arg-type]


ScriptedExchange = tuple[int, Direction, str, object, object, float, "int | None"]
"""How many seconds ago, who asked, action, request, answer, seconds that it took, connector: what
`FakeHost.add` takes."""

EXCHANGES: tuple[ScriptedExchange, ...] = (
    (
        180,
        Direction.SENT,
        "BootNotification",
        {"chargePointVendor": "Gresgying", "chargePointModel": "F3-EU180"},
        {"status": "Accepted", "interval": 300, "currentTime": "2026-01-01T14:30:06Z"},
        0.031,
        None,
    ),
    (
        179,
        Direction.SENT,
        "StatusNotification",
        {"connectorId": 1, "status": "Available", "errorCode": "NoError"},
        {},
        0.009,
        1,
    ),
    (
        68,
        Direction.SENT,
        "Authorize",
        {"idTag": "VID:000000000001"},
        {"idTagInfo": {"status": "Accepted"}},
        0.018,
        None,
    ),
    (
        68,
        Direction.SENT,
        "StartTransaction",
        {"connectorId": 1, "idTag": "VID:000000000001", "meterStart": 11190},
        {"transactionId": 1042, "idTagInfo": {"status": "Accepted"}},
        0.027,
        1,
    ),
    (
        68,
        Direction.SENT,
        "StatusNotification",
        {"connectorId": 1, "status": "Charging", "errorCode": "NoError"},
        {},
        0.011,
        1,
    ),
    (
        46,
        Direction.SENT,
        "StatusNotification",
        {"connectorId": 2, "status": "Faulted", "errorCode": "GroundFailure"},
        {},
        0.010,
        2,
    ),
    (
        42,
        Direction.RECEIVED,
        "RemoteStartTransaction",
        {"connectorId": 2, "idTag": "MY_TAG"},
        {"status": "Rejected"},
        0.001,
        2,
    ),
    (
        20,
        Direction.RECEIVED,
        "DataTransfer",
        {"vendorId": "acme", "data": "[red]x[/]"},
        "NotImplemented",
        0.002,
        None,
    ),
    (
        1,
        Direction.SENT,
        "MeterValues",
        {
            "connectorId": 1,
            "transactionId": 1042,
            "meterValue": [
                {
                    "timestamp": "2026-01-01T14:33:05Z",
                    "sampledValue": [
                        {"value": "12553", "unit": "Wh"},
                        {"value": "59460", "measurand": "Power.Active.Import", "unit": "W"},
                    ],
                }
            ],
        },
        None,
        0.0,
        1,
    ),
)


class FakeHost:
    """A `Host` that does as it is told."""

    def __init__(
        self,
        picture: StationSnapshot | None = None,
        *,
        exchanges: Iterable[ScriptedExchange] = EXCHANGES,
        live: bool = False,
    ) -> None:
        self.messages = MessageLog(20_000)
        self.events: Ring[Event] = Ring(100)
        self.failure = ""
        self.exit_code = 0
        self.snapshot: StationSnapshot | None = picture
        self.moment = NOW
        self.submitted: list[Command] = []
        self.answer: Outcome = Accepted()
        self.started = 0
        self.stopped = False
        self._live = live
        for exchange in exchanges:
            self.add(*exchange)

    def add(
        self,
        ago: float,
        direction: Direction,
        action: str,
        request: object,
        answer: object,
        latency_s: float,
        connector_id: int | None = None,
    ) -> None:
        """Add an exchange; an answer that is a word is a CALLERROR, None leaves it open."""
        message_id = f"m{self.messages.count + 1}"
        tx = request.get("transactionId") if isinstance(request, dict) else None
        number = self.messages.open(
            direction,
            action,
            message_id,
            json.dumps([2, message_id, action, request]),
            self.moment - timedelta(seconds=ago),
            connector_id=connector_id,
            transaction_id=tx,
        )
        if isinstance(answer, str):
            frame = json.dumps([4, message_id, answer, "", {}])
            self.messages.close(
                number, ExchangeState.ERROR, answer=frame, latency_s=latency_s, trouble=answer
            )
        elif answer is not None:
            frame = json.dumps([3, message_id, answer])
            self.messages.close(number, ExchangeState.ANSWERED, answer=frame, latency_s=latency_s)

    def now(self) -> datetime:
        return self.moment

    def start(self) -> None:
        self.started += 1
        self.failure = ""

    def stop(self, deadline: float = 5.0) -> bool:
        self.stopped = True
        return True

    def submit(self, command: Command) -> concurrent.futures.Future[Outcome]:
        self.submitted.append(command)
        answer: concurrent.futures.Future[Outcome] = concurrent.futures.Future()
        if self._live:
            self._do(command)
        answer.set_result(self.answer)
        return answer

    def _do(self, command: Command) -> None:
        picture = self.snapshot
        assert picture is not None
        made: ConnectorSnapshot | None = None
        match command:
            case Start(connector_id):
                made = charging(connector_id)
            case Plug(connector_id):
                made = available(connector_id, state=ConnectorState.PREPARING, plugged=True)
            case Stop(connector_id) | EVStop(connector_id):
                made = available(connector_id, state=ConnectorState.ENDED, plugged=True)
            case Unplug(connector_id) | ClearFault(connector_id):
                made = available(connector_id)
            case InjectFault(connector_id, code, vendor, info):
                fault = FaultSnapshot(code, vendor or "", info or "", self.now())
                made = faulted(connector_id, fault=fault)
        if made is not None:
            self.answer = Accepted()
            connectors = tuple(
                made if one.connector_id == made.connector_id else one for one in picture.connectors
            )
            self.snapshot = replace(picture, connectors=connectors)
        else:
            self.answer = Refused("this scripted charge point cannot do that")
