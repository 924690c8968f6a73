"""A charge point that speaks OCPP 2.0.1: the charger, and what speaks for it, put together.

Nothing else is decided here. What a charger does is in `charging`; the rooms beside this one each
hold one subject of 2.0.1, a module a functional block.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sim_core.charging.charger import Charger
from sim_core.charging.codes import Codes
from sim_core.charging.config import ChargePointConfig
from sim_core.charging.connector import Connector
from sim_core.charging.domain_events import (
    FaultRaised,
    LimitedByOthers,
    Looked,
    LookedAtWhole,
    ReservationEnded,
    Sample,
    TransactionEnded,
    UpdateStepped,
    UploadStepped,
)
from sim_core.charging.environment import Environment
from sim_core.charging.facts import Facts, charging_state
from sim_core.charging.signing_meters import NOBODY
from sim_core.charging.starting import drop_authorization
from sim_core.charging.update_record import INSTALL_REBOOTING, INSTALLATION_FAILED
from sim_core.charging.vocabulary import Cause, Context, ReservationEnd, StopReason
from sim_core.commands import Accepted, Outcome, Refused
from sim_core.events import Event
from sim_core.evidence import Witness
from sim_core.files.transfer import LIMIT_S, Transfers
from sim_core.hardware.model import Identity
from sim_core.ocpp201.access import BY_CERTIFICATE, OVER_TLS, PASSWORD, Credentials
from sim_core.ocpp201.adapter import Adapter
from sim_core.ocpp201.back_off import BackOff
from sim_core.ocpp201.catalogue import catalogue_of
from sim_core.ocpp201.certificates import Certificates
from sim_core.ocpp201.charging_profiles import RULES
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.ocpp201.dialect import OCPP_201
from sim_core.ocpp201.display import CHARGING, FAULTED, IDLE, UNAVAILABLE, Display
from sim_core.ocpp201.driver_screen import DriverScreen
from sim_core.ocpp201.external_limits import LimitNotices
from sim_core.ocpp201.firmware import Firmware
from sim_core.ocpp201.functional_blocks import routes_of
from sim_core.ocpp201.live_values import LiveValues
from sim_core.ocpp201.logs import LOG, Logs
from sim_core.ocpp201.monitoring import Monitoring
from sim_core.ocpp201.network_profiles import COMPONENT, PRIORITY, NetworkProfiles
from sim_core.ocpp201.own_certificate import OwnCertificate
from sim_core.ocpp201.policy import VariablePolicy
from sim_core.ocpp201.registration import Registrar
from sim_core.ocpp201.reservation import ReservationMessages
from sim_core.ocpp201.resets import Resets
from sim_core.ocpp201.retelling import Retelling
from sim_core.ocpp201.security_events import payload_of
from sim_core.ocpp201.setting_rows import setting_rows
from sim_core.ocpp201.smart_charging import SmartCharging
from sim_core.ocpp201.spelling import EVENT, Spelling
from sim_core.ocpp201.status import connector_status, shown_state, whole_status
from sim_core.ocpp201.status_reports import StatusReports
from sim_core.ocpp201.tokens import IDENTS, UNNAMED, TokenTypes
from sim_core.ocpp201.transaction_answers import TransactionAnswers
from sim_core.ocpp201.transaction_points import why_never_begun
from sim_core.ocpp201.transactions import TransactionEvents
from sim_core.ocpp201.variable_messages import VariableMessages
from sim_core.ocpp201.variables import Access as Mutability
from sim_core.ocpp201.variables import Address, Component
from sim_core.redaction import one_line
from sim_core.runtime.clock import Clock, GuardedClock
from sim_core.runtime.random_numbers import RandomNumbers
from sim_core.runtime.tasks import Tasks
from sim_core.security_mail import SecurityMail
from sim_core.setting_changes import SettingChanges
from sim_core.snapshot import ChangedBy, ConnectorState, Registration, SettingSnapshot
from sim_core.store.interface import Store
from sim_core.store.records import JournalRow
from sim_core.wire.access import NOTHING_SET, Access
from sim_core.wire.answers import Payload
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.outbox import Outbox
from sim_core.wire.refusals import Heard
from sim_core.wire.routes import Refusal, Route, Routes
from sim_core.wire.speaker import Speaker
from sim_core.wire.trial import RetryPolicy
from sim_core.wire.wire_format import CLEAN

FIRMWARE_UPDATE = "FirmwareUpdate"
"""BootReasonEnumType of what follows an installation."""
UNKNOWN = "Unknown"
"""The same of a BootNotification without a boot."""
REBOOT_FOLLOWS = frozenset({INSTALL_REBOOTING, INSTALLATION_FAILED})


def _while_rejected(**_: object) -> Refusal:
    return Refusal("SecurityError", "BootNotification was answered Rejected: accept it first")


REJECTED = Route(_while_rejected, validate=False)
LONGEST_ADDRESS = 100
"""Characters of what is said again of a variable that is not there."""


class ChargePoint:
    """See the module. Made on the loop that it lives on."""

    __slots__ = (
        "_answers",
        "_certificates",
        "_display",
        "_firmware",
        "_identity",
        "_limit_notices",
        "_logs",
        "_monitoring",
        "_own_certificate",
        "_profiles",
        "_reservations",
        "_resets",
        "_routes",
        "_smart_charging",
        "_variables",
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
            on_change=self._variable_changed,
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
        self.outbox = Outbox(
            store,
            guarded,
            OCPP_201,
            self.spelling,
            _Rows(self),
            policy=self._retry_policy,
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
            use_reservation=self._use_reservation,
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
            configuration=self._told_variables,
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
        self._answers = TransactionAnswers(
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
        self._variables = VariableMessages(
            self.model, store, note, objection=self._objection, changed=self._was_set
        )
        self._resets = Resets(
            environment,
            charger.connectors,
            charger.condition,
            charger.lifecycle,
            charger.transactions,
            charger.looking.changed,
            self._boots_because,
        )
        adapter.also(Looked, lambda _: self._resets.look())
        adapter.also(FaultRaised, self._fault_raised)
        self._smart_charging = SmartCharging(
            charger.limits,
            charger.profiles,
            charger.connectors,
            policy,
            environment,
            store.documents,
            self.model,
            adapter.transactions,
            self.outbox,
            charger.external,
            powers_changed=charger.limits.tell,
        )
        self._limit_notices = LimitNotices(
            charger.external, self.model, self.outbox, online=lambda: adapter.online
        )
        adapter.also(LimitedByOthers, lambda _: self._limit_notices.tell())
        self._reservations = ReservationMessages(
            charger.reservations,
            charger.connectors,
            self.model,
            self.tokens,
            changed=charger.looking.reservations_changed,
            say=adapter.say,
        )
        adapter.also(ReservationEnded, self._reservations.ended)
        self._logs = Logs(
            environment,
            store.security_log,
            charger.uploads[LOG],
            self.witness,
            say=adapter.say,
            say_triggered=adapter.say_triggered,
        )
        adapter.also(UploadStepped, self._logs.stepped)
        self._firmware = Firmware(
            environment,
            charger.updates,
            charger.security,
            self._certificates,
            self.model,
            say=adapter.say,
            say_triggered=adapter.say_triggered,
        )
        adapter.also(UpdateStepped, self._firmware_stepped)
        self._monitoring = Monitoring(
            environment,
            self.model,
            store,
            self.outbox,
            charger.connectors,
            running=self._transaction_of,
        )
        adapter.statuses.next_event_id = self._monitoring.next_event_id
        adapter.also(Looked, lambda _: self._monitoring.look())
        adapter.also(LookedAtWhole, lambda _: self._monitoring.look())
        self._display = Display(
            environment,
            self.model,
            store.documents,
            self.outbox,
            state=self._display_state,
            transactions=self._running_ids,
            on_change=on_change,
        )
        adapter.also(TransactionEnded, lambda _: self._display.look())
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
        self._monitoring.start()
        self._display.start()

    def get(self, action: str, /) -> Route | None:
        """Where a message goes that a CSMS sends. Made when the first one comes. While it has
        Rejected the station, it may ask nothing (B03.FR.08)."""
        if self.registrar.registration is Registration.REJECTED:
            return REJECTED
        if self._routes is None:
            self._routes = routes_of(
                self.charger,
                self.store,
                self.model,
                self.adapter,
                self.registrar,
                self.outbox,
                self.tokens,
                self._variables,
                self._resets,
                self._answers,
                self._smart_charging,
                self._logs,
                self._firmware,
                self._own_certificate.ask,
                (
                    self._certificates,
                    self._own_certificate,
                    self._profiles,
                    self._reservations,
                    self._monitoring,
                    self._display,
                    self.adapter.screen,
                ),
            )
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
        self._monitoring.close()
        self._display.close()
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
            self._limit_notices.tell()

    def ping_interval_s(self) -> float:
        """How often the link is tried with a ping (Part 4, §5.4); 0: never."""
        return self.model.number("OCPPCommCtrlr", "WebSocketPingInterval")

    def configure(self, name: str, value: str) -> Outcome:
        """Somebody at the charge point sets a variable, by the rules of SetVariables (B05)."""
        variable = self.model.named(name)
        if variable is None:
            return Refused(
                f"there is no variable {one_line(name[:LONGEST_ADDRESS])!r} here: say it as "
                "Component.Variable"
            )
        address = variable.address
        why = self.model.why_not(address, value) or self._objection(address, value)[1]
        if why:
            return Refused(why)
        at_once = self.model.set(address, value, ChangedBy.OPERATOR)
        when = "" if at_once else ", from the next reboot on"
        self.environment.note("configuration", f"{address} was set at the charge point{when}")
        self._was_set(address)
        return Accepted("" if at_once else "it counts after the next reboot")

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

    def row_name(self, kind: str) -> str:
        """The action of a row of the journal."""
        return EVENT

    def identity(self) -> Identity:
        """Who it is, with the firmware that runs now."""
        version = self.charger.updates.version
        if version == self._identity.firmware_version:
            return self._identity
        return replace(self._identity, firmware_version=version)

    def _told_variables(self) -> list[dict[str, object]]:
        return [
            {
                "key": str(variable.address),
                "readonly": variable.readonly,
                "value": self.model.value(variable.address),
            }
            for variable in self.model
            if variable.access is not Mutability.WRITE_ONLY
        ]

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
        self._limit_notices.tell(anew=booted)
        self.adapter.security.tell()
        self._monitoring.send()
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
        opened = self.adapter.transactions.open_on(number)
        if opened is None or opened.card is None:
            return NOBODY
        kind = self.tokens.of(opened.card)
        return IDENTS.get(kind, "UNDEFINED"), "" if kind in UNNAMED else opened.card

    def _use_reservation(self, connector: Connector) -> int | None:
        """A reservation is used up when its card is shown (H03.FR.01)."""
        card = connector.authorization
        reservations = self.charger.reservations
        used = reservations.used_by(connector, card) if card is not None else None
        if used is None:
            return None
        reservations.end(used, ReservationEnd.USED)
        reservations.settle()
        return used.reservation_id

    def _drop(self, connector: Connector, cause: Cause) -> None:
        drop_authorization(connector, cause, self.adapter)
        self.charger.looking.changed(connector, cause)

    def _fault_raised(self, event: FaultRaised) -> None:
        """What is broken gives no energy: the session ends, once whoever broke it is done."""
        connector = self.charger.connectors.get(event.connector_id)
        session = connector.transaction if connector is not None else None
        if connector is None or session is None:
            return

        async def end() -> None:
            if connector.transaction is session:
                reason, cause = StopReason.OTHER, Cause.FAULT
                self.charger.transactions.stop(connector, reason, cause=cause)

        self.environment.spawn(end())

    def _firmware_stepped(self, event: UpdateStepped) -> None:
        if event.status in REBOOT_FOLLOWS:
            self.adapter.next_boot = FIRMWARE_UPDATE
        self._firmware.stepped(event)

    def _boots_because(self, reason: str) -> None:
        self.adapter.next_boot = reason

    def _retry_policy(self) -> RetryPolicy:
        """E13: silence counts as any other failure."""
        return RetryPolicy(
            attempts=self.model.number("OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"),
            interval_s=self.model.number(
                "OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"
            ),
            counts_silence=True,
            samples_yield=False,
        )

    # -- transactions, and what shows --------------------------------

    def _transaction_of(self, component: Component) -> str | None:
        """The transaction that a component is part of; of the station any that runs."""
        events = self.adapter.transactions
        numbers = events.running() if component.evse is None else [component.evse]
        running = (events.open_on(number) for number in numbers)
        return next((opened.id for opened in running if opened is not None), None)

    def _running_ids(self) -> set[str]:
        events = self.adapter.transactions
        return {opened.id for number in events.running() if (opened := events.open_on(number))}

    def _display_state(self) -> str:
        """MessageStateEnumType of the station as a whole."""
        condition = self.charger.condition
        if condition.fault is not None:
            return FAULTED
        if not condition.usable:
            return UNAVAILABLE
        return CHARGING if self.adapter.transactions.running() else IDLE

    def screen(self) -> tuple[str, ...]:
        """What the station's screen shows of the CSMS's messages (block O)."""
        return self._display.shown()

    def screen_at(self, number: int) -> tuple[str, ...]:
        """What the driver at an EVSE reads (block I)."""
        return self.adapter.screen.shown(number)

    # -- variables ---------------------------------------------------

    def _objection(self, address: Address, value: str) -> tuple[str, str]:
        """What speaks against a value that depends on more than its variable."""
        if (address.component.name, address.variable.name) == (COMPONENT, PRIORITY):
            return self.security.why_not_order(value)
        return why_never_begun(self.model, address, value)

    def _was_set(self, address: Address) -> None:
        """A variable was set; where the CSMS has asked for it, the answer is on the wire."""
        self.charger.outsiders.heed()
        if (address.component.name, address.variable.name) == PASSWORD:
            self.charger.security.note("ReconfigurationOfSecurityParameters", "BasicAuthPassword")
            self.security.password_changed()

    def _variable_changed(self, address: Address) -> None:
        """A variable has a new value: those hear of it who cannot wait to be asked."""
        effects: dict[tuple[str, str], Callable[[], None]] = {
            ("OCPPCommCtrlr", "HeartbeatInterval"): self.registrar.interval_changed,
            ("OCPPCommCtrlr", "WebSocketPingInterval"): self.ping_interval_changed,
            ("SampledDataCtrlr", "TxUpdatedInterval"): self.charger.sampling.interval_changed,
            ("AlignedDataCtrlr", "Interval"): self.charger.sampling.clock_changed,
            ("LocalAuthListCtrlr", "Enabled"): self.charger.token_list.switched,
        }
        effects.get((address.component.name, address.variable.name), lambda: None)()


class _Rows:
    """What came of the journal's rows, for whoever is there once the outbox runs."""

    __slots__ = ("_charge_point",)

    def __init__(self, charge_point: ChargePoint) -> None:
        self._charge_point = charge_point

    def settled(self, row: JournalRow, answer: Payload) -> None:
        self._charge_point._answers.settled(row, answer)

    def half_settled(self, row: JournalRow, answer: Payload) -> None:
        self._charge_point._answers.half_settled(row, answer)

    def settled_twice(self, row: JournalRow, answer: Payload) -> None:
        self._charge_point._answers.settled_twice(row, answer)

    def given_up(self, row: JournalRow, why: str) -> None:
        self._charge_point._answers.given_up(row, why)
