"""Texts that a charger says again and again, as templates: what changes in them has a name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sim_core.hardware.model import Identity
from sim_core.learning.identity import FIELDS

SHORTEST = 4
"""Shorter words stand in texts by accident."""
WORDS = ("status", "errorCode", "timestamp", "idTag", "info", "vendorErrorCode")
"""Fields of a message whose text another may repeat."""


def template_of(text: str, said: Mapping[str, Any], identity: Identity) -> str:
    """The text with {names} for what the message that it follows says, and for who the charger is.
    Longer texts first: a serial number may stand in a longer one."""
    known = {
        name: value
        for name in WORDS
        if isinstance(value := said.get(name), str) and len(value) >= SHORTEST
    }
    for name, of_model in FIELDS.items():
        value = getattr(identity, of_model)
        if isinstance(value, str) and len(value) >= SHORTEST and value not in known.values():
            known.setdefault(name, value)
    for name, value in sorted(known.items(), key=lambda one: -len(one[1])):
        text = text.replace(value, f"{{{name}}}")
    number = said.get("connectorId")
    if isinstance(number, int) and text.startswith(f"{number},"):
        text = f"{{connectorId}}{text[len(str(number)) :]}"
    return text
