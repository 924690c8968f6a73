"""The façade: one charge point with its link and its state; commands in, pictures out.

Viewers know a station by three things: `submit(command) -> Outcome`, `snapshot`, and the rings of
messages and events. Nothing in here knows who looks. What has an idea of its own stands beside:
`version_choice` makes the charge point, `dialling` knows the ways to the CSMS, and
`picture_publishing` who sees what when.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sim_core import early_cards
from sim_core.charge_points import ChargePoint, offered
from sim_core.charging.charger import Charger
from sim_core.charging.config import ChargePointConfig
from sim_core.charging.facts import NO_POWER, REBOOTING
from sim_core.commands import (
    ACTION_BY_COMMAND,
    Accepted,
    ClearExternalLimit,
    Command,
    Configure,
    Dial,
    GoOnline,
    GoSilent,
    LinkDown,
    LinkUp,
    Outcome,
    PowerOff,
    PowerOn,
    Refused,
    Restart,
    Send,
    SendFrame,
    SetExternalLimit,
    Start,
    Swipe,
)
from sim_core.dialling import Dialling
from sim_core.errors import UserError
from sim_core.events import Event, Ring
from sim_core.from_settings import access_of, config_of, url_of
from sim_core.ocpp16.configuration_keys import LONGEST_VALUE
from sim_core.picture_publishing import PicturePublishing
from sim_core.redaction import one_line, public_url
from sim_core.runtime.asyncio_helpers import first_of, one_done
from sim_core.runtime.clock import Clock, GuardedClock
from sim_core.runtime.random_numbers import RandomNumbers
from sim_core.said_by_hand import send
from sim_core.scenarios.fault_file import read_faults
from sim_core.scenarios.on_purpose import ON_PURPOSE, OnPurpose
from sim_core.settings.options import ConfigError, Settings
from sim_core.snapshot import LinkSnapshot, LinkState, Registration, StationSnapshot, TokensSnapshot
from sim_core.standing_warnings import Standing
from sim_core.station_snapshot import (
    CompositesView,
    JournalView,
    SessionsView,
    SettingsView,
    TokensView,
    connector_snapshot,
    reservation_snapshot,
    vehicle_words,
)
from sim_core.store.interface import MEMORY, Store
from sim_core.store.makers import store_in
from sim_core.store.watch import StateWatch
from sim_core.version_choice import VersionChoice
from sim_core.wire.access import NOTHING_SET, Access, TlsFlaw, tls_context
from sim_core.wire.access import warnings as access_warnings
from sim_core.wire.dialect import Dialect
from sim_core.wire.link import Link
from sim_core.wire.message_log import MessageLog
from sim_core.wire.pauses import FIRST_PAUSE_S, LONGEST_PAUSE_S, Doubling
from sim_core.wire.refusals import Facts, Refusals
from sim_core.wire.speaker import Speaker

LOG = logging.getLogger(__name__)

SAID_LIMIT = 1000
"""Characters of what an event says."""
URL_KEY = "OcppUrl"
"""A vendor's key that tells the address which is dialled."""
NEEDS_POWER = (
    "power_off",
    "restart",
    "link_down",
    "link_up",
    "dial",
    "silent",
    "online",
    "configure",
    "message",
    "frame",
    "external_limit",
    "clear_external_limit",
)
"""What nobody can do at a charge point that is dark."""
NO_LINK = "there is no link to the CSMS: nothing can be sent"
SILENT = "the charge point is silent: go online first, no frame passes"
LOUD = frozenset({"warning", "refusal"})
"""Kinds of event that are warnings in the log."""


class Station:
    """One charge point. Lives on the loop that it is made on."""

    # Python keeps no more than 30 attributes without a dictionary of 2 KiB for each instance.
    __slots__ = (
        "_choice",
        "_composites",
        "_dialling",
        "_dials_again",
        "_journal",
        "_mains",
        "_pauses",
        "_pictures",
        "_sessions",
        "_settings",
        "_standing",
        "_state_watch",
        "_store",
        "_tokens",
        "_vehicle_words",
        "_ways",
        "charge_point",
        "events",
        "link",
        "messages",
        "on_purpose",
        "refusals",
        "tells_log",
        "warnings",
    )

    def __init__(
        self,
        config: ChargePointConfig,
        *,
        url: str,
        clock: Clock,
        store: Store,
        messages: MessageLog,
        events: Ring[Event],
        call_timeout_s: float = 30.0,
        longest_pause_s: float = LONGEST_PAUSE_S,
        first_pause_s: float = FIRST_PAUSE_S,
        seed: int | None = None,
        access: Access = NOTHING_SET,
        refusals: Refusals | None = None,
        version: str = "1.6",
        seen_afar: bool = True,
    ) -> None:
        """`version` is a word of the option `ocpp_version`; `refusals` is given where many charge
        points share one, see `Refusals`; `seen_afar` is what it is at first."""
        self.messages = messages
        self.events = events
        self.warnings: tuple[str, ...] = ()
        """Standing warnings for the viewers; see `warn`. Those of `refusals` come to them."""
        self._standing = Standing(self.warn, self.withdraw)
        self._store = store
        self._pictures = PicturePublishing(self._picture, self._guarded, seen_afar=seen_afar)
        self.tells_log = True
        """What happens is written to the log (a fleet tells the sum of it)."""
        rng = RandomNumbers(seed)
        identity = config.charge_point_id
        self._ways = Dialling(
            url, identity, call_timeout_s=call_timeout_s, time_scale=config.time_scale
        )
        if URL_KEY in config.model.keys:
            told = public_url(self._ways.url)[:LONGEST_VALUE]
            config = replace(config, own_keys={URL_KEY: told})
        self._choice = VersionChoice(
            version,
            config,
            store,
            clock,
            rng,
            access,
            on_event=lambda event: self._note(event),
            on_change=self._pictures.changed,
        )
        self.charge_point: ChargePoint = self._choice.first()
        # A fault in any timer is that of the charge point.
        clock = GuardedClock(clock, lambda error: self.charge_point.environment.tasks.fail(error))
        self._sessions = SessionsView(store.sessions)
        self._tokens = TokensView(store.tokens, store.local_list, self._what_tokens_count)
        self._state_watch = (
            None
            if store.path == MEMORY
            else StateWatch(
                store,
                clock,
                scale=config.time_scale,
                warn=self.warn,
                withdraw=self.withdraw,
                note=lambda text: self._said("storage", text),
                written=lambda: self.charge_point.written_again(),
            )
        )
        self.link = Link(
            self._ways.url,
            offered(version),
            clock=clock,
            log=messages,
            on_change=self._pictures.changed,
            note=lambda text: self._said("link", text),
            ping_interval_s=lambda: self.charge_point.ping_interval_s(),
            call_timeout_s=call_timeout_s,
            rng=rng,
            dial=lambda _: self._ways.next_way(self.link, self.charge_point),
        )
        # Charge points with the same SEED must not come back in step.
        pause_seed = None if seed is None else f"{seed} {identity}"
        self._pauses = Doubling(first_pause_s, longest_pause_s, pause_seed)
        self.on_purpose = OnPurpose(
            clock,
            lambda: self.charge_point.speaker.dialect,
            self.submit,
            now=self.now,
            is_secret=self._is_secret,
            note=self._said,
            spawn=lambda work: self.charge_point.environment.spawn(work),
            on_change=self._pictures.changed,
            meddle=lambda: self.link.meddle(),
            seed=seed,
            identity=identity,
        )
        self.link.intercept = self.on_purpose.rules.intercept
        self.link.meddler = self.on_purpose.wire_faults
        self.refusals = refusals or Refusals(self._note_refusal, clock.monotonic)
        self.link.turn = self._turn
        self.link.on_odd_frame = self._odd_frame
        self.link.on_own_fault = self._own_fault
        self.link.on_tls_flaw = self._tls_flaw
        for trouble in ([store.trouble] if store.trouble else []) + access_warnings(access):
            self.warn(trouble)
        self._dialling: asyncio.Task[None] | None = None
        self._mains = asyncio.Lock()
        """Held while a battery keeps the firmware alive: power comes back after that only."""
        self._dials_again = True
        """Whether the link was wanted when the mains failed."""
        self._vehicle_words = vehicle_words(config.garage)
        self._attach()
        if seen_afar:
            self._pictures.latest  # noqa: B018 - one lies ready from now on

    def _attach(self) -> None:
        """Let the charge point and what is around it know each other."""
        charge_point, link = self.charge_point, self.link
        self._journal = JournalView(self._store.journal, charge_point.row_name)
        self._composites = CompositesView(charge_point.charger.limits)
        self._settings = SettingsView(
            charge_point.settings, lambda: charge_point.setting_changes.revision
        )
        link.pauses = charge_point.pauses or self._pauses
        link.on_end = charge_point.outbox.link_ended
        charge_point.heard = self.refusals.heard
        charge_point.link_settled = link.settled
        charge_point.warn = self._standing.say
        charge_point.ping_interval_changed = link.ping_interval_changed
        charge_point.adapter.cut_link = link.cut
        charge_point.adapter.frames_pass = lambda: link.online
        charge_point.witness.exchanges = lambda: self.messages.since(0)[1]
        charge_point.witness.history = lambda: self.events.since(0)[1]
        self.charger.power.watched = lambda: self._pictures.watched
        if self._ways.by_hand:
            charge_point.security.dial_by_hand()
        self._standing.say("aside", self._choice.what_waits(charge_point.speaker.dialect))

    async def _turn(self, chosen: Speaker) -> Speaker:
        """The CSMS has chosen a version: who speaks it."""
        if self._choice.is_open:
            if chosen.dialect is not self.charge_point.speaker.dialect:
                await asyncio.shield(asyncio.ensure_future(self._begin_in(chosen.dialect)))
            self._choice.was_chosen(chosen.dialect)
        return self.charge_point.speaker

    async def _begin_in(self, dialect: Dialect) -> None:
        """Go on as a charge point that speaks another version."""
        self.charge_point = await self._choice.instead_of(self.charge_point, dialect)
        self._attach()
        self._said("link", f"the CSMS has chosen {dialect.version}: that is spoken from now on")
        self._changed()

    def _said(self, kind: str, text: str, connector_id: int | None = None) -> None:
        self.charge_point.environment.note(kind, text, connector_id)

    def log_to(self, messages: MessageLog) -> None:
        """Messages are kept there from now on."""
        self.messages = messages
        self.link.log_to(messages)

    def let_look(self, afar: bool) -> None:
        """Somebody begins to look from another thread, or does so no more."""
        self._pictures.seen_afar = afar
        if afar:
            self._pictures.latest  # noqa: B018 - as above
        self._changed()

    @property
    def seen_afar(self) -> bool:
        """Somebody may look from another thread (else no picture lies ready for them)."""
        return self._pictures.seen_afar

    @property
    def charger(self) -> Charger:
        """What the charge point is, whatever it speaks."""
        return self.charge_point.charger

    @classmethod
    def from_settings(
        cls, settings: Settings, *, clock: Clock, messages: MessageLog, events: Ring[Event]
    ) -> Station:
        """The station that the settings describe.

        Raises ConfigError, ModelError or StoreError with a sentence for the user.
        """
        tls_context(access_of(settings).tls)  # what cannot be used is said now, not at every dial
        config = config_of(settings)
        station = cls.built(config, settings, clock=clock, messages=messages, events=events)
        for remark in settings.remarks:
            station.warn(remark)
        return station

    @classmethod
    def built(
        cls,
        config: ChargePointConfig,
        settings: Settings,
        *,
        clock: Clock,
        messages: MessageLog,
        events: Ring[Event],
        refusals: Refusals | None = None,
        seen_afar: bool = True,
    ) -> Station:
        """A station of this config, with the link and the state that the settings describe.

        Raises ConfigError, StoreError or ScenarioError with a sentence for the user.
        """
        faults = read_faults(settings.faults) if settings.faults is not None else ()
        store = store_in(settings.state_folder(), config.charge_point_id, clock.now())
        try:
            station = cls(
                config,
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
                version=settings.ocpp_version,
                seen_afar=seen_afar,
            )
        except UserError:
            store.close()
            raise
        except ValueError as error:
            store.close()
            raise ConfigError(f"OCPP_KEYS (--ocpp-keys): {error}") from None
        for fault in faults:
            station.on_purpose.carry_out(fault)
        return station

    def dial(self, url: str) -> None:
        """Dial another CSMS: before `open`."""
        self._ways.go_to(url, self.link, self.charge_point)
        self._changed()

    def _tls_flaw(self, flaw: TlsFlaw, why: str) -> None:
        self.charger.security.note(flaw.value, why)

    def open(self) -> None:
        """Dial the CSMS, and keep dialling."""
        self._dialling = asyncio.create_task(self.link.run())

    async def drain(self, *, stop: bool, patience_s: float) -> None:
        """Before `close`: stop what runs, if so wished, and let the CSMS hear what there is.

        The reason is Reboot, "a locally initiated reset or reboot" (Reason, OCPP 1.6 §7): no driver
        asked (Local), no CSMS did (SoftReset), and nothing was cut off (PowerLoss). What is not
        answered within `patience_s` stays in the journal.
        """
        if stop:
            self.charger.lifecycle.stop_all()
        await first_of(self.charge_point.outbox.drained(), asyncio.sleep(patience_s))

    async def close(self) -> None:
        """Close the link, write down the meters, let go of the state."""
        if self._dialling is not None:
            self._dialling.cancel()
            await asyncio.gather(self._dialling, return_exceptions=True)
        await self.charge_point.close()
        if self._state_watch is not None and self._state_watch.close():
            self.charger.power.save_registers()
        self._pictures.close()
        self._store.close()

    async def failed(self) -> None:
        """Return never; raise what has gone wrong inside."""
        while True:
            charge_point, failing = self.charge_point, self.charge_point.environment.tasks.failed
            dialling = self._dialling
            await one_done([failing] if dialling is None else [failing, dialling])
            if dialling is not None and dialling.done():
                dialling.result()
            elif self.charge_point is charge_point:  # else another one speaks now
                failing.result()

    def now(self) -> datetime:
        """The charge point's time of day."""
        return self.charge_point.environment.now()

    def place(self, connector_id: int) -> str:
        """A connector as people call it in the version that is spoken: "connector 1", "EVSE 1"."""
        return self.charge_point.environment.place(connector_id)

    @property
    def link_wanted(self) -> bool:
        """Whether the link is to be up, be it that it is still dialled; the picture shows what has
        come of it."""
        return self.link.wanted

    async def until(self, holds: Callable[[StationSnapshot], bool]) -> None:
        """Return once `holds` is true of the newest picture."""
        await self._pictures.until(holds)

    async def accepted(self) -> None:
        """Return once the CSMS has accepted the charge point; no picture is made for it."""
        await self._pictures.until_true(lambda: self._registration() is Registration.ACCEPTED)

    def watch(self, look: Callable[[StationSnapshot], None]) -> Callable[[], None]:
        """Call `look` with every picture from now on, none left out; the result takes it off."""
        return self._pictures.watch(look)

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

    def recorded(self) -> list[dict[str, object]]:
        """What has been recorded last, or so far, as plain data."""
        return self.on_purpose.recorder.rows

    # -- commands ----------------------------------------------------

    async def submit(self, command: Command) -> Outcome:
        """Carry out a command; returns once it is decided.

        Runs to its end even when whoever asked goes away: an authorisation that is on the wire
        cannot be taken back.
        """
        work = asyncio.create_task(self._submit(command))
        work.add_done_callback(self.charge_point.environment.tasks.done)
        place = self.on_purpose.recorder.begun(command)
        outcome = await asyncio.shield(work)
        self.on_purpose.recorder.decided(place, outcome)
        self._pictures.let_see()  # whoever asked sees what came of it, on whatever thread
        return outcome

    async def _submit(self, command: Command) -> Outcome:
        if isinstance(command, (LinkDown, LinkUp, Dial, GoSilent, GoOnline)):
            return self._switch(command)
        if isinstance(command, (PowerOff, PowerOn)):
            return await self._switch_mains(command)
        if isinstance(command, Restart):
            return self._restart()
        if isinstance(command, Configure):
            return self._configure(command)
        if isinstance(command, (Send, SendFrame)):
            return await self._say(command)
        if isinstance(command, (SetExternalLimit, ClearExternalLimit)):
            return self._limit(command)
        if isinstance(command, ON_PURPOSE):
            return self.on_purpose.carry_out(command)
        connector = self.charger.connectors.get(command.connector_id)
        if connector is None:
            place = self.place
            count = len(self.charger.connectors)
            has = f"only {place(1)}" if count == 1 else f"1 to {count}"
            return Refused(
                f"there is no {place(command.connector_id)}: this charge point has {has}"
            )
        if isinstance(command, (Start, Swipe)):
            return await early_cards.shown(
                command,
                lambda: self.charger.carry_out(connector, command),
                lambda: self.snapshot,
                self.until,
                lambda words: self._note_card(command.connector_id, words),
            )
        return await self.charger.carry_out(connector, command)

    def _note_card(self, number: int, words: str) -> None:
        self._note(Event(self.now(), "authorization", f"{self.place(number)}: {words}", number))

    def _switch(self, command: LinkDown | LinkUp | Dial | GoSilent | GoOnline) -> Outcome:
        name = ACTION_BY_COMMAND[type(command)].name
        if reason := self._refusals().get(name):
            return Refused(reason)
        switches: dict[str, Callable[[], None]] = {
            "link_down": self.link.take_down,
            "link_up": self.link.bring_up,
            "dial": self.link.bring_up,
            "silent": lambda: self.link.set_online(False),
            "online": self._go_online,
        }
        switches[name]()
        self._changed()
        return Accepted()

    def _configure(self, command: Configure) -> Outcome:
        if reason := self._refusals().get(ACTION_BY_COMMAND[Configure].name):
            return Refused(reason)
        return self.charge_point.configure(command.name, command.value)

    def _limit(self, command: SetExternalLimit | ClearExternalLimit) -> Outcome:
        if reason := self._refusals().get(ACTION_BY_COMMAND[type(command)].name):
            return Refused(reason)
        if isinstance(command, SetExternalLimit):
            return self.charger.outsiders.limit(command)
        return self.charger.outsiders.lift(command)

    def _is_secret(self, name: str) -> bool:
        folded = name.casefold()
        return any(
            one.value is None and one.name.casefold() == folded for one in self._settings.now()
        )

    async def _say(self, command: Send | SendFrame) -> Outcome:
        if reason := self._refusals().get(ACTION_BY_COMMAND[type(command)].name):
            return Refused(reason)
        charge_point = self.charge_point
        return await send(command, charge_point.outbox, charge_point.speaker.dialect)

    def _go_online(self) -> None:
        self.link.set_online(True)
        self.charge_point.frames_pass_again()

    async def _switch_mains(self, command: PowerOff | PowerOn) -> Outcome:
        async with self._mains:
            if reason := self._refusals().get(ACTION_BY_COMMAND[type(command)].name):
                return Refused(reason)
            if isinstance(command, PowerOff):
                self._dials_again = self.link.wanted
                await self.charger.lifecycle.lose_power()
                self.link.cut()
                self.link.take_down()
            else:
                self.charger.lifecycle.regain_power()
                if self._dials_again:
                    self.link.bring_up()
            self._changed()
            return Accepted()

    def _restart(self) -> Outcome:
        if reason := self._refusals().get("restart"):
            return Refused(reason)
        self.charger.lifecycle.restart_by_itself()
        return Accepted()

    def connect_to(self, url: str, profile: int | None, key: bytes | None) -> Outcome:
        """Dial another CSMS, or the same otherwise, from now on; with this security profile and
        authorization key, None leaves what there is. A CSMS that does not know the charge point yet
        gets its BootNotification.

        What runs goes on: the new CSMS is told of it as the old one would have been.
        """
        if not self.charger.condition.powered:
            return Refused(NO_POWER)
        if self.charger.condition.rebooting:
            return Refused(REBOOTING)
        if self._ways.go_to(url, self.link, self.charge_point):
            self.charge_point.adapter.forget()
        self._ways.get_in_with(profile, key, self.charge_point)
        self.link.bring_up()
        self.link.cut()
        self._note(Event(self.now(), "link", f"the CSMS is now {public_url(self.link.url)}"))
        return Accepted()

    def _refusals(self) -> dict[str, str]:
        """What would change nothing, or cannot be now, with the sentence that says so."""
        if not self.charger.condition.powered:
            return dict.fromkeys(NEEDS_POWER, NO_POWER)
        refusals = self.charger.outsiders.refusals()
        refusals["power_on"] = "the charge point has power already"
        if why := self._ways.why_not_now(self.link, self.charge_point):
            refusals["dial"] = why
        if self.charger.condition.rebooting:
            refusals["restart"] = REBOOTING
        if self.link.wanted:
            refusals["link_up"] = "the link is up already: nobody has taken it down"
        else:
            refusals["link_down"] = "the link is down already: bring it up again first"
        if self.link.online:
            refusals["online"] = "frames pass already: the charge point is not silent"
        else:
            refusals["silent"] = "the charge point is silent already: go online first"
        if self.link.state is not LinkState.CONNECTED or not self.link.wanted:
            refusals["message"] = refusals["frame"] = NO_LINK
        elif not self.link.online:
            refusals["message"] = refusals["frame"] = SILENT
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
        return self._pictures.latest

    def _changed(self) -> None:
        self._pictures.changed()

    def _guarded(self, act: Callable[[], None]) -> None:
        self.charge_point.environment.clock.run(act)

    def _picture(self) -> StationSnapshot:
        charge_point, charger = self.charge_point, self.charger
        identity, ahead = charge_point.identity(), charge_point.environment.ahead
        # in a fleet nobody asks, and each of them would hold its own
        seen = self.seen_afar
        sessions = self._sessions.look() if seen else self._sessions
        return StationSnapshot(
            charge_point_id=charger.config.charge_point_id,
            vendor=identity.vendor,
            model=identity.model,
            firmware_version=identity.firmware_version or "",
            link=self._link_picture(),
            connectors=tuple(
                connector_snapshot(
                    charger, connector, charge_point, sessions.last.get(connector.number)
                )
                for connector in charger.connectors.values()
            ),
            text_limits=charger.policy.text_limits,
            subprotocol=charge_point.speaker.dialect.subprotocol,
            status=charge_point.whole_word(),
            reservation=reservation_snapshot(charger.reservations.whole),
            reservations=tuple(
                shown
                for one in charger.reservations.all
                if (shown := reservation_snapshot(one)) is not None
            ),
            operative=charger.condition.operative,
            tokens=self._tokens.look() if seen else TokensSnapshot(),
            composites=self._composites.look(self.now(), charger.connectors) if seen else (),
            journal=self._journal.of(ahead),
            sessions=sessions.shown,
            firmware=charger.updates.snapshot(),
            upload=charger.uploads["diagnostics"].snapshot(),
            profile=charger.limits.snapshots.get(0),
            profiles=charger.profiles.snapshots,
            external_limits=charger.external.all,
            powered=charger.condition.powered,
            clock_ahead_s=ahead.total_seconds(),
            refusals=self._refusals(),
            vehicles=tuple(kind.name for kind in charger.config.garage),
            vehicle_words=self._vehicle_words,
            rules=self.on_purpose.rules.rules,
            held=self.on_purpose.rules.held,
            wire_faults=self.on_purpose.wire_faults.rules,
            held_frames=self.on_purpose.wire_faults.held,
            recording=self.on_purpose.recorder.snapshot,
            playing=self.on_purpose.player.snapshot,
            settings=self._settings.now() if self.seen_afar else self._settings.unseen(),
            resumes=charger.config.model.behaviour.resume_after_power_loss,
            warnings=(*self.warnings, *self.refusals.standing()),
            screen=charge_point.screen(),
        )

    def _what_tokens_count(self) -> tuple[bool, bool]:
        return self.charger.token_list.enabled, self.charger.authorizer.caches

    def _link_picture(self) -> LinkSnapshot:
        link, registrar = self.link, self.charge_point.registrar
        own_time = self.charge_point.environment.own_time
        return LinkSnapshot(
            url=public_url(link.url),
            state=link.state if link.wanted else LinkState.DOWN,
            registration=self._registration(),
            online=link.online,
            attempt=link.attempt,
            retry_at=own_time(link.retry_at),
            trouble=link.trouble,
            boot_retry_at=own_time(registrar.boot_retry_at),
            heartbeat_at=own_time(registrar.heartbeat_at),
            heard_at=own_time(link.heard_at),
            waiting_since=own_time(link.waiting_since),
            spoken=(
                self.charge_point.speaker.dialect.version
                if self._choice.is_open and link.state is LinkState.CONNECTED
                else ""
            ),
            queued=self._store.journal.depth,
        )

    def _registration(self) -> Registration:
        """As it counts now: nothing is registered without a link, and a make that boots on each
        connection is not Accepted before it has."""
        registration = self.charge_point.registrar.registration
        if self.link.state is not LinkState.CONNECTED or not self.link.wanted:
            return Registration.NONE
        registered = self.charge_point.outbox.registered
        waits = registration is Registration.ACCEPTED and not registered
        return Registration.NONE if waits else registration
