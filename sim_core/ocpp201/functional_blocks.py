"""The functional blocks of a station (OCPP 2.0.1, Part 2), and where the messages of a CSMS go.

A module a block. Those that hear of what happens live as long as the station; the way to their
handlers is made when the first message comes, for many stations of a fleet hear none. What has no
handler here is NotSupported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sim_core.charging.charger import Charger
from sim_core.charging.domain_events import (
    FaultRaised,
    LimitedByOthers,
    Looked,
    LookedAtWhole,
    ReservationEnded,
    TransactionEnded,
    UpdateStepped,
    UploadStepped,
)
from sim_core.charging.policy import Setting
from sim_core.evidence import Witness
from sim_core.ocpp201.adapter import Adapter
from sim_core.ocpp201.availability import AvailabilityMessages
from sim_core.ocpp201.cards import CacheMessages
from sim_core.ocpp201.certificates import Certificates
from sim_core.ocpp201.customer_information import CustomerInformation
from sim_core.ocpp201.data_transfer import DataTransfer
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.display import Display, state_of
from sim_core.ocpp201.external_limits import LimitNotices
from sim_core.ocpp201.faulted_sessions import FaultedSessions
from sim_core.ocpp201.firmware import Firmware
from sim_core.ocpp201.local_list import LocalListMessages
from sim_core.ocpp201.logs import LOG, Logs
from sim_core.ocpp201.monitoring import Monitoring
from sim_core.ocpp201.network_profiles import NetworkProfiles
from sim_core.ocpp201.own_certificate import OwnCertificate
from sim_core.ocpp201.promises import KEPT_AFTER_THE_ANSWER, REFUSED
from sim_core.ocpp201.registration import Registrar
from sim_core.ocpp201.remote_control import RemoteControl
from sim_core.ocpp201.reports import Reports
from sim_core.ocpp201.reservation import ReservationMessages
from sim_core.ocpp201.resets import Resets
from sim_core.ocpp201.smart_charging import SmartCharging
from sim_core.ocpp201.tokens import TokenTypes
from sim_core.ocpp201.transaction_answers import TransactionAnswers
from sim_core.ocpp201.transactions import TransactionEvents
from sim_core.ocpp201.triggers import Said, Triggers
from sim_core.ocpp201.variable_effects import VariableEffects
from sim_core.ocpp201.variable_messages import VariableMessages
from sim_core.ocpp201.variables import Component
from sim_core.snapshot import Registration
from sim_core.store.interface import Store
from sim_core.wire.kept_first import KeptFirst
from sim_core.wire.outbox import Outbox
from sim_core.wire.routes import Routes
from sim_core.wire.routing import ProfileRoutes


class FunctionalBlocks:
    """See the module."""

    __slots__ = (
        "_adapter",
        "_answers",
        "_charger",
        "_firmware",
        "_logs",
        "_model",
        "_more",
        "_outbox",
        "_own_certificate",
        "_registrar",
        "_resets",
        "_smart_charging",
        "_store",
        "_tokens",
        "_variables",
        "display",
        "limit_notices",
        "monitoring",
        "reservations",
    )

    def __init__(
        self,
        charger: Charger,
        store: Store,
        model: DeviceModel,
        adapter: Adapter,
        registrar: Registrar,
        outbox: Outbox,
        tokens: TokenTypes,
        answers: TransactionAnswers,
        effects: VariableEffects,
        witness: Witness,
        certificates: Certificates,
        own_certificate: OwnCertificate,
        profiles: NetworkProfiles,
        on_change: Callable[[], None],
    ) -> None:
        environment, connectors = charger.environment, charger.connectors
        events, statuses = adapter.transactions, adapter.statuses
        self._charger = charger
        self._store = store
        self._model = model
        self._adapter = adapter
        self._registrar = registrar
        self._outbox = outbox
        self._tokens = tokens
        self._answers = answers
        self._own_certificate = own_certificate
        self._variables = VariableMessages(
            model, store, environment.note, objection=effects.objection, changed=effects.was_set
        )
        self._resets = resets = Resets(
            environment,
            connectors,
            charger.condition,
            charger.lifecycle,
            charger.transactions,
            charger.looking.changed,
            adapter.boot_because,
        )
        adapter.also(Looked, lambda _: resets.look())
        faulted = FaultedSessions(environment, connectors, charger.transactions)
        adapter.also(FaultRaised, faulted.raised)
        self._smart_charging = SmartCharging(
            charger.limits,
            charger.profiles,
            connectors,
            charger.policy,
            environment,
            store.documents,
            model,
            events,
            outbox,
            charger.external,
            powers_changed=charger.limits.tell,
        )
        self.limit_notices = limit_notices = LimitNotices(
            charger.external, model, outbox, online=lambda: adapter.online
        )
        adapter.also(LimitedByOthers, lambda _: limit_notices.tell())
        self.reservations = ReservationMessages(
            charger.reservations,
            connectors,
            model,
            tokens,
            changed=charger.looking.reservations_changed,
            say=adapter.say,
        )
        adapter.also(ReservationEnded, self.reservations.ended)
        self._logs = Logs(
            environment,
            store.security_log,
            charger.uploads[LOG],
            witness,
            say=adapter.say,
            say_triggered=adapter.say_triggered,
        )
        adapter.also(UploadStepped, self._logs.stepped)
        self._firmware = Firmware(
            environment,
            charger.updates,
            charger.security,
            certificates,
            model,
            say=adapter.say,
            say_triggered=adapter.say_triggered,
            boot_because=adapter.boot_because,
        )
        adapter.also(UpdateStepped, self._firmware.stepped)
        self.monitoring = monitoring = Monitoring(
            environment,
            model,
            store,
            outbox,
            connectors,
            running=lambda component: _transaction_of(events, component),
        )
        statuses.next_event_id = monitoring.next_event_id
        adapter.also(Looked, lambda _: monitoring.look())
        adapter.also(LookedAtWhole, lambda _: monitoring.look())
        self.display = display = Display(
            environment,
            model,
            store.documents,
            outbox,
            state=lambda: state_of(charger.condition, bool(events.running())),
            transactions=lambda: set(_ids(events, events.running())),
            on_change=on_change,
        )
        adapter.also(TransactionEnded, lambda _: display.look())
        self._more = (
            certificates,
            own_certificate,
            profiles,
            self.reservations,
            monitoring,
            display,
            adapter.screen,
        )

    def start(self) -> None:
        """The charger lives: watch, and show."""
        self.monitoring.start()
        self.display.start()

    def close(self) -> None:
        """Nothing is watched any more."""
        self.monitoring.close()
        self.display.close()

    def routes(self) -> Routes:
        """The way to all of them; those that have no state are made for it."""
        charger, store, model, tokens = self._charger, self._store, self._model, self._tokens
        environment, connectors, outbox = charger.environment, charger.connectors, self._outbox
        routes = ProfileRoutes(
            [
                self._variables,
                Reports(environment, model, outbox),
                self._resets,
                self._remote_control(),
                self._triggers(),
                AvailabilityMessages(
                    connectors,
                    charger.condition,
                    charger.availability,
                    store.documents,
                    self._adapter.statuses.say,
                ),
                CacheMessages(store.tokens, model, environment.note),
                LocalListMessages(charger.token_list, store.documents, tokens, environment.note),
                self._smart_charging,
                self._logs,
                self._firmware,
                CustomerInformation(environment, store.tokens, store.journal, outbox, tokens),
                DataTransfer(charger.config.model.identity.vendor),
                *self._more,
            ]
        )
        return KeptFirst(
            routes, store, environment.note, refused=REFUSED, kept_after=KEPT_AFTER_THE_ANSWER
        )

    def _remote_control(self) -> RemoteControl:
        charger, model, registrar = self._charger, self._model, self._registrar
        return RemoteControl(
            charger.environment,
            charger.connectors,
            charger.cards,
            charger.transactions,
            charger.locks,
            charger.reservations,
            self._adapter.transactions,
            self._tokens,
            self._store.journal,
            offered=self._smart_charging.offered,
            takes_profiles=lambda: model.flag("SmartChargingCtrlr", "Enabled"),
            accepted=lambda: registrar.registration is Registration.ACCEPTED,
            drop=self._answers.drop,
        )

    def _triggers(self) -> Triggers:
        connectors, policy = self._charger.connectors, self._charger.policy
        registrar, events = self._registrar, self._adapter.transactions
        ask_to_sign = self._own_certificate.ask

        def each(act: Callable[[int], None]) -> Callable[[int | None], None]:
            def of(evse_id: int | None) -> None:
                for number in connectors if evse_id is None else [evse_id]:
                    act(number)

            return of

        def running(evse_id: int | None) -> list[int]:
            return [number for number in events.running() if evse_id in (None, number)]

        def transaction_events(evse_id: int | None) -> None:
            for number in running(evse_id):
                events.trigger(number, policy.items(Setting.SAMPLED))

        def no_transaction(evse_id: int | None) -> str:
            return "" if running(evse_id) else "no transaction runs there"

        def booted(_: int | None) -> str:
            accepted = registrar.registration is Registration.ACCEPTED
            return "BootNotification is Accepted already" if accepted else ""

        return Triggers(
            {
                "BootNotification": Said(lambda _: registrar.boot_now(), booted, needs_evse=False),
                "Heartbeat": Said(lambda _: registrar.heartbeat_now(), needs_evse=False),
                "StatusNotification": Said(each(self._adapter.statuses.say)),
                "MeterValues": Said(events.meter_values),
                "SignChargingStationCertificate": Said(lambda _: ask_to_sign(), needs_evse=False),
                "LogStatusNotification": Said(self._logs.trigger, needs_evse=False),
                "FirmwareStatusNotification": Said(self._firmware.trigger, needs_evse=False),
                "TransactionEvent": Said(transaction_events, no_transaction),
            },
            connectors,
        )


def _transaction_of(events: TransactionEvents, component: Component) -> str | None:
    """The transaction that a component is part of; of the station any that runs."""
    numbers = events.running() if component.evse is None else [component.evse]
    return next(_ids(events, numbers), None)


def _ids(events: TransactionEvents, numbers: Iterable[int]) -> Iterator[str]:
    """The transactions that are open at these EVSEs."""
    return (opened.id for number in numbers if (opened := events.open_on(number)) is not None)
