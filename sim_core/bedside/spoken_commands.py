"""Which command is which request, by the sub-protocol that a charger speaks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sim_core.bedside.commands import COMMAND, CommandKind
from sim_core.bedside.commands201 import COMMANDS_201, SUBPROTOCOL

SPOKEN: Mapping[str, Mapping[str, CommandKind]] = MappingProxyType(
    {
        "ocpp1.6": COMMAND,
        SUBPROTOCOL: {kind.name: kind for kind in COMMANDS_201},
    }
)


def kind_of(name: str, subprotocol: str) -> CommandKind:
    """The command of this name as this charger is asked; as in 1.6 where nobody knows."""
    return SPOKEN.get(subprotocol, COMMAND)[name]
