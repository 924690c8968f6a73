"""What the harnesses know of an OCPP version: a row each. Whatever else they do, any version does.

A row is what a CSMS of that version answers where no script says otherwise, and what a charge point
of that version begins with where a test names no make. It shares no code with the charge point, so
that `ScriptedCsms` stays an honest peer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Protocol

from websockets.typing import Subprotocol

Payload = dict[str, Any]


class Desk(Protocol):
    """What a CSMS looks at when it answers in the ordinary way."""

    interval: int
    """Seconds between heartbeats, as a boot is told."""

    @property
    def tags(self) -> Mapping[str, Payload]:
        """What is known of some cards; any other is Accepted."""
        ...

    def stamp(self) -> str:
        """The time of now, as frames write it."""
        ...

    def next_transaction_id(self) -> int:
        """A number that no transaction has had."""
        ...


OrdinaryAnswer = Callable[[Desk, Payload], Payload]


@dataclass(frozen=True)
class Version:
    """One version of OCPP over JSON."""

    name: str
    """As `--ocpp-version` spells it."""
    subprotocol: Subprotocol
    schema_package: str
    """The package that has the schema files."""
    request_file: str
    """What the name of an action's own schema file is, by the action."""
    answers: Mapping[str, OrdinaryAnswer]
    """By action: what a CSMS answers; to any other action the empty payload."""
    telling_fields: Mapping[str, tuple[str, ...]]
    """By action: the fields that a request is told apart by in the words of `describe`."""
    plain_keys: Mapping[str, str]
    """What tests count on where makes differ; given to the charge point where a test names no
    make."""

    def answer(self, desk: Desk, action: str, payload: Payload) -> Payload:
        """What a CSMS answers that has nothing against anything."""
        answer = self.answers.get(action)
        return answer(desk, payload) if answer else {}

    def describe(self, action: str, payload: Payload) -> str:
        """A request in a few words: `StatusNotification 1 Charging`, `StartTransaction`."""
        told = (payload[field] for field in self.telling_fields.get(action, ()))
        return " ".join(map(str, (action, *told)))

    def schema(self, name: str) -> dict[str, Any]:
        """The schema of a request (`Authorize`) or of its answer (`AuthorizeResponse`)."""
        if not name.endswith("Response"):
            name = self.request_file.format(name)
        file = files(self.schema_package) / "schemas" / f"{name}.json"
        schema: dict[str, Any] = json.loads(file.read_text("utf-8-sig"))
        return schema

    def schema_names(self) -> list[str]:
        """Every request and answer that there is a schema of."""
        folder = (files(self.schema_package) / "schemas").iterdir()
        names = (file.name.removesuffix(".json") for file in folder if file.name.endswith(".json"))
        return sorted(name.removesuffix(self.request_file.format("")) for name in names)


# -- OCPP 1.6 --------------------------------------------------------------------------------------


def _boot(desk: Desk, _: Payload) -> Payload:
    return {"currentTime": desk.stamp(), "interval": desk.interval, "status": "Accepted"}


def _heartbeat(desk: Desk, _: Payload) -> Payload:
    return {"currentTime": desk.stamp()}


def _tag_info(desk: Desk, asked: Payload) -> Payload:
    return {"idTagInfo": desk.tags.get(asked.get("idTag", ""), {"status": "Accepted"})}


def _start(desk: Desk, asked: Payload) -> Payload:
    return {"transactionId": desk.next_transaction_id(), **_tag_info(desk, asked)}


OCPP_1_6 = Version(
    name="1.6",
    subprotocol=Subprotocol("ocpp1.6"),
    schema_package="ocpp.v16",
    request_file="{}",
    answers={
        "Authorize": _tag_info,
        "BootNotification": _boot,
        "DataTransfer": lambda *_: {"status": "Accepted"},
        "Heartbeat": _heartbeat,
        "StartTransaction": _start,
        "StopTransaction": _tag_info,
    },
    telling_fields={"StatusNotification": ("connectorId", "status")},
    plain_keys={
        "AuthorizationCacheEnabled": "true",
        "ClockAlignedDataInterval": "0",
        "HeartbeatInterval": "300",
        "LocalAuthorizeOffline": "true",
        "MaxEnergyOnInvalidId": "0",
        "MeterValuesAlignedData": "Energy.Active.Import.Register",
        "MeterValuesSampledData": "Energy.Active.Import.Register",
        "MeterValueSampleInterval": "10",
        "MinimumStatusDuration": "0",
        "StopTransactionOnInvalidId": "true",
        "StopTxnAlignedData": "",
        "StopTxnSampledData": "",
        "TransactionMessageRetryInterval": "10",
        "WebSocketPingInterval": "30",
    },
)


# -- OCPP 2.0.1 ------------------------------------------------------------------------------------


def _token_info(desk: Desk, asked: Payload) -> Payload:
    text = (asked.get("idToken") or {}).get("idToken", "")
    return {"idTokenInfo": desk.tags.get(text, {"status": "Accepted"})}


def _transaction_event(desk: Desk, asked: Payload) -> Payload:
    return _token_info(desk, asked) if "idToken" in asked else {}


OCPP_2_0_1 = Version(
    name="2.0.1",
    subprotocol=Subprotocol("ocpp2.0.1"),
    schema_package="ocpp.v201",
    request_file="{}Request",
    answers={
        "Authorize": _token_info,
        "BootNotification": _boot,
        "DataTransfer": lambda *_: {"status": "Accepted"},
        "Heartbeat": _heartbeat,
        "TransactionEvent": _transaction_event,
    },
    telling_fields={
        "StatusNotification": ("evseId", "connectorStatus"),
        "TransactionEvent": ("eventType", "triggerReason"),
    },
    plain_keys={
        "AlignedDataCtrlr.Interval": "0",
        "AuthCacheCtrlr.Enabled": "true",
        "OCPPCommCtrlr.HeartbeatInterval": "300",
        "SampledDataCtrlr.TxUpdatedInterval": "10",
        "SampledDataCtrlr.TxUpdatedMeasurands": "Energy.Active.Import.Register",
    },
)

VERSIONS = {version.name: version for version in (OCPP_1_6, OCPP_2_0_1)}
PLANNED: tuple[str, ...] = ()


def version_named(name: str) -> Version:
    """The row of that name. Raises NotImplementedError for one that is planned, KeyError for what
    is no version."""
    if name in PLANNED:
        raise NotImplementedError(
            f"OCPP {name} is not built yet: the tests speak {', '.join(VERSIONS)}. "
            "Its row goes into VERSIONS of tests/versions.py."
        )
    return VERSIONS[name]
