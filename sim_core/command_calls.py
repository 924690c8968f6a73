"""A command as the HTTP call that asks for it: the sidecar has a path for each action of the table,
and a query field for each field of its command."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, fields
from urllib.parse import quote, urlencode

from sim_core.commands import ACTION_BY_COMMAND, Command
from sim_core.wire_faults import WireFault, said_of

ANY_JSON = {"payload", "becomes"}
"""Fields whose text is JSON."""


@dataclass(frozen=True)
class CommandCall:
    """What to ask, beneath the address of a sidecar."""

    method: str
    path: str
    """With its query."""
    body: str = ""
    """JSON; empty where none is wanted."""


def call_of(command: Command) -> CommandCall:
    """The call that asks for this command."""
    action = ACTION_BY_COMMAND[type(command)]
    path = action.path.replace("{cid}", str(getattr(command, "connector_id", "")))
    said = {
        one.name: value
        for one in fields(command)
        if one.name != "connector_id" and (value := getattr(command, one.name)) is not None
    }
    if isinstance(command, WireFault):
        said = said_of(command)
    if action.in_body:
        return CommandCall(action.method, path, _body(said))
    words = {name: _word(value) for name, value in said.items()}
    query = f"?{urlencode(words, quote_via=quote)}" if words else ""
    return CommandCall(action.method, f"{path}{query}")


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _body(said: dict[str, object]) -> str:
    told = dict(said)
    for name in ANY_JSON & told.keys():
        with contextlib.suppress(ValueError):  # what is no JSON is said as it was typed
            told[name] = json.loads(str(told[name]))
    return json.dumps(told, ensure_ascii=False)
