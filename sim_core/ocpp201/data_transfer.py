"""DataTransfer (P01, P02) and CostUpdated (I02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocpp.v201.enums import Action

from sim_core.charging.environment import Note
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


class Costs:
    """Shows the driver what a transaction costs so far."""

    __slots__ = ("_evse_of", "_note")

    def __init__(self, note: Note, evse_of: Callable[[str], int | None]) -> None:
        self._note = note
        self._evse_of = evse_of

    @on(Action.cost_updated)
    def cost_updated(self, total_cost: float, transaction_id: str, **_: Any) -> Reply:
        """I02: the answer has no field; what it costs is shown at the EVSE."""

        def show() -> None:
            number = self._evse_of(transaction_id)
            where = "a transaction that does not run" if number is None else f"EVSE {number}"
            self._note("cost", f"{where} costs {total_cost:g} so far", number)

        return Reply({}, then=show)
