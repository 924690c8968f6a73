"""Where the messages go that a CSMS may send: the handlers of the feature profiles that a charge
point has (OCPP 1.6 §3.2), and an honest answer for those that it has not."""

from __future__ import annotations

from collections.abc import Callable

from ocpp.v16.enums import MessageTrigger

from sim_core.charging.charger import Charger
from sim_core.charging.policy import Feature
from sim_core.ocpp16 import local_list, reservation, smart_charging
from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.configuration_messages import ConfigurationMessages
from sim_core.ocpp16.core import Core
from sim_core.ocpp16.firmware_management import PROFILE as FIRMWARE_MANAGEMENT
from sim_core.ocpp16.firmware_management import FirmwareManagement
from sim_core.ocpp16.local_list import LocalListProfile
from sim_core.ocpp16.points import Speech
from sim_core.ocpp16.promises import KEPT_AFTER_THE_ANSWER, REFUSED
from sim_core.ocpp16.registration import Registrar
from sim_core.ocpp16.remote_control import RemoteControl
from sim_core.ocpp16.remote_trigger import ExtendedTrigger, Messages, RemoteTrigger
from sim_core.ocpp16.reservation import ReservationProfile
from sim_core.ocpp16.security import Security
from sim_core.ocpp16.security_log import SecurityMessages
from sim_core.ocpp16.smart_charging import SmartCharging
from sim_core.ocpp16.status_changes import StatusChanges
from sim_core.ocpp16.switched_off import CERTIFICATES, routes_without
from sim_core.snapshot import Registration
from sim_core.store.interface import Store
from sim_core.wire.answers import Payload
from sim_core.wire.kept_first import KeptFirst
from sim_core.wire.routes import Routes
from sim_core.wire.routing import FirstOf, ProfileRoutes

CORE, REMOTE_TRIGGER = "Core", "RemoteTrigger"
LOG_STATUS = "LogStatusNotification"


def routes_of(
    charger: Charger,
    speech: Speech,
    store: Store,
    configuration: Configuration,
    security: Security,
    registrar: Registrar,
    statuses: StatusChanges,
    firmware: FirmwareManagement,
    smart: SmartCharging,
    security_messages: SecurityMessages,
    *,
    skip_tick: Callable[[], None],
    say: Callable[[str, Payload], None],
) -> Routes:
    """The routes of a charge point that is made of these parts."""
    environment, connectors = charger.environment, charger.connectors
    policy, model = charger.policy, charger.config.model
    behaviour = model.behaviour
    messages: Messages = {
        MessageTrigger.boot_notification.value: lambda _: registrar.boot_now(),
        MessageTrigger.heartbeat.value: lambda _: registrar.heartbeat_now(),
        MessageTrigger.status_notification.value: statuses.say_now,
        MessageTrigger.meter_values.value: charger.sampling.trigger,
    }
    of_files: Messages = {
        MessageTrigger.firmware_status_notification.value: firmware.trigger_firmware,
        MessageTrigger.diagnostics_status_notification.value: firmware.trigger_diagnostics,
    }
    has_files = policy.has(Feature.FIRMWARE)
    remote_control = RemoteControl(
        environment,
        connectors,
        charger.cards,
        charger.transactions,
        charger.locks,
        charger.reservations,
        smart if policy.has(Feature.SMART_CHARGING) else None,
        speech,
        accepted=lambda: registrar.registration is Registration.ACCEPTED,
        skip_tick=skip_tick,
        say=say,
    )
    core = Core(
        environment,
        connectors,
        charger.condition,
        charger.availability,
        charger.lifecycle,
        policy,
        store.tokens,
        speech,
        vendor=model.identity.vendor,
        clears_disabled_cache=behaviour.clears_disabled_cache,
    )
    reservations = ReservationProfile(
        charger.reservations,
        environment.now,
        changed=charger.looking.reservations_changed,
        status_first=speech.status_before_answer,
    )
    trigger = RemoteTrigger({**messages, **of_files} if has_files else messages, connectors)
    handlers: tuple[tuple[str, object], ...] = (
        (CORE, remote_control),
        (CORE, core),
        (CORE, ConfigurationMessages(configuration, security, environment.note)),
        (FIRMWARE_MANAGEMENT, firmware),
        (local_list.PROFILE, LocalListProfile(charger.token_list, environment.note)),
        (reservation.PROFILE, reservations),
        (REMOTE_TRIGGER, trigger),
        (smart_charging.PROFILE, smart),
    )
    supported = [handler for name, handler in handlers if configuration.supports(name)]
    missing = {name for name, _ in handlers if not configuration.supports(name)}
    if behaviour.security_extension:
        of_log: Messages = {LOG_STATUS: security_messages.trigger_log}
        supported += [security_messages, ExtendedTrigger({**messages, **of_log}, connectors)]
        missing.add(CERTIFICATES)
    routes = KeptFirst(
        ProfileRoutes(supported),
        store,
        environment.note,
        refused=REFUSED,
        kept_after=KEPT_AFTER_THE_ANSWER,
    )
    return FirstOf(routes, routes_without(frozenset(missing)))
