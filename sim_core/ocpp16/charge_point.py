"""A charge point that speaks OCPP 1.6: the charger, and what speaks for it, put together.

Nothing else is decided here. What a charger does is in `charging`; the rooms beside this one each
hold one subject of 1.6: `registration`, `status_changes`, `transaction_messages`, `configuration`,
and the handlers of what a CSMS asks, a module a feature profile.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

from ocpp.v16.enums import ConfigurationStatus

from sim_core.charging.charger import Charger
from sim_core.charging.codes import Codes
from sim_core.charging.config import ChargePointConfig
from sim_core.charging.environment import Environment
from sim_core.charging.facts import Facts
from sim_core.commands import Accepted, Outcome, Refused
from sim_core.events import Event
from sim_core.evidence import Witness
from sim_core.files.transfer import LIMIT_S, Transfers
from sim_core.hardware.model import Identity
from sim_core.ocpp16 import refused_units
from sim_core.ocpp16.adapter import Adapter
from sim_core.ocpp16.charging_profile import RULES
from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.configuration_keys import LONGEST_NAME, keys_of, standard_keys
from sim_core.ocpp16.dialect import OCPP_16
from sim_core.ocpp16.feature_profiles import routes_of
from sim_core.ocpp16.firmware_management import DIAGNOSTICS, FirmwareManagement
from sim_core.ocpp16.fixed_answers import FixedAnswers
from sim_core.ocpp16.greeting import SECURITY, STATUS, Greeting, transfer_payload
from sim_core.ocpp16.habits import speech_of
from sim_core.ocpp16.key_changes import change_key
from sim_core.ocpp16.phrasing import phrased
from sim_core.ocpp16.policy import KeyPolicy
from sim_core.ocpp16.refused_starts import RefusedStarts
from sim_core.ocpp16.registration import Registrar
from sim_core.ocpp16.security import Security
from sim_core.ocpp16.security_log import LOG, SecurityMessages
from sim_core.ocpp16.setting_rows import setting_rows
from sim_core.ocpp16.smart_charging import SmartCharging
from sim_core.ocpp16.spelling import Spelling
from sim_core.ocpp16.status import STATES, connector_status, whole_status
from sim_core.ocpp16.status_changes import StatusChanges
from sim_core.ocpp16.status_reports import StatusReports
from sim_core.ocpp16.transaction_messages import TransactionMessages
from sim_core.redaction import one_line
from sim_core.runtime.clock import Clock, GuardedClock
from sim_core.runtime.random_numbers import RandomNumbers
from sim_core.runtime.tasks import Tasks
from sim_core.setting_changes import SettingChanges
from sim_core.snapshot import ChangedBy, ConnectorState, SettingSnapshot
from sim_core.store.interface import Store
from sim_core.store.records import JournalRow
from sim_core.wire.access import NOTHING_SET, Access
from sim_core.wire.answers import Error, NoAnswer, Payload
from sim_core.wire.endpoint import Endpoint
from sim_core.wire.outbox import Outbox
from sim_core.wire.pauses import Pauses
from sim_core.wire.refusals import Heard
from sim_core.wire.routes import Route, Routes
from sim_core.wire.speaker import Speaker
from sim_core.wire.trial import RetryPolicy


class ChargePoint:
    """See the module. Made on the loop that it lives on."""

    __slots__ = (
        "_anew",
        "_answers",
        "_boots_on_reconnect",
        "_greeting",
        "_identity",
        "_routes",
        "_transfers",
        "adapter",
        "charger",
        "configuration",
        "environment",
        "heard",
        "link_settled",
        "on_change",
        "outbox",
        "pauses",
        "ping_interval_changed",
        "registrar",
        "reports",
        "security",
        "setting_changes",
        "speaker",
        "speech",
        "spelling",
        "store",
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
        """Raises ValueError with a sentence when an initial configuration key is not allowed."""
        self.store = store
        self.on_change = on_change
        self._routes: Routes | None = None
        self.link_settled: Callable[[], None] = lambda: None
        """Something new got through to the CSMS; the station sets it."""
        self.ping_interval_changed: Callable[[], None] = lambda: None
        self.heard: Callable[[Heard], None] = lambda _: None
        """Called with what came of each call; the station sets it."""
        self.warn: Callable[[str, str], None] = lambda *_: None
        """Shows the viewers a standing warning: what it is about, and a sentence; an empty one ends
        the one about that."""
        model = config.model
        self._boots_on_reconnect = model.behaviour.boot_on_reconnect
        self._identity = model.identity
        self._answers = model.answers
        self._transfers = tuple(one for one in model.transfers if one.after)
        self.speech = speech = phrased(
            speech_of(config.quirks), model, config.timing, lambda: self.identity()
        )
        tasks = Tasks(store.explained)
        guarded = GuardedClock(clock, tasks.fail)

        def note(kind: str, text: str, connector_id: int | None = None) -> None:
            on_event(Event(environment.now(), kind, text, connector_id))

        self.environment = environment = Environment(guarded, tasks, rng, config.timing, note)
        self.setting_changes = SettingChanges(environment.now, on_change)
        self.configuration = Configuration(
            keys_of(model, standard_keys(config.connectors)),
            initial=config.initial_keys,
            own=config.own_keys,
            stored=store.configuration.all(),
            save=store.configuration.save,
            on_change=self._key_changed,
            changes=self.setting_changes,
        )
        self.pauses: Pauses | None = None
        """How long the link rests between two attempts is not OCPP 1.6's to say."""
        self.security = Security(
            self.configuration,
            access,
            store,
            reconnect=self._reconnect,
            note=note,
        )
        policy = KeyPolicy(self.configuration)
        repeated = speech.repeated_start
        self.spelling = Spelling(
            model.metering,
            refused_starts=RefusedStarts(repeated, store.documents, model.metering, policy)
            if repeated is not None
            else None,
        )
        store.journal.set_aside(self.spelling.is_foreign)
        self.outbox = Outbox(
            store,
            guarded,
            OCPP_16,
            self.spelling,
            _Rows(self),
            policy=self._retry_policy,
            on_change=on_change,
            heard=self._call_heard,
            style=speech.wire,
            rng=rng,
        )
        self.registrar = Registrar(
            environment,
            self.configuration,
            self.outbox,
            speech,
            identity=self.identity,
            set_clock=self._set_clock,
            met=self.security.connected,
            accepted=self._accepted,
            link_settled=self._link_settled,
            on_change=on_change,
            warped=config.time_scale != 1,
        )
        self.adapter = adapter = Adapter(
            environment,
            self.configuration,
            self.outbox,
            self.registrar,
            vendor=model.identity.vendor,
        )
        self.charger = Charger(
            config,
            environment,
            store,
            policy,
            adapter,
            Transfers(
                guarded,
                tls=access.file_tls,
                limit_s=LIMIT_S * config.time_scale,
            ),
            codes=Codes(store.documents),
            rules=RULES,
            on_change=on_change,
        )
        self.witness = Witness(
            config.charge_point_id,
            environment,
            self.charger.connectors,
            self.charger.condition,
            store.journal,
            identity=self.identity,
            registration=lambda: self.registrar.registration,
            configuration=lambda: self.configuration.report([])[0],
            status=lambda facts: connector_status(facts).value,
            row_name=self.row_name,
        )
        behaviour = model.behaviour
        self.reports = StatusReports(
            environment,
            self.outbox,
            self.configuration,
            vendor_id=model.identity.vendor if behaviour.vendor_fields else None,
            stamps_reports=behaviour.stamps_reports,
        )
        adapter.transactions = TransactionMessages(
            self.charger.connectors,
            self.charger.transactions,
            self.charger.verdicts,
            self.charger.authorizer,
            self.outbox,
            self.spelling,
            model.metering,
            note,
            warn=self._warn,
            link_settled=self._link_settled,
            on_change=on_change,
        )
        adapter.statuses = StatusChanges(
            environment,
            self.charger.connectors,
            self.reports,
            self.outbox,
            speech,
            charge_point_first=model.behaviour.status_order == "charge_point_first",
        )
        greets_with_security = SECURITY in (*behaviour.on_connect, *behaviour.on_reconnect)
        notifies = (lambda: True) if greets_with_security else self.security.notifies
        adapter.security = SecurityMessages(
            environment,
            store,
            self.outbox,
            self.charger.uploads[LOG],
            self.witness,
            notifies=notifies,
            say=adapter.say,
            say_triggered=adapter.say_triggered,
        )
        self.charger.security.tells = notifies
        self._anew = True
        self._greeting = Greeting(
            behaviour.on_connect,
            behaviour.on_reconnect,
            model.transfers,
            adapter.say_triggered,
            self.identity,
            {
                STATUS: adapter.statuses.greet,
                SECURITY: lambda _: adapter.security.tell(),
            },
        )
        adapter.firmware = FirmwareManagement(
            environment,
            self.charger.updates,
            self.charger.uploads[DIAGNOSTICS],
            self.witness,
            speech,
            say=adapter.say,
            say_triggered=adapter.say_triggered,
        )
        adapter.smart_charging = SmartCharging(
            self.charger.limits,
            self.charger.profiles,
            self.charger.connectors,
            policy,
            environment,
            relative_maximum=model.behaviour.relative_maximum,
            powers_changed=self.charger.limits.tell,
            warn=self._warn,
        )
        self.speaker = Speaker(
            OCPP_16, self, self.session, self.registrar.may_answer, self.speech.wire
        )
        """Who speaks 1.6 on a link."""
        self.charger.start()

    def get(self, action: str, /) -> Route | None:
        """Where a message goes that a CSMS sends. Made when the first one comes: most charge points
        of a fleet are never asked anything."""
        if self._routes is None:
            routes = routes_of(
                self.charger,
                self.speech,
                self.store,
                self.configuration,
                self.security,
                self.registrar,
                self.adapter.statuses,
                self.adapter.firmware,
                self.adapter.smart_charging,
                self.adapter.security,
                skip_tick=self.outbox.skip_tick,
                say=self.adapter.say,
            )
            self._routes = (
                FixedAnswers(routes, self._answers, self._in_transaction)
                if self._answers
                else routes
            )
        return self._routes.get(action)

    # -- its life ----------------------------------------------------

    def session(self, endpoint: Endpoint) -> tuple[Coroutine[Any, Any, None], ...]:
        """What the charge point does on one connection; it ends by being cancelled."""
        endpoint.answering.on_fault = self.environment.tasks.fail
        self._anew = anew = not self.adapter.accepts
        usual = anew or self._boots_on_reconnect
        boots = self._greeting.boots(usual=usual, anew=anew)
        return self.outbox.run(endpoint), self._greeted(boots, anew=anew)

    async def _greeted(self, boots: bool, *, anew: bool) -> None:
        """The registrar's part of a connection, behind what a make says before it boots."""
        await self._greeting.before(anew=anew)
        if anew and not boots:
            self.registrar.presume()
        await self.registrar.session(boots)

    def _in_transaction(self) -> bool:
        return any(connector.transaction for connector in self.charger.connectors.values())

    async def close(self) -> None:
        """End everything that was spawned."""
        await self.charger.close()

    def written_again(self) -> None:
        """The disk has taken everything that it was owed: what waited for that goes out."""
        self.adapter.security.tell()
        self.outbox.wake()

    def frames_pass_again(self) -> None:
        """The operator has ended the silence: say what the CSMS has not heard."""
        if self.outbox.registered:
            self.adapter.statuses.say_changes()

    def ping_interval_s(self) -> float:
        """How often the link is tried with a ping (OCPP-J §4.3); 0: never."""
        return self.configuration.number("WebSocketPingInterval")

    def configure(self, name: str, value: str) -> Outcome:
        """Somebody at the charge point sets a configuration key, by the rules of §5.3."""
        changed = change_key(self.configuration, self.security, name, value, ChangedBy.OPERATOR)
        if changed.key is None:
            return Refused(
                f"there is no configuration key {one_line(name[:LONGEST_NAME])!r} here: take one "
                "that GetConfiguration tells"
            )
        if changed.reason:
            return Refused(f"{changed.key.name}: {changed.reason}")
        known = changed.key.name
        at_once = changed.status == ConfigurationStatus.accepted
        when = "" if at_once else ", from the next reboot on"
        self.environment.note("configuration", f"{known} was set at the charge point{when}")
        if at_once:
            self.security.changed(known)
        return Accepted("" if at_once else "it counts after the next reboot")

    # -- how it looks, in the words of 1.6 ---------------------------

    def settings(self) -> tuple[SettingSnapshot, ...]:
        """The configuration keys as rows."""
        return setting_rows(self.configuration, self.setting_changes, OCPP_16.secret_keys)

    def connector_word(self, facts: Facts) -> tuple[ConnectorState, str]:
        """The state of a connector, and its ChargePointStatus."""
        status = connector_status(facts)
        return STATES[status], status.value

    def whole_word(self) -> str:
        """ChargePointStatus of connector 0."""
        condition = self.charger.condition
        return whole_status(usable=condition.usable, broken=condition.fault is not None).value

    def row_name(self, kind: str) -> str:
        """The action of a row of the journal."""
        return self.spelling.name(kind)

    def screen(self) -> tuple[str, ...]:
        """Nothing: OCPP 1.6 has no words for a screen."""
        return ()

    def screen_at(self, number: int) -> tuple[str, ...]:
        """Nothing, either."""
        return ()

    def identity(self) -> Identity:
        """Who it is, with the firmware that runs now."""
        version = self.charger.updates.version
        if version == self._identity.firmware_version:
            return self._identity
        return replace(self._identity, firmware_version=version)

    # -- what comes from the CSMS ------------------------------------

    def _accepted(self, booted: bool) -> None:
        """Everything may pass now (§4.2)."""
        self.outbox.registered = True
        self.security.connected()
        greeted = self._greeting.behind(anew=self._anew)
        if greeted:
            self.environment.note("boot", "this model says what it says on a new link")
        elif booted:
            self.adapter.statuses.say_after_boot()
        else:
            self.adapter.statuses.say_changes()
            text = "still Accepted: this model sends no BootNotification on a reconnect"
            self.environment.note("boot", text)
        self.charger.accepted()
        self.adapter.security.tell()
        self.outbox.wake()
        self.on_change()

    def _set_clock(self, by: timedelta) -> None:
        self.charger.shift_clock(by)

    def _reconnect(self) -> None:
        self.adapter.hang_up(0.0)

    def _link_settled(self) -> None:
        self.link_settled()

    def _warn(self, about: str, sentence: str) -> None:
        self.warn(about, sentence)

    def _call_heard(self, heard: Heard) -> None:
        if isinstance(heard.answer, Error) and (
            why := refused_units.why_refused(heard.action, heard.payload, heard.answer)
        ):
            self.warn(refused_units.ABOUT, why)
        if self._transfers:
            self._say_transfers(heard)
        self.heard(heard)

    def _say_transfers(self, heard: Heard) -> None:
        """What a make says by DataTransfer behind this message."""
        for transfer in self._transfers:
            if transfer.after == heard.action and not isinstance(heard.answer, NoAnswer):
                payload = transfer_payload(transfer, heard.payload, self.identity())
                self.adapter.say("DataTransfer", payload)

    def _retry_policy(self) -> RetryPolicy:
        return RetryPolicy(
            attempts=self.configuration.number("TransactionMessageAttempts"),
            interval_s=self.configuration.number("TransactionMessageRetryInterval"),
        )

    def _key_changed(self, name: str) -> None:
        """A configuration key has a new value: those hear of it who cannot wait to be asked."""
        effects: dict[str, Callable[[], None]] = {
            "HeartbeatInterval": self.registrar.interval_changed,
            "MeterValueSampleInterval": self.charger.sampling.interval_changed,
            "ClockAlignedDataInterval": self.charger.sampling.clock_changed,
            "LocalAuthListEnabled": self.charger.token_list.switched,
            "WebSocketPingInterval": self.ping_interval_changed,
            **dict.fromkeys(refused_units.LISTS, lambda: self.warn(refused_units.ABOUT, "")),
        }
        effects.get(name, lambda: None)()


class _Rows:
    """What came of the journal's rows, for whoever is there once the outbox runs."""

    __slots__ = ("_charge_point",)

    def __init__(self, charge_point: ChargePoint) -> None:
        self._charge_point = charge_point

    def settled(self, row: JournalRow, answer: Payload) -> None:
        self._charge_point.adapter.transactions.settled(row, answer)

    def half_settled(self, row: JournalRow, answer: Payload) -> None:
        self._charge_point.adapter.transactions.half_settled(row, answer)

    def settled_twice(self, row: JournalRow, answer: Payload) -> None:
        self._charge_point.adapter.transactions.settled_twice(row, answer)

    def given_up(self, row: JournalRow, why: str) -> None:
        self._charge_point.adapter.transactions.given_up(row, why)
