"""The façade: one charge point with its link and its state; commands in, pictures out.

Viewers know a station by three things: `submit(command) -> Outcome`, `snapshot`, and the rings of
messages and events. Nothing in here knows who looks. A picture is made when somebody on this loop
looks and something has changed since, at most once a turn. For those who look from another thread
and cannot ask, one lies ready; only in a flood of messages it may be older than the last change.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ocpp.v16.enums import Reason

from sim_core.commands import (
    ACTION_BY_COMMAND,
    Accepted,
    Command,
    GoOnline,
    GoSilent,
    LinkDown,
    LinkUp,
    Outcome,
    PowerOff,
    PowerOn,
    Refused,
)
from sim_core.errors import UserError
from sim_core.events import Event, Ring
from sim_core.hardware import status
from sim_core.hardware.measurands import REGISTER, measurands_of
from sim_core.hardware.model import Model
from sim_core.ocpp16.charge_point import Build, ChargePoint, wire_style
from sim_core.ocpp16.configuration import LONGEST_VALUE
from sim_core.ocpp16.outlet import Outlet
from sim_core.ocpp16.security import AUTHORIZATION_KEY
from sim_core.ocpp16.text_limits import TEXT_LIMITS
from sim_core.redaction import one_line, public_url
from sim_core.runtime.asyncio_helpers import first_of
from sim_core.runtime.clock import Clock
from sim_core.runtime.random_numbers import RandomNumbers
from sim_core.settings.authorization_key import key_bytes
from sim_core.settings.models import chosen_quirks, load_garage, load_model
from sim_core.settings.options import ConfigError, Settings
from sim_core.snapshot import (
    JOURNAL_SHOWN,
    ConnectorSnapshot,
    FaultSnapshot,
    JournalEntry,
    JournalSnapshot,
    LinkSnapshot,
    LinkState,
    LostEntry,
    Registration,
    ReservationSnapshot,
    StationSnapshot,
    TransactionSnapshot,
)
from sim_core.standing_warnings import Standing
from sim_core.store.makers import store_in
from sim_core.store.records import Reservation
from sim_core.store.sqlite import MEMORY, Store
from sim_core.store.watch import StateWatch
from sim_core.wire.access import NOTHING_SET, Access, Tls, dial, tls_context
from sim_core.wire.access import warnings as access_warnings
from sim_core.wire.dialling import charge_point_url
from sim_core.wire.link import FIRST_PAUSE_S, Link
from sim_core.wire.message_log import MessageLog
from sim_core.wire.refusals import Facts, Refusals

LOG = logging.getLogger(__name__)

BURST, BURST_S = 25, 0.05
"""So many pictures lie ready for another thread in so many seconds, and no more: a screen shows a
few in a second, and on a busy link the others would be made for nobody."""
SAMPLED = "MeterValuesSampledData"
SAID_LIMIT = 1000
"""Characters of what an event says."""
URL_KEY = "OcppUrl"
"""A vendor's key that tells the address which is dialled."""
LOUD = frozenset({"warning", "refusal"})
"""Kinds of event that are warnings in the log."""
SECRET_KEYS = frozenset({AUTHORIZATION_KEY.casefold()})


class Station:
    """One charge point. Lives on the loop that it is made on."""

    def __init__(
        self,
        build: Build,
        *,
        url: str,
        clock: Clock,
        store: Store,
        messages: MessageLog,
        events: Ring[Event],
        call_timeout_s: float = 30.0,
        longest_pause_s: float = 30.0,
        first_pause_s: float = FIRST_PAUSE_S,
        seed: int | None = None,
        access: Access = NOTHING_SET,
        refusals: Refusals | None = None,
    ) -> None:
        """`refusals` is given where many charge points share one; see `Refusals`."""
        self.messages = messages
        self.events = events
        self.warnings: tuple[str, ...] = ()
        """Standing warnings for the viewers; see `warn`. Those of `refusals` come to them."""
        self._standing = Standing(self.warn, self.withdraw)
        self._store = store
        self._journal = JournalSnapshot()
        self._journal_seen: object = None
        self.seen_afar = True
        """Somebody may look from another thread (else no picture lies ready for them)."""
        self.tells_log = True
        """What happens is written to the log (a fleet tells the sum of it)."""
        self._picture_due = False
        self._burst = 0
        self._burst_ends: asyncio.TimerHandle | None = None
        self._watchers: list[asyncio.Future[None]] = []
        self._looks: list[Callable[[StationSnapshot], None]] = []
        self._loop = asyncio.get_running_loop()
        rng = RandomNumbers(seed)
        if URL_KEY in build.model.keys:
            told = public_url(charge_point_url(url, build.charge_point_id))[:LONGEST_VALUE]
            keys = {URL_KEY: told, **build.initial_keys}
            build = replace(build, initial_keys=keys)
        self.charge_point = ChargePoint(
            build,
            clock=clock,
            store=store,
            rng=rng,
            on_event=lambda event: self._note(event),
            on_change=self._changed,
            access=access,
        )
        clock = self.charge_point.clock  # a fault in any of its timers is that of the charge point
        self._state_watch = (
            None
            if store.path == MEMORY
            else StateWatch(
                store,
                clock,
                scale=build.time_scale,
                warn=self.warn,
                withdraw=self.withdraw,
                note=lambda text: self.charge_point.note("storage", text),
                written=self.charge_point.written_again,
            )
        )
        identity = build.charge_point_id
        security = self.charge_point.security
        self.link = Link(
            charge_point_url(url, build.charge_point_id),
            self.charge_point.routes,
            clock=clock,
            log=messages,
            session=self.charge_point.session,
            on_change=self._changed,
            note=lambda text: self.charge_point.note("link", text),
            may_answer=self.charge_point.may_answer,
            ping_interval_s=lambda: self.charge_point.configuration.number("WebSocketPingInterval"),
            call_timeout_s=call_timeout_s,
            longest_pause_s=longest_pause_s,
            rng=rng,
            dial=lambda url: dial(url, identity, security.dialling(self.link.trouble)),
            secret_keys=SECRET_KEYS,
            first_pause_s=first_pause_s,
            # Charge points with the same SEED must not come back in step.
            pause_seed=None if seed is None else f"{seed} {identity}",
            style=wire_style(build.quirks),
        )
        self.refusals = refusals or Refusals(self._note_refusal, clock.monotonic)
        self.charge_point.outbox.heard = self.refusals.heard
        self.charge_point.cut_link = self.link.cut
        self.charge_point.link_online = lambda: self.link.online
        self.charge_point.link_settled = self.link.settled
        self.link.on_end = self.charge_point.outbox.link_ended
        self.link.on_odd_frame = self._odd_frame
        self.link.on_own_fault = self._own_fault
        self.charge_point.warn = self._standing.say
        self.link.on_bad_certificate = self.charge_point.security_log.bad_certificate
        self.charge_point.looked_at = lambda: self.seen_afar or bool(self._looks)
        self.charge_point.exchanges = lambda: messages.since(0)[1]
        self.charge_point.history = lambda: events.since(0)[1]
        self.charge_point.ping_interval_changed = self.link.ping_interval_changed
        for trouble in ([store.trouble] if store.trouble else []) + access_warnings(access):
            self.warn(trouble)
        self._dialling: asyncio.Task[None] | None = None
        self._mains = asyncio.Lock()
        """Held while a battery keeps the firmware alive: power comes back after that only."""
        self._dials_again = True
        """Whether the link was wanted when the mains failed."""
        self._stale = False
        self._latest = self._picture()

    @classmethod
    def from_settings(
        cls, settings: Settings, *, clock: Clock, messages: MessageLog, events: Ring[Event]
    ) -> Station:
        """The station that the settings describe.

        Raises ConfigError, ModelError or StoreError with a sentence for the user.
        """
        tls_context(access_of(settings).tls)  # what cannot be used is said now, not at every dial
        build = build_of(settings)
        station = cls.built(build, settings, clock=clock, messages=messages, events=events)
        for remark in settings.remarks:
            station.warn(remark)
        return station

    @classmethod
    def built(
        cls,
        build: Build,
        settings: Settings,
        *,
        clock: Clock,
        messages: MessageLog,
        events: Ring[Event],
        refusals: Refusals | None = None,
    ) -> Station:
        """A station of this build, with the link and the state that the settings describe.

        Raises ConfigError or StoreError with a sentence for the user.
        """
        store = store_in(settings.state_folder(), build.charge_point_id, clock.now())
        try:
            return cls(
                build,
                url=url_of(settings),
                clock=clock,
                store=store,
                messages=messages,
                events=events,
                # The CSMS lives in real time, however fast time passes here.
                call_timeout_s=settings.call_timeout_sec * settings.time_scale,
                longest_pause_s=settings.reconnect_max_sec * settings.time_scale,
                first_pause_s=FIRST_PAUSE_S * settings.time_scale,
                seed=settings.seed,
                access=access_of(settings),
                refusals=refusals,
            )
        except UserError:
            store.close()
            raise
        except ValueError as error:
            store.close()
            raise ConfigError(f"OCPP_KEYS (--ocpp-keys): {error}") from None

    def dial(self, url: str) -> None:
        """Dial another CSMS: before `open`."""
        self.link.url = charge_point_url(url, self.charge_point.build.charge_point_id)
        self._changed()

    def open(self) -> None:
        """Dial the CSMS, and keep dialling."""
        self._dialling = asyncio.ensure_future(self.link.run())

    async def wind_up(self, *, stop: bool, patience_s: float) -> None:
        """Before `close`: stop what runs, if so wished, and let the CSMS hear what there is.

        The reason is Reboot, "a locally initiated reset or reboot" (Reason, OCPP 1.6 §7): no driver
        asked (Local), no CSMS did (SoftReset), and nothing was cut off (PowerLoss). What is not
        answered within `patience_s` stays in the journal.
        """
        charge_point = self.charge_point
        for outlet in charge_point.outlets.values() if stop else ():
            charge_point.sessions.drop_authorization(outlet)
            charge_point.transactions.stop(outlet, Reason.reboot)
            charge_point.changed(outlet)
        await first_of(charge_point.outbox.drained(), asyncio.sleep(patience_s))

    async def close(self) -> None:
        """Close the link, write down the meters, let go of the state."""
        if self._dialling is not None:
            self._dialling.cancel()
            await asyncio.gather(self._dialling, return_exceptions=True)
        await self.charge_point.close()
        if self._state_watch is not None and self._state_watch.close():
            self.charge_point.save_registers()
        self._latest, self._stale = self.snapshot, False
        if self._burst_ends is not None:
            self._burst_ends.cancel()
        self._store.close()

    async def failed(self) -> None:
        """Return never; raise what has gone wrong inside."""
        failing = asyncio.ensure_future(self.charge_point.failed())
        watched = {failing} | ({self._dialling} if self._dialling else set())
        try:
            done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
        finally:
            failing.cancel()
        for task in done:
            task.result()

    def now(self) -> datetime:
        """The charge point's time of day."""
        return self.charge_point.now()

    @property
    def link_wanted(self) -> bool:
        """Whether the link is to be up, be it that it is still dialled; the picture shows what has
        come of it."""
        return self.link.wanted

    async def until(self, holds: Callable[[StationSnapshot], bool]) -> None:
        """Return once `holds` is true of the newest picture."""
        while not holds(self.snapshot):
            watcher: asyncio.Future[None] = self._loop.create_future()
            self._watchers.append(watcher)
            await watcher

    def watch(self, look: Callable[[StationSnapshot], None]) -> Callable[[], None]:
        """Call `look` with every picture from now on, none left out; the result takes it off."""
        self._looks.append(look)

        def leave() -> None:
            if look in self._looks:
                self._looks.remove(look)

        return leave

    def warn(self, sentence: str) -> None:
        """Show the viewers a standing warning."""
        self.warnings = (*self.warnings, sentence)
        self._note(Event(self.now(), "warning", sentence))

    def withdraw(self, sentence: str) -> None:
        """A warning no longer stands."""
        self.warnings = tuple(warning for warning in self.warnings if warning != sentence)
        self._changed()

    def _odd_frame(self, flaw: str) -> None:
        sentence = f"the CSMS sends a frame that is not OCPP-J: {flaw}" if flaw else ""
        self._standing.say("odd frame", sentence)

    def _own_fault(self, fault: str) -> None:
        sentence = (
            f"{fault[: SAID_LIMIT // 2]} (a fault of ChargeForge, not of the CSMS: report it)"
        )
        self._standing.say("own fault", sentence)

    # -- commands ----------------------------------------------------

    async def submit(self, command: Command) -> Outcome:
        """Carry out a command; returns once it is decided.

        Runs to its end even when whoever asked goes away: an authorisation that is on the wire
        cannot be taken back.
        """
        work = asyncio.ensure_future(self._submit(command))
        work.add_done_callback(self.charge_point.task_done)
        outcome = await asyncio.shield(work)
        if self.seen_afar and self._stale:
            self._publish()  # whoever asked sees what came of it, on whatever thread
        return outcome

    async def _submit(self, command: Command) -> Outcome:
        if isinstance(command, (LinkDown, LinkUp, GoSilent, GoOnline)):
            return self._switch(command)
        if isinstance(command, (PowerOff, PowerOn)):
            return await self._switch_mains(command)
        outlet = self.charge_point.outlets.get(command.connector_id)
        if outlet is None:
            return Refused(
                f"there is no connector {command.connector_id}: "
                f"this charge point has {_numbered(len(self.charge_point.outlets))}"
            )
        return await self.charge_point.sessions.carry_out(outlet, command)

    def _switch(self, command: LinkDown | LinkUp | GoSilent | GoOnline) -> Outcome:
        name = ACTION_BY_COMMAND[type(command)].name
        if reason := self._refusals().get(name):
            return Refused(reason)
        switches: dict[str, Callable[[], None]] = {
            "link_down": self.link.take_down,
            "link_up": self.link.bring_up,
            "silent": lambda: self.link.set_online(False),
            "online": self._go_online,
        }
        switches[name]()
        self._changed()
        return Accepted()

    def _go_online(self) -> None:
        self.link.set_online(True)
        self.charge_point.frames_pass_again()

    async def _switch_mains(self, command: PowerOff | PowerOn) -> Outcome:
        async with self._mains:
            if reason := self._refusals().get(ACTION_BY_COMMAND[type(command)].name):
                return Refused(reason)
            if isinstance(command, PowerOff):
                self._dials_again = self.link.wanted
                await self.charge_point.lose_power()
                self.link.take_down()
            else:
                self.charge_point.regain_power()
                if self._dials_again:
                    self.link.bring_up()
            self._changed()
            return Accepted()

    def _refusals(self) -> dict[str, str]:
        """Switches that would change nothing, with the sentence that says so."""
        if not self.charge_point.powered:
            dark = "the charge point has no power: power it on first"
            return dict.fromkeys(("power_off", "link_down", "link_up", "silent", "online"), dark)
        refusals = {"power_on": "the charge point has power already"}
        if self.link.wanted:
            refusals["link_up"] = "the link is up already: nobody has taken it down"
        else:
            refusals["link_down"] = "the link is down already: bring it up again first"
        if self.link.online:
            refusals["online"] = "frames pass already: the charge point is not silent"
        else:
            refusals["silent"] = "the charge point is silent already: go online first"
        return refusals

    # -- pictures ----------------------------------------------------

    def _note(self, event: Event) -> None:
        if len(event.text) > SAID_LIMIT:  # a CSMS may have chosen the words
            event = replace(event, text=f"{event.text[: SAID_LIMIT - 1]}…")
        self.events.append(event)
        if self.tells_log:
            level = logging.WARNING if event.kind in LOUD else logging.INFO
            LOG.log(level, "%s", one_line(event.text), extra={"facts": event.facts})
        self._changed()

    def _note_refusal(self, text: str, connector_id: int | None, facts: Facts) -> None:
        self._note(Event(self.now(), "refusal", text, connector_id, facts))

    @property
    def snapshot(self) -> StationSnapshot:
        """The newest picture; to another thread the one that lies ready."""
        if self._stale and self._here():
            self._stale = False
            self._latest = self._picture()
        return self._latest

    def _here(self) -> bool:
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def _changed(self) -> None:
        self._stale = True
        awaited = self._watchers or self._looks or (self.seen_afar and self._burst < BURST)
        if awaited and not self._picture_due:
            self._picture_due = True
            self._loop.call_soon(self._guarded, self._publish)

    def _guarded(self, act: Callable[[], None]) -> None:
        self.charge_point.clock.run(act)

    def _publish(self) -> None:
        self._picture_due = False
        picture = self.snapshot
        self._burst += 1
        if self.seen_afar and self._burst_ends is None:
            self._burst_ends = self._loop.call_later(BURST_S, self._guarded, self._end_burst)
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            if not watcher.done():
                watcher.set_result(None)
        for look in tuple(self._looks):
            look(picture)

    def _end_burst(self) -> None:
        self._burst_ends, self._burst = None, 0
        if self._stale:
            self._publish()

    def _picture(self) -> StationSnapshot:
        cp = self.charge_point
        identity = cp.model.identity
        return StationSnapshot(
            charge_point_id=cp.build.charge_point_id,
            vendor=identity.vendor,
            model=identity.model,
            firmware_version=identity.firmware_version or "",
            link=self._link_picture(),
            connectors=tuple(self._connector_picture(outlet) for outlet in cp.outlets.values()),
            text_limits=TEXT_LIMITS,
            status=cp.charge_point_status().value,
            reservation=_reservation_picture(cp.reservations.whole),
            journal=self._journal_picture(),
            firmware=cp.firmware.picture(),
            upload=cp.diagnostics.uploads.picture(),
            profile=cp.smart_charging.pictures.get(0),
            profiles=cp.smart_charging.installed_pictures,
            powered=cp.powered,
            clock_ahead_s=cp.clock_ahead.total_seconds(),
            refusals=self._refusals(),
            vehicles=tuple(kind.name for kind in cp.build.garage),
            resumes=cp.behaviour.resume_after_power_loss,
            warnings=(*self.warnings, *self.refusals.standing()),
        )

    def _link_picture(self) -> LinkSnapshot:
        cp, link = self.charge_point, self.link
        return LinkSnapshot(
            url=public_url(link.url),
            state=link.state if link.wanted else LinkState.DOWN,
            registration=self._registration(),
            online=link.online,
            attempt=link.attempt,
            retry_at=cp.own_time(link.retry_at),
            trouble=link.trouble,
            boot_retry_at=cp.own_time(cp.registrar.boot_retry_at),
            heartbeat_at=cp.own_time(cp.registrar.heartbeat_at),
            heard_at=cp.own_time(link.heard_at),
            waiting_since=cp.own_time(link.waiting_since),
            queued=self._store.depth,
        )

    def _registration(self) -> Registration:
        """As it counts now: nothing is registered without a link, and a make that boots on each
        connection is not Accepted before it has."""
        cp = self.charge_point
        if self.link.state is not LinkState.CONNECTED or not self.link.wanted:
            return Registration.NONE
        waits = cp.registration is Registration.ACCEPTED and not cp.outbox.registered
        return Registration.NONE if waits else cp.registration

    def _journal_picture(self) -> JournalSnapshot:
        """The journal is read only after it has changed: a tick of the meter costs no query."""
        ahead = self.charge_point.clock_ahead  # the journal keeps the computer's time
        seen = (self._store.journal_revision, ahead)
        if self._journal_seen != seen:
            self._journal_seen = seen
            self._journal = JournalSnapshot(
                waiting=tuple(
                    JournalEntry(
                        row.number,
                        row.action,
                        row.connector_id,
                        row.written_at + ahead,
                        row.attempts,
                        row.transaction_key,
                        row.transaction_id,
                    )
                    for row in self._store.journal(JOURNAL_SHOWN)
                ),
                lost=tuple(
                    LostEntry(
                        gone.action,
                        gone.connector_id,
                        gone.transaction_id,
                        gone.given_up_at + ahead,
                        gone.why,
                    )
                    for gone in self._store.given_up(JOURNAL_SHOWN)
                ),
            )
        return self._journal

    def _connector_picture(self, outlet: Outlet) -> ConnectorSnapshot:
        cp, metal, transaction = self.charge_point, outlet.metal, outlet.transaction
        facts = cp.facts(outlet)
        reading = outlet.reading()
        fault = metal.fault
        return ConnectorSnapshot(
            connector_id=outlet.number,
            status=status.connector_status(facts).value,
            plugged=metal.plugged,
            vehicle=outlet.vehicle_name,
            vid=metal.vehicle.kind.vid if metal.vehicle else None,
            soc_percent=reading.soc_percent,
            power_w=reading.power_w,
            voltage_v=reading.voltage_v,
            current_a=reading.current_a,
            register_wh=reading.register_wh,
            rated_power_w=full_scale_w(cp.model),
            limited_by=metal.limited_by,
            limit_w=metal.limit_w,
            profile=cp.smart_charging.in_force(outlet),
            transaction=TransactionSnapshot(
                transaction.transaction_id,
                transaction.id_tag,
                transaction.started_at,
                transaction.meter_start_wh,
                reading.register_wh - transaction.meter_start_wh,
            )
            if transaction
            else None,
            id_tag=facts.id_tag or outlet.authorizing,
            identifying=cp.sessions.is_identifying(outlet),
            authorizing=facts.authorizing,
            starting=outlet.starting,
            plug_by=outlet.plug_by,
            reservation=_reservation_picture(outlet.reservation),
            cable_in=metal.cable_in,
            locked=metal.locked,
            lock_jammed=metal.lock_jammed,
            fault=FaultSnapshot(
                fault.error_code, fault.vendor_error_code, fault.info, outlet.fault_since
            )
            if fault and outlet.fault_since
            else None,
            operative=outlet.operative,
            scheduled_availability="Inoperative" if outlet.leaving else None,
            trace_w=tuple(outlet.trace_w),
            refusals=status.refusals(facts),
        )


def _reservation_picture(kept: Reservation | None) -> ReservationSnapshot | None:
    if kept is None:
        return None
    return ReservationSnapshot(kept.reservation_id, kept.id_tag, kept.parent_id_tag, kept.until)


def _numbered(connectors: int) -> str:
    return "only connector 1" if connectors == 1 else f"1 to {connectors}"


def build_of(settings: Settings) -> Build:
    """What the settings make the charge point of.

    Raises ConfigError or ModelError with a sentence for the user.
    """
    model = model_of(settings)
    quirks, keys = chosen_quirks(settings.quirks, model)
    keys.update(settings.ocpp_keys)
    if settings.meter_period_sec is not None:
        keys.setdefault("MeterValueSampleInterval", str(settings.meter_period_sec))
    if settings.extra_measurands.strip():
        keys[SAMPLED] = _with_extra_measurands(settings, model, keys.get(SAMPLED))
    return Build(
        charge_point_id=settings.cpid,
        model=model,
        timing=model.timing[settings.timing],
        connectors=settings.connectors,
        initial_keys=keys,
        garage=load_garage(settings.garage),
        default_id_tag=settings.id_tag,
        meter_start_wh=settings.meter_start_wh,
        constant_power_w=settings.meter_rate_w,
        noise=settings.noise_w_percent / 100,
        time_scale=settings.time_scale,
        quirks=quirks,
    )


def url_of(settings: Settings) -> str:
    """The CSMS's URL, without the identity; OCPP_WSS makes it wss."""
    scheme, _, rest = settings.csms_url.partition("://")
    return f"{'wss' if settings.ocpp_wss else scheme}://{rest}"


def model_of(settings: Settings) -> Model:
    """The make of charger, with the identity that the settings give it.

    Raises ModelError with a sentence for the user.
    """
    model = load_model(settings.model)
    overrides = {
        name: value
        for name, value in (
            ("vendor", settings.cp_vendor),
            ("model", settings.cp_model),
            ("serial_number", settings.cp_serial_number),
            ("firmware_version", settings.firmware_version),
            ("iccid", settings.iccid),
        )
        if value is not None
    }
    metering = model.metering
    if settings.temperature_unit is not None:
        metering = replace(metering, temperature_unit=settings.temperature_unit)
    return replace(model, identity=replace(model.identity, **overrides), metering=metering)


def _with_extra_measurands(settings: Settings, model: Model, given: str | None) -> str:
    """The first value of MeterValuesSampledData, with what EXTRA_MEASURANDS adds."""
    extra = [name.strip() for name in settings.extra_measurands.split(",") if name.strip()]
    measured = measurands_of(model.metering)
    for name in extra:
        if name not in measured:
            raise ConfigError(
                f"EXTRA_MEASURANDS (--extra-measurands) is {settings.extra_measurands!r}: "
                f"{name!r} is not measured here; allowed is {', '.join(measured)}."
            )
    if given is None and SAMPLED in model.keys:
        given = model.keys[SAMPLED].value
    names = (given or REGISTER).split(",")
    return ",".join(dict.fromkeys([*names, *extra]))


def access_of(settings: Settings) -> Access:
    """How the settings let the charge point in."""
    passphrase, key = settings.client_key_passphrase, settings.authorization_key
    return Access(
        profile=settings.security_profile,
        tls=Tls(
            verify=settings.ssl_verify,
            ca_cert=settings.ca_cert,
            client_cert=settings.client_cert,
            client_key=settings.client_key,
            passphrase=passphrase.get_secret_value() if passphrase else None,
        ),
        key=key_bytes(key.get_secret_value()) if key else None,
        proxy=settings.proxy,
    )


def full_scale_w(model: Model) -> float:
    """The most that one connector can show: the smaller of its rating and the cabinet's pool."""
    return min(model.ratings.connector_power_w, model.ratings.cabinet_power_w)
