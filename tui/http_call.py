"""What was done, as the HTTP call that does the same: a line of curl to paste into a script.

The sidecar has a path for each action of the core's table, and a query field for each field of its
command, so a command says by itself how it is asked for over HTTP. An exchange with the CSMS is
turned into the command that leads to such an exchange where there is exactly one; any other can at
least be read over HTTP.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, fields
from urllib.parse import quote, urlencode

from sim_core.commands import (
    ACTION_BY_COMMAND,
    Command,
    InjectFault,
    Plug,
    PowerOff,
    Start,
    Stop,
    SuspendEV,
    SuspendEVSE,
    Swipe,
    Unlock,
    Unplug,
)
from sim_core.hardware.faults import ERROR_CODES
from sim_core.wire.message_log import Direction, Exchange
from tui.text import Payload, frame_payload


@dataclass(frozen=True)
class Door:
    """Where the sidecar of this charge point listens."""

    url: str
    """Without a slash at the end."""
    wants_key: bool = False
    """Whether what changes something must bring the key."""


def door(host: str, port: int, wants_key: bool) -> Door:
    """The door as somebody on this computer reaches it."""
    near = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return Door(f"http://{f'[{near}]' if ':' in near else near}:{port}", wants_key)


def command_call(command: Command, where: Door) -> str:
    """The call that asks for this command."""
    action = ACTION_BY_COMMAND[type(command)]
    said = {
        field.name: str(value)
        for field in fields(command)
        if field.name != "connector_id" and (value := getattr(command, field.name)) is not None
    }
    path = action.path.replace("{cid}", str(getattr(command, "connector_id", "")))
    query = f"?{urlencode(said, quote_via=quote)}" if said else ""
    words = ["curl", "-X", "POST"]
    if where.wants_key:
        words += ["-H", '"X-API-Key: $HTTP_API_KEY"']  # the key itself is nobody's clipboard's
    return " ".join((*words, shlex.quote(f"{where.url}{path}{query}")))


def exchange_call(exchange: Exchange, where: Door) -> str:
    """The call that leads to such an exchange; where there is none, the one that reads this one."""
    command = command_behind(exchange)
    if command is not None:
        return command_call(command, where)
    return f"curl {shlex.quote(f'{where.url}/messages?after={exchange.number - 1}&limit=1')}"


def command_behind(exchange: Exchange) -> Command | None:
    """The command that makes a charge point send such a request; None where it is not certain."""
    tell = _COMMANDS.get(exchange.action)
    payload = frame_payload(exchange.request, 3)
    connector_id = exchange.connector_id
    if exchange.direction is not Direction.SENT or not tell or payload is None or not connector_id:
        return None
    return tell(connector_id, payload)


def _text(payload: Payload, name: str) -> str | None:
    value = payload.get(name)
    return value if isinstance(value, str) and value else None


def _started(connector_id: int, payload: Payload) -> Command | None:
    return Start(connector_id, _text(payload, "idTag"))


def _stopped(connector_id: int, payload: Payload) -> Command | None:
    tag = _text(payload, "idTag")
    reasons: dict[str, Command] = {
        "Local": Swipe(connector_id, tag) if tag else Stop(connector_id),
        "EVDisconnected": Unplug(connector_id),
        "UnlockCommand": Unlock(connector_id),
        "PowerLoss": PowerOff(),
    }
    return reasons.get(str(payload.get("reason", "Local")))  # OCPP 1.6 §6.49: without one, Local


def _status(connector_id: int, payload: Payload) -> Command | None:
    code = _text(payload, "errorCode")
    if payload.get("status") == "Faulted" and code in ERROR_CODES:
        vendor, info = _text(payload, "vendorErrorCode"), _text(payload, "info")
        return InjectFault(connector_id, code, vendor, info)
    became: dict[object, Command] = {
        "Preparing": Plug(connector_id),
        "SuspendedEV": SuspendEV(connector_id),
        "SuspendedEVSE": SuspendEVSE(connector_id),
    }
    return became.get(_text(payload, "status"))


_COMMANDS: dict[str, Callable[[int, Payload], Command | None]] = {
    "StartTransaction": _started,
    "StopTransaction": _stopped,
    "StatusNotification": _status,
}
