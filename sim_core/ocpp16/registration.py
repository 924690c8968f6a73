"""BootNotification, Heartbeat and the clock (OCPP 1.6 §4.2, §4.6).

A registrar lives as long as the charge point; `session` is its part of one connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from sim_core.charging.environment import Environment
from sim_core.csms_time import CsmsTime
from sim_core.hardware.model import Identity
from sim_core.ocpp16.configuration import Configuration
from sim_core.ocpp16.points import Speech
from sim_core.ocpp16.transaction_id import whole_number
from sim_core.runtime.asyncio_helpers import LightEvent
from sim_core.snapshot import Registration
from sim_core.wire.answers import Answer, NoAnswer, Payload, Result
from sim_core.wire.outbox import Outbox
from sim_core.wire.timestamps import moment

BOOT_RETRY_S = 10.0
"""Our own pause where the CSMS gives none: CALLERROR, silence, interval 0 (§4.2)."""
BOOT_RETRY_LIMIT_S = 120.0
WORDS = {word.value.casefold(): word for word in Registration if word is not Registration.NONE}
"""What an answer may say, in lower case: CSMSs do not all spell it as OCPP does."""
LATE_BOOTS = 4
"""To how many BootNotifications that were not answered in time an answer may still come."""


def boot_payload(identity: Identity) -> Payload:
    """What BootNotification says (§4.2); what the make does not have is left out."""
    fields = {
        "chargePointModel": identity.model,
        "chargePointVendor": identity.vendor,
        "chargePointSerialNumber": identity.serial_number,
        "firmwareVersion": identity.firmware_version,
        "iccid": identity.iccid,
        "imsi": identity.imsi,
        "chargeBoxSerialNumber": identity.charge_box_serial_number,
        "meterType": identity.meter_type,
        "meterSerialNumber": identity.meter_serial_number,
    }
    return {name: value for name, value in fields.items() if value is not None}


class Registrar:
    """Registers with the CSMS and keeps in touch."""

    __slots__ = (
        "_accepted",
        "_boot_early",
        "_configuration",
        "_environment",
        "_identity",
        "_in_touch_s",
        "_late",
        "_link_settled",
        "_met",
        "_new_interval",
        "_next_boot_s",
        "_on_change",
        "_outbox",
        "_set_clock",
        "_speech",
        "_time",
        "_unregistered",
        "boot_retry_at",
        "heartbeat_at",
        "registration",
    )

    def __init__(
        self,
        environment: Environment,
        configuration: Configuration,
        outbox: Outbox,
        speech: Speech,
        *,
        identity: Callable[[], Identity],
        set_clock: Callable[[timedelta], None],
        met: Callable[[], None],
        accepted: Callable[[bool], None],
        link_settled: Callable[[], None],
        on_change: Callable[[], None],
        warped: bool,
    ) -> None:
        """`met`: the CSMS has answered BootNotification, whatever it said; `accepted`: everything
        may pass now, after a BootNotification or without one; `warped`: time passes here at
        another speed than at the CSMS."""
        self._environment = environment
        self._configuration = configuration
        self._outbox = outbox
        self._speech = speech
        self._identity = identity
        self._set_clock = set_clock
        self._time = CsmsTime(environment, set_clock, warped=warped)
        self._met = met
        self._accepted = accepted
        self._link_settled = link_settled
        self._on_change = on_change
        self.registration = Registration.NONE
        self._boot_early = LightEvent()
        self._new_interval = LightEvent()
        self._in_touch_s = 0.0
        """When the CSMS last heard a Heartbeat, or answered BootNotification."""
        self._unregistered = False
        """A triggered BootNotification was answered Pending or Rejected."""
        self._next_boot_s = 0.0
        """The CSMS's pause: on a new connection, too, BootNotification waits for its end (§4.2)."""
        self._late: list[asyncio.Future[Answer]] = []
        """Of the BootNotifications that were not answered in time on this connection, the answers
        that may still come."""
        self.boot_retry_at: datetime | None = None
        self.heartbeat_at: datetime | None = None

    async def session(self, boots: bool) -> None:
        """Register (when `boots`), then send heartbeats until cancelled."""
        try:
            if boots:
                await self._gather_who_we_are()
            while True:
                if boots:
                    await self._register()
                self._accepted(boots)
                await self._keep_in_touch()
                self.heartbeat_at = None
                boots = True
        finally:
            self.boot_retry_at = self.heartbeat_at = None
            self._late.clear()

    async def _gather_who_we_are(self) -> None:
        """What passes before a BootNotification is written, a triggered one too."""
        environment = self._environment
        await environment.clock.sleep(environment.vary(environment.timing.boot_s))

    def forget(self) -> None:
        """The charge point goes down: it is nobody's until it has booted."""
        self._outbox.registered = False
        self.registration = Registration.NONE

    def presume(self) -> None:
        """A make that boots only when it is asked to takes itself for Accepted."""
        self.registration = Registration.ACCEPTED

    def may_answer(self) -> bool:
        """Whether calls of the CSMS are answered: while Rejected they are not (§4.2)."""
        return self.registration is not Registration.REJECTED

    def boot_now(self) -> None:
        """A triggered BootNotification: the only one that may come before its time (§4.2)."""
        if self.registration is Registration.ACCEPTED:
            self._environment.spawn(self._boot_again())
        else:
            self._boot_early.set()

    def heartbeat_now(self) -> None:
        """A triggered Heartbeat."""
        self._environment.spawn(self._beat())

    async def _register(self) -> None:
        own_pause_s = BOOT_RETRY_S
        self._unregistered = False
        if self.registration is not Registration.NONE:
            await self._wait_for_turn()
        while True:
            self._boot_early.clear()
            status, interval_s = await self._boot()
            if status is Registration.ACCEPTED:
                self._next_boot_s = 0.0
                return
            if interval_s > 0:
                pause_s = float(interval_s)
            else:
                pause_s = own_pause_s
                own_pause_s = min(BOOT_RETRY_LIMIT_S, own_pause_s * 2)
            self._next_boot_s = self._environment.clock.monotonic() + pause_s
            await self._wait_for_turn()

    async def _wait_for_turn(self) -> None:
        """Return when the pause is over, or a trigger cuts it short."""
        pause_s = self._next_boot_s - self._environment.clock.monotonic()
        if pause_s > 0:
            self.boot_retry_at = self._environment.clock.now() + timedelta(seconds=pause_s)
            self._on_change()
            await self._boot_early.within(pause_s, self._environment.clock.call_later)
            self.boot_retry_at = None

    async def _boot_again(self) -> None:
        await self._gather_who_we_are()
        status, interval_s = await self._boot()
        if status is Registration.ACCEPTED:
            self._in_touch_s = self._environment.clock.monotonic()
            self._new_interval.set()
        elif status is not Registration.NONE:
            self._next_boot_s = self._environment.clock.monotonic() + (interval_s or BOOT_RETRY_S)
            self._unregistered = True
            self._new_interval.set()

    async def _boot(self) -> tuple[Registration, int]:
        """Send BootNotification; returns what it came to and the interval it brought."""
        payload = boot_payload(self._identity())
        asked_at = self._environment.clock.monotonic()
        answer = await self._first_answer(payload)
        status, interval_s = self._read_boot(answer, self._environment.clock.monotonic() - asked_at)
        if status is not Registration.NONE or not self._outbox.registered:
            self._set(status)  # a triggered one that fails takes nothing back
        if status is Registration.ACCEPTED and interval_s > 0:
            self._configuration.override("HeartbeatInterval", str(interval_s))
        return status, interval_s

    def _set(self, registration: Registration) -> None:
        """BootNotification was answered, or not."""
        if registration is not Registration.NONE:
            self._met()
        anew = registration is Registration.ACCEPTED and not self._outbox.registered
        if registration is not self.registration or anew:
            if registration is Registration.ACCEPTED and registration is not self.registration:
                self._link_settled()  # once: a make that boots on every link hears it on each
            self.registration = registration
            if registration is not Registration.NONE:
                text = f"the CSMS answered BootNotification: {registration.value}"
                self._environment.note("boot", text)
        if registration is not Registration.ACCEPTED:
            self._outbox.registered = False
        self._on_change()

    async def _first_answer(self, payload: Payload) -> Answer:
        """Send BootNotification; the first answer counts, also a late one to an earlier sending."""
        asked = list(self._late)
        if not any(answer.done() for answer in asked):
            post = self._outbox.post
            asked.append(post("BootNotification", payload, while_pending=True))
            await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
        answer = next(future for future in asked if future.done()).result()
        if isinstance(answer, NoAnswer) and answer.late is not None:
            answer.late.add_done_callback(self._came_late)
            self._late = [*self._late, answer.late][-LATE_BOOTS:]
        else:
            self._late.clear()
        return answer

    def _came_late(self, late: asyncio.Future[Answer]) -> None:
        if late in self._late:  # else another answer has settled it
            self._boot_early.set()

    def _read_boot(self, answer: Answer, took_s: float) -> tuple[Registration, int]:
        if not isinstance(answer, Result):
            return Registration.NONE, 0
        status = WORDS.get(str(answer.payload.get("status")).strip().casefold())
        if status is None:
            self._environment.note(
                "boot", "BootNotification was answered without a usable status, asking again"
            )
            return Registration.NONE, 0
        self._time.take_up(answer.payload, took_s)
        if self._speech.whole_seconds and (said := moment(answer.payload.get("currentTime"))):
            self._set_clock(said.replace(microsecond=0) - self._environment.now())
        interval_s = whole_number(answer.payload.get("interval")) or 0
        return status, max(0, min(interval_s, 2**31 - 1))

    async def _keep_in_touch(self) -> None:
        """Heartbeat{} every HeartbeatInterval seconds (§4.6); a new interval counts at once, in
        some makes from the last one.

        Returns when the registration is taken back.
        """
        clock = self._environment.clock
        self._in_touch_s = clock.monotonic()
        while not self._unregistered:
            self._new_interval.clear()
            interval_s = float(max(1, self._configuration.number("HeartbeatInterval")))
            now_s = clock.monotonic()
            gone_s = now_s - self._in_touch_s if self._speech.heartbeat_from_last else 0.0
            self.heartbeat_at = clock.now() + timedelta(seconds=max(0.0, interval_s - gone_s))
            self._on_change()
            wait_s = self._speech.heartbeat_s(interval_s, self._environment.rng) - gone_s
            if wait_s <= 0 or not await self._new_interval.within(wait_s, clock.call_later):
                self._in_touch_s = clock.monotonic()
                self._environment.spawn(self._beat())

    def interval_changed(self) -> None:
        """HeartbeatInterval has a new value: it counts from now."""
        self._new_interval.set()

    async def _beat(self) -> None:
        asked_at = self._environment.clock.monotonic()
        answer = await self._outbox.call("Heartbeat", {}, while_pending=True)
        if isinstance(answer, Result):
            self._time.take_up(answer.payload, self._environment.clock.monotonic() - asked_at)
