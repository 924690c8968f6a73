"""A small CSMS for OCPP 1.6J and 2.0.1: the other end of the wire, for demos and tests.

It is an honest peer: it shares no code with the charge point, so the two can only agree by
both keeping to OCPP. Names are resolved on first use, because most importers of this package
want one of them and should not pay for the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim_core.csms.api import ApiServer
    from sim_core.csms.errors import (
        CallRefusedError,
        CallTimeoutError,
        CsmsError,
        InvalidCallError,
        NotConnectedError,
    )
    from sim_core.csms.events import Event
    from sim_core.csms.ledger import IdTag, Ledger, Session
    from sim_core.csms.rules import Boot, Rules
    from sim_core.csms.server import Csms

_HOME = {
    "ApiServer": "api",
    "Boot": "rules",
    "CallRefusedError": "errors",
    "CallTimeoutError": "errors",
    "Csms": "server",
    "CsmsError": "errors",
    "Event": "events",
    "IdTag": "ledger",
    "InvalidCallError": "errors",
    "Ledger": "ledger",
    "NotConnectedError": "errors",
    "Rules": "rules",
    "Session": "ledger",
}

__all__ = [
    "ApiServer",
    "Boot",
    "CallRefusedError",
    "CallTimeoutError",
    "Csms",
    "CsmsError",
    "Event",
    "IdTag",
    "InvalidCallError",
    "Ledger",
    "NotConnectedError",
    "Rules",
    "Session",
]


def __getattr__(name: str) -> Any:
    """Import the module that holds `name` when somebody asks for it."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
