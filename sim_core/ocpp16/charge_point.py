"""The charge point: the only writer of its state.

State changes only in synchronous methods on one event loop; sending is asynchronous and follows.
No change spans an `await`, so two connectors can never fight. Whoever changes a fact calls
`changed`: it derives the status anew, tells the CSMS what is new, shares the power out again and
asks for a new picture.

The rooms beside this one each hold one subject: `registration`, `sessions` (what people and
vehicles do), `transactions`, `authorization`, `status_reports`, `metering`, `configuration`, and
the handlers of what a CSMS asks, a feature profile each (`core`, `remote_trigger`, `local_list`,
`reservation`, `smart_charging`, `firmware` with `diagnostics`, `security_log`).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ocpp.v16.enums import Reason

from sim_core.events import Event
from sim_core.files.transfer import LIMIT_S, Transfers
from sim_core.hardware import cabinet
from sim_core.hardware.connector import Connector
from sim_core.hardware.faults import ChargerFault
from sim_core.hardware.model import Model, Quirks, Timing
from sim_core.hardware.status import Facts, Status
from sim_core.hardware.vehicle import Garage
from sim_core.ocpp16 import local_list, metering, refused_units, reservation
from sim_core.ocpp16.authorization import Authorizer
from sim_core.ocpp16.configuration import Configuration, keys_of, standard_keys
from sim_core.ocpp16.core import Core
from sim_core.ocpp16.diagnostics import Diagnostics
from sim_core.ocpp16.firmware import Firmware
from sim_core.ocpp16.local_list import LocalList
from sim_core.ocpp16.outlet import Outlet
from sim_core.ocpp16.presence import Presence
from sim_core.ocpp16.promises import KeptFirst
from sim_core.ocpp16.readings import Readings
from sim_core.ocpp16.registration import WORTH_TELLING, Registrar
from sim_core.ocpp16.remote_trigger import ExtendedTrigger, RemoteTrigger
from sim_core.ocpp16.reservation import Reservations
from sim_core.ocpp16.routing import FirstOf, ProfileRoutes
from sim_core.ocpp16.security import Security
from sim_core.ocpp16.security_log import CLOCK_SET, REBOOT, STARTUP, SecurityLog
from sim_core.ocpp16.sessions import Sessions
from sim_core.ocpp16.smart_charging import SmartCharging
from sim_core.ocpp16.status_reports import NO_ERROR, Report, StatusReports
from sim_core.ocpp16.switched_off import CERTIFICATES, routes_without
from sim_core.ocpp16.timestamps import stamp
from sim_core.ocpp16.transactions import Transactions
from sim_core.ocpp16.why_offline import how_alone
from sim_core.runtime.asyncio_helpers import first_of
from sim_core.runtime.clock import Clock, GuardedClock, Timer
from sim_core.runtime.random_numbers import RandomNumbers
from sim_core.snapshot import Registration
from sim_core.store.records import JournalRow
from sim_core.store.sqlite import MEMORY, Store
from sim_core.wire.access import NOTHING_SET, Access, tls_context
from sim_core.wire.endpoint import Answer, Endpoint, Payload
from sim_core.wire.message_log import Exchange
from sim_core.wire.outbox import Outbox
from sim_core.wire.trial import RetryPolicy
from sim_core.wire.wire_format import WireFormat

TICK_S = 1.0
"""How often the metal is looked at while a vehicle is connected."""
LONGEST_TICK_S = 30.0
"""The same where nobody looks: else it is looked at when something happens by itself."""
SLOT_S = 0.02
"""A tick waits for the next multiple: a thousand charge points then wake fifty times a second."""
FLUSH_PATIENCE_S = 30.0
"""How long a soft reset waits for the journal to empty (OCPP 1.6 §5.14)."""

NO_QUIRKS = Quirks()
NOT_TO_RESERVED = frozenset(Status) - {Status.AVAILABLE, Status.RESERVED, Status.FAULTED}
"""Statuses from which §4.9 knows no way to Reserved but the one through Available."""
LEFT_BEHIND = frozenset({Status.PREPARING, Status.FINISHING})
"""What a connector with a vehicle is when nothing else is true of it."""
NO_NOISE = random.Random(0)
"""Of meters that draw nothing from it."""
LOOP_S = 1.0
"""The tick of a firmware that has one."""
OPEN_CALLS = 2
"""How many calls a make that does not wait for answers has open."""
PATIENCE_S = 3.0
"""After so long it no longer counts a call as open."""

CLOCK_SAMPLES_LATE_S = (0.175, 0.805)
ONE_AFTER_THE_OTHER = timedelta(milliseconds=3)
CONNECTOR_0_LATE_S = 0.13
SUSPENDED = frozenset({Status.SUSPENDED_EV, Status.SUSPENDED_EVSE})
A_MILLISECOND = timedelta(milliseconds=1)

BELOW_PROFILE = 0.953
"""What a make that keeps a distance makes of a charging profile's limit."""

LIST_CONFLICT = "LocalListConflict"
FIRMWARE_MANAGEMENT = "FirmwareManagement"

BACKUP_S = 10.0
"""How long the battery lasts in a model that has a backup."""


def wire_style(quirks: Quirks) -> WireFormat:
    """How a charger with these quirks writes its frames."""
    return WireFormat(
        json_c=quirks.json_c,
        open_calls=OPEN_CALLS if quirks.pipelining else 1,
        patience_s=PATIENCE_S if quirks.pipelining else None,
        forgets_samples=quirks.forgets_unanswered,
        tick_s=LOOP_S if quirks.send_tick else 0.0,
    )


@dataclass(frozen=True)
class Build:
    """What a charge point is made of."""

    charge_point_id: str
    model: Model
    timing: Timing
    connectors: int
    initial_keys: dict[str, str]
    garage: Garage
    """The vehicles that may arrive; at least one."""
    default_id_tag: str = "MY_TAG"
    meter_start_wh: int = 0
    constant_power_w: float | None = None
    noise: float = 0.0
    time_scale: float = 1.0
    """How fast time passes here against the CSMS's."""
    quirks: Quirks = NO_QUIRKS


def _noise_of(noise: float, rng: RandomNumbers) -> random.Random:
    """A meter's own sequence: what the link draws does not move the meters."""
    if noise:
        return random.Random(rng.random())
    rng.skip()
    return NO_NOISE


def _report(status: Status, fault: ChargerFault | None) -> Report:
    if fault is None:
        return Report(status)
    return Report(status, fault.error_code, fault.vendor_error_code, fault.info)


class ChargePoint:
    """The firmware over the metal. Made on the loop that it lives on."""

    # Python keeps no more than 30 attributes without a dictionary of 2 KiB for each instance.
    __slots__ = (
        "_aligned",
        "_failed",
        "_offset",
        "_on_event",
        "_tasks",
        "_tick_due_s",
        "_tick_timer",
        "authorizer",
        "behaviour",
        "build",
        "clock",
        "configuration",
        "cut_link",
        "diagnostics",
        "exchanges",
        "fault",
        "firmware",
        "history",
        "link_online",
        "link_settled",
        "local_list",
        "looked_at",
        "model",
        "operative",
        "outbox",
        "outlets",
        "ping_interval_changed",
        "powered",
        "presence",
        "published_facts_changed",
        "quirks",
        "readings",
        "rebooting",
        "registrar",
        "registration",
        "reports",
        "reservations",
        "rng",
        "routes",
        "security",
        "security_log",
        "sessions",
        "smart_charging",
        "store",
        "timing",
        "transactions",
        "transfers",
        "warn",
    )

    def __init__(
        self,
        build: Build,
        *,
        clock: Clock,
        store: Store,
        rng: RandomNumbers,
        on_event: Callable[[Event], None],
        on_change: Callable[[], None],
        access: Access = NOTHING_SET,
    ) -> None:
        """Raises ValueError with a sentence when an initial configuration key is not allowed."""
        self.build = build
        self.model = build.model
        self.timing = build.timing
        self.behaviour = build.model.behaviour
        self.quirks = build.quirks
        self.rng = rng
        self.clock = clock = GuardedClock(clock, self.fail)
        self.store = store
        self.registration = Registration.NONE
        self.rebooting = False
        self.powered = True
        """The mains are there."""
        self.fault: ChargerFault | None = None
        """What is broken in the charge point as a whole (connectorId 0)."""
        self.published_facts_changed = on_change
        self.cut_link: Callable[[float], None] = lambda _: None
        """Closes the socket and dials again after so many seconds; the station sets it."""
        self.link_online: Callable[[], bool] = lambda: True
        self.link_settled: Callable[[], None] = lambda: None
        """Something new got through to the CSMS; the station sets it."""
        self.exchanges: Callable[[], list[Exchange]] = list
        """What has gone over the wire, as far as it is remembered."""
        self.history: Callable[[], list[Event]] = list
        """What has happened, as far as it is remembered."""
        self.ping_interval_changed: Callable[[], None] = lambda: None
        self.warn: Callable[[str, str], None] = lambda *_: None
        """Shows the viewers a standing warning: what it is about, and a sentence; an empty one ends
        the one about that."""
        self.looked_at: Callable[[], bool] = lambda: True
        """Whether somebody sees how the values move, and not only what happens."""
        self._on_event = on_event
        self._offset = timedelta(0)
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.configuration = Configuration(
            keys_of(build.model, standard_keys(build.connectors)),
            initial=build.initial_keys,
            stored=store.configuration(),
            save=store.save_configuration,
            on_change=self._key_changed,
        )
        self.security = Security(
            self.configuration,
            access,
            store,
            reconnect=lambda: self.cut_link(0.0),
            note=lambda text: self.note("security", text),
        )
        inoperative = store.inoperative()
        registers = store.registers()
        self.operative = 0 not in inoperative
        self.outlets: dict[int, Outlet] = {
            number: Outlet(
                number,
                Connector(
                    build.model.ratings,
                    register_wh=registers.get(number, float(build.meter_start_wh)),
                    ramp_w_per_s=build.timing.ramp_w_per_s,
                    noise=build.noise,
                    constant_power_w=build.constant_power_w,
                    rng=_noise_of(build.noise, rng),
                    now_s=clock.monotonic(),
                    detachable_cable=build.model.behaviour.detachable_cable,
                    profile_share=BELOW_PROFILE if build.quirks.below_profile else 1.0,
                ),
                lockable=build.model.behaviour.lockable,
                in_service=number not in inoperative,
                operative=number not in inoperative and 0 not in inoperative,
            )
            for number in range(1, build.connectors + 1)
        }
        self.outbox = Outbox(
            store,
            clock,
            policy=self._retry_policy,
            on_confirmed=lambda row, payload: self.transactions.read_id(row, payload),
            on_settled=lambda row, payload: self._row_settled(row, payload),
            on_given_up=lambda row, why: self.transactions.given_up(row, why),
            on_change=on_change,
            style=wire_style(build.quirks),
            rng=rng,
            instead=lambda row: self.transactions.instead(row),
            on_half=lambda row, payload: self.transactions.half_answered(row, payload),
            on_twice=lambda row, payload: self.transactions.answered_twice(row, payload),
        )
        self.outbox.refused = refused_units.explains(lambda *said: self.warn(*said))
        self.local_list = LocalList(self)
        self.authorizer = Authorizer(
            self.configuration,
            store,
            self.local_list,
            self.outbox.call,
            online=lambda: self.online,
            how_alone=lambda: how_alone(self),
            now=self.now,
        )
        self.reports = StatusReports(
            clock,
            may_send=lambda: self.outbox.registered,
            minimum_duration_s=lambda: self.configuration.number("MinimumStatusDuration"),
            send=self._send_status,
            stamp=lambda at: stamp(at + self._offset),  # a clock set since then tells it right
            now=clock.now,
            vendor_id=build.model.identity.vendor if self.behaviour.vendor_fields else None,
            stamps_reports=self.behaviour.stamps_reports,
        )
        self.reservations = Reservations(self)
        self.registrar = Registrar(self, self._shift_clock)
        self.smart_charging = SmartCharging(self)
        self.sessions = Sessions(self)
        self.transactions = Transactions(self)
        self.readings = Readings(self)
        self.presence = None if store.path == MEMORY else Presence(self)
        self.transfers = Transfers(
            clock,
            # The CSMS's CA counts for its files too; who we are is not shown to a file server.
            tls=lambda: tls_context(replace(access.tls, client_cert=None, client_key=None)),
            limit_s=LIMIT_S * build.time_scale,
        )
        self.diagnostics = Diagnostics(self)
        self.security_log = SecurityLog(self)
        self.firmware = Firmware(self)
        self._aligned = metering.Aligned(
            clock,
            self.now,
            lambda: self.configuration.number("ClockAlignedDataInterval"),
            self._sample_aligned,
        )
        self._tick_timer: Timer | None = None
        self._tick_due_s = 0.0
        handlers: tuple[tuple[str, object], ...] = (
            ("Core", Core(self)),
            (FIRMWARE_MANAGEMENT, self.firmware),
            (FIRMWARE_MANAGEMENT, self.diagnostics),
            (local_list.PROFILE, self.local_list),
            (reservation.PROFILE, self.reservations),
            ("RemoteTrigger", RemoteTrigger(self)),
            ("SmartCharging", self.smart_charging),
        )
        supported = [handler for name, handler in handlers if self.configuration.supports(name)]
        missing = {name for name, _ in handlers if not self.configuration.supports(name)}
        if self.behaviour.security_extension:
            supported += [self.security_log, ExtendedTrigger(self)]
            missing.add(CERTIFICATES)
        routes = KeptFirst(ProfileRoutes(supported), store, self.note)
        self.routes = FirstOf(routes, routes_without(frozenset(missing)))
        self.security_log.note(STARTUP)
        if self.presence is not None:
            self.presence.find()
        self.transactions.recover()
        self.smart_charging.refresh()
        self._look()
        if self.presence is not None:
            self.presence.keep()
        self._tick_while_needed()
        self._aligned.rearm()

    # -- time, tasks, notes ------------------------------------------

    def now(self) -> datetime:
        """The charge point's own time of day, as the CSMS has set it."""
        return self.clock.now() + self._offset

    @property
    def clock_ahead(self) -> timedelta:
        """By how much its clock is ahead of the computer's."""
        return self._offset

    def own_time(self, at: datetime | None) -> datetime | None:
        """A moment of the computer's clock on the charge point's own."""
        return at and at + self._offset

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something later; at once, in this same turn, when `seconds` is 0."""
        if seconds <= 0:
            act()
        else:
            self.clock.call_later(seconds, act)

    def vary(self, seconds: float, share: float = 1.0) -> float:
        """A time of this model as it is on this occasion; `share` of the spread for what varies
        less than the rest."""
        spread = self.timing.spread * share
        return seconds * self.rng.uniform(1 - spread, 1 + spread) if spread else seconds

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something go on beside; a fault in it ends the charge point visibly."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self.task_done)
        return task

    def say(self, action: str, payload: Payload, *, triggered: bool = False) -> None:
        """Send something whose answer tells nothing, when its turn comes; offline it is lost.

        `triggered`: the CSMS has asked for it, so it may go while registration is Pending (§4.2).
        """

        async def send() -> None:
            await self.outbox.call(action, payload, while_pending=triggered)

        self.spawn(send())

    async def failed(self) -> None:
        """Return never; raise when something that was spawned, or a timer, has failed."""
        await asyncio.shield(self._failed)

    async def close(self) -> None:
        """End everything that was spawned."""
        self._aligned.stop()
        self.reservations.close()
        self.smart_charging.close()
        self.transactions.close()
        if self._tick_timer is not None:
            self._tick_timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._failed.cancel()
        self.advance_metal()
        self.save_registers()

    def note(self, kind: str, text: str, connector_id: int | None = None) -> None:
        """Write down what has happened, as a sentence."""
        self._on_event(Event(self.now(), kind, text, connector_id))

    # -- facts and status --------------------------------------------

    @property
    def online(self) -> bool:
        """Registered, and frames pass."""
        return self.outbox.registered and self.link_online()

    def facts(self, outlet: Outlet) -> Facts:
        """What is true of a connector."""
        return outlet.facts(
            rebooting=self.rebooting, powered=self.powered, updating=self.firmware.quiet
        )

    def changed(self, outlet: Outlet) -> None:
        """A fact of this connector has changed."""
        outlet.metal.settle()
        said = self.reports.current(outlet.number)
        if outlet.leaving and said is not None and said.status is Status.PREPARING:
            # §4.9 knows no way from Preparing to Unavailable but the one through Available.
            self._look_at(outlet)
        outlet.apply_availability(self.operative and not self.firmware.quiet)
        self.reservations.settle()
        self._share_power()
        self._look_at(outlet)
        for other in self.reservations.moved():
            self._look_at(other)
        self._look_at_charge_point()
        if self.presence is not None:
            self.presence.keep()
        self._tick_while_needed()
        self.firmware.look()
        self.published_facts_changed()

    def powers_changed(self) -> None:
        """What flows may have changed in every connector, and nothing else: told in one go."""
        self._share_power()
        for outlet in self.outlets.values():
            self._look_at(outlet)
        self._tick_while_needed()
        self.published_facts_changed()

    def reservations_changed(self) -> None:
        """A reservation was made or has ended."""
        self.reservations.settle()
        for outlet in self.reservations.moved():
            self._look_at(outlet)
        self.published_facts_changed()

    def charge_point_changed(self) -> None:
        """What is said of connector 0 has changed."""
        self._look_at_charge_point()
        self.published_facts_changed()

    def change_availability(self, connector_id: int, operative: bool) -> None:
        """ChangeAvailability, lastingly: at once, or when a busy connector is free (§5.2).

        Connector 0 takes the whole charge point out of service; back in service, it takes every
        connector along.
        """
        if connector_id == 0:
            self.operative = operative
        with self.store.together():
            if connector_id == 0:
                self.store.save_operative(0, operative)
            for outlet in self.outlets.values():
                if outlet.number == connector_id or (connector_id == 0 and operative):
                    outlet.in_service = operative
                    self.store.save_operative(outlet.number, operative)
        for outlet in self.outlets.values():
            if operative and outlet.in_service:
                outlet.begin_anew()
            self.changed(outlet)

    def charge_point_status(self) -> Status:
        """Status of connector 0: Available, Unavailable or Faulted (§4.9)."""
        if self.fault is not None:
            return Status.FAULTED
        usable = self.operative and not self.firmware.installing
        return Status.AVAILABLE if usable else Status.UNAVAILABLE

    def _look(self) -> None:
        for outlet in self.outlets.values():
            self._look_at(outlet)
        self._look_at_charge_point()

    def _look_at(self, outlet: Outlet) -> None:
        status = outlet.status()
        if self.quirks.never_suspended and status in SUSPENDED:
            status = Status.CHARGING
        before = self.reports.current(outlet.number)
        said = None if before is None else before.status
        comes = status is Status.RESERVED and said in NOT_TO_RESERVED
        # G1: a reservation ends in Available, whoever's vehicle stands there.
        goes = said is Status.RESERVED and status in LEFT_BEHIND and outlet.reservation is None
        if comes or (goes and outlet.authorization is None):
            self._tell(outlet, before, Report(Status.AVAILABLE))
            before = self.reports.current(outlet.number)
        self._tell(outlet, before, _report(status, outlet.metal.fault))

    def _tell(self, outlet: Outlet, before: Report | None, report: Report) -> None:
        if self.reports.note(outlet.number, report) and before is not None:
            detail = f" ({report.error_code})" if report.error_code != NO_ERROR else ""
            self.note(
                "status",
                f"connector {outlet.number} is {report.status.value}{detail}",
                outlet.number,
            )

    def _look_at_charge_point(self) -> None:
        before = self.reports.current(0)
        report = _report(self.charge_point_status(), self.fault)
        if self.local_list.conflict and self.fault is None:  # §3.5.2
            report = replace(report, error_code=LIST_CONFLICT, info=self.local_list.conflict)
        if self.reports.note(0, report) and before is not None:
            self.note("status", f"the charge point is {report.status.value}", 0)

    # -- the link ----------------------------------------------------

    async def session(self, endpoint: Endpoint) -> None:
        """What the charge point does on one connection; ends by being cancelled."""
        endpoint.on_fault = self.fail
        boots = self.registration is not Registration.ACCEPTED or self.behaviour.boot_on_reconnect
        await first_of(self.outbox.run(endpoint), self.registrar.session(boots))

    def set_registration(self, registration: Registration) -> None:
        """BootNotification was answered."""
        if registration is not Registration.NONE:
            self.security.connected()
        anew = registration is Registration.ACCEPTED and not self.outbox.registered
        if registration is not self.registration or anew:
            if registration is Registration.ACCEPTED and registration is not self.registration:
                self.link_settled()  # once: a make that boots on every link hears it on each
            self.registration = registration
            if registration is not Registration.NONE:
                self.note("boot", f"the CSMS answered BootNotification: {registration.value}")
        if registration is not Registration.ACCEPTED:
            self.outbox.registered = False
        self.published_facts_changed()

    def registered(self, *, booted: bool) -> None:
        """Everything may pass now (§4.2)."""
        self.outbox.registered = True
        self.security.connected()
        order = self.report_order()
        running = any(outlet.transaction for outlet in self.outlets.values())
        if booted and running and self.quirks.connectors_after_reconnect:
            self.reports.say(0)
            self.clock.call_later(LOOP_S, lambda: self._say_connectors())
        elif booted and self.quirks.late_connector_0:
            self.outbox.status_first()
            self.reports.say_all(self.outlets)
            said_at = self.clock.now()
            self.clock.call_later(CONNECTOR_0_LATE_S, lambda: self._say_charge_point(said_at))
        elif booted:
            self.outbox.status_first()
            self.reports.say_all(order)
        else:
            self.reports.say_changes(order)
        if booted:
            self.readings.freeze()
        else:
            self.note("boot", "still Accepted: this model sends no BootNotification on a reconnect")
        self.transactions.end_cut_off()
        self.firmware.registered()
        self.diagnostics.uploads.registered()
        self.security_log.registered()
        self.outbox.wake()
        self.published_facts_changed()

    def written_again(self) -> None:
        """The disk has taken everything that it was owed: what waited for that goes out."""
        self.security_log.tell()
        self.outbox.wake()

    def _say_connectors(self) -> None:
        if self.outbox.registered:
            self.reports.say_all(self.outlets)

    def _say_charge_point(self, after: datetime) -> None:
        if self.outbox.registered:
            self.reports.say(0, at=after - A_MILLISECOND)

    def frames_pass_again(self) -> None:
        """The operator has ended the silence: say what the CSMS has not heard."""
        if self.outbox.registered:
            self.reports.say_changes(self.report_order())

    def may_answer(self) -> bool:
        """Whether calls of the CSMS are answered: while Rejected they are not (§4.2)."""
        return self.registration is not Registration.REJECTED

    def report_order(self) -> list[int]:
        """All connectors in the order in which this make reports them."""
        numbers = list(self.outlets)
        first = self.behaviour.status_order == "charge_point_first"
        return [0, *numbers] if first else [*numbers, 0]

    def report_status(self, connector_id: int | None) -> None:
        """A triggered StatusNotification: of one connector, or of all (§5.17)."""
        for number in self.report_order() if connector_id is None else [connector_id]:
            self.reports.say(number)

    def _send_status(self, payload: Payload, answered: Callable[[Answer], None]) -> None:
        async def send() -> None:
            answered(await self.outbox.call("StatusNotification", payload, while_pending=True))

        self.spawn(send())

    # -- reset -------------------------------------------------------

    async def reset(self, *, hard: bool) -> None:
        """Stop what runs, then reboot (§5.14). Soft waits for the CSMS's answers, hard does not."""
        self.rebooting = True
        speaks = not hard or self.quirks.hard_reset_speaks
        if self.timing.stop_s:
            await self.clock.sleep(self.vary(self.timing.stop_s))
        if not speaks:
            self.outbox.registered = False  # what the journal has goes out after the reboot
        for outlet in self.outlets.values():
            self.sessions.drop_authorization(outlet)
            self.transactions.stop(outlet, Reason.hard_reset if hard else Reason.soft_reset)
            self.changed(outlet)
            await asyncio.sleep(0)  # each is a commit: with many of them the rest has its turn
        if speaks:
            await first_of(self.outbox.drained(), self.clock.sleep(FLUSH_PATIENCE_S))
        reset_s = self.timing.hard_reset_s if hard else None
        reset_s = self.timing.reset_s if reset_s is None else reset_s
        if reset_s:
            await self.clock.sleep(self.vary(reset_s))
        self._reboot(f"{'hard' if hard else 'soft'} reset: the charge point reboots", hard=hard)

    async def restart(self, why: str) -> None:
        """Reboot as a soft reset does, where nothing runs that would have to be stopped."""
        self.rebooting = True
        await first_of(self.outbox.drained(), self.clock.sleep(FLUSH_PATIENCE_S))
        self._reboot(why, hard=False)

    def _reboot(self, why: str, *, hard: bool) -> None:
        self.note("reset", why)
        self.security_log.note(REBOOT, why)
        self._stop_transfers()
        self.outbox.registered = False
        self.registration = Registration.NONE
        self.configuration.rebooted()
        reboot_s = self.timing.reboot_s
        if hard and self.timing.hard_reboot_s is not None:
            reboot_s = self.timing.hard_reboot_s
        reboot_s = self.vary(reboot_s)
        self.cut_link(reboot_s)
        self.after(reboot_s, self._rebooted)
        self.published_facts_changed()

    def _rebooted(self) -> None:
        self.rebooting = False
        self._booted()
        self.published_facts_changed()

    def _booted(self) -> None:
        """It is up again, after a reboot or a power cut."""
        self.firmware.booted()
        self.diagnostics.uploads.recover()
        self.security_log.uploads.recover()

    def _stop_transfers(self) -> None:
        self.firmware.go_down()
        self.diagnostics.uploads.end()
        self.security_log.uploads.end()

    # -- the mains ---------------------------------------------------

    async def lose_power(self) -> None:
        """The mains fail. With a backup what runs is stopped and told; then it is dark."""
        self.powered = False
        self.note("power", "the mains have failed")
        backed = self.behaviour.power_backup
        if not backed:
            self._go_dark()
        for outlet in self.outlets.values():
            self.sessions.drop_authorization(outlet)
            if backed:
                self.transactions.stop(outlet, Reason.power_loss)
            else:
                self.transactions.cut_off(outlet)
            self.changed(outlet)
        if backed:
            await first_of(self.outbox.drained(), self.clock.sleep(BACKUP_S))
            self._go_dark()

    def regain_power(self) -> None:
        """The mains are back: it boots, and finds in its memory what the dark has cut off."""
        self.powered = True
        self.note("power", "the mains are back: the charge point boots")
        self.configuration.rebooted()
        self.security_log.note(STARTUP, "power is back")
        self.transactions.recover()
        for outlet in self.outlets.values():
            self.changed(outlet)
        self._booted()

    def _go_dark(self) -> None:
        self._stop_transfers()
        self.outbox.registered = False
        self.registration = Registration.NONE
        self.published_facts_changed()

    # -- metal -------------------------------------------------------

    def advance_metal(self) -> None:
        """Bring all connectors to the present moment, and share out what they want then."""
        now_s = self.clock.monotonic()
        while (edge_s := self.smart_charging.due_s) is not None and edge_s <= now_s:
            self._advance_to(edge_s)
            self.smart_charging.cross()
        self._advance_to(now_s)

    def limits_changed(self) -> None:
        """Charging profiles allow something else: the metal obeys. Status follows in `changed`."""
        self._share_power()
        self._tick_while_needed()
        self.published_facts_changed()

    def _advance_to(self, moment_s: float) -> None:
        for outlet in self.outlets.values():
            outlet.metal.advance(moment_s)
        self._share_power()

    def _share_power(self) -> None:
        ratings, limits = self.model.ratings, self.smart_charging
        outlets = list(self.outlets.values())
        demands = [
            cabinet.Demand(
                wanted_w=outlet.metal.wanted_w(),
                charging=outlet.metal.demanding,
                connecting=outlet.starting
                or (
                    outlet.transaction is not None
                    and outlet.metal.plugged
                    and not outlet.metal.contactor_closed
                ),
            )
            for outlet in outlets
        ]
        cap_w = limits.cap_w
        served = cabinet.served(demands, cap_w, limits.least_w)
        demands = [
            replace(demand, charging=demand.charging and serves)
            for demand, serves in zip(demands, served, strict=True)
        ]
        pool_w, reserve_w = ratings.cabinet_power_w, ratings.cabinet_reserve_w
        capped = cap_w is not None and cap_w < cabinet.free_w(demands, pool_w, reserve_w)
        parts = cabinet.share(demands, pool_w, reserve_w, cap_w)
        for outlet, part, serves in zip(outlets, parts, served, strict=True):
            metal = outlet.metal
            metal.allowed_w, metal.starved = part, not serves
            metal.allowed_by = "profile" if capped else "cabinet"
            metal.settle()

    def _tick_while_needed(self) -> None:
        if not any(outlet.metal.plugged for outlet in self.outlets.values()):
            return
        now_s = self.clock.monotonic()
        due_s = self._next_tick_s(now_s)
        if self._tick_timer is not None:
            if self._tick_due_s <= due_s + SLOT_S:
                return
            self._tick_timer.cancel()
        self._tick_due_s = due_s + -due_s % SLOT_S
        self._tick_timer = self.clock.call_later(self._tick_due_s - now_s, self._tick)

    def _next_tick_s(self, now_s: float) -> float:
        """When the metal is to be looked at again: each second, or when it does something."""
        if self._ticks_evenly():
            return now_s + TICK_S
        turn_s = min(outlet.metal.next_turn_s() for outlet in self.outlets.values())
        return max(now_s, min(now_s + LONGEST_TICK_S, turn_s)) + SLOT_S

    def _ticks_evenly(self) -> bool:
        """Whether anything depends on the seconds between two events: a screen, the file that
        a kill leaves behind, a make that tells of what was a few ticks ago."""
        return self.looked_at() or self.store.path != MEMORY or self.quirks.erratic_power_offered

    def _tick(self) -> None:
        self._tick_timer = None
        try:
            self._look_at_metal()
        finally:  # whatever one turn met, the meters go on counting
            self._tick_while_needed()
            self.published_facts_changed()

    def _look_at_metal(self) -> None:
        evenly = self._ticks_evenly()
        self.advance_metal()
        for outlet in self.outlets.values():
            if outlet.metal.plugged:
                if evenly:
                    outlet.trace()
                self.transactions.check_energy_limit(outlet)
                self.transactions.check_vehicle(outlet)
                self._look_at(outlet)  # a battery may have become full
            else:
                outlet.trace_w.clear()
        if any(outlet.metal.flowing for outlet in self.outlets.values()):
            self.save_registers()

    def save_registers(self) -> None:
        """Let the file know what the meters show."""
        self.store.save_registers_lightly(
            {number: outlet.metal.meter.register_wh for number, outlet in self.outlets.items()}
        )

    # -- samples outside the transaction's own rhythm ----------------

    def trigger_samples(self, connector_id: int | None) -> None:
        """Triggered MeterValues: of one connector, or of all (§5.17)."""
        self.advance_metal()
        measurands = self.configuration.items("MeterValuesSampledData")
        numbers: Iterable[int] = self.outlets if connector_id is None else [connector_id]
        with self.store.together():  # one commit, however many connectors charge
            for number in numbers:
                self._send_value(self.outlets[number], self.now(), measurands, metering.TRIGGER)

    def _sample_aligned(self, due: datetime) -> None:
        self.advance_metal()
        measurands = self.configuration.items("MeterValuesAlignedData")
        if self.quirks.late_clock_samples:
            due += timedelta(seconds=self.rng.uniform(*CLOCK_SAMPLES_LATE_S))
        with self.store.together():
            for outlet in self.outlets.values():
                if outlet.transaction is not None:
                    self.transactions.keep(
                        outlet, outlet.transaction, "StopTxnAlignedData", metering.CLOCK, due
                    )
                self._send_value(outlet, due, measurands, metering.CLOCK)
                if self.quirks.late_clock_samples:
                    due += ONE_AFTER_THE_OTHER

    def _send_value(
        self, outlet: Outlet, at: datetime, measurands: tuple[str, ...], context: str
    ) -> None:
        reading = self.readings.of(outlet)
        value = metering.meter_value(at, reading, measurands, context, self.model.metering)
        transaction = outlet.transaction
        known = transaction.transaction_id if transaction else None
        if transaction is not None and not (self.outbox.pipelining and known is not None):
            self.transactions.send_value(outlet, transaction, value)
            return
        payload: Payload = {"connectorId": outlet.number}
        if known is not None:  # such a make sends it past the transaction's other messages
            payload["transactionId"] = known
        payload["meterValue"] = [value]
        self.outbox.post("MeterValues", payload)

    # -- odds and ends -----------------------------------------------

    def _row_settled(self, row: JournalRow, payload: Payload) -> None:
        self.link_settled()
        self.transactions.settled(row, payload)

    def _retry_policy(self) -> RetryPolicy:
        return RetryPolicy(
            attempts=self.configuration.number("TransactionMessageAttempts"),
            interval_s=self.configuration.number("TransactionMessageRetryInterval"),
        )

    def _shift_clock(self, by: timedelta) -> None:
        self._offset += by
        if abs(by) >= WORTH_TELLING:
            self.security_log.note(CLOCK_SET, f"{by.total_seconds():+.1f} s")
        self.reservations.rearm()
        self.smart_charging.clock_shifted(by)
        self.firmware.rearm()
        self._aligned.rearm()

    def _key_changed(self, name: str) -> None:
        effects: dict[str, Callable[[], None]] = {
            "HeartbeatInterval": self.registrar.interval_changed,
            "MeterValueSampleInterval": self.transactions.interval_changed,
            "ClockAlignedDataInterval": self._aligned.rearm,
            "LocalAuthListEnabled": self.local_list.switched,
            "WebSocketPingInterval": self.ping_interval_changed,
            **dict.fromkeys(refused_units.LISTS, lambda: self.warn(refused_units.ABOUT, "")),
        }
        effects.get(name, lambda: None)()

    def task_done(self, task: asyncio.Task[Any]) -> None:
        """A task has ended that nobody awaits: a fault in it is one of the charge point."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Something went wrong inside that nobody awaits: the charge point ends, and says why."""
        if not self._failed.done():
            self._failed.set_exception(self.store.explained(error))
