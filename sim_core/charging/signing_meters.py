"""Meters that sign what they show: a key of its own in each, and pages that are counted.

A driver, or whoever bills him, can check a signed reading without trusting the charger or the CSMS.
So it is signed when it is read, and goes to the journal as it was signed. Key and page last as long
as the meter; the same reading for two purposes is one page.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sim_core.charging.connector import Connector
from sim_core.charging.vocabulary import Context
from sim_core.files import ocmf
from sim_core.files.key_pairs import new_key
from sim_core.hardware.meter import Reading
from sim_core.hardware.model import Identity
from sim_core.store.interface import Documents

NAME = "signing meter {}"
"""Under which name the meter of a connector is in the store."""
REGISTER_CODE = "01-00:98.08.00.FF"
"""OBIS: active energy that was imported, in all."""
MOMENTS = {Context.BEGIN: "B", Context.END: "E"}
"""TX: which reading of a transaction it is; every other one is C."""
Ident = tuple[str, str]
"""IT and ID: of what kind the driver's card is, and its text. A text that is a secret is empty."""
NOBODY: Ident = ("NONE", "")


class SigningMeters:
    """The meters of all connectors."""

    __slots__ = ("_documents", "_identity", "_kept", "_last", "ident")

    def __init__(self, documents: Documents, identity: Identity) -> None:
        self._documents = documents
        self._identity = identity
        self._kept: dict[int, dict[str, Any]] = {}
        """By connector its private key, and the page that was signed last."""
        self._last: dict[int, tuple[object, str]] = {}
        """By connector what was signed last."""
        self.ident: Callable[[int], Ident] = lambda _: NOBODY
        """Whose transaction runs at a connector; who knows the protocol's words sets it."""

    def sign(self, connector: Connector, at: datetime, context: Context, reading: Reading) -> str:
        """A reading as its meter signs it, in OCMF."""
        number, what = connector.number, (at, context, reading.register_wh)
        last = self._last.get(number)
        if last is not None and last[0] == what:
            return last[1]
        meter = self._meter(number)
        meter["page"] += 1
        text = ocmf.signed(meter["key"], self._said(number, at, context, reading, meter["page"]))
        self._documents.put(NAME.format(number), meter)
        self._last[number] = (what, text)
        return text

    def public_key(self, number: int) -> str:
        """With which the readings of a connector can be checked: hexadecimal ASN.1."""
        return ocmf.public_key(self._meter(number)["key"])

    def _meter(self, number: int) -> dict[str, Any]:
        known = self._kept.get(number)
        if known is None:
            known = self._documents.get(NAME.format(number))
            if known is None:
                known = {"key": new_key(), "page": 0}
                self._documents.put(NAME.format(number), known)
            self._kept[number] = known
        return known

    def _said(
        self, number: int, at: datetime, context: Context, reading: Reading, page: int
    ) -> dict[str, Any]:
        identity, (kind, text) = self._identity, self.ident(number)
        counted = {
            "TM": f"{at:%Y-%m-%dT%H:%M:%S},{at.microsecond // 1000:03}+0000 S",
            "TX": MOMENTS.get(context, "C"),
            "RV": int(reading.register_wh),
            "RI": REGISTER_CODE,
            "RU": "Wh",
            "RT": "DC",
            "EF": "",
            "ST": "G",
        }
        return {
            "FV": "1.0",
            "GI": identity.model,
            "GS": identity.serial_number or "",
            "PG": f"T{page}",
            "MV": identity.vendor,
            "MM": identity.meter_type or identity.model,
            "MS": f"{identity.meter_serial_number or identity.serial_number or 'meter'}-{number}",
            "IS": kind != NOBODY[0],
            "IF": [],
            "IT": kind,
            "ID": text,
            "RD": [counted],
        }
