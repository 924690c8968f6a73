"""BootNotification, Heartbeat and the clock (OCPP 1.6 §4.2, §4.6).

A registrar lives as long as the charge point; `session` is its part of one connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sim_core.hardware.model import Identity
from sim_core.ocpp16.timestamps import moment
from sim_core.ocpp16.transaction_id import whole_number
from sim_core.runtime.asyncio_helpers import LightEvent
from sim_core.snapshot import Registration
from sim_core.wire.answers import Answer, NoAnswer, Payload, Result

if TYPE_CHECKING:
    from sim_core.ocpp16.charge_point import ChargePoint

BOOT_RETRY_S = 10.0
"""Our own pause where the CSMS gives none: CALLERROR, silence, interval 0 (§4.2)."""
BOOT_RETRY_LIMIT_S = 120.0
WORDS = {word.value.casefold(): word for word in Registration if word is not Registration.NONE}
"""What an answer may say, in lower case: CSMSs do not all spell it as OCPP does."""
LATE_BOOTS = 4
"""To how many BootNotifications that were not answered in time an answer may still come."""
SANE_SKEW = timedelta(days=366)
"""A CSMS clock further away than this is broken and not adopted."""
WORTH_TELLING = timedelta(seconds=2)
LONG_INTERVAL_S = 600
LATE_SHARE = (2.4 / 600, 2.8 / 600)
"""By how much a long interval is longer in a make with a slow clock."""


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

    def __init__(self, charge_point: ChargePoint, set_clock: Callable[[timedelta], None]) -> None:
        self._cp = charge_point
        self._set_clock = set_clock
        self._boot_early = LightEvent()
        self._new_interval = LightEvent()
        self._unregistered = False
        """A triggered BootNotification was answered Pending or Rejected."""
        self._next_boot_s = 0.0
        """The CSMS's pause: on a new connection, too, BootNotification waits for its end (§4.2)."""
        self._late: list[asyncio.Future[Answer]] = []
        """Of the BootNotifications that were not answered in time on this connection, the answers
        that may still come."""
        self._clock_set = False
        """The CSMS's time was taken up before."""
        self._clock_trouble = ""
        """What was last said of a time that could not be taken up."""
        self.boot_retry_at: datetime | None = None
        self.heartbeat_at: datetime | None = None

    async def session(self, boots: bool) -> None:
        """Register (when `boots`), then send heartbeats until cancelled."""
        cp = self._cp
        try:
            if boots:
                await cp.clock.sleep(cp.vary(cp.timing.boot_s))
            while True:
                if boots:
                    await self._register()
                cp.registered(booted=boots)
                await self._keep_in_touch()
                self.heartbeat_at = None
                boots = True
        finally:
            self.boot_retry_at = self.heartbeat_at = None
            self._late.clear()

    def boot_now(self) -> None:
        """A triggered BootNotification: the only one that may come before its time (§4.2)."""
        if self._cp.registration is Registration.ACCEPTED:
            self._cp.spawn(self._boot_again())
        else:
            self._boot_early.set()

    def heartbeat_now(self) -> None:
        """A triggered Heartbeat."""
        self._cp.spawn(self._beat())

    async def _register(self) -> None:
        cp = self._cp
        own_pause_s = BOOT_RETRY_S
        self._unregistered = False
        if cp.registration is not Registration.NONE:
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
            self._next_boot_s = cp.clock.monotonic() + pause_s
            await self._wait_for_turn()

    async def _wait_for_turn(self) -> None:
        """Return when the pause is over, or a trigger cuts it short."""
        cp = self._cp
        pause_s = self._next_boot_s - cp.clock.monotonic()
        if pause_s > 0:
            self.boot_retry_at = cp.clock.now() + timedelta(seconds=pause_s)
            cp.published_facts_changed()
            await self._boot_early.within(pause_s, cp.clock.call_later)
            self.boot_retry_at = None

    async def _boot_again(self) -> None:
        status, interval_s = await self._boot()
        if status is Registration.ACCEPTED:
            self._new_interval.set()
        elif status is not Registration.NONE:
            self._next_boot_s = self._cp.clock.monotonic() + (interval_s or BOOT_RETRY_S)
            self._unregistered = True
            self._new_interval.set()

    async def _boot(self) -> tuple[Registration, int]:
        """Send BootNotification; returns what it came to and the interval it brought."""
        cp = self._cp
        payload = boot_payload(cp.model.identity)
        asked_at = cp.clock.monotonic()
        answer = await self._first_answer(payload)
        status, interval_s = self._read_boot(answer, cp.clock.monotonic() - asked_at)
        if status is not Registration.NONE or not cp.outbox.registered:
            cp.set_registration(status)  # a triggered one that fails takes nothing back
        if status is Registration.ACCEPTED and interval_s > 0:
            cp.configuration.override("HeartbeatInterval", str(interval_s))
        return status, interval_s

    async def _first_answer(self, payload: Payload) -> Answer:
        """Send BootNotification; the first answer counts, also a late one to an earlier sending."""
        asked = list(self._late)
        if not any(answer.done() for answer in asked):
            post = self._cp.outbox.post
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
        cp = self._cp
        if not isinstance(answer, Result):
            return Registration.NONE, 0
        status = WORDS.get(str(answer.payload.get("status")).strip().casefold())
        if status is None:
            cp.note("boot", "BootNotification was answered without a usable status, asking again")
            return Registration.NONE, 0
        self._adopt_clock(answer.payload, took_s)
        if cp.quirks.whole_second_clock and (said := moment(answer.payload.get("currentTime"))):
            self._set_clock(said.replace(microsecond=0) - cp.now())
        interval_s = whole_number(answer.payload.get("interval")) or 0
        return status, max(0, min(interval_s, 2**31 - 1))

    async def _keep_in_touch(self) -> None:
        """Heartbeat{} every HeartbeatInterval seconds (§4.6); a new interval counts at once.

        Returns when the registration is taken back.
        """
        cp = self._cp
        while not self._unregistered:
            self._new_interval.clear()
            interval_s = float(max(1, cp.configuration.number("HeartbeatInterval")))
            self.heartbeat_at = cp.clock.now() + timedelta(seconds=interval_s)
            cp.published_facts_changed()
            if cp.quirks.late_heartbeats and interval_s >= LONG_INTERVAL_S:
                interval_s *= 1 + cp.rng.uniform(*LATE_SHARE)
            if not await self._new_interval.within(interval_s, cp.clock.call_later):
                cp.spawn(self._beat())

    def interval_changed(self) -> None:
        """HeartbeatInterval has a new value: it counts from now."""
        self._new_interval.set()

    async def _beat(self) -> None:
        cp = self._cp
        asked_at = cp.clock.monotonic()
        answer = await cp.outbox.call("Heartbeat", {}, while_pending=True)
        if isinstance(answer, Result):
            self._adopt_clock(answer.payload, cp.clock.monotonic() - asked_at)

    def _note_clock(self, trouble: str) -> None:
        """Say it once: every Heartbeat may bring the same."""
        if trouble != self._clock_trouble:
            self._clock_trouble = trouble
            self._cp.note("clock", trouble)

    def _adopt_clock(self, payload: Payload, took_s: float) -> None:
        """Set the clock by currentTime (§4.2), unless it already agrees with it.

        The answer was written at some moment while we waited, so any time between `currentTime`
        and `currentTime` + the wait agrees; one without a fraction leaves a second open.
        """
        cp = self._cp
        said = moment(payload.get("currentTime"))
        if said is None:
            self._note_clock(
                "the CSMS sent a currentTime that is no time: the clock stays as it is"
            )
            return
        now = cp.now()
        if abs(said - now) > SANE_SKEW:
            self._note_clock(
                f"the CSMS says it is {said:%Y-%m-%d} UTC: too far off, the clock stays"
            )
            return
        self._clock_trouble = ""
        warped = cp.build.time_scale != 1
        if warped and self._clock_set:
            return  # its time runs away from the CSMS's: taken up once, then let go
        self._clock_set = True
        slack = timedelta(seconds=took_s + (0 if said.microsecond else 1))
        if said <= now <= said + slack:
            return
        self._set_clock(said - now)
        if abs(said - now) >= WORTH_TELLING:
            cp.note("clock", f"clock set to the CSMS's: {(said - now).total_seconds():+.1f} s")
