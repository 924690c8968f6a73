"""BootNotification, Heartbeat and the clock (OCPP 2.0.1 Part 2, B01 to B03, G02).

A station boots when it has booted, not when a link was lost (B04.FR.01), or when it reaches the
CSMS by another network profile (B10.FR.10). A registrar lives as long as the station; `session` is
its part of one connection.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sim_core.charging.environment import Environment
from sim_core.csms_time import CsmsTime
from sim_core.hardware.model import Identity
from sim_core.ocpp201.device_model import DeviceModel
from sim_core.runtime.asyncio_helpers import LightEvent
from sim_core.snapshot import Registration
from sim_core.wire.answers import Answer, Payload, Result
from sim_core.wire.outbox import Outbox

BOOT_RETRY_S = 10.0
"""Our own pause where the CSMS gives none: CALLERROR, silence, interval 0 (B02.FR.07)."""
BOOT_RETRY_LIMIT_S = 120.0
WORDS = {word.value.casefold(): word for word in Registration if word is not Registration.NONE}

POWER_UP, LOCAL_RESET, TRIGGERED = "PowerUp", "LocalReset", "Triggered"
WATCHDOG = "Watchdog"
"""BootReasonEnumType, of those that this module names itself."""


def boot_payload(identity: Identity, reason: str = POWER_UP) -> Payload:
    """What BootNotification says; what the make does not have is left out."""
    station = {
        "model": identity.model[:20],
        "vendorName": identity.vendor[:50],
        "serialNumber": identity.serial_number,
        "firmwareVersion": identity.firmware_version,
    }
    said: Payload = {name: value for name, value in station.items() if value is not None}
    modem = {"iccid": identity.iccid, "imsi": identity.imsi}
    if any(modem.values()):
        said["modem"] = {name: value for name, value in modem.items() if value}
    return {"reason": reason, "chargingStation": said}


class Registrar:
    """Registers with the CSMS and keeps in touch."""

    __slots__ = (
        "_accepted",
        "_boot_early",
        "_environment",
        "_identity",
        "_link_settled",
        "_met",
        "_model",
        "_new_interval",
        "_next_boot_s",
        "_on_change",
        "_outbox",
        "_time",
        "_unregistered",
        "boot_retry_at",
        "heartbeat_at",
        "reason",
        "registration",
    )

    def __init__(
        self,
        environment: Environment,
        model: DeviceModel,
        outbox: Outbox,
        *,
        identity: Callable[[], Identity],
        set_clock: Callable[[timedelta], None],
        met: Callable[[], None],
        accepted: Callable[[bool], None],
        link_settled: Callable[[], None],
        on_change: Callable[[], None],
        warped: bool,
    ) -> None:
        """As the registrar of OCPP 1.6 is made: `met`: the CSMS has answered BootNotification;
        `accepted`: everything may pass now, after a BootNotification or without one; `warped`: time
        passes here at another speed than at the CSMS."""
        self._environment = environment
        self._model = model
        self._outbox = outbox
        self._identity = identity
        self._time = CsmsTime(environment, set_clock, warped=warped)
        self._met = met
        self._accepted = accepted
        self._link_settled = link_settled
        self._on_change = on_change
        self.registration = Registration.NONE
        self.reason = POWER_UP
        """Why it boots: BootReasonEnumType."""
        self._boot_early = LightEvent()
        self._new_interval = LightEvent()
        self._unregistered = False
        self._next_boot_s = 0.0
        """The CSMS's pause: on a new connection, too, BootNotification waits for its end."""
        self.boot_retry_at: datetime | None = None
        self.heartbeat_at: datetime | None = None

    async def session(self, boots: bool) -> None:
        """Register (when `boots`), then send heartbeats until cancelled."""
        try:
            if boots:
                boot_s = self._environment.timing.boot_s
                await self._environment.clock.sleep(self._environment.vary(boot_s))
            while True:
                if boots:
                    await self._register()
                self._accepted(boots)
                await self._keep_in_touch()
                self.heartbeat_at = None
                boots = True
        finally:
            self.boot_retry_at = self.heartbeat_at = None

    def forget(self) -> None:
        """The station goes down: it is nobody's until it has booted."""
        self._outbox.registered = False
        self.registration = Registration.NONE

    def may_answer(self) -> bool:
        """Calls of the CSMS are answered whatever BootNotification came to: B03.FR.08 wants a
        CALLERROR SecurityError while Rejected, not silence."""
        return True

    def boot_now(self) -> None:
        """A triggered BootNotification, which comes before its time (B02.FR.04)."""
        self.reason = TRIGGERED
        self._boot_early.set()

    def heartbeat_now(self) -> None:
        """A triggered Heartbeat."""
        self._environment.spawn(self._beat())

    def interval_changed(self) -> None:
        """HeartbeatInterval has a new value: it counts from now."""
        self._new_interval.set()

    async def _register(self) -> None:
        own_pause_s = BOOT_RETRY_S
        self._unregistered = False
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

    async def _boot(self) -> tuple[Registration, int]:
        """Send BootNotification; returns what it came to and the interval it brought."""
        payload = boot_payload(self._identity(), self.reason)
        asked_at_s = self._environment.clock.monotonic()
        answer = await self._outbox.call("BootNotification", payload, while_pending=True)
        status, interval_s = self._read(answer, self._environment.clock.monotonic() - asked_at_s)
        self._set(status)
        if status is Registration.ACCEPTED and interval_s > 0:  # B01.FR.04
            self._model.override("OCPPCommCtrlr", "HeartbeatInterval", str(interval_s))
        return status, interval_s

    def _set(self, registration: Registration) -> None:
        if registration is not Registration.NONE:
            self._met()
        if registration is not self.registration:
            if registration is Registration.ACCEPTED:
                self._link_settled()
            self.registration = registration
            if registration is not Registration.NONE:
                text = f"the CSMS answered BootNotification: {registration.value}"
                self._environment.note("boot", text)
        if registration is not Registration.ACCEPTED:
            self._outbox.registered = False
        self._on_change()

    def _read(self, answer: Answer, took_s: float) -> tuple[Registration, int]:
        if not isinstance(answer, Result):
            return Registration.NONE, 0
        status = WORDS.get(str(answer.payload.get("status")).strip().casefold())
        if status is None:
            text = "BootNotification was answered without a usable status, asking again"
            self._environment.note("boot", text)
            return Registration.NONE, 0
        self._time.take_up(answer.payload, took_s)
        said = answer.payload.get("interval")
        interval_s = said if isinstance(said, int) and not isinstance(said, bool) else 0
        return status, max(0, min(interval_s, 2**31 - 1))

    async def _keep_in_touch(self) -> None:
        """Heartbeat{} every HeartbeatInterval seconds (G02); a new interval counts at once.

        Returns when the registration is taken back.
        """
        while not self._unregistered:
            self._new_interval.clear()
            interval_s = float(max(1, self._model.number("OCPPCommCtrlr", "HeartbeatInterval")))
            self.heartbeat_at = self._environment.clock.now() + timedelta(seconds=interval_s)
            self._on_change()
            if not await self._new_interval.within(interval_s, self._environment.clock.call_later):
                self._environment.spawn(self._beat())

    async def _beat(self) -> None:
        asked_at_s = self._environment.clock.monotonic()
        answer = await self._outbox.call("Heartbeat", {}, while_pending=True)
        if isinstance(answer, Result):
            self._time.take_up(answer.payload, self._environment.clock.monotonic() - asked_at_s)
