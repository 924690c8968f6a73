"""Codes that are typed at a keypad, and the names that stand for them.

A code is a secret (OCPP 2.0.1 C04): no log, no screen and no list of cards shows one. So a code has
a name, which says nothing about it, and everything in the charger that knows cards by their text
knows a code by its name. Only what is said to the CSMS has the code itself.
"""

from __future__ import annotations

import secrets
from typing import Any

from sim_core.store.interface import Documents

NAME = "keypad codes"
"""Under which name they are in the store."""
PREFIX = "PIN-"
KEPT = 2000
"""So many are known; of more the oldest are forgotten, and typed again they have another name."""


class Codes:
    """The codes that were met, by name."""

    __slots__ = ("_by_code", "_by_name", "_documents")

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        kept: dict[str, Any] = documents.get(NAME) or {}
        self._by_name: dict[str, str] = dict(kept)
        self._by_code = {code.casefold(): name for name, code in self._by_name.items()}

    def name_of(self, code: str) -> str:
        """The name of a code; it gets one when it is first met."""
        known = self._by_code.get(code.casefold())
        if known is not None:
            return known
        name = self._new_name()
        self._by_name[name], self._by_code[code.casefold()] = code, name
        while len(self._by_name) > KEPT:
            oldest = next(iter(self._by_name))
            del self._by_code[self._by_name.pop(oldest).casefold()]
        self._documents.put(NAME, dict(self._by_name))
        return name

    def code_of(self, name: str) -> str | None:
        """The code that a name stands for; None where it is no name of a code."""
        return self._by_name.get(name) if name.startswith(PREFIX) else None

    def _new_name(self) -> str:
        """A name that nobody can guess: a card of this text would count as the code."""
        while (name := PREFIX + secrets.token_hex(4)) in self._by_name:
            pass
        return name
