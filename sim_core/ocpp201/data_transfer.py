"""DataTransfer (P01, P02)."""

from __future__ import annotations

from typing import Any

from ocpp.v201.enums import Action

from sim_core.ocpp201.answers import reply
from sim_core.wire.routes import Reply
from sim_core.wire.routing import on


class DataTransfer:
    """The make's own vendorId is known, but no message of it is."""

    __slots__ = ("_vendor",)

    def __init__(self, vendor: str) -> None:
        self._vendor = vendor

    @on(Action.data_transfer)
    def data_transfer(self, vendor_id: str, **_: Any) -> Reply:
        """UnknownVendorId, or UnknownMessageId (P01.FR.05, .06)."""
        known = vendor_id.casefold() == self._vendor.casefold()
        return reply("UnknownMessageId" if known else "UnknownVendorId")
