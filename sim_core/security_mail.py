"""SecurityEventNotification: what concerns security, told in order and until it is answered.

Alike in the security extension of OCPP 1.6 and in 2.0.1 (A04): unlike other notifications these
wait for a CSMS that is away. An answer of any kind ends that, for a CSMS that knows no such message
will not know it the next time either.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sim_core.charging.environment import Environment
from sim_core.store.interface import Store
from sim_core.store.records import SecurityEvent
from sim_core.wire.answers import NoAnswer, Payload
from sim_core.wire.outbox import Outbox

AGAIN_S = 60.0
"""How long after a silence the CSMS is told again."""


class SecurityMail:
    """Tells the CSMS of the security events that it does not know."""

    __slots__ = ("_environment", "_notifies", "_outbox", "_payload_of", "_store", "_telling")

    def __init__(
        self,
        environment: Environment,
        store: Store,
        outbox: Outbox,
        payload_of: Callable[[SecurityEvent], Payload],
        *,
        notifies: Callable[[], bool] = lambda: True,
    ) -> None:
        """`payload_of` puts an event into the words of an OCPP; `notifies`: whether the CSMS is
        told of events."""
        self._environment = environment
        self._store = store
        self._outbox = outbox
        self._payload_of = payload_of
        self._notifies = notifies
        self._telling = False

    def tell(self) -> None:
        """Tell the CSMS what it does not know, one event after the other."""
        if not self._telling and self._outbox.registered and not self._store.refusal:
            self._telling = True
            self._environment.spawn(self._tell())

    async def _tell(self) -> None:
        log = self._store.security_log
        try:
            while (
                self._notifies()
                and not self._store.refusal  # then it is told once it is on disk
                and (event := log.next_waiting()) is not None
            ):
                payload = self._payload_of(event)
                answer = await self._outbox.call("SecurityEventNotification", payload)
                if not isinstance(answer, NoAnswer):
                    log.told(event.number)
                elif answer.link_lost:
                    break
                else:
                    if answer.late is not None:
                        answer.late.add_done_callback(partial(self._told_late, event.number))
                    await self._environment.clock.sleep(AGAIN_S)
        finally:
            self._telling = False

    def _told_late(self, number: int, _: object) -> None:
        """The CSMS has answered after all: it is not told again."""
        self._store.security_log.told(number)
