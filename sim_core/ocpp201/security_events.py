"""SecurityEventNotification: what concerns security, told in order and until it is answered (A04).

Critical events wait for a CSMS that is away; the others are in the security log only (Part 2,
appendix 1). OCPP 2.0.1 renames two events of the 1.6 extension.
"""

from __future__ import annotations

from functools import partial

from sim_core.charging.environment import Environment
from sim_core.store.interface import Store
from sim_core.store.records import SecurityEvent
from sim_core.wire.answers import NoAnswer, Payload
from sim_core.wire.outbox import Outbox
from sim_core.wire.timestamps import stamp

AGAIN_S = 60.0
"""How long after a silence the CSMS is told again."""
NAMES = {
    "InvalidCentralSystemCertificate": "InvalidCsmsCertificate",
    "InvalidChargePointCertificate": "InvalidChargingStationCertificate",
    "FailedToAuthenticateAtCentralSystem": "FailedToAuthenticateAtCsms",
    "CentralSystemFailedToAuthenticate": "CsmsFailedToAuthenticate",
}
"""Name in the store -> what OCPP 2.0.1 calls it."""


def payload_of(event: SecurityEvent) -> Payload:
    """SecurityEventNotification of an event of the log."""
    info = {"techInfo": event.info[:255]} if event.info else {}
    return {"type": NAMES.get(event.kind, event.kind), "timestamp": stamp(event.at), **info}


class SecurityMessages:
    """Tells the CSMS of security events."""

    __slots__ = ("_environment", "_outbox", "_store", "_telling")

    def __init__(self, environment: Environment, store: Store, outbox: Outbox) -> None:
        self._environment = environment
        self._store = store
        self._outbox = outbox
        self._telling = False

    def tell(self) -> None:
        """Tell the CSMS what it does not know, one event after the other."""
        if not self._telling and self._outbox.registered and not self._store.refusal:
            self._telling = True
            self._environment.spawn(self._tell())

    async def _tell(self) -> None:
        log = self._store.security_log
        try:
            while not self._store.refusal and (event := log.next_waiting()) is not None:
                answer = await self._outbox.call("SecurityEventNotification", payload_of(event))
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
