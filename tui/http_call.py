"""What was done, as the HTTP call that does the same: a line of curl to paste into a script.

A command says by itself how it is asked for over HTTP (`sim_core.command_calls`). An exchange with
the CSMS is turned into the command that leads to such an exchange where there is exactly one; any
other can at least be read over HTTP.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from sim_core.command_calls import call_of
from sim_core.commands import Command
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
    call = call_of(command)
    words = ["curl", "-X", call.method]
    if where.wants_key:
        words += ["-H", '"X-API-Key: $HTTP_API_KEY"']  # the key itself is nobody's clipboard's
    if call.body:
        words += ["-H", "'Content-Type: application/json'", "-d", shlex.quote(call.body)]
    return " ".join((*words, shlex.quote(f"{where.url}{call.path}")))


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
