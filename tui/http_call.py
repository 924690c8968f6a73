"""What was done, as the HTTP call that does the same: a line of curl to paste into a script.

The sidecar has a path for each action of the core's table, and a query field for each field of its
command, so a command says by itself how it is asked for over HTTP. An exchange with the CSMS is
turned into the command that leads to such an exchange where there is exactly one; any other can at
least be read over HTTP.
"""

from __future__ import annotations

import contextlib
import json
import shlex
from dataclasses import dataclass, fields
from urllib.parse import quote, urlencode

from sim_core.commands import ACTION_BY_COMMAND, Command
from sim_core.wire.message_log import Direction, Exchange
from tui.protocols.known import wording_of
from tui.protocols.payload import CALL_PAYLOAD, frame_payload


@dataclass(frozen=True)
class SidecarAddress:
    """Where the sidecar of this charge point listens."""

    url: str
    """Without a slash at the end."""
    wants_key: bool = False
    """Whether what changes something must bring the key."""


def sidecar_address(host: str, port: int, wants_key: bool) -> SidecarAddress:
    """The address as somebody on this computer reaches it."""
    near = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return SidecarAddress(f"http://{f'[{near}]' if ':' in near else near}:{port}", wants_key)


def command_call(command: Command, where: SidecarAddress) -> str:
    """The call that asks for this command."""
    action = ACTION_BY_COMMAND[type(command)]
    said = {
        field.name: str(value)
        for field in fields(command)
        if field.name != "connector_id" and (value := getattr(command, field.name)) is not None
    }
    path = action.path.replace("{cid}", str(getattr(command, "connector_id", "")))
    body = _body(command) if action.in_body else ""
    said = {} if action.in_body else said
    query = f"?{urlencode(said, quote_via=quote)}" if said else ""
    words = ["curl", "-X", action.method]
    if where.wants_key:
        words += ["-H", '"X-API-Key: $HTTP_API_KEY"']  # the key itself is nobody's clipboard's
    if body:
        words += ["-H", "'Content-Type: application/json'", "-d", shlex.quote(body)]
    return " ".join((*words, shlex.quote(f"{where.url}{path}{query}")))


def _body(command: Command) -> str:
    """What a command says as the JSON object of a body."""
    said = {one.name: getattr(command, one.name) for one in fields(command)}
    told = {name: value for name, value in said.items() if value is not None}
    if "payload" in told:
        with contextlib.suppress(ValueError):  # what is no JSON is said as it was typed
            told["payload"] = json.loads(told["payload"])
    return json.dumps(told, ensure_ascii=False)


def exchange_call(exchange: Exchange, where: SidecarAddress, subprotocol: str = "") -> str:
    """The call that leads to such an exchange; where there is none, the one that reads this one."""
    command = command_behind(exchange, subprotocol)
    if command is not None:
        return command_call(command, where)
    return f"curl {shlex.quote(f'{where.url}/messages?after={exchange.number - 1}&limit=1')}"


def command_behind(exchange: Exchange, subprotocol: str = "") -> Command | None:
    """The command that makes a charge point send such a request; None where it is not certain."""
    tell = wording_of(subprotocol).commands.get(exchange.action)
    payload = frame_payload(exchange.request, CALL_PAYLOAD)
    connector_id = exchange.connector_id
    if exchange.direction is not Direction.SENT or not tell or payload is None or not connector_id:
        return None
    return tell(connector_id, payload)
