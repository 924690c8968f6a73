"""What the CSMS may ask: the Core profile (OCPP 1.6 §5).

Handlers decide at once and never wait; whatever sends a message of our own runs after the answer
is on the wire (`Reply.then`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocpp.v16 import call_result
from ocpp.v16.enums import (
    Action,
    AvailabilityStatus,
    AvailabilityType,
    ClearCacheStatus,
    ConfigurationStatus,
    DataTransferStatus,
    Reason,
    RemoteStartStopStatus,
    ResetStatus,
    ResetType,
    UnlockStatus,
)

from sim_core.charging.connector import Connector
from sim_core.charging.profile import Profile
from sim_core.ocpp16.key_refusals import why_rejected
from sim_core.ocpp16.routing import on
from sim_core.snapshot import Registration
from sim_core.wire.routes import Refusal, Reply

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint


class Core:
    """Handlers of the Core profile."""

    def __init__(self, charge_point: ChargePoint) -> None:
        self._cp = charge_point

    @on(Action.remote_start_transaction)
    def core_remote_start(
        self, id_tag: str, connector_id: int | None = None, charging_profile: Any = None
    ) -> Reply:
        """§5.11. A chargingProfile is for the transaction that begins; where there is no Smart
        Charging it is left aside."""
        connector = self._connector_for(connector_id, id_tag)
        registered = self._cp.registration is Registration.ACCEPTED
        sessions, outbox = self._cp.sessions, self._cp.outbox
        accepted = call_result.RemoteStartTransaction(RemoteStartStopStatus.accepted)
        if registered and connector is None and sessions.just_started(connector_id):
            return Reply(accepted, then=lambda: sessions.ask_again(id_tag), slow=True)
        if connector is None or not registered:
            return Reply(
                call_result.RemoteStartTransaction(RemoteStartStopStatus.rejected), slow=True
            )
        profile = self._profile_for(connector, charging_profile)
        if isinstance(profile, str):
            self._cp.smart_charging.note(connector.number, f"remote start refused: {profile}")
            return Reply(
                call_result.RemoteStartTransaction(RemoteStartStopStatus.rejected), slow=True
            )
        connector.remote_start_at_s = self._cp.clock.monotonic()

        def start() -> None:
            outbox.hurry()
            sessions.remote_start(connector, id_tag, profile)

        return Reply(accepted, then=start, slow=True)

    @on(Action.remote_stop_transaction)
    def core_remote_stop(self, transaction_id: int) -> Reply:
        """§5.12."""
        connector = self._cp.transactions.with_id(transaction_id)
        if connector is None or self._cp.registration is not Registration.ACCEPTED:
            return Reply(call_result.RemoteStopTransaction(RemoteStartStopStatus.rejected))
        transaction = connector.transaction

        def stop(reason: Reason) -> None:
            if connector.transaction is transaction:
                self._cp.transactions.stop(connector, reason)

        def stop_soon(reason: Reason) -> None:
            self._cp.after(self._cp.vary(self._cp.timing.stop_s), lambda: stop(reason))

        return Reply(
            call_result.RemoteStopTransaction(RemoteStartStopStatus.accepted),
            then=lambda: stop_soon(Reason.remote),
            lost=(lambda: stop_soon(Reason.other)) if self._cp.quirks.stops_unheard else None,
        )

    @on(Action.unlock_connector)
    def core_unlock(self, connector_id: int) -> Reply:
        """§5.18."""
        connector = self._cp.connectors.get(connector_id)
        if connector is None or not connector.lockable:
            return Reply(call_result.UnlockConnector(UnlockStatus.not_supported))
        if connector.metal.lock_jammed:
            return Reply(call_result.UnlockConnector(UnlockStatus.unlock_failed))
        return Reply(
            call_result.UnlockConnector(UnlockStatus.unlocked),
            then=lambda: self._cp.sessions.open_lock(connector),
        )

    @on(Action.change_availability)
    def core_change_availability(self, connector_id: int, type: str) -> Reply:
        """§5.2."""
        operative = type == AvailabilityType.operative
        if connector_id == 0:
            concerned = list(self._cp.connectors.values())
        elif connector_id in self._cp.connectors:
            concerned = [self._cp.connectors[connector_id]]
        else:
            return Reply(call_result.ChangeAvailability(AvailabilityStatus.rejected))
        waits = not operative and any(
            connector.operative and connector.busy for connector in concerned
        )
        status = AvailabilityStatus.scheduled if waits else AvailabilityStatus.accepted
        return Reply(
            call_result.ChangeAvailability(status),
            then=lambda: self._cp.change_availability(connector_id, operative),
            first=self._cp.quirks.status_before_answer,
        )

    @on(Action.reset)
    def core_reset(self, type: str) -> Reply:
        """§5.14."""
        hard = type == ResetType.hard
        if self._cp.condition.rebooting or self._cp.firmware.installing:
            return Reply(call_result.Reset(ResetStatus.rejected))
        return Reply(
            call_result.Reset(ResetStatus.accepted),
            then=lambda: self._cp.spawn(self._cp.reset(hard=hard)),
        )

    @on(Action.get_configuration)
    def core_get_configuration(self, key: list[str] | None = None) -> Reply | Refusal:
        """§5.8."""
        most = self._cp.configuration.number("GetConfigurationMaxKeys")
        if key and len(key) > most:
            return Refusal("OccurenceConstraintViolation", f"at most {most} keys in one request")
        known, unknown = self._cp.configuration.report(key or [])
        return Reply(
            call_result.GetConfiguration(
                configuration_key=known if known or not unknown else None,
                unknown_key=unknown or None,
            )
        )

    @on(Action.change_configuration)
    def core_change_configuration(self, key: str, value: str) -> Reply:
        """§5.3."""
        security = self._cp.security
        if reason := security.why_not(key, value):
            self._cp.note("security", f"{key} was refused: {reason}")
            return Reply(call_result.ChangeConfiguration(ConfigurationStatus.rejected))
        status = security.change(key, value)
        known = self._cp.configuration.key(key)
        if status == ConfigurationStatus.rejected and known is not None:
            reason = why_rejected(known, value)
            self._cp.note("configuration", f"{known.name} was refused: {reason}")
        accepted = status == ConfigurationStatus.accepted
        return Reply(
            call_result.ChangeConfiguration(status),
            then=(lambda: security.changed(key)) if accepted else None,
        )

    @on(Action.clear_cache)
    def core_clear_cache(self) -> Reply:
        """§5.4."""
        if not (
            self._cp.configuration.flag("AuthorizationCacheEnabled")
            or self._cp.behaviour.clears_disabled_cache
        ):
            return Reply(call_result.ClearCache(ClearCacheStatus.rejected))
        self._cp.store.forget_tags()
        return Reply(call_result.ClearCache(ClearCacheStatus.accepted))

    @on(Action.data_transfer, skip_schema_validation=True)
    def core_data_transfer(self, vendor_id: Any = None, **_: Any) -> Reply | Refusal:
        """§5.6. Unvalidated: many CSMSs send an object where `data` is to be a string.

        The make's own vendorId is known, but no message of it is.
        """
        if not isinstance(vendor_id, str):
            if vendor_id is None:
                return Refusal("ProtocolError", "vendorId is a required text")
            return Refusal("TypeConstraintViolation", "vendorId is a required text")
        known = vendor_id.casefold() == self._cp.model.identity.vendor.casefold()
        return Reply(
            call_result.DataTransfer(
                DataTransferStatus.unknown_message_id
                if known
                else DataTransferStatus.unknown_vendor_id
            )
        )

    def _profile_for(self, connector: Connector, wire: Any) -> Profile | str | None:
        """The charging profile that a remote start brings, or the sentence that refuses it."""
        if wire is None or not self._cp.configuration.supports("SmartCharging"):
            return None
        return self._cp.smart_charging.offered(connector, wire)

    def _connector_for(self, connector_id: int | None, id_tag: str) -> Connector | None:
        """The connector that a remote start may use; without a number the one that suits best."""
        asked = [connector_id] if connector_id is not None else list(self._cp.connectors)
        connectors = [
            self._cp.connectors[number] for number in asked if number in self._cp.connectors
        ]
        why_not = self._cp.sessions.why_not_remote_start
        free = [connector for connector in connectors if why_not(connector, id_tag) is None]
        preference = self._cp.reservations.preference
        return min(free, key=lambda connector: preference(connector, id_tag), default=None)
