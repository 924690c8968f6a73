"""The time that the CSMS says, and when the clock is set by it: alike in every OCPP.

1.6 has it in §4.2 and §4.6, 2.0.1 in B01.FR.06 and G02.FR.05.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sim_core.charging.environment import Environment
from sim_core.wire.answers import Payload
from sim_core.wire.timestamps import moment

SANE_SKEW = timedelta(days=366)
"""A CSMS clock further away than this is broken and not adopted."""
WORTH_TELLING = timedelta(seconds=2)


class CsmsTime:
    """Takes up the time of the answers to BootNotification and Heartbeat."""

    __slots__ = ("_environment", "_set_clock", "_trouble", "_warped", "_was_set")

    def __init__(
        self, environment: Environment, set_clock: Callable[[timedelta], None], *, warped: bool
    ) -> None:
        """`set_clock` moves the clock by so much; `warped`: time passes here at another speed than
        at the CSMS."""
        self._environment = environment
        self._set_clock = set_clock
        self._warped = warped
        self._was_set = False
        """The CSMS's time was taken up before."""
        self._trouble = ""
        """What was last said of a time that could not be taken up."""

    def take_up(self, payload: Payload, took_s: float) -> None:
        """Set the clock by currentTime, unless it already agrees with it.

        The answer was written at some moment while we waited `took_s`, so any time between
        `currentTime` and `currentTime` + the wait agrees; one without a fraction leaves a second
        open.
        """
        said = moment(payload.get("currentTime"))
        if said is None:
            self._tell("the CSMS sent a currentTime that is no time: the clock stays as it is")
            return
        now = self._environment.now()
        if abs(said - now) > SANE_SKEW:
            self._tell(f"the CSMS says it is {said:%Y-%m-%d} UTC: too far off, the clock stays")
            return
        self._trouble = ""
        if self._warped and self._was_set:
            return  # its time runs away from the CSMS's: taken up once, then let go
        self._was_set = True
        slack = timedelta(seconds=took_s + (0 if said.microsecond else 1))
        if said <= now <= said + slack:
            return
        self._set_clock(said - now)
        if abs(said - now) >= WORTH_TELLING:
            by_s = (said - now).total_seconds()
            self._environment.note("clock", f"clock set to the CSMS's: {by_s:+.1f} s")

    def _tell(self, trouble: str) -> None:
        """Say it once: every Heartbeat may bring the same."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._environment.note("clock", trouble)
