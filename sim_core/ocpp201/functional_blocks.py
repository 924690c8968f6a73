"""Where the messages go that a CSMS may send: the handlers of the functional blocks of a station.

OCPP 2.0.1, Part 2: a module a block. What has no handler here is NotSupported.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim_core.charging.charger import Charger
from sim_core.charging.policy import Setting
from sim_core.ocpp201.adapter import Adapter
from sim_core.ocpp201.availability import AvailabilityMessages
from sim_core.ocpp201.cards import CacheMessages
from sim_core.ocpp201.customer_information import CustomerInformation
from sim_core.ocpp201.data_transfer import DataTransfer
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.firmware import Firmware
from sim_core.ocpp201.local_list import LocalListMessages
from sim_core.ocpp201.logs import Logs
from sim_core.ocpp201.promises import KEPT_AFTER_THE_ANSWER, REFUSED
from sim_core.ocpp201.registration import Registrar
from sim_core.ocpp201.remote_control import RemoteControl
from sim_core.ocpp201.reports import Reports
from sim_core.ocpp201.resets import Resets
from sim_core.ocpp201.smart_charging import SmartCharging
from sim_core.ocpp201.tokens import TokenTypes
from sim_core.ocpp201.transaction_answers import TransactionAnswers
from sim_core.ocpp201.triggers import Said, Triggers
from sim_core.ocpp201.variable_messages import VariableMessages
from sim_core.snapshot import Registration
from sim_core.store.interface import Store
from sim_core.wire.kept_first import KeptFirst
from sim_core.wire.outbox import Outbox
from sim_core.wire.routes import Routes
from sim_core.wire.routing import ProfileRoutes


def routes_of(
    charger: Charger,
    store: Store,
    model: DeviceModel,
    adapter: Adapter,
    registrar: Registrar,
    outbox: Outbox,
    tokens: TokenTypes,
    variables: VariableMessages,
    resets: Resets,
    answers: TransactionAnswers,
    smart_charging: SmartCharging,
    logs: Logs,
    firmware: Firmware,
    ask_to_sign: Callable[[], None],
    more: Sequence[object],
) -> Routes:
    """The routes of a station that is made of these parts; `ask_to_sign` asks for a certificate of
    its own, `more` are blocks that it has, too."""
    environment, connectors, policy = charger.environment, charger.connectors, charger.policy
    events, statuses = adapter.transactions, adapter.statuses

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

    triggers = Triggers(
        {
            "BootNotification": Said(lambda _: registrar.boot_now(), booted, needs_evse=False),
            "Heartbeat": Said(lambda _: registrar.heartbeat_now(), needs_evse=False),
            "StatusNotification": Said(each(statuses.say)),
            "MeterValues": Said(events.meter_values),
            "SignChargingStationCertificate": Said(lambda _: ask_to_sign(), needs_evse=False),
            "LogStatusNotification": Said(logs.trigger, needs_evse=False),
            "FirmwareStatusNotification": Said(firmware.trigger, needs_evse=False),
            "TransactionEvent": Said(transaction_events, no_transaction),
        },
        connectors,
    )
    remote_control = RemoteControl(
        environment,
        connectors,
        charger.cards,
        charger.transactions,
        charger.locks,
        charger.reservations,
        events,
        tokens,
        store.journal,
        offered=smart_charging.offered,
        takes_profiles=lambda: model.flag("SmartChargingCtrlr", "Enabled"),
        accepted=lambda: registrar.registration is Registration.ACCEPTED,
        drop=answers.drop,
    )
    routes = ProfileRoutes(
        [
            variables,
            Reports(environment, model, outbox),
            resets,
            remote_control,
            triggers,
            AvailabilityMessages(
                connectors, charger.condition, charger.availability, store.documents, statuses.say
            ),
            CacheMessages(store.tokens, model, environment.note),
            LocalListMessages(charger.token_list, store.documents, tokens, environment.note),
            smart_charging,
            logs,
            firmware,
            CustomerInformation(environment, store.tokens, store.journal, outbox, tokens),
            DataTransfer(charger.config.model.identity.vendor),
            *more,
        ]
    )
    return KeptFirst(
        routes, store, environment.note, refused=REFUSED, kept_after=KEPT_AFTER_THE_ANSWER
    )
