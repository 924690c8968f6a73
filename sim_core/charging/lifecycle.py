"""Going down and coming up: resets, restarts, the mains.

What runs is stopped first, as far as the way of going down leaves time for it; what a power cut
leaves open is found at the next start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from sim_core.charging.condition import Condition
from sim_core.charging.connector import Connector
from sim_core.charging.csms import Csms
from sim_core.charging.domain_events import Restarting
from sim_core.charging.environment import Environment
from sim_core.charging.points import Points
from sim_core.charging.power_loss import PowerLoss
from sim_core.charging.sampling import Sampling
from sim_core.charging.security_events import REBOOT, STARTUP, SecurityEvents
from sim_core.charging.starting import drop_authorization
from sim_core.charging.transactions import Transactions
from sim_core.charging.vocabulary import Cause, StopReason
from sim_core.runtime.asyncio_helpers import first_of

FLUSH_PATIENCE_S = 30.0
"""How long a reset in order waits until all is said (OCPP 1.6 §5.14)."""
BACKUP_S = 10.0
"""How long the battery lasts in a model that has a backup."""


class Work(Protocol):
    """What goes on beside the sessions, and ends when the charger goes down."""

    def go_down(self) -> None:
        """What is in memory only is gone."""

    def booted(self) -> None:
        """Go on with what can go on, and remember how the rest has ended."""


class Lifecycle:
    """The life of the process in the charger."""

    __slots__ = (
        "_changed",
        "_condition",
        "_connectors",
        "_csms",
        "_environment",
        "_has_backup",
        "_on_change",
        "_outage",
        "_points",
        "_power_loss",
        "_sampling",
        "_security",
        "_transactions",
        "_work",
    )

    def __init__(
        self,
        environment: Environment,
        connectors: Mapping[int, Connector],
        condition: Condition,
        csms: Csms,
        transactions: Transactions,
        power_loss: PowerLoss,
        sampling: Sampling,
        security: SecurityEvents,
        work: Sequence[Work],
        points: Points,
        changed: Callable[[Connector, Cause], None],
        on_change: Callable[[], None],
        *,
        has_backup: bool,
    ) -> None:
        """`has_backup`: a battery lets it stop what runs, and say so, when the mains fail."""
        self._environment = environment
        self._connectors = connectors
        self._condition = condition
        self._csms = csms
        self._transactions = transactions
        self._power_loss = power_loss
        self._sampling = sampling
        self._security = security
        self._work = work
        self._points = points
        self._changed = changed
        self._on_change = on_change
        self._has_backup = has_backup
        self._outage = 0
        """The times that it has gone down: what was to follow one does not follow the next."""

    # -- resets, restarts --------------------------------------------

    async def reset(self, *, at_once: bool) -> None:
        """Stop what runs, then reboot. In order it waits until all is said, at once it does not
        (OCPP 1.6 §5.14: Soft, Hard)."""
        environment, timing = self._environment, self._environment.timing
        self._condition.rebooting = True
        speaks = not at_once or self._points.speaks_before_hard_reset
        if timing.stop_s:
            await environment.clock.sleep(environment.vary(timing.stop_s))
        if not speaks:
            self._csms.fall_silent()  # what the journal has goes out after the reboot
        reason = StopReason.RESET_AT_ONCE if at_once else StopReason.RESET_IN_ORDER
        for connector in self._connectors.values():
            self._end(connector, reason, Cause.RESET)
            await asyncio.sleep(0)  # each is a commit: with many of them the rest has its turn
        if speaks:
            await first_of(self._csms.said_all(), environment.clock.sleep(FLUSH_PATIENCE_S))
        reset_s = timing.hard_reset_s if at_once else None
        reset_s = timing.reset_s if reset_s is None else reset_s
        if reset_s:
            await environment.clock.sleep(environment.vary(reset_s))
        how = "hard" if at_once else "soft"
        self._reboot(f"{how} reset: the charge point reboots", at_once=at_once)

    async def restart(self, why: str) -> None:
        """Reboot as a reset in order does, where nothing runs that would have to be stopped."""
        self._condition.rebooting = True
        patience = self._environment.clock.sleep(FLUSH_PATIENCE_S)
        await first_of(self._csms.said_all(), patience)
        self._reboot(why, at_once=False)

    def restart_by_itself(self) -> None:
        """The process ends and comes back: nobody has asked for it, and nothing is stopped. The
        metal goes on meanwhile; what only the process knew is gone: a card that waits, a start
        that has not begun."""
        self._condition.rebooting = True
        self._csms.fall_silent()
        self._sampling.interrupt()
        for connector in self._connectors.values():
            drop_authorization(connector, Cause.FAULT, self._csms)
            self._changed(connector, Cause.FAULT)
        why = "the process restarts by itself: what charges goes on"
        self._reboot(why, at_once=False, cause=Cause.FAULT)

    def _reboot(self, why: str, *, at_once: bool, cause: Cause = Cause.RESET) -> None:
        environment, timing = self._environment, self._environment.timing
        environment.note("reset", why)
        self._security.note(REBOOT, why)
        self._stop_work()
        self._csms.forget()
        self._csms.hear(Restarting(cause))
        reboot_s = timing.reboot_s
        if at_once and timing.hard_reboot_s is not None:
            reboot_s = timing.hard_reboot_s
        reboot_s = environment.vary(reboot_s)
        self._csms.hang_up(reboot_s)
        self._outage += 1
        unless_down_again = partial(self._unless_down_again, self._outage)
        samples_s = reboot_s - (self._points.restart_sample_s or 0.0)
        environment.after(samples_s, partial(unless_down_again, self._sampling.restarted))
        environment.after(reboot_s, partial(unless_down_again, self._rebooted))
        self._on_change()

    def _rebooted(self) -> None:
        self._condition.rebooting = False
        self._boot()
        self._on_change()

    def _unless_down_again(self, outage: int, act: Callable[[], None]) -> None:
        if outage == self._outage:
            act()

    def _boot(self) -> None:
        """It is up again, after a reboot or a power cut."""
        for work in self._work:
            work.booted()

    def _stop_work(self) -> None:
        for work in self._work:
            work.go_down()

    # -- the operator ------------------------------------------------

    def stop_all(self) -> None:
        """End whatever runs: the program is about to end. The reason is a reboot of the charger's
        own: no driver asked, no CSMS did, and nothing was cut off. A card whose answer is still
        awaited begins nothing any more."""
        self._condition.rebooting = True
        for connector in self._connectors.values():
            self._end(connector, StopReason.REBOOT, Cause.RESET)

    def _end(self, connector: Connector, reason: StopReason, cause: Cause) -> None:
        drop_authorization(connector, cause, self._csms)
        self._transactions.stop(connector, reason)
        self._changed(connector, cause)

    # -- the mains ---------------------------------------------------

    async def lose_power(self) -> None:
        """The mains fail. With a backup what runs is stopped and told; then it is dark."""
        self._condition.powered = False
        self._condition.rebooting = False
        self._outage += 1
        self._environment.note("power", "the mains have failed")
        backed = self._has_backup
        if not backed:
            self._go_dark()
        for connector in self._connectors.values():
            if backed:
                self._end(connector, StopReason.POWER_LOSS, Cause.POWER)
                continue
            drop_authorization(connector, Cause.POWER, self._csms)
            self._power_loss.cut_off(connector)
            self._changed(connector, Cause.POWER)
        if backed:
            patience = self._environment.clock.sleep(BACKUP_S)
            await first_of(self._csms.said_all(), patience)
            self._go_dark()

    def regain_power(self) -> None:
        """The mains are back: it boots, and finds in its memory what the dark has cut off."""
        self._condition.powered = True
        self._environment.note("power", "the mains are back: the charge point boots")
        self._csms.hear(Restarting(Cause.POWER))
        self._security.note(STARTUP, "power is back")
        self._power_loss.recover()
        self._sampling.clock_changed()
        for connector in self._connectors.values():
            self._changed(connector, Cause.POWER)
        self._boot()

    def _go_dark(self) -> None:
        self._stop_work()
        self._csms.forget()
        self._on_change()
