"""A charge point that speaks OCPP 2.0.1: the charger, and what speaks for it, put together.

Nothing else is decided here. What a charger does is in `charging`; the rooms beside this one each
hold one subject of 2.0.1. Here are those that a transaction cannot do without, and what becomes of
a link; all others stand in `functional_blocks`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sim_core.charging.charger import Charger
from sim_core.charging.codes import Codes
from sim_core.charging.config import ChargePointConfig
from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import Looked, Sample
from sim_core.charging.environment import Environment
from sim_core.charging.facts import Facts, charging_state
from sim_core.charging.signing_meters import NOBODY
from sim_core.charging.starting import drop_authorization
from sim_core.charging.vocabulary import Cause, Context
from sim_core.commands import Outcome
from sim_core.events import Event
from sim_core.evidence import Witness
from sim_core.files.transfer import LIMIT_S, Transfers
from sim_core.hardware.model import Identity
from sim_core.ocpp201.access import BY_CERTIFICATE, OVER_TLS, Credentials
from sim_core.ocpp201.adapter import Adapter
from sim_core.ocpp201.attempts import retry_policy
from sim_core.ocpp201.back_off import BackOff
from sim_core.ocpp201.catalogue import catalogue_of
from sim_core.ocpp201.certificates import Certificates
from sim_core.ocpp201.charging_profiles import RULES
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.dialect import OCPP_201
from sim_core.ocpp201.driver_screen import DriverScreen
from sim_core.ocpp201.functional_blocks import FunctionalBlocks
from sim_core.ocpp201.live_values import LiveValues
from sim_core.ocpp201.network_profiles import NetworkProfiles
from sim_core.ocpp201.own_certificate import OwnCertificate
from sim_core.ocpp201.policy import VariablePolicy
from sim_core.ocpp201.registration import Registrar
from sim_core.ocpp201.retelling import Retelling
from sim_core.ocpp201.security_events import payload_of
from sim_core.ocpp201.setting_rows import setting_rows, told_variables
from sim_core.ocpp201.spelling import EVENT, Spelling
from sim_core.ocpp201.status import connector_status, shown_state, whole_status
from sim_core.ocpp201.status_reports import StatusReports
from sim_core.ocpp201.tokens import TokenTypes
from sim_core.ocpp201.transaction_answers import AnswersToCome, TransactionAnswers
from sim_core.ocpp201.transactions import TransactionEvents
from sim_core.ocpp201.variable_effects import VariableEffects
from sim_core.runtime.clock import Clock, GuardedClock
from sim_core.runtime.random_numbers import RandomNumbers
from sim_core.runtime.tasks import Tasks
from sim_core.security_mail import SecurityMail
from sim_core.setting_changes import SettingChanges
from sim_core.snapshot import ConnectorState, Registration, SettingSnapshot
from sim_core.store.interface import Store
from sim_core.wire.access import NOTHING_SET, Access
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.outbox import Outbox
from sim_core.wire.refusals import Heard
from sim_core.wire.routes import Refusal, Route, Routes
from sim_core.wire.speaker import Speaker
from sim_core.wire.wire_format import CLEAN

UNKNOWN = "Unknown"
"""BootReasonEnumType of a BootNotification without a boot."""


def _while_rejected(**_: object) -> Refusal:
    return Refusal("SecurityError", "BootNotification was answered Rejected: accept it first")


REJECTED = Route(_while_rejected, validate=False)


class ChargePoint:
    """See the module. Made on the loop that it lives on."""

    __slots__ = (
        "_blocks",
        "_certificates",
        "_effects",
        "_identity",
        "_own_certificate",
        "_profiles",
        "_routes",
        "adapter",
        "charger",
        "environment",
        "heard",
        "link_settled",
        "model",
        "on_change",
        "outbox",
        "pauses",
        "ping_interval_changed",
        "registrar",
        "security",
        "setting_changes",
        "speaker",
        "spelling",
        "store",
        "tokens",
        "warn",
        "witness",
    )

    def __init__(
        self,
        config: ChargePointConfig,
        *,
        clock: Clock,
        store: Store,
        rng: RandomNumbers,
        on_event: Callable[[Event], None],
        on_change: Callable[[], None],
        access: Access = NOTHING_SET,
    ) -> None:
        """Raises ValueError with a sentence when an initial variable is not allowed."""
        self.store = store
        self.on_change = on_change
        self._routes: Routes | None = None
        self.link_settled: Callable[[], None] = lambda: None
        """Something new got through to the CSMS; the station sets it."""
        self.ping_interval_changed: Callable[[], None] = lambda: None
        self.heard: Callable[[Heard], None] = lambda _: None
        """Called with what came of each call; the station sets it."""
        self.warn: Callable[[str, str], None] = lambda *_: None
        """Shows the viewers a standing warning; the station sets it."""
        model = config.model
        self._identity = model.identity
        tasks = Tasks(store.explained)
        guarded = GuardedClock(clock, tasks.fail)

        def note(kind: str, text: str, connector_id: int | None = None) -> None:
            on_event(Event(environment.now(), kind, text, connector_id))

        self.environment = environment = Environment(
            guarded, tasks, rng, config.timing, note, called=OCPP_201.called
        )
        self.setting_changes = SettingChanges(environment.now, on_change)
        self.model = DeviceModel(
            catalogue_of(model, config.connectors, config.initial_keys),
            stored=store.configuration.all(),
            save=store.configuration.save,
            on_change=lambda address: self._effects.changed(address),
            changes=self.setting_changes,
        )
        self._profiles = NetworkProfiles(self.model, store.documents, note, access.profile)
        self._certificates = Certificates(environment, store.documents, self.model)
        self._own_certificate = OwnCertificate(
            environment,
            store.documents,
            self.model,
            call=lambda action, payload: self.outbox.call(action, payload),
            common_name=lambda: self.identity().serial_number or config.charge_point_id,
            note=lambda kind, why: self.charger.security.note(kind, why),
            reconnect=self._certificate_signed,
        )
        self._certificates.own = lambda: (self._own_certificate.pair or ("",))[0]
        self.security = Credentials(
            self.model,
            access,
            self._profiles,
            self._certificates,
            self._own_certificate,
            config.charge_point_id,
            self._reconnect,
        )
        self.pauses = BackOff(self.model, rng, config.time_scale)
        """How long the link rests between two attempts."""
        policy = VariablePolicy(self.model)
        codes = Codes(store.documents)
        self.tokens = TokenTypes(
            codes,
            store.documents,
            lambda text: (
                text == config.default_id_tag and not self.model.flag("AuthCtrlr", "Enabled")
            ),
        )
        self.spelling = Spelling(
            lambda: self.adapter.transactions.link,
            Retelling(
                store.journal.first(store.journal.depth),
                store.documents,
                model.metering,
                self.tokens,
            ),
        )
        store.journal.set_aside(self.spelling.is_foreign)
        answers = AnswersToCome()
        self.outbox = Outbox(
            store,
            guarded,
            OCPP_201,
            self.spelling,
            answers,
            policy=partial(retry_policy, self.model),
            on_change=on_change,
            heard=lambda heard: self.heard(heard),
            style=CLEAN,
            rng=rng,
        )
        self.registrar = Registrar(
            environment,
            self.model,
            self.outbox,
            identity=self.identity,
            set_clock=self._set_clock,
            met=self._met,
            accepted=self._accepted,
            link_settled=lambda: self.link_settled(),
            on_change=on_change,
            warped=config.time_scale != 1,
        )
        self.adapter = adapter = Adapter(
            environment, self.model, policy, self.outbox, self.registrar, self.tokens
        )
        self.charger = charger = Charger(
            config,
            environment,
            store,
            policy,
            adapter,
            Transfers(guarded, tls=access.file_tls, limit_s=LIMIT_S * config.time_scale),
            codes=codes,
            rules=RULES,
            on_change=on_change,
        )
        adapter.connectors = charger.connectors
        adapter.rebooted = self._profiles.start_anew
        adapter.statuses = StatusReports(
            environment,
            charger.connectors,
            self.outbox,
            self.model,
            by_events=model.behaviour.status_by_events,
        )
        adapter.transactions = TransactionEvents(
            environment,
            charger.connectors,
            charger.condition,
            store,
            self.outbox,
            self.model,
            self.tokens,
            model.metering,
            online=lambda: adapter.online,
            sample=self._sample,
            public_key=self._public_key,
            use_reservation=lambda connector: self._blocks.reservations.use(connector),
            spelling=self.spelling,
        )
        adapter.screen = DriverScreen(
            self.model,
            charger.connectors,
            adapter.transactions,
            note,
            online=lambda: adapter.online,
            on_change=on_change,
        )
        adapter.also(Looked, adapter.screen.look)
        adapter.security = SecurityMail(environment, store, self.outbox, payload_of)
        charger.security.tells = lambda: True
        self.witness = Witness(
            config.charge_point_id,
            environment,
            charger.connectors,
            charger.condition,
            store.journal,
            identity=self.identity,
            registration=lambda: self.registrar.registration,
            configuration=partial(told_variables, self.model),
            status=lambda facts: connector_status(facts).value,
            row_name=self.row_name,
        )
        if charger.readings.signing is not None:
            charger.readings.signing.ident = self._ident
        self.model.told = LiveValues(
            charger,
            store,
            identity=self.identity,
            security_profile=lambda: self.security.profile,
        ).told
        answers.reader = TransactionAnswers(
            charger.connectors,
            charger.verdicts,
            charger.authorizer,
            self.spelling,
            self.tokens,
            adapter.screen,
            note,
            drop=self._drop,
            with_life=adapter.with_life,
            link_settled=lambda: self.link_settled(),
            on_change=on_change,
        )
        self._effects = VariableEffects(
            self.model,
            charger,
            self.registrar,
            self.security,
            ping_interval_changed=lambda: self.ping_interval_changed(),
        )
        self._blocks = FunctionalBlocks(
            charger,
            store,
            self.model,
            adapter,
            self.registrar,
            self.outbox,
            self.tokens,
            answers.reader,
            self._effects,
            self.witness,
            self._certificates,
            self._own_certificate,
            self._profiles,
            on_change,
        )
        self.speaker = Speaker(
            OCPP_201,
            self,
            self.session,
            self.registrar.may_answer,
            ended=lambda: self.adapter.statuses.link_lost(),
        )
        """Who speaks 2.0.1 on a link."""
        charger.start()
        adapter.transactions.power_lost()
        self._blocks.start()

    def get(self, action: str, /) -> Route | None:
        """Where a message goes that a CSMS sends. Made when the first one comes. While it has
        Rejected the station, it may ask nothing (B03.FR.08)."""
        if self.registrar.registration is Registration.REJECTED:
            return REJECTED
        if self._routes is None:
            self._routes = self._blocks.routes()
        return self._routes.get(action)

    # -- its life ----------------------------------------------------

    def session(self, endpoint: Endpoint) -> tuple[Coroutine[Any, Any, None], ...]:
        """What the charge point does on one connection; it ends by being cancelled."""
        endpoint.answering.on_fault = self.environment.tasks.fail
        if self.security.profile == BY_CERTIFICATE:
            self._own_certificate.connected()
        if self.security.profile >= OVER_TLS:
            self._certificates.connected()
        if self._profiles.connected() and self.adapter.accepts:
            self._boot_again()
        boots = not self.adapter.accepts
        self.adapter.transactions.link = uuid.uuid4().hex
        return self.outbox.run(endpoint), self.registrar.session(boots)

    async def close(self) -> None:
        """End everything that was spawned."""
        self._blocks.close()
        self._own_certificate.close()
        await self.charger.close()

    def written_again(self) -> None:
        """The disk has taken everything that it was owed: what waited for that goes out."""
        self.adapter.security.tell()
        self.outbox.wake()

    def frames_pass_again(self) -> None:
        """The operator has ended the silence: say what the CSMS has not heard."""
        if self.outbox.registered:
            self.adapter.statuses.say_after_outage()
            self._blocks.limit_notices.tell()

    def ping_interval_s(self) -> float:
        """How often the link is tried with a ping (Part 4, §5.4); 0: never."""
        return self.model.number("OCPPCommCtrlr", "WebSocketPingInterval")

    def configure(self, name: str, value: str) -> Outcome:
        """Somebody at the charge point sets a variable, by the rules of SetVariables (B05)."""
        return self._effects.configure(name, value)

    # -- how it looks, in the words of 2.0.1 -------------------------

    def settings(self) -> tuple[SettingSnapshot, ...]:
        """The device model as rows."""
        return setting_rows(self.model, self.setting_changes)

    def connector_word(self, facts: Facts) -> tuple[ConnectorState, str]:
        """The state of an EVSE, and the status of its connector."""
        return shown_state(facts, charging_state(facts)), connector_status(facts).value

    def whole_word(self) -> str:
        """ChargingStation.AvailabilityState."""
        condition = self.charger.condition
        return whole_status(usable=condition.usable, broken=condition.fault is not None).value

    def screen(self) -> tuple[str, ...]:
        """What the station's screen shows of the CSMS's messages (block O)."""
        return self._blocks.display.shown()

    def screen_at(self, number: int) -> tuple[str, ...]:
        """What the driver at an EVSE reads (block I)."""
        return self.adapter.screen.shown(number)

    def row_name(self, kind: str) -> str:
        """The action of a row of the journal."""
        return EVENT

    def identity(self) -> Identity:
        """Who it is, with the firmware that runs now."""
        version = self.charger.updates.version
        if version == self._identity.firmware_version:
            return self._identity
        return replace(self._identity, firmware_version=version)

    # -- what comes from the CSMS ------------------------------------

    def _accepted(self, booted: bool) -> None:
        """Everything may pass now (B01.FR.08)."""
        self.outbox.registered = True
        statuses = self.adapter.statuses
        if booted:
            statuses.say_after_boot()
        else:
            statuses.say_after_outage()
        self.charger.accepted()
        self._blocks.limit_notices.tell(anew=booted)
        self.adapter.security.tell()
        self._blocks.monitoring.send()
        if self.security.profile == BY_CERTIFICATE:
            self._own_certificate.look()
        self.outbox.wake()
        self.on_change()

    def _set_clock(self, by: timedelta) -> None:
        self.charger.shift_clock(by)

    def _reconnect(self) -> None:
        self._boot_again()
        self.adapter.hang_up(0.0)

    def _boot_again(self) -> None:
        """It registers anew, though it has not booted: by another network profile (B10.FR.10), or
        with another password (A01.FR.02)."""
        self.adapter.forget()
        self.registrar.reason = UNKNOWN

    def _certificate_signed(self) -> None:
        """It is shown at once where it is what lets the station in."""
        if self.security.profile == BY_CERTIFICATE:
            self.adapter.hang_up(0.0)

    def _met(self) -> None:
        if self._profiles.met():
            self.charger.security.note("ReconfigurationOfSecurityParameters", "SecurityProfile")

    # -- what a transaction needs to know ----------------------------

    def _sample(
        self, connector: Connector, at: datetime, context: Context, measurands: tuple[str, ...]
    ) -> Sample:
        self.charger.power.advance()
        return self.charger.readings.sample(connector, at, context, measurands)

    def _public_key(self, number: int) -> str:
        signing = self.charger.readings.signing
        return "" if signing is None else signing.public_key(number)

    def _ident(self, number: int) -> tuple[str, str]:
        """Whose transaction runs at an EVSE, as a signed reading names it."""
        card = self.adapter.card_of(number)
        return NOBODY if card is None else self.tokens.ident(card)

    def _drop(self, connector: Connector, cause: Cause) -> None:
        drop_authorization(connector, cause, self.adapter)
        self.charger.looking.changed(connector, cause)
