"""The rest of the Core profile: ChangeAvailability, Reset, ClearCache, DataTransfer (OCPP 1.6 §5).

Handlers decide at once and never wait; whatever sends a message of our own runs after the answer
is on the wire (`Reply.then`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocpp.v16 import call_result
from ocpp.v16.enums import (
    Action,
    AvailabilityStatus,
    AvailabilityType,
    ClearCacheStatus,
    DataTransferStatus,
    ResetStatus,
    ResetType,
)

from sim_core.charging.availability import WHOLE, Availability
from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.environment import Environment
from sim_core.charging.lifecycle import Lifecycle
from sim_core.charging.policy import Policy, Setting
from sim_core.ocpp16.points import Speech
from sim_core.store.interface import TokenCache
from sim_core.wire.routes import Refusal, Reply
from sim_core.wire.routing import on


class Core:
    """Handlers of the Core profile that have no module of their own."""

    __slots__ = (
        "_availability",
        "_clears_disabled_cache",
        "_condition",
        "_connectors",
        "_environment",
        "_lifecycle",
        "_policy",
        "_speech",
        "_tokens",
        "_vendor",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        availability: Availability,
        lifecycle: Lifecycle,
        policy: Policy,
        tokens: TokenCache,
        speech: Speech,
        *,
        vendor: str,
        clears_disabled_cache: bool,
    ) -> None:
        """`clears_disabled_cache`: ClearCache is Accepted although the cache is switched off."""
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._availability = availability
        self._lifecycle = lifecycle
        self._policy = policy
        self._tokens = tokens
        self._speech = speech
        self._vendor = vendor
        self._clears_disabled_cache = clears_disabled_cache

    @on(Action.change_availability)
    def change_availability(self, connector_id: int, type: str) -> Reply:
        """§5.2."""
        operative = type == AvailabilityType.operative
        if connector_id == WHOLE:
            concerned = list(self._connectors.values())
        elif connector_id in self._connectors:
            concerned = [self._connectors[connector_id]]
        else:
            rejected = call_result.ChangeAvailability(AvailabilityStatus.rejected)
            return Reply(rejected, why=f"there is no connector {connector_id} here")
        waits = self._availability.waits(concerned, operative=operative)
        status = AvailabilityStatus.scheduled if waits else AvailabilityStatus.accepted
        return Reply(
            call_result.ChangeAvailability(status),
            then=lambda: self._availability.change(connector_id, operative=operative),
            first=self._speech.status_before_answer,
        )

    @on(Action.reset)
    def reset(self, type: str) -> Reply:
        """§5.14."""
        if self._condition.rebooting or self._condition.installing:
            busy = "it reboots already" if self._condition.rebooting else "firmware is installed"
            return Reply(call_result.Reset(ResetStatus.rejected), why=busy)
        reset = self._lifecycle.reset
        return Reply(
            call_result.Reset(ResetStatus.accepted),
            then=lambda: self._environment.spawn(reset(at_once=type == ResetType.hard)),
        )

    @on(Action.clear_cache)
    def clear_cache(self) -> Reply:
        """§5.4."""
        if not (self._policy.flag(Setting.CACHES_TOKENS) or self._clears_disabled_cache):
            rejected = call_result.ClearCache(ClearCacheStatus.rejected)
            return Reply(rejected, why="the cache of cards is switched off")
        self._tokens.clear()
        self._environment.note("authorization", "the CSMS has cleared the cache of cards")
        return Reply(call_result.ClearCache(ClearCacheStatus.accepted))

    @on(Action.data_transfer, skip_schema_validation=True)
    def data_transfer(self, vendor_id: Any = None, **_: Any) -> Reply | Refusal:
        """§5.6. Unvalidated: many CSMSs send an object where `data` is to be a string.

        The make's own vendorId is known, but no message of it is.
        """
        if not isinstance(vendor_id, str):
            if vendor_id is None:
                return Refusal("ProtocolError", "vendorId is a required text")
            return Refusal("TypeConstraintViolation", "vendorId is a required text")
        known = vendor_id.casefold() == self._vendor.casefold()
        status = (
            DataTransferStatus.unknown_message_id if known else DataTransferStatus.unknown_vendor_id
        )
        return Reply(call_result.DataTransfer(status))
